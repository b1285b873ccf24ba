"""Endless toy scenes."""

from vadkit.toy.clips import *  # noqa: F403
from vadkit.toy.scenes import *  # noqa: F403
from vadkit.toy.worlds import *  # noqa: F403
