"""Notebook 03 in a real JupyterLab, then its capacity slid by keyboard, live and as a page."""

import os

import pytest

from vadcourse.widgets import Capacity

pytestmark = pytest.mark.browser
SECONDS = int(os.environ.get("NOTEBOOK_SECONDS", 600))


def pixels(page, number):
    """One of truth, prediction and error (1, 2, 3), as it is drawn now."""
    return page.evaluate(
        "(n) => document.querySelectorAll('.vk-capacity canvas')[n - 1].toDataURL()",
        number,
    )


def slide(page):
    """Everything the keys of the widget do; the status and the pixels must follow."""
    status = page.locator(".vk-capacity .vk-status")
    page.locator(".vk-capacity-slider").focus()
    assert page.locator(".vk-capacity canvas").nth(1).bounding_box()["width"] > 150, (
        "too small to see an animal"
    )
    assert "skips, width 4, 7,332 parameters" in status.inner_text()
    truth, seen = pixels(page, 1), []
    for width in (8, 16, 24, 40):
        page.keyboard.press("ArrowRight")
        assert f"skips, width {width}," in status.inner_text()
        seen.append((pixels(page, 2), pixels(page, 3)))
    assert len(set(seen)) == 4 and pixels(page, 1) == truth
    page.keyboard.press("ArrowRight")  # the widest there is
    assert "width 40," in status.inner_text()
    page.keyboard.press("3")
    assert (
        "memory, width 40," in status.inner_text()
        and (pixels(page, 2), pixels(page, 3)) not in seen
    )
    assert page.locator(".vk-capacity [aria-pressed=true]").inner_text() == "3: memory"
    page.keyboard.press("Home")
    assert "memory, width 4," in status.inner_text()
    page.keyboard.press("PageDown")
    assert pixels(page, 1) != truth
    return status


def test_the_notebook_runs_and_its_capacity_slides(notebook, run_all):
    page = notebook("notebooks/03_generalization_problem.ipynb")
    run_all(SECONDS)
    cell = page.evaluate(
        """(code) => window.jupyterapp.shell.currentWidget.content.widgets
             .findIndex((cell) => cell.model.sharedModel.getSource().includes(code))""",
        'Capacity(variant="skips", width=4)',
    )
    page.evaluate("(i) => window.jupyterapp.shell.currentWidget.content.scrollToItem(i)", cell)
    page.locator(".vk-capacity").first.wait_for()
    slide(page)


def test_python_and_the_static_page_agree_with_the_keys(notebook, run_all, page, tmp_path):
    page.context.set_offline(True)
    page.goto(Capacity().save_html(tmp_path / "capacity.html").as_uri())
    status = slide(page).inner_text()
    page.context.set_offline(False)

    notebook(
        "from vadcourse.widgets import Capacity\nslider = Capacity()\nslider",
        "slider.variant, slider.width = 'memory', 4; print(f'gap {slider.gap:.1f} dB')",
    )
    run_all()
    page.wait_for_function(
        "(text) => document.querySelector('.vk-capacity .vk-status').textContent === text",
        arg=status,
    )
    assert page.locator(".jp-OutputArea-output").last.inner_text().strip() in status
