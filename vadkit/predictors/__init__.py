"""Next-frame predictors: small networks, each built by `build_predictor(name)`.

They normalise with GroupNorm or LayerNorm: BatchNorm statistics would leak from one scene, and
from one inner step of MAML, into the next. Every operation has a second derivative, which MAML
needs; hence the attention written out by hand.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from vadkit.checks import checked
from vadkit.predictors.attention import AttentionUNet, Transformer
from vadkit.predictors.base import Predictor
from vadkit.predictors.memory import MemoryUNet
from vadkit.predictors.unet import AutoEncoder, UNet

PREDICTORS: dict[str, Callable[..., Predictor]] = {
    "autoencoder": AutoEncoder,
    "unet": UNet,
    "attention": AttentionUNet,
    "transformer": Transformer,
    "memory": MemoryUNet,
}


@checked
def copy_last_frame(x: Tensor) -> Tensor:
    """Predict that nothing changes: the predictor that learns nothing.

    Parameters
    ----------
    x : Tensor
        Windows (N, 4, H, W).

    Returns
    -------
    Tensor
        Their last frames, (N, 1, H, W).
    """
    return _video(x)[:, -1:]


@checked
def constant_velocity(x: Tensor) -> Tensor:
    """Predict that every pixel goes on changing as it did: 2 x4 - x3, and nothing is learned.

    Parameters
    ----------
    x : Tensor
        Windows (N, 4, H, W).

    Returns
    -------
    Tensor
        Frames (N, 1, H, W), which can leave [0, 1] a little.
    """
    return 2 * _video(x)[:, -1:] - x[:, -2:-1]


def _video(x):
    if x.ndim != 4:
        raise ValueError(f"Windows are tensors (N, 4, H, W), got {tuple(x.shape)}.")
    return x


@checked
def build_predictor(name: str, width: int = 16, seed: int = 0, **options: Any) -> Predictor:
    """Build a fresh predictor; the same seed gives the same starting weights.

    Parameters
    ----------
    name : str
        One of `PREDICTORS`.
    width : int
        Channels of the widest image: 4 or a multiple of it.
    seed : int
        Seed of the starting weights; the global random generator is left alone.
    **options : Any
        Options of the class, such as `predicts`.

    Returns
    -------
    Predictor
        The network, on the CPU.

    Raises
    ------
    ValueError
        If the name is unknown or the width is not such a number.
    """
    if name not in PREDICTORS:
        raise ValueError(f"Unknown predictor '{name}': choose from {', '.join(PREDICTORS)}.")
    if width < 4 or width % 4:
        raise ValueError(f"width must be a multiple of 4 (GroupNorm has 4 groups), got {width}.")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return PREDICTORS[name](width=width, **options)


def count_parameters(predictor: Callable) -> int:
    """Count the numbers that a predictor learns.

    Parameters
    ----------
    predictor : Callable
        A network, or a function that learns nothing.

    Returns
    -------
    int
        The count, 0 for a function.
    """
    if not isinstance(predictor, nn.Module):
        return 0
    return sum(p.numel() for p in predictor.parameters())
