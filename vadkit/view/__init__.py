"""What a notebook shows as a still picture: clips, curves, tables."""

from vadkit.view.clips import *  # noqa: F403
from vadkit.view.plots import *  # noqa: F403
from vadkit.view.style import *  # noqa: F403
