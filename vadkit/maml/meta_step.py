"""One outer step of MAML: lines 3 to 8 of Algorithm 1."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from torch import nn
from torch.optim import Optimizer

from vadkit.checks import checked
from vadkit.episodes import Task
from vadkit.losses import prediction_loss
from vadkit.maml.checks import check_adaptable, require_finite
from vadkit.maml.inner_loop import inner_loop
from vadkit.maml.rates import InnerRates, trainable


# The lines of Algorithm 1 stand in a column of their own.
# fmt: off
@checked
def meta_step(
    predictor: nn.Module,
    episode: Sequence[Task],
    outer: Optimizer,
    inner_lr: float | InnerRates = 0.01,
    n_inner_steps: int = 3,
    *,
    first_order: bool = False,
    step_weights: Sequence[float] | Callable | None = None,
    fraction: float = 0.0, max_norm: float | None = None,
    loss: Callable = prediction_loss,
) -> float:
    """Move theta, on one episode, to where a few inner steps lead to a low query loss.

    Losses are averaged over tasks, not summed: `outer_lr` means the same for any n_way. A
    FloatingPointError names the task whose loss is no number; theta has not moved then.

    Parameters
    ----------
    predictor : nn.Module
        Its weights are theta; they move.
    episode : sequence of Task
        The tasks T_i.
    outer : Optimizer
        Of all trainable weights, and of the rates if those are learned.
    inner_lr, n_inner_steps : float or InnerRates, int
        The rates alpha, and how many inner steps.
    first_order : bool
        Hold the inner gradients constant (FOMAML).
    step_weights : sequence of float, or a function such as `every_step_weights`, optional
        How much the query loss after each inner step counts; the last one alone by default.
    fraction : float
        The share of the training that is done, for that function.
    max_norm : float, optional
        Clip the meta-gradient to this norm.
    loss : callable
        (predictions, targets) to a scalar.

    Returns
    -------
    float
        The mean query loss after the inner steps.

    References
    ----------
    Finn et al. 2017, Algorithm 1.
    """
    rates = check_episode(predictor, episode, outer, inner_lr, n_inner_steps)
    weights = _checked_weights(step_weights, n_inner_steps, fraction)
    final_losses = []
    outer.zero_grad()
    with inner_loop(predictor, rates, first_order) as (fmodel, trajectory):
        for task in episode:                                # line 4: for all T_i
            (x, y), (x_query, y_query) = task.support, task.query
            trajectory.restart()                            # theta'_i = theta
            query_loss = 0.0
            for weight in weights:                          # lines 5 and 6, for each inner step:
                trajectory.step(loss(fmodel(x), y))         # theta'_i = theta'_i - alpha gradient
                if weight:
                    final_loss = loss(fmodel(x_query), y_query)  # L_i(theta'_i), on the query
                    query_loss = query_loss + weight * final_loss
            final_losses.append(_query_loss_of(task, final_loss))
            trajectory.backward(query_loss / len(episode))  # line 8: one term of the sum
    outer_step(outer, max_norm)                             # line 8: theta = theta - beta gradient
    return float(np.mean(final_losses))
# fmt: on


def _query_loss_of(task, final_loss):
    """As a number; where it is none, a FloatingPointError names the task."""
    what = f"Task '{task.name}': The query loss"
    return require_finite(final_loss, what, (*task.support, *task.query))


@checked
def every_step_weights(n_inner_steps: int, fraction: float = 0.0) -> list[float]:
    """Let every inner step count, all alike at first, the last one alone in the end.

    Parameters
    ----------
    n_inner_steps : int
        How many inner steps.
    fraction : float
        The share of the training that is done, in [0, 1].

    Returns
    -------
    list of float
        One weight for each inner step; they sum to 1.

    References
    ----------
    Antoniou et al. 2019 (MAML++), multi-step loss.
    """
    if n_inner_steps < 1:
        raise ValueError(f"A meta-step needs an inner step, got {n_inner_steps} steps.")
    share = (1 - fraction) / n_inner_steps
    return [share] * (n_inner_steps - 1) + [fraction + share]


def _checked_weights(step_weights, n_inner_steps, fraction):
    if callable(step_weights):
        step_weights = step_weights(n_inner_steps, fraction)
    elif step_weights is None or not len(step_weights):
        step_weights = [0] * (n_inner_steps - 1) + [1]
    if len(step_weights) != n_inner_steps or not step_weights[-1] > 0:
        needed = f"step_weights must be {n_inner_steps} numbers, the last above 0"
        raise ValueError(f"{needed}, got {step_weights}.")
    return step_weights


def check_episode(
    predictor: nn.Module,
    episode: Sequence[Task],
    outer: Optimizer,
    inner_lr: float | InnerRates,
    n_inner_steps: int,
) -> InnerRates:
    """Refuse what an outer step cannot learn from.

    Parameters
    ----------
    predictor, episode, outer, inner_lr, n_inner_steps : see `meta_step`
        Its arguments.

    Returns
    -------
    InnerRates
        The rates alpha.
    """
    rates = check_adaptable(predictor, inner_lr)
    if not len(episode) or n_inner_steps < 1:
        needed = "A meta-step needs a task and an inner step"
        raise ValueError(f"{needed}, got {len(episode)} tasks and {n_inner_steps} steps.")
    held = {id(p) for group in outer.param_groups for p in group["params"]}
    if any(id(p) not in held for p in (*trainable(predictor), *rates.parameters())):
        raise ValueError(
            "The outer optimizer must hold all that is learned: "
            "[*predictor.parameters(), *rates.parameters()]."
        )
    return rates


@checked
def outer_step(outer: Optimizer, max_norm: float | None) -> None:
    """Line 8: clip the meta-gradient, refuse one that is no number, move theta.

    Parameters
    ----------
    outer, max_norm : see `meta_step`
        Its arguments.
    """
    learned = [p for group in outer.param_groups for p in group["params"]]
    norm = nn.utils.clip_grad_norm_(learned, max_norm or math.inf)
    require_finite(norm, "The norm of the meta-gradient")
    outer.step()
