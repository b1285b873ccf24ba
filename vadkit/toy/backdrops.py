"""The stage of a toy scene: a pinhole camera, the ways people take across the ground, and everything that never moves.

Ground points are (X, Z) metres: right of the camera, away from it. Picture points are (x, y) in [0, 1], y down.
"""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

SHIFT = 4  # OpenCV's fixed-point coordinates: sixteenths of a pixel


class Camera(NamedTuple):
    """horizon: y of the horizon (often above the picture); height: metres above ground; focal: in picture widths."""

    horizon: float
    height: float
    focal: float

    def project(self, X, Z, up=0.0):
        """Ground point and metres above it -> picture x, y."""
        Z = np.maximum(Z, 0.3)
        return 0.5 + self.focal * X / Z, self.horizon + self.focal * (self.height - up) / Z

    def ground(self, x, y):
        """Picture point below the horizon -> the ground point seen there, X, Z."""
        Z = self.focal * self.height / np.maximum(y - self.horizon, 1e-3)
        return (x - 0.5) * Z / self.focal, Z


class Way(NamedTuple):
    """A way across the ground: straight from `start` (2,) along the unit vector `along` (2,), or gently winding."""

    start: np.ndarray
    along: np.ndarray
    bend: float = 0.0
    wave: float = 12.0
    turn: float = 0.0

    @classmethod
    def through(cls, camera, a, b, **winding):
        """The way through two picture points."""
        start, end = (np.array(camera.ground(*p)) for p in (a, b))
        return cls(start, (end - start) / np.linalg.norm(end - start), **winding)

    def at(self, s, offset=0.0):
        """s metres along the way, `offset` metres to its side -> ground points (..., 2)."""
        side = np.array([-self.along[1], self.along[0]])
        sway = offset + self.bend * np.sin(2 * np.pi * np.asarray(s) / self.wave + self.turn)
        return self.start + np.multiply.outer(s, self.along) + np.multiply.outer(sway, side)

    def locate(self, X, Z):
        """The other way round: ground point -> metres along, metres to the side."""
        dx, dz = X - self.start[0], Z - self.start[1]
        s = dx * self.along[0] + dz * self.along[1]
        return s, dz * self.along[0] - dx * self.along[1] - self.bend * np.sin(2 * np.pi * s / self.wave + self.turn)

    def span(self, camera, offset=0.0, pad=0.5):
        """(first, last) metre of the way on which a figure may be in the picture, with `pad` metres to spare."""
        s = np.arange(-70, 70, 0.2)
        X, Z = self.at(s, offset).T
        (x, y), (_, head) = camera.project(X, Z), camera.project(X, Z, 2.0)
        seen = s[(Z > 0.8) & (x > -0.01) & (x < 1.01) & (head < 1.0) & (y > 0.0)]
        return (seen[0] - pad, seen[-1] + pad) if len(seen) else (0.0, 1.0)


class Prop(NamedTuple):
    """Something that stands around, at (X, Z); people pass behind it."""

    kind: str
    X: float
    Z: float
    seed: int


@dataclass
class Backdrop:
    """What never moves, on the drawing canvas. shaded: the same in shadow; front: y of the foot of the prop seen at each
    pixel, 0 where there is none: a figure whose feet are above that y is behind the prop."""

    image: np.ndarray
    shaded: np.ndarray
    front: np.ndarray


def paint(world, canvas):
    """Paint the backdrop of a world on canvas x canvas pixels."""
    rng = np.random.default_rng(world.paint_seed)
    image = np.clip(_ground(world, canvas, rng), 8, 245).astype(np.uint8)
    shaded = (image * 0.62).astype(np.uint8)
    if world.back < 200:
        _skyline(world, image, rng)
    front = np.zeros((canvas, canvas), np.float32)
    for prop in sorted(world.props, key=lambda prop: -prop.Z):
        _stand(world, prop, image, front)
    return Backdrop(image, np.where(front > 0, image, shaded), front)


def _ground(world, canvas, rng):
    y, x = np.mgrid[0:canvas, 0:canvas].astype(np.float32) / canvas
    X, Z = world.camera.ground(x, np.maximum(y, world.camera.horizon + 0.02))
    texture = sum(
        cv2.resize(rng.normal(size=(n, n)).astype(np.float32), (256, 256), interpolation=cv2.INTER_CUBIC) * weight
        for n, weight in ((8, 9), (32, 6), (128, 5), (256, 4))
    )
    texture = cv2.remap(texture, (X * 16 % 512).astype(np.float32), (Z * 16 % 512).astype(np.float32),
                        cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)  # fmt: skip
    s, side = world.way.locate(X, Z)
    lawn = world.lawn + 1.1 * texture
    paved = world.paving + 0.35 * texture + _slabs(s, side, world.slab)
    if world.place == "square":
        return paved
    if world.place != "road":
        ground = np.where(np.abs(side) < world.half, paved, lawn)
        return np.where(np.abs(np.abs(side) - world.half) < 0.09, world.paving * 0.6, ground)
    far = np.abs(side)
    ground = np.where(far < world.half + 2.3, paved, lawn)
    asphalt = world.paving * 0.58 + 0.3 * texture
    line = ((far < 0.09) & (s % 3.0 < 1.4)) | (np.abs(far - world.half + 0.35) < 0.07)
    ground = np.where(far < world.half, np.where(line, 215, asphalt), ground)
    return np.where(np.abs(far - world.half) < 0.12, world.paving * 1.25, ground)


