"""The widget of notebook 06: one clip before two guards, who disagree about it."""

from collections.abc import Callable, Mapping

import matplotlib.figure
import numpy as np
from traitlets import Bytes, Float, Int, List

from vadkit import view
from vadkit.scenes import Clip, check_labels
from vadkit.text import recognise, say
from vadkit.widgets.base import PALETTE, PixelBuffer, Widget, json_list, traits
from vadkit.windows import N_INPUTS, to_float

FALSE_ALARMS = 2  # that a guard may give along the clip


class TwoTruths(Widget):
    """One clip as two guards see it, moment by moment: what alarms the one leaves the other quiet.

    Parameters
    ----------
    clip : Clip or ndarray
        Frames (T, H, W), uint8, which both see.
    guards : mapping of str to Callable
        Two by name, each (N, 4, H, W) to (N, 1, H, W).
    labels : mapping of str to ndarray, optional
        For each guard (T,), 0/1 or bool: what is abnormal where it stands.
    threshold : float or mapping of str to float, optional
        In dB, for both or for each; by default each gives two false alarms on its normal frames,
        and without labels it lies in the middle of its PSNR.
    frame : int, optional
        Where to begin; by default amid the longest run of frames on which they disagree.
    fps : float
        Frames per second.

    Attributes
    ----------
    frame : int
        Follows the reader's hands, and may be set.

    Raises
    ------
    ValueError
        If there are not two guards, or if labels, thresholds, frame or clip do not fit.
    """

    frames, predictions = traits(Bytes, 2)
    palette = Bytes(PALETTE)
    shape, names, psnr, labels, thresholds = traits(List, 5)
    n_inputs = Int(N_INPUTS)
    frame = Int()
    error_max = Float(view.ERROR_MAX)
    fps = Float()

    def __init__(
        self,
        clip: Clip | np.ndarray,
        guards: Mapping[str, Callable],
        labels: Mapping[str, np.ndarray] | None = None,
        threshold: float | Mapping[str, float] | None = None,
        frame: int | None = None,
        fps: float = 10,
    ):
        clip, names = view.as_clip(clip), list(guards)
        if len(names) != 2:
            raise ValueError(f"Two guards look at the clip, but {len(names)} were given.")
        truths = _truths(names, labels, len(clip))
        buffer, curves = PixelBuffer(), []
        for guard in guards.values():
            predictions, psnr = view.predict_and_score(clip, guard)
            buffer.add(to_float(predictions))
            curves.append(psnr)
        limits = _limits(names, threshold, curves, truths)
        self._clip, self._names = clip, names
        super().__init__(
            frames=clip.frames.tobytes(),
            predictions=buffer.pixels,
            shape=list(clip.frames.shape),
            names=[recognise(name) for name in names],
            psnr=[json_list(psnr) for psnr in curves],
            labels=[json_list(truth) for truth in truths],
            thresholds=limits,
            frame=_first_shown(clip, curves, limits, frame),
            fps=fps,
            alt=say(
                "Clip {name} before two guards, {guards}: what came, and of each guard the "
                "prediction, its error, the PSNR curve and whether it gives an alarm.",
                name=clip.name,
                guards="; ".join(map(recognise, names)),
            ),
        )

    def alarms(self, i: int) -> np.ndarray:
        """Say on which frames a guard gives an alarm.

        Parameters
        ----------
        i : int
            0 or 1, as the guards were given.

        Returns
        -------
        ndarray
            (T,) bool; False for the first four frames, which have no prediction.
        """
        return np.array(self.psnr[i], float) < self.thresholds[i]

    def still(self) -> matplotlib.figure.Figure:
        """Plot the chosen frame, what both guards make of it, and their PSNR along the clip.

        Returns
        -------
        Figure
            With alt text.
        """
        figure, whole = view.subplots(size=(11, 4.6))
        whole.remove()
        grid = figure.add_gridspec(2, 5, height_ratios=[1.15, 1])
        _plot(
            figure.add_subplot(grid[0, 2]),
            self._clip.frames[self.frame],
            view.figure_text("what came"),
        )
        values, said = np.array(self.psnr, float), []
        low, high = np.nanmin(values) - 1, np.nanmax(values) + 1
        for i, columns in enumerate((slice(0, 2), slice(3, 5))):
            axes = [figure.add_subplot(grid[0, column]) for column in range(5)[columns]]
            self._plot_pictures(axes, i)
            curve = figure.add_subplot(grid[1, columns], ylim=(low, high))
            self._plot_curve(curve, i)
            said.append(self._in_words(i))
        figure.alt = say(
            "Frame {frame} of clip {name} before two guards. {said}",
            frame=self.frame,
            name=self._clip.name,
            said=" ".join(said),
        )
        return figure

    def _plot_pictures(self, axes, i):
        T, H, W = self.shape
        at = i * (T - N_INPUTS) + self.frame - N_INPUTS
        drawn = np.frombuffer(self.predictions, np.uint8).reshape(-1, H, W)[at]
        error = abs(self._clip.frames[self.frame] - drawn.astype(float)) / 255
        _plot(
            axes[0],
            drawn,
            f"{view.figure_text(self._names[i])}:\n" + view.figure_text("prediction"),
        )
        title = view.figure_text("its error\n(0 to {most})", most=self.error_max)
        _plot(axes[1], error, title, view.ERROR_MAP, self.error_max)

    def _plot_curve(self, ax, i):
        psnr, limit, alarms = np.array(self.psnr[i], float), self.thresholds[i], self.alarms(i)
        for first, last in view.intervals(self.labels[i]):
            ax.axvspan(first - 0.5, last + 0.5, color=view.ABNORMAL, lw=0)
        ax.plot(psnr, color=view.BLUE, lw=1.6)
        ax.plot(np.flatnonzero(alarms), psnr[alarms], "v", color=view.VERMILLION, ms=4)
        ax.axhline(limit, color=view.VERMILLION, ls="--", lw=1.2)
        ax.axvline(self.frame, color=view.BLACK, lw=1)
        ax.set(xlabel="frame (shaded: abnormal here)", ylabel="PSNR (dB)", xlim=(0, len(psnr) - 1))
        is_alarm = alarms[self.frame]
        word = view.figure_text("ALARM") if is_alarm else view.figure_text("quiet")
        colour = view.VERMILLION if is_alarm else view.BLACK
        title = view.figure_text("{word} at frame {frame}", word=word, frame=self.frame)
        ax.set_title(title, color=colour, weight="bold")
        ax.spines[["top", "right"]].set_visible(False)

    def _in_words(self, i):
        labels = self.labels[i]
        values = {"name": self.names[i], "psnr": self.psnr[i][self.frame]}
        values["word"] = say("ALARM") if self.alarms(i)[self.frame] else say("quiet")
        return say(
            "{name}: {word}, PSNR {psnr:.1f} dB, threshold {limit:.1f} dB; {truth}.",
            limit=self.thresholds[i],
            truth=view.describe_labels(np.array(labels) if labels else None),
            **values,
        )


