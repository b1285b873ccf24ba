"""The checks of notebook 01: scores, moving pixels, kappa, an AUC by hand, your own anomaly."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from vadcourse.checking import attempt, exercise, judge, numbers, refuse
from vadkit import evaluation, predictors, toy
from vadkit.scenes import Clip, Scene
from vadkit.text import say

FIRST, LAST = 30, 70  # the frames in which your own anomaly is in the picture, both included


def _marks_of_two():
    """Six pairs of marks (T,), from two people who nearly agree to one who marks nothing."""
    rng = np.random.default_rng()
    pairs = []
    for different in (0.05, 0.15, 0.3, 0.55, 0.85):
        n = int(rng.integers(40, 160))
        marks, switched = rng.permutation(n) < rng.uniform(0.15, 0.4) * n, rng.permutation(n)
        pairs.append((marks, marks ^ (switched < round(different * n))))
    return [*pairs, (marks, np.zeros(n, bool))]


@exercise("01", "Cohen's kappa")
def check_kappa(function: Callable) -> str:
    """Check f(marks (T,) bool, others (T,) bool): Cohen's kappa."""
    draws = _marks_of_two()
    answers = [attempt(function, *pair) for pair in draws]
    trials = []
    for (a, b), answer in zip(draws, answers):
        agree, share_a, share_b = (a == b).mean(), a.mean(), b.mean()
        # By chance both mark a frame, or neither does.
        both = share_a * share_b
        chance = both + (1 - share_a) * (1 - share_b)
        kappa = (agree - chance) / (1 - chance)
        pooled = ((share_a + share_b) / 2) ** 2 + (1 - (share_a + share_b) / 2) ** 2
        mistakes = {
            "That is the share of equal labels. Take out what chance alone would give.": agree,
            "That is the agreement that chance alone would give; "
            "it is the second ingredient.": chance,
            "Divide by what was left to reach: 1 minus the agreement by chance.": agree - chance,
            "Two people also agree by chance on normal frames: add both times 'normal'.": (
                agree - both
            )
            / (1 - both),
            "Chance is not one half: it depends on how many frames each of them marks.": 2 * agree
            - 1,
            "Brackets are missing: divide all of the first difference by all of the second.": agree
            - chance / 1
            - chance,
            "Always 0? So it is when the agreement that was found is taken for that of chance. "
            "Multiply how often each of them marks, instead.": 0,
            "That is the overlap, IoU. Kappa starts from the share of equal labels.": (a & b).sum()
            / (a | b).sum(),
            "Where two people agree less than by chance, kappa is negative: "
            "do not cut it off at 0.": max(kappa, 0),
            "Where two people agree less than by chance, kappa is negative: "
            "leave its sign alone.": abs(kappa),
            "That is one minus kappa.": 1 - kappa,
            "Chance needs both people: the share that one marks times the share that "
            "the other marks.": (agree - pooled) / (1 - pooled),
            "Divide by 1 minus the agreement by chance, not by that agreement.": (agree - chance)
            / chance,
        }
        trials.append((answer, kappa, mistakes))
    judge(trials)
    return "1 is perfect agreement, 0 is no better than chance."


def _some_psnr():
    """Four clips of any length: ordinary ones, and one with frames so bad that some are below 0."""
    rng = np.random.default_rng()
    clips = [rng.normal(32, rng.uniform(1, 4), rng.integers(12, 60)) for _ in range(3)]
    return [*clips, np.append(rng.normal(-1, 4, 9), [rng.uniform(10, 20)])]


@exercise("01", "The anomaly score")
def check_anomaly_score(function: Callable) -> str:
    """Check f(psnr (T,)): the scores (T,) of one clip, in [0, 1], up = abnormal."""
    draws = _some_psnr()
    answers = [attempt(function, psnr) for psnr in draws]
    trials = []
    for psnr, answer in zip(draws, answers):
        low, high = psnr.min(), psnr.max()
        regularity = (psnr - low) / (high - low)
        score = 1 - regularity
        rank = 1 - psnr.argsort().argsort() / (len(psnr) - 1)
        upside_down, squared = 1 - psnr, score**2
        mistakes = {
            "It goes up when the frame is normal: that is the regularity score. "
            "Take 1 minus it.": regularity,
            "The order is right, but the lowest PSNR does not get a 1: subtract the lowest value "
            "before you divide.": 1 - psnr / high,
            "The order is right, but the lowest PSNR does not get a 1: divide by the range, "
            "highest minus lowest.": high - psnr,
            "Those are the PSNR values with the other sign: stretch them to [0, 1].": -psnr,
            "Those are the PSNR values as they are: stretch them to [0, 1], "
            "and turn them upside down.": psnr,
            "The 1 in `1 -` is the top of the stretched values: stretch the PSNR "
            "to [0, 1] first.": upside_down,
            "That runs from -1 to 0: take 1 minus the stretched values, "
            "not 0 minus them.": -regularity,
            "Those are ranks. Linear in between is asked: how far a PSNR is from the "
            "highest counts.": rank,
            "The scores are right, but sorted: leave them in the order of the frames.": np.sort(
                score
            ),
            "Those are per cent; a score lies between 0 and 1.": 100 * score,
            "You squared the score; it is linear in between.": squared,
        }
        trials.append((answer, score, mistakes))
    judge(trials)
    return "0 for the most ordinary frame, 1 for the oddest."


