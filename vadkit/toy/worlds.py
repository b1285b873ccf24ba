"""A place and the camera that watches it: all that the clips of one scene share."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from vadkit.toy.customs import CUSTOMS
from vadkit.toy.geometry import Camera, Walkway
from vadkit.toy.places import NORMAL_LIFE, NormalLife

WALKER_FRAMES, WALKER_SPEED = 38, 1.4  # frames to cross the image where a custom holds; m/s
NO_HOUSES = 1000.0  # metres, so far behind that none is in sight
PROPS = {
    "campus": ["lamp", "lamp", "tree", "tree", "bench"],
    "road": ["lamp", "lamp", "lamp", "tree"],
    "park": ["tree", "tree", "tree", "bush", "bush", "bench", "lamp"],
    "square": ["lamp", "lamp", "bollard", "bollard", "bench", "statue"],
}


class Prop(NamedTuple):
    """Something that stands around; its looks depend on its seed."""

    kind: str  # one of `PROPS`
    X: float
    Z: float
    seed: int


class _Quality(NamedTuple):
    """How good the image of a camera is."""

    gain: float  # contrast
    offset: float  # brightness, in grey levels
    noise: float  # in grey levels
    grain: float  # share of the noise that comes in blotches, as compression leaves
    flicker: float  # share of the gain, from frame to frame
    blur: float  # in pixels


@dataclass
class World:
    """One place, one camera, one light.

    Parameters
    ----------
    place, life, camera, walkway : str, NormalLife, Camera, Walkway
        What it looks like, what is normal, who looks, and what leads across the ground.
    half, back : float
        Half the width of the walkway or road, and Z of the houses, in metres.
    quality, fps, crowd : _Quality, float, int
        Of the image, frames per second, and how many people walk about.
    lawn, paving, slab, sky : float
        Grey tones 0..255; a slab of the paving has a side in metres.
    paint_seed, props, backdrops : int, list of Prop, dict
        The looks of the ground, what stands on it, and what was painted so far by canvas size.
    custom, side : str, int
        A key of `CUSTOMS` and which of its two sides is normal here; "" where `life` decides.
    """

    place: str
    life: NormalLife
    camera: Camera
    walkway: Walkway
    half: float
    back: float
    quality: _Quality
    fps: float
    crowd: int
    lawn: float
    paving: float
    slab: float
    sky: float
    paint_seed: int
    props: list[Prop] = field(default_factory=list)
    backdrops: dict = field(default_factory=dict)
    custom: str = ""
    side: int = 0

    @property
    def ground_top(self) -> float:
        """Image y where the ground begins."""
        return float(np.clip(self.camera.project(0, self.back)[1], 0.08, 0.5))

    @property
    def rightwards(self) -> bool:
        """Whether the walkway leads to the right of the image; its left is the far side then."""
        x, _ = self.camera.project(*self.walkway.at(np.array([0.0, 1.0])).T)
        return bool(x[1] > x[0])


def build_world(rng: np.random.Generator, place: str) -> World:
    """Sample where the camera hangs, where the walkway leads and what stands around at a place."""
    # A seed stands for a scene for ever: every value is sampled in this order, needed or not.
    camera = _hang_camera(rng, place)
    walkway = _lay_walkway(rng, place, camera)
    path_half, plaza_half = rng.uniform(1.3, 1.9), rng.uniform(1.9, 2.6)
    half = {"road": 3.2, "park": path_half}.get(place, plaza_half)
    reach = half + (2.6 if place == "road" else 0.6)
    back = _place_houses(rng, place, camera, walkway, reach)
    quality = _Quality(
        gain=rng.uniform(0.7, 1.15),
        offset=rng.uniform(-12, 35),
        noise=rng.uniform(1.2, 4.0),
        grain=rng.uniform(0, 0.8),
        flicker=rng.uniform(0, 0.012),
        blur=rng.uniform(0, 0.7),
    )
    world = World(
        place,
        NORMAL_LIFE[place],
        camera,
        walkway,
        half,
        back,
        quality=quality,
        fps=rng.uniform(12, 18),
        crowd=int(rng.integers(3, 11)),
        lawn=rng.uniform(75, 140),
        paving=rng.uniform(125, 200),
        slab=rng.uniform(0.8, 2.0),
        sky=rng.uniform(190, 240),
        paint_seed=int(rng.integers(2**31)),
    )
    world.props = list(_place_props(rng, world, reach))
    return world


def build_custom_world(seed: tuple, place: str, custom: str) -> World:
    """Sample a place in which all who pass by are seen well, and which side of a custom holds.

    The walkway crosses the image, close to the camera; the ground is light, and what stands on it
    or behind it ends above everybody's head. So few frames per second are kept that a walker takes
    some forty of them to cross.
    """
    for attempt in range(1000):  # some twenty will do
        rng = np.random.default_rng([*seed, attempt])
        world = build_world(rng, place)
        first, last = world.walkway.span(world.camera)
        if abs(world.walkway.along[0]) > 0.7 and 4 < last - first < 9:
            break
    fps = WALKER_FRAMES * WALKER_SPEED / (last - first)
    quality = world.quality._replace(gain=rng.uniform(0.85, 1.15), noise=rng.uniform(0.5, 1.5))
    world = replace(world, custom=custom, side=int(rng.integers(2)), fps=fps, quality=quality)
    world.paving, world.lawn = rng.uniform(150, 200), rng.uniform(130, 170)
    _clear_the_view(world)
    return world


def _clear_the_view(world):
    """Keep what ends above the heads of those who take the far lane; houses move back as needed."""
    first, last = world.walkway.span(world.camera)
    lane = world.half * max(lane for side in CUSTOMS[world.custom] for lane in side.lane)
    trip = world.walkway.at(np.linspace(first, last, 50), lane if world.rightwards else -lane)
    x, heads = world.camera.project(*trip.T, 1.9)
    order = np.argsort(x)

    def ends_above(prop):
        at, foot = world.camera.project(prop.X, prop.Z)
        return foot < np.interp(at, x[order], heads[order])

    world.props = [prop for prop in world.props if ends_above(prop)]
    world.back = max(world.back, world.camera.ground(0.5, heads.min())[1])


def _hang_camera(rng, place):
    horizon = rng.uniform(-1.2, -0.15)
    # Share of the image height that a person near the bottom fills.
    person = rng.uniform(0.10, 0.19) if place == "road" else rng.uniform(0.15, 0.32)
    height = 1.75 * (0.85 - horizon) / person
    return Camera(horizon, height, focal=(0.6 - horizon) / rng.uniform(0.3, 0.85))


def _lay_walkway(rng, place, camera):
    low, high = (0.48, 0.75) if place == "road" else (0.42, 0.92)
    a, b = (-0.02, rng.uniform(low, high)), (1.02, rng.uniform(low, high))
    if place != "road" and rng.random() < 0.3:  # towards the camera instead of across
        a = (rng.uniform(0.05, 0.95), 1.05)
        b = (b[0] if a[0] < 0.5 else -0.02, b[1])
    walkway = Walkway.through(camera, a, b)
    if place != "park":
        return walkway
    bend, wave, turn = rng.uniform(0.4, 1.2), rng.uniform(12, 25), rng.uniform(0, 6)
    return walkway._replace(bend=bend, wave=wave, turn=turn)


def _place_houses(rng, place, camera, walkway, reach):
    """Z of the houses: behind all of the walkway, or out of sight."""
    s = np.linspace(*walkway.span(camera, 0.0, 0.0), 40)
    edges = np.concatenate([walkway.at(s, side) for side in (-reach, reach)])
    if rng.random() >= 0.75:
        return NO_HOUSES
    back = edges[:, 1].max() + rng.uniform(0.5, 5.0)
    return camera.ground(0.5, rng.uniform(0.08, 0.3))[1] if place == "square" else back


def _place_props(rng, world, reach):
    first, last = world.walkway.span(world.camera)
    kinds = PROPS[world.place]
    for kind in kinds + [extra for extra in kinds if rng.random() < 0.4]:
        for _ in range(20):  # tries, until one is beside the walkway and in the image
            if world.place == "square" or kind in ("tree", "bush"):
                X, Z = world.camera.ground(rng.uniform(0.02, 0.98), rng.uniform(0.1, 0.85))
            else:
                s, side = rng.uniform(first, last), rng.choice([-1, 1])
                X, Z = world.walkway.at(s, side * (reach - 0.2))
            beside = abs(world.walkway.locate(X, Z)[1]) > reach - 0.3
            x, y = world.camera.project(X, Z)
            seen = 0.5 < Z < world.back - 0.5 and 0 < x < 1 and y < 0.98
            if seen and (beside or world.place == "square"):
                yield Prop(kind, X, Z, int(rng.integers(2**31)))
                break
