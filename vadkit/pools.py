"""Pools of classes or scenes, from which an `EpisodeSampler` takes its tasks.

A pool is any object with
    len(pool)                                            how many classes or scenes there are
    pool.check(k_shot, n_query)                          ValueError if K is too large
    pool.sample(members, k_shot, n_query, rng, overlap)  list of Task, from members by number
"""

from functools import cached_property, lru_cache

import numpy as np
import torch
from numpy.random import Generator

from vadkit.episodes import Task
from vadkit.scenes import Scene
from vadkit.windows import N_INPUTS, StrangerWindows

IN_VIEW = 40  # grey levels that some pixel changes by within a window when somebody is in view


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

    The query windows, of any training clip, share no frame with the support.

    Parameters
    ----------
    scenes : list of Scene, or a function
        The scenes; or what makes them, seed by seed: `ScenePool(toy_scene, range(24))`.
    seeds : sequence of int, optional
        For that function; each scene is made when it is needed.
    keep, n_inputs : int
        How many of the scenes made stay in memory; input frames of a window.
    support : {"consecutive", "scattered"}
        K windows in a row of one training clip, K + 4 frames, as a camera installed this morning
        would give them; or K windows from anywhere in the training clips, somebody in view.
    strangers : float
        The share of the query windows, in [0, 1], that show a stranger and have the frame without
        as target, see `StrangerWindows`. They come from the test clips: for training scenes only.
    """

    def __init__(
        self,
        scenes,
        seeds=None,
        keep=32,
        n_inputs=N_INPUTS,
        support="consecutive",
        strangers=0.0,
    ):
        if support not in ("consecutive", "scattered"):
            raise ValueError(f"support is 'consecutive' or 'scattered', got {support!r}.")
        if not 0 <= strangers <= 1:
            raise ValueError(f"strangers is a share from 0 to 1, got {strangers}.")
        self.support, self.strangers = support, strangers
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
            return _Member(scene, scene.train_windows(n_inputs))

        self._open = open_member

    def __len__(self):
        return len(self.members)

    def __getitem__(self, number: int) -> Scene:
        return self._open(number).scene

    def check(self, k_shot: int, n_query: int) -> None:
        """Refuse a K that is too large for a scene given, or for the first one to be made.

        Parameters
        ----------
        k_shot, n_query : int
            As in `EpisodeSampler`.
        """
        for number in range(1 if self.lazy else len(self)):
            rng = np.random.default_rng(0)
            self._draw_support(number, k_shot, n_query, rng)
            if self.strangers:  # a ValueError where there are none
                self._open(number).query((), 1, rng)

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
        member, n_strange = self._open(number), round(self.strangers * n_query)
        n_normal = n_query - n_strange
        support = self._draw_support(number, k_shot, 0 if overlap else n_normal, rng)
        near = member.near(support)
        # Support and query are kept apart: no query window shares a frame with the support.
        if overlap:
            query = rng.choice(np.flatnonzero(near), n_normal, replace=n_normal > near.sum())
        else:
            query = rng.choice(np.flatnonzero(~near), n_normal, replace=False)
        query_windows, query_frames = member.query(query, n_strange, rng)
        support_frames = _frames(member.windows, support)
        support_windows = member.windows.batch(support)
        name = member.scene.name
        return Task(name, support_windows, query_windows, support_frames, query_frames)

    def _draw_support(self, number, k_shot, n_query, rng):
        """Numbers of the K windows; a ValueError if there are not enough, for the query as well."""
        member = self._open(number)
        if self.support == "scattered":
            choose, possible = member.scattered, len(member.in_view)
        else:
            choose, possible = member.consecutive, len(member.windows)
        support = choose(k_shot, n_query, rng)
        if support is None:
            lower = range(min(k_shot - 1, possible), 0, -1)
            largest = next((k for k in lower if choose(k, n_query, rng) is not None), 0)
            where = f"windows apart in time cannot be drawn from scene '{member.scene.name}'"
            _require_k_shot(k_shot, largest, n_query, where)
        return support


class _Member:
    """One scene of a pool: its windows, and who may be drawn together."""

    def __init__(self, scene, windows):
        self.scene, self.windows = scene, windows

    @cached_property
    def in_view(self):
        """Numbers of the windows in which something moves."""
        moving = []
        for clip in self.windows.clips:
            frames = np.asarray(clip.frames).astype(np.int16)
            n = self.windows.n_inputs
            change = np.abs(frames[n:] - frames[:-n]) if len(frames) > n else frames[:0]
            moving.append(change.max((1, 2), initial=0) > IN_VIEW)
        return np.flatnonzero(np.concatenate(moving))

    @cached_property
    def strange(self):
        return StrangerWindows(self.scene.test_clips, self.windows.n_inputs)

    def near(self, support):
        """(n,) bool: the windows that share a frame with one of the support."""
        n = self.windows.n_inputs
        near = np.zeros(len(self.windows), bool)
        starts = np.append(0, self.windows.ends)
        clip = np.searchsorted(self.windows.ends, support, side="right")
        for first, end in zip(
            np.maximum(support - n, starts[clip]), np.minimum(support + n + 1, starts[clip + 1])
        ):
            near[first:end] = True
        return near

    def consecutive(self, k_shot, n_query, rng):
        """K windows in a row of one clip that leave n_query windows apart; None if none do."""
        n, ends = self.windows.n_inputs, self.windows.ends
        starts = np.arange(len(self.windows))
        clip = np.searchsorted(ends, starts, side="right")
        fits = starts + k_shot <= ends[clip]
        starts, clip = starts[fits], clip[fits]
        first = np.maximum(starts - n, np.append(0, ends)[clip])
        end = np.minimum(starts + k_shot + n, ends[clip])
        starts = starts[len(self.windows) - (end - first) >= n_query]
        return rng.choice(starts) + np.arange(k_shot) if starts.size else None

    def scattered(self, k_shot, n_query, rng):
        """K windows from anywhere, somebody in view; None if they leave fewer than n_query."""
        if k_shot > len(self.in_view):
            return None
        support = np.sort(rng.choice(self.in_view, k_shot, replace=False))
        return support if (~self.near(support)).sum() >= n_query else None

    def query(self, normal, n_strange, rng):
        """Some normal windows, then some with strangers: inputs and targets, and their frames."""
        parts, frames = [], ()
        if len(normal):
            parts.append(self.windows.batch(normal))
            frames += _frames(self.windows, normal)
        if n_strange:
            strange = rng.integers(len(self.strange), size=n_strange)
            parts.append(self.strange.batch(strange))
            frames += _frames(self.strange, strange)
        x, y = (torch.cat(part) for part in zip(*parts))
        return (x, y), frames


def _frames(windows, indices):
    """The frames (clip, number) of each window."""
    samples = []
    for clip, first in map(windows.locate, indices):
        name = windows.clips[clip].name
        frames = range(first, first + windows.n_inputs + 1)
        samples.append(tuple((name, frame) for frame in frames))
    return tuple(samples)


def _require_k_shot(k_shot, largest, n_query, where):
    if k_shot > largest:
        advice = "not even K = 1 is possible: lower n_query or give more data"
        if largest > 0:
            advice = f"the largest K is {largest}"
        raise ValueError(f"K = {k_shot} support and {n_query} query {where}: {advice}.")
