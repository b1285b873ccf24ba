"""Sinusoid regression, the tasks of Finn et al. 2017, section 5.1."""

from collections.abc import Iterable

import numpy as np
import torch

from vadkit.episodes import Task


class SinusoidPool:
    """y = a sin(x + b): one task for each a in [0.1, 5] and b in [0, pi], with x in [-5, 5]."""

    def __len__(self) -> int:
        return 2**31

    def check(self, k_shot: int, n_query: int) -> None:
        """Accept any numbers: a wave has as many points as anybody asks for."""

    def sample(
        self,
        members: Iterable[int],
        k_shot: int,
        n_query: int,
        rng: np.random.Generator,
        overlap: bool = False,
    ) -> list[Task]:
        """Make one task of each member: its number is the seed of the wave, `rng` samples x.

        With `overlap`, the query repeats points of the support.
        """
        return [self._task(member, k_shot, n_query, rng, overlap) for member in members]

    def _task(self, member, k_shot, n_query, rng, overlap):
        wave = np.random.default_rng(member)
        amplitude = wave.uniform(0.1, 5)
        phase = wave.uniform(0, np.pi)
        x = torch.from_numpy(rng.uniform(-5, 5, (k_shot + n_query, 1))).float()
        y = amplitude * torch.sin(x + phase)
        query = slice(k_shot, None)
        if overlap:
            query = torch.from_numpy(rng.integers(k_shot, size=n_query))
        name = f"{amplitude:.2f} sin(x + {phase:.2f})"
        return Task(name, (x[:k_shot], y[:k_shot]), (x[query], y[query]))
