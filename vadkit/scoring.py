"""From a prediction to a decision: PSNR, regularity, anomaly score, ROC AUC.

PSNR goes up when a frame is normal; the anomaly score goes up when it is abnormal; label 1 means abnormal.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import torch

from .windows import N_INPUTS, Windows

MAX_PSNR = 100.0  # dB, what a perfect prediction gets instead of infinity
PATCH = 16  # pixels, side of the block in the patch-wise score


def _check_pair(prediction, target):
    if prediction.shape != target.shape or prediction.ndim != 4:
        raise ValueError(
            f"Prediction and target must share one shape (N, 1, H, W), got {tuple(prediction.shape)} and {tuple(target.shape)}."
        )


def _decibel(mse):
    return (-10 * torch.log10(mse)).clamp(max=MAX_PSNR)


def psnr(prediction, target):
    """Peak signal-to-noise ratio per window, 10 log10(1 / MSE), on images in [0, 1] (Mathieu et al. 2016; Liu et al. 2018, eq. 7).

    prediction, target: (N, 1, H, W) float. Returns (N,) in dB, at most MAX_PSNR (a perfect prediction); NaN in, NaN out.
    Raises ValueError when the shapes differ.
    """
    _check_pair(prediction, target)
    return _decibel((prediction - target).square().flatten(1).mean(1))


def patch_psnr(prediction, target, size=PATCH):
    """PSNR of the worst size x size block (blocks overlap by half): a small object does not drown in a whole-frame mean.

    prediction, target: (N, 1, H, W) float. Returns (N,) in dB. Raises ValueError for shapes that differ or frames smaller than a block.
    """
    _check_pair(prediction, target)
    if min(target.shape[-2:]) < size:
        raise ValueError(f"Frames of {tuple(target.shape[-2:])} are smaller than one {size} x {size} block: give a smaller size.")
    block_mse = torch.nn.functional.avg_pool2d((prediction - target).square(), size, stride=max(size // 2, 1))
    return _decibel(block_mse.flatten(1).max(1).values)


def copy_last_frame(x):
    """The predictor that learns nothing: x5 = x4. (N, 4, H, W) -> (N, 1, H, W)."""
    return x[:, -1:]


def moving_pixels(x, y, threshold=0.1):
    """Share of pixels that changed by more than `threshold` from x4 to x5: a detector that learns and predicts nothing.

    x (N, 4, H, W), y (N, 1, H, W) in [0, 1] -> (N,) in [0, 1]; up = more motion, read as more abnormal.
    """
    return ((y - x[:, -1:]).abs() > threshold).float().flatten(1).mean(1)


def _min_max(values):
    """Stretch to [0, 1], NaN left alone; a constant goes to 0.5."""
    low, high = np.nanmin(values), np.nanmax(values)
    return (values - low) / (high - low) if high > low else values * 0 + 0.5


def regularity_score(psnr_values):
    """Min-max normalised PSNR of one clip, in [0, 1], up = normal (Liu et al. 2018, eq. 8). NaN stays NaN.

    It knows the whole clip, its future included: fine for a published table, not for a guard who must decide now.
    Raises ValueError when there is nothing to normalise.
    """
    values = np.asarray(psnr_values, dtype=float)
    if not np.isfinite(values).any():
        raise ValueError(f"No finite PSNR among {values.size} values: is the clip empty, or are its frames NaN?")
    return _min_max(values)


def anomaly_score(psnr_values):
    """1 - regularity_score, in [0, 1], up = abnormal."""
    return 1 - regularity_score(psnr_values)


def frame_auc(scores, labels, normalize=None, average="micro"):
    """Area under the ROC curve over frames.

    scores: one (T,) array per clip, up = abnormal, NaN = frame without a score (left out)
    labels: one (T,) array per clip of 0/1, 1 = abnormal
    normalize: None = as they are; "clip" = min-max within each clip; "scene" = min-max over all clips together,
        which cannot change a micro AUC and is there to prove it
    average: "micro" = all frames of all clips in one ranking; "macro" = mean of the clips' own AUCs. Clips of one class
        have no AUC: they are left out of a macro average with a warning that names how many.
    Raises ValueError for lengths that differ, labels other than 0/1, nothing scored, or one class only.
    """
    if normalize not in (None, "clip", "scene") or average not in ("micro", "macro"):
        raise ValueError(f"normalize is None, 'clip' or 'scene' and average 'micro' or 'macro', got {normalize!r} and {average!r}.")
    pairs = [_scored_frames(i, s, l) for i, (s, l) in enumerate(_zip_clips(scores, labels))]
    pairs = [(s, l) for s, l in pairs if len(s)]
    if not pairs:
        raise ValueError("Nothing to rank: no frame has a score.")
    if normalize == "clip":
        pairs = [(_min_max(s), l) for s, l in pairs]
    elif normalize == "scene":
        everything = _min_max(np.concatenate([s for s, _ in pairs]))
        pieces = np.split(everything, np.cumsum([len(s) for s, _ in pairs])[:-1])
        pairs = [(s, l) for s, (_, l) in zip(pieces, pairs)]
    if average == "micro":
        return _auc(np.concatenate([s for s, _ in pairs]), np.concatenate([l for _, l in pairs]))
    mixed = [(s, l) for s, l in pairs if 0 < l.sum() < len(l)]
    if len(mixed) < len(pairs):
        warnings.warn(f"{len(pairs) - len(mixed)} of {len(pairs)} clips hold one class only and are left out of the macro AUC.", stacklevel=2)
    if not mixed:
        raise ValueError("No clip holds both normal and abnormal frames: a macro AUC needs at least one that does.")
    return float(np.mean([_auc(s, l) for s, l in mixed]))


def _zip_clips(scores, labels):
    if len(scores) != len(labels):
        raise ValueError(f"{len(scores)} clips of scores but {len(labels)} clips of labels.")
    return zip(scores, labels)


def _scored_frames(index, scores, labels):
    if labels is None:
        raise ValueError(f"Clip {index} has no labels: an AUC needs every clip labelled.")
    scores, labels = np.asarray(scores, dtype=float), np.asarray(labels)
    if scores.ndim != 1 or scores.shape != labels.shape:
        raise ValueError(f"Clip {index} has scores of shape {scores.shape} but labels of shape {labels.shape}: give one (T,) array per clip.")
    if not np.isin(labels, (0, 1)).all():
        raise ValueError(f"Clip {index} has labels other than 0 and 1 (1 = abnormal).")
    keep = ~np.isnan(scores)
    return scores[keep], labels[keep].astype(bool)


def _auc(scores, labels):
    from sklearn.metrics import roc_auc_score

    if labels.all() or not labels.any():
        raise ValueError(f"All {len(labels)} scored frames are {'abnormal' if labels.all() else 'normal'}: an AUC needs both classes.")
    return float(roc_auc_score(labels, scores))


def smooth_scores(values, n, causal=False):
    """Running median over n frames (n odd), NaN ignored. Centred, it looks n // 2 frames into the future; `causal=True`
    looks back only, as a live camera must. (T,) -> (T,), NaN stays NaN."""
    if n < 1 or n % 2 == 0:
        raise ValueError(f"Smoothing takes an odd number of frames, got {n}.")
    before, after = (n - 1, 0) if causal else (n // 2, n // 2)
    padded = np.concatenate([np.full(before, np.nan), values, np.full(after, np.nan)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # an all-NaN neighbourhood gives NaN, as it should
        smoothed = np.nanmedian(np.lib.stride_tricks.sliding_window_view(padded, n), axis=1)
    return np.where(np.isnan(values), np.nan, smoothed)


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
        return frame_auc(self.scores, self.labels)

    @property
    def auc_clip(self):
        """Micro AUC after per-clip min-max, the protocol of most published tables."""
        return frame_auc(self.scores, self.labels, normalize="clip")

    @property
    def auc_macro(self):
        """Mean of the clips' own AUCs; NaN where no clip holds both classes."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return frame_auc(self.scores, self.labels, average="macro")
            except ValueError:
                return float("nan")

    @property
    def one_class_clips(self):
        """Names of the clips that are all normal or all abnormal, which `auc_macro` leaves out."""
        return [c for c, l in zip(self.clips, self.labels) if l is not None and (l[N_INPUTS:].all() or not l[N_INPUTS:].any())]

    @property
    def by_kind(self):
        """{kind: raw micro AUC of that kind's frames against all normal frames}; empty where kinds are unknown."""
        if any(k is None for k in self.kinds):
            return {}
        kinds = [np.array(k) for k in self.kinds]
        return {kind: self.auc_of([kind]) for kind in sorted(set(np.concatenate(kinds)) - {""})}

    def auc_of(self, wanted, normalize=None):
        """AUC over some kinds only: frames of other kinds are left out, every clip's normal frames stay."""
        keep = [np.isin(np.array(k), ["", *wanted]) for k in self.kinds]
        return frame_auc([np.where(m, s, np.nan) for m, s in zip(keep, self.scores)], self.labels, normalize)

    @property
    def psnr_normal(self):
        """Mean PSNR over normal frames, dB."""
        return float(np.nanmean(np.concatenate([p[~l] for p, l in zip(self.psnr, self.labels)])))

    @property
    def psnr_gap(self):
        """Mean PSNR of normal frames minus mean PSNR of abnormal frames, dB: what a predictor is for."""
        return self.psnr_normal - float(np.nanmean(np.concatenate([p[l] for p, l in zip(self.psnr, self.labels)])))


