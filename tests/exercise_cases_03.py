"""Answers to the exercises of notebook 03: right, and wrong with the words they must be given."""

import itertools
import math

import numpy as np
import torch


def unit(x):
    return x / x.norm(dim=1, keepdim=True)


def address_by_hand(places, prototypes, sharpness):
    rows = []
    for place in places:
        cosines = [torch.dot(place, p) / place.norm() / p.norm() for p in prototypes]
        powers = [torch.exp(sharpness * cosine) for cosine in cosines]
        rows.append([(power / sum(powers)).item() for power in powers])
    return rows


def gap_in_torch(psnr, labels):
    return torch.tensor(psnr)[~torch.tensor(labels)].nanmean() - psnr[labels].mean()


def first_step_by_loop(steps, curve, milestone):
    for step, value in zip(steps, curve):
        if value >= milestone:
            return step
    return -1


def by_bisection(steps, curve, milestone):
    return np.append(steps, -1)[np.searchsorted(curve, milestone)]


def from_where_it_stays(steps, curve, milestone):
    stays = [(curve[i:] >= milestone).all() for i in range(len(curve))]
    return steps[np.argmax(stays)] if any(stays) else -1


def address_in_numpy(places, prototypes, sharpness):
    cosine = torch.cosine_similarity(places[:, None], prototypes[None], dim=-1)
    return torch.softmax(sharpness * cosine, dim=-1).numpy()


def nearest_prototype(places, prototypes, sharpness):
    return torch.eye(len(prototypes))[(unit(places) @ unit(prototypes).T).argmax(1)]


def first_step_or_none(steps, curve, milestone):
    return next((step for step, value in zip(steps, curve) if value >= milestone), None)


def pairing_means(matrix):
    places = range(len(matrix))
    pairings = itertools.permutations(places)
    return np.array([np.mean([matrix[p[j], j] for j in places]) for p in pairings])


def p_from_differences(matrix):
    """With the mean of everything else subtracted: the same ranking."""
    n = len(matrix)
    home = pairing_means(matrix) * n
    difference = home / n - (matrix.sum() - home) / (n * n - n)
    return np.mean(difference >= difference[0] - 1e-9)


def count_of_pairings(matrix):
    means = pairing_means(matrix)
    return sum(mean >= means[0] - 1e-12 for mean in means) / math.factorial(len(matrix))


def by_sampling(matrix):
    n, rng = len(matrix), np.random.default_rng()
    means = [matrix[rng.permutation(n), range(n)].mean() for _ in range(500)]
    return np.mean(np.array(means) >= np.diag(matrix).mean() - 1e-12)


def by_shifts(matrix):
    n = len(matrix)
    means = [np.mean([matrix[(j + k) % n, j] for j in range(n)]) for k in range(n)]
    return np.mean(np.array(means) >= means[0] - 1e-12)


def off(matrix):
    return matrix[~np.eye(len(matrix), dtype=bool)]


def fitted(prediction, target):
    return np.polyfit(prediction.numpy().ravel(), target.numpy().ravel(), 1)


def fitted_by_covariance(prediction, target):
    x, y = prediction.flatten(), target.flatten()
    gain = ((x - x.mean()) * (y - y.mean())).mean() / x.var(correction=0)
    return gain, y.mean() - gain * x.mean()


def fitted_by_lstsq(prediction, target):
    x = prediction.reshape(-1, 1)
    both = torch.cat([x, torch.ones_like(x)], dim=1)
    return torch.linalg.lstsq(both, target.reshape(-1, 1)).solution


def of_spreads(prediction, target):
    gain = target.std() / prediction.std()
    return gain, target.mean() - gain * prediction.mean()


def with_the_gain(gain, prediction, target):
    return gain, target.mean() - gain * prediction.mean()


def correlation(prediction, target):
    return np.corrcoef(prediction.numpy().ravel(), target.numpy().ravel())[0, 1]


def n_and_n_minus_one(prediction, target):
    x, y = prediction.flatten(), target.flatten()
    return with_the_gain(((x - x.mean()) * (y - y.mean())).mean() / x.var(), x, y)


