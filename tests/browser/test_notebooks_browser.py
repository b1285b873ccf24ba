"""Every notebook of the course in JupyterLab: run from top to bottom, played, presented."""

import os

import pytest
import test_notebook_04
import test_notebook_05
from conftest import REPOSITORY
from test_widgets_browser import CONTRAST

pytestmark = pytest.mark.browser
NOTEBOOKS = sorted(path.name for path in (REPOSITORY / "notebooks").glob("[0-9]*.ipynb"))
CHINESE = "zh/01_anomaly_concept.ipynb"
SECONDS = int(os.environ.get("NOTEBOOK_SECONDS", 600))
PICTURES = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter((cell) => cell.model.type === "code")
  .flatMap((cell) => cell.model.outputs.toJSON())
  .filter(({data}) => data && data["image/png"] && !data["text/html"]).length"""
PRESENTABLE = """() => {
  const {widgets} = window.jupyterapp.shell.currentWidget.content;
  const kinds = widgets.map((cell) => cell.model.getMetadata("slideshow")?.slide_type);
  return kinds.flatMap((kind, i) => (["slide", "fragment"].includes(kind) ? [i] : []));
}"""
ON_SCREEN = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .flatMap(({node}, i) => {
    const {top, bottom, height} = node.getBoundingClientRect();
    const isThere = node.checkVisibility({opacityProperty: true, visibilityProperty: true});
    return isThere && height > 4 && top >= -1 && bottom <= 721 ? [i] : [];
  })"""


WITHOUT_A_NAME = """() => {
  const problems = [];
  const hasName = (part) => part.getAttribute("aria-label") || part.textContent.trim()
    || part.labels?.length || part.closest("[aria-hidden=true]");
  for (const widget of document.querySelectorAll(".vadkit")) {
    const note = (text) => problems.push(`${widget.className}: ${text}`);
    const isNamed = widget.getAttribute("role") && widget.getAttribute("aria-label");
    if (!isNamed) note("no role or label");
    if (!widget.querySelector("button, input, select, [tabindex='0']")) note("nothing to focus");
    for (const part of widget.querySelectorAll("input, select, button, canvas, svg[role=img]"))
      if (!hasName(part)) note(`a ${part.tagName} without a name`);
  }
  return problems;
}"""


def check_accessibility(page):
    """Every picture has alt text, every part of a widget a name; both themes can be read."""
    assert page.evaluate(PICTURES) == 0, (
        "JupyterLab drops the alt text of bare PNG outputs: show figures with vadkit.view"
    )
    assert page.locator(".jp-OutputArea-output img:not([alt])").count() == 0
    assert page.evaluate(WITHOUT_A_NAME) == []
    for theme in ("Dark", "Light"):
        page.evaluate(
            "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', {theme})",
            f"JupyterLab {theme}",
        )
        page.wait_for_function(
            "(light) => document.body.dataset.jpThemeLight === light",
            arg=str(theme == "Light").lower(),
        )
        # Without this wait JupyterLab removes the splash once too often.
        page.wait_for_selector("#jupyterlab-splash", state="detached")
        assert min(page.evaluate(CONTRAST), default=21) >= 4.5, theme


def scrub(page):
    slider, status = (
        page.locator(".vk-scrubber .vk-frame").first,
        page.locator(".vk-scrubber .vk-status").first,
    )
    slider.press("Home")
    assert "frame 4 /" in status.inner_text()
    picture = "() => document.querySelector('.vk-scrubber .vk-results canvas').toDataURL()"
    before = page.evaluate(picture)
    slider.press("PageDown")
    assert "frame 14 /" in status.inner_text() and page.evaluate(picture) != before


LABELS = """() => [...document.querySelectorAll(".vadkit")].flatMap((widget) =>
  [widget, ...widget.querySelectorAll("button, .vk-hint, [role=status]")]
    .map((part) => (part.getAttribute("aria-label") || part.textContent).trim())
    .filter((text) => /[a-z]{3}/i.test(text) && !/[\\u4e00-\\u9fff]/.test(text)))"""
ALT = """() => [...document.querySelectorAll("img.vk-plot, img.vk-picture")]
  .map((image) => image.alt).filter((alt) => !/[\\u4e00-\\u9fff]/.test(alt))"""


def check_chinese(page):
    """No button, hint, name or alt text is left in English."""
    assert page.locator(".vadkit").count() > 2
    assert page.evaluate(LABELS) == [] and page.evaluate(ALT) == []


PLAYED = {"02": scrub, "04": test_notebook_04.play, "05": test_notebook_05.drive_by_keyboard}


@pytest.mark.parametrize("name", [*NOTEBOOKS, CHINESE])
def test_notebook_runs_and_presents(
    name, notebook, run_all, start_deck, next_slides, problems_on_slide
):
    page = notebook(f"notebooks/{name}")
    run_all(SECONDS)
    check_accessibility(page)
    if name == CHINESE:  # nothing but the notebook's own metadata says so
        check_chinese(page)
    PLAYED.get(name[:2], lambda page: None)(page)

    start_deck()
    presentable = page.evaluate(PRESENTABLE)
    at, problems, seen = 0, problems_on_slide(), set(page.evaluate(ON_SCREEN))
    while at < presentable[-1]:
        before, at = at, next_slides()
        assert at > before, f"the space bar does not leave cell {at}"
        problems += problems_on_slide()
        seen |= set(page.evaluate(ON_SCREEN))
    print(f"{name}: {problems}")
    assert problems == []
    assert [i for i in presentable if i not in seen] == []
