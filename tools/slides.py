"""Slides from notebooks: every cell's `slideshow.slide_type` follows from the notebook's structure, by five rules.

1. A `#` or `##` heading begins a slide, a `###` heading or an exercise a subslide. (A heading inside a cell splits the cell.)
2. What no longer fits on 1280 x 720 goes to a subslide; a widget always does.
3. Every other cell is a fragment: the space bar shows it. So the class predicts before it sees.
4. Hints, solutions and references are skipped.
5. Marks win: the tags `new-slide` and `no-slide`; a comment that begins with "Speaker notes" is `notes`.

    python tools/slides.py            # rewrite the metadata; run it again whenever cells have changed
    python tools/slides.py --check    # change nothing, exit with 2 when something is stale
    python tools/slides.py --notes    # print the speaker notes, slide by slide

Heights are estimates in pixels for the sizes in `jupyterlab_overrides.json`; `tests/browser/test_decks.py` measures the truth.
"""

import argparse
import base64
import re
import struct
import sys
from pathlib import Path

import nbformat

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
ROOM = 670  # pixels of height to fill on a slide of 1280 x 720; one cell alone may take a little more
WIDTH = 1160  # and of width
PICTURE = 510  # pixels of a figure, at most
NOTES = "<!-- Speaker notes"
SKIPPED = ("## References", "<details><summary>Solution", "<details><summary>Hint")


def lines(text, columns):
    """How many lines `text` takes when wrapped."""
    return sum(max(1, -(-len(line) // columns)) for line in text.splitlines())


def markdown_height(source):
    """Pixels of a rendered markdown cell. What is folded in <details> counts as one line."""
    source = re.sub(r"(?s)<details>.*?</details>", "folded", source)
    source = re.sub(r"(?s)<!--.*?-->|\]\([^)]*\)", "", source)
    height, fenced = 0, False
    for block in re.split(r"\n\s*\n|\n(?=[-*|>#] ?|\d+\. |```)", source.strip()):
        block = block.strip()
        if block.startswith("```"):
            fenced = not fenced
            height += 22 * (len(block.splitlines()) - 1) + 12
        elif heading := re.match(r"#+", block):
            height += {1: 84, 2: 75}.get(len(heading[0]), 61)
        elif re.match(r"\|[-: |]+$", block):
            continue
        elif block.startswith("|"):
            height += 33 if not fenced else 22
        elif fenced:
            height += 22 * len(block.splitlines())
        elif block:
            height += 28 * lines(" ".join(block.split()), 112) + (8 if re.match(r"[-*] |\d+\. ", block) else 18)
    return height


def picture_height(image):
    """Pixels of an <img> tag with an embedded PNG, no wider than the slide."""
    found = re.search(r"base64,([A-Za-z0-9+/]{60})", image)
    width, height = struct.unpack(">II", base64.b64decode(found[1])[16:24]) if found else (WIDTH, 300)
    return height * min(1, WIDTH / width, PICTURE / height)


def output_height(output):
    data = output.get("data", {})
    if "application/vnd.jupyter.widget-view+json" in data:
        return ROOM
    if "text/html" in data:
        page = data["text/html"]
        return (
            sum(map(picture_height, re.findall(r"<img [^>]*>", page)))
            + 34 * len(re.findall("<tr|<caption", page))
            + 14
            + 17 * "".join(re.findall(r"(?s)<pre>.*?</pre>", page)).count("\n")
        )
    text = output.get("text") or data.get("text/plain", "")
    return 21 * lines(text, 130) + 10


def height(cell):
    if cell.cell_type != "code":
        return markdown_height(cell.source)
    hidden = is_widget(cell) or cell.metadata.get("jupyter", {}).get("source_hidden")
    code = 0 if hidden else 21 * lines(cell.source, 125) + 24
    return code + sum(map(output_height, cell.outputs))


def is_widget(cell):
    return any(
        "application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in cell.get("outputs", [])
    )


def slide_types(cells):
    """The slide type of each cell, by the rules above."""
    types, used = [], 0
    for cell in cells:
        tags, source = cell.metadata.get("tags", []), cell.source.lstrip()
        heading = re.match(r"(#{1,3}) ", source) if cell.cell_type == "markdown" else None
        needed = height(cell)
        if source.startswith(NOTES):
            types.append("notes")
            continue
        if {"no-slide", "solution"} & set(tags) or source.startswith(SKIPPED):
            types.append("skip")
            continue
        if not used or heading and len(heading[1]) < 3:
            kind = "slide"
        elif (
            heading or source.startswith("**Exercise") or "new-slide" in tags or is_widget(cell) or used + needed > ROOM
        ):
            kind = "subslide"
        else:
            kind = "fragment"
        used = used + needed if kind == "fragment" else needed
        types.append(kind)
    return types


def split_at_headings(cells):
    """The same cells, a markdown cell with a heading in the middle as several. The first part keeps the cell's id."""
    for cell in cells:
        parts = (
            re.split(r"\n+(?=##+ )", cell.source) if cell.cell_type == "markdown" and "```" not in cell.source else []
        )
        yield cell if len(parts) < 2 else nbformat.from_dict({**cell, "source": parts[0]})
        for number, part in enumerate(parts[1:], 1):
            yield nbformat.v4.new_markdown_cell(part, id=f"{cell.id}-{number}")


def mark(notebook):
    """Split cells at headings and write the slide types. Returns True when anything was different."""
    cells = list(split_at_headings(notebook.cells))
    changed = len(cells) != len(notebook.cells)
    notebook.cells = cells
    for cell, kind in zip(notebook.cells, slide_types(notebook.cells)):
        changed |= cell.metadata.get("slideshow") != {"slide_type": kind}
        cell.metadata["slideshow"] = {"slide_type": kind}
    return changed


def notes(notebook):
    """-> [(heading of the slide, its speaker notes)], in order."""
    found, title = [], ""
    for cell in notebook.cells:
        source = cell.source.strip()
        if cell.cell_type == "markdown" and source.startswith("#"):
            title = source.splitlines()[0].lstrip("# ")
        if source.startswith(NOTES):
            found.append((title, source.removeprefix("<!--").removesuffix("-->").strip()))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all")
    parser.add_argument("--check", action="store_true", help="change nothing, exit with 2 when something is stale")
    parser.add_argument("--notes", action="store_true", help="print the speaker notes")
    options = parser.parse_args()
    stale = []
    for path in options.notebooks or sorted(NOTEBOOKS.glob("[0-9]*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        if options.notes:
            print(f"# {path.stem}\n\n" + "\n\n".join(f"## {title}\n\n{text}" for title, text in notes(notebook)) + "\n")
        elif mark(notebook):
            stale.append(path.name)
            if not options.check:
                nbformat.write(notebook, path)
    if stale and options.check:
        print(f"Slide metadata is stale in {', '.join(stale)}: run `python tools/slides.py`.", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
