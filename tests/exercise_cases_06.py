"""Answers to the exercises of notebook 06: right, and wrong with the words they must be given."""

import numpy as np


def first_at_least(theirs, least):
    return next((n for n, value in enumerate(theirs) if value >= least), float("inf"))


def times_faster(ours, theirs, step):
    return first_at_least(theirs, ours[step]) / step


def times_by_numpy(ours, theirs, step):
    reached = np.flatnonzero(theirs >= ours[step])
    return reached[0] / step if reached.size else np.inf


def strictly_better(ours, theirs, step):
    return next((n for n, value in enumerate(theirs) if value > ours[step]), float("inf")) / step


def never_reached_is_zero(ours, theirs, step):
    return np.argmax(theirs >= ours[step]) / step


def interval(ours, theirs, resampled, low=2.5, high=97.5):
    differences = (ours - theirs).mean(axis=1)
    return np.percentile(differences[resampled].mean(axis=1), [low, high])


def interval_in_a_loop(ours, theirs, resampled):
    means = []
    for scenes in resampled:
        means.append(np.mean([ours[s].mean() - theirs[s].mean() for s in scenes]))
    return tuple(np.quantile(means, (0.025, 0.975)))


def unpaired(ours, theirs, resampled):
    our_means, their_means = (auc.mean(1)[resampled].mean(1) for auc in (ours, theirs))
    return np.percentile(our_means, [2.5, 97.5]) - np.percentile(their_means, [2.5, 97.5])


def alarms(psnr, threshold, n):
    starts, row = [], 0
    for t, value in enumerate(psnr):
        row = row + 1 if value < threshold else 0
        if row == n:
            starts.append(t)
    return starts


def alarms_by_windows(psnr, threshold, n):
    below = psnr < threshold
    full = [t >= n - 1 and below[t - n + 1 : t + 1].all() for t in range(len(psnr))]
    return np.array([t for t in range(len(psnr)) if full[t] and not (t >= n and below[t - n])])


def again_and_again(psnr, threshold, n):
    starts, row = [], 0
    for t, value in enumerate(psnr):
        row = row + 1 if value < threshold else 0
        if row == n:
            starts.append(t)
            row = 0
    return starts


def every_frame(psnr, threshold, n):
    return [t for t in range(n - 1, len(psnr)) if (psnr[t - n + 1 : t + 1] < threshold).all()]


def real_alarms(caught, false_rate, how_rare):
    real = caught * how_rare
    return real / (real + false_rate * (1 - how_rare))


def by_counting(caught, false_rate, how_rare, n=1e6):
    abnormal = n * how_rare
    ringing = abnormal * caught + (n - abnormal) * false_rate
    return abnormal * caught / ringing


def control(place, settle, auc):
    return tuple(auc(settle(where), place) for where in (place, place.opposite()))


def control_in_numpy(place, settle, auc):
    right, wrong = settle(place), settle(place.opposite())
    return np.array([auc(right, place), auc(wrong, place)])


RIGHT = {
    "check_control": [control, control_in_numpy],
    "check_times_faster": [times_faster, times_by_numpy],
    "check_interval": [interval, interval_in_a_loop],
    "check_alarms": [alarms, alarms_by_windows],
    "check_real_alarms": [real_alarms, by_counting],
}
WRONG = {
    "check_control": [
        (lambda p, s, a: control(p, s, a)[::-1], "claim first"),
        (lambda p, s, a: [a(s(p), p)] * 2, "Twice the claim"),
        (lambda p, s, a: (a(s(p), p), a(s(p), p.opposite())), "moved the exam"),
        (lambda p, s, a: (a(s(p), p), a(s(p.opposite()), p.opposite())), "other place"),
        (lambda p, s, a: a(s(p), p) - a(s(p.opposite()), p), "difference"),
        (lambda p, s, a: a(s(p.opposite()), p), "control alone"),
        (lambda p, s, a: a(s(p), p), "claim alone"),
        (lambda p, s, a: (a(s(p), p), a(None, p)), "value 1"),
    ],
    "check_times_faster": [
        (lambda o, t, s: first_at_least(t, o[s]), "divide by `step`"),
        (lambda o, t, s: s / first_at_least(t, o[s]), "Upside down"),
        (strictly_better, "equally good"),
        (lambda o, t, s: (first_at_least(t, o[s]) + 1) / (s + 1), "One off"),
        (lambda o, t, s: np.argmax(t) / s, "best value"),
        (never_reached_is_zero, "never gets there"),
        (lambda o, t, s: first_at_least(t, o[s]) // s, "not //"),
    ],
    "check_interval": [
        (lambda o, t, d: interval(t, o, d), "other way round"),
        (lambda o, t, d: interval(o, t, d, 5, 95), "90 %"),
        (lambda o, t, d: interval(o, t, d, 0, 100), "range"),
        (lambda o, t, d: np.percentile((o - t).mean(1), [2.5, 97.5]), "percentiles over scenes"),
        (unpaired, "belong together"),
        (lambda o, t, d: np.percentile((o - t).ravel()[d].mean(1), [2.5, 97.5]), "not runs"),
        (lambda o, t, d: interval(o, t, d)[::-1], "Low first"),
        (lambda o, t, d: interval(o, t, d, 0.025, 0.975), "in percent"),
        (lambda o, t, d: interval(o, t, d.T), "axis 1"),
        (lambda o, t, d: (o - t).mean(1)[d].mean(1), "means of all draws"),
    ],
    "check_alarms": [
        (every_frame, "rings once"),
        (lambda p, h, n: [t - n + 1 for t in alarms(p, h, n)], "when the run began"),
        (lambda p, h, n: alarms(p, h, 1), "wait until"),
        (lambda p, h, n: alarms(p, np.nextafter(h, 99), n), "not below it"),
        (lambda p, h, n: alarms(p, h, n + 1), "One frame late"),
        (lambda p, h, n: alarms(-p, -h, n), "Wrong side"),
        (lambda p, h, n: alarms(np.nan_to_num(p), h, n), "no PSNR"),
        (again_and_again, "several times"),
        (lambda p, h, n: p < h, "one value for each frame"),
        (lambda p, h, n: [], "Nothing rings"),
        (lambda p, h, n: len(alarms(p, h, n)), "return their frames"),
    ],
    "check_real_alarms": [
        (lambda c, f, r: c, "how many anomalies are caught"),
        (lambda c, f, r: c / (c + f), "how rare"),
        (lambda c, f, r: c * r, "divide by all alarms"),
        (lambda c, f, r: 1 - real_alarms(c, f, r), "share of false alarms"),
        (lambda c, f, r: c * r / (f * (1 - r)), "real and false"),
        (lambda c, f, r: c * r / (c * r + f), "normal frames only"),
        (lambda c, f, r: 100 * real_alarms(c, f, r), "percentage"),
    ],
}
