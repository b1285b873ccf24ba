"""The checks of notebook 05: the inner step, the meta-gradient, two traps of `higher`, first order by hand, an inner loop."""

import copy

import numpy as np
import torch
from torch import nn
from torch.func import functional_call

from vadcourse.exercises.core import NotYet, attempt, compare, exercise, number, same
from vadkit.episodes import Task


@exercise("05", "The inner step")
def check_inner_step(function):
    """Checks f(w, x, y, alpha) -> w' after one step on the loss (w x - y)^2, all numbers. Returns True or False."""
    w, x, y, _, _, alpha = _line()
    gradient = 2 * x * (w * x - y)
    compare(number(attempt(function, w, x, y, alpha)), w - alpha * gradient, {
        "That climbs: subtract the gradient.": w + alpha * gradient,
        "The derivative of a square has a 2 in front.": w - alpha * gradient / 2,
        "The inner derivative is missing: w x changes with w by x.": w - alpha * 2 * (w * x - y),
        "That is the gradient; w' is w minus alpha times it.": gradient,
        "The rate alpha is missing.": w - gradient,
        "That is the change alone: w' is w plus it.": -alpha * gradient,
    })  # fmt: skip
    return "That is theta', lines 5 and 6 of Algorithm 1."


@exercise("05", "The meta-gradient")
def check_meta_gradient(function):
    """Checks f(w, x, y, x_query, y_query, alpha) -> derivative by w of the query loss (w' x - y)^2. Returns True or False."""
    w, x, y, x_query, y_query, alpha = _line()
    adapted, chain = w - alpha * 2 * x * (w * x - y), 1 - alpha * 2 * x**2
    first_order = 2 * x_query * (adapted * x_query - y_query)
    compare(number(attempt(function, w, x, y, x_query, y_query, alpha)), chain * first_order, {
        "That is the first-order arrow: w' moves along with w, by 1 - alpha H.": first_order,
        "That is the gradient at w, which pre-training follows: the query loss is taken at w'.": 2 * x_query * (w * x_query - y_query),
        "You marked the homework: the last derivative is taken on the query.": chain * 2 * x * (adapted * x - y),
        "H is the second derivative of the support loss, so it takes x, not x_query.": (1 - alpha * 2 * x_query**2) * first_order,
        "H is 2 x squared: the 2 is missing.": (1 - alpha * x**2) * first_order,
        "The factor 1 - alpha H is right but the sign is not.": -chain * first_order,
        "H is 2 x squared, and x is not 1 here.": (1 - alpha * 2) * first_order,
        "That is the query loss after the step; its derivative is asked.": (adapted * x_query - y_query) ** 2,
        "That is w after an outer step; its gradient alone is asked.": w - alpha * chain * first_order,
    })  # fmt: skip
    return "The whole chain rule: (1 - alpha H) times the query gradient."


def _line():
    """w, x, y, x_query, y_query, alpha: numbers of either sign, none so small that two answers could look alike."""
    random = np.random.default_rng()
    values = random.uniform(0.5, 2, 5) * random.choice([-1, 1], 5)
    return *(float(v) for v in values), 0.1


class _Pair(nn.Module):
    """A network of two named parts, for the trap that goes past `forward`."""

    def __init__(self):
        super().__init__()
        self.encoder, self.head = nn.Sequential(nn.Linear(1, 6), nn.Tanh()), nn.Linear(6, 1)

    def forward(self, x):
        return self.head(self.encoder(x))


def _network_and_task():
    random = np.random.default_rng()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(random.integers(2**31)))
        model = _Pair()
    x, x_query = (torch.from_numpy(random.uniform(-2, 2, (12, 1))).float() for _ in range(2))
    shift = random.uniform(1, 2)
    return model, Task("a wave", (x, 3 * torch.sin(x + shift)), (x_query, 3 * torch.sin(x_query + shift)))


def _loss(model, weights, samples):
    x, y = samples
    return ((functional_call(model, weights, (x,)) - y) ** 2).mean()


