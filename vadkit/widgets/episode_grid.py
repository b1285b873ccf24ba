"""The widgets of notebook 04: an episode laid out as a grid, and the job interview of two models."""

import numpy as np
import traitlets

from vadkit import view
from vadkit.episodes import EpisodeSampler
from vadkit.pools import ScenePool
from vadkit.text import say
from vadkit.widgets.base import PixelBuffer, Widget, synced, to_uint8

SUPPORT, QUERY, SHARED = view.BLUE, view.GREEN, view.VERMILLION


class EpisodeGrid(Widget):
    """One episode as a grid: N and K on sliders, a button for the next seed, and a box to tick that breaks the rule on purpose.

    tasks: a list of scenes, or a `ClassPool`; max_shot: how far the slider of K goes
    `.episode` is what is drawn, a list of `Task`; `.n_way`, `.k_shot`, `.seed` and `.overlap` follow the reader's hands and may
    be set. What cannot be drawn is refused in `.problem`, and the last episode stays. `.still()` is the same as a figure.
    Raises ValueError when the very first episode cannot be drawn.
    """

    frames = synced(traitlets.Bytes())
    rows = synced(traitlets.List())
    unit = synced(traitlets.Unicode())
    report = synced(traitlets.Unicode())
    problem = synced(traitlets.Unicode())
    max_way = synced(traitlets.Int())
    max_shot = synced(traitlets.Int())
    n_way = synced(traitlets.Int())
    k_shot = synced(traitlets.Int())
    seed = synced(traitlets.Int())
    overlap = synced(traitlets.Bool())

    def __init__(self, tasks, n_way=3, k_shot=5, n_query=4, seed=0, overlap=False, max_shot=10):
        scenes = tasks if isinstance(tasks, (list, tuple)) else []
        self._pool, self._n_query = ScenePool(tasks) if scenes else tasks, n_query
        self._lengths = {scene.name: {clip.name: len(clip) for clip in scene.train_clips} for scene in scenes}
        super().__init__(n_way=n_way, k_shot=k_shot, seed=seed, overlap=overlap, max_way=len(self._pool), max_shot=max_shot,
                         unit=say("windows") if scenes else say("images"))  # fmt: skip
        self._draw()
        if self.problem:
            raise ValueError(self.problem)
        self.observe(self._draw, ["n_way", "k_shot", "seed", "overlap"])

    def _draw(self, _=None):
        try:
            sampler = EpisodeSampler(self._pool, self.n_way, self.k_shot, self._n_query, self.seed, self.overlap)
            self.episode = sampler[0]
        except ValueError as error:
            self.problem = str(error)
            return
        pixels = PixelBuffer()
        rows = [row for task in self.episode for row in self._rows(task, pixels)]
        n_shared = sum(len(task.shared_frames) for task in self.episode)
        with self.hold_sync():
            self.frames, self.rows, self.problem = pixels.all(), rows, ""
            self.report = say("Episode of seed {seed}: {n} x ({k} support + {q} query) {unit}. Frames in both: {shared}.", seed=self.seed,
                              n=self.n_way, k=self.k_shot, q=self._n_query, unit=self.unit, shared=n_shared)  # fmt: skip
            self.alt = say("An episode as a grid.") + " " + self.report

    def _rows(self, task, pixels):
        """One row for each scene, or for each class of a classification task."""
        names = [say("class {name}", name=c) for c in task.classes] or [task.name]
        for number, name in enumerate(names):
            row = {"name": name, "clips": list(self._lengths.get(task.name, {}).items())}
            for part, (inputs, targets), frames in (
                ("support", task.support, task.support_frames),
                ("query", task.query, task.query_frames),
            ):
                mine = slice(number * len(frames) // len(names), (number + 1) * len(frames) // len(names))
                images = to_uint8((inputs if task.classes else targets[:, 0])[mine])
                row |= {"H": images.shape[1], "W": images.shape[2]}
                row[part] = [
                    {"offset": offset, "place": str(used[0][0]), "first": used[0][1], "last": used[-1][1],
                     "shared": len(task.shared_frames.intersection(used))}
                    for offset, used in zip(pixels.add(images), frames[mine])
                ]  # fmt: skip
            yield row

    def still(self):
        """The grid as a figure: the support in blue, the query in green, whatever shares a frame in red."""
        pixels, columns = np.frombuffer(self.frames, np.uint8), len(self.rows[0]["support"]) + self._n_query
        gap, strip = len(self.rows[0]["support"]), 0.3 if self._lengths else 0.01
        size = max(1.1 * columns + 0.4, 5), (1.6 if self._lengths else 1.15) * len(self.rows) + 0.3
        figure = view.Figure(figsize=size, layout="constrained", facecolor="white")
        widths = [1] * gap + [0.3] + [1] * self._n_query
        grid = figure.add_gridspec(
            2 * len(self.rows), columns + 1, height_ratios=[1, strip] * len(self.rows), width_ratios=widths
        )
        for number, row in enumerate(self.rows):
            samples = [(s, SUPPORT) for s in row["support"]] + [(s, QUERY) for s in row["query"]]
            for column, (sample, colour) in enumerate(samples):
                ax = figure.add_subplot(grid[2 * number, column + (column >= gap)])
                begin = sample["offset"]
                image = pixels[begin : begin + row["H"] * row["W"]].reshape(row["H"], row["W"])
                ax.imshow(image, cmap="gray", vmin=0, vmax=255)
                ax.set(xticks=[], yticks=[])
                ax.set_title(_span(sample), fontsize=8, color=SHARED if sample["shared"] else "black")
                for side in ax.spines.values():
                    side.set(color=SHARED if sample["shared"] else colour, linewidth=3)
                if column == 0:
                    ax.set_ylabel(row["name"], fontsize=9)
            if row["clips"]:
                _film(figure.add_subplot(grid[2 * number + 1, :]), row)
        figure.suptitle("left: support (blue), right: query (green); red: in both", fontsize=10)
        figure.alt = self.alt + " " + " ".join(
            say("{name}: support {support}; query {query}.", name=row["name"],
                **{part: ", ".join(f"{s['place']} {_span(s)}" if row["clips"] else _span(s) for s in row[part]) for part in ("support", "query")})
            for row in self.rows
        )  # fmt: skip
        return figure


def _span(sample):
    return str(sample["first"]) if sample["first"] == sample["last"] else f"{sample['first']}-{sample['last']}"


def _film(ax, row):
    """All training clips of a scene end to end, with the frames that support and query are made of."""
    begins, end = {}, 0
    for clip, length in row["clips"]:
        begins[clip], end = end, end + length
        ax.text(begins[clip] + 1, 1.05, clip, fontsize=7, va="bottom")
    used = {
        part: {begins[s["place"]] + t for s in row[part] for t in range(s["first"], s["last"] + 1)}
        for part in ("support", "query")
    }
    both = used["support"] & used["query"]
    ax.broken_barh([(b, row["clips"][i][1] - 1) for i, b in enumerate(begins.values())], (0, 1), color="#E4E4E4")
    for frames, colour in ((used["query"], QUERY), (used["support"], SUPPORT), (both, SHARED)):
        ax.broken_barh([(t, 1) for t in sorted(frames)], (0, 1), color=colour, lw=0)
    ax.set(xlim=(0, end), ylim=(0, 1), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
