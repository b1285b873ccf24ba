"""What a notebook shows as a still picture. Every figure has a white face, Okabe-Ito colours and an alt text.

A figure made here displays itself as an <img> with its `.alt`, in JupyterLab and in every export, when it is the last
line of a cell or passed to `display`. `subplots(alt=...)` starts one; `show(figure, alt=...)` does it for any other.
"""

import base64
import html
import io

import matplotlib.figure
import numpy as np

from .scenes import Clip
from .windows import N_INPUTS, to_float
from .words import say

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILLION, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)))
ABNORMAL = "#FBE3B0"  # orange, thinned: the shade behind abnormal frames
ERROR_MAP = "inferno"  # perceptually uniform
ERROR_MAX = 0.3  # the error that gets the brightest colour, fixed, so that figures can be compared
UNITS = {"frame": "PSNR (dB)", "patch": "worst-block PSNR (dB)"}  # what each score of `predict_and_score` is called
DPI = 110


class Figure(matplotlib.figure.Figure):
    """A matplotlib figure that carries its alt text and shows it wherever the notebook goes."""

    alt = ""

    def _ipython_display_(self):
        show(self)


def subplots(rows=1, columns=1, size=(9, 3), alt="", **options):
    """Like `plt.subplots`, without pyplot's global state -> (figure, axes). size: inches. alt: what the figure shows, in words."""
    figure = Figure(figsize=size, layout="constrained", facecolor="white")
    figure.alt = alt
    return figure, figure.subplots(rows, columns, **options)


