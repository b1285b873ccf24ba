"""Frames -> windows: four frames in (x1..x4), the next frame out (x5)."""

import numpy as np
import torch

N_INPUTS = 4


def make_windows(frames, n_inputs=N_INPUTS):
    """Cut one clip into all its windows (x1..x4 -> x5), each one frame later than the one before.

    frames: (T, H, W), uint8 in [0, 255] or float in [0, 1]; NaN stays NaN
    Returns inputs (T - n_inputs, n_inputs, H, W) and targets (T - n_inputs, 1, H, W), float32 in [0, 1].
    Window i predicts frame i + n_inputs: the first n_inputs frames of a clip have no prediction and no score.
    Raises ValueError for another shape, other numbers, or fewer than n_inputs + 1 frames.
    """
    frames = np.asarray(frames)
    if frames.ndim != 3:
        raise ValueError(f"Frames must have shape (T, H, W), grey and one after the other, got {frames.shape}.")
    if not 1 <= n_inputs < len(frames):
        raise ValueError(
            f"Windows of {n_inputs} + 1 frames cannot be cut from {len(frames)} frames: use a longer clip."
        )
    video = _images(frames)
    starts = range(len(video) - n_inputs)
    return torch.stack([video[i : i + n_inputs] for i in starts]), video[n_inputs:, None].clone()


def to_float(frames):
    """uint8 frames in [0, 255] (or floats, left as they are) -> float32 tensor of the same shape.

    Raises ValueError for other numbers: nobody knows what is white among int64.
    """
    frames = np.array(frames)
    if frames.dtype != np.uint8 and frames.dtype.kind != "f":
        raise ValueError(f"Frames must be uint8 in [0, 255] or float in [0, 1], got {frames.dtype}.")
    video = torch.from_numpy(frames).float()
    return video.div_(255) if frames.dtype == np.uint8 else video  # in place: this line feeds every training step


def _images(frames):
    video = to_float(frames)
    if frames.dtype != np.uint8 and ((video < 0) | (video > 1)).any():
        raise ValueError(f"Float frames must lie in [0, 1], got {video.min():.3g} to {video.max():.3g}: divide by 255?")
    return video


class Windows(torch.utils.data.Dataset):
    """All windows of several clips, cut only when asked for, so that a clip may be larger than memory.

    `windows[i]` -> x (n_inputs, H, W), y (1, H, W); `windows.batch(indices)` -> the same with a batch axis in front.
    Only the frames of those windows are read. Clips of up to n_inputs frames give no window.
    Raises ValueError when there is no window at all; `batch` raises it for frames that `make_windows` would refuse, and
    for clips that differ in size.
    """

    def __init__(self, clips, n_inputs=N_INPUTS):
        self.clips, self.n_inputs = list(clips), n_inputs
        counts = [max(len(clip) - n_inputs, 0) for clip in self.clips]
        if n_inputs < 1 or not sum(counts):
            longest = max(map(len, self.clips), default=0)
            raise ValueError(
                f"No window of {n_inputs} + 1 frames in {len(self.clips)} clips, the longest of {longest} frames: "
                "use longer clips."
            )
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
        """indices: n >= 1 window numbers in any order -> x (n, n_inputs, H, W), y (n, 1, H, W)."""
        pieces = []
        for index in indices:
            clip, first = self.locate(int(index))
            pieces.append(self.clips[clip].frames[first : first + self.n_inputs + 1])
        sizes = {piece.shape[1:] for piece in pieces}
        if len(sizes) != 1 or len(next(iter(sizes))) != 2:
            raise ValueError(
                f"A batch needs grey frames (H, W) of one size, got {sorted(sizes) or 'no window at all'}."
            )
        video = _images(np.stack(pieces))
        return video[:, :-1], video[:, -1:]
