"""Attention written out, in a U-Net and as a transformer."""

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from vadkit.checks import checked
from vadkit.predictors.base import Predictor
from vadkit.predictors.unet import UNet
from vadkit.windows import N_INPUTS


class _Attention(nn.Module):
    """Multi-head self-attention, softmax(Q K^T / sqrt(d)) V (Vaswani et al. 2017, eq. 1).

    PyTorch's fused attention has no second derivative on a CPU; these matrix products do. Q, K
    and V have no bias: softmax would cancel that of K, and its gradient would always be zero.
    """

    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.out = nn.Linear(dim, dim)

    def forward(self, tokens):  # (N, L, dim) to (N, L, dim)
        n, length, dim = tokens.shape
        head_dim = dim // self.heads
        qkv = self.qkv(tokens).view(n, length, 3, self.heads, head_dim)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        weights = (q / math.sqrt(head_dim) @ k.transpose(-2, -1)).softmax(dim=-1)
        return self.out((weights @ v).transpose(1, 2).reshape(n, length, dim))


class _ImageAttention(nn.Module):
    """Attention among all places of an image, added to it: a non-local block (Wang et al. 2018)."""

    def __init__(self, channels, heads):
        super().__init__()
        self.norm = nn.GroupNorm(1, channels)
        self.attention = _Attention(channels, heads)

    def forward(self, image):
        tokens = self.norm(image).flatten(2).transpose(1, 2)
        return image + self.attention(tokens).transpose(1, 2).reshape(image.shape)


class AttentionUNet(UNet):
    """A U-Net with self-attention over the whole frame in its bottleneck (Wang et al. 2018).

    Attention has the place that it has in the U-Net of Ho et al. 2020.

    Parameters
    ----------
    heads : int
        How many attentions there are in parallel.
    **options : Any
        Options of `UNet`.
    """

    @checked
    def __init__(self, heads: int = 4, **options: Any):
        super().__init__(**options)
        self.middle = _ImageAttention(self.n_middle, heads)


class _TransformerBlock(nn.Module):
    """Attention, then a small network for each token alone (Vaswani et al. 2017, pre-norm)."""

    def __init__(self, dim, heads):
        super().__init__()
        self.look = nn.Sequential(nn.LayerNorm(dim), _Attention(dim, heads))
        layers = [nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim)]
        self.think = nn.Sequential(nn.LayerNorm(dim), *layers)

    def forward(self, tokens):
        tokens = tokens + self.look(tokens)
        return tokens + self.think(tokens)


class Transformer(Predictor):
    """A vision transformer over patches of all four frames (Dosovitskiy et al. 2021).

    Attention is joint in space and time (ViViT, Arnab et al. 2021); the tokens of the last frame
    become the next one. Cost grows with the fourth power of the frame's side: 64 x 64 pixels are
    256 tokens, 128 x 128 are 1,024.

    Parameters
    ----------
    width, blocks, heads : int
        A quarter of the numbers per token; how many blocks, and attentions in each.
    patch : int
        Side of a patch in pixels: 2, 4, 8 or 16.
    **options : Any
        Options of `Predictor`.
    """

    @checked
    def __init__(
        self, width: int = 16, blocks: int = 2, heads: int = 4, patch: int = 8, **options: Any
    ):
        if patch not in (2, 4, 8, 16):
            raise ValueError(f"patch is 2, 4, 8 or 16 pixels, got {patch}.")
        super().__init__(halvings=int(math.log2(patch)), **options)
        dim = 4 * width
        self.patch = patch
        self.embed = nn.Linear(patch**2, dim)
        self.time = nn.Parameter(0.1 * torch.randn(N_INPUTS, 1, dim))
        self.blocks = nn.Sequential(*(_TransformerBlock(dim, heads) for _ in range(blocks)))
        self.norm = nn.LayerNorm(dim)
        self.head = self._init_head(nn.Linear(dim, patch**2))

    def _network(self, x):
        frames = x.flatten(0, 1)[:, None]
        patches = F.pixel_unshuffle(frames, self.patch)  # (N * 4, patch * patch, rows, columns)
        rows, columns = patches.shape[2:]
        tokens = self.embed(patches.flatten(2).transpose(1, 2)).unflatten(0, (len(x), N_INPUTS))
        positions = _sine_positions(rows, columns, tokens.shape[-1])
        tokens = tokens + self.time + positions.to(tokens)
        tokens = self.blocks(tokens.flatten(1, 2))
        last = self.norm(tokens[:, -rows * columns :])
        pixels = self.head(last).transpose(1, 2).unflatten(2, (rows, columns))
        return F.pixel_shuffle(pixels, self.patch)


def _sine_positions(rows, columns, dim):
    """Where each patch is, (rows * columns, dim), for any frame size (Vaswani 2017, section 3.5).

    Half of the numbers are sines and cosines of the row, the other half of the column.
    """
    frequencies = 100.0 ** (-torch.arange(dim // 4) / (dim // 4))

    def waves(n):
        angles = torch.arange(n)[:, None] * frequencies
        return torch.cat([angles.sin(), angles.cos()], dim=1)

    of_row = waves(rows)[:, None].expand(-1, columns, -1)
    of_column = waves(columns).expand(rows, -1, -1)
    return torch.cat([of_row, of_column], dim=2).flatten(0, 1)
