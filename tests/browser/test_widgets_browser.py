"""The widgets in a real JupyterLab: keys move pixels, alarms follow the threshold, Python sees what the reader did."""

import statistics

import pytest

pytestmark = pytest.mark.browser
BOAR = "import vadkit\nclip = vadkit.the_boar()"
SCRUBBER = "scrubber = vadkit.scrub(vadkit.copy_last_frame, clip)\nscrubber"


def pixels(page, selector):
    return page.evaluate("(s) => [...document.querySelectorAll(s)].map((canvas) => canvas.toDataURL()).join()", selector)


def python(page, code):
    """Run one more cell -> its text output."""
    page.evaluate(
        """async (code) => {
          const {commands, shell} = window.jupyterapp, {content} = shell.currentWidget;
          content.activeCellIndex = content.widgets.length - 1;
          await commands.execute("notebook:insert-cell-below");
          content.activeCell.model.sharedModel.setSource(code);
          await commands.execute("notebook:run-cell");
        }""",
        code,
    )
    return page.locator(".jp-CodeCell").last.locator(".jp-OutputArea-output").inner_text().strip()


def test_scrubber_by_keyboard(notebook, run_all):
    page = notebook(BOAR, SCRUBBER)
    run_all()
    slider, status = page.locator(".vk-frame"), page.locator(".vk-status")
    slider.focus()
    before = [pixels(page, s) for s in (".vk-inputs canvas", ".vk-results figure:nth-child(1) canvas", ".vk-results figure:nth-child(3) canvas")]
    page.keyboard.press("ArrowRight")
    after = [pixels(page, s) for s in (".vk-inputs canvas", ".vk-results figure:nth-child(1) canvas", ".vk-results figure:nth-child(3) canvas")]
    assert all(a != b for a, b in zip(after, before))
    page.keyboard.press("Home")
    assert "frame 4 /" in status.inner_text()
    page.keyboard.press("PageDown")
    assert "frame 14 /" in status.inner_text()
    page.keyboard.press("ArrowLeft")
    assert python(page, "scrubber.frame") == "13"
    page.keyboard.press("Escape")
    slider.focus()
    page.keyboard.press("End")
    assert int(slider.input_value()) == int(slider.get_attribute("max"))


def test_alarms_follow_the_threshold(notebook, run_all):
    page = notebook(BOAR, SCRUBBER)
    run_all()
    page.locator(".vk-threshold").focus()
    page.keyboard.press("Home")
    assert " 0 false alarms" in page.locator(".vk-tally").inner_text()
    assert "no alarm" in page.locator(".vk-status").inner_text()
    page.locator(".vk-frame").focus()
    for _ in range(200):
        page.keyboard.press("ArrowUp")
    assert "ALARM" in page.locator(".vk-status").inner_text()
    counts = "[int(((scrubber._psnr < scrubber.threshold) & (clip.labels == wanted)).sum()) for wanted in (True, False)]"
    right, wrong = eval(python(page, f"import numpy as np\nscrubber._psnr = np.array(scrubber.psnr, float)\n{counts}"))
    assert f"{right} of" in page.locator(".vk-tally").inner_text() and f" {wrong} false alarms" in page.locator(".vk-tally").inner_text()


def test_play_and_pause(notebook, run_all):
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


def test_python_moves_the_scrubber(notebook, run_all):
    page = notebook(BOAR, SCRUBBER, "scrubber.frame = 20")
    run_all()
    page.wait_for_function("() => document.querySelector('.vk-status').textContent.includes('frame 20 /')")


LATENCY = """() => {
  window.waits = [];
  const slider = document.querySelector(".vk-frame"), canvas = document.querySelector(".vk-results canvas");
  let last = canvas.toDataURL();
  slider.closest(".vadkit").addEventListener("keydown", (event) => {
    const drawn = performance.now() - event.timeStamp;
    const changed = canvas.toDataURL() !== last;
    last = canvas.toDataURL();
    requestAnimationFrame(() => { const c = new MessageChannel(); c.port1.onmessage = () =>
      window.waits.push({drawn, shown: performance.now() - event.timeStamp, changed}); c.port2.postMessage(0); });
  });
}"""


def test_key_to_pixels_within_a_frame(notebook, run_all, capsys):
    page = notebook("import numpy as np, vadkit\nframes = np.random.default_rng(0).integers(0, 256, (100, 128, 128), np.uint8)",
                    "vadkit.scrub(vadkit.copy_last_frame, frames)")  # fmt: skip
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
        print(f"\nkey to canvas pixels, 128 x 128: {drawn:.1f} ms; to the frame on screen: {shown:.1f} ms (medians of {len(waits)})")
    assert drawn <= 16
