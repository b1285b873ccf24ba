"""Readers who see no picture, or not all its colours: alt texts, and a palette for everybody.

Simulated colour vision after Machado, Oliveira and Fernandes (2009), severity 1; distances in
CIELAB (1976).
"""

import html
import itertools
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.colors import to_rgb

from vadkit import view, widgets

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("[0-9]*.ipynb"))
VISION = {
    "all cones": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour):
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    return TO_XYZ[1] @ linear(colour)


def seen(colour, vision):
    """CIELAB (3,) of a colour as seen with this colour vision."""
    t = TO_XYZ @ np.clip(np.array(VISION[vision]) @ linear(colour), 0, 1) / TO_XYZ.sum(1)
    x, y, z = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("vision", VISION)
def test_lines_of_a_figure_can_be_told_apart(vision):
    for a, b in itertools.combinations(view.COLOURS, 2):
        assert np.linalg.norm(seen(a, vision) - seen(b, vision)) >= 15, f"{a} and {b} look alike"
    for colour in view.COLOURS:
        assert np.linalg.norm(seen(colour, vision) - seen("white", vision)) >= 35, (
            f"{colour} fades into white"
        )


MEANINGS = {
    "prediction": view.BLUE,
    "truth": view.AMBER,
    "truthShade": view.ABNORMAL,
    "alarm": view.VERMILLION,
    "maml": view.PURPLE,
    "correct": view.GREEN,
    "copying": view.GREY,
}


def tokens():
    """{name: colour} of each block of tokens in the style sheet: light, dark, dark again."""
    sheet = Path(widgets.base.__file__).with_suffix(".css").read_text(encoding="utf-8")
    blocks = re.findall(r"\{([^{}]*--vk-paper:[^{}]*)\}", sheet)
    return [dict(re.findall(r"--vk-(\w+): (#\w+);", block)) for block in blocks]


def test_widgets_and_figures_give_colours_the_same_meanings():
    light, dark, dark_by_system = tokens()
    assert {name: light[name].upper() for name in MEANINGS} == MEANINGS
    assert dark == dark_by_system and set(dark) == set(light)


def test_text_and_marks_can_be_read_in_both_themes():
    for theme in tokens()[:2]:
        paper = luminance(theme["paper"])
        for name, colour in theme.items():
            ends = sorted([paper, luminance(colour)])
            contrast = (ends[1] + 0.05) / (ends[0] + 0.05)
            is_text = name in ("ink", "soft") or name.endswith("Text")
            wanted = 4.5 if is_text else 2.2 if name == "truth" else 3
            if name not in ("paper", "grid", "truthShade"):
                assert contrast >= wanted, f"{name} {colour}: {contrast:.1f}"


def test_curves_get_the_colours_of_what_they_mean():
    names = ["ours", "MAML, K = 10", "copy last frame", "theirs"]
    assert view.colours_of(names) == [view.BLUE, view.PURPLE, view.GREY, view.BLACK]


@pytest.mark.parametrize("vision", VISION)
def test_the_shade_of_abnormal_frames_shows_under_every_line(vision):
    shade = seen(view.ABNORMAL, vision)
    assert np.linalg.norm(shade - seen("white", vision)) >= 10
    assert all(np.linalg.norm(shade - seen(colour, vision)) >= 25 for colour in view.COLOURS)


def test_colour_is_never_the_only_difference():
    assert len(set(view.DASHES)) >= len(view.COLOURS) == len(set(view.COLOURS))
    contrast = [1.05 / (luminance(colour) + 0.05) for colour in view.COLOURS]
    assert min(contrast[:3]) >= 3, "the first three colours reach WCAG's 3 : 1 on white"


def test_larger_errors_are_lighter_whatever_one_sees():
    colours = colormaps[view.ERROR_MAP](np.linspace(0, 1, 32))[:, :3]
    for vision in VISION:
        assert np.all(np.diff([seen(colour, vision)[0] for colour in colours]) > 0), vision


def pictures(notebook):
    """(alt text, picture) of every <img> among the outputs."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            page = output.get("data", {}).get("text/html", "")
            for image in re.findall(r"<img [^>]*>", page):
                yield (
                    html.unescape(re.search(r'alt="([^"]*)"', image)[1]),
                    re.search(r'src="([^"]*)"', image)[1],
                )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_alt_texts_tell_what_there_is_to_see(path):
    shown = {}
    for alt, picture in pictures(nbformat.read(path, as_version=4)):
        assert len(alt.split()) >= 8, f"too short to say anything: {alt!r}"
        assert not re.match(
            r"(?i)(a |an |the )?(figure|image|picture|plot|chart|screenshot)\b( of| showing|:|\.)",
            alt,
        ), alt
        assert "{" not in alt and "nan" not in alt.split(), f"a number is missing: {alt}"
        assert shown.setdefault(alt, picture) == picture, (
            f"two different figures, one alt text: {alt}"
        )