def _inner_loop(model, support, inner_lr, n_steps, create_graph=True):
    """The inner loop without `higher`, for reference -> [theta, theta', theta'', ...], each a dict of tensors."""
    path = [dict(model.named_parameters())]
    for _ in range(n_steps):
        weights = path[-1]
        gradients = torch.autograd.grad(
            _loss(model, weights, support), list(weights.values()), create_graph=create_graph
        )
        path.append({name: w - inner_lr * g for (name, w), g in zip(weights.items(), gradients)})
    return path


def _meta_gradient(model, support, query, inner_lr, n_steps, first_order=False):
    """-> all gradients of the query loss after n_steps, one after the other in one (P,) array."""
    path = _inner_loop(model, support, inner_lr, n_steps, create_graph=not first_order)
    at = path[-1] if first_order else path[0]
    return _flat(torch.autograd.grad(_loss(model, path[-1], query), list(at.values())))


def _flat(gradients):
    return torch.cat([g.detach().flatten() for g in gradients]).numpy().astype(float)


def _gradients_of(model):
    """-> (P,) array of what lies in `p.grad`, None where there is nothing in any."""
    missing = [name for name, p in model.named_parameters() if p.grad is None]
    if len(missing) == len(list(model.parameters())):
        return None
    if missing:
        raise NotYet("{name} got no gradient, others did: every weight takes part.", name=missing[0])
    return _flat(p.grad for p in model.parameters())


@exercise("05", "Out of the trap")
def check_trap(function):
    """Checks f(model, task, inner_lr): puts the meta-gradient of one inner step into p.grad, returns the query loss (a
    number). Returns True or False."""
    model, task = _network_and_task()
    mine = copy.deepcopy(model)
    answer = number(attempt(function, mine, task, 0.1, copies=False))
    if not all(same(a.detach(), b.detach()) for a, b in zip(mine.parameters(), model.parameters())):
        raise NotYet("theta itself has moved. Only its gradient is asked; no outer step yet.")
    gradients = _gradients_of(mine)
    if gradients is None:
        raise NotYet("Every p.grad is still None. Three things do that: no backward(), a copy of theta (higher's default), and inner "
                     "steps that are not tracked.")  # fmt: skip
    full = _meta_gradient(model, task.support, task.query, 0.1, 1)
    compare(gradients, full, {
        "That is the gradient at theta: the inner step was ignored. Does fmodel run as a whole, fmodel(x)?": _meta_gradient(model, task.support, task.query, 0.1, 0),
        "You marked the homework: the query loss comes last.": _meta_gradient(model, task.support, task.support, 0.1, 1),
        "That is the gradient of the support loss at theta.": _meta_gradient(model, task.support, task.support, 0.1, 0),
        "That is the first-order gradient: track_higher_grads must stay on.": _meta_gradient(model, task.support, task.query, 0.1, 1, True),
        "You took two inner steps; one is asked.": _meta_gradient(model, task.support, task.query, 0.1, 2),
        "There are two gradients on top of each other: call backward() once.": 2 * full,
    })  # fmt: skip
    query = [_loss(model, weights, task.query).item() for weights in _inner_loop(model, task.support, 0.1, 1)]
    compare(
        answer, query[1], {"The gradient is right, but the number you return is the loss before the step.": query[0]}
    )
    return "Both traps are behind you: nothing was copied, and the model ran as a whole."


