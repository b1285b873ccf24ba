"""The checks of notebook 02: PSNR, aligned scores, a fooled PSNR, a guard's threshold, a runner."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from vadcourse.checking import (
    NotYet,
    attempt,
    compare,
    exercise,
    number,
    numbers,
    refuse,
    same,
)
from vadkit import metrics, toy
from vadkit.scenes import Clip
from vadkit.text import say
from vadkit.windows import N_INPUTS

FALSE_ALARMS = 2  # what the guard tolerates in a day


def _pictures(*shape):
    return torch.from_numpy(np.random.default_rng().random(shape, dtype=np.float32))


@exercise("02", "PSNR")
def check_psnr(function: Callable) -> str:
    """Check f(prediction (N, 1, H, W), target): the PSNR (N,) of each window, in dB."""
    target = _pictures(3, 1, 12, 16)
    prediction = (target + 0.3 * (_pictures(3, 1, 12, 16) - 0.5)).clamp(0, 1)
    expected = metrics.psnr(prediction, target).numpy().astype(float)
    # In float64, so that rounding is no mistake of the student.
    difference = (prediction - target).flatten(1).numpy().astype(float)
    squared = difference**2
    summed, of_batch = -10 * np.log10(squared.sum(1)), -10 * np.log10(squared.mean())
    absolute = -10 * np.log10(np.abs(difference).mean(1))
    cancelled = -20 * np.log10(np.abs(difference.mean(1)))
    mistakes = {
        "The sign is wrong: PSNR goes up when the prediction is good.": -expected,
        "You summed the squared errors; take their mean, or the value depends on the size of "
        "the frame.": summed,
        "That is the natural logarithm; decibels use log10.": expected * np.log(10),
        "Decibels are 10 times the logarithm; the 10 is missing.": expected / 10,
        "20 log10(1 / MSE) is twice too much: 20 belongs to the root of the MSE.": 2 * expected,
        "That is half of it: 10 belongs to the MSE, 20 to its root.": expected / 2,
        "Square every difference before you take the mean, or too bright and too dark "
        "cancel.": cancelled,
        "These pixels run from 0 to 1, so the peak is 1, not 255.": expected + 20 * np.log10(255),
        "That is the MSE itself; turn it into decibels.": squared.mean(1),
        "That is the mean absolute error; PSNR squares the differences.": absolute,
        "That is one value for the whole batch; take the mean per window.": [of_batch] * 3,
        "That is one number for the whole batch. Return one value per window.": of_batch,
    }
    compare(attempt(function, prediction, target), expected, mistakes)
    return "That is PSNR, in dB, one value per window."


@exercise("02", "Align")
def check_frame_scores(function: Callable) -> str:
    """Check f(psnr of each window (T - 4,)): that of each frame (T,), the first four NaN."""
    psnr = np.random.default_rng().normal(32, 3, 30)
    gap = [np.nan] * N_INPUTS
    expected = [*gap, *psnr]
    at_the_end = [*psnr, *gap]
    zeros = [*np.zeros(N_INPUTS), *psnr]
    invented = [*psnr[:1].repeat(N_INPUTS), *psnr]
    overwritten = [*gap, *psnr[N_INPUTS:]]
    five = [np.nan, *expected]
    mistakes = {
        "The gap is at the end; it is the first four frames that have no prediction.": at_the_end,
        "Zero dB would be a terrible frame, not a missing score: use NaN.": zeros,
        "Do not invent scores for the first four frames: use NaN.": invented,
        "There is one score for each window, but four frames more: "
        "the first four are missing.": psnr,
        "You overwrote four scores: every window keeps its own, "
        "and four frames are added.": overwritten,
        "Four frames have none, not five: a window of 4 + 1 frames predicts its fifth.": five,
    }
    compare(attempt(function, psnr), expected, mistakes)
    return "Scores and labels now line up."


def published_psnr(prediction: Tensor, target: Tensor) -> Tensor:
    """PSNR (N,) in dB of images (N, 1, H, W) in [0, 1], as some code of the field computes it."""
    difference = (target - prediction).flatten(1).mean(1)
    return 10 * torch.log10(1 / difference.square())


@exercise("02", "Fool the published PSNR")
def check_fooled(function: Callable) -> str:
    """Check f(target (1, 1, H, W)): one below 20 dB that `published_psnr` gives 60 dB or more."""
    ramp = torch.linspace(0.2, 0.5, 16).expand(1, 1, 16, 16)
    target = ramp + 0.5 * _pictures(1, 1, 16, 16)
    prediction = torch.from_numpy(numbers(attempt(function, target), target.shape)).float()
    low, high = prediction.min().item(), prediction.max().item()
    honest = metrics.psnr(prediction, target).item()
    published = published_psnr(prediction, target).item()
    out_of_range = not (low >= 0 and high <= 1)  # or NaN
    perfect = honest > 60
    faults = {
        "Pixels of a prediction lie between 0 and 1; "
        "yours run from {low:.2f} to {high:.2f}.": out_of_range,
        "That is the target itself. It is a perfect prediction, and deserves its mark.": perfect,
        "The honest PSNR is {honest:.1f} dB: that is too good a prediction. "
        "Make it worse than 20 dB.": honest > 20,
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


def _guarded_clip():
    """PSNR (300,) and labels of a clip: three anomalies lie between the lowest normal frames."""
    rng = np.random.default_rng()
    labels = rng.permutation(300) < 40
    psnr = np.where(labels, rng.normal(28, 2, 300), rng.normal(33, 1.5, 300))
    psnr[:N_INPUTS], labels[:N_INPUTS] = np.nan, False
    normal = np.sort(psnr[~labels & ~np.isnan(psnr)])
    psnr[np.flatnonzero(labels)[:3]] = (normal[1:4] + normal[2:5]) / 2
    return psnr, labels, normal


@exercise("02", "A threshold for the guard")
def check_threshold(function: Callable) -> str:
    """Check f(psnr (T,), labels (T,) bool): the highest threshold with two false alarms at most.

    An alarm is a frame whose PSNR is below it; some PSNR are NaN.
    """
    psnr, labels, normal = _guarded_clip()
    answer = attempt(function, psnr, labels)
    if same(numbers(answer), np.nan):
        raise NotYet(
            "That is NaN: the first four frames have no PSNR. Leave them out before you sort."
        )
    threshold = number(answer)
    false_alarms = int((normal < threshold).sum())
    caught = (psnr[labels] < threshold).sum()
    more = (psnr[labels] < normal[FALSE_ALARMS]).sum() - caught
    # The third lowest PSNR of normal frames has just two below it.
    third_lowest, third_highest = np.sort(psnr)[FALSE_ALARMS], normal[-1 - FALSE_ALARMS]
    all_but_two = false_alarms == len(normal) - FALSE_ALARMS
    faults = {
        "You counted anomalies among the false alarms. "
        "An alarm is false where the label says normal.": same(threshold, third_lowest),
        "You sorted from the wrong end: an alarm rings when the PSNR is *below* "
        "the threshold.": all_but_two or same(threshold, third_highest),
        "The guard hears {n} false alarms, and tolerates {most}.": false_alarms > FALSE_ALARMS,
        "Too low: {n} of the {most} tolerated false alarms are used, and {more} more abnormal "
        "frames could be caught.": more > 0,
    }
    refuse(faults, n=false_alarms, most=FALSE_ALARMS, more=more)
    return say(
        "{n} false alarms, and {caught} of {all} abnormal frames caught. "
        "That is what this detector is worth to this guard.",
        n=false_alarms,
        caught=caught,
        all=labels.sum(),
    )


@lru_cache(maxsize=1)
def runner_clips() -> list[Clip]:
    """Six test clips with a runner, of six validation scenes."""
    runner = toy.HEADLINE.index("runner")
    return [toy.toy_scene(seed, "campus").test_clips[runner] for seed in toy.VALIDATION_SEEDS[:6]]


def _macro_auc(scores):
    """Average each clip's own AUC, so that a detector need not be comparable between cameras."""
    return metrics.frame_auc(scores, [clip.labels for clip in runner_clips()], average="macro")


