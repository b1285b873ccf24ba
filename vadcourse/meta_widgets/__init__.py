"""The widgets of notebooks 04 and 05: an episode as a grid, the interview, MAML's two steps."""

from vadcourse.meta_widgets.episode_grid import EpisodeGrid
from vadcourse.meta_widgets.interview import Interview
from vadcourse.meta_widgets.two_step import TwoStep

__all__ = ["EpisodeGrid", "Interview", "TwoStep"]
