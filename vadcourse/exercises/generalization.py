"""Checks of notebook 03: the gap, comparing at equal quality, a memory's addressing, and the test of the diagonal."""

import itertools

import numpy as np
import torch

from vadcourse.exercises.core import NotYet, attempt, compare, exercise, number, numbers


@exercise("03", "The gap")
def check_gap(function):
    """Checks f(psnr (T,) with NaN for the first four, labels (T,) bool) -> mean normal minus mean abnormal, dB."""
    random = np.random.default_rng()
    psnr, labels = random.normal(32, 3, 60), np.arange(60) % 7 > 3
    psnr[labels] -= 1 + random.exponential(4, labels.sum())
    psnr[:4] = np.nan
    normal, abnormal = psnr[4:][~labels[4:]], psnr[labels]
    values = numbers(attempt(function, psnr, labels))
    if values.size == 1 and np.isnan(values).all():
        raise NotYet("That is NaN: the first four frames have no score, and a mean must leave them out.")
    compare(number(values), normal.mean() - abnormal.mean(), {
        "The sign is wrong: normal minus abnormal.": abnormal.mean() - normal.mean(),
        "Those are medians; the gap is between means.": np.median(normal) - np.median(abnormal),
        "The first mean must leave the abnormal frames out.": np.nanmean(psnr) - abnormal.mean(),
        "The second mean is that of the abnormal frames alone.": normal.mean() - np.nanmean(psnr),
        "NaN is no 0 dB: leave the first four frames out.": normal.sum() / (~labels).sum() - abnormal.mean(),
        "A difference of means, not of sums.": normal.sum() - abnormal.sum(),
        "That is the mean PSNR of normal frames; the abnormal ones are still to be subtracted.": normal.mean(),
        "Decibels are logarithms already: subtract, do not divide.": normal.mean() / abnormal.mean(),
    })  # fmt: skip
    return "That is what a predictor earns its keep with."


@exercise("03", "Equal quality")
def check_first_step(function):
    """Checks f(steps (n,), curve (n,), milestone) -> the step at which the curve first reaches the milestone, -1 for never."""
    random = np.random.default_rng()
    steps = 20 * np.arange(1, 9)
    rising = 20 + random.uniform(0.2, 1.2, 8).cumsum()
    wobbly = np.array([21.0, 24.0, 26.5, 25.0, 27.0, 28.0, 27.5, 26.0]) + random.random()
    level = wobbly[2] - 0.35
    answer = number(attempt(function, steps, wobbly, level))
    compare(answer, steps[2], {
        "That is where it reaches the milestone for the last time; take the first.": steps[6],
        "That is where the curve is highest; take the first time it is high enough.": steps[5],
        "That is a position in the list; return the step that stands there.": 2,
        "That is the step before: there it is still below the milestone.": steps[1],
        "That is a PSNR; return the step.": wobbly[2],
        "That is where the curve comes nearest; take the first time it is high enough.": steps[np.abs(wobbly - level).argmin()],
    })  # fmt: skip
    if number(attempt(function, steps, rising, rising[4])) != steps[4]:
        raise NotYet("When the curve is exactly at the milestone, it has reached it.")
    try:
        never = number(attempt(function, steps, rising, 30.0))
    except NotYet as trouble:
        raise NotYet("For a curve that never reaches the milestone, return -1. {trouble}", trouble=trouble) from None
    if never != -1:
        raise NotYet("A curve that never reaches the milestone deserves -1; you return {got:g}.", got=never)
    return "So networks of different size can be compared when they predict normal life equally well."


