"""Tables and figures of the study of customs."""

import numpy as np
from pandas import DataFrame

from vadkit import view
from vadkit.text import say
from vadstudies.results import tidy
from vadstudies.statistics import interval

METRICS = {
    "psnr": "PSNR of normal frames (dB)",
    "auc_raw": "raw AUC",
    "auc_clip": "per-clip AUC",
    "auc_macro": "macro AUC",
    "auc_busy": "raw AUC, busy frames",
    "auc_held_out": "raw AUC, boar",
    "seconds": "seconds to adapt",
}


class Study:
    """The rows of customs/results.json as a table.

    Attributes
    ----------
    frame : DataFrame
        One line for each place, method, training seed, number of windows k and draw of them, with
        columns of these names and of the METRICS.
    methods : list of str
        In the order in which they were measured.
    shots : list of int
        The numbers of windows.
    """

    def __init__(self, results: dict):
        self.frame = _draws(results)
        self.methods = list(self.frame["method"].unique())
        self.shots = sorted(int(k) for k in self.frame["k"].unique())

    def values(self, method: str, k: int, metric: str) -> DataFrame:
        """A metric of one method: places down, runs (training seed, draw) across."""
        lines = self.frame[(self.frame["method"] == method) & (self.frame["k"] == k)]
        return lines.pivot(index="scene", columns=["seed", "draw"], values=metric)

    def mean(self, method: str, k: int, metric: str) -> tuple[float, float]:
        """Mean over places and runs, and spread over runs of the mean over places; NaN for none."""
        per_run = self.values(method, k, metric).mean()
        return float(per_run.mean()), float(per_run.std(ddof=0))

    def difference(
        self,
        one: str,
        other: str,
        k: int,
        metric: str,
        n_comparisons: int = 1,
        k_other: int | None = None,
    ) -> tuple[float, float, float]:
        """`one` minus `other`, paired by place: mean and interval (low, high) over places.

        Seeds and draws are averaged first: the interval is for other places and the same trainings.
        A t interval of 95 %, corrected for so many comparisons (Bonferroni).
        """
        ours = self.values(one, k, metric).mean(axis=1)
        theirs = self.values(other, k if k_other is None else k_other, metric).mean(axis=1)
        return interval(ours - theirs, n_comparisons)

    def table(self, k: int, methods=None, metrics=tuple(METRICS)) -> DataFrame:
        """Table of the methods at K = k: mean ± spread over training seeds and draws."""
        chosen = [m for m in methods or self.methods if len(self.values(m, k, "auc_raw"))]
        columns = {"": chosen}
        for metric in metrics:
            digits = 2 if metric in ("psnr", "seconds") else 3
            cells = [_cell(*self.mean(method, k, metric), digits) for method in chosen]
            columns[METRICS[metric]] = cells
        return DataFrame(columns)

    def curve(self, metric: str = "auc_raw") -> DataFrame:
        """A metric of each method (down) for each number of windows (across)."""
        return DataFrame(
            [[self.mean(method, k, metric)[0] for k in self.shots] for method in self.methods],
            index=self.methods,
            columns=[f"K = {k}" for k in self.shots],
        )


def step_curves(choice: dict, metric: str = "auc_raw") -> DataFrame:
    """A metric after 0, 1, 2, ... steps on validation places: weights across, steps down.

    `choice` is customs/choice.json. Fine-tuning gets at each number of steps the optimizer and the
    rate that are best there.
    """
    tries = tidy(choice["rows"].values(), "steps", "n_steps").astype({"n_steps": int})
    means = tries.groupby(["weights", "n_steps", "optimizer", "rate"])[metric].mean()
    return means.groupby(["weights", "n_steps"]).max().unstack("weights")


def against_steps(curves: DataFrame, copied: float, names: dict[str, str]):
    """Plot `step_curves`, the level of copy-last-frame dotted; `names` names the weights."""
    figure, ax = view.subplots(size=(7.5, 3.2))
    said = []
    for (weights, name), style in zip(names.items(), _styles(names.values())):
        line = curves[weights].dropna()
        places = curves.index.get_indexer(line.index)  # one as wide as the next
        ax.plot(places, line, label=name, **style)
        said.append(_in_words(name, [say("{v:.2f} after {n}", v=v, n=n) for n, v in line.items()]))
    ax.axhline(copied, color=view.GREY, ls=":", label=view.figure_text("copy last frame"))
    ax.set_xticks(range(len(curves)), curves.index)
    ax.set(xlabel=view.figure_text("steps on ten windows"), ylabel=view.figure_text("raw AUC"))
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    figure.alt = say("Raw AUC against steps. {curves}.", curves="; ".join(said))
    return figure


def against_shots(study: Study, methods: list[str], metric: str = "auc_raw"):
    """Plot a metric of some methods against the number of windows K, spread over runs shaded."""
    figure, ax = view.subplots(size=(7.5, 3.2))
    said = []
    for method, style in zip(methods, _styles(methods)):
        mean, spread = np.transpose([study.mean(method, k, metric) for k in study.shots])
        ax.plot(study.shots, mean, label=method, **style)
        ax.fill_between(
            study.shots, mean - spread, mean + spread, color=style["color"], alpha=0.15, lw=0
        )
        values = [say("{v:.2f} at K = {k}", v=v, k=k) for k, v in zip(study.shots, mean)]
        said.append(_in_words(method, values))
    ax.set(
        xlabel=view.figure_text("windows K"),
        ylabel=view.figure_text(METRICS[metric]),
        xticks=study.shots,
    )
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    figure.alt = say(
        "{metric} against K. {curves}.", metric=say(METRICS[metric]), curves="; ".join(said)
    )
    return figure


def _styles(names):
    looks = zip(view.colours_of(names), view.DASHES)
    return [{"color": color, "ls": dash, "marker": "o", "ms": 4} for color, dash in looks]


def _in_words(name, values):
    return f"{name}: {', '.join(values)}"


def _draws(results):
    """One line for each draw of the support."""
    lines = tidy(results["rows"].values(), "shots", "k")
    metrics = [metric for metric in METRICS if metric in lines]
    for metric in metrics:  # who learns nothing takes no time to adapt
        missing = lines[metric].isna()
        lines.loc[missing, metric] = lines.loc[missing, "auc_raw"].map(lambda v: [None] * len(v))
    lines = lines[["scene", "method", "seed", "k", *metrics]].explode(metrics)
    lines = lines.astype({"k": int, **dict.fromkeys(metrics, float)})
    lines["draw"] = lines.groupby(["scene", "method", "seed", "k"]).cumcount()
    return lines.reset_index(drop=True)


def _cell(mean, spread, digits):
    if np.isnan(mean):
        return "-"
    return f"{mean:.{digits}f}" + (f" ± {spread:.{digits}f}" if spread else "")
