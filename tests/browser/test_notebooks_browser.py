"""Every notebook of the course, opened in JupyterLab and run from top to bottom."""

import os

import pytest
from conftest import REPOSITORY

pytestmark = pytest.mark.browser
NOTEBOOKS = sorted(path.name for path in (REPOSITORY / "notebooks").glob("[0-9]*.ipynb"))
SECONDS = int(os.environ.get("NOTEBOOK_SECONDS", 600))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_runs_from_top_to_bottom(name, notebook, run_all):
    page = notebook(f"notebooks/{name}")
    run_all(SECONDS)
    pictures = page.evaluate("""() => window.jupyterapp.shell.currentWidget.content.widgets.filter((c) => c.model.type === "code")
        .flatMap((c) => c.model.outputs.toJSON()).filter((o) => o.data && o.data["image/png"]).length""")
    assert pictures == 0, "JupyterLab drops the alt text of bare PNG outputs: show figures with vadkit.plots"
    assert page.locator(".jp-OutputArea-output img:not([alt])").count() == 0


@pytest.mark.parametrize("name", [name for name in NOTEBOOKS if name.startswith("02")])
def test_the_scrubber_of_the_course_moves(name, notebook, run_all):
    page = notebook(f"notebooks/{name}")
    run_all(SECONDS)
    slider = page.locator(".vk-scrubber .vk-frame").first
    slider.focus()
    picture = "() => document.querySelector('.vk-scrubber .vk-results canvas').toDataURL()"
    before = page.evaluate(picture)
    page.keyboard.press("ArrowRight")
    assert page.evaluate(picture) != before
