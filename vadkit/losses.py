"""TODO."""

import torch
from torch.nn import functional as F


def prediction_loss(prediction, target, gradient=0.0):
    """Mean squared error, plus `gradient` times the gradient-difference loss that punishes blur (Mathieu et al. 2016)."""
    loss = F.mse_loss(prediction, target)
    if gradient:
        loss = loss + gradient * sum(
            (prediction.diff(dim=d).abs() - target.diff(dim=d).abs()).abs().mean() for d in (-2, -1)
        )
    return loss


def addressing_entropy(weights):
    """How undecided a memory is: mean entropy of its addressing (..., slots), in nats (Gong et al. 2019, eq. 9)."""
    return -torch.special.xlogy(weights, weights.clamp(min=1e-12)).sum(dim=-1).mean()
