"""A predictor that rewrites what it sees as a mixture of learned prototypes."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vadkit.checks import checked
from vadkit.predictors.unet import UNet


class _Memory(nn.Module):
    """Prototypes; each place of an image becomes a mixture of them (Gong et al. 2019, eq. 3-7)."""

    def __init__(self, channels, slots=64, shrink=1.0, sharpness=10.0):
        super().__init__()
        self.prototypes = nn.Parameter(torch.randn(slots, channels))
        self.shrink = shrink
        self.sharpness = sharpness

    def address(self, image):
        """How much of each prototype is read where: (N, C, H, W) to (N, H * W, slots)."""
        places = F.normalize(image.flatten(2).transpose(1, 2), dim=-1)
        prototypes = F.normalize(self.prototypes, dim=-1)
        weights = (self.sharpness * places @ prototypes.T).softmax(dim=-1)
        # The largest weight always counts, or a place could read nothing at all.
        largest = weights.amax(dim=-1, keepdim=True)
        kept = weights * (weights >= largest.clamp(max=self.shrink / len(self.prototypes)))
        return kept / kept.sum(dim=-1, keepdim=True)

    def forward(self, image):
        return (self.address(image) @ self.prototypes).transpose(1, 2).reshape(image.shape)


class MemoryUNet(UNet):
    """A U-Net with a memory of prototypes in its bottleneck (MemAE, Gong et al. 2019).

    The decoder sees mixtures of prototypes only: there are no skip connections, through which
    features would pass the memory by. With skips=True it is closer to MNAD (Park et al. 2020).
    The paper's entropy loss is `vadkit.callbacks.AddressingEntropy`.

    Parameters
    ----------
    slots : int
        How many prototypes there are; 2,000 in the paper.
    shrink : float
        A prototype is read only if it gets more than `shrink` times its even share 1 / slots
        (hard shrinkage, eq. 6; the paper takes 1 to 3; 0 is off).
    sharpness : float
        Factor of the cosine similarities before the softmax. The paper has 1; few slots need
        more, or all of them are read at once.
    **options : Any
        Options of `UNet`.
    """

    @checked
    def __init__(
        self, slots: int = 64, shrink: float = 1.0, sharpness: float = 10.0, **options: Any
    ):
        super().__init__(**{"skips": False, **options})
        self.middle: _Memory = _Memory(self.n_middle, slots, shrink, sharpness)

    def addressing(self, x: Tensor) -> Tensor:
        """Tell which prototypes are read where.

        Parameters
        ----------
        x : Tensor
            Windows (N, 4, H, W).

        Returns
        -------
        Tensor
            (N, places, slots); every row sums to one.
        """
        return self.middle.address(self.feature_maps(x)[-1])
