"""Answers to the exercises of notebook 02: right, and wrong with the words they must be given."""

import numpy as np
import torch

from vadcourse.exercises import runner_clips
from vadkit import metrics

NAN = [np.nan]


def mse(p, t):
    return ((p - t) ** 2).flatten(1).mean(1)


def psnr_by_loops(prediction, target):
    return [10 * np.log10(1 / ((a - b) ** 2).mean().item()) for a, b in zip(prediction, target)]


def shuffled(target):
    return target.flatten()[torch.randperm(target.numel())].reshape(target.shape)


def half_up_half_down(target):
    """The left half brighter by so much, the right half darker: still a good prediction."""
    width = target.shape[-1] // 2
    return target + 0.05 * torch.cat([torch.ones(width), -torch.ones(width)])


def third_lowest(psnr, labels):
    return np.sort(psnr[~labels & ~np.isnan(psnr)])[2]


def by_trying(psnr, labels):
    allowed = [v for v in psnr[~np.isnan(psnr)] if (psnr[~labels] < v).sum() <= 2]
    return max(allowed) if allowed else 0


def by_quantile(psnr, labels):
    normal = psnr[~labels & ~np.isnan(psnr)]
    return np.quantile(normal, 2 / len(normal))


def eleventh_lowest(psnr, labels):
    return np.sort(psnr[~labels & ~np.isnan(psnr)])[10]


def differences(frames):
    return np.concatenate([NAN, (np.diff(frames.astype(float), axis=0) ** 2).mean((1, 2))])


def extrapolated(frames):
    frames = frames.astype(float)
    expected = 2 * frames[1:-1] - frames[:-2]
    return np.concatenate([2 * NAN, ((frames[2:] - expected) ** 2).mean((1, 2))])


def extrapolated_in_torch(frames):
    x = torch.from_numpy(frames).float()
    error = (x[2:] - 2 * x[1:-1] + x[:-2]).square().mean((1, 2))
    return torch.cat([torch.full((2,), torch.nan), error])


def moving_average(frames):
    """None at the beginning, and none at the end."""
    smooth = np.convolve(differences(frames)[1:], np.ones(9) / 9, mode="valid")
    return [*5 * NAN, *smooth, *4 * NAN]


def four_frames_ago(frames):
    frames = frames.astype(float)
    return np.concatenate([4 * NAN, ((frames[4:] - frames[:-4]) ** 2).mean((1, 2))])


def looked_up(frames):
    return next((c.labels for c in runner_clips() if (c.frames == frames).all()), [0, 1] * 50)


def with_a_hole(frames):
    scores = extrapolated(frames)
    scores[40:50] = np.nan
    return scores


