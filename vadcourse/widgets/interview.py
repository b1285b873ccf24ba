"""TODO."""

import numpy as np
import torch
import traitlets

from vadkit import view
from vadkit.maml.adapting import query_psnr
from vadkit.text import say
from vadkit.widgets.base import PixelBuffer, Widget, synced, to_uint8


class Interview(Widget):
    """The job interview: two models get the same K windows of a place; bet on one, then see both before and after adapting.

    candidates: {name: MetaTrained}, two of them; each adapts as it was trained to, by its own rates and number of inner steps
    tasks: list of `Task`, one for each round; about: {name: what its CV says}
    `.bets` is a list of names, one for each round played; `.tally()` counts; `.still()` shows all rounds, and so the answers.
    Raises ValueError unless there are two candidates and at least one task.
    """

    frames = synced(traitlets.Bytes())
    names = synced(traitlets.List())
    about = synced(traitlets.List())
    rounds = synced(traitlets.List())
    bets = synced(traitlets.List())

    def __init__(self, candidates, tasks, about=None):
        if len(candidates) != 2 or not tasks:
            raise ValueError(
                f"An interview needs two candidates and a task or more, got {len(candidates)} and {len(tasks)}."
            )
        pixels = PixelBuffer()
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
        figure, ax = view.subplots(size=(8, 0.9 + 0.5 * len(self.rounds)))
        told = []
        for row, game in enumerate(self.rounds):
            for i, (name, result) in enumerate(zip(self.names, game["results"])):
                y, before, after = row + 0.3 * i - 0.15, result["psnr_before"], result["psnr_after"]
                colour, mark = view.COLOURS[i], "os"[i]
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
        results.append({when: pixels.add(to_uint8(prediction[shown]))[0] for when, prediction in stages.items()}
                       | {f"psnr_{when}": round(float(query_psnr(p, targets)), 3) for when, p in stages.items()})  # fmt: skip
    height, width = targets.shape[2:]
    return {"name": task.name, "H": height, "W": width, "support": pixels.add(to_uint8(task.support[1][:, 0])),
            "truth": pixels.add(to_uint8(targets[shown]))[0], "n_query": len(targets), "results": results}  # fmt: skip
