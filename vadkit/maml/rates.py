"""alpha, the inner learning rate: given, or learned along with theta."""

import math
from collections.abc import Sequence

import numpy as np
from torch import Tensor, nn

from vadkit.checks import checked


def trainable(predictor: nn.Module) -> list[nn.Parameter]:
    """Find the weight tensors that learn; frozen ones stay out of every inner loop.

    Parameters
    ----------
    predictor : nn.Module
        The predictor.

    Returns
    -------
    list of nn.Parameter
        Those with `requires_grad`.
    """
    return [p for p in predictor.parameters() if p.requires_grad]


class InnerRates(nn.Module):
    """Inner learning rates, alpha, one for each trainable weight tensor: given, or learned.

    What is learned is log alpha: a rate stays positive, and halving it is as easy as doubling it.

    Parameters
    ----------
    predictor : nn.Module
        The predictor that they are for.
    inner_lr : float
        The rate, or where learned rates start.
    learn : str, optional
        "scalar": one rate for the whole predictor; "tensor": one for each weight tensor;
        "tensor and step": one for each weight tensor and each inner step; None: nothing.
    n_inner_steps : int
        How many inner steps, for "tensor and step".
    only : str
        Adapt the weights of this part of the predictor ("head"), and hold the others still in the
        inner loop; "" adapts all.

    References
    ----------
    Li et al. 2017 (Meta-SGD) for "tensor"; Antoniou et al. 2019 (MAML++) for "tensor and step";
    Raghu et al. 2020 (ANIL) for `only="head"`.
    """

    @checked
    def __init__(
        self,
        predictor: nn.Module,
        inner_lr: float = 0.01,
        learn: str | None = None,
        n_inner_steps: int = 1,
        only: str = "",
    ):
        super().__init__()
        self.names = [name for name, p in predictor.named_parameters() if p.requires_grad]
        part = f"{only}." if only else ""
        self.only, self.moves = only, [f"{name}.".startswith(part) for name in self.names]
        if not any(self.moves):
            parts = dict.fromkeys(name.split(".")[0] for name in self.names)
            raise ValueError(f"No weights in {only!r}: choose from {', '.join(parts)}.")
        shapes = {
            "scalar": (1, 1),
            "tensor": (1, len(self.names)),
            "tensor and step": (n_inner_steps, len(self.names)),
        }
        if learn not in (None, *shapes):
            known = ", ".join(map(repr, (None, *shapes)))
            raise ValueError(f"Inner rates are learned as {known}, got {learn!r}.")
        if not 0 < inner_lr < math.inf:
            raise ValueError(f"inner_lr must be a positive number, got {inner_lr}.")
        self.start, self.learn = float(inner_lr), learn
        if learn:
            like = next(predictor.parameters())
            self.log_alpha = nn.Parameter(like.new_full(shapes[learn], math.log(inner_lr)))

    @checked
    def at(self, step: int) -> Sequence[float | Tensor]:
        """Look up the rate of each trainable weight tensor.

        Parameters
        ----------
        step : int
            The inner step, from 0; steps beyond the last learned one use its rates.

        Returns
        -------
        sequence of float or Tensor
            One for each tensor.
        """
        if self.learn:
            row = self.log_alpha.exp()[min(step, len(self.log_alpha) - 1)]
            rates: list = list(row.expand(len(self.names)).unbind())
        else:
            rates = [self.start] * len(self.names)
        return [rate if moves else 0.0 for rate, moves in zip(rates, self.moves)]

    def table(self) -> np.ndarray:
        """List the rates as they are now.

        Returns
        -------
        np.ndarray
            (steps, tensors); a single row or column where they are shared.
        """
        if not self.learn:
            return np.array([[self.start]])
        table = self.log_alpha.detach().exp().cpu().numpy()
        return table * self.moves if table.shape[1] == len(self.moves) else table
