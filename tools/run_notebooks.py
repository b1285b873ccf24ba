"""Execute notebooks in place, top to bottom, and save them the way they are committed.

Of a widget, what needs a kernel is not saved: its player or picture, which every output carries,
shows without one. Cells tagged `private-output` keep nothing: they may show frames of a dataset
that nobody may redistribute. A notebook with a cell that fails stays as it was.
"""

import sys
import time
from pathlib import Path

from nbformat import NotebookNode

from notebooks import (
    execute,
    is_progress_bar,
    notebook_parser,
    read_all,
    tags,
    write,
)
from vadcourse.saving import without_models
from vadkit.cli import output_file, run_script

KEPT = ("language_info", "lang", "built")  # the last two are of `editions.py`
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def run(path: Path, notebook: NotebookNode) -> None:
    """Execute the notebook that was read from `path`, and save it."""
    began = time.perf_counter()
    execute(notebook, path.parent, name=path.name)
    for cell in notebook.cells:
        if "private-output" in tags(cell):
            cell.outputs = []
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not is_progress_bar(output)]
    without_models({"type": "notebook", "content": notebook})
    # Just what JupyterLab writes: else it asks to save a notebook that nobody touched.
    kept = {name: notebook.metadata[name] for name in KEPT if name in notebook.metadata}
    notebook.metadata = {"kernelspec": KERNEL, **kept}
    write(notebook, path)
    print(f"{path.name}: {time.perf_counter() - began:.0f} s", flush=True)


def main(argv=None):
    paths = notebook_parser(__doc__).parse_args(argv).notebooks
    notebooks = read_all(paths)
    for path, _ in notebooks:
        output_file(path)
    for path, notebook in notebooks:
        run(path, notebook)


if __name__ == "__main__":
    sys.exit(run_script(main, kept="the notebooks named above are saved, the others as they were."))
