"""The widget of the course: what comes, what was predicted and the error, along a clip."""

from collections.abc import Callable
from typing import Any

import numpy as np
from traitlets import Bytes, Float, Int, List, Unicode

from vadkit import view
from vadkit.evaluation import SCORES
from vadkit.scenes import Clip
from vadkit.text import say
from vadkit.widgets.base import PALETTE, Widget, json_list, traits
from vadkit.windows import N_INPUTS


class Scrubber(Widget):
    """Inputs, ground truth, prediction and error along a clip, with its PSNR curve.

    Parameters
    ----------
    clip : Clip or ndarray
        Frames (T, H, W), uint8.
    predictor, predictions : Callable, ndarray
        One of the two; predictions (T - 4, H, W), as `predict_clip` gives them.
    score : {"frame", "patch"}
        PSNR of the whole frame, or of its worst block.
    threshold : float, optional
        In dB; frames below it are alarms. By default the middle of the PSNR's range.
    frame : int, optional
        Where to begin; by default `view.representative_frame`.
    error_max : float
        The error that gets the brightest colour.
    fps : float
        Frames per second.

    Attributes
    ----------
    frame, threshold : int, float
        Follow the reader's hands, and may be set.

    Raises
    ------
    ValueError
        If clip, predictions or frame do not fit.
    """

    frames, predictions = traits(Bytes, 2)
    palette = Bytes(PALETTE)
    shape, psnr, labels, kinds = traits(List, 4)
    n_inputs = Int(N_INPUTS)
    frame = Int()
    error_max, fps, threshold = traits(Float, 3)
    unit = Unicode()

    def __init__(
        self,
        clip: Clip | np.ndarray,
        predictor: Callable | None = None,
        predictions: np.ndarray | None = None,
        score: str = "frame",
        threshold: float | None = None,
        frame: int | None = None,
        error_max: float = view.ERROR_MAX,
        fps: float = 10,
    ):
        clip = view.as_clip(clip)
        predictions, psnr = view.predict_and_score(clip, predictor, predictions, score)
        # A threshold that is in the picture, wherever the PSNR of this clip lies.
        middle = (np.nanmin(psnr) + np.nanmax(psnr)) / 2
        super().__init__(
            frames=clip.frames.tobytes(),
            predictions=(predictions * 255).round().astype(np.uint8).tobytes(),
            shape=list(clip.frames.shape),
            psnr=json_list(psnr),
            labels=json_list(clip.labels),
            kinds=list(clip.kinds or [""] * len(clip)),
            error_max=error_max,
            unit=SCORES[score].unit,
            fps=fps,
            frame=view.representative_frame(clip, frame),
            threshold=float(middle if threshold is None else threshold),
            alt=say(
                "Scrubber of clip {name}: four inputs, ground truth, prediction and error of each "
                "frame, with the PSNR curve.",
                name=clip.name,
            ),
        )


def scrub(predictor: Callable, clip: Clip | np.ndarray, **options: Any) -> Scrubber:
    """Scrub this predictor along that clip.

    Parameters
    ----------
    predictor : Callable
        (N, 4, H, W) to (N, 1, H, W).
    clip : Clip or ndarray
        Frames (T, H, W), uint8.
    **options
        As in `Scrubber`.

    Returns
    -------
    Scrubber
        `Scrubber(clip, predictor, **options)`.
    """
    return Scrubber(clip, predictor, **options)
