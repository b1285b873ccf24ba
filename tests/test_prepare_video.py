"""prepare_video: what goes in comes out, in order, with its labels; and the same from Python."""

import hashlib
import io
import subprocess
import sys

import numpy as np
import pytest
from prepare_helpers import (
    SIZE,
    H,
    W,
    make_home,
    moving_square,
    names_in,
    read_json,
    run,
    usual,
    write_labels,
    write_pictures,
    write_video,
)

import vadkit


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path)


def test_pictures_come_out_bit_for_bit_in_natural_order_with_labels(home):
    assert run(*usual(home)) == 0
    scene = vadkit.open_scene(home / "data" / "scene")
    assert [clip.name for clip in scene.train_clips] == ["day1", "day2"]
    np.testing.assert_array_equal(scene.train_clips[1].frames, moving_square(12, seed=2))
    assert isinstance(scene.test_clips[0].frames, np.memmap)
    assert scene.test_clips[0].labels.tolist() == [False] * 7 + [True] * 5
    assert names_in(home / "data") == ["scene"]


def test_shrinking_is_the_mean_of_the_pixels_it_covers(home):
    half = ["--size", f"{H // 2}x{W // 2}", "--out", home / "data" / "half"]
    assert run(*usual(home), *half) == 0
    mean = moving_square(12, seed=9).reshape(12, H // 2, 2, W // 2, 2).mean((2, 4))
    frames = vadkit.open_scene(home / "data" / "half").test_clips[0].frames
    assert np.abs(frames - mean).max() <= 0.5


def test_a_video_file_becomes_a_clip(tmp_path):
    frames = moving_square(9)
    video = write_video(tmp_path / "in" / "normal.mkv", frames)
    out = tmp_path / "out"
    assert run("--train", tmp_path / "in", "--test", video, *SIZE, "--out", out) == 0
    scene = vadkit.open_scene(out)
    assert np.abs(scene.train_clips[0].frames.astype(int) - frames).max() <= 2
    assert scene.test_clips[0].labels is None


def test_a_range_of_frames_trains_and_its_labels_are_cut_alike(home):
    frames = moving_square(12, seed=9)
    night = home / "test" / "night"
    clips = ["--train", f"{night}:0-6", "--test", f"{night}:5-11"]
    assert run(*clips, "--labels", home / "labels.json", *SIZE, "--out", home / "out") == 0
    scene = vadkit.open_scene(home / "out")
    np.testing.assert_array_equal(scene.train_clips[0].frames, frames[:7])
    np.testing.assert_array_equal(scene.test_clips[0].frames, frames[5:])
    assert scene.test_clips[0].labels.tolist() == [False] * 2 + [True] * 5


def test_crop_top_removes_the_caption(tmp_path):
    frames = moving_square(8)
    frames[:, :6] = 255
    clip = write_pictures(tmp_path / "clip", frames)
    out = tmp_path / "out"
    assert run("--train", clip, "--test", clip, "--crop-top", ".25", "--out", out) == 0
    shown = vadkit.open_scene(out).test_clips[0].frames
    assert shown.shape == (8, 128, 128) and shown.max() < 255


def test_label_versions_are_chosen_by_name(home, capsys):
    write_labels(home, night={"official": [0] * 7 + [1] * 5, "caption": [0] * 9 + [1] * 3})
    assert run(*usual(home)) == 2
    assert "official or caption" in capsys.readouterr().err
    assert run(*usual(home), "--label-key", "caption") == 0
    assert vadkit.open_scene(home / "data" / "scene").test_clips[0].labels.sum() == 3


def test_two_processes_write_what_one_writes_and_the_checksums_hold(home):
    assert run(*usual(home)) == 0
    assert run(*usual(home), "--out", home / "data" / "two", jobs=2) == 0
    one = read_json(home / "data" / "scene" / "scene.json")["clips"]
    two = read_json(home / "data" / "two" / "scene.json")["clips"]
    assert one == two
    frames = np.load(home / "data" / "two" / "train" / "day1.npy")
    assert hashlib.sha256(frames.tobytes()).hexdigest() == one["train"]["day1"]["sha256"]


def test_frames_seconds_and_speed_are_printed_and_how_to_open_it(home, capsys):
    run(*usual(home))
    speed, last = capsys.readouterr().out.splitlines()
    assert "35 frames" in speed and " s, " in speed and speed.endswith("frames/s.")
    scene = home / "data" / "scene"
    counts = f"{scene}: 23 training and 12 test frames. "
    assert last == f"{counts}Open it with vadkit.open_scene('{scene}')."


# The library


def test_the_library_does_what_the_command_line_does(home, capsys):
    assert run(*usual(home)) == 0
    options = {"labels": home / "labels.json", "size": (H, W), "jobs": 1}
    out = home / "data" / "library"
    scene = vadkit.prepare.video(home / "train", str(home / "test"), out, **options)
    assert [clip.name for clip in scene.train_clips] == ["day1", "day2"]
    by_command = read_json(home / "data" / "scene" / "scene.json")
    assert scene.provenance == by_command | {"name": "library"}

    capsys.readouterr()
    vadkit.prepare.video([home / "train"], [home / "test"], out, **options)
    assert "nothing to do" in capsys.readouterr().out


def test_the_library_where_stderr_is_no_file_as_in_a_notebook(home, monkeypatch, capfd):
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    (home / "test" / "night" / "frame12.png").write_bytes(b"no picture")
    night = home / "test" / "night"
    with pytest.raises(ValueError, match="frame12.png does not decode: get the file again"):
        vadkit.prepare.video(home / "train", night, home / "scene", jobs=1)
    assert names_in(home) == ["labels.json", "test", "train"]
    vadkit.prepare.video(home / "train", f"{night}:0-10", home / "scene", jobs=1)
    printed, said_by_decoders = capfd.readouterr()
    assert printed.count("\n") == 1 and "frames/s" in printed
    assert said_by_decoders == "" and "3/3" in stderr.getvalue()


def test_an_error_of_a_worker_comes_without_its_traceback(home):
    (home / "test" / "night" / "frame12.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match="does not decode") as caught:
        vadkit.prepare.video(home / "train", home / "test", home / "scene", jobs=2)
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"size": (8, 64)}, "size=\\(8, 64\\)"),
        ({"size": 128}, "give \\(height, width\\), 16 to 4096"),
        ({"size": (64.0, 64)}, "size="),
        ({"crop_top": 1}, "crop_top=1 is no share"),
        ({"crop_top": float("nan")}, "crop_top"),
        ({"jobs": 0}, "jobs=0"),
    ],
)
def test_options_that_make_no_sense(home, option, words):
    with pytest.raises(ValueError, match=words):
        vadkit.prepare.video(home / "train", home / "test", home / "data" / "scene", **option)
    with pytest.raises(ValueError, match=words):
        vadkit.prepare.ucsd(home / "no archive", home / "data", **option)
    assert names_in(home / "data") == []


def test_importing_prepare_stays_light():
    heavy = "{'torch', 'scipy', 'sklearn', 'matplotlib', 'pandas', 'IPython'}"
    code = f"import sys, vadkit.prepare; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
