"""TODO."""

import torch
from torch import nn
from torch.nn import functional as F

from vadkit.predictors.unet import UNet


class Memory(nn.Module):
    """A list of prototypes; every place of an image (N, C, H, W) is rewritten as a mixture of them. What resembles no prototype
    cannot pass (MemAE, Gong et al. 2019, eq. 3-7; MNAD, Park et al. 2020).

    slots: how many prototypes; shrink: a prototype counts only if it gets more than `shrink` times its even share 1 / slots
    (hard shrinkage, eq. 6; the paper takes 1 to 3; 0 = off); sharpness: what the cosine similarities are multiplied with before
    the softmax. The paper has 2,000 slots and sharpness 1; few slots need more, or all of them are read at once.
    """

    def __init__(self, channels, slots=64, shrink=1.0, sharpness=10.0):
        super().__init__()
        self.prototypes = nn.Parameter(torch.randn(slots, channels))
        self.shrink, self.sharpness = shrink, sharpness

    def address(self, image):
        """How much of each prototype is read at each place -> (N, H * W, slots); every row sums to one."""
        places = F.normalize(image.flatten(2).transpose(1, 2), dim=-1)
        weights = (self.sharpness * places @ F.normalize(self.prototypes, dim=-1).T).softmax(dim=-1)
        least = weights.amax(dim=-1, keepdim=True).clamp(max=self.shrink / len(self.prototypes))
        kept = weights * (weights >= least)
        return kept / kept.sum(dim=-1, keepdim=True)

    def forward(self, image):
        return (self.address(image) @ self.prototypes).transpose(1, 2).reshape(image.shape)


class MemoryUNet(UNet):
    """An auto-encoder that may only speak in prototypes of normal life: a `UNet` without skip connections (through which anything
    could pass the memory by) and a `Memory` in the bottleneck, after MemAE (Gong et al. 2019). With skips=True it is closer to
    MNAD (Park et al. 2020). Options as `UNet` and `Memory`; for the paper's entropy loss see `fit(..., entropy=0.0002)`."""

    def __init__(self, width=16, predicts="frame", slots=64, shrink=1.0, sharpness=10.0, skips=False, **options):
        super().__init__(width, predicts, skips=skips, **options)
        self.middle = Memory(self.n_middle, slots, shrink, sharpness)

    def addressing(self, x):
        """Which prototypes are read where: x (N, 4, H, W) -> (N, places, slots)."""
        return self.middle.address(self.encode(self.padded(x))[-1])
