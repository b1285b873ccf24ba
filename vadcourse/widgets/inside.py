"""The widget of notebook 02: a U-Net drawn as a U, with live feature maps in its blocks."""

import math
from collections.abc import Mapping

import matplotlib.figure
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from traitlets import Bytes, Float, Int, List, Unicode, validate

from vadcourse.widgets import u_shape
from vadkit import view
from vadkit.metrics import psnr
from vadkit.predictors.base import Predictor
from vadkit.predictors.memory import MemoryUNet
from vadkit.predictors.unet import UNet
from vadkit.scenes import Clip
from vadkit.text import recognise, say
from vadkit.widgets.base import PALETTE, Widget, json_list, traits
from vadkit.windows import N_INPUTS, Windows

LIMITS = {"maps": (1, 6), "n_frames": (1, 40), "side": (16, 256)}
PER_ROW = 8  # pictures of full size in a row of a page
BATCH = 8  # windows looked into at once
WHITE = 0.995  # share of the values of a map
CAPTIONS = {"prediction": "prediction", "truth": "what came", "error": "error"}


class Inside(Widget):
    """Scrub through a clip and see what every block of a U-Net makes of it.

    Parameters
    ----------
    predictors : mapping of str to Predictor
        U-Nets by the name that the reader sees: with or without skip connections, with a memory
        or attention in the middle, of any width and depth.
    clip : Clip or ndarray
        Frames (T, H, W), uint8.
    maps : int
        How many feature maps of each block, those that vary most over the picture; 1 to 6.
    n_frames : int
        How many frames of the clip at most, evenly spaced; 1 to 40.
    frame : int, optional
        Which of them comes first; by default `view.representative_frame`.
    variant : str, optional
        Which network comes first; by default the first one.
    side : int
        Pixels: larger pictures are shrunk to it. A small player, for a page without a kernel,
        has one network, 2 maps, 10 frames and 48 pixels.
    fps : float
        Kept frames per second, while it plays.

    Attributes
    ----------
    frame, variant : int, str
        Follow the reader's hands, and may be set.

    Raises
    ------
    ValueError
        For what is no U-Net, for numbers out of range, and for an unknown frame or variant.
    """

    pixels = Bytes()
    palette = Bytes(PALETTE)
    shape, stage, kept, labels, kinds, places, networks = traits(List, 7)
    error_max, fps = traits(Float, 2)
    frame = Int()
    variant = Unicode()

    def __init__(
        self,
        predictors: Mapping[str, Predictor],
        clip: Clip | np.ndarray,
        maps: int = 4,
        n_frames: int = 20,
        frame: int | None = None,
        variant: str | None = None,
        side: int = 96,
        fps: float = 4,
    ):
        clip = view.as_clip(clip)
        _check(predictors, maps=maps, n_frames=n_frames, side=side)
        frame = view.representative_frame(clip, frame)
        kept = _spread(len(clip), n_frames, frame)
        x, y = Windows([clip]).batch([t - N_INPUTS for t in kept])
        book = _Book(side)
        given = [book.add(images) for images in torch.cat([x, y], dim=1).unbind(1)]
        networks = [_describe(name, p, x, y, maps, book, given) for name, p in predictors.items()]
        pages, places = book.bound()
        super().__init__(
            pixels=pages.tobytes(),
            shape=list(pages.shape),
            stage=[u_shape.WIDTH, u_shape.HEIGHT],
            kept=kept,
            labels=json_list(None if clip.labels is None else np.asarray(clip.labels)[kept]),
            kinds=[(clip.kinds or [""] * len(clip))[t] for t in kept],
            places=places,
            networks=networks,
            error_max=view.ERROR_MAX,
            fps=fps,
            frame=frame,
            variant=next(iter(predictors)) if variant is None else variant,
            alt=say(
                "Inside a U-Net that predicts clip {name}: inputs, feature maps of every block, "
                "prediction and error of {n} frames. Networks: {networks}.",
                name=clip.name,
                n=len(kept),
                networks=", ".join(predictors),
            ),
        )

    @validate("frame", "variant")
    def _is_there(self, proposal):
        name, value = proposal.trait.name, proposal.value
        known = self.kept if name == "frame" else [network["name"] for network in self.networks]
        if value not in known:
            raise ValueError(f"No {name} '{value}' is kept here: choose from {known}.")
        return value

    def still(self) -> matplotlib.figure.Figure:
        """Draw the U of the chosen network, with its maps of the chosen frame.

        Returns
        -------
        Figure
            With alt text.
        """
        network = next(n for n in self.networks if n["name"] == self.variant)
        number, (width, height) = self.kept.index(self.frame), self.stage
        figure, ax = view.subplots(size=(width / 100, height / 100 + 0.4))
        ax.set(xlim=(-2, width + 2), ylim=(height, -4))
        ax.axis("off")
        values = {"frame": self.frame, "psnr": network["psnr"][number]}
        score = view.figure_text("frame {frame}, PSNR {psnr:.1f} dB", **values)
        ax.set_title(f"{view.figure_text(self.variant)}: {score}", loc="left", fontsize=11)
        for kind, corners in network["arrows"]:
            u_shape.draw_arrow(ax, kind, corners)
        for block in network["blocks"]:
            self._draw_block(ax, block, number)
        figure.alt = say(
            "Inside the network '{name}' at frame {frame} (PSNR {psnr:.1f} dB): four inputs, the "
            "maps that vary most in blocks of {sizes}, the prediction, the truth and the error.",
            name=recognise(self.variant),
            **values,
            sizes=", ".join(_size(b) for b in network["blocks"] if "shape" in b),
        )
        return figure

    def _draw_block(self, ax, block, number):
        kind, (x, y, width, height) = block["kind"], block["box"]
        style = {"ha": "center", "fontsize": 9.5}
        for i, (box, picture) in enumerate(zip(block["boxes"], block["pictures"])):
            left, top, wide, high = box
            extent = (left, left + wide, top + high, top)
            ax.imshow(**self._image(block, picture, number), extent=extent, aspect="auto")
            if kind == "input":
                ax.text(left + wide / 2, top + high + 13, f"x{i + 1}", **style)
        caption = _size(block) if "shape" in block else CAPTIONS.get(kind, "")
        ax.text(x + width / 2, y + height + 13, caption, **style)
        if block["level"] == 0 or kind != "decoder" and kind != "encoder":
            heading = "" if kind in CAPTIONS else kind
            ax.text(x + width / 2, y - 6, heading, **style, weight="bold")

    def _image(self, block, picture, number):
        pages = np.frombuffer(self.pixels, np.uint8).reshape(self.shape)
        cut = [pages[number, y : y + h, x : x + w] for x, y, w, h in self.places]
        if block["kind"] == "error":
            error = abs(cut[picture["at"]] / 255 - cut[picture["minus"]] / 255)
            return {"X": error, "cmap": view.ERROR_MAP, "vmin": 0, "vmax": self.error_max}
        return {"X": cut[picture["at"]], "cmap": "gray", "vmin": 0, "vmax": 255}


