"""Notebooks as they are committed, without a kernel: what a reader sees before anything has run."""

import html
import re
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter

from notebooks import all_notebooks, tags
from vadcourse.saving import WIDGET_VIEW

NOTEBOOKS = all_notebooks()


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem, scope="module")
def path(request) -> Path:
    return request.param


def outputs(path):
    """The outputs of a notebook that show something, with their cells."""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            yield from ((cell, out) for out in cell.outputs if "data" in out)


def test_every_widget_is_saved_as_a_page_and_a_picture(path):
    widgets = [data for _, data in outputs(path) if "vadkit" in data.get("metadata", {})]
    assert widgets, "each notebook has a widget"
    for output in widgets:
        assert WIDGET_VIEW not in output.data, "its model is gone with the kernel"
        assert {"text/html", "image/png", "text/plain"} <= set(output.data)
        assert output.metadata["image/png"]["alt"] == output.data["text/plain"]


def test_every_figure_has_a_png_with_its_alt_text(path):
    for cell, output in outputs(path):
        page = output.data.get("text/html", "")
        is_folded = page.startswith("<details>")  # answers, which a PNG would give away
        if ("vk-picture" in page or "vk-plot" in page) and not is_folded:
            assert output.metadata["image/png"]["alt"], cell.id
        assert "image/png" not in output.data or "alt" in output.metadata["image/png"], cell.id


def test_notebooks_stay_small(path):
    assert path.stat().st_size < 2e6
    pages = [output.data.get("text/html", "") for _, output in outputs(path)]
    assert sum(len(page) for page in pages if "renderStill(" in page) < 300_000


def test_an_export_plays_and_keeps_the_solutions_folded(path):
    page, _ = HTMLExporter().from_filename(str(path))
    cells = nbformat.read(path, as_version=4).cells
    n_players = sum("renderStill(" in out.data.get("text/html", "") for _, out in outputs(path))
    assert page.count('renderStill("#vadkit-') == n_players >= 1
    n_solutions = sum("solution" in tags(cell) for cell in cells)
    assert len(re.findall(r"<details>\s*<summary>Solution</summary>", page)) == n_solutions
    without = re.sub(r"(?s)<details>.*?</details>", "", page)
    for cell in (cell for cell in cells if "solution" in tags(cell)):
        first_lines = "\n".join(cell.source.splitlines()[3:5])
        shown = html.unescape(re.sub(r"<[^>]+>", "", without))
        assert first_lines not in shown, "a solution stands open"
