"""Frames to windows: four frames in (x1..x4), the next frame out (x5)."""

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from vadkit.checks import checked

N_INPUTS = 4


@checked
def make_windows(frames: ArrayLike, n_inputs: int = N_INPUTS) -> tuple[Tensor, Tensor]:
    """Cut one clip into all its windows (x1..x4 -> x5), each one frame later than the one before.

    Parameters
    ----------
    frames : array_like
        (T, H, W), uint8 in [0, 255] or float in [0, 1]; NaN stays NaN.
    n_inputs : int
        The first frames of a clip, so many, have no prediction and no score.

    Returns
    -------
    inputs : Tensor
        (T - n_inputs, n_inputs, H, W), float32 in [0, 1].
    targets : Tensor
        (T - n_inputs, 1, H, W); target i is frame i + n_inputs.

    Raises
    ------
    ValueError
        If the shape or the numbers are others, or there are fewer than n_inputs + 1 frames.
    """
    frames = np.asarray(frames)
    if frames.ndim != 3:
        need = "shape (T, H, W), grey and one after the other"
        raise ValueError(f"Frames must have {need}, got {frames.shape}.")
    if not 1 <= n_inputs < len(frames):
        have = f"{len(frames)} frames: use a longer clip"
        raise ValueError(f"Windows of {n_inputs} + 1 frames cannot be cut from {have}.")
    video = _images(frames)
    starts = range(len(video) - n_inputs)
    inputs = torch.stack([video[start : start + n_inputs] for start in starts])
    return inputs, video[n_inputs:, None].clone()


@checked
def to_float(frames: ArrayLike) -> Tensor:
    """Copy frames into a float32 tensor, uint8 in [0, 255] divided by 255.

    Parameters
    ----------
    frames : array_like
        The uint8 frames, or floats, whose values are left as they are.

    Returns
    -------
    Tensor
        Of the same shape; a ValueError for other numbers: nobody knows what is white among them.
    """
    frames = np.array(frames)
    if frames.dtype != np.uint8 and frames.dtype.kind != "f":
        need = "uint8 in [0, 255] or float in [0, 1]"
        raise ValueError(f"Frames must be {need}, got {frames.dtype}.")
    video = torch.from_numpy(frames).float()
    # In place, because this line feeds every training step.
    return video.div_(255) if frames.dtype == np.uint8 else video


def _images(frames):
    video = to_float(frames)
    if frames.dtype != np.uint8 and ((video < 0) | (video > 1)).any():
        span = f"{video.min():.3g} to {video.max():.3g}"
        raise ValueError(f"Float frames must lie in [0, 1], got {span}: divide by 255?")
    return video


class _Video(Protocol):
    """What windows are cut from: a `vadkit.Clip`, or whatever has frames and a length."""

    frames: Any  # (T, H, W)

    def __len__(self) -> int: ...


class Windows(torch.utils.data.Dataset):
    """All windows of several clips, cut when asked for: a clip may be larger than memory.

    `windows[i]` gives x (n_inputs, H, W) and y (1, H, W), reading only the frames of that window.

    Parameters
    ----------
    clips : iterable of Clip
        Those of up to n_inputs frames give no window; a ValueError if there is none at all.
    n_inputs : int
        Frames in, for one frame out.
    """

    @checked
    def __init__(self, clips: Iterable[_Video], n_inputs: int = N_INPUTS) -> None:
        self.clips, self.n_inputs = list(clips), n_inputs
        counts = [max(len(clip) - n_inputs, 0) for clip in self.clips]
        if n_inputs < 1 or not sum(counts):
            longest = max(map(len, self.clips), default=0)
            have = f"{len(self.clips)} clips, the longest of {longest} frames: use longer clips"
            raise ValueError(f"No window of {n_inputs} + 1 frames in {have}.")
        self.ends = np.cumsum(counts)

    def __len__(self) -> int:
        return int(self.ends[-1])

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        x, y = self.batch([index])
        return x[0], y[0]

    @checked
    def locate(self, index: int) -> tuple[int, int]:
        """Tell where a window lies.

        Parameters
        ----------
        index : int
            Number of the window; an IndexError if there is none.

        Returns
        -------
        clip : int
            Number of the clip.
        first : int
            The first of the n_inputs + 1 frames that the window covers.
        """
        return self._locate(index)

    def _locate(self, index):
        if not 0 <= index < len(self):
            have = f"indices run from 0 to {len(self) - 1}"
            raise IndexError(f"Window {index} of {len(self)}: {have}.")
        clip = int(np.searchsorted(self.ends, index, side="right"))
        return clip, int(index - (self.ends[clip - 1] if clip else 0))

    @checked
    def batch(self, indices: Iterable[int]) -> tuple[Tensor, Tensor]:
        """Cut some windows.

        Parameters
        ----------
        indices : iterable of int
            At least one window number, in any order.

        Returns
        -------
        x : Tensor
            (n, n_inputs, H, W), float32 in [0, 1].
        y : Tensor
            (n, 1, H, W); a ValueError where clips differ in size or `make_windows` would refuse.
        """
        pieces = []
        for index in indices:
            clip, first = self._locate(int(index))  # unchecked: it feeds every step
            pieces.append(self.clips[clip].frames[first : first + self.n_inputs + 1])
        return _stack(pieces)