@exercise("02", "Catch the runner")
def check_runner(function: Callable) -> str:
    """Check f(frames (T, H, W) uint8): scores (T,), up = abnormal, NaN where there is none."""
    clips = runner_clips()
    scores = [numbers(attempt(function, clip.frames)) for clip in clips]
    for clip, values in zip(clips, scores):
        _refuse_poor_scores(values, len(clip))
    # Beaten by a margin: less than 0.01 on six clips is chance.
    changes = [np.diff(clip.frames.astype(float), axis=0) for clip in clips]
    copy_last_frame = [[np.nan, *(change**2).mean((1, 2))] for change in changes]
    auc, bar = _macro_auc(scores), _macro_auc(copy_last_frame)
    copied = same(auc, bar, atol=1e-9, rtol=0)
    faults = {
        "Macro AUC {auc:.3f}, worse than guessing. "
        "Does your score go up when things are normal?": auc < 0.5,
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
    too_few = np.isinf(scores).any() or np.isnan(scores).mean() > 0.2
    all_equal = len(np.unique(scores[~np.isnan(scores)])) == 1
    faults = {
        "A clip of {n} frames needs {n} scores, NaN where there is none; "
        "yours has the shape {got}.": scores.shape != (n_frames,),
        "Too many scores are NaN or infinite. "
        "Only a few frames at the beginning may have none.": too_few,
        "All scores of a clip are equal: nothing tells the runner from anybody else.": all_equal,
    }
    refuse(faults, n=n_frames, got=scores.shape)
