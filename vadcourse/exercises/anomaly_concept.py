"""The checks of notebook 01: scores, moving pixels, kappa, an AUC by hand, your own anomaly."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from vadcourse.checking import NotYet, attempt, compare, exercise, number, numbers, refuse
from vadkit import evaluation, metrics, predictors, toy
from vadkit.scenes import Clip, Scene
from vadkit.text import say

FIRST, LAST = 30, 70  # the frames in which your own anomaly is in the picture, both included


@exercise("01", "The anomaly score")
def check_anomaly_score(function: Callable) -> str:
    """Check f(psnr (T,)): the scores (T,) of one clip, in [0, 1], up = abnormal."""
    psnr = np.random.default_rng().normal(32, 3, 40)
    regularity = metrics.regularity_score(psnr)
    undivided = psnr.max() - psnr
    unshifted = 1 - psnr / psnr.max()
    upside_down = 1 - psnr
    mistakes = {
        "It goes up when the frame is normal: that is the regularity score. "
        "Take 1 minus it.": regularity,
        "The order is right, but it is not in [0, 1]: subtract the lowest value "
        "before you divide.": unshifted,
        "It is not between 0 and 1: divide by the range, highest minus lowest.": undivided,
        "Those are the PSNR values with the other sign: stretch them to [0, 1].": -psnr,
        "Those are the PSNR values as they are: stretch them to [0, 1], "
        "and turn them upside down.": psnr,
        "The 1 in `1 -` is the top of the stretched values: stretch the PSNR "
        "to [0, 1] first.": upside_down,
    }
    compare(attempt(function, psnr), 1 - regularity, mistakes)
    return "0 for the most ordinary frame, 1 for the oddest."


def _flickering_frames():
    """Six frames in which most pixels stay, some grow darker, some brighter."""
    rng = np.random.default_rng()
    frames = rng.integers(60, 200, (6, 12, 16)).astype(np.uint8)
    for t in range(1, len(frames)):
        change = rng.choice([0, 0, 0, -40, 40, 10, -10], (12, 16))
        frames[t] = np.clip(frames[t - 1] + change, 0, 255)
    return frames


@exercise("01", "Moving pixels")
def check_moving_pixels(function: Callable) -> str:
    """Check f(frames (T, H, W) uint8): the shares (T - 1,) of pixels that change by over 25."""
    frames = _flickering_frames()
    change = np.diff(frames.astype(int), axis=0)
    moved = np.abs(change) > 25
    expected = moved.mean((1, 2))
    # uint8 on purpose: the difference wraps around, as it does for a student who forgets it.
    wrapped = (frames[1:] - frames[:-1] > 25).mean((1, 2))
    brighter, darker = (change > 25).mean((1, 2)), (change < -25).mean((1, 2))
    any_change, mean_change = (change != 0).mean((1, 2)), np.abs(change).mean((1, 2))
    never = 0 * expected
    mistakes = {
        "uint8 wraps around: 10 - 20 is 246 there. Turn the frames into floats first.": wrapped,
        "You count pixels that grew brighter. Those that grew darker have moved as well.": brighter,
        "You count pixels that grew darker. Those that grew brighter have moved as well.": darker,
        "That is the share of pixels that stood still.": 1 - expected,
        "That is a number of pixels; divide by how many there are.": moved.sum((1, 2)),
        "Those are per cent; return shares, between 0 and 1.": 100 * expected,
        "No pixel ever moved? 25 grey levels are meant, of pixels that run from 0 to 255.": never,
        "That is how much pixels changed on average. Count those that changed "
        "by more than 25.": mean_change,
        "Every pixel that changed at all is in there, the camera's noise too: "
        "more than 25 is asked.": any_change,
        "One score too many: the first frame has none before it to compare with.": [0, *expected],
        "That is one number for the clip. Return one for each pair of frames.": expected.mean(),
    }
    compare(attempt(function, frames), expected, mistakes)
    return "A detector in two lines, and it learns nothing."


def _two_sets_of_marks():
    """Mark 20 to 30 of 100 frames, and let a second person disagree on 7 of them and 13 others."""
    rng = np.random.default_rng()
    a = np.zeros(100, bool)
    a[rng.permutation(100)[: rng.integers(20, 30)]] = True
    b = a.copy()
    b[rng.permutation(np.flatnonzero(a))[:7]] = False
    b[rng.permutation(np.flatnonzero(~a))[:13]] = True
    return a, b


@exercise("01", "Cohen's kappa")
def check_kappa(function: Callable) -> str:
    """Check f(marks (T,) bool, others (T,) bool): Cohen's kappa."""
    a, b = _two_sets_of_marks()
    agree = (a == b).mean()
    # By chance both mark a frame, or neither does.
    both = a.mean() * b.mean()
    chance = both + (1 - a.mean()) * (1 - b.mean())
    marks_alone = (agree - both) / (1 - both)
    overlap = (a & b).sum() / (a | b).sum()
    no_brackets = agree - chance / 1 - chance
    mistakes = {
        "That is the share of equal labels. Take out what chance alone would give.": agree,
        "That is the agreement that chance alone would give; it is the second ingredient.": chance,
        "Divide by what was left to reach: 1 minus the agreement by chance.": agree - chance,
        "Two people also agree by chance on normal frames: add both times 'normal'.": marks_alone,
        "Chance is not one half here: most frames are normal for both.": 2 * agree - 1,
        "Brackets are missing: divide all of the first difference "
        "by all of the second.": no_brackets,
        "You took the agreement that was found for that of chance: "
        "multiply how often each of them marks, instead.": 0,
        "That is the overlap, IoU. Kappa starts from the share of equal labels.": overlap,
    }
    answer = number(attempt(function, a, b))
    compare(answer, (agree - chance) / (1 - chance), mistakes)
    return "1 is perfect agreement, 0 is no better than chance."


