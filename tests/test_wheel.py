"""The wheel holds the whole course: it works outside the checkout, and so does a handout."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import handout
import nbformat
import pytest
import run_notebooks

from notebooks import ROOT, all_notebooks, read, tags
from vadcourse import launch

PACKAGES = ["vadkit", "vadcourse", "vadstudies"]
CHECKS = Path(__file__).with_name("wheel_checks.py")


def run(*command, **options):
    """Run a module of Python, without the network."""
    command = [sys.executable, "-m", *map(str, command)]
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy."""
    copy = tmp_path_factory.mktemp("copy")
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("notebooks", "docs"):
        shutil.copytree(ROOT / name, copy / name)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    wheels = copy / "dist"
    run("pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", wheels, copy)
    (wheel,) = wheels.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder with nothing but the wheel in it."""
    folder = tmp_path_factory.mktemp("installed")
    run("pip", "install", "-q", "--no-deps", "--no-index", "--target", folder, wheel)
    return folder


def files(folder):
    paths = [path for package in PACKAGES for path in (folder / package).rglob("*")]
    written = [path for path in paths if path.is_file() and path.parent.name != "__pycache__"]
    return {path.relative_to(folder).as_posix() for path in written}


def files_of_the_course():
    paths = [path for part in launch.PARTS for path in ROOT.glob(part) if path.is_file()]
    return {path.relative_to(ROOT).as_posix() for path in paths}


def test_the_wheel_holds_every_file_of_the_packages(installed):
    course = {f"vadcourse/course/{name}" for name in files_of_the_course()}
    assert files(ROOT) | course == files(installed)


def test_everything_works_where_only_the_wheel_is(installed, tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    settings = ["-q", "-c", "pytest.ini", "--rootdir", ".", "-p", "no:cacheprovider"]
    run("pytest", *settings, CHECKS, cwd=tmp_path, env=environment)


def test_a_notebook_of_the_handout_runs(installed, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(installed))
    path = handout.write(tmp_path / "handout")[0]
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("import vadkit\nprint(vadkit.__file__)"))
    run_notebooks.execute(notebook, path.parent)
    assert path.name == "00_start_here.ipynb"
    assert notebook.cells[-1].outputs[0].text.startswith(str(installed))


ALONE = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
assert shell.run_cell(open("cell.py").read()).success
import vadkit
vadkit.load_checkpoint("streams_maml")  # its weights came along
print(vadkit.__file__)
"""


@pytest.mark.parametrize("path", all_notebooks(), ids=lambda path: path.stem[:2])
def test_the_cell_that_installs_comes_before_all_code(path):
    code = [cell for cell in read(path).cells if cell.cell_type == "code"]
    assert ["install" in tags(cell) for cell in code].index(True) == 0
    assert code[0].source == install_cell()


def install_cell():
    return next(cell.source for cell in read(all_notebooks()[0]).cells if "install" in tags(cell))


def test_the_first_cell_installs_the_course_where_it_is_not(wheel, tmp_path):
    """In an environment of its own, which borrows every other package from this one."""
    run("venv", "--without-pip", tmp_path / "bare")
    python = tmp_path / "bare" / ("Scripts" if os.name == "nt" else "bin") / "python"
    borrowed = tmp_path / "borrowed"
    borrowed.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if "vadkit" not in path.name:
            (borrowed / path.name).symlink_to(path)
    (tmp_path / "cell.py").write_text(install_cell(), encoding="utf-8")
    settings = {
        "PYTHONPATH": str(borrowed),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheel.parent),
    }
    done = subprocess.run(
        [python, "-c", ALONE],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | settings,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(tmp_path / "bare") in done.stdout.splitlines()[-1]
