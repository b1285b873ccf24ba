"""Pools of classes or scenes, from which an `EpisodeSampler` takes its tasks.

A pool is any object with
    len(pool)                                            how many classes or scenes there are
    pool.check(k_shot, n_query)                          ValueError if K is too large
    pool.sample(members, k_shot, n_query, rng, overlap)  list of Task, from members by number
"""

from functools import lru_cache

import numpy as np
import torch
from numpy.random import Generator

from vadkit.episodes import Task
from vadkit.scenes import Scene
from vadkit.windows import N_INPUTS


class ClassPool:
    """Labelled images: one task is `n_way` classes, relabelled 0 .. N-1 in the order sampled.

    Classes may differ in size: N and K are what makes their tasks alike.

    Parameters
    ----------
    images, labels : array
        (M, ...), such as `digits.images / 16` of scikit-learn's digits; (M,) of any sortable kind.
    """

    def __init__(self, images, labels):
        self.images = torch.as_tensor(np.asarray(images), dtype=torch.float32)
        labels, n = np.asarray(labels), len(self.images)
        if labels.shape != (n,):
            raise ValueError(f"{n} images need {n} labels, got an array of {labels.shape}.")
        self.classes = np.unique(labels)
        self.where = [np.flatnonzero(labels == c) for c in self.classes]

    def __len__(self):
        return len(self.classes)

    def check(self, k_shot: int, n_query: int) -> None:
        """Refuse a K that is too large for the smallest class.

        Parameters
        ----------
        k_shot, n_query : int
            As in `EpisodeSampler`.
        """
        sizes = [len(images) for images in self.where]
        where = f"images cannot be drawn from class {self.classes[np.argmin(sizes)]}"
        _require_k_shot(k_shot, min(sizes) - n_query, n_query, where)

    def sample(
        self, members: list[int], k_shot: int, n_query: int, rng: Generator, overlap: bool = False
    ) -> list[Task]:
        """Sample one task of several classes.

        Parameters
        ----------
        members, k_shot, n_query, rng, overlap : see `EpisodeSampler`
            The classes by number, and how to sample images of each.

        Returns
        -------
        list of Task
            The only one.
        """
        support, query = [], []
        for member in members:
            images = rng.permutation(self.where[member])
            support.append(images[:k_shot])
            apart = images[k_shot : k_shot + n_query]
            query.append(rng.choice(images[:k_shot], n_query) if overlap else apart)
        classes = tuple(self.classes[members].tolist())
        name = f"classes {', '.join(map(str, classes))}"
        parts = self._samples(support), self._samples(query)
        frames = _class_frames(classes, support), _class_frames(classes, query)
        return [Task(name, *parts, *frames, classes)]

    def _samples(self, groups):
        targets = torch.arange(len(groups)).repeat_interleave(len(groups[0]))
        return self.images[np.concatenate(groups)], targets


def _class_frames(classes, groups):
    """An image is its own only frame: (class, number)."""
    return tuple(((c, int(i)),) for c, group in zip(classes, groups) for i in group)


