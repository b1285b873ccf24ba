"""Tables and figures of the transfer study.

`rows` are the rows of transfer/results.json (`rows_of`): networks trained on one scene and tested
on all of them.
"""

from functools import partial

import numpy as np
from pandas import DataFrame

from vadkit import view
from vadkit.text import say
from vadkit.toy import KINDS
from vadstudies.results import tidy
from vadstudies.statistics import spread


def transfer_matrix(rows, metric: str = "psnr_normal") -> DataFrame:
    """Mean over seeds of a metric, networks of one scene down, tested on one scene across."""
    tests = tidy(rows, "on", "tested on")
    matrix = tests.pivot_table(index="scene", columns="tested on", values=metric)
    names = tests["scene"].unique()
    return matrix.loc[names, names].rename_axis(index="trained on")


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


def on_the_campus(rows, kind: str = "car") -> DataFrame:
    """Table of how one kind of anomaly on a campus looks to networks from elsewhere.

    Beside it all other behavioural kinds: mean ± spread over networks and campuses. Networks that
    are tested at home have a line of their own.
    """
    tests = tidy(rows, "on", "tested on")
    tests = tests[tests["tested on"].str.startswith("campus")]
    tests["trained on"] = "a " + tests["place"]
    tests.loc[tests["place"] == "campus", "trained on"] = "another campus"
    tests.loc[tests["scene"] == tests["tested on"], "trained on"] = "this very campus"
    kinds = tidy(tests, "by_kind", "kind")
    kinds = kinds[kinds["kind"].isin([kind, *KINDS])]
    kinds["group"] = kinds["kind"].where(kinds["kind"] == kind, "other kinds")

    # Kinds first: every network counts once on every campus, however many kinds there are.
    by_test = ["trained on", "scene", "seed", "tested on", "group"]
    per_test = kinds.groupby(by_test, sort=False)[["gap", "auc"]].mean()
    groups = per_test.groupby(["trained on", "group"], sort=False)
    gaps = groups["gap"].agg(spread).unstack()
    aucs = groups["auc"].agg(partial(spread, digits=3)).unstack()
    columns = {"networks x campuses": tests.groupby("trained on", sort=False).size()}
    for group in (kind, "other kinds"):
        columns[f"{group}: gap (dB)"] = gaps[group]
        columns[f"{group}: AUC"] = aucs[group]
    table = DataFrame(columns, index=tests["trained on"].unique()).fillna("-")
    return table.reset_index(names="trained on")
