"""Settling in behind a new camera: many ordinary training steps on its first windows; alarms."""

import copy
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from vadkit.losses import prediction_loss

Samples = tuple[Tensor, Tensor]  # inputs (K, 4, H, W) and targets (K, 1, H, W)


def fine_tuning(
    predictor: nn.Module,
    support: Samples,
    optimizer: str = "sgd",
    lr: float = 0.1,
    n_steps: int = 3,
    sample_batch: Callable[[Samples], Samples] | None = None,
    loss: Callable = prediction_loss,
) -> Iterator[nn.Module]:
    """Watch ordinary training on a support.

    Parameters
    ----------
    predictor, support : nn.Module, tuple of Tensor
        What to train a copy of, and K windows: inputs (K, 4, H, W) and targets (K, 1, H, W).
    optimizer, lr, n_steps : str, float, int
        Either "sgd", as `vadkit.adapt` does it, or "adam"; its learning rate; how many steps.
    sample_batch : callable, optional
        Takes the support and returns the windows of one step; the whole support by default.
    loss : callable
        (predictions, targets) to a scalar.

    Yields
    ------
    nn.Module
        The copy after 0, 1, ... n_steps steps, the same object each time.
    """
    tuned = copy.deepcopy(predictor).eval()
    optimizers = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    steps = optimizers[optimizer](tuned.parameters(), lr=lr)
    yield tuned
    for _ in range(n_steps):
        x, y = sample_batch(support) if sample_batch else support
        with torch.enable_grad():
            steps.zero_grad()
            loss(tuned(x), y).backward()
        steps.step()
        yield tuned


@torch.no_grad()
def two_numbers(predictor: Callable, support: Samples) -> Callable:
    """Fit a gain and an offset to a predictor's output, by least squares, and nothing else.

    What differs between cameras may be light and contrast alone; then this is all it takes.

    Parameters
    ----------
    predictor, support : Callable, tuple of Tensor
        What to rescale, and K windows: inputs (K, 4, H, W) and targets (K, 1, H, W).

    Returns
    -------
    Callable
        From windows (N, 4, H, W) to gain * prediction + offset, (N, 1, H, W).
    """
    x, y = support
    predicted = predictor(x)
    mean, target_mean = predicted.mean(), y.mean()
    variance = (predicted - mean).square().mean()
    gain = ((predicted - mean) * (y - target_mean)).mean() / variance.clamp(min=1e-12)
    offset = target_mean - gain * mean
    return lambda windows: gain * predictor(windows) + offset


def settle_in(
    predictor: nn.Module,
    support: Samples,
    n_steps: int = 150,
    lr: float = 3e-3,
    n_windows: int = 4,
    seed: int = 0,
) -> nn.Module:
    """Adapt to one new camera at a laptop's pace: Adam, on a new `mirrored_batch` at each step.

    Rate and steps were chosen on two real scenes (UMN), where 300 steps separated hardly better
    and took twice the time.

    Parameters
    ----------
    predictor, support, n_steps, lr : see `fine_tuning`
        What to adapt a copy of, to what, and how.
    n_windows, seed : int
        Windows per step, and what decides them.

    Returns
    -------
    nn.Module
        The adapted copy.
    """
    generator = torch.Generator().manual_seed(seed)
    sample_batch = partial(mirrored_batch, n=n_windows, generator=generator)
    *_, settled = fine_tuning(predictor, support, "adam", lr, n_steps, sample_batch)
    return settled


def mirrored_batch(support: Samples, n: int, generator: torch.Generator) -> Samples:
    """Sample n of K windows, or all if there are fewer, each mirrored by chance.

    A support of ten windows is soon known by heart. Left to right: who walked left could have
    walked right. In time, x1 ... x5 becomes x5 ... x1: normal life run backwards is nearly normal.

    Parameters
    ----------
    support, n, generator : tuple of Tensor, int, torch.Generator
        The K windows, how many of them, and what decides which and how.

    Returns
    -------
    tuple of Tensor
        Inputs and targets of n windows.
    """
    windows = torch.cat(support, 1)
    windows = windows[torch.randperm(len(windows), generator=generator)[:n]]
    for axis in (3, 1):  # width, then time
        mirrored = torch.rand(len(windows), 1, 1, 1, generator=generator) < 0.5
        windows = torch.where(mirrored, windows.flip(axis), windows)
    return windows[:, :-1], windows[:, -1:]


def alarms(psnr: np.ndarray, threshold: float, n: int = 3) -> list[int]:
    """Find the frames at which an alarm starts: the n-th in a row below the threshold.

    Parameters
    ----------
    psnr, threshold, n : ndarray, float, int
        (T,) dB, where NaN is below nothing; the threshold in dB; how many frames in a row.

    Returns
    -------
    list of int
        One frame for each row, however long it is.
    """
    return alarm_starts(np.asarray(psnr) < threshold, n)


def alarm_starts(below: np.ndarray, n: int) -> list[int]:
    """Find the frames at which n in a row are True for the first time.

    Parameters
    ----------
    below, n : ndarray, int
        (T,) bool, and how many.

    Returns
    -------
    list of int
        One frame for each row of at least n.
    """
    row = 0
    starts = []
    for t, is_below in enumerate(below):
        row = row + 1 if is_below else 0
        if row == n:
            starts.append(t)
    return starts
