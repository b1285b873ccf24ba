"""TODO."""

import copy
import functools

import numpy as np
import torch

from vadkit.losses import prediction_loss


def fine_tuning(predictor, support, optimizer="sgd", lr=0.1, n_steps=3, draw=None):
    """Ordinary training on a support, watched: yields the copy after 0, 1, ... n_steps steps, the same object each time.

    support: (inputs (K, 4, H, W), targets (K, 1, H, W)); optimizer: "sgd", as `vadkit.adapt` does it, or "adam".
    draw: support -> the (inputs, targets) of one step; the whole support, every time, when None.
    """
    tuned = copy.deepcopy(predictor).eval()
    steps = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer](tuned.parameters(), lr=lr)
    yield tuned
    for _ in range(n_steps):
        x, y = draw(support) if draw else support
        with torch.enable_grad():
            steps.zero_grad()
            prediction_loss(tuned(x), y).backward()
        steps.step()
        yield tuned


def settle_in(predictor, support, n_steps=150, lr=3e-3, n_windows=4, seed=0):
    """What a laptop can afford behind one new camera: Adam, on windows of the support drawn anew for each step -> the adapted copy.

    Each window is mirrored by chance, see `some_mirrored`: a support of ten windows is soon known by heart. support as in `fine_tuning`.
    Rate and steps were chosen on two real scenes (UMN), where 300 steps separated hardly better and took twice the time.
    """
    generator = torch.Generator().manual_seed(seed)
    draw = functools.partial(some_mirrored, n=n_windows, generator=generator)
    *_, settled = fine_tuning(predictor, support, "adam", lr, n_steps, draw)
    return settled


def some_mirrored(support, n, generator):
    """n of K windows, or all when there are fewer, each mirrored by chance: left to right, and in time -> (inputs, targets).

    In time: a window x1 ... x5 becomes x5 ... x1. Normal life run backwards is nearly normal life, and who walked left could have walked
    right.
    """
    windows = torch.cat(support, 1)
    windows = windows[torch.randperm(len(windows), generator=generator)[:n]]
    for axis in (3, 1):
        mirrored = torch.rand(len(windows), 1, 1, 1, generator=generator) < 0.5
        windows = torch.where(mirrored, windows.flip(axis), windows)
    return windows[:, :-1], windows[:, -1:]


def alarms(psnr, threshold, n=3):
    """Frames at which an alarm starts: the n-th frame in a row below the threshold, once for each run; NaN is below nothing."""
    return alarm_starts(np.asarray(psnr) < threshold, n)


def alarm_starts(ringing, n):
    """(T,) bool -> list of the frames at which n in a row are True for the first time."""
    row, starts = 0, []
    for t, rings in enumerate(ringing):
        row = row + 1 if rings else 0
        if row == n:
            starts.append(t)
    return starts
