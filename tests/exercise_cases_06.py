"""Answers to the exercises of notebook 06: right, and wrong with the words they must be given."""

import numpy as np
import torch


def first_at_least(theirs, least):
    return next((n for n, value in enumerate(theirs) if value >= least), float("inf"))


def times_faster(ours, theirs, step):
    return first_at_least(theirs, ours[step]) / step


def times_by_numpy(ours, theirs, step):
    reached = np.flatnonzero(theirs >= ours[step])
    return reached[0] / step if reached.size else np.inf


def strictly_better(ours, theirs, step):
    return next((n for n, value in enumerate(theirs) if value > ours[step]), float("inf")) / step


def settled_for_good(theirs, least):
    worse = [n for n, value in enumerate(theirs) if value < least]
    return worse[-1] + 1 if worse else 0


def steps_in_torch(ours, theirs, step):
    good = torch.as_tensor(theirs) >= ours[step]
    return torch.argmax(good.int()) / step if good.any() else torch.tensor(torch.inf)


def by_an_equal_value(ours, theirs, step):
    n = np.flatnonzero(np.isclose(theirs, ours[step]))
    return n[0] / step if len(n) else np.inf


def by_bisection(ours, theirs, step):
    n = np.searchsorted(np.maximum.accumulate(theirs), ours[step], side="right")
    return n / step if n < len(theirs) else np.inf


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


def interval_in_float32(ours, theirs, drawn):
    means = torch.as_tensor(ours - theirs).float().mean(1)[torch.as_tensor(drawn)].mean(1)
    return torch.quantile(means, torch.tensor([0.025, 0.975]))


def interval_by_sorting(ours, theirs, drawn):
    means = sorted((ours - theirs)[drawn].mean((1, 2)).tolist())
    return [means[int(0.025 * len(means))], means[int(0.975 * len(means))]]


def bell_curve(ours, theirs, drawn):
    means = (ours - theirs).mean(1)[drawn].mean(1)
    return means.mean() - 1.96 * means.std(), means.mean() + 1.96 * means.std()


def own_draws(ours, theirs, drawn):
    return interval(ours, theirs, np.random.default_rng(0).integers(len(ours), size=drawn.shape))


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


def alarms_by_sums(psnr, threshold, n):
    below = np.concatenate([[0] * n, psnr < threshold]).astype(int)
    total = np.convolve(below, np.ones(n, int), "valid")
    return np.flatnonzero((total[1:] == n) & (below[:-n] == 0)).tolist()


def until_the_run_ends(psnr, threshold, n):
    starts, row = [], 0
    for t, value in enumerate(psnr):
        if value < threshold:
            row += 1
        else:
            if row >= n:
                starts.append(t - row + n - 1)
            row = 0
    return starts


def skipping_nan(psnr, threshold, n):
    known = np.flatnonzero(~np.isnan(psnr))
    return known[alarms(psnr[known], threshold, n)] if len(known) else []


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


def by_odds(caught, false_rate, how_rare):
    odds = caught * how_rare / (false_rate * (1 - how_rare))
    return np.float32(odds / (1 + odds))


def by_simulation(caught, false_rate, how_rare, n=10_000):
    rare = np.random.rand(n) < how_rare
    rings = np.random.rand(n) < np.where(rare, caught, false_rate)
    return rare[rings].mean() if rings.any() else 0.0


def sorted_control(place, settle, auc):
    return sorted(control(place, settle, auc), reverse=True)


