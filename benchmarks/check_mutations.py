"""Do the checks notice? Each solution is changed in one place at a time, and handed in.

    python benchmarks/check_mutations.py [NOTEBOOK ...] [--show]

A mutant has another operator, comparison, number, truth value or function of the same kind, a line
or a named argument less, or two arguments swapped. Some mean the same as the solution: --show
prints the mutants that passed, to be read. Mutants that stop with an error count as refused, and
how many those are is printed. The last line is one JSON object.
"""

import ast
import contextlib
import copy
import io
import json
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch
from tqdm.auto import tqdm

from vadcourse import exercises, sandbox
from vadkit.cli import run_script, stopped_at_once

sys.path.append(str(Path(__file__).resolve().parent.parent / "tools"))
from notebooks import exercises as exercises_in  # noqa: E402
from notebooks import imported, notebook_parser, read_all  # noqa: E402

PAIRS = [
    (ast.Add, ast.Sub), (ast.Mult, ast.Div), (ast.Lt, ast.LtE), (ast.Gt, ast.GtE),
    (ast.Lt, ast.Gt), (ast.LtE, ast.GtE), (ast.Eq, ast.NotEq), (ast.And, ast.Or),
    (ast.BitAnd, ast.BitOr), (ast.USub, ast.UAdd), (ast.Is, ast.IsNot), (ast.In, ast.NotIn),
    (ast.Pow, ast.Mult), (ast.Mod, ast.FloorDiv),
]  # fmt: skip
OTHERS = {kind: {b for a, b in [*PAIRS, *map(reversed, PAIRS)] if a is kind}
          for pair in PAIRS for kind in pair}  # fmt: skip
ALIKE = [
    {"mean", "sum", "median"}, {"min", "max"}, {"argmin", "argmax"}, {"minimum", "maximum"},
    {"all", "any"}, {"abs", "square"}, {"log10", "log", "log2"}, {"floor", "ceil", "round"},
    {"append", "extend"}, {"train", "eval"}, {"support", "query"}, {"nanmin", "nanmax"},
    {"ones", "zeros"}, {"train_clips", "test_clips"}, {"permutation", "shuffle"},
]  # fmt: skip


def mutants(code: str) -> Iterator[str]:
    """The same code, changed in one place."""
    for i, node in enumerate(ast.walk(ast.parse(code))):
        for change in changes(node):
            tree = ast.parse(code)
            change(list(ast.walk(tree))[i])
            yield ast.unparse(tree)


def changes(node: ast.AST) -> Iterator[Callable[[ast.AST], None]]:
    """What can be done to a copy of this node."""
    if isinstance(node, ast.BinOp | ast.BoolOp | ast.UnaryOp | ast.AugAssign):
        for other in OTHERS.get(type(node.op), ()):
            yield partial(setattr_of, name="op", value=other())
    if isinstance(node, ast.Compare):
        for other in OTHERS.get(type(node.ops[0]), ()):
            yield partial(setattr_of, name="ops", value=[other(), *node.ops[1:]])
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield partial(setattr_of, name="value", value=not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        for value in (node.value + 1, node.value - 1, 2 * node.value):
            if value != node.value:
                yield partial(setattr_of, name="value", value=value)
    for name in {"attr", "id"} & set(vars(node)):
        for kind in ALIKE:
            if getattr(node, name) in kind:
                for other in sorted(kind - {getattr(node, name)}):
                    yield partial(setattr_of, name=name, value=other)
    if isinstance(node, ast.Call):
        for i in range(len(node.keywords)):
            yield partial(without, name="keywords", i=i)
        if len(node.args) > 1:
            yield swap
    if isinstance(node, ast.FunctionDef | ast.For | ast.If | ast.With) and len(node.body) > 1:
        for i, statement in enumerate(node.body):
            if not isinstance(statement, ast.Return | ast.FunctionDef):
                yield partial(without, name="body", i=i)


def setattr_of(node, name, value):
    setattr(node, name, copy.deepcopy(value))


def without(node, name, i):
    del getattr(node, name)[i]


def swap(node):
    node.args[:2] = reversed(node.args[:2])


def answer_of(code: str, names: dict) -> Callable:
    """The function that some code defines last; the mutant may fail already here."""
    names = dict(names)
    exec(code, names)
    return names[ast.parse(code).body[-1].name]


def verdict(check: str, code: str, names: dict) -> str:
    """passed, refused, or stopped: the mutant ends with an error."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            function = answer_of(code, names)
        except Exception:
            return "stopped"
        passed = getattr(exercises, check)(function, record=False)
    return "passed" if passed else "stopped" if "stopped with" in said.getvalue() else "refused"


@stopped_at_once()
def main(argv=None):
    parser = notebook_parser(__doc__)
    parser.add_argument("--show", action="store_true", help="print the mutants that passed")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    sandbox.LIMIT = 10.0
    counts = {"passed": 0, "refused": 0, "stopped": 0}
    for _, notebook in read_all(options.notebooks):
        names = imported(notebook.cells)
        for check, _, code in exercises_in(notebook.cells):
            everyone = sorted(set(mutants(code)) - {ast.unparse(ast.parse(code))})
            found = {mutant: verdict(check, mutant, names) for mutant in tqdm(everyone, check)}
            here = {kind: list(found.values()).count(kind) for kind in counts}
            counts = {kind: counts[kind] + here[kind] for kind in counts}
            print(f"{check:24}", *(f"{kind} {n:3}" for kind, n in here.items()), flush=True)
            for mutant, kind in found.items():
                if options.show and kind == "passed":
                    print(f"\n{mutant}\n", flush=True)
    share = 1 - counts["passed"] / max(1, sum(counts.values()))
    print(json.dumps({"mutants": sum(counts.values()), **counts, "share_refused": round(share, 3)}))


if __name__ == "__main__":
    sys.exit(run_script(main))
