"""TODO."""

import numpy as np
import torch

from vadkit.episodes import Task


class SinusoidPool:
    """y = a sin(x + b), one task for each a in [0.1, 5] and b in [0, pi], x in [-5, 5] (Finn et al. 2017, section 5.1)."""

    def __len__(self):
        return 2**31

    def check(self, n_way, k_shot, n_query):
        """Any number of points can be drawn."""

    def draw(self, members, k_shot, n_query, rng, overlap=False):
        return [self._task(np.random.default_rng(member), k_shot, n_query, rng, overlap) for member in members]

    def _task(self, wave, k_shot, n_query, rng, overlap):
        amplitude, phase = wave.uniform(0.1, 5), wave.uniform(0, np.pi)
        x = torch.from_numpy(rng.uniform(-5, 5, (k_shot + n_query, 1))).float()
        y = amplitude * torch.sin(x + phase)
        query = torch.from_numpy(rng.integers(k_shot, size=n_query)) if overlap else slice(k_shot, None)
        return Task(f"{amplitude:.2f} sin(x + {phase:.2f})", (x[:k_shot], y[:k_shot]), (x[query], y[query]))
