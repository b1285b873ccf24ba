"""TODO."""

import numpy as np
import traitlets

from vadkit import view
from vadkit.text import say
from vadkit.widgets.base import Widget, packed_clips, synced, without_nan, zeros_and_ones
from vadkit.windows import N_INPUTS


class GuardShift(Widget):
    """The guard's shift: labelled clips come in an order nobody knows; keep the threshold, catch what comes, cry wolf twice at most.

    clips: labelled clips of one size; n_clips of them make one shift, drawn by seed (the second shift by seed + 1, ...)
    A frame whose PSNR is below the threshold rings; an anomaly is caught when it rings while it is in the picture; ringing
    with nothing wrong is a false alarm, one for each time it starts after ten quiet frames.
    `.result` after a shift: {"caught": kinds, "missed": kinds, "false_alarms": n, "seconds": s}.
    """

    frames = synced(traitlets.Bytes())
    size = synced(traitlets.List())
    clips = synced(traitlets.List())
    n_inputs = synced(traitlets.Int(N_INPUTS))
    n_clips = synced(traitlets.Int())
    seed = synced(traitlets.Int())
    budget = synced(traitlets.Int())
    fps = synced(traitlets.Float())
    threshold = synced(traitlets.Float())
    result = synced(traitlets.Dict())

    def __init__(self, predictor, clips, n_clips=6, budget=2, threshold=None, seed=0, fps=12, score="frame"):
        clips, frames, offsets = packed_clips(clips)
        if len({clip.frames.shape[1:] for clip in clips}) > 1:
            raise ValueError("One guard watches one camera: all clips must have the same size.")
        if n_clips < 1:
            raise ValueError(f"A shift needs at least one clip, got n_clips={n_clips}.")
        if any(clip.labels is None for clip in clips):
            raise ValueError("The shift is judged by labels, but some clips have none.")
        psnr = [view.predict_and_score(clip, predictor, score=score)[1][N_INPUTS:] for clip in clips]
        about = [
            {"offset": offset, "psnr": without_nan(values), "labels": zeros_and_ones(clip.labels[N_INPUTS:]),
             "kinds": list(clip.kinds or [""] * len(clip))[N_INPUTS:]}
            for clip, values, offset in zip(clips, psnr, offsets)
        ]  # fmt: skip
        everything = np.concatenate(psnr)
        super().__init__(
            frames=frames, size=list(clips[0].frames.shape[1:]), clips=about, n_clips=n_clips, seed=seed, budget=budget, fps=fps,
            threshold=float(np.nanmin(everything) if threshold is None else threshold),
            alt=say("The guard's shift: a live camera, its PSNR curve, a threshold to move and a budget of {budget} false alarms.", budget=budget),
        )  # fmt: skip
