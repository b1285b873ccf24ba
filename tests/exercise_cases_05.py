"""Answers to the first exercises of notebook 05: right, and wrong with the words they must get."""

import copy

import higher
import numpy as np
import torch
from torch.nn.utils import clip_grad_norm_


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


def by_differences(w, x, y, x_query, y_query, alpha):
    after = [(step(w + h, x, y, alpha) * x_query - y_query) ** 2 for h in (1e-4, -1e-4)]
    return np.array([after[0] - after[1]]) / 2e-4


def escape(
    part=None,
    steps=1,
    learn="support",
    exam="query",
    n_backward=1,
    value="after",
    rate=None,
    after=None,
    **options,
):
    """An answer to `check_trap`; without arguments it is right."""
    options = {"copy_initial_weights": False} | options

    def answer(model, task, inner_lr):
        (x, y), (x_query, y_query) = getattr(task, learn), getattr(task, exam)
        sgd = torch.optim.SGD(model.parameters(), lr=rate or inner_lr)
        with higher.innerloop_ctx(model, sgd, **options) as (fmodel, diffopt):
            run = (lambda x: fmodel.head(fmodel.encoder(x))) if part else fmodel
            values = {"before": loss(run(x_query), y_query)}
            for _ in range(steps):
                diffopt.step(loss(run(x), y))
            values["after"] = loss(run(x_query), y_query)
            values["support"] = loss(run(x), y)
            for _ in range(n_backward):
                values["after"].backward(retain_graph=True)
        if after:
            after(model)
        return values[value].item() if value in values else value

    return answer


def take_outer_step(model):
    torch.optim.SGD(model.parameters(), lr=0.1).step()


def replace_head(model):
    model.head = copy.deepcopy(model.head)


def freeze_head(model):
    model.head.requires_grad_(False)


def clear_bias(model):
    model.head.bias.grad = None


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


def by_assignment(model, task, inner_lr):
    twin = copy.deepcopy(model).double()
    samples = [tuple(part.double() for part in pair) for pair in (task.support, task.query)]
    query_loss = without_higher(twin, type(task)("in double", *samples), inner_lr)
    for p, other in zip(model.parameters(), twin.parameters()):
        p.grad = other.grad.float()
    return np.float32(query_loss.item())


def with_support_on_top(model, task, inner_lr):
    loss(model(task.support[0]), task.support[1]).backward()
    return without_higher(model, task, inner_lr)


def first_order(
    exam="query", taken_at="theta'", clear=True, on=copy.deepcopy, give="gradients", rate=None
):
    """An answer to `check_first_order`; without arguments it is right."""

    def answer(model, task, inner_lr):
        adapted = on(model)
        optimizer = torch.optim.SGD(adapted.parameters(), lr=rate or inner_lr)
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


def in_another_form(form):
    return lambda *a: form(first_order()(*a))


def as_dict(gradients):
    names = ["encoder.0.weight", "encoder.0.bias", "head.weight", "head.bias"]
    return dict(reversed(list(zip(names, gradients))))


def spoiling(spoil):
    """A right list of gradients, and a model that is not as it was."""

    def answer(model, task, inner_lr):
        gradients = first_order()(model, task, inner_lr)
        spoil(model)
        return gradients

    return answer


def leave_gradients(model):
    for p in model.parameters():
        p.grad = torch.zeros_like(p)


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


