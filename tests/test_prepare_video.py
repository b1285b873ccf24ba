"""prepare_video: what goes in comes out, in order, labels aligned; bad input ends in one sentence and nothing on disk."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import command_line
import cv2
import numpy as np
import prepare_video
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vadkit
from vadkit.prepare import decoding, scene_folder

SCRIPTS = Path(__file__).resolve().parents[1] / "data_scripts"

H, W = 32, 48


def moving_square(length, seed=0, size=(H, W)):
    rng = np.random.default_rng(seed)
    frames = np.repeat(rng.integers(0, 100, (1, *size), np.uint8), length, axis=0)
    for t in range(length):
        frames[t, 4:12, t : t + 8] = 200 + t
    return frames


def write_pictures(folder, frames, name="frame{}.png"):
    folder.mkdir(parents=True)
    for t, frame in enumerate(frames):
        cv2.imwrite(str(folder / name.format(t + 1)), frame)
    return folder


def write_video(path, frames, codec="FFV1"):
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), 25, frames.shape[:0:-1], isColor=False)
    assert writer.isOpened()
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path


def run(*arguments, jobs=1):
    return command_line.run_script(prepare_video.main, [*map(str, arguments), "--jobs", str(jobs)])


@pytest.fixture
def home(tmp_path):
    """Two training clips and one labelled test clip, as pictures."""
    for number in (1, 2):
        write_pictures(tmp_path / "train" / f"day{number}", moving_square(10 + number, seed=number))
    write_pictures(tmp_path / "test" / "night", moving_square(12, seed=9))
    (tmp_path / "labels.json").write_text(json.dumps({"night": [0] * 7 + [1] * 5}))
    return tmp_path


def usual(home, *more):
    return ["--train", home / "train", "--test", home / "test", "--labels", home / "labels.json", "--size", f"{H}x{W}",
            "--out", home / "data" / "scene", *more]  # fmt: skip


def left_behind(home):
    return sorted(path.name for path in (home / "data").iterdir()) if (home / "data").exists() else []


def test_pictures_come_out_bit_for_bit_in_natural_order_with_labels(home):
    assert run(*usual(home)) == 0
    scene = vadkit.open_scene(home / "data" / "scene")
    assert [clip.name for clip in scene.train_clips] == ["day1", "day2"]
    np.testing.assert_array_equal(scene.train_clips[1].frames, moving_square(12, seed=2))
    assert isinstance(scene.test_clips[0].frames, np.memmap)
    assert scene.test_clips[0].labels.tolist() == [False] * 7 + [True] * 5
    assert left_behind(home) == ["scene"]


def test_shrinking_is_the_mean_of_the_pixels_it_covers(home):
    assert run(*usual(home)[:-4], "--size", f"{H // 2}x{W // 2}", "--out", home / "data" / "half") == 0
    frames = moving_square(12, seed=9)
    mean = frames.reshape(12, H // 2, 2, W // 2, 2).mean((2, 4))
    assert np.abs(vadkit.open_scene(home / "data" / "half").test_clips[0].frames - mean).max() <= 0.5


def test_a_video_file_becomes_a_clip(tmp_path):
    frames = moving_square(9)
    write_video(tmp_path / "in" / "normal.mkv", frames)
    assert run("--train", tmp_path / "in", "--test", tmp_path / "in" / "normal.mkv", "--size", f"{H}x{W}",
               "--out", tmp_path / "out") == 0  # fmt: skip
    scene = vadkit.open_scene(tmp_path / "out")
    assert np.abs(scene.train_clips[0].frames.astype(int) - frames).max() <= 2
    assert scene.test_clips[0].labels is None


def test_a_range_of_frames_trains_and_its_labels_are_cut_alike(home):
    frames = moving_square(12, seed=9)
    assert run("--train", f"{home / 'test' / 'night'}:0-6", "--test", f"{home / 'test' / 'night'}:5-11", "--labels",
               home / "labels.json", "--size", f"{H}x{W}", "--out", home / "out") == 0  # fmt: skip
    scene = vadkit.open_scene(home / "out")
    np.testing.assert_array_equal(scene.train_clips[0].frames, frames[:7])
    np.testing.assert_array_equal(scene.test_clips[0].frames, frames[5:])
    assert scene.test_clips[0].labels.tolist() == [False] * 2 + [True] * 5


def test_crop_top_removes_the_caption(tmp_path):
    frames = moving_square(8)
    frames[:, :6] = 255
    write_pictures(tmp_path / "clip", frames)
    assert (
        run("--train", tmp_path / "clip", "--test", tmp_path / "clip", "--crop-top", ".25", "--out", tmp_path / "out")
        == 0
    )
    shown = vadkit.open_scene(tmp_path / "out").test_clips[0].frames
    assert shown.shape == (8, 128, 128) and shown.max() < 255


def test_label_versions_are_chosen_by_name(home, capsys):
    versions = {"night": {"official": [0] * 7 + [1] * 5, "caption": [0] * 9 + [1] * 3}}
    (home / "labels.json").write_text(json.dumps(versions))
    assert run(*usual(home)) == 2
    assert "official or caption" in capsys.readouterr().err
    assert run(*usual(home), "--label-key", "caption") == 0
    assert vadkit.open_scene(home / "data" / "scene").test_clips[0].labels.sum() == 3


def test_two_processes_write_what_one_writes_and_the_checksums_hold(home):
    assert run(*usual(home)) == 0
    assert run(*usual(home)[:-1], home / "data" / "two", jobs=2) == 0
    one, two = (json.loads((home / "data" / name / "scene.json").read_text())["clips"] for name in ("scene", "two"))
    assert one == two
    frames = np.load(home / "data" / "two" / "train" / "day1.npy")
    assert hashlib.sha256(frames.tobytes()).hexdigest() == one["train"]["day1"]["sha256"]


def test_the_speed_is_printed_beside_bare_opencv(home, capsys):
    run(*usual(home))
    said = capsys.readouterr().out
    assert "35 frames" in said and "frames/s" in said and "times bare OpenCV" in said


# Run again


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
    assert json.loads((home / "data" / "scene" / "scene.json").read_text())["options"]["crop_top"] == 0.5
    assert left_behind(home) == ["scene"]


def test_a_folder_that_is_no_scene_is_never_touched(home, capsys):
    (home / "data" / "scene").mkdir(parents=True)
    (home / "data" / "scene" / "thesis.txt").write_text("mine")
    assert run(*usual(home), "--replace") == 2
    assert "not a prepared scene" in capsys.readouterr().err
    assert (home / "data" / "scene" / "thesis.txt").read_text() == "mine"


# Interrupted. A named pipe among the pictures makes the decoder wait, so that the signal falls in the middle of a clip.


def interrupt_in_the_middle(home, which, jobs):
    stuck = home / "test" / "night" / "frame12.png"
    stuck.unlink()
    os.mkfifo(stuck)
    command = [sys.executable, SCRIPTS / "prepare_video.py", *usual(home), "--jobs", str(jobs)]
    process = subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # fmt: skip  # a shell's background jobs ignore it
    finished = home / "data" / ".scene.partial" / "finished"
    deadline = time.time() + 60
    while len(list(finished.glob("train-*.json")) if finished.exists() else []) < 2 and time.time() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)
    process.send_signal(which)
    time.sleep(0.2)
    while process.poll() is None and time.time() < deadline:  # let go of the worker that waits for the pipe
        try:
            os.close(os.open(stuck, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            time.sleep(0.02)
    said = process.communicate()[1]
    stuck.unlink()
    cv2.imwrite(str(stuck), moving_square(12, seed=9)[11])
    return process.returncode, said


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize(("which", "jobs"), [(signal.SIGINT, 1), (signal.SIGTERM, 2), (signal.SIGKILL, 2)])
def test_interrupted_then_run_again_goes_on_where_it_was(home, capsys, which, jobs):
    code, said = interrupt_in_the_middle(home, which, jobs)
    assert code == (-9 if which == signal.SIGKILL else 2)
    assert "Traceback" not in said
    if which != signal.SIGKILL:
        assert said.strip().endswith("the same command goes on from there.")
    assert not (home / "data" / "scene").exists()
    finished = (home / "data" / ".scene.partial" / "train" / "day1.npy").stat()

    assert run(*usual(home)) == 0
    assert "2 of 3 clips are finished already" in capsys.readouterr().out
    again = (home / "data" / "scene" / "train" / "day1.npy").stat()
    assert (again.st_ino, again.st_mtime_ns) == (finished.st_ino, finished.st_mtime_ns)
    np.testing.assert_array_equal(
        vadkit.open_scene(home / "data" / "scene").test_clips[0].frames, moving_square(12, seed=9)
    )
    assert left_behind(home) == ["scene"]


INTERRUPTED_AT_THE_30TH_FRAME = """
import sys, command_line, prepare_video
from vadkit.prepare import scene_folder
shrink, calls = scene_folder.shrink, iter(range(30))
def interrupted(*arguments):
    if next(calls, None) is None:
        raise KeyboardInterrupt
    return shrink(*arguments)
