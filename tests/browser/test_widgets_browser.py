"""The widgets in a real JupyterLab: keys move pixels, and Python sees what the reader did."""

import json
import statistics

import pytest
from conftest import run_more

pytestmark = pytest.mark.browser
BOAR = "import vadkit\nclip = vadkit.the_boar()"
SCRUBBER = "scrubber = vadkit.scrub(vadkit.copy_last_frame, clip)\nscrubber"


def pixels(page, selector):
    return page.evaluate(
        "(s) => [...document.querySelectorAll(s)].map((canvas) => canvas.toDataURL()).join()",
        selector,
    )


def python(page, code):
    """Run one more cell and return its text output."""
    return run_more(page, code).locator(".jp-OutputArea-output").inner_text().strip()


def eventually(page, code, holds):
    """Run the cell until its output holds, and return it.

    The browser tells Python of a burst of keys in a few messages.
    """
    for _ in range(15):
        output = python(page, code)
        if holds(output):
            return output
    pytest.fail(f"{code} still gives {output}")


def test_scrubber_by_keyboard(notebook, run_all):
    page = notebook(BOAR, SCRUBBER)
    run_all()
    slider, status = page.locator(".vk-frame"), page.locator(".vk-status")
    slider.focus()
    panels = [
        ".vk-film canvas",
        ".vk-stack .vk-truth",
        ".vk-stack canvas:not(.vk-truth)",
        ".vk-results > figure:nth-child(2) canvas",
    ]
    before = [pixels(page, panel) for panel in panels]
    page.keyboard.press("ArrowRight")
    assert all(pixels(page, panel) != was for panel, was in zip(panels, before))
    page.keyboard.press("Home")
    assert "frame 4 /" in status.inner_text()
    page.keyboard.press("PageDown")
    assert "frame 14 /" in status.inner_text()
    page.keyboard.press("ArrowLeft")
    eventually(page, "scrubber.frame", lambda text: text == "13")
    page.keyboard.press("Escape")
    slider.focus()
    page.keyboard.press("End")
    assert int(slider.input_value()) == int(slider.get_attribute("max"))


def test_alarms_follow_the_threshold(notebook, run_all):
    page = notebook(BOAR, SCRUBBER)
    run_all()
    status, tally = page.locator(".vk-status"), page.locator(".vk-tally")
    assert " 2 false alarms" in tally.inner_text(), "as it begins"
    page.locator(".vk-threshold").focus()
    page.keyboard.press("Home")
    assert " 0 false alarms" in tally.inner_text() and "no alarm" in status.inner_text()
    page.keyboard.press("End")
    assert "ALARM" in status.inner_text()
    page.locator(".vk-frame").focus()
    for _ in range(30):
        page.keyboard.press("ArrowDown")
    counts = """
alarm = np.array(scrubber.psnr, float) < scrubber.threshold
right, wrong = (int((alarm & kind).sum()) for kind in (clip.labels, ~clip.labels))
f"Below {scrubber.threshold:.1f} dB: {right} of", wrong"""
    text = tally.inner_text()
    code = "import numpy as np" + counts
    begins, wrong = eval(eventually(page, code, lambda output: eval(output)[0] in text))
    assert f" {wrong} false alarms" in text
    marks = page.locator(".vk-limit path").get_attribute("d").count("M")
    assert marks == wrong + int(begins.split()[3]) > 0


def test_playing_by_key_and_moving_from_python(notebook, run_all):
    page = notebook(BOAR, SCRUBBER)
    run_all()
    slider = page.locator(".vk-frame")
    slider.focus()
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    page.wait_for_function("() => +document.querySelector('.vk-frame').value > 8")
    page.keyboard.press("Space")
    stopped = slider.input_value()
    page.wait_for_timeout(400)
    assert slider.input_value() == stopped
    python(page, "scrubber.frame = 20; 0")
    page.wait_for_function(
        "() => document.querySelector('.vk-status').textContent.includes('frame 20 /')"
    )


LATENCY = """() => {
  window.waits = [];
  const slider = document.querySelector(".vk-frame");
  const canvas = document.querySelector(".vk-results canvas");
  let last = canvas.toDataURL();
  slider.closest(".vadkit").addEventListener("keydown", (event) => {
    const drawn = performance.now() - event.timeStamp;
    const changed = canvas.toDataURL() !== last;
    last = canvas.toDataURL();
    const note = () =>
      window.waits.push({drawn, shown: performance.now() - event.timeStamp, changed});
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = note;
      channel.port2.postMessage(0);
    });
  });
}"""


def test_key_to_pixels_within_a_frame(notebook, run_all, capsys):
    page = notebook(
        "import numpy as np, vadkit\nrng = np.random.default_rng(0)\n"
        "frames = rng.integers(0, 256, (100, 128, 128), np.uint8)",
        "vadkit.scrub(vadkit.copy_last_frame, frames)",
    )
    run_all()
    page.evaluate(LATENCY)
    page.locator(".vk-frame").focus()
    page.keyboard.press("Home")
    for _ in range(60):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(30)
    waits = page.evaluate("() => window.waits")[10:]
    assert len(waits) >= 45 and all(wait["changed"] for wait in waits)
    drawn, shown = (statistics.median(wait[name] for wait in waits) for name in ("drawn", "shown"))
    with capsys.disabled():
        print(
            f"\nkey to canvas pixels, 128 x 128: {drawn:.1f} ms; "
            f"to the frame on screen: {shown:.1f} ms (medians of {len(waits)})"
        )
    assert drawn <= 16


