"""Both widgets of notebook 04 by keyboard alone; `test_notebooks_browser.py` calls `play`."""

import numpy as np
import pytest
import torch
from maml_cases import Scaled

import vadkit
from vadcourse.meta_widgets import EpisodeGrid, Interview
from vadkit.episodes import Task
from vadkit.scenes import Clip, Scene

pytestmark = pytest.mark.browser


def reach(page, selector):
    """The widget, scrolled to: JupyterLab draws a cell when it comes into view."""
    cell = page.evaluate(
        """(text) => window.jupyterapp.shell.currentWidget.content.widgets.findIndex(
             (cell) => cell.model.sharedModel.getSource().includes(text))""",
        {
            ".vk-interview": "interview = Interview(",
            ".vk-episode-grid": "EpisodeGrid(scenes, n_way=3",
        }[selector],
    )
    page.evaluate("(i) => window.jupyterapp.shell.currentWidget.content.scrollToItem(i)", cell)
    widget = page.locator(selector).first
    widget.wait_for()
    return widget


def play(page):
    interview = reach(page, ".vk-interview")
    interview.locator(".vk-bet").first.focus()
    for n in range(6):
        assert f"Round {n + 1} of 6" in interview.locator("h4").first.inner_text()
        page.keyboard.press("2")
        assert f"of {n + 1} right" in interview.locator(".vk-tally").inner_text()
        assert interview.locator(".vk-three figure").count() == 9
        page.keyboard.press("Enter")
    assert "of 0 right" in interview.locator(".vk-tally").inner_text()

    grid = reach(page, ".vk-episode-grid")
    assert grid.locator(".vk-task").count() == 3
    grid.locator(".vk-n_way").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "() => document.querySelectorAll('.vk-episode-grid .vk-task').length === 4"
    )
    grid.locator(".vk-k_shot").focus()
    page.keyboard.press("Home")
    page.wait_for_function(
        "() => document.querySelector('.vk-episode-grid .vk-part').textContent"
        ".includes('K = 1, 5 frames')"
    )
    before = grid.locator("h4").all_inner_texts(), grid.locator("figcaption").all_inner_texts()
    page.keyboard.press("Enter")
    page.wait_for_function(
        "() => document.querySelector('.vk-episode-grid .vk-status').textContent.includes('seed 1')"
    )
    assert (
        grid.locator("h4").all_inner_texts(),
        grid.locator("figcaption").all_inner_texts(),
    ) != before
    assert (
        grid.locator(".vk-shared").count() == 0
        and "Frames in both: 0." in grid.locator(".vk-status").inner_text()
    )
    grid.locator(".vk-overlap").focus()
    page.keyboard.press("Space")
    page.wait_for_function(
        "() => document.querySelectorAll('.vk-episode-grid .vk-shared').length > 0"
    )
    assert "Frames in both: 0." not in grid.locator(".vk-status").inner_text()
    page.keyboard.press("Space")  # as it was
    grid.locator(".vk-k_shot").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "() => document.querySelector('.vk-episode-grid .vk-part').textContent"
        ".includes('K = 5, 9 frames')"
    )
    grid.locator(".vk-n_way").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(
        "() => document.querySelectorAll('.vk-episode-grid .vk-task').length === 3"
    )


def test_a_k_too_large_is_refused_in_words(notebook, run_all):
    page = notebook(
        "import vadkit\nfrom vadcourse.meta_widgets import EpisodeGrid",
        "scenes = [vadkit.toy_scene(1, n_train=1, n_frames=40)]\n"
        "EpisodeGrid(scenes, n_way=1, max_shot=40)",
    )
    run_all()
    page.locator(".vk-k_shot").focus()
    page.keyboard.press("End")
    page.wait_for_function(
        "() => document.querySelector('.vk-problem').textContent.includes('the largest K is')"
    )


HEIGHT = "() => document.querySelector('.vadkit').getBoundingClientRect().height"
SMALL = """() => [...document.querySelectorAll(".vadkit *")].filter((element) => {
  if (element.children.length || !element.textContent.trim()) return false;
  const svg = element.ownerSVGElement;
  const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
  return parseFloat(getComputedStyle(element).fontSize) * scale < 10.9;
}).map((element) => element.textContent)"""
BORDERS = """(part) => [...document.querySelectorAll(`.vk-${part} canvas`)].map((canvas) => {
  const {borderTopColor, borderTopStyle, outlineStyle} = getComputedStyle(canvas);
  return [borderTopColor, borderTopStyle, outlineStyle, canvas.ariaLabel];
})"""


