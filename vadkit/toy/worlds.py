"""TODO."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from vadkit.toy.backdrops import Camera, Prop, Way, paint

PLACES = ("campus", "road", "park", "square")
HEADLINE = ("runner", "cyclist", "car", "boar")
KINDS = (*HEADLINE, "skateboarder", "dog", "truck", "ball")  # behavioural: they look or move unlike anything normal
CONTEXTUAL = ("against_stream", "loitering", "on_road")  # they look normal; where and when makes them abnormal
NO_ANOMALY = {  # normal there, or without meaning there
    "campus": ("on_road",),
    "road": ("car", "truck", "against_stream"),
    "park": ("dog", "against_stream", "on_road"),
    "square": CONTEXTUAL,
}
SPEED = {  # metres per second, slowest and fastest
    "runner": (3.0, 5.5), "cyclist": (3.2, 7.0), "car": (3.0, 9.0), "boar": (4.0, 9.0), "skateboarder": (2.6, 5.0),
    "dog": (3.5, 8.0), "truck": (2.8, 8.0), "ball": (3.0, 8.0), "against_stream": (0.9, 1.7), "loitering": (0.9, 1.7),
    "on_road": (1.5, 2.4),
}  # fmt: skip


def kinds_for(place):
    """The kinds of anomaly that can happen in a place, headline kinds first. Raises ValueError for an unknown place."""
    if place not in PLACES:
        raise ValueError(f"Unknown place {place!r}: choose from {', '.join(PLACES)}.")
    return tuple(kind for kind in (*KINDS, *CONTEXTUAL) if kind not in NO_ANOMALY[place])


class Quality(NamedTuple):
    """How good the picture is. gain, offset: contrast and brightness; noise: grey levels; grain: share of it in blotches;
    flicker: share of the gain, from frame to frame; blur: pixels."""

    gain: float
    offset: float
    noise: float
    grain: float
    flicker: float
    blur: float


@dataclass
class World:
    """One place, one camera, one light: all that the clips of a scene share. Lengths in metres, tones 0..255."""

    place: str
    camera: Camera
    way: Way
    half: float  # half the width of the way, or of the road
    back: float  # Z of the houses behind; 1000 = none in sight
    props: list
    fps: float
    crowd: int
    lawn: float
    paving: float
    slab: float
    sky: float
    quality: Quality
    paint_seed: int
    backdrops: dict = field(default_factory=dict)

    def backdrop(self, canvas):
        if canvas not in self.backdrops:
            self.backdrops[canvas] = paint(self, canvas)
        return self.backdrops[canvas]


def build_world(rng, place):
    """Draw a place: where the camera hangs, where the way leads, what stands around, how good the picture is."""
    horizon = rng.uniform(-1.2, -0.15)
    near = (0.10, 0.19) if place == "road" else (0.15, 0.32)
    person = rng.uniform(*near)  # share of the picture that somebody near the bottom fills
    camera = Camera(horizon, 1.75 * (0.85 - horizon) / person, (0.6 - horizon) / rng.uniform(0.3, 0.85))
    low, high = (0.48, 0.75) if place == "road" else (0.42, 0.92)
    a, b = (-0.02, rng.uniform(low, high)), (1.02, rng.uniform(low, high))
    if place != "road" and rng.random() < 0.3:
        a = (rng.uniform(0.05, 0.95), 1.05)
        b = (b[0] if a[0] < 0.5 else -0.02, b[1])
    way = Way.through(camera, a, b)
    if place == "park":
        way = way._replace(bend=rng.uniform(0.4, 1.2), wave=rng.uniform(12, 25), turn=rng.uniform(0, 6))
    half = {"road": 3.2, "park": rng.uniform(1.3, 1.9)}.get(place, rng.uniform(1.9, 2.6))
    reach = half + (2.6 if place == "road" else 0.6)
    edges = np.concatenate([way.at(np.linspace(*way.span(camera, 0.0, 0.0), 40), side) for side in (-reach, reach)])
    back = edges[:, 1].max() + rng.uniform(0.5, 5.0) if rng.random() < 0.75 else 1000.0
    if place == "square" and back < 1000:
        back = camera.ground(0.5, rng.uniform(0.08, 0.3))[1]
    quality = Quality(
        gain=rng.uniform(0.7, 1.15), offset=rng.uniform(-12, 35), noise=rng.uniform(1.2, 4.0), grain=rng.uniform(0, 0.8),
        flicker=rng.uniform(0, 0.012), blur=rng.uniform(0, 0.7),
    )  # fmt: skip
    world = World(
        place, camera, way, half, back, [], fps=rng.uniform(12, 18), crowd=int(rng.integers(3, 11)),
        lawn=rng.uniform(75, 140), paving=rng.uniform(125, 200), slab=rng.uniform(0.8, 2.0), sky=rng.uniform(190, 240),
        quality=quality, paint_seed=int(rng.integers(2**31)),
    )  # fmt: skip
    world.props = list(_props(rng, world, reach))
    return world


def _props(rng, world, reach):
    first, last = world.way.span(world.camera)
    kinds = {"campus": "lamp lamp tree tree bench", "road": "lamp lamp lamp tree", "park": "tree tree tree bush bush bench lamp",
             "square": "lamp lamp bollard bollard bench statue"}[world.place].split()  # fmt: skip
    for kind in kinds + [k for k in kinds if rng.random() < 0.4]:
        for _ in range(20):
            if world.place == "square" or kind in ("tree", "bush"):
                X, Z = world.camera.ground(rng.uniform(0.02, 0.98), rng.uniform(0.1, 0.85))
            else:
                X, Z = world.way.at(rng.uniform(first, last), rng.choice([-1, 1]) * (reach - 0.2))
            clear = world.place == "square" or abs(world.way.locate(X, Z)[1]) > reach - 0.3
            x, y = world.camera.project(X, Z)
            if clear and 0.5 < Z < world.back - 0.5 and 0 < x < 1 and y < 0.98:
                yield Prop(kind, X, Z, int(rng.integers(2**31)))
                break


def ground_top(world):
    """Picture y where the ground begins."""
    return float(np.clip(world.camera.project(0, world.back)[1], 0.08, 0.5))
