"""Pools of classes or scenes, from which an `EpisodeSampler` takes its tasks.

A pool is any object with
    len(pool)                                            how many classes or scenes there are
    pool.check(k_shot, n_query)                          ValueError if K is too large
    pool.sample(members, k_shot, n_query, rng, overlap)  list of Task, from members by number
"""

from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import ArrayLike

from vadkit.checks import checked
from vadkit.episodes import Task
from vadkit.scenes import Scene
from vadkit.windows import N_INPUTS, StrangerWindows, Windows

IN_VIEW = 40  # grey levels that some pixel changes by within a window when somebody is in view


class ClassPool:
    """Labelled images: one task is `n_way` classes, relabelled 0 .. N-1 in the order sampled.

    Classes may differ in size: N and K are what makes their tasks alike.

    Parameters
    ----------
    images, labels : array
        (M, ...), such as `digits.images / 16` of scikit-learn's digits; (M,) of any sortable kind.
    """

    @checked
    def __init__(self, images: ArrayLike, labels: Sequence):
        self.images = torch.as_tensor(np.asarray(images), dtype=torch.float32)
        n = len(self.images)
        try:
            names = np.asarray(labels)
        except ValueError:  # lists of several lengths
            names = np.empty((0, 0))
        if names.shape != (n,):
            raise ValueError(f"{n} images need {n} labels, got an array of {names.shape}.")
        self.classes = np.unique(names)
        self.where = [np.flatnonzero(names == c) for c in self.classes]

    def __len__(self):
        return len(self.classes)

    @checked
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

    @checked
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
        if not members:
            raise ValueError("A task needs at least one class, got none.")
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
    support : {"scattered", "consecutive"}
        K windows from anywhere in the training clips, somebody in view; or K windows in a row of
        one training clip, K + 4 frames, as a camera installed this morning would give them.
    strangers : float
        The share of the query windows, in [0, 1], that show a stranger and have the frame without
        as target, see `StrangerWindows`. Above 0, all of the query comes from the test clips (for
        training scenes only): people whom the support has not shown, some normal, some not.
    """

    @checked
    def __init__(
        self,
        scenes: Sequence[Scene] | Callable,
        seeds: Sequence[int] | None = None,
        keep: int = 32,
        n_inputs: int = N_INPUTS,
        support: str = "scattered",
        strangers: float = 0.0,
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
        self.members = seeds if self.lazy else list(scenes)  # type: ignore[arg-type]

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

    @checked
    def check(self, k_shot: int, n_query: int) -> None:
        """Refuse a K that is too large for a scene given, or for the first one to be made.

        Parameters
        ----------
        k_shot, n_query : int
            As in `EpisodeSampler`.
        """
        for number in range(1 if self.lazy else len(self)):
            n_apart = 0 if self.strangers else n_query
            self._draw_support(number, k_shot, n_apart, np.random.default_rng(0))
        if self.strangers:  # a ValueError where there are none
            if n_query and not self._count_strange(n_query):
                share = f"a share of {self.strangers} of {n_query} query windows"
                raise ValueError(f"No stranger at all in {share}: give more of either.")
            self._open(0).mixed_query(0, 1, np.random.default_rng(0))

    @checked
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
        if overlap and self.strangers:
            raise ValueError("Query windows with strangers are never in the support: no overlap.")
        return [self._task(number, k_shot, n_query, rng, overlap) for number in members]

    def _task(self, number, k_shot, n_query, rng, overlap):
        member = self._open(number)
        windows, name = member.windows, member.scene.name
        # Support and query are kept apart: no query window shares a frame with the support.
        if self.strangers:
            support = self._draw_support(number, k_shot, 0, rng)
            n_strange = self._count_strange(n_query)
            query, query_frames = member.mixed_query(n_query - n_strange, n_strange, rng)
        else:
            support = self._draw_support(number, k_shot, 0 if overlap else n_query, rng)
            near = member.near(support)
            chosen = np.flatnonzero(near if overlap else ~near)
            chosen = rng.choice(chosen, n_query, replace=overlap and n_query > len(chosen))
            query, query_frames = windows.batch(chosen), _frames(windows, chosen)
        support_frames = _frames(windows, support)
        return Task(name, windows.batch(support), query, support_frames, query_frames)

    def _count_strange(self, n_query):
        return round(self.strangers * n_query)

    def _draw_support(self, number, k_shot, n_query, rng):
        """Numbers of the K windows; a ValueError if there are not enough, for the query as well."""
        member = self._open(number)
        where = f"windows apart in time cannot be drawn from scene '{member.scene.name}'"
        if self.support == "scattered":
            _require_k_shot(k_shot, member.most_scattered(n_query), n_query, where)
            return np.sort(rng.choice(member.in_view, k_shot, replace=False))
        starts = member.starts(k_shot, n_query)
        if not starts.size:
            lower = range(min(k_shot, len(member.windows)), 0, -1)
            largest = next((k for k in lower if member.starts(k, n_query).size), 0)
            _require_k_shot(k_shot, largest, n_query, where)
        return rng.choice(starts) + np.arange(k_shot)


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

    def starts(self, k_shot, n_query):
        """The first of K windows in a row of one clip, wherever n_query are left apart."""
        n, ends = self.windows.n_inputs, self.windows.ends
        starts = np.arange(len(self.windows))
        clip = np.searchsorted(ends, starts, side="right")
        fits = starts + k_shot <= ends[clip]
        starts, clip = starts[fits], clip[fits]
        first = np.maximum(starts - n, np.append(0, ends)[clip])
        end = np.minimum(starts + k_shot + n, ends[clip])
        return starts[len(self.windows) - (end - first) >= n_query]

    def most_scattered(self, n_query):
        """The largest K that leaves n_query windows apart, wherever its windows lie."""
        apart = 2 * self.windows.n_inputs + 1  # so many share a frame with one window, itself too
        room = (len(self.windows) - n_query) // apart if n_query else len(self.windows)
        return max(min(len(self.in_view), room), 0)

    @cached_property
    def strange(self):
        return StrangerWindows(self.scene.test_clips, self.windows.n_inputs)

    @cached_property
    def beside(self):
        """The windows of the clips with strangers, and the numbers of the normal ones."""
        windows = Windows(self.scene.test_clips, self.windows.n_inputs)
        labels = np.concatenate([clip.labels[windows.n_inputs :] for clip in windows.clips])
        return windows, np.flatnonzero(~labels)

    def mixed_query(self, n_normal, n_strange, rng):
        """Windows of the same clips, normal and with strangers: samples, and their frames."""
        strange, (windows, normal) = self.strange, self.beside
        parts = [
            (windows, rng.choice(normal, n_normal)),
            (strange, rng.integers(len(strange), size=n_strange)),
        ]
        parts = [(source, chosen) for source, chosen in parts if len(chosen)]
        x, y = (torch.cat(p) for p in zip(*(source.batch(chosen) for source, chosen in parts)))
        return (x, y), sum((_frames(source, chosen) for source, chosen in parts), ())


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
