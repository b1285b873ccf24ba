"""Who moves in a clip: the normal life of a place, and the one who does not belong there."""

from typing import NamedTuple

import numpy as np

from vadkit.toy.bodies import BODIES, Look
from vadkit.toy.geometry import Walkway
from vadkit.toy.places import CONTEXTUAL
from vadkit.toy.worlds import World

SWAYING = ("walker", "runner", "boar", "dog", *CONTEXTUAL)  # those not on wheels
ROAMING = ("boar", "dog", "ball")  # those that keep to no walkway
ANOMALY_SPEED = {  # metres per second, slowest and fastest
    "runner": (3.0, 5.5), "cyclist": (3.2, 7.0), "car": (3.0, 9.0), "boar": (4.0, 9.0),
    "skateboarder": (2.6, 5.0), "dog": (3.5, 8.0), "truck": (2.8, 8.0), "ball": (3.0, 8.0),
    "against_stream": (0.9, 1.7), "loitering": (0.9, 1.7), "on_road": (1.5, 2.4),
}  # fmt: skip


class Actor(NamedTuple):
    """Somebody or something that moves."""

    kind: str  # a key of `BODIES`
    ground: np.ndarray  # (T, 2) metres, where it is
    heading: np.ndarray  # (T, 2) unit vectors, which way it faces
    strokes: list  # its body
    abnormal: np.ndarray  # (T,) bool, when it is not normal in this place


def make_actors(world: World, seed: tuple, n_frames: int, kind: str) -> list[Actor]:
    """Everybody in a clip; an anomaly (`kind` is not "") comes last and changes nobody else."""
    seconds = np.arange(n_frames) / world.fps
    actors = list(_crowd(world, np.random.default_rng([*seed, 0]), seconds))
    if kind:
        actors.append(_make_anomaly(world, np.random.default_rng([*seed, 1]), kind, seconds))
    return actors


def make_actor(
    kind: str,
    walkway: Walkway,
    s: np.ndarray,
    travelled: np.ndarray,
    offset: float | np.ndarray,
    direction: int,
    rng: np.random.Generator,
    abnormal: bool | np.ndarray,
    dark_clothes: bool = False,
) -> Actor:
    """Make an actor `s` (T,) metres along a walkway; its legs turn with what it `travelled`."""
    body = BODIES[kind]
    phase = rng.uniform(0, 2 * np.pi) + travelled * body.turn
    if kind in SWAYING:
        offset = offset + 0.12 * np.sin(0.35 * travelled + rng.uniform(0, 6))
    ahead = direction * (walkway.at(s + 0.2, offset) - walkway.at(s - 0.2, offset))
    heading = ahead / np.linalg.norm(ahead, axis=1, keepdims=True)
    look = body.sample_look(rng)
    if dark_clothes and isinstance(look, Look):
        look = look._replace(top=int(rng.uniform(15, 60)), trousers=int(rng.uniform(15, 60)))
    strokes = body.make_strokes(phase, look)
    abnormal = np.broadcast_to(abnormal, len(s))
    return Actor(kind, walkway.at(s, offset), heading, strokes, abnormal)


def _crowd(world, rng, seconds):
    """The normal life of a place, as its kind has it."""
    if world.life.driving_speed:
        yield from _traffic(world, rng, seconds)
    if world.life.standing_groups:
        for _ in range(rng.integers(0, world.life.standing_groups + 1)):
            yield from _standing_group(world, rng, seconds)
    n_walking = 0
    while n_walking < world.crowd:
        for actor in _walking_group(world, rng, seconds):
            n_walking += actor.kind == "walker"
            yield actor


def _pass_by(world, rng, kind, walkway, offset, direction, gone, start, pad, lead=0.0):
    """An actor that has `gone` (T,) metres, and begins anew whenever it has left the image."""
    first, last = walkway.span(world.camera, offset, pad)
    along = (start * (last - first) + gone) % (last - first)
    s = first + along if direction > 0 else last - along
    s = s + direction * lead
    return make_actor(kind, walkway, s, gone, offset, direction, rng, abnormal=False)


