"""What a predictor is trained on."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional as F

from vadkit.checks import checked


@checked
def prediction_loss(prediction: Tensor, target: Tensor, gradient: float = 0.0) -> Tensor:
    """Mean squared error, and a gradient difference that punishes blur (Mathieu et al. 2016).

    Parameters
    ----------
    prediction, target : Tensor
        Images (N, 1, H, W).
    gradient : float
        Weight of the gradient-difference loss.

    Returns
    -------
    Tensor
        The loss, a scalar.
    """
    loss = F.mse_loss(prediction, _alike(target, prediction))
    if gradient:
        loss = loss + gradient * sum(_edge_error(prediction, target, dim) for dim in (-2, -1))
    return loss


@checked
def decibel_loss(prediction: Tensor, target: Tensor, floor: float = 1e-5) -> Tensor:
    """Compute minus the mean PSNR: what a detector reads is what a predictor learns.

    A frame with somebody in it counts as much as an empty one: half the error is 3 dB in both.

    Parameters
    ----------
    prediction, target : Tensor
        Images (N, 1, H, W), float in [0, 1].
    floor : float
        Added to the squared error, so that no image is worth more than 50 dB.

    Returns
    -------
    Tensor
        The loss, a scalar in dB, below zero.
    """
    error = (prediction - _alike(target, prediction)).square().flatten(1).mean(1)
    return 10 * (error + floor).log10().mean()


def _alike(target, prediction):
    """The target; broadcast to another shape, it would be compared with what it is not."""
    if target.shape != prediction.shape:
        shapes = f"{tuple(prediction.shape)} and {tuple(target.shape)}"
        raise ValueError(f"Prediction and target must share one shape, got {shapes}.")
    return target


def _edge_error(prediction, target, dim):
    return (prediction.diff(dim=dim).abs() - target.diff(dim=dim).abs()).abs().mean()


@checked
def addressing_entropy(weights: Tensor) -> Tensor:
    """How undecided a memory is: mean entropy of its addressing (Gong et al. 2019, eq. 9).

    Parameters
    ----------
    weights : Tensor
        Addressing (..., slots), each row summing to one.

    Returns
    -------
    Tensor
        A scalar in nats.
    """
    return -weights.xlogy(weights.clamp(min=1e-12)).sum(dim=-1).mean()


LOSSES: dict[str, Callable] = {f.__name__: f for f in (prediction_loss, decibel_loss)}
