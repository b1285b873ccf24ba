"""How a figure is drawn: a handful of strokes, in metres, around the spot on the ground where it stands.

A point is (forward, away, up): along the way it goes, away from the camera, above the ground. A figure is a list of
`Stroke`s, drawn in order; `phase` (T,) is how far its legs, wheels or bounces have turned, in radians, frame by frame.
"""

from typing import NamedTuple

import numpy as np


class Stroke(NamedTuple):
    """how: "line", "loop" (closed line), "fill" (polygon), "hull" (convex hull) or "dot"; points: (T, n, 3) or (n, 3)
    metres; width: metres across (line thickness, dot diameter); tone: grey value 0..255."""

    how: str
    points: np.ndarray
    width: float
    tone: int


class Look(NamedTuple):
    """What tells one person from the next."""

    height: float = 1.0
    trousers: int = 50
    top: int = 90
    skin: int = 170
    hair: int = 40
    carries: str = ""


class Gait(NamedTuple):
    """swing, knee, arm, elbow, lean: radians; bounce: metres; stride: metres per full cycle of two steps."""

    swing: float
    knee: float
    arm: float
    elbow: float
    lean: float
    bounce: float
    stride: float


WALK = Gait(swing=0.42, knee=0.7, arm=0.45, elbow=0.25, lean=0.03, bounce=0.02, stride=1.5)
RUN = Gait(swing=0.85, knee=1.9, arm=0.9, elbow=1.5, lean=0.22, bounce=0.10, stride=2.5)
STAND = Gait(swing=0.0, knee=0.0, arm=0.05, elbow=0.35, lean=0.0, bounce=0.0, stride=1.5)


def random_look(rng):
    height = rng.normal(1.0, 0.06) if rng.random() < 0.9 else rng.uniform(0.6, 0.75)
    top = int(rng.choice([rng.uniform(15, 90), rng.uniform(150, 240)]))
    return Look(height, int(rng.uniform(15, 110)), top, int(rng.uniform(120, 210)), int(rng.uniform(10, 120)),
                str(rng.choice(["", "", "backpack", "bag", "coat", "hat"])))  # fmt: skip


def points(*pairs, away=0.0):
    """(forward, up) pairs, each number or (T,) -> (T, n, 3), or (n, 3) where nothing moves."""
    flat = np.broadcast_arrays(*(v for pair in pairs for v in pair), away)
    return np.stack([np.stack([flat[2 * i], flat[-1], flat[2 * i + 1]], -1) for i in range(len(pairs))], -2)


def limb(hinge, upper, lower, angle, bend, away=0.0):
    """Hinge, middle joint and end of an arm or a leg; angle 0 hangs straight down, positive swings forward."""
    forward, up = hinge
    middle = forward + upper * np.sin(angle), up - upper * np.cos(angle)
    end = middle[0] + lower * np.sin(angle - bend), middle[1] - lower * np.cos(angle - bend)
    return points(hinge, middle, end, away=away)


def grown(strokes, factor):
    return [Stroke(s.how, s.points * factor, s.width * factor, s.tone) for s in strokes]


