"""The widget of notebook 06: inner steps on a slider, and two models that settle into a new scene side by side."""

import numpy as np
import torch
import traitlets

from vadkit import view
from vadkit.maml.adapting import inner_steps
from vadkit.text import say
from vadkit.widgets.base import PALETTE, Widget, synced
from vadkit.windows import N_INPUTS, to_float


def settle(model, support, clip, frame, n_steps):
    """-> (predictions (n_steps + 1, H, W) in [0, 1] of one frame, after 0, 1, ... inner steps). model: a `MetaTrained`."""
    x = to_float(clip.frames[frame - N_INPUTS : frame])[None]
    with torch.no_grad():
        seen = [
            adapted(x)[0, 0].clamp(0, 1).cpu()
            for adapted in inner_steps(model.predictor, support, model.rates, n_steps)
        ]
    return torch.stack(seen).numpy()


def inside_and_outside(predictions, truth, box):
    """PSNR (dB) of pictures (n, H, W) inside a box x0, y0, x1, y1 and outside it -> two lists. Without a box: of all, and an empty list."""
    error, inside = (predictions - truth) ** 2, np.zeros(truth.shape, bool)
    if box is not None and box[0] >= 0:
        x0, y0, x1, y1 = box
        inside[y0:y1, x0:x1] = True
    decibel = [
        (-10 * np.log10(np.maximum(error[:, mask].mean(1), 1e-10))).tolist() if mask.any() else []
        for mask in (inside, ~inside)
    ]
    return decibel[0], decibel[1]


class Settling(Widget):
    """Slide along the inner steps: the new scene comes into focus, what is new in it stays blurry.

    models: {name: MetaTrained}, two of them; support: K windows (inputs, targets) of the scene's normal life
    clip, frame: which frame is predicted, from 4 up (default: the one with the largest anomaly)
    `.step` follows the reader's hands, and may be set. `.still()` is the same as a figure. Raises ValueError for a frame without
    a prediction, or another number of models.
    """

    pictures = synced(traitlets.Bytes())
    palette = synced(traitlets.Bytes(PALETTE))
    shape = synced(traitlets.List())
    box = synced(traitlets.List())
    names = synced(traitlets.List())
    trained_steps = synced(traitlets.List())
    inside = synced(traitlets.List())
    outside = synced(traitlets.List())
    error_max = synced(traitlets.Float(view.ERROR_MAX))
    step = synced(traitlets.Int())

    def __init__(self, models, support, clip, frame=None, n_steps=10, step=0):
        clip = view.as_clip(clip)
        frame = view.representative_frame(clip) if frame is None else frame
        view.check_frame(clip, frame)
        if len(models) != 2:
            raise ValueError(f"Two models are shown side by side, got {len(models)}.")
        truth = to_float(clip.frames[frame]).numpy()
        box = None if clip.boxes is None else [int(v) for v in clip.boxes[frame]]
        drawn = [settle(model, support, clip, frame, n_steps) for model in models.values()]
        curves = [inside_and_outside(predictions, truth, box) for predictions in drawn]
        super().__init__(
            pictures=(np.concatenate([truth[None], *drawn]) * 255).round().astype(np.uint8).tobytes(),
            shape=[n_steps + 1, *truth.shape], box=box if box and box[0] >= 0 else [], names=list(models), step=step,
            trained_steps=[model.n_inner_steps for model in models.values()],
            inside=[_short(c[0]) for c in curves], outside=[_short(c[1]) for c in curves],
            alt=say("Frame {frame} of clip {name} as two models predict it while they settle into the scene: {models}; a slider moves along {n} inner steps.",
                    frame=frame, name=clip.name, models=", ".join(models), n=n_steps),
        )  # fmt: skip

    @property
    def images(self):
        """-> truth (H, W) and predictions (model, step, H, W), uint8."""
        n, H, W = self.shape
        pixels = np.frombuffer(self.pictures, np.uint8).reshape(-1, H, W)
        return pixels[0], pixels[1:].reshape(len(self.names), n, H, W)

    def still(self, steps=(0, 1, 3, 10)):
        """Both models after a few numbers of steps, what came beside them."""
        steps = [step for step in steps if step < self.shape[0]]
        truth, predictions = self.images
        figure, axes = view.subplots(2, len(steps) + 1, size=(2 * len(steps) + 2.2, 4.6))
        for row, (name, outside) in enumerate(zip(self.names, self.outside)):
            for ax, step in zip(axes[row], steps):
                title = f"{step} steps: {outside[step]:.1f} dB"
                ax.imshow(predictions[row, step], cmap="gray", vmin=0, vmax=255, interpolation="nearest")
                ax.set_title(title, fontsize=10)
            axes[row, -1].imshow(truth, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            axes[row, -1].set_title("what came", fontsize=10)
            axes[row, 0].set_ylabel(name, fontsize=11)
        for ax in axes.flat:
            ax.set(xticks=[], yticks=[])
        told = "; ".join(
            say("{name}: {curve} dB", name=name, curve=", ".join(f"{outside[s]:.1f}" for s in steps))
            for name, outside in zip(self.names, self.outside)
        )
        figure.alt = say("Predictions of one frame by two models after {steps} inner steps, and the frame that came. PSNR outside the "
                         "anomaly: {told}.", steps=", ".join(map(str, steps)), told=told)  # fmt: skip
        return figure


def _short(values):
    return [round(value, 2) for value in values]
