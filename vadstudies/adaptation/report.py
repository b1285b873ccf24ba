"""Tables and figures of the adaptation study."""

import numpy as np
from pandas import DataFrame

from vadkit import view
from vadkit.text import say
from vadstudies.results import tidy
from vadstudies.statistics import bootstrap

MAML, FINE_TUNED = "MAML, learned rates", "fine-tuned, best"
METHODS = (
    "copy last frame",
    "moving pixels",
    "from scratch",
    "fine-tuned, equal",
    FINE_TUNED,
    "Reptile",
    "first-order MAML",
    "MAML, fixed rate",
    MAML,
)
METRICS = {
    "psnr": "PSNR (dB)",
    "auc_raw": "AUC raw",
    "auc_clip": "AUC per-clip",
    "auc_macro": "AUC macro",
}


class Study:
    """The rows of adaptation/results.json as a table.

    Attributes
    ----------
    frame : DataFrame
        One line for each scene, method, training seed, number of windows k and draw of them, with
        columns of these names and of the METRICS.
    methods, scenes : list of str
        Methods in the order of tables, scenes in the order in which they were measured.
    shots : list of int
        The numbers of windows.
    """

    def __init__(self, results: dict):
        self.frame = _draws(results)
        self.methods = list(self.frame["method"].unique())
        self.scenes = list(self.frame["scene"].unique())
        self.shots = sorted(int(k) for k in self.frame["k"].unique())

    def seeds(self, method: str) -> list[int]:
        """The training seeds there are of a method."""
        seeds = self.frame.loc[self.frame["method"] == method, "seed"]
        return sorted(int(seed) for seed in seeds.unique())

    def values(self, method: str, k: int, metric: str) -> DataFrame:
        """A metric of one method: scenes down, runs (training seed, draw) across."""
        lines = self.frame[(self.frame["method"] == method) & (self.frame["k"] == k)]
        values = lines.pivot(index="scene", columns=["seed", "draw"], values=metric)
        return values.reindex([scene for scene in self.scenes if scene in values.index])

    def mean(self, method: str, k: int, metric: str) -> tuple[float, float]:
        """Mean over scenes and runs, and spread over runs of the mean over scenes; NaN for none."""
        per_run = self.values(method, k, metric).mean()
        return float(per_run.mean()), float(per_run.std(ddof=0))

    def difference(self, one: str, other: str, k: int, metric: str) -> tuple[float, float, float]:
        """`one` minus `other`, paired by scene: mean and 95 % interval (low, high) over scenes."""
        per_scene = [self.values(method, k, metric).mean(axis=1) for method in (one, other)]
        return bootstrap(per_scene[0] - per_scene[1])

    def table(self, k: int, metrics=tuple(METRICS)) -> DataFrame:
        """Table of the methods at K = k: mean ± spread."""
        measured = [m for m in self.methods if not np.isnan(self.mean(m, k, "auc_raw")[0])]
        columns = {"": measured}
        for metric in metrics:
            digits = 2 if metric == "psnr" else 3
            cells = [_cell(*self.mean(method, k, metric), digits) for method in measured]
            columns[METRICS[metric]] = cells
        return DataFrame(columns)


def _draws(results):
    """One line for each draw of the support, sorted by method and seed."""
    lines = tidy(results["rows"].values(), "shots", "k")
    metrics = [metric for metric in METRICS if metric in lines]
    lines = lines[["scene", "method", "seed", "k", *metrics]].explode(metrics)
    lines = lines.astype({"k": int, **dict.fromkeys(metrics, float)})  # None becomes NaN
    lines["draw"] = lines.groupby(["scene", "method", "seed", "k"]).cumcount()
    return _in_order(lines)


def _in_order(lines):
    """Sort by method, in the order of METHODS, and by seed; scenes stay in the order they came."""
    position = {method: number for number, method in enumerate(METHODS)}
    order = lines.assign(position=lines["method"].map(position).fillna(-1))
    order = order.sort_values(["position", "method", "seed"], kind="stable")
    return order.drop(columns="position").reset_index(drop=True)


