"""Painting an anomaly: in a real JupyterLab by mouse and by keys, and without a kernel."""

import json

import numpy as np
import pytest
from conftest import run_more

import vadkit
from vadcourse.widgets import DrawAnomaly

pytestmark = pytest.mark.browser
CLIP = "\n".join(
    [
        "import numpy as np, vadkit",
        "from vadcourse.widgets import DrawAnomaly",
        "from vadcourse.widgets.drawn_figure import place_at",
        "frames = np.full((60, 64, 64), 120, np.uint8)",
        "frames[:, :, 32:] = 180",
        "frames[2::7, 0, 0] += 20",
    ]
)
SHOWN = """(at) => {
  const canvas = document.querySelector(".vk-easel canvas");
  const {data} = canvas.getContext("2d").getImageData(0, 0, 64, 64);
  return Array.from({length: 64 * 64}, (_, i) => data[4 * i]);
}"""
ANSWERED = "() => !document.querySelector('.vk-draw').classList.contains('vk-waiting')"


def in_python(page, expression):
    """Run one more cell, once the browser and Python agree; its value, which is JSON."""
    page.wait_for_timeout(300)
    page.wait_for_function(ANSWERED)
    cell = run_more(page, f"import json\nprint(json.dumps({expression}))")
    return json.loads(cell.locator("pre").last.inner_text())


def pixel(page, x, y):
    """Where a pixel of the picture is on the page."""
    box = page.locator(".vk-easel").bounding_box()
    return box["x"] + (x + 0.5) * box["width"] / 64, box["y"] + (y + 0.5) * box["height"] / 64


def drag(page, *places):
    page.mouse.move(*pixel(page, *places[0]))
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*pixel(page, *place), steps=4)
    page.mouse.up()


def the_same_pixels(page):
    """Does the browser show what Python has composed?"""
    shown = np.array(page.evaluate(SHOWN))
    composed = in_python(page, "drawn.clip.frames[drawn.frame].reshape(-1).tolist()")
    return (shown == composed).all()


def test_painting_with_the_mouse_reaches_python(notebook, run_all):
    page = notebook(CLIP, 'drawn = DrawAnomaly(vadkit.copy_last_frame, frames, figure="")\ndrawn')
    run_all()
    assert "Nothing is painted yet" in page.locator(".vk-draw .vk-tally").inner_text()
    drag(page, (10, 20), (20, 20))
    assert in_python(page, "sum(map(bool, drawn.drawing['pixels']))") == 3 * 13
    place = "place_at(drawn.drawing, drawn.frame)"
    assert in_python(page, place) == [9, 19]
    assert "there in" in page.locator(".vk-draw .vk-tally").inner_text()
    page.get_by_role("button", name="Move", exact=True).click()
    drag(page, (15, 20), (30, 40))
    assert in_python(page, place) == [24, 39]
    for name, key in (("direction", "ArrowRight"), ("speed", "ArrowRight"), ("brightness", "Home")):
        page.locator(".vk-knobs label", has_text=name).locator("input").focus()
        for _ in range(3):
            page.keyboard.press(key)
    turned = "[drawn.drawing[name] for name in ('heading', 'speed', 'bright')]"
    assert in_python(page, turned) == [45, 1.3, -200]
    for key in ("Home", *["PageDown"] * 2):
        page.locator(".vk-draw .vk-frame").focus()
        page.keyboard.press(key)
        assert the_same_pixels(page)
    assert in_python(page, "sum(drawn.labels)") > 5
    page.get_by_role("button", name="Clear").click()
    assert in_python(page, "[drawn.drawing['pixels'], sum(drawn.labels)]") == [[], 0]
    page.get_by_role("button", name="Undo").click()
    assert in_python(page, "sum(map(bool, drawn.drawing['pixels']))") == 3 * 13


