"""The checks of notebook 06."""

import numpy as np

from vadcourse.exercises.core import NotYet, attempt, compare, exercise, number, numbers
from vadkit.adaptation import alarm_starts


@exercise("06", "How many times faster")
def check_times_faster(function):
    """Checks f(ours, theirs, step): PSNR after 0, 1, ... steps of two methods -> how many times as many steps `theirs` needs to be at
    least as good as `ours` after `step` steps; infinity where it never is. Returns True or False."""
    random = np.random.default_rng()
    for never in (False, True):
        step = int(random.integers(2, 5))
        ours = 20 + np.cumsum(random.uniform(1, 2, 6))
        there = int(random.integers(3, 7)) * step + 1
        theirs = np.linspace(15, ours[step] - 0.5, there).tolist() + [
            ours[step],
            *(ours[step] + np.linspace(0.1, 0.7, 5)),
        ]
        theirs = np.array(theirs[:there] if never else theirs)
        answer = attempt(function, ours, theirs, step)
        value = numbers(answer)
        if never:
            if value.size != 1 or not np.isposinf(value).all():
                raise NotYet("Here `theirs` never gets there: return float('inf'). Yours returns {got}.", got=answer)
            continue
        last = len(theirs) - 1
        compare(number(answer), there / step, {
            "That is the number of steps itself: divide by `step`.": there,
            "Upside down: their steps divided by yours.": step / there,
            "You took the first value strictly above; equally good is good enough.": (there + 1) / step,
            "You compare with the end of `ours`; compare with `ours` after `step` steps.": _first(theirs, ours[-1]) / step,
            "One off: position 0 is before the first step, so position n is after n steps.": (there + 1) / (step + 1),
            "You took the best value of `theirs`; the first that is good enough counts.": last / step,
            "You divided without a remainder: use / and not //.": there // step,
        })  # fmt: skip
    return "Computing time is what the field pays in: this is the number that MAML is for."


def _first(values, least):
    reached = np.flatnonzero(values >= least)
    return reached[0] if len(reached) else -1.0


@exercise("06", "The interval over scenes")
def check_interval(function):
    """Checks f(ours (S, R), theirs (S, R), drawn (n, S)) -> (low, high), the 95 % bootstrap interval over scenes of the mean paired
    difference. Returns True or False."""
    random = np.random.default_rng()
    scenes, runs, n = 9, 4, 400
    difficulty = random.normal(0.75, 0.15, (scenes, 1))
    ours = difficulty + 0.04 + random.normal(0, 0.03, (scenes, 1)) + random.normal(0, 0.01, (scenes, runs))
    theirs = difficulty + random.normal(0, 0.01, (scenes, runs))
    drawn = random.integers(scenes, size=(n, scenes))
    answer = numbers(attempt(function, ours, theirs, drawn))
    difference = (ours - theirs).mean(1)
    means = difference[drawn].mean(1)
    expected = np.percentile(means, [2.5, 97.5])
    runs_drawn = (ours - theirs).ravel()[drawn % (scenes * runs)].mean(1)
    compare(answer, expected, {
        "The other way round: ours minus theirs.": np.percentile(-means, [2.5, 97.5]),
        "That is the 90 % interval: 95 % leaves 2.5 % on each side.": np.percentile(means, [5, 95]),
        "That is the range: cut 2.5 % off on each side.": [means.min(), means.max()],
        "Those are percentiles over scenes. Draw scenes again, average each draw, then take the percentiles.":
            np.percentile(difference, [2.5, 97.5]),
        "The scenes of ours and theirs belong together: take the difference in each scene first.":
            np.percentile(ours.mean(1)[drawn].mean(1), [2.5, 97.5]) - np.percentile(theirs.mean(1)[drawn].mean(1), [2.5, 97.5]),
        "`drawn` numbers scenes, not runs: average the runs of each scene first.": np.percentile(runs_drawn, [2.5, 97.5]),
        "Low first, then high.": expected[::-1],
        "np.percentile counts in percent: 2.5 and 97.5.": np.percentile(means, [0.025, 0.975]),
        "Each row of `drawn` is one draw: average along it, axis 1.": np.percentile(difference[drawn].mean(0), [2.5, 97.5]),
        "Those are the means of all draws. The interval is their 2.5th and their 97.5th percentile.": means,
    }, rtol=1e-3, atol=1e-9)  # fmt: skip
    return "Ten scenes are ten opinions, however often you ask each of them."


