"""The checks of notebook 05: from one inner step by hand to a whole meta-trainer."""

import copy
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from vadcourse.checking import NotYet, attempt, compare, exercise, number, refuse, same
from vadkit.episodes import Task

INNER_LR = 0.1


def _line():
    """w, x, y, x_query, y_query: of either sign, none so small that two answers look alike."""
    rng = np.random.default_rng()
    return (rng.uniform(0.5, 2, 5) * rng.choice([-1, 1], 5)).tolist()


@exercise("05", "The inner step")
def check_inner_step(function: Callable) -> str:
    """Check f(w, x, y, alpha): w' after one step on the loss (w x - y)^2, all numbers."""
    w, x, y, _, _ = _line()
    alpha = INNER_LR
    gradient = 2 * x * (w * x - y)
    adapted = w - alpha * gradient
    mistakes = {
        "That climbs: subtract the gradient.": w + alpha * gradient,
        "The derivative of a square has a 2 in front.": w - alpha * gradient / 2,
        "The inner derivative is missing: w x changes with w by x.": w - alpha * gradient / x,
        "That is the gradient; w' is w minus alpha times it.": gradient,
        "The rate alpha is missing.": w - gradient,
        "That is the change alone: w' is w plus it.": -alpha * gradient,
    }
    compare(number(attempt(function, w, x, y, alpha)), adapted, mistakes)
    return "That is theta', lines 5 and 6 of Algorithm 1."


@exercise("05", "The meta-gradient")
def check_meta_gradient(function: Callable) -> str:
    """Check f(w, x, y, x_query, y_query, alpha): the derivative by w of the query loss at w'."""
    w, x, y, x_query, y_query = _line()
    alpha = INNER_LR
    adapted = w - alpha * 2 * x * (w * x - y)
    # By hand, with H = 2 x^2, the second derivative of the support loss.
    error = adapted * x_query - y_query
    first_order = 2 * x_query * error
    full = (1 - alpha * 2 * x**2) * first_order
    pre_training = 2 * x_query * (w * x_query - y_query)
    homework = (1 - alpha * 2 * x**2) * 2 * x * (adapted * x - y)
    wrong_x = (1 - alpha * 2 * x_query**2) * first_order
    mistakes = {
        "That is the first-order arrow: w' moves along with w, by 1 - alpha H.": first_order,
        "That is the gradient at w, which pre-training follows: "
        "the query loss is taken at w'.": pre_training,
        "You marked the homework: the last derivative is taken on the query.": homework,
        "H is the second derivative of the support loss, so it takes x, not x_query.": wrong_x,
        "H is 2 x squared: the 2 is missing.": (1 - alpha * x**2) * first_order,
        "The factor 1 - alpha H is right but the sign is not.": -full,
        "H is 2 x squared, and x is not 1 here.": (1 - alpha * 2) * first_order,
        "That is the query loss after the step; its derivative is asked.": error**2,
        "That is w after an outer step; its gradient alone is asked.": w - alpha * full,
    }
    compare(number(attempt(function, w, x, y, x_query, y_query, alpha)), full, mistakes)
    return "The whole chain rule: (1 - alpha H) times the query gradient."


class _TwoParts(nn.Module):
    """Two named parts, for the trap that goes past `forward`."""

    def __init__(self):
        super().__init__()
        self.encoder, self.head = nn.Sequential(nn.Linear(1, 6), nn.Tanh()), nn.Linear(6, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.encoder(x))


def _network_and_task():
    rng = np.random.default_rng()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**31)))
        model = _TwoParts()
    inputs = [torch.from_numpy(rng.uniform(-2, 2, (12, 1))).float() for _ in range(2)]
    shift = rng.uniform(1, 2)
    support, query = ((x, 3 * torch.sin(x + shift)) for x in inputs)
    return model, Task("a wave", support, query)


def _loss(model, weights, samples):
    x, y = samples
    return ((functional_call(model, weights, (x,)) - y) ** 2).mean()


