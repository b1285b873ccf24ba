"""prepare_avenue, on the official archives in miniature, and both of its label sets."""

import zipfile

import numpy as np
import prepare_avenue
import pytest
import scipy.io
from prepare_helpers import (
    SIZE,
    H,
    W,
    cut_file,
    error_of,
    masks_of,
    names_in,
    noise,
    run_script,
    write_video,
)

import vadkit
from vadkit.prepare import avenue_dataset


def write_cells(path, key, values):
    cells = np.empty((1, len(values)), object)
    cells[0] = list(values)
    path.parent.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(path, {key: cells}, do_compression=True)
    return path


def write_masks(path, masks):
    write_cells(path, "volLabel", (masks > 0).astype(np.uint8))


@pytest.fixture
def avenue(tmp_path):
    """("Avenue Dataset", ground_truth_demo), clips 1 and 2, frames 3..7 and 1..9 abnormal."""
    videos, labels = tmp_path / "Avenue Dataset", tmp_path / "ground_truth_demo"
    write_video(videos / "training_videos" / "01.avi", noise(7, 1))
    for number, (length, first, last) in {1: (10, 3, 7), 2: (9, 1, 9)}.items():
        write_video(videos / "testing_videos" / f"{number:02d}.avi", noise(length, number))
        mat = labels / "testing_label_mask" / f"{number}_label.mat"
        write_masks(mat, masks_of(length, first, last))
    return videos, labels


def run(tmp_path, videos, *more):
    out = tmp_path / "data" / "avenue"
    return run_script(prepare_avenue, videos, "--out", out, *SIZE, *more)


def test_official_labels_are_the_masks(avenue, tmp_path):
    videos, labels = avenue
    assert run(tmp_path, videos, "--labels", labels) == 0
    scene = vadkit.open_scene(tmp_path / "data" / "avenue")
    assert np.flatnonzero(scene.test_clips[0].labels).tolist() == [2, 3, 4, 5, 6]
    assert scene.test_clips[1].labels.all()
    masks = np.load(tmp_path / "data" / "avenue" / "test" / "01.masks.npy")
    np.testing.assert_array_equal(masks, masks_of(10, 3, 7) > 0)


def test_the_library_returns_the_scene_with_or_without_masks(avenue, tmp_path):
    out = tmp_path / "data" / "avenue"
    videos, labels = (str(path) for path in avenue)
    scene = vadkit.prepare.avenue(videos, labels, out, masks=False, size=(H, W), jobs=1)
    assert np.flatnonzero(scene.test_clips[0].labels).tolist() == [2, 3, 4, 5, 6]
    assert list(out.rglob("*.masks.npy")) == []
    with pytest.raises(ValueError, match="no label set 'other', only official and ranges"):
        vadkit.prepare.avenue(videos, labels, out, label_set="other")


def test_the_other_label_set(avenue, tmp_path, capsys):
    videos, _ = avenue
    tables = [np.array([[2, 9], [4, 10]]), np.array([[5], [5]])]
    mat = write_cells(tmp_path / "avenue.mat", "gt", tables)
    assert run(tmp_path, videos, "--label-set", "ranges") == 2
    assert "avenue.mat" in error_of(capsys)
    assert run(tmp_path, videos, "--label-set", "ranges", "--labels", mat) == 0
    one, two = vadkit.open_scene(tmp_path / "data" / "avenue").test_clips
    assert np.flatnonzero(one.labels).tolist() == [1, 2, 3, 8, 9]
    assert np.flatnonzero(two.labels).tolist() == [4]
    assert "ranges labels" in (tmp_path / "data" / "avenue" / "scene.json").read_text()


def test_avenue_mat_without_its_label_set_is_told_from_a_damaged_archive(avenue, tmp_path, capsys):
    (tmp_path / "avenue.mat").write_bytes(b"MATLAB 5.0")
    assert run(tmp_path, avenue[0], "--labels", tmp_path / "avenue.mat") == 2
    assert "--label-set ranges" in error_of(capsys)


