"""What a notebook shows as a still picture. Every figure has a white face, Okabe-Ito colours and an alt text.

A figure made here displays itself as an <img> with its `.alt`, in JupyterLab and in every export, when it is the last
line of a cell or passed to `display`. `subplots(alt=...)` starts one; `show(figure, alt=...)` does it for any other.
"""

import numpy as np

from vadkit.text import say
from vadkit.view.clips import (
    UNITS,
    as_clip,
    check_frame,
    check_labels,
    intervals,
    kind_of,
    predict_and_score,
    representative_frame,
    scored,
)
from vadkit.view.style import (
    ABNORMAL,
    BLACK,
    BLUE,
    COLOURS,
    DASHES,
    ERROR_MAP,
    ERROR_MAX,
    ORANGE,
    VERMILLION,
    Figure,
    subplots,
)
from vadkit.windows import N_INPUTS


def _in_words(labels):
    if labels is None:
        return say("nobody labelled the clip")
    if not np.any(labels):
        return say("all frames are normal")
    return say("abnormal frames: {runs}", runs=", ".join(f"{a}-{b}" for a, b in intervals(labels)))


def _image(ax, picture, title="", **options):
    options = {"cmap": "gray", "vmin": 0, "vmax": 255} | options
    ax.set(xticks=[], yticks=[])
    ax.set_title(title, fontsize=10)
    return ax.imshow(picture, interpolation="nearest", **options)


def _draw_curve(ax, curves, labels=None, threshold=None, frame=None):
    """PSNR over frames, the abnormal frames shaded and named, alarms marked below the threshold."""
    for i, (first, last) in enumerate(intervals(labels) if labels is not None else []):
        ax.axvspan(first - 0.5, last + 0.5, color=ABNORMAL, lw=0, label="abnormal" if i == 0 else None)
    for (name, values), colour, dash in zip(curves.items(), COLOURS, DASHES):
        ax.plot(values, color=colour, ls=dash, lw=1.6, label=name)
        if threshold is not None and len(curves) == 1:
            below = np.flatnonzero(np.asarray(values) < threshold)
            ax.plot(below, np.asarray(values)[below], "v", color=VERMILLION, ms=4, label="alarm")
    if threshold is not None:
        ax.axhline(threshold, color=VERMILLION, ls="--", lw=1.2)
    if frame is not None:
        ax.axvline(frame, color=BLACK, lw=1)
    ax.set(xlabel="frame", ylabel="PSNR (dB)", xlim=(0, len(next(iter(curves.values()))) - 1))
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=9)


def psnr_curve(psnr, labels=None, threshold=None, frame=None):
    """PSNR along a clip: psnr (T,) in dB, or {name: (T,)} for several predictors. Frames below the threshold are marked
    as alarms, abnormal frames are shaded."""
    curves = psnr if isinstance(psnr, dict) else {"PSNR": psnr}
    lengths = {len(values) for values in curves.values()}
    if len(lengths) != 1:
        raise ValueError(f"One curve per clip of the same length is needed, got lengths {sorted(lengths)}.")
    labels = check_labels(labels, lengths.pop())
    figure, ax = subplots(size=(9, 2.6))
    _draw_curve(ax, curves, labels, threshold, frame)
    figure.alt = say("PSNR along a clip, {runs}.", runs=_in_words(labels)) + " " + " ".join(
        say("{name}: {low:.1f} to {high:.1f} dB, lowest at frame {worst}.", name=name, low=np.nanmin(values),
            high=np.nanmax(values), worst=int(np.nanargmin(values)))
        for name, values in curves.items()
    )  # fmt: skip
    return figure


def window_strip(clip, frame):
    """One window: x1..x4 and the frame to predict, x5 = `frame`."""
    clip = as_clip(clip)
    check_frame(clip, frame)
    figure, axes = subplots(1, N_INPUTS + 1, size=(9, 2.2))
    for i, ax in enumerate(axes):
        _image(ax, clip.frames[frame - N_INPUTS + i], f"x{i + 1} (frame {frame - N_INPUTS + i})")
    for side in axes[-1].spines.values():
        side.set(color=BLUE, linewidth=3)
    axes[-1].set_title(f"x5 (frame {frame})\nto predict", fontsize=10, color=BLUE)
    figure.alt = say("Five frames in a row from clip {name}: x1 to x4 are the input, x5, frame {frame}, is to be predicted.",
                     name=clip.name, frame=frame)  # fmt: skip
    return figure


