"""How the boar is predicted at every capacity: a slider over the widths of a network, the picture and the gap beside it."""

import numpy as np
import traitlets

from .. import generalization, plots
from ..toy_scenes import the_boar
from ..words import say
from . import PALETTE, Widget, _source, _synced, _with_code


@_with_code("capacity.js")
class Capacity(Widget):
    """Slide the capacity and watch the boar: truth, prediction and error, with the PSNR of normal frames and of the boar.

    clip: a labelled Clip, default the boar; predictions: {network: (n, H, W) uint8}, about: what is known of them; default what
    `benchmarks/generalization.py boar` kept, as `generalization.boar_predictions` gives it.
    variant, width: which network to begin with, default the narrowest; frame: which of the kept frames
    `.variant`, `.width` and `.frame` follow the reader's hands, and may be set; `.gap` is the network's, in dB.
    Raises ValueError for a network or a frame that was not kept, FileNotFoundError where nothing was.
    """

    _css = _source("widgets.css") + _source("capacity.css")
    frames = _synced(traitlets.Bytes())
    predictions = _synced(traitlets.Bytes())
    palette = _synced(traitlets.Bytes(PALETTE))
    shape = _synced(traitlets.List())
    kept = _synced(traitlets.List())
    labels = _synced(traitlets.List())
    networks = _synced(traitlets.List())
    error_max = _synced(traitlets.Float(plots.ERROR_MAX))
    variant = _synced(traitlets.Unicode())
    width = _synced(traitlets.Int())
    frame = _synced(traitlets.Int())

    def __init__(self, clip=None, predictions=None, about=None, variant=None, width=None, frame=None):
        clip = plots.as_clip(the_boar() if clip is None else clip)
        if predictions is None:
            predictions, about = generalization.boar_predictions()
        kept, size = list(about["frames"]), clip.frames[0].size
        networks = [
            {**about["networks"][name], "offset": number * len(kept) * size,
             "psnr": [about["networks"][name]["psnr"][t - plots.N_INPUTS] for t in kept]}
            for number, name in enumerate(predictions)
        ]  # fmt: skip
        variant = networks[0]["variant"] if variant is None else variant
        width = min(n["width"] for n in networks if n["variant"] == variant) if width is None else width
        frame = min(kept, key=lambda t: abs(t - plots.telling_frame(clip))) if frame is None else frame
        if (variant, width) not in [(n["variant"], n["width"]) for n in networks]:
            raise ValueError(f"No network '{variant} {width}' was kept: choose from {', '.join(predictions)}.")
        if frame not in kept:
            raise ValueError(f"Frame {frame} was not kept: choose from {', '.join(map(str, kept))}.")
        super().__init__(
            frames=np.ascontiguousarray(clip.frames[kept]).tobytes(),
            predictions=b"".join(np.ascontiguousarray(p).tobytes() for p in predictions.values()),
            shape=[len(kept), *clip.frames.shape[1:]], kept=kept, labels=[int(clip.labels[t]) for t in kept], networks=networks,
            variant=variant, width=width, frame=frame,
            alt=say("A slider over {n} networks, from {low:,} to {high:,} parameters: how each predicts clip {name}, and the gap in dB.",
                    n=len(networks), low=min(n["parameters"] for n in networks), high=max(n["parameters"] for n in networks),
                    name=clip.name),
        )  # fmt: skip

    def _chosen(self, variant=None):
        """The networks of one variant, narrow to wide."""
        chosen = [network for network in self.networks if network["variant"] == (variant or self.variant)]
        return sorted(chosen, key=lambda network: network["width"])

    @property
    def gap(self):
        here = next(network for network in self._chosen() if network["width"] == self.width)
        return here["psnr_normal"] - here["psnr_boar"]

    def still(self):
        """Every width of the chosen variant at the chosen frame as a figure: prediction above, error below, gap in the title."""
        networks, (n, height, width) = self._chosen(), self.shape
        pictures, at = np.frombuffer(self.predictions, np.uint8), self.kept.index(self.frame) * height * width
        truth = np.frombuffer(self.frames, np.uint8).reshape(n, height, width)[self.kept.index(self.frame)] / 255
        figure, axes = plots.subplots(2, len(networks) + 1, size=(1.9 * len(networks) + 2, 4.4))
        axes[0, 0].imshow(truth, cmap="gray", vmin=0, vmax=1)
        axes[0, 0].set_title(f"truth\n(frame {self.frame})", fontsize=10)
        axes[1, 0].axis("off")
        told = []
        for column, network in zip(axes[:, 1:].T, networks):
            drawn = pictures[network["offset"] + at :][: height * width].reshape(height, width) / 255
            gap = network["psnr_normal"] - network["psnr_boar"]
            column[0].imshow(drawn, cmap="gray", vmin=0, vmax=1)
            column[0].set_title(f"width {network['width']}\nboar {network['psnr_boar']:.1f} dB", fontsize=10)
            column[1].imshow(abs(truth - drawn), cmap=plots.ERROR_MAP, vmin=0, vmax=plots.ERROR_MAX)
            column[1].set_title(f"gap {gap:.1f} dB", fontsize=10)
            told.append(say("width {width}: normal frames {normal:.1f} dB, boar {boar:.1f} dB, gap {gap:.1f} dB", width=network["width"],
                            normal=network["psnr_normal"], boar=network["psnr_boar"], gap=gap))  # fmt: skip
        for ax in axes.flat:
            ax.set(xticks=[], yticks=[])
        figure.alt = say("Frame {frame} as networks of growing width ({variant}) predict it, errors below. {told}.", frame=self.frame,
                         variant=self.variant, told="; ".join(told))  # fmt: skip
        return figure
