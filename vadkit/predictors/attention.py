"""TODO."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from vadkit.predictors.base import Predictor
from vadkit.predictors.unet import UNet
from vadkit.windows import N_INPUTS


class Attention(nn.Module):
    """Every token looks at every other: softmax(Q K^T / sqrt(d)) V, several heads beside each other (Vaswani et al. 2017, eq. 1).

    Tokens (N, L, dim) -> (N, L, dim). PyTorch's fused attention has no second derivative on a CPU; these matrix products do.
    Q, K and V have no bias: softmax would cancel that of K, and its gradient would always be zero.
    """

    def __init__(self, dim, heads=4):
        super().__init__()
        self.heads, self.qkv, self.out = heads, nn.Linear(dim, 3 * dim, bias=False), nn.Linear(dim, dim)

    def forward(self, tokens):
        n, length, dim = tokens.shape
        q, k, v = self.qkv(tokens).view(n, length, 3, self.heads, dim // self.heads).permute(2, 0, 3, 1, 4)
        looks = (q / math.sqrt(dim // self.heads) @ k.transpose(-2, -1)).softmax(dim=-1)
        return self.out((looks @ v).transpose(1, 2).reshape(n, length, dim))


class ImageAttention(nn.Module):
    """Attention among all places of an image (N, C, H, W), added to what is there: a non-local block (Wang et al. 2018)."""

    def __init__(self, channels, heads=4):
        super().__init__()
        self.norm, self.attention = nn.GroupNorm(1, channels), Attention(channels, heads)

    def forward(self, image):
        tokens = self.norm(image).flatten(2).transpose(1, 2)
        return image + self.attention(tokens).transpose(1, 2).reshape(image.shape)


class AttentionUNet(UNet):
    """A U-Net whose bottleneck sees the whole frame at once, through self-attention (Wang et al. 2018, "Non-local Neural
    Networks"; in this place as in the U-Net of Ho et al. 2020). Options as `UNet`, and heads: how many looks in parallel."""

    def __init__(self, width=16, predicts="frame", heads=4, **options):
        super().__init__(width, predicts, **options)
        self.middle = ImageAttention(self.n_middle, heads)


class TransformerBlock(nn.Module):
    """Attention, then a small network for each token on its own; each adds to what is there (Vaswani et al. 2017, pre-norm)."""

    def __init__(self, dim, heads):
        super().__init__()
        self.look = nn.Sequential(nn.LayerNorm(dim), Attention(dim, heads))
        self.think = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, tokens):
        tokens = tokens + self.look(tokens)
        return tokens + self.think(tokens)


class Transformer(Predictor):
    """Patches of all four frames become tokens that look at each other across space and time; the tokens of the last frame, in
    the end, draw the next one (ViT, Dosovitskiy et al. 2021; joint space-time attention, Arnab et al. 2021, "ViViT").

    Tokens have 4 x width numbers; blocks: how many rounds of looking; patch: side of a patch in pixels, a power of two.
    Cost grows with the fourth power of the frame's side: 64 x 64 is 256 tokens, 128 x 128 is 1,024.
    """

    def __init__(self, width=16, predicts="frame", blocks=2, heads=4, patch=8):
        if patch not in (2, 4, 8, 16):
            raise ValueError(f"patch is 2, 4, 8 or 16 pixels, got {patch}.")
        super().__init__(halvings=int(math.log2(patch)), predicts=predicts)
        dim = 4 * width
        self.patch = patch
        self.embed = nn.Linear(patch**2, dim)
        self.time = nn.Parameter(0.1 * torch.randn(N_INPUTS, 1, dim))
        self.blocks = nn.Sequential(*(TransformerBlock(dim, heads) for _ in range(blocks)))
        self.norm = nn.LayerNorm(dim)
        self.head = self.start_from(nn.Linear(dim, patch**2))

    def draw(self, x):
        patches = F.pixel_unshuffle(x.flatten(0, 1)[:, None], self.patch)  # (N * 4, patch * patch, rows, columns)
        rows, columns = patches.shape[2:]
        tokens = self.embed(patches.flatten(2).transpose(1, 2)).unflatten(0, (len(x), N_INPUTS))
        tokens = tokens + self.time + sine_positions(rows, columns, tokens.shape[-1]).to(tokens)
        last = self.norm(self.blocks(tokens.flatten(1, 2))[:, -rows * columns :])
        return F.pixel_shuffle(self.head(last).transpose(1, 2).unflatten(2, (rows, columns)), self.patch)


def sine_positions(rows, columns, dim):
    """Sines and cosines that say where a patch is (Vaswani et al. 2017, section 3.5), rows in one half of the numbers, columns in
    the other -> (rows * columns, dim). No learned table: any frame size will do."""
    pace = 100.0 ** (-torch.arange(dim // 4) / (dim // 4))
    y, x = (torch.arange(n)[:, None] * pace for n in (rows, columns))
    y, x = (torch.cat([angle.sin(), angle.cos()], dim=1) for angle in (y, x))
    return torch.cat([y[:, None].expand(-1, columns, -1), x.expand(rows, -1, -1)], dim=2).flatten(0, 1)
