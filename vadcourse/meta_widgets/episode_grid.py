"""An episode laid out as a grid, and where on the film its windows lie."""

from collections.abc import Sequence
from typing import Any

import matplotlib.figure
import numpy as np
from matplotlib.patches import Rectangle
from traitlets import Bool, Bytes, Int, List, Unicode

from vadkit import view
from vadkit.episodes import EpisodeSampler
from vadkit.pools import ClassPool, ScenePool
from vadkit.scenes import Scene
from vadkit.text import say
from vadkit.widgets.base import PixelBuffer, Widget, traits

PARTS = {"support": view.BLUE, "query": view.GREEN}
LINES = {"support": "-", "query": (0, (1.8, 1))}  # nobody has to tell blue from green
INK = view.BLACK  # of what is in both
LIGHT = "#E4E4E4"  # of the film


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
        """Plot the grid: support in blue, query in dashed green, a second frame for what is shared.

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
                self._plot_sample(ax, row, sample, part)
                if column == 0:
                    ax.set_ylabel(row["name"], fontsize=9)
            if row["clips"]:
                _plot_film(figure.add_subplot(grid[2 * number + 1, :]), row)
        title = "left: support (blue), right: query (green, dashed)"
        if any(sample["shared"] for row in self.rows for sample in row["query"]):
            title += "; black and ✗: so many frames are in both"
        figure.suptitle(title, fontsize=10)
        figure.alt = " ".join([self.alt, *map(_in_words, self.rows)])
        return figure

    def _plot_sample(self, ax, row, sample, part):
        pixels = np.frombuffer(self.frames, np.uint8)[sample["offset"] :]
        image = pixels[: row["H"] * row["W"]].reshape(row["H"], row["W"])
        ax.imshow(image, cmap="gray", vmin=0, vmax=255)
        ax.set(xticks=[], yticks=[])
        shared = f"  ✗ {sample['shared']}" if sample["shared"] else ""
        ax.set_title(_span(sample) + shared, fontsize=8, weight="bold" if shared else "normal")
        line = {"color": PARTS[part], "linestyle": LINES[part], "capstyle": "butt"}
        ax.spines[:].set(linewidth=3, **line)
        if shared:
            inside = {"fill": False, "color": INK, "lw": 2.5, "transform": ax.transAxes}
            ax.add_patch(Rectangle((0.035, 0.035), 0.93, 0.93, **inside))


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
    """All training clips end to end: support above, query below, hatched where both are."""
    begins, end = {}, 0
    for clip, length in row["clips"]:
        begins[clip] = end
        ax.text(end + 1, 1.05, clip, fontsize=7, va="bottom")
        end += length
    bars = [(begins[clip], length - 1) for clip, length in row["clips"]]
    ax.broken_barh(bars, (0, 1), color=LIGHT)
    support, query = (_frames_on_film(row[part], begins) for part in PARTS)
    for frames, y, part in ((support, 0.5, "support"), (query, 0, "query")):
        ax.broken_barh([(t, 1) for t in sorted(frames)], (y, 0.5), color=PARTS[part], lw=0)
    both = np.isin(np.arange(end), list(support & query))
    for first, last in view.intervals(both):
        shape = (first, 0), last - first + 1, 1
        ax.add_patch(Rectangle(*shape, fill=False, color=INK, hatch="||||||", lw=1.5))
    ax.set(xlim=(0, end), ylim=(0, 1), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def _frames_on_film(samples, begins):
    frames = set()
    for sample in samples:
        begin = begins[sample["place"]]
        frames |= set(range(begin + sample["first"], begin + sample["last"] + 1))
    return frames
