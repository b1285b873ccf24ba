"""The widgets of notebook 04: an episode laid out as a grid, and the job interview of two models."""

import numpy as np
import torch
import traitlets

from .. import plots
from ..episodes import EpisodeSampler, ScenePool
from ..maml import query_psnr
from ..words import say
from . import Widget, _source, _synced, _with_code

STYLE = _source("widgets.css") + _source("episodes.css")
SUPPORT, QUERY, SHARED = plots.BLUE, plots.GREEN, plots.VERMILLION


def _bytes(images):
    """Tensor of images in [0, 1] -> uint8 array; predictions may overshoot a little."""
    return (images.detach().clamp(0, 1) * 255).round().byte().numpy()


class _Pixels:
    """Collects pictures into one bytes object; `add` says where each begins."""

    def __init__(self):
        self.parts, self.size = [], 0

    def add(self, images):
        begins = self.size + np.arange(len(images)) * images[0].size
        self.parts.append(images.tobytes())
        self.size += images.size
        return [int(b) for b in begins]

    def all(self):
        return b"".join(self.parts)


@_with_code("episode_grid.js")
class EpisodeGrid(Widget):
    """One episode as a grid: N and K on sliders, a button for the next seed, and a box to tick that breaks the rule on purpose.

    tasks: a list of scenes, or a `ClassPool`; max_shot: how far the slider of K goes
    `.episode` is what is drawn, a list of `Task`; `.n_way`, `.k_shot`, `.seed` and `.overlap` follow the reader's hands and may
    be set. What cannot be drawn is refused in `.problem`, and the last episode stays. `.still()` is the same as a figure.
    Raises ValueError when the very first episode cannot be drawn.
    """

    _css = STYLE
    frames = _synced(traitlets.Bytes())
    rows = _synced(traitlets.List())
    unit = _synced(traitlets.Unicode())
    report = _synced(traitlets.Unicode())
    problem = _synced(traitlets.Unicode())
    max_way = _synced(traitlets.Int())
    max_shot = _synced(traitlets.Int())
    n_way = _synced(traitlets.Int())
    k_shot = _synced(traitlets.Int())
    seed = _synced(traitlets.Int())
    overlap = _synced(traitlets.Bool())

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
        pixels = _Pixels()
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
                images = _bytes((inputs if task.classes else targets[:, 0])[mine])
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
        figure = plots.Figure(figsize=size, layout="constrained", facecolor="white")
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


@_with_code("interview.js")
class Interview(Widget):
    """The job interview: two models get the same K windows of a place; bet on one, then see both before and after adapting.

    candidates: {name: MetaTrained}, two of them; each adapts as it was trained to, by its own rates and number of inner steps
    tasks: list of `Task`, one for each round; about: {name: what its CV says}
    `.bets` is a list of names, one for each round played; `.tally()` counts; `.still()` shows all rounds, and so the answers.
    Raises ValueError unless there are two candidates and at least one task.
    """

    _css = STYLE
    frames = _synced(traitlets.Bytes())
    names = _synced(traitlets.List())
    about = _synced(traitlets.List())
    rounds = _synced(traitlets.List())
    bets = _synced(traitlets.List())

    def __init__(self, candidates, tasks, about=None):
        if len(candidates) != 2 or not tasks:
            raise ValueError(
                f"An interview needs two candidates and a task or more, got {len(candidates)} and {len(tasks)}."
            )
        pixels = _Pixels()
        rounds = [_round(task, candidates.values(), pixels) for task in tasks]
        super().__init__(
            frames=pixels.all(),
            names=list(candidates),
            about=[(about or {}).get(name, "") for name in candidates],
            rounds=rounds,
            alt=say("A job interview of {n} rounds: {a} and {b} get the same few windows of a place. Bet on who predicts better after learning from them.",
                    n=len(rounds), a=list(candidates)[0], b=list(candidates)[1]),
        )  # fmt: skip

    def tally(self):
        """-> {"played", "right", and for each candidate the rounds won before and after adapting}, over all rounds."""
        winners = {when: [self._winner(r, when) for r in self.rounds] for when in ("before", "after")}
        right = sum(bet == winner for bet, winner in zip(self.bets, winners["after"]))
        wins = {f"{name} wins {when}": winners[when].count(name) for when in winners for name in self.names}
        return {"played": len(self.bets), "right": right, **wins}

    def _winner(self, game, when):
        return self.names[int(np.argmax([result[f"psnr_{when}"] for result in game["results"]]))]

    def still(self):
        """All rounds: each candidate's query PSNR before (hollow) and after adapting (filled)."""
        figure, ax = plots.subplots(size=(8, 0.9 + 0.5 * len(self.rounds)))
        told = []
        for row, game in enumerate(self.rounds):
            for i, (name, result) in enumerate(zip(self.names, game["results"])):
                y, before, after = row + 0.3 * i - 0.15, result["psnr_before"], result["psnr_after"]
                colour, mark = plots.COLOURS[i], "os"[i]
                ax.annotate("", (after, y), (before, y), arrowprops={"arrowstyle": "-", "color": colour, "lw": 2})
                ax.plot(before, y, mark, mfc="white", mec=colour, ms=7)
                ax.plot(after, y, mark, color=colour, ms=7, label=name if row == 0 else None)
                told.append(say("{place}, {name}: {before:.1f} to {after:.1f} dB", place=game["name"], name=name, before=before,
                                after=after))  # fmt: skip
        ax.set(yticks=range(len(self.rounds)), yticklabels=[r["name"] for r in self.rounds], ylim=(len(self.rounds) - 0.5, -0.5),
               xlabel="PSNR on the query windows (dB): hollow = before, filled = after adapting")  # fmt: skip
        ax.grid(axis="x", color="#E4E4E4")
        ax.spines[["top", "right", "left"]].set_visible(False)
        ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
        figure.alt = say("Query PSNR before and after adapting.") + " " + "; ".join(told) + "."
        return figure


@torch.no_grad()
def _round(task, candidates, pixels):
    """Everything one round shows: the support, one query window, and what both candidates make of it."""
    inputs, targets = task.query
    shown = int((targets[:, 0] - inputs[:, -1]).square().mean(dim=(1, 2)).argmax())  # the liveliest query window
    results = []
    for candidate in candidates:
        with torch.enable_grad():
            adapted = candidate.adapt(task.support)
        stages = {"before": candidate.predictor(inputs), "after": adapted(inputs)}
        results.append({when: pixels.add(_bytes(prediction[shown]))[0] for when, prediction in stages.items()}
                       | {f"psnr_{when}": round(float(query_psnr(p, targets)), 3) for when, p in stages.items()})  # fmt: skip
    height, width = targets.shape[2:]
    return {"name": task.name, "H": height, "W": width, "support": pixels.add(_bytes(task.support[1][:, 0])),
            "truth": pixels.add(_bytes(targets[shown]))[0], "n_query": len(targets), "results": results}  # fmt: skip
