"""Frames -> windows: four frames in (x1..x4), the next frame out (x5)."""

import numpy as np
import torch

N_INPUTS = 4


def _check_frames(frames, n_inputs, where="the clip"):
    if frames.ndim != 3:
        raise ValueError(f"Frames must have shape (T, H, W), but {where} has shape {tuple(frames.shape)}.")
    if len(frames) <= n_inputs:
        raise ValueError(f"One window needs {n_inputs + 1} frames, but {where} has only {len(frames)}: use a longer clip.")


def make_windows(frames, n_inputs=N_INPUTS):
    """Cut one clip into all its windows (x1..x4 -> x5), each one frame later than the one before.

    frames: (T, H, W), uint8 in [0, 255] or float in [0, 1]
    Returns inputs (T - n_inputs, n_inputs, H, W) and targets (T - n_inputs, 1, H, W), float32 in [0, 1].
    Window i predicts frame i + n_inputs: the first n_inputs frames of a clip have no prediction and no score.
    Raises ValueError for another shape, or fewer than n_inputs + 1 frames.
    """
    frames = np.asarray(frames)
    _check_frames(frames, n_inputs)
    video = to_float(frames)
    starts = range(len(video) - n_inputs)
    return torch.stack([video[i : i + n_inputs] for i in starts]), video[n_inputs:, None].clone()


def to_float(frames):
    """uint8 frames in [0, 255] (or floats in [0, 1]) -> float32 tensor in [0, 1] of the same shape."""
    video = torch.from_numpy(np.array(frames))
    return video.float() / 255 if video.dtype == torch.uint8 else video.float()


class Windows(torch.utils.data.Dataset):
    """All windows of several clips, cut only when asked for, so that a clip may be larger than memory.

    `windows[i]` -> x (n_inputs, H, W), y (1, H, W); `windows.batch(indices)` -> the same with a batch axis in front.
    Frames as in `make_windows`. Raises ValueError when the clips differ in size or hold no window at all.
    """

    def __init__(self, clips, n_inputs=N_INPUTS):
        self.clips, self.n_inputs = list(clips), n_inputs
        counts = [max(len(clip) - n_inputs, 0) for clip in self.clips]
        if not sum(counts):
            raise ValueError(f"No window in these {len(self.clips)} clips: one clip of at least {n_inputs + 1} frames is needed.")
        self.ends = np.cumsum(counts)

    def __len__(self):
        return int(self.ends[-1])

    def locate(self, index):
        """-> (clip index, first frame) of window `index`; it covers frames first .. first + n_inputs, both included."""
        if not 0 <= index < len(self):
            raise IndexError(f"Window {index} of {len(self)}: indices run from 0 to {len(self) - 1}.")
        clip = int(np.searchsorted(self.ends, index, side="right"))
        return clip, int(index - (self.ends[clip - 1] if clip else 0))

    def __getitem__(self, index):
        x, y = self.batch([index])
        return x[0], y[0]

    def batch(self, indices):
        """indices: any sequence of n window numbers -> x (n, n_inputs, H, W), y (n, 1, H, W)."""
        pieces = []
        for index in indices:
            clip, first = self.locate(int(index))
            pieces.append(self.clips[clip].frames[first : first + self.n_inputs + 1])
        if len({piece.shape for piece in pieces}) > 1:
            raise ValueError(f"Clips of one size are needed, got {sorted({piece.shape[1:] for piece in pieces})}.")
        video = to_float(np.stack(pieces))
        return video[:, :-1], video[:, -1:]
