"""Stand-alone HTML decks: one file per notebook that plays with no network, kernel or library.

    python tools/decks.py [notebooks/02_frame_prediction.ipynb ...] [--out build/slides]

Each notebook is executed in a scratch copy, with the course's widgets showing themselves as
static pages (pixels and code inside). Slides are those of `slides.py`. Space or arrows turn
pages, N shows the speaker notes, S opens them in a window of their own, Escape leaves a widget.
Printing gives one slide a page.
"""

import base64
import html
import io
import re
import sys
from pathlib import Path

import nbformat
import slides
from matplotlib import mathtext, rc_context
from matplotlib.font_manager import FontProperties
from nbconvert.filters import Highlight2HTML, ansi2html, markdown2html
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter
from tqdm.auto import tqdm

import notebooks
from notebooks import ROOT, is_progress_bar, is_widget_view, notebook_parser, read_all, tags
from vadkit.checkpoints import atomic_path
from vadkit.cli import output_file, run_script
from vadkit.text import say, use

HERE = Path(__file__).resolve().parent
STATIC_WIDGETS = """
from vadkit.widgets.base import LOSSY, Widget
def _repr_mimebundle_(self, **_):
    page = self.to_html()
    if len(page) > 700_000:  # or a page with several of them passes five megabytes
        page = self.to_html(LOSSY)
    return {"text/html": page, "text/plain": self.alt}
Widget._repr_mimebundle_ = _repr_mimebundle_
"""
# Ends a comment or a script that a cell left open, and is nothing where none is open.
FENCE = "<!----></script></script><!---->"
MARK = '<meta name="generator" content="vadkit decks">'
PAGE = """<!DOCTYPE html>
<html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
{mark}
<title>{title}</title><style>{style}</style></head>
<body data-jp-theme-light="true"><main>{sections}</main>
<footer><span id="section"></span><output></output></footer>
<div id="notes" data-none="{none}" hidden></div>
<script>{script}</script></body></html>
"""
# $$...$$, or $...$ in one line: a dollar beside a word or a space is money.
FORMULA = re.compile(r"(\$\$.+?\$\$|(?<![\w$])\$(?=\S)[^$\n]*[^\s$]\$)", re.S)


def execute(notebook: NotebookNode, path: Path) -> None:
    """Run the notebook of `path`; widgets leave their static pages as outputs."""
    notebook.cells.insert(0, nbformat.v4.new_code_cell(STATIC_WIDGETS))
    notebooks.execute(notebook, path.parent, timeout=1800, name=path.name)
    del notebook.cells[0]


def formula(match: re.Match) -> str:
    """A formula as an SVG picture with its TeX as alt text; $$ puts it on a line of its own.

    Drawn large, for matplotlib rounds its size to points; shown at 1.1 times the size of the text.
    """
    tex = " ".join(match[1].strip("$").split())
    buffer, drawn_at = io.BytesIO(), 100
    try:
        with rc_context({"savefig.transparent": True}):
            prop = FontProperties(size=drawn_at)
            depth = mathtext.math_to_image(f"${tex}$", buffer, prop=prop, format="svg")
    except ValueError:  # mathtext knows less TeX than a browser
        return f"<code>{html.escape(tex)}</code>"
    (width,) = re.search(rb'<svg[^>]* width="([\d.]+)pt"', buffer.getvalue()).groups()
    wide, low = (f"{1.1 * float(points) / drawn_at:.2f}em" for points in (width, depth))
    picture = base64.b64encode(buffer.getvalue()).decode()
    own_line = match[1].startswith("$$")
    place = "display:block; margin:12px auto" if own_line else f"vertical-align:-{low}"
    style = f"width:{wide}; max-width:100%; {place}"
    source = f"data:image/svg+xml;base64,{picture}"
    return f'<img class="formula" style="{style}" alt="{html.escape(tex)}" src="{source}">'


def markdown(source: str) -> str:
    """Markdown as HTML: formulas are pictures, links to notebooks lead to their decks."""
    page = markdown2html(FORMULA.sub(formula, source))
    page = re.sub(r'src="(?:\.\./)+(docs/[^"]+)"', _inside, page)
    return re.sub(r'href="(?!https?:)[^"#]*?(\w+)\.ipynb"', r'href="\1.html"', page)


def _inside(source):
    """The picture itself in place of its path, where it is there."""
    file = ROOT / source[1]
    if not file.is_file():
        return source[0]
    picture = base64.b64encode(file.read_bytes()).decode()
    return f'src="data:image/{Path(source[1]).suffix[1:]};base64,{picture}"'