@exercise("05", "First order by hand")
def check_first_order(function):
    """Checks f(model, task, inner_lr) -> list of first-order meta-gradients after one step, one for each parameter, the
    model unchanged. Returns True or False."""
    model, task = _network_and_task()
    mine = copy.deepcopy(model)
    answer = attempt(function, mine, task, 0.1, copies=False)
    shapes = [tuple(p.shape) for p in model.parameters()]
    answer = list(answer.values()) if isinstance(answer, dict) else answer
    if isinstance(answer, (list, tuple)) and any(g is None for g in answer):
        raise NotYet(
            "There is None among them. The gradients lie in the copy that took the step, not in the model it came from."
        )
    if not isinstance(answer, (list, tuple)) or [tuple(getattr(g, "shape", ())) for g in answer] != shapes:
        raise NotYet("Return a list of {n} tensors, one for each parameter and of its shape.", n=len(shapes))
    if not all(same(a.detach(), b.detach()) for a, b in zip(mine.parameters(), model.parameters())):
        raise NotYet("The model you were given has moved: take the inner step on a copy.deepcopy of it.")
    step = [(a - b).detach() for a, b in zip(_inner_loop(model, task.support, 0.1, 1)[1].values(), model.parameters())]
    compare(_flat(answer), _meta_gradient(model, task.support, task.query, 0.1, 1, first_order=True), {
        "That is the full meta-gradient. First order leaves (I - alpha H) out.": _meta_gradient(model, task.support, task.query, 0.1, 1),
        "That is the gradient at theta: take it at theta', after the inner step.": _meta_gradient(model, task.support, task.query, 0.1, 0),
        "You marked the homework: after the step, the query's loss is differentiated.": _meta_gradient(model, task.support, task.support, 0.1, 1, True),
        "Support and query gradient lie on top of each other: clear the gradients after the inner step.":
            _meta_gradient(model, task.support, task.query, 0.1, 1, True) + _meta_gradient(model, task.support, task.support, 0.1, 0),
        "That is the inner step itself, theta' - theta.": _flat(step),
        "Those are the adapted weights theta'. Their gradient is asked.": _flat(_inner_loop(model, task.support, 0.1, 1)[1].values()),
    })  # fmt: skip
    return "A copy, a step, a gradient: no higher, no second derivative."


@exercise("05", "A whole inner loop")
def check_inner_loop(function):
    """Checks f(model, task, inner_lr, n_steps) -> (n_steps + 1,) tensor of query losses after 0, 1, ... inner steps, through
    which gradients flow back to the model. Returns True or False."""
    model, task = _network_and_task()
    mine, n_steps = copy.deepcopy(model), 4
    answer = attempt(function, mine, task, 0.1, n_steps, copies=False)
    path = _inner_loop(model, task.support, 0.1, n_steps)
    query, support = ([_loss(model, weights, part) for weights in path] for part in (task.query, task.support))
    on_query = np.array([loss.item() for loss in query])
    on_its_exam = [_loss(model, weights, task.query).item() for weights in _inner_loop(model, task.query, 0.1, n_steps)]
    if isinstance(answer, (list, tuple)) and any(isinstance(part, torch.Tensor) for part in answer):
        raise NotYet("That is a list of losses: make one tensor of it with torch.stack.")
    compare(answer.detach() if isinstance(answer, torch.Tensor) else answer, on_query, {
        "The loss before the first step is missing: n steps give n + 1 losses.": on_query[1:],
        "The loss after the last step is missing: n steps give n + 1 losses.": on_query[:-1],
        "The loss after the last step is missing, and the first is there twice.": np.concatenate([on_query[:1], on_query[:-1]]),
        "You marked the homework: report the loss on the query.": [loss.item() for loss in support],
        "The model never moved: does the loop call diffopt.step, and does fmodel run as a whole?": on_query[:1].repeat(n_steps + 1),
        "It adapted to the exam itself! The inner steps see the support only.": on_its_exam,
        "That is the last loss alone; return all of them.": on_query[-1],
    })  # fmt: skip
    if not isinstance(answer, torch.Tensor) or not answer.requires_grad:
        raise NotYet(
            "The numbers are right, but no gradient flows through them: keep tensors, without .item() or .detach()."
        )
    if not all(same(a.detach(), b.detach()) for a, b in zip(mine.parameters(), model.parameters())):
        raise NotYet("The losses are right, but theta itself has moved: let fmodel move instead.")
    gradients = torch.autograd.grad(answer[-1], list(mine.parameters()), allow_unused=True, materialize_grads=True)
    full = _flat(torch.autograd.grad(query[-1], list(path[0].values())))
    if not np.any(_flat(gradients)):
        raise NotYet(
            "The losses are right, but no gradient reaches theta: higher copies it unless told copy_initial_weights=False, and "
            "track_higher_grads=False cuts the thread."
        )
    compare(_flat(gradients), full, {
        "The losses are right, but their gradient is the first-order one: keep track_higher_grads on.":
            _meta_gradient(model, task.support, task.query, 0.1, n_steps, first_order=True),
    }, rtol=1e-3)  # fmt: skip
    return "Line for line what vadkit.meta_step does inside, and every loss knows where it came from."
