"""Small networks and tasks, and MAML written by hand, for the tests of `vadkit.maml`."""

from functools import partial

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from vadkit.episodes import Task
from vadkit.maml import InnerRates, Monitor, every_step_weights, meta_step, meta_train
from vadkit.maml.rates import trainable

LEARN = ("scalar", "tensor", "tensor and step")
QUIET = Monitor(progress=False)
FIRST_ORDER = partial(meta_step, first_order=True)
EVERY_STEP = partial(meta_step, step_weights=every_step_weights)


def small_network(dtype=torch.float64, seed=0):
    torch.manual_seed(seed)
    network = nn.Sequential(
        nn.Conv2d(4, 4, 3, padding=1), nn.GroupNorm(2, 4), nn.SiLU(), nn.Conv2d(4, 1, 3, padding=1)
    )
    return network.to(dtype)


class CallsItsParts(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Conv2d(4, 3, 3, padding=1)
        self.head = nn.Conv2d(3, 1, 1)

    def forward(self, x):
        return self.head(F.silu(self.encoder(x)))


def random_task(seed=0, k=3, dtype=torch.float64, size=8, name="a scene"):
    """A scene whose next frame is its last one, dimmed or brightened in its own way, and noise."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(2 * k, 4, size, size, generator=generator, dtype=dtype)
    y = x[:, 3:] * (0.5 + seed / 2) + x[:, :1] / 10
    return Task(f"{name} {seed}", (x[:k], y[:k]), (x[k:], y[k:]))


def episode(n=2, **options):
    return [random_task(seed, **options) for seed in range(n)]


EPISODES = [episode(2, dtype=torch.float32, name=f"episode {number},") for number in range(3)]


class Fixed:
    """A sampler of given episodes; an exception among them is raised."""

    pool = (0, 1)

    def __init__(self, *episodes):
        self.episodes = episodes

    def __getitem__(self, number):
        item = self.episodes[number % len(self.episodes)]
        if isinstance(item, BaseException):
            raise item
        return item


def quick(
    predictor, sampler, steps, learn=None, inner_lr=0.1, n_inner_steps=2, cosine=False, **options
):
    """Meta-train quietly; at constant learning rates unless `cosine`."""
    rates = InnerRates(predictor, inner_lr, learn, n_inner_steps)
    options = {"monitor": QUIET, **options}
    if not cosine:
        options["schedule"] = lambda done, steps: 1
    return meta_train(predictor, sampler, steps, rates, n_inner_steps, **options)


def loss_by_hand(predictor, theta, samples):
    inputs, targets = samples
    return F.mse_loss(functional_call(predictor, theta, (inputs,)), targets)


def by_hand(predictor, tasks, rates, n_steps, first_order=False, weights=None):
    """The meta-loss as Algorithm 1 defines it, with torch.func, all tasks summed in one graph."""
    weights = weights or [0.0] * (n_steps - 1) + [1.0]
    total = 0
    for task in tasks:
        theta = dict(predictor.named_parameters())
        for step in range(n_steps):
            theta = step_by_hand(predictor, theta, task, rates.at(step), first_order)
            total = total + weights[step] * loss_by_hand(predictor, theta, task.query)
    return total / len(tasks)


def step_by_hand(predictor, theta, task, rates, first_order):
    """One inner step, of the weights in `theta` alone."""
    loss = loss_by_hand(predictor, theta, task.support)
    gradients = torch.autograd.grad(loss, list(theta.values()), create_graph=not first_order)
    return {name: p - a * g for (name, p), a, g in zip(theta.items(), rates, gradients)}


def meta_gradient(predictor, tasks, rates, n_steps, **options):
    """What `meta_step` leaves in .grad, theta standing still (outer rate 0)."""
    outer = torch.optim.SGD([*predictor.parameters(), *rates.parameters()], lr=0.0)
    meta_step(predictor, tasks, outer, rates, n_steps, **options)
    return [p.grad for p in (*trainable(predictor), *rates.parameters())]


def slope(predictor, direction, meta_loss, h):
    """The slope of a meta-loss along a direction, by central differences; theta is put back."""
    start = state(predictor)
    losses = []
    for side in (-1, 1):
        for p, here, d in zip(predictor.parameters(), start, direction):
            p.data = here + side * h * d
        losses.append(meta_loss())
    for p, here in zip(predictor.parameters(), start):
        p.data = here
    return (losses[1] - losses[0]) / (2 * h)


def relative_error(actual, expected):
    with torch.no_grad():
        difference = sum(((a - e) ** 2).sum() for a, e in zip(actual, expected)).sqrt()
        return float(difference / sum((e**2).sum() for e in expected).sqrt())


def state(predictor):
    return [p.detach().clone() for p in predictor.parameters()]


def same(first, second):
    return all(torch.equal(a, b) for a, b in zip(first, second))


class Scaled(nn.Module):
    """Predicts x4 times one weight: adapting it is arithmetic one can do by hand."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight))

    def forward(self, x):
        return self.weight * x[:, -1:]
