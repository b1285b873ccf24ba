"""For who presents in JupyterLab: progress on the slides, and a window with the speaker notes."""

import re
from pathlib import Path

import nbformat
from traitlets import Dict, List

from vadkit.text import say
from vadkit.widgets.base import Widget

MARK = "<!-- Speaker notes"


class Presenter(Widget):
    """Show the section and the progress on each slide of the live deck, and open the notes.

    Run it once in any notebook or console, then present. The window belongs on the screen that
    the class does not see: it shows the notes of the slide, what comes next, and two clocks.

    Parameters
    ----------
    folder : str or Path
        Where the notebooks are.

    Raises
    ------
    ValueError
        If there is no notebook with slides.
    """

    slides = List()
    cells = Dict()

    def __init__(self, folder: str | Path = "."):
        slides, cells = [], {}
        for path in sorted(Path(folder).glob("*.ipynb")):
            _collect(nbformat.read(path, as_version=4), path.stem, slides, cells)
        if not slides:
            raise ValueError(
                f"There is no notebook with slides in {Path(folder).resolve()}: "
                "say where they are, Presenter('path/to/notebooks')."
            )
        super().__init__(
            slides=slides,
            cells=cells,
            alt=say("The presenter's help: progress on the slides, notes in a window."),
        )


def _collect(notebook, name, slides, cells):
    """Add the slides of a notebook, and for each of its cells the number of its slide."""
    first, section = len(slides), ""
    for cell in notebook.cells:
        kind = cell.metadata.get("slideshow", {}).get("slide_type", "")
        heading = cell.cell_type == "markdown" and re.match(r"#{1,2} (.+)", cell.source)
        section = heading[1] if heading else section
        if kind == "slide":
            title = cell.source.strip().splitlines()[0].lstrip("# ") if cell.source else ""
            slides.append({"notebook": name, "section": section, "title": title, "notes": []})
        if len(slides) == first:
            continue
        if cell.source.startswith(MARK) or "speaker-notes" in cell.metadata.get("tags", []):
            slides[-1]["notes"] = _paragraphs(cell.source)
        cells[cell.id] = len(slides) - 1
    for number, slide in enumerate(slides[first:], 1):
        slide |= {"number": number, "of": len(slides) - first}


def _paragraphs(comment):
    """Speaker notes as [what, text] pairs: say, ask, watch out."""
    text = comment.strip().removeprefix("<!--").removesuffix("-->")
    pairs = (re.match(r"\*\*(.+?)\*\*\s*(.*)", p, re.S) for p in text.split("\n\n"))
    return [[pair[1], pair[2].strip()] for pair in pairs if pair]
