"""The bodies of toy scenes, made of strokes.

`phase` (T,) is how far legs, wheels or bounces have turned, in radians, frame by frame.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from vadkit.toy.places import CONTEXTUAL
from vadkit.toy.strokes import Stroke, circle, dot, fill, limb, line, points, scaled, tipped


class Look(NamedTuple):
    """What tells one person from the next."""

    height: float = 1.0
    trousers: int = 50
    top: int = 90
    skin: int = 170
    hair: int = 40
    carries: str = ""


class _Gait(NamedTuple):
    """swing, knee, arm, elbow, lean: radians; bounce: metres; stride: metres per two steps."""

    swing: float
    knee: float
    arm: float
    elbow: float
    lean: float
    bounce: float
    stride: float


WALK = _Gait(swing=0.42, knee=0.7, arm=0.45, elbow=0.25, lean=0.03, bounce=0.02, stride=1.5)
RUN = _Gait(swing=0.85, knee=1.9, arm=0.9, elbow=1.5, lean=0.22, bounce=0.10, stride=2.5)
STAND = _Gait(swing=0.0, knee=0.0, arm=0.05, elbow=0.35, lean=0.0, bounce=0.0, stride=1.5)


def _sample_look(rng):
    height = rng.normal(1.0, 0.06) if rng.random() < 0.9 else rng.uniform(0.6, 0.75)
    top = int(rng.choice([rng.uniform(15, 90), rng.uniform(150, 240)]))
    trousers, skin = int(rng.uniform(15, 110)), int(rng.uniform(120, 210))
    hair = int(rng.uniform(10, 120))
    carries = str(rng.choice(["", "", "backpack", "bag", "coat", "hat"]))
    return Look(height, trousers, top, skin, hair, carries)


def _tones(low, high):
    return lambda rng: int(rng.uniform(low, high))


def _person(phase, look, gait):
    """Two legs, two arms, a torso, a head; 1.75 m tall at height 1."""
    step = np.abs(np.sin(phase))
    up = gait.bounce * step * 2 - 0.06 * gait.swing * step
    hip, neck = (0.0, 0.9 + up), (0.5 * gait.lean, 1.42 + up)
    far, near = [], []
    for turn, away, strokes in ((phase, 0.09, far), (phase + np.pi, -0.09, near)):
        bend = gait.knee * np.clip(np.cos(turn - 0.4), 0, None) + 0.08
        leg = limb(hip, 0.45, 0.46, gait.swing * np.sin(turn), bend)
        strokes.append(line(leg, 0.14, look.trousers, away))
        arm = limb(neck, 0.30, 0.28, -gait.arm * np.sin(turn) + 0.1, -gait.elbow)
        strokes.append(line(arm, 0.095, int(look.top * 0.85), 2.4 * away))
    head = neck[0] + 0.03 + 0.1 * gait.lean, neck[1] + 0.21
    torso = [
        line([(hip[0], hip[1] + 0.06), (neck[0], neck[1] - 0.06)], 0.34, look.top),
        dot((head[0] - 0.02, head[1] + 0.03), 0.25, look.hair),
        dot((head[0] + 0.03, head[1] - 0.02), 0.19, look.skin),
    ]
    behind, before, beside = _carried(look, up, head)
    strokes = far + behind + torso + before + near + beside
    return scaled(strokes, look.height)


def _carried(look, up, head):
    """What somebody wears or carries: strokes behind the torso, before it, at the near side."""
    if look.carries == "backpack":
        return [line([(-0.22, 1.08 + up), (-0.2, 1.34 + up)], 0.26, 255 - look.top)], [], []
    if look.carries == "coat":
        hem = [(-0.2, 0.55 + up), (0.2, 0.55 + up), (0.15, 1.3 + up), (-0.15, 1.3 + up)]
        return [fill(hem, look.top)], [], []
    if look.carries == "hat":
        brim = [(head[0] - 0.15, head[1] + 0.08), (head[0] + 0.17, head[1] + 0.08)]
        return [], [line(brim, 0.07, 20)], []
    if look.carries == "bag":
        return [], [], [line([(0.0, 0.62 + up), (0.06, 0.64 + up)], 0.24, 30, away=-0.28)]
    return [], [], []


def _runner(phase, look):
    return _person(phase, look._replace(carries=""), RUN)


def _cyclist(phase, look):
    """A bicycle and a rider whose feet go round with the pedals."""
    hip, hands, crank = (-0.28, 1.02), (0.42, 1.02), (0.02, 0.34)
    legs = []
    for side, away in ((0, 0.09), (np.pi, -0.09)):
        turn = -phase + side
        pedal = crank[0] + 0.17 * np.cos(turn), crank[1] + 0.17 * np.sin(turn)
        knee = (hip[0] + pedal[0]) / 2 + 0.27, (hip[1] + pedal[1]) / 2 + 0.14
        legs.append(line([hip, knee, pedal], 0.14, look.trousers, away))
    bike = [Stroke("loop", points(circle(x, 0.35, 0.34)), 0.06, 15) for x in (-0.55, 0.57)]
    frame = [(-0.55, 0.35), crank, (0.42, 0.82), (-0.22, 0.82), crank]
    fork = [(0.57, 0.35), (0.40, 0.98), (0.5, 1.04)]
    bike += [line(frame, 0.05, 205), line(fork, 0.05, 205)]
    rider = [
        line([(hip[0] + 0.03, 1.08), (0.05, 1.45)], 0.32, look.top),
        line([(0.08, 1.42), (0.22, 1.15), hands], 0.10, look.skin, away=-0.15),
        dot((0.19, 1.66), 0.27, 235),
        dot((0.23, 1.60), 0.2, look.skin),
    ]
    return [*bike, legs[0], *rider, legs[1]]


def _skateboarder(phase, look):
    """Crouched on a board, arms out, one foot pushing off every now and then."""
    push = np.clip(np.sin(phase * 0.5), 0, None) ** 2
    dip = 0.05 * np.sin(phase * 0.5)
    hip, neck = (-0.05, 0.86 + dip), (0.12, 1.36 + dip)
    pushing = [hip, (-0.2 - 0.1 * push, 0.5), (-0.25 - 0.55 * push, 0.17 - 0.13 * push)]
    arms = [(-0.62, 1.22 + 0.5 * dip), (-0.25, 1.30), neck, (0.45, 1.33), (0.75, 1.2 - dip)]
    return [
        line([(-0.52, 0.2), (-0.4, 0.13), (0.4, 0.13), (0.52, 0.2)], 0.07, 230),
        dot((-0.33, 0.06), 0.13, 15),
        dot((0.33, 0.06), 0.13, 15),
        line([hip, (0.28, 0.55), (0.26, 0.18)], 0.14, look.trousers, away=0.05),
        line(pushing, 0.14, look.trousers, away=-0.08),
        line([(hip[0], hip[1] + 0.06), (neck[0], neck[1] - 0.06)], 0.34, look.top),
        line(arms, 0.085, look.top),
        dot((neck[0] + 0.06, neck[1] + 0.21), 0.27, look.hair),
    ]


def _box(back, front, low, high, half, shrink_back=0.0, shrink_front=0.0):
    """Eight corners, the near side first; the upper ones moved inwards by what shrinks."""
    side = [(back, low), (front, low), (front - shrink_front, high), (back + shrink_back, high)]
    return np.concatenate([points(side, -half), points(side, half)])


def _vehicle(phase, boxes, wheels, half, radius):
    """boxes: (corners, tone of the near side, tone of the rest); wheels: where along it."""
    strokes = []
    for corners, side, rest in boxes:
        strokes.append(Stroke("hull", corners, 0.0, rest))
        strokes.append(Stroke("fill", corners[[2, 3, 7, 6]], 0.0, min(rest + 25, 250)))
        strokes.append(Stroke("fill", corners[:4], 0.0, side))
    dx, dy = 0.6 * radius * np.cos(phase), 0.6 * radius * np.sin(phase)
    for x in wheels:
        strokes.append(fill(circle(x, radius, radius), 12, away=-half))
        strokes.append(line([(x - dx, radius + dy), (x + dx, radius - dy)], 0.1, 150, away=-half))
    return strokes


def _car(phase, tone):
    body = _box(-1.9, 1.9, 0.22, 0.82, 0.8, 0.1, 0.15)
    cabin = _box(-1.5, 0.85, 0.82, 1.38, 0.72, 0.35, 0.6)
    boxes = [(body, tone, int(tone * 0.8)), (cabin, 35, 45)]
    return _vehicle(phase, boxes, (-1.15, 1.2), 0.8, 0.31) + [
        Stroke("fill", cabin[[2, 3, 7, 6]], 0.0, tone),
        Stroke("line", cabin[[2, 3]], 0.07, tone),
        line([(-0.3, 0.82), (-0.3, 1.36)], 0.08, tone, away=-0.72),
        dot((1.80, 0.6), 0.18, 250, away=-0.72),
    ]


def _truck(phase, tone):
    cargo = _box(-2.7, 1.0, 0.5, 2.5, 1.05)
    cab = _box(1.05, 2.6, 0.4, 1.95, 1.0, 0.0, 0.25)
    boxes = [(cargo, tone, int(tone * 0.75)), (cab, int(255 - tone * 0.8), 60)]
    return _vehicle(phase, boxes, (-1.9, 1.7), 1.05, 0.42) + [
        fill([(1.5, 1.2), (2.4, 1.2), (2.25, 1.75), (1.5, 1.75)], 25, away=-1.0),
        line([(-2.4, 1.5), (0.7, 1.5)], 0.16, int(tone * 0.55), away=-1.05),
        dot((2.55, 0.65), 0.25, 250, away=-0.7),
    ]


BOAR = [
    (0.90, 0.36), (0.92, 0.47), (0.72, 0.58), (0.58, 0.68), (0.44, 0.84), (0.22, 0.98),
    (-0.02, 0.97), (-0.34, 0.86), (-0.60, 0.72), (-0.72, 0.52), (-0.62, 0.36), (-0.30, 0.32),
    (0.05, 0.27), (0.32, 0.27), (0.52, 0.33), (0.70, 0.33),
]  # fmt: skip
BOAR_BACK = (0.80, 0.95, 1.0, 0.98, 0.93, 0.88, 0.80)
DOG = [
    (0.62, 0.60), (0.63, 0.66), (0.48, 0.74), (0.40, 0.78), (0.30, 0.74), (0.22, 0.62),
    (-0.15, 0.58), (-0.38, 0.58), (-0.44, 0.48), (-0.36, 0.40), (-0.05, 0.42), (0.20, 0.34),
    (0.30, 0.44), (0.42, 0.58),
]  # fmt: skip


def _four_legs(phase, fore, hind, length, swing, width, tone):
    """The two far legs and the two near ones; swing: radians; hind legs lag behind."""
    far, near = [], []
    for hinge, lag, bend in ((fore, 0.0, 0.5), (hind, 2.3, -0.6)):
        for lead, away, legs in ((0.0, 0.12, far), (0.6, -0.12, near)):
            turn = phase + lag + lead
            fold = bend * (0.5 + 0.5 * np.cos(turn)) * min(swing, 1) * 1.6
            leg = limb(hinge, length / 2, length / 2, swing * np.sin(turn), fold)
            legs.append(line(leg, width, tone if away < 0 else int(tone * 0.7), away))
    return far, near


def _boar(phase, tone):
    """A wild boar at a gallop: hump and bristles, snout, tusk, and a little tail straight up."""
    lift, pitch = 0.16 * np.clip(np.sin(phase), -0.3, None), 0.17 * np.sin(phase + 1.2)
    tip = partial(tipped, pitch, lift)
    fore, hind = tip((0.28, 0.42), (-0.48, 0.47))
    far, near = _four_legs(phase, fore, hind, 0.52, 0.95, 0.13, int(tone * 0.6))
    wag = 0.08 * np.sin(2 * phase)
    tail = tip((-0.66, 0.64), (-0.78, 0.70), (-0.80 + wag, 0.82), (-0.81 + wag, 0.83))
    behind = [
        fill(tip(*_bristles()), int(tone * 0.4)),
        line(tail[:3], 0.05, int(tone * 0.6)),
        dot(tail[3], 0.09, int(tone * 0.4)),
    ]
    snout = tip((0.90, 0.36), (0.92, 0.47), (0.72, 0.58), (0.60, 0.36))
    before = [
        fill(tip(*BOAR), tone),
        line(tip((-0.5, 0.42), (0.0, 0.37), (0.35, 0.36)), 0.13, int(tone * 1.35)),
        fill(snout, int(tone * 1.7)),
        line(tip((0.90, 0.37), (0.915, 0.46)), 0.08, int(tone * 2.6)),
        fill(tip((0.40, 0.78), (0.34, 1.02), (0.54, 0.78)), int(tone * 0.55)),
        line(tip((0.68, 0.37), (0.76, 0.44), (0.75, 0.56)), 0.06, 250),
        dot(*tip((0.58, 0.62)), 0.07, 245),
        dot(*tip((0.59, 0.62)), 0.035, 0),
    ]
    # A quarter larger than life, so that it is recognised at 64 pixels.
    return scaled(far + behind + near + before, 1.25)


def _bristles():
    """A crest along the back, spiked."""
    forward = np.linspace(0.48, -0.5, 11)
    along = np.linspace(0, 1, 11)
    crest = np.stack([forward, np.interp(along, np.linspace(0, 1, 7), BOAR_BACK)], 1)
    outline = []
    for a, b in zip(crest, crest[1:]):
        outline += [a - (0, 0.08), (a + b) / 2 + (-0.10, 0.07)]
    return [*outline, crest[-1] - (0, 0.08)]


def _dog(phase, tone, swing=1.0):
    """A dog: galloping with a swing of 1, trotting on its leash with 0.45."""
    lift = swing * 0.12 * np.clip(np.sin(phase), -0.3, None)
    tip = partial(tipped, swing * 0.14 * np.sin(phase + 1.2), lift)
    fore, hind = tip((0.18, 0.46), (-0.34, 0.5))
    far, near = _four_legs(phase, fore, hind, 0.48, swing, 0.07, tone)
    tail = tip((-0.40, 0.56), (-0.52, 0.68), (-0.62, 0.80 + 0.1 * np.sin(3 * phase)))
    body = [
        line(tail, 0.06, tone),
        fill(tip(*DOG), tone),
        fill(tip((0.40, 0.78), (0.32, 0.76), (0.30, 0.58)), int(tone * 0.6)),
        dot(*tip((0.62, 0.64)), 0.06, 10),
    ]
    return far + body + near


def _leashed_dog(phase, tone):
    leash = line([(-0.95, 0.85), (0.0, 0.55), (0.28, 0.62)], 0.03, 30, away=0.2)
    return [*_dog(phase, tone, swing=0.45), leash]


def _ball(phase, tone):
    """A beach ball that bounces along, spinning."""
    up = 0.22 + 1.1 * np.abs(np.sin(phase / 2))
    spot = 0.12 * np.cos(2 * phase), up + 0.12 * np.sin(2 * phase)
    return [dot((0.0, up), 0.44, tone), dot(spot, 0.16, 40)]


class _Body(NamedTuple):
    make_strokes: Callable  # from phase (T,) and a look to strokes, in the order to render
    turn: float = 2 * np.pi / WALK.stride  # radians of phase per metre
    length: float = 0.28  # half of what it covers on the ground, in metres
    width: float = 0.22
    sideways: float = 0.5  # how much of its side it shows at least: flat bodies have no front
    sample_look: Callable = _sample_look  # from a random generator to a grey tone, or a Look


BODIES = {
    "walker": _Body(partial(_person, gait=WALK)),
    "standing": _Body(partial(_person, gait=STAND)),
    "runner": _Body(_runner, 2 * np.pi / RUN.stride),
    "cyclist": _Body(_cyclist, 2.9, 0.9, 0.3, 0.85),
    "skateboarder": _Body(_skateboarder, 2.0, 0.5, 0.2, 0.8),
    "car": _Body(_car, 1 / 0.31, 2.0, 0.95, 0.02, _tones(60, 235)),
    "truck": _Body(_truck, 1 / 0.42, 2.7, 1.2, 0.02, _tones(60, 235)),
    "boar": _Body(_boar, 3.4, 1.0, 0.4, 0.93, _tones(58, 88)),
    "dog": _Body(_dog, 4.2, 0.5, 0.2, 0.9, _tones(20, 60)),
    "leashed_dog": _Body(_leashed_dog, 5.5, 0.5, 0.2, 0.9, _tones(20, 225)),
    "ball": _Body(_ball, 2.4, 0.2, 0.2, 0.5, _tones(190, 250)),
}
# Contextual anomalies are walkers, at the wrong time or place.
BODIES |= dict.fromkeys(CONTEXTUAL, BODIES["walker"])
