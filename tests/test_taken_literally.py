"""Names from files and texts of teachers are shown as they are, whatever they look like."""

import json
import re

import numpy as np
import pytest

from vadkit import view, widgets
from vadkit.predictors import copy_last_frame
from vadkit.scenes import Clip
from vadkit.text import say

NAMES = [
    "<!--<script>",
    "</script><b>",
    "$\\frac$",
    "$$",
    "{x}",
    "a\\$b$",
    "&amp;",
    "%s",
    "\\u003c",
]


def a_clip(name):
    frames = np.random.default_rng(0).integers(0, 256, (8, 32, 32), dtype=np.uint8)
    return Clip(name, frames, np.arange(8) > 5, kinds=[name] * 8)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_neither_ends_a_players_script_nor_hides_what_follows(name, tmp_path):
    page = widgets.Gallery([a_clip("first"), a_clip(name)], [name, "b"]).to_html()
    code = re.search(r"<script>(.*)</script>$", page, re.S)[1]
    assert "<!--" not in page and "</script" not in code and "<script" not in code
    state = json.loads(re.search(r", state = (\{.*\});$", code, re.M)[1])
    assert [clip["caption"] for clip in state["clips"]] == [name, "b"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_no_formula(name):
    clip = a_clip(name)
    figures = [
        view.gallery([clip]),
        view.still(copy_last_frame, clip),
        view.psnr_curve({name: np.linspace(20, 30, 8), "copy": np.linspace(20, 30, 8)}),
        view.predictions({name: copy_last_frame}, clip),
        view.window_strip(clip, 6),
    ]
    for figure in figures:
        assert name in figure.alt or name == "copy"
        assert len(view.to_image(figure)) > 1000


def test_the_powers_of_ten_of_an_axis_are_still_drawn_as_such():
    figure, ax = view.subplots(size=(3, 2), alt="an axis")
    ax.plot([1, 1e6], [1, 1e6])
    ax.loglog()
    view.to_image(figure)
    ticks = [tick for tick in ax.get_xticklabels() if "mathdefault" in tick.get_text()]
    assert ticks and all(tick.get_parse_math() for tick in ticks)


@pytest.mark.parametrize("name", NAMES)
def test_a_text_without_values_may_hold_anything(name):
    assert say(name) == name
    assert say("a {what}", what=name) == f"a {name}"
    scores, labels = np.arange(10.0), np.arange(10) > 5
    point = widgets.OperatingPoint(scores, labels, score_name=name)
    assert point.score_name == name
    assert len(view.to_image(point.still())) > 1000