def test_a_guess_by_key_reaches_python(notebook, run_all):
    page = notebook(
        BOAR, "scrubber = vadkit.scrub(vadkit.copy_last_frame, clip, guess=True)\nscrubber"
    )
    run_all()
    page.locator(".vk-frame").focus()
    for key in ["PageDown", "PageDown", "ArrowRight", "Enter"]:
        page.keyboard.press(key)
    assert "You guessed frame 25." in page.locator(".vk-tally").inner_text()
    eventually(page, "scrubber.guessed", lambda text: text == "25")


def test_gallery_boxes_and_frames(notebook, run_all):
    page = notebook(
        "import vadkit\nfrom vadkit import widgets\nwidgets.Gallery(vadkit.boar_scene().test_clips)"
    )
    run_all()
    boxed = pixels(page, ".vk-grid canvas")
    page.locator(".vk-gallery [type=checkbox]").focus()
    page.keyboard.press("Space")
    plain = pixels(page, ".vk-grid canvas")
    assert plain != boxed
    page.keyboard.press("ArrowRight")
    assert pixels(page, ".vk-grid canvas") != plain


def test_a_click_gives_a_widget_the_keys(notebook, run_all):
    """Else they would reach JupyterLab: M makes a cell Markdown, B makes one more."""
    page = notebook(
        BOAR,
        "from vadkit import widgets\nwidgets.LabelPlayer(clip)",
        "widgets.Gallery([clip], columns=1)",
        SCRUBBER,
    )
    run_all()
    n_cells = page.locator(".jp-Cell").count()
    page.locator(".vk-labels canvas").click()
    page.keyboard.press("m")
    pressed = page.get_by_role("button", name="Mark abnormal").get_attribute("aria-pressed")
    assert pressed == "true"
    before = pixels(page, ".vk-gallery canvas")
    page.locator(".vk-gallery canvas").click()
    page.keyboard.press("ArrowRight")
    assert pixels(page, ".vk-gallery canvas") != before
    page.locator(".vk-scrubber .vk-hint").click()
    page.keyboard.press("b")
    assert page.locator(".vk-wipe").input_value() == "0"
    assert page.locator(".jp-Cell").count() == n_cells


def test_label_it_yourself(notebook, run_all):
    page = notebook(BOAR, "from vadkit import widgets\nplayer = widgets.LabelPlayer(clip)\nplayer")
    run_all()
    page.locator(".vk-labels .vk-frame").focus()
    for key in [
        "PageDown",
        "m",
        *["ArrowRight"] * 4,
        "m",
        "ArrowRight",
        "e",
        "ArrowLeft",
        "ArrowLeft",
        "e",
        "Enter",
    ]:
        page.keyboard.press(key)  # 10 to 14 are marked, then 15, 14 and 13 erased again
    page.wait_for_function(
        "() => document.querySelector('.vk-labels .vk-tally').textContent"
        ".includes('You marked 3 frames')"
    )
    eventually(
        page,
        "[t for t, marked in enumerate(player.labels) if marked]",
        lambda text: text == "[10, 11, 12]",
    )
    page.get_by_role("button", name="Mark abnormal").focus()
    page.keyboard.press("Space")
    assert page.get_by_role("button", name="Mark abnormal").get_attribute("aria-pressed") == "true"


def test_operating_point(notebook, run_all):
    page = notebook(
        "import numpy as np\nfrom vadkit import widgets\nrng = np.random.default_rng(0)\n"
        "labels = rng.random(300) < 0.3\nscores = rng.normal(size=300) + labels\n"
        "point = widgets.OperatingPoint(scores, labels)\npoint"
    )
    run_all()
    status = page.locator(".vk-operating-point .vk-status")
    page.locator(".vk-operating-point .vk-threshold").focus()
    page.keyboard.press("End")
    assert "No alarm at all" in status.inner_text()
    for _ in range(6):
        page.keyboard.press("PageDown")
    text = status.inner_text()
    counts = "[int((kind & (scores > point.threshold)).sum()) for kind in (labels, ~labels)]"
    right, wrong = json.loads(
        eventually(page, counts, lambda output: f": {json.loads(output)[0]} of" in text)
    )
    assert right > 2 and wrong > 2 and f", {wrong} of" in text


CONTRAST = """() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const weights = [0.2126, 0.7152, 0.0722];
  const light = (colour) => channels(colour).slice(0, 3).map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * weights[i], 0);
  const behind = (node) => {
    const colour = getComputedStyle(node).backgroundColor;
    const isClear = channels(colour)[3] === 0;
    return isClear && node.parentElement ? behind(node.parentElement) : colour;
  };
  const tags = ":is(figcaption, output, p, button, label, h4, th, td, li)";
  const nodes = [...document.querySelectorAll(`.vadkit ${tags}`)];
  return nodes.filter((n) => n.textContent && !n.disabled).map((n) => {
    const [a, b] = [light(getComputedStyle(n).color), light(behind(n))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  });
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_reads_in_both_themes_and_figures_have_alt_text(theme, notebook, run_all):
    page = notebook(
        BOAR,
        SCRUBBER,
        "from vadkit import view\nview.still(vadkit.copy_last_frame, clip)",
        "from vadcourse.widgets import GuardShift\nGuardShift(vadkit.copy_last_frame, [clip])",
        theme=theme,
    )
    run_all()
    contrasts = page.evaluate(CONTRAST)
    assert len(contrasts) > 10 and min(contrasts) >= 4.5
    alt = page.locator(".jp-OutputArea img").get_attribute("alt")
    assert "ground truth, prediction and their absolute difference" in alt
    assert page.locator(".jp-OutputArea img").evaluate("image => image.naturalWidth") > 500
