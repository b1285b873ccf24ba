"""Make the still pictures of the README: docs/two_truths.png, and five widgets in docs/widgets.

python tools/pictures.py

The widgets are photographed in Chromium. `tools/hero.py` makes the loop.
"""

import argparse
import io
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

import vadkit
from vadcourse.meta_widgets import TwoStep
from vadcourse.widgets import GuardShift, Inside, TwoTruths
from vadkit import view
from vadkit.checkpoints import atomic_path
from vadkit.cli import run_script
from vadkit.pools import ScenePool
from vadkit.windows import N_INPUTS

DOCS = Path(__file__).resolve().parent.parent / "docs"
GREY = {"cmap": "gray", "vmin": 0, "vmax": 1}
SIDE = 1050  # pixels: how wide a widget is when it is photographed


def main(argv=None):
    """Write all."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    if not shutil.which("chromium"):
        raise ValueError("There is no Chromium to photograph in: apt-get install chromium.")
    with atomic_path(DOCS / "two_truths.png") as unfinished:
        unfinished.write_bytes(view.to_image(plot_two_truths()))
    for name, widget in five_widgets().items():
        picture = photograph(widget).resize((480, 320), Image.Resampling.LANCZOS)
        with atomic_path(DOCS / "widgets" / f"{name}.webp") as unfinished:
            picture.save(unfinished, "WEBP", quality=82)


def five_widgets():
    """The widgets of the README, by the names of their files."""
    boar, gate = vadkit.the_boar(), vadkit.toy_scene(30_004, "campus", custom="stream", n_test=4)
    taught = vadkit.load_checkpoint("boar_strangers").predictor
    trained = {
        "ordinary": vadkit.load_checkpoint("boar_ordinary").predictor,
        "with strangers": taught,
    }
    guards = {f"all walk {place.side}": guard_at(place) for place in (gate, gate.opposite())}
    labels = [place.test_clips[0].labels for place in (gate, gate.opposite())]
    truths = dict(zip(guards, labels))
    return {
        "scrubber": vadkit.scrub(taught, boar),
        "inside": Inside(trained, boar),
        "guard": GuardShift(
            taught, vadkit.boar_scene().test_clips[:4], n_clips=4, fps=50, threshold=24.5
        ),
        "two_step": TwoStep(step=3),
        "two_truths": TwoTruths(gate.test_clips[0], guards, truths),
    }


def photograph(widget):
    """The upper part of a widget, three wide to two high, as an image."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": SIDE, "height": SIDE * 2 // 3})
        page.goto(widget.save_html(Path(folder) / "widget.html").as_uri())
        page.locator(".vadkit").wait_for()
        if page.locator(".vk-guard").count():  # its report, after a short shift
            page.locator("canvas").first.click()
            page.keyboard.press("Space")
            page.locator(".vk-report li").first.wait_for()
        page.wait_for_timeout(500)
        return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


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
    sys.exit(run_script(main))
