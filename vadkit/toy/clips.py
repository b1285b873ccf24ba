"""From actors to frames and labels: project them, render them far to near, see where they show.

A frame is rendered on a canvas `SUPERSAMPLING` times larger than itself and averaged down.
"""

from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np

from vadkit.checks import checked
from vadkit.toy.backdrops import SHIFT, paint
from vadkit.toy.bodies import BODIES
from vadkit.toy.crowds import Actor, make_actors
from vadkit.toy.passers_by import make_passers_by
from vadkit.toy.worlds import World

SUPERSAMPLING = 4
VISIBLE = 0.0008  # share of the image that must show to be abnormal: three pixels of 64 x 64
FAR = 2**20  # where points go that no canvas will ever see
NOISE_SCALE = 24  # grey levels per standard deviation: the stored noise must fit 128 +- 127


class _Projected(NamedTuple):
    """An actor on the canvas: lists with one entry per frame, ready for OpenCV."""

    foot: list  # y of its feet, in pixels
    seen: list  # whether it may be in the image
    box: list  # that holds all of it, in pixels
    strokes: list  # (how, points, sizes, tone), points in fixed-point pixels
    shadow: np.ndarray  # (T, 12, 2) fixed-point pixels
    abnormal: np.ndarray


def _project(actor, world, canvas):
    """Project an actor onto the canvas, all frames at once.

    Projecting takes dozens of NumPy calls, each of which costs about the same for one frame as
    for a hundred. Done once per clip, only OpenCV calls are left for each frame, on Python
    integers, which it takes faster than NumPy's.
    """
    body, n_frames = BODIES[actor.kind], len(actor.ground)
    axes = _axes(actor.heading, body.sideways)
    # All points of all strokes in one array (T, n, 3), which is split again below.
    still_or_moving = [stroke.points for stroke in actor.strokes]
    points = [np.broadcast_to(p, (n_frames, *p.shape[-2:])) for p in still_or_moving]
    dots = _to_pixels(np.concatenate(points, 1), actor.ground, axes, world.camera, canvas)
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    ring = np.stack([body.length * np.cos(turn), body.width * np.sin(turn), 0 * turn], -1)
    ring = np.broadcast_to(ring, (n_frames, 12, 3))
    shadow = _to_pixels(ring, actor.ground, axes, world.camera, canvas)
    metre = world.camera.focal / np.maximum(actor.ground[:, 1], 0.3) * canvas  # in pixels
    box = _bounding_boxes(np.concatenate([dots, shadow], 1), metre, canvas)
    seen = (actor.ground[:, 1] > 0.8) & (box[:, 2:] > box[:, :2]).all(1)
    foot = world.camera.project(*actor.ground.T)[1] * canvas
    strokes = _split(actor.strokes, dots, metre)
    return _Projected(foot.tolist(), seen.tolist(), box.tolist(), strokes, shadow, actor.abnormal)


def _axes(heading, sideways):
    """Unit vectors (2, T) on the ground: forward, and away from the camera."""
    # A body is a flat cut-out: seen edge-on, it is turned to show at least `sideways` of its side.
    across, depth = heading.T
    side = np.where(across < 0, -1.0, 1.0)
    forward = np.stack([side * np.maximum(np.abs(across), sideways), depth])
    forward /= np.linalg.norm(forward, axis=0)
    return forward, side * np.stack([-forward[1], forward[0]])


def _to_pixels(points, ground, axes, camera, canvas):
    """(T, n, 3) metres forward, away and up of a ground point, as (T, n, 2) fixed-point pixels."""
    forward, away, up = np.moveaxis(points, 2, 0)
    forward_axis, away_axis = axes
    X, Z = ground.T[..., None] + forward * forward_axis[..., None] + away * away_axis[..., None]
    pixels = np.stack(camera.project(X, Z, up), -1) * canvas * 2**SHIFT
    return np.clip(pixels, -FAR, FAR).astype(np.int32)


def _bounding_boxes(points, metre, canvas):
    points = points / 2**SHIFT
    margin = 0.25 * metre[:, None] + 2  # strokes are wider than their points
    box = np.concatenate([points.min(1) - margin, points.max(1) + margin], 1)
    return box.clip(0, canvas).astype(int)


