"""prepare_video and bad input: exit code 2, one sentence that names the culprit, nothing left."""

import cv2
import numpy as np
import pytest
from prepare_helpers import (
    H,
    W,
    cut_file,
    make_home,
    moving_square,
    read_json,
    refused,
    run,
    unlabelled,
    usual,
    write_labels,
    write_pictures,
    write_video,
)

import vadkit


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path)


def command(home, train, test, *more):
    return ["--train", train, "--test", test, "--out", home / "data" / "scene", *more]


# Files


def test_missing_and_empty_folders(home, capsys):
    for missing in ("nowhere", "test/nothing"):
        arguments = command(home, home / missing, home / "test")
        refused(home, capsys, missing, "does not exist", arguments=arguments)
    arguments = usual(home, "--labels", home / "lost.json")
    refused(home, capsys, "lost.json: No such file", arguments=arguments)
    (home / "empty").mkdir()
    refused(home, capsys, "empty", arguments=command(home, home / "empty", home / "test"))
    (home / "train" / "day3").mkdir()
    refused(home, capsys, "day3", "no pictures")


def test_a_clip_of_four_frames(home, capsys):
    write_pictures(home / "test" / "short", moving_square(4))
    refused(home, capsys, "short", "4 frames")


def test_a_clip_named_like_the_labels_of_another(home, capsys):
    (home / "test" / "night").rename(home / "test" / "night.labels")
    refused(home, capsys, "night.labels", arguments=unlabelled(home))


def test_two_clips_of_one_name(home, capsys):
    write_video(home / "train" / "day1.mkv", moving_square(8))
    refused(home, capsys, "day1")


# Damage


def test_a_video_that_cannot_be_opened(home, capsys):
    (home / "test" / "broken.mp4").write_bytes(b"this is no video" * 100)
    refused(home, capsys, "broken.mp4", "cannot be opened")


def test_a_truncated_mp4(home, capsys):
    frames = moving_square(40, size=(64, 80))
    cut_file(write_video(home / "test" / "cut.mp4", frames, "mp4v"), 1 / 2)
    refused(home, capsys, "cut.mp4", "cut short")


def test_a_video_that_breaks_off(home, capsys):
    frames = moving_square(40, size=(64, 80))
    cut_file(write_video(home / "test" / "cut.avi", frames, "MJPG"), 1 / 2)
    labels = [0] * 10 + [1] * 30
    write_labels(home, night=[0] * 12, cut=labels)
    refused(home, capsys, "cut.avi", "breaks off")
    assert run(*usual(home), "--skip-corrupt") == 0
    scene = vadkit.open_scene(home / "data" / "scene")
    clip = next(clip for clip in scene.test_clips if clip.name == "cut")
    missing = scene.provenance["clips"]["test"]["cut"]["missing_at_end"]
    assert 10 < len(clip) < 40 and len(clip) + missing == 40
    assert clip.labels.tolist() == labels[: len(clip)]


@pytest.mark.parametrize("ending", ["png", "jpg", "bmp", "tif"])
def test_a_corrupt_frame_is_named_and_repeats_its_neighbour_only_on_request(home, capsys, ending):
    grain = np.random.default_rng(0).integers(0, 40, (8, H, W))
    frames = np.clip(moving_square(8).astype(int) + grain, 0, 255).astype(np.uint8)
    folder = write_pictures(home / "test" / "hurt", frames, "{:03d}." + ending)
    cut_file(folder / f"005.{ending}", 6 / 10)
    write_labels(home, night=[0] * 12, hurt=[0, 0, 0, 0, 1, 1, 0, 0])
    refused(home, capsys, f"005.{ending}", "--skip-corrupt")

    assert run(*usual(home), "--skip-corrupt") == 0
    about = read_json(home / "data" / "scene" / "scene.json")
    assert about["clips"]["test"]["hurt"]["repeated_frames"] == [4]
    clip = vadkit.open_scene(home / "data" / "scene").test_clips[0]
    np.testing.assert_array_equal(clip.frames[4], clip.frames[3])
    assert not np.array_equal(clip.frames[5], clip.frames[4])
    assert clip.labels.tolist() == [False] * 4 + [True] * 2 + [False] * 2


def test_a_folder_in_which_nothing_decodes(tmp_path, capsys):
    folder = write_pictures(tmp_path / "clip", moving_square(7))
    for picture in folder.iterdir():
        picture.write_bytes(b"no picture")
    arguments = command(tmp_path, folder, folder, "--skip-corrupt")
    refused(tmp_path, capsys, "clip", "0 frames", arguments=arguments)


def test_frames_of_different_sizes(home, capsys):
    cv2.imwrite(str(home / "test" / "night" / "frame7.png"), np.zeros((H, W + 2), np.uint8))
    refused(home, capsys, "frame7.png", f"{W + 2}x{H}", f"{W}x{H}")


# Labels and ranges


@pytest.mark.parametrize("length", [11, 13])
def test_labels_longer_or_shorter_than_the_clip(home, capsys, length):
    write_labels(home, night=[0] * length)
    refused(home, capsys, "night", "12 frames", f"{length} labels")


@pytest.mark.parametrize("label", [2, -1, 0.5, "1", None, [1]])
def test_labels_other_than_0_and_1(home, capsys, label):
    write_labels(home, night=[0, 0, label] + [0] * 9)
    refused(home, capsys, "night", "frame 2", repr(label))


@pytest.mark.parametrize("content", ["{", "[1, 0]", '{"night": 1}', '{"somebody else": [0, 1]}'])
def test_label_files_that_make_no_sense(home, capsys, content):
    (home / "labels.json").write_text(content)
    refused(home, capsys)


def test_a_training_range_that_is_labelled_abnormal(home, capsys):
    night = home / "test" / "night"
    arguments = command(home, f"{night}:0-8", night, "--labels", home / "labels.json")
    refused(home, capsys, "frame 7", "abnormal", arguments=arguments)


@pytest.mark.parametrize("span", ["5-3", "6-99"])
def test_a_range_that_is_not_there(home, capsys, span):
    night = home / "test" / "night"
    refused(home, capsys, "night", arguments=command(home, f"{night}:{span}", night))


# Options


@pytest.mark.parametrize("size", ["0", "12x", "-3", "15", "32x8", "big"])
def test_sizes_that_are_none(home, size):
    with pytest.raises(SystemExit) as stopped:
        run(*usual(home), "--size", size)
    assert stopped.value.code == 2


@pytest.mark.parametrize("jobs", ["0", "-3", "two"])
def test_numbers_of_processes_that_are_none(home, capsys, jobs):
    with pytest.raises(SystemExit) as stopped:
        run(*usual(home), jobs=jobs)
    assert stopped.value.code == 2 and "number of processes" in capsys.readouterr().err
