"""Convolutional predictors: an auto-encoder, and the U-Net."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vadkit.checks import checked
from vadkit.predictors.base import Predictor, check_windows, conv_block
from vadkit.windows import N_INPUTS


class AutoEncoder(Predictor):
    """Encoder, bottleneck and decoder (Hasan et al. 2016).

    A small image in the middle carries everything from the encoder to the decoder. There are no
    skip connections, so the prediction is blurred.

    Parameters
    ----------
    width : int
        Channels of the widest image.
    **options : Any
        Options of `Predictor`.
    """

    @checked
    def __init__(self, width: int = 16, **options: Any):
        super().__init__(halvings=3, **options)
        w = width
        self.encoder = nn.Sequential(
            conv_block(N_INPUTS, w, stride=2),
            conv_block(w, 2 * w, stride=2),
            conv_block(2 * w, 2 * w, stride=2),
            conv_block(2 * w, 2 * w),
        )
        up = nn.Upsample(scale_factor=2)
        self.decoder = nn.Sequential(
            up, conv_block(2 * w, 2 * w), up, conv_block(2 * w, w), up, conv_block(w, w)
        )
        self.head = self._init_head(nn.Conv2d(w, 1, 3, padding=1))

    def _network(self, x):
        return self.head(self.decoder(self.encoder(x)))


class UNet(Predictor):
    """Encoder and decoder with skip connections at every size (Ronneberger et al. 2015).

    It is a small version of the predictor of Liu et al. 2018.

    Parameters
    ----------
    width, depth : int
        Channels of the widest image, and how often it is halved.
    stem : int
        Side of the blocks of pixels that are folded into channels first (space-to-depth); 2
        makes a step about four times cheaper.
    skips : bool
        False removes the skip connections: an auto-encoder of the same depth and widths.
    **options : Any
        Options of `Predictor`.
    """

    @checked
    def __init__(
        self, width: int = 16, depth: int = 3, stem: int = 1, skips: bool = True, **options: Any
    ):
        super().__init__(halvings=depth + (stem == 2), **options)
        widths = [width * min(2**level, 4) for level in range(depth + 1)]
        levels = list(zip(widths, widths[1:]))
        self.stem = stem
        self.skips = skips
        self.n_middle = widths[-1]
        self.enter = conv_block(N_INPUTS * stem**2, width)
        self.down = nn.ModuleList(
            nn.Sequential(conv_block(a, b, stride=2), conv_block(b, b)) for a, b in levels
        )
        self.up = nn.ModuleList(conv_block((a if skips else 0) + b, a) for a, b in levels)
        self.head = self._init_head(nn.Conv2d(width, stem**2, 3, padding=1))
        self.middle: nn.Module = nn.Identity()

    def feature_maps(self, x: Tensor) -> list[Tensor]:
        """Look inside: what the encoder makes of windows.

        Parameters
        ----------
        x : Tensor
            Windows (N, 4, H, W) in [0, 1].

        Returns
        -------
        list of Tensor
            (N, C, h, w) for every size, from the widest image to the smallest.
        """
        check_windows(x)
        mean, scale = self._moments(x)
        return self._encode(self._padded((x - mean) / scale))

    def _encode(self, x):
        """Feature maps of every size, from the widest image to the smallest."""
        features = [self.enter(F.pixel_unshuffle(x, self.stem))]
        for down in self.down:
            features.append(down(features[-1]))
        return features

    def _network(self, x):
        features = self._encode(x)
        y = self.middle(features.pop())
        for up in reversed(self.up):
            y = F.interpolate(y, scale_factor=2)
            skip = features.pop()
            y = up(torch.cat([skip, y], dim=1) if self.skips else y)
        return F.pixel_shuffle(self.head(y), self.stem)
