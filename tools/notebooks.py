"""The notebooks of the course, and what the tools ask of their cells and outputs."""

import argparse
import ast
import os
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from vadcourse.saving import WIDGET_VIEW
from vadkit.checkpoints import atomic_path

ROOT = Path(__file__).resolve().parent.parent
CALL = re.compile(r"^(?P<check>check_\w+)\((?P<answer>my_\w+)\);?$", re.M)
SOLUTION = re.compile(
    r"<details><summary>Solution</summary>\n\n```python\n(?P<code>.+)\n```\n</details>", re.S
)


def all_notebooks() -> list[Path]:
    """The paths of all notebooks, in the order of the course."""
    return sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))


def all_editions() -> list[Path]:
    """The paths of all notebooks, those of translated editions after the English ones."""
    return [*all_notebooks(), *sorted((ROOT / "notebooks").glob("[a-z]*/[0-9]*.ipynb"))]


def notebook_parser(description: str) -> argparse.ArgumentParser:
    """A parser that takes the paths of notebooks."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all")
    return parser


def read_all(paths: list[Path]) -> list[tuple[Path, NotebookNode]]:
    """These notebooks, or all of them: a bad one shows before any work is done."""
    return [(path, read(path)) for path in paths or all_notebooks()]


def read(path: Path) -> NotebookNode:
    """Read a notebook; what is none is a ValueError."""
    if not path.is_file():
        raise ValueError(f"No such notebook: {path}.")
    try:
        notebook = nbformat.read(path, as_version=4)
        if notebook.nbformat_minor < 5:  # whose cells have no ids
            notebook = nbformat.v4.upgrade(notebook)
        nbformat.validate(notebook)
    except OSError:
        raise
    except Exception as error:  # nbformat's own, and whatever a list or a null leads to
        first_line = str(error).partition("\n")[0]
        raise ValueError(f"{path} is no valid notebook ({first_line[:200]}).") from None
    return notebook


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook, whole or not at all."""
    path = path.resolve()
    with atomic_path(path) as unfinished:
        nbformat.write(notebook, unfinished)
        if path.exists():
            shutil.copymode(path, unfinished)


def execute(
    notebook: NotebookNode, folder: Path, timeout: int = 900, name: str = "notebook"
) -> None:
    """Run a notebook in `folder`: its outputs are filled in, `timeout` seconds a cell at most.

    A cell that fails is a ValueError, with the notebook's name, the cell and its error.
    """
    at = {}  # the cell that runs, and its number
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        store_widget_state=False,
        record_timing=False,
        coalesce_streams=True,  # one text, however fast its lines came
        resources={"metadata": {"path": str(folder)}},
        on_cell_start=at.update,
    )
    on_kill = signal.getsignal(signal.SIGTERM)
    try:
        client.execute(env=os.environ | {"VADKIT_LANG": language_of(notebook)})
        return
    except CellExecutionError as error:
        problem = f"{error.ename}: {error.evalue}".rstrip(".: ")
    except CellTimeoutError:
        problem = f"it was not done after {timeout} seconds"
    except DeadKernelError:
        if getattr(client, "_async_cleanup_kernel_future", None):  # nbclient's answer to Ctrl-C
            raise KeyboardInterrupt from None
        problem = "its kernel died"
    finally:
        signal.signal(signal.SIGTERM, on_kill)  # nbclient resets it
    first_line = at["cell"].source.strip().partition("\n")[0]
    raise ValueError(f"{name}: cell [{at['cell_index']}], `{first_line}`, failed: {problem}.")


def language_of(notebook: NotebookNode) -> str:
    """The language of a notebook; `VADKIT_LANG`, or English, if it does not say."""
    return notebook.metadata.get("lang", os.environ.get("VADKIT_LANG", "en"))


def tags(cell) -> set[str]:
    """The tags of a cell."""
    return set(cell.metadata.get("tags", []))


class Exercise(NamedTuple):
    """The function that an exercise asks for, `my_psnr`, who checks it, and the solution's code."""

    check: str
    answer: str
    solution: str


def exercises(cells: list) -> Iterator[Exercise]:
    """The exercises of a notebook: their check is followed by a hint, and that by the solution."""
    for i, cell in enumerate(cells):
        if "check" in tags(cell):
            called, solved = CALL.search(cell.source), SOLUTION.fullmatch(cells[i + 2].source)
            if not called or not solved:
                raise ValueError(f"This check has no call, or no solution two cells on: {cell.id}.")
            yield Exercise(called["check"], called["answer"], solved["code"])


def imported(cells: list) -> dict:
    """What the cells of a notebook import, by name."""
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    nodes = [node for source in sources for node in ast.parse(source).body]
    imports = [ast.unparse(node) for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    names: dict = {}
    exec("\n".join(imports), names)
    return names


def is_widget_view(output) -> bool:
    """Whether an output is a widget: one of ours, saved as a player or a picture, or any other."""
    return "vadkit" in output.get("metadata", {}) or WIDGET_VIEW in output.get("data", {})


def is_progress_bar(output) -> bool:
    """Whether an output is a progress bar: once it has finished, it says nothing to a reader."""
    bar = "it/s]" in output.get("data", {}).get("text/plain", "")
    return bar or output.get("name") == "stderr"