scene_folder.shrink = interrupted
sys.exit(command_line.run_script(prepare_video.main))
"""


def test_a_damaged_frame_is_named_on_the_real_stderr(home):
    (home / "test" / "night" / "frame12.png").write_bytes(b"no picture")
    command = [sys.executable, SCRIPTS / "prepare_video.py", *usual(home), "--jobs", "1"]
    found = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert found.returncode == 2
    assert "frame12.png does not decode" in found.stderr


def test_an_interruption_between_two_frames_is_answered_on_stderr(home):
    command = [sys.executable, "-c", INTERRUPTED_AT_THE_30TH_FRAME, *usual(home), "--jobs", "1"]
    found = subprocess.run(list(map(str, command)), cwd=SCRIPTS, capture_output=True, text=True)
    assert found.returncode == 2
    assert found.stderr.strip().endswith("the same command goes on from there.")


def test_a_finished_clip_whose_source_changed_is_done_again(home, monkeypatch):
    monkeypatch.setattr(scene_folder, "shrink", interrupting(scene_folder.shrink, after=30))
    assert run(*usual(home)) == 2
    monkeypatch.undo()
    cv2.imwrite(str(home / "train" / "day1" / "frame1.png"), np.zeros((H, W), np.uint8))
    assert run(*usual(home)) == 0
    assert not vadkit.open_scene(home / "data" / "scene").train_clips[0].frames[0].any()


def test_nothing_of_an_interrupted_run_with_other_input_survives(home, monkeypatch):
    monkeypatch.setattr(scene_folder, "_publish", interrupting(scene_folder._publish, after=0))
    assert run(*usual(home)) == 2
    monkeypatch.undo()
    night = home / "test" / "night"
    size = ["--size", f"{H}x{W}"]
    assert run("--train", home / "train" / "day1", "--test", night, *size, "--out", home / "data" / "scene") == 0
    assert vadkit.open_scene(home / "data" / "scene").test_clips[0].labels is None
    assert sorted(path.name for path in (home / "data" / "scene").rglob("*.npy")) == ["day1.npy", "night.npy"]


def interrupting(function, after):
    calls = iter(range(after))

    def interrupted(*arguments):
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return function(*arguments)

    return interrupted


# Bad input: exit code 2, one sentence that names the culprit, nothing on disk.


def refused(home, capsys, *names, arguments=None):
    capsys.readouterr()
    assert run(*(arguments or usual(home))) == 2
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(said) == 1
    for name in names:
        assert name in said[0]
    assert left_behind(home) == []


def test_missing_and_empty_folders(home, capsys):
    for missing in ("nowhere", "test/nothing"):
        arguments = ["--train", home / missing, "--test", home / "test", "--out", home / "data" / "scene"]
        refused(home, capsys, missing, "does not exist", arguments=arguments)
    refused(home, capsys, "lost.json: No such file", arguments=[*usual(home), "--labels", home / "lost.json"])
    (home / "empty").mkdir()
    arguments = ["--train", home / "empty", "--test", home / "test", "--out", home / "data" / "scene"]
    refused(home, capsys, "empty", arguments=arguments)
    (home / "train" / "day3").mkdir()
    refused(home, capsys, "day3", "no pictures")


def test_a_video_that_cannot_be_opened(home, capsys):
    (home / "test" / "broken.mp4").write_bytes(b"this is no video" * 100)
    refused(home, capsys, "broken.mp4", "cannot be opened")


def test_opencv_does_not_talk_over_the_sentence(tmp_path, capfd):
    (tmp_path / "broken.mp4").write_bytes(b"this is no video" * 100)
    with pytest.raises(ValueError, match="cannot be opened"):
        next(decoding.grey_frames(tmp_path / "broken.mp4"))
    write_pictures(tmp_path / "clip", moving_square(6))
    victim = tmp_path / "clip" / "frame3.png"
    victim.write_bytes(victim.read_bytes()[:60])
    decoding.bare_seconds_per_frame(tmp_path / "clip", scene_folder.Options((16, 16)))
    assert capfd.readouterr().err == ""


def test_a_clip_of_four_frames(home, capsys):
    write_pictures(home / "test" / "short", moving_square(4))
    refused(home, capsys, "short", "4 frames")


def test_a_truncated_mp4(home, capsys):
    path = write_video(home / "test" / "cut.mp4", moving_square(40, size=(64, 80)), "mp4v")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    refused(home, capsys, "cut.mp4", "cut short")


def test_a_video_that_breaks_off(home, capsys):
    frames = moving_square(40, size=(64, 80))
    path = write_video(home / "test" / "cut.avi", frames, "MJPG")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    labels = {"night": [0] * 12, "cut": [0] * 10 + [1] * 30}
    (home / "labels.json").write_text(json.dumps(labels))
    refused(home, capsys, "cut.avi", "breaks off")
    assert run(*usual(home), "--skip-corrupt") == 0
    record = json.loads((home / "data" / "scene" / "scene.json").read_text())["clips"]["test"]["cut"]
    clip = next(clip for clip in vadkit.open_scene(home / "data" / "scene").test_clips if clip.name == "cut")
    assert 10 < len(clip) < 40 and len(clip) + record["missing_at_end"] == 40
    assert clip.labels.tolist() == labels["cut"][: len(clip)]


@pytest.mark.parametrize("ending", ["png", "jpg", "bmp", "tif"])
def test_a_corrupt_frame_is_named_and_repeats_its_neighbour_only_on_request(home, capsys, ending):
    frames = np.clip(moving_square(8).astype(int) + np.random.default_rng(0).integers(0, 40, (8, H, W)), 0, 255)
    folder = write_pictures(home / "test" / "hurt", frames.astype(np.uint8), "{:03d}." + ending)
    victim = folder / f"005.{ending}"
    victim.write_bytes(victim.read_bytes()[: victim.stat().st_size * 6 // 10])
    (home / "labels.json").write_text(json.dumps({"night": [0] * 12, "hurt": [0, 0, 0, 0, 1, 1, 0, 0]}))
    refused(home, capsys, f"005.{ending}", "--skip-corrupt")

    assert run(*usual(home), "--skip-corrupt") == 0
    record = json.loads((home / "data" / "scene" / "scene.json").read_text())["clips"]["test"]["hurt"]
    assert record["repeated_frames"] == [4]
    clip = vadkit.open_scene(home / "data" / "scene").test_clips[0]
    np.testing.assert_array_equal(clip.frames[4], clip.frames[3])
    assert not np.array_equal(clip.frames[5], clip.frames[4])
    assert clip.labels.tolist() == [False] * 4 + [True] * 2 + [False] * 2


def test_a_corrupt_first_frame_repeats_the_one_after(tmp_path):
    folder = write_pictures(tmp_path / "clip", moving_square(7))
    for number in (1, 2):
        (folder / f"frame{number}.png").write_bytes(b"no picture")
    report = {}
    frames = list(decoding.grey_frames(folder, skip_corrupt=True, report=report))
    np.testing.assert_array_equal(frames, moving_square(7)[[2, 2, 2, 3, 4, 5, 6]])
    assert report == {"repeated_frames": [0, 1]}


def test_a_folder_in_which_nothing_decodes(tmp_path, capsys):
    folder = write_pictures(tmp_path / "clip", moving_square(7))
    for picture in folder.iterdir():
        picture.write_bytes(b"no picture")
    arguments = ["--train", folder, "--test", folder, "--skip-corrupt", "--out", tmp_path / "data" / "scene"]
    refused(tmp_path, capsys, "clip", "0 frames", arguments=arguments)


@pytest.mark.parametrize("length", [11, 13])
def test_labels_longer_or_shorter_than_the_clip(home, capsys, length):
    (home / "labels.json").write_text(json.dumps({"night": [0] * length}))
    refused(home, capsys, "night", "12 frames", f"{length} labels")


@pytest.mark.parametrize("label", [2, -1, 0.5, "1", None, [1]])
def test_labels_other_than_0_and_1(home, capsys, label):
    (home / "labels.json").write_text(json.dumps({"night": [0, 0, label] + [0] * 9}))
    refused(home, capsys, "night", "frame 2", repr(label))


@pytest.mark.parametrize("content", ["{", "[1, 0]", '{"night": 1}', '{"somebody else": [0, 1]}'])
def test_label_files_that_make_no_sense(home, capsys, content):
    (home / "labels.json").write_text(content)
    refused(home, capsys)


def test_frames_of_different_sizes(home, capsys):
    cv2.imwrite(str(home / "test" / "night" / "frame7.png"), np.zeros((H, W + 2), np.uint8))
    refused(home, capsys, "frame7.png", f"{W + 2}x{H}", f"{W}x{H}")


def test_a_training_range_that_is_labelled_abnormal(home, capsys):
    night = home / "test" / "night"
    arguments = [
        "--train",
        f"{night}:0-8",
        "--test",
        night,
        "--labels",
        home / "labels.json",
        "--out",
        home / "data" / "scene",
    ]
    refused(home, capsys, "frame 7", "abnormal", arguments=arguments)


@pytest.mark.parametrize("span", ["5-3", "6-99"])
def test_a_range_that_is_not_there(home, capsys, span):
    night = home / "test" / "night"
    refused(
        home,
        capsys,
        "night",
        arguments=["--train", f"{night}:{span}", "--test", night, "--out", home / "data" / "scene"],
    )


def test_a_clip_named_like_the_labels_of_another(home, capsys):
    (home / "test" / "night").rename(home / "test" / "night.labels")
    refused(home, capsys, "night.labels", arguments=usual(home)[:4] + usual(home)[6:])


def test_two_clips_of_one_name(home, capsys):
    write_video(home / "train" / "day1.mkv", moving_square(8))
    refused(home, capsys, "day1")


@pytest.mark.parametrize("size", ["0", "12x", "-3", "15", "32x8", "big"])
def test_sizes_that_are_none(home, size):
    with pytest.raises(SystemExit) as stopped:
        run(*usual(home), "--size", size)
    assert stopped.value.code == 2


@pytest.mark.parametrize("jobs", ["0", "-3", "two"])
def test_numbers_of_processes_that_are_none(home, capsys, jobs):
    with pytest.raises(SystemExit) as stopped:
        run(*usual(home), "--jobs", jobs)
    assert stopped.value.code == 2 and "number of processes" in capsys.readouterr().err


@given(st.lists(st.integers(0, 255), max_size=40))
def test_a_growing_npy_is_the_file_numpy_would_write(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("npy")
    growing = scene_folder.GrowingNpy(folder / "a.npy", (2, 3), np.uint8)
    for value in values:
        growing.append(np.full((2, 3), value))
    growing.finish()
    np.save(folder / "b.npy", np.repeat(values, 6).astype(np.uint8).reshape(-1, 2, 3))
    assert (folder / "a.npy").read_bytes() == (folder / "b.npy").read_bytes()


@given(st.lists(st.integers(0, 10_000), unique=True, min_size=1))
def test_natural_order_is_the_order_of_the_numbers(numbers):
    names = sorted((f"frame{number}.png" for number in numbers), key=decoding.natural)
    assert names == [f"frame{number}.png" for number in sorted(numbers)]
