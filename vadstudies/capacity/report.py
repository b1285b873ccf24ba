"""Tables and figures of the capacity study.

`rows` are the rows of capacity/results.json (`rows_of`). A network was scored at points of its
training: when it first reached a milestone, so many dB above copy-last-frame on the same normal
windows, and at its "end".
"""

from functools import partial

import numpy as np
import pandas as pd
from pandas import DataFrame

from vadkit import view
from vadkit.checkpoints import load_tensors
from vadkit.text import say
from vadstudies.results import RESULTS, tidy
from vadstudies.statistics import spread

STYLE = {  # variant: colour, dash, marker
    "skips": (view.BLUE, "-", "o"),
    "no skips": (view.BLACK, "--", "s"),
    "memory": (view.BROWN, "-.", "^"),
}
PANELS = {
    "normal frames (dB)": "psnr_normal",
    "abnormal frames (dB)": "psnr_abnormal",
    "gap (dB)": "gap",
    "raw AUC": "auc_raw",
}
NETWORK = ["variant", "width"]


def points_of(rows, at: str | None = None) -> DataFrame:
    """Table with one line for each point at which a network was scored, `at` one point or all.

    The columns "variant" and "at" say which network and which point it was.
    """
    points = _in_order(tidy(rows, "points", "at"))
    return points if at is None else points[points["at"] == at]


def _in_order(table):
    """The same table, whose groups come in the order of STYLE."""
    return table.assign(variant=pd.Categorical(table["variant"], STYLE))


def highest_for_all(rows) -> str | None:
    """Find the highest milestone at which every network was scored; None where there is none."""
    milestones = [set(points) - {"end"} for points in tidy(rows)["points"]]
    shared = set.intersection(*milestones)
    return max(shared, key=int, default=None)


# --- What capacity does


def capacity_table(rows, at: str = "end") -> DataFrame:
    """Table of variants and widths: mean ± spread over scenes.

    `at` is "end", after equal training, or a milestone, at equal normal PSNR.
    """
    networks = _in_order(tidy(rows)).groupby(NETWORK, observed=True)
    reached = points_of(rows, at).groupby(NETWORK, observed=True)
    n_networks = networks.size()
    n_reached = reached.size().reindex(n_networks.index, fill_value=0)
    columns = {
        "parameters": networks["parameters"].first().map("{:,}".format),
        "scenes": n_reached.astype(str) + " of " + n_networks.astype(str),
        "step": reached["step"].mean().map("{:.0f}".format),
        "normal (dB)": reached["psnr_normal"].agg(spread),
        "abnormal (dB)": reached["psnr_abnormal"].agg(spread),
        "gap (dB)": reached["gap"].agg(spread),
        "raw AUC": reached["auc_raw"].agg(partial(spread, digits=3)),
    }
    table = DataFrame(columns, index=n_networks.index).fillna("-")
    table = table.reset_index(names=["network", "width"])
    return table.astype({"network": str})


def capacity_curves(rows, copied: dict[str, dict], at: str = "end"):
    """Plot PSNR of normal and abnormal frames, gap and AUC against the width of the network.

    Error bars are the spread over scenes. `copied` has the metrics of copy-last-frame by scene, as
    the settings of the results have them.
    """
    widths = sorted(tidy(rows)["width"].unique())
    everyone = pd.MultiIndex.from_product([STYLE, widths])  # also those that did not get there
    networks = points_of(rows, at).groupby(NETWORK, observed=True)[list(PANELS.values())]
    means = networks.mean().reindex(everyone)
    deviations = networks.std(ddof=0).reindex(everyone).fillna(0)
    figure, axes = view.subplots(2, 2, size=(9.5, 4.4))
    axes = axes.ravel()
    parts = []
    for ax, (title, metric) in zip(axes, PANELS.items()):
        bar = np.mean([metrics[metric] for metrics in copied.values()])
        ax.axhline(bar, color=view.GREY, ls=":", lw=1.6, label="copy last frame")
        for shift, variant in zip((-0.06, 0, 0.06), STYLE):
            mean, deviation = means.loc[variant, metric], deviations.loc[variant, metric]
            _plot_curve(ax, np.arange(len(widths)) + shift, mean, deviation, variant)
            parts.append(_curve_in_words(variant, title, mean))
        parts.append(say("Copy last frame, {title}: {value:.2f}.", title=title, value=bar))
        ax.set(title=title, xlabel="width", xticks=range(len(widths)), xticklabels=widths)
        ax.spines[["top", "right"]].set_visible(False)
    _share_limits(*axes[:2])
    axes[1].legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    first = say("Four panels of curves against the width of the network.")
    figure.alt = " ".join([first, *parts])
    return figure


def _plot_curve(ax, x, mean, deviation, variant):
    colour, dash, marker = STYLE[variant]
    line = {"color": colour, "ls": dash, "lw": 1.6, "marker": marker, "ms": 5}
    ax.errorbar(x, mean, deviation, capsize=3, label=variant, **line)


def _curve_in_words(variant, title, mean):
    return say(
        "{variant}, {title}: {first:.2f} at width {narrow}, {last:.2f} at width {wide}.",
        variant=say(variant),
        title=say(title),
        first=mean.iloc[0],
        last=mean.iloc[-1],
        narrow=mean.index[0],
        wide=mean.index[-1],
    )


