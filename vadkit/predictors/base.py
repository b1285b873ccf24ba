"""TODO."""

from torch import nn
from torch.nn import functional as F

from vadkit.windows import N_INPUTS


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
