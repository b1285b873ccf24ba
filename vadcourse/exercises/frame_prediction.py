"""The checks of notebook 02: PSNR, aligned scores, a fooled PSNR, a guard's threshold, a detector for the runner."""

from functools import lru_cache

import numpy as np
import torch

from vadcourse.exercises.core import NotYet, attempt, compare, exercise, number, numbers, same
from vadkit import metrics, toy
from vadkit.text import say
from vadkit.windows import N_INPUTS

FALSE_ALARMS = 2  # what the guard tolerates in a day


def _pictures(*shape):
    return torch.from_numpy(np.random.default_rng().random(shape, dtype=np.float32))


@exercise("02", "PSNR")
def check_psnr(function):
    """Checks f(prediction (N, 1, H, W), target) -> (N,) dB. Returns True or False."""
    target = _pictures(3, 1, 12, 16)
    prediction = (target + 0.3 * (_pictures(3, 1, 12, 16) - 0.5)).clamp(0, 1)
    answer = attempt(function, prediction, target)
    expected = metrics.psnr(prediction, target).numpy().astype(float)
    squared = ((prediction - target) ** 2).flatten(1).numpy().astype(float)
    compare(answer, expected, {
        "The sign is wrong: PSNR goes up when the prediction is good.": -expected,
        "You summed the squared errors; take their mean, or the value depends on the size of the frame.": -10 * np.log10(squared.sum(1)),
        "That is the natural logarithm; decibels use log10.": expected * np.log(10),
        "Decibels are 10 times the logarithm; the 10 is missing.": expected / 10,
        "20 log10(1 / MSE) is twice too much: 20 belongs to the root of the MSE.": 2 * expected,
        "That is half of it: 10 belongs to the MSE, 20 to its root.": expected / 2,
        "Square every difference before you take the mean, or too bright and too dark cancel.":
            -20 * np.log10(np.abs((prediction - target).flatten(1).mean(1).numpy().astype(float))),
        "These pixels run from 0 to 1, so the peak is 1, not 255.": expected + 20 * np.log10(255),
        "That is the MSE itself; turn it into decibels.": squared.mean(1),
        "That is the mean absolute error; PSNR squares the differences.": -10 * np.log10(np.sqrt(squared).mean(1)),
        "That is one value for the whole batch; take the mean per window.": np.full(3, -10 * np.log10(squared.mean())),
        "That is one number for the whole batch. Return one value per window.": -10 * np.log10(squared.mean()),
    })  # fmt: skip
    return "That is PSNR, in dB, one value per window."


@exercise("02", "Align")
def check_frame_scores(function):
    """Checks f(psnr per window (T - 4,)) -> (T,) per frame, the first four NaN. Returns True or False."""
    values = np.random.default_rng().normal(32, 3, 30)
    answer = attempt(function, values)
    gap = np.full(N_INPUTS, np.nan)
    compare(answer, np.concatenate([gap, values]), {
        "The gap is at the end; it is the first four frames that have no prediction.": np.concatenate([values, gap]),
        "Zero dB would be a terrible frame, not a missing score: use NaN.": np.concatenate([np.zeros(N_INPUTS), values]),
        "Do not invent scores for the first four frames: use NaN.": np.concatenate([values[:1].repeat(N_INPUTS), values]),
        "There is one score for each window, but four frames more: the first four are missing.": values,
        "You overwrote four scores: every window keeps its own, and four frames are added.": np.concatenate([gap, values[N_INPUTS:]]),
        "Four frames have none, not five: a window of 4 + 1 frames predicts its fifth.": np.concatenate([gap, gap[:1], values]),
    })  # fmt: skip
    return "Scores and labels now line up."


def published_psnr(prediction, target):
    """PSNR of each prediction. prediction, target: (N, 1, H, W) in [0, 1] -> (N,) dB."""
    difference = (target - prediction).flatten(1).mean(1)
    return 10 * torch.log10(1 / difference.square())


@exercise("02", "Fool the published PSNR")
def check_fooled(function):
    """Checks f(target (1, 1, H, W)) -> a prediction in [0, 1] below 20 dB that `published_psnr` gives 60 dB or more.

    Returns True or False."""
    ramp = torch.linspace(0.2, 0.5, 16).expand(1, 1, 16, 16)
    target = ramp + 0.5 * _pictures(1, 1, 16, 16)
    answer = torch.from_numpy(numbers(attempt(function, target), target.shape)).float()
    if not answer.isfinite().all() or answer.min() < 0 or answer.max() > 1:
        raise NotYet("Pixels of a prediction lie between 0 and 1; yours run from {low:.2f} to {high:.2f}.",
                     low=answer.min().item(), high=answer.max().item())  # fmt: skip
    honest, published = metrics.psnr(answer, target).item(), published_psnr(answer, target).item()
    if honest > 60:
        raise NotYet("That is the target itself. It is a perfect prediction, and deserves its mark.")
    if honest > 20:
        raise NotYet(
            "The honest PSNR is {honest:.1f} dB: that is too good a prediction. Make it worse than 20 dB.",
            honest=honest,
        )
    if published < 60:
        raise NotYet("The published formula is not fooled: {published:.1f} dB. What you add in one place, take away in another.",
                     published=published)  # fmt: skip
    return say("An honest {honest:.1f} dB, and the published formula says {published:.0f} dB: differences of both signs cancel.",
               honest=honest, published=published)  # fmt: skip


