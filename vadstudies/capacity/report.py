"""TODO."""

import numpy as np

from vadkit import view
from vadkit.checkpoints import load_tensors
from vadkit.text import say
from vadstudies.results import RESULTS
from vadstudies.statistics import spread

STYLE = {  # variant: colour, dash, marker
    "skips": (view.BLUE, "-", "o"),
    "no skips": (view.VERMILLION, "--", "s"),
    "memory": (view.GREEN, "-.", "^"),
}


# --- Problem 1: too strong ---------------------------------------------------------------------------------------------------


def found_at(rows, variant, width, at, figure="gap"):
    """One figure of every network of a kind, looked at when it reached the milestone `at` (dB above copy-last-frame), or at
    the "end" -> a list, one value for each scene whose network got there."""
    return [
        row["points"][at][figure]
        for row in rows
        if (row["variant"], row["width"]) == (variant, width) and at in row["points"]
    ]


def highest_for_all(rows):
    """The highest milestone that every network reached, and was scored at; None where there is none."""
    shared = set.intersection(*(set(row["points"]) - {"end"} for row in rows))
    return max(shared, key=int, default=None)


def capacity_table(rows, at="end"):
    """One line for each variant and width, at equal training ("end") or equal normal PSNR (a milestone): mean ± spread over
    scenes -> rows for `view.table`."""
    lines = []
    for variant, width in dict.fromkeys((v, w) for v in STYLE for w in sorted({row["width"] for row in rows})):
        mine = [row for row in rows if (row["variant"], row["width"]) == (variant, width)]
        there = [row for row in mine if at in row["points"]]
        columns = {"normal (dB)": ("psnr_normal", 2), "abnormal (dB)": ("psnr_abnormal", 2), "gap (dB)": ("gap", 2),
                   "AUC raw": ("auc_raw", 3)}  # fmt: skip
        lines.append({"network": variant, "width": width, "parameters": f"{mine[0]['parameters']:,}",
                      "scenes": f"{len(there)} of {len(mine)}",
                      "step": f"{np.mean([row['points'][at]['step'] for row in there]):.0f}" if there else "-",
                      **{title: spread([row["points"][at][figure] for row in there], digits)
                         for title, (figure, digits) in columns.items()}})  # fmt: skip
    return lines


def capacity_curves(rows, copied, at="end"):
    """PSNR of normal and abnormal frames, gap and AUC against capacity, one line for each variant, bars = spread over scenes.

    copied: {scene name: figures of copy-last-frame}, as the results file has them.
    """
    widths = sorted({row["width"] for row in rows})
    panels = {
        "normal frames (dB)": "psnr_normal",
        "abnormal frames (dB)": "psnr_abnormal",
        "gap (dB)": "gap",
        "raw AUC": "auc_raw",
    }
    figure, axes = view.subplots(1, 4, size=(12, 3.2))
    told = []
    for ax, (title, name) in zip(axes, panels.items()):
        bar = np.mean([found[name] for found in copied.values()])
        ax.axhline(bar, color=view.BLACK, ls=":", lw=1.2, label="copy last frame")
        for shift, (variant, (colour, dash, marker)) in zip((-0.06, 0, 0.06), STYLE.items()):
            values = [found_at(rows, variant, width, at, name) for width in widths]
            means = [np.mean(v) if v else np.nan for v in values]
            ax.errorbar(np.arange(len(widths)) + shift, means, [np.std(v) if v else 0 for v in values], color=colour, ls=dash,
                        marker=marker, ms=5, capsize=3, lw=1.6, label=variant)  # fmt: skip
            told.append(say("{variant}, {title}: {first:.2f} at width {narrow}, {last:.2f} at width {wide}.", variant=variant,
                            title=title, first=means[0], last=means[-1], narrow=widths[0], wide=widths[-1]))  # fmt: skip
        told.append(say("Copy last frame, {title}: {value:.2f}.", title=title, value=bar))
        ax.set(title=title, xlabel="width", xticks=range(len(widths)), xticklabels=widths)
        ax.spines[["top", "right"]].set_visible(False)
    low = min(ax.get_ylim()[0] for ax in axes[:2])
    high = max(ax.get_ylim()[1] for ax in axes[:2])
    for ax in axes[:2]:
        ax.set_ylim(low, high)
    axes[-1].legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=9)
    figure.alt = say("Four panels of curves against the width of the network.") + " " + " ".join(told)
    return figure


