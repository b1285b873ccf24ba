"""The network in a visitor's browser: as PyTorch computes it; behind a camera; and drawn upon."""

import base64
import re
import shutil
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import site_predictor
import torch
from conftest import CHROMIUM, FLAGS

import vadkit
from vadcourse.widgets import DrawAnomaly
from vadkit import text, toy

pytestmark = pytest.mark.browser
FPS, SIDE = 10, 64


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A quiet square, and then a boar: as a camera (y4m) and as a file (WebM)."""
    scene = vadkit.toy_scene(toy.TEST_SEEDS[320], "square", 128, n_frames=200, kinds=["boar"])
    clip, folder = scene.test_clips[0], tmp_path_factory.mktemp("film")
    strange = np.flatnonzero(clip.labels)
    grey = b"\x80" * (64 * 64 * 2)  # both planes of colour
    with open(folder / "film.y4m", "wb") as file:
        file.write(f"YUV4MPEG2 W128 H128 F{FPS}:1 Ip A1:1 C420jpeg\n".encode())
        for frame in (*clip.frames, *clip.frames[::-1]):  # it is played again and again: no cut
            luma = 16 + (frame * (219 / 255)).round().astype(np.uint8)
            file.write(b"FRAME\n" + luma.tobytes() + grey)
    writer = cv2.VideoWriter(
        str(folder / "film.webm"), cv2.VideoWriter_fourcc(*"VP80"), FPS, (256, 256)
    )
    for frame in clip.frames:
        large = cv2.resize(frame, (256, 256), interpolation=cv2.INTER_NEAREST)
        writer.write(cv2.cvtColor(large, cv2.COLOR_GRAY2BGR))
    writer.release()
    small = [cv2.resize(f, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for f in clip.frames]
    found = {"first": strange[0], "last": strange[-1], "frames": np.stack(small).astype(int)}
    return SimpleNamespace(folder=folder, **found)


@pytest.fixture
def open_page(site, chromium):
    """open_page(name, *flags) opens a page of the site in a Chromium of its own.

    What it asked other servers for is an error, and so is what the console shows, or did not come.
    """
    path = next(filter(None, map(shutil.which, CHROMIUM)))
    browsers, problems = [], []

    def note_request(request):
        if not request.url.startswith((site, "data:", "blob:")):
            problems.append(request.url)

    def note_failure(request):
        if not request.url.startswith("blob:"):  # a film that was left
            problems.append(f"failed: {request.url}")

    def start(name, *flags):
        browser = chromium.browser_type.launch(executable_path=path, args=[*FLAGS, *flags])
        browsers.append(browser)
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.set_default_timeout(120_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda m: m.type == "error" and problems.append(m.text))
        page.on("request", note_request)
        page.on("requestfailed", note_failure)
        page.goto(f"{site}/{name}")
        return page

    yield start
    for browser in browsers:
        browser.close()
    assert not problems


def text_of(array):
    return base64.b64encode(np.ascontiguousarray(array, np.uint8).tobytes()).decode()


ADAPT = """async ([name, windows, frames]) => {
  const {load} = await import("./predictor/predictor.js");
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const fastest = async (n, act) => {
    const took = [];
    for (let i = 0; i < n; i++) {
      const begin = performance.now();
      await act();
      took.push(performance.now() - begin);
    }
    return Math.min(...took);
  };
  const network = await load(`models/${name}.json`);
  const four = bytes(frames).slice(0, 4 * network.manifest.side ** 2);
  const step = await fastest(3, () => network.adapt(bytes(windows), null, 1));
  const frame = await fastest(20, () => network.predict(four));
  let told = 0;
  const losses = await network.adapt(bytes(windows), () => { told += 1; });
  const numbers = async () => Array.from(await network.predict(bytes(frames)));
  const adapted = await numbers(), weights = await network.weights();
  await network.reset();
  const lists = Object.entries(weights).map(([key, values]) => [key, Array.from(values)]);
  return {losses, told, adapted, before: await numbers(), weights: lists, step, frame};
}"""


@pytest.mark.parametrize("name", ["camera_maml", "streams_maml"])
def test_the_browser_computes_what_pytorch_does(open_page, name):
    trained = vadkit.load_checkpoint(name)
    k = {"camera_maml": 5, "streams_maml": 10}[name]
    frames = vadkit.toy_scene(5, custom="stream").train_clips[0].frames
    windows = np.stack([frames[4 * i : 4 * i + 5] for i in range(k)])
    page = open_page("camera.html")
    found = page.evaluate(ADAPT, [name, text_of(windows), text_of(frames[:12])])
    x, _ = vadkit.make_windows(frames[:13])
    support = torch.from_numpy(windows / np.float32(255)).split([4, 1], dim=1)
    adapted = trained.adapt(support)
    for predictor, numbers in ((trained.predictor, "before"), (adapted, "adapted")):
        with torch.no_grad():
            expected = predictor(x).numpy()
        difference = abs(np.array(found[numbers]).reshape(expected.shape) - expected).max()
        print(f"{name}, {numbers}: differs from PyTorch by {difference:.1e} at most")
        assert difference < 1e-5
    for key, values in found["weights"]:
        expected = adapted.get_parameter(key).detach().numpy().reshape(-1)
        assert abs(np.array(values) - expected).max() < 1e-5
    assert len(found["losses"]) == found["told"] == 3 and found["losses"][2] < found["losses"][0]
    print(f"{name}: {found['frame']:.1f} ms a frame, {found['step'] / 1000:.2f} s a step, K = {k}")


PICTURE = """(canvas) => {
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return Array.from({length: canvas.width * canvas.height}, (_, i) => data[4 * i]);
}"""


HAND = """(text) => {
  const hand = new DataTransfer(), bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  hand.items.add(new File([bytes], "film.webm", {type: "video/webm"}));
  return hand;
}"""


def frame_shown(film, canvas):
    """Which frame of the film is it? Even after compression it is nearest to itself."""
    pixels = np.array(canvas.evaluate(PICTURE)).reshape(SIDE, SIDE)
    return int(abs(film.frames - pixels).mean((1, 2)).argmin())


def test_a_stranger_rings_behind_a_camera_and_a_quiet_place_does_not(open_page, film):
    page = open_page(
        "camera.html",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film.folder / 'film.y4m'}",
    )
    page.get_by_role("button", name="Use my camera").click()
    page.context.set_offline(True)  # whatever it needs is there
    page.get_by_role("button", name="Record normal life").click()
    page.locator("#alarms li").first.wait_for()
    rang = frame_shown(film, page.locator("#alarms canvas").last)
    assert film.first <= rang <= film.last + 4, f"frame {rang}"
    assert "ALARM" in page.locator("[role=status]").inner_text()
    status = page.locator("#status")
    rate, took = (float(status.get_attribute(f"data-{name}")) for name in ("rate", "took"))
    print(f"rang at frame {rang}, the boar comes in {film.first}", end="; ")
    print(f"{rate:.1f} of {FPS} frames a second scored, {took:.0f} ms for one")
    assert took < 1000 / FPS
    page.get_by_role("button", name="Pause").click()
    shown = page.locator(".panels canvas").first.evaluate(PICTURE)
    page.wait_for_timeout(500)
    assert page.locator(".panels canvas").first.evaluate(PICTURE) == shown
    page.get_by_role("button", name="Start again").click()
    page.locator("#no-alarms").wait_for()


def test_a_film_that_is_dropped_is_watched_to_its_end(open_page, film):
    page = open_page("camera.html")
    page.wait_for_function("() => !document.querySelector('#use-file').disabled")
    given = base64.b64encode((film.folder / "film.webm").read_bytes()).decode()
    page.dispatch_event("main", "drop", {"dataTransfer": page.evaluate_handle(HAND, given)})
    page.get_by_role("button", name="Record normal life").click()
    page.wait_for_function(
        "() => document.querySelector('[role=status]').textContent.startsWith('The film is over')"
    )
    rang = [frame_shown(film, each) for each in page.locator("#alarms canvas").all()]
    assert rang and all(film.first <= t <= film.last + 4 for t in rang), rang
    assert "at 1" in page.locator("#alarms li").last.inner_text()  # seconds


@pytest.fixture
def chinese():
    """English texts of vadkit and their translations."""
    text.use("zh")
    yield dict(text.TRANSLATIONS)
    text.use("en")


@pytest.mark.parametrize("edition", ["", "zh/"])
def test_a_file_that_is_no_film_is_said_to_be_none(open_page, tmp_path, edition, chinese):
    (tmp_path / "notes.txt").write_text("no film")
    page = open_page(f"{edition}camera.html")
    page.wait_for_function("() => !document.querySelector('#use-file').disabled")
    page.locator("#use-file").set_input_files(tmp_path / "notes.txt")
    page.locator(".failed").wait_for()
    sentence = "This browser cannot play {name}: most play WebM, and MP4 with H.264."
    sentence = chinese[sentence] if edition else sentence
    assert page.locator("[role=status]").inner_text() == sentence.format(name="notes.txt")


def test_a_camera_that_is_absent_is_said_to_be_absent(open_page):
    page = open_page("camera.html")
    page.get_by_role("button", name="Use my camera").click()
    page.locator(".failed").wait_for()
    said = page.locator("[role=status]").inner_text()
    assert "choose a video file" in said


@pytest.mark.parametrize("name", ["camera.html", "draw.html", "zh/camera.html", "zh/draw.html"])
def test_a_page_opened_from_its_folder_says_what_to_run(chromium, site_folder, name):
    page = chromium.new_page()
    page.goto((site_folder / name).as_uri())
    said = page.locator("[role=status]").inner_text()
    assert "python -m http.server" in said and bool(HAN.search(said)) == name.startswith("zh/")
    page.close()


HAN = re.compile("[\u4e00-\u9fff]")
ENGLISH = re.compile("[A-Za-z]{2,}(?:[ ,]+[A-Za-z]{2,}){2}")  # three words in a row
WORDS_SHOWN = """() => {
  const elements = [...document.querySelectorAll("main, main *:not(script):not(style)")];
  const named = ["aria-label", "aria-valuetext", "placeholder", "title", "alt"];
  return elements.flatMap((element) => [
    ...[...element.childNodes].filter((child) => child.nodeType === 3).map((child) => child.data),
    ...named.map((name) => element.getAttribute(name) ?? ""),
  ]).map((words) => words.trim()).filter(Boolean);
}"""
READY = "Ready. Use the camera, or a film of your own."


def assert_all_is_chinese(page, *known):
    shown = page.evaluate(WORDS_SHOWN)
    assert [words for words in shown if ENGLISH.search(words)] == []
    assert set(known) <= set(shown), shown


def test_the_camera_speaks_chinese(open_page, chinese, film):
    page = open_page("zh/camera.html")
    page.wait_for_function("() => !document.querySelector('#use-file').disabled")
    assert_all_is_chinese(page, chinese[READY], chinese["prediction"], chinese["Use my camera"])
    page.locator("#use-file").set_input_files(film.folder / "film.webm")
    page.get_by_role("button", name=chinese["Record normal life"]).click()
    page.wait_for_function(
        "() => /^还剩 [0-9.]+ 秒$/.test(document.querySelector('#status').textContent)"
    )
    assert_all_is_chinese(page, chinese["Start again"], chinese["Recording normal life ..."])


def test_the_drawing_speaks_chinese(open_page, chinese):
    page = open_page("zh/draw.html")
    sentence = next(words for words in chinese if words.startswith("The figure is there in {fr"))
    answer = re.compile(re.sub(r"\\{\w+\\}", ".+", re.escape(chinese[sentence])))
    page.locator(".vk-tally").filter(has_text=answer).wait_for()
    assert_all_is_chinese(page, chinese["Brush"], chinese["walker"], chinese["direction"])


@pytest.fixture(scope="module")
def drawn():
    """What Python makes of the page's clip, windows and figure."""
    scene = vadkit.toy_scene(**site_predictor.PLACE, n_train=2)
    clip, day = scene.train_clips
    windows = site_predictor.windows_of(day.frames, 10)
    support = torch.from_numpy(windows / np.float32(255)).split([4, 1], dim=1)
    guard = vadkit.load_checkpoint("streams_maml").adapt(support)
    return DrawAnomaly(guard, clip, figure="walker")


def test_drawing_is_answered_as_python_answers(open_page, drawn):
    page = open_page("draw.html")
    page.locator(".vk-draw:not(.vk-waiting) .vk-frame").wait_for()
    page.context.set_offline(True)
    status, tally = page.locator(".vk-draw .vk-status"), page.locator(".vk-draw .vk-tally")

    def agree():
        t, score = drawn.frame, drawn.score
        page.wait_for_function("() => !document.querySelector('.vk-waiting')")
        ring = f"there in {score['frames']} frames: {score['ring']} ring"
        assert ring in tally.inner_text()
        assert f"PSNR {drawn.psnr[t]:.1f} dB" in status.inner_text()

    page.wait_for_function("() => /there in/.test(document.querySelector('.vk-tally').textContent)")
    agree()
    direction = page.locator(".vk-knobs label", has_text="direction").locator("input")
    direction.focus()
    for _ in range(12):  # turned round
        page.keyboard.press("ArrowRight")
    drawn.drawing = {**drawn.drawing, "heading": 180}
    page.wait_for_timeout(300)
    agree()
