"""An episode laid out as a grid, and where on the film its windows lie."""

from collections.abc import Sequence
from typing import Any

import matplotlib.figure
import numpy as np
from traitlets import Bool, Bytes, Int, List, Unicode

from vadkit import view
from vadkit.episodes import EpisodeSampler
from vadkit.pools import ClassPool, ScenePool
from vadkit.scenes import Scene
from vadkit.text import say
from vadkit.widgets.base import PixelBuffer, Widget, traits

PARTS = {"support": view.BLUE, "query": view.GREEN}
SHARED = view.VERMILLION


class EpisodeGrid(Widget):
    """One episode as a grid, with N, K and the seed to change and a box that breaks the rule.

    Parameters
    ----------
    tasks : sequence of Scene or ClassPool
        What the tasks are sampled from.
    n_way, k_shot, n_query, seed, overlap : see `EpisodeSampler`
        The first episode.
    max_shot : int
        How far the slider of K goes.

    Attributes
    ----------
    episode : list of Task
        What is shown.
    n_way, k_shot, seed, overlap : int, int, int, bool
        Follow the reader's hands, and may be set. What cannot be sampled is refused in `problem`,
        and the last episode stays.

    Raises
    ------
    ValueError
        If the first episode cannot be sampled.
    """

    frames = Bytes()
    rows: Any = List()
    unit, report, problem = traits(Unicode, 3)
    max_way, max_shot, n_way, k_shot, seed = traits(Int, 5)
    overlap = Bool()

    def __init__(
        self,
        tasks: Sequence[Scene] | ClassPool,
        n_way: int = 3,
        k_shot: int = 5,
        n_query: int = 4,
        seed: int = 0,
        overlap: bool = False,
        max_shot: int = 10,
    ):
        scenes = tasks if isinstance(tasks, (list, tuple)) else []
        self._pool = ScenePool(tasks, support="consecutive") if scenes else tasks
        self._n_query = n_query
        self._lengths = {
            scene.name: [(clip.name, len(clip)) for clip in scene.train_clips] for scene in scenes
        }
        chosen = {"n_way": n_way, "k_shot": k_shot, "seed": seed, "overlap": overlap}
        unit = say("windows") if scenes else say("images")
        super().__init__(max_way=len(self._pool), max_shot=max_shot, unit=unit, **chosen)
        self._sample()
        if self.problem:
            raise ValueError(self.problem)
        self.observe(self._sample, list(chosen))

    def _sample(self, _=None):
        chosen = (self.n_way, self.k_shot, self._n_query, self.seed, self.overlap)
        try:
            self.episode = EpisodeSampler(self._pool, *chosen)[0]
        except ValueError as error:
            self.problem = str(error)
            return
        buffer = PixelBuffer()
        rows = [row for task in self.episode for row in self._rows(task, buffer)]
        with self.hold_sync():  # so that the browser sees all of the new episode at once
            self.frames, self.rows, self.problem = buffer.pixels, rows, ""
            self.report = say(
                "Episode of seed {seed}: {n} x ({k} support + {q} query) {unit}. "
                "Frames in both: {shared}.",
                seed=self.seed,
                n=self.n_way,
                k=self.k_shot,
                q=self._n_query,
                unit=self.unit,
                shared=sum(len(task.shared_frames) for task in self.episode),
            )
            self.alt = say("An episode as a grid.") + " " + self.report

    def _rows(self, task, buffer):
        """Yield one row for each scene, or for each class of a classification task."""
        names = [say("class {name}", name=name) for name in task.classes] or [task.name]
        for number, name in enumerate(names):
            row = {"name": name, "clips": self._lengths.get(task.name, [])}
            for part in PARTS:
                inputs, targets = getattr(task, part)
                frames = getattr(task, f"{part}_frames")
                images = inputs if task.classes else targets[:, 0]
                begin, end = (i * len(frames) // len(names) for i in (number, number + 1))
                row["H"], row["W"] = images.shape[1:]
                offsets = buffer.add(images[begin:end])
                row[part] = [
                    _describe(offset, used, task)
                    for offset, used in zip(offsets, frames[begin:end])
                ]
            yield row

    def still(self) -> matplotlib.figure.Figure:
        """Plot the grid: support in blue, query in green, whatever shares a frame in red.

        Returns
        -------
        Figure
            With alt text.
        """
        k_shot, n_rows = len(self.rows[0]["support"]), len(self.rows)
        n_images = k_shot + self._n_query
        height, strip = (1.6, 0.3) if self._lengths else (1.15, 0.01)
        size = (max(1.1 * n_images + 0.4, 5), height * n_rows + 0.3)
        figure, whole = view.subplots(size=size)
        whole.remove()  # the grid takes its place: a film spans all its columns
        grid = figure.add_gridspec(
            2 * n_rows,
            n_images + 1,
            height_ratios=[1, strip] * n_rows,
            width_ratios=[1] * k_shot + [0.3] + [1] * self._n_query,
        )
        for number, row in enumerate(self.rows):
            samples = [(sample, part) for part in PARTS for sample in row[part]]
            columns = [column for column in range(n_images + 1) if column != k_shot]
            for (sample, part), column in zip(samples, columns):
                ax = figure.add_subplot(grid[2 * number, column])
                self._plot_sample(ax, row, sample, PARTS[part])
                if column == 0:
                    ax.set_ylabel(row["name"], fontsize=9)
            if row["clips"]:
                _plot_film(figure.add_subplot(grid[2 * number + 1, :]), row)
        figure.suptitle("left: support (blue), right: query (green); red: in both", fontsize=10)
        figure.alt = " ".join([self.alt, *map(_in_words, self.rows)])
        return figure

    def _plot_sample(self, ax, row, sample, colour):
        pixels = np.frombuffer(self.frames, np.uint8)[sample["offset"] :]
        image = pixels[: row["H"] * row["W"]].reshape(row["H"], row["W"])
        ax.imshow(image, cmap="gray", vmin=0, vmax=255)
        ax.set(xticks=[], yticks=[])
        ax.set_title(_span(sample), fontsize=8, color=SHARED if sample["shared"] else "black")
        for side in ax.spines.values():
            side.set(color=SHARED if sample["shared"] else colour, linewidth=3)


def _describe(offset, frames, task):
    """What the browser needs to know of a sample, made of `frames`: pairs (clip, number)."""
    (place, first), (_, last) = frames[0], frames[-1]
    shared = len(task.shared_frames.intersection(frames))
    return {"offset": offset, "place": str(place), "first": first, "last": last, "shared": shared}


def _span(sample):
    first, last = sample["first"], sample["last"]
    return str(first) if first == last else f"{first}-{last}"


def _in_words(row):
    places = {
        part: ", ".join(
            f"{sample['place']} {_span(sample)}" if row["clips"] else _span(sample)
            for sample in row[part]
        )
        for part in PARTS
    }
    return say("{name}: support {support}; query {query}.", name=row["name"], **places)


def _plot_film(ax, row):
    """All training clips of a scene end to end, and the frames that support and query hold."""
    begins, end = {}, 0
    for clip, length in row["clips"]:
        begins[clip] = end
        ax.text(end + 1, 1.05, clip, fontsize=7, va="bottom")
        end += length
    bars = [(begins[clip], length - 1) for clip, length in row["clips"]]
    ax.broken_barh(bars, (0, 1), color="#E4E4E4")
    support, query = (_frames_on_film(row[part], begins) for part in PARTS)
    layers = [(query, PARTS["query"]), (support, PARTS["support"]), (support & query, SHARED)]
    for frames, colour in layers:
        ax.broken_barh([(t, 1) for t in sorted(frames)], (0, 1), color=colour, lw=0)
    ax.set(xlim=(0, end), ylim=(0, 1), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def _frames_on_film(samples, begins):
    frames = set()
    for sample in samples:
        begin = begins[sample["place"]]
        frames |= set(range(begin + sample["first"], begin + sample["last"] + 1))
    return frames
