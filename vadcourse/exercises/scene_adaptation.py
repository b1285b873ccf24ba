"""The checks of notebook 06: a control, times faster, an interval, alarms, how many are real."""

from collections.abc import Callable

import numpy as np

from vadcourse.checking import NotYet, attempt, compare, exercise, number, numbers
from vadkit.adaptation import alarm_starts
from vadkit.windows import N_INPUTS


class _Place:
    """A place that knows its opposite."""

    def __init__(self, name):
        self.name = name

    def opposite(self):
        return _Place({"here": "there", "there": "here"}[self.name])


@exercise("06", "Attack this result")
def check_control(function: Callable) -> str:
    """Check f(place, settle, auc): the AUC claimed and that of the control, as a pair.

    `settle(place)` gives a guard, `auc(guard, place)` its AUC; the control settles at the opposite.
    """
    rng = np.random.default_rng()
    settled = ("here", "there")
    found = {(s, p): float(rng.uniform(0.3, 1)) for s in (*settled, None) for p in settled}

    def settle(place):
        return place.name

    def auc(guard, place):
        return found[guard if guard in settled else None, place.name]

    claimed, control = found["here", "here"], found["there", "here"]
    other_exam, all_there = found["here", "there"], found["there", "there"]
    mistakes = {
        "The claim first, then the control.": (control, claimed),
        "Twice the claim: the control settles on windows of the opposite place.": (
            claimed,
            claimed,
        ),
        "You moved the exam. Change one thing only: what the guard settled on.": (
            claimed,
            other_exam,
        ),
        "That is the same claim at the other place: settle there, but keep the exam here.": (
            claimed,
            all_there,
        ),
        "That is the difference; return both numbers.": claimed - control,
        "That is the control alone; return the claim as well.": control,
        "That is the claim alone; what would break it?": claimed,
    }
    answer = attempt(function, _Place("here"), settle, auc, copies=False)
    if isinstance(answer, (tuple, list)) and len(answer) == 2:
        answer = [number(value) for value in answer]
    compare(answer, (claimed, control), mistakes, rtol=1e-9, atol=1e-9)
    return "If the wrong windows did as well, it was not the windows. Keep this row in every table."


def _two_curves(rng):
    """PSNR after 0, 1, ... steps of two methods; `theirs[needed]` equals `ours[step]`."""
    step = int(rng.integers(2, 5))
    ours = 20 + np.cumsum(rng.uniform(1, 2, 6))
    needed = int(rng.integers(3, 7)) * step + 1
    below = np.linspace(15, ours[step] - 0.5, needed)
    above = ours[step] + np.linspace(0.1, 0.7, 5)
    return ours, np.concatenate([below, ours[[step]], above]), step, needed


@exercise("06", "How many times faster")
def check_times_faster(function: Callable) -> str:
    """Check f(ours, theirs, step): how many times `step` steps `theirs` needs to be as good.

    As good as `ours` after `step` steps; infinity where it never is.
    """
    rng = np.random.default_rng()
    ours, theirs, step, needed = _two_curves(rng)
    end = np.flatnonzero(theirs >= ours[-1])
    of_end = end[0] / step if len(end) else -1 / step
    above, one_off = (needed + 1) / step, (needed + 1) / (step + 1)
    best = (len(theirs) - 1) / step
    mistakes = {
        "That is the number of steps itself: divide by `step`.": needed,
        "Upside down: their steps divided by yours.": step / needed,
        "You took the first value strictly above; equally good is good enough.": above,
        "You compare with the end of `ours`; compare with `ours` after `step` steps.": of_end,
        "One off: position 0 is before the first step, so position n is after n steps.": one_off,
        "You took the best value of `theirs`; the first that is good enough counts.": best,
        "You divided without a remainder: use / and not //.": needed // step,
    }
    compare(number(attempt(function, ours, theirs, step)), needed / step, mistakes)
    # Once more, with `theirs` cut off before it is as good.
    ours, theirs, step, needed = _two_curves(rng)
    answer = attempt(function, ours, theirs[:needed], step)
    if not np.array_equal(numbers(answer).ravel(), [np.inf]):
        raise NotYet(
            "Here `theirs` never gets there: return float('inf'). Yours returns {got}.", got=answer
        )
    return "Computing time is what the field pays in: this is the number that MAML is for."


def _scores_of_two_methods(rng, scenes, runs):
    """AUC (scenes, runs) of two methods: scenes differ far more than methods do."""
    difficulty = rng.normal(0.75, 0.15, (scenes, 1))
    gain = 0.04 + rng.normal(0, 0.03, (scenes, 1))
    ours = difficulty + gain + rng.normal(0, 0.01, (scenes, runs))
    return ours, difficulty + rng.normal(0, 0.01, (scenes, runs))


