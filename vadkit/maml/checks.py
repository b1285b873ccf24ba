"""TODO."""

import math
from contextlib import contextmanager

import torch
from torch import nn


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


def check_step_weights(step_weights, n_inner_steps):
    if len(step_weights) != n_inner_steps or not step_weights[-1] > 0:
        raise ValueError(f"step_weights must be {n_inner_steps} numbers, the last above 0, got {step_weights}.")
    return step_weights


def check_support(support, n_inner_steps):
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


def require_finite(value, what):
    """A one-element tensor as a float. Raises FloatingPointError with a hint when it is no number."""
    if not math.isfinite(value := value.item()):
        raise FloatingPointError(f"{what} is {value}: try a smaller inner_lr or outer_lr, or fewer inner steps.")
    return value


@contextmanager
def naming_task(task):
    """Let a FloatingPointError say which task it happened on."""
    try:
        yield
    except FloatingPointError as error:
        raise FloatingPointError(f"Task '{task.name}': {error}") from None


def require_gradients(gradients, predictor):
    """The gradients, if there is one for each trainable tensor: a weight that silently stays behind is refused."""
    for gradient, (name, _) in zip(gradients, [(n, p) for n, p in predictor.named_parameters() if p.requires_grad]):
        if gradient is None:
            raise ValueError(f"No gradient reaches '{name}': freeze it with requires_grad_(False) if it has no part in the "
                             "prediction, and take torch.utils.checkpoint out of the predictor.")  # fmt: skip
    return gradients
