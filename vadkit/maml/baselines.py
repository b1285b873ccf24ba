"""What MAML is measured against: Reptile, and ordinary pre-training on all tasks at once."""

from collections.abc import Callable, Sequence

import torch
from torch import nn
from torch.optim import Optimizer

from vadkit.checks import checked
from vadkit.episodes import Task
from vadkit.losses import prediction_loss
from vadkit.maml.adapting import adapt
from vadkit.maml.checks import require_finite
from vadkit.maml.meta_step import check_episode, outer_step
from vadkit.maml.rates import InnerRates, trainable


@checked
def reptile_step(
    predictor: nn.Module,
    episode: Sequence[Task],
    outer: Optimizer,
    inner_lr: float | InnerRates = 0.01,
    n_inner_steps: int = 3,
    *,
    fraction: float = 0.0,
    max_norm: float | None = None,
    loss: Callable = prediction_loss,
) -> None:
    """Move theta towards where each task's own training ends: no query, no second order.

    The mean of theta - theta'_i over tasks takes the place of the gradient in the outer optimizer.
    With a single inner step this is joint pre-training under another name.

    Parameters
    ----------
    predictor, episode, outer, inner_lr, n_inner_steps, fraction, max_norm, loss : see `meta_step`
        Its arguments; fraction is not used.

    References
    ----------
    Nichol et al. 2018.
    """
    rates = _fixed_rates(reptile_step, predictor, episode, outer, inner_lr, n_inner_steps)
    outer.zero_grad()
    for task in episode:
        try:
            adapted = adapt(predictor, _all_samples(task), rates, n_inner_steps, loss)
        except FloatingPointError as error:
            raise FloatingPointError(f"Task '{task.name}': {error}") from None
        for p, after in zip(trainable(predictor), trainable(adapted)):
            difference = (p.detach() - after.detach()) / len(episode)
            p.grad = difference if p.grad is None else p.grad + difference
    outer_step(outer, max_norm)


@checked
def joint_step(
    predictor: nn.Module,
    episode: Sequence[Task],
    outer: Optimizer,
    inner_lr: float | InnerRates = 0.01,
    n_inner_steps: int = 3,
    *,
    fraction: float = 0.0,
    max_norm: float | None = None,
    loss: Callable = prediction_loss,
) -> None:
    """Train in the ordinary way on all tasks at once: good now, whatever adapting does later.

    Parameters
    ----------
    predictor, episode, outer, inner_lr, n_inner_steps, fraction, max_norm, loss : see `meta_step`
        Its arguments; there is no inner loop, so inner_lr, n_inner_steps, fraction are not used.
    """
    _fixed_rates(joint_step, predictor, episode, outer, inner_lr, n_inner_steps)
    outer.zero_grad()
    for task in episode:
        inputs, targets = _all_samples(task)
        task_loss = loss(predictor(inputs), targets)
        require_finite(task_loss, f"Task '{task.name}': The training loss", (inputs, targets))
        (task_loss / len(episode)).backward()
    outer_step(outer, max_norm)


def _fixed_rates(step, *arguments):
    rates = check_episode(*arguments)
    if rates.learn:
        raise ValueError(
            f"Learned rates are an option of meta_step, not of {step.__name__}: "
            "give inner_lr as a number."
        )
    return rates


def _all_samples(task):
    """The support and the query of a task together."""
    (x, y), (x_query, y_query) = task.support, task.query
    return torch.cat([x, x_query]), torch.cat([y, y_query])