@exercise("06", "The interval over scenes")
def check_interval(function: Callable) -> str:
    """Check f(ours (S, R), theirs (S, R), drawn (n, S)): the 95 % bootstrap interval (low, high).

    Of the mean paired difference, over scenes; each row of `drawn` numbers S scenes.
    """
    rng = np.random.default_rng()
    ours, theirs = _scores_of_two_methods(rng, scenes=9, runs=4)
    # The student gets the drawn scenes, so that the interval has a single right value.
    resampled = rng.integers(9, size=(400, 9))
    difference = (ours - theirs).mean(1)
    means = difference[resampled].mean(1)

    def interval(values, low=2.5, high=97.5):
        return np.percentile(values, [low, high])

    our_means, their_means = (auc.mean(1)[resampled].mean(1) for auc in (ours, theirs))
    unpaired = interval(our_means) - interval(their_means)
    over_runs = interval((ours - theirs).ravel()[resampled].mean(1))
    wrong_axis = interval(difference[resampled].mean(0))
    mistakes = {
        "The other way round: ours minus theirs.": interval(-means),
        "That is the 90 % interval: 95 % leaves 2.5 % on each side.": interval(means, 5, 95),
        "That is the range: cut 2.5 % off on each side.": interval(means, 0, 100),
        "Those are percentiles over scenes. Draw scenes again, average each draw, "
        "then take the percentiles.": interval(difference),
        "The scenes of ours and theirs belong together: "
        "take the difference in each scene first.": unpaired,
        "`drawn` numbers scenes, not runs: average the runs of each scene first.": over_runs,
        "Low first, then high.": interval(means)[::-1],
        "np.percentile counts in percent: 2.5 and 97.5.": interval(means, 0.025, 0.975),
        "Each row of `drawn` is one draw: average along it, axis 1.": wrong_axis,
        "Those are the means of all draws. "
        "The interval is their 2.5th and their 97.5th percentile.": means,
    }
    answer = attempt(function, ours, theirs, resampled)
    compare(answer, interval(means), mistakes, rtol=1e-3, atol=1e-9)
    return "Ten scenes are ten opinions, however often you ask each of them."


def _psnr_with_runs(rng, n):
    """PSNR (80,) with five runs below 30, around `n` frames long; one frame is at 30 exactly."""
    psnr = rng.uniform(31, 36, 80)
    psnr[:N_INPUTS] = np.nan
    for first, length in [(10, n - 1), (20, n), (32, n + 4), (50, 2 * n + 3), (72, 8)]:
        psnr[first : first + length] = rng.uniform(20, 29, length)
    psnr[52 + n] = 30.0
    return psnr


@exercise("06", "An alarm that waits")
def check_alarms(function: Callable) -> str:
    """Check f(psnr (T,), threshold, n): the frames at which an alarm starts.

    It is the n-th frame in a row below the threshold; NaN is not below anything; a run rings once.
    """
    rng = np.random.default_rng()
    n = int(rng.integers(3, 5))
    psnr = _psnr_with_runs(rng, n)
    answer = numbers(attempt(function, psnr, 30.0, n)).ravel()
    if len(answer) == len(psnr):
        raise NotYet(
            "That is one value for each frame. "
            "Return the numbers of the frames at which an alarm starts."
        )
    # Each mistake is the same rule with one thing changed.
    below = psnr < 30
    expected = np.array(alarm_starts(below, n))
    full = [t for t in range(n - 1, 80) if below[t - n + 1 : t + 1].all()]
    late, above = alarm_starts(below, n + 1), alarm_starts(psnr > 30, n)
    nan_counted = alarm_starts(~(psnr >= 30), n)
    mistakes = {
        "You ring in every frame of a run; a run rings once, when it is n frames long.": full,
        "You say when the run began. An alarm can only ring once the n frames "
        "have been seen.": expected - n + 1,
        "Every frame below the threshold rings at once: wait until there are n "
        "in a row.": alarm_starts(below, 1),
        "A frame at the threshold is not below it.": alarm_starts(psnr <= 30, n),
        "One frame late: the n-th frame in a row rings.": late,
        "Wrong side: low PSNR is abnormal.": above,
        "You count the first four frames, which have no PSNR: NaN is not below "
        "the threshold.": nan_counted,
        "A long run rings several times: once it has rung, it is silent until a frame "
        "is not below the threshold.": _ring_again(below, n),
        "Nothing rings, though frames are below the threshold for long enough.": [],
        "That is how many alarms there are; return their frames.": [len(expected)],
    }
    compare(answer, expected, mistakes)
    return "Fewer false alarms, and each real one comes n - 1 frames later: that is the price."


def _ring_again(below, n):
    """The frames that ring when a run rings after every n frames."""
    frames, row = [], 0
    for t, is_below in enumerate(below):
        row = (row + 1) * is_below
        if row and row % n == 0:
            frames.append(t)
    return frames


@exercise("06", "One alarm in how many")
def check_real_alarms(function: Callable) -> str:
    """Check f(caught, false_rate, how_rare): the share of alarms that are real."""
    rng = np.random.default_rng()
    caught, false_rate = rng.uniform(0.7, 0.95), rng.uniform(0.02, 0.1)
    rare = rng.uniform(0.001, 0.02)
    # Rates as in practice, where rare anomalies make most alarms false.
    real, wrong = caught * rare, false_rate * (1 - rare)
    share = real / (real + wrong)
    not_rare = caught / (caught + false_rate)
    everywhere = real / (real + false_rate)
    mistakes = {
        "That is how many anomalies are caught. The question starts from the alarms: "
        "how many of them are real?": caught,
        "You forgot how rare anomalies are: real alarms are `caught * how_rare` "
        "of all frames.": not_rare,
        "Those are the real alarms among all frames; divide by all alarms.": real,
        "That is the share of false alarms; one minus it is asked for.": 1 - share,
        "Real divided by false; divide by all alarms, real and false.": real / wrong,
        "False alarms come from normal frames only: `false_rate * (1 - how_rare)`.": everywhere,
        "One minus the false alarm rate is not the answer: count real and false alarms "
        "among all frames.": 1 - false_rate,
        "That is a percentage; return the share, between 0 and 1.": 100 * share,
    }
    answer = number(attempt(function, caught, false_rate, rare))
    compare(answer, share, mistakes, rtol=1e-6, atol=1e-9)
    return (
        "A detector that looks splendid in a table can still cry wolf nearly every time it rings."
    )
