"""The checks of notebook 06: a control, times faster, an interval, alarms, how many are real."""

from collections.abc import Callable

import numpy as np

from vadcourse.checking import NotYet, attempt, exercise, judge, number, numbers
from vadcourse.exercises.waiting import films, other_rules
from vadkit.adaptation import alarm_starts
from vadkit.text import say


class _Place:
    """A place that knows its opposite."""

    def __init__(self, name):
        self.name = name

    def opposite(self):
        return _Place({"here": "there", "there": "here"}[self.name])


class _Guard:
    """Somebody who has settled on windows of a place."""

    def __init__(self, place):
        self.place = place


def _world(rng):
    """A place, and `settle` and `auc` there. Each AUC is drawn when it is first asked for."""
    found = {}

    def auc(guard, place):
        if not isinstance(guard, _Guard) or not isinstance(place, _Place):
            raise TypeError(say("auc takes a guard and a place, such as auc(settle(place), place)"))
        return found.setdefault((guard.place.name, place.name), float(rng.uniform(0.3, 1)))

    return _Place(str(rng.choice(["here", "there"]))), _Guard, auc


@exercise("06", "Attack this result")
def check_control(function: Callable) -> str:
    """Check f(place, settle, auc): the AUC claimed and that of the control, as a pair.

    `settle(place)` gives a guard, `auc(guard, place)` its AUC; the control settles at the opposite.
    """
    rng = np.random.default_rng()
    # In twelve worlds, now the claim is the higher one, now the control.
    worlds = [_world(rng) for _ in range(12)]
    answers = [attempt(function, *world) for world in worlds]
    trials = []
    for answer, (place, settle, auc) in zip(answers, worlds):
        there = place.opposite()
        claimed, control = auc(settle(place), place), auc(settle(there), place)
        mistakes = {
            "The claim first, then the control.": (control, claimed),
            "Twice the claim: the control settles on windows of the opposite place.": (
                claimed,
                claimed,
            ),
            "You moved the exam. Change one thing only: what the guard settled on.": (
                claimed,
                auc(settle(place), there),
            ),
            "That is the same claim at the other place: settle there, but keep the exam here.": (
                claimed,
                auc(settle(there), there),
            ),
            "Both exams are at the opposite place: the claim is about `place`.": (
                auc(settle(place), there),
                auc(settle(there), there),
            ),
            "That is the difference; return both numbers.": claimed - control,
            "That is the control alone; return the claim as well.": control,
            "That is the claim alone; what would break it?": claimed,
        }
        trials.append((answer, (claimed, control), mistakes))
    judge(trials, rtol=1e-6, atol=0)
    return "If the wrong windows did as well, it was not the windows. Keep this row in every table."


def _scores_of_two_methods(rng, scenes, runs, gain):
    """AUC (scenes, runs) of two methods, and scenes (n, scenes) drawn from them.

    Scenes differ far more than methods do. Of 40 m + 1 draws, both percentiles are draws
    themselves, however one interpolates.
    """
    difficulty = rng.normal(0.7, 0.1, (scenes, 1))
    ours = difficulty + rng.normal(gain, 0.03, (scenes, 1)) + rng.normal(0, 0.01, (scenes, runs))
    theirs = difficulty + rng.normal(0, 0.01, (scenes, runs))
    return ours, theirs, rng.integers(scenes, size=(40 * int(rng.integers(4, 8)) + 1, scenes))