def person(phase, look, gait=WALK):
    """Two legs, two arms, a torso, a head; 1.75 m tall at height 1."""
    up = gait.bounce * np.abs(np.sin(phase)) * 2 - 0.06 * gait.swing * np.abs(np.sin(phase))
    hip, neck = (0.0, 0.9 + up), (0.5 * gait.lean, 1.42 + up)
    far, near = [], []
    for side, away, strokes in ((0, 0.09, far), (np.pi, -0.09, near)):
        turn = phase + side
        bend = gait.knee * np.clip(np.cos(turn - 0.4), 0, None) + 0.08
        strokes.append(
            Stroke("line", limb(hip, 0.45, 0.46, gait.swing * np.sin(turn), bend, away), 0.14, look.trousers)
        )
        swing = -gait.arm * np.sin(turn) + 0.1
        sleeve = int(look.top * 0.85)
        strokes.append(Stroke("line", limb(neck, 0.30, 0.28, swing, -gait.elbow, 2.4 * away), 0.095, sleeve))
    head = neck[0] + 0.03 + 0.1 * gait.lean, neck[1] + 0.21
    body = [
        Stroke("line", points((hip[0], hip[1] + 0.06), (neck[0], neck[1] - 0.06)), 0.34, look.top),
        Stroke("dot", points((head[0] - 0.02, head[1] + 0.03)), 0.25, look.hair),
        Stroke("dot", points((head[0] + 0.03, head[1] - 0.02)), 0.19, look.skin),
    ]
    if look.carries == "backpack":
        body.insert(0, Stroke("line", points((-0.22, 1.08 + up), (-0.2, 1.34 + up)), 0.26, 255 - look.top))
    elif look.carries == "bag":
        near.append(Stroke("line", points((0.0, 0.62 + up), (0.06, 0.64 + up), away=-0.28), 0.24, 30))
    elif look.carries == "coat":
        hem = points((-0.2, 0.55 + up), (0.2, 0.55 + up), (0.15, 1.3 + up), (-0.15, 1.3 + up))
        body.insert(0, Stroke("fill", hem, 0.0, look.top))
    elif look.carries == "hat":
        body.append(
            Stroke("line", points((head[0] - 0.15, head[1] + 0.08), (head[0] + 0.17, head[1] + 0.08)), 0.07, 20)
        )
    return grown(far + body + near, look.height)


def walker(phase, look):
    return person(phase, look, WALK)


def runner(phase, look):
    return person(phase, look._replace(carries=""), RUN)


def circle(forward, up, radius, away=0.0, n=14):
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return points(*zip(forward + radius * np.cos(angle), up + radius * np.sin(angle)), away=away)


def cyclist(phase, look):
    """A bicycle and a rider whose feet go round with the pedals."""
    hip, hands, crank = (-0.28, 1.02), (0.42, 1.02), (0.02, 0.34)
    strokes = []
    for side, away in ((0, 0.09), (np.pi, -0.09)):
        pedal = crank[0] + 0.17 * np.cos(-phase + side), crank[1] + 0.17 * np.sin(-phase + side)
        knee = (hip[0] + pedal[0]) / 2 + 0.27, (hip[1] + pedal[1]) / 2 + 0.14
        strokes.append(Stroke("line", points(hip, knee, pedal, away=away), 0.14, look.trousers))
    bike = [Stroke("loop", circle(x, 0.35, 0.34), 0.06, 15) for x in (-0.55, 0.57)]
    bike.append(Stroke("line", points((-0.55, 0.35), crank, (0.42, 0.82), (-0.22, 0.82), crank), 0.05, 205))
    bike.append(Stroke("line", points((0.57, 0.35), (0.40, 0.98), (0.5, 1.04)), 0.05, 205))
    rider = [
        Stroke("line", points((hip[0] + 0.03, 1.08), (0.05, 1.45)), 0.32, look.top),
        Stroke("line", points((0.08, 1.42), (0.22, 1.15), hands, away=-0.15), 0.10, look.skin),
        Stroke("dot", points((0.19, 1.66)), 0.27, 235),
        Stroke("dot", points((0.23, 1.60)), 0.2, look.skin),
    ]
    return bike + strokes[:1] + rider + strokes[1:]