def still(predictor, clip, frame=None, threshold=None, score="frame"):
    """The boar strip: ground truth | prediction | error | PSNR along the clip, at one frame (default: `representative_frame`).

    The error's colour scale is fixed (0 to ERROR_MAX), so that the strips of two predictors can be compared.
    """
    clip = as_clip(clip)
    frame = representative_frame(clip) if frame is None else frame
    check_frame(clip, frame)
    predictions, psnr = predict_and_score(clip, predictor, score=score)
    prediction, truth = predictions[frame - N_INPUTS], clip.frames[frame] / 255
    figure = Figure(figsize=(11, 2.5), layout="constrained", facecolor="white")
    axes = figure.subplots(1, 4, width_ratios=[1, 1, 1.12, 2.1])
    _image(axes[0], truth, f"ground truth (frame {frame})", vmax=1)
    _image(axes[1], prediction, "prediction", vmax=1)
    error = _image(axes[2], abs(truth - prediction), "error", cmap=ERROR_MAP, vmax=ERROR_MAX)
    figure.colorbar(error, ax=axes[2], fraction=0.046, ticks=[0, ERROR_MAX / 2, ERROR_MAX])
    _draw_curve(axes[3], {"PSNR": psnr}, clip.labels, threshold, frame)
    axes[3].set_title(f"{psnr[frame]:.1f} dB at frame {frame} (shaded: abnormal)", fontsize=10)
    axes[3].get_legend().remove()
    axes[3].set_ylabel(UNITS[score])
    figure.alt = say("Frame {frame} of clip {name}: ground truth, prediction and their absolute difference, which is {mean:.3f} on "
                     "average and {largest:.2f} at most. PSNR there is {here:.1f} dB; along the clip it runs from {low:.1f} to "
                     "{high:.1f} dB; {runs}.", frame=frame, name=clip.name, mean=abs(truth - prediction).mean(),
                     largest=abs(truth - prediction).max(), here=psnr[frame], low=np.nanmin(psnr), high=np.nanmax(psnr),
                     runs=_in_words(clip.labels))  # fmt: skip
    return figure


def images(pictures, titles, alt):
    """Grey pictures side by side: each (H, W) with values in [0, 255]. alt: what there is to see, in words."""
    figure, axes = subplots(1, len(pictures), size=(2.6 * len(pictures), 2.8), alt=alt, squeeze=False)
    for ax, picture, title in zip(axes.flat, pictures, titles):
        _image(ax, picture, title)
    return figure


