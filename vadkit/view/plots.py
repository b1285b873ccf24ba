"""A clip as a still picture: PSNR along it, one window, one prediction, one frame of several."""

import textwrap
from collections.abc import Callable, Sequence

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from vadkit.checks import checked
from vadkit.evaluation import SCORES
from vadkit.predicting import device_of
from vadkit.predictors import UNet
from vadkit.scenes import Clip, check_labels
from vadkit.text import recognise, say
from vadkit.view import style
from vadkit.view.clips import (
    as_clip,
    describe_labels,
    intervals,
    kind_of,
    predict_and_score,
    representative_frame,
)
from vadkit.view.style import subplots
from vadkit.windows import N_INPUTS, to_float


def _plot_image(ax, image, title, **options):
    options = {"cmap": "gray", "vmin": 0, "vmax": 255} | options
    ax.set(xticks=[], yticks=[])
    ax.set_title(title, fontsize=11)
    return ax.imshow(image, interpolation="nearest", **options)


def _plot_curves(ax, curves, labels, threshold, frame=None):
    """Plot PSNR over frames, abnormal ones shaded, alarms marked below the threshold."""
    for i, (first, last) in enumerate(intervals(labels) if labels is not None else []):
        name = "" if i else "abnormal"
        ax.axvspan(first - 0.5, last + 0.5, color=style.ABNORMAL, lw=0, label=name)
    for (name, values), colour, dash in zip(curves.items(), style.colours_of(curves), style.DASHES):
        ax.plot(values, color=colour, ls=dash, lw=1.6, label=name)
        if threshold is not None and len(curves) == 1:
            alarms = np.flatnonzero(np.asarray(values) < threshold)
            heights = np.asarray(values)[alarms]
            ax.plot(alarms, heights, "v", color=style.VERMILLION, ms=4, label="alarm")
    if threshold is not None:
        ax.axhline(threshold, color=style.VERMILLION, ls="--", lw=1.2)
    if frame is not None:
        ax.axvline(frame, color=style.BLACK, lw=1)
    ax.set(xlabel="frame", ylabel="PSNR (dB)", xlim=(0, len(values) - 1))
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=9)


@checked
def psnr_curve(
    psnr: ArrayLike | dict[str, ArrayLike],
    labels: ArrayLike | None = None,
    threshold: float | None = None,
    frame: int | None = None,
) -> Figure:
    """Plot PSNR along a clip.

    Parameters
    ----------
    psnr : ndarray or dict of ndarray
        (T,) in dB, or one by name for each of several predictors.
    labels : ndarray, optional
        One 0 or 1 per frame; abnormal frames are shaded.
    threshold, frame : float, int
        Where to draw a line; frames of a single curve below the threshold are marked as alarms.

    Returns
    -------
    Figure
        With alt text.
    """
    curves: dict = psnr if isinstance(psnr, dict) else {"PSNR": psnr}
    lengths = {len(values) for values in curves.values()}
    if len(lengths) != 1:
        raise ValueError(
            f"One curve per clip of the same length is needed, got lengths {sorted(lengths)}."
        )
    if labels is not None:
        labels = check_labels(labels, lengths.pop(), "'the clip'")
    figure, ax = subplots(size=(9, 2.6))
    _plot_curves(ax, curves, labels, threshold, frame)
    figure.alt = say("PSNR along a clip, {runs}.", runs=describe_labels(labels))
    for name, values in curves.items():
        ends = {"low": np.nanmin(values), "high": np.nanmax(values)}
        ends["worst"] = int(np.nanargmin(values))
        figure.alt += " " + say(
            "{name}: {low:.1f} to {high:.1f} dB, lowest at frame {worst}.", name=name, **ends
        )
    return figure


@checked
def window_strip(clip: Clip | np.ndarray, frame: int) -> Figure:
    """Plot one window: the inputs x1..x4 and the frame to predict, x5.

    Parameters
    ----------
    clip : Clip or ndarray
        As in `as_clip`.
    frame : int
        Which frame is x5.

    Returns
    -------
    Figure
        With alt text.
    """
    clip = as_clip(clip)
    first = representative_frame(clip, frame) - N_INPUTS
    figure, axes = subplots(1, N_INPUTS + 1, size=(9, 2.2))
    for i, ax in enumerate(axes):
        _plot_image(
            ax,
            clip.frames[first + i],
            style.figure_text("x{i} (frame {frame})", i=i + 1, frame=first + i),
        )
    for side in axes[-1].spines.values():
        side.set(color=style.BLUE, linewidth=3)
    title = style.figure_text("x5 (frame {frame})\nto predict", frame=frame)
    axes[-1].set_title(title, fontsize=11, color=style.BLUE)
    figure.alt = say(
        "Five frames in a row from clip {name}: x1 to x4 are the input, "
        "x5, frame {frame}, is to be predicted.",
        name=clip.name,
        frame=frame,
    )
    return figure


