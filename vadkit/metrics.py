"""From a prediction to a score: PSNR, up = normal; anomaly scores, up = abnormal; their AUC."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.nn.functional import avg_pool2d

from vadkit.checks import checked, numbers
from vadkit.scenes import check_labels

MAX_PSNR = 100.0  # dB, what a perfect prediction gets instead of infinity
BRIGHTEST = 2.0  # what overshoots [0, 1] by more is an image in grey levels
PATCH = 16  # pixels, side of the block in the patch-wise score


def decibel(mse: Any) -> Any:
    """Turn mean squared errors of images in [0, 1] into dB, 10 log10(1 / MSE).

    Parameters
    ----------
    mse : Tensor, ndarray, list or float
        The errors; NaN stays NaN.

    Returns
    -------
    Tensor, ndarray or float
        At most `MAX_PSNR`; a Tensor for a Tensor, else NumPy's.
    """
    if isinstance(mse, Tensor):
        return (-10 * torch.log10(mse)).clamp(max=MAX_PSNR)
    return -10 * np.log10(np.maximum(numbers(mse, "decibel"), 10 ** (-MAX_PSNR / 10)))


def _squared_error(prediction, target):
    if prediction.shape != target.shape or prediction.ndim != 4:
        shapes = f"{tuple(prediction.shape)} and {tuple(target.shape)}"
        need = "Prediction and target must share one shape (N, 1, H, W)"
        raise ValueError(f"{need}, got {shapes}.")
    if not (prediction.is_floating_point() and target.is_floating_point()):
        dtypes = f"{prediction.dtype} and {target.dtype}"
        raise ValueError(f"PSNR is for float images in [0, 1], got {dtypes}: divide by 255.")
    if target.numel() and target.max() > BRIGHTEST:
        brightest = f"The target is an image in [0, 1], got values up to {target.max():.3g}"
        raise ValueError(f"{brightest}: divide by 255.")
    return (prediction - target).square()


@checked
def psnr(prediction: Tensor, target: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of each window, 10 log10(1 / MSE).

    Parameters
    ----------
    prediction, target : Tensor
        Images (N, 1, H, W), float in [0, 1].

    Returns
    -------
    Tensor
        (N,) in dB, at most `MAX_PSNR`; NaN where the input holds NaN.

    Raises
    ------
    ValueError
        If the shapes differ or the images are not floating point.

    References
    ----------
    Mathieu et al. 2016; Liu et al. 2018, eq. 7.
    """
    return decibel(_squared_error(prediction, target).flatten(1).mean(1))


