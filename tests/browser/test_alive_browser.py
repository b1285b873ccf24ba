"""Notebooks before anybody runs them, and the help for who presents them."""

import shutil

import nbformat
import pytest

from vadcourse.saving import WIDGET_VIEW

pytestmark = pytest.mark.browser
IS_DIRTY = "() => window.jupyterapp.shell.currentWidget.context.model.dirty"
SAVED_WIDGETS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter((cell) => cell.model.type === "code")
  .flatMap((cell) => cell.model.outputs.toJSON())
  .filter((output) => output.metadata?.vadkit).length"""


@pytest.mark.parametrize("name", ["01_anomaly_concept", "05_maml_pipeline"])
def test_an_untouched_notebook_plays_opens_clean_and_closes_without_a_question(
    name, notebook, page
):
    notebook(f"notebooks/{name}.ipynb")
    players = page.locator(".jp-OutputArea-output .vadkit")
    players.first.wait_for(timeout=20_000)
    pictures = page.locator(".jp-OutputArea-output img.vk-picture, img.vk-plot")
    assert players.count() >= 1 and pictures.count() >= 1
    assert page.locator(".jp-OutputArea-output pre:text-matches('^<?vad')").count() == 0
    page.wait_for_timeout(1500)
    assert page.evaluate(IS_DIRTY) is False
    page.evaluate("() => window.jupyterapp.commands.execute('application:close')")
    page.locator(".jp-NotebookPanel").wait_for(state="detached", timeout=5000)
    assert page.locator(".jp-Dialog").count() == 0


def test_the_first_player_of_a_notebook_that_never_ran_follows_the_keys(notebook, page):
    notebook("notebooks/01_anomaly_concept.ipynb")
    gallery = page.locator(".jp-OutputArea-output .vk-gallery").first
    gallery.wait_for(timeout=20_000)
    canvas = "(el) => el.querySelector('canvas').toDataURL()"
    before = gallery.evaluate(canvas)
    gallery.locator("button").first.press("ArrowRight")
    assert gallery.evaluate(canvas) != before


def test_a_student_who_opens_the_own_notebook_again_finds_the_widgets(notebook, run_all, page, lab):
    notebook("import vadkit\nvadkit.widgets.Gallery([vadkit.the_boar()])")
    run_all()
    page.locator(".vk-gallery").wait_for()
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_function(f"() => !({IS_DIRTY})()")
    path = lab[1] / page.evaluate("() => window.jupyterapp.shell.currentWidget.context.path")
    (output,) = nbformat.read(path, as_version=4).cells[0].outputs
    assert WIDGET_VIEW not in output.data and "text/html" in output.data
    page.locator(".vk-gallery button").first.press("ArrowRight")  # still alive on the screen
    shutil.copy(path, path.with_name("again.ipynb"))  # under a kernel that knows nothing of it
    notebook(path.with_name("again.ipynb").relative_to(lab[1]).as_posix())
    page.locator(".vk-gallery").wait_for()
    assert page.get_by_text("model not found").count() == 0


def test_the_presenter_shows_the_notes_and_the_progress_of_the_slide(
    notebook, run_all, start_deck, next_slides, page
):
    notebook("from vadcourse.widgets import Presenter\nPresenter('notebooks')")
    run_all()
    with page.expect_popup() as popup:
        page.get_by_role("button", name="Open the speaker window").click()
    speaker = popup.value
    page.evaluate("""() => window.jupyterapp.commands.execute(
      'docmanager:open', {path: 'notebooks/01_anomaly_concept.ipynb'})""")
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.title.label.startsWith('01')"
    )
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.content.widgets.length > 50"
    )
    start_deck()
    bar = page.locator(".vk-deck-progress")
    bar.wait_for(state="visible")
    first = bar.inner_text()
    for _ in range(4):
        next_slides()
    page.wait_for_timeout(600)
    assert bar.inner_text() != first and " / " in bar.inner_text()
    assert "What is an anomaly?" in bar.inner_text()
    notes = speaker.locator("body").inner_text()
    assert "Say:" in notes and "Next:" in notes and "minutes gone" in notes
