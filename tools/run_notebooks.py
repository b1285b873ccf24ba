"""Execute notebooks in place, top to bottom, and save them the way they are committed.

Widget state is not saved (a scrubber's frames would bloat the file; a still figure stands beside every widget), and cells
tagged `private-output` keep nothing: they may show frames of a dataset that nobody may redistribute.
"""

import argparse
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"


def progress_bar(output):
    """A finished progress bar says nothing to a reader."""
    return "it/s]" in output.get("data", {}).get("text/plain", "") or output.get("name") == "stderr"


def run(path):
    notebook = nbformat.read(path, as_version=4)
    began = time.perf_counter()
    client = NotebookClient(notebook, timeout=900, kernel_name="python3", store_widget_state=False, record_timing=False,
                            resources={"metadata": {"path": str(path.parent)}})  # fmt: skip
    client.execute()
    for cell in notebook.cells:
        if "private-output" in cell.metadata.get("tags", []):
            cell.outputs = []
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not progress_bar(output)]
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                         "language_info": {"name": "python"}}  # fmt: skip
    nbformat.write(notebook, path)
    print(f"{path.name}: {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="*", type=Path, default=None, help="default: all, in order")
    for path in parser.parse_args().notebooks or sorted(NOTEBOOKS.glob("[0-9]*.ipynb")):
        run(path)
