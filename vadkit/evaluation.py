"""A predictor on a scene: a score for every frame of the test clips, and what it is worth."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from vadkit import metrics
from vadkit.checks import checked, numbers
from vadkit.metrics import frame_auc
from vadkit.predicting import in_eval_mode, predict_clip, predicted_batches
from vadkit.scenes import Clip, Scene, check_labels
from vadkit.windows import N_INPUTS


@checked
@dataclass
class Evaluation:
    """What `evaluate` measured: one entry of each list for each test clip.

    Parameters
    ----------
    psnr : list of ndarray
        (T,) in dB, up = normal, NaN where nothing was scored. It is the PSNR of the worst block
        for score="patch", the share of still pixels for "moving".
    labels : list of ndarray
        (T,) bool, True = abnormal; None where nobody labelled the clip.
    kinds : list of list of str
        The kind of anomaly in each frame, "" for a normal one; None where unknown.
    clips : list of str
        The clips' names.
    """

    psnr: list[np.ndarray]
    labels: list[np.ndarray | None]
    kinds: list[list[str] | None]
    clips: list[str]

    @property
    def scores(self) -> list[np.ndarray]:
        """Minus PSNR: up = abnormal, not normalised; every AUC is computed from it."""
        return [-values for values in self.psnr]

    @property
    def anomaly_score(self) -> list[np.ndarray]:
        """Scores min-max normalised within each clip, in [0, 1], up = abnormal."""
        return [metrics.anomaly_score(values) for values in self.psnr]

    @property
    def auc_raw(self) -> float:
        """Micro AUC of PSNR as it is: one threshold for the whole scene."""
        return frame_auc(self.scores, self._all_labels())

    @property
    def auc_clip(self) -> float:
        """Micro AUC after min-max within each clip, the protocol of most published tables."""
        return frame_auc(self.scores, self._all_labels(), normalize="clip")

    @property
    def auc_macro(self) -> float:
        """Mean of the clips' own AUCs, without the `one_class_clips`; NaN if none is left."""
        if len(self.one_class_clips) == len(self.clips):
            return float("nan")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one_class_clips says it by name
            return frame_auc(self.scores, self._all_labels(), average="macro")

    @property
    def one_class_clips(self) -> list[str]:
        """Names of the clips whose scored frames are all normal or all abnormal."""
        scored = [labels[~np.isnan(p)] for p, labels in zip(self.psnr, self._all_labels())]
        return [name for name, l in zip(self.clips, scored) if l.all() or not l.any()]

    @property
    def by_kind(self) -> dict[str, float]:
        """Raw micro AUC of each kind against all normal frames; empty where kinds are unknown."""
        if any(kinds is None for kinds in self.kinds):
            return {}
        scored = [np.array(kinds)[~np.isnan(p)] for kinds, p in zip(self.kinds, self.psnr)]
        kinds = sorted(set(np.concatenate(scored)) - {""})
        return {str(kind): self.auc_of([kind]) for kind in kinds}

    @checked
    def auc_of(self, wanted: Sequence[str], normalize: str | None = None) -> float:
        """Micro AUC of some kinds of anomaly against all normal frames.

        Parameters
        ----------
        wanted : sequence of str
            Frames of other kinds are left out before normalising.
        normalize : {None, "clip", "scene"}
            As in `frame_auc`.

        Returns
        -------
        float
            In [0, 1]; a ValueError where kinds are unknown.
        """
        if any(kinds is None for kinds in self.kinds):
            need = "use auc_raw or auc_clip"
            raise ValueError(f"Nobody noted the kinds of anomaly in these clips: {need}.")
        chosen = [np.isin(np.array(kinds), ["", *wanted]) for kinds in self.kinds]
        return self.auc_among(chosen, normalize)

    @checked
    def auc_among(self, frames: Sequence, normalize: str | None = None) -> float:
        """Micro AUC of some frames only.

        Parameters
        ----------
        frames, normalize : list of ndarray, str
            Which ones, (T,) bool for each clip; and as in `frame_auc`.

        Returns
        -------
        float
            In [0, 1].
        """
        for name, keep, values in zip(self.clips, frames, self.psnr):
            if numbers(keep, f"Clip '{name}'").shape != values.shape:
                have = f"{np.shape(keep)} for {len(values)} frames"
                raise ValueError(f"Clip '{name}': one True or False for each frame, got {have}.")
        scores = [np.where(keep, s, np.nan) for keep, s in zip(frames, self.scores)]
        return frame_auc(scores, self.labels, normalize)

    @property
    def psnr_normal(self) -> float:
        """Mean PSNR over normal frames, dB; NaN where there are none."""
        return self._mean_psnr(abnormal=False)

    @property
    def psnr_gap(self) -> float:
        """Mean PSNR of normal minus that of abnormal frames, dB: what a predictor is for."""
        return self.psnr_normal - self._mean_psnr(abnormal=True)

    def _mean_psnr(self, abnormal):
        values, labels = np.concatenate(self.psnr), np.concatenate(self._all_labels())
        chosen = values[(labels == abnormal) & ~np.isnan(values)]
        return float(chosen.mean()) if len(chosen) else float("nan")

    def _all_labels(self):
        unlabelled = [name for name, l in zip(self.clips, self.labels) if l is None]
        if unlabelled:
            names = ", ".join(unlabelled)
            raise ValueError(f"Nobody labelled {names}: only psnr and anomaly_score can be told.")
        return self.labels