def _split(strokes, dots, metre):
    """The points of each stroke, and its width in pixels, frame by frame."""
    ends = np.cumsum([stroke.points.shape[-2] for stroke in strokes])
    pieces = []
    for stroke, part in zip(strokes, np.split(dots, ends[:-1], axis=1)):
        if stroke.how == "dot":
            places = part[:, 0].tolist()
            sizes = (stroke.width / 2 * metre * 2**SHIFT).astype(int)
        else:
            places = np.ascontiguousarray(part)
            sizes = np.maximum(np.rint(stroke.width * metre), 1).astype(int)
        pieces.append((stroke.how, places, sizes.tolist(), stroke.tone))
    return pieces


def _render(target, actor, t, tone=None):
    """Render an actor at frame t, in its own tones or all in one."""
    for how, dots, sizes, own in actor.strokes:
        value = own if tone is None else tone
        if how == "line" or how == "loop":
            cv2.polylines(target, [dots[t]], how == "loop", value, sizes[t], cv2.LINE_8, SHIFT)
        elif how == "fill":
            cv2.fillPoly(target, [dots[t]], value, cv2.LINE_8, SHIFT)
        elif how == "hull":
            cv2.fillConvexPoly(target, cv2.convexHull(dots[t]), value, cv2.LINE_8, SHIFT)
        else:
            cv2.circle(target, dots[t], sizes[t], value, -1, cv2.LINE_8, SHIFT)


def _hide_behind_props(target, actor, t, front, cover):
    """Take whatever stands nearer to the camera than the actor from `cover` again."""
    x0, y0, x1, y1 = actor.box[t]
    nearer = (front[y0:y1, x0:x1] > actor.foot[t]).view(np.uint8)
    cv2.copyTo(cover[y0:y1, x0:x1], nearer, target[y0:y1, x0:x1])