def skateboarder(phase, look):
    """Crouched on a board, arms out, one foot pushing off every now and then."""
    push = np.clip(np.sin(phase * 0.5), 0, None) ** 2
    dip = 0.05 * np.sin(phase * 0.5)
    hip, neck = (-0.05, 0.86 + dip), (0.12, 1.36 + dip)
    board = [Stroke("line", points((-0.52, 0.2), (-0.4, 0.13), (0.4, 0.13), (0.52, 0.2)), 0.07, 230)]
    board += [Stroke("dot", points((x, 0.06)), 0.13, 15) for x in (-0.33, 0.33)]
    legs = [
        Stroke("line", points(hip, (0.28, 0.55), (0.26, 0.18), away=0.05), 0.14, look.trousers),
        Stroke(
            "line",
            points(hip, (-0.2 - 0.1 * push, 0.5), (-0.25 - 0.55 * push, 0.17 - 0.13 * push), away=-0.08),
            0.14,
            look.trousers,
        ),
    ]
    body = [
        Stroke("line", points((hip[0], hip[1] + 0.06), (neck[0], neck[1] - 0.06)), 0.34, look.top),
        Stroke(
            "line",
            points((-0.62, 1.22 + 0.5 * dip), (-0.25, 1.30), neck, (0.45, 1.33), (0.75, 1.2 - dip)),
            0.085,
            look.top,
        ),
        Stroke("dot", points((neck[0] + 0.06, neck[1] + 0.21)), 0.27, look.hair),
    ]
    return board + legs + body


def box(back, front, low, high, half, shrink_back=0.0, shrink_front=0.0):
    """Eight corners, the four of the near side first; the upper ones drawn in by `shrink_back` and `shrink_front`."""
    side = [(back, low), (front, low), (front - shrink_front, high), (back + shrink_back, high)]
    return np.concatenate([points(*side, away=-half), points(*side, away=half)])


def vehicle(phase, tone, boxes, wheels, half, radius):
    """boxes: list of (corners, tone of the near side, tone of the rest); wheels: their places along the vehicle."""
    strokes = []
    for corners, side, rest in boxes:
        strokes.append(Stroke("hull", corners, 0.0, rest))
        strokes.append(Stroke("fill", corners[[2, 3, 7, 6]], 0.0, min(rest + 25, 250)))
        strokes.append(Stroke("fill", corners[:4], 0.0, side))
    for x in wheels:
        strokes.append(Stroke("fill", circle(x, radius, radius, away=-half), 0.0, 12))
        spoke = 0.6 * radius
        strokes.append(Stroke("line", points((x - spoke * np.cos(phase), radius + spoke * np.sin(phase)),
                                             (x + spoke * np.cos(phase), radius - spoke * np.sin(phase)), away=-half), 0.1, 150))  # fmt: skip
    return strokes


def car(phase, tone=200):
    body, cabin = box(-1.9, 1.9, 0.22, 0.82, 0.8, 0.1, 0.15), box(-1.5, 0.85, 0.82, 1.38, 0.72, 0.35, 0.6)
    boxes = [(body, tone, int(tone * 0.8)), (cabin, 35, 45)]
    roof = [Stroke("fill", cabin[[2, 3, 7, 6]], 0.0, tone), Stroke("line", cabin[[2, 3]], 0.07, tone),
            Stroke("line", points((-0.3, 0.82), (-0.3, 1.36), away=-0.72), 0.08, tone),
            Stroke("dot", points((1.80, 0.6), away=-0.72), 0.18, 250)]  # fmt: skip
    return vehicle(phase, tone, boxes, (-1.15, 1.2), 0.8, 0.31) + roof


def truck(phase, tone=200):
    cargo, cab = box(-2.7, 1.0, 0.5, 2.5, 1.05), box(1.05, 2.6, 0.4, 1.95, 1.0, 0.0, 0.25)
    boxes = [(cargo, tone, int(tone * 0.75)), (cab, int(255 - tone * 0.8), 60)]
    window = [Stroke("fill", points((1.5, 1.2), (2.4, 1.2), (2.25, 1.75), (1.5, 1.75), away=-1.0), 0.0, 25),
              Stroke("line", points((-2.4, 1.5), (0.7, 1.5), away=-1.05), 0.16, int(tone * 0.55)),
              Stroke("dot", points((2.55, 0.65), away=-0.7), 0.25, 250)]  # fmt: skip
    return vehicle(phase, tone, boxes, (-1.9, 1.7), 1.05, 0.42) + window


