"""How the boar is predicted at every capacity: a slider over the widths of a network, the picture and the gap beside it."""

import numpy as np
import traitlets

from vadkit import view, windows
from vadkit.text import say
from vadkit.toy.scenes import the_boar
from vadkit.widgets.base import PALETTE, Widget, synced
from vadstudies.capacity import report as capacity


class Capacity(Widget):
    """Slide the capacity and watch the boar: truth, prediction and error, with the PSNR of normal frames and of the boar.

    clip: a labelled Clip, default the boar; predictions: {network: (n, H, W) uint8}, about: what is known of them; default what
    `benchmarks/generalization.py boar` kept, as `capacity.boar_predictions` gives it.
    variant, width: which network to begin with, default the narrowest; frame: which of the kept frames
    `.variant`, `.width` and `.frame` follow the reader's hands, and may be set; `.gap` is the network's, in dB.
    Raises ValueError for a network or a frame that was not kept, FileNotFoundError where nothing was.
    """

    frames = synced(traitlets.Bytes())
    predictions = synced(traitlets.Bytes())
    palette = synced(traitlets.Bytes(PALETTE))
    shape = synced(traitlets.List())
    kept = synced(traitlets.List())
    labels = synced(traitlets.List())
    networks = synced(traitlets.List())
    error_max = synced(traitlets.Float(view.ERROR_MAX))
    variant = synced(traitlets.Unicode())
    width = synced(traitlets.Int())
    frame = synced(traitlets.Int())

    def __init__(self, clip=None, predictions=None, about=None, variant=None, width=None, frame=None):
        clip = view.as_clip(the_boar() if clip is None else clip)
        if predictions is None:
            predictions, about = capacity.boar_predictions()
        kept, size = list(about["frames"]), clip.frames[0].size
        networks = [
            {**about["networks"][name], "offset": number * len(kept) * size,
             "psnr": [about["networks"][name]["psnr"][t - windows.N_INPUTS] for t in kept]}
            for number, name in enumerate(predictions)
        ]  # fmt: skip
        variant = networks[0]["variant"] if variant is None else variant
        width = min(n["width"] for n in networks if n["variant"] == variant) if width is None else width
        frame = min(kept, key=lambda t: abs(t - view.representative_frame(clip))) if frame is None else frame
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
        figure, axes = view.subplots(2, len(networks) + 1, size=(1.9 * len(networks) + 2, 4.4))
        axes[0, 0].imshow(truth, cmap="gray", vmin=0, vmax=1)
        axes[0, 0].set_title(f"truth\n(frame {self.frame})", fontsize=10)
        axes[1, 0].axis("off")
        told = []
        for column, network in zip(axes[:, 1:].T, networks):
            drawn = pictures[network["offset"] + at :][: height * width].reshape(height, width) / 255
            gap = network["psnr_normal"] - network["psnr_boar"]
            column[0].imshow(drawn, cmap="gray", vmin=0, vmax=1)
            column[0].set_title(f"width {network['width']}\nboar {network['psnr_boar']:.1f} dB", fontsize=10)
            column[1].imshow(abs(truth - drawn), cmap=view.ERROR_MAP, vmin=0, vmax=view.ERROR_MAX)
            column[1].set_title(f"gap {gap:.1f} dB", fontsize=10)
            told.append(say("width {width}: normal frames {normal:.1f} dB, boar {boar:.1f} dB, gap {gap:.1f} dB", width=network["width"],
                            normal=network["psnr_normal"], boar=network["psnr_boar"], gap=gap))  # fmt: skip
        for ax in axes.flat:
            ax.set(xticks=[], yticks=[])
        figure.alt = say("Frame {frame} as networks of growing width ({variant}) predict it, errors below. {told}.", frame=self.frame,
                         variant=self.variant, told="; ".join(told))  # fmt: skip
        return figure
