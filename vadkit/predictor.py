"""Next-frame predictors: small networks (N, 4, H, W) -> (N, 1, H, W), all behind `build_predictor(name)`.

Normalisation is GroupNorm or LayerNorm: BatchNorm statistics would leak from one scene, and from one inner step of MAML, into
the next. Every operation has a second derivative, which MAML needs; hence attention written out by hand.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from .windows import N_INPUTS


def conv_block(n_in, n_out, stride=1):
    """3x3 convolution, GroupNorm, SiLU (smooth, so that second-order gradients are well-behaved)."""
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, 3, stride, padding=1, bias=False), nn.GroupNorm(min(4, n_out), n_out), nn.SiLU()
    )


class Predictor(nn.Module):
    """What all predictors share: check the input, pad it to a size the network can halve, decide what its output means.

    predicts="frame": the network draws x5 from nothing. It has to learn the scene itself.
    predicts="change": the network draws x5 - x4, starting from no change, which is copy-last-frame.
    normalise=True: the network works on windows of zero mean and unit variance, so that light and contrast do not matter.
    Predictions can overshoot [0, 1] a little; `evaluate` and the widgets clamp them.
    """

    def __init__(self, halvings, predicts="frame", normalise=False):
        super().__init__()
        if predicts not in ("frame", "change"):
            raise ValueError(f"predicts is 'frame' or 'change', got {predicts!r}.")
        self.multiple, self.predicts, self.normalise = 2**halvings, predicts, normalise

    def forward(self, x):
        """x (N, 4, H, W) in [0, 1] -> (N, 1, H, W). Any H and W from 16 pixels up. Raises ValueError for another shape."""
        if x.ndim != 4 or x.shape[1] != N_INPUTS or min(x.shape[2:]) < 16:
            raise ValueError(
                f"A predictor takes (N, {N_INPUTS}, H, W) with H and W at least 16 pixels, got {tuple(x.shape)}."
            )
        mean, scale = moments(x) if self.normalise else (0, 1)
        drawn = scale * self.draw(self.padded((x - mean) / scale))[..., : x.shape[2], : x.shape[3]]
        return drawn + (x[:, -1:] if self.predicts == "change" else mean)

    def padded(self, x):
        """Repeat the bottom row and the right column until the network can halve the frame often enough."""
        bottom, right = -x.shape[2] % self.multiple, -x.shape[3] % self.multiple
        return F.pad(x, (0, right, 0, bottom), mode="replicate") if bottom or right else x

    def start_from(self, head):
        """Let the untrained network predict mid-grey, or no change at all."""
        nn.init.zeros_(head.weight) if self.predicts == "change" else nn.init.normal_(head.weight, std=0.01)
        nn.init.constant_(head.bias, 0.0 if self.predicts == "change" else 0.5)
        return head


def moments(x):
    """Mean and standard deviation of each window (N, 4, H, W) -> two (N, 1, 1, 1); an even grey counts as 1/255 rough."""
    return x.mean((1, 2, 3), keepdim=True), (x.var((1, 2, 3), keepdim=True) + 255**-2).sqrt()


class AutoEncoder(Predictor):
    """Encoder, bottleneck, decoder: all there is to say about four frames must fit through the middle
    (Hasan et al. 2016, "Learning Temporal Regularity in Video Sequences"). No skip connections, hence the blur."""

    def __init__(self, width=16, predicts="frame"):
        super().__init__(halvings=3, predicts=predicts)
        w = width
        self.encoder = nn.Sequential(
            conv_block(N_INPUTS, w, 2), conv_block(w, 2 * w, 2), conv_block(2 * w, 2 * w, 2), conv_block(2 * w, 2 * w)
        )
        self.decoder = nn.Sequential(
            nn.Upsample(scale_factor=2), conv_block(2 * w, 2 * w),
            nn.Upsample(scale_factor=2), conv_block(2 * w, w),
            nn.Upsample(scale_factor=2), conv_block(w, w),
        )  # fmt: skip
        self.head = self.start_from(nn.Conv2d(w, 1, 3, padding=1))

    def draw(self, x):
        return self.head(self.decoder(self.encoder(x)))


class UNet(Predictor):
    """Encoder and decoder with skip connections at every size (Ronneberger et al. 2015; the predictor of Liu et al. 2018).

    stem: side of the pixel blocks folded into channels first (space-to-depth); 2 makes a step about four times cheaper
    skips: False closes the skip connections, and leaves an auto-encoder of the same depth and widths
    normalise: see `Predictor`
    """

    def __init__(self, width=16, predicts="frame", depth=3, stem=1, skips=True, normalise=False):
        super().__init__(halvings=depth + (stem == 2), predicts=predicts, normalise=normalise)
        widths = [width * min(2**level, 4) for level in range(depth + 1)]
        self.stem, self.skips, self.n_middle = stem, skips, widths[-1]
        self.enter = conv_block(N_INPUTS * stem**2, width)
        self.down = nn.ModuleList(
            nn.Sequential(conv_block(a, b, 2), conv_block(b, b)) for a, b in zip(widths, widths[1:])
        )
        self.up = nn.ModuleList(conv_block((a if skips else 0) + b, a) for a, b in zip(widths, widths[1:]))
        self.head = self.start_from(nn.Conv2d(width, stem**2, 3, padding=1))
        self.middle = nn.Identity()

    def encode(self, x):
        """-> what was seen at every size, from the widest image to the smallest."""
        seen = [self.enter(F.pixel_unshuffle(x, self.stem))]
        for down in self.down:
            seen.append(down(seen[-1]))
        return seen

    def draw(self, x):
        seen = self.encode(x)
        y = self.middle(seen.pop())
        for up in reversed(self.up):
            skip, y = seen.pop(), F.interpolate(y, scale_factor=2)
            y = up(torch.cat([skip, y], dim=1) if self.skips else y)
        return F.pixel_shuffle(self.head(y), self.stem)


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


class PatchDiscriminator(nn.Module):
    """Real or drawn? One verdict for every patch, near 1 = real, near 0 = drawn: (N, 1, H, W) -> (N, 1, H / 8, W / 8), sizes
    rounded (PatchGAN, Isola et al. 2017; as Liu et al. 2018 use it). It teaches a predictor and is thrown away."""

    def __init__(self, width=16):
        super().__init__()
        layers, n_in = [], 1
        for n_out in (width, 2 * width, 4 * width):
            layers += [nn.Conv2d(n_in, n_out, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
            n_in = n_out
        self.verdict = nn.Sequential(*layers, nn.Conv2d(n_in, 1, 3, padding=1))

    def forward(self, frames):
        return self.verdict(frames)


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