@checked
def region_psnr(predictor: Callable, clip: Clip, moved: float = 20 / 255) -> dict[str, float]:
    """Compare what moves of an anomaly with whatever else moves in the same frames.

    Parameters
    ----------
    predictor, clip : callable, Clip
        As in `predict_clip`; the clip knows its boxes.
    moved : float
        A pixel that changed by more since the last frame moves.

    Returns
    -------
    dict
        PSNR in dB, of the mean squared error over all pixels that moved: "anomaly" in its boxes,
        "other movers" outside of them. NaN where there is nobody.

    Raises
    ------
    ValueError
        If nobody noted boxes.
    """
    if clip.boxes is None:
        raise ValueError(f"Clip '{clip.name}' has no boxes: nobody noted where its anomaly is.")
    errors: dict[str, list] = {"anomaly": [], "other movers": []}
    for t, prediction in enumerate(predict_clip(predictor, clip), N_INPUTS):
        before, frame = clip.frames[t - 1 : t + 1] / 255
        x0, y0, x1, y1 = clip.boxes[t]
        inside = np.zeros(prediction.shape, bool)
        inside[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = True
        if inside.any():
            squared = (prediction - frame) ** 2
            moving = abs(frame - before) > moved
            errors["anomaly"].append(squared[moving & inside])
            errors["other movers"].append(squared[moving & ~inside])
    pooled = {name: np.concatenate([*parts, []]) for name, parts in errors.items()}
    return {
        name: float(metrics.decibel(values.mean())) if len(values) else float("nan")
        for name, values in pooled.items()
    }


class Score(NamedTuple):
    """How a frame can be scored.

    Parameters
    ----------
    measure : Callable
        (inputs, target, prediction) of n windows to (n,), up = normal.
    unit : str
        What it measures, for the axis of a curve.
    """

    measure: Callable[[Tensor, Tensor, Tensor], Tensor]
    unit: str


# Every score there is. `Evaluation.scores` turns them round: up = abnormal.
SCORES = {
    "frame": Score(lambda x, y, prediction: metrics.psnr(prediction, y), "PSNR (dB)"),
    "patch": Score(
        lambda x, y, prediction: metrics.patch_psnr(prediction, y), "worst-block PSNR (dB)"
    ),
    "moving": Score(
        lambda x, y, prediction: 1 - metrics.moving_pixels(x, y), "share of still pixels"
    ),
}


@checked
@torch.no_grad()
def evaluate(
    predictor: Callable,
    scene: Scene,
    score: str = "frame",
    smooth: int | None = None,
    causal: bool = False,
    every: int = 1,
    batch_size: int = 32,
) -> Evaluation:
    """Score the frames of a scene's test clips; a network runs in eval mode.

    Frames whose score is not a number (they, or their prediction, are NaN or infinite) are left
    out of every AUC, with a warning that says how many and in which clip.

    Parameters
    ----------
    predictor : callable
        (N, 4, H, W) -> (N, 1, H, W), `copy_last_frame` included.
    scene : Scene
        Whose test clips are scored.
    score : {"frame", "patch", "moving"}
        PSNR of the whole frame; of its worst block; or moving pixels, whatever is predicted.
    smooth : int, optional
        An odd number of frames for a running median, see `smooth_scores`.
    causal : bool
        Let the median look back only.
    every : int
        Score only every n-th window, from the first; the other frames are NaN.
    batch_size : int
        How many windows to predict at once.

    Returns
    -------
    Evaluation
        With a score for each clip, as long as the clip; its first four frames are NaN.

    Raises
    ------
    ValueError
        If the scene has no test clips, a clip is shorter than five frames or does not fit its
        labels, or the predictor returns anything but one frame per window.
    KeyboardInterrupt
        When interrupted; it says how many clips were scored, and none is kept.
    """
    if score not in SCORES:
        raise ValueError(f"Unknown score '{score}': choose from {', '.join(SCORES)}.")
    if not scene.test_clips:
        raise ValueError(f"Scene '{scene.name}' has no test clips to score.")
    if every < 1:
        raise ValueError(f"Every n-th window is scored, n at least 1, got {every}.")
    if smooth is not None:
        metrics.smooth_scores(np.zeros(1), smooth)  # refuses an even number before any work
    clips = scene.test_clips
    labels = [_checked_labels(clip) for clip in clips]  # before any work
    values = []
    with in_eval_mode(predictor):
        try:
            for clip in clips:
                values.append(_score_clip(predictor, clip, score, every, batch_size))
        except KeyboardInterrupt:
            done = f"{len(values)} of {len(clips)} test clips were scored"
            raise KeyboardInterrupt(f"{done}; half an evaluation is none, none is kept.") from None
    if smooth is not None:
        values = [metrics.smooth_scores(v, smooth, causal) for v in values]
    return Evaluation(values, labels, [clip.kinds for clip in clips], [clip.name for clip in clips])


def _checked_labels(clip):
    if clip.labels is None:
        return None
    return check_labels(clip.labels, len(clip), f"Clip '{clip.name}'")


def _score_clip(predictor, clip, score, every, batch_size):
    values, t = np.full(len(clip), np.nan), N_INPUTS
    for x, y, prediction in predicted_batches(predictor, clip, batch_size, every):
        measured = SCORES[score].measure(x, y, prediction)
        # Into an array that is there already: small results between large batches would keep the
        # memory of a long clip in pieces.
        values[t : t + every * len(y) : every] = measured.double().numpy()
        t += every * len(y)
    lost = int(np.isnan(values[N_INPUTS::every]).sum())
    if lost:
        reason = "they or their predictions are not finite"
        text = f"Clip '{clip.name}': no score for {lost} frames, {reason}."
        warnings.warn(text, stacklevel=5)  # points to who called `evaluate`
    return values
