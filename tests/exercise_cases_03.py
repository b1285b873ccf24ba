"""Answers to the exercises of notebook 03: right, and wrong with the words they must be given."""

import itertools

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


def through_zero(prediction, target):
    return (prediction * target).sum() / (prediction**2).sum(), 0.0


RIGHT = {
    "check_two_numbers": [fitted, fitted_by_covariance, fitted_by_lstsq],
    "check_gap": [
        lambda psnr, labels: np.nanmean(psnr[~labels]) - np.nanmean(psnr[labels]),
        lambda psnr, labels: psnr[4:][~labels[4:]].mean() - psnr[4:][labels[4:]].mean(),
        gap_in_torch,
    ],
    "check_first_step": [
        first_step_by_loop,
        lambda s, c, m: s[np.argmax(c >= m)] if (c >= m).any() else -1,
        lambda s, c, m: min((int(step) for step, value in zip(s, c) if value >= m), default=-1),
    ],
    "check_address": [
        lambda x, p, k: (k * unit(x) @ unit(p).T).softmax(dim=1),
        address_in_numpy,
        address_by_hand,
    ],
    "check_home_advantage": [
        lambda m: np.diag(m).mean() - off(m).mean(),
        lambda m: np.trace(m) / len(m) - (m.sum() - np.trace(m)) / (m.size - len(m)),
    ],
    "check_permutation_p": [
        lambda m: np.mean(pairing_means(m) >= pairing_means(m)[0] - 1e-12),
        p_from_differences,
        lambda m: sum(mean >= pairing_means(m)[0] for mean in pairing_means(m)) / 24,
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
        (lambda p, l: p[~l], "one number"),
    ],
    "check_first_step": [
        (lambda s, c, m: max((step for step, v in zip(s, c) if v >= m), default=-1), "last time"),
        (lambda s, c, m: s[np.argmax(c)], "highest"),
        (lambda s, c, m: s[np.argmin(abs(c - m))], "nearest"),
        (lambda s, c, m: np.argmax(c >= m), "position in the list"),
        (lambda s, c, m: s[np.argmax(c >= m) - 1], "step before"),
        (lambda s, c, m: c[c >= m][0], "That is a PSNR"),
        (lambda s, c, m: s[np.argmax(c > m)] if (c > m).any() else -1, "exactly at the milestone"),
        (lambda s, c, m: s[np.argmax(c >= m)], "never reaches"),
        (lambda s, c, m: s[c >= m][0] if (c >= m).any() else 0, "never reaches"),
        (lambda s, c, m: s[c >= m][0], "never reaches"),
        (first_step_or_none, "never reaches"),
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
        (lambda x, p, k: (k * unit(x) @ unit(p).T).softmax(1) @ p, "shape"),
    ],
    "check_home_advantage": [
        (lambda m: off(m).mean() - np.diag(m).mean(), "sign"),
        (lambda m: np.diag(m).mean() - m.mean(), "has the diagonal in it"),
        (lambda m: np.diag(m).mean(), "still to be subtracted"),
        (lambda m: np.trace(m) - off(m).sum(), "sums"),
        (lambda m: np.diag(m).mean() - m[np.triu_indices(len(m), 1)].mean(), "upper side"),
        (lambda m: np.diag(m).mean() - (m * (1 - np.eye(len(m)))).mean(), "zeros in place"),
        (lambda m: m - m.mean(), "one number"),
    ],
    "check_permutation_p": [
        (lambda m: np.mean(pairing_means(m) > pairing_means(m)[0] + 1e-12), "count it too"),
        (lambda m: np.mean(pairing_means(m)[1:] >= pairing_means(m)[0]), "You left out"),
        (lambda m: (pairing_means(m) >= pairing_means(m)[0] - 1e-12).sum(), "how many"),
        (lambda m: np.mean(pairing_means(m) < pairing_means(m)[0] - 1e-12), "does worse"),
        (lambda m: np.mean(pairing_means(m) <= pairing_means(m)[0] + 1e-12), "at most as well"),
        (lambda m: np.diag(m).mean(), "mean at home"),
        (lambda m: pairing_means(m), "one number"),
    ],
}
