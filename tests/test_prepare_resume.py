"""prepare_video run again: nothing to do, other options, and what was interrupted goes on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from prepare_helpers import (
    SCRIPTS,
    SIZE,
    H,
    W,
    make_home,
    moving_square,
    names_in,
    read_json,
    run,
    usual,
)

import vadkit


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path)


def test_the_same_command_again_has_nothing_to_do(home, capsys):
    run(*usual(home))
    before = (home / "data" / "scene" / "scene.json").stat().st_mtime_ns
    assert run(*usual(home)) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert (home / "data" / "scene" / "scene.json").stat().st_mtime_ns == before


def test_other_options_need_replace(home, capsys):
    run(*usual(home))
    assert run(*usual(home), "--crop-top", "0.5") == 2
    assert "--replace" in capsys.readouterr().err
    assert run(*usual(home), "--crop-top", "0.5", "--replace") == 0
    assert read_json(home / "data" / "scene" / "scene.json")["options"]["crop_top"] == 0.5
    assert names_in(home / "data") == ["scene"]


@pytest.mark.parametrize("about", [None, "{}", '{"format": "somebody else\'s"}', "[]", "no JSON"])
def test_a_folder_that_is_no_scene_is_never_touched(home, capsys, about):
    folder = home / "data" / "scene"
    folder.mkdir(parents=True)
    (folder / "thesis.txt").write_text("mine")
    if about is not None:
        (folder / "scene.json").write_text(about)
    assert run(*usual(home), "--replace") == 2
    assert "not a prepared scene" in capsys.readouterr().err
    assert (folder / "thesis.txt").read_text() == "mine"


# Interrupted. A named pipe among the pictures makes the decoder wait, so that the signal falls in
# the middle of a clip.


def interrupt_in_the_middle(home, which, jobs):
    stuck = home / "test" / "night" / "frame12.png"
    stuck.unlink()
    os.mkfifo(stuck)
    process = start(home, jobs)
    deadline = time.time() + 60
    while finished_clips(home) < 2 and time.time() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)
    process.send_signal(which)
    time.sleep(0.2)
    while process.poll() is None and time.time() < deadline:
        let_go_of_reader(stuck)
    stderr = process.communicate()[1]
    stuck.unlink()
    cv2.imwrite(str(stuck), moving_square(12, seed=9)[11])
    return process.returncode, stderr


def start(home, jobs):
    command = [sys.executable, SCRIPTS / "prepare_video.py", *usual(home), "--jobs", jobs]

    def listen_to_ctrl_c():  # which a shell's background jobs ignore
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    return subprocess.Popen(
        [str(word) for word in command],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=listen_to_ctrl_c,
    )


def finished_clips(home):
    marks = home / "data" / ".scene.partial" / "finished"
    return len(list(marks.glob("train-*.json"))) if marks.exists() else 0


def let_go_of_reader(pipe):
    """The worker that waits for the pipe reads its end."""
    try:
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        time.sleep(0.02)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize(
    ("which", "jobs"), [(signal.SIGINT, 1), (signal.SIGTERM, 2), (signal.SIGKILL, 2)]
)
def test_interrupted_then_run_again_goes_on_where_it_was(home, capsys, which, jobs):
    code, stderr = interrupt_in_the_middle(home, which, jobs)
    assert code == (-9 if which == signal.SIGKILL else 130)
    assert "Traceback" not in stderr
    if which != signal.SIGKILL:
        assert stderr.strip().endswith("the same command goes on from there.")
    assert not (home / "data" / "scene").exists()
    finished = (home / "data" / ".scene.partial" / "train" / "day1.npy").stat()

    assert run(*usual(home)) == 0
    assert "2 of 3 clips are finished already" in capsys.readouterr().out
    again = (home / "data" / "scene" / "train" / "day1.npy").stat()
    assert (again.st_ino, again.st_mtime_ns) == (finished.st_ino, finished.st_mtime_ns)
    frames = vadkit.open_scene(home / "data" / "scene").test_clips[0].frames
    np.testing.assert_array_equal(frames, moving_square(12, seed=9))
    assert names_in(home / "data") == ["scene"]


INTERRUPTED_AT_THE_30TH_FRAME = """
import sys, command_line, cv2, prepare_video
resize = cv2.resize
calls = iter(range(30))
def interrupted(*arguments, **options):
    if next(calls, None) is None:
        raise KeyboardInterrupt
    return resize(*arguments, **options)
cv2.resize = interrupted
sys.exit(command_line.run_script(prepare_video.main))
"""


def run_python(home, *program, cwd=None):
    command = [sys.executable, *program, *usual(home), "--jobs", "1"]
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True)


def test_a_damaged_frame_is_named_on_the_real_stderr(home):
    (home / "test" / "night" / "frame12.png").write_bytes(b"no picture")
    result = run_python(home, SCRIPTS / "prepare_video.py")
    assert result.returncode == 2
    assert "frame12.png does not decode" in result.stderr


def test_an_interruption_between_two_frames_is_answered_on_stderr(home):
    result = run_python(home, "-c", INTERRUPTED_AT_THE_30TH_FRAME, cwd=SCRIPTS)
    assert result.returncode == 130
    assert result.stderr.strip().endswith("the same command goes on from there.")


def interrupting(function, after):
    calls = iter(range(after))

    def interrupted(*arguments, **options):
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return function(*arguments, **options)

    return interrupted


def test_a_finished_clip_whose_source_changed_is_done_again(home, monkeypatch):
    monkeypatch.setattr(cv2, "resize", interrupting(cv2.resize, after=30))
    assert run(*usual(home)) == 130
    monkeypatch.undo()
    cv2.imwrite(str(home / "train" / "day1" / "frame1.png"), np.zeros((H, W), np.uint8))
    assert run(*usual(home)) == 0
    assert not vadkit.open_scene(home / "data" / "scene").train_clips[0].frames[0].any()


def test_nothing_of_an_interrupted_run_with_other_input_survives(home, monkeypatch):
    # All clips are finished, and only the name of the scene is missing.
    monkeypatch.setattr(Path, "rename", interrupting(Path.rename, after=0))
    assert run(*usual(home)) == 130
    monkeypatch.undo()
    scene = home / "data" / "scene"
    clips = ["--train", home / "train" / "day1", "--test", home / "test" / "night"]
    assert run(*clips, *SIZE, "--out", scene) == 0
    assert vadkit.open_scene(scene).test_clips[0].labels is None
    assert sorted(path.name for path in scene.rglob("*.npy")) == ["day1.npy", "night.npy"]
