"""Slides: the rules that make them, notes for every slide, decks without a network."""

import re
import subprocess
import sys

import decks
import nbformat
import pandas as pd
import pytest
import slides

from notebooks import all_notebooks, tags

text, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell


@pytest.fixture(params=all_notebooks(), ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def test_slide_metadata_is_what_the_rules_give(notebook):
    assert not slides.mark(notebook), "run `python tools/slides.py`"


def test_every_section_has_speaker_notes_with_minutes_a_question_and_a_warning(notebook):
    types = slides.slide_types(notebook.cells)
    sections = [
        slides.title(cell)
        for cell, kind in zip(notebook.cells, types)
        if kind == "slide" and re.match("##? ", cell.source)
    ]
    notes = slides.notes(notebook)
    assert len(sections) > 3 and {title for title, _ in notes} >= set(sections)
    for title, note in notes:
        assert re.match(r"Speaker notes, \d+ minutes?\n", note), title
        assert all(f"**{part}:** " in note for part in ("Say", "Ask", "Watch out")), title


def test_no_cell_is_taller_than_a_slide(notebook):
    for cell, kind in zip(notebook.cells, slides.slide_types(notebook.cells)):
        if kind in ("slide", "fragment"):
            assert slides.height(cell) <= slides.ROOM + 30, cell.source


def types(*cells):
    return " ".join(slides.slide_types(cells))


def tagged(source, tag, make=text):
    return make(source, metadata={"tags": [tag]})


def with_output(mimetype, content):
    output = nbformat.v4.new_output("execute_result", {mimetype: content})
    return code("c", outputs=[output])


WIDGET = with_output("application/vnd.jupyter.widget-view+json", {})


def test_headings_begin_slides_and_the_rest_is_shown_step_by_step():
    assert types(text("# Title"), text("hello"), text("## Section"), code("1 + 1")) == (
        "slide fragment slide fragment"
    )
    assert types(text("# Title"), text("### Part"), text("<!-- Speaker notes -->")) == (
        "slide slide notes"
    )


def test_what_does_not_fit_goes_to_the_next_slide():
    long = "\n\n".join(["a line"] * 8)
    assert types(text("# Title\n\n" + long), text(long), text("short")) == ("slide slide fragment")
    assert types(text("# Title"), WIDGET, text("after")) == "slide slide slide"


def test_marks_win_and_solutions_are_skipped():
    folded = text("<details><summary>Solution</summary>\n\nc</details>")
    marked = tagged("a", "new-slide"), tagged("b", "no-slide"), folded
    assert types(text("# Title"), *marked) == "slide slide skip skip"
    rest = text("## References\n\n- a paper"), text("d"), text("**Exercise: E**\n\nDo it.")
    assert types(text("# Title"), *rest) == "slide skip fragment slide"


def test_a_cell_is_split_at_the_headings_in_it():
    cells = [text("# A\n\nx\n\n## B\n\ny", id="first"), text("```\n## no heading\n```")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    assert slides.mark(notebook)
    sources = [cell.source for cell in notebook.cells]
    assert sources == ["# A\n\nx", "## B\n\ny", "```\n## no heading\n```"]
    assert [cell.id for cell in notebook.cells][:2] == ["first", "first-1"]
    assert not slides.mark(notebook), "marking twice changes nothing"


def run(*command):
    return subprocess.run([sys.executable, *command], capture_output=True, text=True)


def test_a_stale_notebook_fails_the_check_and_stays_as_it_is(tmp_path):
    path = tmp_path / "01_stale.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[text("# Title")]), path)
    before = path.read_bytes()
    check = run(slides.__file__, "--check", path)
    assert check.returncode == 2 and "01_stale.ipynb" in check.stderr
    assert path.read_bytes() == before
    assert run(slides.__file__, path).returncode == 0
    assert run(slides.__file__, "--check", path).returncode == 0


REQUEST = re.compile(
    r'(?:src|srcset)\s*=\s*"(?!data:)[^"]*"|<link|@import|url\(|\bfetch\(|\bimport\('
)


def test_a_deck_asks_the_network_for_nothing(notebook):
    """From the outputs as committed; `test_widgets.py` looks at the widgets, which are added."""
    page = decks.deck(notebook, "A notebook")
    assert not REQUEST.findall(page)
    types = slides.slide_types(notebook.cells)
    n_pages = sum(kind == "slide" for kind in types)
    assert page.count("<section aria-label") == n_pages
    for cell in notebook.cells:
        if "solution" in tags(cell):
            assert cell.source.splitlines()[3] not in page


def test_a_deck_has_the_slides_of_the_notebook_though_its_widgets_have_become_pages():
    widget = with_output("text/html", '<div id="vadkit-1"></div>')
    notebook = nbformat.v4.new_notebook(cells=[text("# Title"), widget])
    assert decks.deck(notebook, "t").count("<section aria-label") == 1
    assert decks.deck(notebook, "t", ["slide", "slide"]).count("<section aria-label") == 2


def test_a_widget_leaves_its_static_page_in_a_deck():
    show = "from vadcourse.meta_widgets import TwoStep\n"
    show += "print(TwoStep()._repr_mimebundle_()['text/html'])"
    shown = run("-c", decks.STATIC_WIDGETS + show)
    assert shown.stdout.startswith('<div id="vadkit-'), shown.stderr


def test_a_code_listing_takes_its_room():
    listing = '<div class="highlight"><pre>' + "x = 1\n" * 30 + "</pre></div>"
    title = text("# Title\n\n" + "a line\n\n" * 8)
    assert types(title, with_output("text/html", listing)) == "slide slide"


def test_a_table_takes_the_room_of_its_rows_and_its_style_sheet_none():
    table = pd.DataFrame({"AUC": [0.9, 0.8, 0.7]}).style.set_caption("Three methods")
    plain = "<table><caption>Three methods</caption>" + "<tr><td>0.9</td></tr>" * 4 + "</table>"
    styled = table.highlight_max().to_html()
    assert "<style" in styled and styled.count("<tr>") == 4
    rows = [slides.height(with_output("text/html", page)) for page in (plain, styled)]
    assert rows[0] == rows[1] == slides.height(code("c")) + 14 + 5 * slides.TABLE_ROW
    listed = f"<style>/* <tr><tr> <pre>\n\n</pre> */</style>{plain}"
    assert slides.height(with_output("text/html", listed)) == rows[0]


def test_formulas_become_pictures_with_their_source_as_alt_text():
    page = decks.markdown("Take $a_1 < b$ and cost 3 $ or 4 $.\n\n$$L = \\sum_{n=1}^{N} l^{\\,n}$$")
    assert re.findall(r'alt="([^"]+)"', page) == ["a_1 &lt; b", "L = \\sum_{n=1}^{N} l^{\\,n}"]
    # As large as the text, whatever is in it: one letter is no wider than an em, ten are.
    one, ten = (decks.markdown(f"so ${letters}$ is") for letters in ("n", "n" * 10))
    widths = [float(re.search(r"width:([\d.]+)em", page)[1]) for page in (one, ten)]
    assert 0.5 < widths[0] < 1 and 5 < widths[1] < 10


def test_links_between_notebooks_lead_from_deck_to_deck():
    assert 'href="02_frame_prediction.html"' in decks.markdown("[on](02_frame_prediction.ipynb)")


def test_an_unknown_notebook_is_refused_in_one_sentence(tmp_path):
    out = tmp_path / "out"
    refused = run(decks.__file__, "nowhere.ipynb", "--out", out)
    assert refused.returncode == 2
    assert refused.stderr.strip() == "error: No such notebook: nowhere.ipynb."
    assert not out.exists()