class ScenePool:
    """Scenes, each a task of its own; frame sizes and clips may differ.

    The support is K consecutive windows of a training clip, K + 4 frames, as a camera installed
    this morning would give them. The query windows, of any training clip, share no frame with it.

    Parameters
    ----------
    scenes : list of Scene, or a function
        The scenes; or what makes them, seed by seed: `ScenePool(toy_scene, range(24))`.
    seeds : sequence of int, optional
        For that function; each scene is made when it is needed.
    keep, n_inputs : int
        How many of the scenes made stay in memory; input frames of a window.
    """

    def __init__(self, scenes, seeds=None, keep=32, n_inputs=N_INPUTS):
        self.lazy = seeds is not None
        if callable(scenes) != self.lazy:
            raise ValueError(
                "Give a list of scenes, or a function seed -> scene together with seeds=range(...)."
            )
        self.members = seeds if self.lazy else list(scenes)

        @lru_cache(maxsize=keep if self.lazy else None)
        def open_member(number):
            member = self.members[number]
            scene = scenes(member) if self.lazy else member
            return scene, scene.train_windows(n_inputs)

        self._open = open_member

    def __len__(self):
        return len(self.members)

    def __getitem__(self, number: int) -> Scene:
        return self._open(number)[0]

    def check(self, k_shot: int, n_query: int) -> None:
        """Refuse a K that is too large for a scene given, or for the first one to be made.

        Parameters
        ----------
        k_shot, n_query : int
            As in `EpisodeSampler`.
        """
        for number in range(1 if self.lazy else len(self)):
            self._starts(number, k_shot, n_query)

    def sample(
        self, members: list[int], k_shot: int, n_query: int, rng: Generator, overlap: bool = False
    ) -> list[Task]:
        """Sample one task for each of several scenes.

        Parameters
        ----------
        members, k_shot, n_query, rng, overlap : see `EpisodeSampler`
            The scenes by number, and how to sample windows of each.

        Returns
        -------
        list of Task
            In the order of `members`.
        """
        return [self._task(number, k_shot, n_query, rng, overlap) for number in members]

    def _task(self, number, k_shot, n_query, rng, overlap):
        scene, windows = self._open(number)
        start = rng.choice(self._starts(number, k_shot, 0 if overlap else n_query))
        near = np.arange(*_windows_too_near(windows, start, k_shot))
        # Support and query are kept apart: no query window shares a frame with the support.
        if overlap:
            query = rng.choice(near, n_query, replace=n_query > len(near))
        else:
            apart = np.delete(np.arange(len(windows)), near)
            query = rng.choice(apart, n_query, replace=False)
        support = np.arange(start, start + k_shot)
        frames = [tuple(_frames(windows, i) for i in part) for part in (support, query)]
        return Task(scene.name, windows.batch(support), windows.batch(query), *frames)

    def _starts(self, number, k_shot, n_query):
        """Where a support of this scene can start; a ValueError if nowhere."""
        scene, windows = self._open(number)
        starts = _support_starts(windows, k_shot, n_query)
        if not starts.size:
            lower = range(min(k_shot, len(windows)), 0, -1)
            largest = next((k for k in lower if _support_starts(windows, k, n_query).size), 0)
            where = f"windows apart in time cannot be drawn from scene '{scene.name}'"
            _require_k_shot(k_shot, largest, n_query, where)
        return starts


def _windows_too_near(windows, start, k_shot):
    """The range of windows (first, end) that share a frame with the support."""
    # The support is windows start .. start + K - 1; start may be an array of such numbers.
    clip = np.searchsorted(windows.ends, start, side="right")
    first = np.maximum(start - windows.n_inputs, np.append(0, windows.ends)[clip])
    end = np.minimum(start + k_shot + windows.n_inputs, windows.ends[clip])
    return first, end


def _support_starts(windows, k_shot, n_query):
    """The first of K windows of one clip, wherever n_query windows are left apart from them."""
    starts = np.arange(len(windows))
    clip = np.searchsorted(windows.ends, starts, side="right")
    starts = starts[starts + k_shot <= windows.ends[clip]]
    first, end = _windows_too_near(windows, starts, k_shot)
    return starts[len(windows) - (end - first) >= n_query]


def _frames(windows, index):
    clip, first = windows.locate(index)
    name = windows.clips[clip].name
    return tuple((name, frame) for frame in range(first, first + windows.n_inputs + 1))


def _require_k_shot(k_shot, largest, n_query, where):
    if k_shot > largest:
        advice = "not even K = 1 is possible: lower n_query or give more data"
        if largest > 0:
            advice = f"the largest K is {largest}"
        raise ValueError(f"K = {k_shot} support and {n_query} query {where}: {advice}.")