def _flickering_clips():
    """Three clips whose pixels stay, change a little, by 24 to 26, or a lot; and one that stays."""
    rng = np.random.default_rng()
    clips = []
    for n_frames in (2, *rng.integers(4, 8, 2)):
        frames = rng.integers(-40, 296, (n_frames, *rng.integers(9, 17, 2))).clip(0, 255)
        for t in range(1, n_frames):
            by = rng.choice([0, 0, 0, 3, 24, 25, 25, 26, 40, 150, 250], frames[t].shape)
            darker = (frames[t - 1] + by > 255) | (rng.random(by.shape) < 0.4)
            frames[t] = np.where(darker, frames[t - 1] - by, frames[t - 1] + by).clip(0, 255)
        clips.append(frames.astype(np.uint8))
    still = clips[1][:1].repeat(3, axis=0)
    return [*clips, still]


@exercise("01", "Moving pixels")
def check_moving_pixels(function: Callable) -> str:
    """Check f(frames (T, H, W) uint8): the shares (T - 1,) of pixels that change by over 25."""
    draws = _flickering_clips()
    answers = [attempt(function, frames) for frames in draws]
    trials = []
    for frames, answer in zip(draws, answers):
        change = np.diff(frames.astype(int), axis=0)
        moved, at_least = np.abs(change) > 25, (np.abs(change) >= 25).mean((1, 2))
        share = moved.mean((1, 2))
        # uint8 on purpose: the difference wraps around, as it does for a student who forgets it.
        wrapped = (frames[1:] - frames[:-1] > 25).mean((1, 2))
        from_first = (np.abs(frames[1:].astype(int) - frames[0]) > 25).mean((1, 2))
        brighter, darker = (change > 25).mean((1, 2)), (change < -25).mean((1, 2))
        any_change, on_average = (change != 0).mean((1, 2)), np.abs(change).mean((1, 2))
        mistakes = {
            "uint8 wraps around: 10 - 20 is 246 there. Turn the frames into floats first.": wrapped,
            "You count pixels that grew brighter. Those that grew darker "
            "have moved as well.": brighter,
            "You count pixels that grew darker. Those that grew brighter "
            "have moved as well.": darker,
            "That is the share of pixels that stood still.": 1 - share,
            "That is a number of pixels; divide by how many there are.": moved.sum((1, 2)),
            "Those are per cent; return shares, between 0 and 1.": 100 * share,
            "No pixel ever moved? 25 grey levels are meant, of pixels that run from 0 to 255.": 0
            * share,
            "That is how much pixels changed on average. Count those that changed "
            "by more than 25.": on_average,
            "Every pixel that changed at all is in there, the camera's noise too: "
            "more than 25 is asked.": any_change,
            "A change of 25 is not more than 25: use > and not >=.": at_least,
            "You compare with the first frame; each frame is compared with "
            "the one before it.": from_first,
            "One score too many: the first frame has none before it to compare with.": [0, *share],
            "That is one number for the clip. Return one for each pair of frames.": share.mean(),
        }
        trials.append((answer, share, mistakes))
    judge(trials)
    return "A detector in two lines, and it learns nothing."


def _scores_with_ties():
    """Six clips with scores (T,) of either sign, some equal for certain, and labels (T,)."""
    rng = np.random.default_rng()
    clips = []
    for better in (-3, -1, 1, 2, 4, 0):  # the abnormal frames, in steps of which the noise has ten
        n, n_abnormal = int(rng.integers(40, 80)), int(rng.integers(8, 18))
        labels = np.arange(n) < n_abnormal
        scores = rng.integers(-5, 6, n) + better * labels
        scores[[0, -1]] = scores[1]
        order = rng.permutation(n)
        clips.append((scores[order] / 4, labels[order]))
    scores = rng.integers(-3, 4, 9) / 4
    return [*clips, (scores, np.arange(9) == rng.integers(9)), (0 * scores, np.arange(9) < 4)]


