"""TODO."""

import warnings

import numpy as np
import torch

from vadkit.scenes import check_labels

MAX_PSNR = 100.0  # dB, what a perfect prediction gets instead of infinity
PATCH = 16  # pixels, side of the block in the patch-wise score


def _squared_error(prediction, target):
    if prediction.shape != target.shape or prediction.ndim != 4:
        raise ValueError(
            "Prediction and target must share one shape (N, 1, H, W), "
            f"got {tuple(prediction.shape)} and {tuple(target.shape)}."
        )
    if not (prediction.is_floating_point() and target.is_floating_point()):
        raise ValueError(
            f"PSNR is for float images in [0, 1], got {prediction.dtype} and {target.dtype}: divide by 255."
        )
    return (prediction - target).square()


def decibel(mse):
    return (-10 * torch.log10(mse)).clamp(max=MAX_PSNR)


def psnr(prediction, target):
    """Peak signal-to-noise ratio per window, 10 log10(1 / MSE) (Mathieu et al. 2016; Liu et al. 2018, eq. 7).

    prediction, target: (N, 1, H, W) float in [0, 1]
    Returns (N,) in dB, at most MAX_PSNR, which is what a perfect prediction gets; NaN in, NaN out.
    Raises ValueError when the shapes differ or the images are not float.
    """
    return decibel(_squared_error(prediction, target).flatten(1).mean(1))