def output_html(output: NotebookNode) -> str:
    """An output as HTML; nothing for a progress bar."""
    data = output.get("data", {})
    if "text/html" in data:
        return data["text/html"]
    if is_progress_bar(output):
        return ""
    if is_widget_view(output):
        return f'<p class="live">{say("A live widget: run the notebook to use it.")}</p>'
    if output.output_type == "error":
        text = "\n".join(output.traceback)
    else:
        text = output.get("text") or data.get("text/plain", "")
    return f"<pre>{ansi2html(text)}</pre>"


def cell_html(cell: NotebookNode, kind: str) -> str:
    """A cell as HTML, with the class of its slide type; a widget hides its code."""
    if cell.cell_type != "code":
        return f'<div class="{cell.cell_type} {kind}">{markdown(cell.source)}{FENCE}</div>'
    private = "private-output" in tags(cell)
    outputs = [] if private else [output_html(output) for output in cell.outputs]
    body = "" if _hides_code(cell) else Highlight2HTML(pygments_lexer="python")(cell.source)
    body += "".join(f'<div class="output">{output}</div>' for output in outputs if output)
    return f'<div class="code {kind}">{body}{FENCE}</div>'


def _hides_code(cell):
    pages = [output.get("data", {}).get("text/html", "") for output in cell.outputs]
    is_widget = any('<div id="vadkit-' in page for page in pages)
    return is_widget or cell.metadata.get("jupyter", {}).get("source_hidden")


def deck(notebook: NotebookNode, title: str, kinds: list[str] | None = None) -> str:
    """The deck of an executed notebook, as one HTML page.

    `kinds` are the slide types of its cells, by default those that the outputs give.
    """
    pages = []  # fragments and notes go to the page that began last
    for cell, kind in zip(notebook.cells, kinds or slides.slide_types(notebook.cells)):
        if kind == "slide" or not pages:
            pages.append("")
        if kind == "notes":
            pages[-1] += f"<aside>{markdown2html(slides.note_text(cell))}</aside>"
        elif kind != "skip":
            pages[-1] += cell_html(cell, kind)
    sections = [
        f'<section aria-label="{say("slide {n} of {all}", n=n, all=len(pages))}">{page}</section>'
        for n, page in enumerate(pages, 1)
    ]
    colours = HtmlFormatter(style="default").get_style_defs(".highlight")
    return PAGE.format(
        mark=MARK,
        lang=notebooks.language_of(notebook),
        none=say("No notes yet."),
        title=html.escape(title),
        style=colours + (HERE / "deck.css").read_text(encoding="utf-8"),
        sections="\n".join(sections),
        script=(HERE / "deck.js").read_text(encoding="utf-8"),
    )


def write(path: Path, notebook: NotebookNode, target: Path) -> None:
    """Execute the notebook that was read from `path`, and write its deck."""
    use(notebooks.language_of(notebook))
    if "lang" in notebook.metadata:  # a translated edition has the slides of the English one
        kinds = [cell.metadata.slideshow.slide_type for cell in notebook.cells]
    else:  # as in JupyterLab, where a widget is no page of HTML: that is how its slides were made
        notebook.cells = list(slides.split(notebook.cells))
        kinds = slides.slide_types(notebook.cells)
    execute(notebook, path)
    title = slides.title(notebook.cells[0]) if notebook.cells else path.stem
    page = deck(notebook, title or path.stem, kinds)
    with atomic_path(target) as unfinished:
        unfinished.write_text(page, encoding="utf-8")


def deck_of(path: Path, folder: Path) -> Path:
    """Where the deck of a notebook goes: a page that is no deck is not overwritten."""
    target = output_file(folder / f"{path.stem}.html")
    if target.is_file() and MARK not in target.read_text(encoding="utf-8", errors="replace"):
        raise ValueError(f"{target} is there and is no deck: name another folder with --out.")
    return target


def main(argv=None):
    parser = notebook_parser(__doc__)
    default = ROOT / "build" / "slides"
    parser.add_argument("--out", type=Path, default=default, help="default: build/slides")
    options = parser.parse_args(argv)
    pairs = read_all(options.notebooks)
    targets = [deck_of(path, options.out) for path, _ in pairs]
    for (path, notebook), target in zip(tqdm(pairs, unit="deck"), targets):
        write(path, notebook, target)
        tqdm.write(f"{target}: {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    sys.exit(run_script(main, kept="the decks named above are written."))
