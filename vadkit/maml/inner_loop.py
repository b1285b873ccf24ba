"""TODO."""

from contextlib import contextmanager

import higher
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from vadkit.maml.checks import check_predictor, require_gradients, trainable


@contextmanager
def inner_loop(predictor, rates, first_order=False):
    """`higher.innerloop_ctx` with its silent traps closed -> (fmodel, diffopt) that start at the predictor's own weights.

    fmodel: the predictor with replaceable weights; call it as a whole, `fmodel(x)`, for a part of it ignores every inner step
    diffopt: gradient descent on the trainable tensors only, one parameter group for each, so that each can have its own rate
    """
    check_predictor(predictor)
    sgd = torch.optim.SGD([{"params": [p]} for p in trainable(predictor)], lr=rates.start)
    no_checkpoints = torch.autograd.graph.disable_saved_tensors_hooks(
        "torch.utils.checkpoint gives wrong meta-gradients inside an inner loop: take it out of the predictor."
    )
    with (
        higher.innerloop_ctx(predictor, sgd, copy_initial_weights=False, track_higher_grads=not first_order) as inner,
        sdpa_kernel(SDPBackend.MATH),  # the fast attention kernels have no second derivative
        no_checkpoints,
    ):
        yield inner


    # fmt: on


class Path:
    """What an inner loop went through: its gradients and the weights after each step. First order needs no more than this."""

    def __init__(self, predictor, rates):
        self.predictor, self.rates, self.gradients, self.weights = predictor, rates, [], []

    def gradient(self, gradients):
        """For `higher`, which calls this with the gradients of all weights before each step, and goes on with what it returns."""
        self.gradients.append(
            require_gradients([g for g, p in zip(gradients, self.predictor.parameters()) if p.requires_grad], self.predictor)
        )
        return gradients

    def first_order_backward(self, query_loss):
        """Add the first-order meta-gradient to `.grad`, of the learned rates too (Finn et al. 2017, section 5.2).

        With the inner gradients g held constant, theta'_j = theta - alpha_1 g_1 - ... - alpha_j g_j depends on theta and the
        rates alone: the query gradient at each theta'_j is handed down that short chain.
        """
        chain, moved = [], trainable(self.predictor)
        for step, gradients in enumerate(self.gradients):
            moved = [p - alpha * g for p, alpha, g in zip(moved, self.rates.at(step), gradients)]
            chain += moved
        visited = [w for weights in self.weights for w in weights if w.requires_grad]
        at_visited = torch.autograd.grad(query_loss, visited, allow_unused=True)
        torch.autograd.backward(*zip(*[(theta, g) for theta, g in zip(chain, at_visited) if g is not None]))