def gallery(clips, captions=None, frames=None, columns=4):
    """One frame of each clip (default: its `representative_frame`), the anomaly boxed where it is known."""
    clips = [as_clip(clip) for clip in clips]
    if not clips:
        raise ValueError("A gallery needs at least one clip.")
    captions = captions or [kind_of(clip) or clip.name for clip in clips]
    frames = frames or [representative_frame(clip) for clip in clips]
    if not len(captions) == len(frames) == len(clips):
        raise ValueError(f"{len(clips)} clips need as many captions and frames, got {len(captions)} and {len(frames)}.")
    columns = min(columns, len(clips))
    rows = -(-len(clips) // columns)
    figure, axes = subplots(rows, columns, size=(2.3 * columns, 2.5 * rows), squeeze=False)
    for ax in axes.flat[len(clips) :]:
        ax.axis("off")
    for ax, clip, frame, caption in zip(axes.flat, clips, frames, captions):
        _image(ax, clip.frames[frame], caption)
        if clip.boxes is not None and clip.boxes[frame][0] >= 0:
            x0, y0, x1, y1 = clip.boxes[frame]
            ax.add_patch(_box(x0 - 1, y0 - 1, x1 + 1, y1 + 1))
    figure.alt = say(
        "{n} frames: {captions}. Orange boxes mark the anomalies.", n=len(clips), captions="; ".join(captions)
    )
    return figure


def _box(x0, y0, x1, y1):
    from matplotlib.patches import Rectangle

    return Rectangle((x0 - 0.5, y0 - 0.5), x1 - x0, y1 - y0, fill=False, color=ORANGE, lw=2)


def roc(entries, threshold=None):
    """ROC curves. entries: {name: (scores, labels)}, scores up = abnormal, as in an `Evaluation`: (T,) or one array per clip.

    A threshold marks the operating point `score > threshold` on each curve.
    """
    from sklearn.metrics import auc, roc_curve

    figure, ax = subplots(size=(4.6, 4.4))
    ax.plot([0, 1], [0, 1], color="0.6", lw=1, ls=":", label="guessing (AUC .5)")
    told = []
    for (name, (scores, labels)), colour, dash in zip(entries.items(), COLOURS, DASHES):
        scores, labels = scored(scores, labels)
        false_rate, true_rate, _ = roc_curve(labels, scores)
        area = auc(false_rate, true_rate)
        ax.plot(false_rate, true_rate, color=colour, ls=dash, lw=2, label=f"{name} (AUC {area:.3f})")
        told.append(say("{name}: area under the curve {area:.3f}", name=name, area=area))
        if threshold is not None:
            alarm = scores > threshold
            ax.plot(alarm[~labels].mean(), alarm[labels].mean(), "o", color=colour, ms=9, mec=BLACK)
    ax.set(
        xlabel="false alarm rate",
        ylabel="share of abnormal frames caught",
        xlim=(-0.01, 1.01),
        ylim=(-0.01, 1.01),
        aspect=1,
    )
    ax.legend(loc="lower right", fontsize=8.5, framealpha=1)
    figure.alt = say("ROC curves. {told}.", told="; ".join(told))
    return figure


def score_histogram(scores, labels, threshold=None, xlabel="anomaly score (up = abnormal)"):
    """How the scores of normal and abnormal frames overlap, as shares of each class. Arguments as in `roc`."""
    scores, labels = scored(scores, labels)
    figure, ax = subplots(size=(6, 2.8))
    bins = np.linspace(scores.min(), scores.max(), 41)
    for name, mask, colour, hatch in (("normal", ~labels, BLUE, None), ("abnormal", labels, ORANGE, "///")):
        weights = np.full(mask.sum(), 1 / mask.sum())
        ax.hist(
            scores[mask],
            bins,
            weights=weights,
            color=colour,
            alpha=0.6,
            hatch=hatch,
            label=f"{name} ({mask.sum()} frames)",
        )
    if threshold is not None:
        ax.axvline(threshold, color=VERMILLION, ls="--", label="threshold")
    ax.set(xlabel=xlabel, ylabel="share of frames")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize=9)
    figure.alt = say("Histograms of the scores of {normal} normal frames (median {low:.3g}) and {abnormal} abnormal frames (median "
                     "{high:.3g}).", normal=(~labels).sum(), abnormal=labels.sum(), low=np.median(scores[~labels]),
                     high=np.median(scores[labels]))  # fmt: skip
    return figure


def label_strips(labelings):
    """Several labellings of one clip above one another: {who: (T,) of 0/1}."""
    lengths = {len(labels) for labels in labelings.values()}
    if len(lengths) != 1:
        raise ValueError(f"Labellings of one clip have one length, got {sorted(lengths)}.")
    n_frames = lengths.pop()
    figure, ax = subplots(size=(9, 0.5 + 0.42 * len(labelings)))
    for row, (who, labels) in enumerate(labelings.items()):
        ax.broken_barh([(0, n_frames)], (row - 0.35, 0.7), color="#EEEEEE")
        runs = intervals(check_labels(labels, n_frames, who))
        ax.broken_barh([(a, b - a + 1) for a, b in runs], (row - 0.35, 0.7), color=COLOURS[row % len(COLOURS)])
    ax.set(xlim=(0, n_frames), xlabel="frame", yticks=range(len(labelings)), yticklabels=list(labelings))
    ax.invert_yaxis()
    ax.spines[["top", "right", "left"]].set_visible(False)
    told = "; ".join(f"{who}: {_in_words(labels)}" for who, labels in labelings.items())
    figure.alt = say("Which frames each person called abnormal. {told}.", told=told)
    return figure
