"""`import vadkit` is light, says clearly what OpenCV lacks, and keeps every promise of a name."""

import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import vadkit

ROOT = Path(__file__).resolve().parent.parent
HEAVY = "matplotlib sklearn scipy pandas babel anywidget ipywidgets jupyterlab IPython".split()
HEAVY += ["higher"]


def python(code, *path):
    """Run code in a fresh interpreter, `path` in front of everything else on sys.path."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [*path, ROOT]))}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def test_importing_vadkit_loads_none_of_the_heavy_libraries():
    code = "import sys, json, vadkit; print(json.dumps([m for m in sys.modules if '.' not in m]))"
    done = python(code)
    assert done.returncode == 0, done.stderr
    assert not set(HEAVY) & set(json.loads(done.stdout))


def test_the_core_modules_stay_light_too():
    names = "vadkit.psnr, vadkit.make_windows, vadkit.open_scene, vadkit.build_predictor"
    code = f"import sys, vadkit; {names}; print(sorted(set({HEAVY}) & set(sys.modules)))"
    done = python(code)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_opening_and_preparing_a_scene_takes_no_torch():
    done = python("import sys, vadkit; vadkit.open_scene; print('torch' in sys.modules)")
    assert done.stdout.strip() == "False", done.stdout + done.stderr


@pytest.mark.parametrize(
    "failure",
    [
        "raise ImportError('libGL.so.1: cannot open shared object file')",
        "import no_such_module_at_all",
    ],
)
def test_a_broken_opencv_is_one_sentence_that_names_the_packages(tmp_path, failure):
    (tmp_path / "cv2.py").write_text(failure)
    done = python("import vadkit", tmp_path)
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 1 and last.startswith("ImportError: OpenCV cannot start (")
    assert "apt-get install libgl1 libglib2.0-0" in last and "opencv-python" in last
    assert "During handling" not in done.stderr


@pytest.mark.parametrize("name", vadkit.__all__)
def test_every_name_vadkit_promises_is_there(name):
    value = getattr(vadkit, name)
    assert value.__doc__, f"vadkit.{name} has no docstring"


def test_dir_lists_what_tab_completion_should_offer():
    assert sorted(dir(vadkit)) == sorted(vadkit.__all__)
    assert len(vadkit.__all__) == len(set(vadkit.__all__))


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="attribute pnsr"):
        _ = vadkit.pnsr
    assert not hasattr(vadkit, "Yolo")


def test_the_version_is_the_installed_one():
    assert vadkit.__version__ == importlib.metadata.version("vadkit")
