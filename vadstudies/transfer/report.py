"""Tables and figures of the transfer study.

`rows` are the rows of transfer/results.json (`rows_of`): networks trained on one scene and tested
on all of them.
"""

import numpy as np
from pandas import DataFrame

from vadkit import view
from vadkit.text import say
from vadstudies.results import tidy

VARIANTS = {  # part of a row: what was tested
    "on": "draws the frame",
    "rescaled": "draws the frame, two numbers fitted",
    "change": "draws the change, sees normalised windows",
}


def transfer_matrix(rows, metric: str = "psnr_normal", how: str = "on") -> DataFrame:
    """Mean over seeds of a metric, networks of one scene down, tested on one scene across.

    `how` is one of VARIANTS.
    """
    tests = tidy(rows, how, "tested on")
    matrix = tests.pivot_table(index="scene", columns="tested on", values=metric)
    names = tests["scene"].unique()
    return matrix.loc[names, names].rename_axis(index="trained on")


def home_and_away(rows, copied: dict) -> DataFrame:
    """Table of every variant, at home and elsewhere: PSNR of normal frames and raw AUC.

    `copied` has the metrics of copy-last-frame by scene.
    """
    table = {}
    for how, name in VARIANTS.items():
        table[name] = {}
        for metric, title in (("psnr_normal", "PSNR (dB)"), ("auc_raw", "raw AUC")):
            matrix = transfer_matrix(rows, metric, how).to_numpy()
            home = np.eye(len(matrix), dtype=bool)
            digits = 1 if metric == "psnr_normal" else 3
            table[name][f"{title} at home"] = f"{matrix[home].mean():.{digits}f}"
            table[name][f"{title} elsewhere"] = f"{matrix[~home].mean():.{digits}f}"
    psnr, auc = (np.mean([c[m] for c in copied.values()]) for m in ("psnr_normal", "auc_raw"))
    table["copy last frame"] = dict.fromkeys(table[name])
    for title in table["copy last frame"]:
        table["copy last frame"][title] = f"{psnr:.1f}" if "PSNR" in title else f"{auc:.3f}"
    return DataFrame.from_dict(table, orient="index").rename_axis("network")


def heat_map(matrix: DataFrame, title: str, copied: list[float] | None = None, digits: int = 1):
    """Plot a `transfer_matrix` with its numbers.

    `copied` is the metric of copy-last-frame on each scene: a row of its own below.
    """
    names = [*matrix.index]
    shown = matrix.to_numpy()
    if copied is not None:
        shown = np.vstack([shown, copied])
    size = (1.5 + 1.05 * len(names), 1.2 + 0.5 * len(shown))
    figure, ax = view.subplots(size=size)
    ax.imshow(shown, cmap="cividis", aspect="auto")
    _write_numbers(ax, shown, digits)
    ax.set_xticks(range(len(names)), [name.replace("-", "\n") for name in names])
    ax.set_yticks(range(len(shown)), [*names, "copy last frame"][: len(shown)])
    ax.set(title=title, xlabel="tested on", ylabel="trained on")
    if copied is not None:
        ax.axhline(len(names) - 0.5, color="white", lw=3)
    figure.alt = _matrix_in_words(matrix.to_numpy(), title, digits)
    return figure


def _write_numbers(ax, values, digits):
    middle = (values.min() + values.max()) / 2
    for (i, j), value in np.ndenumerate(values):
        color = "white" if value < middle else "black"
        weight = "bold" if i == j else "normal"
        ax.text(j, i, f"{value:.{digits}f}", ha="center", va="center", color=color, weight=weight)


def _matrix_in_words(matrix, title, digits):
    at_home = np.diag(matrix)
    elsewhere = matrix[~np.eye(len(matrix), dtype=bool)]
    return say(
        "A table of {n} by {n} scenes, {title}: from {low:.{digits}f} to {high:.{digits}f} on the "
        "diagonal, where networks are tested at home, from {other_low:.{digits}f} to "
        "{other_high:.{digits}f} elsewhere.",
        n=len(matrix),
        title=title,
        digits=digits,
        low=at_home.min(),
        high=at_home.max(),
        other_low=elsewhere.min(),
        other_high=elsewhere.max(),
    )
