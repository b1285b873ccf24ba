"""Who passes by where a custom holds: one after the other, and strangers among them."""

import numpy as np

from vadkit.toy.bodies import BODIES
from vadkit.toy.crowds import Actor, make_actor
from vadkit.toy.customs import CUSTOMS, Side
from vadkit.toy.places import KINDS
from vadkit.toy.worlds import WALKER_FRAMES, WALKER_SPEED, World

TURN = 50  # frames in which one passer-by crosses the image
STRANGER = "stranger"  # the kind of anomaly that is on the other side of the custom
SPEED = dict.fromkeys(KINDS, (1.7, 2.3)) | {"walker": (1.2, 1.6), "runner": (2.6, 3.4)}  # m/s


def make_passers_by(world: World, seed: tuple, n_frames: int, kind: str) -> list[Actor]:
    """Everybody who crosses the image in a clip; with an anomaly, every second one is a stranger.

    Whose turn it is depends on the seed alone: where the other side of the custom is normal, the
    same clip has the same people in it. Two who follow each other, one normal and one strange,
    keep the same lane and pace, so that neither is easier to see or to predict.
    """
    frames = np.arange(n_frames)
    sides = CUSTOMS[world.custom]
    odd = int(np.random.default_rng([*seed, 0]).integers(2))
    normal: list[Actor] = []
    strange: list[Actor] = []
    for turn in range(n_frames // TURN):
        across, pace = np.random.default_rng([*seed, 1, turn // 2]).uniform(size=2)
        rng = np.random.default_rng([*seed, 2, turn])
        number = (turn + odd) % 2 if kind else world.side
        side = sides[number]
        if number != world.side and kind != STRANGER:
            side = sides[world.side]._replace(kind=kind, direction=0)
        start = turn * TURN + rng.uniform(1, 6)
        trip = across, pace, frames - start
        actor = _cross(world, rng, side, *trip, number != world.side)
        (strange if number != world.side else normal).append(actor)
    return normal + strange


def _cross(world, rng, side: Side, across, pace, since, abnormal):
    """Cross the image along the walkway, `since` (T,) frames after coming into it.

    `across` and `pace` in [0, 1] are where across its lane and how fast.
    """
    ahead = 1 if world.rightwards else -1
    direction = ahead * (side.direction or int(rng.choice([-1, 1])))
    offset = ahead * np.interp(across, (0, 1), side.lane) * world.half
    pad = BODIES[side.kind].length + 0.2
    first, last = world.walkway.span(world.camera, offset, pad)
    # The far edge of a walkway is longer than the near one: whoever takes it walks faster.
    speed = np.interp(pace, (0, 1), SPEED[side.kind])
    speed *= (last - first) / WALKER_FRAMES / WALKER_SPEED
    gone = since * speed
    s = first + gone if direction > 0 else last - gone
    trip = s, gone, offset, direction
    return make_actor(side.kind, world.walkway, *trip, rng, abnormal, dark_clothes=True)