def _plot(ax, image, title, colours="gray", largest=255):
    ax.imshow(image, cmap=colours, vmin=0, vmax=largest, interpolation="nearest")
    ax.set_title(title, fontsize=10)
    ax.set(xticks=[], yticks=[])


def _of_each(names, given, what):
    if set(given) != set(names):
        raise ValueError(
            f"{what} are of {', '.join(given) or 'nobody'}, "
            f"but needed for the guards {' and '.join(names)}."
        )
    return [given[name] for name in names]


def _truths(names, labels, n_frames):
    """Of each guard (T,) bool, or None where nobody knows."""
    if labels is None:
        return [None, None]
    given = zip(names, _of_each(names, labels, "Labels"))
    return [check_labels(truth, n_frames, f"'{name}'") for name, truth in given]


def _limits(names, threshold, curves, truths):
    if threshold is None:
        return [_usual_limit(psnr, truth) for psnr, truth in zip(curves, truths)]
    one_each = isinstance(threshold, Mapping)
    limits = _of_each(names, threshold, "Thresholds") if one_each else [threshold] * len(names)
    return [float(limit) for limit in limits]


def _usual_limit(psnr, truth):
    """Between the PSNR of the last false alarm allowed and of the first that would be too many."""
    if truth is None:
        return float(np.nanmin(psnr) + np.nanmax(psnr)) / 2
    normal = np.sort(psnr[~np.isnan(psnr) & ~truth])
    if len(normal) <= FALSE_ALARMS:
        raise ValueError(
            f"Only {len(normal)} predicted frames are normal for a guard, too few "
            f"for a threshold with {FALSE_ALARMS} false alarms: give one, in dB."
        )
    return float(normal[FALSE_ALARMS - 1 : FALSE_ALARMS + 1].mean())


def _first_shown(clip, curves, limits, wanted):
    one, other = (psnr < limit for psnr, limit in zip(curves, limits))
    runs = view.intervals(one != other)
    if wanted is not None or not runs:
        return view.representative_frame(clip, wanted)
    first, last = max(runs, key=lambda run: run[1] - run[0])
    return (first + last) // 2
