"""A real JupyterLab on loopback, with settings of its own, driven in a real Chromium."""

import functools
import http.server
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
IDLE = """() => {
  const notebook = window.jupyterapp.shell.currentWidget;
  const kernel = notebook?.sessionContext?.session?.kernel;
  return !!kernel && kernel.status === "idle" && notebook.sessionContext.isReady;
}"""
DONE = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .every((cell) => cell.model.type !== "code" || cell.model.executionState !== "running")"""
ERRORS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter((cell) => cell.model.type === "code")
  .flatMap((cell) => cell.model.outputs.toJSON())
  .filter((output) => output.output_type === "error")
  .map((output) => `${output.ename}: ${output.evalue}`)"""


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """(url, root): a JupyterLab whose root folder holds a copy of the notebooks.

    It and its kernels end with the tests.
    """
    home, root = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("lab")
    (home / "settings").mkdir()
    shutil.copy(
        REPOSITORY / "vadcourse" / "jupyterlab_overrides.json", home / "settings" / "overrides.json"
    )
    shutil.copytree(
        REPOSITORY / "notebooks",
        root / "notebooks",
        ignore=shutil.ignore_patterns(".ipynb_checkpoints"),
    )
    shutil.copytree(REPOSITORY / "docs", root / "docs")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    places = {
        f"JUPYTER{name}": str(home / name)
        for name in (
            "_CONFIG_DIR",
            "_DATA_DIR",
            "_RUNTIME_DIR",
            "LAB_SETTINGS_DIR",
            "LAB_WORKSPACES_DIR",
        )
    }
    options = [
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--IdentityProvider.token=",
        "--ServerApp.disable_check_xsrf=True",
        "--LabApp.expose_app_in_browser=True",
        "--FileContentsManager.pre_save_hook=vadcourse.saving.without_models",
        f"--ServerApp.root_dir={root}",
        f"--LabApp.app_settings_dir={home / 'settings'}",
    ]
    command = [sys.executable, "-m", "jupyterlab", *options]
    environment = {**os.environ, **places, "IPYTHONDIR": str(home / "ipython")}
    welcome = [REPOSITORY / "tools" / "lab_settings.py", "--notebooks", root / "notebooks"]
    subprocess.run([sys.executable, *map(str, welcome)], env=environment, check=True)
    with open(home / "lab.log", "w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    url = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{url}/api/status", timeout=1).read()
            break
        except OSError:
            assert server.poll() is None, (home / "lab.log").read_text()
            time.sleep(0.1)
    else:
        pytest.fail((home / "lab.log").read_text())
    yield url, root
    server.terminate()
    server.wait(20)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def site(site_folder):
    """The address of the site on a local server."""
    handler = functools.partial(Quiet, directory=str(site_folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.fail(f"The browser tests need one of {', '.join(CHROMIUM)} on the PATH.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium):
    """A page of a fresh browser profile. The test fails if the console showed an error."""
    context = chromium.new_context(viewport={"width": 1400, "height": 1800})
    page = context.new_page()
    errors = []

    def note(message):
        if message.type == "error":
            errors.append(f"{message.text} ({message.location['url']})")

    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", note)
    yield page
    context.close()
    assert not errors, errors


@pytest.fixture
def notebook(lab, page):
    """notebook(path) opens a notebook of the lab's root.

    notebook(*cells) writes one of these code cells and opens that.
    """
    url, root = lab

    def open_notebook(*cells, theme="light", slide_types=None):
        path = cells[0]
        if not path.endswith(".ipynb"):
            path = f"cells-{time.time_ns()}.ipynb"
            kernel = {
                "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
            }
            made = nbformat.v4.new_notebook(
                metadata=kernel, cells=[*map(nbformat.v4.new_code_cell, cells)]
            )
            for cell, kind in zip(made.cells, slide_types or []):
                cell.metadata["slideshow"] = {"slide_type": kind}
            nbformat.write(made, root / path)
        page.goto(f"{url}/lab/workspaces/test-{time.time_ns()}/tree/{path}", timeout=90_000)
        page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.content?.widgets?.length > 0",
            timeout=90_000,
        )
        page.locator("#jupyterlab-splash").wait_for(state="detached")
        if theme == "dark":
            page.evaluate(
                "() => window.jupyterapp.commands"
                ".execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
            )
            page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
        page.wait_for_function(IDLE, timeout=90_000)
        return page

    yield open_notebook
    page.goto("about:blank")
    for kernel in json.load(urllib.request.urlopen(f"{url}/api/kernels")):
        urllib.request.urlopen(
            urllib.request.Request(f"{url}/api/kernels/{kernel['id']}", method="DELETE")
        )


@pytest.fixture
def run_all(page):
    """run_all(seconds) runs every cell of the open notebook; it fails with their errors."""

    def run(seconds=120):
        page.set_default_timeout(seconds * 1000)
        page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        page.wait_for_function(DONE)
        page.wait_for_function(IDLE)
        page.set_default_timeout(20_000)
        assert page.evaluate(ERRORS) == []

    return run


@pytest.fixture
def start_deck(page):
    """start_deck() presents the open notebook from its first slide, on a screen of 1280 x 720.

    The deck ends with the test: JupyterLab would remember it and open the next notebook presenting.
    """

    def start():
        page.set_viewport_size({"width": 1280, "height": 720})
        page.evaluate("""async () => {
          const {commands, shell} = window.jupyterapp;
          shell.currentWidget.content.activeCellIndex = 0;
          await commands.execute("deck:start");
        }""")
        page.wait_for_function("() => document.querySelector('.jp-Deck .jp-deck-mod-visible')")
        page.wait_for_timeout(1200)  # the deck folds the side panels once more after a second

    yield start
    with page.expect_response(
        lambda answer: "jupyterlab-deck" in answer.url and answer.request.method == "PUT"
    ):
        page.evaluate("() => window.jupyterapp.commands.execute('deck:stop')")


ACTIVE = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
PROBLEMS = """() => {
  const problems = [], at = window.jupyterapp.shell.currentWidget.content.activeCellIndex;
  const parts = ".cm-scroller, .jp-OutputArea-output, .jp-RenderedMarkdown";
  for (const cell of document.querySelectorAll(".jp-Deck .jp-Cell.jp-deck-mod-onscreen")) {
    const box = cell.getBoundingClientRect();
    if (box.height && (box.top < -1 || box.bottom > 721 || box.left < 0 || box.right > 1280))
      problems.push(`cell ${at}: from ${Math.round(box.top)} to ${Math.round(box.bottom)} pixels`);
    for (const {scrollWidth: wide, clientWidth: shown} of cell.querySelectorAll(parts))
      if (wide > shown + 1) problems.push(`cell ${at}: ${wide} wide, ${shown} are shown`);
  }
  return problems;
}"""


@pytest.fixture
def next_slides(page):
    """next_slides() presses the space bar and returns the index of the cell reached."""

    def press():
        before = page.evaluate(ACTIVE)
        page.evaluate("() => window.jupyterapp.shell.currentWidget.content.activeCell.node.focus()")
        page.keyboard.press("Space")
        for _ in range(40):
            if page.evaluate(ACTIVE) != before:
                break
            page.wait_for_timeout(25)
        page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        return page.evaluate(ACTIVE)

    return press


@pytest.fixture
def problems_on_slide(page):
    """problems_on_slide() lists, in words, what lies outside 1280 x 720 or has to be scrolled."""
    return lambda: page.evaluate(PROBLEMS)


def run_more(page, code):
    """Run one more cell at the end of the open notebook, and return its locator."""
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
    return page.locator(".jp-CodeCell").last
