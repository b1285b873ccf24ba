"""Next-frame predictors: small networks (N, 4, H, W) -> (N, 1, H, W), all behind `build_predictor(name)`.

Normalisation is GroupNorm or LayerNorm: BatchNorm statistics would leak from one scene, and from one inner step of MAML, into
the next. Every operation has a second derivative, which MAML needs; hence attention written out by hand.
"""

import torch
from torch import nn

from vadkit.predictors.attention import AttentionUNet, Transformer
from vadkit.predictors.memory import MemoryUNet
from vadkit.predictors.unet import AutoEncoder, UNet


def copy_last_frame(x):
    """The predictor that learns nothing: x5 = x4. (N, 4, H, W) -> (N, 1, H, W)."""
    return x[:, -1:]


PREDICTORS = {
    "autoencoder": AutoEncoder,
    "unet": UNet,
    "attention": AttentionUNet,
    "transformer": Transformer,
    "memory": MemoryUNet,
}


def build_predictor(name, width=16, seed=0, **options):
    """A fresh predictor by name; the same seed gives the same starting weights.

    name: one of PREDICTORS; width: channels of the widest image, at least 4 and a multiple of 4; options: see the class.
    Raises ValueError for an unknown name, or a width that is not such a number.
    """
    if name not in PREDICTORS:
        raise ValueError(f"Unknown predictor '{name}': choose from {', '.join(PREDICTORS)}.")
    if width < 4 or width % 4:
        raise ValueError(f"width must be a multiple of 4 (GroupNorm has 4 groups), got {width}.")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return PREDICTORS[name](width=width, **options)


def count_parameters(predictor):
    """How many numbers a predictor learns; 0 for one that learns nothing."""
    return sum(p.numel() for p in predictor.parameters()) if isinstance(predictor, nn.Module) else 0
