"""Scene adaptation, measured and shown: what notebook 06 reads from `benchmarks/adaptation.py`, and the path from a video to alarms."""

import numpy as np
import torch

from .scoring import Evaluation, psnr
from .training import prediction_loss
from .windows import N_INPUTS, make_windows

MAML, FINE_TUNED = "MAML, learned rates", "fine-tuned, best"


def fine_tuning(predictor, support, optimizer="sgd", lr=0.1, n_steps=3):
    """Ordinary training on a support, watched: yields the copy after 0, 1, ... n_steps steps, the same object each time.

    support: (inputs (K, 4, H, W), targets (K, 1, H, W)); optimizer: "sgd", as `vadkit.adapt` does it, or "adam".
    """
    import copy

    tuned = copy.deepcopy(predictor).eval()
    steps = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer](tuned.parameters(), lr=lr)
    yield tuned
    for _ in range(n_steps):
        with torch.enable_grad():
            steps.zero_grad()
            prediction_loss(tuned(support[0]), support[1]).backward()
        steps.step()
        yield tuned


@torch.no_grad()
def evaluate_some(predictor, clips, every=1, measure=None):
    """`vadkit.evaluate`, on every n-th window of some clips only -> `Evaluation`, unscored frames NaN.

    measure: (x, y, prediction) -> (N,) up = normal; PSNR in dB when None.
    """
    values = []
    for clip in clips:
        x, y = make_windows(clip.frames)
        x, y, found = x[::every], y[::every], np.full(len(clip), np.nan)
        prediction = predictor(x).clamp(0, 1)
        found[N_INPUTS::every] = psnr(prediction, y) if measure is None else measure(x, y, prediction)
        values.append(found)
    return Evaluation(values, [c.labels for c in clips], [c.kinds for c in clips], [c.name for c in clips])


def bootstrap(differences, n=10_000, seed=0):
    """Mean of one paired difference per scene, and its 95 % interval when scenes are drawn again (Efron 1979) -> (mean, low, high).

    Scenes are what is sampled: seeds and support draws of one scene are averaged before they come here.
    """
    differences = np.asarray(differences, float)
    drawn = np.random.default_rng(seed).integers(len(differences), size=(n, len(differences)))
    low, high = np.percentile(differences[drawn].mean(1), [2.5, 97.5])
    return float(differences.mean()), float(low), float(high)


class Study:
    """Rows of `results/adaptation.json`, one for each scene, method and seed, as arrays."""

    def __init__(self, results):
        self.rows = list(results["rows"].values())
        self.methods = list(dict.fromkeys(row["method"] for row in self.rows))
        self.scenes = list(dict.fromkeys(row["scene"] for row in self.rows))
        self.shots = sorted({int(k) for row in self.rows for k in row["shots"]})

    def values(self, method, k, figure):
        """-> (scenes, seeds x draws), the finest there is. figure: psnr, auc_raw, auc_clip or auc_macro. Empty where not measured."""
        found = [[row["shots"][str(k)][figure] for row in self.rows
                  if row["method"] == method and row["scene"] == scene and str(k) in row["shots"]] for scene in self.scenes]  # fmt: skip
        return np.array([np.concatenate(per_scene) for per_scene in found if per_scene])

    def mean(self, method, k, figure):
        """-> (mean, spread over training seeds and draws of the mean over scenes)."""
        values = self.values(method, k, figure)
        return (float(values.mean()), float(values.mean(0).std())) if values.size else (np.nan, np.nan)

    def difference(self, one, other, k, figure):
        """one minus other, paired by scene -> (mean, low, high): `bootstrap` over scenes."""
        return bootstrap(self.values(one, k, figure).mean(1) - self.values(other, k, figure).mean(1))

    def table(self, k, figures=("psnr", "auc_raw", "auc_clip", "auc_macro")):
        """One row for each method at K = k: mean ± spread."""
        names = {"psnr": "PSNR (dB)", "auc_raw": "AUC raw", "auc_clip": "AUC per-clip", "auc_macro": "AUC macro"}
        rows = []
        for method in self.methods:
            cells = {f: self.mean(method, k, f) for f in figures}
            if not np.isnan(cells["auc_raw"][0]):
                rows.append({"": method, **{names[f]: _cell(*cells[f], 2 if f == "psnr" else 3) for f in figures}})
        return rows


def _cell(mean, spread, digits):
    if np.isnan(mean):
        return "-"
    return f"{mean:.{digits}f}" + (f" ± {spread:.{digits}f}" if spread else "")
