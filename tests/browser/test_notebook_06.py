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
    canvases = page.locator(".vk-settling figure:not(.vk-scale) canvas")
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


BENEFIT = """import numpy as np, pandas as pd
from vadcourse.widgets import Benefit
from vadstudies.benefit.report import DIFFERS
names = ["differs", "k", "steps"]
cells = pd.MultiIndex.from_product([DIFFERS, (1, 10), (0, 1, 3)], names=names)
base = np.arange(len(cells), dtype=float)
methods = {"copy last frame": 0, "two numbers": 1, "fine-tuned": 2, "MAML": base}
table = pd.DataFrame({
    (name, metric): 30 + value for name, value in methods.items() for metric in ("psnr", "auc_raw")
}, index=cells)
benefit = Benefit(table, "nothing", k=1, steps=0)
benefit"""


def test_exploring_where_meta_learning_helps(notebook, run_all):
    page = notebook(BENEFIT, "benefit.steps = 3\nbenefit.differs, benefit.k, benefit.steps")
    run_all()
    status, maps = page.locator(".vk-benefit .vk-status"), page.locator(".vk-benefit svg")
    maml = page.locator(".vk-benefit tbody tr").last.locator("td").first
    # Lines are numbered: 6 for what differs, 3 for the windows, 1 for the steps.
    assert status.inner_text() == (
        "nothing differs, K = 1, steps: 3: MAML minus fine-tuning 0.0 dB, 0.00 raw AUC"
    )
    assert maml.inner_text() == "32.0"
    maps.first.focus()
    for key, line in (("ArrowLeft", 1), ("ArrowDown", 7), ("PageUp", 10), ("ArrowDown", 16)):
        page.keyboard.press(key)
        assert maml.inner_text() == f"{30 + line:.1f}", key
    assert status.inner_text().startswith("custom differs, K = 10, steps: 1:")
    sliders = page.locator(".vk-benefit input")
    sliders.nth(0).focus()
    page.keyboard.press("ArrowLeft")  # a slider keeps its arrows: what differs
    assert maml.inner_text() == "40.0" and sliders.nth(0).get_attribute("aria-valuetext").endswith(
        "light"
    )
    box = maps.nth(1).bounding_box()
    page.mouse.click(box["x"] + box["width"] - 12, box["y"] + box["height"] * 0.7)
    assert maml.inner_text() == "47.0"
