"""Films to wait for an alarm in, and the rules by which one rings too often, too late, or not."""

import numpy as np

from vadkit.adaptation import alarm_starts
from vadkit.windows import N_INPUTS


def _film(rng, n, threshold, rings=True):
    """PSNR (T,) with runs below the threshold: too short, just long enough, long, interrupted."""

    def below(length):
        return threshold - rng.uniform(0.5, 6, length)

    short, at, none = below(n - 1), [threshold], [np.nan]
    runs = [[*short], [*short, *at, *short], [*short, *none, *short]]
    if rings:
        runs += [below(n), below(n + 1), below(2 * n + 3), [*below(n), *none, *below(n)]]
        runs += [[*below(n), *at, *below(n)]]
    order = rng.permutation(len(runs))
    above = [threshold + rng.uniform(0.5, 6, int(rng.integers(1, 4))) for _ in runs]
    parts = [part for i in order for part in (runs[i], above[i])]
    return np.concatenate([[np.nan] * N_INPUTS, below(n - 1), above[0], *parts, below(n - 1)])


def films(rng: np.random.Generator) -> list[tuple]:
    """PSNR, threshold and n: one of each kind, impatient, silent, one long run."""
    n, high = int(rng.integers(3, 7)), float(rng.uniform(20, 35))
    films = [(_film(rng, m, h), h, m) for m, h in ((n, high), (n + 1, 12.5), (2, 28.0), (1, high))]
    ends = np.append(films[0][0], high - rng.uniform(1, 2, n)), high, n
    whole = high - rng.uniform(1, 2, 2 * n + 1), high, n
    return [*films, ends, whole, (_film(rng, n, high, rings=False), high, n)]


def other_rules(
    answer: np.ndarray, expected: np.ndarray, psnr: np.ndarray, threshold: float, n: int
) -> dict:
    """What rings by another rule, by the hint that belongs to it where it does."""
    below, known = psnr < threshold, ~np.isnan(psnr)
    listed, right = set(answer.ravel().tolist()), set(expected.tolist())
    rules = {
        "You ring in every frame of a run; a run rings once, when it is n frames long.": [
            t for t in range(n - 1, len(psnr)) if below[t - n + 1 : t + 1].all()
        ],
        "You say when the run began. An alarm can only ring once the n frames "
        "have been seen.": expected - n + 1,
        "Every frame below the threshold rings at once: wait until there are n "
        "in a row.": np.flatnonzero(below),
        "You ring at the first frame below the threshold: wait until there are n "
        "in a row.": alarm_starts(below, 1),
        "A frame at the threshold is not below it.": alarm_starts(psnr <= threshold, n),
        "One frame late: the n-th frame in a row rings.": alarm_starts(below, n + 1),
        "That is the frame after: the n-th frame in a row rings.": expected + 1,
        "Wrong side: low PSNR is abnormal.": alarm_starts(psnr > threshold, n),
        "You count frames without PSNR, such as the first four: NaN is not below "
        "the threshold.": alarm_starts(~(psnr >= threshold), n),
        "You number the frames without those that have no PSNR: leave NaN where it "
        "is.": alarm_starts(below[known], n),
        "You leave out frames without PSNR, but they end a run: NaN is not below "
        "the threshold.": np.flatnonzero(known)[alarm_starts(below[known], n)],
        "A long run rings several times: once it has rung, it is silent until a frame "
        "is not below the threshold.": _ring_again(below, n),
        "Nothing rings, though frames are below the threshold for long enough.": [],
        "That is how many alarms there are; return their frames.": len(expected),
        "np.where and np.nonzero return a tuple: take its first part, [0].": expected[None],
    }
    if listed < right:
        rules |= {"Each frame on your list is right, but alarms are missing.": answer}
    if right < listed:
        rules |= {"All alarms are on your list, and frames where none starts as well.": answer}
    return rules


def _ring_again(below, n):
    """The frames that ring when a run rings after every n frames."""
    frames, row = [], 0
    for t, is_below in enumerate(below):
        row = (row + 1) * is_below
        if row and row % n == 0:
            frames.append(t)
    return frames
