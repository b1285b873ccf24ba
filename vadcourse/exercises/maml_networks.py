"""Small networks, their tasks and MAML on them, for the checks of notebook 05.

What is drawn stays with the check: weights and samples as lists of float64 tensors, on which the
algorithm is written out, without `higher`. A student's function gets copies of another form.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from vadcourse.checking import NotYet, judge, numbers, refuse
from vadkit.episodes import Task
from vadkit.text import say

Weights = list[Tensor]
Samples = tuple[Tensor, Tensor]


class Drawn(NamedTuple):
    """What to learn from, and the exam: inputs (n, I) and targets (n, O) of both, in float64."""

    support: Samples
    query: Samples


class Small(nn.Module):
    """The network that is handed out: two named parts, for the trap that goes past `forward`."""

    def __init__(self, weights: Weights):
        super().__init__()
        (n_hidden, n_in), (n_out, _) = weights[0].shape, weights[2].shape
        # skip_init leaves the random numbers of the notebook alone.
        self.encoder = nn.Sequential(nn.utils.skip_init(nn.Linear, n_in, n_hidden), nn.Tanh())
        self.head = nn.utils.skip_init(nn.Linear, n_hidden, n_out)
        for p, w in zip(self.parameters(), weights):
            p.data.copy_(w.detach())

    def forward(self, x: Tensor) -> Tensor:
        """Predict (n, O) from (n, I)."""
        return self.head(self.encoder(x))


def draw(n_tasks: int) -> tuple[Weights, list[Drawn]]:
    """A small network and tasks that fit it, all sizes drawn anew."""
    rng = np.random.default_rng()
    n_in, n_hidden, n_out = (int(n) for n in rng.integers([1, 3, 1], [4, 7, 3]))
    shapes = (n_hidden, n_in), (n_hidden,), (n_out, n_hidden), (n_out,)
    weights = [_rounded(rng.normal(size=shape) / np.sqrt(shape[-1])) for shape in shapes]
    weights = [w.requires_grad_() for w in weights]
    return weights, [_wave(rng, n_in, n_out) for _ in range(n_tasks)]


def draw_rate() -> float:
    """A learning rate, small or large, and never the 0.1 of the notebook."""
    rng = np.random.default_rng()
    return float(rng.choice([rng.uniform(0.03, 0.07), rng.uniform(0.15, 0.3)]))


def _wave(rng, n_in, n_out):
    n_support, n_query = rng.permutation(np.arange(4, 12))[:2]  # never equally many
    slopes, shift = rng.normal(size=(n_in, n_out)), rng.uniform(1, 2, n_out)
    inputs = [rng.uniform(-2, 2, (n, n_in)) for n in (n_support, n_query)]
    return Drawn(*((_rounded(x), _rounded(2 * np.sin(x @ slopes + shift))) for x in inputs))


def _rounded(array):
    """In float64, but a number that float32 has as well."""
    return torch.from_numpy(array).float().double()


def handed_out(task: Drawn) -> Task:
    """What a student's function gets of a drawn task."""
    return Task("a wave", *(tuple(part.float() for part in samples) for samples in task))


def loss_at(theta: Weights, samples: Samples) -> Tensor:
    """Mean squared error of the network with these weights."""
    (x, y), (w1, b1, w2, b2) = samples, theta
    return ((torch.tanh(x @ w1.T + b1) @ w2.T + b2 - y) ** 2).mean()


@torch.enable_grad()
def inner_path(
    theta: Weights, support: Samples, rate: float, n_steps: int = 1, first_order: bool = False
) -> list[Weights]:
    """theta, theta', theta'', ...: lines 5 and 6 of Algorithm 1."""
    path = [theta]
    for _ in range(n_steps):
        loss = loss_at(path[-1], support)
        slopes = torch.autograd.grad(loss, path[-1], create_graph=not first_order)
        path.append([w - rate * g for w, g in zip(path[-1], slopes)])
    return path


@torch.enable_grad()
def meta_gradient(theta: Weights, learn: Samples, exam: Samples, *how, **more) -> np.ndarray:
    """The gradient (P,) by theta of the loss on `exam`, after the inner steps on `learn`."""
    adapted = inner_path(theta, learn, *how, **more)[-1]
    return flat(torch.autograd.grad(loss_at(adapted, exam), theta))


def flat(tensors: Weights) -> np.ndarray:
    """All values (P,), one tensor after the other."""
    return torch.cat([tensor.detach().double().flatten() for tensor in tensors]).numpy()


def judge_part(part: str, trials: list[tuple], rtol: float = 1e-4) -> None:
    """Judge one part of an answer; where no hint fits, `part` says of what "value 3" is a value."""
    hints = {say(hint) for *_, mistakes in trials for hint in mistakes}
    try:
        judge(trials, rtol, atol=rtol / 10)
    except NotYet as reason:
        if str(reason) in hints:
            raise
        raise NotYet("{part} {reason}", part=part, reason=reason) from None


class Watched:
    """A model as it was handed out, to see afterwards what has become of it."""

    def __init__(self, model: nn.Module):
        self.model, self.parts = model, _parts(model)
        self.weights = list(model.parameters())
        self.names = [name for name, _ in model.named_parameters()]
        self.before = flat(self.weights)

    @property
    def moved(self) -> bool:
        """Whether a weight has another value, or another tensor has taken its place."""
        replaced = [id(part) for part in _parts(self.model)] != [id(part) for part in self.parts]
        return replaced or not np.array_equal(flat(self.weights), self.before)

    def refuse_traces(self) -> None:
        """Raise `NotYet` where it is frozen, in eval mode or in another precision now."""
        modules = [part for part in self.parts if isinstance(part, nn.Module)]
        faults = {
            "The weights are of another dtype when you return: leave them in float32.": any(
                p.dtype != torch.float32 for p in self.weights
            ),
            "The model is frozen when you return: leave requires_grad of its weights at True.": any(
                not p.requires_grad for p in self.weights
            ),
            "The model is in eval mode when you return: leave it in train mode.": any(
                not module.training for module in modules
            ),
        }
        refuse(faults)

    def gradients(self) -> np.ndarray:
        """What lies in `p.grad`, (P,), or `NotYet` where there is nothing."""
        missing = [name for name, p in zip(self.names, self.weights) if p.grad is None]
        faults = {
            "Every p.grad is None when you return. Was there a backward(), did it reach theta or "
            "a copy (higher's default), were the inner steps tracked, was the gradient "
            "cleared?": missing == self.names,
            "{name} got no gradient, others did: every weight takes part.": missing != [],
        }
        refuse(faults, name=next(iter(missing), None))
        return np.concatenate([numbers(p.grad).ravel() for p in self.weights])

    def refuse_gradients(self) -> None:
        """Raise `NotYet` where something lies in `p.grad` now."""
        faults = {
            "Something lies in p.grad of the model when you return. Leave it clean: "
            "take gradients of a copy, or with torch.autograd.grad.": any(
                p.grad is not None for p in self.weights
            )
        }
        refuse(faults)


def _parts(model):
    return [*nn.Module.modules(model), *nn.Module.parameters(model)]
