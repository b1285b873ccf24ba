"""The checks of notebook 03: gap, equal quality, a memory's address, two numbers, a diagonal."""

import itertools
from collections.abc import Callable

import numpy as np
import torch
from torch.nn.functional import normalize, one_hot

from vadcourse.checking import NotYet, attempt, compare, exercise, number, numbers
from vadkit.windows import N_INPUTS


@exercise("03", "The gap")
def check_gap(function: Callable) -> str:
    """Check f(psnr (T,), labels (T,) bool): mean normal minus mean abnormal; some PSNR are NaN."""
    rng = np.random.default_rng()
    psnr, labels = rng.normal(32, 3, 60), np.arange(60) % 7 > 3
    psnr[labels] -= 1 + rng.exponential(4, labels.sum())
    psnr[:N_INPUTS] = np.nan
    values = numbers(attempt(function, psnr, labels))
    if values.size == 1 and np.isnan(values).all():
        raise NotYet(
            "That is NaN: the first four frames have no score, and a mean must leave them out."
        )
    # Only now: a NaN that was averaged is told apart from a wrong mean.
    normal, abnormal = psnr[N_INPUTS:][~labels[N_INPUTS:]], psnr[labels]
    gap = normal.mean() - abnormal.mean()
    medians = np.median(normal) - np.median(abnormal)
    zeros = normal.sum() / (~labels).sum() - abnormal.mean()
    mistakes = {
        "The sign is wrong: normal minus abnormal.": -gap,
        "Those are medians; the gap is between means.": medians,
        "The first mean must leave the abnormal frames out.": np.nanmean(psnr) - abnormal.mean(),
        "The second mean is that of the abnormal frames alone.": normal.mean() - np.nanmean(psnr),
        "NaN is no 0 dB: leave the first four frames out.": zeros,
        "A difference of means, not of sums.": normal.sum() - abnormal.sum(),
        "That is the mean PSNR of normal frames; "
        "the abnormal ones are still to be subtracted.": normal.mean(),
        "Decibels are logarithms already: subtract, do not divide.": normal.mean()
        / abnormal.mean(),
    }
    compare(number(values), gap, mistakes)
    return "That is what a predictor earns its keep with."


@exercise("03", "Equal quality")
def check_first_step(function: Callable) -> str:
    """Check f(steps (n,), curve (n,), milestone): the first step that reaches it, -1 for never."""
    rng = np.random.default_rng()
    steps = 20 * np.arange(1, 9)
    rising = 20 + rng.uniform(0.2, 1.2, 8).cumsum()
    wobbly = np.array([21.0, 24.0, 26.5, 25.0, 27.0, 28.0, 27.5, 26.0]) + rng.random()
    milestone = wobbly[2] - 0.35
    nearest = steps[np.abs(wobbly - milestone).argmin()]
    mistakes = {
        "That is where it reaches the milestone for the last time; take the first.": steps[6],
        "That is where the curve is highest; take the first time it is high enough.": steps[5],
        "That is a position in the list; return the step that stands there.": 2,
        "That is the step before: there it is still below the milestone.": steps[1],
        "That is a PSNR; return the step.": wobbly[2],
        "That is where the curve comes nearest; take the first time it is high enough.": nearest,
    }
    # A curve that comes back, one exactly at the milestone, and one that never reaches it.
    compare(number(attempt(function, steps, wobbly, milestone)), steps[2], mistakes)
    if number(attempt(function, steps, rising, rising[4])) != steps[4]:
        raise NotYet("When the curve is exactly at the milestone, it has reached it.")
    try:
        never = number(attempt(function, steps, rising, 30.0))
    except NotYet as trouble:
        raise NotYet(
            "For a curve that never reaches the milestone, return -1. {trouble}", trouble=trouble
        ) from None
    if never != -1:
        raise NotYet(
            "A curve that never reaches the milestone deserves -1; you return {got:g}.", got=never
        )
    return (
        "So networks of different size can be compared when they predict normal life equally well."
    )