def _inner_loop(model, support, n_steps, create_graph=True, start=None):
    """theta, theta', theta'', ..., each a dict of tensors: the reference, without `higher`."""
    path = [start or dict(model.named_parameters())]
    for _ in range(n_steps):
        theta = path[-1]
        loss = _loss(model, theta, support)
        gradients = torch.autograd.grad(loss, list(theta.values()), create_graph=create_graph)
        path.append({name: p - INNER_LR * g for (name, p), g in zip(theta.items(), gradients)})
    return path


def _meta_gradient(model, support, query, n_steps=1, first_order=False):
    """All gradients (P,) of the query loss after `n_steps`, one after the other."""
    path = _inner_loop(model, support, n_steps, create_graph=not first_order)
    weights = path[-1] if first_order else path[0]
    return _flat(torch.autograd.grad(_loss(model, path[-1], query), list(weights.values())))


def _flat(tensors):
    flat = [torch.as_tensor(tensor).detach().flatten() for tensor in tensors]
    return torch.cat(flat).numpy().astype(float)


def _has_moved(model, original):
    return not same(_flat(model.parameters()), _flat(original.parameters()))


def _flat_gradients(model):
    """Return what lies in `p.grad`, (P,), or raise `NotYet` where there is nothing."""
    names = [name for name, _ in model.named_parameters()]
    missing = [name for name, p in model.named_parameters() if p.grad is None]
    faults = {
        "Every p.grad is still None. Three things do that: no backward(), a copy of theta "
        "(higher's default), and inner steps that are not tracked.": missing == names,
        "{name} got no gradient, others did: every weight takes part.": missing != [],
    }
    refuse(faults, name=next(iter(missing), None))
    return _flat(p.grad for p in model.parameters())


@exercise("05", "Out of the trap")
def check_trap(function: Callable) -> str:
    """Check f(model, task, inner_lr): the query loss; p.grad then holds the meta-gradient."""
    original, task = _network_and_task()
    support, query = task.support, task.query
    model = copy.deepcopy(original)
    answer = number(attempt(function, model, task, INNER_LR, copies=False))
    if _has_moved(model, original):
        raise NotYet("theta itself has moved. Only its gradient is asked; no outer step yet.")
    reference = partial(_meta_gradient, original, support)
    full, first_order = reference(query), reference(query, first_order=True)
    mistakes = {
        "That is the gradient at theta: the inner step was ignored. Does fmodel run as a whole, "
        "fmodel(x)?": reference(query, n_steps=0),
        "You marked the homework: the query loss comes last.": reference(support),
        "That is the gradient of the support loss at theta.": reference(support, n_steps=0),
        "That is the first-order gradient: track_higher_grads must stay on.": first_order,
        "You took two inner steps; one is asked.": reference(query, n_steps=2),
        "There are two gradients on top of each other: call backward() once.": 2 * full,
    }
    compare(_flat_gradients(model), full, mistakes)
    # The gradient is right; the number that is returned may still be that of another step.
    path = _inner_loop(original, support, n_steps=1)
    before, after = (_loss(original, weights, query).item() for weights in path)
    wrong_loss = {
        "The gradient is right, but the number you return is the loss before the step.": before
    }
    compare(answer, after, wrong_loss)
    return "Both traps are behind you: nothing was copied, and the model ran as a whole."


