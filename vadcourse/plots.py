"""Plots that only this course's notebooks need: ROC curves, histograms, labels, grey images."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import auc, roc_curve

from vadkit import view
from vadkit.scenes import check_labels
from vadkit.text import recognise, say


def roc(entries: dict, threshold: float | None = None) -> Figure:
    """Plot ROC curves.

    Parameters
    ----------
    entries : dict
        Name of each curve and its (scores, labels), scores up = abnormal, as in an `Evaluation`:
        (T,) or one array per clip.
    threshold : float, optional
        Marks the operating point `score > threshold` on each curve.

    Returns
    -------
    Figure
        With alt text.
    """
    figure, ax = view.subplots(size=(4.6, 4.4))
    ax.plot([0, 1], [0, 1], color="0.6", lw=1, ls=":", label="guessing (AUC .5)")
    areas = []
    for (name, (scores, labels)), colour, dash in zip(
        entries.items(), view.colours_of(entries), view.DASHES
    ):
        scores, labels = view.scored(scores, labels)
        false_rate, true_rate, _ = roc_curve(labels, scores)
        area = auc(false_rate, true_rate)
        label = f"{view.figure_text(name)} (AUC {area:.3f})"
        ax.plot(false_rate, true_rate, color=colour, ls=dash, lw=2, label=label)
        areas.append(say("{name}: area under the curve {area:.3f}", name=name, area=area))
        if threshold is not None:
            alarm = scores > threshold
            point = alarm[~labels].mean(), alarm[labels].mean()
            ax.plot(*point, "o", color=colour, ms=9, mec=view.BLACK)
    ax.set(xlabel="false alarm rate", ylabel="share of abnormal frames caught", aspect=1)
    ax.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    ax.legend(loc="lower right", fontsize=8.5, framealpha=1)
    figure.alt = say("ROC curves. {areas}.", areas="; ".join(areas))
    return figure


def score_histogram(
    scores: np.ndarray | Sequence,
    labels: np.ndarray | Sequence,
    threshold: float | None = None,
    xlabel: str = "anomaly score (up = abnormal)",
) -> Figure:
    """Plot how the scores of normal and abnormal frames overlap, as shares of each class.

    Parameters
    ----------
    scores, labels : ndarray or list of ndarray
        (T,), or one array per clip, as in an `Evaluation`.
    threshold : float, optional
        Where to draw a line.
    xlabel : str
        What the scores are.

    Returns
    -------
    Figure
        With alt text.
    """
    scores, labels = view.scored(scores, labels)
    figure, ax = view.subplots(size=(6, 2.8))
    bins = np.linspace(scores.min(), scores.max(), 41)
    # Shares of each class, as abnormal frames are few; hatched, as colours alone may not be seen.
    looks = [("normal", ~labels, view.BLUE, None), ("abnormal", labels, view.AMBER, "///")]
    for name, mask, colour, hatch in looks:
        share = np.full(mask.sum(), 1 / mask.sum())
        label = view.figure_text("{name} ({n} frames)", name=view.figure_text(name), n=mask.sum())
        look = {"color": colour, "hatch": hatch, "alpha": 0.6, "label": label}
        ax.hist(scores[mask], bins, weights=share, **look)
    if threshold is not None:
        ax.axvline(threshold, color=view.VERMILLION, ls="--", label="threshold")
    ax.set(xlabel=xlabel, ylabel="share of frames")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize=9)
    figure.alt = say(
        "Histograms of the scores of {normal} normal frames (median {low:.3g}) and {abnormal} "
        "abnormal frames (median {high:.3g}).",
        normal=(~labels).sum(),
        abnormal=labels.sum(),
        low=np.median(scores[~labels]),
        high=np.median(scores[labels]),
    )
    return figure


def label_strips(labelings: dict[str, np.ndarray]) -> Figure:
    """Plot several labellings of one clip above one another.

    Parameters
    ----------
    labelings : dict of ndarray
        Who labelled, and one 0 or 1 per frame.

    Returns
    -------
    Figure
        With alt text.
    """
    lengths = {len(labels) for labels in labelings.values()}
    if len(lengths) != 1:
        raise ValueError(f"Labellings of one clip have one length, got {sorted(lengths)}.")
    n_frames = lengths.pop()
    figure, ax = view.subplots(size=(9, 0.5 + 0.42 * len(labelings)))
    descriptions = []
    for row, (who, labels) in enumerate(labelings.items()):
        labels = check_labels(labels, n_frames, f"'{who}'")
        bars = [(first, last - first + 1) for first, last in view.intervals(labels)]
        place = (row - 0.35, 0.7)
        ax.broken_barh([(0, n_frames)], place, color="#EEEEEE")
        ax.broken_barh(bars, place, color=view.BLUE if who == "marked" else view.AMBER)
        descriptions.append(f"{recognise(who)}: {view.describe_labels(labels)}")
    ax.set(xlim=(0, n_frames), xlabel="frame")
    ax.set(yticks=range(len(labelings)), yticklabels=list(labelings))
    # The first labelling on top, as it is read.
    ax.invert_yaxis()
    ax.spines[["top", "right", "left"]].set_visible(False)
    figure.alt = say(
        "Which frames each person called abnormal. {descriptions}.",
        descriptions="; ".join(descriptions),
    )
    return figure


def images(pictures: Sequence[np.ndarray], titles: Sequence[str], alt: str) -> Figure:
    """Plot grey images side by side.

    Parameters
    ----------
    pictures : list of ndarray
        Each (H, W) with values in [0, 255].
    titles : list of str
        One above each.
    alt : str
        What there is to see, in words.

    Returns
    -------
    Figure
        With alt text.
    """
    n = len(pictures)
    side = min(2.6, 10.5 / n)  # wider figures are shrunk to the page, and their letters too
    figure, axes = view.subplots(1, n, size=(side * n, side + 0.2), alt=alt, squeeze=False)
    for ax, picture, title in zip(axes.flat, pictures, titles):
        ax.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        ax.set(xticks=[], yticks=[])
        ax.set_title(title, fontsize=10)
    return figure