@exercise("03", "Read the memory")
def check_address(function):
    """Checks f(places (L, C), prototypes (M, C), sharpness) -> (L, M): softmax of sharpness times cosine similarity."""
    generator = torch.Generator().manual_seed(int(np.random.default_rng().integers(2**31)))
    places, prototypes = (2 * torch.rand(n, 6, generator=generator) + 0.1 for n in (5, 3))
    sharpness = 4.0
    answer = numbers(attempt(function, places, prototypes, sharpness))
    unit = torch.nn.functional.normalize
    cosine = unit(places, dim=1) @ unit(prototypes, dim=1).T
    nearest = torch.nn.functional.one_hot(cosine.argmax(1), 3)
    compare(answer, (sharpness * cosine).softmax(1), {
        "Those are dot products: scale every place and every prototype to length one first.":
            (sharpness * places @ prototypes.T).softmax(1),
        "The prototypes have length one, the places do not.": (sharpness * places @ unit(prototypes, dim=1).T).softmax(1),
        "The places have length one, the prototypes do not.": (sharpness * unit(places, dim=1) @ prototypes.T).softmax(1),
        "The columns sum to one; every row should: dim=1.": (sharpness * cosine).softmax(0),
        "Those are the similarities; a softmax makes shares of them that sum to one.": cosine,
        "Those are the sharpened similarities; a softmax makes shares of them that sum to one.": sharpness * cosine,
        "The sharpness is missing: multiply the similarities with it before the softmax.": cosine.softmax(1),
        "The sharpness comes too late: multiply the similarities with it before the softmax.": sharpness * cosine.softmax(1),
        "Multiply with the sharpness, do not divide by it.": (cosine / sharpness).softmax(1),
        "Your columns have length one; scale every row, each place and each prototype: dim=1.":
            (sharpness * unit(places, dim=0) @ unit(prototypes, dim=0).T).softmax(1),
        "Each place reads its nearest prototype only; soft addressing reads all of them, by softmax.": nearest,
        "Dividing by the sum makes shares, too, but the softmax is asked for.": cosine / cosine.sum(1, keepdim=True),
        "That is transposed: places are rows, prototypes columns.": (sharpness * cosine).softmax(1).T,
    })  # fmt: skip
    return "Every place has one vote, split among the prototypes."


@exercise("03", "At home and away")
def check_home_advantage(function):
    """Checks f(matrix (n, n), trained on down, tested on across) -> mean of the diagonal minus mean of everything else."""
    matrix = np.random.default_rng().normal(25, 3, (5, 5)) + 4 * np.eye(5)
    home, away = np.diag(matrix), matrix[~np.eye(5, dtype=bool)]
    compare(number(attempt(function, matrix)), home.mean() - away.mean(), {
        "The sign is wrong: home minus away.": away.mean() - home.mean(),
        "Away is everything but the diagonal; your second mean has the diagonal in it.": home.mean() - matrix.mean(),
        "That is the mean at home; the mean away is still to be subtracted.": home.mean(),
        "Those are sums; take means, there are more cells away than at home.": home.sum() - away.sum(),
        "Away lies on both sides of the diagonal; yours sees the upper side alone.": home.mean() - matrix[np.triu_indices(5, 1)].mean(),
        "Away lies on both sides of the diagonal; yours sees the lower side alone.": home.mean() - matrix[np.tril_indices(5, -1)].mean(),
        "With zeros in place of the diagonal the mean is too small: divide by the number of cells away.":
            home.mean() - (matrix - np.diag(home)).mean(),
    })  # fmt: skip
    return "One number for how much of the scene is baked in."


@exercise("03", "Every other pairing")
def check_permutation_p(function):
    """Checks f(matrix (n, n)) -> share of all pairings of networks with scenes whose mean is at least that of the diagonal."""
    random = np.random.default_rng()
    while True:
        matrix = random.normal(0, 1, (4, 4)) + 0.5 * np.eye(4)
        pairings = list(itertools.permutations(range(4)))
        means = np.array([matrix[list(pairing), range(4)].mean() for pairing in pairings])
        as_high = int((means >= means[0] - 1e-12).sum())
        if as_high in (4, 5, 7, 8, 9) and np.diff(np.sort(means)).min() > 1e-6:
            break
    moved = np.array([all(i != j for i, j in enumerate(pairing)) for pairing in pairings])
    single = float((matrix >= np.diag(matrix).mean()).mean())
    compare(number(attempt(function, matrix)), as_high / 24, {
        "The pairing that really happened is one of all pairings: count it too (at least, not more than).": (as_high - 1) / 24,
        "You left out the pairing that really happened; it is one of all.": (as_high - 1) / 23,
        "That is how many; a p-value is the share of all pairings.": as_high,
        "That is the share that does worse; p is the share that does at least as well.": 1 - as_high / 24,
        "That is the share that does at most as well; p is the share that does at least as well.": 1 - (as_high - 1) / 24,
        "A pairing may leave some networks at home; you only counted those that move everybody.":
            (means[moved] >= means[0]).sum() / moved.sum(),
        "Compare means over whole pairings, not single cells.": single,
        "That is the mean at home; ask how many pairings have one at least as high.": means[0],
    }, rtol=1e-6, atol=1e-6)  # fmt: skip
    return "No table of a distribution, no assumption: just every pairing there is."