def normal_against_abnormal(rows, copied):
    """Every network at every milestone and at its end: PSNR on abnormal frames against PSNR on normal ones, both counted from
    copy-last-frame's PSNR on the scene's normal validation windows, as the milestones are. Bigger marks are wider networks; on
    the dotted line there is no gap. copied: as in `capacity_curves`."""
    figure, ax = view.subplots(size=(6.6, 4.4))
    told = []
    for variant, (colour, _, marker) in STYLE.items():
        mine = [(row, point) for row in rows if row["variant"] == variant for point in row["points"].values()]
        x = np.array([point["psnr_normal"] - row["psnr_copy"] for row, point in mine])
        y = np.array([point["psnr_abnormal"] - row["psnr_copy"] for row, point in mine])
        ax.scatter(
            x,
            y,
            [8 + 2 * row["width"] for row, _ in mine],
            color=colour,
            marker=marker,
            alpha=0.55,
            lw=0,
            label=variant,
        )
        slope, _ = np.polyfit(x, y, 1)
        told.append(say("{variant}: {n} points from {low:.1f} to {high:.1f} dB, slope {slope:.2f}.", variant=variant, n=len(x),
                        low=x.min(), high=x.max(), slope=slope))  # fmt: skip
    zero = {f"{row['place']}-{row['scene_seed']}": row["psnr_copy"] for row in rows}
    for i, (name, found) in enumerate(copied.items()):
        ax.plot(found["psnr_normal"] - zero[name], found["psnr_abnormal"] - zero[name], "x", color=view.BLACK, ms=7, mew=2,
                label=None if i else "copy last frame")  # fmt: skip
    ends = ax.get_xlim()
    ax.plot(ends, ends, color=view.BLACK, ls=":", lw=1.2, label="no gap at all")
    ax.set(
        xlabel="normal frames (dB above copy-last-frame)", ylabel="abnormal frames (dB, counted\nfrom the same point)"
    )
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(loc="upper left", frameon=False, fontsize=9)
    figure.alt = (
        say("Abnormal PSNR against normal PSNR, one mark for each network at each milestone.") + " " + " ".join(told)
    )
    return figure


def kinds_table(rows, variant="skips"):
    """Each kind of anomaly for the narrowest and the widest network, after equal training, and how its raw AUC changes from narrow
    to wide at equal quality (`capacity_effect`) -> rows for `view.table`."""
    widths = sorted({row["width"] for row in rows})
    narrow, wide = ([row["points"]["end"]["by_kind"] for row in rows if (row["variant"], row["width"]) == (variant, width)]
                    for width in (widths[0], widths[-1]))  # fmt: skip
    lines = []
    for kind in dict.fromkeys(kind for found in narrow for kind in found):
        line = {"kind": kind, "scenes": sum(kind in found for found in narrow)}
        for width, group in ((widths[0], narrow), (widths[-1], wide)):
            there = [found[kind] for found in group if kind in found]
            line[f"gap (dB), width {width}"] = spread([k["gap"] for k in there])
            line[f"AUC, width {width}"] = spread([k["auc"] for k in there], 3)
        change = capacity_effect(rows, variant, "auc", kind)
        line["change of AUC at equal quality"] = spread(change, 3)
        lines.append(line)
    return lines


def memory_effect(rows, figure="gap"):
    """What the memory changes: memory minus no skips at the same width, scene and milestone ("end" left out: there the two
    differ in normal PSNR as well) -> array of paired differences."""
    by_key = {(row["variant"], row["width"], row["place"], row["seed"]): row["points"] for row in rows}
    pairs = [(points, by_key["no skips", *key]) for (variant, *key), points in by_key.items() if variant == "memory"]
    return np.array(
        [mine[at][figure] - other[at][figure] for mine, other in pairs for at in mine if at in other and at != "end"]
    )


def capacity_effect(rows, variant="skips", figure="gap", kind=None):
    """What capacity changes when normal life is predicted equally well: widest minus narrowest network, at the same scene and
    milestone -> array of paired differences. kind: of one kind of anomaly, whose figures are "auc" and "gap"."""
    widths = sorted({row["width"] for row in rows})
    by_key = {(row["width"], row["place"], row["seed"]): row["points"] for row in rows if row["variant"] == variant}
    pairs = [(points, by_key[widths[-1], *key]) for (width, *key), points in by_key.items()
             if width == widths[0] and (widths[-1], *key) in by_key]  # fmt: skip
    shared = [(narrow[at], wide[at]) for narrow, wide in pairs for at in narrow if at in wide and at != "end"]
    if kind is not None:
        shared = [(n["by_kind"][kind], w["by_kind"][kind]) for n, w in shared if kind in n["by_kind"]]
    return np.array([wide[figure] - narrow[figure] for narrow, wide in shared])


def boar_predictions():
    """-> (predictions by network name, (frames, H, W) uint8 each, in the order of STYLE and width; about: which frames, and the
    figures of every network)."""
    tensors, about = load_tensors(RESULTS / "capacity" / "boar.safetensors")
    order = sorted(
        about["networks"].values(), key=lambda network: (list(STYLE).index(network["variant"]), network["width"])
    )
    names = [f"{network['variant']} {network['width']}" for network in order]
    return {name: tensors[name].numpy() for name in names}, about
