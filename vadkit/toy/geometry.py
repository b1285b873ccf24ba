"""A pinhole camera above flat ground, and the walkways across that ground.

Ground points are (X, Z) metres: right of the camera, away from it. Image points are (x, y) in
[0, 1], y down. Every coordinate may be a number, or an array of many at once.
"""

from typing import NamedTuple

import numpy as np

Number = float | np.ndarray


class Camera(NamedTuple):
    """A pinhole camera that looks along the ground."""

    horizon: float  # its y in the image, often negative: above what is seen
    height: float  # metres above ground
    focal: float  # focal length in image widths

    def project(self, X: Number, Z: Number, up: Number = 0.0) -> tuple:
        """Image point (x, y) where the point `up` metres above a ground point is seen."""
        Z = np.maximum(Z, 0.3)
        return 0.5 + self.focal * X / Z, self.horizon + self.focal * (self.height - up) / Z

    def ground(self, x: Number, y: Number) -> tuple:
        """Ground point (X, Z) seen at an image point below the horizon."""
        Z = self.focal * self.height / np.maximum(y - self.horizon, 1e-3)
        return (x - 0.5) * Z / self.focal, Z


class Walkway(NamedTuple):
    """A line across the ground that people walk along, straight or gently winding."""

    start: np.ndarray  # a ground point (2,)
    along: np.ndarray  # where it leads, a unit vector (2,)
    bend: float = 0.0  # amplitude of the winding in metres
    wave: float = 12.0  # length of the winding in metres
    turn: float = 0.0  # phase of the winding in radians

    @classmethod
    def through(cls, camera: Camera, a: tuple, b: tuple) -> "Walkway":
        """Lay a straight walkway from one image point through another."""
        start, end = (np.array(camera.ground(*point)) for point in (a, b))
        return cls(start, (end - start) / np.linalg.norm(end - start))

    def at(self, s: Number, offset: Number = 0.0) -> np.ndarray:
        """Ground points (..., 2), `s` metres along the walkway and `offset` to its left."""
        left = np.array([-self.along[1], self.along[0]])
        sway = offset + self.bend * np.sin(2 * np.pi * np.asarray(s) / self.wave + self.turn)
        return self.start + np.multiply.outer(s, self.along) + np.multiply.outer(sway, left)

    def locate(self, X: Number, Z: Number) -> tuple:
        """Metres along the walkway and to its left of ground points, the inverse of `at`."""
        dx, dz = X - self.start[0], Z - self.start[1]
        s = dx * self.along[0] + dz * self.along[1]
        left = dz * self.along[0] - dx * self.along[1]
        return s, left - self.bend * np.sin(2 * np.pi * s / self.wave + self.turn)

    def span(self, camera: Camera, offset: float = 0.0, pad: float = 0.5) -> tuple[float, float]:
        """First and last metre where a person is in the image, `pad` metres to spare at both."""
        s = np.arange(-70, 70, 0.2)
        X, Z = self.at(s, offset).T
        x, y = camera.project(X, Z)
        _, head = camera.project(X, Z, 2.0)
        seen = s[(Z > 0.8) & (x > -0.01) & (x < 1.01) & (head < 1.0) & (y > 0.0)]
        return (seen[0] - pad, seen[-1] + pad) if len(seen) else (0.0, 1.0)
