"""Both widgets of notebook 04 by keyboard alone; `test_notebooks_browser.py` calls `play`."""

import pytest

pytestmark = pytest.mark.browser


def reach(page, selector):
    """The widget, scrolled to: JupyterLab draws a cell when it comes into view."""
    cell = page.evaluate(
        """(text) => window.jupyterapp.shell.currentWidget.content.widgets.findIndex(
             (cell) => cell.model.sharedModel.getSource().includes(text))""",
        {
            ".vk-interview": "interview = Interview(",
            ".vk-episode-grid": "EpisodeGrid(scenes, n_way=3",
        }[selector],
    )
    page.evaluate("(i) => window.jupyterapp.shell.currentWidget.content.scrollToItem(i)", cell)
    widget = page.locator(selector).first
    widget.wait_for()
    return widget


def play(page):
    interview = reach(page, ".vk-interview")
    interview.locator(".vk-bet").first.focus()
    for n in range(6):
        assert f"Round {n + 1} of 6" in interview.locator("h4").first.inner_text()
        page.keyboard.press("2")
        assert f"of {n + 1} right" in interview.locator(".vk-tally").inner_text()
        assert interview.locator(".vk-three figure").count() == 9
        page.keyboard.press("Enter")
    assert "of 0 right" in interview.locator(".vk-tally").inner_text()

    grid = reach(page, ".vk-episode-grid")
    assert grid.locator(".vk-task").count() == 3
    grid.locator(".vk-n_way").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "() => document.querySelectorAll('.vk-episode-grid .vk-task').length === 4"
    )
    grid.locator(".vk-k_shot").focus()
    page.keyboard.press("Home")
    page.wait_for_function(
        "() => document.querySelector('.vk-episode-grid .vk-part').textContent"
        ".includes('K = 1, 5 frames')"
    )
    before = grid.locator("h4").all_inner_texts(), grid.locator("figcaption").all_inner_texts()
    page.keyboard.press("Enter")
    page.wait_for_function(
        "() => document.querySelector('.vk-episode-grid .vk-status').textContent.includes('seed 1')"
    )
    assert (
        grid.locator("h4").all_inner_texts(),
        grid.locator("figcaption").all_inner_texts(),
    ) != before
    assert (
        grid.locator(".vk-shared").count() == 0
        and "Frames in both: 0." in grid.locator(".vk-status").inner_text()
    )
    grid.locator(".vk-overlap").focus()
    page.keyboard.press("Space")
    page.wait_for_function(
        "() => document.querySelectorAll('.vk-episode-grid .vk-shared').length > 0"
    )
    assert "Frames in both: 0." not in grid.locator(".vk-status").inner_text()
    page.keyboard.press("Space")  # as it was: four tasks are taller than a slide
    grid.locator(".vk-k_shot").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "() => document.querySelector('.vk-episode-grid .vk-part').textContent"
        ".includes('K = 5, 9 frames')"
    )
    grid.locator(".vk-n_way").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(
        "() => document.querySelectorAll('.vk-episode-grid .vk-task').length === 3"
    )


def test_a_k_too_large_is_refused_in_words(notebook, run_all):
    page = notebook(
        "import vadkit\nfrom vadcourse.meta_widgets import EpisodeGrid",
        "scenes = [vadkit.toy_scene(1, n_train=1, n_frames=40)]\n"
        "EpisodeGrid(scenes, n_way=1, max_shot=40)",
    )
    run_all()
    page.locator(".vk-k_shot").focus()
    page.keyboard.press("End")
    page.wait_for_function(
        "() => document.querySelector('.vk-problem').textContent.includes('the largest K is')"
    )
