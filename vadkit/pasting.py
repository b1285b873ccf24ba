"""Drawn strangers in real video: cut out of toy clips and pasted into windows of normal life.

A real camera has no frame "without the stranger" to learn from. Where the stranger is drawn and
the rest is real, it has: the window as it was before. Zaheer et al. 2020 and Georgescu et al. 2021
learn from made anomalies, too; Acsintoae et al. 2022 from drawn ones.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

from vadkit.checks import checked
from vadkit.windows import Windows

FASTER = (1, 2, 3)  # frames of a drawing from one frame of a window to the next

MAX_TRIES = 10_000  # at a passage; with good cutouts the first few succeed


class Cutout(NamedTuple):
    """A stranger without the scene behind.

    Parameters
    ----------
    frames, mask : ndarray
        (T, S, S) uint8, and bool where the stranger or the shadow is; a square of the drawn scene.
    """

    frames: np.ndarray
    mask: np.ndarray


@checked
def paste(video: np.ndarray, cutouts: Sequence[Cutout], rng: np.random.Generator) -> np.ndarray:
    """Paste one stranger into a few frames, who is still there in the last of them.

    Which one, at what size and speed, how bright, in which direction, is sampled.

    Parameters
    ----------
    video : ndarray
        (T, H, W), float in [0, 1].
    cutouts : sequence of Cutout
        Of `vadkit.toy.drawn_strangers`.
    rng : Generator
        What decides.

    Returns
    -------
    ndarray
        A new array of the same shape.
    """
    if not len(cutouts):
        raise ValueError("Nobody to paste: give cutouts, such as vadkit.toy.drawn_strangers().")
    if video.ndim != 3 or not len(video):
        raise ValueError(f"A stranger is pasted into frames (T, H, W), got {video.shape}.")
    frames, mask = _passage(cutouts, len(video), rng)
    if rng.random() < 0.5:
        frames, mask = frames[:, :, ::-1], mask[:, :, ::-1]
    frames = rng.uniform(0.7, 1.3) * (frames / 255 - 0.5) + 0.5 + rng.uniform(-0.15, 0.15)
    height, width = video.shape[1:]
    whole = min(height, width)
    side = whole if rng.random() < 0.5 else int(whole * rng.uniform(0.5, 1.0))
    top, left = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    pasted = video.copy()
    part = pasted[:, top : top + side, left : left + side]
    frames, mask = _resized(frames, side), _resized(mask.astype(float), side) > 0.5
    part[mask] = frames.clip(0, 1)[mask]
    return pasted


def _passage(cutouts, n, rng):
    """n frames of a stranger, who is there in the last."""
    for _ in range(MAX_TRIES):
        frames, mask = cutouts[rng.integers(len(cutouts))]
        steps = rng.choice(FASTER) * np.arange(n)
        if steps[-1] < len(frames):
            steps += rng.integers(len(frames) - steps[-1])
            if mask[steps[-1]].any():
                return frames[steps], mask[steps]
    raise ValueError(f"None of {len(cutouts)} cutouts is long enough for a window of {n} frames.")


def _resized(video, side):
    return np.stack([cv2.resize(f, (side, side), interpolation=cv2.INTER_AREA) for f in video])


@checked
def paste_into(
    windows: tuple[Tensor, Tensor],
    cutouts: Sequence[Cutout],
    rng: np.random.Generator,
    share: float = 1.0,
) -> tuple[Tensor, Tensor]:
    """Paste a stranger into the inputs of some windows; what they are to predict stays clean.

    Parameters
    ----------
    windows : tuple of Tensor
        Inputs (N, 4, H, W) and targets (N, 1, H, W).
    cutouts, rng : see `paste`
        Who, and what decides.
    share : float
        How likely each window is to get one.

    Returns
    -------
    tuple of Tensor
        New inputs, and the targets as they were.
    """
    x, y = windows
    video = torch.cat([x, y], 1).numpy()
    pasted = [paste(w, cutouts, rng) if rng.random() < share else w for w in video]
    return torch.from_numpy(np.stack(pasted)[:, :-1]), y


class PastedStrangers(torch.utils.data.Dataset):
    """Normal windows with a drawn stranger in each, and as target the frame as it was.

    What `vadkit.StrangerWindows` is for drawn video, for real one: `vadkit.fit` takes either.

    Parameters
    ----------
    windows, indices : Windows, sequence of int
        Normal life, and the windows of it that may be used.
    cutouts, variants, seed : sequence of Cutout, int, int
        Who is pasted, how many times over, and what decides.
    """

    @checked
    def __init__(
        self,
        windows: Windows,
        indices: Sequence[int],
        cutouts: Sequence[Cutout],
        variants: int = 50,
        seed: int = 0,
    ) -> None:
        if not len(cutouts) or not len(indices):
            raise ValueError(f"{len(cutouts)} cutouts and {len(indices)} windows: some are needed.")
        self.windows, self.indices, self.cutouts = windows, indices, cutouts
        self.variants, self.seed = variants, seed

    def __len__(self) -> int:
        return self.variants * len(self.indices)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        x, y = self.batch([index])
        return x[0], y[0]

    @checked
    def batch(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Cut some windows and paste into each; the same index gives the same window.

        Parameters
        ----------
        indices : sequence of int
            At least one number.

        Returns
        -------
        x : Tensor
            (n, 4, H, W), float32 in [0, 1], the stranger in it.
        y : Tensor
            (n, 1, H, W), without.
        """
        pieces = []
        for i in indices:
            rng = np.random.default_rng([self.seed, int(i)])
            window = self.windows.batch([self.indices[int(i) % len(self.indices)]])
            pieces.append(paste_into(window, self.cutouts, rng))
        if not pieces:
            raise ValueError("A batch needs at least one window, got none.")
        x, y = zip(*pieces)
        return torch.cat(x), torch.cat(y)
