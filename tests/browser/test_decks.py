"""Presenting: every widget fits a slide of 1280 x 720 and stays live; a stand-alone deck plays without a network."""

import nbformat
import pytest
from conftest import REPOSITORY

pytestmark = pytest.mark.browser

WIDGETS = """import numpy as np, vadkit
from vadkit import widgets
from vadkit.widgets.episodes import EpisodeGrid
from vadkit.widgets.two_step import TwoStep
scene, boar = vadkit.boar_scene(), vadkit.the_boar()
found = vadkit.evaluate(vadkit.copy_last_frame, scene)"""
ONE_EACH = {
    ".vk-scrubber": "vadkit.scrub(vadkit.copy_last_frame, boar)",
    ".vk-gallery": "widgets.Gallery([boar], columns=1)",
    ".vk-labels": "widgets.LabelPlayer(boar)",
    ".vk-operating-point": "widgets.OperatingPoint(found.anomaly_score, found.labels)",
    ".vk-guard": "widgets.GuardShift(vadkit.copy_last_frame, scene.test_clips[:2])",
    ".vk-episode-grid": "EpisodeGrid([scene, vadkit.toy_scene(1), vadkit.toy_scene(2)], n_way=3, k_shot=5, n_query=4)",
    ".vk-two-step": "TwoStep()",
}


@pytest.fixture
def live_deck(notebook, run_all, start_deck):
    """A notebook with one widget a slide, run, its deck started."""
    page = notebook(WIDGETS, *ONE_EACH.values(), slide_types=["slide"] * (1 + len(ONE_EACH)))
    run_all()
    start_deck()
    return page


def test_widgets_are_live_on_slides_and_fit(live_deck, next_slides, problems_on_slide):
    page = live_deck
    for number in range(1, 1 + len(ONE_EACH)):
        assert next_slides() == number
        assert problems_on_slide() == []
    page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 1; }")
    status = page.locator(".vk-scrubber .vk-status")
    page.locator(".vk-scrubber .vk-frame").focus()
    page.keyboard.press("Home")
    assert "frame 4 /" in status.inner_text()
    page.keyboard.press("ArrowRight")
    assert "frame 5 /" in status.inner_text()
    assert page.evaluate("() => window.jupyterapp.shell.currentWidget.content.activeCellIndex") == 1
