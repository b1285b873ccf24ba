"""Customs: what is normal here and not elsewhere, and what four frames do not show.

Each custom has two sides. At one place the first is normal and whoever is on the second side is a
stranger; at the next place it is the other way round.
"""

from typing import NamedTuple


class Side(NamedTuple):
    """Who passes by where this side of a custom is normal.

    Parameters
    ----------
    name : str
        In words.
    kind : str
        A key of `BODIES`.
    direction : int
        -1: to the left of the image, 1: to the right, 0: either.
    lane : tuple
        Where across the walkway: -1 is its near edge, 1 its far edge, more is beyond.
    """

    name: str
    kind: str = "walker"
    direction: int = 0
    lane: tuple[float, float] = (-0.9, 0.9)


# Append only: the position of a custom is part of the seed of its scenes.
CUSTOMS = {
    "stream": (Side("to the left", direction=-1), Side("to the right", direction=1)),
    "speed": (Side("walking"), Side("running", "runner")),
    "species": (Side("cyclists", "cyclist"), Side("skateboarders", "skateboarder")),
    "zone": (Side("on the path"), Side("on the grass", lane=(1.2, 1.7))),
}
