"""TODO."""

import math

import numpy as np
from torch import nn

from vadkit.maml.checks import trainable


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


def as_rates(inner_lr, predictor):
    rates = inner_lr if isinstance(inner_lr, InnerRates) else InnerRates(predictor, inner_lr)
    if len(rates.names) != len(trainable(predictor)):
        raise ValueError(
            f"These rates are for {len(rates.names)} weight tensors, the predictor has {len(trainable(predictor))}."
        )
    return rates
