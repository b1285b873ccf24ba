"""Scene adaptation, measured and shown: what notebook 06 reads from `benchmarks/adaptation.py`, and the path from a video to alarms."""

import numpy as np
import torch

from vadkit import view
from vadkit.evaluation import Evaluation
from vadkit.metrics import psnr
from vadkit.text import say
from vadkit.windows import N_INPUTS, make_windows
from vadstudies.statistics import bootstrap

MAML, FINE_TUNED = "MAML, learned rates", "fine-tuned, best"
METHODS = ("copy last frame", "moving pixels", "from scratch", "fine-tuned, equal", FINE_TUNED, "Reptile", "first-order MAML",
           "MAML, fixed rate", MAML)  # fmt: skip


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


class Study:
    """Rows of `results/adaptation.json`, one for each scene, method and seed, as arrays."""

    def __init__(self, results):
        self.rows = sorted(results["rows"].values(), key=_order)
        self.methods = list(dict.fromkeys(row["method"] for row in self.rows))
        self.scenes = list(dict.fromkeys(row["scene"] for row in self.rows))
        self.shots = sorted({int(k) for row in self.rows for k in row["shots"]})

    def seeds(self, method):
        """The training seeds there are of a method."""
        return sorted({row["seed"] for row in self.rows if row["method"] == method})

    def values(self, method, k, figure):
        """-> (scenes, seeds x draws), the finest there is. figure: psnr, auc_raw, auc_clip or auc_macro. Empty where not measured."""
        found = [[row["shots"][str(k)][figure] for row in self.rows
                  if row["method"] == method and row["scene"] == scene and str(k) in row["shots"]] for scene in self.scenes]  # fmt: skip
        return np.array([np.concatenate(per_scene) for per_scene in found if per_scene], float)  # None becomes NaN

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


def _order(row):
    """Rows by method, in the order of tables, then by seed; scenes stay in the order they came."""
    method = row["method"]
    return METHODS.index(method) if method in METHODS else -1, method, row["seed"]


def _cell(mean, spread, digits):
    if np.isnan(mean):
        return "-"
    return f"{mean:.{digits}f}" + (f" ± {spread:.{digits}f}" if spread else "")


# --- Figures -----------------------------------------------------------------------------------------------------------------


def look(method):
    """Colour, dashes and marker of a method, the same in every figure."""
    again, i = divmod(len(METHODS) - 1 - METHODS.index(method), len(view.COLOURS))
    return {"color": view.COLOURS[i], "ls": view.DASHES[i + again], "marker": "os"[again], "ms": 4}


def against_shots(study, figures=("psnr", "auc_raw"), leave_out=("moving pixels",)):
    """Mean over scenes against K, one panel for each figure, with error bars of the spread over seeds and draws."""
    units = {
        "psnr": "PSNR on normal frames (dB)",
        "auc_raw": "AUC raw",
        "auc_clip": "AUC per-clip",
        "auc_macro": "AUC macro",
    }
    figure, axes = view.subplots(1, len(figures), size=(5.2 * len(figures), 3.8), squeeze=False)
    methods, told = [method for method in study.methods if method not in leave_out], []
    for ax, name in zip(axes.flat, figures):
        for method in methods:
            mean, spread = np.array([study.mean(method, k, name) for k in study.shots]).T
            if method == "copy last frame":
                ax.axhline(mean[0], color="0.4", ls=":", label=method)
            else:
                x = np.arange(len(mean)) + 0.03 * (METHODS.index(method) - 5)
                ax.errorbar(x, mean, spread, capsize=3, label=method, **look(method))
            told.append(f"{method}, {units[name]}: " + ", ".join(f"{value:.2f}" for value in mean))
        ax.set(
            xticks=range(len(study.shots)),
            xticklabels=study.shots,
            xlabel="K windows of the new scene",
            ylabel=units[name],
        )
        ax.spines[["top", "right"]].set_visible(False)
    axes.flat[-1].legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=9)
    figure.alt = say(
        "Mean over scenes for K = {shots}. {told}.", shots=", ".join(map(str, study.shots)), told="; ".join(told)
    )
    return figure


def step_curves(results):
    """-> (steps, {method: (scenes x seeds, steps) PSNR in dB}, copy-last-frame's PSNR) of `results/adaptation_steps.json`."""
    rows, settings = sorted(results["rows"].values(), key=_order), results["about"]["settings"]
    methods = dict.fromkeys(row["method"] for row in rows)
    curves = {m: np.array([row["psnr"] for row in rows if row["method"] == m]) for m in methods}
    return settings["steps"], curves, float(np.mean(list(settings["copy last frame"].values())))


def against_steps(steps, curves, copied, trained=3):
    """PSNR against inner steps, far beyond the trained number. curves: {method: (runs, steps)}."""
    figure, ax = view.subplots(size=(8.5, 3.8))
    for method, values in curves.items():
        ax.plot(range(len(steps)), values.mean(0), label=method, **look(method))
    ax.axhline(copied, color="0.4", ls=":", label="copy last frame")
    if trained in steps:
        ax.axvline(list(steps).index(trained), color="0.7", lw=6, alpha=0.4, zorder=0)
    ax.set(
        xticks=range(len(steps)),
        xticklabels=steps,
        xlabel="steps on five windows (grey: as many as MAML was trained for)",
        ylabel="PSNR (dB)",
    )
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=9)
    told = "; ".join(f"{method}: " + ", ".join(f"{v:.1f}" for v in values.mean(0)) for method, values in curves.items())
    figure.alt = say(
        "PSNR on normal windows of a new scene after {steps} steps. {told}.",
        steps=", ".join(map(str, steps)),
        told=told,
    )
    return figure
