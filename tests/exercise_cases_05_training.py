"""Answers to the last exercises of notebook 05: right, and wrong with the words they must get."""

import higher
import torch
from exercise_cases_05 import first_order, freeze_head, loss, loss_with, one_step


def loop(
    exam="query",
    learn="support",
    keep=slice(None),
    give=torch.stack,
    part=None,
    rate=None,
    extra=0,
    **options,
):
    """An answer to `check_inner_loop`; without arguments it is right."""
    options = {"copy_initial_weights": False} | options

    def answer(model, task, inner_lr, n_steps):
        (x, y), (x_query, y_query) = getattr(task, learn), getattr(task, exam)
        sgd = torch.optim.SGD(model.parameters(), lr=rate or inner_lr)
        with higher.innerloop_ctx(model, sgd, **options) as (fmodel, diffopt):
            run = (lambda x: fmodel.head(fmodel.encoder(x))) if part else fmodel
            losses = [loss(run(x_query), y_query)]
            for _ in range(n_steps + extra):
                diffopt.step(loss(run(x), y))
                losses.append(loss(run(x_query), y_query))
        return give(losses[keep])

    return answer


def as_numbers(losses):
    return [value.item() for value in losses]


def last_alone(losses):
    return losses[-1]


def loop_without_higher(model, task, inner_lr, n_steps):
    weights = dict(model.named_parameters())
    losses = [loss_with(model, weights, task.query)]
    for _ in range(n_steps):
        weights = one_step(model, weights, task, inner_lr)
        losses.append(loss_with(model, weights, task.query))
    return torch.stack(losses)


def loop_and(then):
    """A right tensor of losses, and something done to it or to the model."""

    def answer(model, *a):
        losses = loop()(model, *a)
        changed = then(model, losses)
        return losses if changed is None else changed

    return answer


def move(model, losses):
    with torch.no_grad():
        next(model.parameters()).add_(1)


def use_up(model, losses):
    torch.autograd.grad(losses.sum(), list(model.parameters()))


def mostly_cut(model, losses):
    return torch.cat([losses[:-1].detach(), losses[-1:]])


def trainer(
    exam="query",
    learn="support",
    divide=True,
    tasks=slice(None),
    pick=lambda i: i,
    give=as_numbers,
    inner_lr=None,
    n_inner=1,
    clear="episode",
    step="episode",
    optimizer=torch.optim.SGD,
    **options,
):
    """An answer to `check_meta_trainer`; without arguments it is right."""
    options = {"copy_initial_weights": False} | options

    def answer(theta, sampler, n_steps, given_lr, outer_lr):
        inner = torch.optim.SGD(theta.parameters(), lr=inner_lr or given_lr)
        outer, losses = optimizer(theta.parameters(), lr=outer_lr), []
        for i in range(n_steps):
            if clear == "episode":
                outer.zero_grad()
            losses.append([])
            episode = sampler[pick(i)][tasks]
            for task in episode:
                if clear == "task":
                    outer.zero_grad()
                with higher.innerloop_ctx(theta, inner, **options) as (fmodel, diffopt):
                    x, y = getattr(task, learn)
                    for _ in range(n_inner):
                        diffopt.step(loss(fmodel(x), y))
                    x, y = getattr(task, exam)
                    losses[-1].append(loss(fmodel(x), y))
                    (losses[-1][-1] / (len(episode) if divide else 1)).backward()
                if step == "task":
                    outer.step()
                    outer.zero_grad()
            if step == "episode":
                outer.step()
        return give([torch.stack(parts).mean() for parts in losses])

    return answer


def with_arguments(change):
    """The right trainer, with its arguments mixed up."""
    return lambda *a: trainer()(*change(*a))


def trainer_and(then):
    """The right trainer, and something done to theta or to the losses."""

    def answer(theta, *a):
        losses = trainer()(theta, *a)
        changed = then(theta, losses)
        return losses if changed is None else changed

    return answer


def trainer_without_higher(theta, sampler, n_steps, inner_lr, outer_lr):
    losses = []
    for i in range(n_steps):
        weights = dict(theta.named_parameters())
        adapted = [one_step(theta, weights, task, inner_lr) for task in sampler[i]]
        query = [loss_with(theta, w, task.query) for w, task in zip(adapted, sampler[i])]
        mean = torch.stack(query).mean()
        gradients = torch.autograd.grad(mean, list(weights.values()))
        with torch.no_grad():
            for p, g in zip(theta.parameters(), gradients):
                p -= outer_lr * g
        losses.append(mean.item())
    return torch.tensor(losses)