def _scores_with_ties():
    """Scores of 15 abnormal frames and 45 normal ones, some equal for certain, in any order."""
    rng = np.random.default_rng()
    labels = np.arange(60) < 15
    scores = np.round(rng.normal(0, 1, 60) + labels, 1)
    scores[[0, 30, 31]] = 0.5
    order = rng.permutation(60)
    return scores[order], labels[order]


@exercise("01", "The AUC, pair by pair")
def check_auc(function: Callable) -> str:
    """Check f(scores (T,), labels (T,) bool): how often an abnormal frame scores higher."""
    scores, labels = _scores_with_ties()
    difference = scores[labels][:, None] - scores[~labels][None]
    # One pair is an abnormal frame and a normal one, in any order of time.
    wins, ties = (difference > 0).mean(), (difference == 0).mean()
    expected = wins + ties / 2
    reverse, reverse_wins = 1 - expected, 1 - wins - ties
    of_all_pairs, count = wins * difference.size / 60**2, expected * difference.size
    mistakes = {
        "That is the chance that a normal frame scores higher: "
        "the two are the wrong way round.": reverse,
        "You count the pairs in which the normal frame scores higher: "
        "the two are the wrong way round.": reverse_wins,
        "Equal scores are nobody's win: count a tie as one half, not as zero.": wins,
        "Equal scores are nobody's win: count a tie as one half, not as one.": wins + ties,
        "You divide by all pairs of frames. Only pairs of an abnormal and a normal frame "
        "count.": of_all_pairs,
        "That is a number of pairs; divide by how many pairs there are.": count,
        "That is a difference of means. Compare frame with frame, "
        "and count who is higher.": difference.mean(),
    }
    compare(number(attempt(function, scores, labels)), expected, mistakes)
    return "The area under the ROC curve is exactly this, and no curve was drawn."


@lru_cache(maxsize=1)
def _quiet_clip():
    return toy.toy_scene(toy.VALIDATION_SEEDS[7], "campus").train_clips[0]


def with_anomaly(function: Callable) -> Clip:
    """Give `function(frame, t)` frames 30 to 70, (64, 64) uint8, of normal life: a labelled clip.

    t = 0, 1, ... 40. Raises `NotYet` for what is no frame.
    """
    clip = _quiet_clip()
    frames, labels = np.array(clip.frames), np.zeros(len(clip), bool)
    for t in range(FIRST, LAST + 1):
        frame = numbers(attempt(function, frames[t], t - FIRST), frames[t].shape)
        low, high = frame.min(), frame.max()
        if not (low >= 0 and high <= 255):  # or NaN
            raise NotYet(
                "A pixel lies between 0 and 255; frame {t} runs from {low:g} to {high:g}.",
                t=t,
                low=low,
                high=high,
            )
        frames[t], labels[t] = frame.astype(np.uint8), True
    return Clip("my anomaly", frames, labels=labels)


@exercise("01", "Your own anomaly")
def check_anomaly(function: Callable) -> str:
    """Check f(frame (64, 64) uint8, t): the frame with a thing that copy-last-frame notices."""
    clip, quiet = with_anomaly(function), _quiet_clip()
    # What was changed, not what the student says: so any way to draw will do.
    changed = (clip.frames != quiet.frames)[FIRST : LAST + 1]
    empty = np.flatnonzero(~changed.any((1, 2)))
    faults = {
        "Nothing is drawn: your frames come back as they were.": not changed.any(),
        "At t = {t} nothing is drawn, and not only then: your thing must be in the picture "
        "from t = 0 to {last}. Has it left? `% 64` brings it back.": len(empty) > len(changed) // 4,
        "More than half of the picture has changed. That is a broken camera; draw a thing "
        "into the scene.": changed.mean((1, 2)).min() > 0.5,
        "Your thing stands still. After the first moment, copy-last-frame predicts it perfectly: "
        "use t to move it.": (changed == changed[0]).all(),
    }
    refuse(faults, t=next(iter(empty), None), last=LAST - FIRST)
    auc = evaluation.evaluate(predictors.copy_last_frame, Scene("mine", [quiet], [clip])).auc_raw
    if auc < 0.9:
        raise NotYet(
            "It is there and it moves, but copy-last-frame hardly notices: AUC {auc:.2f}. "
            "Larger, faster, or with more contrast?",
            auc=auc,
        )
    return say(
        "Copy-last-frame notices: AUC {auc:.2f}. Now the art: one that moves and is *not* noticed.",
        auc=auc,
    )
