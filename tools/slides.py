"""Slides from notebooks: every cell's `slideshow.slide_type` follows from five rules.

1. A heading, `#` to `###`, or an exercise begins a slide. A heading inside a cell splits it, and
   so does a blank line or a list item at which a cell becomes too tall.
2. What no longer fits on 1280 x 720 begins a slide; a widget always does. Never a subslide:
   jupyterlab-deck's space bar passes some of them by (deathbeds/jupyterlab-deck#49).
3. Every other cell is a fragment: the space bar shows it. So the class predicts before it sees.
4. Hints, solutions and references are skipped.
5. Marks win: the tags `new-slide` and `no-slide`; a comment that begins with "Speaker notes" is
   `notes`.

    python tools/slides.py            # rewrite the metadata: whenever cells have changed
    python tools/slides.py --check    # change nothing, exit with 2 when something is stale
    python tools/slides.py --notes    # print the speaker notes, slide by slide

Heights are estimates in pixels for the sizes in `vadcourse/jupyterlab_overrides.json`;
`tests/browser/test_decks.py` measures the truth.
"""

import base64
import io
import itertools
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from PIL import Image

from notebooks import is_widget_view, notebook_parser, read_all, tags, write
from vadkit.cli import output_file, run_script

ROOM = 670  # pixels of height to fill on a slide of 720; one cell alone may take a little more
WIDTH = 1160  # pixels of width, of 1280
PICTURE, BELOW_CODE = 420, 240  # pixels of height of a figure, at most; below ten lines of code
LINE, COLUMNS = 39, 70  # of text of 28 px: height, and characters in it
CODE_LINE, CODE_COLUMNS = 29, 88  # of code of 22 px
TABLE_ROW, LONG_TABLE_ROW = 38, 33  # a table of twelve rows is long
NOTES = "<!-- Speaker notes"
SKIPPED = ("## References", "<details><summary>Solution", "<details><summary>Hint")


