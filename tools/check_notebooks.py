"""Are the notebooks sound? Run in order, no errors, no widget state, short cells, slide marks.

    python tools/check_notebooks.py [NOTEBOOK ...]     exit code 1, one line for each fault

pre-commit runs it on the notebooks of a commit, the tests run it on all.
"""

import sys

import nbformat
import slides

from notebooks import notebook_parser, read_all
from vadkit.cli import run_script

LONGEST_CELL = 15  # lines of code that a student is asked to read at once


def faults(notebook):
    """One sentence for each fault of a notebook, which is left as it is."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if [cell.execution_count for cell in code] != list(range(1, len(code) + 1)):
        yield "was not run from top to bottom in a fresh kernel: tools/run_notebooks.py does it"
    if "widgets" in notebook.metadata:
        yield "holds widget state, which bloats it: save it with tools/run_notebooks.py"
    for cell in code:
        first_line = cell.source.strip().splitlines()[0] if cell.source.strip() else "an empty cell"
        tags = cell.metadata.get("tags", [])
        lines = [line for line in cell.source.splitlines() if line.strip()]
        if len(lines) > LONGEST_CELL:
            yield f"has a cell of {len(lines)} lines, {LONGEST_CELL} at most: {first_line}"
        if "raises-exception" not in tags and any(o.output_type == "error" for o in cell.outputs):
            yield f"is saved with an error: {first_line}"
        if "private-output" in tags and cell.outputs:
            yield f"keeps an output that may show frames nobody may redistribute: {first_line}"
    if slides.mark(nbformat.from_dict(notebook)):
        yield "has stale slide marks: run tools/slides.py"


def main(argv=None):
    paths = notebook_parser(__doc__).parse_args(argv).notebooks
    found = [f"{path}: {fault}" for path, notebook in read_all(paths) for fault in faults(notebook)]
    print(*found, sep="\n", end="\n" if found else "")
    if found:
        sys.exit(1)


if __name__ == "__main__":
    sys.exit(run_script(main))
