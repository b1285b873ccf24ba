"""The widget of the course: what came and what was predicted, in one picture, along a clip."""

from collections.abc import Callable
from typing import Any

import matplotlib.figure
import numpy as np
from traitlets import Bool, Bytes, Float, Int, List, Unicode

from vadkit import view
from vadkit.evaluation import SCORES
from vadkit.scenes import Clip
from vadkit.text import say
from vadkit.widgets.base import PALETTE, Widget, json_list, traits
from vadkit.windows import N_INPUTS

FALSE_ALARMS = 2  # on the normal frames of a clip, with the default threshold


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
        In dB; frames below it are alarms. By default one that gives two false alarms; where nobody
        labelled the clip, the middle of the PSNR's range.
    frame : int, optional
        Where to begin; by default `view.representative_frame`, or the first prediction for `guess`.
    error_max : float
        The error that gets the brightest colour.
    fps : float
        Frames per second.
    guess : bool
        Whether the curve hides until the reader has said where it will dip.

    Attributes
    ----------
    frame, threshold : int, float
        Follow the reader's hands, and may be set.
    guessed : int
        The frame that the reader has guessed; -1 before.

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
    guess = Bool()
    guessed = Int(-1)
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
        guess: bool = False,
    ):
        clip = view.as_clip(clip)
        predictions, psnr = view.predict_and_score(clip, predictor, predictions, score)
        self._clip, self._predictions, self._score = clip, predictions, score
        if threshold is None:
            threshold = _default_threshold(psnr, clip.labels)
        if frame is None and guess:
            frame = N_INPUTS
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
            threshold=float(threshold),
            guess=guess,
            alt=say(
                "Scrubber: four inputs, ground truth, prediction and error of each of {n} frames, "
                "with the PSNR curve, {low:.1f} to {high:.1f} dB (clip {name}).",
                n=len(clip),
                low=np.nanmin(psnr),
                high=np.nanmax(psnr),
                name=clip.name,
            ),
        )

    def still(self) -> matplotlib.figure.Figure:
        """Plot the chosen frame, its prediction and its error, and PSNR along the clip.

        While a guess is waited for, just the first window: a picture must not give it away.

        Returns
        -------
        Figure
            With alt text.
        """
        if self.guess and self.guessed < 0:
            return view.window_strip(self._clip, self.frame)
        clip, frame, line = self._clip, self.frame, self.threshold
        return view.still(None, clip, frame, line, self._score, self._predictions)


def _default_threshold(psnr, labels):
    """Two false alarms on labelled frames; else what is in the picture wherever the PSNR lies."""
    normal = [] if labels is None else psnr[N_INPUTS:][~np.asarray(labels, bool)[N_INPUTS:]]
    if len(normal) <= FALSE_ALARMS:
        return (np.nanmin(psnr) + np.nanmax(psnr)) / 2
    return np.sort(normal)[FALSE_ALARMS - 1 : FALSE_ALARMS + 1].mean()


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
