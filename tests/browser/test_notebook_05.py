"""The two-step picture obeys keyboard, mouse and finger; its algorithm and its arrows belong.

`test_notebooks_browser.py` drives the one in notebook 05.
"""

import re

import pytest

from vadcourse.meta_widgets import two_step

pytestmark = pytest.mark.browser


def position(page):
    """Where the status line says that theta is."""
    text = page.locator(".vk-two-step .vk-status").inner_text()
    place = re.search(r"θ is at \(([-\d.]+), ([-\d.]+)\)", text)
    return [float(weight) for weight in place.groups()]


def end_of(start, n_updates, *rates):
    return pytest.approx(two_step.walk(start, n_updates, *rates)[-1].tolist(), abs=0.006)


def test_the_picture_by_keyboard_and_by_mouse(notebook, run_all):
    page = notebook(
        "from vadcourse.meta_widgets import two_step", "picture = two_step.TwoStep()\npicture"
    )
    run_all()
    drive_by_keyboard(page)
    plane = page.locator(".vk-plane").last
    plane.scroll_into_view_if_needed()
    page.keyboard.press("r")
    before, (x, y) = position(page), middle_of(plane)
    page.mouse.click(x, y)
    assert position(page) == before, "whoever clicks the picture to have the keys moves nothing"
    page.mouse.move(*middle_of(plane.locator("circle[data-part=theta]")))
    page.mouse.down()
    page.mouse.move(x, y, steps=5)
    page.mouse.up()
    assert position(page) == pytest.approx([0, 0], abs=0.05)


def middle_of(place):
    box = place.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drive_by_keyboard(page):
    plane, status = page.locator(".vk-plane").last, page.locator(".vk-two-step .vk-status").last
    plane.scroll_into_view_if_needed()
    plane.focus()
    assert position(page) == pytest.approx(two_step.START)
    read_the_first_update(page, status)
    for _ in range(5):
        page.keyboard.press("n")
    assert position(page) == end_of(two_step.START, 2, 0.4, 0.5)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    moved = (-1.7, -2.7)
    assert position(page) == end_of(moved, 2, 0.4, 0.5)
    page.locator(".vk-alpha").focus()
    page.keyboard.press("Home")
    assert position(page) == end_of(moved, 2, 0.0, 0.5, "pre-training")
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    page.locator(".vk-first-order").focus()
    page.keyboard.press("Space")
    assert position(page) == end_of(moved, 2, 0.6, 0.5, "first order")
    plane.focus()
    page.keyboard.press("b")
    assert "Update 2" in status.inner_text()
    page.keyboard.press("r")
    assert position(page) == pytest.approx(moved)
    page.keyboard.press("Space")
    page.wait_for_function(
        "() => document.querySelector('.vk-two-step .vk-status').textContent.includes('θ′')"
    )
    page.keyboard.press("Space")
    losses = page.locator(".vk-losses td:last-child").all_inner_texts()
    assert len(losses) == 4 and all(float(loss) > 0 for loss in losses)


def read_the_first_update(page, status):
    """Each line brings its words, its arrows, and its light in the algorithm."""
    maml, lines = page.locator(".vk-plane").last, page.locator(".vk-code ol").first.locator("li")
    wanted = [
        ("a task is drawn", {"inner": 0, "query": 0, "full": 0}),
        ("Lines 5 and 6", {"inner": 1, "query": 0, "full": 0}),
        ("differentiated at θ′", {"inner": 1, "query": 1, "full": 0}),
        ("(I − αH)", {"inner": 1, "query": 2, "full": 1}),
    ]
    for number, (words, n_arrows) in enumerate(wanted):
        if number:
            page.keyboard.press("n")
        assert words in status.inner_text()
        of = {part: maml.locator(f".vk-arrow[data-part={part}]").count() for part in n_arrows}
        assert of == n_arrows
        current = [line.get_attribute("aria-current") == "step" for line in lines.all()]
        assert current == [i == number for i in range(two_step.LINES)]


@pytest.fixture
def player(page, tmp_path):
    """player(width, height, **state) opens the page that needs no kernel."""

    def open_page(width, height, **state):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(two_step.TwoStep(**state).save_html(tmp_path / "two_step.html").as_uri())
        page.locator(".vk-plane").first.focus()
        return page

    return open_page


def test_all_of_it_is_seen_on_a_small_screen(player):
    page = player(1280, 720, step=3)
    box = page.locator(".vk-two-step").bounding_box()
    assert box["width"] >= 1000 and box["height"] <= 640
    bars = page.locator(".vk-losses").bounding_box()
    assert bars["y"] + bars["height"] < 720 and page.locator(".vk-losses i").count() == 4