def _cell(mean, spread, digits):
    if np.isnan(mean):
        return "-"
    return f"{mean:.{digits}f}" + (f" ± {spread:.{digits}f}" if spread else "")


# --- Figures


def line_style(method: str) -> dict:
    """Colour, dashes and marker of a method, the same in every figure."""
    again, i = divmod(len(METHODS) - 1 - METHODS.index(method), len(view.COLOURS))
    return {"color": view.COLOURS[i], "ls": view.DASHES[i + again], "marker": "os"[again], "ms": 4}


def against_shots(study: Study, metrics=("psnr", "auc_raw"), leave_out=("moving pixels",)):
    """Plot the mean over scenes against K, one panel for each metric.

    Error bars are the spread over training seeds and draws.
    """
    labels = METRICS | {"psnr": "PSNR on normal frames (dB)"}
    figure, axes = view.subplots(1, len(metrics), size=(5.2 * len(metrics), 3.8), squeeze=False)
    methods = [method for method in study.methods if method not in leave_out]
    parts = []
    for ax, metric in zip(axes.flat, metrics):
        for method in methods:
            mean = _plot_shots(ax, study, method, metric)
            numbers = ", ".join(f"{value:.2f}" for value in mean)
            parts.append(f"{method}, {labels[metric]}: {numbers}")
        ax.set_xticks(range(len(study.shots)), study.shots)
        ax.set(xlabel="K windows of the new scene", ylabel=labels[metric])
        ax.spines[["top", "right"]].set_visible(False)
    axes.flat[-1].legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=9)
    figure.alt = say(
        "Mean over scenes for K = {shots}. {parts}.",
        shots=", ".join(map(str, study.shots)),
        parts="; ".join(parts),
    )
    return figure


def _plot_shots(ax, study, method, metric):
    """Plot one method, and return its mean for every K."""
    mean, spread = np.array([study.mean(method, k, metric) for k in study.shots]).T
    if method == "copy last frame":
        ax.axhline(mean[0], color="0.4", ls=":", label=method)
    else:
        # A little aside, so that error bars do not hide each other.
        x = np.arange(len(mean)) + 0.03 * (METHODS.index(method) - 5)
        ax.errorbar(x, mean, spread, capsize=3, label=method, **line_style(method))
    return mean


def step_curves(results: dict) -> tuple[DataFrame, float]:
    """PSNR (dB) after so many steps (down) of each method (across), and that of copy-last-frame.

    Means over the scenes and seeds of adaptation/steps.json.
    """
    settings = results["about"]["settings"]
    lines = _in_order(tidy(results["rows"].values()))
    psnr = DataFrame(lines["psnr"].tolist(), columns=settings["steps"])
    curves = psnr.groupby(lines["method"], sort=False).mean().T
    copied = float(np.mean(list(settings["copy last frame"].values())))
    return curves.rename_axis(index="step", columns=None), copied


def against_steps(curves: DataFrame, copied: float, trained: int = 3):
    """Plot `step_curves`: PSNR against steps, far beyond the number that MAML was trained for."""
    steps = list(curves.index)
    figure, ax = view.subplots(size=(8.5, 3.8))
    for method in curves:
        ax.plot(range(len(steps)), curves[method], label=method, **line_style(method))
    ax.axhline(copied, color="0.4", ls=":", label="copy last frame")
    if trained in steps:
        ax.axvline(steps.index(trained), color="0.7", lw=6, alpha=0.4, zorder=0)
    ax.set_xticks(range(len(steps)), steps)
    ax.set_xlabel("steps on five windows (grey: as many as MAML was trained for)")
    ax.set_ylabel("PSNR (dB)")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=9)
    numbers = curves.map("{:.1f}".format)
    figure.alt = say(
        "PSNR on normal windows of a new scene after {steps} steps. {parts}.",
        steps=", ".join(map(str, steps)),
        parts="; ".join(f"{method}: " + ", ".join(numbers[method]) for method in numbers),
    )
    return figure
