"""N-way K-shot sampling: many small tasks, each with a support set to adapt on and a query set that decides the meta-loss.

For classes an episode is one task of `n_way` classes. For video, after Lu et al. 2020 ("Few-Shot Scene-Adaptive Anomaly
Detection"), an episode is `n_way` scenes and each scene is a task of its own: "way" is used a little differently there.

A pool is where tasks come from. It is any object with three things:
    len(pool)                                          how many classes or scenes there are
    pool.check(n_way, k_shot, n_query)                 raises ValueError when such an episode cannot be drawn
    pool.draw(members, k_shot, n_query, rng, overlap)  -> list of Task, from the classes or scenes with these numbers
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch

from .windows import N_INPUTS


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


class ClassPool:
    """Labelled images: one task is `n_way` classes, relabelled 0 .. N-1 in the order they were drawn.

    images: (M, ...) array or tensor; labels: (M,) of any sortable kind. For scikit-learn's digits:
    `ClassPool(digits.images / 16, digits.target)`. Classes may differ in size: N and K are what makes their tasks alike.
    """

    def __init__(self, images, labels):
        self.images = torch.as_tensor(np.asarray(images), dtype=torch.float32)
        labels = np.asarray(labels)
        if labels.shape != (len(self.images),):
            raise ValueError(
                f"{len(self.images)} images need {len(self.images)} labels, got an array of {labels.shape}."
            )
        self.classes = np.unique(labels)
        self.where = [np.flatnonzero(labels == c) for c in self.classes]

    def __len__(self):
        return len(self.classes)

    def check(self, n_way, k_shot, n_query):
        smallest = min(range(len(self)), key=lambda c: len(self.where[c]))
        _refuse(k_shot, n_query, len(self.where[smallest]) - n_query, f"class {self.classes[smallest]}", "images")

    def draw(self, members, k_shot, n_query, rng, overlap=False):
        support, query = [], []
        for member in members:
            images = rng.permutation(self.where[member])
            support.append(images[:k_shot])
            query.append(rng.choice(images[:k_shot], n_query) if overlap else images[k_shot : k_shot + n_query])
        classes = tuple(self.classes[members].tolist())
        frames = [
            tuple(((c, int(i)),) for c, group in zip(classes, groups) for i in group) for groups in (support, query)
        ]
        name = f"classes {', '.join(map(str, classes))}"
        return [Task(name, self._samples(support), self._samples(query), *frames, classes)]

    def _samples(self, groups):
        return self.images[np.concatenate(groups)], torch.arange(len(groups)).repeat_interleave(len(groups[0]))


class ScenePool:
    """Scenes: each is a task. Its support is K consecutive windows of one training clip, that is K + 4 frames, as a camera
    installed this morning would give them. Its query windows come from any training clip and share no frame with the support.

    scenes: a list of `Scene`, or a function seed -> scene together with its seeds: `ScenePool(vadkit.toy_scene, range(24))`
    keep: how many scenes stay in memory, whatever the number of seeds; clips are drawn when first touched
    Scenes may differ in frame size, and in number and length of clips.
    """

    def __init__(self, scenes, seeds=None, keep=32, n_inputs=N_INPUTS):
        if callable(scenes) == (seeds is None):
            raise ValueError("Give a list of scenes, or a function seed -> scene together with seeds=range(...).")
        self.n_inputs, self.lazy = n_inputs, seeds is not None
        self.members = list(scenes) if seeds is None else seeds
        make = scenes if self.lazy else lambda scene: scene

        @lru_cache(maxsize=keep if self.lazy else None)
        def open_member(member):
            scene = make(self.members[member])
            return scene, scene.train_windows(n_inputs)

        self.open_member = open_member

    def __len__(self):
        return len(self.members)

    def __getitem__(self, member):
        """Scene number `member`, drawn now unless it is still in memory."""
        return self.open_member(member)[0]

    def check(self, n_way, k_shot, n_query):
        """All scenes of a list; of lazy scenes only the first, the others when they are drawn."""
        for member in range(1 if self.lazy else len(self)):
            self._runs(member, k_shot, n_query)

    def draw(self, members, k_shot, n_query, rng, overlap=False):
        return [self._task(member, k_shot, n_query, rng, overlap) for member in members]

    def _task(self, member, k_shot, n_query, rng, overlap):
        scene, windows = self.open_member(member)
        starts, first, last = self._runs(member, k_shot, 0 if overlap else n_query)
        run = rng.integers(starts.size)
        support, touching = range(starts[run], starts[run] + k_shot), last[run] - first[run]
        if overlap:
            query = first[run] + rng.choice(touching, n_query, replace=n_query > touching)
        else:
            query = rng.choice(len(windows) - touching, n_query, replace=False)
            query = np.where(query < first[run], query, query + touching)
        frames = [tuple(_frames(windows, int(i)) for i in indices) for indices in (support, query)]
        return Task(scene.name, windows.batch(support), windows.batch(query), *frames)

    def _runs(self, member, k_shot, n_query):
        """`_runs` of this scene, or a refusal when there are none."""
        scene, windows = self.open_member(member)
        runs = _runs(windows, k_shot, n_query)
        if not runs[0].size:
            longest = int(np.diff(windows.ends, prepend=0).max())
            possible = [k for k in range(1, longest + 1) if _runs(windows, k, n_query)[0].size]
            _refuse(k_shot, n_query, max(possible, default=0), f"scene '{scene.name}'", "windows apart in time")
        return runs


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


def _runs(windows, k_shot, n_query):
    """Every run of K consecutive windows of one clip that leaves at least n_query windows without a shared frame.

    -> starts, first, last: window numbers, (n,) each. Windows first .. last - 1 share a frame with the run from `start`.
    """
    counts = np.diff(windows.ends, prepend=0)
    starts = [offset + np.arange(count - k_shot + 1) for offset, count in zip(windows.ends - counts, counts)]
    starts, clips = np.concatenate(starts), np.repeat(np.arange(len(counts)), [len(s) for s in starts])
    first = np.maximum(starts - windows.n_inputs, (windows.ends - counts)[clips])
    last = np.minimum(starts + k_shot + windows.n_inputs, windows.ends[clips])
    enough = len(windows) - (last - first) >= n_query
    return starts[enough], first[enough], last[enough]


def _frames(windows, index):
    clip, first = windows.locate(index)
    return tuple((windows.clips[clip].name, frame) for frame in range(first, first + windows.n_inputs + 1))


def _refuse(k_shot, n_query, largest, where, what):
    """The one sentence for what cannot be drawn; silent when it can."""
    if k_shot > largest:
        advice = (
            f"the largest K is {largest}"
            if largest > 0
            else "not even K = 1 is possible: lower n_query or give more data"
        )
        raise ValueError(f"K = {k_shot} support and {n_query} query {what} cannot be drawn from {where}: {advice}.")
