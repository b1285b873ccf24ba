"""What figures and widgets have in common: a clip checked, predicted and scored, and which of its frames to look at."""

import numpy as np

from vadkit.evaluation import predict_clip
from vadkit.metrics import patch_psnr, psnr
from vadkit import scenes
from vadkit.scenes import Clip
from vadkit.windows import N_INPUTS, to_float

UNITS = {"frame": "PSNR (dB)", "patch": "worst-block PSNR (dB)"}  # what each score of `predict_and_score` is called


def as_clip(clip):
    """A Clip as it is, frames (T, H, W) uint8 as a Clip without labels. Raises ValueError for anything else."""
    if not hasattr(clip, "frames"):
        clip = Clip("clip", np.asarray(clip))
    frames = clip.frames
    if frames.ndim != 3 or frames.dtype != np.uint8:
        raise ValueError(f"Frames must be uint8 (T, H, W), but '{clip.name}' is {frames.dtype} {frames.shape}.")
    if len(frames) <= N_INPUTS:
        raise ValueError(f"'{clip.name}' has {len(frames)} frames: at least {N_INPUTS + 1} are needed to predict one.")
    check_labels(clip.labels, len(frames), clip.name)
    return clip


def check_labels(labels, n_frames, name="the clip"):
    """-> (T,) bool, or None for None. Raises ValueError when there is not one label 0/1 per frame."""
    return None if labels is None else scenes.check_labels(labels, n_frames, f"'{name}'")


def check_frame(clip, frame):
    if not N_INPUTS <= frame < len(clip):
        raise ValueError(
            f"Frame {frame} of '{clip.name}' has no prediction: choose one from {N_INPUTS} to {len(clip) - 1}."
        )


def predict_and_score(clip, predictor=None, predictions=None, score="frame"):
    """-> (predictions (T - 4, H, W) float32 in [0, 1], psnr (T,) in dB with NaN for the first four frames).

    Give a predictor, or its predictions, (T - 4, H, W) uint8 or float in [0, 1]. score: "frame" or "patch" (worst block).
    """
    measures = {"frame": psnr, "patch": patch_psnr}
    if score not in measures:
        raise ValueError(f"Unknown score '{score}': choose from {', '.join(UNITS)}.")
    if (predictor is None) == (predictions is None):
        raise ValueError("Give a predictor or its predictions, one of the two.")
    clip = as_clip(clip)
    if predictions is None:
        predictions = predict_clip(predictor, clip)
    predictions = np.asarray(predictions)
    wanted = (len(clip) - N_INPUTS, *clip.frames.shape[1:])
    if predictions.shape != wanted:
        raise ValueError(
            f"Predictions of '{clip.name}' have shape {predictions.shape}, but (T - {N_INPUTS}, H, W) = {wanted} is needed."
        )
    predictions = to_float(predictions).clamp(0, 1)
    if predictions.isnan().any():
        raise ValueError(f"Predictions of '{clip.name}' hold NaN: did training diverge? Try a smaller learning rate.")
    values = measures[score](predictions[:, None], to_float(clip.frames[N_INPUTS:])[:, None])
    return predictions.numpy(), np.concatenate([np.full(N_INPUTS, np.nan), values.double().numpy()])


def intervals(labels):
    """(T,) 0/1 -> list of (first, last) of every run of ones, both included."""
    edges = np.diff(np.concatenate([[0], np.asarray(labels, int), [0]]))
    return [(int(a), int(b) - 1) for a, b in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1))]


def representative_frame(clip):
    """The frame to look at: where the anomaly's box is largest, else the middle of the longest abnormal interval, else of
    the clip. Never one of the first four, which have no prediction."""
    runs = intervals(clip.labels) if clip.labels is not None else []
    first, last = max(runs, key=lambda run: run[1] - run[0]) if runs else (0, len(clip) - 1)
    if clip.boxes is not None and runs:
        width, height = (np.asarray(clip.boxes)[:, 2:] - np.asarray(clip.boxes)[:, :2]).T
        return N_INPUTS + int(np.argmax((width * height)[N_INPUTS:]))
    return max((first + last) // 2, N_INPUTS)


def kind_of(clip):
    """The kinds of anomaly in a clip, comma-separated; "" where unknown or none."""
    return ", ".join(sorted(set(clip.kinds or []) - {""}))


def scored(scores, labels):
    """One (T,) array, or a list of them per clip -> (scores, labels) of all scored frames, flat, NaN left out."""
    several = isinstance(scores, (list, tuple)) and len(scores) and np.ndim(scores[0]) == 1
    scores, labels = (
        np.concatenate([np.asarray(v) for v in x]) if several else np.asarray(x) for x in (scores, labels)
    )
    if scores.shape != labels.shape or scores.ndim != 1:
        raise ValueError(
            f"Scores of shape {scores.shape} but labels of shape {labels.shape}: give one label per score."
        )
    keep = ~np.isnan(scores.astype(float))
    scores, labels = scores[keep].astype(float), check_labels(labels[keep], int(keep.sum()), "scores")
    if labels.all() or not labels.any():
        raise ValueError(f"All {len(labels)} scored frames are of one class: normal and abnormal ones are both needed.")
    return scores, labels
