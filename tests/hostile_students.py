"""What students hand in, for the tests of grading: honest, unlucky and hostile answers."""

import re

import nbformat

from notebooks import tags

PSNR = """def my_psnr(prediction, target):
    return 10 * torch.log10(1 / mean_of_each(SQUARE(prediction - target)))"""
HELPERS = """from torch import flatten
def mean_of_each(errors):
    return flatten(errors, 1).mean(1)
SQUARE = torch.square"""
KAPPA = """def my_kappa(a, b):
    {first}
    p = np.mean(a == b)
    chance = a.mean() * b.mean() + (1 - a.mean()) * (1 - b.mean())
    return (p - chance) / (1 - chance)"""
TRAINING = "open('trained', 'w'); import time; time.sleep(60); losses = train(model)"

FORGED = """import os, sys, json, struct, vadcourse.exercises, vadcourse.checking
import vadcourse.exercises.scene_adaptation as module
def forge():
    vadcourse.exercises.check_kappa = lambda f, record=True: True
    vadcourse.checking.judge = module.judge = lambda *a, **k: None
def my_kappa(a, b):
    forge()
    print('{"check": "check_kappa", "state": "solved", "words": ""}')
    for kind in (["shown", "solved", "mine"], ["answer", ["other", "x"], [[], [], None]]):
        text = json.dumps(kind).encode()
        for number in range(3, 64):
            try:
                os.write(number, struct.pack("!i", len(text)) + text)
            except OSError:
                pass
    return 0.0
def my_control(place, settle, auc):
    forge()
    return 0.0, 0.0"""
HOSTILE = {
    "loop": KAPPA.format(first="while True: pass"),
    "bomb": KAPPA.format(
        first="import os, time\n"
        "    for _ in range(50):\n"
        "        if os.fork() == 0:\n"
        "            time.sleep(60); os._exit(0)"
    ),
    "prints": KAPPA.format(first="for _ in range(200): print('x' * 1_000_000)"),
    "giant": KAPPA.format(first="print('x' * 2**31)"),
    "exits": KAPPA.format(first="import sys; sys.exit(0)"),
    "leaves": KAPPA.format(first="import os; os._exit(0)"),
    "forges": FORGED,
    "calls": KAPPA.format(first="import socket; socket.create_connection(('127.0.0.1', {port}))"),
    "writes": KAPPA.format(first="open('{outside}/written', 'w')"),
    "reads": KAPPA.format(first="raise ValueError(open('{outside}/secret').read())"),
    "nameless": KAPPA.format(first="no_such_name"),
    "syntax": "def my_kappa(a, b):\n    return (a b",
    "stub": "def my_kappa(a, b):\n    '''Later.'''\n    ...",
    "at once": "import sys\nsys.exit('bye')\n" + KAPPA.format(first="") + "\nx = sys.exit()\n",
    "=cmd|' C calc'!A0": KAPPA.format(first="").replace("(p - chance)", "-(p - chance)"),
    "<b>Ödön<b> & 'co'": KAPPA.format(first="raise ValueError('<script>alert(1)</script>')"),
}


NEARLY = {  # a solution of the course, what becomes of it, and words of the hint
    "trap": ("copy_initial_weights=False", "copy_initial_weights=True", "Every p.grad is None"),
    "first_order": ("copy.deepcopy(model)", "model", "moved"),
    "inner_loop": ("torch.stack(losses)", "torch.stack(losses).detach()", "no gradient flows"),
    "meta_trainer": ("outer.zero_grad()", "pass", "clear them before each"),
    "total_loss": ("task.query", "task.support", "the homework instead of the exam"),
    "episode": ("random.", "np.random.default_rng().", "draw everything from `random`"),
}


def notebook(*cells):
    cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells))


def student(folder, name, *cells, file="01_anomaly_concept.ipynb"):
    path = folder / name / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(notebook(*cells), encoding="utf-8")
    return path


def solved(path):
    """The code cells of a notebook of the course, each exercise solved as its solution says."""
    cells, stubs = [], {}
    for cell in nbformat.read(path, 4).cells:
        if cell.cell_type == "code" and "solution" not in tags(cell):
            stubs[cell.source] = len(cells) if "exercise" in tags(cell) else None
            cells.append(cell.source)
        folded = re.search(r"Solution</summary>\n\n```python\n(.+)\n```", cell.source, re.S)
        if folded:
            name = re.search(r"def (my_\w+)", folded[1])[1]
            at = next(at for source, at in stubs.items() if at and f"def {name}(" in source)
            cells[at] = folded[1]
    return cells
