"""Settling in behind a new camera: many ordinary training steps on its first windows; alarms."""

import copy
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from vadkit.checks import checked
from vadkit.finite import require_finite, require_finite_weights
from vadkit.losses import decibel_loss, prediction_loss
from vadkit.pasting import Cutout, paste_into
from vadkit.predicting import device_of

Samples = tuple[Tensor, Tensor]  # inputs (K, 4, H, W) and targets (K, 1, H, W)


@checked
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
    optimizers = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    if optimizer not in optimizers:
        raise ValueError(f"optimizer is 'sgd' or 'adam', got {optimizer!r}.")
    advice = f"try a smaller lr than {lr}"
    tuned = copy.deepcopy(predictor).eval()
    steps = optimizers[optimizer](tuned.parameters(), lr=lr)
    yield tuned
    for step in range(n_steps):
        batch = sample_batch(support) if sample_batch else support
        x, y = (samples.to(device_of(tuned)) for samples in batch)
        with torch.enable_grad():
            steps.zero_grad()
            error = loss(tuned(x), y)
            require_finite(error, f"The loss at step {step}", advice, (x, y))
            error.backward()
        steps.step()
        if step + 1 == n_steps:
            require_finite_weights(tuned, advice)
        yield tuned


@checked
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
    device = device_of(predictor)
    x, y = (samples.to(device) for samples in support)
    predicted = predictor(x)
    mean, target_mean = predicted.mean(), y.mean()
    variance = (predicted - mean).square().mean()
    gain = ((predicted - mean) * (y - target_mean)).mean() / variance.clamp(min=1e-12)
    offset = target_mean - gain * mean
    return lambda windows: gain * predictor(windows.to(device)) + offset


@checked
def settle_in(
    predictor: nn.Module,
    support: Samples,
    n_steps: int = 150,
    lr: float = 3e-3,
    n_windows: int = 4,
    seed: int = 0,
    strangers: Sequence[Cutout] = (),
    loss: Callable = decibel_loss,
) -> nn.Module:
    """Adapt to one new camera at a laptop's pace: Adam, on a new `mirrored_batch` at each step.

    With strangers, half of these windows get one, and the target stays the frame without. All of
    it was chosen on two real scenes (UMN), where 300 steps separated hardly better and took twice
    the time.

    Parameters
    ----------
    predictor, support, n_steps, lr : see `fine_tuning`
        What to adapt a copy of, to what, and how.
    n_windows, seed : int
        Windows per step, and what decides them.
    strangers : sequence of Cutout
        Drawn ones to paste, of `vadkit.toy.drawn_strangers`.
    loss : callable
        (predictions, targets) to a scalar.

    Returns
    -------
    nn.Module
        The adapted copy.

    Raises
    ------
    FloatingPointError
        If the loss or a weight is no number, with a hint.
    KeyboardInterrupt
        When interrupted; the copy so far is the error's `.settled`.
    """
    generator, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)

    def sample_batch(windows):
        batch = mirrored_batch(windows, n_windows, generator)
        return paste_into(batch, strangers, rng, share=0.5) if strangers else batch

    done, settled = 0, predictor
    try:
        steps = fine_tuning(predictor, support, "adam", lr, n_steps, sample_batch, loss)
        for done, settled in enumerate(steps):  # noqa: B007
            pass
    except KeyboardInterrupt:
        raise _stopped(done, n_steps, settled) from None
    return settled


def _stopped(done, n_steps, settled):
    """An interrupt that carries what was learned: no script takes half a settling for a whole."""
    kept = "the copy so far is `sys.last_value.settled`, after `import sys`"
    error = KeyboardInterrupt(f"Stopped after {done} of {n_steps} steps; {kept}.")
    error.settled = settled
    return error


@checked
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


@checked
def alarms(psnr: ArrayLike, threshold: float, n: int = 3) -> list[int]:
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


@checked
def alarm_starts(below: ArrayLike, n: int) -> list[int]:
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
    if n < 1:
        raise ValueError(f"An alarm takes at least 1 frame in a row, got {n}.")
    row = 0
    starts = []
    below = np.asarray(below)
    if below.ndim != 1:
        raise ValueError(f"One value for each frame is needed, got an array {below.shape}.")
    for t, is_below in enumerate(below):
        row = row + 1 if is_below else 0
        if row == n:
            starts.append(t)
    return starts
