"""Widgets: what a predictor sees, moved by mouse and keyboard, with a kernel or without."""

from vadkit.widgets.base import Widget
from vadkit.widgets.gallery import Gallery
from vadkit.widgets.label_player import LabelPlayer
from vadkit.widgets.operating_point import OperatingPoint
from vadkit.widgets.scrubber import Scrubber, scrub

__all__ = ["Gallery", "LabelPlayer", "OperatingPoint", "Scrubber", "Widget", "scrub"]
