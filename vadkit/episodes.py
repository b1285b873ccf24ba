"""N-way K-shot sampling: many small tasks, each with a support set to adapt on and a query set that decides the meta-loss.

For classes an episode is one task of `n_way` classes. For video, after Lu et al. 2020 ("Few-Shot Scene-Adaptive Anomaly
Detection"), an episode is `n_way` scenes and each scene is a task of its own: "way" is used a little differently there.

A pool is where tasks come from. It is any object with three things:
    len(pool)                                          how many classes or scenes there are
    pool.check(n_way, k_shot, n_query)                 raises ValueError when such an episode cannot be drawn
    pool.draw(members, k_shot, n_query, rng, overlap)  -> list of Task, from the classes or scenes with these numbers
"""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Task:
    """What one interview candidate gets: a little to learn from (support), and the exam (query).

    name: where it came from; support, query: (inputs, targets), two tensors with the samples along axis 0
    support_frames, query_frames: for every sample the frames it is made of, as a tuple of (clip or class, number)
    classes: for classification, the original label behind each target 0 .. N-1

    Raises ValueError when a set is empty, its inputs and targets differ in number, or support and query differ in size.
    """

    name: str
    support: tuple
    query: tuple
    support_frames: tuple = ()
    query_frames: tuple = ()
    classes: tuple = ()

    def __post_init__(self):
        for part, (inputs, targets) in (("support", self.support), ("query", self.query)):
            if not len(inputs) or len(inputs) != len(targets):
                raise ValueError(f"The {part} of task '{self.name}' has {len(inputs)} inputs for {len(targets)} targets: "
                                 "give one target for each input, and at least one.")  # fmt: skip
        sizes = [tuple(tensor.shape[1:]) for tensor in (*self.support, *self.query)]
        if sizes[:2] != sizes[2:]:
            raise ValueError(f"Task '{self.name}' has support samples of size {sizes[0]} -> {sizes[1]} and query samples of "
                             f"size {sizes[2]} -> {sizes[3]}: cut both from the same scene.")  # fmt: skip

    @property
    def shared_frames(self):
        """The frames that occur in both support and query, as a set: empty unless the rule was broken on purpose."""
        return {f for sample in self.support_frames for f in sample} & {
            f for sample in self.query_frames for f in sample
        }

    def to(self, device):
        """The same task with its tensors on another device."""
        return replace(
            self, support=tuple(t.to(device) for t in self.support), query=tuple(t.to(device) for t in self.query)
        )


class EpisodeSampler:
    """Episodes without end: `sampler[i]` is episode number i, a list of tasks, and the same list for the same seed.

    tasks: a ClassPool, ScenePool, SinusoidPool or any pool as described on top of this module
    n_way: classes per task (ClassPool), or scenes per episode, one task each (ScenePool); drawn without replacement
    k_shot: support samples per class or scene; n_query: query samples per class or scene
    overlap: True breaks the rule on purpose: every query sample then shares at least one frame with the support

    Nothing is drawn before it is asked for. Raises ValueError when such an episode cannot be drawn, with the largest K that can.
    """

    def __init__(self, tasks, n_way=4, k_shot=5, n_query=5, seed=0, overlap=False):
        for name, value in (("n_way", n_way), ("k_shot", k_shot), ("n_query", n_query)):
            if value != int(value) or value < 1:
                raise ValueError(f"{name} must be a whole number of at least 1, got {value}.")
        if n_way > len(tasks):
            raise ValueError(
                f"n_way={n_way} needs {n_way} different classes or scenes, and there are {len(tasks)}: lower n_way."
            )
        tasks.check(n_way, k_shot, 0 if overlap else n_query)
        self.tasks, self.n_way, self.k_shot, self.n_query = tasks, n_way, k_shot, n_query
        self.seed, self.overlap = seed, overlap

    def __getitem__(self, number):
        if not 0 <= number < 2**63:
            raise IndexError(f"Episodes are numbered from 0, got {number}.")
        rng = np.random.default_rng([self.seed, number])
        members = rng.choice(len(self.tasks), self.n_way, replace=False)
        return self.tasks.draw([int(m) for m in members], self.k_shot, self.n_query, rng, self.overlap)

    def __iter__(self):
        number = 0
        while True:
            yield self[number]
            number += 1
