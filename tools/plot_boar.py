"""Plot the two pictures of the README: docs/boar.png and docs/two_truths.png.

python tools/plot_boar.py
"""

from pathlib import Path

import numpy as np

import vadkit
from vadkit import view
from vadkit.pools import ScenePool
from vadkit.windows import N_INPUTS

DOCS = Path(__file__).resolve().parent.parent / "docs"
GREY = {"cmap": "gray", "vmin": 0, "vmax": 1}
ERROR = {"cmap": view.ERROR_MAP, "vmin": 0, "vmax": view.ERROR_MAX}


def main():
    """Write both."""
    (DOCS / "boar.png").write_bytes(view.to_png(plot_boar()))
    (DOCS / "two_truths.png").write_bytes(view.to_png(plot_two_truths()))


def plot_boar():
    """Two frames, one normal and one with the boar, as they came and as they were predicted."""
    boar, predictor = vadkit.the_boar(), vadkit.load_checkpoint("boar_strangers").predictor
    predictions, psnr = view.predict_and_score(boar, predictor)
    moments = {"before": 14, "the boar": view.representative_frame(boar)}
    figure, axes = view.subplots(2, 3, size=(7.2, 5.0))
    for row, (moment, frame) in zip(axes, moments.items()):
        truth, prediction = boar.frames[frame] / 255, predictions[frame - N_INPUTS]
        show(row[0], truth, f"{moment}: what came", GREY)
        show(row[1], prediction, f"predicted, {psnr[frame]:.1f} dB", GREY)
        show(row[2], abs(truth - prediction), "error", ERROR)
    return figure


def plot_two_truths():
    """One frame to the left and one to the right, and what the guard of either gate draws."""
    gate = vadkit.toy_scene(seed=30_004, place="campus", custom="stream", n_test=4)
    clip = gate.test_clips[0]
    guards = {place.side: guard_at(place) for place in (gate, gate.opposite())}
    drawn = {side: view.predict_and_score(clip, guard)[0] for side, guard in guards.items()}
    strangers = {place.side: place.test_clips[0].labels for place in (gate, gate.opposite())}
    figure, axes = view.subplots(2, 3, size=(7.2, 5.0))
    ways = ("to the left", "to the right")
    for row, way, other in zip(axes, ways, ways[::-1]):
        frame = np.flatnonzero(strangers[other])[16]
        show(row[0], clip.frames[frame] / 255, f"somebody walks\n{way}", GREY)
        for ax, side in zip(row[1:], ways):
            title = f"drawn where all\nwalk {side}"
            show(ax, drawn[side][frame - N_INPUTS], title, GREY)
    return figure


def guard_at(place):
    """What ten windows of normal life and three steps make of the weights."""
    (task,) = vadkit.EpisodeSampler(ScenePool([place]), n_way=1, k_shot=10, n_query=1, seed=0)[0]
    return vadkit.load_checkpoint("streams_maml").adapt(task.support)


def show(ax, image, title, options):
    """Plot one image without ticks."""
    ax.imshow(image, **options)
    ax.set(xticks=[], yticks=[], title=title)


if __name__ == "__main__":
    main()