def _check(predictors, **numbers):
    """Refuse what cannot be looked into."""
    if not predictors:
        raise ValueError("At least one network is needed: give {name: predictor}.")
    for name, predictor in predictors.items():
        if not isinstance(predictor, UNet) or not len(predictor.down):
            raise ValueError(
                f"'{name}' is a {type(predictor).__name__} without levels to look into: "
                "give U-Nets, such as vadkit.build_predictor('unet')."
            )
    for name, value in numbers.items():
        least, most = LIMITS[name]
        if not least <= value <= most:
            raise ValueError(f"{name} is a number from {least} to {most}, got {value}.")


def _spread(length, n_frames, frame):
    """Frames with a prediction, evenly spaced, this one among them."""
    step = math.ceil((length - N_INPUTS) / n_frames)
    return list(range(N_INPUTS + (frame - N_INPUTS) % step, length, step))


class _Book:
    """Pictures of all frames: one page for each frame, laid out alike."""

    def __init__(self, side):
        self.side, self._stacks = side, []

    def add(self, images):
        """Take pictures (N, h, w) in [0, 1], one for each page; give their number."""
        pixels = (_small(images[:, None], self.side)[:, 0].clamp(0, 1) * 255).round().byte()
        self._stacks.append(pixels.numpy())
        return len(self._stacks) - 1

    def bound(self):
        """Give pages (N, height, width), and of each picture [x, y, width, height] on its page."""
        sizes = [stack.shape[1:] for stack in self._stacks]
        page_width = PER_ROW * max(width for _, width in sizes)
        places, x, y, tall = [[]] * len(sizes), 0, 0, 0
        for i in sorted(range(len(sizes)), key=lambda i: -sizes[i][0]):
            height, width = sizes[i]
            if x + width > page_width:
                x, y, tall = 0, y + tall, 0
            places[i] = [x, y, width, height]
            x, tall = x + width, max(tall, height)
        pages = np.zeros((len(self._stacks[0]), y + tall, page_width), np.uint8)
        for stack, (x, y, width, height) in zip(self._stacks, places):
            pages[:, y : y + height, x : x + width] = stack
        return pages, places


