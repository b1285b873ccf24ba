"""Endless toy scenes: every clip is rendered from a seed when needed, nothing is downloaded.

`scenes` makes a scene; `places` is the table of what is normal at each kind of place, `customs` of
what may be normal at one place and strange at the next; `worlds` samples a place and its camera,
`backdrops` paints what never moves; `crowds` and `passers_by` decide who walks where, with the
`bodies` of people, animals and vehicles; `geometry` holds the camera and the walkways; `clips`
renders the frames and derives labels and boxes; `cutouts` cuts strangers out of them.
"""

from vadkit.toy.clips import RenderedClip
from vadkit.toy.customs import CUSTOMS
from vadkit.toy.cutouts import cut_out, drawn_strangers
from vadkit.toy.passers_by import STRANGER
from vadkit.toy.places import (
    CONTEXTUAL,
    HEADLINE,
    KINDS,
    NORMAL_LIFE,
    PLACES,
    NormalLife,
    kinds_for,
)
from vadkit.toy.scenes import (
    BOAR_SEED,
    TEST_SEEDS,
    TRAIN_SEEDS,
    VALIDATION_SEEDS,
    ToyScene,
    boar_scene,
    the_boar,
    toy_scene,
)
from vadkit.toy.worlds import World

__all__ = [
    "BOAR_SEED", "CONTEXTUAL", "CUSTOMS", "HEADLINE", "KINDS", "NORMAL_LIFE", "NormalLife",
    "PLACES", "RenderedClip", "STRANGER", "TEST_SEEDS", "TRAIN_SEEDS", "ToyScene",
    "VALIDATION_SEEDS", "World", "boar_scene", "cut_out", "drawn_strangers", "kinds_for",
    "the_boar", "toy_scene",
]  # fmt: skip
