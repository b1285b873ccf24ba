"""Everything that never moves in a toy scene: ground, houses and props, painted once."""

from dataclasses import dataclass

import cv2
import numpy as np

from vadkit.toy.worlds import World

SHIFT = 4  # bits after the point in OpenCV's coordinates: sixteenths of a pixel


@dataclass
class _Backdrop:
    image: np.ndarray  # (canvas, canvas) uint8
    shaded: np.ndarray  # the same in the shadow of somebody who walks there
    front: np.ndarray  # float32: canvas y of the foot of the prop at each pixel, 0 where none is


def paint(world: World, canvas: int) -> _Backdrop:
    """Paint the backdrop of a world, `canvas` pixels high and wide."""
    rng = np.random.default_rng(world.paint_seed)
    image = np.clip(_ground(world, canvas, rng), 8, 245).astype(np.uint8)
    shaded = (image * 0.62).astype(np.uint8)
    foot = world.camera.project(0, world.back)[1] * canvas
    if world.back < 200 and foot >= 1:
        image[: int(foot)] = np.linspace(world.sky, world.sky - 25, max(int(foot), 1))[:, None]
        metre = world.camera.focal / world.back * canvas
        paint_horizon = _paint_wood if world.place == "park" else _paint_houses
        paint_horizon(world, image, foot, metre, rng)
    front = np.zeros((canvas, canvas), np.float32)
    for prop in sorted(world.props, key=lambda prop: -prop.Z):  # the far ones first
        brush = _Brush(world, prop, image, front)
        PAINTERS[prop.kind](brush, world, np.random.default_rng(prop.seed))
    return _Backdrop(image, np.where(front > 0, image, shaded), front)


def _ground(world, canvas, rng):
    """Grey values of the ground seen at each pixel: lawn, paving, road."""
    y, x = np.mgrid[0:canvas, 0:canvas].astype(np.float32) / canvas
    X, Z = world.camera.ground(x, np.maximum(y, world.camera.horizon + 0.02))
    texture = _texture(X, Z, rng)
    s, side = world.walkway.locate(X, Z)
    lawn = world.lawn + 1.1 * texture
    paved = world.paving + 0.35 * texture + _slabs(s, side, world.slab)
    if world.place == "square":
        return paved
    side = np.abs(side)
    if world.place == "road":
        return _road(world, s, side, lawn, paved, texture)
    ground = np.where(side < world.half, paved, lawn)
    return np.where(np.abs(side - world.half) < 0.09, world.paving * 0.6, ground)


def _texture(X, Z, rng):
    """Noise of four grains, fixed to the ground, so that it gets finer with distance."""
    layers = []
    for n, weight in ((8, 9), (32, 6), (128, 5), (256, 4)):
        noise = rng.normal(size=(n, n)).astype(np.float32)
        layers.append(cv2.resize(noise, (256, 256), interpolation=cv2.INTER_CUBIC) * weight)
    columns, rows = ((16 * metres % 512).astype(np.float32) for metres in (X, Z))
    # Reflected at its edges, a tile of 256 pixels repeats every 512 without a seam.
    reflect = cv2.BORDER_REFLECT_101
    return cv2.remap(sum(layers), columns, rows, cv2.INTER_LINEAR, borderMode=reflect)


def _slabs(s, side, size):
    """Paving slabs: dark joints, and each slab its own shade."""
    i, j = np.floor(s / size), np.floor(side / size)
    shade = np.abs(np.sin(i * 12.9898 + j * 78.233) * 43.7585) % 1
    joint = (s / size - i < 0.06) | (side / size - j < 0.06)
    return np.where(joint, -16, 16 * shade - 8)


def _road(world, s, side, lawn, paved, texture):
    """Asphalt with lines and kerbs, a pavement on both sides, lawn behind."""
    asphalt = world.paving * 0.58 + 0.3 * texture
    dashes = (side < 0.09) & (s % 3.0 < 1.4)
    line = dashes | (np.abs(side - world.half + 0.35) < 0.07)
    ground = np.where(side < world.half + 2.3, paved, lawn)
    ground = np.where(side < world.half, np.where(line, 215, asphalt), ground)
    return np.where(np.abs(side - world.half) < 0.12, world.paving * 1.25, ground)


def _paint_wood(world, image, foot, metre, rng):
    """The edge of a wood behind the ground: many leaves, lighter towards the top."""
    canvas = len(image)
    for up in np.linspace(4.5, -0.2, 700) + rng.normal(0, 0.5, 700):
        radius, tone = rng.uniform(0.25, 0.8), 0.42 + 0.09 * up + rng.uniform(-0.13, 0.13)
        centre = int(rng.uniform(-0.05, 1.05) * canvas), int(foot - max(up, 0) * metre)
        leaves = float(world.lawn * max(tone, 0.2))
        cv2.circle(image, centre, max(int(radius * metre), 1), leaves, -1)


