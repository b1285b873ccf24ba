"""The presenter's help without a browser: which notes belong to which slide."""

import nbformat
import pytest

from vadcourse.widgets import Presenter


def cell(source, kind, name):
    made = nbformat.v4.new_markdown_cell(source, id=name)
    made.metadata["slideshow"] = {"slide_type": kind}
    return made


def test_cells_belong_to_the_slide_before_them_and_notes_hold_for_it(tmp_path):
    note = "<!-- Speaker notes, 5 minutes\n\n**Say:** boar\n\n**Ask:** where?\n-->"
    cells = [
        cell("# The title", "slide", "a"),
        cell(note, "notes", "b"),
        cell("text", "fragment", "c"),
        cell("## A section", "slide", "d"),
        cell("### Deeper", "slide", "e"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "07_boars.ipynb")
    presenter = Presenter(tmp_path)
    assert presenter.cells == {"a": 0, "b": 0, "c": 0, "d": 1, "e": 2}
    first, second, third = presenter.slides
    assert first["notes"] == [["Say:", "boar"], ["Ask:", "where?"]] and second["notes"] == []
    assert (third["section"], third["title"], third["number"], third["of"]) == (
        "A section",
        "Deeper",
        3,
        3,
    )


def test_where_there_are_no_slides_it_says_what_to_do(tmp_path):
    with pytest.raises(ValueError, match="say where they are"):
        Presenter(tmp_path)
