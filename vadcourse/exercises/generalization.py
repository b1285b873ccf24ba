"""The checks of notebook 03: gap, equal quality, a memory's address, two numbers."""

from collections.abc import Callable

import numpy as np
import torch
from torch.nn.functional import normalize, one_hot

from vadcourse.checking import NotYet, attempt, exercise, judge, number, numbers
from vadkit.windows import N_INPUTS


def _scored_clips():
    """Clips with one anomaly, with some, and with more than enough, predicted worse or better."""
    rng = np.random.default_rng()
    clips = []
    for share, shift in ((0, -4), (0.2, -2), (0.7, 1), (0.3, 6)):
        labels = rng.random(rng.integers(24, 80)) < share
        labels[:N_INPUTS] = labels[-N_INPUTS:] = False
        labels[rng.integers(N_INPUTS, len(labels) - N_INPUTS)] = True
        psnr = rng.normal(rng.uniform(20, 40), 3, len(labels))
        psnr[labels] += shift * rng.exponential(1.5, labels.sum())
        psnr[:N_INPUTS] = np.nan
        clips.append((psnr, labels))
    return clips


@exercise("03", "The gap")
def check_gap(function: Callable) -> str:
    """Check f(psnr (T,), labels (T,) bool): mean normal minus mean abnormal; some PSNR are NaN."""
    draws = _scored_clips()
    answers = [numbers(attempt(function, *draw)) for draw in draws]
    if all(answer.size == 1 and np.isnan(answer).all() for answer in answers):
        raise NotYet(
            "That is NaN: the first four frames have no score, and a mean must leave them out."
        )
    trials = []
    for (psnr, labels), answer in zip(draws, answers):
        scores, labels, late = psnr[N_INPUTS:], labels[N_INPUTS:], labels[:-N_INPUTS]
        normal, abnormal = scores[~labels], scores[labels]
        home, away, everything = normal.mean(), abnormal.mean(), scores.mean()
        gap = home - away
        zeros = normal.sum() / (len(normal) + N_INPUTS) - away
        # As if the errors had been averaged before they became decibels.
        of_errors = 10 * np.log10((10 ** (-abnormal / 10)).mean() / (10 ** (-normal / 10)).mean())
        mistakes = {
            "The sign is wrong: normal minus abnormal.": -gap,
            "The gap may be negative, when anomalies are predicted better: take no absolute "
            "value.": abs(gap),
            "A negative gap is an answer, too: do not raise it to 0.": max(gap, 0),
            "Those are medians; the gap is between means.": np.median(normal) - np.median(abnormal),
            "The first mean must leave the abnormal frames out.": everything - away,
            "The second mean is that of the abnormal frames alone.": home - everything,
            "NaN is no 0 dB: leave the first four frames out.": zeros,
            "A difference of means, not of sums.": normal.sum() - abnormal.sum(),
            "That is the mean PSNR of normal frames; "
            "the abnormal ones are still to be subtracted.": home,
            "Decibels are logarithms already: subtract, do not divide.": home / away,
            "Scores and labels are out of step: whoever drops four scores drops "
            "the same four labels.": scores[~late].mean() - scores[late].mean(),
            "Take the mean of the decibels as they are; yours is one of errors.": of_errors,
        }
        trials.append((answer, gap, mistakes))
    judge(trials)
    return "That is what a predictor earns its keep with."


