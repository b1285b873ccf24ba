"""TODO."""

import torch
from torch import nn


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


def discriminator_loss(on_real, on_drawn):
    """Real frames should get 1, drawn ones 0 (least-squares GAN, Mao et al. 2017; Liu et al. 2018, eq. 5). Any two tensors."""
    return 0.5 * (on_real - 1).square().mean() + 0.5 * on_drawn.square().mean()


def generator_loss(on_drawn):
    """The predictor's side of it: drawn frames should get 1 (Liu et al. 2018, eq. 4)."""
    return 0.5 * (on_drawn - 1).square().mean()


class Adversary:
    """A `PatchDiscriminator` that learns to tell real frames from drawn ones while the predictor learns to fool it."""

    def __init__(self, lr, seed, device):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.net = PatchDiscriminator().to(device)
        self.lr, self.optimizer = lr, torch.optim.Adam(self.net.parameters(), lr=lr)

    def step(self, real, drawn, pace=1.0):
        """One step on frames (N, 1, H, W), at `pace` times the rate -> the loss before it."""
        self.optimizer.param_groups[0]["lr"] = pace * self.lr
        loss = discriminator_loss(self.net(real), self.net(drawn))
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()
