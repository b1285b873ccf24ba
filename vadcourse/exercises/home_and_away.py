"""The checks of notebook 03 on a matrix of networks and scenes: a diagonal, every pairing."""

import itertools
from collections.abc import Callable

import numpy as np

from vadcourse.checking import attempt, exercise, judge


def _matrices_of_scenes():
    """Matrices from two scenes to many: better at home, worse at home, and whole numbers."""
    rng = np.random.default_rng()
    sizes = zip((2, *rng.integers(3, 6, 2), rng.integers(6, 9)), (4, 4, -9, -1))
    matrices = [rng.normal(25, 3, (n, n)) + at_home * np.eye(n) for n, at_home in sizes]
    matrices[1] -= 25  # decibels against something else: below 0 as often as not
    ties = (rng.integers(-2, 3, (n, n)).astype(float) for n in (4, 5, 6))
    return [*matrices, *ties]


@exercise("03", "At home and away")
def check_home_advantage(function: Callable) -> str:
    """Check f(matrix (n, n)): the mean of the diagonal minus the mean of everything else."""
    draws = _matrices_of_scenes()
    answers = [attempt(function, matrix) for matrix in draws]
    trials = []
    for matrix, answer in zip(draws, answers):
        n = len(matrix)
        diagonal, others = np.diag(matrix), matrix[~np.eye(n, dtype=bool)]
        home, away = diagonal.mean(), others.mean()
        upper, lower = matrix[np.triu_indices(n, 1)].mean(), matrix[np.tril_indices(n, -1)].mean()
        mistakes = {
            "The sign is wrong: home minus away.": away - home,
            "It may be worse at home than away: take no absolute value.": abs(home - away),
            "It may be worse at home than away: do not raise it to 0.": max(home - away, 0),
            "Away is everything but the diagonal; your second mean has the diagonal in it.": home
            - matrix.mean(),
            "That is the mean at home; the mean away is still to be subtracted.": home,
            "Those are sums; take means, there are more cells away than at home.": diagonal.sum()
            - others.sum(),
            "Those are medians; take means.": np.median(diagonal) - np.median(others),
            "Away lies on both sides of the diagonal; yours sees the upper side alone.": home
            - upper,
            "Away lies on both sides of the diagonal; yours sees the lower side alone.": home
            - lower,
            "With zeros in place of the diagonal the mean is too small: divide by the number "
            "of cells away.": home - others.sum() / n**2,
        }
        trials.append((answer, home - away, mistakes))
    judge(trials)
    return "One number for how much of the scene is baked in."


def _matrices_to_pair():
    """Matrices of two scenes to five: any, with many ties, best at home, worst there, all equal.

    All values are multiples of 1/64, so that sums are exact in whatever order.
    """
    rng = np.random.default_rng()
    fine = [rng.integers(-99, 99, (n, n)) + rng.integers(20, 60) * np.eye(n) for n in (3, 4, 4, 5)]
    coarse = [rng.integers(0, 3, (n, n)).astype(float) for n in (2, 4)]
    at_home, away = (coarse[1][:3, :3] + by * np.eye(3) for by in (5, -5))
    return [matrix / 64 for matrix in fine] + [
        *coarse,
        at_home,
        away,
        np.full((3, 3), fine[0].max()),
    ]


@exercise("03", "Every other pairing")
def check_permutation_p(function: Callable) -> str:
    """Check f(matrix (n, n)): the share of pairings whose mean is at least the diagonal's."""
    draws = _matrices_to_pair()
    answers = [attempt(function, matrix) for matrix in draws]
    trials = []
    for matrix, answer in zip(draws, answers):
        places = np.arange(len(matrix))
        pairings = np.array(list(itertools.permutations(places)))
        values = matrix[pairings, places].sum(1)  # exact, where means are rounded
        as_high, higher = values >= values[0], values > values[0]
        p = as_high.mean()
        # Pairings in which nobody stays at home are the usual, but the wrong, null hypothesis.
        movers = as_high[(pairings != places).all(1)].mean()
        shifts = np.ptp((pairings - places) % len(places), axis=1) == 0
        home = np.diag(matrix).mean()
        mistakes = {
            "A pairing as good as the one at home counts, and that one itself: at least, not "
            "more than.": higher.mean(),
            "You left out the pairing that really happened; it is one of all.": as_high[1:].mean(),
            "You left out the pairing that really happened; it does at least as well as itself.": p
            - 1 / len(values),
            "That is how many; a p-value is the share of all pairings.": as_high.sum(),
            "That is the share that does worse; p is the share that does at least as well.": 1 - p,
            "That is the share that does at most as well; p is the share that does "
            "at least as well.": 1 - higher.mean(),
            "A pairing may leave some networks at home; you only counted those "
            "that move everybody.": movers,
            "There are more pairings than shifts of all networks by as many scenes.": as_high[
                shifts
            ].mean(),
            "Compare means over whole pairings, not single cells.": (matrix >= home).mean(),
            "That is the mean at home; ask how many pairings have one at least as high.": home,
        }
        trials.append((answer, p, mistakes))
    judge(trials, rtol=1e-6, atol=1e-6)
    return "No table of a distribution, no assumption: just every pairing there is."
