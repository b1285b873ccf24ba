"""TODO."""

from typing import NamedTuple

import numpy as np

from vadkit.toy import bodies
from vadkit.toy.backdrops import Way
from vadkit.toy.worlds import CONTEXTUAL, SPEED, ground_top


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
    body = bodies.BODIES.get(kind, bodies.BODIES["walker"])
    phase = rng.uniform(0, 2 * np.pi) + travelled * body.turn
    if kind in ("walker", "runner", "boar", "dog", *CONTEXTUAL):
        offset = offset + 0.12 * np.sin(0.35 * travelled + rng.uniform(0, 6))
    ahead = direction * (way.at(s + 0.2, offset) - way.at(s - 0.2, offset))
    heading = ahead / np.linalg.norm(ahead, axis=1, keepdims=True)
    look = int(rng.uniform(*body.tones)) if body.tones else bodies.random_look(rng)
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
    X, Z = world.camera.ground(rng.uniform(0.1, 0.9), rng.uniform(ground_top(world) + 0.1, 0.9))
    n = rng.integers(2, 5)
    for angle in rng.uniform(0, 6) + np.arange(n) * 2 * np.pi / n:
        ground = np.array([X + 0.6 * np.cos(angle), Z + 0.6 * np.sin(angle)]) + 0.02 * np.sin(seconds + angle)[:, None]
        heading = np.broadcast_to([-np.cos(angle), -np.sin(angle)], ground.shape)
        strokes = bodies.person(1.3 * seconds + angle, bodies.random_look(rng), bodies.STAND)
        yield Actor("standing", ground, heading, strokes, np.zeros(len(seconds), bool))


def free_way(world, rng, sides=None, low=0.0):
    """A way across the ground from one edge of the picture to another (0 left, 1 right, 2 bottom), not above y = low."""
    sides = rng.permutation([0, 1, 2])[:2] if sides is None else sides
    low = max(ground_top(world) + 0.06, low)
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
    first, last = way.span(world.camera, offset, bodies.BODIES.get(kind, bodies.BODIES["walker"]).length + 0.2)
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


def cast(world, seed, n_frames, kind):
    """Everybody in a clip; with a kind of anomaly, the one who does not belong comes last and changes nobody else."""
    seconds = np.arange(n_frames) / world.fps
    actors = list(crowd(world, np.random.default_rng([*seed, 0]), seconds))
    return actors + [misbehave(world, np.random.default_rng([*seed, 1]), kind, seconds)] if kind else actors
