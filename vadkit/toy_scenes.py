"""Endless toy scenes: grey surveillance video, drawn from a seed when it is first looked at. Nothing to download.

A `World` is a place seen by one fixed camera; its clips differ in who walks by. What is normal depends on the place: a car
belongs on the road and nowhere else. Figures live in `toy_figures`, what never moves in `toy_backdrops`, drawing in `toy_clips`.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from . import toy_figures as figures
from .scenes import Scene
from .toy_backdrops import Camera, Prop, Way, paint
from .toy_clips import Actor, DrawnClip

PLACES = ("campus", "road", "park", "square")
HEADLINE = ("runner", "cyclist", "car", "boar")
KINDS = (*HEADLINE, "skateboarder", "dog", "truck", "ball")  # behavioural: they look or move unlike anything normal
CONTEXTUAL = ("against_stream", "loitering", "on_road")  # they look normal; where and when makes them abnormal
TRAIN_SEEDS, VALIDATION_SEEDS, TEST_SEEDS = range(0, 10_000), range(10_000, 11_000), range(20_000, 21_000)
BOAR_SEED = 30_352  # outside all three

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

    def cast(self, seed, n_frames, kind):
        """Everybody in a clip; with a kind of anomaly, the one who does not belong comes last and changes nobody else."""
        seconds = np.arange(n_frames) / self.fps
        actors = list(crowd(self, np.random.default_rng([*seed, 0]), seconds))
        return actors + [misbehave(self, np.random.default_rng([*seed, 1]), kind, seconds)] if kind else actors

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


def act(kind, way, s, travelled, offset, direction, rng, abnormal=True):
    """An actor that is `s` (T,) metres along a way and `offset` metres to its side, going in `direction` (1 or -1);
    legs and wheels turn with the metres `travelled` (T,)."""
    body = figures.BODIES.get(kind, figures.BODIES["walker"])
    phase = rng.uniform(0, 2 * np.pi) + travelled * body.turn
    if kind in ("walker", "runner", "boar", "dog", *CONTEXTUAL):
        offset = offset + 0.12 * np.sin(0.35 * travelled + rng.uniform(0, 6))
    ahead = direction * (way.at(s + 0.2, offset) - way.at(s - 0.2, offset))
    heading = ahead / np.linalg.norm(ahead, axis=1, keepdims=True)
    look = int(rng.uniform(*body.tones)) if body.tones else figures.random_look(rng)
    return Actor(kind, way.at(s, offset), heading, body.draw(phase, look), np.broadcast_to(abnormal, len(s)))


def crowd(world, rng, seconds):
    """The normal life of a place: the actors of one clip, each going round and round for ever."""

    def loop(kind, way, speed, start, offset, direction, pad, lead=0.0):
        first, last = way.span(world.camera, offset, pad)
        gone = (start * (last - first) + speed * seconds) % (last - first)
        s = (first + gone if direction > 0 else last - gone) + direction * lead
        return act(kind, way, s, speed * seconds, offset, direction, rng, False)

    if world.place == "road":
        for direction in (-1, 1):
            speed, start = rng.uniform(3.5, 8.0), rng.random()
            for k in range(rng.integers(1, 3)):
                kind = "truck" if rng.random() < 0.2 else "car"
                yield loop(kind, world.way, speed, start + k / 2, -1.55 * direction, direction, 3.5)
    elif world.place == "square":
        for _ in range(rng.integers(0, 3)):
            yield from _chat(world, rng, seconds)
    walking, inner = 0, world.half + 0.35 if world.place == "road" else 0.35
    while walking < world.crowd:
        way, direction = world.way, int(rng.choice([-1, 1]))
        if world.place == "square":
            way, offset = free_way(world, rng), 1.3
        elif world.place == "road":
            offset = rng.choice([-1, 1]) * (world.half + rng.uniform(0.5, 2.0))
        elif world.place == "park":
            offset = rng.uniform(-0.85, 0.85) * world.half
        else:
            offset = -direction * rng.uniform(0.4, 0.95) * world.half
        speed, start = rng.uniform(0.9, 1.7), rng.random()
        for companion in range(rng.choice([1, 1, 2, 3])):
            beside = np.sign(offset) * max(abs(offset) - 0.65 * companion, inner)
            yield loop("walker", way, speed, start + 0.03 * companion, beside, direction, 2.0)
            walking += 1
        if world.place == "park" and rng.random() < 0.35:
            yield loop("leashed_dog", way, speed, start, offset, direction, 2.0, lead=0.95)


def _chat(world, rng, seconds):
    """Two to four people who stand together and talk."""
    X, Z = world.camera.ground(rng.uniform(0.1, 0.9), rng.uniform(_top(world) + 0.1, 0.9))
    n = rng.integers(2, 5)
    for angle in rng.uniform(0, 6) + np.arange(n) * 2 * np.pi / n:
        ground = np.array([X + 0.6 * np.cos(angle), Z + 0.6 * np.sin(angle)]) + 0.02 * np.sin(seconds + angle)[:, None]
        heading = np.broadcast_to([-np.cos(angle), -np.sin(angle)], ground.shape)
        strokes = figures.person(1.3 * seconds + angle, figures.random_look(rng), figures.STAND)
        yield Actor("standing", ground, heading, strokes, np.zeros(len(seconds), bool))


def _top(world):
    """Picture y where the ground begins."""
    return float(np.clip(world.camera.project(0, world.back)[1], 0.08, 0.5))


def free_way(world, rng, sides=None, low=0.0):
    """A way across the ground from one edge of the picture to another (0 left, 1 right, 2 bottom), not above y = low."""
    sides = rng.permutation([0, 1, 2])[:2] if sides is None else sides
    low = max(_top(world) + 0.06, low)
    ends = (-0.02, rng.uniform(low, 0.95)), (1.02, rng.uniform(low, 0.95)), (rng.uniform(0.05, 0.95), 1.05)
    return Way.through(world.camera, *(ends[i] for i in sides))


def route(world, rng, kind, direction):
    """Where an anomaly goes: (way, offset in metres)."""
    if kind == "on_road":
        first, last = world.way.span(world.camera)
        across = np.array([-world.way.along[1], world.way.along[0]]) + rng.uniform(-0.3, 0.3) * world.way.along
        return Way(world.way.at(first + rng.uniform(0.25, 0.75) * (last - first)), across / np.linalg.norm(across)), 0.0
    if world.place == "square" or kind in ("boar", "dog", "ball"):
        ways, length = [free_way(world, rng, (0, 1), 0.4) for _ in range(8)], 2.3 * np.mean(SPEED[kind])
        return min(ways, key=lambda way: abs(np.log(np.ptp(way.span(world.camera, 0.0, 0.0)) / length))), 0.0
    if world.place == "road":  # more often on the pavement that shows more of itself
        sides = sorted((-1.2 - world.half, 1.2 + world.half), key=lambda s: np.ptp(world.way.span(world.camera, s)))
        return world.way, sides[0] if rng.random() < 0.25 else sides[1]
    if kind in ("cyclist", "car", "truck"):
        return world.way, 0.0
    return world.way, -direction * rng.uniform(0.4, 0.8) * world.half


def misbehave(world, rng, kind, seconds):
    """The actor that does not belong: it crosses the picture once, some way into the clip."""
    T, direction = len(seconds), int(rng.choice([-1, 1]))
    way, offset = route(world, rng, kind, direction)
    first, last = way.span(world.camera, offset, figures.BODIES.get(kind, figures.BODIES["walker"]).length + 0.2)
    speed = np.clip((last - first) / rng.uniform(28, 42) * world.fps, *SPEED[kind])
    if kind in ("loitering", "against_stream"):  # walks like everybody, then stands still, or drifts to the wrong side
        frame, wrong = np.arange(T), rng.uniform(30, 45)
        begin = rng.uniform(20, max(T - wrong - 15, 21))
        middle = first + rng.uniform(0.4, 0.6) * (last - first)
        if kind == "loitering":
            gone = (np.minimum(frame - begin, 0) + np.maximum(frame - begin - wrong, 0)) * speed / world.fps
            abnormal = (frame >= begin) & (frame < begin + wrong)
        else:
            gone = (frame - begin - wrong / 2) * speed / world.fps
            strayed = np.tanh((frame - begin) / 5) - np.tanh((frame - begin - wrong) / 5)  # 0 -> 2 -> 0
            offset, abnormal = offset * (1 - strayed), strayed > 1
        return act(kind, way, middle + direction * gone, gone, offset, direction, rng, abnormal)
    frames = (last - first) / speed * world.fps
    start = rng.uniform(12, T - 10 - frames) if T - 22 > frames else (T - frames) / 2
    if kind == "on_road":  # in the middle of the road in the middle of the clip
        start = T * rng.uniform(0.4, 0.6) + (first if direction > 0 else -last) / speed * world.fps
    gone = (np.arange(T) - start) * speed / world.fps
    actor = act(kind, way, first + gone if direction > 0 else last - gone, gone, offset, direction, rng)
    if kind == "on_road":
        actor = actor._replace(abnormal=np.abs(world.way.locate(*actor.ground.T)[1]) < world.half)
    return actor


def toy_scene(seed, place="campus", size=64, n_train=4, n_test=8, n_frames=100, kinds=None):
    """Draw a scene: `n_train` clips of normal life and `n_test` clips with one anomaly each; the same seed, the same scene.

    seed: any whole number from 0; TRAIN_SEEDS, VALIDATION_SEEDS and TEST_SEEDS keep the three apart
    place: one of PLACES; size: frame height and width in pixels, from 32; the same scene at any size
    n_frames: frames per clip, from 40; kinds: the anomalies of the test clips in turn (default: `kinds_for(place)`, the headline
    kinds first, the others shuffled)
    Returns a Scene whose clips are drawn on first use. Raises ValueError for a bad seed, place, size, length or kind.
    """
    allowed = kinds_for(place)
    if seed < 0 or seed != int(seed):
        raise ValueError(f"A seed is a whole number from 0, got {seed}.")
    if size < 32 or size != int(size):
        raise ValueError(f"A toy scene needs a size of at least 32 pixels, got {size}.")
    if n_frames < 40:
        raise ValueError(f"An anomaly needs room: clips of at least 40 frames, got {n_frames}.")
    unfit = [kind for kind in kinds or () if kind not in allowed]
    if unfit:
        raise ValueError(f"'{unfit[0]}' is no anomaly in the place '{place}': choose from {', '.join(allowed)}.")
    seed, number = int(seed), PLACES.index(place)
    rng = np.random.default_rng([seed, number])
    world = build_world(rng, place)
    others = [kind for kind in allowed if kind not in HEADLINE]
    kinds = list(kinds or [k for k in allowed if k in HEADLINE] + list(rng.permutation(others)))
    kinds = [str(kinds[i % len(kinds)]) for i in range(n_test)]
    train = [DrawnClip(world, f"train{i:02d}", (seed, number, 0, i), n_frames, size) for i in range(n_train)]
    test = [
        DrawnClip(world, f"test{i:02d}", (seed, number, 1, i), n_frames, size, kind) for i, kind in enumerate(kinds)
    ]
    return Scene(f"{place}-{seed}", train, test, place)


def boar_scene(size=64):
    """The scene of `the_boar`: a campus one meets again in every notebook."""
    return toy_scene(BOAR_SEED, "campus", size, n_frames=112)


def the_boar(size=64):
    """The clip that runs through the whole course: a wild boar bolts across the campus."""
    return boar_scene(size).test_clips[HEADLINE.index("boar")]
