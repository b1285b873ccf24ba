"""Answers to the exercises of notebook 01: right, and wrong with the words they must be given."""

from fractions import Fraction

import numpy as np
import torch
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


def stretched(values):
    return (values - values.min()) / np.ptp(values)


def scored_in_a_loop(values):
    values = list(values)
    low, high = min(values), max(values)
    return tuple((high - value) / (high - low) for value in values)


def in_torch(frames):
    frames = torch.from_numpy(frames).float()
    return (frames.diff(dim=0).abs() > 25).flatten(1).float().mean(1)


def kappa_of_counts(a, b):
    n, both, neither = len(a), np.sum(a & b), np.sum(~a & ~b)
    chance = (a.sum() * b.sum() + (~a).sum() * (~b).sum()) / n**2
    return np.float32(((both + neither) / n - chance) / (1 - chance))


def pooled(a, b):
    p = (a.mean() + b.mean()) / 2
    by_chance = p**2 + (1 - p) ** 2
    return ((a == b).mean() - by_chance) / (1 - by_chance)


def exact_pairs(scores, labels):
    pairs = [(a, n) for a in scores[labels] for n in scores[~labels]]
    return Fraction(int(sum(2 * (a > n) + (a == n) for a, n in pairs)), 2 * len(pairs))


def by_ranks(scores, labels):
    ranks = np.array([(np.sum(scores < s) + np.sum(scores <= s) + 1) / 2 for s in scores])
    n, m = labels.sum(), (~labels).sum()
    return torch.tensor((ranks[labels].sum() - n * (n + 1) / 2) / (n * m), requires_grad=True)


def staircase(scores, labels):
    """The area under the ROC curve in steps, sorted as it comes: ties are not shared."""
    labels = labels[np.argsort(-scores, kind="stable")]
    return np.sum(np.cumsum(labels)[~labels]) / (labels.sum() * (~labels).sum())


def blinking(frame, t):
    frame[10:40, 10:40] = 255 * (t % 2)
    return frame.astype(np.float32)


def listed(frame, t):
    return square()(frame, t).tolist()


def camera_off_and_on(frame, t):
    return 255 - frame if t % 3 else square()(frame, t)