def to_png(figure):
    """-> the figure as PNG bytes, on white."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, facecolor="white", bbox_inches="tight", metadata={"Software": None})
    return buffer.getvalue()


def show(figure, alt=None):
    """Display any matplotlib figure as an <img> with alt text. Raises ValueError when there is no alt text."""
    from IPython.display import display

    alt = alt or getattr(figure, "alt", "")
    if not alt:
        raise ValueError("A figure needs alt text for readers who cannot see it: give alt='what the figure shows'.")
    source = base64.b64encode(to_png(figure)).decode()
    image = (
        f'<img alt="{html.escape(alt)}" style="background:white; max-width:100%" src="data:image/png;base64,{source}">'
    )
    display({"text/html": image, "text/plain": alt}, raw=True)


def table(rows, caption=""):
    """rows: list of dicts with the same keys -> an HTML table with a caption; floats with three digits."""
    from IPython.display import HTML

    def text(value):
        return f"{value:.3f}" if isinstance(value, (float, np.floating)) else html.escape(str(value))

    if not rows:
        raise ValueError("A table needs at least one row.")
    head = "".join(f'<th scope="col">{html.escape(str(key))}</th>' for key in rows[0])
    body = "".join("<tr>" + "".join(f"<td>{text(value)}</td>" for value in row.values()) + "</tr>" for row in rows)
    title = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    return HTML(f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def as_clip(clip):
    """A Clip as it is, frames (T, H, W) uint8 as a Clip without labels. Raises ValueError for anything else."""
    if not hasattr(clip, "frames"):
        clip = Clip("clip", np.asarray(clip))
    frames = clip.frames
    if frames.ndim != 3 or frames.dtype != np.uint8:
        raise ValueError(f"Frames must be uint8 (T, H, W), but '{clip.name}' is {frames.dtype} {frames.shape}.")
    if len(frames) <= N_INPUTS:
        raise ValueError(f"'{clip.name}' has {len(frames)} frames: at least {N_INPUTS + 1} are needed to predict one.")
    check_labels(clip.labels, len(frames), clip.name)
    return clip


def check_labels(labels, n_frames, name="the clip"):
    """-> (T,) bool, or None for None. Raises ValueError when there is not one label 0/1 per frame."""
    if labels is None:
        return None
    labels = np.asarray(labels)
    if labels.shape != (n_frames,):
        raise ValueError(
            f"'{name}' has {n_frames} frames but labels of shape {labels.shape}: give one label per frame."
        )
    if not np.isin(labels, (0, 1)).all():
        raise ValueError(f"The labels of '{name}' hold values other than 0 and 1 (1 = abnormal).")
    return labels.astype(bool)


def predict_and_score(clip, predictor=None, predictions=None, score="frame"):
    """-> (predictions (T - 4, H, W) float32 in [0, 1], psnr (T,) in dB with NaN for the first four frames).

    Give a predictor, or its predictions, (T - 4, H, W) uint8 or float in [0, 1]. score: "frame" or "patch" (worst block).
    """

    from . import scoring

    measures = {"frame": scoring.psnr, "patch": scoring.patch_psnr}
    if score not in measures:
        raise ValueError(f"Unknown score '{score}': choose from {', '.join(UNITS)}.")
    if (predictor is None) == (predictions is None):
        raise ValueError("Give a predictor or its predictions, one of the two.")
    clip = as_clip(clip)
    if predictions is None:
        predictions = scoring.predict_clip(predictor, clip)
    predictions = np.asarray(predictions)
    wanted = (len(clip) - N_INPUTS, *clip.frames.shape[1:])
    if predictions.shape != wanted:
        raise ValueError(
            f"Predictions of '{clip.name}' have shape {predictions.shape}, but (T - {N_INPUTS}, H, W) = {wanted} is needed."
        )
    predictions = to_float(predictions).clamp(0, 1)
    if predictions.isnan().any():
        raise ValueError(f"Predictions of '{clip.name}' hold NaN: did training diverge? Try a smaller learning rate.")
    values = measures[score](predictions[:, None], to_float(clip.frames[N_INPUTS:])[:, None])
    return predictions.numpy(), np.concatenate([np.full(N_INPUTS, np.nan), values.double().numpy()])


def intervals(labels):
    """(T,) 0/1 -> list of (first, last) of every run of ones, both included."""
    edges = np.diff(np.concatenate([[0], np.asarray(labels, int), [0]]))
    return [(int(a), int(b) - 1) for a, b in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1))]


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


def check_frame(clip, frame):
    if not N_INPUTS <= frame < len(clip):
        raise ValueError(
            f"Frame {frame} of '{clip.name}' has no prediction: choose one from {N_INPUTS} to {len(clip) - 1}."
        )


def telling_frame(clip):
    """The frame to look at: where the anomaly's box is largest, else the middle of the longest abnormal interval, else of
    the clip. Never one of the first four, which have no prediction."""
    runs = intervals(clip.labels) if clip.labels is not None else []
    first, last = max(runs, key=lambda run: run[1] - run[0]) if runs else (0, len(clip) - 1)
    if clip.boxes is not None and runs:
        width, height = (np.asarray(clip.boxes)[:, 2:] - np.asarray(clip.boxes)[:, :2]).T
        return N_INPUTS + int(np.argmax((width * height)[N_INPUTS:]))
    return max((first + last) // 2, N_INPUTS)


def still(predictor, clip, frame=None, threshold=None, score="frame"):
    """The boar strip: ground truth | prediction | error | PSNR along the clip, at one frame (default: `telling_frame`).

    The error's colour scale is fixed (0 to ERROR_MAX), so that the strips of two predictors can be compared.
    """
    clip = as_clip(clip)
    frame = telling_frame(clip) if frame is None else frame
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
    """One frame of each clip (default: its `telling_frame`), the anomaly boxed where it is known."""
    clips = [as_clip(clip) for clip in clips]
    if not clips:
        raise ValueError("A gallery needs at least one clip.")
    captions = captions or [kind_of(clip) or clip.name for clip in clips]
    frames = frames or [telling_frame(clip) for clip in clips]
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


def kind_of(clip):
    """The kinds of anomaly in a clip, comma-separated; "" where unknown or none."""
    return ", ".join(sorted(set(clip.kinds or []) - {""}))


def scored(scores, labels):
    """One (T,) array, or a list of them per clip -> (scores, labels) of all scored frames, flat, NaN left out."""
    several = isinstance(scores, (list, tuple)) and len(scores) and np.ndim(scores[0]) == 1
    scores, labels = (
        np.concatenate([np.asarray(v) for v in x]) if several else np.asarray(x) for x in (scores, labels)
    )
    if scores.shape != labels.shape or scores.ndim != 1:
        raise ValueError(
            f"Scores of shape {scores.shape} but labels of shape {labels.shape}: give one label per score."
        )
    keep = ~np.isnan(scores.astype(float))
    scores, labels = scores[keep].astype(float), check_labels(labels[keep], int(keep.sum()), "scores")
    if labels.all() or not labels.any():
        raise ValueError(f"All {len(labels)} scored frames are of one class: normal and abnormal ones are both needed.")
    return scores, labels


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
