"""TODO."""

import math

import numpy as np
import torch
from torch import nn

from vadkit.losses import prediction_loss
from vadkit.maml.checks import check_predictor, check_step_weights, naming_task, require_finite, trainable
from vadkit.maml.inner_loop import Path, inner_loop
from vadkit.maml.rates import as_rates


def meta_step(predictor, episode, outer, inner_lr=0.01, n_inner_steps=3, *, first_order=False, step_weights=None,
              max_norm=None, loss=prediction_loss):  # fmt: skip
    """Lines 3-8 of Algorithm 1 on one episode: moves theta, returns the mean query loss after adaptation (a float).

    episode: list of tasks; outer: an optimizer of all trainable weights, and of the rates where those are learned
    inner_lr: a number or `InnerRates`; first_order: hold the inner gradients constant (FOMAML)
    step_weights: how much the query loss after each inner step counts, the last above 0; None = the last step alone
    max_norm: clip the meta-gradient to this norm; loss: (predictions, targets) -> scalar
    The losses are averaged over tasks, not summed, so that `outer_lr` means the same for any n_way.
    Raises ValueError for input nothing can be learned from, FloatingPointError naming the task when a loss is no number;
    theta has not moved then.
    """
    # fmt: off
    rates = prepare(predictor, episode, outer, inner_lr, n_inner_steps)
    step_weights = check_step_weights(step_weights or [0] * (n_inner_steps - 1) + [1], n_inner_steps)
    final_losses = []
    outer.zero_grad()
    for task in episode:                                                    # line 4: for all T_i
        (x, y), (x_query, y_query) = task.support, task.query
        with inner_loop(predictor, rates, first_order) as (fmodel, diffopt):
            query_loss, path = 0, Path(predictor, rates)
            for step, counts in enumerate(step_weights):                    # lines 5 and 6: theta'_i = theta - alpha gradient
                weights = diffopt.step(loss(fmodel(x), y), override=rates.override(step), grad_callback=path.gradient)
                path.weights.append(weights)
                if counts:
                    final_loss = loss(fmodel(x_query), y_query)             # L_i(theta'_i), on the exam
                    query_loss = query_loss + counts * final_loss
            with naming_task(task):
                final_losses.append(require_finite(final_loss, "The query loss"))
            backward = path.first_order_backward if first_order else torch.Tensor.backward
            backward(query_loss / len(episode))                             # line 8: one term of the sum
    outer_step(outer, max_norm)                                             # line 8: theta <- theta - beta gradient
    return float(np.mean(final_losses))


def prepare(predictor, episode, outer, inner_lr, n_inner_steps):
    """-> `InnerRates`. Raises ValueError for what an outer step cannot learn from."""
    check_predictor(predictor)
    rates = as_rates(inner_lr, predictor)
    if not episode or n_inner_steps < 1:
        raise ValueError(
            f"A meta-step needs a task and an inner step, got {len(episode)} tasks and {n_inner_steps} steps."
        )
    moved = {id(p) for group in outer.param_groups for p in group["params"]}
    if any(id(p) not in moved for p in (*trainable(predictor), *rates.parameters())):
        raise ValueError(
            "The outer optimizer must hold all that is learned: [*predictor.parameters(), *rates.parameters()]."
        )
    return rates


def outer_step(outer, max_norm):
    """Line 8: clip the meta-gradient, refuse one that is no number, move."""
    weights = [p for group in outer.param_groups for p in group["params"]]
    require_finite(nn.utils.clip_grad_norm_(weights, max_norm or math.inf), "The norm of the meta-gradient")
    outer.step()
