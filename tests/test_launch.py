"""The command `vadkit`: the course in a folder of the user's choice, and nothing of theirs lost."""

import os
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest

from notebooks import all_notebooks
from vadcourse import launch


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """Settings and signatures of JupyterLab that are nobody's."""
    for name in ("JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    return dict(os.environ)


def test_every_notebook_is_copied_and_opens_clean(tmp_path, environment):
    launch.main([str(tmp_path / "course"), "--copy-only"])
    folder = tmp_path / "course" / "notebooks"
    for copied in (sorted(folder.glob("zh/*")), sorted(folder.glob("*.ipynb"))):
        assert [path.name for path in copied] == [path.name for path in all_notebooks()]
    assert (tmp_path / "course" / "docs" / "glossary.md").is_file()
    version = nbformat.read(copied[0], 4).metadata.language_info.version
    assert sys.version.startswith(version)


def test_what_a_student_wrote_stays(tmp_path, environment, capsys):
    launch.main([str(tmp_path), "--copy-only"])
    path = tmp_path / "notebooks" / "01_anomaly_concept.ipynb"
    notebook = nbformat.read(path, 4)
    notebook.cells.append(nbformat.v4.new_code_cell("mine = 1"))
    nbformat.write(notebook, path)
    (tmp_path / "notebooks" / "02_frame_prediction.ipynb").unlink()
    launch.main([str(tmp_path), "--copy-only"])
    assert nbformat.read(path, 4).cells[-1].source == "mine = 1"
    assert (tmp_path / "notebooks" / "02_frame_prediction.ipynb").is_file()
    assert "1 files copied" in capsys.readouterr().out


def test_the_notebooks_may_be_those_of_a_handout(tmp_path, environment):
    (tmp_path / "handout" / "notebooks").mkdir(parents=True)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("for this class")])
    nbformat.write(notebook, tmp_path / "handout" / launch.FIRST)
    launch.main([str(tmp_path / "course"), "--copy-only", "--from", str(tmp_path / "handout")])
    (copied,) = (tmp_path / "course" / "notebooks").iterdir()
    assert nbformat.read(copied, 4).cells[0].source == "for this class"
    with pytest.raises(ValueError, match="There are no notebooks of the course in"):
        launch.main([str(tmp_path / "course"), "--copy-only", "--from", str(tmp_path / "nowhere")])


def test_an_installation_that_only_root_may_change_serves_everybody(
    tmp_path, environment, monkeypatch, capsys
):
    monkeypatch.setenv("JUPYTERLAB_DIR", str(tmp_path / "lab"))
    launch.copy_settings()
    settings = tmp_path / "lab" / "settings" / "overrides.d" / "vadkit.json"
    (tmp_path / "lab" / "settings" / f"overrides.d/vadkit.json.{os.getpid()}.unfinished").mkdir()
    launch.copy_settings()  # cannot write, and need not
    assert not capsys.readouterr().out
    settings.write_text("{}")
    launch.copy_settings()
    assert "slides may not fit" in capsys.readouterr().out


def test_a_file_is_no_folder(tmp_path, environment):
    (tmp_path / "thesis.txt").write_text("years of work")
    command = [sys.executable, "-m", "vadkit", str(tmp_path / "thesis.txt")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.endswith("thesis.txt is a file: name a folder for the course.\n")
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_jupyterlab_opens_on_the_first_notebook(tmp_path, environment):
    command = [sys.executable, "-m", "vadkit", str(tmp_path / "course"), "--port", "18888"]
    environment |= {"JUPYTER_TOKEN": "letmein"}
    with open(tmp_path / "log", "w") as log:
        lab = subprocess.Popen([*command, "--no-browser"], env=environment, stdout=log, stderr=log)
    try:
        address = "http://localhost:18888/?token=letmein"
        for _ in range(300):
            assert lab.poll() is None, (tmp_path / "log").read_text()
            try:
                page = urllib.request.urlopen(address, timeout=2)
                break
            except OSError:
                time.sleep(0.2)
        else:
            pytest.fail((tmp_path / "log").read_text())
        assert "/lab/tree/notebooks/00_start_here.ipynb" in page.url
    finally:
        lab.terminate()
        lab.wait(20)
