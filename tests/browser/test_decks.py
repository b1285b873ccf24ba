"""Presenting: every widget fits a slide and stays live; stand-alone decks need no network."""

import decks
import nbformat
import pytest
from conftest import REPOSITORY

from notebooks import read
from vadkit import text

pytestmark = pytest.mark.browser

CHINESE = REPOSITORY / "notebooks" / "zh"
WIDGETS = """import vadkit
from vadcourse.meta_widgets import EpisodeGrid, TwoStep
from vadcourse.widgets import GuardShift
from vadkit import widgets
scenes = [vadkit.boar_scene(), vadkit.toy_scene(1), vadkit.toy_scene(2)]
boar, clips = vadkit.the_boar(), scenes[0].test_clips
evaluation = vadkit.evaluate(vadkit.copy_last_frame, scenes[0])"""
ONE_EACH = {
    ".vk-scrubber": "vadkit.scrub(vadkit.copy_last_frame, boar)",
    ".vk-gallery": "widgets.Gallery([boar], columns=1)",
    ".vk-labels": "widgets.LabelPlayer(boar)",
    ".vk-operating-point": "widgets.OperatingPoint(evaluation.anomaly_score, evaluation.labels)",
    ".vk-guard": "GuardShift(vadkit.copy_last_frame, clips[:2])",
    ".vk-episode-grid": "EpisodeGrid(scenes, n_way=3, k_shot=5, n_query=4)",
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


@pytest.fixture(scope="module")
def stand_alone(tmp_path_factory):
    """A deck written by tools/decks.py from a notebook of four slides."""
    cells = [
        nbformat.v4.new_markdown_cell(
            "# The boar\n\nPSNR is $10 \\log_{10} \\frac{1}{\\text{MSE}}$."
        ),
        nbformat.v4.new_markdown_cell("<!-- Speaker notes\n\nAsk: where will it go? -->"),
        nbformat.v4.new_markdown_cell("## Watch it\n\nWhat do you expect?"),
        nbformat.v4.new_code_cell("import vadkit\nboar = vadkit.the_boar()\nprint(len(boar))"),
        nbformat.v4.new_code_cell(
            "vadkit.scrub(vadkit.copy_last_frame, boar)", metadata={"tags": ["new-slide"]}
        ),
        nbformat.v4.new_markdown_cell("## The end"),
    ]
    notebook, folder = nbformat.v4.new_notebook(cells=cells), tmp_path_factory.mktemp("deck")
    decks.execute(notebook, folder)
    (folder / "boar.html").write_text(decks.deck(notebook, "The boar"), encoding="utf-8")
    return folder / "boar.html"


def test_a_stand_alone_deck_plays_without_a_network(stand_alone, page):
    asked = []
    page.on(
        "request",
        lambda request: (
            asked.append(request.url) if request.url[:5] not in ("file:", "data:") else None
        ),
    )
    page.context.set_offline(True)
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(stand_alone.as_uri())
    counter, notes = page.locator("footer output"), page.locator("#notes")
    assert counter.inner_text() == "1 / 4" and page.locator(".formula").get_attribute(
        "alt"
    ).startswith("10 \\log")
    page.keyboard.press("n")
    assert "where will it go?" in notes.inner_text()
    page.keyboard.press("n")
    assert not notes.is_visible()
    page.keyboard.press("Space")
    assert (
        page.get_by_text("What do you expect?").is_visible()
        and not page.get_by_text("112").is_visible()
    )
    page.keyboard.press("Space")
    assert page.get_by_text("112").is_visible() and counter.inner_text() == "2 / 4"
    page.keyboard.press("PageDown")
    page.locator(".vk-frame").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert (
        "frame 5 /" in page.locator(".vk-status").inner_text() and counter.inner_text() == "3 / 4"
    )
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    assert (
        counter.inner_text() == "4 / 4" and page.get_by_role("heading", name="The end").is_visible()
    )
    page.keyboard.press("ArrowLeft")
    assert counter.inner_text() == "3 / 4" and page.locator(".vk-scrubber").is_visible()
    assert asked == []


def test_a_deck_fits_its_screen(stand_alone, page):
    page.set_viewport_size({"width": 960, "height": 540})
    page.goto(stand_alone.as_uri())
    for _ in range(5):
        box = page.locator("section.on").bounding_box()
        inside = [part.bounding_box() for part in page.locator("section.on > div").all()]
        assert all(
            part["y"] + part["height"] <= box["y"] + box["height"] + 1 <= 541 for part in inside
        )
        page.keyboard.press("Space")


def test_a_chinese_deck_has_every_slide_and_speaks_chinese(page, tmp_path):
    name = "00_start_here.ipynb"
    decks.write(CHINESE / name, read(CHINESE / name), tmp_path / "deck.html")
    text.use("en")  # the tool goes on in the language of the deck
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto((tmp_path / "deck.html").as_uri())
    assert page.locator("html").get_attribute("lang") == "zh"
    slides = [cell.metadata.slideshow.slide_type for cell in read(CHINESE.parent / name).cells]
    assert page.locator("main > section").count() == slides.count("slide")
    for _ in range(len(slides)):
        box = page.locator("section.on").bounding_box()
        for part in page.locator("section.on > div:visible").all():
            inside = part.bounding_box()
            assert inside["y"] + inside["height"] <= box["y"] + box["height"] + 1
        page.keyboard.press("Space")
    assert (
        page.locator("footer output").inner_text()
        == f"{slides.count('slide')} / {slides.count('slide')}"
    )
    assert page.locator(".vadkit button", has_text="播放").count()
