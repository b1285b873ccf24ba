"""What may happen beside the loop of `vadkit.fit`. The adversary has a module of its own."""

from collections.abc import Callable
from types import SimpleNamespace

from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from vadkit.checks import checked
from vadkit.losses import addressing_entropy


class Callback:
    """Base of all callbacks: override the hooks that you need.

    `fit` keeps `self.run` up to date. It holds `predictor`; `model`, the network that is validated
    and kept: the predictor, unless a callback puts another there; `windows`; `seed`; `device`;
    `history`; `x`, `y`, `prediction`, `loss` and `lr` of the step at hand; and `stop`: True ends
    the training.
    """

    run: SimpleNamespace

    def before_training(self) -> None:
        """Prepare, before the first batch."""

    def after_loss(self) -> None:
        """Add to `run.loss`, before it is differentiated."""

    def after_step(self) -> None:
        """Act when the predictor has learned from the batch."""

    def after_validation(self) -> None:
        """Act on what is new in `run.history`, for instance stop early."""


class WeightAverage(Callback):
    """Validate and keep a running average of the weights (EMA, Polyak & Juditsky 1992).

    Parameters
    ----------
    decay : float
        Share of the average that is kept at each step; 0.98 averages over some 50 steps.
    """

    @checked
    def __init__(self, decay: float = 0.98):
        if not 0 <= decay < 1:
            raise ValueError(
                "decay is the share of the running average kept at each step, "
                f"from 0 to below 1, got {decay}."
            )
        self.decay = decay

    def before_training(self) -> None:
        """Begin with the weights as they are."""
        average = get_ema_multi_avg_fn(self.decay)
        self.average = AveragedModel(self.run.predictor, multi_avg_fn=average)
        self.run.model = self.average.module

    def after_step(self) -> None:
        """Move the average towards the new weights."""
        self.average.update_parameters(self.run.predictor)


class FreshClips(Callback):
    """Let a camera run on: every now and then, a new clip takes the place of the oldest.

    Parameters
    ----------
    make_clip : callable
        From a number to a clip, as long as those that `fit` was given, and asked for the numbers
        that follow theirs: `ToyScene.normal_clip` is one.
    every : int
        After how many steps, from 1.
    """

    @checked
    def __init__(self, make_clip: Callable, every: int = 12):
        if every < 1:
            raise ValueError(f"A fresh clip comes every so many steps, at least 1, got {every}.")
        self.make_clip, self.every = make_clip, every

    def before_training(self) -> None:
        """Leave the clips of the caller as they are."""
        self.run.windows.clips = list(self.run.windows.clips)
        self.number = len(self.run.windows.clips)

    def after_step(self) -> None:
        """Replace a clip when it is time."""
        if (len(self.run.history.loss) + 1) % self.every:
            return
        clips = self.run.windows.clips
        oldest, fresh = self.number % len(clips), self.make_clip(self.number)
        if len(fresh) != len(clips[oldest]):
            raise ValueError(f"A clip of {len(clips[oldest])} frames is needed, got {len(fresh)}.")
        clips[oldest] = fresh
        self.number += 1


class AddressingEntropy(Callback):
    """Add the entropy of a memory's addressing to the loss (Gong et al. 2019, eq. 10).

    Parameters
    ----------
    weight : float
        Of the entropy in the loss.
    """

    @checked
    def __init__(self, weight: float = 0.0002):
        self.weight = weight

    def before_training(self) -> None:
        """Refuse a predictor without a memory."""
        if not hasattr(self.run.predictor, "addressing"):
            raise ValueError(
                "AddressingEntropy needs a predictor that has a memory: build_predictor('memory')."
            )

    def after_loss(self) -> None:
        """Add the entropy."""
        addressing = self.run.predictor.addressing(self.run.x)
        self.run.loss = self.run.loss + self.weight * addressing_entropy(addressing)
