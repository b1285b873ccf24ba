"""Slides: the rules that make them, notes for every slide, decks without a network."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
import decks
import slides

text, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def test_slide_metadata_is_what_the_rules_give(notebook):
    assert not slides.mark(notebook), "run `python tools/slides.py`"


def test_every_slide_has_speaker_notes_with_minutes_a_question_and_a_warning(notebook):
    told = slides.notes(notebook)
    headings = [cell.source.splitlines()[0].lstrip("# ") for cell, kind in zip(notebook.cells, slides.slide_types(notebook.cells))
                if kind == "slide"]  # fmt: skip
    assert {title for title, _ in told} >= set(headings)
    for title, note in told:
        assert re.match(r"Speaker notes, \d+ minutes\n", note), title
        assert all(f"**{part}:** " in note for part in ("Say", "Ask", "Watch out")), title


def test_no_cell_is_taller_than_a_slide(notebook):
    for cell, kind in zip(notebook.cells, slides.slide_types(notebook.cells)):
        if kind in ("slide", "subslide", "fragment"):
            assert slides.height(cell) <= slides.ROOM + 30, cell.source


def test_headings_begin_slides_and_the_rest_is_shown_step_by_step():
    cells = [
        text("# Title"),
        text("hello"),
        text("## Section"),
        code("1 + 1"),
        text("### Part"),
        text("<!-- Speaker notes -->"),
    ]
    assert slides.slide_types(cells) == ["slide", "fragment", "slide", "fragment", "subslide", "notes"]


def test_what_does_not_fit_goes_to_the_next_slide():
    long = "\n\n".join(["a line"] * 12)
    assert slides.slide_types([text("# Title\n\n" + long), text(long), text("short")]) == [
        "slide",
        "subslide",
        "fragment",
    ]
    widget = code(
        "w", outputs=[nbformat.v4.new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}})]
    )
    assert slides.slide_types([text("# Title"), widget, text("after")]) == ["slide", "subslide", "subslide"]


def test_marks_win_and_solutions_are_skipped():
    cells = [text("# Title"), text("a", metadata={"tags": ["new-slide"]}), text("b", metadata={"tags": ["no-slide"]}),
             code("c", metadata={"tags": ["solution"]}), text("## References\n\n- a paper"), text("d"), text("**Exercise: E**\n\nDo it.")]  # fmt: skip
    assert slides.slide_types(cells) == ["slide", "subslide", "skip", "skip", "skip", "fragment", "subslide"]


def test_a_cell_is_split_at_the_headings_in_it():
    notebook = nbformat.v4.new_notebook(
        cells=[text("# A\n\nx\n\n## B\n\ny", id="first"), text("```\n## no heading\n```")]
    )
    assert slides.mark(notebook)
    assert [cell.source for cell in notebook.cells] == ["# A\n\nx", "## B\n\ny", "```\n## no heading\n```"]
    assert [cell.id for cell in notebook.cells][:2] == ["first", "first-1"]
    assert not slides.mark(notebook), "marking twice changes nothing"


def test_a_stale_notebook_fails_the_check_and_stays_as_it_is(tmp_path):
    path = tmp_path / "01_stale.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[text("# Title")]), path)
    before = path.read_bytes()
    run = subprocess.run([sys.executable, slides.__file__, "--check", path], capture_output=True, text=True)
    assert run.returncode == 2 and "01_stale.ipynb" in run.stderr and path.read_bytes() == before
    assert subprocess.run([sys.executable, slides.__file__, path]).returncode == 0
    assert subprocess.run([sys.executable, slides.__file__, "--check", path]).returncode == 0


def test_a_deck_asks_the_network_for_nothing(notebook):
    """From the outputs as committed: execution only adds the widgets, which `test_widgets.py` looks at."""
    page = decks.deck(notebook, "A notebook")
    assert not re.findall(r'(?:src|srcset)\s*=\s*"(?!data:)[^"]*"|<link|@import|url\(|\bfetch\(|\bimport\(', page)
    assert page.count("<section aria-label") == sum(
        kind in ("slide", "subslide") for kind in slides.slide_types(notebook.cells)
    )
    for solution in (cell for cell in notebook.cells if "solution" in cell.metadata.get("tags", [])):
        assert solution.source.splitlines()[0] not in page


def test_a_deck_has_the_slides_of_the_notebook_though_its_widgets_have_become_pages():
    page = nbformat.v4.new_output("execute_result", {"text/html": '<div id="vadkit-1"></div>'})
    notebook = nbformat.v4.new_notebook(cells=[text("# Title"), code("w", outputs=[page])])
    assert decks.deck(notebook, "t").count("<section aria-label") == 1
    assert decks.deck(notebook, "t", ["slide", "subslide"]).count("<section aria-label") == 2


def test_a_code_listing_takes_its_room():
    listing = nbformat.v4.new_output(
        "execute_result", {"text/html": '<div class="highlight"><pre>' + "x = 1\n" * 30 + "</pre></div>"}
    )
    assert slides.slide_types([text("# Title\n\n" + "a line\n\n" * 8), code("c", outputs=[listing])]) == [
        "slide",
        "subslide",
    ]


def test_formulas_become_pictures_with_their_source_as_alt_text():
    page = decks.markdown("Take $a_1 < b$ and cost 3 $ or 4 $.\n\n$$L = \\sum_{n=1}^{N} l^{\\,n}$$")
    assert re.findall(r'alt="([^"]+)"', page) == ["a_1 &lt; b", "L = \\sum_{n=1}^{N} l^{\\,n}"]


def test_links_between_notebooks_lead_from_deck_to_deck():
    assert 'href="02_frame_prediction.html"' in decks.markdown("[on](02_frame_prediction.ipynb)")


def test_an_unknown_notebook_is_refused_in_one_sentence(tmp_path):
    run = subprocess.run(
        [sys.executable, decks.__file__, "nowhere.ipynb", "--out", tmp_path / "out"], capture_output=True, text=True
    )
    assert run.returncode == 2 and run.stderr.strip() == "No such notebook: nowhere.ipynb."
    assert not (tmp_path / "out").exists()
