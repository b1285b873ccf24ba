"""From a prediction to a decision: PSNR, regularity, anomaly score, ROC AUC.

PSNR goes up when a frame is normal; the anomaly score goes up when it is abnormal; label 1 means abnormal.
"""

import warnings
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from vadkit.metrics import anomaly_score, check_smoothing, frame_auc, moving_pixels, patch_psnr, psnr, smooth_scores
from vadkit.scenes import check_labels
from vadkit.windows import N_INPUTS, Windows


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
        check_smoothing(smooth)
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
