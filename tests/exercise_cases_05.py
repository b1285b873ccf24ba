"""Answers to the exercises of notebook 05: right, and wrong with the words they must be given."""

import copy

import higher
import torch


def loss(prediction, target):
    return ((prediction - target) ** 2).mean()


def step(w, x, y, alpha):
    return w - alpha * 2 * x * (w * x - y)


def slope(w, x, y):
    return 2 * x * (w * x - y)


def by_autograd(w, x, y, x_query, y_query, alpha):
    w = torch.tensor(w, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad((w * x - y) ** 2, w, create_graph=True)
    return torch.autograd.grad(((w - alpha * gradient) * x_query - y_query) ** 2, w)[0]


def full_hessian(x, x_query):
    return 2 * x**2


def chain_rule(hessian=full_hessian, exam="query"):
    """An answer to `check_meta_gradient`; without arguments it is right."""

    def answer(w, x, y, x_query, y_query, alpha):
        sample = (x_query, y_query) if exam == "query" else (x, y)
        return (1 - alpha * hessian(x, x_query)) * slope(step(w, x, y, alpha), *sample)

    return answer


def escape(
    part=None,
    steps=1,
    exam="query",
    n_backward=1,
    value="after",
    move=False,
    **options,
):
    """An answer to `check_trap`; without arguments it is right."""
    options = {"copy_initial_weights": False} | options

    def answer(model, task, inner_lr):
        (x, y), (x_query, y_query) = task.support, getattr(task, exam)
        sgd = torch.optim.SGD(model.parameters(), lr=inner_lr)
        with higher.innerloop_ctx(model, sgd, **options) as (fmodel, diffopt):
            run = (lambda x: fmodel.head(fmodel.encoder(x))) if part else fmodel
            before = loss(run(x_query), y_query)
            for _ in range(steps):
                diffopt.step(loss(run(x), y))
            after = loss(run(x_query), y_query)
            for _ in range(n_backward):
                after.backward(retain_graph=True)
        if move:
            torch.optim.SGD(model.parameters(), lr=0.1).step()
        return (before if value == "before" else after).item()

    return answer


def loss_with(model, weights, samples):
    x, y = samples
    return loss(torch.func.functional_call(model, weights, (x,)), y)


def one_step(model, weights, task, inner_lr):
    on_support = loss_with(model, weights, task.support)
    gradients = torch.autograd.grad(on_support, list(weights.values()), create_graph=True)
    return {name: w - inner_lr * g for (name, w), g in zip(weights.items(), gradients)}


def without_higher(model, task, inner_lr):
    weights = one_step(model, dict(model.named_parameters()), task, inner_lr)
    query_loss = loss_with(model, weights, task.query)
    query_loss.backward()
    return query_loss


def first_order(exam="query", taken_at="theta'", clear=True, on=copy.deepcopy, give="gradients"):
    """An answer to `check_first_order`; without arguments it is right."""

    def answer(model, task, inner_lr):
        adapted = on(model)
        optimizer = torch.optim.SGD(adapted.parameters(), lr=inner_lr)
        loss(adapted(task.support[0]), task.support[1]).backward()
        if taken_at == "theta'":
            optimizer.step()
        if clear:
            optimizer.zero_grad()
        x, y = getattr(task, exam)
        loss(adapted(x), y).backward()
        if give == "weights":
            return list(adapted.parameters())
        return [p.grad for p in adapted.parameters()]

    return answer


def first_order_with_grad(model, task, inner_lr):
    adapted = copy.deepcopy(model)
    weights, (x, y), (x_query, y_query) = list(adapted.parameters()), task.support, task.query
    gradients = torch.autograd.grad(loss(adapted(x), y), weights)
    with torch.no_grad():
        for p, g in zip(weights, gradients):
            p -= inner_lr * g
    return torch.autograd.grad(loss(adapted(x_query), y_query), weights)


def full_order(model, task, inner_lr):
    copied = copy.deepcopy(model)
    without_higher(copied, task, inner_lr)
    return [p.grad for p in copied.parameters()]


def gradients_of_the_model(model, task, inner_lr):
    first_order()(model, task, inner_lr)
    return [p.grad for p in model.parameters()]


def loop(
    exam="query",
    learn="support",
    keep=slice(None),
    give=torch.stack,
    part=None,
    **options,
):
    """An answer to `check_inner_loop`; without arguments it is right."""
    options = {"copy_initial_weights": False} | options

    def answer(model, task, inner_lr, n_steps):
        (x, y), (x_query, y_query) = getattr(task, learn), getattr(task, exam)
        sgd = torch.optim.SGD(model.parameters(), lr=inner_lr)
        with higher.innerloop_ctx(model, sgd, **options) as (fmodel, diffopt):
            run = (lambda x: fmodel.head(fmodel.encoder(x))) if part else fmodel
            losses = [loss(run(x_query), y_query)]
            for _ in range(n_steps):
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


def loop_that_moves_theta(model, task, inner_lr, n_steps):
    losses = loop()(model, task, inner_lr, n_steps)
    with torch.no_grad():
        next(model.parameters()).add_(1)
    return losses


def trainer(
    exam="query", learn="support", divide=True, tasks=slice(None), pick=None, give=None, **options
):
    """An answer to `check_meta_trainer`; without arguments it is right."""
    options = {"copy_initial_weights": False} | options

    def answer(theta, sampler, n_steps, inner_lr, outer_lr):
        inner = torch.optim.SGD(theta.parameters(), lr=inner_lr)
        outer, losses = torch.optim.SGD(theta.parameters(), lr=outer_lr), []
        for i in range(n_steps):
            outer.zero_grad()
            episode = sampler[i if pick is None else pick][tasks]
            total = 0.0
            for task in episode:
                with higher.innerloop_ctx(theta, inner, **options) as (fmodel, diffopt):
                    x, y = getattr(task, learn)
                    diffopt.step(loss(fmodel(x), y))
                    x, y = getattr(task, exam)
                    query_loss = loss(fmodel(x), y)
                    (query_loss / len(episode) if divide else query_loss).backward()
                total += query_loss.item() / (1 if give == "sum" else len(episode))
            outer.step()
            losses.append(total)
        return losses[-1] if give == "last" else losses

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
    for i in range(n_steps):
        outer.zero_grad()
        for task in sampler[i]:
            gradients = first_order()(theta, task, inner_lr)
            for p, g in zip(theta.parameters(), gradients):
                p.grad = g / 2 if p.grad is None else p.grad + g / 2
        outer.step()
    return [0.0] * n_steps


RIGHT = {
    "check_meta_trainer": [trainer(), trainer_without_higher],
    "check_inner_step": [step, lambda w, x, y, alpha: [w - alpha * slope(w, x, y)]],
    "check_meta_gradient": [chain_rule(), by_autograd],
    "check_trap": [escape(), without_higher],
    "check_first_order": [first_order(), first_order_with_grad],
    "check_inner_loop": [loop(), loop_without_higher],
}
WRONG = {
    "check_meta_trainer": [
        (trainer(copy_initial_weights=True), "theta has not moved"),
        (first_order_trainer, "first-order"),
        (trainer(exam="support"), "homework"),
        (pre_trainer, "pre-training"),
        (trainer(divide=False), "summed over the tasks"),
        (trainer(tasks=slice(-1, None)), "last task alone"),
        (trainer(pick=0), "same episode"),
        (lambda *a: trainer()(*a[:2], a[2] - 1, *a[3:]), "too few"),
        (trainer(learn="query"), "exam itself"),
        (trainer(give="sum"), "sums over tasks"),
        (trainer(give="last"), "not of the last one"),
    ],
    "check_inner_step": [
        (lambda w, x, y, a: w + a * slope(w, x, y), "climbs"),
        (lambda w, x, y, a: w - a * slope(w, x, y) / 2, "a 2 in front"),
        (lambda w, x, y, a: w - a * 2 * (w * x - y), "inner derivative"),
        (lambda w, x, y, a: slope(w, x, y), "That is the gradient"),
        (lambda w, x, y, a: w - slope(w, x, y), "alpha is missing"),
        (lambda w, x, y, a: (w, x), "one number"),
        (lambda w, x, y, a: -a * slope(w, x, y), "change alone"),
    ],
    "check_meta_gradient": [
        (chain_rule(hessian=lambda x, x_query: 0), "first-order"),
        (lambda w, x, y, xq, yq, a: slope(w, xq, yq), "pre-training follows"),
        (chain_rule(exam="support"), "homework"),
        (chain_rule(hessian=lambda x, x_query: 2 * x_query**2), "not x_query"),
        (chain_rule(hessian=lambda x, x_query: x**2), "2 is missing"),
        (lambda *a: -by_autograd(*a), "sign"),
        (chain_rule(hessian=lambda x, x_query: 2), "x is not 1"),
        (lambda w, x, y, xq, yq, a: (step(w, x, y, a) * xq - yq) ** 2, "its derivative"),
        (lambda *a: a[0] - a[-1] * by_autograd(*a), "outer step"),
    ],
    "check_trap": [
        (escape(copy_initial_weights=True), "p.grad is still None"),
        (escape(n_backward=0), "p.grad is still None"),
        (escape(track_higher_grads=False), "p.grad is still None"),
        (escape(part="head"), "ignored"),
        (escape(exam="support"), "homework"),
        (escape(steps=2), "two inner steps"),
        (escape(n_backward=2), "once"),
        (escape(value="before"), "before the step"),
        (escape(move=True), "theta itself"),
        (lambda model, *a: without_higher(copy.deepcopy(model), *a), "p.grad is still None"),
    ],
    "check_first_order": [
        (full_order, "full meta-gradient"),
        (first_order(taken_at="theta"), "gradient at theta"),
        (first_order(exam="support"), "homework"),
        (first_order(clear=False), "clear the gradients"),
        (first_order(on=lambda model: model), "copy.deepcopy"),
        (first_order(give="weights"), "adapted weights"),
        (lambda *a: first_order()(*a)[0], "list of"),
        (gradients_of_the_model, "There is None"),
        (lambda *a: [g.T for g in first_order()(*a)][:2], "list of"),
    ],
    "check_inner_loop": [
        (loop(keep=slice(1, None)), "before the first step"),
        (loop(keep=slice(None, -1)), "after the last step"),
        (loop(exam="support"), "homework"),
        (loop(learn="query"), "exam itself"),
        (loop(part="head"), "never moved"),
        (loop(give=as_numbers), "without .item()"),
        (loop(give=last_alone), "all of them"),
        (loop(give=list), "torch.stack"),
        (loop(copy_initial_weights=True), "no gradient reaches theta"),
        (loop(track_higher_grads=False), "no gradient"),
        (loop_that_moves_theta, "theta itself has moved"),
    ],
}