def _small(images, side):
    """Images (N, C, h, w) on the CPU, shrunk to so many pixels at most."""
    height, width = images.shape[2:]
    share = min(1, side / max(height, width))
    return F.adaptive_avg_pool2d(images, (round(share * height), round(share * width))).cpu()


# --- Looking into a network


class _Part:
    """A block of a network, and the maps that it makes while it is watched."""

    def __init__(self, kind, level, module):
        self.kind, self.level, self._module, self._seen = kind, level, module, []

    def watch(self, side):
        """Keep what it makes from now on, shrunk; the handle ends this."""

        def keep(module, inputs, output):
            self.shape = list(output.shape[1:])
            self._seen.append(_small(output, side))

        return self._module.register_forward_hook(keep)

    @property
    def maps(self):
        """(N, C, h, w), of all windows so far."""
        return torch.cat(self._seen)


def _parts(predictor):
    """The blocks in the order in which they compute."""
    depth = len(predictor.down)
    encoder = [predictor.enter, *predictor.down[:-1]]
    parts = [_Part("encoder", level, module) for level, module in enumerate(encoder)]
    parts.append(_Part("bottleneck", depth, predictor.down[-1]))
    if not isinstance(predictor.middle, nn.Identity):
        kind = "memory" if isinstance(predictor, MemoryUNet) else "attention"
        parts.append(_Part(kind, depth, predictor.middle))
    return parts + [_Part("decoder", i, predictor.up[i]) for i in reversed(range(depth))]


@torch.no_grad()
def _look(predictor, x, side):
    """Run windows through a network: its parts, which have seen them, and the predictions."""
    parts = _parts(predictor)
    handles = [part.watch(side) for part in parts]
    device = next(predictor.parameters()).device
    try:
        drawn = torch.cat([predictor(some.to(device)).cpu() for some in x.split(BATCH)])
    finally:
        for handle in handles:
            handle.remove()
    return parts, drawn


@torch.no_grad()
def _slots_read(predictor, x):
    """How much of each slot of a memory is read, averaged over places: a grid for each window."""
    device = next(predictor.parameters()).device
    narrow = [predictor.feature_maps(some.to(device))[-1] for some in x.split(BATCH)]
    shares = predictor.middle.address(torch.cat(narrow)).mean(1).cpu()
    columns = math.ceil(math.sqrt(shares.shape[1]))
    return F.pad(shares, (0, -shares.shape[1] % columns)).unflatten(1, (-1, columns))


# --- Telling the browser


def _describe(name, predictor, x, y, maps, book, given):
    """What the browser needs to know of a network; its pictures go into the book."""
    parts, drawn = _look(predictor, x, book.side)
    if not drawn.isfinite().all():
        raise ValueError(f"'{name}' predicts NaN: did training diverge? Train it again.")
    inner = []
    for part in parts:
        pictures = [_picture(_slots_read(predictor, x), book)] if part.kind == "memory" else []
        for channel in _most_varied(part.maps)[: maps - len(pictures)]:
            pictures.append(_picture(part.maps[:, channel], book) | {"channel": channel})
        pixels = predictor.stem * 2**part.level  # of the frame, to a side of one place
        size = {"shape": part.shape, "pixels": pixels}
        inner.append(_block(part.kind, pictures, part.level) | size)
    *inputs, truth = ({"at": at} for at in given)
    prediction = {"at": book.add(drawn[:, 0])}
    error = truth | {"minus": prediction["at"]}
    ends = zip(u_shape.RESULTS, (prediction, truth, error))
    blocks = [_block("input", inputs), *inner, *(_block(kind, [end]) for kind, end in ends)]
    adds = predictor.predicts == "change"
    return {
        "name": name,
        "psnr": json_list(psnr(drawn.clamp(0, 1), y)),
        "skips": predictor.skips,
        "adds": adds,
        "arrows": u_shape.lay_out(blocks, x.shape[2] / x.shape[3], predictor.skips, adds),
        "blocks": blocks,
    }


def _block(kind, pictures, level=0):
    return {"kind": kind, "level": level, "pictures": pictures}


def _most_varied(images):
    """Channels of (N, C, h, w), those first that vary most over a picture."""
    return images.std((2, 3), correction=0).mean(0).argsort(descending=True).tolist()


def _picture(images, book):
    """Keep a map of every window, (N, h, w), from its least value, black, to its largest, white.

    The few values beyond WHITE are white as well, or they alone would be seen.
    """
    low, high = images.min().item(), images.quantile(WHITE).item()
    at = book.add((images - low) / max(high - low, 1e-9))
    return {"at": at, "low": round(low, 2), "high": round(high, 2)}


# --- Drawing the still


def _size(block):
    channels, height, width = block["shape"]
    return f"{channels} × {height} × {width}"
