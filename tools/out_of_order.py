"""What happens to a reader who runs the cells out of order?

    python tools/out_of_order.py [--quick] [NOTEBOOK ...]    exit code 1, one line for each fault

1. Each cell twice in a row; then all again; then all again from the last to the first.
2. For every section, a fresh kernel in which nothing above it was run.

No cell may fail, but for a sentence that says which cell to run first; whatever is tagged
`nbval-check-output` says the same each time; and a name that one cell makes for another has no
second meaning. --quick takes the first part for notebook 00 only, and of the second the
first cell of each section.
"""

import ast
import os
import re
import sys
import tempfile
import time
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from symtable import symtable

from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_notebook

from notebooks import notebook_parser, read_all, tags
from vadcourse.launch import KERNEL_STARTUP
from vadcourse.missing_names import bound
from vadkit.cli import run_script

SAYS_WHAT_TO_RUN = re.compile(r"`\w+` is not there yet: first run the cell .+")
TIMEOUT = 900  # seconds, for a cell
FORGET = new_code_cell("%reset -f")  # all names
SHORT = ("00",)  # notebooks that take no minute


# --- Without a kernel: names with two meanings


def outside(table):
    """The names that a block of code reads and does not make, its functions' included."""
    symbols = [symbol for symbol in table.get_symbols() if symbol.is_referenced()]
    top = table.get_type() == "module"
    found = {symbol.get_name() for symbol in symbols if top or symbol.is_global()}
    return found.union(*map(outside, table.get_children()))


def borrowed(source):
    """The names that a cell needs from other cells: it reads them before it makes them."""
    made, needed = set(), set()
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # a magic command
        return needed
    for statement in statements:
        table = symtable(ast.unparse(statement), "statement", "exec")
        inner = set().union(*map(outside, table.get_children())) - bound(source)
        own = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
        making = bound(ast.unparse(statement))
        if isinstance(statement, ast.For | ast.With):  # makes its names before it reads them
            own -= making
        steps = [node for node in ast.walk(statement) if isinstance(node, ast.AugAssign)]
        own |= making & {node.target.id for node in steps if isinstance(node.target, ast.Name)}
        needed |= inner | (own - made)
        made |= making
    return needed


def two_meanings(cells):
    """The cells that take a name from another where more than one makes it, and which name."""
    makers = {}
    for cell in cells:
        for name in bound(cell.source):
            makers.setdefault(name, []).append(cell)
    for cell in cells:
        for name in sorted(borrowed(cell.source)):
            if len(makers.get(name, [])) > 1:
                problem = f"it reads `{name}`, which {len(makers[name])} cells make"
                yield cell, "as it stands", problem


# --- With a kernel


@contextmanager
def fresh_kernel(notebook, folder):
    """A kernel as the course's settings start it: what it gives runs a cell, and says what failed.

    The sentence is empty where nothing failed, or where the error says which cell to run first.
    """
    cells = [*notebook.cells, FORGET]
    client = NotebookClient(
        new_notebook(cells=cells),
        timeout=TIMEOUT,
        kernel_name="python3",
        allow_errors=True,
        extra_arguments=["--IPKernelApp.log_level=40"],
        resources={"metadata": {"path": str(folder)}},
    )

    def run(cell):
        try:
            client.execute_cell(cell, cells.index(cell))
        except CellTimeoutError:
            raise ValueError(f"After {TIMEOUT} seconds {start(cell)} was not done.") from None
        except DeadKernelError:
            raise ValueError(f"The kernel died in {start(cell)}.") from None
        errors = [output for output in cell.outputs if output.output_type == "error"]
        if not errors or SAYS_WHAT_TO_RUN.fullmatch(errors[0].evalue):
            return ""
        return f"{errors[0].ename}: {errors[0].evalue.partition(chr(10))[0]}"

    with tempfile.TemporaryDirectory() as profile:
        startup = Path(profile) / "profile_default" / "startup"
        startup.mkdir(parents=True)
        (startup / "vadkit.py").write_text(KERNEL_STARTUP, encoding="utf-8")
        with client.setup_kernel(env={**os.environ, "IPYTHONDIR": profile}):
            yield run


def rerun(notebook, folder):
    """Run cells twice, again, and backwards: yields cells, and what fails."""
    cells = code_cells(notebook.cells)
    ways = {
        "run twice in a row": [cell for cell in cells for _ in range(2)],
        "run again after the end": cells,
        "run again from the last to the first": cells[::-1],
    }
    first = {}
    with fresh_kernel(notebook, folder) as run:
        for way, order in ways.items():
            for cell in order:
                problem = run(cell)
                said = text_of(cell) if "nbval-check-output" in tags(cell) else ""
                if not problem and first.setdefault(cell.id, said) != said:
                    problem = "it says something else than at first"
                yield cell, way, problem


def text_of(cell):
    """What a cell printed and gave back; the kernel may send one print in several pieces."""
    texts = (o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell.outputs)
    return "".join(texts)


def open_in_the_middle(notebook, folder):
    """Run each section, and on to the end, in a fresh kernel: yields what fails, or ""."""
    for heading, cells in sections(notebook):
        with fresh_kernel(notebook, folder) as run:
            for cell in cells:
                yield cell, f"opened at '{heading}'", run(cell)


def open_at_first_cells(notebook, folder):
    """The same for the first cell of each section alone, in one kernel, which forgets its names."""
    with fresh_kernel(notebook, folder) as run:
        for heading, (cell, *_) in sections(notebook):
            run(FORGET)
            yield cell, f"opened at '{heading}'", run(cell)


def sections(notebook):
    """(heading, its code cells and all that follow) of every section that code follows."""
    for i, cell in enumerate(notebook.cells):
        following = code_cells(notebook.cells[i:])
        if cell.cell_type == "markdown" and cell.source.startswith("## ") and following:
            yield cell.source.partition("\n")[0].strip("# "), following


def code_cells(cells):
    """Those that hold code."""
    return [cell for cell in cells if cell.cell_type == "code" and cell.source.strip()]


def start(cell):
    """How to find a cell: its first line."""
    return f"`{cell.source.strip().partition(chr(10))[0]}`"


def faults(path, notebook, quick=False):
    """The cells that do not bear to be run out of order: each with when and how it fails."""
    tried = [two_meanings(code_cells(notebook.cells))]
    if not quick or path.name.startswith(SHORT):
        tried.append(rerun(notebook, path.parent))
    opened = open_at_first_cells if quick else open_in_the_middle
    tried.append(opened(notebook, path.parent))
    seen = set()
    for cell, way, problem in chain(*tried):
        if problem and (cell.id, problem) not in seen:
            seen.add((cell.id, problem))
            yield cell, f"{way}: {problem}"


def main(argv=None):
    parser = notebook_parser(__doc__)
    parser.add_argument("--quick", action="store_true", help="two minutes in all")
    options = parser.parse_args(argv)
    found = 0
    for path, notebook in read_all(options.notebooks):
        began = time.perf_counter()
        for cell, problem in faults(path, notebook, options.quick):
            at = notebook.cells.index(cell)
            print(f"{path.name}: cell [{at}], {start(cell)}, {problem}", flush=True)
            found += 1
        print(f"{path.name}: {time.perf_counter() - began:.0f} s", flush=True)
    if found:
        sys.exit(1)


if __name__ == "__main__":
    sys.exit(run_script(main, kept="nothing was written."))
