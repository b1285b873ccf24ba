"""`vadkit.prepare` in a real kernel: stderr is Jupyter's, and no worker runs the notebook again."""

import nbformat
from nbclient import NotebookClient
from prepare_helpers import make_home

CELLS = [
    "with open('runs.txt', 'a') as file:\n    file.write('once ')",
    "import vadkit\nscene = vadkit.prepare.video('train', 'test', 'one', jobs=1)",
    "scene = vadkit.prepare.video('train', 'test', 'many', jobs=None)\n"
    "print(len(scene.train_clips), 'clips;', open('runs.txt').read())",
    "open('test/night/frame12.png', 'w').close()\n"
    "try:\n"
    "    vadkit.prepare.video('train', 'test', 'three', jobs=2)\n"
    "except ValueError as error:\n"
    "    print(error)",
]


def printed(cell, stream):
    texts = [output.text for output in cell.outputs if output.get("name") == stream]
    return "".join(texts)


def test_in_a_kernel(tmp_path):
    make_home(tmp_path)
    cells = [nbformat.v4.new_code_cell(text) for text in CELLS]
    notebook = nbformat.v4.new_notebook(cells=cells)
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=60, kernel_name="python3", resources=resources).execute()
    assert printed(cells[1], "stdout").startswith("one: 35 frames in ")
    assert "3/3" in printed(cells[1], "stderr")
    speed, result = printed(cells[2], "stdout").splitlines()
    assert speed.startswith("many: 35 frames in ") and result == "2 clips; once "
    advice = "get the file again, or add --skip-corrupt to repeat its neighbour."
    sentence = f"test/night/frame12.png does not decode: {advice}"
    assert printed(cells[3], "stdout").splitlines() == [sentence]
    assert "Traceback" not in printed(cells[3], "stderr")
    assert not (tmp_path / "three").exists() and not (tmp_path / ".three.partial").exists()
