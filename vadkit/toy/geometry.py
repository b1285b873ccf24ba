"""A pinhole camera above flat ground, and the walkways across that ground.

Ground points are (X, Z) metres: right of the camera, away from it. Image points are (x, y) in
[0, 1], y down.
"""

from typing import NamedTuple

import numpy as np


class Camera(NamedTuple):
    """A pinhole camera that looks along the ground.

    Parameters
    ----------
    horizon : float
        Its y in the image, often negative: above what is seen.
    height : float
        Metres above ground.
    focal : float
        Focal length in image widths.
    """

    horizon: float
    height: float
    focal: float

    def project(self, X, Z, up=0.0) -> tuple:
        """Find where a point in space is seen.

        Parameters
        ----------
        X, Z : float or ndarray
            A ground point.
        up : float or ndarray
            Metres above it.

        Returns
        -------
        tuple
            Image x and y.
        """
        Z = np.maximum(Z, 0.3)
        return 0.5 + self.focal * X / Z, self.horizon + self.focal * (self.height - up) / Z

    def ground(self, x, y) -> tuple:
        """Find the ground point that is seen at an image point.

        Parameters
        ----------
        x, y : float or ndarray
            Below the horizon.

        Returns
        -------
        tuple
            X and Z.
        """
        Z = self.focal * self.height / np.maximum(y - self.horizon, 1e-3)
        return (x - 0.5) * Z / self.focal, Z


class Walkway(NamedTuple):
    """A path across the ground, straight or gently winding.

    Parameters
    ----------
    start, along : ndarray
        A ground point (2,) and a unit vector (2,).
    bend, wave, turn : float
        Amplitude and length of the winding in metres, and its phase in radians.
    """

    start: np.ndarray
    along: np.ndarray
    bend: float = 0.0
    wave: float = 12.0
    turn: float = 0.0

    @classmethod
    def through(cls, camera: Camera, a: tuple, b: tuple) -> "Walkway":
        """Lay a straight walkway through two image points.

        Parameters
        ----------
        camera : Camera
            Who sees them.
        a, b : tuple
            Image points.

        Returns
        -------
        Walkway
            It starts at the first.
        """
        start, end = (np.array(camera.ground(*point)) for point in (a, b))
        return cls(start, (end - start) / np.linalg.norm(end - start))

    def at(self, s, offset=0.0) -> np.ndarray:
        """Find ground points on the walkway or beside it.

        Parameters
        ----------
        s, offset : float or ndarray
            Metres along it, and to its left.

        Returns
        -------
        ndarray
            (..., 2).
        """
        left = np.array([-self.along[1], self.along[0]])
        sway = offset + self.bend * np.sin(2 * np.pi * np.asarray(s) / self.wave + self.turn)
        return self.start + np.multiply.outer(s, self.along) + np.multiply.outer(sway, left)

    def locate(self, X, Z) -> tuple:
        """Find where ground points lie, the inverse of `at`.

        Parameters
        ----------
        X, Z : float or ndarray
            Ground points.

        Returns
        -------
        tuple
            Metres along the walkway, and to its left.
        """
        dx, dz = X - self.start[0], Z - self.start[1]
        s = dx * self.along[0] + dz * self.along[1]
        left = dz * self.along[0] - dx * self.along[1]
        return s, left - self.bend * np.sin(2 * np.pi * s / self.wave + self.turn)

    def span(self, camera: Camera, offset: float = 0.0, pad: float = 0.5) -> tuple[float, float]:
        """Find the stretch on which a person may be in the image.

        Parameters
        ----------
        camera : Camera
            Who looks.
        offset, pad : float
            Metres to the left of the walkway, and to spare at both ends.

        Returns
        -------
        tuple of float
            First and last metre.
        """
        s = np.arange(-70, 70, 0.2)
        X, Z = self.at(s, offset).T
        x, y = camera.project(X, Z)
        _, head = camera.project(X, Z, 2.0)
        seen = s[(Z > 0.8) & (x > -0.01) & (x < 1.01) & (head < 1.0) & (y > 0.0)]
        return (seen[0] - pad, seen[-1] + pad) if len(seen) else (0.0, 1.0)
