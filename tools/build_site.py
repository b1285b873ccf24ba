"""Build the site: the course without an installation, in build/site.

    python tools/build_site.py [--saved] [--out build/site]

Notebooks become pages on which every widget plays without a kernel, and decks; beside them the
documents, the API reference, the handout, a search over all of it, and the pages whose network
runs in the browser. Any web server can serve the folder. The notebooks are executed first, some
ten minutes on two cores; with `--saved` their outputs are taken as they are: the largest widgets
are pictures then, and there are no decks.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import decks
import handout
import numpy as np
import pictures
import site_predictor
from catalogues import languages
from editions import edition_of
from markupsafe import Markup
from nbformat import NotebookNode
from npm_packages import MINISEARCH, contents
from pygments.formatters import HtmlFormatter
from site_pages import (
    DOCUMENTS,
    SOURCES,
    TEMPLATES,
    Page,
    document_page,
    headings,
    notebook_page,
    sections,
)
from tqdm.auto import tqdm

import vadkit
from notebooks import ROOT, all_notebooks, read
from vadcourse.widgets import GuardShift
from vadkit import text, view
from vadkit.cli import run_script
from vadkit.text import say
from vadkit.widgets.base import LOSSY

MARK = ".vadkit-site"
MOST_BYTES = 5_000_000  # of the page of a notebook
STATIC = ("site.css", "site.js", "theme.js", "first.js", "player.js", "search.js", "icon.svg")


def featured() -> dict[str, tuple[str, str, str]]:
    """Widgets of tools/pictures.py: title, text, notebook that it belongs to."""
    return {
        "scrubber": (
            say("Where does the prediction go wrong?"),
            say(
                "Drag the divider over the frame: on one side what came, on the other what the "
                "network drew. When does the curve dip?"
            ),
            "02_frame_prediction",
        ),
        "two_truths": (
            say("One clip, two truths"),
            say(
                "The same network after ten windows of an ordinary day at either of two gates. "
                "What is an alarm at one is nothing at the other."
            ),
            "06_scene_adaptation",
        ),
        "two_step": (
            say("MAML, line by line"),
            say(
                "A step on the support, a look at the query, and the gradient that goes back "
                "through both."
            ),
            "05_maml_pipeline",
        ),
        "inside": (
            say("Inside the predictor"),
            say(
                "The feature maps of the frame that you look at, and what becomes of them without "
                "skips."
            ),
            "02_frame_prediction",
        ),
    }


def build(folder: Path, saved: bool) -> None:
    """Write the whole site into an empty folder, every edition of it."""
    for name in STATIC:
        shutil.copy(SOURCES / name, folder / name)
    with open(folder / "site.css", "a", encoding="utf-8") as css:
        css.write(highlighting())
    shutil.copytree(ROOT / "docs", folder / "docs", ignore=shutil.ignore_patterns("*.md"))
    script, licence = contents(MINISEARCH, "dist/umd/index.js", "LICENSE.txt")
    (folder / "minisearch.js").write_bytes(script)
    (folder / "minisearch.LICENSE.txt").write_bytes(licence)
    site_predictor.build(folder)
    downloads(folder)
    api_reference(folder / "api")
    for language in ("en", *languages()):
        text.use(language)
        build_edition(folder, language, saved)
    text.use("en")


def build_edition(folder: Path, language: str, saved: bool) -> None:
    """Write the pages of a language: English at the root of the site, others in a folder."""
    place, course = folder / ("" if language == "en" else language), []
    for original in tqdm(all_notebooks(), unit="notebook", desc=language):
        path = original if language == "en" else edition_of(original, language)
        course.append(notebook_page(path, read(path) if saved else executed(path, place), language))
    for before, after in pairwise(course):
        before.after, after.before = after, before
    documents = [document_page(page, *about, language) for page, about in DOCUMENTS.items()]
    apps = site_predictor.pages(language)
    search = Page("search.html", say("Search"), "", language, "search")
    search.body = TEMPLATES.get_template("search.html").render()
    search.scripts = ["minisearch.js", f"{search.path.removesuffix('.html')}_data.js", "search.js"]
    search.scripts.append("site.js")
    pages = [first_page(place, course, language), *course, *apps, *documents, search]
    write_pages(pages, menus_of(course, place), folder)
    for page in course:
        if (folder / page.path).stat().st_size > MOST_BYTES:
            raise ValueError(f"{page.path} has more than {MOST_BYTES:,} bytes: its widgets.")
    found = [section for page in (*course, *documents) for section in sections(page)]
    data = json.dumps(found, ensure_ascii=False)
    (place / "search_data.js").write_text(f"const SECTIONS = {data};\n", encoding="utf-8")


def executed(path: Path, folder: Path) -> NotebookNode:
    """The notebook after a run, its widgets as players; its deck is written on the way."""
    notebook = read(path)
    (folder / "slides").mkdir(exist_ok=True, parents=True)
    decks.write(path, notebook, folder / "slides" / f"{path.stem}.html")
    return notebook


def api_reference(folder: Path) -> None:
    """The reference, from the docstrings."""
    command = [sys.executable, "-m", "pdoc", "-d", "numpy", "-o", str(folder)]
    subprocess.run([*command, "vadkit", "vadcourse", "vadstudies"], check=True)


def highlighting() -> str:
    """Colours of code, in either theme."""
    light, dark = HtmlFormatter(style="default"), HtmlFormatter(style="github-dark")
    return "\n".join(
        [light.get_style_defs(".highlight"), dark.get_style_defs("[data-theme=dark] .highlight")]
    )


def downloads(folder: Path) -> None:
    """The notebooks for students, in one archive."""
    with tempfile.TemporaryDirectory() as scratch:
        handout.write(Path(scratch) / "vadkit")
        shutil.make_archive(str(folder / "vadkit_notebooks"), "zip", scratch, "vadkit")


def menus_of(course: list[Page], folder: Path) -> dict[str, list[dict]]:
    """What the head of every page offers, by menu."""
    decks_made = [page for page in course if (folder / slides_of(page)).exists()]
    return {
        say("Course"): links((page.address, page.title) for page in course),
        say("Slides"): links((slides_of(page), page.title) for page in decks_made),
        say("Try it"): links(
            (f"{name}.html", say(title)) for name, title in site_predictor.TITLES.items()
        ),
        say("Look up"): [
            *links((page, say(title)) for page, (_, title) in DOCUMENTS.items()),
            {"address": "api/index.html", "title": say("API reference"), "shared": True},
            {
                "address": "vadkit_notebooks.zip",
                "title": say("All notebooks, as one file"),
                "shared": True,
            },
        ],
    }


def links(pairs) -> list[dict]:
    """Entries of a menu."""
    return [{"address": address, "title": title} for address, title in pairs]


def slides_of(page: Page) -> str:
    """Where the deck of a notebook's page is."""
    return page.address.replace("notebooks/", "slides/")