@exercise("03", "Read the memory")
def check_address(function: Callable) -> str:
    """Check f(places (L, C), prototypes (M, C), k): the softmax (L, M) of k times cosines."""
    generator = torch.Generator().manual_seed(int(np.random.default_rng().integers(2**31)))
    places = 2 * torch.rand(5, 6, generator=generator) + 0.1
    prototypes = 2 * torch.rand(3, 6, generator=generator) + 0.1
    k = 4.0  # the sharpness
    unit_places, unit_prototypes = normalize(places, dim=1), normalize(prototypes, dim=1)
    cosine = unit_places @ unit_prototypes.T
    dots = (k * places @ prototypes.T).softmax(1)
    long_places, long_prototypes = k * places @ unit_prototypes.T, k * unit_places @ prototypes.T
    columns = k * normalize(places, dim=0) @ normalize(prototypes, dim=0).T
    sharpened, late = k * cosine, k * cosine.softmax(1)
    address = sharpened.softmax(1)
    nearest, shares = one_hot(cosine.argmax(1), 3), cosine / cosine.sum(1, keepdim=True)
    mistakes = {
        "Those are dot products: scale every place and every prototype to length one first.": dots,
        "The prototypes have length one, the places do not.": long_places.softmax(1),
        "The places have length one, the prototypes do not.": long_prototypes.softmax(1),
        "The columns sum to one; every row should: dim=1.": sharpened.softmax(0),
        "Those are the similarities; a softmax makes shares of them that sum to one.": cosine,
        "Those are the sharpened similarities; a softmax makes shares of them that sum to "
        "one.": sharpened,
        "The sharpness is missing: multiply the similarities with it "
        "before the softmax.": cosine.softmax(1),
        "The sharpness comes too late: multiply the similarities with it before the softmax.": late,
        "Multiply with the sharpness, do not divide by it.": (cosine / k).softmax(1),
        "Your columns have length one; scale every row, each place and each prototype: "
        "dim=1.": columns.softmax(1),
        "Each place reads its nearest prototype only; soft addressing reads all of them, "
        "by softmax.": nearest,
        "Dividing by the sum makes shares, too, but the softmax is asked for.": shares,
        "That is transposed: places are rows, prototypes columns.": address.T,
    }
    compare(attempt(function, places, prototypes, k), address, mistakes)
    return "Every place has one vote, split among the prototypes."


@exercise("03", "Two numbers")
def check_two_numbers(function: Callable) -> str:
    """Check f(prediction, target), both (N, 1, H, W): gain and offset of the least squares."""
    rng = np.random.default_rng()
    shape = 3, 1, *rng.integers(5, 9, 2)
    # The gain is negative now and then: a photographic negative has two numbers, too.
    gain, offset = rng.choice([-1, 1]) * rng.uniform(0.4, 0.8), rng.uniform(0.5, 0.7)
    prediction = torch.from_numpy(rng.uniform(0.1, 0.4, shape)).float()
    target = gain * prediction + offset + 0.05 * torch.from_numpy(rng.normal(size=shape)).float()
    x, y = prediction.double().numpy().ravel(), target.double().numpy().ravel()
    best = np.polyfit(x, y, 1)
    upside_down, through_zero = np.polyfit(y, x, 1), (x * y).sum() / (x * x).sum()
    spread = y.std() / x.std()
    mistakes = {
        "Gain first, then offset.": best[::-1],
        "That turns targets into predictions; it is the prediction that is to be "
        "rescaled.": upside_down,
        "With the offset left at 0 the line is forced through black: fit both together.": (
            through_zero,
            0,
        ),
        "That moves the mean and leaves the contrast as it was: the gain is not 1.": (
            1,
            y.mean() - x.mean(),
        ),
        "The ratio of the spreads fits the contrast, not the error: noise in the target "
        "is no contrast.": (spread, y.mean() - spread * x.mean()),
        "The gain is right; the offset is what is missing after the gain, not before.": (
            best[0],
            y.mean() - x.mean(),
        ),
        "The offset must make up for the gain: mean of the target minus gain times mean of the "
        "prediction.": (best[0], y.mean()),
    }
    answer = attempt(function, prediction, target)
    if isinstance(answer, (tuple, list)) and len(answer) == 2:
        answer = [number(value) for value in answer]
    compare(numbers(answer).ravel(), best, mistakes, rtol=1e-3, atol=1e-4)
    return "Two numbers. Now see how much of 'the scene' they were."


