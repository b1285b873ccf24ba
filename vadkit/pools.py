"""TODO."""

from functools import lru_cache

import numpy as np
import torch

from vadkit.episodes import Task
from vadkit.windows import N_INPUTS


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
