"""Execute notebooks in place, top to bottom, and save them the way they are committed.

Widget state is not saved (a scrubber's frames would bloat the file; a still figure stands beside
every widget), and cells tagged `private-output` keep nothing: they may show frames of a dataset
that nobody may redistribute.
"""

import argparse
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from notebooks import all_notebooks, is_progress_bar, tags

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def execute(notebook: NotebookNode, folder: Path, timeout: int = 900) -> None:
    """Run a notebook in `folder`: its outputs are filled in, `timeout` seconds a cell at most."""
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        store_widget_state=False,
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()


def run(path: Path) -> None:
    """Execute the notebook at `path` and save it."""
    notebook = nbformat.read(path, as_version=4)
    began = time.perf_counter()
    execute(notebook, path.parent)
    for cell in notebook.cells:
        if "private-output" in tags(cell):
            cell.outputs = []
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not is_progress_bar(output)]
    notebook.metadata = METADATA
    nbformat.write(notebook, path)
    print(f"{path.name}: {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all, in order")
    for path in parser.parse_args().notebooks or all_notebooks():
        run(path)
