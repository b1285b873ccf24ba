"""The widget of notebook 03: how the boar is predicted at every capacity."""

from collections.abc import Mapping

import matplotlib.figure
import numpy as np
from traitlets import Bytes, Float, Int, List, Unicode

from vadkit import view
from vadkit.scenes import Clip
from vadkit.text import say
from vadkit.toy.scenes import the_boar
from vadkit.widgets.base import PALETTE, Widget, json_list, traits
from vadkit.windows import N_INPUTS
from vadstudies.capacity.report import boar_predictions


class Capacity(Widget):
    """Slide the capacity and watch the boar, with the PSNR of normal frames and of the boar.

    Parameters
    ----------
    clip : Clip, optional
        A labelled clip; by default the boar.
    predictions, about : mapping of str to ndarray, dict
        Frames (n, H, W) uint8 by network, and what is known of the networks, as
        `boar_predictions` gives them; by default what it gives.
    variant, width : str, int
        Which network comes first; by default the narrowest.
    frame : int, optional
        Which of the kept frames comes first.

    Attributes
    ----------
    variant, width, frame : str, int, int
        Follow the reader's hands, and may be set.

    Raises
    ------
    ValueError
        For a network or a frame that was not kept.
    FileNotFoundError
        Where nothing was.
    """

    frames, predictions = traits(Bytes, 2)
    palette = Bytes(PALETTE)
    shape, kept, labels, networks = traits(List, 4)
    error_max = Float(view.ERROR_MAX)
    variant = Unicode()
    width, frame = traits(Int, 2)

    def __init__(
        self,
        clip: Clip | None = None,
        predictions: Mapping[str, np.ndarray] | None = None,
        about: dict | None = None,
        variant: str | None = None,
        width: int | None = None,
        frame: int | None = None,
    ):
        clip = view.as_clip(clip or the_boar())
        if predictions is None or about is None:
            predictions, about = boar_predictions()
        kept = list(about["frames"])
        networks = _describe(predictions, about["networks"], kept)
        # The predictions were kept by the study: training them here would take minutes.
        sizes = [network["parameters"] for network in networks]
        alt = say(
            "A slider over {n} networks, from {low:,} to {high:,} parameters: "
            "how each predicts clip {name}, and the gap in dB.",
            n=len(sizes),
            low=min(sizes),
            high=max(sizes),
            name=clip.name,
        )
        variant, width = _choose_network(networks, variant, width)
        super().__init__(
            frames=clip.frames[kept].tobytes(),
            predictions=b"".join(images.tobytes() for images in predictions.values()),
            shape=[len(kept), *clip.frames.shape[1:]],
            kept=kept,
            labels=json_list(np.asarray(clip.labels)[kept]),
            networks=networks,
            variant=variant,
            width=width,
            frame=_choose_frame(clip, kept, frame),
            alt=alt,
        )

    def _row(self):
        """The networks of the chosen variant, narrow to wide."""
        row = [network for network in self.networks if network["variant"] == self.variant]
        return sorted(row, key=lambda network: network["width"])

    @property
    def gap(self) -> float:
        """By how many dB the chosen network predicts normal frames better than the boar."""
        return _gap(next(n for n in self._row() if n["width"] == self.width))

    def still(self) -> matplotlib.figure.Figure:
        """Plot the chosen frame at every width of the chosen variant: prediction above error.

        Returns
        -------
        Figure
            With alt text.
        """
        row, (n, height, width) = self._row(), self.shape
        number = self.kept.index(self.frame)
        truth = np.frombuffer(self.frames, np.uint8).reshape(n, height, width)[number] / 255
        images = np.frombuffer(self.predictions, np.uint8).reshape(-1, n, height, width) / 255
        figure, axes = view.subplots(2, len(row) + 1, size=(1.9 * len(row) + 2, 4.4))
        _plot(axes[0, 0], truth, view.figure_text("truth\n(frame {frame})", frame=self.frame))
        axes[1, 0].axis("off")
        # One scale for all errors, so that widths can be compared.
        error_style = {"cmap": view.ERROR_MAP, "vmax": view.ERROR_MAX}
        for column, network in zip(axes[:, 1:].T, row):
            prediction = images[network["offset"] // images[0].size, number]
            boar = view.figure_text(
                "width {width}\nboar {psnr:.1f} dB",
                width=network["width"],
                psnr=network["psnr_boar"],
            )
            _plot(column[0], prediction, boar)
            _plot(
                column[1],
                abs(truth - prediction),
                view.figure_text("gap {gap:.1f} dB", gap=_gap(network)),
                **error_style,
            )
        for ax in axes.flat:
            ax.set(xticks=[], yticks=[])
        figure.alt = say(
            "Frame {frame} as networks of growing width ({variant}) predict it, errors below. "
            "{results}.",
            frame=self.frame,
            variant=self.variant,
            results="; ".join(map(_in_words, row)),
        )
        return figure


def _describe(predictions, networks, kept):
    """What the browser needs to know of each network."""
    described, offset = [], 0
    for name, images in predictions.items():
        psnr = [networks[name]["psnr"][t - N_INPUTS] for t in kept]
        described.append({**networks[name], "offset": offset, "psnr": psnr})
        offset += images.size
    return described


def _choose_network(networks, variant, width):
    names = [(network["variant"], network["width"]) for network in networks]
    variant = names[0][0] if variant is None else variant
    widths = [w for v, w in names if v == variant]
    width = min(widths, default=None) if width is None else width
    if (variant, width) not in names:
        known = ", ".join(f"{v} {w}" for v, w in names)
        raise ValueError(f"No network '{variant} {width}' was kept: choose from {known}.")
    return variant, width


def _choose_frame(clip, kept, frame):
    if frame is None:
        best = view.representative_frame(clip)
        return min(kept, key=lambda t: abs(t - best))
    if frame not in kept:
        known = ", ".join(map(str, kept))
        raise ValueError(f"Frame {frame} was not kept: choose from {known}.")
    return frame


def _gap(network):
    return network["psnr_normal"] - network["psnr_boar"]


def _in_words(network):
    return say(
        "width {width}: normal frames {normal:.1f} dB, boar {boar:.1f} dB, gap {gap:.1f} dB",
        width=network["width"],
        normal=network["psnr_normal"],
        boar=network["psnr_boar"],
        gap=_gap(network),
    )


def _plot(ax, image, title, cmap="gray", vmax=1.0):
    ax.imshow(image, cmap=cmap, vmin=0, vmax=vmax)
    ax.set_title(title, fontsize=10)