def test_without_test_videos_there_is_no_scene(avenue, tmp_path, capsys):
    videos, labels = avenue
    for video in (videos / "testing_videos").iterdir():
        video.unlink()
    assert run(tmp_path, videos, "--labels", labels) == 2
    assert "testing_videos holds no video" in error_of(capsys)
    assert names_in(tmp_path / "data") == []


def test_from_zips_with_a_space_in_the_folder_and_apple_junk(avenue, tmp_path):
    zips = [tmp_path / "Avenue_Dataset.zip", tmp_path / "ground_truth_demo.zip"]
    for folder, path in zip(avenue, zips):
        with zipfile.ZipFile(path, "w") as archive:
            for file in folder.rglob("*.*"):
                archive.write(file, file.relative_to(tmp_path))
            archive.writestr("__MACOSX/Avenue Dataset/testing_videos/._01.avi", b"junk")
            archive.writestr(f"{folder.name}/testing_videos/._01.avi", b"junk")
    videos, labels = zips
    trust = ["--sha256", "any", "--labels-sha256", "any"]
    assert run(tmp_path, videos, "--labels", labels, *trust) == 0
    assert names_in(tmp_path / "data") == ["avenue"]
    assert len(vadkit.open_scene(tmp_path / "data" / "avenue").test_clips) == 2


# The label files


@pytest.mark.parametrize("compressed", [True, False])
def test_masks_are_what_was_written(tmp_path, compressed):
    masks = np.random.default_rng(0).integers(0, 2, (5, 7, 9), np.uint8)
    cells = np.empty((1, 5), object)
    cells[0] = list(masks)
    scipy.io.savemat(tmp_path / "a.mat", {"volLabel": cells}, do_compression=compressed)
    read = list(avenue_dataset.read_label_masks(tmp_path / "a.mat"))
    np.testing.assert_array_equal(read, masks, strict=True)


@pytest.mark.parametrize("damage", ["cut", "other", "empty"])
def test_a_damaged_label_file_is_named(avenue, tmp_path, capsys, damage):
    videos, labels = avenue
    victim = labels / "testing_label_mask" / "2_label.mat"
    if damage == "cut":
        cut_file(victim, (128 + victim.stat().st_size) / 2 / victim.stat().st_size)
    else:
        victim.write_bytes({"other": b"MATLAB" * 100, "empty": b""}[damage])
    assert run(tmp_path, videos, "--labels", labels) == 2
    assert "2_label.mat is damaged, or not an Avenue label file" in error_of(capsys)
    assert names_in(tmp_path / "data") == []


CONTENTS = {
    "another key": {"gt": np.zeros((1, 2), object)},
    "no cell": {"volLabel": np.zeros((4, 4), np.uint8)},
    "text": {"volLabel": "masks"},
    "cells of text": {"volLabel": np.array([["a", "b"]], object)},
    "cells of 3-D arrays": {"volLabel": np.array([[np.zeros((2, 2, 2), np.uint8), "b"]], object)},
    "cells of floats": {"volLabel": np.array([[np.zeros((2, 2)), "b"]], object)},
}


@pytest.mark.parametrize("kind", CONTENTS)
def test_mat_files_of_something_else_are_named(avenue, tmp_path, kind):
    path = tmp_path / "1_label.mat"
    scipy.io.savemat(path, CONTENTS[kind])
    with pytest.raises(ValueError, match="1_label.mat is damaged, or not an Avenue label file"):
        list(avenue_dataset.read_label_masks(path))
    if kind != "another key":
        with pytest.raises(ValueError, match="not a MAT-file with the key 'gt'"):
            vadkit.prepare.avenue(avenue[0], path, tmp_path / "data", label_set="ranges")


def test_masks_and_frames_must_match(avenue, tmp_path, capsys):
    videos, labels = avenue
    write_masks(labels / "testing_label_mask" / "1_label.mat", masks_of(11, 3, 7))
    assert run(tmp_path, videos, "--labels", labels) == 2
    assert "10 frames but 11 masks" in error_of(capsys)
