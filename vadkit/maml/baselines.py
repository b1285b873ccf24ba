"""TODO."""

import torch

from vadkit.losses import prediction_loss
from vadkit.maml.adapting import adapt
from vadkit.maml.checks import naming_task, require_finite, trainable
from vadkit.maml.meta_step import outer_step, prepare


def reptile_step(predictor, episode, outer, inner_lr=0.01, n_inner_steps=3, *, max_norm=None, loss=prediction_loss):
    """Reptile (Nichol et al. 2018): move theta towards where each task's own training ends. No query set, no second order.

    theta - theta'_i, averaged over tasks, takes the place of the gradient in the outer optimizer. Arguments as in `meta_step`.
    With a single inner step this is joint pre-training under another name.
    """
    rates = prepare(predictor, episode, outer, inner_lr, n_inner_steps)
    outer.zero_grad()
    for task in episode:
        with naming_task(task):
            adapted = adapt(predictor, all_samples(task), rates, n_inner_steps, loss)
        for p, after in zip(trainable(predictor), trainable(adapted)):
            difference = (p.detach() - after.detach()) / len(episode)
            p.grad = difference if p.grad is None else p.grad + difference
    outer_step(outer, max_norm)


def joint_step(predictor, episode, outer, inner_lr=0.01, n_inner_steps=3, *, max_norm=None, loss=prediction_loss):
    """Ordinary pre-training on all tasks at once: good now, whatever happens after adapting. Arguments as in `meta_step`;
    the inner ones are not used."""
    prepare(predictor, episode, outer, inner_lr, n_inner_steps)
    outer.zero_grad()
    for task in episode:
        inputs, targets = all_samples(task)
        task_loss = loss(predictor(inputs), targets)
        with naming_task(task):
            require_finite(task_loss, "The training loss")
        (task_loss / len(episode)).backward()
    outer_step(outer, max_norm)


def all_samples(task):
    return tuple(torch.cat(pair) for pair in zip(task.support, task.query))
