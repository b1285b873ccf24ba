"""Next-frame predictors: small networks (N, 4, H, W) -> (N, 1, H, W), all behind `build_predictor(name)`.

Normalisation is GroupNorm: BatchNorm statistics would leak from one scene, and from one inner step of MAML, into the next.
"""

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
    Predictions can overshoot [0, 1] a little; `evaluate` and the widgets clamp them.
    """

    def __init__(self, halvings, predicts="frame"):
        super().__init__()
        if predicts not in ("frame", "change"):
            raise ValueError(f"predicts is 'frame' or 'change', got {predicts!r}.")
        self.multiple, self.predicts = 2**halvings, predicts

    def forward(self, x):
        """x (N, 4, H, W) in [0, 1] -> (N, 1, H, W). Any H and W from 16 pixels up. Raises ValueError for another shape."""
        if x.ndim != 4 or x.shape[1] != N_INPUTS or min(x.shape[2:]) < 16:
            raise ValueError(
                f"A predictor takes ({'N'}, {N_INPUTS}, H, W) with H and W at least 16 pixels, got {tuple(x.shape)}."
            )
        height, width = x.shape[2:]
        bottom, right = -height % self.multiple, -width % self.multiple
        padded = F.pad(x, (0, right, 0, bottom), mode="replicate") if bottom or right else x
        drawn = self.draw(padded)[..., :height, :width]
        return drawn + x[:, -1:] if self.predicts == "change" else drawn

    def start_from(self, head):
        """Let the untrained network predict mid-grey, or no change at all."""
        nn.init.zeros_(head.weight) if self.predicts == "change" else nn.init.normal_(head.weight, std=0.01)
        nn.init.constant_(head.bias, 0.0 if self.predicts == "change" else 0.5)
        return head


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

    stem: side of the pixel blocks folded into channels first (space-to-depth); 2 makes a step about four times cheaper.
    """

    def __init__(self, width=16, predicts="frame", depth=3, stem=1):
        super().__init__(halvings=depth + (stem == 2), predicts=predicts)
        widths = [width * min(2**level, 4) for level in range(depth + 1)]
        self.stem = stem
        self.enter = conv_block(N_INPUTS * stem**2, width)
        self.down = nn.ModuleList(
            nn.Sequential(conv_block(a, b, 2), conv_block(b, b)) for a, b in zip(widths, widths[1:])
        )
        self.up = nn.ModuleList(conv_block(a + b, a) for a, b in zip(widths, widths[1:]))
        self.head = self.start_from(nn.Conv2d(width, stem**2, 3, padding=1))

    def draw(self, x):
        skips = [self.enter(F.pixel_unshuffle(x, self.stem))]
        for down in self.down:
            skips.append(down(skips[-1]))
        y = skips.pop()
        for up in reversed(self.up):
            y = up(torch.cat([skips.pop(), F.interpolate(y, scale_factor=2)], dim=1))
        return F.pixel_shuffle(self.head(y), self.stem)


PREDICTORS = {"autoencoder": AutoEncoder, "unet": UNet}


def build_predictor(name, width=16, seed=0, **options):
    """A fresh predictor by name; the same seed gives the same starting weights.

    name: "autoencoder" or "unet"; width: channels of the widest image, at least 4 and a multiple of 4; options: see the class.
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