class StrangerWindows(torch.utils.data.Dataset):
    """Windows whose last frame shows an anomaly, and as target the same frame without it.

    A predictor that learns from them leaves out whatever is not normal. The target of Astrid et
    al. 2021, who make anomalies out of normal video, is alike.

    Parameters
    ----------
    clips : iterable of RenderedClip
        Clips that know their `without_anomaly()`; a ValueError for others, or if no anomaly is
        seen in any.
    n_inputs : int
        Frames in, for one frame out.
    """

    @checked
    def __init__(self, clips: Iterable[Any], n_inputs: int = N_INPUTS) -> None:
        self.clips, self.n_inputs = list(clips), n_inputs
        for clip in self.clips:
            if not hasattr(clip, "without_anomaly"):
                only = "only a clip that was drawn can be drawn again without its anomaly"
                name = getattr(clip, "name", type(clip).__name__)
                raise ValueError(f"Clip '{name}' has no such target: {only}.")
        self.clean = [clip.without_anomaly() for clip in self.clips]
        self.where = [  # number of the clip, and of the first frame
            (number, int(frame) - n_inputs)
            for number, clip in enumerate(self.clips)
            for frame in np.flatnonzero(clip.labels)
            if frame >= n_inputs
        ]
        if not self.where:
            raise ValueError(f"No window with a stranger in {len(self.clips)} clips.")

    def __len__(self) -> int:
        return len(self.where)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        x, y = self.batch([index])
        return x[0], y[0]

    @checked
    def batch(self, indices: Iterable[int]) -> tuple[Tensor, Tensor]:
        """Cut some windows.

        Parameters
        ----------
        indices : iterable of int
            At least one window number, in any order.

        Returns
        -------
        x : Tensor
            (n, n_inputs, H, W), float32 in [0, 1], the stranger in it.
        y : Tensor
            (n, 1, H, W), without.
        """
        pieces = []
        for index in indices:
            clip, first = self.locate(index)
            last = first + self.n_inputs
            seen, clean = self.clips[clip].frames, self.clean[clip].frames
            pieces.append(np.concatenate([seen[first:last], clean[last : last + 1]]))
        return _stack(pieces)

    @checked
    def locate(self, index: int) -> tuple[int, int]:
        """Tell where a window lies, as `Windows.locate` does.

        Parameters
        ----------
        index : int
            Number of the window; an IndexError if there is none.

        Returns
        -------
        clip : int
            Number of the clip.
        first : int
            The first of the n_inputs + 1 frames that the window covers.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"Window {index} of {len(self)}: indices run from 0.")
        return self.where[int(index)]


def _stack(pieces):
    """Pieces of n_inputs + 1 frames as inputs and targets."""
    sizes = {piece.shape[1:] for piece in pieces}
    if len(sizes) != 1 or len(next(iter(sizes))) != 2:
        have = sorted(sizes) or "no window at all"
        raise ValueError(f"A batch needs grey frames (H, W) of one size, got {have}.")
    video = _images(np.stack(pieces))
    return video[:, :-1], video[:, -1:]