@exercise("01", "The AUC, pair by pair")
def check_auc(function: Callable) -> str:
    """Check f(scores (T,), labels (T,) bool): how often an abnormal frame scores higher."""
    draws = _scores_with_ties()
    answers = [attempt(function, *clip) for clip in draws]
    trials = []
    for (scores, labels), answer in zip(draws, answers):
        difference = scores[labels][:, None] - scores[~labels][None]
        # One pair is an abnormal frame and a normal one, in any order of time.
        wins, ties = (difference > 0).mean(), (difference == 0).mean()
        auc, n_pairs = wins + ties / 2, difference.size
        reverse_wins, all_pairs = 1 - wins - ties, len(scores) ** 2
        mistakes = {
            "That is the chance that a normal frame scores higher: "
            "the two are the wrong way round.": 1 - auc,
            "You count the pairs in which the normal frame scores higher: "
            "the two are the wrong way round.": reverse_wins,
            "Equal scores are nobody's win: count a tie as one half, not as zero.": wins,
            "Equal scores are nobody's win: count a tie as one half, not as one.": wins + ties,
            "Equal scores are not left out: count a tie as one half.": _ratio(wins, 1 - ties),
            "You divide by all pairs of frames. Only pairs of an abnormal and a normal frame "
            "count.": wins * n_pairs / all_pairs,
            "You divide by all pairs of frames; divide by those of an abnormal "
            "and a normal one.": auc * n_pairs / all_pairs,
            "That is a number of pairs; divide by how many pairs there are.": auc * n_pairs,
            "That is a number of pairs, and ties are missing from it: count half of them, "
            "and divide by how many pairs there are.": wins * n_pairs,
            "An AUC below one half is worse than guessing, and has to be told: "
            "do not turn it round.": max(auc, 1 - auc),
            "An AUC below one half is worse than guessing, and has to be told: "
            "do not cut it off.": max(auc, 0.5),
            "That is twice the AUC minus 1: ties count one half, lost pairs 0 and not -1.": wins
            - reverse_wins,
            "That is a difference of means. Compare frame with frame, "
            "and count who is higher.": difference.mean(),
        }
        trials.append((answer, auc, mistakes))
    judge(trials)
    return "The area under the ROC curve is exactly this, and no curve was drawn."


def _ratio(part, whole):
    return part / whole if whole else np.nan


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
        _refuse_other_pixels(frame, t)
        frames[t], labels[t] = frame.astype(np.uint8), True
    return Clip("my anomaly", frames, labels=labels)


def _refuse_other_pixels(frame, t):
    low, high = frame.min(), frame.max()
    faults = {
        "A pixel lies between 0 and 255; frame {t} has NaN.": np.isnan(low),
        "A pixel lies between 0 and 255; frame {t} runs from {low:g} to {high:g}.": low < 0
        or high > 255,
        "A pixel lies between 0 and 255; frame {t} only reaches {high:g}. Was it divided by 255?": 0
        < high
        <= 1,
    }
    refuse(faults, t=t, low=low, high=high)


@exercise("01", "Your own anomaly")
def check_anomaly(function: Callable) -> str:
    """Check f(frame (64, 64) uint8, t): the frame with a thing that copy-last-frame notices."""
    clip, quiet = with_anomaly(function), _quiet_clip()
    # What was changed, not what the student says: so any way to draw will do.
    changed = (clip.frames != quiet.frames)[FIRST : LAST + 1]
    empty, full = (np.flatnonzero(there) for there in _nowhere_and_everywhere(changed))
    faults = {
        "Nothing is drawn: your frames come back as they were.": not changed.any(),
        "At t = {t} nothing is drawn, and not only then: your thing must be in the picture "
        "from t = 0 to {last}. Has it left? `% 64` brings it back.": len(empty) > len(changed) // 4,
        "At t = {everywhere} more than half of the picture has changed, and not only then. "
        "That is a broken camera; draw a thing into the scene.": len(full) > len(changed) // 4,
    }
    refuse(faults, t=_first(empty), everywhere=_first(full), last=LAST - FIRST)
    auc = evaluation.evaluate(predictors.copy_last_frame, Scene("mine", [quiet], [clip])).auc_raw
    faults = {
        "Your thing stays where it is, and what stays copy-last-frame predicts perfectly: "
        "use t to move it.": auc < 0.9 and (changed == changed[0]).all(),
        "It is there and it changes, but copy-last-frame hardly notices: AUC {auc:.3f}. "
        "Larger, faster, or with more contrast?": auc < 0.9,
    }
    refuse(faults, auc=auc)
    return say(
        "Copy-last-frame notices: AUC {auc:.2f}. Now the art: one that moves and is *not* noticed.",
        auc=auc,
    )


def _nowhere_and_everywhere(changed):
    share = changed.mean((1, 2))
    return share == 0, share > 0.5


def _first(indices):
    return next(iter(indices), None)