def pre_trainer(theta, sampler, n_steps, inner_lr, outer_lr):
    outer, losses = torch.optim.SGD(theta.parameters(), lr=outer_lr), []
    for i in range(n_steps):
        outer.zero_grad()
        query = torch.stack([loss(theta(t.query[0]), t.query[1]) for t in sampler[i]]).mean()
        query.backward()
        outer.step()
        losses.append(query.item())
    return losses


def first_order_trainer(theta, sampler, n_steps, inner_lr, outer_lr):
    outer = torch.optim.SGD(theta.parameters(), lr=outer_lr)
    for episode in sampler[:n_steps]:
        gradients = [first_order()(theta, task, inner_lr) for task in episode]
        for p, parts in zip(theta.parameters(), zip(*gradients)):
            p.grad = torch.stack(parts).mean(0)
        outer.step()
    return [0.0] * n_steps


def sums_of_losses(theta, sampler, *how):
    means = trainer()(theta, sampler, *how)
    return [mean * len(episode) for mean, episode in zip(means, sampler)]


RIGHT = {
    "check_inner_loop": [
        loop(),
        loop_without_higher,
        loop(give=lambda losses: torch.cat([value[None].double() for value in losses])),
    ],
    "check_meta_trainer": [
        trainer(),
        trainer_without_higher,
        trainer(give=list),
        trainer(give=tuple),
        trainer(give=lambda losses: torch.stack(losses).detach().double().numpy()),
    ],
}
WRONG = {
    "check_inner_loop": [
        (loop(keep=slice(1, None)), "before the first step"),
        (loop(keep=slice(None, -1)), "after the last step"),
        (loop(exam="support"), "homework"),
        (loop(learn="query"), "exam itself"),
        (loop(part="head"), "never moved"),
        (loop(rate=0.1), "always 0.1"),
        (loop(extra=1), "one step too many"),
        (loop(give=as_numbers), "without .item()"),
        (loop(give=lambda losses: torch.stack(losses).detach()), "without .item()"),
        (loop(give=last_alone), "all of them"),
        (loop(give=lambda losses: torch.stack(losses).mean()), "the mean"),
        (loop(give=lambda losses: torch.stack(losses[::-1])), "in reverse"),
        (loop(give=lambda losses: torch.stack(losses)[:, None]), "The shape is"),
        (loop(give=lambda losses: torch.stack(losses).clamp(max=1)), "should be"),
        (loop(give=list), "torch.stack"),
        (loop(copy_initial_weights=True), "no gradient reaches theta"),
        (loop(track_higher_grads=False), "through the first alone"),
        (loop_and(lambda model, losses: losses.cummin(0).values), "should be"),
        (loop_and(lambda model, losses: 2 * losses - losses.detach()), "a row for each loss"),
        (loop_and(mostly_cut), "through the last alone"),
        (loop_and(use_up), "call no backward()"),
        (loop_and(move), "theta itself has moved"),
        (loop_and(lambda model, losses: losses.sum().backward()), "p.grad of the model"),
        (loop_and(lambda model, losses: freeze_head(model)), "frozen"),
        (loop_and(lambda model, losses: model.eval() and None), "eval mode"),
    ],
    "check_meta_trainer": [
        (trainer(copy_initial_weights=True), "theta has not moved"),
        (first_order_trainer, "first-order"),
        (trainer(exam="support"), "homework"),
        (pre_trainer, "pre-training"),
        (trainer(divide=False), "summed over the tasks"),
        (trainer(tasks=slice(-1, None)), "all tasks of an episode"),
        (trainer(clear="task"), "once for an episode"),
        (trainer(clear="never"), "lie on top"),
        (trainer(step="task"), "after every task"),
        (trainer(pick=lambda i: 0), "same episode"),
        (trainer(pick=lambda i: i + 1), "one ahead"),
        (trainer(n_inner=2), "two inner steps"),
        (trainer(inner_lr=0.1), "always 0.1"),
        (trainer(optimizer=torch.optim.Adam), "went astray"),
        (with_arguments(lambda theta, s, n, a, b: (theta, s, n - 1, a, b)), "too few"),
        (with_arguments(lambda theta, s, n, a, b: (theta, s, len(s), a, b)), "whole sampler"),
        (with_arguments(lambda theta, s, n, a, b: (theta, s, n, b, a)), "exchanged"),
        (trainer(learn="query"), "exam itself"),
        (sums_of_losses, "sums over tasks"),
        (trainer(give=lambda losses: losses[-1]), "not of the last one"),
        (trainer(give=lambda losses: torch.stack(losses).mean()), "not their mean"),
        (trainer(give=lambda losses: sorted(losses)), "the losses you return"),
        (trainer_and(lambda theta, losses: freeze_head(theta)), "frozen"),
        (trainer_and(lambda theta, losses: theta.eval() and None), "eval mode"),
        (trainer_and(lambda theta, losses: [f"{value}" for value in losses]), "str"),
    ],
}