def test_painting_by_keyboard_reaches_python(notebook, run_all):
    page = notebook(CLIP, 'drawn = DrawAnomaly(vadkit.copy_last_frame, frames, figure="")\ndrawn')
    run_all()
    page.locator(".vk-easel").focus()
    for key in ("-", "-", "9", "ArrowLeft", "ArrowUp", " "):  # one pixel, white
        page.keyboard.press(key)
    assert "painted" in page.locator(".vk-draw .vk-news").inner_text()
    first = in_python(page, "drawn.drawing")
    assert (first["width"], first["height"], first["pixels"]) == (1, 1, [255])
    page.locator(".vk-easel").focus()
    for key in ("0", "Shift+ArrowRight", "Shift+ArrowRight"):  # two, black, to its right
        page.keyboard.press(key)
    assert in_python(page, "drawn.drawing['pixels']") == [255, 1, 1]
    page.locator(".vk-easel").focus()
    for key in ("e", " ", "m", "ArrowDown", "Shift+ArrowRight", "."):
        page.keyboard.press(key)
    last = in_python(page, "drawn.drawing")
    assert last["pixels"] == [255, 1, 0]
    assert (last["x"], last["y"]) == (first["x"] + 5, first["y"] + 1)
    assert the_same_pixels(page)
    page.locator(".vk-easel").focus()
    for key in "uuuu":
        page.keyboard.press(key)
    assert in_python(page, "drawn.drawing['pixels']") == [255, 1]


def test_beat_the_detector(notebook, run_all):
    page = notebook(
        CLIP, "drawn = DrawAnomaly(vadkit.copy_last_frame, frames, figure='', game=True)\ndrawn"
    )
    run_all()
    submit = page.get_by_role("button", name="Hand in")
    submit.click()
    assert in_python(page, "drawn.best") == []
    assert "Nothing is painted yet" in page.locator(".vk-draw .vk-news").inner_text()
    page.get_by_role("button", name="box").click()
    page.get_by_label("a name, if you like").fill("Ada")
    submit.click()
    page.locator(".vk-board li").wait_for()
    assert "Ada: " in page.locator(".vk-board").inner_text()
    best = in_python(page, "[drawn.best[0][name] for name in ('name', 'share', 'falls')]")
    score = in_python(page, "drawn.score")
    assert best == ["Ada", score["ring"] / score["frames"], score["falls"]]
    assert int(page.locator(".vk-meter").get_attribute("aria-valuenow")) >= 100
    page.get_by_role("button", name="Clear").click()
    page.locator(".vk-board button").click()
    assert in_python(page, "drawn.drawing == drawn.best[0]['drawing']")


@pytest.fixture
def still_page(page, tmp_path):
    """A page without a kernel or a network, 600 pixels wide."""
    frames = np.full((40, 64, 64), 120, np.uint8)
    widget = DrawAnomaly(vadkit.copy_last_frame, frames, game=True)
    page.context.set_offline(True)
    page.set_viewport_size({"width": 632, "height": 1200})
    page.goto(widget.save_html(tmp_path / "drawn.html").as_uri())
    page.locator(".vk-frame").wait_for()
    return page


def test_a_page_without_a_kernel_plays_and_says_why_it_does_not_draw(still_page):
    page = still_page
    assert "Run the cell to draw" in page.locator(".vk-why").inner_text()
    assert page.get_by_role("button", name="Brush").is_disabled()
    before = page.evaluate(SHOWN)
    page.locator(".vk-frame").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(SHOWN) != before
    drag(page, (5, 5), (20, 5))
    assert page.evaluate(SHOWN)[5 * 64 + 5] == 120


def test_no_text_is_too_small_where_there_is_little_room(still_page):
    sizes = still_page.evaluate("""() => [...document.querySelectorAll(".vadkit *")]
      .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()))
      .filter((e) => e.getClientRects().length)
      .map((e) => parseFloat(getComputedStyle(e).fontSize))""")
    assert len(sizes) > 20 and min(sizes) >= 11
