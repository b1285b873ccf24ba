"""TODO."""

import itertools

import numpy as np


def bootstrap(differences, n=10_000, seed=0):
    """Mean of one paired difference per scene, and its 95 % interval when scenes are drawn again (Efron 1979) -> (mean, low, high).

    Scenes are what is sampled: seeds and support draws of one scene are averaged before they come here.
    """
    differences = np.asarray(differences, float)
    drawn = np.random.default_rng(seed).integers(len(differences), size=(n, len(differences)))
    low, high = np.percentile(differences[drawn].mean(1), [2.5, 97.5])
    return float(differences.mean()), float(low), float(high)


def spread(values, digits=2):
    """-> "mean ± standard deviation", "mean ± -" for a single value, or "-" for no values at all."""
    if not len(values):
        return "-"
    return f"{np.mean(values):.{digits}f} ± " + (f"{np.std(values):.{digits}f}" if len(values) > 1 else "-")


def diagonal_test(matrix):
    """Is a network better at home? -> (mean of diagonal minus mean of the rest, one-sided p of the exact permutation test).

    Null hypothesis: which network meets which scene does not matter. Every way to pair n networks with n scenes is tried.
    """
    n = len(matrix)
    means = [matrix[list(order), range(n)].mean() for order in itertools.permutations(range(n))]
    difference = np.trace(matrix) / n - (matrix.sum() - np.trace(matrix)) / (n * n - n)
    return float(difference), float(np.mean(np.array(means) >= means[0] - 1e-12))
