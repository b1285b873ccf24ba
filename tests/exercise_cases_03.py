"""What students may write in notebook 03: right answers, and wrong ones with the words they must get."""

import itertools

import numpy as np
import torch


def unit(x):
    return x / x.norm(dim=1, keepdim=True)


def address_by_hand(places, prototypes, sharpness):
    rows = []
    for place in places:
        powers = [torch.exp(sharpness * torch.dot(place, p) / place.norm() / p.norm()) for p in prototypes]
        rows.append([(p / sum(powers)).item() for p in powers])
    return rows


def first_step_by_loop(steps, curve, milestone):
    for step, value in zip(steps, curve):
        if value >= milestone:
            return step
    return -1


def pairing_means(matrix):
    n = len(matrix)
    return np.array([np.mean([matrix[p[j], j] for j in range(n)]) for p in itertools.permutations(range(n))])


def p_from_differences(matrix):
    """With the mean of everything else subtracted: the same ranking."""
    n = len(matrix)
    home = pairing_means(matrix) * n
    difference = home / n - (matrix.sum() - home) / (n * n - n)
    return np.mean(difference >= difference[0] - 1e-9)


def off(matrix):
    return matrix[~np.eye(len(matrix), dtype=bool)]


RIGHT = {
    "check_gap": [
        lambda psnr, labels: np.nanmean(psnr[~labels]) - np.nanmean(psnr[labels]),
        lambda psnr, labels: psnr[4:][~labels[4:]].mean() - psnr[4:][labels[4:]].mean(),
        lambda psnr, labels: torch.tensor(psnr)[~torch.tensor(labels)].nanmean() - psnr[labels].mean(),
    ],
    "check_first_step": [
        first_step_by_loop,
        lambda s, c, m: s[np.argmax(c >= m)] if (c >= m).any() else -1,
        lambda s, c, m: min((int(step) for step, value in zip(s, c) if value >= m), default=-1),
    ],
    "check_address": [
        lambda x, p, k: (k * unit(x) @ unit(p).T).softmax(dim=1),
        lambda x, p, k: torch.softmax(k * torch.cosine_similarity(x[:, None], p[None], dim=-1), dim=-1).numpy(),
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
    "check_gap": [
        (lambda psnr, labels: np.nanmean(psnr[labels]) - np.nanmean(psnr[~labels]), "sign"),
        (lambda psnr, labels: psnr[~labels].mean() - psnr[labels].mean(), "first four frames have no score"),
        (lambda psnr, labels: np.nanmedian(psnr[~labels]) - np.nanmedian(psnr[labels]), "medians"),
        (lambda psnr, labels: np.nanmean(psnr) - np.nanmean(psnr[labels]), "leave the abnormal frames out"),
        (lambda psnr, labels: np.nanmean(psnr[~labels]) - np.nanmean(psnr), "abnormal frames alone"),
        (lambda psnr, labels: np.nan_to_num(psnr)[~labels].mean() - psnr[labels].mean(), "NaN is no 0 dB"),
        (lambda psnr, labels: np.nansum(psnr[~labels]) - np.nansum(psnr[labels]), "not of sums"),
        (lambda psnr, labels: np.nanmean(psnr[~labels]), "still to be subtracted"),
        (lambda psnr, labels: np.nanmean(psnr[~labels]) / np.nanmean(psnr[labels]), "do not divide"),
        (lambda psnr, labels: psnr[~labels], "one number"),
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
        (lambda s, c, m: next((step for step, value in zip(s, c) if value >= m), None), "never reaches"),
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
        (lambda x, p, k: torch.eye(len(p))[(unit(x) @ unit(p).T).argmax(1)], "nearest prototype only"),
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