def patch_psnr(prediction, target, size=PATCH):
    """PSNR of the worst size x size block: a small object does not drown in a whole-frame mean.

    Blocks overlap by half; the last ones, on the right and at the bottom, are cut where the frame ends.
    prediction, target: (N, 1, H, W) float in [0, 1]. Returns (N,) in dB, at most MAX_PSNR; NaN in, NaN out.
    Raises ValueError as `psnr` does, and for frames smaller than a block.
    """
    error = _squared_error(prediction, target)
    if min(error.shape[-2:]) < size:
        raise ValueError(f"Frames of {tuple(error.shape[-2:])} are smaller than one {size} x {size} block: lower size.")
    block_mse = torch.nn.functional.avg_pool2d(error, size, stride=max(size // 2, 1), ceil_mode=True)
    return decibel(block_mse.flatten(1).max(1).values)


def moving_pixels(x, y, threshold=0.1):
    """Share of pixels that changed by more than `threshold` from x4 to x5: a detector that learns and predicts nothing.

    x (N, 4, H, W), y (N, 1, H, W) in [0, 1] -> (N,) in [0, 1]; up = more motion = more abnormal; NaN in, NaN out.
    """
    change = (y - x[:, -1:]).abs()
    moved = (change > threshold).float().where(~change.isnan(), torch.nan)
    return moved.flatten(1).mean(1)


def _min_max(values):
    """Stretch to [0, 1], NaN left alone; a constant goes to 0.5."""
    low, high = np.nanmin(values), np.nanmax(values)
    return (values - low) / (high - low) if high > low else values * 0 + 0.5


def regularity_score(psnr_values):
    """Min-max normalised PSNR of one clip, in [0, 1], up = normal (Liu et al. 2018, eq. 8). (T,) dB -> (T,).

    NaN stays NaN; a clip whose frames all score the same gets 0.5. It knows the whole clip, its future included: fine
    for a published table, not for a guard who must decide now.
    Raises ValueError when there is nothing to normalise, or a value is infinite.
    """
    values = np.asarray(psnr_values, dtype=float)
    if np.isinf(values).any() or np.isnan(values).all():
        raise ValueError(
            f"No finite PSNR to stretch among {values.size} values: is the clip empty, or NaN, or infinite?"
        )
    return _min_max(values)


def anomaly_score(psnr_values):
    """1 - regularity_score, in [0, 1], up = abnormal."""
    return 1 - regularity_score(psnr_values)


def frame_auc(scores, labels, normalize=None, average="micro"):
    """Area under the ROC curve over frames.

    scores: one (T,) array per clip, up = abnormal, NaN = frame without a score (left out, as is a clip of such frames)
    labels: one (T,) array per clip of 0/1, 1 = abnormal
    normalize: None = as they are; "clip" = min-max within each clip, over its frames that have a score; "scene" =
        min-max over all clips together, which cannot change an AUC and is there to prove it
    average: "micro" = all frames of all clips in one ranking; "macro" = mean of the clips' own AUCs. Clips of one class
        have no AUC: they are left out of a macro average, with a warning that says which.
    Raises ValueError for lengths that differ, labels other than 0/1, infinite scores, nothing scored, one class only.
    """
    if normalize not in (None, "clip", "scene"):
        raise ValueError(f"normalize is None, 'clip' or 'scene', got {normalize!r}.")
    if average not in ("micro", "macro"):
        raise ValueError(f"average is 'micro' or 'macro', got {average!r}.")
    if len(scores) != len(labels):
        raise ValueError(f"{len(scores)} clips of scores but {len(labels)} clips of labels.")
    clips = {i: _scored_frames(f"Clip {i}", s, l) for i, (s, l) in enumerate(zip(scores, labels))}
    clips = {i: (s, l) for i, (s, l) in clips.items() if len(s)}
    if not clips:
        raise ValueError("Nothing to rank: no frame has a score.")
    if normalize == "clip":
        clips = {i: (_min_max(s), l) for i, (s, l) in clips.items()}
    elif normalize == "scene":
        everything = _min_max(np.concatenate([s for s, _ in clips.values()]))
        ends = np.cumsum([len(s) for s, _ in clips.values()])
        clips = {i: (s, l) for (i, (_, l)), s in zip(clips.items(), np.split(everything, ends[:-1]))}
    if average == "micro":
        return _auc(*map(np.concatenate, zip(*clips.values())))
    one_class = [i for i, (_, l) in clips.items() if l.all() or not l.any()]
    if len(one_class) == len(clips):
        raise ValueError("No clip holds both normal and abnormal frames: a macro AUC needs at least one that does.")
    if one_class:
        which = ", ".join(map(str, one_class))
        warnings.warn(f"Clips of one class are left out of the macro AUC: {which} of {len(clips)}.", stacklevel=2)
    return float(np.mean([_auc(s, l) for i, (s, l) in clips.items() if i not in one_class]))


def _scored_frames(where, scores, labels):
    if labels is None:
        raise ValueError(f"{where} has no labels: an AUC needs every clip labelled.")
    scores = np.asarray(scores, dtype=float)
    if scores.ndim != 1 or np.isinf(scores).any():
        raise ValueError(f"{where}: scores must be a (T,) array of finite numbers or NaN, got shape {scores.shape}.")
    labels, keep = check_labels(labels, len(scores), where), ~np.isnan(scores)
    return scores[keep], labels[keep]


def _auc(scores, labels):
    from sklearn.metrics import roc_auc_score

    if labels.all() or not labels.any():
        kind = "abnormal" if labels.all() else "normal"
        raise ValueError(f"All {len(labels)} scored frames are {kind}: an AUC needs both classes.")
    return float(roc_auc_score(labels, scores))


def smooth_scores(values, n, causal=False):
    """Running median over n frames, NaN ignored. (T,) -> (T,), NaN stays NaN, the ends use the frames there are.

    Centred, it looks n // 2 frames into the future; `causal=True` looks back only, as a live camera must.
    Raises ValueError unless n is odd and positive.
    """
    check_smoothing(n)
    before, after = (n - 1, 0) if causal else (n // 2, n // 2)
    padded = np.concatenate([np.full(before, np.nan), values, np.full(after, np.nan)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # an all-NaN neighbourhood gives NaN, as it should
        smoothed = np.nanmedian(np.lib.stride_tricks.sliding_window_view(padded, n), axis=1)
    return np.where(np.isnan(values), np.nan, smoothed)


def check_smoothing(n):
    if n != int(n) or n < 1 or n % 2 == 0:
        raise ValueError(f"Smoothing takes an odd number of frames, got {n}.")


def agreement(labels, others):
    """How far two labellings of one clip agree -> {"accuracy", "iou", "f1", "kappa"}, each at most 1.

    labels, others: (T,) of 0/1, 1 = abnormal. IoU and F1 are about the abnormal frames, Cohen's kappa (1960) takes away
    what chance alone would give; where nobody marked anything they are NaN. Raises ValueError for lengths that differ.
    """
    from sklearn.metrics import cohen_kappa_score

    labels, others = np.asarray(labels), np.asarray(others)
    a, b = check_labels(labels, len(others), "the other labelling"), check_labels(others, len(others), "the clip")
    both, either = (a & b).sum(), (a | b).sum()
    constant = either == 0 or both == len(a)
    return {
        "accuracy": float((a == b).mean()),
        "iou": float(both / either) if either else float("nan"),
        "f1": float(2 * both / (a.sum() + b.sum())) if either else float("nan"),
        "kappa": float("nan") if constant else float(cohen_kappa_score(a, b)),
    }
