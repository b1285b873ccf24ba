"""Slides from notebooks: every cell's `slideshow.slide_type` follows from five rules.

1. A heading, `#` to `###`, or an exercise begins a slide. (A heading inside a cell splits it.)
2. What no longer fits on 1280 x 720 begins a slide; a widget always does. Never a subslide:
   jupyterlab-deck's space bar passes some of them by (deathbeds/jupyterlab-deck#49).
3. Every other cell is a fragment: the space bar shows it. So the class predicts before it sees.
4. Hints, solutions and references are skipped.
5. Marks win: the tags `new-slide` and `no-slide`; a comment that begins with "Speaker notes" is
   `notes`.

    python tools/slides.py            # rewrite the metadata: whenever cells have changed
    python tools/slides.py --check    # change nothing, exit with 2 when something is stale
    python tools/slides.py --notes    # print the speaker notes, slide by slide

Heights are estimates in pixels for the sizes in `jupyterlab_overrides.json`;
`tests/browser/test_decks.py` measures the truth.
"""

import argparse
import base64
import re
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from notebooks import all_notebooks, is_widget_view, tags

ROOM = 670  # pixels of height to fill on a slide of 720; one cell alone may take a little more
WIDTH = 1160  # pixels of width, of 1280
PICTURE = 510  # pixels of height of a figure, at most
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
            height += 22 * (len(block.splitlines()) - 1) + 12
        elif block:
            height += _block_height(block, fenced)
    return height


def _block_height(block, fenced):
    if heading := re.match(r"#+", block):
        return {1: 84, 2: 75}.get(len(heading[0]), 61)
    if re.match(r"\|[-: |]+$", block):  # the rule below the head of a table
        return 0
    if block.startswith("|"):
        return 22 if fenced else 33
    if fenced:
        return 22 * len(block.splitlines())
    margin = 8 if re.match(r"[-*] |\d+\. ", block) else 18
    return 28 * n_lines(" ".join(block.split()), 112) + margin


def picture_height(image: str) -> float:
    """Pixels of an <img> tag with an embedded PNG, no wider than the slide."""
    width, height = WIDTH, 300
    if png := re.search(r"base64,([A-Za-z0-9+/]{60})", image):
        width, height = struct.unpack(">II", base64.b64decode(png[1])[16:24])
    return height * min(1, WIDTH / width, PICTURE / height)


def output_height(output: NotebookNode) -> float:
    """Pixels of an output; a widget fills a slide."""
    data = output.get("data", {})
    if is_widget_view(output):
        return ROOM
    if "text/html" in data:
        return _html_height(data["text/html"])
    text = output.get("text") or data.get("text/plain", "")
    return 21 * n_lines(text, 130) + 10


def _html_height(page):
    """Pictures, table rows and listings; the style sheet of a pandas table takes no room."""
    page = re.sub(r"(?s)<style\b.*?</style>", "", page)
    pictures = sum(picture_height(image) for image in re.findall(r"<img [^>]*>", page))
    n_rows = len(re.findall(r"<(?:tr|caption)\b", page))
    n_code_lines = "".join(re.findall(r"(?s)<pre>.*?</pre>", page)).count("\n")
    return pictures + 34 * n_rows + 17 * n_code_lines + 14


def height(cell: NotebookNode) -> float:
    """Pixels of a cell with its outputs."""
    if cell.cell_type != "code":
        return markdown_height(cell.source)
    outputs = sum(output_height(output) for output in cell.outputs)
    if is_widget(cell) or cell.metadata.get("jupyter", {}).get("source_hidden"):
        return outputs
    return 21 * n_lines(cell.source, 125) + 24 + outputs


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
    if tags(cell) & {"no-slide", "solution"} or source.startswith(SKIPPED):
        return "skip"
    is_heading = cell.cell_type == "markdown" and re.match(r"#{1,3} ", source)
    begins = is_heading or source.startswith("**Exercise") or "new-slide" in tags(cell)
    fits = 0 < used <= ROOM - height(cell)
    return "fragment" if fits and not begins and not is_widget(cell) else "slide"


def split_at_headings(cells: list[NotebookNode]) -> Iterator[NotebookNode]:
    """Yield the cells, those with a heading in the middle in parts. The first keeps the id."""
    for cell in cells:
        parts = [cell.source]
        if cell.cell_type == "markdown" and "```" not in cell.source:
            parts = re.split(r"\n+(?=##+ )", cell.source)
        yield cell if len(parts) == 1 else nbformat.from_dict({**cell, "source": parts[0]})
        for number, part in enumerate(parts[1:], 1):
            yield nbformat.v4.new_markdown_cell(part, id=f"{cell.id}-{number}")


def mark(notebook: NotebookNode) -> bool:
    """Split cells at headings and write the slide types; True when anything was different."""
    cells = list(split_at_headings(notebook.cells))
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
    """The heading a cell begins with."""
    return cell.source.strip().splitlines()[0].lstrip("# ")


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


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all")
    parser.add_argument(
        "--check", action="store_true", help="change nothing, exit with 2 when something is stale"
    )
    parser.add_argument("--notes", action="store_true", help="print the speaker notes")
    options = parser.parse_args()
    stale = []  # rewritten at once, or only named: --check is for CI, which must not write
    for path in options.notebooks or all_notebooks():
        notebook = nbformat.read(path, as_version=4)
        if options.notes:
            print_notes(path, notebook)
        elif mark(notebook):
            stale.append(path.name)
            if not options.check:
                nbformat.write(notebook, path)
    if stale and options.check:
        names = ", ".join(stale)
        print(f"Slide metadata is stale in {names}: run `python tools/slides.py`.", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
