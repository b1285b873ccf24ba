"""The pages of the site: of notebooks and of documents, cut up for contents and search, too.

Also the environment of all templates in site/, whose words `text.use` chooses.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import decks
import jinja2
import slides
from babel import Locale
from bs4 import BeautifulSoup
from editions import edition_of
from markupsafe import escape
from nbconvert.filters import Highlight2HTML, markdown2html
from nbformat import NotebookNode

from notebooks import ROOT, tags
from vadkit.text import say

DOCUMENTS = {  # page: (file, title in the menu)
    "docs/glossary.html": ("docs/glossary.md", "Glossary"),
    "docs/bibliography.html": ("docs/bibliography.md", "Bibliography"),
    "docs/common_errors.html": ("docs/common_errors.md", "Common errors"),
    "docs/benchmarks.html": ("docs/benchmarks.md", "Figures"),
    "docs/datasets.html": ("docs/datasets.md", "Real video"),
    "docs/instructors.html": ("INSTRUCTORS.md", "For instructors"),
    "docs/grading.html": ("docs/grading.md", "Grading"),
    "docs/scale.html": ("docs/scale.md", "Scale"),
    "docs/architecture.html": ("docs/architecture.md", "Architecture"),
    "docs/contributing.html": ("CONTRIBUTING.md", "Contributing"),
    "docs/changelog.html": ("CHANGELOG.md", "Changes"),
}
PAGE_OF = {file: page for page, (file, _) in DOCUMENTS.items()}
SOURCES = ROOT / "site"
TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(SOURCES), autoescape=True, trim_blocks=True, lstrip_blocks=True,
    extensions=["jinja2.ext.i18n"],
)  # fmt: skip
TEMPLATES.policies["ext.i18n.trimmed"] = True
TEMPLATES.install_gettext_callables(say, say, newstyle=True)
NOT_READ = {"speaker-notes", "install"}


@dataclass
class Page:
    """A page of the site: `address` in its edition, `kind` as in site.css, the rest: page.html."""

    address: str
    title: str
    body: str
    language: str = "en"
    kind: str = "text"
    scripts: list[str] = field(default_factory=lambda: ["site.js"])
    styles: list[str] = field(default_factory=list)
    module: str = ""
    policy: str = ""
    before: "Page | None" = None
    after: "Page | None" = None

    @property
    def path(self) -> str:
        """Where it lies in the site."""
        return self.address if self.language == "en" else f"{self.language}/{self.address}"

    @property
    def home(self) -> str:
        """The way from it to the first page of its edition."""
        return "../" * self.address.count("/")

    @property
    def root(self) -> str:
        """The way from it to what all editions share."""
        return "../" * self.path.count("/")

    def other(self, language: str) -> dict:
        """Its edition in another language: address from here, and what that language is called."""
        there = self.address if language == "en" else f"{language}/{self.address}"
        name = Locale.parse(language).display_name
        return {"address": self.root + there, "language": language, "name": name}


def notebook_page(path: Path, notebook: NotebookNode, language: str = "en") -> Page:
    """The page of a notebook, with the outputs that it has."""
    cells = [cell for cell in notebook.cells if not NOT_READ & tags(cell)]
    title = slides.title(cells[0]) if cells else path.stem
    page = Page(f"notebooks/{path.stem}.html", title or path.stem, "", language, "notebook")
    page.body = "\n".join(
        f'<div class="cell" id="cell-{cell.id}">{cell_html(cell, page, path.parent)}</div>'
        for cell in cells
    )
    return page


def cell_html(cell: NotebookNode, page: Page, folder: Path) -> str:
    """A cell as it is read: the code of a folded one stays folded."""
    if cell.cell_type == "markdown":
        text = with_links(decks.markdown(cell.source), folder, page)
        return f'<div class="markdown">{text}</div>'
    code = Highlight2HTML(pygments_lexer="python")(cell.source)
    if cell.metadata.get("jupyter", {}).get("source_hidden"):
        code = f"<details><summary>{say('Code')}</summary>{code}</details>"
    if "private-output" in tags(cell):
        unseen = say("What this cell shows stays on the machine of whoever runs it.")
        return code + f'<p class="unseen">{unseen}</p>'
    outputs = [decks.output_html(output) for output in cell.get("outputs", [])]
    return code + "".join(f'<div class="output">{output}</div>' for output in outputs if output)


def document_page(address: str, file: str, title: str, language: str = "en") -> Page:
    """The page of a document in Markdown; without an edition in that language, the English one."""
    source = ROOT / file
    page = Page(address, say(title), "", language)
    note = ""
    if language != "en" and edition_of(source, language).is_file():
        source = edition_of(source, language)
    elif language != "en":
        note = f'<p class="unseen">{escape(say("This page is there in English only."))}</p>'
    text = with_links(markdown2html(source.read_text(encoding="utf-8")), source.parent, page)
    before, *parts = re.split("(?=<h[123][ >])", text)
    text = before + "".join(f'<a id="cell-{n}"></a>{part}' for n, part in enumerate(parts))
    page.body = f'{note}<div class="markdown">{text}</div>'
    return page


def with_links(text: str, folder: Path, page: Page) -> str:
    """HTML whose links, relative to `folder`, lead to pages of the site; others are dropped."""
    soup = BeautifulSoup(text, "html.parser")
    for link in soup.find_all("a", href=re.compile(r"^(?![a-z]+:|#)")):
        target, _, anchor = link["href"].partition("#")
        path = folder.joinpath(target).resolve()
        name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else ""
        name = re.sub(r"^notebooks/(?:\w+/)?(\w+)\.(ipynb|html)$", r"notebooks/\1.html", name)
        name = name.replace(f".{page.language}.md", ".md")
        if name.startswith("notebooks/") or name in PAGE_OF:
            link["href"] = page.home + PAGE_OF.get(name, name) + (anchor and f"#{anchor}")
        else:  # a file of the repository that is no page
            link.unwrap()
    for heading in soup.find_all(id=re.compile("%")):  # a browser decodes addresses, never ids
        heading["id"] = unquote(heading["id"])
    for image in soup.find_all("img", src=re.compile(r"^(?!data:)")):
        image["src"] = f"{page.root}docs/{Path(image['src']).name}"
    return str(soup)


def headings(body: str) -> list[dict]:
    """The headings under the title, for the contents beside the text."""
    found = []
    for tag, name, inside in re.findall(r'<(h[23]) id="([^"]+)">(.*?)</\1>', body, re.S):
        title = BeautifulSoup(inside, "html.parser").get_text().removesuffix("¶")
        found.append({"level": tag[1], "id": name, "title": title})
    return found


def sections(page: Page) -> Iterable[dict]:
    """The page cut at its headings, for the search."""
    soup = BeautifulSoup(page.body, "html.parser")
    for unread in soup.select("script, style, .output, .highlight"):
        unread.decompose()
    address, title, text = page.address, page.title, []
    for element in soup.descendants:
        name = getattr(element, "name", None)
        if name in ("h1", "h2", "h3") and element.get("id"):
            yield {"address": address, "page": page.title, "title": title, "text": joined(text)}
            address, text = f"{page.address}#{element['id']}", []
            title = element.get_text().removesuffix("¶")
        elif name is None:
            text.append(str(element))
    yield {"address": address, "page": page.title, "title": title, "text": joined(text)}


def joined(text):
    return " ".join(" ".join(text).split())