@checked
def still(
    predictor: Callable | None,
    clip: Clip | np.ndarray,
    frame: int | None = None,
    threshold: float | None = None,
    score: str = "frame",
    predictions: ArrayLike | None = None,
) -> Figure:
    """Plot one frame as it came, as it was predicted, the error, and PSNR along the clip.

    Parameters
    ----------
    predictor, clip : Callable, Clip or ndarray
        As in `predict_and_score`.
    frame, threshold : int, float
        The frame, by default the `representative_frame`, and a line across the curve in dB.
    score, predictions : {"frame", "patch"}, ndarray
        As in `predict_and_score`.

    Returns
    -------
    Figure
        With alt text.
    """
    clip = as_clip(clip)
    frame = representative_frame(clip, frame)
    predictions, psnr = predict_and_score(clip, predictor, predictions, score)
    prediction, truth = predictions[frame - N_INPUTS], clip.frames[frame] / 255
    error = abs(truth - prediction)
    figure, axes = subplots(1, 4, size=(11, 2.5), width_ratios=[1, 1, 1.12, 2.1])
    _plot_image(
        axes[0], truth, style.figure_text("ground truth (frame {frame})", frame=frame), vmax=1
    )
    _plot_image(axes[1], prediction, style.figure_text("prediction"), vmax=1)
    bright = style.ERROR_MAX  # fixed, so that two predictors can be compared
    shown = _plot_image(
        axes[2], error, style.figure_text("error"), cmap=style.ERROR_MAP, vmax=bright
    )
    figure.colorbar(shown, ax=axes[2], fraction=0.046, ticks=[0, bright / 2, bright])
    _plot_curves(axes[3], {"PSNR": psnr}, clip.labels, threshold, frame)
    title = style.figure_text(
        "{psnr:.1f} dB at frame {frame} (shaded: abnormal)", psnr=psnr[frame], frame=frame
    )
    axes[3].set_title(title, fontsize=11)
    axes[3].get_legend().remove()
    axes[3].set_ylabel(SCORES[score].unit)
    here = {"frame": frame, "name": clip.name, "here": psnr[frame]}
    here |= {"mean": error.mean(), "largest": error.max()}
    along = {"low": np.nanmin(psnr), "high": np.nanmax(psnr)}
    figure.alt = say(
        "Frame {frame} of clip {name}: ground truth, prediction and their absolute difference, "
        "which is {mean:.3f} on average and {largest:.2f} at most. PSNR there is {here:.1f} dB; "
        "along the clip it runs from {low:.1f} to {high:.1f} dB; {runs}.",
        runs=describe_labels(clip.labels),
        **here,
        **along,
    )
    return figure


@checked
def predictions(
    predictors: dict[str, Callable], clip: Clip | np.ndarray, frame: int | None = None
) -> Figure:
    """Plot one frame as it came and as several predictors drew it, the errors below.

    Parameters
    ----------
    predictors, clip : dict of Callable, Clip or ndarray
        By name, and what they predict.
    frame : int, optional
        By default the `representative_frame`.

    Returns
    -------
    Figure
        With alt text.
    """
    clip = as_clip(clip)
    frame = representative_frame(clip, frame)
    window = Clip(clip.name, clip.frames[frame - N_INPUTS : frame + 1])
    if not predictors:
        raise ValueError("Give at least one predictor, by its name.")
    columns = len(predictors) + 1
    figure, axes = subplots(2, columns, size=(2.2 * columns, 4.7))
    truth = clip.frames[frame] / 255
    _plot_image(
        axes[0, 0], truth, style.figure_text("ground truth\n(frame {frame})", frame=frame), vmax=1
    )
    axes[1, 0].axis("off")
    listed = []
    for (name, predictor), above, below in zip(predictors.items(), axes[0, 1:], axes[1, 1:]):
        (drawn,), psnr = predict_and_score(window, predictor)
        _plot_image(above, drawn, f"{style.figure_text(name)}\n{psnr[-1]:.1f} dB", vmax=1)
        options = {"cmap": style.ERROR_MAP, "vmax": style.ERROR_MAX}
        _plot_image(below, abs(drawn - truth), style.figure_text("its error"), **options)
        listed.append(f"{recognise(name)} {psnr[-1]:.1f} dB")
    figure.alt = say(
        "Frame {frame} of clip {name}: ground truth, {n} predictions and their errors; "
        "PSNR: {psnr}.",
        frame=frame,
        name=clip.name,
        n=len(predictors),
        psnr=", ".join(listed),
    )
    return figure


