"""Answers to the exercises of notebook 02: right, and wrong with the words they must be given."""

import numpy as np
import torch

from vadkit import metrics

NAN = [np.nan]


def mse(p, t):
    return ((p - t) ** 2).flatten(1).mean(1)


def shuffled(target):
    return target.flatten()[torch.randperm(target.numel())].reshape(target.shape)


def third_lowest(psnr, labels):
    return np.sort(psnr[~labels & ~np.isnan(psnr)])[2]


def by_trying(psnr, labels):
    allowed = [v for v in psnr[~np.isnan(psnr)] if (psnr[~labels] < v).sum() <= 2]
    return max(allowed) if allowed else 0


def differences(frames):
    return np.concatenate([NAN, (np.diff(frames.astype(float), axis=0) ** 2).mean((1, 2))])


def extrapolated(frames):
    frames = frames.astype(float)
    expected = 2 * frames[1:-1] - frames[:-2]
    return np.concatenate([2 * NAN, ((frames[2:] - expected) ** 2).mean((1, 2))])


def four_frames_ago(frames):
    frames = frames.astype(float)
    return np.concatenate([4 * NAN, ((frames[4:] - frames[:-4]) ** 2).mean((1, 2))])


RIGHT = {
    "check_psnr": [
        lambda p, t: 10 * torch.log10(1 / mse(p, t)),
        lambda p, t: -10 * np.log10(mse(p, t).numpy()),
        lambda p, t: [10 * np.log10(1 / ((a - b) ** 2).mean().item()) for a, b in zip(p, t)],
        lambda p, t: 20 * torch.log10(1 / mse(p, t).sqrt()),
    ],
    "check_frame_scores": [
        lambda v: np.concatenate([np.full(4, np.nan), v]),
        lambda v: np.pad(v, (4, 0), constant_values=np.nan),
    ],
    "check_fooled": [
        lambda t: t.flip(-1),
        lambda t: torch.full_like(t, t.mean().item()).flip(2) * 0 + shuffled(t),
    ],
    "check_threshold": [third_lowest, by_trying, lambda p, l: np.float64(third_lowest(p, l))],
    "check_runner": [lambda f: metrics.smooth_scores(differences(f), 9), extrapolated],
}
WRONG = {
    "check_psnr": [
        (lambda p, t: -10 * torch.log10(1 / mse(p, t)), "sign"),
        (lambda p, t: 10 * torch.log10(1 / ((p - t) ** 2).flatten(1).sum(1)), "summed"),
        (lambda p, t: 10 * torch.log(1 / mse(p, t)), "natural logarithm"),
        (lambda p, t: torch.log10(1 / mse(p, t)), "10 times"),
        (lambda p, t: 20 * torch.log10(1 / mse(p, t)), "20"),
        (lambda p, t: 10 * torch.log10(255**2 / mse(p, t)), "255"),
        (mse, "MSE itself"),
        (lambda p, t: 10 * torch.log10(1 / (p - t).abs().flatten(1).mean(1)), "absolute"),
        (lambda p, t: 10 * torch.log10(1 / ((p - t) ** 2).mean()), "whole batch"),
        (lambda p, t: 10 * torch.log10(1 / mse(p, t).sqrt()), "half"),
        (lambda p, t: 10 * torch.log10(1 / (p - t).flatten(1).mean(1) ** 2), "cancel"),
    ],
    "check_frame_scores": [
        (lambda v: v, "first four"),
        (lambda v: np.concatenate([v, np.full(4, np.nan)]), "at the end"),
        (lambda v: np.concatenate([np.zeros(4), v]), "Zero dB"),
        (lambda v: np.concatenate([np.full(4, v[0]), v]), "invent"),
        (lambda v: np.concatenate([np.full(5, np.nan), v]), "not five"),
        (lambda v: np.concatenate([np.full(4, np.nan), v[4:]]), "overwrote"),
        (lambda v: np.concatenate([np.full(3, np.nan), v]), "shape"),
    ],
    "check_fooled": [
        (lambda t: t, "target itself"),
        (lambda t: (t + 0.02).clamp(0, 1), "too good"),
        (lambda t: torch.zeros_like(t), "not fooled"),
        (lambda t: t + 5, "between 0 and 1"),
        (lambda t: t[0], "shape"),
        (lambda t: torch.full_like(t, torch.nan), "between 0 and 1"),
    ],
    "check_threshold": [
        (lambda p, l: np.nanmin(p[~l]), "Too low: 0 of"),
        (lambda p, l: np.sort(p[~l])[1], "Too low: 1 of"),
        (lambda p, l: np.sort(p[~l])[10], "10 false alarms"),
        (lambda p, l: np.sort(p)[2], "anomalies among"),
        (lambda p, l: np.sort(p[~l & ~np.isnan(p)])[-3], "wrong end"),
        (lambda p, l: np.percentile(p, 1), "leave them out"[1:]),
        (lambda p, l: p < 30, "one number"),
    ],
    "check_runner": [
        (differences, "copy-last-frame again"),
        (lambda f: -differences(f), "worse than guessing"),
        (lambda f: differences(f)[1:], "scores, NaN where"),
        (lambda f: np.zeros(len(f)), "equal"),
        (lambda f: np.full(len(f), np.nan), "NaN or infinite"),
        (lambda f: np.sqrt(differences(f)), "copy-last-frame again"),
        (four_frames_ago, "is asked"),
    ],
}
