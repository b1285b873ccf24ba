"""Cells out of order: what the tool finds, and what a reader is told when a name is not there."""

import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import nbformat
import out_of_order
import pytest
from IPython.core.application import ENV_CONFIG_DIRS
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from notebooks import all_notebooks, execute, read
from vadcourse import launch
from vadcourse.missing_names import bound, cells_around, sentence

ROOT = Path(__file__).resolve().parent.parent
SOUND = ("# A course", "## Make", "import math\nx = 3", "## Use", "y = x + 1", "print(math.pi, y)")


def notebook_of(*texts):
    """Texts that begin with # are markdown."""
    cells = [new_markdown_cell(t) if t.startswith("#") else new_code_cell(t) for t in texts]
    return new_notebook(cells=cells)


def faults(folder, *texts, quick=False):
    """What the tool says about a notebook of these texts: {first line of the cell: problem}."""
    path = folder / "small.ipynb"
    nbformat.write(notebook_of(*texts), path)
    found = out_of_order.faults(path, read(path), quick)
    return {out_of_order.start(cell).strip("`"): problem for cell, problem in found}


def test_a_sound_notebook_has_no_faults(tmp_path):
    assert faults(tmp_path, *SOUND) == {}


def test_every_kind_of_fault_is_found(tmp_path):
    found = faults(
        tmp_path,
        *("## Make", "stock = [3, 4, 5]\nleft = 1", "taken = stock.pop(0)", "half = 1 / left"),
        *("## Use", "left = left - 1", "typo", "## Part", "raise KeyError('no such scene')"),
    )
    assert found == {
        "half = 1 / left": "as it stands: it reads `left`, which 2 cells make",
        "left = left - 1": "as it stands: it reads `left`, which 2 cells make",
        "typo": "run twice in a row: NameError: name 'typo' is not defined",
        "raise KeyError('no such scene')": "run twice in a row: KeyError: 'no such scene'",
    }


def test_what_says_something_else_the_second_time_is_a_fault(tmp_path):
    tagged = new_code_cell("print(drawn.pop())", metadata={"tags": ["nbval-check-output"]})
    notebook = new_notebook(cells=[new_code_cell("drawn = [1, 2, 3, 4, 5]"), tagged])
    problems = [problem for cell, _, problem in out_of_order.rerun(notebook, tmp_path) if problem]
    assert problems[0] == "it says something else than at first"


def test_the_short_form_runs_first_cells_without_names(tmp_path):
    texts = ("## Make", "x = 1", "## Use", "globals()['x']", "raise ValueError")
    assert list(faults(tmp_path, *texts, quick=True)) == ["globals()['x']"]


@pytest.mark.parametrize("path", all_notebooks(), ids=lambda path: path.name[:2])
def test_no_name_that_cells_share_has_two_meanings(path):
    cells = out_of_order.code_cells(read(path).cells)
    found = [(cell.source, problem) for cell, _, problem in out_of_order.two_meanings(cells)]
    assert not found


@pytest.mark.parametrize(
    "source, names",
    [
        ("y = x + 1", {"x"}),
        ("x = 1\ny = x", set()),
        ("x = x + 1", {"x"}),
        ("rows |= {}", {"rows"}),
        ("for i in n:\n    print(i, m)", {"n", "m", "print"}),
        ("def f(x):\n    return x + late\nlate = 1\nf(1)", set()),
        ("def f(x):\n    return x + elsewhere", {"elsewhere"}),
        ("z = [a for a in b]", {"b"}),
        ("%matplotlib inline", set()),
    ],
)
def test_what_a_cell_takes_from_others(source, names):
    assert out_of_order.borrowed(source) == names


def test_a_real_notebook_opened_in_the_middle():
    path = all_notebooks()[1]
    tried = list(islice(out_of_order.open_at_first_cells(read(path), path.parent), 1, 2))
    [(cell, way, problem)] = tried
    assert way == "opened at 'Normal belongs to the place'" and not problem
    assert cell.outputs[0].evalue == (
        "`vadkit` is not there yet: first run the cell under 'What is an anomaly?' that starts "
        "with `import numpy as np`, or choose Run > Run All Above Selected Cell."
    )


# --- What a reader is told


def test_the_names_that_a_cell_makes():
    source = (
        "import a.b, c as d\nfrom e import f\ng: int = 1\n(h := 2)\ndef i(): j = 3\nclass K: l = 4"
    )
    assert bound(source) == {"a", "d", "f", "g", "h", "i", "K"}
    assert bound("for m, n in (): pass\nwith o as p: q.r = s[t] = 1") == {"m", "n", "p"}
    assert bound("%time x = 1") == set()


