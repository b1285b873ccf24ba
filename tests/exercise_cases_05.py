"""Answers to the exercises of notebook 05, right and wrong, each wrong one with the words it must be given."""

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


def escape(part=None, steps=1, exam="query", backward=True, twice=False, value="after", move=False, **options):
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
            if backward:
                after.backward(retain_graph=twice)
            if twice:
                after.backward()
        if move:
            torch.optim.SGD(model.parameters(), lr=0.1).step()
        return (before if value == "before" else after).item()

    return answer


def without_higher(model, task, inner_lr):
    weights = dict(model.named_parameters())
    run = lambda weights, x: torch.func.functional_call(model, weights, (x,))  # noqa: E731
    (x, y), (x_query, y_query) = task.support, task.query
    gradients = torch.autograd.grad(loss(run(weights, x), y), list(weights.values()), create_graph=True)
    adapted = {name: w - inner_lr * g for (name, w), g in zip(weights.items(), gradients)}
    query_loss = loss(run(adapted, x_query), y_query)
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
        return list(adapted.parameters()) if give == "weights" else [p.grad for p in adapted.parameters()]

    return answer


def first_order_with_grad(model, task, inner_lr):
    adapted = copy.deepcopy(model)
    gradients = torch.autograd.grad(loss(adapted(task.support[0]), task.support[1]), list(adapted.parameters()))
    with torch.no_grad():
        for p, g in zip(adapted.parameters(), gradients):
            p -= inner_lr * g
    return torch.autograd.grad(loss(adapted(task.query[0]), task.query[1]), list(adapted.parameters()))


def full_order(model, task, inner_lr):
    mine = copy.deepcopy(model)
    without_higher(mine, task, inner_lr)
    return [p.grad for p in mine.parameters()]


def loop(exam="query", learn="support", keep=slice(None), numbers=False, stack=True, part=None, last=False, **options):
    """An answer to `check_inner_loop`; without arguments it is right."""
    options = {"copy_initial_weights": False} | options

    def answer(model, task, inner_lr, n_steps):
        (x, y), (x_query, y_query) = getattr(task, learn), getattr(task, exam)
        sgd = torch.optim.SGD(model.parameters(), lr=inner_lr)
        with higher.innerloop_ctx(model, sgd, **options) as (fmodel, diffopt):
            run = (lambda x: fmodel.head(fmodel.encoder(x))) if part else fmodel
            found = [loss(run(x_query), y_query)]
            for _ in range(n_steps):
                diffopt.step(loss(run(x), y))
                found.append(loss(run(x_query), y_query))
        if last:
            return found[-1]
        found = [f.item() for f in found] if numbers else found
        return torch.stack(found[keep]) if stack and not numbers else found[keep]

    return answer


def loop_without_higher(model, task, inner_lr, n_steps):
    weights = dict(model.named_parameters())
    run = lambda weights, x: torch.func.functional_call(model, weights, (x,))  # noqa: E731
    found = [loss(run(weights, task.query[0]), task.query[1])]
    for _ in range(n_steps):
        on_support = loss(run(weights, task.support[0]), task.support[1])
        gradients = torch.autograd.grad(on_support, list(weights.values()), create_graph=True)
        weights = {name: w - inner_lr * g for (name, w), g in zip(weights.items(), gradients)}
        found.append(loss(run(weights, task.query[0]), task.query[1]))
    return torch.stack(found)


def loop_that_moves_theta(model, task, inner_lr, n_steps):
    losses = loop()(model, task, inner_lr, n_steps)
    with torch.no_grad():
        next(model.parameters()).add_(1)
    return losses


RIGHT = {
    "check_inner_step": [step, lambda w, x, y, alpha: [w - alpha * slope(w, x, y)]],
    "check_meta_gradient": [
        lambda w, x, y, xq, yq, a: (1 - a * 2 * x**2) * slope(step(w, x, y, a), xq, yq),
        by_autograd,
    ],
    "check_trap": [escape(), without_higher],
    "check_first_order": [first_order(), first_order_with_grad],
    "check_inner_loop": [loop(), loop_without_higher],
}
WRONG = {
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
        (lambda w, x, y, xq, yq, a: slope(step(w, x, y, a), xq, yq), "first-order"),
        (lambda w, x, y, xq, yq, a: slope(w, xq, yq), "pre-training follows"),
        (lambda w, x, y, xq, yq, a: (1 - a * 2 * x**2) * slope(step(w, x, y, a), x, y), "homework"),
        (lambda w, x, y, xq, yq, a: (1 - a * 2 * xq**2) * slope(step(w, x, y, a), xq, yq), "not x_query"),
        (lambda w, x, y, xq, yq, a: (1 - a * x**2) * slope(step(w, x, y, a), xq, yq), "2 is missing"),
        (lambda w, x, y, xq, yq, a: -by_autograd(w, x, y, xq, yq, a), "sign"),
        (lambda w, x, y, xq, yq, a: (1 - a * 2) * slope(step(w, x, y, a), xq, yq), "x is not 1"),
        (lambda w, x, y, xq, yq, a: (step(w, x, y, a) * xq - yq) ** 2, "its derivative"),
        (lambda *a: a[0] - a[-1] * by_autograd(*a), "outer step"),
    ],
    "check_trap": [
        (escape(copy_initial_weights=True), "p.grad is still None"),
        (escape(backward=False), "p.grad is still None"),
        (escape(track_higher_grads=False), "p.grad is still None"),
        (escape(part="head"), "ignored"),
        (escape(exam="support"), "homework"),
        (escape(steps=2), "two inner steps"),
        (escape(twice=True), "once"),
        (escape(value="before"), "before the step"),
        (escape(move=True), "theta itself"),
        (lambda model, task, lr: without_higher(copy.deepcopy(model), task, lr), "p.grad is still None"),
    ],
    "check_first_order": [
        (full_order, "full meta-gradient"),
        (first_order(taken_at="theta"), "gradient at theta"),
        (first_order(exam="support"), "homework"),
        (first_order(clear=False), "clear the gradients"),
        (first_order(on=lambda model: model), "copy.deepcopy"),
        (first_order(give="weights"), "adapted weights"),
        (lambda *a: first_order()(*a)[0], "list of"),
        (lambda model, *a: (first_order()(model, *a), [p.grad for p in model.parameters()])[1], "There is None"),
        (lambda *a: [g.T for g in first_order()(*a)][:2], "list of"),
    ],
    "check_inner_loop": [
        (loop(keep=slice(1, None)), "before the first step"),
        (loop(keep=slice(None, -1)), "after the last step"),
        (loop(exam="support"), "homework"),
        (loop(learn="query"), "exam itself"),
        (loop(part="head"), "never moved"),
        (loop(numbers=True), "without .item()"),
        (loop(last=True), "all of them"),
        (loop(stack=False), "torch.stack"),
        (loop(copy_initial_weights=True), "no gradient reaches theta"),
        (loop(track_higher_grads=False), "no gradient"),
        (loop_that_moves_theta, "theta itself has moved"),
    ],
}
