"""MAML (Finn et al. 2017, "Model-Agnostic Meta-Learning for Fast Adaptation of Deep Networks"), its loops driven by `higher`.

theta: the weights of the predictor. alpha: `inner_lr`, the rate of the inner steps. beta: `outer_lr`, the rate of the outer step.

    Algorithm 1, the few-shot version                                  where
    1  start from random theta                                         the predictor you pass
    2  while not done do                                               meta_training.MetaTrained.train
    3      sample tasks T_i ~ p(T)                                     meta_training, episodes.EpisodeSampler
    4      for all T_i do                                              meta_step
    5          gradient of the loss on K support samples               meta_step
    6          theta'_i = theta - alpha gradient  (once or more)       meta_step
    7      end for                                                     meta_step
    8      theta = theta - beta gradient of the sum of the losses      meta_step
             of theta'_i on T_i's query samples
    9  end while                                                       meta_training.MetaTrained.train
"""

import copy
import math
from contextlib import contextmanager, suppress

import higher
import numpy as np
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from .scoring import psnr
from .training import prediction_loss


class InnerRates(nn.Module):
    """alpha, the inner learning rate: given, or learned along with theta ("let the model learn the learning rate").

    learn: None = fixed; "scalar" = one for the whole predictor; "tensor" = one for each weight tensor (after Meta-SGD, Li et al.
        2017); "tensor and step" = also one for each inner step (MAML++, Antoniou et al. 2019)
    What is learned is log alpha: a rate stays positive, and halving it is as easy as doubling it.
    Raises ValueError for an unknown `learn`, or a start that is not a positive number.
    """

    LEARN = (None, "scalar", "tensor", "tensor and step")

    def __init__(self, predictor, inner_lr=0.01, learn=None, n_inner_steps=1):
        super().__init__()
        if learn not in self.LEARN:
            raise ValueError(f"Inner rates are learned as {', '.join(map(repr, self.LEARN))}, got {learn!r}.")
        if not 0 < inner_lr < math.inf:
            raise ValueError(f"inner_lr must be a positive number, got {inner_lr}.")
        self.start, self.learn = float(inner_lr), learn
        self.names = [name for name, p in predictor.named_parameters() if p.requires_grad]
        if learn:
            rows, columns = n_inner_steps if "step" in learn else 1, 1 if learn == "scalar" else len(self.names)
            like = next(predictor.parameters())
            self.log_alpha = nn.Parameter(like.new_full((rows, columns), math.log(inner_lr)))

    def at(self, step):
        """alpha of each trainable tensor at inner step 0, 1, ...; steps beyond the last learned one use that."""
        if not self.learn:
            return [self.start] * len(self.names)
        return self.log_alpha.exp()[min(step, len(self.log_alpha) - 1)].expand(len(self.names)).unbind()

    def override(self, step):
        """The same, the way `higher` takes it: a tensor handed to `diffopt` here is differentiated through."""
        return {"lr": list(self.at(step))} if self.learn else None

    def table(self):
        """(steps, tensors) array of the rates as they are now; one row, or one column, where they are shared."""
        return self.log_alpha.detach().exp().cpu().numpy() if self.learn else np.array([[self.start]])


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


def meta_step(predictor, episode, outer, inner_lr=0.01, n_inner_steps=3, *, first_order=False, step_weights=None,
              max_norm=None, loss=prediction_loss):  # fmt: skip
    """Lines 3-8 of Algorithm 1 on one episode: moves theta, returns the mean query loss after adaptation (a float).

    episode: list of tasks; outer: an optimizer of all trainable weights, and of the rates where those are learned
    inner_lr: a number or `InnerRates`; first_order: hold the inner gradients constant (FOMAML)
    step_weights: how much the query loss after each inner step counts, the last above 0; None = the last step alone
    max_norm: clip the meta-gradient to this norm; loss: (predictions, targets) -> scalar
    The losses are averaged over tasks, not summed, so that `outer_lr` means the same for any n_way.
    Raises ValueError for input nothing can be learned from, FloatingPointError naming the task when a loss is no number;
    theta has not moved then.
    """
    # fmt: off
    rates = prepare(predictor, episode, outer, inner_lr, n_inner_steps)
    step_weights = _check_weights(step_weights or [0] * (n_inner_steps - 1) + [1], n_inner_steps)
    final_losses = []
    outer.zero_grad()
    for task in episode:                                                    # line 4: for all T_i
        (x, y), (x_query, y_query) = task.support, task.query
        with inner_loop(predictor, rates, first_order) as (fmodel, diffopt):
            query_loss, path = 0, Path(predictor, rates)
            for step, counts in enumerate(step_weights):                    # lines 5 and 6: theta'_i = theta - alpha gradient
                weights = diffopt.step(loss(fmodel(x), y), override=rates.override(step), grad_callback=path.gradient)
                path.weights.append(weights)
                if counts:
                    final_loss = loss(fmodel(x_query), y_query)             # L_i(theta'_i), on the exam
                    query_loss = query_loss + counts * final_loss
            with named(task):
                final_losses.append(finite(final_loss, "The query loss"))
            backward = path.first_order_backward if first_order else torch.Tensor.backward
            backward(query_loss / len(episode))                             # line 8: one term of the sum
    outer_step(outer, max_norm)                                             # line 8: theta <- theta - beta gradient
    return float(np.mean(final_losses))
    # fmt: on