RIGHT = {
    "check_inner_step": [
        step,
        lambda w, x, y, alpha: [w - alpha * slope(w, x, y)],
        lambda *a: np.float32(step(*a)),
        lambda *a: torch.tensor([[step(*a)]], requires_grad=True),
    ],
    "check_meta_gradient": [
        chain_rule(),
        by_autograd,
        by_differences,
        lambda *a: torch.tensor(chain_rule()(*a)),
    ],
    "check_trap": [escape(), without_higher, by_assignment],
    "check_first_order": [
        first_order(),
        first_order_with_grad,
        in_another_form(tuple),
        in_another_form(as_dict),
        in_another_form(lambda gradients: [g.double().numpy() for g in gradients]),
        in_another_form(lambda gradients: [g.tolist() for g in gradients]),
    ],
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
        (lambda w, x, y, a: w - 0.1 * slope(w, x, y), "always 0.1"),
        (lambda w, x, y, a: x * step(w, x, y, a), "prediction"),
        (lambda *a: abs(step(*a)), "is right"),
        (lambda *a: max(step(*a), 0), "is right"),
        (lambda w, x, y, a: step(w, x, y, min(a, 1)), "is right"),
        (lambda w, x, y, a: w - a * slope(w, x, y) ** 2 / (w * x - y), "ZeroDivisionError"),
        (lambda *a: f"{step(*a)}", "str"),
        (lambda *a: round(step(*a), 2), "is right"),
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
        (lambda *a: by_autograd(*a) / 2, "a 2 in front"),
        (lambda *a: by_autograd(*a[:-1], 0.1), "always 0.1"),
        (lambda *a: abs(by_autograd(*a)), "is right"),
        (lambda w, x, y, xq, yq, a: by_autograd(w, x, y, xq, yq, min(a, 0.5)), "is right"),
        (chain_rule(hessian=lambda x, x_query: 2 * x), "is right"),
        (chain_rule(hessian=lambda x, x_query: -2 * x**2), "with a minus"),
        (lambda *a: by_autograd(*a[:-1], -a[-1]), "climbs"),
        (lambda *a: f"{by_autograd(*a)}", "str"),
    ],
    "check_trap": [
        (escape(copy_initial_weights=True), "Every p.grad is None"),
        (escape(n_backward=0), "Every p.grad is None"),
        (escape(track_higher_grads=False), "Every p.grad is None"),
        (escape(part="head"), "ignored"),
        (escape(exam="support"), "homework"),
        (escape(learn="query"), "exam itself"),
        (escape(steps=2), "two inner steps"),
        (escape(n_backward=2), "once"),
        (escape(rate=0.1), "always 0.1"),
        (with_support_on_top, "lies on top"),
        (escape(value="before"), "before the step"),
        (escape(value="support"), "on the support"),
        (escape(value="0.5"), "str"),
        (escape(after=take_outer_step), "theta itself"),
        (escape(after=replace_head), "theta itself"),
        (escape(after=torch.nn.Module.eval), "eval mode"),
        (escape(after=freeze_head), "frozen"),
        (escape(after=torch.nn.Module.double), "another dtype"),
        (escape(after=lambda model: clip_grad_norm_(model.parameters(), 0.1)), "in one row"),
        (escape(after=torch.nn.Module.zero_grad), "Every p.grad is None"),
        (escape(after=lambda model: model.zero_grad(set_to_none=False)), "all zeros"),
        (escape(after=clear_bias), "head.bias got no gradient"),
        (lambda model, *a: without_higher(copy.deepcopy(model), *a), "Every p.grad is None"),
    ],
    "check_first_order": [
        (full_order, "full meta-gradient"),
        (first_order(taken_at="theta"), "gradient at theta"),
        (first_order(exam="support"), "homework"),
        (first_order(clear=False), "clear the gradients"),
        (first_order(on=lambda model: model), "copy.deepcopy"),
        (first_order(give="weights"), "adapted weights"),
        (first_order(rate=0.1), "always 0.1"),
        (lambda *a: first_order()(*a)[0], "list of"),
        (in_another_form(lambda gradients: torch.cat([g.flatten() for g in gradients])), "list of"),
        (in_another_form(lambda gradients: [-g for g in gradients]), "sign is wrong"),
        (in_another_form(lambda gradients: [0 * g for g in gradients]), "all zeros"),
        (in_another_form(lambda gradients: [g.abs() for g in gradients]), "should be"),
        (in_another_form(lambda gradients: ["boar"] * 4), "list of"),
        (gradients_of_the_model, "There is None"),
        (lambda *a: [g.T for g in first_order()(*a)][:2], "list of"),
        (spoiling(leave_gradients), "p.grad of the model"),
        (spoiling(torch.nn.Module.eval), "eval mode"),
        (spoiling(freeze_head), "frozen"),
        (spoiling(replace_head), "copy.deepcopy"),
    ],
}
