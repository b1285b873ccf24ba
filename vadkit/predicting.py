"""A predictor on the frames of a clip, batch by batch: a clip may be larger than memory."""

import mmap
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from vadkit.checks import checked
from vadkit.scenes import Clip
from vadkit.windows import Windows


@checked
@torch.no_grad()
def predict_clip(predictor: Callable, clip: Clip, batch_size: int = 32) -> np.ndarray:
    """Predict the frames of one clip; a network runs in eval mode.

    Parameters
    ----------
    predictor : callable
        (N, 4, H, W) -> (N, 1, H, W).
    clip : Clip
        Of five frames or more.
    batch_size : int
        How many windows to predict at once.

    Returns
    -------
    ndarray
        (T - 4, H, W) float32, clamped to [0, 1], NaN for what is not finite; entry i predicts
        frame i + 4.
    """
    with in_eval_mode(predictor):
        batches = list(predicted_batches(predictor, clip, batch_size))
    return torch.cat([prediction for _, _, prediction in batches])[:, 0].numpy()


@checked
def predicted_batches(
    predictor: Callable, clip: Clip, batch_size: int = 32, every: int = 1
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Predict every n-th window of a clip.

    Parameters
    ----------
    predictor, clip, batch_size : see `predict_clip`
        Its arguments.
    every : int
        Of how many windows one is predicted, the first included.

    Yields
    ------
    tuple of Tensor
        Inputs (n, 4, H, W), targets and predictions (n, 1, H, W) of a batch, in order.

    Raises
    ------
    ValueError
        If the clip is too short, or the predictor returns anything but one frame per window.
    """
    try:
        windows = Windows([clip])
    except ValueError as error:
        raise ValueError(f"Clip '{clip.name}': {error}") from None
    device = device_of(predictor)
    indices = range(0, len(windows), every)
    for start in range(0, len(indices), batch_size):
        x, y = windows.batch(indices[start : start + batch_size])
        _give_back(clip.frames)
        prediction = predictor(x.to(device))
        shape = tuple(getattr(prediction, "shape", ()))
        if not isinstance(prediction, Tensor) or shape != y.shape:
            raise ValueError(
                f"A predictor turns {tuple(x.shape)} into a tensor {tuple(y.shape)}, one next "
                f"frame per window; this one returned: {type(prediction).__name__} {shape}."
            )
        prediction = prediction.cpu().float()
        yield x, y, prediction.clamp(0, 1).where(prediction.isfinite(), torch.nan)


def device_of(predictor: Callable) -> torch.device:
    """Find where a predictor wants its windows.

    Parameters
    ----------
    predictor : callable
        A network, or a function, which takes them from the CPU.

    Returns
    -------
    torch.device
        That of its weights.
    """
    parameters = predictor.parameters() if isinstance(predictor, torch.nn.Module) else ()
    return next((p.device for p in parameters), torch.device("cpu"))


def _give_back(frames):
    """The pages read so far of a mapped file count as this process's memory until given back."""
    if isinstance(frames, np.memmap) and frames.mode == "r" and hasattr(mmap, "MADV_DONTNEED"):
        frames._mmap.madvise(mmap.MADV_DONTNEED)


@contextmanager
def in_eval_mode(predictor: Callable) -> Iterator[None]:
    """Hold a network in eval mode, and give each of its modules back in the mode it was in.

    Parameters
    ----------
    predictor : callable
        A network, or a function, which has no modes.

    Yields
    ------
    None
        While it is held.
    """
    modules = list(predictor.modules()) if isinstance(predictor, torch.nn.Module) else []
    modes = [module.training for module in modules]
    try:
        for module in modules[:1]:  # the network itself
            module.eval()
        yield
    finally:
        for module, mode in zip(modules, modes):
            module.training = mode
