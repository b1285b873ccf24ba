"""From actors to pictures: put them on the stage, draw them far to near, and note where the anomaly shows.

An actor is projected for all frames at once; a frame is then only OpenCV calls, on a canvas SUPERSAMPLING times larger
than the frame and averaged down.
"""

from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np

from vadkit.toy.backdrops import SHIFT
from vadkit.toy.bodies import BODIES
from vadkit.toy.crowds import cast

SUPERSAMPLING = 4
VISIBLE = 0.0008  # share of the picture that must show for a frame to be abnormal: about three pixels of 64 x 64
FAR = 2**20  # where points go that no canvas will ever see


class Staged(NamedTuple):
    """An actor on the canvas, one entry per frame: y of its feet, whether it may be in the picture, the box it stays in,
    its strokes (how, points, sizes, tone) and its shadow in fixed-point pixels."""

    foot: list
    seen: list
    box: list
    strokes: list
    shadow: np.ndarray
    abnormal: np.ndarray


def stage(actor, world, canvas):
    """Project an actor onto the canvas, all frames at once."""
    camera, body, T = world.camera, BODIES.get(actor.kind, BODIES["walker"]), len(actor.ground)
    across, depth = actor.heading.T
    side = np.where(across < 0, -1.0, 1.0)
    facing = np.stack([side * np.maximum(np.abs(across), body.sideways), depth])
    facing /= np.linalg.norm(facing, axis=0)
    away = side * np.stack([-facing[1], facing[0]])

    def pixels(points):
        """(T, n, 3) forward, away, up -> (T, n, 2) fixed-point pixels."""
        forward, aside, up = np.moveaxis(points, 2, 0)
        X, Z = (actor.ground[:, i, None] + forward * facing[i, :, None] + aside * away[i, :, None] for i in (0, 1))
        xy = np.stack(camera.project(X, Z, up), -1) * canvas * 2**SHIFT
        return np.clip(xy, -FAR, FAR).astype(np.int32)

    dots = pixels(np.concatenate([np.broadcast_to(s.points, (T, *s.points.shape[-2:])) for s in actor.strokes], 1))
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    ring = np.stack([body.length * np.cos(turn), body.width * np.sin(turn), 0 * turn], -1)
    shadow = pixels(np.broadcast_to(ring, (T, 12, 3)))
    metre = camera.focal / np.maximum(actor.ground[:, 1], 0.3) * canvas
    strokes, n = [], 0
    for how, points, width, tone in actor.strokes:
        part = np.ascontiguousarray(dots[:, n : n + points.shape[-2]])
        n += points.shape[-2]
        if how == "dot":
            strokes.append((how, part[:, 0].tolist(), (width / 2 * metre * 2**SHIFT).astype(int).tolist(), tone))
        else:
            strokes.append((how, part, np.maximum(np.rint(width * metre), 1).astype(int).tolist(), tone))
    everything, margin = np.concatenate([dots, shadow], 1) / 2**SHIFT, 0.25 * metre[:, None] + 2
    box = np.concatenate([everything.min(1) - margin, everything.max(1) + margin], 1).clip(0, canvas).astype(int)
    seen = (actor.ground[:, 1] > 0.8) & (box[:, 2:] > box[:, :2]).all(1)
    foot = camera.project(*actor.ground.T)[1] * canvas
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


def hide_behind_props(target, staged, t, front, cover):
    """Whatever stands nearer to the camera than the actor is taken from `cover` again."""
    x0, y0, x1, y1 = staged.box[t]
    nearer = (front[y0:y1, x0:x1] > staged.foot[t]).view(np.uint8)
    cv2.copyTo(cover[y0:y1, x0:x1], nearer, target[y0:y1, x0:x1])


