"""Scene adaptation, measured and shown: what notebook 06 reads from `benchmarks/adaptation.py`, and the path from a video to alarms."""

import copy
import functools

import numpy as np
import torch

from . import plots
from .scoring import Evaluation, psnr
from .training import prediction_loss
from .windows import N_INPUTS, make_windows
from .words import say

MAML, FINE_TUNED = "MAML, learned rates", "fine-tuned, best"
METHODS = ("copy last frame", "moving pixels", "from scratch", "fine-tuned, equal", FINE_TUNED, "Reptile", "first-order MAML",
           "MAML, fixed rate", MAML)  # fmt: skip


def fine_tuning(predictor, support, optimizer="sgd", lr=0.1, n_steps=3, draw=None):
    """Ordinary training on a support, watched: yields the copy after 0, 1, ... n_steps steps, the same object each time.

    support: (inputs (K, 4, H, W), targets (K, 1, H, W)); optimizer: "sgd", as `vadkit.adapt` does it, or "adam".
    draw: support -> the (inputs, targets) of one step; the whole support, every time, when None.
    """
    tuned = copy.deepcopy(predictor).eval()
    steps = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer](tuned.parameters(), lr=lr)
    yield tuned
    for _ in range(n_steps):
        x, y = draw(support) if draw else support
        with torch.enable_grad():
            steps.zero_grad()
            prediction_loss(tuned(x), y).backward()
        steps.step()
        yield tuned


def settle_in(predictor, support, n_steps=150, lr=3e-3, n_windows=4, seed=0):
    """What a laptop can afford behind one new camera: Adam, on windows of the support drawn anew for each step -> the adapted copy.

    Each window is mirrored by chance, see `some_mirrored`: a support of ten windows is soon known by heart. support as in `fine_tuning`.
    Rate and steps were chosen on two real scenes (UMN), where 300 steps separated hardly better and took twice the time.
    """
    generator = torch.Generator().manual_seed(seed)
    draw = functools.partial(some_mirrored, n=n_windows, generator=generator)
    *_, settled = fine_tuning(predictor, support, "adam", lr, n_steps, draw)
    return settled


def some_mirrored(support, n, generator):
    """n of K windows, or all when there are fewer, each mirrored by chance: left to right, and in time -> (inputs, targets).

    In time: a window x1 ... x5 becomes x5 ... x1. Normal life run backwards is nearly normal life, and who walked left could have walked
    right.
    """
    windows = torch.cat(support, 1)
    windows = windows[torch.randperm(len(windows), generator=generator)[:n]]
    for axis in (3, 1):
        mirrored = torch.rand(len(windows), 1, 1, 1, generator=generator) < 0.5
        windows = torch.where(mirrored, windows.flip(axis), windows)
    return windows[:, :-1], windows[:, -1:]


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


def alarms(psnr, threshold, n=3):
    """Frames at which an alarm starts: the n-th frame in a row below the threshold, once for each run; NaN is below nothing."""
    return alarm_starts(np.asarray(psnr) < threshold, n)


def alarm_starts(ringing, n):
    """(T,) bool -> list of the frames at which n in a row are True for the first time."""
    row, starts = 0, []
    for t, rings in enumerate(ringing):
        row = row + 1 if rings else 0
        if row == n:
            starts.append(t)
    return starts


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
    again, i = divmod(len(METHODS) - 1 - METHODS.index(method), len(plots.COLOURS))
    return {"color": plots.COLOURS[i], "ls": plots.DASHES[i + again], "marker": "os"[again], "ms": 4}


def against_shots(study, figures=("psnr", "auc_raw"), leave_out=("moving pixels",)):
    """Mean over scenes against K, one panel for each figure, with error bars of the spread over seeds and draws."""
    units = {
        "psnr": "PSNR on normal frames (dB)",
        "auc_raw": "AUC raw",
        "auc_clip": "AUC per-clip",
        "auc_macro": "AUC macro",
    }
    figure, axes = plots.subplots(1, len(figures), size=(5.2 * len(figures), 3.8), squeeze=False)
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
    figure, ax = plots.subplots(size=(8.5, 3.8))
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
