"""TODO."""

import torch
from torch import nn
from torch.nn import functional as F

from vadkit.predictors.base import Predictor, conv_block
from vadkit.windows import N_INPUTS


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