CELLS = [
    *[("markdown", "# 07 Small"), ("code", "import math"), ("markdown", "## Cutting windows ##")],
    *[
        ("markdown", "no heading"),
        ("code", "\n# cut\nwindows = 3"),
        ("code", "print(windows, later)"),
    ],
    *[("markdown", "## The end"), ("code", "later = 4")],
]


def test_the_sentence_names_place_and_cell():
    assert sentence("windows", "print(windows, later)", CELLS) == (
        "`windows` is not there yet: first run the cell under 'Cutting windows' that starts with "
        "`# cut`, or choose Run > Run All Above Selected Cell."
    )
    assert sentence("later", "print(windows, later)", CELLS) == (
        "`later` is not there yet: first run the cell further down, under 'The end', that starts "
        "with `later = 4`."
    )
    assert "'07 Small'" in sentence("math", "print(windows, later)", CELLS)
    assert sentence("typo", "print(windows, later)", CELLS) is None
    assert sentence("later", "later = 4", CELLS) is None  # the cell itself makes it, too late


def test_the_newest_notebook_that_has_the_cell_is_looked_at(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "old.ipynb"))
    for time, name in enumerate(("old", "new", "other")):
        cell = "y = 2" if name == "other" else "x = 1"
        nbformat.write(notebook_of(f"# {name}", cell), f"{name}.ipynb")
        os.utime(f"{name}.ipynb", (time, time))
    Path("broken.ipynb").write_text("{")
    assert cells_around("x = 1")[0] == ("markdown", "# new")
    assert cells_around("changed since")[0] == ("markdown", "# old")
    monkeypatch.delenv("JPY_SESSION_NAME")
    assert cells_around("changed since") == []


def failing(folder, *texts):
    """The sentence of the first cell that fails in a kernel, as `execute` quotes it."""
    notebook = notebook_of(*texts)
    nbformat.write(notebook, folder / "small.ipynb")
    del notebook.cells[: texts.index("## Use")]
    with pytest.raises(ValueError) as caught:
        execute(notebook, folder)
    return str(caught.value), notebook.cells[-1].outputs[-1]


def test_a_kernel_answers_from_the_import_of_vadcourse_on(tmp_path):
    texts = ("# A course", "## Make", "x = 3", "## Use", "import vadcourse", "x + 1")
    said, output = failing(tmp_path, *texts)
    expected = (
        "`x` is not there yet: first run the cell under 'Make' that starts with `x = 3`, or choose "
        "Run > Run All Above Selected Cell."
    )
    assert output.evalue == expected and output.traceback == [f"NameError: {expected}"]
    assert expected.rstrip(".") in said


def test_any_other_error_is_shown_as_usual(tmp_path):
    cells = {
        "typo": "name 'typo' is not defined",
        "def f():\n    q\n    q = 1\nf()": "cannot access local variable",
        "library = {}\nexec('def f(): re', library)\nlibrary['f']()": "name 're' is not defined",
    }
    notebook = notebook_of("import re", "import vadcourse", *cells)
    nbformat.write(notebook, tmp_path / "small.ipynb")
    with out_of_order.fresh_kernel(notebook, tmp_path) as run:
        for cell in notebook.cells[1:]:
            run(cell)
    for cell in notebook.cells[2:]:
        assert cells[cell.source] in cell.outputs[0].evalue and len(cell.outputs[0].traceback) > 1


def test_the_settings_reach_kernels_of_this_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTERLAB_DIR", str(tmp_path / "lab"))
    in_the_environment = Path(ENV_CONFIG_DIRS[0]).relative_to(sys.prefix)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    theirs = tmp_path / in_the_environment / "startup" / "theirs.py"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("mine = 1")
    launch.copy_settings()
    assert theirs.read_text() == "mine = 1"
    assert theirs.with_name("vadkit.py").read_text() == launch.KERNEL_STARTUP


def test_a_kernel_that_starts_with_the_settings_leaves_no_name_behind():
    names = {}
    exec(launch.KERNEL_STARTUP, names)
    assert set(names) == {"__builtins__"}


def test_importing_vadcourse_takes_no_time():
    code = "import sys, vadcourse; print(*{'torch', 'numpy', 'IPython', 'vadkit'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "\n"
