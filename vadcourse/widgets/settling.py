"""Inner steps on a slider: two models settle into a new scene, side by side."""

from collections.abc import Mapping, Sequence

import matplotlib.figure
import numpy as np
import torch
from torch import Tensor
from traitlets import Bytes, Float, Int, List

from vadkit import view
from vadkit.maml.adapting import inner_steps
from vadkit.maml.training import MetaTrained
from vadkit.metrics import decibel
from vadkit.scenes import Clip
from vadkit.text import recognise, say
from vadkit.widgets.base import PALETTE, Widget, traits
from vadkit.windows import N_INPUTS, to_float


class Settling(Widget):
    """Slide along the inner steps: a new scene comes into focus, what is new in it stays blurry.

    Parameters
    ----------
    models : mapping of str to MetaTrained
        Two of them.
    support : tuple of Tensor
        K windows (inputs, targets) of the scene's normal life.
    clip : Clip or ndarray
        What is predicted.
    frame : int, optional
        Which frame of it, from 4 on; by default the one with the largest anomaly.
    n_steps, step : int
        How many inner steps are taken, and which one is shown first.

    Attributes
    ----------
    step : int
        Follows the reader's hands, and may be set.

    Raises
    ------
    ValueError
        For a frame without a prediction, or another number of models.
    """

    pictures = Bytes()
    palette = Bytes(PALETTE)
    shape, box, names, trained_steps, inside, outside = traits(List, 6)
    error_max = Float(view.ERROR_MAX)
    step = Int()

    def __init__(
        self,
        models: Mapping[str, MetaTrained],
        support: tuple[Tensor, Tensor],
        clip: Clip | np.ndarray,
        frame: int | None = None,
        n_steps: int = 10,
        step: int = 0,
    ):
        clip = view.as_clip(clip)
        frame = view.representative_frame(clip, frame)
        if len(models) != 2:
            raise ValueError(f"Two models are shown side by side, got {len(models)}.")
        inputs = to_float(clip.frames[frame - N_INPUTS : frame])[None]
        truth = to_float(clip.frames[frame]).numpy()
        box = _box(clip, frame)
        inside = np.zeros(truth.shape, bool)
        if box:
            x0, y0, x1, y1 = box
            inside[y0:y1, x0:x1] = True
        # Every step is predicted beforehand: the slider must do without a kernel.
        predictions = [_settle(model, support, inputs, n_steps) for model in models.values()]
        images = np.concatenate([truth[None], *predictions])
        self._names = list(models)
        super().__init__(
            pictures=(images * 255).round().astype(np.uint8).tobytes(),
            shape=[n_steps + 1, *truth.shape],
            box=box,
            names=[recognise(name) for name in models],
            trained_steps=[model.n_inner_steps for model in models.values()],
            inside=[_psnr(images, truth, inside) for images in predictions],
            outside=[_psnr(images, truth, ~inside) for images in predictions],
            step=step,
            alt=say(
                "One frame as two models predict it while they settle into the scene: {models}; a "
                "slider moves along {n} inner steps (frame {frame} of clip {name}).",
                frame=frame,
                name=clip.name,
                models=", ".join(models),
                n=n_steps,
            ),
        )

    @property
    def images(self) -> tuple[np.ndarray, np.ndarray]:
        """The frame that came (H, W) and its predictions (model, step, H, W), uint8."""
        n, H, W = self.shape
        pixels = np.frombuffer(self.pictures, np.uint8).reshape(-1, H, W)
        return pixels[0], pixels[1:].reshape(len(self.names), n, H, W)

    def still(self, steps: Sequence[int] = (0, 1, 3, 10)) -> matplotlib.figure.Figure:
        """Plot both models after a few numbers of steps, what came beside them.

        Parameters
        ----------
        steps : sequence of int
            Those beyond the last step are left out.

        Returns
        -------
        Figure
            With alt text.
        """
        steps = [step for step in steps if step < self.shape[0]]
        truth, predictions = self.images
        figure, axes = view.subplots(2, len(steps) + 1, size=(2 * len(steps) + 2.2, 4.6))
        curves = []
        for row, (name, outside) in enumerate(zip(self._names, self.outside)):
            values = [f"{outside[step]:.1f}" for step in steps]
            curves.append(say("{name}: {curve} dB", name=recognise(name), curve=", ".join(values)))
            for ax, step, value in zip(axes[row], steps, values):
                title = view.figure_text("{n} steps: {value} dB", n=step, value=value)
                _plot_grey(ax, predictions[row, step], title)
            _plot_grey(axes[row, -1], truth, view.figure_text("what came"))
            axes[row, 0].set_ylabel(view.figure_text(name), fontsize=11)
        figure.alt = say(
            "Predictions of one frame by two models after {steps} inner steps, and the frame that "
            "came. PSNR outside the anomaly: {curves}.",
            steps=", ".join(map(str, steps)),
            curves="; ".join(curves),
        )
        return figure


def _box(clip, frame):
    """Where the anomaly is, [] where there is none or nobody knows."""
    box = [] if clip.boxes is None else [int(edge) for edge in clip.boxes[frame]]
    return box if box and box[0] >= 0 else []


@torch.no_grad()
def _settle(model, support, inputs, n_steps):
    """Predictions (n_steps + 1, H, W) in [0, 1] of one frame after 0, 1, ... inner steps."""
    adapted = inner_steps(model.predictor, support, model.rates, n_steps, model.loss)
    predictions = [network(inputs)[0, 0].clamp(0, 1).cpu() for network in adapted]
    return torch.stack(predictions).numpy()


def _psnr(predictions, truth, mask):
    """PSNR (dB) of each image among the pixels of the mask; [] where it is empty."""
    if not mask.any():
        return []
    mse = ((predictions - truth) ** 2)[:, mask].mean(1)
    return [round(value, 2) for value in decibel(mse).tolist()]


def _plot_grey(ax, image, title):
    ax.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    ax.set_title(title, fontsize=10)
    ax.set(xticks=[], yticks=[])