def _slabs(s, side, size):
    """Paving slabs: dark joints, and each slab its own shade."""
    i, j = np.floor(s / size), np.floor(side / size)
    shade = np.abs(np.sin(i * 12.9898 + j * 78.233) * 43.7585) % 1
    joint = (s / size - i < 0.06) | (side / size - j < 0.06)
    return np.where(joint, -16, 16 * shade - 8)


def _skyline(world, image, rng):
    """Houses with windows, or the edge of a wood, behind the ground."""
    canvas = len(image)
    foot = world.camera.project(0, world.back)[1] * canvas
    metre = world.camera.focal / world.back * canvas
    if foot < 1:
        return
    image[: int(foot)] = np.linspace(world.sky, world.sky - 25, max(int(foot), 1))[:, None]
    if world.place == "park":
        for up in np.linspace(4.5, -0.2, 700) + rng.normal(0, 0.5, 700):
            radius, tone = rng.uniform(0.25, 0.8), 0.42 + 0.09 * up + rng.uniform(-0.13, 0.13)
            centre = int(rng.uniform(-0.05, 1.05) * canvas), int(foot - max(up, 0) * metre)
            cv2.circle(image, centre, max(int(radius * metre), 1), float(world.lawn * max(tone, 0.2)), -1)
        return
    x = -rng.uniform(0, 6) * metre
    while x < canvas:
        width, floors, tone = rng.uniform(7, 15) * metre, rng.integers(2, 5), rng.uniform(70, 190)
        roof = foot - (3.1 * floors + 0.6) * metre
        _rectangle(image, x, roof, x + width, foot, tone)
        _rectangle(image, x, roof - 0.4 * metre, x + width, roof, tone * 0.6)
        gap, tall, dark = rng.uniform(2.0, 3.2) * metre, rng.uniform(1.2, 1.9) * metre, rng.uniform(0.3, 0.55)
        columns = max(int(width / gap), 1)
        for floor in range(floors):
            top = foot - (3.1 * floor + 2.7) * metre
            for column in range(columns):
                left = x + (column + 0.25) * width / columns
                lit = 1.45 if rng.random() < 0.12 else dark
                _rectangle(image, left, top, left + 0.45 * gap, top + tall, tone * lit)
        door = x + rng.uniform(0.2, 0.7) * width
        _rectangle(image, door, foot - 2.3 * metre, door + 1.3 * metre, foot, tone * 0.3)
        x += width


def _rectangle(image, left, top, right, bottom, tone):
    corners = (np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) * 2**SHIFT).astype(np.int32)
    cv2.fillConvexPoly(image, corners, float(np.clip(tone, 5, 250)), cv2.LINE_8, SHIFT)


def _stand(world, prop, image, front):
    """Draw one prop, into the picture and into the map of what stands in front."""
    rng, canvas = np.random.default_rng(prop.seed), len(image)
    x, foot = world.camera.project(prop.X, prop.Z)
    metre = world.camera.focal / prop.Z * canvas

    def place(right, up):
        return tuple(int((v * canvas + d * metre) * 2**SHIFT) for v, d in ((x, right), (foot, -up)))

    def dot(right, up, radius, tone):
        for target, value in ((image, float(tone)), (front, float(foot))):
            cv2.circle(target, place(right, up), int(radius * metre * 2**SHIFT), value, -1, cv2.LINE_8, SHIFT)

    def line(a, b, width, tone):
        for target, value in ((image, float(tone)), (front, float(foot))):
            cv2.line(target, place(*a), place(*b), value, max(round(width * metre), 1), cv2.LINE_8, SHIFT)

    if prop.kind == "lamp":
        line((0, 0), (0, 4.3), 0.13, 35)
        line((0, 4.3), (0.7, 4.5), 0.10, 35)
        dot(0.7, 4.45, 0.2, 225)
    elif prop.kind == "tree":
        line((0, 0), (0.02, 1.2), 0.30, 52)
        line((0.02, 1.0), (0.1, 3.2), 0.22, 48)
        for right, up in sorted(rng.normal((0, 3.7), (0.75, 0.6), (70, 2)), key=lambda p: p[1] - p[0]):
            light = 0.75 + 0.16 * (up - 3.7) - 0.14 * right + rng.uniform(-0.14, 0.14)
            dot(right, up, rng.uniform(0.16, 0.38), np.clip(world.lawn * light, 12, 240))
    elif prop.kind == "bush":
        for shade in np.linspace(0.5, 1.05, 25):
            dot(rng.normal(0, 0.45), 0.1 + 0.5 * shade, rng.uniform(0.1, 0.26), world.lawn * shade)
    elif prop.kind == "bench":
        for right in (-0.6, 0.6):
            line((right, 0), (right, 0.85), 0.09, 25)
        for up, tone in ((0.45, 70), (0.65, 95), (0.85, 105)):
            line((-0.8, up), (0.8, up), 0.13, tone)
    elif prop.kind == "bollard":
        line((0, 0), (0, 0.8), 0.2, 40)
        dot(0, 0.85, 0.13, 200)
    elif prop.kind == "statue":
        line((-0.8, 0.25), (0.8, 0.25), 0.5, world.paving * 0.75)
        line((0, 0.4), (0, 1.9), 0.9, world.paving * 0.9)
        line((0, 2.0), (0.05, 3.3), 0.5, 60)
        line((0.05, 3.1), (0.55, 3.8), 0.16, 60)
        dot(0.05, 3.7, 0.24, 60)
