"""The checks of notebook 01: an anomaly score, moving pixels, kappa, an AUC by hand, an anomaly of your own."""

from functools import lru_cache

import numpy as np

from vadcourse.exercises.core import NotYet, attempt, compare, exercise, number, numbers, same
from vadkit import evaluation, metrics, predictors, toy
from vadkit.scenes import Clip, Scene
from vadkit.text import say

FIRST, LAST = 30, 70  # the frames in which your own anomaly is in the picture, both included


@exercise("01", "The anomaly score")
def check_anomaly_score(function):
    """Checks f(psnr of one clip (T,)) -> (T,) in [0, 1], up = abnormal. Returns True or False."""
    values = np.random.default_rng().normal(32, 3, 40)
    answer = attempt(function, values)
    expected = metrics.anomaly_score(values)
    compare(answer, expected, {
        "It goes up when the frame is normal: that is the regularity score. Take 1 minus it.": 1 - expected,
        "The order is right, but it is not in [0, 1]: subtract the lowest value before you divide.": 1 - values / values.max(),
        "It is not between 0 and 1: divide by the range, highest minus lowest.": values.max() - values,
        "Those are the PSNR values with the other sign: stretch them to [0, 1].": -values,
        "Those are the PSNR values as they are: stretch them to [0, 1], and turn them upside down.": values,
        "The 1 in `1 -` is the top of the stretched values: stretch the PSNR to [0, 1] first.": 1 - values,
    })  # fmt: skip
    return "0 for the most ordinary frame, 1 for the oddest."


@exercise("01", "Moving pixels")
def check_moving_pixels(function):
    """Checks f(frames (T, H, W) uint8) -> (T - 1,) shares of pixels that changed by more than 25. Returns True or False."""
    random = np.random.default_rng()
    frames = random.integers(60, 200, (6, 12, 16)).astype(np.uint8)
    for t in range(1, len(frames)):  # most pixels stay, some grow darker, some brighter
        frames[t] = np.clip(frames[t - 1] + random.choice([0, 0, 0, -40, 40, 10, -10], (12, 16)), 0, 255)
    answer = attempt(function, frames)
    change = np.diff(frames.astype(int), axis=0)
    moved = np.abs(change) > 25
    expected = moved.mean((1, 2))
    compare(answer, expected, {
        "uint8 wraps around: 10 - 20 is 246 there. Turn the frames into floats first.": ((frames[1:] - frames[:-1]) > 25).mean((1, 2)),
        "You count pixels that grew brighter. Those that grew darker have moved as well.": (change > 25).mean((1, 2)),
        "You count pixels that grew darker. Those that grew brighter have moved as well.": (change < -25).mean((1, 2)),
        "That is the share of pixels that stood still.": 1 - expected,
        "That is a number of pixels; divide by how many there are.": moved.sum((1, 2)),
        "Those are per cent; return shares, between 0 and 1.": 100 * expected,
        "No pixel ever moved? 25 grey levels are meant, of pixels that run from 0 to 255.": 0 * expected,
        "That is how much pixels changed on average. Count those that changed by more than 25.": np.abs(change).mean((1, 2)),
        "Every pixel that changed at all is in there, the camera's noise too: more than 25 is asked.": (change != 0).mean((1, 2)),
        "One score too many: the first frame has none before it to compare with.": np.concatenate([[0], expected]),
        "That is one number for the clip. Return one for each pair of frames.": expected.mean(),
    })  # fmt: skip
    return "A detector in two lines, and it learns nothing."


@exercise("01", "Cohen's kappa")
def check_kappa(function):
    """Checks f(marks (T,) bool, others (T,) bool) -> Cohen's kappa. Returns True or False."""
    random = np.random.default_rng()
    a = np.zeros(100, bool)
    a[random.permutation(100)[: random.integers(20, 30)]] = True
    b = a.copy()
    flipped = np.concatenate([random.permutation(np.flatnonzero(a))[:7], random.permutation(np.flatnonzero(~a))[:13]])
    b[flipped] ^= True
    answer = number(attempt(function, a, b))
    agree, both = (a == b).mean(), a.mean() * b.mean()
    chance = both + (1 - a.mean()) * (1 - b.mean())
    compare(answer, (agree - chance) / (1 - chance), {
        "That is the share of equal labels. Take out what chance alone would give.": agree,
        "That is the agreement that chance alone would give; it is the second ingredient.": chance,
        "Divide by what was left to reach: 1 minus the agreement by chance.": agree - chance,
        "Two people also agree by chance on normal frames: add both times 'normal'.": (agree - both) / (1 - both),
        "Chance is not one half here: most frames are normal for both.": 2 * agree - 1,
        "Brackets are missing: divide all of the first difference by all of the second.": agree - 2 * chance,
        "You took the agreement that was found for that of chance: multiply how often each of them marks, instead.": 0,
        "That is the overlap, IoU. Kappa starts from the share of equal labels.": (a & b).sum() / (a | b).sum(),
    })  # fmt: skip
    return "1 is perfect agreement, 0 is no better than chance."