def each_window_alone(prediction, target):
    return np.mean([fitted(p, t) for p, t in zip(prediction, target)], axis=0)


def through_zero(prediction, target):
    return (prediction * target).sum() / (prediction**2).sum(), 0.0


RIGHT = {
    "check_two_numbers": [
        fitted,
        fitted_by_covariance,
        fitted_by_lstsq,
        lambda p, y: list(fitted_by_covariance(p.double(), y.double())),
        lambda p, y: torch.stack(fitted_by_covariance(p, y)),
    ],
    "check_gap": [
        lambda psnr, labels: np.nanmean(psnr[~labels]) - np.nanmean(psnr[labels]),
        lambda psnr, labels: psnr[4:][~labels[4:]].mean() - psnr[4:][labels[4:]].mean(),
        gap_in_torch,
        lambda psnr, labels: np.float32(np.nanmean(psnr[~labels]) - np.nanmean(psnr[labels])),
        lambda psnr, labels: np.diff([np.nanmean(psnr[labels == k]) for k in (True, False)]),
    ],
    "check_first_step": [
        first_step_by_loop,
        lambda s, c, m: s[np.argmax(c >= m)] if (c >= m).any() else -1,
        lambda s, c, m: min((int(step) for step, value in zip(s, c) if value >= m), default=-1),
        lambda s, c, m: float(np.append(s, -1)[np.argmax(np.append(c, np.inf) >= m)]),
        lambda s, c, m: first_step_by_loop(torch.tensor(s), torch.tensor(c).float(), m),
    ],
    "check_address": [
        lambda x, p, k: (k * unit(x) @ unit(p).T).softmax(dim=1),
        address_in_numpy,
        address_by_hand,
        lambda x, p, k: list((k * unit(x.double()) @ unit(p.double()).T).softmax(dim=1)),
        lambda x, p, k: address_in_numpy(x, p, torch.tensor(k)).tolist(),
    ],
    "check_home_advantage": [
        lambda m: np.diag(m).mean() - off(m).mean(),
        lambda m: np.trace(m) / len(m) - (m.sum() - np.trace(m)) / (m.size - len(m)),
        lambda m: np.float32(np.diag(m).mean() - off(m).mean()),
        lambda m: [np.diag(m).mean() - off(m).mean()],
    ],
    "check_permutation_p": [
        lambda m: np.mean(pairing_means(m) >= pairing_means(m)[0] - 1e-12),
        p_from_differences,
        count_of_pairings,
        lambda m: torch.tensor(count_of_pairings(m), dtype=torch.float64),
    ],
}
WRONG = {
    "check_two_numbers": [
        (lambda p, y: fitted(p, y)[::-1], "Gain first"),
        (lambda p, y: fitted(y, p), "targets into predictions"),
        (through_zero, "forced through black"),
        (lambda p, y: (1.0, (y - p).mean()), "the gain is not 1"),
        (of_spreads, "ratio of the spreads"),
        (lambda p, y: (fitted(p, y)[0], (y - p).mean()), "not before"),
        (lambda p, y: (fitted(p, y)[0], y.mean()), "make up for the gain"),
        (lambda p, y: (y.mean() / p.mean(), 0), "ratio of the means"),
        (lambda p, y: with_the_gain(correlation(p, y), p, y), "correlation"),
        (n_and_n_minus_one, "n - 1"),
        (lambda p, y: with_the_gain(abs(fitted(p, y)[0]), p, y), "may be negative"),
        (each_window_alone, "each window alone"),
        (lambda p, y: abs(fitted(p, y)), "For example"),
        (lambda p, y: fitted(p, y).clip(0, 1), "For example"),
        (lambda p, y: dict(zip(("gain", "offset"), fitted(p, y))), "yours returns dict"),
        (lambda p, y: fitted(p, y)[0], "shape"),
        (lambda p, y: fitted(p, y)[0] * p + fitted(p, y)[1], "shape"),
    ],
    "check_gap": [
        (lambda p, l: np.nanmean(p[l]) - np.nanmean(p[~l]), "sign"),
        (lambda p, l: p[~l].mean() - p[l].mean(), "first four frames have no score"),
        (lambda p, l: np.nanmedian(p[~l]) - np.nanmedian(p[l]), "medians"),
        (lambda p, l: np.nanmean(p) - np.nanmean(p[l]), "leave the abnormal frames out"),
        (lambda p, l: np.nanmean(p[~l]) - np.nanmean(p), "abnormal frames alone"),
        (lambda p, l: np.nan_to_num(p)[~l].mean() - p[l].mean(), "NaN is no 0 dB"),
        (lambda p, l: np.nansum(p[~l]) - np.nansum(p[l]), "not of sums"),
        (lambda p, l: np.nanmean(p[~l]), "still to be subtracted"),
        (lambda p, l: np.nanmean(p[~l]) / np.nanmean(p[l]), "do not divide"),
        (lambda p, l: abs(np.nanmean(p[~l]) - np.nanmean(p[l])), "no absolute value"),
        (lambda p, l: max(0, np.nanmean(p[~l]) - np.nanmean(p[l])), "do not raise it to 0"),
        (lambda p, l: p[4:][~l[:-4]].mean() - p[4:][l[:-4]].mean(), "out of step"),
        (lambda p, l: np.nanmax(p[~l]) - np.nanmax(p[l]), "is right"),
        (lambda p, l: np.nanmean(p[20:][~l[20:]]) - np.nanmean(p[l]), "is right"),
        (lambda p, l: str(np.nanmean(p[~l]) - np.nanmean(p[l])), "yours returns str"),
        (lambda p, l: p[~l], "one number"),
    ],
    "check_first_step": [
        (
            lambda s, c, m: max((step for step, v in zip(s, c) if v >= m), default=-1),
            "for the last time",
        ),
        (lambda s, c, m: s[np.argmax(c)], "highest there"),
        (lambda s, c, m: s[np.argmin(abs(c - m))], "nearest there"),
        (lambda s, c, m: np.argmax(c >= m), "position in the list"),
        (lambda s, c, m: s[np.argmax(c >= m) - 1], "step before"),
        (lambda s, c, m: c[c >= m][0], "That is a PSNR"),
        (lambda s, c, m: s[np.argmax(c > m)] if (c > m).any() else -1, "exactly at the milestone"),
        (lambda s, c, m: s[np.argmax(c >= m)], "never reaches"),
        (lambda s, c, m: s[c >= m][0] if (c >= m).any() else 0, "never reaches"),
        (lambda s, c, m: s[c >= m][0], "never reaches"),
        (first_step_or_none, "never reaches"),
        (lambda s, c, m: next((int(t) for t, v in zip(s, c) if v >= m), np.nan), "never reaches"),
        (by_bisection, "sorted values"),
        (from_where_it_stays, "stays high enough"),
        (lambda s, c, m: first_step_by_loop(s[1:], c[1:], m), "is right"),
        (lambda s, c, m: first_step_by_loop(s[:-1], c[:-1], m), "is right"),
        (lambda s, c, m: s[np.argmax(c >= m)] if np.argmax(c >= m) else -1, "very first value"),
        (lambda s, c, m: next((t for t, v in zip(s, c) if v >= m), 0) or -1, "step 0 is a step"),
        (lambda s, c, m: first_step_by_loop(s, c, abs(m)), "is right"),
        (lambda s, c, m: str(first_step_by_loop(s, c, m)), "yours returns str"),
    ],
    "check_address": [
        (lambda x, p, k: (k * x @ p.T).softmax(1), "dot products"),
        (lambda x, p, k: (k * x @ unit(p).T).softmax(1), "places do not"),
        (lambda x, p, k: (k * unit(x) @ p.T).softmax(1), "prototypes do not"),
        (lambda x, p, k: (k * unit(x) @ unit(p).T).softmax(0), "columns sum to one"),
        (lambda x, p, k: unit(x) @ unit(p).T, "Those are the similarities"),
        (lambda x, p, k: (unit(x) @ unit(p).T).softmax(1), "sharpness is missing"),
        (lambda x, p, k: k * (unit(x) @ unit(p).T).softmax(1), "too late"),
        (lambda x, p, k: (unit(x) @ unit(p).T / k).softmax(1), "do not divide"),
        (lambda x, p, k: (k * unit(x.T).T @ unit(p.T)).softmax(1), "columns have length one"),
        (nearest_prototype, "nearest prototype only"),
        (lambda x, p, k: (k * unit(x) @ unit(p).T).softmax(1).T, "transposed"),
        (lambda x, p, k: (k * unit(x) @ unit(p).T).softmax(1) @ p, "what is read"),
        (lambda x, p, k: k * unit(x) @ unit(p).T, "sharpened similarities"),
        (lambda x, p, k: (k * (unit(x) @ unit(p).T).abs()).softmax(1), "no absolute value"),
        (lambda x, p, k: (k * (unit(x) @ unit(p).T).relu()).softmax(1), "do not raise it to 0"),
        (lambda x, p, k: (-k * torch.cdist(x, p)).softmax(1), "Those are distances"),
        (lambda x, p, k: (4 * unit(x) @ unit(p).T).softmax(1), "For example"),
        (lambda x, p, k: (k * unit(x) @ unit(p).T).sigmoid(), "For example"),
        (lambda x, p, k: (k * unit(x) @ unit(p).T).softmax(1)[0], "shape"),
    ],
    "check_home_advantage": [
        (lambda m: off(m).mean() - np.diag(m).mean(), "sign"),
        (lambda m: np.diag(m).mean() - m.mean(), "has the diagonal in it"),
        (lambda m: np.diag(m).mean(), "still to be subtracted"),
        (lambda m: np.trace(m) - off(m).sum(), "sums"),
        (lambda m: np.diag(m).mean() - m[np.triu_indices(len(m), 1)].mean(), "upper side"),
        (lambda m: np.diag(m).mean() - (m * (1 - np.eye(len(m)))).mean(), "zeros in place"),
        (lambda m: np.diag(m).mean() - m[np.tril_indices(len(m), -1)].mean(), "lower side"),
        (lambda m: abs(np.diag(m).mean() - off(m).mean()), "no absolute value"),
        (lambda m: max(0, np.diag(m).mean() - off(m).mean()), "do not raise it to 0"),
        (lambda m: np.median(np.diag(m)) - np.median(off(m)), "medians"),
        (lambda m: np.diag(m).mean() - np.setdiff1d(m, np.diag(m)).mean(), "is right"),
        (lambda m: np.diag(m)[:5].mean() - off(m[:5, :5]).mean(), "is right"),
        (lambda m: m - m.mean(), "one number"),
    ],
    "check_permutation_p": [
        (
            lambda m: np.mean(pairing_means(m) > pairing_means(m)[0] + 1e-12),
            "at least, not more than",
        ),
        (lambda m: np.mean(pairing_means(m)[1:] >= pairing_means(m)[0]), "You left out"),
        (lambda m: (pairing_means(m) >= pairing_means(m)[0] - 1e-12).sum(), "how many"),
        (lambda m: np.mean(pairing_means(m) < pairing_means(m)[0] - 1e-12), "does worse"),
        (lambda m: np.mean(pairing_means(m) <= pairing_means(m)[0] + 1e-12), "at most as well"),
        (lambda m: np.diag(m).mean(), "mean at home"),
        (lambda m: count_of_pairings(m) - 1 / len(pairing_means(m)), "as well as itself"),
        (by_shifts, "more pairings than shifts"),
        (by_sampling, "is right"),
        (lambda m: count_of_pairings(m) * math.factorial(len(m)) / 24, "is right"),
        (lambda m: min(count_of_pairings(m), 1 - count_of_pairings(m)), "is right"),
        (lambda m: 2 * count_of_pairings(m), "is right"),
        (lambda m: (m >= np.diag(m).mean()).mean(), "single cells"),
        (lambda m: pairing_means(m), "one number"),
    ],
}
