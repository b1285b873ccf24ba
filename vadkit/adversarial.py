"""Adversarial training: a discriminator that the predictor learns to fool."""

import torch
from torch import Tensor, nn

from vadkit.callbacks import Callback
from vadkit.checks import checked


class PatchDiscriminator(nn.Sequential):
    """Real or fake? Frames (N, 1, H, W) to a verdict per patch, (N, 1, H / 8, W / 8).

    1 is real and 0 is fake (PatchGAN, Isola et al. 2017, as Liu et al. 2018 use it).

    Parameters
    ----------
    width : int
        Channels of the widest image.
    """

    @checked
    def __init__(self, width: int = 16):
        layers: list[nn.Module] = []
        widths = (1, width, 2 * width, 4 * width)
        for n_in, n_out in zip(widths, widths[1:]):
            layers += [nn.Conv2d(n_in, n_out, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        super().__init__(*layers, nn.Conv2d(widths[-1], 1, 3, padding=1))


@checked
def discriminator_loss(on_real: Tensor, on_fake: Tensor) -> Tensor:
    """Real frames should get 1 and fake ones 0 (Mao et al. 2017; Liu et al. 2018, eq. 5).

    Parameters
    ----------
    on_real, on_fake : Tensor
        Verdicts of the discriminator, of any shape.

    Returns
    -------
    Tensor
        A scalar.
    """
    return 0.5 * (on_real - 1).square().mean() + 0.5 * on_fake.square().mean()


@checked
def generator_loss(on_fake: Tensor) -> Tensor:
    """What the predictor is after: fake frames should get 1 (Liu et al. 2018, eq. 4).

    Parameters
    ----------
    on_fake : Tensor
        Verdicts of the discriminator, of any shape.

    Returns
    -------
    Tensor
        A scalar.
    """
    return 0.5 * (on_fake - 1).square().mean()


class Adversary(Callback):
    """Train a `PatchDiscriminator` beside the predictor, which learns to fool it.

    Both learn at the same rate. In Liu et al. 2018 the discriminator learns ten times slower:
    too slow for a few hundred steps. `losses` has its loss at each step of the last training.

    Parameters
    ----------
    weight : float
        Of `generator_loss` in the predictor's loss.
    """

    @checked
    def __init__(self, weight: float = 0.05):
        self.weight = weight

    def before_training(self) -> None:
        """Build a discriminator from the seed of the training."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.run.seed)
            self.net = PatchDiscriminator().to(self.run.device)
        self.optimizer = torch.optim.Adam(self.net.parameters())
        self.losses: list[float] = []

    def after_loss(self) -> None:
        """Add what the predictor loses by not fooling the discriminator."""
        on_fake = self.net(self.run.prediction)
        self.run.loss = self.run.loss + self.weight * generator_loss(on_fake)

    def after_step(self) -> None:
        """Let the discriminator learn from the same batch."""
        self.optimizer.param_groups[0]["lr"] = self.run.lr
        fake = self.run.prediction.detach()
        loss = discriminator_loss(self.net(self.run.y), self.net(fake))
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.losses.append(loss.item())
