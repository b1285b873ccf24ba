"""The checks of notebook 02: PSNR, aligned scores, a fooled PSNR, a guard's threshold, a runner."""

import copy
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from vadcourse.checking import NotYet, attempt, exercise, judge, number, numbers, refuse, same
from vadkit import metrics, toy
from vadkit.scenes import Clip
from vadkit.text import say
from vadkit.windows import N_INPUTS

FALSE_ALARMS = 2  # what the guard tolerates in a day


def _day(n_frames, n_abnormal, step, tied=False):
    """PSNR (T,) and labels: anomalies lie between the lowest normal frames."""
    rng = np.random.default_rng()
    labels = np.append(np.zeros(N_INPUTS, bool), rng.permutation(n_frames) < n_abnormal)
    psnr = rng.normal(rng.uniform(22, 36), 1.5, len(labels))
    psnr[labels] += rng.normal(-4, 3, labels.sum())
    psnr = np.round(psnr / step) * step
    lowest = [i for i in psnr.argsort() if i >= N_INPUTS and not labels[i]]
    if tied:
        psnr[lowest[1]] = psnr[lowest[2]]
    normal = psnr[lowest]
    share = 0.97, *rng.uniform(0.6, 0.97, 2)
    between = normal[1:4] + share * np.diff(normal[1:5])
    psnr[rng.permutation(np.flatnonzero(labels))[:3]] = between
    psnr[:N_INPUTS] = np.nan
    # A threshold in float32 is as good as one in float64.
    return psnr.astype(np.float32).astype(float), labels