def n_lines(text: str, columns: int) -> int:
    """How many lines a text takes when wrapped."""
    return sum(max(1, -(-len(line) // columns)) for line in text.splitlines())


def markdown_height(source: str) -> int:
    """Pixels of a rendered markdown cell; what is folded in <details> counts as one line."""
    source = re.sub(r"(?s)<details>.*?</details>", "folded", source)
    source = re.sub(r"(?s)<!--.*?-->|\]\([^)]*\)", "", source)
    height, fenced = 0, False
    # A blank line begins a block, and so does each list item, row, quote, heading and fence.
    for block in re.split(r"\n\s*\n|\n(?=[-*|>#] ?|\d+\. |```)", source.strip()):
        block = block.strip()
        if block.startswith("```"):
            fenced = not fenced
            height += CODE_LINE * (len(block.splitlines()) - 1) + 12
        elif block:
            height += _block_height(block, fenced)
    return height


def _block_height(block, fenced):
    if heading := re.match(r"#+", block):
        return {1: 90, 2: 80}.get(len(heading[0]), 66) * n_lines(block, 52)
    if re.match(r"\|[-: |]+$", block):  # the rule below the head of a table
        return 0
    if block.startswith("|"):
        return CODE_LINE if fenced else TABLE_ROW * n_lines(block, 100)
    if fenced:
        return CODE_LINE * len(block.splitlines())
    margin = 11 if re.match(r"[-*] |\d+\. ", block) else 25
    return LINE * n_lines(" ".join(block.split()), COLUMNS) + margin


def picture_height(image: str, most: float = PICTURE) -> float:
    """Pixels of an <img> tag with the picture inside, no wider than the slide."""
    width, height = WIDTH, 300
    if file := re.search(r"base64,([A-Za-z0-9+/=]+)", image):
        width, height = Image.open(io.BytesIO(base64.b64decode(file[1]))).size
    return height * min(1, WIDTH / width, most / height)


def output_height(output: NotebookNode, picture: float = PICTURE) -> float:
    """Pixels of an output, pictures no taller than `picture`; a widget fills a slide."""
    data = output.get("data", {})
    if is_widget_view(output):
        return ROOM
    if "text/html" in data:
        return _html_height(data["text/html"], picture)
    text = output.get("text") or data.get("text/plain", "")
    return CODE_LINE * n_lines(text, CODE_COLUMNS) + 10


def _html_height(page, picture):
    """Pictures, table rows and listings; the style sheet of a pandas table takes no room."""
    page = re.sub(r"(?s)<style\b.*?</style>", "", page)
    pictures = sum(picture_height(image, picture) for image in re.findall(r"<img [^>]*>", page))
    n_rows = len(re.findall(r"<(?:tr|caption)\b", page))
    n_code_lines = "".join(re.findall(r"(?s)<pre>.*?</pre>", page)).count("\n")
    row = LONG_TABLE_ROW if n_rows > 12 else TABLE_ROW
    cards = 66 * page.count('role="status"')  # the verdict of a check
    return cards + pictures + row * n_rows + 19 * n_code_lines + 14


def height(cell: NotebookNode) -> float:
    """Pixels of a cell with its outputs."""
    if cell.cell_type != "code":
        return markdown_height(cell.source)
    picture = BELOW_CODE if len(cell.source.splitlines()) >= 10 else PICTURE
    outputs = sum(output_height(output, picture) for output in cell.outputs)
    if is_widget(cell) or cell.metadata.get("jupyter", {}).get("source_hidden"):
        return outputs
    return CODE_LINE * n_lines(cell.source, CODE_COLUMNS) + 24 + outputs


def is_widget(cell: NotebookNode) -> bool:
    """Whether a cell shows a widget."""
    return any(is_widget_view(output) for output in cell.get("outputs", []))


def slide_types(cells: list[NotebookNode]) -> list[str]:
    """The slide type of each cell, by the rules above."""
    types, used = [], 0
    for cell in cells:
        kind = _slide_type(cell, used)
        if kind == "fragment":
            used += height(cell)
        elif kind == "slide":
            used = height(cell)
        types.append(kind)
    return types


def _slide_type(cell, used):
    """The type of a cell when the slide before it is filled to `used` pixels; 0: there is none."""
    source = cell.source.lstrip()
    if source.startswith(NOTES):
        return "notes"
    if "no-slide" in tags(cell) or source.startswith(SKIPPED):
        return "skip"
    is_heading = cell.cell_type == "markdown" and re.match(r"#{1,3} ", source)
    begins = is_heading or source.startswith("**Exercise") or "new-slide" in tags(cell)
    fits = 0 < used <= ROOM - height(cell)
    return "fragment" if fits and not begins and not is_widget(cell) else "slide"


def split(cells: list[NotebookNode]) -> Iterator[NotebookNode]:
    """Yield the cells, texts in parts: at a heading, and where they outgrow a slide.

    The first part keeps the id.
    """
    taken = {cell.id for cell in cells}
    for cell in cells:
        parts = [cell.source]
        is_text = cell.cell_type == "markdown" and not cell.source.startswith(("<", *SKIPPED))
        if is_text and "```" not in cell.source:
            sections = re.split(r"\n+(?=##+ )", cell.source)
            parts = [part for section in sections for part in _in_slides(section)]
        yield cell if len(parts) == 1 else nbformat.from_dict({**cell, "source": parts[0]})
        for part in parts[1:]:
            free = (f"{cell.id}-{number}" for number in itertools.count(1))
            name = next(name for name in free if name not in taken)
            taken.add(name)
            yield nbformat.v4.new_markdown_cell(part, id=name)


def _in_slides(source):
    """A text in parts that fit a slide each; never between the lines of a table or paragraph."""
    blocks = re.split(r"(\n\s*\n|\n(?=[-*] |\d+\. ))", source)
    parts = [blocks[0]]
    for gap, block in zip(blocks[1::2], blocks[2::2]):
        if markdown_height(parts[-1] + gap + block) <= ROOM:
            parts[-1] += gap + block
        else:
            parts.append(block)
    return parts


def mark(notebook: NotebookNode) -> bool:
    """Split cells and write the slide types; True when anything was different."""
    if "lang" in notebook.metadata:  # a translated edition has the slides of the English one
        return False
    cells = list(split(notebook.cells))
    changed = len(cells) != len(notebook.cells)
    notebook.cells = cells
    for cell, kind in zip(cells, slide_types(cells)):
        changed |= cell.metadata.get("slideshow") != {"slide_type": kind}
        cell.metadata["slideshow"] = {"slide_type": kind}
    return changed


def note_text(cell: NotebookNode) -> str:
    """The speaker notes of a cell, without the marks of a comment."""
    return cell.source.strip().removeprefix("<!--").removesuffix("-->").strip()


def title(cell: NotebookNode) -> str:
    """The heading a cell begins with; "" for an empty cell."""
    return cell.source.strip().partition("\n")[0].lstrip("# ")


def notes(notebook: NotebookNode) -> list[tuple[str, str]]:
    """The speaker notes in order, each with the heading of its slide."""
    pairs, heading = [], ""
    for cell in notebook.cells:
        source = cell.source.strip()
        if cell.cell_type == "markdown" and source.startswith("#"):
            heading = title(cell)
        if source.startswith(NOTES):
            pairs.append((heading, note_text(cell)))
    return pairs


def print_notes(path: Path, notebook: NotebookNode) -> None:
    """Print the speaker notes of a notebook as Markdown."""
    slides = [f"## {heading}\n\n{text}" for heading, text in notes(notebook)]
    print(f"# {path.stem}\n\n" + "\n\n".join(slides) + "\n")


def main(argv=None):
    parser = notebook_parser(__doc__)
    parser.add_argument(
        "--check", action="store_true", help="change nothing, exit with 2 when something is stale"
    )
    parser.add_argument("--notes", action="store_true", help="print the speaker notes")
    options = parser.parse_args(argv)
    stale = []  # rewritten at once, or only named: --check is for CI, which must not write
    for path, notebook in read_all(options.notebooks):
        if options.notes:
            print_notes(path, notebook)
        elif mark(notebook):
            stale.append(path.name)
            if not options.check:
                write(notebook, output_file(path))
    if stale and options.check:
        names = ", ".join(stale)
        raise ValueError(f"Slide metadata is stale in {names}: run `python tools/slides.py`.")


if __name__ == "__main__":
    sys.exit(run_script(main))
