"""The checks of notebook 05 from a whole inner loop to a whole meta-trainer."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from vadcourse.checking import NotYet, Stopped, attempt, exercise, judge, numbers, same
from vadcourse.exercises.maml_networks import (
    Drawn,
    Small,
    Watched,
    draw,
    draw_rate,
    flat,
    handed_out,
    inner_path,
    judge_part,
    loss_at,
    meta_gradient,
)
from vadkit.text import say


@exercise("05", "A whole inner loop")
def check_inner_loop(function: Callable) -> str:
    """Check f(model, task, inner_lr, n_steps): the query losses (n_steps + 1,), with gradients."""
    rounds, answers = [], []
    for one_round in _loops():
        rounds.append(one_round)
        theta, (task,), rate, n_steps = one_round
        seen = Watched(model := Small(theta))
        answer = attempt(function, model, handed_out(task), rate, n_steps, copies=False)
        if isinstance(answer, (list, tuple)) and any(isinstance(part, Tensor) for part in answer):
            raise NotYet("That is a list of losses: make one tensor of it with torch.stack.")
        if seen.moved:
            raise NotYet("theta itself has moved: let fmodel move instead.")
        seen.refuse_traces()
        seen.refuse_gradients()
        answers.append((answer, numbers(answer), seen.weights))
    # First the numbers, then whether a gradient finds its way back through them.
    trials = []
    for (theta, (task,), rate, n_steps), (_, values, _) in zip(rounds, answers):
        right = _losses(theta, *task, rate, n_steps)
        trials.append((values, right, _other_losses(theta, task, rate, n_steps, right)))
    judge(trials)
    gradients = [_differentiated(losses, weights) for losses, _, weights in answers]
    part = say(
        "The losses are right; their gradients by the weights, a row for each loss, are not."
    )
    trials = [(g, *_right_and_cut(*one_round)) for one_round, g in zip(rounds, gradients)]
    judge_part(part, trials, rtol=1e-3)
    return (
        "Line for line what vadkit.meta_step does inside, and every loss knows where it came from."
    )


def _loops():
    """Yield a network, a task, a rate and a number of steps: first three steps, then one."""
    for n_steps in (3, 1):
        yield *draw(1), draw_rate(), n_steps
    yield _up_and_down()


def _up_and_down():
    """Such a round in which the loss rises and falls; dear to find, so it comes last."""
    rng = np.random.default_rng()
    while True:
        theta, tasks = draw(1)
        rate, n_steps = float(rng.uniform(0.4, 1)), int(rng.choice([2, 4, 5]))
        losses = _losses(theta, *tasks[0], rate, n_steps)
        if _rise_and_fall(losses) and losses.max() < 3 * losses.min():  # none explodes
            return theta, tasks, rate, n_steps


def _rise_and_fall(losses):
    """Whether nobody gets them right who sorts them."""
    ratios = np.divide(losses[1:], losses[:-1])
    return min(ratios, default=1) < 0.9 and max(ratios, default=1) > 1.1


def _losses(theta, learn, exam, rate, n_steps):
    return np.array([loss_at(w, exam).item() for w in inner_path(theta, learn, rate, n_steps)])


def _other_losses(theta, task, rate, n_steps, right):
    support, query = task
    return {
        "The loss before the first step is missing: n steps give n + 1 losses.": right[1:],
        "The loss after the last step is missing: n steps give n + 1 losses.": right[:-1],
        "The loss after the last step is missing, and the first is there twice.": [
            right[0],
            *right[:-1],
        ],
        "You took one step too many: n steps give n + 1 losses.": _losses(
            theta, support, query, rate, n_steps + 1
        ),
        "You marked the homework: report the loss on the query.": _losses(
            theta, support, support, rate, n_steps
        ),
        "The model never moved: does the loop call diffopt.step, and does fmodel run "
        "as a whole?": right[:1].repeat(n_steps + 1),
        "It adapted to the exam itself! The inner steps see the support only.": _losses(
            theta, query, query, rate, n_steps
        ),
        "Take the rate inner_lr that is given; yours is always 0.1.": _losses(
            theta, support, query, 0.1, n_steps
        ),
        "That is the last loss alone; return all of them.": right[-1],
        "That is the mean of the losses; return all of them.": right.mean(),
        "They are in reverse: the loss before the first step comes first.": right[::-1],
    }


def _differentiated(losses, weights):
    """The gradient of each loss by theta, (n_steps + 1, P)."""
    if not isinstance(losses, Tensor) or not losses.requires_grad:
        raise NotYet(
            "The numbers are right, but no gradient flows through them: keep tensors, "
            "without .item() or .detach()."
        )

    def rows():
        # Unused weights count as zero: a copied theta is unused altogether.
        options = {"retain_graph": True, "allow_unused": True, "materialize_grads": True}
        return [flat(torch.autograd.grad(loss, weights, **options)) for loss in losses]

    try:
        return numbers(attempt(rows))
    except Stopped:
        raise NotYet(
            "The losses are right, but no gradient can be taken of them: call no backward() "
            "inside, and change no tensor in place."
        ) from None


def _right_and_cut(theta, tasks, rate, n_steps):
    """The gradients (n_steps + 1, P) of all losses, and what is left where a thread was cut."""

    def gradients(**how):
        return np.array(
            [meta_gradient(theta, *tasks[0], rate, n, **how) for n in range(n_steps + 1)]
        )

    right = gradients()
    first, last = np.eye(n_steps + 1)[[0, -1], :, None]
    cut = {
        "The losses are right, but no gradient reaches theta: higher copies it unless told "
        "copy_initial_weights=False.": 0 * right,
        "The losses are right, but a gradient flows through the first alone: "
        "track_higher_grads=False cuts the thread at every step.": first * right,
        "The losses are right, but a gradient flows through the last alone.": last * right,
        "The losses are right, but their gradient is the first-order one: "
        "keep track_higher_grads on.": gradients(first_order=True),
    }
    return right, cut


@exercise("05", "Your own meta-trainer")
def check_meta_trainer(function: Callable) -> str:
    """Check f(theta, sampler, n_steps, inner_lr, outer_lr): mean query losses; theta has moved."""
    rounds, answers = [], []
    for n_steps in (2, 1, 3):
        rounds.append(_training(n_steps))
        theta, sampler, *how = rounds[-1]
        seen = Watched(model := Small(theta))
        # `sampler[i]` is an episode, a list of tasks, and may be asked again.
        episodes = [[handed_out(task) for task in episode] for episode in sampler]
        answer = numbers(attempt(function, model, episodes, *how, copies=False))
        seen.refuse_traces()
        answers.append((flat(seen.weights), answer))
    weights, losses = [], []
    for (theta, sampler, n_steps, *rates), (moved, answer) in zip(rounds, answers):
        right, means = _trained(theta, sampler[:n_steps], *rates)
        fits = same(moved, right, rtol=1e-3, atol=1e-4)
        weights.append((moved, right, {} if fits else _astray(theta, sampler, n_steps, *rates)))
        sizes = [len(episode) for episode in sampler[:n_steps]]
        wrong_losses = {
            "theta is right; the losses you return are sums over tasks, and means are "
            "asked.": np.multiply(means, sizes),
            "theta is right; return the loss of every outer step, not of the last one "
            "alone.": means[-1],
            "theta is right; return the loss of every outer step, not their mean.": np.mean(means),
        }
        losses.append((answer, means, wrong_losses))
    judge_part(say("theta, taken in one row, went astray."), weights, rtol=1e-3)
    judge_part(say("theta is right; the losses you return are not."), losses, rtol=1e-3)
    return "Nine lines of Algorithm 1, and all of them yours."


def _training(n_steps):
    """theta, more episodes than steps, of one to three tasks, n_steps and both rates."""
    rng = np.random.default_rng()
    while True:
        sizes = [*rng.permutation([1, 2, 3]), 2][: n_steps + 1]
        theta, tasks = draw(sum(sizes))
        sampler = [[tasks.pop() for _ in range(size)] for size in sizes]
        rates = draw_rate(), float(rng.uniform(0.02, 0.09))
        if n_steps < 3 or _rise_and_fall(_trained(theta, sampler[:n_steps], *rates)[1]):
            return theta, sampler, n_steps, *rates


@torch.enable_grad()
def _trained(theta, episodes, inner_lr, outer_lr, n_inner=1, first_order=False, memory=0):
    """theta (P,) after an outer step on each episode, and the mean query losses.

    `outer_lr` may differ from episode to episode; `memory` adds so much of the last gradient.
    """
    losses, old = [], [0] * len(theta)
    for episode, rate in zip(episodes, np.broadcast_to(outer_lr, len(episodes))):
        paths = [inner_path(theta, t.support, inner_lr, n_inner, first_order) for t in episode]
        exams = [loss_at(path[-1], task.query) for path, task in zip(paths, episode)]
        loss = torch.stack(exams).mean()
        slopes = torch.autograd.grad(loss, theta)
        old = [g + memory * before for g, before in zip(slopes, old)]
        theta = [(w - rate * g).detach().requires_grad_() for w, g in zip(theta, old)]
        losses.append(loss.item())
    return flat(theta), losses


def _astray(theta, sampler, n_steps, inner_lr, outer_lr):
    """Where theta ends, by the mistake that leads there."""
    episodes = sampler[:n_steps]
    homework = [[Drawn(t.support, t.support) for t in episode] for episode in episodes]
    cheating = [[Drawn(t.query, t.query) for t in episode] for episode in episodes]
    last, one_by_one = [e[-1:] for e in episodes], [[task] for e in episodes for task in e]
    sizes = np.array([len(episode) for episode in episodes])

    def end(episodes, *rates, **how):
        return _trained(theta, episodes, *(rates or (inner_lr, outer_lr)), **how)[0]

    return {
        "theta has not moved: is outer.step() called, and does the gradient reach theta "
        "(copy_initial_weights=False)?": flat(theta),
        "That is first-order MAML: the inner step must stay differentiable.": end(
            episodes, first_order=True
        ),
        "You marked the homework: the outer loss is that of the query.": end(homework),
        "That is pre-training: the query loss is taken after the inner step.": end(
            episodes, n_inner=0
        ),
        "You took two inner steps; one is asked.": end(episodes, n_inner=2),
        "You summed over the tasks; the mean is asked, so that beta means the same for any "
        "number of them.": end(episodes, inner_lr, outer_lr * sizes),
        "The last task alone moved theta; all tasks of an episode do.": end(last),
        "The last task alone moved theta: clear the gradients once for an episode.": end(
            last, inner_lr, outer_lr / sizes
        ),
        "theta moved after every task; it moves once for an episode.": end(
            one_by_one, inner_lr, outer_lr / sizes.repeat(sizes)
        ),
        "Gradients of earlier outer steps lie on top: clear them before each.": end(
            episodes, memory=1
        ),
        "The two rates are exchanged.": end(episodes, outer_lr, inner_lr),
        "Take the rate inner_lr that is given; yours is always 0.1.": end(episodes, 0.1, outer_lr),
        "It is always the same episode: sampler[i], with i the outer step.": end(
            sampler[:1] * n_steps
        ),
        "Outer step i takes sampler[i], counted from 0; yours is one ahead.": end(sampler[1:]),
        "One outer step too few.": end(episodes[:-1]),
        "You went through the whole sampler; n_steps outer steps are asked.": end(sampler),
        "It adapted to the exam itself! The inner step sees the support only.": end(cheating),
    }