def shown(page, widget, tmp_path, width=1016):
    page.set_viewport_size({"width": width, "height": 720})
    page.goto(widget.save_html(tmp_path / "page.html").as_uri())
    page.locator(".vadkit canvas").first.wait_for()
    page.wait_for_timeout(100)  # charts take the width they have


def episode(n_way, overlap):
    rng = np.random.default_rng(0)

    def scene(i):
        frames = rng.integers(0, 256, (60, 64, 64), np.uint8)
        return Scene(f"scene{i}", [Clip("train00", frames), Clip("train01", frames)], [])

    return EpisodeGrid([scene(i) for i in range(8)], n_way, k_shot=10, overlap=overlap)


@pytest.mark.parametrize("n_way, width", [(5, 1016), (8, 1016), (5, 864)])
def test_ten_shots_of_many_tasks_fit_on_a_slide(page, tmp_path, n_way, width):
    shown(page, episode(n_way, overlap=True), tmp_path, width)  # 864: beside JupyterLab's files
    assert page.evaluate(HEIGHT) <= 640
    assert page.locator(".vk-task").count() == n_way and not page.evaluate(SMALL)
    region = page.get_by_role("region", name="the tasks of the episode")
    assert region.count() == (n_way > 5)
    if n_way > 5:  # the rest is reached by key
        region.focus()
        page.keyboard.press("End")
        page.wait_for_function("() => document.querySelector('.vk-tasks').scrollTop > 0")


def test_roles_stay_where_the_rule_is_broken(page, tmp_path):
    shown(page, episode(2, overlap=False), tmp_path)
    kept = {part: page.evaluate(BORDERS, part) for part in ("support", "query")}
    assert not page.locator(".vk-shared").count()
    shown(page, episode(2, overlap=True), tmp_path)
    styles = {}
    for part, before in kept.items():
        broken = page.evaluate(BORDERS, part)
        (styles[part],) = {(colour, style) for colour, style, *_ in broken + before}
        for *_, outline, label in broken:
            assert label.startswith(part) and (outline == "solid") is ("in both" in label)
    assert styles["support"][0] != styles["query"][0] and styles["query"][1] == "dashed"


def candidates():
    weights = {"A, the specialist": 0.9, "B, the fast learner": 0.5, "C, the well-travelled": 0.8}
    for name, weight in weights.items():
        network = Scaled(weight)
        rate = 1.9 if name[0] == "B" else 0.01
        yield name, vadkit.MetaTrained(network, vadkit.InnerRates(network, rate), n_inner_steps=1)


def test_the_interview_fits_before_and_after_a_bet(page, tmp_path):
    part = torch.rand(10, 4, 64, 64), torch.rand(10, 1, 64, 64)
    jobs = [Task(name, part, part) for name in ("hall", "gate")]
    about = {name: "Seventy letters about what somebody has done all their life, or has not."
             for name, _ in candidates()}  # fmt: skip
    shown(page, Interview(dict(candidates()), jobs, about), tmp_path)
    before = page.evaluate(HEIGHT)
    page.locator(".vk-bet").first.focus()
    page.keyboard.press("1")
    assert page.get_by_role("button", name="Your bet: A, the specialist").is_disabled()
    assert page.locator(".vk-winner h4").inner_text().endswith("ahead")
    assert page.evaluate(HEIGHT) == pytest.approx(before, abs=8) and before <= 640
    chart = page.locator(".vk-outcome svg")
    for name, _ in candidates():
        assert name in chart.get_attribute("aria-label")
    page.keyboard.press("Enter")
    assert "Round 2 of 2" in page.locator("h4").first.inner_text()
    assert "B, the fast learner" not in chart.get_attribute("aria-label")


def test_no_letter_is_too_small_on_a_narrow_page(page, tmp_path):
    shown(page, episode(3, overlap=True), tmp_path, width=616)
    assert not page.evaluate(SMALL)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
