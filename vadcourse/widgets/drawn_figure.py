"""A figure that a reader draws into a clip; `drawn_figure.js` does the same, to the last bit."""

import math

import numpy as np

# Ready figures, row by row, for a picture of 64 x 64. A digit is a grey, 0 black and 9 white.
SIDE = 64
FIGURES = {
    "ball": "..333.. .36633. 3663333 3633332 3333332 .33322. ..222..",
    "box": "444464444 455565554 455565554 666666666 455565554 455565554 455565554 222222222",
    "walker": (
        "..11.. ..11.. ..22.. .3333. 333333 333333 3.33.3 3.33.3 ..33.. ..11.. .1111. .1..1. "
        "11..11 1....1"
    ),
    "boar": (
        "....2222...... ..2233333222.. .2333333333322 12333333333321 11333333333322 "
        ".1233333333311 ..2222222221.. ..11.11.11.11. ..1..1..1..1.."
    ),
}


def nothing(shape: tuple) -> dict:
    """Describe a figure without a pixel, for a clip (T, H, W).

    Its box begins at x, y in frame `at`; `heading` is in degrees, 0 to the right and 90 down,
    `speed` in pixels per frame; it is there from frame `first` to `last`. A pixel is a grey from 1
    to 255, to which `bright` is added, or 0 for none; row by row.
    """
    n, height, width = shape
    first, last = n // 4, n - 1 - n // 8
    where = {"x": width // 2, "y": int(0.62 * height), "at": (first + last) // 2}
    how = {"heading": 0, "speed": scale_of(shape), "bright": 0, "first": first, "last": last}
    return {**where, "width": 0, "height": 0, "pixels": [], **how}


def scale_of(shape: tuple) -> int:
    """Tell how many times larger than 64 x 64 the pictures of a clip (T, H, W) are."""
    return max(1, round(min(shape[1:]) / SIDE))


def ready_figure(name: str, shape: tuple) -> dict:
    """Describe a ready figure that passes through the middle of a clip (T, H, W)."""
    if name not in FIGURES:
        raise ValueError(f"There is no ready figure '{name}': choose from {', '.join(FIGURES)}.")
    rows = FIGURES[name].split()
    greys = np.array([[0 if c == "." else 1 + 28 * int(c) for c in row] for row in rows])
    greys = greys.repeat(scale_of(shape), 0).repeat(scale_of(shape), 1)
    (height, width), empty = greys.shape, nothing(shape)
    corner = {"x": empty["x"] - width // 2, "y": empty["y"] - height // 2}
    box = {"width": width, "height": height, "pixels": greys.reshape(-1).tolist()}
    return {**empty, **corner, **box}


def place_at(drawing: dict, t: int) -> tuple[float, float]:
    """Tell where the figure's box begins in frame t: x, y, in eighths of a pixel.

    They and the direction are rounded, so that Python and a browser agree to the last bit.
    """
    angle, far = math.radians(drawing["heading"]), drawing["speed"] * (t - drawing["at"])
    dx, dy = (math.floor(1000 * part + 0.5) / 1000 for part in (math.cos(angle), math.sin(angle)))
    x, y = drawing["x"] + far * dx, drawing["y"] + far * dy
    return math.floor(8 * x + 0.5) / 8, math.floor(8 * y + 0.5) / 8


def paste(frame: np.ndarray, drawing: dict, t: int) -> tuple[np.ndarray, float]:
    """Put the figure into frame t, (H, W) uint8. How many pixels of it does it cover?

    Between pixels, each pixel of the figure covers a share of four.
    """
    if not drawing["first"] <= t <= drawing["last"]:
        return frame, 0.0
    (height, width), (left, top) = frame.shape, place_at(drawing, t)
    x0, y0 = math.floor(left), math.floor(top)
    fx, fy = left - x0, top - y0
    pixels = np.array(drawing["pixels"], int)
    rows, columns = np.divmod(np.arange(len(pixels)), max(drawing["width"], 1))
    greys = np.clip(pixels + drawing["bright"], 0, 255)
    cover, light = np.zeros((2, height, width))
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        share = (fx if dx else 1 - fx) * (fy if dy else 1 - fy)
        x, y = columns + x0 + dx, rows + y0 + dy
        inside = (pixels > 0) & (x >= 0) & (x < width) & (y >= 0) & (y < height)
        cover[y[inside], x[inside]] += share
        light[y[inside], x[inside]] += share * greys[inside]
    return np.floor(frame * (1 - cover) + light + 0.5).astype(np.uint8), float(cover.sum())


def compose(frames: np.ndarray, drawing: dict) -> tuple[np.ndarray, np.ndarray]:
    """Move the figure through frames (T, H, W). How many pixels of each does it cover, (T,)?"""
    pasted, sizes = zip(*(paste(frame, drawing, t) for t, frame in enumerate(frames)))
    return np.stack(pasted), np.array(sizes)
