"""N-way K-shot episodes: small tasks, each with a support to adapt on and a query to be judged by.

For classes an episode is one task of `n_way` classes. For video, after Lu et al. 2020 ("Few-Shot
Scene-Adaptive Anomaly Detection"), it is `n_way` scenes, and each scene is a task of its own.
Where tasks come from, and how support and query are kept apart, is in `vadkit.pools`.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from vadkit.checks import checked


@checked
@dataclass(frozen=True)
class Task:
    """A little to learn from, the support, and an exam, the query.

    Parameters
    ----------
    name : str
        Where it came from.
    support, query : tuple of Tensor
        Inputs and targets, samples along axis 0; a ValueError says where they do not fit.
    support_frames, query_frames, classes : tuple
        The frames (clip or class, number) of every sample; the label behind each target 0 .. N-1.
    """

    name: str
    support: tuple[torch.Tensor, torch.Tensor]
    query: tuple[torch.Tensor, torch.Tensor]
    support_frames: tuple = ()
    query_frames: tuple = ()
    classes: tuple = ()

    def __post_init__(self):
        for part, (inputs, targets) in (("support", self.support), ("query", self.query)):
            if not len(inputs) or len(inputs) != len(targets):
                raise ValueError(
                    f"The {part} of task '{self.name}' has {len(inputs)} inputs for {len(targets)} "
                    "targets: give one target for each input, and at least one."
                )
        x, y, x_query, y_query = (tuple(t.shape[1:]) for t in (*self.support, *self.query))
        if (x, y) != (x_query, y_query):
            raise ValueError(
                f"Task '{self.name}' has support samples of size {x} -> {y} and query samples of "
                f"size {x_query} -> {y_query}: cut both from the same scene."
            )

    @property
    def shared_frames(self) -> set:
        """Frames in both support and query: none unless the rule was broken on purpose."""
        support = {frame for sample in self.support_frames for frame in sample}
        return support & {frame for sample in self.query_frames for frame in sample}

    @checked
    def to(self, device: torch.device | str) -> "Task":
        """Copy the task to a device.

        Parameters
        ----------
        device : torch.device or str
            Where its tensors shall be.

        Returns
        -------
        Task
            The copy.
        """
        try:
            device = torch.device(device)
        except RuntimeError as error:
            raise ValueError(f"There is no device {device!r}: {error}.") from None
        support, query = ((x.to(device), y.to(device)) for x, y in (self.support, self.query))
        return replace(self, support=support, query=query)


class EpisodeSampler:
    """Episodes without end: `sampler[i]`, a list of tasks, is the same for the same seed.

    Parameters
    ----------
    pool : ClassPool, ScenePool or another `vadkit.pools.Pool`
        Where tasks come from; a ValueError names the largest K that it allows.
    n_way, k_shot, n_query : int
        Classes per task, or scenes per episode; support and query samples of each.
    seed : int
        Decides everything; nothing is sampled before it is asked for.
    overlap : bool
        Break the rule on purpose: every query sample shares a frame with the support.
    """

    @checked
    def __init__(
        self,
        pool: Any,
        n_way: int = 4,
        k_shot: int = 5,
        n_query: int = 5,
        seed: int = 0,
        overlap: bool = False,
    ):
        if not hasattr(pool, "sample"):
            have = type(pool).__name__
            raise TypeError(f"A pool is needed, such as ScenePool(scenes), got a {have}.")
        for name, value in (("n_way", n_way), ("k_shot", k_shot), ("n_query", n_query)):
            if value < 1:
                raise ValueError(f"{name} must be a whole number of at least 1, got {value}.")
        if n_way > len(pool):
            needed = f"n_way={n_way} needs {n_way} different classes or scenes"
            raise ValueError(f"{needed}, and there are {len(pool)}: lower n_way.")
        pool.check(k_shot, 0 if overlap else n_query)
        self.pool, self.seed, self.overlap = pool, seed, overlap
        self.n_way, self.k_shot, self.n_query = n_way, k_shot, n_query

    @checked
    def __getitem__(self, number: int) -> list[Task]:
        if not 0 <= number < 2**63:
            raise IndexError(f"Episodes are numbered from 0, got {number}.")
        rng = np.random.default_rng([self.seed, number])
        members = rng.choice(len(self.pool), self.n_way, replace=False).tolist()
        return self.pool.sample(members, self.k_shot, self.n_query, rng, self.overlap)

    def __iter__(self):
        return map(self.__getitem__, range(2**63))