@exercise("05", "First order by hand")
def check_first_order(function: Callable) -> str:
    """Check f(model, task, inner_lr): the list of first-order meta-gradients; no weight moves."""
    original, task = _network_and_task()
    support, query = task.support, task.query
    model = copy.deepcopy(original)
    answer = attempt(function, model, task, INNER_LR, copies=False)
    gradients = list(answer.values()) if isinstance(answer, dict) else answer
    _refuse_other_gradients(gradients, model, original)
    reference = partial(_meta_gradient, original, support)
    full, at_theta = reference(query), reference(query, n_steps=0)
    expected = reference(query, first_order=True)
    homework = reference(support, first_order=True)
    # Every mistake is a gradient taken at another place or on other samples, or no gradient.
    theta, adapted = (_flat(weights.values()) for weights in _inner_loop(original, support, 1))
    mistakes = {
        "That is the full meta-gradient. First order leaves (I - alpha H) out.": full,
        "That is the gradient at theta: take it at theta', after the inner step.": at_theta,
        "You marked the homework: after the step, the query's loss is differentiated.": homework,
        "Support and query gradient lie on top of each other: clear the gradients "
        "after the inner step.": expected + reference(support, n_steps=0),
        "That is the inner step itself, theta' - theta.": adapted - theta,
        "Those are the adapted weights theta'. Their gradient is asked.": adapted,
    }
    compare(_flat(gradients), expected, mistakes)
    return "A copy, a step, a gradient: no higher, no second derivative."


def _refuse_other_gradients(gradients, model, original):
    listed = gradients if isinstance(gradients, (list, tuple)) else []
    shapes = [p.shape for p in original.parameters()]
    other_shapes = [getattr(gradient, "shape", None) for gradient in listed] != shapes
    moved = _has_moved(model, original)
    faults = {
        "There is None among them. The gradients lie in the copy that took the step, "
        "not in the model it came from.": any(gradient is None for gradient in listed),
        "Return a list of {n} tensors, one for each parameter and of its shape.": other_shapes,
        "The model you were given has moved: take the inner step on a copy.deepcopy of it.": moved,
    }
    refuse(faults, n=len(shapes))


@exercise("05", "A whole inner loop")
def check_inner_loop(function: Callable) -> str:
    """Check f(model, task, inner_lr, n_steps): the query losses (n_steps + 1,), with gradients."""
    original, task = _network_and_task()
    model, n_steps = copy.deepcopy(original), 4
    answer = attempt(function, model, task, INNER_LR, n_steps, copies=False)
    if isinstance(answer, (list, tuple)) and any(isinstance(part, Tensor) for part in answer):
        raise NotYet("That is a list of losses: make one tensor of it with torch.stack.")

    # First the numbers, then whether a gradient finds its way back through them.
    def losses(learn, exam):
        path = _inner_loop(original, learn, n_steps)
        return np.array([_loss(original, weights, exam).item() for weights in path])

    expected = losses(task.support, task.query)
    doubled = [expected[0], *expected[:-1]]
    homework, cheated = losses(task.support, task.support), losses(task.query, task.query)
    mistakes = {
        "The loss before the first step is missing: n steps give n + 1 losses.": expected[1:],
        "The loss after the last step is missing: n steps give n + 1 losses.": expected[:-1],
        "The loss after the last step is missing, and the first is there twice.": doubled,
        "You marked the homework: report the loss on the query.": homework,
        "The model never moved: does the loop call diffopt.step, and does fmodel run "
        "as a whole?": expected[:1].repeat(n_steps + 1),
        "It adapted to the exam itself! The inner steps see the support only.": cheated,
        "That is the last loss alone; return all of them.": expected[-1],
    }
    compare(answer, expected, mistakes)
    _refuse_cut_gradients(answer, model, original, task, n_steps)
    return (
        "Line for line what vadkit.meta_step does inside, and every loss knows where it came from."
    )