def _traffic(world, rng, seconds):
    """One or two vehicles in each lane."""
    for direction in (-1, 1):
        speed, start = rng.uniform(*world.life.driving_speed), rng.random()
        lane = (world.walkway, -1.55 * direction, direction, speed * seconds)
        for k in range(rng.integers(1, 3)):
            kind = "truck" if rng.random() < 0.2 else "car"
            yield _pass_by(world, rng, kind, *lane, start + k / 2, pad=3.5)


def _walking_group(world, rng, seconds):
    """One to three people side by side, perhaps with a dog."""
    walkway, direction = world.walkway, int(rng.choice([-1, 1]))
    inner = 0.35  # metres from the middle that a companion keeps at least
    if world.life.walk == "anywhere":
        walkway, offset = _free_walkway(world, rng), 1.3
    elif world.life.walk == "pavements":
        inner += world.half
        offset = rng.choice([-1, 1]) * (world.half + rng.uniform(0.5, 2.0))
    elif world.life.walk == "path":
        offset = rng.uniform(-0.85, 0.85) * world.half
    else:
        offset = -direction * rng.uniform(0.4, 0.95) * world.half
    gone, start = rng.uniform(*world.life.walking_speed) * seconds, rng.random()
    for companion in range(rng.choice([1, 1, 2, 3])):
        beside = np.sign(offset) * max(abs(offset) - 0.65 * companion, inner)
        trip = (walkway, beside, direction, gone, start + 0.03 * companion)
        yield _pass_by(world, rng, "walker", *trip, pad=2.0)
    if world.life.leashed_dogs and rng.random() < world.life.leashed_dogs:
        trip = (walkway, offset, direction, gone, start)
        yield _pass_by(world, rng, "leashed_dog", *trip, pad=2.0, lead=0.95)


def _standing_group(world, rng, seconds):
    """Two to four people who stand together and talk."""
    top = world.ground_top + 0.1
    X, Z = world.camera.ground(rng.uniform(0.1, 0.9), rng.uniform(top, 0.9))
    n = rng.integers(2, 5)
    for angle in rng.uniform(0, 6) + np.arange(n) * 2 * np.pi / n:
        place = np.array([X + 0.6 * np.cos(angle), Z + 0.6 * np.sin(angle)])
        ground = place + 0.02 * np.sin(seconds + angle)[:, None]
        heading = np.broadcast_to([-np.cos(angle), -np.sin(angle)], ground.shape)
        body = BODIES["standing"]
        strokes = body.make_strokes(1.3 * seconds + angle, body.sample_look(rng))
        yield Actor("standing", ground, heading, strokes, np.zeros(len(seconds), bool))


def _free_walkway(world, rng, sides=None, low=0.0):
    """A walkway between two edges of the image: 0 left, 1 right, 2 bottom; never above y = low."""
    sides = rng.permutation([0, 1, 2])[:2] if sides is None else sides
    low = max(world.ground_top + 0.06, low)
    left, right = (-0.02, rng.uniform(low, 0.95)), (1.02, rng.uniform(low, 0.95))
    ends = (left, right, (rng.uniform(0.05, 0.95), 1.05))
    return Walkway.through(world.camera, *(ends[i] for i in sides))


class _Trip(NamedTuple):
    """Where an anomaly goes: along a walkway, from its metre `first` to `last` or back."""

    kind: str
    walkway: Walkway
    offset: float
    direction: int
    first: float
    last: float
    speed: float