def _days():
    """A long day, a short one, and one whose PSNR are so coarse that many are the same."""
    rng = np.random.default_rng()
    long, short, coarse = rng.integers(200, 400), rng.integers(20, 36), rng.integers(80, 150)
    return [_day(long, long // 8, 1e-5), _day(short, 5, 1e-5), _day(coarse, coarse // 5, 0.5, True)]


@exercise("02", "A threshold for the guard")
def check_threshold(function: Callable) -> str:
    """Check f(psnr (T,), labels (T,) bool): the highest threshold with two false alarms at most.

    An alarm is a frame whose PSNR is below it; some PSNR are NaN.
    """
    draws = _days()
    answers = [attempt(function, psnr, labels) for psnr, labels in draws]
    if any(same(numbers(answer).ravel(), [np.nan]) for answer in answers):
        raise NotYet(
            "That is NaN: the first four frames have no PSNR. Leave them out before you sort."
        )
    thresholds = [number(answer) for answer in answers]
    normals = [np.sort(psnr[N_INPUTS:][~labels[N_INPUTS:]]) for psnr, labels in draws]
    third_lowest = [np.sort(psnr)[FALSE_ALARMS] for psnr, _ in draws]
    third_highest = [normal[-1 - FALSE_ALARMS] for normal in normals]
    days = list(zip(draws, normals, thresholds))
    false_alarms = [int((normal < threshold).sum()) for _, normal, threshold in days]
    silent = [int((normal >= threshold).sum()) for _, normal, threshold in days]
    caught = [int((psnr[labels] < threshold).sum()) for (psnr, labels), _, threshold in days]
    # The third lowest PSNR of normal frames has at most two below it.
    best = [(psnr[labels] < normal[FALSE_ALARMS]).sum() for (psnr, labels), normal, _ in days]
    more = np.subtract(best, caught)
    wrong = (np.array(false_alarms) > FALSE_ALARMS) | (more > 0)
    day = int(wrong.argmax())
    upside_down = same(thresholds, third_highest) or set(silent) == {FALSE_ALARMS}
    faults = {
        "You counted anomalies among the false alarms. "
        "An alarm is false where the label says normal.": same(thresholds, third_lowest),
        "You sorted from the wrong end: an alarm rings when the PSNR is *below* "
        "the threshold.": upside_down,
        "The guard hears {n} false alarms, and tolerates {most}.": false_alarms[day] > FALSE_ALARMS,
        "Too low: {n} of the {most} tolerated false alarms are used, and {more} more abnormal "
        "frames could be caught.": more[day] > 0,
    }
    if wrong.any():
        refuse(faults, n=false_alarms[day], most=FALSE_ALARMS, more=more[day])
    return say(
        "{n} false alarms, and {caught} of {all} abnormal frames caught. "
        "That is what this detector is worth to this guard.",
        n=false_alarms[0],
        caught=caught[0],
        all=draws[0][1].sum(),
    )


def published_psnr(prediction: Tensor, target: Tensor) -> Tensor:
    """PSNR (N,) in dB of images (N, 1, H, W) in [0, 1], as some code of the field computes it."""
    difference = (target - prediction).flatten(1).mean(1)
    return 10 * torch.log10(1 / difference.square())


def _dark_and_bright_targets():
    """Three noisy ramps, (1, 1, H, W), each brighter than the one before."""
    rng = np.random.default_rng()
    targets = []
    for darkest in (0.08, 0.16, 0.24):
        height, width = 2 * rng.integers(6, 12, 2)
        ramp = np.linspace(darkest, darkest + 0.2, width)
        target = ramp + 0.45 * rng.random((1, 1, height, width))
        targets.append(torch.from_numpy(target.astype(np.float32)))
    return targets


@exercise("02", "Fool the published PSNR")
def check_fooled(function: Callable) -> str:
    """Check f(target (1, 1, H, W)): one below 20 dB that `published_psnr` gives 60 dB or more."""
    targets = _dark_and_bright_targets()
    answers = [attempt(function, target) for target in targets]
    for target, answer in zip(targets, answers):
        prediction = torch.from_numpy(numbers(answer, target.shape)).float()
        low, high = prediction.min().item(), prediction.max().item()
        honest = metrics.psnr(prediction, target).item()
        published = published_psnr(prediction, target).item()
        faults = {
            "There are NaN values where pixels belong.": np.isnan(low),
            "Pixels of a prediction lie between 0 and 1; "
            "yours run from {low:.3g} to {high:.3g}.": low < -1e-6 or high > 1 + 1e-6,
            "That is the target itself. It is a perfect prediction, and deserves its mark.": same(
                prediction, target, rtol=0
            ),
            "The honest PSNR is {honest:.1f} dB: that is too good a prediction. "
            "Make it worse than 20 dB.": honest >= 20,
            "The published formula is not fooled: {published:.1f} dB. What you add in one place, "
            "take away in another.": published < 60,
        }
        refuse(faults, low=low, high=high, honest=honest, published=published)
    return say(
        "An honest {honest:.1f} dB, and the published formula says {published:.0f} dB: "
        "differences of both signs cancel.",
        honest=honest,
        published=published,
    )


def _pairs():
    """Predictions and targets of any size: a single window, several, and black taken for white."""
    rng = np.random.default_rng()
    pairs = []
    for n_windows in (1, rng.integers(2, 4), rng.integers(4, 7)):
        target = rng.random((n_windows, 1, *rng.integers(5, 17, 2)), np.float32)
        noise = np.append(0.02, rng.uniform(0.05, 1, n_windows - 1)).reshape(-1, 1, 1, 1)
        noise = noise * (rng.random(target.shape) - 0.4)
        pairs.append(((target + noise).clip(0, 1).astype(np.float32), target))
    white = rng.uniform(0.95, 1, (2, 1, *rng.integers(5, 9, 2))).astype(np.float32)
    pairs.append((0.02 * rng.random(white.shape, np.float32), white))
    return [tuple(map(torch.from_numpy, pair)) for pair in pairs]


@exercise("02", "PSNR")
def check_psnr(function: Callable) -> str:
    """Check f(prediction (N, 1, H, W), target): the PSNR (N,) of each window, in dB."""
    draws = _pairs()
    answers = [attempt(function, *pair) for pair in draws]
    trials = []
    for (prediction, target), answer in zip(draws, answers):
        # In float64, so that rounding is no mistake of the student.
        difference = (prediction - target).flatten(1).double().numpy()
        squared = difference**2
        mse = squared.mean(1)
        psnr, summed, of_batch = (-10 * np.log10(v) for v in (mse, squared.sum(1), squared.mean()))
        absolute, of_bias = np.abs(difference).mean(1), np.abs(difference.mean(1))
        mistakes = {
            "The sign is wrong: PSNR goes up when the prediction is good.": -psnr,
            "You summed the squared errors; take their mean, or the value depends on the size of "
            "the frame.": summed,
            "That is the natural logarithm; decibels use log10.": psnr * np.log(10),
            "Decibels are 10 times the logarithm; the 10 is missing.": psnr / 10,
            "20 log10(1 / MSE) is twice too much: 20 belongs to the root of the MSE.": 2 * psnr,
            "That is half of it: 10 belongs to the MSE, 20 to its root.": psnr / 2,
            "Square every difference before you take the mean, or too bright and too dark "
            "cancel.": -20 * np.log10(of_bias),
            "These pixels run from 0 to 1, so the peak is 1, not 255.": psnr + 20 * np.log10(255),
            "The peak is the most that a pixel can be, 1, and not the brightest pixel of "
            "the target.": psnr + 20 * np.log10(target.max().item()),
            "That is the MSE itself; turn it into decibels.": mse,
            "That is the root of the MSE; turn it into decibels.": np.sqrt(mse),
            "That is the mean absolute error; PSNR squares the differences.": -10
            * np.log10(absolute),
            "The root belongs to the mean of the squares: you took the mean of the absolute "
            "differences.": -20 * np.log10(absolute),
            "That is one value for the whole batch; take the mean per window.": [of_batch]
            * len(psnr),
            "That is one number for the whole batch. Return one value per window.": of_batch,
            "That is the mean over the windows. Return one value per window.": psnr.mean(),
        }
        trials.append((answer, psnr, mistakes))
    judge(trials)
    return "That is PSNR, in dB, one value per window."


def _window_psnrs():
    """Clips of one, a few, and many windows; in one a window has 0 dB and another is perfect."""
    rng = np.random.default_rng()
    clips = [rng.normal(32, 3, n) for n in (1, rng.integers(2, 5), *rng.integers(6, 60, 2))]
    clips[2][rng.permutation(len(clips[2]))[:2]] = 0.0, metrics.MAX_PSNR
    return clips


@exercise("02", "Align")
def check_frame_scores(function: Callable) -> str:
    """Check f(psnr of each window (T - 4,)): that of each frame (T,), the first four NaN."""
    draws = _window_psnrs()
    answers = [numbers(attempt(function, psnr)) for psnr in draws]
    gap, half_gap, zeros = [np.nan] * N_INPUTS, [np.nan] * (N_INPUTS // 2), [0.0] * N_INPUTS
    trials = []
    for psnr, answer in zip(draws, answers):
        invented = answer.ravel()[:N_INPUTS]
        mistakes = {
            "The gap is at the end; it is the first four frames that have no prediction.": [
                *psnr,
                *gap,
            ],
            "A window predicts its last frame, not the one in its middle: the gap of four frames "
            "is at the beginning.": [*half_gap, *psnr, *half_gap],
            "Zero dB would be a terrible frame, not a missing score: use NaN.": [*zeros, *psnr],
            "There is one score for each window, but four frames more: "
            "the first four are missing.": psnr,
            "You overwrote four scores: every window keeps its own, and four frames are added.": [
                *gap,
                *psnr[N_INPUTS:],
            ],
            "Four frames have none, not five: a window of 4 + 1 frames predicts its fifth.": [
                np.nan,
                *gap,
                *psnr,
            ],
            "Four frames have none, not three: window 0 predicts frame 4.": [*gap[1:], *psnr],
            "Do not invent scores for the first four frames: use NaN.": [*invented, *psnr],
        }
        trials.append((answer, [*gap, *psnr], mistakes))
    judge(trials)
    return "Scores and labels now line up."


@lru_cache(maxsize=1)
def _filmed():
    runner = toy.HEADLINE.index("runner")
    return [toy.toy_scene(seed, "campus").test_clips[runner] for seed in toy.VALIDATION_SEEDS[:6]]


def runner_clips() -> list[Clip]:
    """Six test clips with a runner, of six validation scenes."""
    return copy.deepcopy(_filmed())


def _shown():
    """The frames of the six clips in any order, some mirrored: no list of labels fits."""
    rng = np.random.default_rng()
    films = [clip.frames[:, :, :: rng.choice([-1, 1])].copy() for clip in _filmed()]
    return [films[i] for i in rng.permutation(len(films))]


def _macro_auc(scores, labels):
    """Average each clip's own AUC, so that a detector need not be comparable between cameras."""
    return metrics.frame_auc(scores, labels, average="macro")


@exercise("02", "Catch the runner")
def check_runner(function: Callable) -> str:
    """Check f(frames (T, H, W) uint8): scores (T,), up = abnormal, NaN where there is none."""
    films = _shown()
    scores = [numbers(attempt(function, frames)) for frames in films]
    for frames, values in zip(films, scores):
        _refuse_poor_scores(values, len(frames))
    labels = [
        next(
            c.labels
            for c in _filmed()
            for way in (1, -1)
            if np.array_equal(c.frames[:, :, ::way], frames)
        )
        for frames in films
    ]
    # Beaten by a margin: less than 0.01 on six clips is chance.
    changes = [np.diff(frames.astype(float), axis=0) for frames in films]
    copy_last_frame = [[np.nan, *(change**2).mean((1, 2))] for change in changes]
    auc, bar = _macro_auc(scores, labels), _macro_auc(copy_last_frame, labels)
    copied = same(auc, bar, atol=1e-9, rtol=0)
    faults = {
        "Macro AUC {auc:.3f}, worse than guessing. "
        "Does your score go up when things are normal?": auc < 0.42,
        "Macro AUC {auc:.3f}: that is copy-last-frame again, in other words.": copied,
        "Macro AUC {auc:.3f}. Copy-last-frame has {bar:.3f}, "
        "and at least {wanted:.3f} is asked.": auc < bar + 0.01,
    }
    refuse(faults, auc=auc, bar=bar, wanted=bar + 0.01)
    return say(
        "Macro AUC {auc:.3f}, and copy-last-frame has {bar:.3f}. "
        "On six clips: an anecdote, and a good one.",
        auc=auc,
        bar=bar,
    )


def _refuse_poor_scores(scores, n_frames):
    missing = np.isnan(scores)
    few = scores.ndim == 1 and not np.isinf(scores).any() and missing.mean() <= 0.2
    scored = np.flatnonzero(~missing)
    faults = {
        "A clip of {n} frames needs {n} scores, NaN where there is none; "
        "yours has the shape {got}.": scores.shape != (n_frames,),
        "Too many scores are NaN or infinite. "
        "Only a few frames at the beginning may have none.": not few,
        "A frame between two others has no score: only the first frames, or the last, may have "
        "none.": few and missing[scored[0] : scored[-1]].any(),
        "All scores of a clip are equal: nothing tells the runner from anybody else.": len(
            np.unique(scores[~missing])
        )
        == 1,
    }
    refuse(faults, n=n_frames, got=scores.shape)