def _refuse_cut_gradients(losses, model, original, task, n_steps):
    """Raise `NotYet` unless the last loss leads back to the model, through every inner step."""
    cut = not isinstance(losses, Tensor) or not losses.requires_grad
    moved = _has_moved(model, original)
    faults = {
        "The numbers are right, but no gradient flows through them: keep tensors, "
        "without .item() or .detach().": cut,
        "The losses are right, but theta itself has moved: let fmodel move instead.": moved,
    }
    refuse(faults)
    # Unused weights count as zero: a copied theta is unused altogether.
    theta = list(model.parameters())
    gradients = torch.autograd.grad(losses[-1], theta, allow_unused=True, materialize_grads=True)
    if not np.any(_flat(gradients)):
        raise NotYet(
            "The losses are right, but no gradient reaches theta: higher copies it unless told "
            "copy_initial_weights=False, and track_higher_grads=False cuts the thread."
        )
    reference = partial(_meta_gradient, original, task.support, task.query, n_steps)
    mistakes = {
        "The losses are right, but their gradient is the first-order one: "
        "keep track_higher_grads on.": reference(first_order=True)
    }
    compare(_flat(gradients), reference(), mistakes, rtol=1e-3)


EPISODES, OUTER_LR = 3, 0.05


def _meta_trained(model, episodes, exam="query", whole=False, first_order=False, n_inner=1):
    """theta (P,) after the outer steps, and the mean query loss of each: the reference."""
    theta, losses = {n: p.detach().clone() for n, p in model.named_parameters()}, []
    for episode in episodes:
        start = {name: p.requires_grad_() for name, p in theta.items()}
        total = torch.zeros(())
        for task in episode:
            weights = _inner_loop(model, task.support, n_inner, not first_order, start)[-1]
            total = total + _loss(model, weights, getattr(task, exam))
        loss = total if whole else total / len(episode)
        gradients = torch.autograd.grad(loss, list(start.values()))
        theta = {n: (p - OUTER_LR * g).detach() for (n, p), g in zip(start.items(), gradients)}
        losses.append(total.item() / len(episode))
    return _flat(theta.values()), losses


@exercise("05", "Your own meta-trainer")
def check_meta_trainer(function: Callable) -> str:
    """Check f(theta, sampler, n_steps, inner_lr, outer_lr): mean query losses; theta has moved."""
    original, _ = _network_and_task()
    # `sampler[i]` is an episode of two tasks, and may be asked again.
    episodes = [[_network_and_task()[1] for _ in range(2)] for _ in range(EPISODES)]
    theta = copy.deepcopy(original)
    sampler = copy.deepcopy(episodes)
    answer = attempt(function, theta, sampler, EPISODES, INNER_LR, OUTER_LR, copies=False)
    expected, losses = _meta_trained(original, episodes)
    reference = partial(_meta_trained, original)
    swapped = [[Task("", t.query, t.query) for t in episode] for episode in episodes]
    mistakes = {
        "theta has not moved: is outer.step() called, and does the gradient reach theta "
        "(copy_initial_weights=False)?": _flat(original.parameters()),
        "That is first-order MAML: the inner step must stay differentiable.": reference(
            episodes, first_order=True
        )[0],
        "You marked the homework: the outer loss is that of the query.": reference(
            episodes, exam="support"
        )[0],
        "That is pre-training: the query loss is taken after the inner step.": reference(
            episodes, n_inner=0
        )[0],
        "You summed over the tasks; the mean is asked, so that beta means the same for any "
        "number of them.": reference(episodes, whole=True)[0],
        "The last task alone moved theta; all tasks of an episode do.": reference(
            [episode[-1:] for episode in episodes]
        )[0],
        "It is always the same episode: sampler[i], with i the outer step.": reference(
            [episodes[0]] * EPISODES
        )[0],
        "One outer step too few, or n_steps was not used.": reference(episodes[:-1])[0],
        "It adapted to the exam itself! The inner step sees the support only.": reference(swapped)[
            0
        ],
    }
    compare(_flat(theta.parameters()), expected, mistakes, rtol=1e-3)
    homework = {
        "theta is right; the losses you return are sums over tasks, and means are asked.": [
            2 * loss for loss in losses
        ],
        "theta is right; return the loss of every outer step, not of the last one alone.": losses[
            -1
        ],
    }
    compare(answer, losses, homework, rtol=1e-3)
    return "Nine lines of Algorithm 1, and all of them yours."