class Path:
    """What an inner loop went through: its gradients and the weights after each step. First order needs no more than this."""

    def __init__(self, predictor, rates):
        self.predictor, self.rates, self.gradients, self.weights = predictor, rates, [], []

    def gradient(self, gradients):
        """For `higher`, which calls this with the gradients of all weights before each step, and goes on with what it returns."""
        self.gradients.append(
            _complete([g for g, p in zip(gradients, self.predictor.parameters()) if p.requires_grad], self.predictor)
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


def adapt(predictor, support, inner_lr=0.01, n_inner_steps=3, loss=prediction_loss):
    """Fit a predictor into a new scene: plain gradient descent on the mean loss over all K support windows together.

    support: (inputs (K, 4, H, W), targets (K, 1, H, W)), or whatever `loss` compares
    inner_lr: a number, or the `InnerRates` of a meta-trained predictor; n_inner_steps: how often, 0 gives a plain copy
    Returns an adapted copy, on the predictor's device; the predictor itself is untouched. Works for any predictor, meta-trained
    or not: on a pre-trained one this is called fine-tuning.
    Raises ValueError for an empty or malformed support, FloatingPointError when the loss is no number.
    """
    return list(inner_steps(predictor, support, inner_lr, n_inner_steps, loss))[-1]


def inner_steps(predictor, support, inner_lr=0.01, n_inner_steps=3, loss=prediction_loss):
    """Watch `adapt` at work: yields the copy after 0, 1, ... n_inner_steps steps, the same object each time."""
    check_predictor(predictor)
    _check_support(support, n_inner_steps)
    adapted = copy.deepcopy(predictor)
    weights, rates = trainable(adapted), _as_rates(inner_lr, predictor)
    inputs, targets = (t.to(weights[0].device) for t in support)
    yield adapted
    for step in range(n_inner_steps):
        with torch.enable_grad():
            support_loss = loss(adapted(inputs), targets)
            finite(support_loss, f"The support loss at inner step {step}")
            gradients = _complete(torch.autograd.grad(support_loss, weights, allow_unused=True), adapted)
        with torch.no_grad():
            for p, alpha, gradient in zip(weights, rates.at(step), gradients):
                p -= alpha * gradient
        yield adapted


def adaptation_curve(predictor, tasks, inner_lr=0.01, n_inner_steps=3, measure=None, loss=prediction_loss):
    """The early game and the late game: how good is a predictor on each task's query after 0, 1, ... n_inner_steps steps?

    tasks: list of tasks; measure: (predictions, targets) -> number, the loss itself when None, `query_psnr` for decibel
    Returns an array (tasks, n_inner_steps + 1); column 0 is before adapting, and a task whose loss runs off to infinity is NaN
    from there on. The predictor is untouched.
    """
    curves = np.full((len(tasks), n_inner_steps + 1), np.nan)
    for curve, task in zip(curves, tasks):
        task = task.to(next(predictor.parameters()).device)
        with torch.no_grad(), suppress(FloatingPointError):
            for step, adapted in enumerate(inner_steps(predictor, task.support, inner_lr, n_inner_steps, loss)):
                curve[step] = (measure or loss)(adapted(task.query[0]), task.query[1])
    return curves


def query_psnr(prediction, target):
    """Mean PSNR over windows in dB, for `adaptation_curve`."""
    return psnr(prediction, target).mean()


def trainable(predictor):
    """The weight tensors that learn; frozen ones stay out of every inner loop."""
    return [p for p in predictor.parameters() if p.requires_grad]


def check_predictor(predictor):
    """Raises ValueError, in one sentence, for what cannot be adapted by gradient descent or would go wrong silently."""
    if not isinstance(predictor, nn.Module) or not trainable(predictor):
        raise ValueError(
            f"{getattr(predictor, '__name__', type(predictor).__name__)} has no weights to adapt: build a predictor."
        )
    if hasattr(predictor, "_orig_mod"):
        raise ValueError(
            "A compiled predictor has no second-order gradients: give the one that went into torch.compile."
        )
    if any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in predictor.modules()):
        raise ValueError("BatchNorm statistics of an inner loop never return to the predictor: use GroupNorm instead.")


