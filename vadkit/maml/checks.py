"""What an inner loop cannot work with, or would get wrong without a word, is refused here."""

from collections.abc import Iterable, Sequence

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from vadkit import finite
from vadkit.maml.rates import InnerRates, trainable


def check_adaptable(predictor: nn.Module, inner_lr: float | InnerRates) -> InnerRates:
    """Refuse a predictor that gradient descent cannot adapt, or not without silent mistakes.

    Parameters
    ----------
    predictor : nn.Module
        The predictor; a ValueError says what to do.
    inner_lr : float or InnerRates
        One rate for all its weights, or rates made for it.

    Returns
    -------
    InnerRates
        The rates.
    """
    if not isinstance(predictor, nn.Module) or not trainable(predictor):
        name = getattr(predictor, "__name__", type(predictor).__name__)
        raise ValueError(f"{name} has no weights to adapt: build a predictor.")
    if hasattr(predictor, "_orig_mod"):
        raise ValueError(
            "A compiled predictor has no second-order gradients: "
            "give the one that went into torch.compile."
        )
    if any(isinstance(module, _BatchNorm) for module in predictor.modules()):
        raise ValueError(
            "BatchNorm statistics of an inner loop never return to the predictor: "
            "use GroupNorm instead."
        )
    rates = inner_lr if isinstance(inner_lr, InnerRates) else InnerRates(predictor, inner_lr)
    n, n_tensors = len(rates.names), len(trainable(predictor))
    if n != n_tensors:
        raise ValueError(f"These rates are for {n} weight tensors, the predictor has {n_tensors}.")
    return rates


def require_gradients(gradients: Sequence[Tensor | None], names: list[str]) -> None:
    """Refuse a trainable weight that no gradient reaches: it would silently stay behind.

    Parameters
    ----------
    gradients, names : sequence of Tensor or None, list of str
        One for each trainable weight tensor.
    """
    for name, gradient in zip(names, gradients):
        if gradient is None:
            raise ValueError(
                f"No gradient reaches '{name}': freeze it with requires_grad_(False) if it has no "
                "part in the prediction, and take torch.utils.checkpoint out of the predictor."
            )


ADVICE = "try a smaller inner_lr or outer_lr, or fewer inner steps"


def require_finite(value: Tensor, what: str, samples: Iterable[Tensor] = ()) -> float:
    """Raise a FloatingPointError with a hint for a loss or norm that is no number.

    Parameters
    ----------
    value, what, samples : see `vadkit.finite.require_finite`
        Its arguments.

    Returns
    -------
    float
        The number.
    """
    return finite.require_finite(value, what, ADVICE, samples)
