"""A name that is not there yet: one sentence says which cell to run first, no traceback.

Whoever opens a notebook in the middle meets `NameError`. `listen` makes the kernel look the name up
in the notebook's own cells. A kernel calls it when `vadcourse` is imported, and with the settings
of `vadcourse.launch` from its start.
"""

import json
import os
import sys
from pathlib import Path
from symtable import symtable

LONGEST = 60  # characters of a cell's first line


def bound(source: str) -> set[str]:
    """Find the names that a cell makes: assigned, imported or defined outside its functions.

    Parameters
    ----------
    source : str
        The text of a code cell.

    Returns
    -------
    set of str
        The names; none of a cell that is no plain Python.
    """
    try:
        symbols = symtable(source, "cell", "exec").get_symbols()
    except SyntaxError:
        return set()
    return {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}


def sentence(name: str, source: str, cells: list[tuple[str, str]]) -> str | None:
    """Say which cell to run before another.

    Parameters
    ----------
    name : str
        That is missing.
    source : str
        The text of the cell that misses it.
    cells : list of tuple of str
        The notebook's cells: "markdown" or "code", and the text.

    Returns
    -------
    str or None
        The sentence; None where no other cell makes the name.
    """
    from vadkit.text import say  # not at the top: every kernel starts with this file

    heading, above, below, passed = "", [], [], False
    for kind, text in cells:
        if kind == "markdown":
            lines = [line for line in text.splitlines() if line.startswith("#")]
            heading = lines[-1].strip("# ") if lines else heading
        elif text.strip() == source.strip():
            passed = True
        elif name in bound(text):
            (below if passed else above).append((heading, text.strip().splitlines()[0][:LONGEST]))
    if above:
        place, start = above[-1]
        return say(
            "`{name}` is not there yet: first run the cell under '{place}' that starts with "
            "`{start}`, or choose Run > Run All Above Selected Cell.",
            name=name,
            place=place,
            start=start,
        )
    if below:
        place, start = below[0]
        return say(
            "`{name}` is not there yet: first run the cell further down, under '{place}', that "
            "starts with `{start}`.",
            name=name,
            place=place,
            start=start,
        )
    return None


def cells_around(source: str) -> list[tuple[str, str]]:
    """Read the notebook that a cell is in: the newest of the working directory that has it.

    Parameters
    ----------
    source : str
        The text of the cell.

    Returns
    -------
    list of tuple of str
        "markdown" or "code", and the text, of each cell. A cell that was changed since the notebook
        was saved is in none: then those of the notebook that JupyterLab names, or none.
    """
    running = Path(os.environ.get("JPY_SESSION_NAME", "")).name
    named = []
    for path in sorted(Path().glob("*.ipynb"), key=os.path.getmtime, reverse=True):
        try:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            texts = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
        except (OSError, ValueError, KeyError, TypeError):  # no notebook, or one half-copied
            continue
        if any(kind == "code" and text.strip() == source.strip() for kind, text in texts):
            return texts
        if path.name == running:
            named = texts
    return named


def tell(shell, kind, error, traceback, tb_offset=None):
    """Show a NameError of a cell as that sentence, and any other as usual: IPython calls this."""
    frame = traceback
    while frame.tb_next:
        frame = frame.tb_next
    said = None
    if kind is NameError and frame.tb_frame.f_globals is shell.user_ns:  # not inside a library
        source = shell.history_manager.input_hist_raw[-1]
        said = sentence(error.name, source, cells_around(source))
    if said is None:
        shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)
    else:
        error.args = (said,)
        shell._showtraceback(kind, error, [f"NameError: {said}"])


def listen() -> None:
    """Answer every NameError of this kernel, if this is one, with `tell`."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is not None:
        shell.set_custom_exc((NameError,), tell)
