"""TODO."""

import numpy as np
import traitlets

from vadkit import view
from vadkit.text import say
from vadkit.widgets.base import PALETTE, Widget, synced, without_nan, zeros_and_ones
from vadkit.windows import N_INPUTS


class Scrubber(Widget):
    """The widget of the course: x1..x4 | ground truth | prediction | error along a clip, with its PSNR curve.

    clip: a Clip, or frames (T, H, W) uint8
    predictor, predictions: one of the two; predictions (T - 4, H, W) uint8 or float in [0, 1], as `predict_clip` gives them
    score: "frame" = PSNR of the whole frame, "patch" = of the worst block
    threshold: dB; frames below it are alarms. Default: the middle of the PSNR range
    `.frame` and `.threshold` follow the reader's hands, and may be set. Raises ValueError for input that does not fit.
    """

    frames = synced(traitlets.Bytes())
    predictions = synced(traitlets.Bytes())
    palette = synced(traitlets.Bytes(PALETTE))
    shape = synced(traitlets.List())
    psnr = synced(traitlets.List())
    labels = synced(traitlets.List())
    kinds = synced(traitlets.List())
    n_inputs = synced(traitlets.Int(N_INPUTS))
    error_max = synced(traitlets.Float())
    unit = synced(traitlets.Unicode())
    fps = synced(traitlets.Float())
    frame = synced(traitlets.Int())
    threshold = synced(traitlets.Float())

    def __init__(self, clip, predictor=None, predictions=None, score="frame", threshold=None, frame=None,
                 error_max=view.ERROR_MAX, fps=10):  # fmt: skip
        clip = view.as_clip(clip)
        predictions, psnr = view.predict_and_score(clip, predictor, predictions, score)
        frame = view.representative_frame(clip) if frame is None else frame
        view.check_frame(clip, frame)
        if threshold is None:
            threshold = (np.nanmin(psnr) + np.nanmax(psnr)) / 2
        super().__init__(
            frames=np.ascontiguousarray(clip.frames).tobytes(),
            predictions=(predictions * 255).round().astype(np.uint8).tobytes(),
            shape=list(clip.frames.shape),
            psnr=without_nan(psnr),
            labels=zeros_and_ones(clip.labels),
            kinds=list(clip.kinds or [""] * len(clip)),
            error_max=error_max,
            unit=view.UNITS[score],
            fps=fps,
            frame=frame,
            threshold=float(threshold),
            alt=say("Scrubber of clip {name}: four inputs, ground truth, prediction and error of each frame, with the PSNR curve.",
                    name=clip.name),
        )  # fmt: skip


def scrub(predictor, clip, **options):
    """`Scrubber(clip, predictor)`, the way one says it: scrub this predictor along that clip."""
    return Scrubber(clip, predictor, **options)
