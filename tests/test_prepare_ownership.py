"""Nothing of a user's is ever deleted, two runs never mix, and `prepare it again` mends a scene."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from prepare_helpers import SCRIPTS, error_of, make_home, moving_square, names_in, run, usual

import vadkit
from vadkit.locks import alone
from vadkit.prepare.ownership import remove_files, strangers

OTHER = ["--crop-top", "0.5", "--replace"]


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path)


@pytest.fixture
def scene(home):
    assert run(*usual(home)) == 0
    return home / "data" / "scene"


@pytest.mark.parametrize(
    "place", ["thesis.txt", "train/mine.npy", "test/notes/a.txt", "finished/a", ".hidden"]
)
def test_a_scene_with_a_file_of_somebody_is_not_replaced(home, scene, capsys, place):
    (scene / place).parent.mkdir(exist_ok=True)
    (scene / place).write_text("mine")
    assert run(*usual(home, *OTHER)) == 2
    assert f"holds '{place.removesuffix('/a.txt')}'" in error_of(capsys)
    assert (scene / place).read_text() == "mine" and names_in(home / "data") == ["scene"]
    assert len(vadkit.open_scene(scene).train_clips) == 2


@pytest.mark.parametrize("about", ["{}", "null", '{"format": "vadkit-scene-1"}', "[" * 10_000])
def test_a_scene_json_that_is_not_ours_protects_its_folder(home, capsys, about):
    folder = home / "data" / "scene"
    folder.mkdir(parents=True)
    (folder / "scene.json").write_text(about)
    (folder / "thesis.txt").write_text("mine")
    assert run(*usual(home, "--replace")) == 2
    assert "move it elsewhere" in error_of(capsys)
    assert names_in(folder) == ["scene.json", "thesis.txt"]


@pytest.mark.parametrize("name", [".scene.partial", ".scene.replaced"])
def test_hidden_folders_of_somebody_are_left_alone(home, capsys, name):
    folder = home / "data" / name
    (folder / "train").mkdir(parents=True)
    (folder / "train" / "a.npy").write_text("mine")
    assert run(*usual(home, "--replace")) == 2
    error_of(capsys)
    assert (folder / "train" / "a.npy").read_text() == "mine"


def test_a_link_is_followed_and_stays(home, scene, tmp_path):
    real = tmp_path / "big disk" / "real"
    real.parent.mkdir()
    scene.rename(real)
    scene.symlink_to(real)
    assert run(*usual(home, *OTHER)) == 0
    assert scene.is_symlink() and names_in(real.parent) == ["real"]
    assert vadkit.open_scene(real).provenance["options"]["crop_top"] == 0.5
    assert vadkit.open_scene(scene).name == "scene"


@pytest.mark.parametrize("damage", ["missing", "cut", "one bit", "labels missing"])
def test_the_same_command_mends_a_damaged_scene(home, scene, capsys, damage):
    path = scene / "test" / ("night.labels.npy" if "labels" in damage else "night.npy")
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    keep = {"cut": content[:-50], "one bit": content}
    path.unlink()
    if damage in keep:
        path.write_bytes(keep[damage])
    assert run(*usual(home)) == 0
    assert "prepared again" in capsys.readouterr().out
    clip = vadkit.open_scene(scene).test_clips[0]
    np.testing.assert_array_equal(clip.frames, moving_square(12, seed=9))
    assert clip.labels.sum() == 5 and names_in(home / "data") == ["scene"]


def test_a_bad_clip_costs_nothing_that_an_earlier_run_finished(home, monkeypatch):
    calls, resize = iter(range(30)), cv2.resize

    def interrupted(*arguments, **options):
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return resize(*arguments, **options)

    monkeypatch.setattr(cv2, "resize", interrupted)
    assert run(*usual(home)) == 130
    monkeypatch.undo()
    finished = home / "data" / ".scene.partial" / "finished"
    assert names_in(finished) == ["train-day1.json", "train-day2.json"]
    (home / "test" / "night" / "frame12.png").write_bytes(b"no picture")
    assert run(*usual(home)) == 2
    assert names_in(finished) == ["train-day1.json", "train-day2.json"]


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"fingerprint": 1}', "[" * 100_000])
def test_a_finished_mark_that_makes_no_sense_is_none(home, monkeypatch, text):
    monkeypatch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    assert run(*usual(home)) == 130
    monkeypatch.undo()
    for mark in (home / "data" / ".scene.partial" / "finished").iterdir():
        mark.write_text(text)
    assert run(*usual(home)) == 0
    assert len(vadkit.open_scene(home / "data" / "scene").train_clips) == 2


# Two at once


def test_while_one_process_prepares_a_scene_another_is_refused(home, capsys):
    with alone(home / "data" / "scene"):
        assert run(*usual(home)) == 2
        assert "is being written by another process" in error_of(capsys)
    assert run(*usual(home)) == 0
    assert names_in(home / "data") == ["scene"]


def test_a_lock_whose_owner_died_does_not_count(home):
    (home / "data").mkdir()
    code = "import pathlib, sys, time; from vadkit.locks import alone\n"
    code += "with alone(pathlib.Path(sys.argv[1])): print('locked', flush=True); time.sleep(60)"
    words = [sys.executable, "-c", code, str(home / "data" / "scene")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout.readline() == "locked\n"
        assert run(*usual(home)) == 2
        owner.kill()
    assert run(*usual(home)) == 0
    assert names_in(home / "data") == ["scene"]


def test_two_commands_at_once_leave_the_whole_scene_of_one(home):
    words = [str(word) for word in [SCRIPTS / "prepare_video.py", *usual(home), "--jobs", 1]]
    commands = [[sys.executable, *words, *more] for more in ([], ["--crop-top", "0.5"])]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for command in commands]
    said = [process.communicate()[1] for process in running]
    assert sorted(process.returncode for process in running) == [0, 2]
    assert not any("Traceback" in text for text in said)
    again = run(*usual(home)), run(*usual(home, "--crop-top", "0.5"))
    assert sorted(again) == [0, 2]  # whole, and of one of the two
    assert names_in(home / "data") == ["scene"]


def test_one_lock_at_a_time(tmp_path):
    for _ in range(3):
        with alone(tmp_path / "scene"), pytest.raises(OSError, match="another process"):
            with alone(tmp_path / "scene"):
                pass
        assert names_in(tmp_path) == []


# The parts


def test_only_what_is_listed_goes(tmp_path):
    for name in ("a/x.npy", "a/y.npy", "b/z.npy", "mark", "b/.DS_Store"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert strangers(tmp_path, ["a/x.npy", "b/z.npy", "mark"]) == ["a/y.npy"]
    remove_files(tmp_path, ["a/x.npy", "b/z.npy", "b/gone", "mark"])
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")] == ["a/y.npy"]
    remove_files(tmp_path / "a", ["y.npy"])
    assert not (tmp_path / "a").exists()