class DrawnClip:
    """A `Clip` that is drawn when its frames are first asked for, with the same attributes. Labels, kinds and boxes come
    without drawing the frames. `kind`: the anomaly that happens in it, "" for normal life."""

    def __init__(self, world, name, seed, n_frames, size, kind=""):
        self.world, self.name, self.seed, self.n_frames, self.size, self.kind = world, name, seed, n_frames, size, kind

    def __len__(self):
        return self.n_frames

    def __repr__(self):
        return f"DrawnClip({self.name!r}, {self.n_frames} frames of {self.size} x {self.size}, {self.kind or 'normal'})"

    def without_anomaly(self):
        """The same clip, same people, same noise, as if nothing had happened."""
        return DrawnClip(self.world, self.name, self.seed, self.n_frames, self.size)

    labels = property(lambda self: self._truth[0])
    boxes = property(lambda self: self._truth[1])
    kinds = property(lambda self: [self.kind if label else "" for label in self.labels])

    def _stage(self):
        """The backdrop, and everybody on the canvas, the anomaly last if there is one."""
        canvas = self.size * SUPERSAMPLING
        actors = cast(self.world, self.seed, self.n_frames, self.kind)
        return self.world.backdrop(canvas), [stage(actor, self.world, canvas) for actor in actors]

    @cached_property
    def frames(self):
        """(T, size, size) uint8. Each frame: backdrop, shadows, figures from far to near, then camera and sensor."""
        (backdrop, actors), T, size, quality = self._stage(), self.n_frames, self.size, self.world.quality
        far_to_near = np.argsort([actor.foot for actor in actors], axis=0).T.tolist() if actors else [[]] * T
        rng = np.random.default_rng([*self.seed, 2])
        noise, corners = _noise(rng, size, quality.grain), rng.integers(0, size, (T, 2)).tolist()
        gains = quality.gain * (1 + quality.flicker * rng.normal(size=T))
        amount = quality.noise / NOISE_SCALE
        frames, picture = np.empty((T, size, size), np.uint8), np.empty_like(backdrop.image)
        shade = np.empty_like(picture)
        for t in range(T):
            picture[:], shade[:] = backdrop.image, 0
            seen = [actors[i] for i in far_to_near[t] if actors[i].seen[t]]
            for actor in seen:
                cv2.fillConvexPoly(shade, actor.shadow[t], 255, cv2.LINE_8, SHIFT)
            cv2.copyTo(backdrop.shaded, shade, picture)
            for actor in seen:
                draw(picture, actor, t)
                hide_behind_props(picture, actor, t, backdrop.front, backdrop.image)
            small = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
            if quality.blur > 0.25:
                small = cv2.GaussianBlur(small, (5, 5), quality.blur)
            u, v = corners[t]
            grain = noise[u : u + size, v : v + size]
            cv2.addWeighted(small, gains[t], grain, amount, quality.offset - 128 * amount, frames[t])
        return frames

    @cached_property
    def _truth(self):
        """labels and boxes: the anomaly white on a black canvas, shadow included, then everything that hides it in black."""
        labels, boxes = np.zeros(self.n_frames, bool), np.full((self.n_frames, 4), -1)
        if not self.kind:
            return labels, boxes
        backdrop, (*others, odd) = self._stage()
        mask, black = np.zeros_like(backdrop.image), np.zeros_like(backdrop.image)
        for t in np.flatnonzero(odd.seen & odd.abnormal):
            mask[:] = 0
            draw(mask, odd, t, 255)
            hide_behind_props(mask, odd, t, backdrop.front, black)
            nearer = [other for other in others if other.seen[t] and other.foot[t] > odd.foot[t]]
            for other in nearer:
                draw(mask, other, t, 0)
            labels[t] = mask.mean() / 255 > VISIBLE
            if labels[t]:
                cv2.fillConvexPoly(mask, odd.shadow[t], 255, cv2.LINE_8, SHIFT)
                shows = cv2.resize(mask, (self.size, self.size), interpolation=cv2.INTER_AREA) > 20
                rows, columns = np.flatnonzero(shows.any(1)), np.flatnonzero(shows.any(0))
                boxes[t] = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
        return labels, boxes


NOISE_SCALE = 24  # grey levels per standard deviation in the stored noise, which must fit a uint8 around 128


def _noise(rng, size, grain):
    """A field four times the frame; each frame takes another piece. grain: share of soft blotches, as compression leaves."""
    field = rng.normal(size=(2 * size, 2 * size)).astype(np.float32)
    field += 3 * grain * cv2.GaussianBlur(field, (0, 0), 1.2)
    return np.clip(128 + NOISE_SCALE * field / field.std(), 0, 255).astype(np.uint8)