def prepare(predictor, episode, outer, inner_lr, n_inner_steps):
    """-> `InnerRates`. Raises ValueError for what an outer step cannot learn from."""
    check_predictor(predictor)
    rates = _as_rates(inner_lr, predictor)
    if not episode or n_inner_steps < 1:
        raise ValueError(
            f"A meta-step needs a task and an inner step, got {len(episode)} tasks and {n_inner_steps} steps."
        )
    moved = {id(p) for group in outer.param_groups for p in group["params"]}
    if any(id(p) not in moved for p in (*trainable(predictor), *rates.parameters())):
        raise ValueError(
            "The outer optimizer must hold all that is learned: [*predictor.parameters(), *rates.parameters()]."
        )
    return rates


def _as_rates(inner_lr, predictor):
    rates = inner_lr if isinstance(inner_lr, InnerRates) else InnerRates(predictor, inner_lr)
    if len(rates.names) != len(trainable(predictor)):
        raise ValueError(
            f"These rates are for {len(rates.names)} weight tensors, the predictor has {len(trainable(predictor))}."
        )
    return rates


def _check_weights(step_weights, n_inner_steps):
    if len(step_weights) != n_inner_steps or not step_weights[-1] > 0:
        raise ValueError(f"step_weights must be {n_inner_steps} numbers, the last above 0, got {step_weights}.")
    return step_weights


def _check_support(support, n_inner_steps):
    if (
        not isinstance(support, (tuple, list))
        or len(support) != 2
        or not all(isinstance(t, torch.Tensor) for t in support)
    ):
        raise ValueError(
            "The support is a pair of tensors (inputs, targets), such as task.support or windows.batch(range(5))."
        )
    inputs, targets = support
    if not len(inputs) or len(inputs) != len(targets):
        raise ValueError(f"K inputs and K targets are needed, K at least 1; got {len(inputs)} and {len(targets)}.")
    if not inputs.is_floating_point() or not inputs.isfinite().all() or not targets.isfinite().all():
        raise ValueError(
            "The support must hold finite floating-point numbers: use make_windows, which also scales to [0, 1]."
        )
    if n_inner_steps != int(n_inner_steps) or n_inner_steps < 0:
        raise ValueError(f"n_inner_steps must be a whole number of at least 0, got {n_inner_steps}.")


def outer_step(outer, max_norm):
    """Line 8: clip the meta-gradient, refuse one that is no number, move."""
    weights = [p for group in outer.param_groups for p in group["params"]]
    finite(nn.utils.clip_grad_norm_(weights, max_norm or math.inf), "The norm of the meta-gradient")
    outer.step()


def finite(value, what):
    """A one-element tensor as a float. Raises FloatingPointError with a hint when it is no number."""
    if not math.isfinite(value := value.item()):
        raise FloatingPointError(f"{what} is {value}: try a smaller inner_lr or outer_lr, or fewer inner steps.")
    return value


@contextmanager
def named(task):
    """Let a FloatingPointError say which task it happened on."""
    try:
        yield
    except FloatingPointError as error:
        raise FloatingPointError(f"Task '{task.name}': {error}") from None


def _complete(gradients, predictor):
    """The gradients, if there is one for each trainable tensor: a weight that silently stays behind is refused."""
    for gradient, (name, _) in zip(gradients, [(n, p) for n, p in predictor.named_parameters() if p.requires_grad]):
        if gradient is None:
            raise ValueError(f"No gradient reaches '{name}': freeze it with requires_grad_(False) if it has no part in the "
                             "prediction, and take torch.utils.checkpoint out of the predictor.")  # fmt: skip
    return gradients