BACK = (0.80, 0.95, 1.0, 0.98, 0.93, 0.88, 0.80)
BOAR = [(0.90, 0.36), (0.92, 0.47), (0.72, 0.58), (0.58, 0.68), (0.44, 0.84), (0.22, 0.98), (-0.02, 0.97), (-0.34, 0.86),
        (-0.60, 0.72), (-0.72, 0.52), (-0.62, 0.36), (-0.30, 0.32), (0.05, 0.27), (0.32, 0.27), (0.52, 0.33), (0.70, 0.33)]  # fmt: skip


DOG = [(0.62, 0.60), (0.63, 0.66), (0.48, 0.74), (0.40, 0.78), (0.30, 0.74), (0.22, 0.62), (-0.15, 0.58), (-0.38, 0.58),
       (-0.44, 0.48), (-0.36, 0.40), (-0.05, 0.42), (0.20, 0.34), (0.30, 0.44), (0.42, 0.58)]  # fmt: skip


def pitched(pairs, pitch, lift):
    """Tip an outline of (forward, up) pairs nose-up by `pitch` radians about (0, 0.5) and lift it, frame by frame."""
    return [(f * np.cos(pitch) - (u - 0.5) * np.sin(pitch), 0.5 + f * np.sin(pitch) + (u - 0.5) * np.cos(pitch) + lift)
            for f, u in pairs]  # fmt: skip


def four_legs(phase, fore, hind, length, swing, width, tone):
    """(the two far legs, the two near legs); swing: radians, around half a leg cycle between fore and hind."""
    far, near = [], []
    for hinge, lag, bend in ((fore, 0.0, 0.5), (hind, 2.3, -0.6)):
        for lead, away, legs in ((0.0, 0.12, far), (0.6, -0.12, near)):
            turn = phase + lag + lead
            fold = bend * (0.5 + 0.5 * np.cos(turn)) * min(swing, 1) * 1.6
            leg = limb(hinge, length / 2, length / 2, swing * np.sin(turn), fold, away)
            legs.append(Stroke("line", leg, width, tone if away < 0 else int(tone * 0.7)))
    return far, near


def boar(phase, tone=75):
    """A wild boar at a gallop: hump and bristles, snout, tusk, and a little tail straight up."""
    lift, pitch = 0.16 * np.clip(np.sin(phase), -0.3, None), 0.17 * np.sin(phase + 1.2)
    tip = lambda *pairs: points(*pitched(pairs, pitch, lift))  # noqa: E731
    fore, hind = pitched([(0.28, 0.42), (-0.48, 0.47)], pitch, lift)
    far, near = four_legs(phase, fore, hind, 0.52, 0.95, 0.13, int(tone * 0.6))
    crest = np.stack([np.linspace(0.48, -0.5, 11), np.interp(np.linspace(0, 1, 11), np.linspace(0, 1, 7), BACK)], 1)
    spikes = [p for a, b in zip(crest, crest[1:]) for p in (a - (0, 0.08), (a + b) / 2 + (-0.10, 0.07))]
    wag = 0.08 * np.sin(2 * phase)
    body = [
        Stroke("fill", tip(*spikes, tuple(crest[-1] - (0, 0.08))), 0.0, int(tone * 0.4)),
        Stroke("line", tip((-0.66, 0.64), (-0.78, 0.70), (-0.80 + wag, 0.82)), 0.05, int(tone * 0.6)),
        Stroke("dot", tip((-0.81 + wag, 0.83)), 0.09, int(tone * 0.4)),
        Stroke("fill", tip(*BOAR), 0.0, tone),
        Stroke("line", tip((-0.5, 0.42), (0.0, 0.37), (0.35, 0.36)), 0.13, int(tone * 1.35)),
        Stroke("fill", tip((0.90, 0.36), (0.92, 0.47), (0.72, 0.58), (0.60, 0.36)), 0.0, int(tone * 1.7)),
        Stroke("line", tip((0.90, 0.37), (0.915, 0.46)), 0.08, int(tone * 2.6)),
        Stroke("fill", tip((0.40, 0.78), (0.34, 1.02), (0.54, 0.78)), 0.0, int(tone * 0.55)),
        Stroke("line", tip((0.68, 0.37), (0.76, 0.44), (0.75, 0.56)), 0.06, 250),
        Stroke("dot", tip((0.58, 0.62)), 0.07, 245),
        Stroke("dot", tip((0.59, 0.62)), 0.035, 0),
    ]
    return grown(far + body[:3] + near + body[3:], 1.25)


