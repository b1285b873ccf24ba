"""Answers to the exercises of notebook 01: right, and wrong with the words they must be given."""

import numpy as np
from sklearn.metrics import cohen_kappa_score, roc_auc_score

from vadkit import metrics


def moved(frames, over=25):
    return np.abs(np.diff(frames.astype(float), axis=0)) > over


def moving_in_a_loop(frames):
    frames, shares = frames.astype(int), []
    for before, after in zip(frames, frames[1:]):
        shares.append((abs(after - before) > 25).sum() / after.size)
    return shares


def chance(a, b):
    return a.mean() * b.mean() + (~a).mean() * (~b).mean()


def by_hand(a, b):
    return ((a == b).mean() - chance(a, b)) / (1 - chance(a, b))


def without_normal(a, b):
    both = a.mean() * b.mean()
    return ((a == b).mean() - both) / (1 - both)


def with_agreement_for_chance(a, b):
    return ((a == b).mean() - (a & b).mean() - (~a & ~b).mean()) / 2


def pair_by_pair(scores, labels):
    pairs = [(a, n) for a in scores[labels] for n in scores[~labels]]
    return sum((a > n) + (a == n) / 2 for a, n in pairs) / len(pairs)


def square(speed=3, size=20, grey=255, row=20):
    def with_square(frame, t):
        frame = frame.copy()
        left = (t * speed) % 64
        frame[row : row + size, left : left + size] = grey
        return frame

    return with_square


def gone_too_soon(frame, t):
    frame[20:40, 3 * t : 3 * t + 12] = 255
    return frame


def in_place(frame, t):
    frame[16:40, (2 * t) % 50 : (2 * t) % 50 + 18] = 0
    return frame


RIGHT = {
    "check_anomaly_score": [
        metrics.anomaly_score,
        lambda v: (v.max() - v) / np.ptp(v),
        lambda v: list(1 - (v - v.min()) / np.ptp(v)),
    ],
    "check_moving_pixels": [lambda f: moved(f).mean((1, 2)), moving_in_a_loop],
    "check_kappa": [by_hand, cohen_kappa_score],
    "check_auc": [pair_by_pair, lambda s, l: roc_auc_score(l, s)],
    "check_anomaly": [square(), in_place],
}
WRONG = {
    "check_anomaly_score": [
        (metrics.regularity_score, "regularity"),
        (lambda v: 1 - v / v.max(), "subtract the lowest"),
        (lambda v: v.max() - v, "divide by the range"),
        (lambda v: -v, "other sign"),
        (lambda v: v, "as they are"),
        (lambda v: 1 - v, "stretch the PSNR"),
        (lambda v: metrics.anomaly_score(v)[:-1], "shape"),
        (lambda v: np.full_like(v, np.nan), "NaN"),
    ],
    "check_moving_pixels": [
        (lambda f: (np.abs(f[1:] - f[:-1]) > 25).mean((1, 2)), "wraps around"),
        (lambda f: (np.diff(f.astype(int), axis=0) > 25).mean((1, 2)), "brighter"),
        (lambda f: moved(f).sum((1, 2)), "divide by how many"),
        (lambda f: 1 - moved(f).mean((1, 2)), "stood still"),
        (lambda f: np.abs(np.diff(f.astype(int), axis=0)).mean((1, 2)), "on average"),
        (lambda f: moved(f, 0).mean((1, 2)), "noise"),
        (lambda f: np.concatenate([[0], moved(f).mean((1, 2))]), "too many"),
        (lambda f: moved(f).mean(), "each pair"),
        (lambda f: 100 * moved(f).mean((1, 2)), "per cent"),
        (lambda f: moved(f / 255).mean((1, 2)), "25 grey levels are meant"),
    ],
    "check_kappa": [
        (lambda a, b: (a == b).mean(), "share of equal labels"),
        (chance, "second ingredient"),
        (lambda a, b: by_hand(a, b) * (1 - chance(a, b)), "left to reach"),
        (without_normal, "normal frames"),
        (lambda a, b: ((a == b).mean() - 0.5) / 0.5, "one half"),
        (lambda a, b: (a & b).sum() / (a | b).sum(), "IoU"),
        (with_agreement_for_chance, "multiply how often"),
        (lambda a, b: (a == b).mean() - chance(a, b) / 1 - chance(a, b), "Brackets are missing"),
        (lambda a, b: a == b, "one number"),
    ],
    "check_auc": [
        (lambda s, l: roc_auc_score(l, -s), "wrong way round"),
        (lambda s, l: (s[l][:, None] < s[~l]).mean(), "in which the normal frame scores higher"),
        (lambda s, l: (s[l][:, None] > s[~l]).mean(), "not as zero"),
        (lambda s, l: (s[l][:, None] >= s[~l]).mean(), "not as one"),
        (lambda s, l: (s[l][:, None] > s[~l]).sum() / len(s) ** 2, "all pairs"),
        (lambda s, l: pair_by_pair(s, l) * l.sum() * (~l).sum(), "divide by how many"),
        (lambda s, l: s[l].mean() - s[~l].mean(), "means"),
        (lambda s, l: float("nan"), "nan"),
    ],
    "check_anomaly": [
        (lambda frame, t: frame, "Nothing is drawn"),
        (square(speed=0), "stands still"),
        (lambda frame, t: 255 - frame, "half of the picture"),
        (square(size=2, grey=150, speed=1), "hardly notices"),
        (gone_too_soon, "At t = 22 nothing is drawn"),
        (lambda frame, t: frame + 300.0, "between 0 and 255"),
        (lambda frame, t: frame[:32], "shape"),
        (lambda frame, t: "a boar", "numbers"),
    ],
}
