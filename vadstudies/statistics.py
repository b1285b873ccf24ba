"""How sure are we: spread over runs, an interval over scenes, and an exact test."""

import numpy as np
from scipy import stats


def spread(values, digits: int = 2) -> str:
    """Write "mean ± standard deviation", "mean ± -" for a single value, or "-" for no values."""
    if not len(values):
        return "-"
    deviation = f"{np.std(values):.{digits}f}" if len(values) > 1 else "-"
    return f"{np.mean(values):.{digits}f} ± {deviation}"


def interval(differences, n_comparisons: int = 1) -> tuple[float, float, float]:
    """Mean of one paired difference per scene, and its 95 % t interval over scenes (low, high).

    For n comparisons, each interval holds 100 - 5 / n percent (Bonferroni): together they hold 95.
    A percentile bootstrap over ten or twenty scenes is too narrow.

    Raises
    ------
    ValueError
        For fewer than two scenes.
    """
    differences = np.asarray(differences, float)
    if len(differences) < 2:
        raise ValueError(f"An interval takes two scenes or more, got {len(differences)}.")
    mean, error = differences.mean(), stats.sem(differences)
    half = stats.t.ppf(1 - 0.025 / n_comparisons, len(differences) - 1) * error
    return float(mean), float(mean - half), float(mean + half)


def diagonal_test(matrix) -> tuple[float, float]:
    """Is a network better at home: mean of the diagonal minus mean of the rest, one-sided p-value.

    The exact permutation test, under the null hypothesis that it does not matter which network
    meets which scene: every pairing of the n networks with the n scenes is tried, n! in all.
    """
    matrix = np.asarray(matrix)
    n = len(matrix)

    def mean_of_pairs(networks):
        return matrix[networks, np.arange(n)].mean()

    options = {"permutation_type": "pairings", "n_resamples": np.inf, "alternative": "greater"}
    test = stats.permutation_test((np.arange(n),), mean_of_pairs, **options)
    at_home = np.trace(matrix)
    elsewhere = (matrix.sum() - at_home) / (n * n - n)
    return float(at_home / n - elsewhere), float(test.pvalue)