RIGHT = {
    "check_anomaly_score": [
        metrics.anomaly_score,
        lambda v: (v.max() - v) / np.ptp(v),
        lambda v: list(1 - stretched(v)),
        lambda v: stretched(-v).astype(np.float32),
        lambda v: [torch.tensor(score) for score in 1 - stretched(v)],
        lambda v: np.interp(v, [v.min(), v.max()], [1, 0]),
        scored_in_a_loop,
    ],
    "check_moving_pixels": [
        lambda f: moved(f).mean((1, 2)),
        moving_in_a_loop,
        in_torch,
        lambda f: tuple(moved(f).reshape(len(f) - 1, -1).mean(1)),
        lambda f: (moved(f).sum((1, 2)) / f[0].size).astype(np.float32),
    ],
    "check_kappa": [by_hand, cohen_kappa_score, kappa_of_counts, lambda a, b: [by_hand(b, a)]],
    "check_auc": [
        pair_by_pair,
        lambda s, l: roc_auc_score(l, s),
        exact_pairs,
        by_ranks,
        lambda s, l: np.array(roc_auc_score(l, s), np.float32),
    ],
    "check_anomaly": [square(), in_place, blinking, listed],
}
WRONG = {
    "check_anomaly_score": [
        (metrics.regularity_score, "regularity"),
        (lambda v: 1 - v / v.max(), "subtract the lowest"),
        (lambda v: v.max() - v, "divide by the range"),
        (lambda v: -v, "other sign"),
        (lambda v: v, "as they are"),
        (lambda v: 1 - v, "stretch the PSNR"),
        (lambda v: -stretched(v), "from -1 to 0"),
        (lambda v: 1 - np.argsort(np.argsort(v)) / (len(v) - 1), "ranks"),
        (lambda v: np.sort(1 - stretched(v)), "sorted"),
        (lambda v: 100 - 100 * stretched(v), "per cent"),
        (lambda v: (1 - stretched(v)) ** 2, "linear"),
        (lambda v: np.clip((40 - v) / 20, 0, 1), "For example, value"),
        (lambda v: 1 - (v - v.min()) / v.max(), "For example, value"),
        (lambda v: metrics.anomaly_score(np.abs(v)), "For example, value"),
        (lambda v: metrics.anomaly_score(v)[:-1], "shape"),
        (lambda v: np.full_like(v, np.nan), "NaN"),
        (lambda v: [str(score) for score in 1 - stretched(v)], "str"),
    ],
    "check_moving_pixels": [
        (lambda f: (np.abs(f[1:] - f[:-1]) > 25).mean((1, 2)), "wraps around"),
        (lambda f: (np.diff(f.astype(int), axis=0) > 25).mean((1, 2)), "brighter"),
        (lambda f: (np.diff(f.astype(int), axis=0) < -25).mean((1, 2)), "darker. Those"),
        (lambda f: moved(f).sum((1, 2)), "divide by how many"),
        (lambda f: 1 - moved(f).mean((1, 2)), "stood still"),
        (lambda f: np.abs(np.diff(f.astype(int), axis=0)).mean((1, 2)), "on average"),
        (lambda f: moved(f, 0).mean((1, 2)), "noise"),
        (lambda f: moved(f, 24).mean((1, 2)), "not more than 25"),
        (lambda f: moved(f, 26).mean((1, 2)), "For example, value"),
        (lambda f: [(abs(g - f[0].astype(int)) > 25).mean() for g in f[1:]], "first frame"),
        (lambda f: np.concatenate([[0], moved(f).mean((1, 2))]), "too many"),
        (lambda f: moved(f).mean(), "each pair"),
        (lambda f: 100 * moved(f).mean((1, 2)), "per cent"),
        (lambda f: moved(f / 255).mean((1, 2)), "25 grey levels are meant"),
        (lambda f: moved(f).mean((0, 1)), "shape"),
        (lambda f: (np.abs(np.diff(f.astype(np.int8), axis=0)) > 25).mean((1, 2)), "For example"),
        (lambda f: moved(f).sum((1, 2)) / (12 * 16), "value"),
    ],
    "check_kappa": [
        (lambda a, b: (a == b).mean(), "share of equal labels"),
        (chance, "second ingredient"),
        (lambda a, b: by_hand(a, b) * (1 - chance(a, b)), "left to reach"),
        (without_normal, "normal frames"),
        (lambda a, b: ((a == b).mean() - 0.5) / 0.5, "one half"),
        (lambda a, b: (a & b).sum() / (a | b).sum(), "IoU"),
        (with_agreement_for_chance, "how often each of them marks"),
        (lambda a, b: (a == b).mean() - chance(a, b) / 1 - chance(a, b), "Brackets are missing"),
        (lambda a, b: max(0, by_hand(a, b)), "cut it off"),
        (lambda a, b: np.clip(by_hand(a, b), 0, 1), "cut it off"),
        (lambda a, b: abs(by_hand(a, b)), "leave its sign"),
        (lambda a, b: 1 - by_hand(a, b), "one minus kappa"),
        (pooled, "both people"),
        (lambda a, b: ((a == b).mean() - chance(a, b)) / chance(a, b), "not by that agreement"),
        (lambda a, b: np.corrcoef(a, b)[0, 1] if b.any() else 0, "is right"),
        (lambda a, b: by_hand(a, b) * len(a) / 100, "is right"),
        (lambda a, b: str(by_hand(a, b)), "str"),
        (lambda a, b: a == b, "one number"),
    ],
    "check_auc": [
        (lambda s, l: roc_auc_score(l, -s), "wrong way round"),
        (lambda s, l: (s[l][:, None] < s[~l]).mean(), "in which the normal frame scores higher"),
        (lambda s, l: (s[l][:, None] > s[~l]).mean(), "not as zero"),
        (lambda s, l: (s[l][:, None] >= s[~l]).mean(), "not as one"),
        (lambda s, l: (s[l][:, None] > s[~l]).sum() / len(s) ** 2, "all pairs"),
        (lambda s, l: pair_by_pair(s, l) * l.sum() * (~l).sum() / len(s) ** 2, "all pairs"),
        (lambda s, l: pair_by_pair(s, l) * l.sum() * (~l).sum(), "divide by how many"),
        (lambda s, l: (s[l][:, None] > s[~l]).sum(), "count half of them"),
        (lambda s, l: s[l].mean() - s[~l].mean(), "means"),
        (lambda s, l: max(roc_auc_score(l, s), 1 - roc_auc_score(l, s)), "turn it round"),
        (lambda s, l: max(roc_auc_score(l, s), 0.5), "cut it off"),
        (lambda s, l: 2 * roc_auc_score(l, s) - 1, "lost pairs 0"),
        (lambda s, l: roc_auc_score(l, np.abs(s)), "is right"),
        (lambda s, l: roc_auc_score(l, s > 0), "is right"),
        (staircase, "is right"),
        (lambda s, l: s[l][:, None] > s[~l], "Return one number"),
        (lambda s, l: float("nan"), "nan"),
    ],
    "check_anomaly": [
        (lambda frame, t: frame, "Nothing is drawn"),
        (square(speed=0), "stays where it is"),
        (lambda frame, t: 255 - frame, "half of the picture"),
        (camera_off_and_on, "half of the picture"),
        (square(size=2, grey=150, speed=1), "hardly notices"),
        (gone_too_soon, "At t = 22 nothing is drawn"),
        (lambda frame, t: frame + 300.0, "between 0 and 255"),
        (lambda frame, t: frame - 300.0, "between 0 and 255"),
        (lambda frame, t: np.where(frame > 128, np.nan, frame), "NaN"),
        (lambda frame, t: square()(frame, t) / 255, "divided by 255"),
        (lambda frame, t: frame[:32], "shape"),
        (lambda frame, t: "a boar", "numbers"),
    ],
}
