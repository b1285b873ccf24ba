"""Widgets: what a predictor sees, moved by mouse and keyboard, with a kernel or without."""

from vadkit.widgets.episode_grid import EpisodeGrid
from vadkit.widgets.gallery import Gallery
from vadkit.widgets.label_player import LabelPlayer
from vadkit.widgets.operating_point import OperatingPoint
from vadkit.widgets.scrubber import Scrubber, scrub
from vadkit.widgets.settling import Settling

__all__ = [
    "EpisodeGrid", "Gallery", "LabelPlayer", "OperatingPoint", "Scrubber", "Settling", "scrub",
]  # fmt: skip