@checked
def feature_maps(
    predictor: UNet, clip: Clip | np.ndarray, frame: int | None = None, columns: int = 8
) -> Figure:
    """Plot what the encoder of a U-Net makes of the window before a frame, one row for each size.

    Black is the lowest value of a map, white the highest.

    Parameters
    ----------
    predictor, clip : UNet, Clip or ndarray
        Whose maps, and of what.
    frame, columns : int
        By default the `representative_frame`; how many maps in a row, those that vary most.

    Returns
    -------
    Figure
        With alt text.
    """
    clip = as_clip(clip)
    frame = representative_frame(clip, frame)
    window = to_float(clip.frames[None, frame - N_INPUTS : frame]).to(device_of(predictor))
    with torch.no_grad():
        levels = [level[0].cpu().numpy() for level in predictor.feature_maps(window)]
    figure, axes = subplots(len(levels), columns, size=(1.25 * columns, 1.4 * len(levels)))
    for row, maps in zip(axes, levels):
        strongest = np.argsort(-maps.std(axis=(1, 2)))[:columns]
        for ax, channel in zip(row, strongest):
            _plot_image(ax, maps[channel], "", vmin=None, vmax=None)
        row[0].set_ylabel("{} x {}".format(*maps.shape[1:]), fontsize=9)
    sizes = ", ".join(
        say("{n} maps of {height} x {width}", n=len(m), height=m.shape[1], width=m.shape[2])
        for m in levels
    )
    figure.alt = say(
        "What a U-Net makes of the window before frame {frame} of clip {name}: {sizes}, of which "
        "the {n} that vary most are shown at every size.",
        frame=frame,
        name=clip.name,
        sizes=sizes,
        n=columns,
    )
    return figure


@checked
def gallery(
    clips: Sequence,
    captions: Sequence[str] | None = None,
    frames: Sequence[int] | None = None,
    columns: int = 4,
) -> Figure:
    """Plot one frame of each clip, the anomaly boxed where it is known.

    Parameters
    ----------
    clips, captions, frames : list of Clip, list of str, list of int
        By default the kinds of anomaly (or the name), and the `representative_frame`.
    columns : int
        Clips in a row.

    Returns
    -------
    Figure
        With alt text.
    """
    clips = [as_clip(clip) for clip in clips]
    if not clips:
        raise ValueError("A gallery needs at least one clip.")
    captions = captions or [kind_of(clip) or clip.name for clip in clips]
    if frames is None or not len(frames):
        frames = [representative_frame(clip) for clip in clips]
    if not len(captions) == len(frames) == len(clips):
        raise ValueError(
            f"{len(clips)} clips need as many captions and frames, "
            f"got {len(captions)} and {len(frames)}."
        )
    columns = min(columns, len(clips))
    rows = -(-len(clips) // columns)
    figure, axes = subplots(rows, columns, size=(2.3 * columns, 2.5 * rows), squeeze=False)
    for ax in axes.flat[len(clips) :]:
        ax.axis("off")
    for ax, clip, frame, caption in zip(axes.flat, clips, frames, captions):
        # Translated before it is broken into lines: afterwards no catalogue knows it.
        title = textwrap.fill(style.figure_text(caption), 20)
        _plot_image(ax, clip.frames[frame], title)
        if clip.boxes is not None and clip.boxes[frame][0] >= 0:
            # A pixel larger on each side, so that its line hides nothing of the anomaly.
            x0, y0, x1, y1 = clip.boxes[frame]
            corner, width, height = (x0 - 1.5, y0 - 1.5), x1 - x0 + 2, y1 - y0 + 2
            ax.add_patch(Rectangle(corner, width, height, fill=False, color=style.AMBER, lw=2))
    listed = "; ".join(captions)
    figure.alt = say(
        "{n} frames: {captions}. Orange boxes mark the anomalies.", n=len(clips), captions=listed
    )
    return figure
