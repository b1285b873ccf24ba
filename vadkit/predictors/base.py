"""What all predictors share."""

from torch import Tensor, nn
from torch.nn import functional as F

from vadkit.checks import checked
from vadkit.windows import N_INPUTS


class Predictor(nn.Module):
    """Base of all predictors: check and pad the input, decide what the output means.

    A subclass writes `_network`, from (N, 4, H, W) to (N, 1, H, W). Predictions can overshoot
    [0, 1] a little; `evaluate` and the widgets clamp them. Next-frame prediction as in Mathieu
    et al. 2016 and Liu et al. 2018.

    Parameters
    ----------
    halvings : int
        How often the network halves the frame.
    predicts : str
        "frame": the network makes x5 and has to learn the scene itself. "change": it makes
        x5 - x4, and starts from no change, which is copy-last-frame.
    normalise : bool
        Let the network see windows of zero mean and unit variance, so that light and contrast
        do not matter.
    """

    @checked
    def __init__(self, halvings: int, predicts: str = "frame", normalise: bool = False):
        super().__init__()
        if predicts not in ("frame", "change"):
            raise ValueError(f"predicts is 'frame' or 'change', got {predicts!r}.")
        self.multiple = 2**halvings
        self.predicts = predicts
        self.normalise = normalise

    def forward(self, x: Tensor) -> Tensor:
        """Predict the next frame of each window.

        Parameters
        ----------
        x : Tensor
            Windows (N, 4, H, W) in [0, 1], H and W at least 16 pixels.

        Returns
        -------
        Tensor
            Frames (N, 1, H, W).

        Raises
        ------
        ValueError
            If the shape is another.
        """
        check_windows(x)
        mean, scale = self._moments(x)
        height, width = x.shape[2:]
        output = self._network(self._padded((x - mean) / scale))[..., :height, :width]
        return scale * output + (x[:, -1:] if self.predicts == "change" else mean)

    def _network(self, x):
        raise NotImplementedError

    def _moments(self, x):
        """Mean and standard deviation of each window, if it is normalised at all."""
        return _moments(x) if self.normalise else (0, 1)

    def _padded(self, x):
        """Repeat the bottom row and the right column until the frame can be halved."""
        bottom, right = -x.shape[2] % self.multiple, -x.shape[3] % self.multiple
        return F.pad(x, (0, right, 0, bottom), mode="replicate") if bottom or right else x

    def _init_head(self, head):
        """Let the untrained network predict mid-grey, or no change at all."""
        if self.predicts == "change":
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)
        else:
            nn.init.normal_(head.weight, std=0.01)
            nn.init.constant_(head.bias, 0.5)
        return head


def check_windows(x: Tensor) -> None:
    """Refuse what a predictor cannot take.

    Parameters
    ----------
    x : Tensor
        Windows (N, 4, H, W), H and W at least 16 pixels, or it is a ValueError.
    """
    shape = tuple(getattr(x, "shape", ()))
    if not isinstance(x, Tensor) or len(shape) != 4 or shape[1] != N_INPUTS or min(shape[2:]) < 16:
        raise ValueError(
            f"A predictor takes (N, {N_INPUTS}, H, W) with H and W at least 16 pixels, "
            f"got {shape or type(x).__name__}."
        )


def _moments(x):
    """Mean and standard deviation of each window; an even grey counts as 1/255 rough."""
    variance = x.var((1, 2, 3), keepdim=True)
    return x.mean((1, 2, 3), keepdim=True), (variance + 255**-2).sqrt()


def conv_block(n_in: int, n_out: int, stride: int = 1) -> nn.Sequential:
    """3x3 convolution, GroupNorm, SiLU: smooth, so that second-order gradients behave well.

    Parameters
    ----------
    n_in, n_out, stride : int
        Channels in, a multiple of 4 channels out; 2 halves the frame.

    Returns
    -------
    Sequential
        (N, n_in, H, W) to (N, n_out, H / stride, W / stride).
    """
    conv = nn.Conv2d(n_in, n_out, 3, stride, padding=1, bias=False)
    return nn.Sequential(conv, nn.GroupNorm(min(4, n_out), n_out), nn.SiLU())