class RenderedClip:
    """A clip with the attributes of `Clip` that is rendered when its frames are first asked for.

    Parameters
    ----------
    world : World
        Where it plays.
    name, seed : str, tuple of int
        The same seed gives the same clip.
    n_frames, size : int
        Its length, and the height and width of its frames.
    kind : str
        The anomaly that happens in it, "" for normal life.
    shown : bool
        False leaves the anomaly out; everybody else stays.
    """

    def __init__(
        self,
        world: World,
        name: str,
        seed: tuple,
        n_frames: int,
        size: int,
        kind: str = "",
        shown: bool = True,
    ):
        self.world = world
        self.name = name
        self.seed = seed
        self.n_frames = n_frames
        self.size = size
        self.kind = kind
        self.shown = shown

    def __len__(self) -> int:
        return self.n_frames

    def __repr__(self) -> str:
        frames = f"{self.n_frames} frames of {self.size} x {self.size}"
        what = self.kind if self.kind and self.shown else "normal"
        return f"RenderedClip({self.name!r}, {frames}, {what})"

    def without_anomaly(self) -> "RenderedClip":
        """Give the same clip, same people, same noise, as if nothing had happened.

        Returns
        -------
        RenderedClip
            Normal from beginning to end.
        """
        return self._copy(self.world, shown=False)

    @checked
    def in_world(self, world: World) -> "RenderedClip":
        """Give the same clip in another light, or where the other side of a custom is normal.

        Parameters
        ----------
        world : World
            The same place with its `quality` or `side` changed.

        Returns
        -------
        RenderedClip
            The same people; another side of the custom labels the others.
        """
        return self._copy(world, self.shown)

    def _copy(self, world, shown):
        same = self.name, self.seed, self.n_frames, self.size, self.kind
        return RenderedClip(world, *same, shown)

    @property
    def labels(self) -> np.ndarray:
        """(T,) bool, True where the anomaly shows; known without rendering the frames."""
        return self._truth[0]

    @property
    def boxes(self) -> np.ndarray:
        """(T, 4) int, x0, y0, x1, y1 of the anomaly in pixels, -1 where there is none."""
        return self._truth[1]

    @property
    def kinds(self) -> list[str]:
        """T strings, "" for a normal frame."""
        return [self.kind if label else "" for label in self.labels]

    @property
    def actors(self) -> list[Actor]:
        """Everybody in the clip, the anomaly last if there is one."""
        make = make_passers_by if self.world.custom else make_actors
        actors = make(self.world, self.seed, self.n_frames, self.kind)
        return [actor for actor in actors if self.shown or not actor.abnormal.any()]

    def _set_up(self):
        """The backdrop, and everybody on the canvas."""
        canvas = self.size * SUPERSAMPLING
        if canvas not in self.world.backdrops:
            self.world.backdrops[canvas] = paint(self.world, canvas)
        actors = [_project(actor, self.world, canvas) for actor in self.actors]
        return self.world.backdrops[canvas], actors

    @cached_property
    def frames(self) -> np.ndarray:
        """(T, size, size) uint8: backdrop, shadows, actors far to near, then camera and sensor."""
        backdrop, actors = self._set_up()
        far_to_near = np.argsort([actor.foot for actor in actors], axis=0).T.tolist()
        picture, shade = np.empty_like(backdrop.image), np.empty_like(backdrop.image)
        sensor = _Sensor(self)
        frames = np.empty((self.n_frames, self.size, self.size), np.uint8)
        for t in range(self.n_frames):
            picture[:], shade[:] = backdrop.image, 0
            seen = [actors[i] for i in far_to_near[t] if actors[i].seen[t]]
            for actor in seen:
                cv2.fillConvexPoly(shade, actor.shadow[t], 255, cv2.LINE_8, SHIFT)
            cv2.copyTo(backdrop.shaded, shade, picture)
            for actor in seen:
                _render(picture, actor, t)
                _hide_behind_props(picture, actor, t, backdrop.front, backdrop.image)
            sensor.expose(picture, t, frames[t])
        return frames

    @cached_property
    def _truth(self):
        """Labels and boxes: the anomaly in white on black, and what hides it in black."""
        labels, boxes = np.zeros(self.n_frames, bool), np.full((self.n_frames, 4), -1)
        if not self.kind or not self.shown:
            return labels, boxes
        backdrop, actors = self._set_up()
        mask, black = np.zeros_like(backdrop.image), np.zeros_like(backdrop.image)
        for t in range(self.n_frames):
            seen = [actor for actor in actors if actor.seen[t]]
            anomalies = [actor for actor in seen if actor.abnormal[t]]
            if not anomalies:
                continue
            mask[:] = 0
            for actor in sorted(seen, key=lambda actor: actor.foot[t]):  # far to near
                _render(mask, actor, t, 255 if actor.abnormal[t] else 0)
                _hide_behind_props(mask, actor, t, backdrop.front, black)
            labels[t] = mask.mean() / 255 > VISIBLE
            if labels[t]:  # the box holds the shadow too
                for anomaly in anomalies:
                    cv2.fillConvexPoly(mask, anomaly.shadow[t], 255, cv2.LINE_8, SHIFT)
                boxes[t] = _box_of(mask, self.size)
        return labels, boxes


def _box_of(mask, size):
    shows = cv2.resize(mask, (size, size), interpolation=cv2.INTER_AREA) > 20
    rows, columns = np.flatnonzero(shows.any(1)), np.flatnonzero(shows.any(0))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


class _Sensor:
    """What the camera makes of a picture: fewer pixels, blur, contrast, flicker and noise."""

    def __init__(self, clip):
        self.size, self.quality = clip.size, clip.world.quality
        rng = np.random.default_rng([*clip.seed, 2])
        # One field of noise, four times a frame; each frame takes another piece of it.
        self.noise = _noise(rng, self.size, self.quality.grain)
        self.corners = rng.integers(0, self.size, (clip.n_frames, 2)).tolist()
        flicker = self.quality.flicker * rng.normal(size=clip.n_frames)
        self.gains = self.quality.gain * (1 + flicker)

    def expose(self, picture, t, frame):
        size = self.size
        small = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
        if self.quality.blur > 0.25:
            small = cv2.GaussianBlur(small, (5, 5), self.quality.blur)
        u, v = self.corners[t]
        noise, amount = self.noise[u : u + size, v : v + size], self.quality.noise / NOISE_SCALE
        offset = self.quality.offset - 128 * amount
        cv2.addWeighted(small, self.gains[t], noise, amount, offset, frame)


def _noise(rng, size, grain):
    """Noise around 128, with a share of soft blotches, as compression leaves."""
    field = rng.normal(size=(2 * size, 2 * size)).astype(np.float32)
    field += 3 * grain * cv2.GaussianBlur(field, (0, 0), 1.2)
    return np.clip(128 + NOISE_SCALE * field / field.std(), 0, 255).astype(np.uint8)