@exercise("06", "An alarm that waits")
def check_alarms(function):
    """Checks f(psnr (T,), threshold, n) -> the frames at which an alarm starts: the n-th frame in a row below the threshold; NaN is
    not below anything; a run rings once. Returns True or False."""
    random = np.random.default_rng()
    psnr = random.uniform(31, 36, 80)
    psnr[:4] = np.nan
    n = int(random.integers(3, 5))
    runs = [(10, n - 1), (20, n), (32, n + 4), (50, 2 * n + 3), (72, 8)]
    for first, length in runs:
        psnr[first : first + length] = random.uniform(20, 29, length)
    psnr[52 + n] = 30.0  # at the threshold exactly: not below it, and the alarm falls silent
    again, row = [], 0
    for t, below in enumerate(psnr < 30):
        row = (row + 1) * below
        again += [t] if row and row % n == 0 else []
    answer = numbers(attempt(function, psnr, 30.0, n)).ravel()
    if len(answer) == len(psnr):
        raise NotYet("That is one value for each frame. Return the numbers of the frames at which an alarm starts.")
    compare(answer, alarm_starts(psnr < 30, n), {
        "You ring in every frame of a run; a run rings once, when it is n frames long.":
            [t for t in range(80) if t >= n - 1 and (psnr[t - n + 1 : t + 1] < 30).all()],
        "You say when the run began. An alarm can only ring once the n frames have been seen.":
            [t - n + 1 for t in alarm_starts(psnr < 30, n)],
        "Every frame below the threshold rings at once: wait until there are n in a row.": alarm_starts(psnr < 30, 1),
        "A frame at the threshold is not below it.": alarm_starts(psnr <= 30, n),
        "One frame late: the n-th frame in a row rings.": alarm_starts(psnr < 30, n + 1),
        "Wrong side: low PSNR is abnormal.": alarm_starts(psnr > 30, n),
        "You count the first four frames, which have no PSNR: NaN is not below the threshold.": alarm_starts(~(psnr >= 30), n),
        "A long run rings several times: once it has rung, it is silent until a frame is not below the threshold.": again,
        "Nothing rings, though frames are below the threshold for long enough.": [],
        "That is how many alarms there are; return their frames.": [len(alarm_starts(psnr < 30, n))],
    })  # fmt: skip
    return "Fewer false alarms, and each real one comes n - 1 frames later: that is the price."


@exercise("06", "One alarm in how many")
def check_real_alarms(function):
    """Checks f(caught, false_rate, how_rare) -> the share of alarms that are real. Returns True or False."""
    random = np.random.default_rng()
    caught, false_rate, rare = random.uniform(0.7, 0.95), random.uniform(0.02, 0.1), random.uniform(0.001, 0.02)
    real, wrong = caught * rare, false_rate * (1 - rare)
    compare(number(attempt(function, caught, false_rate, rare)), real / (real + wrong), {
        "That is how many anomalies are caught. The question starts from the alarms: how many of them are real?": caught,
        "You forgot how rare anomalies are: real alarms are `caught * how_rare` of all frames.": caught / (caught + false_rate),
        "Those are the real alarms among all frames; divide by all alarms.": real,
        "That is the share of false alarms; one minus it is asked for.": wrong / (real + wrong),
        "Real divided by false; divide by all alarms, real and false.": real / wrong,
        "False alarms come from normal frames only: `false_rate * (1 - how_rare)`.": real / (real + false_rate),
        "One minus the false alarm rate is not the answer: count real and false alarms among all frames.": 1 - false_rate,
        "That is a percentage; return the share, between 0 and 1.": 100 * real / (real + wrong),
    }, rtol=1e-6, atol=1e-9)  # fmt: skip
    return "A detector that looks splendid in a table can still cry wolf nearly every time it rings."