@exercise("06", "The interval over scenes")
def check_interval(function: Callable) -> str:
    """Check f(ours (S, R), theirs (S, R), drawn (n, S)): the 95 % bootstrap interval (low, high).

    Of the mean paired difference, over scenes; each row of `drawn` numbers S scenes.
    """
    rng = np.random.default_rng()
    # Ahead, behind, and one cannot tell; once with a single run.
    plan = [(0.06, 4), (-0.06, 3), (0.0, 5), (0.0, 1)]
    studies = [_scores_of_two_methods(rng, int(rng.integers(6, 14)), r, g) for g, r in plan]
    answers = [attempt(function, *study) for study in studies]

    def interval(values, low=2.5, high=97.5):
        return np.percentile(values, [low, high])

    trials = []
    for answer, (ours, theirs, drawn) in zip(answers, studies):
        difference = (ours - theirs).mean(1)
        means = difference[drawn].mean(1)
        our_means, their_means = (auc.mean(1)[drawn].mean(1) for auc in (ours, theirs))
        mistakes = {
            "The other way round: ours minus theirs.": interval(-means),
            "That is the 90 % interval: 95 % leaves 2.5 % on each side.": interval(means, 5, 95),
            "That is the range: cut 2.5 % off on each side.": interval(means, 0, 100),
            "Those are percentiles over scenes. Draw scenes again, average each draw, "
            "then take the percentiles.": interval(difference),
            "The scenes of ours and theirs belong together: take the difference in each scene "
            "first.": interval(our_means) - interval(their_means),
            "`drawn` numbers scenes, not runs: average the runs of each scene first.": interval(
                (ours - theirs).ravel()[drawn].mean(1)
            ),
            "Low first, then high.": interval(means)[::-1],
            "np.percentile counts in percent: 2.5 and 97.5.": interval(means, 0.025, 0.975),
            "Each row of `drawn` is one draw: average along it, axis 1.": interval(
                difference[drawn].mean(0)
            ),
            "Those are the means of all draws. "
            "The interval is their 2.5th and their 97.5th percentile.": means,
            "Take the mean of each draw, not its median.": interval(
                np.median(difference[drawn], axis=1)
            ),
            "That is the interval around its middle; leave it where it is.": (
                interval(means) - means.mean()
            ),
            "A difference can be negative: take no abs().": interval(
                np.abs(difference)[drawn].mean(1)
            ),
        }
        trials.append((answer, interval(means), mistakes))
    judge(trials, rtol=1e-4, atol=1e-6)
    return "Ten scenes are ten opinions, however often you ask each of them."