def first_page(folder: Path, course: list[Page], language: str) -> Page:
    """The first page: a game at once, then more widgets, each in a frame that loads when seen."""
    (folder / "players").mkdir(parents=True)
    widgets = pictures.five_widgets()
    players = []
    for name, (title, words, notebook) in featured().items():
        page = TEMPLATES.get_template("player.html").render(
            title=title,
            body=Markup(widgets[name].to_html(LOSSY)),
            language=language,
            root="../" if language == "en" else "../../",
        )
        (folder / "players" / f"{name}.html").write_text(page, encoding="utf-8")
        leads_to = next(page for page in course if page.address == f"notebooks/{notebook}.html")
        players.append({"name": name, "title": title, "text": words, "notebook": leads_to})
    game, machine = guards_shift()
    body = TEMPLATES.get_template("first.html").render(
        game=Markup(game), machine=machine, course=course, players=players
    )
    scripts = ["first.js", "site.js"]
    title = say("Machines that learn what is normal")
    return Page("index.html", title, body, language, "first", scripts)


def guards_shift() -> tuple[str, dict]:
    """The game, and how the machine does at it: its line lies just below a quiet day's frames."""
    place = vadkit.boar_scene()
    predictor = vadkit.load_checkpoint("boar_strangers").predictor
    quiet = [view.predict_and_score(clip, predictor)[1] for clip in place.train_clips[:4]]
    threshold = min(np.nanmin(psnr) for psnr in quiet)
    missed, n_false_alarms = [], 0
    for clip in place.test_clips:
        rings = view.predict_and_score(clip, predictor)[1] < threshold
        n_false_alarms += bool((rings & (clip.labels == 0)).any())
        if not (rings & (clip.labels == 1)).any():
            missed.append(say(next(filter(None, clip.kinds))))
    n = len(place.test_clips)
    machine = {"n": n, "missed": missed, "false_alarms": n_false_alarms}
    return GuardShift(predictor, place.test_clips).to_html(LOSSY), machine


def write_pages(pages: list[Page], menus: dict, folder: Path) -> None:
    """Write every page in its frame: menus, contents, turning over."""
    for page in pages:
        target = folder / page.path
        target.parent.mkdir(parents=True, exist_ok=True)
        written = TEMPLATES.get_template("page.html").render(
            page=page,
            body=Markup(page.body),
            others=[page.other(each) for each in ("en", *languages()) if each != page.language],
            contents=headings(page.body) if page.kind not in ("first", "app") else [],
            menus=menus,
        )
        target.write_text(written, encoding="utf-8")


def replace(folder: Path, unfinished: Path) -> None:
    """Put the new site where the old one was; what is no site of ours stays."""
    check_replaceable(folder)
    if folder.exists():
        shutil.rmtree(folder)
    unfinished.rename(folder)


def check_replaceable(folder: Path) -> None:
    """Refuse a folder with something in it that this tool did not make."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise ValueError(f"{folder} is no folder: name a new one with --out.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise ValueError(f"{folder} was not made by this tool: name a new folder with --out.")


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--saved", action="store_true", help="do not execute the notebooks")
    default = ROOT / "build" / "site"
    parser.add_argument("--out", type=Path, default=default, help="default: build/site")
    options = parser.parse_args(argv)
    folder = options.out.absolute()
    check_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".site-", dir=folder.parent) as scratch:
        unfinished = Path(scratch) / "site"
        unfinished.mkdir()
        (unfinished / MARK).write_text("Made by tools/build_site.py, which may replace it.\n")
        build(unfinished, options.saved)
        replace(folder, unfinished)
    print(f"The site is in {options.out}: python -m http.server --directory {options.out}")


if __name__ == "__main__":
    sys.exit(run_script(main))