@torch.no_grad()
def predict_clip(predictor, clip, batch_size=32):
    """Run a predictor over one clip -> predictions (T - 4, H, W) float32 in [0, 1]; entry i is frame i + 4."""
    return torch.cat([prediction for _, _, prediction in _predictions(predictor, clip, batch_size)])[:, 0].numpy()


def _predictions(predictor, clip, batch_size):
    windows = Windows([clip])
    device = next((p.device for p in predictor.parameters()), "cpu") if isinstance(predictor, torch.nn.Module) else "cpu"
    for start in range(0, len(windows), batch_size):
        x, y = windows.batch(range(start, min(start + batch_size, len(windows))))
        yield x, y, predictor(x.to(device)).cpu().clamp(0, 1)


SCORES = {
    "frame": lambda x, y, prediction: psnr(prediction, y),
    "patch": lambda x, y, prediction: patch_psnr(prediction, y),
    "moving": lambda x, y, prediction: 1 - moving_pixels(x, y),
}


@torch.no_grad()
def evaluate(predictor, scene, score="frame", smooth=None, causal=False, batch_size=32):
    """Score every frame of a scene's test clips.

    predictor: any callable (N, 4, H, W) -> (N, 1, H, W), `copy_last_frame` included
    score: "frame" = whole-frame PSNR, "patch" = PSNR of the worst block, "moving" = moving pixels, which ignores the predictor
    smooth: None, or an odd number of frames for a running median (`smooth_scores`); causal=True looks back only
    Returns an `Evaluation`. Raises ValueError for an unknown score, or a scene without test clips.
    """
    if score not in SCORES:
        raise ValueError(f"Unknown score '{score}': choose from {', '.join(SCORES)}.")
    if not scene.test_clips:
        raise ValueError(f"Scene '{scene.name}' has no test clips to score.")
    was_training = getattr(predictor, "training", False)
    if was_training:
        predictor.eval()
    values = []
    for clip in scene.test_clips:
        batches = [SCORES[score](*batch) for batch in _predictions(predictor, clip, batch_size)]
        values.append(np.concatenate([np.full(N_INPUTS, np.nan), torch.cat(batches).double().numpy()]))
    if was_training:
        predictor.train()
    if smooth:
        values = [smooth_scores(v, smooth, causal) for v in values]
    clips = scene.test_clips
    return Evaluation(values, [c.labels for c in clips], [c.kinds for c in clips], [c.name for c in clips])
