"""Write the loop that opens the README and notebook 00: docs/hero.webp, about six seconds.

    python tools/hero.py

A camera, what a network expects, the error, and PSNR as it draws itself. The network was taught at
this campus with drawn strangers, no boar among them. The threshold gives two false alarms.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

import vadkit
from vadkit import view
from vadkit.checkpoints import atomic_path
from vadkit.cli import run_script
from vadkit.windows import N_INPUTS

TARGET = Path(__file__).resolve().parent.parent / "docs" / "hero.webp"
FRAMES, FPS = range(6, 84), 13
PAPER, INK, SOFT = "#15181c", "#f2f2f2", "#9aa0a6"
SKY, ALARM = "#56B4E9", "#FF7A1F"


def main(argv=None):
    """Draw frame by frame and save."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    boar = vadkit.the_boar()
    predictor = vadkit.load_checkpoint("boar_strangers").predictor
    predictions, psnr = view.predict_and_score(boar, predictor)
    normal = np.sort(psnr[N_INPUTS:][~boar.labels[N_INPUTS:]])
    hero = Hero(boar.frames / 255, predictions, psnr, threshold=(normal[1] + normal[2]) / 2)
    pictures = [hero.at(t) for t in FRAMES]
    still = {"save_all": True, "append_images": pictures[1:], "loop": 0}
    with atomic_path(TARGET) as unfinished:
        options = {"duration": 1000 // FPS, "quality": 72, "method": 5, **still}
        pictures[0].save(unfinished, "WEBP", **options)
    print(f"{TARGET}: {TARGET.stat().st_size / 1e6:.2f} MB, {len(pictures) / FPS:.1f} s")


class Hero:
    """One figure, whose pictures, curve and word change from frame to frame."""

    def __init__(self, frames, predictions, psnr, threshold):
        self.frames, self.predictions, self.psnr = frames, predictions, psnr
        self.threshold = threshold
        self.figure = Figure(figsize=(8, 3.9), dpi=100, facecolor=PAPER)
        self.canvas = FigureCanvasAgg(self.figure)
        titles = ("camera", "what it expects", "error")
        looks = ({"cmap": "gray", "vmax": 1}, {"cmap": "gray", "vmax": 1},
                 {"cmap": view.ERROR_MAP, "vmax": view.ERROR_MAX})  # fmt: skip
        self.images = [self._picture(*pair) for pair in enumerate(zip(titles, looks))]
        self._plot_axes()
        self.word = self.figure.text(0.5, 0.035, "", ha="center", fontsize=13, weight="bold")

    def _picture(self, column, title_and_look):
        title, look = title_and_look
        ax = self.figure.add_axes((0.015 + 0.33 * column, 0.345, 0.31, 0.58))
        ax.axis("off")
        ax.set_title(title, color=INK, fontsize=12, pad=4)
        return ax.imshow(self.frames[0], vmin=0, interpolation="nearest", aspect="auto", **look)

    def _plot_axes(self):
        ax = self.figure.add_axes((0.075, 0.125, 0.91, 0.18), facecolor=PAPER)
        low, high = np.nanmin(self.psnr), np.nanmax(self.psnr)
        ax.set(xlim=(FRAMES[0], FRAMES[-1]), ylim=(low - 1, high + 1), xticks=[])
        ax.set_ylabel("PSNR (dB)", color=SOFT, fontsize=9)
        ax.tick_params(colors=SOFT, labelsize=8, length=0)
        ax.spines[:].set_visible(False)
        ax.axhline(self.threshold, color=ALARM, ls="--", lw=1.2)
        (self.line,) = ax.plot([], [], color=SKY, lw=2.2)
        (self.alarms,) = ax.plot([], [], "v", color=ALARM, ms=5)
        (self.dot,) = ax.plot([], [], "o", color=INK, ms=5)

    def at(self, t):
        """Return the picture of frame t."""
        truth, prediction = self.frames[t], self.predictions[t - N_INPUTS]
        for image, pixels in zip(self.images, (truth, prediction, abs(truth - prediction))):
            image.set_data(pixels)
        past = np.arange(FRAMES[0], t + 1)
        rings = past[self.psnr[past] < self.threshold]
        self.line.set_data(past, self.psnr[past])
        self.alarms.set_data(rings, self.psnr[rings])
        self.dot.set_data([t], [self.psnr[t]])
        is_alarm = self.psnr[t] < self.threshold
        words = "▼ ALARM: nobody ever told it what a boar is" if is_alarm else "as expected"
        self.word.set(text=words, color=ALARM if is_alarm else SOFT)
        self.canvas.draw()
        return Image.fromarray(np.asarray(self.canvas.buffer_rgba())).convert("RGB")


if __name__ == "__main__":
    sys.exit(run_script(main))
