"""Stand-alone HTML decks: one file per notebook that plays with no network, no kernel and no library, widgets included.

    python tools/decks.py [notebooks/02_frame_prediction.ipynb ...] [--out build/slides]

Each notebook is executed in a scratch copy, with the course's widgets showing themselves as static pages (pixels and code
inside). Slides are those of `slides.py`. Space or arrows turn pages, N shows the speaker notes, S opens them in a window of
their own, Escape leaves a widget. Printing gives one slide a page.
"""

import argparse
import base64
import html
import io
import re
import sys
from pathlib import Path

import nbformat
import slides
from matplotlib import mathtext
from nbclient import NotebookClient
from nbconvert.filters import Highlight2HTML, ansi2html, markdown2html
from pygments.formatters import HtmlFormatter
from tqdm.auto import tqdm

HERE = Path(__file__).resolve().parent
STATIC = """from vadkit.widgets import Widget
Widget._repr_mimebundle_ = lambda self, **_: {"text/html": self.to_html(), "text/plain": self.alt}"""
LIVE = '<p class="live">A live widget: run the notebook to use it.</p>'


def execute(notebook, folder, timeout=1800):
    """Run the notebook in place, from `folder`; widgets leave their static pages as outputs."""
    notebook.cells.insert(0, nbformat.v4.new_code_cell(STATIC))
    NotebookClient(
        notebook, timeout=timeout, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    del notebook.cells[0]


def formula(match):
    """A formula in TeX as an SVG picture, the TeX as its alt text; two dollars put it on a line of its own."""
    tex = " ".join(match[1].strip("$").split())
    buffer = io.BytesIO()
    mathtext.math_to_image(f"${tex}$", buffer, format="svg")
    style = "display:block; margin:12px auto" if match[1].startswith("$$") else "vertical-align:-0.6em"
    return f'<img class="formula" style="{style}" alt="{html.escape(tex)}" src="data:image/svg+xml;base64,{base64.b64encode(buffer.getvalue()).decode()}">'


def markdown(source):
    source = re.sub(r"(\$\$.+?\$\$|(?<![\w$])\$(?=\S)[^$\n]*[^\s$]\$)", formula, source, flags=re.S)
    return re.sub(r'href="(?!https?:)[^"#]*?(\w+)\.ipynb"', r'href="\1.html"', markdown2html(source))


def output(shown):
    data = shown.get("data", {})
    if shown.output_type == "stream":
        return "" if shown.name == "stderr" else f"<pre>{ansi2html(shown.text)}</pre>"
    if "text/html" in data:
        return data["text/html"]
    if "application/vnd.jupyter.widget-view+json" in data:
        return "" if "it/s]" in data.get("text/plain", "") else LIVE
    text = "\n".join(shown.traceback) if shown.output_type == "error" else data.get("text/plain", "")
    return f"<pre>{ansi2html(text)}</pre>"


def cell_html(cell, kind):
    if cell.cell_type == "code":
        widget = any('<div id="vadkit-' in shown.get("data", {}).get("text/html", "") for shown in cell.outputs)
        hidden = widget or cell.metadata.get("jupyter", {}).get("source_hidden")
        code = "" if hidden else Highlight2HTML(pygments_lexer="python")(cell.source)
        shown = [] if "private-output" in cell.metadata.get("tags", []) else map(output, cell.outputs)
        body = code + "".join(f'<div class="output">{one}</div>' for one in shown if one)
    else:
        body = markdown(cell.source)
    return f'<div class="{cell.cell_type} {kind}">{body}</div>'


def deck(notebook, title, kinds=None):
    """The executed notebook -> the deck as one HTML page. kinds: the slide type of each cell, by default what the outputs give."""
    pages = []
    for cell, kind in zip(notebook.cells, kinds or slides.slide_types(notebook.cells)):
        if kind in ("slide", "subslide"):
            pages.append([])
        if kind == "notes":
            text = cell.source.strip().removeprefix("<!--").removesuffix("-->")
            pages[-1].append(f"<aside>{markdown2html(text.strip())}</aside>")
        elif kind != "skip":
            pages[-1].append(cell_html(cell, kind))
    sections = "\n".join(
        f'<section aria-label="slide {n} of {len(pages)}">{"".join(page)}</section>' for n, page in enumerate(pages, 1)
    )
    style = HtmlFormatter(style="default").get_style_defs(".highlight") + (HERE / "deck.css").read_text(
        encoding="utf-8"
    )
    script = (HERE / "deck.js").read_text(encoding="utf-8")
    return (f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>{html.escape(title)}</title><style>{style}</style></head>\n<body><main>{sections}</main>"
            f'<footer><output></output></footer><div id="notes" hidden></div><script>{script}</script></body></html>\n')  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all")
    parser.add_argument("--out", type=Path, default=HERE.parent / "build" / "slides", help="default: build/slides")
    options = parser.parse_args()
    paths = options.notebooks or sorted(slides.NOTEBOOKS.glob("[0-9]*.ipynb"))
    if missing := [str(path) for path in paths if not path.is_file()]:
        print(f"No such notebook: {', '.join(missing)}.", file=sys.stderr)
        sys.exit(2)
    options.out.mkdir(parents=True, exist_ok=True)
    for path in tqdm(paths, unit="deck"):
        notebook = nbformat.read(path, as_version=4)
        notebook.cells = list(slides.split_at_headings(notebook.cells))
        kinds = slides.slide_types(notebook.cells)  # as in JupyterLab, where a widget is no page of HTML
        execute(notebook, path.parent)
        target, title = options.out / f"{path.stem}.html", notebook.cells[0].source.splitlines()[0].lstrip("# ")
        target.write_text(deck(notebook, title, kinds), encoding="utf-8")
        tqdm.write(f"{target}: {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
