"""Trainings that went astray: a loss or weights that are no numbers, or far too large."""

import math
from collections.abc import Iterable

from torch import Tensor, nn

EXPLODED = 1e4  # times the first loss, or 1 where that was smaller: images lie in [0, 1]


def require_finite(value: Tensor, what: str, advice: str, samples: Iterable[Tensor] = ()) -> float:
    """Raise a FloatingPointError for a loss or norm that is no number.

    Parameters
    ----------
    value : Tensor
        One element, otherwise a ValueError.
    what, advice : str
        What it is, and what to try, for the error.
    samples : iterable of Tensor
        What it was computed from: where these are no numbers, it is they who are blamed.

    Returns
    -------
    float
        The number.
    """
    if not isinstance(value, Tensor) or value.numel() != 1:
        raise ValueError(f"{what} must be a tensor of one number: does the loss take a mean?")
    number = value.item()
    if not math.isfinite(number):
        if not all(sample.isfinite().all() for sample in samples):
            advice = "the frames it was computed from hold NaN or infinity, repair them first"
        raise FloatingPointError(f"{what} is {number}: {advice}.")
    return number


def require_bounded(loss: float, first: float, what: str, advice: str) -> None:
    """Raise a FloatingPointError for a loss that is a number, and has exploded.

    Parameters
    ----------
    loss, first : float
        The loss of now, and that of the first step.
    what, advice : str
        As in `require_finite`.
    """
    if loss > EXPLODED * max(abs(first), 1):
        raise FloatingPointError(f"{what} has grown from {first:.3g} to {loss:.3g}: {advice}.")


def require_finite_weights(network: nn.Module, advice: str) -> None:
    """Raise a FloatingPointError for weights that are no numbers; no loss tells after a last step.

    Parameters
    ----------
    network : nn.Module
        What was trained.
    advice : str
        What to try, for the error.
    """
    for name, weights in network.state_dict().items():
        if not weights.isfinite().all():
            astray = f"'{name}' holds NaN or infinity after the last step"
            raise FloatingPointError(f"{astray}: {advice}.")
