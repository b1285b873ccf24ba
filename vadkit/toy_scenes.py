"""Endless toy scenes: grey surveillance video, drawn from a seed when it is first looked at. Nothing to download.

A `World` is a place seen by one fixed camera; its clips differ in who walks by. What is normal depends on the place:
a car belongs on the road and nowhere else. The stage is painted in `toy_backdrops`, the figures in `toy_figures`.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np

from . import toy_figures as figures
from .scenes import Scene
from .toy_backdrops import SHIFT, Camera, Prop, Way, paint

PLACES = ("campus", "road", "park", "square")
HEADLINE = ("runner", "cyclist", "car", "boar")
KINDS = (*HEADLINE, "skateboarder", "dog", "truck", "ball")  # behavioural: they look or move unlike anything normal
CONTEXTUAL = ("against_stream", "loitering", "on_road")  # they look normal; where and when makes them abnormal
TRAIN_SEEDS, VALIDATION_SEEDS, TEST_SEEDS = range(0, 10_000), range(10_000, 11_000), range(20_000, 21_000)

NO_ANOMALY = {  # normal there, or without meaning there
    "campus": ("on_road",),
    "road": ("car", "truck", "against_stream"),
    "park": ("dog", "against_stream", "on_road"),
    "square": CONTEXTUAL,
}
SPEED = {  # metres per second, slowest and fastest
    "runner": (3.0, 5.5), "cyclist": (3.2, 7.0), "car": (3.0, 9.0), "boar": (4.0, 9.0), "skateboarder": (2.6, 5.0),
    "dog": (3.5, 8.0), "truck": (2.8, 8.0), "ball": (3.0, 8.0), "against_stream": (1.2, 2.0), "loitering": (1.2, 1.6),
    "on_road": (1.5, 2.4),
}  # fmt: skip
TURN = {"cyclist": 5.0, "car": 1 / 0.31, "truck": 1 / 0.42, "boar": 3.4, "dog": 4.2, "leashed_dog": 5.5, "ball": 2.4,
        "skateboarder": 2.0, "runner": 2 * np.pi / 2.5}  # radians of phase per metre; a walker's are below  # fmt: skip
LENGTH = {"cyclist": (0.9, 0.3), "car": (2.0, 0.95), "truck": (2.7, 1.2), "boar": (0.95, 0.35), "dog": (0.5, 0.2),
          "leashed_dog": (0.5, 0.2), "ball": (0.2, 0.2), "skateboarder": (0.5, 0.2)}  # half length, half width, metres  # fmt: skip
TONES = {"boar": (58, 88), "ball": (190, 250), "car": (60, 235), "truck": (60, 235), "dog": (20, 60), "leashed_dog": (20, 225)}
SIDEWAYS = {"car": 0.02, "truck": 0.02, "boar": 0.93, "dog": 0.9, "leashed_dog": 0.9, "cyclist": 0.85, "skateboarder": 0.8}
VEHICLES = ("car", "truck", "cyclist")
WALKING = 2 * np.pi / figures.WALK.stride
SUPERSAMPLING = 4
VISIBLE = 0.0008  # share of the picture that must show for a frame to be abnormal: about three pixels of 64 x 64


def kinds_for(place):
    """The kinds of anomaly that can happen in a place, headline kinds first. Raises ValueError for an unknown place."""
    _check_place(place)
    return tuple(kind for kind in (*KINDS, *CONTEXTUAL) if kind not in NO_ANOMALY[place])


def _check_place(place):
    if place not in PLACES:
        raise ValueError(f"Unknown place {place!r}: choose from {', '.join(PLACES)}.")


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
    gain: float
    offset: float
    noise: float
    grain: float
    flicker: float
    blur: float
    sun: float
    paint_seed: int
    backdrops: dict = field(default_factory=dict)

    def backdrop(self, canvas):
        if canvas not in self.backdrops:
            self.backdrops[canvas] = paint(self, canvas)
        return self.backdrops[canvas]


def build_world(rng, place):
    """Draw a place: where the camera hangs, where the way leads, what stands around, how good the picture is."""
    horizon = rng.uniform(-1.2, -0.15)
    person = rng.uniform(0.10, 0.19) if place == "road" else rng.uniform(0.15, 0.32)  # share of the picture, near the bottom
    camera = Camera(horizon, 1.75 * (0.85 - horizon) / person, (0.6 - horizon) / rng.uniform(0.3, 0.85))
    low, high = (0.48, 0.75) if place == "road" else (0.42, 0.92)
    a, b = (-0.02, rng.uniform(low, high)), (1.02, rng.uniform(low, high))
    if place != "road" and rng.random() < 0.3:
        a = (rng.uniform(0.05, 0.95), 1.05)
        b = (b[0] if a[0] < 0.5 else -0.02, b[1])
    winding = {"bend": rng.uniform(0.4, 1.2), "wave": rng.uniform(12, 25), "turn": rng.uniform(0, 6)} if place == "park" else {}
    way = Way.through(camera, a, b, **winding)
    half = {"road": 3.2, "park": rng.uniform(1.3, 1.9)}.get(place, rng.uniform(1.9, 2.6))
    reach = half + (2.6 if place == "road" else 0.6)
    edges = np.concatenate([way.at(np.linspace(*way.span(camera, 0.0, 0.0), 40), side) for side in (-reach, reach)])
    back = edges[:, 1].max() + rng.uniform(0.5, 5.0) if rng.random() < 0.75 else 1000.0
    if place == "square" and back < 1000:
        back = camera.ground(0.5, rng.uniform(0.08, 0.3))[1]
    world = World(
        place, camera, way, half, back, [], fps=rng.uniform(12, 18), crowd=int(rng.integers(3, 13)),
        lawn=rng.uniform(75, 140), paving=rng.uniform(125, 200), slab=rng.uniform(0.8, 2.0), sky=rng.uniform(190, 240),
        gain=rng.uniform(0.7, 1.15), offset=rng.uniform(-12, 35), noise=rng.uniform(1.5, 5.0), grain=rng.uniform(0, 0.8),
        flicker=rng.uniform(0, 0.012), blur=rng.uniform(0, 0.7), sun=rng.uniform(-0.9, 0.9), paint_seed=int(rng.integers(2**31)),
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


class Actor(NamedTuple):
    """Somebody or something that moves: ground (T, 2) metres, heading (T, 2) unit vectors, strokes in metres around it,
    abnormal (T,) bool: when it breaks the rules."""

    kind: str
    ground: np.ndarray
    heading: np.ndarray
    strokes: list
    abnormal: np.ndarray


def act(kind, way, s, travelled, offset, direction, rng, abnormal=True):
    """An actor that is `s` (T,) metres along a way and `offset` metres to its side, going in `direction` (1 or -1);
    legs and wheels turn with the metres `travelled` (T,)."""
    phase = rng.uniform(0, 2 * np.pi) + travelled * TURN.get(kind, WALKING)
    if kind not in VEHICLES and kind != "leashed_dog":
        offset = offset + 0.12 * np.sin(0.35 * travelled + rng.uniform(0, 6))
    ahead = direction * (way.at(s + 0.2, offset) - way.at(s - 0.2, offset))
    heading = ahead / np.linalg.norm(ahead, axis=1, keepdims=True)
    if kind in TONES:
        strokes = getattr(figures, kind)(phase, int(rng.uniform(*TONES[kind])))
    else:
        strokes = getattr(figures, kind if kind in TURN else "walker")(phase, figures.random_look(rng))
    return Actor(kind, way.at(s, offset), heading, strokes, np.broadcast_to(abnormal, len(s)))


def crowd(world, rng, seconds):
    """The normal life of a place: the actors of one clip, each going round and round for ever."""

    def loop(kind, way, speed, start, offset, direction, pad=1.0, lead=0.0):
        first, last = way.span(world.camera, offset, pad)
        gone = (start * (last - first) + speed * seconds) % (last - first)
        s = (first + gone if direction > 0 else last - gone) + direction * lead
        return act(kind, way, s, speed * seconds, offset, direction, rng, False)

    if world.place == "road":
        for direction in (-1, 1):
            speed, start = rng.uniform(3.5, 8.0), rng.random()
            for k in range(rng.integers(1, 4)):
                kind = "truck" if rng.random() < 0.25 else "car"
                yield loop(kind, world.way, speed, start + k / 3 + rng.uniform(0, 0.04), -1.55 * direction, direction, 3.5)
    elif world.place == "square":
        for _ in range(rng.integers(0, 3)):
            yield from _chat(world, rng, seconds)
    walking = 0
    while walking < world.crowd:
        way, direction = world.way, int(rng.choice([-1, 1]))
        if world.place == "square":
            way, offset = free_way(world, rng), 0.0
        elif world.place == "road":
            offset = rng.choice([-1, 1]) * (world.half + rng.uniform(0.5, 2.0))
        elif world.place == "park":
            offset = rng.uniform(-0.85, 0.85) * world.half
        else:
            offset = -direction * rng.uniform(0.4, 0.95) * world.half
        speed, start = rng.uniform(0.9, 1.7), rng.random()
        for companion in range(rng.choice([1, 1, 2, 3])):
            beside = offset + companion * (0.65 if offset < 0 else -0.65)
            yield loop("walker", way, speed, start + 0.02 * rng.random(), beside, direction)
            walking += 1
        if world.place == "park" and rng.random() < 0.35:
            yield loop("leashed_dog", way, speed, start, offset, direction, lead=0.95)


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


def free_way(world, rng, sides=None):
    """A way across the ground from one edge of the picture to another (0 left, 1 right, 2 bottom)."""
    sides = rng.permutation([0, 1, 2])[:2] if sides is None else sides
    low = _top(world) + 0.06
    ends = [((-0.02, rng.uniform(low, 0.95)), (1.02, rng.uniform(low, 0.95)), (rng.uniform(0.05, 0.95), 1.05))[i] for i in sides]
    return Way.through(world.camera, *ends)


def misbehave(world, rng, kind, seconds):
    """The actor that does not belong: it crosses the picture once, some way into the clip."""
    T, direction = len(seconds), int(rng.choice([-1, 1]))
    way, offset = world.way, 0.0
    if kind == "on_road":
        s, side = rng.uniform(*way.span(world.camera)), np.array([-way.along[1], way.along[0]])
        slanted = side + rng.uniform(-0.3, 0.3) * way.along
        way = Way(way.at(s), slanted / np.linalg.norm(slanted))
    elif world.place == "square" or kind in ("boar", "dog", "ball"):
        ways = [free_way(world, rng, (0, 1)) for _ in range(8)]
        way = min(ways, key=lambda w: abs(np.log(np.ptp(w.span(world.camera, 0.0, 0.0)) / (2.3 * np.mean(SPEED[kind])))))
    elif world.place == "road":
        offset = rng.choice([-1, 1]) * (world.half + 1.2)
    elif kind in ("runner", "skateboarder", "loitering"):
        offset = -direction * rng.uniform(0.4, 0.8) * world.half
    elif kind == "against_stream":
        offset = direction * rng.uniform(0.5, 0.8) * world.half
    first, last = way.span(world.camera, offset, LENGTH.get(kind, (0.3,))[0] + 0.2)
    speed = np.clip((last - first) / rng.uniform(28, 42) * world.fps, *SPEED[kind])
    frames = (last - first) / speed * world.fps
    if kind == "loitering":
        stand = rng.uniform(30, 45)
        stop = rng.uniform(20, max(T - stand - 15, 21))
        frame = np.arange(T)
        gone = (np.minimum(frame - stop, 0) + np.maximum(frame - stop - stand, 0)) * speed / world.fps
        s = rng.uniform(0.7 * first + 0.3 * last, 0.3 * first + 0.7 * last) + direction * gone
        return act(kind, way, s, gone, offset, direction, rng, (frame >= stop) & (frame < stop + stand))
    start = rng.uniform(12, T - 10 - frames) if T - 22 > frames else (T - frames) / 2
    gone = (np.arange(T) - start) * speed / world.fps
    actor = act(kind, way, first + gone if direction > 0 else last - gone, gone, offset, direction, rng)
    if kind == "on_road":
        actor = actor._replace(abnormal=np.abs(world.way.locate(*actor.ground.T)[1]) < world.half)
    return actor


class Staged(NamedTuple):
    """An actor on the canvas: y of its feet, whether it may be in the picture and the box it fills, frame by frame; what to draw."""

    foot: list
    seen: list
    box: list
    strokes: list
    shadow: np.ndarray
    abnormal: np.ndarray


def stage(actor, world, canvas):
    """Project an actor onto the canvas, all frames at once."""
    camera, scale = world.camera, canvas * 2**SHIFT
    side = np.where(actor.heading[:, :1] < 0, -1.0, 1.0)
    facing = np.concatenate([side * np.maximum(np.abs(actor.heading[:, :1]), SIDEWAYS.get(actor.kind, 0.5)), actor.heading[:, 1:]], 1)
    facing = facing / np.linalg.norm(facing, axis=1, keepdims=True)
    away = side * np.stack([-facing[:, 1], facing[:, 0]], 1)
    T = len(facing)
    forward, aside, up = np.moveaxis(np.concatenate([np.broadcast_to(s.points, (T, *s.points.shape[-2:])) for s in actor.strokes], 1), 2, 0)
    X, Z = (actor.ground[:, None, i] + forward * facing[:, None, i] + aside * away[:, None, i] for i in (0, 1))
    x, y = camera.project(X, Z, up)
    dots = np.clip(np.stack([x, y], -1) * scale, -(2**20), 2**20).astype(np.int32)
    metre = camera.focal / np.maximum(actor.ground[:, 1], 0.3) * canvas
    strokes, n = [], 0
    for stroke in actor.strokes:
        part = np.ascontiguousarray(dots[:, n : n + stroke.points.shape[-2]])
        n += stroke.points.shape[-2]
        if stroke.how == "dot":
            strokes.append(("dot", part[:, 0].tolist(), (stroke.width / 2 * metre * 2**SHIFT).astype(int).tolist(), stroke.tone))
        else:
            strokes.append((stroke.how, part, np.maximum(np.rint(stroke.width * metre), 1).astype(int).tolist(), stroke.tone))
    length, width = LENGTH.get(actor.kind, (0.28, 0.22))
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    fx, fz = (actor.ground[:, None, i] + length * np.cos(turn) * facing[:, None, i] + width * np.sin(turn) * away[:, None, i] for i in (0, 1))
    shadow = np.stack(camera.project(fx + 0.25 * world.sun, fz), -1) * scale
    shadow = np.clip(shadow, -(2**20), 2**20).astype(np.int32)
    foot = camera.project(*actor.ground.T)[1] * canvas
    margin = 0.2 * metre + 2
    both = np.concatenate([dots, shadow], 1) / 2**SHIFT
    low, high = both.min(1) - margin[:, None], both.max(1) + margin[:, None]
    box = np.clip(np.concatenate([low, high], 1), 0, canvas).astype(int)
    seen = (actor.ground[:, 1] > 0.8) & (box[:, 2:] > box[:, :2]).all(1)
    return Staged(foot.tolist(), seen.tolist(), box.tolist(), strokes, shadow, actor.abnormal)


def draw(target, staged, t, tone=None):
    """Draw one staged actor at frame t, in its own tones or all in one."""
    for how, dots, sizes, own in staged.strokes:
        value = own if tone is None else tone
        if how == "line" or how == "loop":
            cv2.polylines(target, [dots[t]], how == "loop", value, sizes[t], cv2.LINE_8, SHIFT)
        elif how == "fill":
            cv2.fillPoly(target, [dots[t]], value, cv2.LINE_8, SHIFT)
        elif how == "hull":
            cv2.fillConvexPoly(target, cv2.convexHull(dots[t]), value, cv2.LINE_8, SHIFT)
        else:
            cv2.circle(target, dots[t], sizes[t], value, -1, cv2.LINE_8, SHIFT)


def hide_behind_props(target, staged, t, backdrop, cover):
    """Whatever stands nearer to the camera than the actor comes back to the front."""
    x0, y0, x1, y1 = staged.box[t]
    nearer = (backdrop.front[y0:y1, x0:x1] > staged.foot[t]).view(np.uint8)
    cv2.copyTo(cover[y0:y1, x0:x1], nearer, target[y0:y1, x0:x1])


class DrawnClip:
    """A `Clip` that is drawn when its frames are first asked for; the same attributes. `labels` need no drawing of frames."""

    def __init__(self, world, name, seed, n_frames, size, kind=""):
        self.world, self.name, self.seed, self.n_frames, self.size, self.kind = world, name, seed, n_frames, size, kind

    def __len__(self):
        return self.n_frames

    def __repr__(self):
        return f"DrawnClip({self.name!r}, {self.n_frames} frames, {self.kind or 'normal'})"

    def without_anomaly(self):
        """The same clip, same people, same noise, as if nothing had happened."""
        return DrawnClip(self.world, self.name, self.seed, self.n_frames, self.size)

    def _staged(self):
        """Everybody on the canvas; the anomaly, if any, last."""
        seconds = np.arange(self.n_frames) / self.world.fps
        crowd_rng, anomaly_rng = (np.random.default_rng([*self.seed, i]) for i in (0, 1))
        actors = list(crowd(self.world, crowd_rng, seconds))
        if self.kind:
            actors.append(misbehave(self.world, anomaly_rng, self.kind, seconds))
        return [stage(actor, self.world, self.size * SUPERSAMPLING) for actor in actors]

    @cached_property
    def frames(self):
        world, size, rng = self.world, self.size, np.random.default_rng([*self.seed, 2])
        canvas, backdrop, staged = size * SUPERSAMPLING, world.backdrop(size * SUPERSAMPLING), self._staged()
        order = np.argsort([s.foot for s in staged], axis=0).T.tolist() if staged else [[]] * len(self)
        noise = rng.normal(size=(2 * size, 2 * size)).astype(np.float32)
        noise += world.grain * 3 * cv2.GaussianBlur(noise, (0, 0), 1.2)
        noise = np.clip(128 + 24 * noise / noise.std(), 0, 255).astype(np.uint8)
        corners = rng.integers(0, size, (len(self), 2)).tolist()
        gains = world.gain * (1 + world.flicker * rng.normal(size=len(self)))
        frames, picture, shade = np.empty((len(self), size, size), np.uint8), np.empty_like(backdrop.image), np.empty_like(backdrop.image)
        for t in range(len(self)):
            picture[:], shade[:] = backdrop.image, 0
            seen = [staged[i] for i in order[t] if staged[i].seen[t]]
            for actor in seen:
                cv2.fillConvexPoly(shade, actor.shadow[t], 255, cv2.LINE_8, SHIFT)
            cv2.copyTo(backdrop.shaded, shade, picture)
            for actor in seen:
                draw(picture, actor, t)
                hide_behind_props(picture, actor, t, backdrop, backdrop.image)
            small = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
            if world.blur > 0.25:
                small = cv2.GaussianBlur(small, (5, 5), world.blur)
            (u, v), amount = corners[t], world.noise / 24
            offset = world.offset - 128 * amount
            cv2.addWeighted(small, gains[t], noise[u : u + size, v : v + size], amount, offset, frames[t])
        assert canvas == len(picture)
        return frames

    @cached_property
    def _truth(self):
        """labels and boxes: the anomaly alone on a black canvas, then everything that hides it."""
        labels, boxes = np.zeros(len(self), bool), np.full((len(self), 4), -1)
        if not self.kind:
            return labels, boxes
        *others, odd = self._staged()
        backdrop = self.world.backdrop(self.size * SUPERSAMPLING)
        mask, black = np.empty_like(backdrop.image), np.zeros_like(backdrop.image)
        for t in range(len(self)):
            if not (odd.seen[t] and odd.abnormal[t]):
                continue
            mask[:] = 0
            cv2.fillConvexPoly(mask, odd.shadow[t], 255, cv2.LINE_8, SHIFT)
            mask[backdrop.front > 0] = 0
            draw(mask, odd, t, 255)
            hide_behind_props(mask, odd, t, backdrop, black)
            for other in others:
                if other.seen[t] and other.foot[t] > odd.foot[t]:
                    draw(mask, other, t, 0)
            rows, columns = (np.flatnonzero(m) for m in self._shows(mask))
            labels[t] = len(rows) > 0 and mask.mean() / 255 > VISIBLE
            if labels[t]:
                boxes[t] = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
        return labels, boxes

    def _shows(self, mask):
        small = cv2.resize(mask, (self.size, self.size), interpolation=cv2.INTER_AREA) > 20
        return small.any(1), small.any(0)

    labels = property(lambda self: self._truth[0])
    boxes = property(lambda self: self._truth[1])
    kinds = property(lambda self: [self.kind if label else "" for label in self.labels])


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
    train = [DrawnClip(world, f"train{i:02d}", (seed, number, 0, i), n_frames, size) for i in range(n_train)]
    test = [DrawnClip(world, f"test{i:02d}", (seed, number, 1, i), n_frames, size, str(kinds[i % len(kinds)])) for i in range(n_test)]
    return Scene(f"{place}-{seed}", train, test, place)


BOAR_SEED = 7


def boar_scene(size=64):
    """The scene of `the_boar`: a campus one meets again in every notebook."""
    return toy_scene(BOAR_SEED, "campus", size, n_frames=112)


def the_boar(size=64):
    """The clip that runs through the whole course: a wild boar bolts across the campus."""
    return boar_scene(size).test_clips[HEADLINE.index("boar")]
