"""The inner loop, lines 5 and 6 of Algorithm 1, on `higher` with its silent traps closed."""

from collections.abc import Iterator
from contextlib import contextmanager

import higher
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from vadkit.checks import checked
from vadkit.maml.checks import require_gradients
from vadkit.maml.rates import InnerRates, trainable


@checked
@contextmanager
def inner_loop(
    predictor: nn.Module, rates: InnerRates, first_order: bool = False
) -> Iterator[tuple[nn.Module, "_Trajectory"]]:
    """Start an inner loop at the predictor's own weights; one for all tasks of an episode.

    Parameters
    ----------
    predictor, rates : nn.Module and InnerRates
        Where it starts, theta, and its learning rates, alpha.
    first_order : bool
        Hold the inner gradients constant.

    Yields
    ------
    fmodel : nn.Module
        The predictor with weights that are replaced at each step. Call it whole, `fmodel(x)`: a
        part of it ignores every inner step.
    trajectory : object
        `trajectory.step(support_loss)` makes an inner step, `trajectory.backward(query_loss)`
        adds the meta-gradient to `.grad` of the predictor and of learned rates;
        `trajectory.restart()` takes fmodel back to theta, for the next task.
    """
    sgd = torch.optim.SGD(_groups(trainable(predictor), rates))
    loop = higher.innerloop_ctx(
        predictor, sgd, copy_initial_weights=False, track_higher_grads=not first_order
    )
    no_checkpoints = torch.autograd.graph.disable_saved_tensors_hooks(
        "torch.utils.checkpoint gives wrong meta-gradients inside an inner loop: "
        "take it out of the predictor."
    )
    # The fast attention kernels have no second derivative.
    with loop as (fmodel, diffopt), sdpa_kernel(SDPBackend.MATH), no_checkpoints:
        fmodel.track_higher_grads = False  # no list of all theta': the graph holds what it needs
        yield fmodel, _Trajectory(predictor, rates, fmodel, diffopt, first_order)


def _groups(weights, rates):
    """Parameter groups: one for each tensor where each can have a rate of its own, else one."""
    if not rates.learn and not rates.only:
        return [{"params": weights, "lr": rates.start}]
    alpha = [rates.start] * len(weights) if rates.learn else rates.at(0)
    return [{"params": [p], "lr": lr} for p, lr in zip(weights, alpha)]


class _Trajectory:
    """What one task goes through: theta, theta'_1, theta'_2, ..., and the way back."""

    def __init__(self, predictor, rates, fmodel, diffopt, first_order):
        self.predictor, self.rates, self.first_order = predictor, rates, first_order
        self.fmodel, self.diffopt = fmodel, diffopt
        self.theta = list(predictor.parameters())  # to walk the network for them takes long
        self.gradients = []  # of the support loss at each step
        self.visited = []  # the trainable tensors of theta'_1, theta'_2, ...

    def restart(self):
        """Back to theta. To patch a network takes `higher` milliseconds: one serves an episode."""
        self.gradients, self.visited = [], []
        self.fmodel.update_params([p.clone() for p in self.theta])
        higher.patch.buffer_sync(self.predictor, self.fmodel)

    def step(self, support_loss):
        """Lines 5 and 6: theta' <- theta' - alpha * gradient."""
        alpha = self.rates.at(len(self.gradients))
        # A rate that is handed over as an override is differentiated through.
        override = {"lr": list(alpha)} if self.rates.learn else None
        weights = self.diffopt.step(support_loss, override=override, grad_callback=self._note)
        self.visited += [w for w in weights if w.requires_grad]

    def _note(self, gradients):
        """Take what `higher` computed at line 5, frozen weights included, and hand it back."""
        self.gradients.append([g for g, p in zip(gradients, self.theta) if p.requires_grad])
        require_gradients(self.gradients[-1], self.rates.names)
        return gradients

    def backward(self, query_loss):
        """Add the meta-gradient to `.grad`; a query loss divided by n adds a term of a mean."""
        if not self.first_order:
            query_loss.backward()
            return
        # Finn et al. 2017, section 5.2: with the inner gradients g held constant,
        # theta'_j = theta - alpha_1 g_1 - ... - alpha_j g_j depends on theta and the rates alone.
        # The query gradient at each theta'_j where it was asked is handed down that chain.
        chain, theta = [], [p for p in self.theta if p.requires_grad]
        for step, gradients in enumerate(self.gradients):
            rates = self.rates.at(step)
            theta = [p - alpha * g for p, alpha, g in zip(theta, rates, gradients)]
            chain += theta
        query_gradients = torch.autograd.grad(query_loss, self.visited, allow_unused=True)
        asked = [(t, g) for t, g in zip(chain, query_gradients, strict=True) if g is not None]
        torch.autograd.backward(*zip(*asked, strict=True))
