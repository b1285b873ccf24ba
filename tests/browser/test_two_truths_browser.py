"""One clip before two guards, by keyboard, on a page without a kernel."""

import numpy as np
import pytest

from vadcourse.widgets import TwoTruths

pytestmark = pytest.mark.browser


@pytest.fixture
def open_page(page, tmp_path):
    """open_page(width) shows two guards: one never draws what is above, the other what is below."""

    def leaves_out(rows):
        def guard(windows):
            drawn = windows[:, -1:].clone()
            drawn[:, :, rows] = 0
            return drawn

        return guard

    def open_page(width):
        frames = np.zeros((50, 64, 64), np.uint8)
        frames[10:20, 8:24, 16:32] = frames[30:40, 40:56, 16:32] = 220
        guards = {"upper": leaves_out(slice(32, 64)), "lower": leaves_out(slice(0, 32))}
        inside = {"upper": range(30, 40), "lower": range(10, 20)}
        labels = {name: np.isin(np.arange(50), strange) for name, strange in inside.items()}
        page.set_viewport_size({"width": width, "height": 720})
        page.goto(TwoTruths(frames, guards, labels).save_html(tmp_path / "page.html").as_uri())
        page.locator(".vk-two-truths").wait_for()
        page.wait_for_timeout(100)  # the curves take the width they have
        return page

    return open_page


def verdicts(page):
    return [text.split()[-1] for text in page.locator(".vk-verdict").all_inner_texts()]


def test_opposite_alarms_at_the_same_moment(open_page):
    page = open_page(1016)
    frames, status = page.locator(".vk-frame"), page.locator("output")
    assert verdicts(page) == ["quiet", "ALARM"] and page.locator(".vk-rings").count() == 1
    assert "an alarm for one" in status.inner_text()
    frames.focus()
    page.keyboard.press("Home")
    assert frames.input_value() == "4" and verdicts(page) == ["quiet", "quiet"]
    for _ in range(3):
        page.keyboard.press("PageDown")
    page.keyboard.press("ArrowRight")
    assert frames.input_value() == "35" and verdicts(page) == ["ALARM", "quiet"]
    assert frames.get_attribute("aria-valuetext") == "frame 35 / 49, upper: ALARM, lower: quiet"
    upper, lower = page.locator(".vk-reason").all_inner_texts()
    assert "abnormal here" in upper and "normal here" in lower and "correct" in upper
    page.keyboard.press("End")
    assert frames.input_value() == "49"


def test_a_drag_in_either_curve_moves_both(open_page):
    page = open_page(1016)
    box = page.locator(".vk-two-truths section svg").last.bounding_box()
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 60)
    frame = int(page.locator(".vk-frame").input_value())
    assert 38 < frame < 48 and f"frame {frame} /" in page.locator("output").inner_text()


def test_it_plays_in_silence(open_page):
    page = open_page(1016)
    page.locator(".vk-frame").focus()
    page.keyboard.press("Space")
    page.wait_for_function("() => +document.querySelector('.vk-frame').value > 18")
    assert page.locator("output").get_attribute("aria-live") == "off"
    page.keyboard.press("Space")
    stopped = page.locator(".vk-frame").input_value()
    assert page.locator("output").get_attribute("aria-live") == "polite"
    page.wait_for_timeout(300)
    assert page.locator(".vk-frame").input_value() == stopped


SIZES = """() => {
  const {height} = document.querySelector(".vadkit").getBoundingClientRect();
  const fonts = [...document.querySelectorAll(".vadkit text")].map((text) => {
    const {ownerSVGElement: svg} = text, {width} = svg.viewBox.baseVal;
    const scale = svg.getBoundingClientRect().width / width;
    return parseFloat(getComputedStyle(text).fontSize) * scale;
  });
  const [one, other] = document.querySelectorAll(".vk-verdict");
  const beside = one.getBoundingClientRect().top === other.getBoundingClientRect().top;
  return {height, beside, font: Math.min(...fonts)};
}"""


@pytest.mark.parametrize("width", [1016, 616])
def test_it_fits_on_a_slide_side_by_side(open_page, width):
    sizes = open_page(width).evaluate(SIZES)
    assert sizes["height"] <= 640 and sizes["beside"] and sizes["font"] >= 10.9
