"""Handing in: one cell puts the notebooks of a folder, as they were saved, into one small file.

Outputs are left out, since answers are functions. `tools/grade.py` takes the file apart again.
"""

import ast
import json
import re
import sys
import unicodedata
import uuid
import zipfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import vadcourse.exercises  # noqa: F401  they fill the catalogue
from vadcourse.missing_names import bound
from vadcourse.progress import CATALOGUE
from vadkit.checkpoints import atomic_path
from vadkit.text import say

FORMAT, ABOUT = "vadkit-hand-in-1", "vadkit-hand-in.json"
FOLDER = "hand_in"
YOUR_NAME = "your name"  # what stands in the cell before a student has written there


def hand_in(name: str) -> None:
    """Write hand_in/NAME.zip from the notebooks beside this one, and say what is in it.

    A file that was handed in before under this name is replaced.

    Parameters
    ----------
    name : str
        What the instructor knows the student by: a name, a number, an address. As long as it is
        `YOUR_NAME`, nothing is written.

    Raises
    ------
    ValueError
        If the name is none, no notebook is here, or the file is not one of a hand-in.
    """
    if name == YOUR_NAME:
        print(say("Write your name between the quotes, then run this cell again."))
        return
    if not isinstance(name, str) or not re.search(r"\w", name) or len(name) > 100:
        raise ValueError(say("Write your name between the quotes: 1 to 100 characters."))
    path = Path(FOLDER, f"{file_stem(name)}.zip")
    before = about(path) if path.exists() else {"id": uuid.uuid4().hex}
    if before is None:
        raise ValueError(
            say(
                "{path} is there already, and was not handed in: move it away, "
                "or add to your name.",
                path=path,
            )
        )
    notebooks, unreadable = saved_notebooks()
    if not notebooks:
        raise ValueError(
            say(
                "There is no saved notebook in {folder}: run this cell in the folder "
                "of the course.",
                folder=Path.cwd(),
            )
        )
    when = datetime.now().astimezone().isoformat(timespec="seconds")
    note = {"format": FORMAT, "name": name, "id": before["id"], "when": when}
    with atomic_path(path) as unfinished, zipfile.ZipFile(unfinished, "w", 8) as archive:
        archive.writestr(ABOUT, json.dumps(note, indent=1))
        for file, notebook in notebooks.items():
            archive.writestr(file, json.dumps(notebook, indent=1))
    _tell(path, [source for n in notebooks.values() for source in code_cells(n)], unreadable)


def _tell(path, sources, unreadable):
    found = answers_in(sources)
    print(say("{path} is written: hand in this file.", path=path))
    print(say("Answers found: {n} of {all}.", n=len(found), all=len(CATALOGUE)))
    for file in unreadable:
        print(say("{file} could not be read and is left out: save it, hand in again.", file=file))
    unsaved = sorted(_unsaved(sources))
    if unsaved:
        print(
            say(
                "Not saved as you ran them last: {names}. Save (Ctrl S), then run this cell again.",
                names=", ".join(unsaved),
            )
        )
    else:
        print(say("It holds what was saved. Changed something since? Save, and run this again."))


def file_stem(name: str) -> str:
    """Turn a name into a plain file name without its ending: letters, digits, "-", "_", "@", ".".

    Parameters
    ----------
    name : str
        Any text.

    Returns
    -------
    str
        At most 60 characters, never empty, never beginning with a dot.
    """
    plain = re.sub(r"[^\w.@-]+", "_", unicodedata.normalize("NFC", name)).strip("._")
    return plain.encode("utf-8", "replace")[:120].decode("utf-8", "ignore")[:60] or "student"


def about(path: str | Path) -> dict | None:
    """Read who handed in a file.

    Parameters
    ----------
    path : str or Path
        A file.

    Returns
    -------
    dict of str or None
        "name", "id" and "when"; None where it is no hand-in.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(ABOUT).file_size > 10_000:
                return None
            note = json.loads(archive.read(ABOUT))
            known = {key: note[key] for key in ("format", "name", "id", "when")}
    except (OSError, ValueError, KeyError, TypeError, RecursionError, zipfile.BadZipFile):
        return None
    except Exception:  # an encrypted or damaged archive has many ways to say so
        return None
    texts = all(isinstance(value, str) and len(value) <= 200 for value in known.values())
    return known if texts and known.pop("format") == FORMAT else None


def saved_notebooks() -> tuple[dict[str, dict], list[str]]:
    """Read the notebooks of the working directory without their outputs.

    Returns
    -------
    tuple of dict and list
        By file name, each with its cells; and the names of files that could not be read.
    """
    notebooks, unreadable = {}, []
    for path in sorted(Path().glob("*.ipynb")):
        try:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            kept = [{key: cell[key] for key in ("cell_type", "source")} for cell in cells]
            kept = [{**cell, "metadata": {}} for cell in kept]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            unreadable.append(path.name)
            continue
        empty = {"outputs": [], "execution_count": None}
        kept = [cell | (empty if cell["cell_type"] == "code" else {}) for cell in kept]
        plain = {"cells": kept, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
        notebooks[path.name] = plain
    return notebooks, unreadable


def code_cells(notebook: dict) -> list[str]:
    """List the texts of a notebook's code cells.

    Parameters
    ----------
    notebook : dict
        As JSON has it.

    Returns
    -------
    list of str
        In order; none of what is no notebook.
    """
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    texts = []
    for cell in cells if isinstance(cells, list) else []:
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source", "")
            lines = source if isinstance(source, list) else [source]
            texts.append("".join(line for line in lines if isinstance(line, str)))
    return texts


def answers_in(sources: Iterable[str]) -> set[str]:
    """Find the exercises that something was written for: `my_...`, and no stub.

    Parameters
    ----------
    sources : iterable of str
        The texts of code cells.

    Returns
    -------
    set of str
        Names of functions.
    """
    found, wanted = set(), {f"my_{name}" for name in CATALOGUE}
    for source in sources:
        try:
            stubs = {node.name for node in ast.parse(source).body if is_stub(node)}
            found |= bound(source) & wanted - stubs
        except (SyntaxError, ValueError, RecursionError, MemoryError):  # what is no Python
            continue
    return found


def is_stub(node: ast.AST) -> bool:
    """Tell whether a statement is a function without a body: nothing, `...`, `pass`, a docstring.

    Parameters
    ----------
    node : ast.AST
        Any statement.

    Returns
    -------
    bool
        False of anything that is no function.
    """
    function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    return function and all(map(_does_nothing, node.body))


def _does_nothing(step):
    """Whether it is `pass`, a docstring, `...`, or a return of nothing."""
    if isinstance(step, ast.Return) and isinstance(step.value, ast.Constant):
        return step.value.value in (None, ...)
    if isinstance(step, ast.Expr):
        return isinstance(step.value, ast.Constant)
    return isinstance(step, ast.Pass) or (isinstance(step, ast.Return) and step.value is None)


def _unsaved(sources):
    """The answers that this kernel ran last in another form than any saved cell has."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is None:
        return set()
    last = {}
    for source in shell.history_manager.input_hist_raw:
        last |= dict.fromkeys(answers_in([source]), source.strip())
    saved = {source.strip() for source in sources}
    return {name for name, source in last.items() if source not in saved}
