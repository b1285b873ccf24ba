"""Tables of the study of customs."""

import numpy as np
from pandas import DataFrame

from vadstudies.results import tidy
from vadstudies.statistics import interval

METRICS = {
    "psnr": "PSNR of normal frames (dB)",
    "auc_raw": "AUC raw",
    "auc_clip": "AUC per-clip",
    "auc_macro": "AUC macro",
    "auc_busy": "AUC raw, busy frames",
    "auc_held_out": "AUC raw, boar",
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