def _share_limits(one, other):
    """Give two panels the same y axis: normal and abnormal PSNR are there to be compared."""
    limits = [*one.get_ylim(), *other.get_ylim()]
    for ax in (one, other):
        ax.set_ylim(min(limits), max(limits))


def normal_against_abnormal(rows, copied: dict[str, dict]):
    """Plot PSNR on abnormal frames against PSNR on normal ones, for every network at every point.

    Both are counted from copy-last-frame's PSNR on the scene's normal validation windows, as the
    milestones are. Wider networks have bigger marks; on the dotted line there is no gap. `copied`
    as in `capacity_curves`.
    """
    points = points_of(rows)
    figure, ax = view.subplots(size=(6.6, 4.4))
    parts = []
    for variant, (colour, _, marker) in STYLE.items():
        mine = points[points["variant"] == variant]
        x = mine["psnr_normal"] - mine["psnr_copy"]
        y = mine["psnr_abnormal"] - mine["psnr_copy"]
        style = {"color": colour, "marker": marker, "alpha": 0.55, "lw": 0}
        ax.scatter(x, y, 8 + 2 * mine["width"], label=variant, **style)
        parts.append(_cloud_in_words(variant, x, y))
    # Its own mark is not at zero: the test clips are busier than the validation windows.
    zero = points.groupby("scene")["psnr_copy"].first()
    for scene, metrics in copied.items():
        x, y = metrics["psnr_normal"] - zero[scene], metrics["psnr_abnormal"] - zero[scene]
        (cross,) = ax.plot(x, y, "x", color=view.GREY, ms=7, mew=2)
    cross.set_label("copy last frame")
    ends = ax.get_xlim()
    ax.plot(ends, ends, color=view.BLACK, ls=":", lw=1.2, label="no gap at all")
    ax.set_xlabel("normal frames (dB above copy-last-frame)")
    ax.set_ylabel("abnormal frames (dB, counted\nfrom the same point)")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(loc="upper left", frameon=False, fontsize=9)
    first = say("Abnormal PSNR against normal PSNR, one mark for each network at each milestone.")
    figure.alt = " ".join([first, *parts])
    return figure


def _cloud_in_words(variant, x, y):
    slope, _ = np.polyfit(x, y, 1)
    return say(
        "{variant}: {n} points from {low:.1f} to {high:.1f} dB, slope {slope:.2f}.",
        variant=variant,
        n=len(x),
        low=x.min(),
        high=x.max(),
        slope=slope,
    )


def kinds_table(rows, variant: str = "skips") -> DataFrame:
    """Table of the kinds of anomaly, for the narrowest and the widest network of a variant.

    After equal training; the last column has how raw AUC changes from narrow to wide at equal
    quality (`capacity_effect`).
    """
    kinds = tidy(points_of(rows, "end"), "by_kind", "kind")
    kinds = kinds[kinds["variant"] == variant]
    narrow, wide = kinds["width"].min(), kinds["width"].max()
    columns = {"scenes": kinds[kinds["width"] == narrow].groupby("kind", sort=False).size()}
    for width in (narrow, wide):
        networks = kinds[kinds["width"] == width].groupby("kind")
        columns[f"gap (dB), width {width}"] = networks["gap"].agg(spread)
        columns[f"AUC, width {width}"] = networks["auc"].agg(partial(spread, digits=3))
    table = DataFrame(columns, index=columns["scenes"].index).fillna("-")
    change = [spread(capacity_effect(rows, variant, "auc", kind), 3) for kind in table.index]
    return table.assign(**{"change of AUC at equal quality": change}).reset_index()


# --- Paired differences


def memory_effect(rows, metric: str = "gap") -> np.ndarray:
    """What the memory changes: memory minus no skips, at the same width, scene and milestone.

    The "end" is left out: there the two differ in normal PSNR as well.
    """
    points = points_of(rows).astype({"variant": str})
    return _differences(points, "variant", "memory", "no skips", metric)


def capacity_effect(
    rows, variant: str = "skips", metric: str = "gap", kind: str | None = None
) -> np.ndarray:
    """What capacity changes when normal frames are predicted equally well.

    The widest minus the narrowest network, at each scene and milestone. With a `kind` of anomaly,
    `metric` is "auc" or "gap".
    """
    points = points_of(rows)
    narrow, wide = points["width"].min(), points["width"].max()
    if kind is not None:
        points = tidy(points, "by_kind", "kind")
        points = points[points["kind"] == kind]
    points = points[points["variant"] == variant]
    return _differences(points, "width", wide, narrow, metric)


def _differences(points, column, one, other, metric):
    """`one` minus `other` in a column, for all points that agree in the rest."""
    points = points[points["at"] != "end"]
    same = [name for name in ("variant", "width", "scene", "seed", "at") if name != column]
    pairs = points.pivot(index=same, columns=column, values=metric).reindex(columns=[one, other])
    return (pairs[one] - pairs[other]).dropna().to_numpy()


# --- The boar


def boar_predictions() -> tuple[dict[str, np.ndarray], dict]:
    """How each network predicts the boar: frames (n, H, W) uint8 by network, and what is known.

    The networks come in the order of STYLE and width; what is known are the numbers of the frames,
    and the metrics of every network.
    """
    tensors, about = load_tensors(RESULTS / "capacity" / "boar.safetensors")
    networks = DataFrame(about["networks"].values())
    names = _in_order(networks).sort_values(NETWORK).astype({"variant": str})
    names = names["variant"] + " " + names["width"].astype(str)
    return {name: tensors[name].numpy() for name in names}, about