def dog(phase, tone=190, swing=1.0):
    """A dog: galloping with a swing of 1, trotting on its leash with 0.45."""
    lift, pitch = swing * 0.12 * np.clip(np.sin(phase), -0.3, None), swing * 0.14 * np.sin(phase + 1.2)
    tip = lambda *pairs: points(*pitched(pairs, pitch, lift))  # noqa: E731
    fore, hind = pitched([(0.18, 0.46), (-0.34, 0.5)], pitch, lift)
    far, near = four_legs(phase, fore, hind, 0.48, swing, 0.07, tone)
    wag = 0.1 * np.sin(3 * phase)
    body = [
        Stroke("line", tip((-0.40, 0.56), (-0.52, 0.68), (-0.62, 0.80 + wag)), 0.06, tone),
        Stroke("fill", tip(*DOG), 0.0, tone),
        Stroke("fill", tip((0.40, 0.78), (0.32, 0.76), (0.30, 0.58)), 0.0, int(tone * 0.6)),
        Stroke("dot", tip((0.62, 0.64)), 0.06, 10),
    ]
    return far + body + near


def leashed_dog(phase, tone=190):
    leash = Stroke("line", points((-0.95, 0.85), (0.0, 0.55), (0.28, 0.62), away=0.2), 0.03, 30)
    return [*dog(phase, tone, swing=0.45), leash]


def ball(phase, tone=235):
    """A beach ball that bounces along, spinning."""
    up = 0.22 + 1.1 * np.abs(np.sin(phase / 2))
    spin = 0.12 * np.cos(2 * phase), up + 0.12 * np.sin(2 * phase)
    return [Stroke("dot", points((0.0, up)), 0.44, tone), Stroke("dot", points(spin), 0.16, 40)]


class Body(NamedTuple):
    """What the stage must know about a kind of figure. draw: (phase, Look or tone) -> strokes; turn: radians of phase per
    metre; length, width: half of what it covers on the ground, metres; sideways: how much of its side it shows at least
    when it comes straight at the camera (flat figures must not be seen edge-on); tones: range of its grey, None = a Look."""

    draw: object
    turn: float = 2 * np.pi / WALK.stride
    length: float = 0.28
    width: float = 0.22
    sideways: float = 0.5
    tones: tuple | None = None


BODIES = {
    "walker": Body(walker),
    "runner": Body(runner, 2 * np.pi / RUN.stride),
    "cyclist": Body(cyclist, 2.9, 0.9, 0.3, 0.85),
    "skateboarder": Body(skateboarder, 2.0, 0.5, 0.2, 0.8),
    "car": Body(car, 1 / 0.31, 2.0, 0.95, 0.02, (60, 235)),
    "truck": Body(truck, 1 / 0.42, 2.7, 1.2, 0.02, (60, 235)),
    "boar": Body(boar, 3.4, 1.0, 0.4, 0.93, (58, 88)),
    "dog": Body(dog, 4.2, 0.5, 0.2, 0.9, (20, 60)),
    "leashed_dog": Body(leashed_dog, 5.5, 0.5, 0.2, 0.9, (20, 225)),
    "ball": Body(ball, 2.4, 0.2, 0.2, 0.5, (190, 250)),
}
