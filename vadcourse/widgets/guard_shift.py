"""The widget of notebook 02: a guard, a threshold, and a budget of false alarms."""

from collections.abc import Callable, Sequence

import matplotlib.figure
import numpy as np
from traitlets import Bytes, Dict, Float, Int, List

from vadkit import view
from vadkit.text import say
from vadkit.widgets.base import PixelBuffer, Widget, json_list, traits
from vadkit.windows import N_INPUTS


class GuardShift(Widget):
    """Labelled clips come in an order nobody knows: move the threshold, catch the anomalies.

    A frame whose PSNR is below the threshold rings. An anomaly is caught when it rings while the
    anomaly is in the picture. Ringing with nothing wrong is a false alarm, one for each time that
    it starts after ten quiet frames.

    Parameters
    ----------
    predictor : Callable
        (N, 4, H, W) to (N, 1, H, W).
    clips : sequence of Clip
        Labelled, and of one size.
    n_clips, budget : int
        How many clips make one shift, and how many false alarms are forgiven.
    threshold : float, optional
        In dB, at the start; by default the lowest PSNR.
    seed : int
        Of the first shift; the second has seed + 1, and so on.
    fps : float
        Frames per second.
    score : {"frame", "patch"}
        PSNR of the whole frame, or of its worst block.

    Attributes
    ----------
    result : dict
        After a shift: kinds "caught" and "missed", number of "false_alarms", "seconds".

    Raises
    ------
    ValueError
        If a clip has no labels, the sizes differ, or there is no clip.
    """

    frames = Bytes()
    size, clips = traits(List, 2)
    n_inputs = Int(N_INPUTS)
    n_clips, seed, budget = traits(Int, 3)
    fps, threshold = traits(Float, 2)
    result = Dict()

    def __init__(
        self,
        predictor: Callable,
        clips: Sequence,
        n_clips: int = 6,
        budget: int = 2,
        threshold: float | None = None,
        seed: int = 0,
        fps: float = 12,
        score: str = "frame",
    ):
        clips = [view.as_clip(clip) for clip in clips]
        _check(clips, n_clips)
        buffer, self._first_frame = PixelBuffer(), clips[0].frames[0]
        scores = [_scores(clip, predictor, score) for clip in clips]
        # The lowest PSNR of all: nothing rings before the guard has moved it.
        if threshold is None:
            threshold = np.nanmin(np.concatenate(scores))
        super().__init__(
            clips=[_describe(clip, psnr, buffer) for clip, psnr in zip(clips, scores)],
            frames=buffer.pixels,
            size=list(clips[0].frames.shape[1:]),
            n_clips=n_clips,
            seed=seed,
            budget=budget,
            fps=fps,
            threshold=float(threshold),
            alt=say(
                "The guard's shift: a live camera, its PSNR curve, a threshold to move and a "
                "budget of {budget} false alarms.",
                budget=budget,
            ),
        )

    def _image_shape(self):
        return self.size

    def still(self) -> matplotlib.figure.Figure:
        """Plot the first frame of the first clip, its PSNR without labels, and the threshold.

        Returns
        -------
        Figure
            With alt text.
        """
        psnr = np.array([*[None] * N_INPUTS, *self.clips[0]["psnr"]], float)
        figure = view.psnr_curve(psnr, threshold=self.threshold)
        grid = figure.add_gridspec(1, 2, width_ratios=[1, 2.8])
        figure.axes[0].set_subplotspec(grid[1])
        camera = figure.add_subplot(grid[0], xticks=[], yticks=[], title=view.figure_text("live"))
        camera.imshow(self._first_frame, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        figure.alt = f"{self.alt} {figure.alt}"
        return figure


def _check(clips, n_clips):
    if not clips:
        raise ValueError("At least one clip is needed.")
    if len({clip.frames.shape[1:] for clip in clips}) > 1:
        raise ValueError("One guard watches one camera: all clips must have the same size.")
    if n_clips < 1:
        raise ValueError(f"A shift needs at least one clip, got n_clips={n_clips}.")
    if any(clip.labels is None for clip in clips):
        raise ValueError("The shift is judged by labels, but some clips have none.")


def _scores(clip, predictor, score):
    _, psnr = view.predict_and_score(clip, predictor, score=score)
    return psnr[N_INPUTS:]


def _describe(clip, psnr, buffer):
    """What the browser needs to know of a clip, from its first prediction on."""
    return {
        "offset": buffer.add(clip.frames)[0],
        "psnr": json_list(psnr),
        "labels": json_list(clip.labels[N_INPUTS:]),
        "kinds": list(clip.kinds or [""] * len(clip))[N_INPUTS:],
    }