def _paint_houses(world, image, foot, metre, rng):
    """A row of houses behind the ground, wall to wall."""
    left = -rng.uniform(0, 6) * metre
    while left < len(image):
        width, floors = rng.uniform(7, 15) * metre, rng.integers(2, 5)
        tone = rng.uniform(70, 190)
        _paint_house(image, left, foot, metre, width, floors, tone, rng)
        left += width


def _paint_house(image, left, foot, metre, width, floors, tone, rng):
    roof = foot - (3.1 * floors + 0.6) * metre
    _rectangle(image, left, roof, left + width, foot, tone)
    _rectangle(image, left, roof - 0.4 * metre, left + width, roof, tone * 0.6)
    gap, tall = rng.uniform(2.0, 3.2) * metre, rng.uniform(1.2, 1.9) * metre
    dark = rng.uniform(0.3, 0.55)
    columns = max(int(width / gap), 1)
    for floor in range(floors):
        top = foot - (3.1 * floor + 2.7) * metre
        for column in range(columns):
            x = left + (column + 0.25) * width / columns
            lit = 1.45 if rng.random() < 0.12 else dark
            _rectangle(image, x, top, x + 0.45 * gap, top + tall, tone * lit)
    door = left + rng.uniform(0.2, 0.7) * width
    _rectangle(image, door, foot - 2.3 * metre, door + 1.3 * metre, foot, tone * 0.3)


def _rectangle(image, left, top, right, bottom, tone):
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    fixed_point = (corners * 2**SHIFT).astype(np.int32)
    cv2.fillConvexPoly(image, fixed_point, float(np.clip(tone, 5, 250)), cv2.LINE_8, SHIFT)


class _Brush:
    """Paints a prop, in metres right of and above its foot, into the image and into `front`."""

    def __init__(self, world, prop, image, front):
        self.canvas = len(image)
        x, y = world.camera.project(prop.X, prop.Z)
        self.x, self.foot = x * self.canvas, y * self.canvas
        self.metre = world.camera.focal / prop.Z * self.canvas
        self.image, self.front = image, front

    def _pixel(self, right, up):
        x, y = self.x + right * self.metre, self.foot - up * self.metre
        return int(x * 2**SHIFT), int(y * 2**SHIFT)

    def dot(self, right, up, radius, tone):
        centre, radius = self._pixel(right, up), int(radius * self.metre * 2**SHIFT)
        for target, value in ((self.image, float(tone)), (self.front, float(self.foot))):
            cv2.circle(target, centre, radius, value, -1, cv2.LINE_8, SHIFT)

    def line(self, a, b, width, tone):
        ends = self._pixel(*a), self._pixel(*b)
        thickness = max(round(width * self.metre), 1)
        for target, value in ((self.image, float(tone)), (self.front, float(self.foot))):
            cv2.line(target, *ends, value, thickness, cv2.LINE_8, SHIFT)


def _paint_lamp(brush, world, rng):
    brush.line((0, 0), (0, 4.3), 0.13, 35)
    brush.line((0, 4.3), (0.7, 4.5), 0.10, 35)
    brush.dot(0.7, 4.45, 0.2, 225)


def _paint_tree(brush, world, rng):
    brush.line((0, 0), (0.02, 1.2), 0.30, 52)
    brush.line((0.02, 1.0), (0.1, 3.2), 0.22, 48)
    leaves = rng.normal((0, 3.7), (0.75, 0.6), (70, 2))
    for right, up in sorted(leaves, key=lambda leaf: leaf[1] - leaf[0]):
        light = 0.75 + 0.16 * (up - 3.7) - 0.14 * right + rng.uniform(-0.14, 0.14)
        brush.dot(right, up, rng.uniform(0.16, 0.38), np.clip(world.lawn * light, 12, 240))


def _paint_bush(brush, world, rng):
    for shade in np.linspace(0.5, 1.05, 25):
        right, radius = rng.normal(0, 0.45), rng.uniform(0.1, 0.26)
        brush.dot(right, 0.1 + 0.5 * shade, radius, world.lawn * shade)


def _paint_bench(brush, world, rng):
    for right in (-0.6, 0.6):
        brush.line((right, 0), (right, 0.85), 0.09, 25)
    for up, tone in ((0.45, 70), (0.65, 95), (0.85, 105)):
        brush.line((-0.8, up), (0.8, up), 0.13, tone)


def _paint_bollard(brush, world, rng):
    brush.line((0, 0), (0, 0.8), 0.2, 40)
    brush.dot(0, 0.85, 0.13, 200)


def _paint_statue(brush, world, rng):
    brush.line((-0.8, 0.25), (0.8, 0.25), 0.5, world.paving * 0.75)
    brush.line((0, 0.4), (0, 1.9), 0.9, world.paving * 0.9)
    brush.line((0, 2.0), (0.05, 3.3), 0.5, 60)
    brush.line((0.05, 3.1), (0.55, 3.8), 0.16, 60)
    brush.dot(0.05, 3.7, 0.24, 60)


PAINTERS = {
    "lamp": _paint_lamp,
    "tree": _paint_tree,
    "bush": _paint_bush,
    "bench": _paint_bench,
    "bollard": _paint_bollard,
    "statue": _paint_statue,
}