def _wobbling(n_below, milestone, unit):
    """A curve that first reaches the milestone after so many steps, and falls below it again."""
    rng = np.random.default_rng()
    below, after = -rng.integers(20, 120, n_below), rng.integers(-90, 90, n_below)
    after[n_below // 2], after[-2:] = 130, (-rng.integers(20, 60), rng.integers(20, 60))
    # The dip is in the middle of the list, where a search of a sorted list would look first.
    return milestone + unit * np.array([*below, rng.integers(40, 90), -rng.integers(1, 9), *after])


def _curves():
    """Steps, a curve, and a milestone that it reaches; and as many that it never reaches.

    All values are multiples of 1/1024, so that they are the same in float32.
    """
    rng = np.random.default_rng()
    high, low, unit = rng.integers(24, 36), -rng.integers(1, 6), 1 / 64
    rising = high - 2 + unit * rng.integers(1, 60, 9).cumsum()
    at = rng.integers(2, 7)
    above = low + unit * np.array([9, 30, *rng.integers(-60, 60, 4), 70, -20])
    late = high + unit * np.array([*-rng.integers(9, 90, 5), -1 / 16, 3])
    curves = [
        (_wobbling(rng.integers(5, 9), high, unit), high),
        (_wobbling(rng.integers(5, 9), low, unit), low),
        (rising, rising[at]),
        (above, low),
        (late, high),
        (late[-1:], late[-1]),
    ]
    curves = [(20 * rng.integers(1, 9, len(c)).cumsum(), c, float(m)) for c, m in curves]
    curves[3][0][:] -= curves[3][0][0]  # as it was before the first step
    too_high = zip(curves, 3 * (1, 1 / 1024))
    unreached = [(steps, curve, float(curve.max()) + by) for (steps, curve, _), by in too_high]
    return curves, unreached


@exercise("03", "Equal quality")
def check_first_step(function: Callable) -> str:
    """Check f(steps (n,), curve (n,), milestone): the first step that reaches it, -1 for never."""
    draws, unreached = _curves()
    answers = [attempt(function, *draw) for draw in draws]
    never, trouble = [], None
    try:
        never = [number(attempt(function, *draw)) for draw in unreached]
    except NotYet as reason:
        trouble = reason
    trials = []
    for (steps, curve, milestone), answer in zip(draws, answers):
        reached = np.flatnonzero(curve >= milestone)
        first, last, or_never = reached[0], reached[-1], np.append(steps, -1)
        above, below = np.flatnonzero(curve > milestone), np.flatnonzero(curve < milestone)
        highest, nearest = curve.argmax(), np.abs(curve - milestone).argmin()
        found, stays = np.searchsorted(curve, milestone), np.append(-1, below)[-1] + 1
        mistakes = {
            "When the curve is exactly at the milestone, it has reached it.": next(
                iter(steps[above]), -1
            ),
            "The very first value may have reached it already.": steps[first] if first else -1,
            "Only a curve that never reaches it deserves -1; step 0 is a step.": steps[first] or -1,
            "It reaches the milestone there for the last time; take the first.": steps[last],
            "The curve is highest there; take the first time it is high enough.": steps[highest],
            "That is a position in the list; return the step that stands there.": first,
            "That is the step before: there it is still below the milestone.": steps[first - 1],
            "That is a PSNR; return the step.": curve[first],
            "The curve comes nearest there; take the first time it is high enough.": steps[nearest],
            "That is a search for sorted values, and this curve wobbles.": or_never[found],
            "From there on it stays high enough; take the first time, even if it falls "
            "again.": or_never[stays],
        }
        trials.append((answer, steps[first], mistakes))
    judge(trials)
    if trouble is not None:
        raise NotYet(
            "For a curve that never reaches the milestone, return -1. {trouble}", trouble=trouble
        )
    for got in never:
        if got != -1:
            raise NotYet(
                "A curve that never reaches the milestone deserves -1; you return {got:g}.", got=got
            )
    return (
        "So networks of different size can be compared when they predict normal life equally well."
    )


def _memories():
    """Places, prototypes and a sharpness: as many of the one as of the other, or just one."""
    rng = np.random.default_rng()
    n, few, many = rng.integers(3, 6), rng.integers(2, 5), rng.integers(5, 9)
    memories = []
    for n_places, n_prototypes, n_channels in ((many, few, 6), (n, n, n), (1, many, 3), (n, 1, 4)):
        directions = rng.normal(size=(n_places + n_prototypes, n_channels))
        lengths = np.exp(rng.normal(0, 1, (len(directions), 1)))
        both = torch.from_numpy((lengths * directions).astype(np.float32))
        sharpness = rng.uniform(0.3, 0.8) if n_places == n_prototypes else rng.uniform(2, 15)
        memories.append((*both.split((n_places, n_prototypes)), float(sharpness)))
    return memories


@exercise("03", "Read the memory")
def check_address(function: Callable) -> str:
    """Check f(places (L, C), prototypes (M, C), k): the softmax (L, M) of k times cosines."""
    draws = _memories()
    answers = [attempt(function, *draw) for draw in draws]
    trials = []
    for (places, prototypes, k), answer in zip(draws, answers):
        unit_places, unit_prototypes = normalize(places, dim=1), normalize(prototypes, dim=1)
        cosine, dots = unit_places @ unit_prototypes.T, places @ prototypes.T
        long_places, long_prototypes = places @ unit_prototypes.T, unit_places @ prototypes.T
        columns = normalize(places, dim=0) @ normalize(prototypes, dim=0).T
        address, late = (k * cosine).softmax(1), k * cosine.softmax(1)
        nearest = one_hot(cosine.argmax(1), len(prototypes))
        mistakes = {
            "The columns sum to one; every row should: dim=1.": (k * cosine).softmax(0),
            "Those are the similarities; a softmax makes shares of them that sum to one.": cosine,
            "Those are the sharpened similarities; a softmax makes shares of them that sum to "
            "one.": k * cosine,
            "The sharpness comes too late: multiply the similarities with it before the "
            "softmax.": late,
            "Each place reads its nearest prototype only; soft addressing reads all of them, "
            "by softmax.": nearest,
            "Dividing by the sum makes shares, too, but the softmax is asked for.": cosine
            / cosine.sum(1, keepdim=True),
            "That is transposed: places are rows, prototypes columns.": address.T,
            "That is what is read; return the addressing alone, a share for each place and "
            "prototype.": address @ prototypes,
        }
        powers = {
            "Those are dot products: scale every place and every prototype to length one first.": k
            * dots,
            "The prototypes have length one, the places do not.": k * long_places,
            "The places have length one, the prototypes do not.": k * long_prototypes,
            "The sharpness is missing: multiply the similarities with it "
            "before the softmax.": cosine,
            "Multiply with the sharpness, do not divide by it.": cosine / k,
            "Your columns have length one; scale every row, each place and each prototype: "
            "dim=1.": k * columns,
            "A cosine may be negative, where a prototype is the opposite: take no absolute "
            "value.": k * cosine.abs(),
            "A cosine may be negative, where a prototype is the opposite: do not raise it to 0.": k
            * cosine.clamp(min=0),
            "Those are distances; the cosine does not care how long a place or a prototype is.": -k
            * torch.cdist(places, prototypes),
        }
        mistakes |= {hint: power.softmax(1) for hint, power in powers.items()}
        trials.append((answer, address, mistakes))
    judge(trials)
    return "Every place has one vote, split among the prototypes."


def _predictions():
    """Predictions and targets: too pale, a negative, too strong, and just right."""
    rng = np.random.default_rng()
    pairs = []
    lines = (
        (rng.uniform(0.4, 0.8), rng.uniform(0.1, 0.4)),
        (-rng.uniform(0.4, 0.8), rng.uniform(0.5, 0.7)),
        (rng.uniform(1.3, 2.5), -rng.uniform(0.2, 0.4)),
        (1, 0),
    )
    for n_windows, (gain, offset) in zip((3, 2, 1, 2), lines):
        prediction = rng.uniform(0.2, 0.5, (n_windows, 1, *rng.integers(5, 9, 2)))
        target = gain * prediction + offset
        if offset:
            target += rng.normal(0, 0.05, target.shape)
        pairs.append([torch.from_numpy(image).float() for image in (prediction, target)])
    return pairs


@exercise("03", "Two numbers")
def check_two_numbers(function: Callable) -> str:
    """Check f(prediction, target), both (N, 1, H, W): gain and offset of the least squares."""
    draws = _predictions()
    answers = [attempt(function, *pair) for pair in draws]
    trials = []
    for (prediction, target), answer in zip(draws, answers):
        x, y = (image.double().numpy().ravel() for image in (prediction, target))
        gain, offset = best = np.polyfit(x, y, 1)
        x_mean, y_mean, spread = x.mean(), y.mean(), y.std() / x.std()
        through_zero, ratio = (x * y).sum() / (x * x).sum(), y_mean / x_mean
        windows = zip(*(image.double().flatten(1).numpy() for image in (prediction, target)))
        mistakes = {
            "Gain first, then offset.": (offset, gain),
            "That turns targets into predictions; it is the prediction that is to be "
            "rescaled.": np.polyfit(y, x, 1),
            "With the offset left at 0 the line is forced through black: fit both together.": (
                through_zero,
                0,
            ),
            "The ratio of the means is no gain: the offset has its part in them.": (ratio, 0),
            "The gain is right; the offset is what is missing after the gain, not before.": (
                gain,
                y_mean - x_mean,
            ),
            "The offset must make up for the gain: mean of the target minus gain times mean of the "
            "prediction.": (gain, y_mean),
            "Two numbers for all windows together: do not fit each window alone.": np.mean(
                [np.polyfit(*window, 1) for window in windows], axis=0
            ),
        }
        gains = {
            "That moves the mean and leaves the contrast as it was: the gain is not 1.": 1,
            "The ratio of the spreads fits the contrast, not the error: noise in the target "
            "is no contrast.": spread,
            "That is the correlation; the gain is the covariance divided by the variance of the "
            "prediction.": gain / spread,
            "One of your sums is divided by n, the other by n - 1: covariance and variance need "
            "the same.": gain * (1 - 1 / x.size),
            "The gain may be negative, where bright and dark have changed places: take no "
            "absolute value.": abs(gain),
        }
        mistakes |= {hint: (g, y_mean - g * x_mean) for hint, g in gains.items()}
        if isinstance(answer, (tuple, list)) and len(answer) == 2:
            answer = [number(value) for value in answer]
        trials.append((numbers(answer).ravel(), best, mistakes))
    judge(trials, rtol=1e-3, atol=1e-4)
    return "Two numbers. Now see how much of 'the scene' they were."