RIGHT = {
    "check_psnr": [
        lambda p, t: 10 * torch.log10(1 / mse(p, t)),
        lambda p, t: -10 * np.log10(mse(p, t).numpy()),
        psnr_by_loops,
        lambda p, t: 20 * torch.log10(1 / mse(p, t).sqrt()),
        lambda p, t: -10 * torch.log10(mse(p.double(), t.double()) + 1e-8),
        lambda p, t: tuple(10 * torch.log10(1 / mse(p, t))),
        metrics.psnr,
    ],
    "check_frame_scores": [
        lambda v: np.concatenate([np.full(4, np.nan), v]),
        lambda v: np.pad(v, (4, 0), constant_values=np.nan),
        lambda v: 4 * NAN + list(v),
        lambda v: torch.cat([torch.full((4,), torch.nan), torch.tensor(v)]),
        lambda v: np.float32([*4 * NAN, *v]),
        lambda v: (*4 * NAN, *v.tolist()),
    ],
    "check_fooled": [
        lambda t: t.flip(-1),
        shuffled,
        lambda t: t.flip(-2).double().numpy(),
        lambda t: torch.full_like(t, t.mean().item()),
        lambda t: t.roll(5, -1).tolist(),
        lambda t: 2 * t.mean() - t,
    ],
    "check_threshold": [
        third_lowest,
        by_trying,
        lambda p, l: np.float32(third_lowest(p, l)),
        lambda p, l: torch.tensor([third_lowest(p, l)], dtype=torch.float32),
        lambda p, l: np.nextafter(third_lowest(p, l), 0),
    ],
    "check_runner": [
        lambda f: metrics.smooth_scores(differences(f), 9),
        extrapolated,
        extrapolated_in_torch,
        moving_average,
    ],
}
WRONG = {
    "check_psnr": [
        (lambda p, t: -10 * torch.log10(1 / mse(p, t)), "sign"),
        (lambda p, t: 10 * torch.log10(1 / ((p - t) ** 2).flatten(1).sum(1)), "summed"),
        (lambda p, t: 10 * torch.log(1 / mse(p, t)), "natural logarithm"),
        (lambda p, t: torch.log10(1 / mse(p, t)), "10 times"),
        (lambda p, t: 20 * torch.log10(1 / mse(p, t)), "20"),
        (lambda p, t: 10 * torch.log10(255**2 / mse(p, t)), "255"),
        (lambda p, t: 10 * torch.log10(t.max() ** 2 / mse(p, t)), "brightest pixel"),
        (mse, "MSE itself"),
        (lambda p, t: mse(p, t).sqrt(), "root of the MSE"),
        (lambda p, t: 10 * torch.log10(1 / (p - t).abs().flatten(1).mean(1)), "absolute error"),
        (lambda p, t: -20 * torch.log10((p - t).abs().flatten(1).mean(1)), "root belongs"),
        (lambda p, t: 10 * torch.log10(1 / ((p - t) ** 2).mean()), "whole batch"),
        (lambda p, t: [-10 * np.log10(((p - t) ** 2).mean())] * len(p), "mean per window"),
        (lambda p, t: metrics.psnr(p, t).mean(), "mean over the windows"),
        (lambda p, t: 10 * torch.log10(1 / mse(p, t).sqrt()), "half"),
        (lambda p, t: 10 * torch.log10(1 / (p - t).flatten(1).mean(1) ** 2), "cancel"),
        (lambda p, t: metrics.psnr(p, t)[:, None], "shape"),
        (lambda p, t: metrics.psnr(p, t).clamp(max=40), "should be 4"),
        (lambda p, t: metrics.psnr(p, t).clamp(min=10), "For example"),
        (lambda p, t: [f"{value:.6f}" for value in metrics.psnr(p, t)], "none: str"),
    ],
    "check_frame_scores": [
        (lambda v: v, "first four"),
        (lambda v: np.concatenate([v, np.full(4, np.nan)]), "at the end"),
        (lambda v: np.concatenate([np.zeros(4), v]), "Zero dB"),
        (lambda v: np.concatenate([np.full(4, v[0]), v]), "invent"),
        (lambda v: np.concatenate([np.full(4, v.mean()), v]), "invent"),
        (lambda v: np.concatenate([np.full(4, np.inf), v]), "invent"),
        (lambda v: np.concatenate([np.full(5, np.nan), v]), "not five"),
        (lambda v: np.concatenate([np.full(3, np.nan), v]), "not three"),
        (lambda v: np.concatenate([np.full(4, np.nan), v[4:]]), "overwrote"),
        (lambda v: np.pad(v, 2, constant_values=np.nan), "in its middle"),
        (lambda v: np.pad(v, (6, 0), constant_values=np.nan), "shape"),
        (lambda v: [*4 * NAN, *np.where(v == 0, np.nan, v)], "NaN values where numbers"),
        (lambda v: [*4 * NAN, *np.sort(v)], "For example"),
        (lambda v: [*4 * NAN, *v.clip(10, 60)], "For example"),
        (lambda v: 4 * [None] + list(v), "none: NoneType"),
    ],
    "check_fooled": [
        (lambda t: t, "target itself"),
        (lambda t: t + 1e-6 * t.flip(-1), "target itself"),
        (lambda t: (t + 0.02).clamp(0, 1), "too good"),
        (half_up_half_down, "too good"),
        (torch.zeros_like, "not fooled"),
        (lambda t: 1 - t, "not fooled"),
        (lambda t: torch.full_like(t, 0.5), "not fooled"),
        (lambda t: t + 5, "between 0 and 1"),
        (lambda t: 255 * t.flip(-1), "between 0 and 1"),
        (lambda t: t[0], "shape"),
        (lambda t: torch.full_like(t, torch.nan), "NaN values where pixels"),
        (lambda t: t.mean(), "shape"),
    ],
    "check_threshold": [
        (lambda p, l: np.nanmin(p[~l]), "Too low: 0 of"),
        (lambda p, l: np.sort(p[~l])[1], "Too low: 1 of"),
        (lambda p, l: np.sort(p[~l])[3], "3 false alarms"),
        (lambda p, l: np.nextafter(third_lowest(p, l), np.inf), "3 false alarms"),
        (eleventh_lowest, "10 false alarms"),
        (by_quantile, "Too low"),
        (lambda p, l: np.sort(p)[2], "anomalies among"),
        (lambda p, l: np.sort(p[~l & ~np.isnan(p)])[-3], "wrong end"),
        (lambda p, l: np.nanmax(p[l]) + 1, "false alarms"),
        (lambda p, l: 0, "Too low: 0 of"),
        (lambda p, l: -np.inf, "not a finite number"),
        (lambda p, l: np.percentile(p, 1), "leave them out"[1:]),
        (lambda p, l: p < 30, "one number"),
        (lambda p, l: str(third_lowest(p, l)), "yours returns str"),
    ],
    "check_runner": [
        (differences, "copy-last-frame again"),
        (lambda f: -differences(f), "worse than guessing"),
        (lambda f: differences(f)[1:], "scores, NaN where"),
        (lambda f: np.zeros(len(f)), "equal"),
        (lambda f: np.full(len(f), np.nan), "NaN or infinite"),
        (lambda f: np.sqrt(differences(f)), "copy-last-frame again"),
        (four_frames_ago, "is asked"),
        (with_a_hole, "between two others"),
        (lambda f: f.mean((1, 2)), "worse than guessing"),
        (lambda f: -abs(np.arange(len(f)) - 55), "is asked"),
        (lambda f: np.nan_to_num(extrapolated(f), nan=np.inf), "NaN or infinite"),
        (lambda f: differences(f)[:, None], "shape"),
    ],
}
