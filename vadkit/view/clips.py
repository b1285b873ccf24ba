"""What figures and widgets need of a clip: checked, predicted, scored, and a frame to look at."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vadkit.checks import checked, numbers
from vadkit.evaluation import SCORES
from vadkit.predicting import predict_clip
from vadkit.scenes import Clip, check_labels
from vadkit.text import say
from vadkit.windows import N_INPUTS, Windows, to_float

BATCH = 32  # windows scored at once


@checked
def as_clip(clip: Clip | ArrayLike) -> Clip:
    """Check a clip, or make one without labels from frames.

    Parameters
    ----------
    clip : Clip or ndarray
        Frames are uint8 (T, H, W), at least five; labels one per frame. Otherwise a ValueError.

    Returns
    -------
    Clip
        One that can be predicted.
    """
    checked: Any = clip if hasattr(clip, "frames") else Clip("clip", np.asarray(clip))
    name, frames = checked.name, checked.frames
    if frames.ndim != 3 or frames.dtype != np.uint8:
        raise ValueError(
            f"Frames must be uint8 (T, H, W), but '{name}' is {frames.dtype} {frames.shape}."
        )
    if len(frames) <= N_INPUTS:
        raise ValueError(
            f"'{name}' has {len(frames)} frames: at least {N_INPUTS + 1} are needed to predict one."
        )
    if checked.labels is not None:
        check_labels(checked.labels, len(frames), f"'{name}'")
    return checked


@checked
def predict_and_score(
    clip: Clip | np.ndarray,
    predictor: Callable | None = None,
    predictions: ArrayLike | None = None,
    score: str = "frame",
) -> tuple[np.ndarray, np.ndarray]:
    """Predict a clip and measure each prediction against the frame that came.

    Parameters
    ----------
    clip : Clip or ndarray
        As in `as_clip`.
    predictor, predictions : Callable, ndarray
        One of the two; predictions (T - 4, H, W), uint8 or float in [0, 1].
    score : str
        One of `vadkit.evaluation.SCORES`: PSNR of the "frame", or of its worst "patch".

    Returns
    -------
    tuple of ndarray
        Predictions (T - 4, H, W), float32 in [0, 1]; PSNR (T,) in dB, NaN for the first four.
    """
    if score not in SCORES:
        raise ValueError(f"Unknown score '{score}': choose from {', '.join(SCORES)}.")
    if (predictor is None) == (predictions is None):
        raise ValueError("Give a predictor or its predictions, one of the two.")
    clip = as_clip(clip)
    if predictor is not None:
        predictions = predict_clip(predictor, clip)
    images = _as_images(predictions, clip)
    windows, values = Windows([clip]), np.full(len(clip), np.nan)
    for first in range(0, len(windows), BATCH):
        part = range(first, min(first + BATCH, len(windows)))
        scored = SCORES[score].measure(*windows.batch(part), images[part, None])
        values[N_INPUTS + first :][: len(part)] = scored.double().numpy()
    return images.numpy(), values


def _as_images(predictions, clip):
    predictions = np.asarray(predictions)
    shape = (len(clip) - N_INPUTS, *clip.frames.shape[1:])
    if predictions.shape != shape:
        raise ValueError(
            f"Predictions of '{clip.name}' have shape {predictions.shape}, "
            f"but (T - {N_INPUTS}, H, W) = {shape} is needed."
        )
    images = to_float(predictions).clamp(0, 1)
    if images.isnan().any():
        raise ValueError(
            f"Predictions of '{clip.name}' hold NaN: did training diverge? "
            "Try a smaller learning rate."
        )
    return images


@checked
def intervals(labels: ArrayLike) -> list[tuple[int, int]]:
    """Find every run of abnormal frames.

    Parameters
    ----------
    labels : ndarray
        One 0 or 1 per frame.

    Returns
    -------
    list of tuple
        First and last frame of each run, both included.
    """
    labels = np.asarray(labels)
    if labels.ndim != 1:
        raise ValueError(f"One label for each frame is needed, got an array {labels.shape}.")
    edges = np.diff(np.concatenate([[0], labels.astype(int), [0]]))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return [(int(start), int(stop) - 1) for start, stop in zip(starts, stops)]


@checked
def describe_labels(labels: ArrayLike | None) -> str:
    """Say which frames are abnormal, for alt texts.

    Parameters
    ----------
    labels : ndarray or None
        One 0 or 1 per frame; None where nobody labelled them.

    Returns
    -------
    str
        A clause without a full stop.
    """
    if labels is None:
        return say("nobody labelled the clip")
    if not np.any(np.asarray(labels)):
        return say("all frames are normal")
    runs = ", ".join(f"{first}-{last}" for first, last in intervals(labels))
    return say("abnormal frames: {runs}", runs=runs)


@checked
def representative_frame(clip: Clip, wanted: int | None = None) -> int:
    """Choose the frame to look at, one that has a prediction.

    Parameters
    ----------
    clip : Clip
        Without a wish: where the anomaly's box is largest, else the middle of what is abnormal.
    wanted : int, optional
        The reader's choice, which is only checked.

    Returns
    -------
    int
        A frame from 4 on. A ValueError if the wanted one is not among them.
    """
    if wanted is not None:
        if not N_INPUTS <= wanted < len(clip):
            raise ValueError(
                f"Frame {wanted} of '{clip.name}' has no prediction: "
                f"choose one from {N_INPUTS} to {len(clip) - 1}."
            )
        return wanted
    runs = intervals(clip.labels) if clip.labels is not None else []
    if runs and clip.boxes is not None:
        x0, y0, x1, y1 = np.asarray(clip.boxes)[N_INPUTS:].T
        return N_INPUTS + int(np.argmax((x1 - x0) * (y1 - y0)))
    first, last = max(runs, key=lambda run: run[1] - run[0], default=(0, len(clip) - 1))
    return max((first + last) // 2, N_INPUTS)


@checked
def kind_of(clip: Clip) -> str:
    """Name the kinds of anomaly in a clip.

    Parameters
    ----------
    clip : Clip
        Its `kinds` may be None.

    Returns
    -------
    str
        Comma-separated; "" where unknown or none.
    """
    return ", ".join(sorted(set(clip.kinds or []) - {""}))


@checked
def scored(
    scores: np.ndarray | Sequence, labels: np.ndarray | Sequence
) -> tuple[np.ndarray, np.ndarray]:
    """Flatten the scores and labels of one clip or of several, frames without a score left out.

    Parameters
    ----------
    scores, labels : ndarray or list of ndarray
        (T,) each, or one array per clip, as in an `Evaluation`.

    Returns
    -------
    tuple of ndarray
        Scores, float, and labels, bool, of both classes. Otherwise a ValueError.
    """
    values, truth = _joined(scores, "scores"), _joined(labels, "labels")
    if values.shape != truth.shape or values.ndim != 1:
        raise ValueError(
            f"Scores of shape {values.shape} but labels of shape {truth.shape}: "
            "give one label per score."
        )
    keep = ~np.isnan(values)
    truth = check_labels(truth[keep], int(keep.sum()), "'scores'")
    if truth.all() or not truth.any():
        raise ValueError(
            f"All {len(truth)} scored frames are of one class: "
            "normal and abnormal ones are both needed."
        )
    return values[keep].astype(float), truth


def _joined(values, what):
    """One array, or one for each clip, as one array of numbers."""
    if isinstance(values, (list, tuple)) and len(values) and np.ndim(values[0]) == 1:
        values = np.concatenate([numbers(part, f"'{what}'") for part in values])
    return numbers(values, f"'{what}'")