@exercise("01", "The AUC, pair by pair")
def check_auc(function):
    """Checks f(scores (T,), labels (T,) bool) -> chance that an abnormal frame outranks a normal one. Returns True or False."""
    random = np.random.default_rng()
    labels = np.arange(60) < 15
    scores = np.round(random.normal(0, 1, 60) + labels, 1)
    scores[[0, 30, 31]] = 0.5  # a few ties for certain
    order = random.permutation(60)
    scores, labels = scores[order], labels[order]
    answer = number(attempt(function, scores, labels))
    difference = scores[labels][:, None] - scores[~labels][None]
    wins, ties = (difference > 0).mean(), (difference == 0).mean()
    compare(answer, wins + ties / 2, {
        "That is the chance that a normal frame scores higher: the two are the wrong way round.": 1 - wins - ties / 2,
        "You count the pairs in which the normal frame scores higher: the two are the wrong way round.": 1 - wins - ties,
        "Equal scores are nobody's win: count a tie as one half, not as zero.": wins,
        "Equal scores are nobody's win: count a tie as one half, not as one.": wins + ties,
        "You divide by all pairs of frames. Only pairs of an abnormal and a normal frame count.": (difference > 0).sum() / 60**2,
        "That is a number of pairs; divide by how many pairs there are.": (difference > 0).sum() + (difference == 0).sum() / 2,
        "That is a difference of means. Compare frame with frame, and count who is higher.": scores[labels].mean() - scores[~labels].mean(),
    })  # fmt: skip
    return "The area under the ROC curve is exactly this, and no curve was drawn."


@lru_cache(maxsize=1)
def _quiet_clip():
    return toy.toy_scene(toy.VALIDATION_SEEDS[7], "campus").train_clips[0]


def with_anomaly(function):
    """-> a Clip of normal life into which `function(frame, t)` has drawn on frames 30 to 70, labelled accordingly.

    frame: (64, 64) uint8; t: 0, 1, ... 40, counted from the first frame it is in. Raises `NotYet` for what is no frame.
    """
    clip = _quiet_clip()
    frames, labels = np.array(clip.frames), np.zeros(len(clip), bool)
    for t in range(FIRST, LAST + 1):
        drawn = attempt(function, frames[t], t - FIRST)
        values = numbers(drawn, frames[t].shape)
        if not np.isfinite(values).all() or values.min() < 0 or values.max() > 255:
            raise NotYet("A pixel lies between 0 and 255; frame {t} runs from {low:g} to {high:g}.",
                         t=t, low=values.min(), high=values.max())  # fmt: skip
        frames[t], labels[t] = values.astype(np.uint8), True
    return Clip("my anomaly", frames, labels=labels)


@exercise("01", "Your own anomaly")
def check_anomaly(function):
    """Checks f(frame (64, 64) uint8, t) -> the frame with something drawn into it, that copy-last-frame notices: an AUC of
    at least 0.9. Returns True or False."""
    clip, quiet = with_anomaly(function), _quiet_clip()
    shown = clip.frames[FIRST : LAST + 1].astype(int) - quiet.frames[FIRST : LAST + 1]
    if not shown.any():
        raise NotYet("Nothing is drawn: your frames come back as they were.")
    empty = np.flatnonzero(~shown.any((1, 2)))
    if len(empty) > len(shown) // 4:
        raise NotYet("At t = {t} nothing is drawn, and not only then: your thing must be in the picture from t = 0 to {last}. Has it "
                     "left? `% 64` brings it back.", t=empty[0], last=LAST - FIRST)  # fmt: skip
    if (shown != 0).mean((1, 2)).min() > 0.5:
        raise NotYet("More than half of the picture has changed. That is a broken camera; draw a thing into the scene.")
    if all(same(shown[0] != 0, change != 0) for change in shown[1:]):
        raise NotYet(
            "Your thing stands still. After the first moment, copy-last-frame predicts it perfectly: use t to move it."
        )
    auc = evaluation.evaluate(predictors.copy_last_frame, Scene("mine", [quiet], [clip])).auc_raw
    if auc < 0.9:
        raise NotYet("It is there and it moves, but copy-last-frame hardly notices: AUC {auc:.2f}. Larger, faster, or with more "
                     "contrast?", auc=auc)  # fmt: skip
    return say("Copy-last-frame notices: AUC {auc:.2f}. Now the art: one that moves and is *not* noticed.", auc=auc)
