"""The widget of notebook 04: models learn the same few windows; bet on one of them."""

from collections.abc import Mapping, Sequence

import matplotlib.figure
import numpy as np
import torch
from traitlets import Bytes, List

from vadkit import view
from vadkit.episodes import Task
from vadkit.maml.adapting import query_psnr
from vadkit.maml.training import MetaTrained
from vadkit.text import recognise, say
from vadkit.widgets.base import PixelBuffer, Widget, traits

LOOKS = (view.BLACK, "o"), (view.PURPLE, "s"), (view.BLUE, "^")  # as in interview.js


class Interview(Widget):
    """Models get the same K windows of a place: bet, then see all before and after adapting.

    Parameters
    ----------
    candidates : mapping of str to MetaTrained
        Two or three of them; each adapts by its own rates and number of inner steps. The second
        is drawn in the purple of what was meta-trained.
    tasks : sequence of Task
        One for each round.
    about : mapping of str to str, optional
        What the CV of a candidate says.

    Attributes
    ----------
    bets : list of str
        A name for each round played.

    Raises
    ------
    ValueError
        Unless there are two or three candidates and at least one task.
    """

    frames = Bytes()
    names, about, rounds, bets = traits(List, 4)

    def __init__(
        self,
        candidates: Mapping[str, MetaTrained],
        tasks: Sequence[Task],
        about: Mapping[str, str] | None = None,
    ):
        if len(candidates) not in (2, 3) or not tasks:
            raise ValueError(
                "An interview needs two or three candidates and a task or more, "
                f"got {len(candidates)} and {len(tasks)}."
            )
        names, about = list(candidates), about or {}
        buffer = PixelBuffer()
        # All rounds are played beforehand: the page must do without a kernel.
        rounds = [_play(task, candidates.values(), buffer) for task in tasks]
        self._names = names
        super().__init__(
            frames=buffer.pixels,
            names=[recognise(name) for name in names],
            about=[recognise(about.get(name, "")) for name in names],
            rounds=rounds,
            alt=say(
                "A job interview of {n} rounds: {names} get the same few windows of a place. "
                "Bet on who predicts best after learning from them.",
                n=len(rounds),
                names="; ".join(map(recognise, names)),
            ),
        )

    def tally(self) -> dict[str, int]:
        """Count what happened so far.

        Returns
        -------
        dict of int
            Rounds "played", bets that were "right", and over all rounds, played or not,
            "NAME wins before" and "NAME wins after" adapting.
        """
        wins: dict[str, int] = {}
        for when in ("before", "after"):
            winners = [self._winner(result, when) for result in self.rounds]
            wins |= {f"{name} wins {when}": winners.count(name) for name in self.names}
        right = sum(bet == winner for bet, winner in zip(self.bets, winners))
        return {"played": len(self.bets), "right": right, **wins}

    def _cover(self):
        return super().still()

    def _winner(self, result, when):
        psnr = [candidate[f"psnr_{when}"] for candidate in result["results"]]
        return self.names[int(np.argmax(psnr))]

    def still(self) -> matplotlib.figure.Figure:
        """Plot the query PSNR of each candidate in all rounds, and so the answers.

        Returns
        -------
        Figure
            With alt text.
        """
        figure, ax = view.subplots(size=(8, 0.9 + 0.5 * len(self.rounds)))
        descriptions = []
        for row, game in enumerate(self.rounds):
            for i, (name, result) in enumerate(zip(self._names, game["results"])):
                before, after = result["psnr_before"], result["psnr_after"]
                label = view.figure_text(name) if row == 0 else None
                _plot_change(ax, row + 0.25 * i - 0.25, before, after, i, label)
                values = {"name": recognise(name), "before": before, "after": after}
                text = say(
                    "{place}, {name}: {before:.1f} to {after:.1f} dB", place=game["name"], **values
                )
                descriptions.append(text)
            copied = {
                "ls": ":",
                "color": view.GREY,
                "label": view.figure_text("copy last frame") if row == 0 else None,
            }
            ax.plot([game["psnr_copied"]] * 2, [row - 0.4, row + 0.4], **copied)
        places = [game["name"] for game in self.rounds]
        ax.set(yticks=range(len(places)), yticklabels=places, ylim=(len(places) - 0.5, -0.5))
        ax.set_xlabel("PSNR on the query windows (dB): hollow = before, filled = after adapting")
        ax.grid(axis="x", color="#E4E4E4")
        ax.spines[["top", "right", "left"]].set_visible(False)
        ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
        figure.alt = f"{say('Query PSNR before and after adapting.')} {'; '.join(descriptions)}."
        return figure


def _plot_change(ax, y, before, after, candidate, label):
    colour, marker = LOOKS[candidate]
    line = {"arrowstyle": "-", "color": colour, "lw": 2}
    ax.annotate("", (after, y), (before, y), arrowprops=line)
    ax.plot(before, y, marker, mfc="white", mec=colour, ms=7)
    ax.plot(after, y, marker, color=colour, ms=7, label=label)


@torch.no_grad()
def _play(task, candidates, buffer):
    """All that one round shows: support, one query window, and what each candidate makes of it."""
    inputs, targets = task.query
    change = (targets[:, 0] - inputs[:, -1]).square().mean(dim=(1, 2))
    shown = int(change.argmax())  # the query window in which most happens
    results = []
    for candidate in candidates:
        stages = {"before": candidate.predictor, "after": candidate.adapt(task.support)}
        result = {}
        for when, network in stages.items():
            prediction = network(inputs)
            result[when] = buffer.add(prediction[shown])[0]
            result[f"psnr_{when}"] = round(float(query_psnr(prediction, targets)), 3)
        results.append(result)
    height, width = targets.shape[2:]
    return {
        "name": task.name,
        "H": height,
        "W": width,
        "support": buffer.add(task.support[1][:, 0]),
        "truth": buffer.add(targets[shown])[0],
        "n_query": len(targets),
        "psnr_copied": round(float(query_psnr(inputs[:, -1:], targets)), 3),
        "results": results,
    }