def _make_anomaly(world, rng, kind, seconds):
    """The actor that does not belong."""
    direction = int(rng.choice([-1, 1]))
    walkway, offset = _anomaly_route(world, rng, kind, direction)
    first, last = walkway.span(world.camera, offset, BODIES[kind].length + 0.2)
    # Crossing takes about 35 frames, unless this kind cannot be that slow or fast.
    speed = np.clip((last - first) / rng.uniform(28, 42) * world.fps, *ANOMALY_SPEED[kind])
    trip = _Trip(kind, walkway, offset, direction, first, last, speed)
    strays = kind in ("loitering", "against_stream")
    return (_stray if strays else _cross)(world, rng, trip, len(seconds))


def _cross(world, rng, trip, n_frames):
    """It goes across the image once, some way into the clip."""
    kind, walkway, offset, direction, first, last, speed = trip
    frames = (last - first) / speed * world.fps
    room = n_frames - 22 > frames
    start = rng.uniform(12, n_frames - 10 - frames) if room else (n_frames - frames) / 2
    if kind == "on_road":  # in the middle of the road in the middle of the clip
        to_middle = (first if direction > 0 else -last) / speed * world.fps
        start = n_frames * rng.uniform(0.4, 0.6) + to_middle
    gone = (np.arange(n_frames) - start) * speed / world.fps
    s = first + gone if direction > 0 else last - gone
    actor = make_actor(kind, walkway, s, gone, offset, direction, rng, abnormal=True)
    if kind == "on_road":
        from_middle = np.abs(world.walkway.locate(*actor.ground.T)[1])
        actor = actor._replace(abnormal=from_middle < world.half)
    return actor


def _stray(world, rng, trip, n_frames):
    """It walks like everybody, but stands still or drifts to the wrong side for a while."""
    frame, wrong = np.arange(n_frames), rng.uniform(30, 45)
    begin = rng.uniform(20, max(n_frames - wrong - 15, 21))
    middle = trip.first + rng.uniform(0.4, 0.6) * (trip.last - trip.first)
    since, offset = frame - begin, trip.offset
    if trip.kind == "loitering":
        walked = np.minimum(since, 0) + np.maximum(since - wrong, 0)
        abnormal = (frame >= begin) & (frame < begin + wrong)
    else:
        walked = since - wrong / 2
        strayed = np.tanh(since / 5) - np.tanh((since - wrong) / 5)  # from 0 to 2 to 0
        offset, abnormal = offset * (1 - strayed), strayed > 1
    gone = walked * trip.speed / world.fps
    s = middle + trip.direction * gone
    return make_actor(trip.kind, trip.walkway, s, gone, offset, trip.direction, rng, abnormal)


def _anomaly_route(world, rng, kind, direction):
    """Where an anomaly goes: a walkway, and the metres to its left."""
    walkway, camera, half = world.walkway, world.camera, world.half
    if kind == "on_road":
        return _across_the_road(world, rng), 0.0
    if kind in ROAMING or world.life.walk == "anywhere":
        length = 2.3 * np.mean(ANOMALY_SPEED[kind])  # metres that it would like to go

        def misfit(walkway):
            return abs(np.log(np.ptp(walkway.span(camera, 0.0, 0.0)) / length))

        walkways = [_free_walkway(world, rng, sides=(0, 1), low=0.4) for _ in range(8)]
        return min(walkways, key=misfit), 0.0
    if world.life.walk == "pavements":  # mostly the one that is longer in the image
        sides = (-1.2 - half, 1.2 + half)
        shorter, longer = sorted(sides, key=lambda side: np.ptp(walkway.span(camera, side)))
        return walkway, shorter if rng.random() < 0.25 else longer
    if kind in ("cyclist", "car", "truck"):
        return walkway, 0.0
    return walkway, -direction * rng.uniform(0.4, 0.8) * half


def _across_the_road(world, rng):
    along, (first, last) = world.walkway.along, world.walkway.span(world.camera)
    across = np.array([-along[1], along[0]]) + rng.uniform(-0.3, 0.3) * along
    middle = world.walkway.at(first + rng.uniform(0.25, 0.75) * (last - first))
    return Walkway(middle, across / np.linalg.norm(across))
