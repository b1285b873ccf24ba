"""Endless toy scenes: every clip is rendered from a seed when needed, nothing is downloaded.

`scenes` makes a scene; `customs` is the table of what is normal at each place; `worlds` samples a
place and its camera, `backdrops` paints what never moves; `crowds` decides who walks where, with
the `bodies` of people, animals and vehicles; `geometry` holds the camera and the walkways; `clips`
renders the frames and derives labels and boxes.
"""

from vadkit.toy.clips import RenderedClip
from vadkit.toy.customs import CONTEXTUAL, CUSTOMS, HEADLINE, KINDS, PLACES, Custom, kinds_for
from vadkit.toy.scenes import (
    BOAR_SEED,
    TEST_SEEDS,
    TRAIN_SEEDS,
    VALIDATION_SEEDS,
    boar_scene,
    the_boar,
    toy_scene,
)
from vadkit.toy.worlds import World

__all__ = [
    "BOAR_SEED", "CONTEXTUAL", "CUSTOMS", "Custom", "HEADLINE", "KINDS", "PLACES", "RenderedClip",
    "TEST_SEEDS", "TRAIN_SEEDS", "VALIDATION_SEEDS", "World", "boar_scene", "kinds_for",
    "the_boar", "toy_scene",
]  # fmt: skip