@exercise("03", "At home and away")
def check_home_advantage(function: Callable) -> str:
    """Check f(matrix (n, n)): the mean of the diagonal minus the mean of everything else."""
    matrix = np.random.default_rng().normal(25, 3, (5, 5)) + 4 * np.eye(5)
    diagonal, others = np.diag(matrix), matrix[~np.eye(5, dtype=bool)]
    home, away = diagonal.mean(), others.mean()
    upper, lower = matrix[np.triu_indices(5, 1)].mean(), matrix[np.tril_indices(5, -1)].mean()
    mixed, sums = home - matrix.mean(), diagonal.sum() - others.sum()
    zeros = home - (matrix - np.diag(diagonal)).mean()
    mistakes = {
        "The sign is wrong: home minus away.": away - home,
        "Away is everything but the diagonal; your second mean has the diagonal in it.": mixed,
        "That is the mean at home; the mean away is still to be subtracted.": home,
        "Those are sums; take means, there are more cells away than at home.": sums,
        "Away lies on both sides of the diagonal; yours sees the upper side alone.": home - upper,
        "Away lies on both sides of the diagonal; yours sees the lower side alone.": home - lower,
        "With zeros in place of the diagonal the mean is too small: divide by the number "
        "of cells away.": zeros,
    }
    compare(number(attempt(function, matrix)), home - away, mistakes)
    return "One number for how much of the scene is baked in."


def _matrix_with_clear_pairings():
    """A matrix (4, 4), all 24 pairings, and their means: none too near, some above the first."""
    rng = np.random.default_rng()
    pairings = np.array(list(itertools.permutations(range(4))))
    while True:
        matrix = rng.normal(0, 1, (4, 4)) + 0.5 * np.eye(4)
        means = matrix[pairings, range(4)].mean(1)
        as_high = (means >= means[0] - 1e-12).sum()
        if as_high in (4, 5, 7, 8, 9) and np.diff(np.sort(means)).min() > 1e-6:
            return matrix, pairings, means


@exercise("03", "Every other pairing")
def check_permutation_p(function: Callable) -> str:
    """Check f(matrix (n, n)): the share of pairings whose mean is at least the diagonal's."""
    matrix, pairings, means = _matrix_with_clear_pairings()
    as_high = int((means >= means[0] - 1e-12).sum())
    p = as_high / 24
    more, others, at_most = (as_high - 1) / 24, (as_high - 1) / 23, 1 - (as_high - 1) / 24
    # Pairings in which nobody stays at home are the usual, but the wrong, null hypothesis.
    all_move = (pairings != range(4)).all(1)
    movers = (means[all_move] >= means[0]).mean()
    cells = (matrix >= np.diag(matrix).mean()).mean()
    mistakes = {
        "The pairing that really happened is one of all pairings: count it too "
        "(at least, not more than).": more,
        "You left out the pairing that really happened; it is one of all.": others,
        "That is how many; a p-value is the share of all pairings.": as_high,
        "That is the share that does worse; p is the share that does at least as well.": 1 - p,
        "That is the share that does at most as well; p is the share that does "
        "at least as well.": at_most,
        "A pairing may leave some networks at home; you only counted those "
        "that move everybody.": movers,
        "Compare means over whole pairings, not single cells.": cells,
        "That is the mean at home; ask how many pairings have one at least as high.": means[0],
    }
    compare(number(attempt(function, matrix)), p, mistakes, rtol=1e-6, atol=1e-6)
    return "No table of a distribution, no assumption: just every pairing there is."
