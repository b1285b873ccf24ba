"""The two-step picture obeys keyboard and mouse.

`test_notebooks_browser.py` drives the one in notebook 05.
"""

import re

import pytest

from vadcourse.meta_widgets import two_step

pytestmark = pytest.mark.browser


def position(page):
    """Where the status line says that theta is."""
    text = page.locator(".vk-status").inner_text()
    place = re.search(r"θ is at \(([-\d.]+), ([-\d.]+)\)", text)
    return [float(weight) for weight in place.groups()]


def test_the_picture_by_keyboard_and_by_mouse(notebook, run_all):
    page = notebook(
        "from vadcourse.meta_widgets import two_step", "picture = two_step.TwoStep()\npicture"
    )
    run_all()
    drive_by_keyboard(page)
    plane = page.locator(".vk-plane").last
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    page.keyboard.press("r")
    assert position(page) == pytest.approx([0, 0], abs=0.05)


def drive_by_keyboard(page):
    plane, status = page.locator(".vk-plane").last, page.locator(".vk-status").last
    plane.scroll_into_view_if_needed()
    plane.focus()
    assert position(page) == pytest.approx([-0.2, -2.6])
    maml = page.locator(".vk-plane").nth(1)
    lines = [
        ("Lines 5 and 6", {"inner": 1, "slide": 0, "full": 0}),
        ("differentiated at θ′", {"inner": 1, "slide": 1, "full": 0}),
        ("(I − αH)", {"inner": 1, "slide": 2, "full": 1}),
    ]
    for words, n_arrows in lines:
        page.keyboard.press("n")
        assert words in status.inner_text()
        assert {ink: maml.locator(f".vk-arrow-{ink}").count() for ink in n_arrows} == n_arrows
    for _ in range(5):
        page.keyboard.press("n")
    assert position(page) == pytest.approx(
        two_step.walk((-0.2, -2.6), 2, 0.4, 0.8)[-1].tolist(), abs=0.006
    )
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    assert position(page) == pytest.approx(
        two_step.walk((-0.1, -2.1), 2, 0.4, 0.8)[-1].tolist(), abs=0.006
    )
    page.locator(".vk-alpha").focus()
    page.keyboard.press("Home")
    assert position(page) == pytest.approx(
        two_step.walk((-0.1, -2.1), 2, 0.0, 0.8, "pre-training")[-1].tolist(), abs=0.006
    )
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    page.locator(".vk-first-order").focus()
    page.keyboard.press("Space")
    assert position(page) == pytest.approx(
        two_step.walk((-0.1, -2.1), 2, 0.6, 0.8, "first order")[-1].tolist(), abs=0.006
    )
    plane.focus()
    page.keyboard.press("b")
    assert "Update 2" in status.inner_text()
    page.keyboard.press("r")
    assert position(page) == pytest.approx([-0.1, -2.1])
    page.keyboard.press("Space")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.vk-status')]"
        ".some((s) => s.textContent.includes('θ′'))"
    )
    page.keyboard.press("Space")
    cells = page.locator(".vk-losses td").all_inner_texts()
    assert len(cells) == 5 and all(float(text) > 0 for text in cells[1:])
