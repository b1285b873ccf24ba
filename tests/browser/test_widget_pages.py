"""The widgets as pages of their own, without a kernel: mouse, keys, fingers, and what fits."""

import functools

import pytest

import vadkit
from vadcourse.widgets import GuardShift
from vadkit import widgets

pytestmark = pytest.mark.browser


@pytest.fixture
def static(page, tmp_path):
    """static(widget, width) opens it as a page of its own: no kernel, no network."""

    def open_page(widget, width=1000):
        page.context.set_offline(True)
        page.set_viewport_size({"width": width + 32, "height": 720})
        page.goto(widget.save_html(tmp_path / "widget.html").as_uri())
        page.locator(".vadkit").wait_for()
        return page

    return open_page


def boar_scrubber(**options):
    return vadkit.scrub(vadkit.copy_last_frame, vadkit.the_boar(), **options)


def test_the_static_scrubber_plays_offline(static):
    page = static(boar_scrubber())
    picture = "() => document.querySelector('.vk-results canvas').toDataURL()"
    before = page.evaluate(picture)
    page.locator(".vk-frame").press("ArrowLeft")
    assert page.evaluate(picture) != before


def at(box, x, y):
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def test_truth_and_prediction_share_a_place(static):
    page = static(boar_scrubber())
    box = page.locator(".vk-stack").bounding_box()
    error = page.locator(".vk-results > figure:nth-child(2) canvas").bounding_box()
    assert min(box["width"], box["height"], error["width"], error["height"]) >= 260
    wipe = page.locator(".vk-wipe")
    page.mouse.move(*at(box, 0.5, 0.5))
    page.mouse.down()
    page.mouse.move(*at(box, 0.8, 0.3), steps=4)
    page.mouse.up()
    assert int(wipe.input_value()) == pytest.approx(80, abs=2)
    page.keyboard.press("ArrowRight")
    assert "frame 48 /" in page.locator(".vk-status").inner_text(), "the mouse gives keys back"
    wipe.focus()
    page.keyboard.press("ArrowLeft")
    assert int(wipe.input_value()) == pytest.approx(79, abs=2)
    assert "frame 48 /" in page.locator(".vk-status").inner_text()
    shown = []
    for _ in range(3):
        page.keyboard.press("b")
        names = page.locator(".vk-sides span").all()
        shown.append((wipe.input_value(), *(name.is_visible() for name in names)))
    assert shown == [("0", False, True), ("100", True, False), ("0", False, True)]


def test_the_threshold_is_dragged_by_its_handle(static):
    page = static(boar_scrubber())
    handle, limit = page.locator(".vk-handle"), page.locator(".vk-threshold")
    assert handle.evaluate("(g) => getComputedStyle(g).cursor") == "ns-resize"
    finger = page.locator(".vk-handle rect").first.bounding_box()
    assert finger["width"] >= 44 and finger["height"] >= 44
    before, frame = float(limit.input_value()), page.locator(".vk-frame").input_value()
    page.mouse.move(*at(finger, 0.5, 0.1))
    page.mouse.down()
    page.mouse.move(*at(finger, 0.5, -1), steps=4)
    page.mouse.up()
    assert float(limit.input_value()) > before + 2
    assert page.locator(".vk-frame").input_value() == frame
    page.keyboard.press("Home")  # the focus has come along
    assert " 0 false alarms" in page.locator(".vk-tally").inner_text()
    box = page.locator(".vk-handle rect").nth(1).bounding_box()
    assert box["x"] >= page.locator(".vk-line").bounding_box()["x"] + 600, "beyond the curve"