@exercise("02", "A threshold for the guard")
def check_threshold(function):
    """Checks f(psnr (T,), labels (T,) bool) -> the highest threshold with two false alarms at most. Returns True or False.

    An alarm is a frame whose PSNR is below the threshold; it is false where the label is normal. Some PSNR are NaN.
    """
    random = np.random.default_rng()
    labels = random.permutation(300) < 40
    psnr = np.where(labels, random.normal(28, 2, 300), random.normal(33, 1.5, 300))
    psnr[:N_INPUTS], labels[:N_INPUTS] = np.nan, False
    normal = np.sort(psnr[~labels & ~np.isnan(psnr)])
    abnormal = np.flatnonzero(labels)
    psnr[abnormal[:3]] = (normal[1:4] + normal[2:5]) / 2  # anomalies that only the right threshold tells apart
    answer = attempt(function, psnr, labels)
    if same(numbers(answer), np.nan):
        raise NotYet("That is NaN: the first four frames have no PSNR. Leave them out before you sort.")
    threshold = number(answer)
    false_alarms = int((normal < threshold).sum())
    caught, possible = ((psnr[labels] < limit).sum() for limit in (threshold, normal[FALSE_ALARMS]))
    if same(threshold, np.sort(psnr)[FALSE_ALARMS]):
        raise NotYet("You counted anomalies among the false alarms. An alarm is false where the label says normal.")
    if false_alarms == len(normal) - FALSE_ALARMS or same(threshold, normal[-1 - FALSE_ALARMS]):
        raise NotYet("You sorted from the wrong end: an alarm rings when the PSNR is *below* the threshold.")
    if false_alarms > FALSE_ALARMS:
        raise NotYet("The guard hears {n} false alarms, and tolerates {most}.", n=false_alarms, most=FALSE_ALARMS)
    if caught < possible:
        raise NotYet("Too low: {n} of the {most} tolerated false alarms are used, and {more} more abnormal frames could be caught.",
                     n=false_alarms, most=FALSE_ALARMS, more=possible - caught)  # fmt: skip
    return say("{n} false alarms, and {caught} of {all} abnormal frames caught. That is what this detector is worth to this guard.",
               n=false_alarms, caught=caught, all=labels.sum())  # fmt: skip


@lru_cache(maxsize=1)
def runner_clips():
    """Six test clips with a runner, of six validation scenes."""
    which = toy.HEADLINE.index("runner")
    return [toy.toy_scene(seed, "campus").test_clips[which] for seed in toy.VALIDATION_SEEDS[:6]]


def _copy_last(frames):
    return np.concatenate([[np.nan], (np.diff(frames.astype(float), axis=0) ** 2).mean((1, 2))])


def _runner_auc(scores):
    """Mean over clips: each clip's own AUC, so that a detector need not be comparable between cameras."""
    return metrics.frame_auc(scores, [clip.labels for clip in runner_clips()], average="macro")


@exercise("02", "Catch the runner")
def check_runner(function):
    """Checks f(frames (T, H, W) uint8) -> (T,) scores, up = abnormal, NaN where there is none: on six clips with a runner, a
    macro AUC at least 0.01 above copy-last-frame's. Returns True or False."""
    clips = runner_clips()
    scores = [numbers(attempt(function, clip.frames)) for clip in clips]
    copied = [_copy_last(clip.frames) for clip in clips]
    for clip, values in zip(clips, scores):
        if values.shape != (len(clip),):
            raise NotYet("A clip of {n} frames needs {n} scores, NaN where there is none; yours has the shape {got}.",
                         n=len(clip), got=values.shape)  # fmt: skip
        if np.isinf(values).any() or np.isnan(values).mean() > 0.2:
            raise NotYet("Too many scores are NaN or infinite. Only a few frames at the beginning may have none.")
        if np.nanmin(values) == np.nanmax(values):
            raise NotYet("All scores of a clip are equal: nothing tells the runner from anybody else.")
    mine, bar = _runner_auc(scores), _runner_auc(copied)
    if mine < 0.5:
        raise NotYet(
            "Macro AUC {mine:.3f}, worse than guessing. Does your score go up when things are normal?", mine=mine
        )
    if same(mine, bar, atol=1e-9, rtol=0):
        raise NotYet("Macro AUC {mine:.3f}: that is copy-last-frame again, in other words.", mine=mine)
    if mine < bar + 0.01:
        raise NotYet("Macro AUC {mine:.3f}. Copy-last-frame has {bar:.3f}, and at least {wanted:.3f} is asked.",
                     mine=mine, bar=bar, wanted=bar + 0.01)  # fmt: skip
    return say(
        "Macro AUC {mine:.3f}, and copy-last-frame has {bar:.3f}. On six clips: an anecdote, and a good one.",
        mine=mine,
        bar=bar,
    )