RIGHT = {
    "check_control": [
        control,
        control_in_numpy,
        lambda p, s, a: [a(s(p), p), a(s(p.opposite()), p.opposite().opposite())],
        lambda p, s, a: torch.tensor(control(p, s, a)),
    ],
    "check_times_faster": [times_faster, times_by_numpy, steps_in_torch],
    "check_interval": [interval, interval_in_a_loop, interval_in_float32, interval_by_sorting],
    "check_alarms": [
        alarms,
        alarms_by_windows,
        alarms_by_sums,
        lambda p, h, n: tuple(np.float64(alarms(p, h, n))),
        lambda p, h, n: torch.tensor(alarms(p, h, n)),
    ],
    "check_real_alarms": [
        real_alarms,
        by_counting,
        by_odds,
        lambda c, f, r: torch.tensor([real_alarms(c, f, r)], requires_grad=True),
    ],
}
WRONG = {
    "check_control": [
        (lambda p, s, a: control(p, s, a)[::-1], "claim first"),
        (lambda p, s, a: [a(s(p), p)] * 2, "Twice the claim"),
        (lambda p, s, a: (a(s(p), p), a(s(p), p.opposite())), "moved the exam"),
        (lambda p, s, a: (a(s(p), p), a(s(p.opposite()), p.opposite())), "other place"),
        (lambda p, s, a: control(p.opposite(), s, a)[::-1], "Both exams"),
        (lambda p, s, a: a(s(p), p) - a(s(p.opposite()), p), "difference"),
        (lambda p, s, a: a(s(p.opposite()), p), "control alone"),
        (lambda p, s, a: a(s(p), p), "claim alone"),
        (lambda p, s, a: (a(s(p), p), a(None, p)), "takes a guard and a place"),
        (lambda p, s, a: (a(p, s(p)), a(p.opposite(), s(p))), "takes a guard and a place"),
        (sorted_control, "value"),
        (lambda p, s, a: set(control(p, s, a)), "set"),
        (lambda p, s, a: [str(auc) for auc in control(p, s, a)], "str"),
        (lambda p, s, a: (a(s(p), p), 0.5), "value 1"),
        (lambda p, s, a: (*control(p, s, a), 0.5), "shape"),
    ],
    "check_times_faster": [
        (lambda o, t, s: first_at_least(t, o[s]), "divide by `step`"),
        (lambda o, t, s: s / first_at_least(t, o[s]), "Upside down"),
        (strictly_better, "equally good"),
        (lambda o, t, s: first_at_least(t, o[-1]) / s, "end of `ours`"),
        (lambda o, t, s: first_at_least(t, max(o)) / s, "is right"),
        (lambda o, t, s: (first_at_least(t, o[s]) + 1) / (s + 1), "One off"),
        (lambda o, t, s: (first_at_least(t, o[s]) + 1) / s, "One step too many"),
        (lambda o, t, s: (first_at_least(t, o[s]) - 1) / s, "is right"),
        (lambda o, t, s: np.argmax(t) / s, "best value"),
        (never_reached_is_zero, "never gets there"),
        (lambda o, t, s: times_faster(o, t, s) if max(t) >= o[s] else -np.inf, "never gets there"),
        (lambda o, t, s: times_faster(o, t, s) if max(t) >= o[s] else "inf", "str"),
        (lambda o, t, s: first_at_least(t, o[s]) // s, "not //"),
        (lambda o, t, s: max(1, times_faster(o, t, s)), "below one"),
        (lambda o, t, s: settled_for_good(t, o[s]) / s, "stays"),
        (lambda o, t, s: sum(value < o[s] for value in t) / s, "count all steps"),
        (lambda o, t, s: first_at_least(t, max(o[: s + 1])) / s, "best of `ours` so far"),
        (lambda o, t, s: first_at_least(t, o[s] - 1e-3) / s, "is right"),
        (lambda o, t, s: (first_at_least(t[1:], o[s]) + 1) / s, "Position 0 counts"),
        (by_an_equal_value, "is right"),
        (by_bisection, "equally good"),
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
        (lambda o, t, d: interval(abs(o - t).mean(1, keepdims=True), 0 * t, d), "value"),
        (lambda o, t, d: interval(abs((o - t).mean(1, keepdims=True)), 0 * t, d[:, :]), "no abs"),
        (lambda o, t, d: np.abs(interval(o, t, d)), "value"),
        (lambda o, t, d: np.clip(interval(o, t, d), 0, 1), "value"),
        (lambda o, t, d: 100 * interval(o, t, d), "value"),
        (lambda o, t, d: interval(o[:, :1], t[:, :1], d), "value"),
        (lambda o, t, d: interval(o, t, d, 2.5, 97), "value 1"),
        (bell_curve, "value"),
        (own_draws, "value"),
        (lambda o, t, d: interval(o, t, d)[0], "shape"),
    ],
    "check_alarms": [
        (every_frame, "rings once"),
        (lambda p, h, n: [t - n + 1 for t in alarms(p, h, n)], "when the run began"),
        (lambda p, h, n: alarms(p, h, 1), "at the first frame"),
        (lambda p, h, n: np.flatnonzero(p < h), "rings at once"),
        (lambda p, h, n: alarms(p, np.nextafter(h, 99), n), "not below it"),
        (lambda p, h, n: alarms(p, h, n + 1), "One frame late"),
        (lambda p, h, n: [t + 1 for t in alarms(p, h, n)], "the frame after"),
        (lambda p, h, n: alarms(-p, -h, n), "Wrong side"),
        (lambda p, h, n: alarms(np.nan_to_num(p), h, n), "without PSNR"),
        (lambda p, h, n: alarms(p[~np.isnan(p)], h, n), "leave NaN where it is"),
        (skipping_nan, "they end a run"),
        (again_and_again, "several times"),
        (until_the_run_ends, "alarms are missing"),
        (lambda p, h, n: alarms(p, h, n)[:-1], "alarms are missing"),
        (lambda p, h, n: alarms(p, h, n)[:1], "alarms are missing"),
        (lambda p, h, n: [0, *alarms(p, h, n)], "none starts"),
        (lambda p, h, n: alarms(p, h, 3), ("shape", "should be")),
        (lambda p, h, n: alarms(p, 30.0, n), ("shape", "should be")),
        (lambda p, h, n: p < h, "one value for each frame"),
        (lambda p, h, n: np.isin(np.arange(len(p)), alarms(p, h, n)), "one value for each frame"),
        (lambda p, h, n: [], "Nothing rings"),
        (lambda p, h, n: len(alarms(p, h, n)), "return their frames"),
        (lambda p, h, n: (np.array(alarms(p, h, n), dtype=int),), "[0]"),
        (lambda p, h, n: 2 * alarms(p, h, n), "shape"),
        (lambda p, h, n: set(alarms(p, h, n)), "set"),
    ],
    "check_real_alarms": [
        (lambda c, f, r: c, "how many anomalies are caught"),
        (lambda c, f, r: c / (c + f), "how rare"),
        (lambda c, f, r: c * r, "divide by all alarms"),
        (lambda c, f, r: c * r + f * (1 - r), "Those are all alarms"),
        (lambda c, f, r: 1 - real_alarms(c, f, r), "share of false alarms"),
        (lambda c, f, r: c * r / (f * (1 - r)), "real and false"),
        (lambda c, f, r: c * r / (c * r + f), "normal frames only"),
        (lambda c, f, r: c * r / (c * r + f * r), "how rare"),
        (lambda c, f, r: 1 - f, "One minus"),
        (lambda c, f, r: 100 * real_alarms(c, f, r), "percentage"),
        (lambda c, f, r: min(1, c * r / (f * (1 - r))), "is right"),
        (lambda c, f, r: round(real_alarms(c, f, r), 2), "is right"),
        (lambda c, f, r: str(real_alarms(c, f, r)), "str"),
        (lambda c, f, r: min(0.5, real_alarms(c, f, r)), "is right"),
        (by_simulation, "is right"),
        (lambda c, f, r: real_alarms(f, c, r), "is right"),
        (lambda c, f, r: real_alarms(c, f, 1 - r), "is right"),
    ],
}
