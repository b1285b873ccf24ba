"""Inside a U-Net, in a browser: keys and clicks, on a page alone and in JupyterLab."""

import pytest
import torch
from test_widgets_browser import CONTRAST, eventually, pixels

pytestmark = pytest.mark.browser
WITH, WITHOUT = "with skips", "a memory"
SETUP = """
import torch, vadkit
from vadcourse.widgets import Inside
torch.manual_seed(0)
networks = {
    "with skips": vadkit.build_predictor("unet", width=4, predicts="change"),
    "a memory": vadkit.build_predictor("memory", width=4),
}
for network in networks.values():
    torch.nn.init.normal_(network.head.weight, std=0.05)
inside = Inside(networks, vadkit.the_boar(), maps=3, n_frames=6, frame=47)
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    state = torch.random.get_rng_state()
    names = {}
    exec(SETUP, names)
    torch.random.set_rng_state(state)
    return names["inside"].save_html(tmp_path_factory.mktemp("inside") / "page.html").as_uri()


@pytest.fixture
def alone(page, address):
    """The page, without a network, on a screen of 1280 x 720."""
    page.context.set_offline(True)
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(address)
    page.locator(".vk-inside .vk-frame").focus()
    return page


def test_keys_scrub_through_all_pictures(alone):
    status = alone.locator(".vk-status")
    assert status.inner_text().startswith("frame 47 · abnormal (boar) · PSNR")
    kinds = ("input", "encoder", "bottleneck", "decoder", "prediction", "truth", "error")
    before = {kind: pixels(alone, f".vk-{kind} canvas") for kind in kinds}
    alone.keyboard.press("ArrowRight")
    assert all(pixels(alone, f".vk-{kind} canvas") != was for kind, was in before.items())
    alone.keyboard.press("ArrowLeft")
    assert before == {kind: pixels(alone, f".vk-{kind} canvas") for kind in kinds}
    alone.keyboard.press("Home")
    first = status.inner_text()
    assert "normal" in first and "abnormal" not in first
    alone.keyboard.press("End")
    assert (
        alone.locator(".vk-frame").get_attribute("aria-valuetext") == status.inner_text() != first
    )


def test_while_it_plays_nothing_is_read_aloud(alone):
    alone.keyboard.press("Home")
    first = alone.locator(".vk-status").inner_text()
    alone.keyboard.press("Space")
    alone.wait_for_function(
        "(first) => document.querySelector('.vk-status').textContent !== first", arg=first
    )
    assert alone.locator(".vk-status").get_attribute("aria-live") == "off"
    alone.keyboard.press("ArrowLeft")  # stops it
    assert alone.locator(".vk-status").get_attribute("aria-live") == "polite"
    stopped = alone.locator(".vk-status").inner_text()
    alone.wait_for_timeout(500)
    assert alone.locator(".vk-status").inner_text() == stopped


def test_networks_are_switched_by_radio_buttons_and_numbers(alone):
    frame = alone.locator(".vk-frame").input_value()
    drawn = pixels(alone, ".vk-prediction canvas")
    assert alone.locator(".vk-line-skip").count() and not alone.locator(".vk-memory").count()
    alone.get_by_role("radio", name=WITH).focus()
    alone.keyboard.press("ArrowDown")
    assert alone.get_by_role("radio", name=WITHOUT).is_checked()
    assert alone.locator(".vk-frame").input_value() == frame, "the arrow keys are the radio's here"
    assert alone.locator(".vk-memory").is_visible() and not alone.locator(".vk-line-skip").count()
    assert alone.get_by_text("no skip connection").is_visible()
    assert pixels(alone, ".vk-prediction canvas") != drawn
    alone.locator(".vk-encoder").first.focus()
    alone.keyboard.press("1")
    assert alone.get_by_role("radio", name=WITH).is_checked()
    assert pixels(alone, ".vk-prediction canvas") == drawn
    alone.keyboard.press("ArrowRight")  # the focus has not gone with the block
    assert alone.locator(".vk-frame").input_value() == str(int(frame) + 1)


def test_a_click_enlarges_a_map_which_stays_alive(alone):
    lens, large = alone.locator(".vk-lens"), ".vk-lens canvas"
    assert not lens.is_visible()
    second = alone.locator(".vk-encoder").nth(1).locator("canvas").nth(2)
    second.click()
    assert "encoder, 1/2 size: channel" in lens.inner_text()
    assert "8 × 32 × 32: channels × height × width" in lens.inner_text()
    assert "Each place sums up 2 × 2 pixels" in lens.inner_text()
    assert pixels(alone, large) == second.evaluate("canvas => canvas.toDataURL()")
    assert "vk-chosen" in second.get_attribute("class")
    shown = pixels(alone, large)
    alone.keyboard.press("ArrowRight")
    assert pixels(alone, large) == second.evaluate("canvas => canvas.toDataURL()") != shown
    alone.locator(".vk-error").click()
    assert "the greater the surprise" in lens.inner_text()
    alone.keyboard.press("Escape")
    assert not lens.is_visible() and not alone.locator(".vk-chosen").count()


def test_all_pictures_are_reached_by_keys(alone):
    lens, names = alone.locator(".vk-lens"), []
    for _ in range(4 + 7 * 3 + 3):
        alone.keyboard.press("ArrowDown")
        names.append(lens.locator("strong").inner_text())
    assert names[:4] == [f"input x{i}" for i in (1, 2, 3, 4)] and names[-1] == "error"
    assert len(set(names)) == len(names)
    alone.keyboard.press("ArrowUp")
    assert lens.locator("strong").inner_text() == "what came"
    lens.get_by_role("button").focus()
    alone.keyboard.press("Enter")
    assert not lens.is_visible()
    assert alone.locator(".vk-truth").evaluate("block => block === document.activeElement")
    alone.locator(".vk-decoder").first.focus()
    alone.keyboard.press("Enter")
    assert "decoder, 1/4 size: channel" in lens.inner_text()
    assert alone.locator(".vk-decoder").first.get_attribute("aria-expanded") == "true"


def test_the_slots_of_a_memory_can_be_seen(alone):
    alone.keyboard.press("2")
    alone.locator(".vk-memory canvas").first.click()
    assert "the slots" in alone.locator(".vk-lens strong").inner_text()
    assert "stored prototype" in alone.locator(".vk-lens").inner_text()
    alone.keyboard.press("1")  # has no such block
    assert not alone.locator(".vk-lens").is_visible()
    alone.keyboard.press("ArrowRight")
    assert "frame 65" in alone.locator(".vk-status").inner_text()


SIZES = """() => {
  const texts = [...document.querySelectorAll(".vk-inside *")].filter((e) =>
    [...e.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim()) && e.offsetWidth);
  const {height} = document.querySelector(".vk-inside").getBoundingClientRect();
  const fonts = texts.map((e) => parseFloat(getComputedStyle(e).fontSize));
  const named = document.querySelectorAll(".vk-inside svg:not([aria-label])").length === 0;
  const boxes = (s) => [...document.querySelectorAll(s)].map((e) => e.getBoundingClientRect());
  const textBoxes = [...document.querySelectorAll(".vk-caption, .vk-heading")].map((e) => {
    const range = document.createRange();
    range.selectNodeContents(e);
    return range.getBoundingClientRect();
  });
  const covers = (a, b) =>
    a.left < b.right && b.left < a.right && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  const things = [...boxes(".vk-block canvas"), ...textBoxes, ...boxes(".vk-networks label")];
  const covered = things.filter((a, i) => things.some((b, j) => i < j && covers(a, b))).length;
  const wide = document.documentElement.scrollWidth > innerWidth;
  return {height, smallest: Math.min(...fonts), covered, wide, named};
}"""


@pytest.mark.parametrize("width", [1032, 632])
@pytest.mark.parametrize("network", ["1", "2"])
def test_it_fits_and_can_be_read(width, network, alone):
    alone.set_viewport_size({"width": width, "height": 720})
    alone.keyboard.press(network)
    sizes = alone.evaluate(SIZES)
    assert sizes["height"] <= 640 and sizes["smallest"] >= 11 and not sizes["wide"]
    assert sizes["covered"] == 0 and sizes["named"]
    alone.locator(".vk-encoder canvas").first.click()
    assert alone.locator(".vk-lens canvas").bounding_box()["width"] >= 200
    assert not alone.evaluate(SIZES)["wide"]


def test_fingers_find_what_they_need(chromium, address):
    context = chromium.new_context(viewport={"width": 1032, "height": 720}, has_touch=True)
    page = context.new_page()
    page.goto(address)
    page.locator(".vk-play").wait_for()
    assert page.evaluate("() => matchMedia('(pointer: coarse)').matches")
    for target in (".vk-play", ".vk-networks label", ".vk-frame"):
        assert page.locator(target).first.bounding_box()["height"] >= 44
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_alive_in_a_notebook_python_sees_what_the_reader_did(theme, notebook, run_all):
    page = notebook(SETUP + "inside", theme=theme)
    run_all()
    page.locator(".vk-frame").focus()
    for key in ("Home", "2", "ArrowDown"):
        page.keyboard.press(key)
    assert min(page.evaluate(CONTRAST)) >= 4.5
    code = "inside.frame == inside.kept[0], inside.variant"
    eventually(page, code, lambda text: text == "(True, 'a memory')")
    eventually(page, "inside.frame, inside.variant = 47, 'with skips'; 1", lambda text: text == "1")
    page.wait_for_function(
        "() => document.querySelector('.vk-status').textContent.includes('frame 47')"
    )
    assert page.get_by_role("radio", name=WITH).is_checked()
