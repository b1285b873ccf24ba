"""The two problems of a predictor, measured: it is too strong, and its scene is baked in.

Sums up, tests and draws what `benchmarks/generalization.py` and `vadstudies/predictors/run.py` kept in `vadkit/results`.
`rows` are the rows of such a file: `load_results("capacity")["rows"].values()`.
"""

import numpy as np

from vadkit import view
from vadkit.text import say
from vadstudies.statistics import spread

# --- Problem 2: the scene is baked in ----------------------------------------------------------------------------------------


def home_of(row):
    return f"{row['place']}-{row['scene_seed']}"


def transfer_matrix(rows, figure="psnr_normal"):
    """-> (names, matrix): networks of scene i (down) tested on scene j (across), averaged over seeds."""
    names = list(dict.fromkeys(map(home_of, rows)))
    return names, np.array([[np.mean([row["on"][test][figure] for row in rows if home_of(row) == trained]) for test in names]
                            for trained in names])  # fmt: skip


def heat_map(names, matrix, title, copied=None, digits=1):
    """The matrix as a picture with its numbers. copied: copy-last-frame's figure on each scene, a row of its own below."""
    below = [] if copied is None else [copied]
    shown = np.vstack([matrix, *below])
    figure, ax = view.subplots(size=(1.5 + 1.05 * len(names), 1.2 + 0.5 * len(shown)))
    ax.imshow(shown, cmap="cividis", aspect="auto")
    middle = (shown.min() + shown.max()) / 2
    for (i, j), value in np.ndenumerate(shown):
        ax.text(j, i, f"{value:.{digits}f}", ha="center", va="center", color="white" if value < middle else "black",
                weight="bold" if i == j else "normal")  # fmt: skip
    short = [name.replace("-", "\n") for name in names]
    ax.set(
        xticks=range(len(names)),
        xticklabels=short,
        yticks=range(len(shown)),
        title=title,
        xlabel="tested on",
        ylabel="trained on",
    )
    ax.set_yticklabels([*names, "copy last frame"][: len(shown)])
    if below:
        ax.axhline(len(names) - 0.5, color="white", lw=3)
    home = np.diag(matrix)
    figure.alt = say("A table of {n} by {n} scenes, {title}: from {low:.{digits}f} to {high:.{digits}f} on the diagonal, where networks "
                     "are tested at home, from {other_low:.{digits}f} to {other_high:.{digits}f} elsewhere.", n=len(names), title=title,
                     digits=digits, low=home.min(), high=home.max(), other_low=_elsewhere(matrix).min(),
                     other_high=_elsewhere(matrix).max())  # fmt: skip
    return figure


def _elsewhere(matrix):
    return matrix[~np.eye(len(matrix), dtype=bool)]


def on_the_campus(rows, kind="car"):
    """How one kind of anomaly on a campus looks to networks from elsewhere, beside all other behavioural kinds: mean ± spread
    over networks and campuses -> rows for `view.table`. Networks tested at home have a line of their own."""
    from vadkit.toy import KINDS

    groups = {}
    for row in rows:
        for test, found in row["on"].items():
            if test.startswith("campus"):
                where = (
                    "this very campus"
                    if test == home_of(row)
                    else "another campus"
                    if row["place"] == "campus"
                    else f"a {row['place']}"
                )
                groups.setdefault(where, []).append(found["by_kind"])
    lines = []
    for where, found in groups.items():
        line = {"trained on": where, "networks x campuses": len(found)}
        for title, group in ((kind, [kind]), ("other kinds", [k for k in KINDS if k != kind])):
            for figure, unit, digits in (("gap", "gap (dB)", 2), ("auc", "AUC", 3)):
                line[f"{title}: {unit}"] = spread(
                    [np.mean([kinds[k][figure] for k in group if k in kinds]) for kinds in found], digits
                )
        lines.append(line)
    return lines
