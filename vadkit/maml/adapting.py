"""Adapting a predictor, meta-trained or not, to a new scene: plain gradient descent."""

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import numpy as np
import torch
from torch import Tensor, nn

from vadkit.checks import checked
from vadkit.episodes import Task
from vadkit.losses import prediction_loss
from vadkit.maml.checks import check_adaptable, require_finite, require_gradients
from vadkit.maml.rates import InnerRates, trainable
from vadkit.metrics import psnr


@checked
def adapt(
    predictor: nn.Module,
    support: tuple[Tensor, Tensor],
    inner_lr: float | InnerRates = 0.01,
    n_inner_steps: int = 3,
    loss: Callable = prediction_loss,
) -> nn.Module:
    """Adapt a copy of a predictor: gradient descent on the mean loss over all K support windows.

    On a predictor that was pre-trained this is called fine-tuning. A ValueError says what is wrong
    with the support, a FloatingPointError at which step the loss was no number.

    Parameters
    ----------
    predictor : nn.Module
        Any predictor; it is left as it is.
    support : tuple of Tensor
        Inputs (K, 4, H, W) and targets (K, 1, H, W), or whatever `loss` compares.
    inner_lr : float or InnerRates
        The rate, or the rates that a predictor was meta-trained with.
    n_inner_steps : int
        How many steps; 0 gives a plain copy.
    loss : callable
        (predictions, targets) to a scalar.

    Returns
    -------
    nn.Module
        The adapted copy, on the predictor's device.
    """
    *_, adapted = inner_steps(predictor, support, inner_lr, n_inner_steps, loss)
    return adapted


@checked
def inner_steps(
    predictor: nn.Module,
    support: tuple[Tensor, Tensor],
    inner_lr: float | InnerRates = 0.01,
    n_inner_steps: int = 3,
    loss: Callable = prediction_loss,
) -> Iterator[nn.Module]:
    """Watch `adapt` at work.

    Parameters
    ----------
    predictor, support, inner_lr, n_inner_steps, loss : see `adapt`
        Its arguments.

    Yields
    ------
    nn.Module
        The copy after 0, 1, ... n_inner_steps steps, the same object each time.
    """
    rates = check_adaptable(predictor, inner_lr)
    _check_support(support)
    adapted = copy.deepcopy(predictor)
    weights = trainable(adapted)
    inputs, targets = (t.to(weights[0].device) for t in support)
    yield adapted
    for step in range(n_inner_steps):
        with torch.enable_grad():
            support_loss = loss(adapted(inputs), targets)
            require_finite(support_loss, f"The support loss at inner step {step}")
            gradients = torch.autograd.grad(support_loss, weights, allow_unused=True)
        require_gradients(gradients, rates.names)
        with torch.no_grad():
            for p, alpha, gradient in zip(weights, rates.at(step), gradients):
                p.sub_(alpha * gradient)
        yield adapted


@checked
def adaptation_curve(
    predictor: nn.Module,
    tasks: Sequence[Task],
    inner_lr: float | InnerRates = 0.01,
    n_inner_steps: int = 3,
    measure: Callable | None = None,
    loss: Callable = prediction_loss,
) -> np.ndarray:
    """Measure the early and the late game: the query of each task after 0, 1, ... inner steps.

    Parameters
    ----------
    predictor, tasks, inner_lr, n_inner_steps : see `adapt`
        It adapts to the support of every task; tasks is a sequence of `Task`.
    measure : callable, optional
        (predictions, targets) to a number: `query_psnr` for dB, the loss itself by default.
    loss : callable
        What the inner steps descend.

    Returns
    -------
    np.ndarray
        (tasks, n_inner_steps + 1), NaN from where the loss of a task is no number.
    """
    device = next(predictor.parameters()).device
    curves = np.full((len(tasks), n_inner_steps + 1), np.nan)
    for curve, task in zip(curves, tasks):
        inputs, targets = task.to(device).query
        steps = inner_steps(predictor, task.support, inner_lr, n_inner_steps, loss)
        with torch.no_grad(), suppress(FloatingPointError):
            for step, adapted in enumerate(steps):
                curve[step] = (measure or loss)(adapted(inputs), targets)
    return curves


@checked
def query_psnr(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean PSNR over windows, for `adaptation_curve`.

    Parameters
    ----------
    prediction, target : Tensor
        Images (N, 1, H, W), float in [0, 1].

    Returns
    -------
    Tensor
        A scalar, in dB.
    """
    return psnr(prediction, target).mean()


def _check_support(support):
    inputs, targets = support
    if not len(inputs) or len(inputs) != len(targets):
        needed = "K inputs and K targets are needed, K at least 1"
        raise ValueError(f"{needed}; got {len(inputs)} and {len(targets)}.")
    finite = inputs.isfinite().all() and targets.isfinite().all()
    if not inputs.is_floating_point() or not finite:
        raise ValueError(
            "The support must hold finite floating-point numbers: "
            "use make_windows, which also scales to [0, 1]."
        )