SMALL_TEXT = """() => [...document.querySelectorAll('.vk-two-step *')]
  .filter((e) => e.children.length === 0 && e.textContent.trim() && e.getClientRects().length)
  .map((e) => {
    const scale = e.ownerSVGElement ? e.getScreenCTM().a : 1;
    return [e.textContent, parseFloat(getComputedStyle(e).fontSize) * scale];
  }).filter(([, size]) => size < 10.95)"""
OUTSIDE = """() => [...document.querySelectorAll('.vk-plane .vk-story text')].filter((text) => {
  const inner = text.getBoundingClientRect();
  const outer = text.ownerSVGElement.getBoundingClientRect();
  return inner.left < outer.left || inner.right > outer.right
    || inner.top < outer.top || inner.bottom > outer.bottom;
}).map((text) => text.textContent)"""


@pytest.mark.parametrize("width", [1280, 632, 390])
def test_texts_stay_legible_and_inside_wherever_the_start_is(player, width):
    page = player(width, 900, step=3, alpha=0.9)  # the first-order arrow leaves the plane
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    for key in ["", *["Shift+ArrowLeft"] * 3, *["Shift+ArrowUp"] * 6, *["Shift+ArrowRight"] * 9]:
        if key:
            page.keyboard.press(key)
        assert page.evaluate(OUTSIDE) == []
    assert page.evaluate(SMALL_TEXT) == []


def lit(page, where):
    names = page.locator(f"{where} .vk-lit").evaluate_all("all => all.map(e => e.dataset.part)")
    return set(names)


@pytest.mark.parametrize("part", ["theta", "adapted", "inner", "query", "full"])
def test_symbols_light_their_arrows_and_arrows_their_symbols(player, part):
    page = player(1280, 720, step=3)
    symbol = page.locator(f".vk-symbol[data-part={part}]").first
    assert lit(page, ".vk-two-step") == set()
    symbol.hover()
    assert lit(page, ".vk-plane") == {part}
    page.locator(".vk-status").hover()
    assert lit(page, ".vk-two-step") == set()
    symbol.focus()
    assert lit(page, ".vk-plane") == lit(page, ".vk-code") == {part}
    page.locator(".vk-plane").first.focus()
    page.locator(f".vk-plane text[data-part={part}]").last.hover()
    assert lit(page, ".vk-code") == {part}


def test_symbols_of_a_line_to_come_dim_nothing(player):
    page = player(1280, 720)
    page.locator(".vk-symbol[data-part=full]").first.hover()
    assert page.locator(".vk-two-step.vk-lighting").count() == 0


def n_moving(page):
    return page.evaluate(
        "() => document.querySelector('.vk-two-step').getAnimations({subtree: true}).length"
    )


def test_arrows_grow_and_theta_moves_but_only_as_the_story_goes_on(player):
    page = player(1280, 720)
    for moving in (2, 1, 2, 2):  # both planes' arrows; query; carried, full; both thetas
        assert n_moving(page) == 0
        page.keyboard.press("n")
        assert n_moving(page) == moving
        page.wait_for_timeout(800)
    page.keyboard.press("b")
    assert n_moving(page) == 0, "nothing on the way back"
    page.keyboard.press("ArrowUp")
    assert n_moving(page) == 0, "nor while the start moves"


def test_nothing_moves_for_those_who_asked_for_that(player):
    player(1280, 720).emulate_media(reduced_motion="reduce")
    page = player(1280, 720)
    for _ in range(two_step.LINES):
        page.keyboard.press("n")
        assert n_moving(page) == 0


def test_a_finger_moves_the_start(chromium, tmp_path):
    path = two_step.TwoStep().save_html(tmp_path / "two_step.html")
    context = chromium.new_context(has_touch=True, viewport={"width": 632, "height": 900})
    page = context.new_page()
    page.goto(path.as_uri())
    plane = page.locator(".vk-plane").first
    touch = context.new_cdp_session(page)
    places = [middle_of(plane.locator("circle[data-part=theta]")), middle_of(plane)]
    for kind, (x, y) in zip(("touchStart", "touchMove"), places):
        points = {"touchPoints": [{"x": x, "y": y}]}
        touch.send("Input.dispatchTouchEvent", {"type": kind, **points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert position(page) == pytest.approx([0, 0], abs=0.05)
    page.locator(".vk-symbol[data-part=theta]").first.tap()
    assert lit(page, ".vk-plane") == {"theta"}, "and stays lit when the finger is lifted"
    heights = page.locator("button, input").evaluate_all("all => all.map(e => e.offsetHeight)")
    context.close()
    assert min(heights) >= 28
