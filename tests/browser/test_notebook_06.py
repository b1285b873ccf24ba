"""The settling widget of notebook 06 obeys the keyboard, the mouse and Python."""

import pytest

pytestmark = pytest.mark.browser

SETUP = """import vadkit
from vadcourse.widgets import Settling
names = {"pre-trained": "streams_strangers", "MAML": "streams_maml"}
models = {name: vadkit.load_checkpoint(file) for name, file in names.items()}
support = vadkit.make_windows(vadkit.boar_scene().train_clips[0].frames[:9])"""
PIXELS = """(canvas) => canvas.getContext("2d")
  .getImageData(0, 0, canvas.width, canvas.height).data.reduce((a, b) => a + b, 0)"""


def test_sliding_along_the_inner_steps(notebook, run_all):
    page = notebook(
        SETUP, "settling = Settling(models, support, vadkit.the_boar(), n_steps=6)\nsettling"
    )
    run_all()
    status, slider = page.locator(".vk-settling .vk-status"), page.locator(".vk-settling .vk-frame")
    canvases = page.locator(".vk-settling canvas")
    assert canvases.count() == 5 and status.inner_text().startswith("0 inner steps")
    before = [canvases.nth(i).evaluate(PIXELS) for i in range(5)]
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert status.inner_text().startswith("1 inner step ")
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    assert status.inner_text().startswith("3 inner steps") and "as trained" in status.inner_text()
    after = [canvases.nth(i).evaluate(PIXELS) for i in range(5)]
    assert after[0] == before[0] and all(a != b for a, b in zip(after[1:], before[1:]))
    assert after[4] < before[4], "the error of the second model has not become darker"
    page.keyboard.press("End")
    assert status.inner_text().startswith("6 inner steps") and slider.input_value() == "6"
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    page.wait_for_function(
        "() => document.querySelector('.vk-settling .vk-status').textContent"
        ".startsWith('2 inner steps')"
    )
    page.keyboard.press("Space")
    chart = page.locator(".vk-settling .vk-chart")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.98, box["y"] + box["height"] / 2)
    assert status.inner_text().startswith("6 inner steps")
