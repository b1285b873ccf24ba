"""What must work where nothing but the wheel is installed; `test_wheel.py` runs it there."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

import vadcourse
import vadkit
import vadstudies
from vadcourse import exercises, meta_widgets
from vadcourse import widgets as course_widgets
from vadcourse.doctor import doctor
from vadkit import widgets
from vadstudies.results import list_results, load_results

INSTALLED = Path(os.environ["PYTHONPATH"])
CLIP = np.random.default_rng(0).integers(0, 255, (12, 32, 48), np.uint8)


@pytest.mark.parametrize("package", [vadkit, vadcourse, vadstudies], ids=lambda p: p.__name__)
def test_the_installed_package_is_the_one_imported(package):
    assert Path(package.__file__).parent.parent == INSTALLED


@pytest.mark.parametrize("name", vadkit.__all__)
def test_every_name_loads(name):
    assert getattr(vadkit, name) is not None


@pytest.mark.parametrize("name", vadkit.list_checkpoints())
def test_shipped_weights_load(name):
    assert vadkit.load_checkpoint(name) is not None


@pytest.mark.parametrize("name", list_results())
def test_results_of_a_study_load(name):
    assert load_results(name)


@pytest.mark.parametrize(
    "module", [widgets, course_widgets, meta_widgets], ids=lambda m: m.__name__
)
def test_every_widget_has_its_script(module):
    for name in module.__all__:
        if isinstance(getattr(module, name), type) and name != "Widget":  # the base has none
            assert "function render(" in getattr(module, name)._esm, name


def test_widgets_show_themselves():
    scrubber = widgets.Scrubber(CLIP, vadkit.copy_last_frame)
    for widget in (scrubber, course_widgets.Quiz("01")):
        assert "function renderStill(" in widget.to_html()


def test_an_exercise_accepts_a_right_answer(capsys):
    def my_psnr(prediction, target):
        return 10 * (1 / ((prediction - target) ** 2).flatten(1).mean(1)).log10()

    assert exercises.check_psnr(my_psnr, record=False) is True


def test_a_video_becomes_a_scene(tmp_path):
    height, width = CLIP.shape[1:]
    video = str(tmp_path / "quiet.avi")
    writer = cv2.VideoWriter(video, cv2.VideoWriter.fourcc(*"MJPG"), 25, (width, height), False)
    for frame in CLIP:
        writer.write(frame)
    writer.release()
    vadkit.prepare.video(video, video, tmp_path / "scene", size=(height, width), jobs=1)
    scene = vadkit.open_scene(tmp_path / "scene")
    assert scene.train_clips[0].frames.shape == CLIP.shape


def test_the_doctor_finds_all_well(capsys):
    assert doctor() is True, capsys.readouterr().out