@checked
def patch_psnr(prediction: Tensor, target: Tensor, size: int = PATCH) -> Tensor:
    """PSNR of the worst block: a small object does not drown in a whole-frame mean.

    Parameters
    ----------
    prediction, target : Tensor
        Images (N, 1, H, W), float in [0, 1], no smaller than a block.
    size : int
        Side of a block, in pixels. Blocks overlap by half and are cut where the frame ends.

    Returns
    -------
    Tensor
        (N,) in dB, as from `psnr`.
    """
    error = _squared_error(prediction, target)
    if size < 1:
        raise ValueError(f"A block has a side of at least 1 pixel, got {size}.")
    if min(error.shape[-2:]) < size:
        frames = f"Frames of {tuple(error.shape[-2:])}"
        raise ValueError(f"{frames} are smaller than one {size} x {size} block: lower size.")
    block_mse = avg_pool2d(error, size, stride=max(size // 2, 1), ceil_mode=True)
    return decibel(block_mse.flatten(1).max(1).values)


@checked
def moving_pixels(x: Tensor, y: Tensor, threshold: float = 0.1) -> Tensor:
    """Share of pixels that changed from x4 to x5: a detector that learns and predicts nothing.

    Parameters
    ----------
    x, y : Tensor
        Windows (N, 4, H, W) and what followed (N, 1, H, W), in [0, 1].
    threshold : float
        The smallest change that counts.

    Returns
    -------
    Tensor
        (N,) in [0, 1], up = abnormal; NaN where x4 or x5 holds NaN.
    """
    if x.ndim != 4 or y.shape != x[:, -1:].shape:
        shapes = f"{tuple(x.shape)} and {tuple(y.shape)}"
        raise ValueError(f"Windows (N, 4, H, W) and frames (N, 1, H, W) are needed, got {shapes}.")
    change = (y - x[:, -1:]).abs()
    moved = (change > threshold).float().where(~change.isnan(), torch.nan)
    return moved.flatten(1).mean(1)


def _min_max(values, among=None):
    """Stretch what lies between the extremes of `among` to [0, 1]; a constant goes to 0.5."""
    among = values if among is None else among
    low, high = np.nanmin(among), np.nanmax(among)
    return (values - low) / (high - low) if high > low else values * 0 + 0.5


@checked
def regularity_score(psnr_values: ArrayLike) -> np.ndarray:
    """Min-max normalised PSNR of one clip, up = normal.

    It knows the whole clip, its future included: fine for a published table, not for a guard.

    Parameters
    ----------
    psnr_values : array_like
        (T,) in dB, none infinite and not all of them NaN.

    Returns
    -------
    ndarray
        (T,) in [0, 1]; NaN stays NaN; 0.5 where all frames score the same.

    References
    ----------
    Liu et al. 2018, eq. 8.
    """
    values = np.asarray(psnr_values, dtype=float)
    if np.isinf(values).any() or np.isnan(values).all():
        nothing = f"No finite PSNR to stretch among {values.size} values"
        raise ValueError(f"{nothing}: is the clip empty, or NaN, or infinite?")
    return _min_max(values)


@checked
def anomaly_score(psnr_values: ArrayLike) -> np.ndarray:
    """One minus `regularity_score`, up = abnormal.

    Parameters
    ----------
    psnr_values : array_like
        (T,) in dB.

    Returns
    -------
    ndarray
        (T,) in [0, 1].
    """
    return 1 - regularity_score(psnr_values)


@checked
def frame_auc(
    scores: Sequence, labels: Sequence, normalize: str | None = None, average: str = "micro"
) -> float:
    """Area under the ROC curve over frames.

    Parameters
    ----------
    scores : sequence of array_like
        (T,) for each clip, up = abnormal; frames that are NaN are left out.
    labels : sequence of array_like
        (T,) for each clip, 1 = abnormal.
    normalize : {None, "clip", "scene"}
        Min-max within each clip, over its scored frames; or over all clips together, which
        cannot change a micro AUC and is there to prove it.
    average : {"micro", "macro"}
        All frames in one ranking, or the mean of the clips' own AUCs. Clips of one class have
        none: a macro average leaves them out, with a warning that says which.

    Returns
    -------
    float
        In [0, 1], 0.5 = chance.

    Raises
    ------
    ValueError
        If scores and labels do not fit, a score is infinite, or a class is missing.
    """
    if normalize not in (None, "clip", "scene"):
        raise ValueError(f"normalize is None, 'clip' or 'scene', got {normalize!r}.")
    if average not in ("micro", "macro"):
        raise ValueError(f"average is 'micro' or 'macro', got {average!r}.")
    if len(scores) != len(labels):
        raise ValueError(f"{len(scores)} clips of scores but {len(labels)} clips of labels.")
    clips = _scored_clips(scores, labels)
    everything = np.concatenate([values for values, _ in clips.values()])
    if normalize is not None:
        for number, (values, truth) in clips.items():
            among = values if normalize == "clip" else everything
            clips[number] = _min_max(values, among), truth
    return _macro_auc(clips) if average == "macro" else _micro_auc(clips.values())


def _scored_clips(scores, labels):
    """The scores and labels of each clip by its number, without frames that have no score."""
    clips = {}
    for number, (values, truth) in enumerate(zip(scores, labels)):
        where = f"Clip {number}"
        values = numbers(values, where).astype(float)
        if truth is None:
            raise ValueError(f"{where} has no labels: an AUC needs every clip labelled.")
        if values.ndim != 1 or np.isinf(values).any():
            need = "scores must be a (T,) array of finite numbers or NaN"
            raise ValueError(f"{where}: {need}, got shape {values.shape}.")
        truth = check_labels(numbers(truth, where), len(values), where)
        known = ~np.isnan(values)
        if known.any():
            clips[number] = values[known], truth[known]
    if not clips:
        raise ValueError("Nothing to rank: no frame has a score.")
    return clips


def _micro_auc(clips):
    from sklearn.metrics import roc_auc_score  # heavy

    scores = np.concatenate([values for values, _ in clips])
    labels = np.concatenate([truth for _, truth in clips])
    if labels.all() or not labels.any():
        kind = "abnormal" if labels.all() else "normal"
        raise ValueError(f"All {len(labels)} scored frames are {kind}: an AUC needs both classes.")
    return float(roc_auc_score(labels, scores))


def _macro_auc(clips):
    one_class = [n for n, (_, truth) in clips.items() if truth.all() or not truth.any()]
    if len(one_class) == len(clips):
        need = "a macro AUC needs at least one that does"
        raise ValueError(f"No clip holds both normal and abnormal frames: {need}.")
    if one_class:
        which = f"{', '.join(map(str, one_class))} of {len(clips)}"
        text = f"Clips of one class are left out of the macro AUC: {which}."
        warnings.warn(text, stacklevel=4)  # points to who called `frame_auc`
    return float(np.mean([_micro_auc([clips[n]]) for n in clips if n not in one_class]))


@checked
def smooth_scores(values: ArrayLike, n: int, causal: bool = False) -> np.ndarray:
    """Running median over n frames; the ends use the frames there are.

    Parameters
    ----------
    values : ndarray
        (T,), NaN ignored.
    n : int
        Odd, or it is a ValueError; centred, the median looks n // 2 frames into the future.
    causal : bool
        Look back only, as a live camera must.

    Returns
    -------
    ndarray
        (T,); NaN stays NaN.
    """
    if n != int(n) or n < 1 or n % 2 == 0:
        raise ValueError(f"Smoothing takes an odd number of frames, got {n}.")
    values = np.asarray(values, float)
    if values.ndim != 1 or not len(values):
        raise ValueError(f"One score for each frame is needed, got an array {values.shape}.")
    before, after = (n - 1, 0) if causal else (n // 2, n // 2)
    padded = np.pad(values, (before, after), constant_values=np.nan)
    with warnings.catch_warnings():
        # A neighbourhood of NaN gives NaN, as it should.
        warnings.simplefilter("ignore", RuntimeWarning)
        smoothed = np.nanmedian(np.lib.stride_tricks.sliding_window_view(padded, n), axis=1)
    return np.where(np.isnan(values), np.nan, smoothed)


@checked
def agreement(labels: ArrayLike, others: ArrayLike) -> dict[str, float]:
    """Tell how far two labellings of one clip agree.

    Parameters
    ----------
    labels, others : array_like
        (T,) of 0/1, 1 = abnormal.

    Returns
    -------
    dict
        "accuracy"; "iou" and "f1" of the abnormal frames, NaN where there are none; "kappa"
        (Cohen 1960), which takes away what chance would give, NaN where all frames are alike.
    """
    from sklearn.metrics import cohen_kappa_score  # heavy

    labels, others = np.asarray(labels), np.asarray(others)
    a = check_labels(labels, len(others), "the other labelling")
    b = check_labels(others, len(others), "the clip")
    both, either = (a & b).sum(), (a | b).sum()
    nan = float("nan")
    return {
        "accuracy": float((a == b).mean()),
        "iou": float(both / either) if either else nan,
        "f1": float(2 * both / (a.sum() + b.sum())) if either else nan,
        "kappa": float(cohen_kappa_score(a, b)) if either and both < len(a) else nan,
    }
