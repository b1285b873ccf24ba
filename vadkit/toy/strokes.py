"""Strokes: what bodies are made of, in metres around the spot on the ground where they stand.

A point is (forward, away, up): where it goes, away from the camera, above the ground.
"""

from typing import NamedTuple

import numpy as np

Pair = tuple  # (forward, up), each a number or (T,)
Angle = float | np.ndarray  # radians, one or (T,)


class Stroke(NamedTuple):
    """A line, an outline or a dot, in one tone."""

    how: str  # "line", "loop" (a closed line), "fill", "hull" (the convex hull) or "dot"
    points: np.ndarray  # (T, n, 3), or (n, 3) where nothing moves, in metres
    width: float  # of a line, diameter of a dot, in metres
    tone: int  # grey value 0..255


def points(pairs: list[Pair], away: float = 0.0) -> np.ndarray:
    """Pairs as points (T, n, 3), or (n, 3) where nothing moves."""
    numbers = [number for pair in pairs for number in pair]
    *alike, aside = np.broadcast_arrays(*numbers, away)
    forward, up = alike[::2], alike[1::2]
    return np.stack([np.stack([f, aside, u], -1) for f, u in zip(forward, up)], -2)


def line(pairs: list[Pair], width: float, tone: int, away: float = 0.0) -> Stroke:
    """A line through all pairs."""
    return Stroke("line", points(pairs, away), width, tone)


def fill(pairs: list[Pair], tone: int, away: float = 0.0) -> Stroke:
    """An outline, filled."""
    return Stroke("fill", points(pairs, away), 0.0, tone)


def dot(pair: Pair, diameter: float, tone: int, away: float = 0.0) -> Stroke:
    """A round spot around one pair."""
    return Stroke("dot", points([pair], away), diameter, tone)


def circle(forward: float, up: float, radius: float) -> list[Pair]:
    """Fourteen pairs around a centre."""
    angle = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    return list(zip(forward + radius * np.cos(angle), up + radius * np.sin(angle)))


def limb(hinge: Pair, upper: float, lower: float, angle: Angle, bend: Angle) -> list[Pair]:
    """Both ends and the joint of a limb; angle 0 hangs straight down, positive swings forward."""
    forward, up = hinge
    joint = forward + upper * np.sin(angle), up - upper * np.cos(angle)
    end = joint[0] + lower * np.sin(angle - bend), joint[1] - lower * np.cos(angle - bend)
    return [hinge, joint, end]


def tipped(pitch: np.ndarray, lift: np.ndarray, *pairs: Pair) -> list[Pair]:
    """Tip an outline nose-up by `pitch` radians about (0, 0.5) and lift it, frame by frame."""
    sin, cos = np.sin(pitch), np.cos(pitch)
    return [(f * cos - (u - 0.5) * sin, 0.5 + f * sin + (u - 0.5) * cos + lift) for f, u in pairs]


def scaled(strokes: list[Stroke], factor: float) -> list[Stroke]:
    """The same strokes, larger or smaller."""
    return [s._replace(points=s.points * factor, width=s.width * factor) for s in strokes]
