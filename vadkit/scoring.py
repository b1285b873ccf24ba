"""From a prediction to a decision: PSNR, regularity, anomaly score, ROC AUC.

PSNR goes up when a frame is normal; the anomaly score goes up when it is abnormal; label 1 means abnormal.
"""

import warnings
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from .scenes import check_labels
from .windows import N_INPUTS, Windows

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


def _decibel(mse):
    return (-10 * torch.log10(mse)).clamp(max=MAX_PSNR)


def psnr(prediction, target):
    """Peak signal-to-noise ratio per window, 10 log10(1 / MSE) (Mathieu et al. 2016; Liu et al. 2018, eq. 7).

    prediction, target: (N, 1, H, W) float in [0, 1]
    Returns (N,) in dB, at most MAX_PSNR, which is what a perfect prediction gets; NaN in, NaN out.
    Raises ValueError when the shapes differ or the images are not float.
    """
    return _decibel(_squared_error(prediction, target).flatten(1).mean(1))


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
    return _decibel(block_mse.flatten(1).max(1).values)


def copy_last_frame(x):
    """The predictor that learns nothing: x5 = x4. (N, 4, H, W) -> (N, 1, H, W)."""
    return x[:, -1:]


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
    _check_smoothing(n)
    before, after = (n - 1, 0) if causal else (n // 2, n // 2)
    padded = np.concatenate([np.full(before, np.nan), values, np.full(after, np.nan)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # an all-NaN neighbourhood gives NaN, as it should
        smoothed = np.nanmedian(np.lib.stride_tricks.sliding_window_view(padded, n), axis=1)
    return np.where(np.isnan(values), np.nan, smoothed)


def _check_smoothing(n):
    if n != int(n) or n < 1 or n % 2 == 0:
        raise ValueError(f"Smoothing takes an odd number of frames, got {n}.")


@dataclass
class Evaluation:
    """What `evaluate` found. `psnr` and `scores`: one (T,) array per test clip, the first four frames NaN.

    psnr: dB (worst block for score="patch", share of still pixels for "moving"), up = normal
    labels: (T,) bool per clip, True = abnormal; None where nobody labelled the clip
    """

    psnr: list
    labels: list
    kinds: list
    clips: list

    @property
    def scores(self):
        """Minus PSNR: up = abnormal, not normalised. What every AUC below is computed from."""
        return [-values for values in self.psnr]

    @property
    def anomaly_score(self):
        """Per clip, min-max normalised, in [0, 1], up = abnormal."""
        return [anomaly_score(values) for values in self.psnr]

    @property
    def auc_raw(self):
        """Micro AUC, PSNR as it is: one threshold for the whole scene."""
        return frame_auc(self.scores, self._all_labels())

    @property
    def auc_clip(self):
        """Micro AUC after per-clip min-max, the protocol of most published tables."""
        return frame_auc(self.scores, self._all_labels(), normalize="clip")

    @property
    def auc_macro(self):
        """Mean of the clips' own AUCs, without the `one_class_clips`; NaN where no clip holds both classes."""
        if len(self.one_class_clips) == len(self.clips):
            return float("nan")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one_class_clips says it by name
            return frame_auc(self.scores, self._all_labels(), average="macro")

    @property
    def one_class_clips(self):
        """Names of the clips whose scored frames are all normal or all abnormal, which `auc_macro` leaves out."""
        scored = [l[~np.isnan(p)] for p, l in zip(self.psnr, self._all_labels())]
        return [name for name, l in zip(self.clips, scored) if l.all() or not l.any()]

    @property
    def by_kind(self):
        """{kind: raw micro AUC of that kind's frames against all normal frames}; empty where kinds are unknown."""
        if any(k is None for k in self.kinds):
            return {}
        scored = [np.array(k)[~np.isnan(p)] for k, p in zip(self.kinds, self.psnr)]
        return {str(kind): self.auc_of([kind]) for kind in sorted(set(np.concatenate(scored)) - {""})}

    def auc_of(self, wanted, normalize=None):
        """AUC over some kinds only: frames of other kinds are left out before normalising, normal frames stay.

        Raises ValueError where kinds are unknown, and as `frame_auc`.
        """
        if any(k is None for k in self.kinds):
            raise ValueError("Nobody noted the kinds of anomaly in these clips: use auc_raw or auc_clip.")
        keep = [np.isin(np.array(k), ["", *wanted]) for k in self.kinds]
        return frame_auc([np.where(m, s, np.nan) for m, s in zip(keep, self.scores)], self.labels, normalize)

    @property
    def psnr_normal(self):
        """Mean PSNR over normal frames, dB; NaN where there are none."""
        return self._mean_psnr(abnormal=False)

    @property
    def psnr_gap(self):
        """Mean PSNR of normal frames minus mean PSNR of abnormal frames, dB: what a predictor is for."""
        return self.psnr_normal - self._mean_psnr(abnormal=True)

    def _mean_psnr(self, abnormal):
        values, labels = np.concatenate(self.psnr), np.concatenate(self._all_labels())
        chosen = values[(labels == abnormal) & ~np.isnan(values)]
        return float(chosen.mean()) if len(chosen) else float("nan")

    def _all_labels(self):
        unlabelled = [name for name, l in zip(self.clips, self.labels) if l is None]
        if unlabelled:
            raise ValueError(f"Nobody labelled {', '.join(unlabelled)}: only psnr and anomaly_score can be told.")
        return self.labels


@contextmanager
def _in_eval_mode(predictor):
    modules = list(predictor.modules()) if isinstance(predictor, torch.nn.Module) else []
    modes = [module.training for module in modules]
    try:
        if modules:
            predictor.eval()
        yield
    finally:
        for module, mode in zip(modules, modes):
            module.training = mode


@torch.no_grad()
def predict_clip(predictor, clip, batch_size=32):
    """Run a predictor, in eval mode, over one clip -> (T - 4, H, W) float32 in [0, 1]; entry i predicts frame i + 4.

    Predictions are clamped to [0, 1]; what is not finite becomes NaN. Raises ValueError for a clip of fewer than five
    frames, or a predictor that returns anything but one frame per window.
    """
    with _in_eval_mode(predictor):
        return torch.cat([prediction for _, _, prediction in _predictions(predictor, clip, batch_size)])[:, 0].numpy()


def _predictions(predictor, clip, batch_size):
    try:
        windows = Windows([clip])
    except ValueError as error:
        raise ValueError(f"Clip '{clip.name}': {error}") from None
    parameters = predictor.parameters() if isinstance(predictor, torch.nn.Module) else ()
    device = next((p.device for p in parameters), "cpu")
    for start in range(0, len(windows), batch_size):
        x, y = windows.batch(range(start, min(start + batch_size, len(windows))))
        prediction = predictor(x.to(device))
        shape = tuple(getattr(prediction, "shape", ()))
        if not isinstance(prediction, torch.Tensor) or shape != y.shape:
            raise ValueError(
                f"A predictor turns {tuple(x.shape)} into a tensor {tuple(y.shape)}, one next frame per window; "
                f"this one returned: {type(prediction).__name__} {shape}."
            )
        prediction = prediction.cpu().float()
        yield x, y, prediction.clamp(0, 1).where(prediction.isfinite(), torch.nan)


SCORES = {
    "frame": lambda x, y, prediction: psnr(prediction, y),
    "patch": lambda x, y, prediction: patch_psnr(prediction, y),
    "moving": lambda x, y, prediction: 1 - moving_pixels(x, y),
}


@torch.no_grad()
def evaluate(predictor, scene, score="frame", smooth=None, causal=False, batch_size=32):
    """Score every frame of a scene's test clips.

    predictor: any callable (N, 4, H, W) -> (N, 1, H, W), `copy_last_frame` included; a network runs in eval mode
    score: "frame" = whole-frame PSNR, "patch" = PSNR of the worst block, "moving" = moving pixels, whatever is predicted
    smooth: None, or an odd number of frames for a running median (`smooth_scores`); causal=True looks back only
    Returns an `Evaluation`. Frames whose score is NaN (they, or their prediction, are NaN or infinite) are left out of
    every AUC, with a warning that says how many and in which clip.
    Raises ValueError for an unknown score, a scene without test clips, a clip of fewer than five frames, labels that do
    not fit their clip, and a predictor that returns anything but one frame per window.
    """
    if score not in SCORES:
        raise ValueError(f"Unknown score '{score}': choose from {', '.join(SCORES)}.")
    if not scene.test_clips:
        raise ValueError(f"Scene '{scene.name}' has no test clips to score.")
    if smooth is not None:
        _check_smoothing(smooth)
    values, clips = [], scene.test_clips
    labels = [c.labels if c.labels is None else check_labels(c.labels, len(c), f"Clip '{c.name}'") for c in clips]
    with _in_eval_mode(predictor):
        for clip in clips:
            batches = [SCORES[score](*batch) for batch in _predictions(predictor, clip, batch_size)]
            found = torch.cat(batches).double().numpy()
            if lost := int(np.isnan(found).sum()):
                text = f"Clip '{clip.name}': no score for {lost} frames, they or their predictions are not finite."
                warnings.warn(text, stacklevel=3)
            values.append(np.concatenate([np.full(N_INPUTS, np.nan), found]))
    if smooth is not None:
        values = [smooth_scores(v, smooth, causal) for v in values]
    return Evaluation(values, labels, [c.kinds for c in clips], [c.name for c in clips])