def lowest_frame(scrubber):
    known = [(value, t) for t, value in enumerate(scrubber.psnr) if value is not None]
    return min(known)[1]


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_the_curve_waits_for_a_guess(motion, static):
    scrubber = boar_scrubber(guess=True)
    page = static(scrubber)
    page.emulate_media(reduced_motion=motion)
    status, tally = page.locator(".vk-status"), page.locator(".vk-tally")
    line = page.locator(".vk-line")
    assert "frame 4 /" in status.inner_text() and "PSNR" not in status.inner_text()
    assert not line.is_visible() and not page.locator(".vk-shade").first.is_visible()
    assert not page.locator(".vk-handle").is_visible() and "dB" not in tally.inner_text()
    page.mouse.click(*at(page.locator(".vk-plot").bounding_box(), 0.2, 0.6))
    guess = int(page.locator(".vk-frame").input_value())
    lowest = lowest_frame(scrubber)
    assert f"You guessed frame {guess}. The curve is lowest at {lowest}" in tally.inner_text()
    assert f": {lowest - guess} too early" in tally.inner_text() and lowest > guess
    assert line.is_visible() and page.locator(".vk-plot text", has_text="?").last.is_visible()
    drawing = page.evaluate("() => document.getAnimations().map((a) => a.animationName)")
    assert ("vk-draw" in drawing) == (motion == "no-preference")
    page.mouse.click(*at(page.locator(".vk-plot").bounding_box(), 0.6, 0.6))
    assert f"You guessed frame {guess}." in tally.inner_text(), "one guess, and no more"


SMALL = """() => [...document.querySelectorAll(".vadkit svg text")]
  .filter((text) => text.textContent && text.getBoundingClientRect().width)
  .map((text) => [text.textContent,
    parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().d])
  .filter(([, size]) => size && Math.abs(size) < 10.9)"""
SPOKEN = "() => [...document.querySelectorAll('.vadkit output')].map((o) => o.ariaLive)"
UNNAMED = """() => [...document.querySelectorAll(
  ".vadkit svg, .vadkit canvas[role=img], .vadkit button, .vadkit input")]
  .filter((e) => !e.getAttribute("aria-label") && !e.textContent && !e.closest("label"))
  .map((e) => e.outerHTML.slice(0, 80))"""


@functools.cache
def every_widget():
    scene = vadkit.boar_scene()
    copied = vadkit.evaluate(vadkit.copy_last_frame, scene)
    return {
        "scrubber": boar_scrubber(),
        "guess": boar_scrubber(guess=True),
        "guard": GuardShift(vadkit.copy_last_frame, scene.test_clips[:2], fps=50),
        "labels": widgets.LabelPlayer(scene.test_clips[0]),
        "gallery": widgets.Gallery(scene.test_clips[:4]),
        "point": widgets.OperatingPoint(copied.anomaly_score, copied.labels),
    }


@pytest.mark.parametrize("width", [1000, 600])
def test_every_widget_fits_and_can_be_read_and_named(width, static):
    for name, widget in every_widget().items():
        page = static(widget, width)
        page.wait_for_timeout(200)  # for the charts to take their width
        assert page.evaluate(SMALL) == [], name
        assert page.evaluate(UNNAMED) == [], name
        overflow = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, name
        if width == 1000:
            assert page.locator(".vadkit").bounding_box()["height"] <= 640, name


@pytest.mark.parametrize("name", ["scrubber", "guard", "labels", "gallery"])
def test_nobody_is_talked_to_all_the_time_while_a_film_runs(name, static):
    page = static(every_widget()[name])
    page.locator(".vk-play").click()
    assert set(page.evaluate(SPOKEN)) == {"off"}
    page.locator(".vk-play").click()
    assert set(page.evaluate(SPOKEN)) == {"polite"}


def test_fingers_find_large_targets(chromium, tmp_path):
    context = chromium.new_context(has_touch=True, is_mobile=True)
    page = context.new_page()
    for name, widget in every_widget().items():
        page.goto(widget.save_html(tmp_path / f"{name}.html").as_uri())
        page.locator(".vadkit").wait_for()
        for target in page.locator(".vadkit :is(button, input[type=range])").all():
            if target.is_visible():
                assert target.bounding_box()["height"] >= 43.9, (name, target.inner_text())
    context.close()