def _two_curves(rng, step, needed, tie=False):
    """PSNR after 0, 1, ... steps of two methods, both wobbling.

    `theirs` first gets to `ours[step]` after `needed` steps, or never, and is above it by a hair
    or equal to it.
    """
    level = rng.uniform(-4, 4) + rng.choice([0, 25])
    ours = level + np.append(rng.uniform(-4, 4, step + int(rng.integers(1, 5))), [6, -4])
    ours[[step - 1, step]] = level + 1, level
    before = level - rng.uniform(0.1, 6, 40 if needed is None else needed)
    before[len(before) // 2 :][:1] = level - 3e-5  # nearly there
    if needed is None:
        return ours, before, step
    after = level + np.append(rng.uniform(-4, 4, int(rng.integers(1, 5))), [5, -1, 1])
    return ours, np.concatenate([before, [level if tie else level + 0.01], after]), step


def _races(rng):
    """Curves and steps: `theirs` gets there late, early, in its last step; and at once."""
    step, times = int(rng.integers(2, 6)), int(rng.integers(2, 5))
    plan = (step, times * step + 1, True), (step + 1, times * step, False), (1, times + 3, False)
    plan += (6, int(rng.integers(2, 6)), True), (4, 1, False)
    ours, theirs, last = _two_curves(rng, step, times * step - 1)
    races = [*(_two_curves(rng, *sizes) for sizes in plan), (ours, theirs[: times * step], last)]
    return races, [_two_curves(rng, step, 0) for step in (step, step + 1, step + 2)]


@exercise("06", "How many times faster")
def check_times_faster(function: Callable) -> str:
    """Check f(ours, theirs, step): how many times `step` steps `theirs` needs to be as good.

    As good as `ours` after `step` steps; infinity where it never is.
    """
    rng = np.random.default_rng()
    races, at_once = _races(rng)
    _judge_races(function, races)
    _judge_races(function, at_once)
    # `theirs` never gets there, not even nearly, or by a hair.
    for _ in range(3):
        answer = numbers(attempt(function, *_two_curves(rng, int(rng.integers(1, 5)), None)))
        if answer.size != 1:
            number(answer)
        if answer.item() != np.inf:
            raise NotYet(
                "Here `theirs` never gets there: return float('inf'). Yours returns {got:.4g}.",
                got=answer.item(),
            )
    return "Computing time is what the field pays in: this is the number that MAML is for."


def _judge_races(function, races):
    answers = [attempt(function, *race) for race in races]

    def first(good):
        return np.flatnonzero(good)[0] if good.any() else np.inf

    trials = []
    for answer, (ours, theirs, step) in zip(answers, races):
        good = theirs >= ours[step]
        needed, above = first(good), first(theirs > ours[step])
        of_end, of_best = first(theirs >= ours[-1]), first(theirs >= ours[: step + 1].max())
        later = first(good[1:]) + 1
        stays = 0 if good.all() else len(good) - np.argmin(good[::-1])
        mistakes = {
            "Position 0 counts, too: `theirs` may be as good before its first step.": later / step,
            "That is the number of steps itself: divide by `step`.": needed,
            "Upside down: their steps divided by yours.": step / needed if needed else np.inf,
            "You took the first value strictly above; equally good is good enough.": above / step,
            "You compare with the end of `ours`; compare with `ours` after `step` steps.": of_end
            / step,
            "You compare with the best of `ours` so far; compare with `ours` after `step` "
            "steps.": of_best / step,
            "One off: position 0 is before the first step, so position n is after n steps.": (
                needed + 1
            )
            / (step + 1),
            "One step too many: position 0 is before the first step, so position n is after n "
            "steps.": (needed + 1) / step,
            "You took the best value of `theirs`; the first that is good enough "
            "counts.": theirs.argmax() / step,
            "You wait until `theirs` stays as good; the first time counts.": stays / step,
            "You count all steps that are worse; the first that is good enough ends "
            "the count.": np.sum(~good) / step,
            "You divided without a remainder: use / and not //.": needed // step,
            "It may be below one: `theirs` can be the faster one.": max(1, needed / step),
        }
        trials.append((answer, needed / step, mistakes))
    judge(trials, rtol=1e-5, atol=0)


@exercise("06", "An alarm that waits")
def check_alarms(function: Callable) -> str:
    """Check f(psnr (T,), threshold, n): the frames at which an alarm starts.

    It is the n-th frame in a row below the threshold; NaN is not below anything; a run rings once.
    """
    watched = films(np.random.default_rng())
    answers = [numbers(attempt(function, *film)) for film in watched]
    if all(answer.shape == psnr.shape for answer, (psnr, *_) in zip(answers, watched)):
        raise NotYet(
            "That is one value for each frame. "
            "Return the numbers of the frames at which an alarm starts."
        )
    trials = []
    for answer, (psnr, threshold, n) in zip(answers, watched):
        expected = np.array(alarm_starts(psnr < threshold, n), dtype=int)
        trials.append((answer, expected, other_rules(answer, expected, psnr, threshold, n)))
    judge(trials, rtol=0, atol=1e-9)
    return "Fewer false alarms, and each real one comes n - 1 frames later: that is the price."


@exercise("06", "One alarm in how many")
def check_real_alarms(function: Callable) -> str:
    """Check f(caught, false_rate, how_rare): the share of alarms that are real."""
    rng = np.random.default_rng()
    # As in practice, where rare anomalies make most alarms false; as in a benchmark; and a
    # detector that rings for what is normal.
    ranges = [[(0.7, 0.95), (0.02, 0.1), (0.001, 0.02)], [(0.5, 0.9), (0.05, 0.3), (0.2, 0.6)]]
    ranges += [[(0.02, 0.2), (0.5, 0.9), (0.6, 0.95)], [(1.0, 1.0), (0.001, 0.01), (0.4, 0.9)]]
    cameras = [tuple(float(rng.uniform(*ends)) for ends in kind) for kind in ranges]
    answers = [attempt(function, *camera) for camera in cameras]
    trials = []
    for answer, (caught, false_rate, rare) in zip(answers, cameras):
        real, wrong = caught * rare, false_rate * (1 - rare)
        share = real / (real + wrong)
        mistakes = {
            "That is how many anomalies are caught. The question starts from the alarms: "
            "how many of them are real?": caught,
            "You forgot how rare anomalies are: real alarms are `caught * how_rare` "
            "of all frames.": caught / (caught + false_rate),
            "Those are the real alarms among all frames; divide by all alarms.": real,
            "Those are all alarms; return which share of them is real.": real + wrong,
            "That is the share of false alarms; one minus it is asked for.": 1 - share,
            "Real divided by false; divide by all alarms, real and false.": real / wrong,
            "False alarms come from normal frames only: `false_rate * (1 - how_rare)`.": real
            / (real + false_rate),
            "False alarms come from normal frames, `1 - how_rare` of all, "
            "not from the rare ones.": real / (real + false_rate * rare),
            "One minus the false alarm rate is not the answer: count real and false alarms "
            "among all frames.": 1 - false_rate,
            "That is a percentage; return the share, between 0 and 1.": 100 * share,
        }
        trials.append((answer, share, mistakes))
    judge(trials, rtol=1e-5, atol=0)
    return (
        "A detector that looks splendid in a table can still cry wolf nearly every time it rings."
    )
