"""prepare_ucsd, on the official archive in miniature."""

import hashlib
import struct
from pathlib import Path

import cv2
import numpy as np
import prepare_ucsd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prepare_helpers import (
    SIZE,
    H,
    W,
    error_of,
    make_ucsd,
    masks_of,
    names_in,
    noise,
    read_json,
    run_script,
    tar_of,
    write_pictures,
)

import vadkit


@pytest.fixture
def ucsd(tmp_path):
    return make_ucsd(tmp_path)


def run(tmp_path, source, *more):
    return run_script(prepare_ucsd, source, "--out", tmp_path / "data", *SIZE, *more)


def test_labels_masks_and_frames(ucsd, tmp_path):
    assert run(tmp_path, ucsd) == 0
    scene = vadkit.open_scene(tmp_path / "data" / "ped2")
    names = [clip.name for clip in scene.train_clips + scene.test_clips]
    assert names == ["Train001", "Test001", "Test002"]
    np.testing.assert_array_equal(scene.test_clips[0].frames, noise(12, 2))
    assert np.flatnonzero(scene.test_clips[0].labels).tolist() == [1, 2, 3, 9, 10, 11]
    assert scene.test_clips[1].labels.all()
    masks = np.load(tmp_path / "data" / "ped2" / "test" / "Test002.masks.npy")
    np.testing.assert_array_equal(masks, masks_of(8, 1, 7) > 0)
    about = read_json(tmp_path / "data" / "ped2" / "scene.json")
    assert about["clips"]["test"]["Test002"]["frames_where_labels_and_masks_differ"] == 1
    assert about["dataset"] == "UCSD Ped2"


def test_the_library_returns_the_scenes_and_says_of_each_when_it_is_prepared(
    ucsd, tmp_path, capsys
):
    scenes = vadkit.prepare.ucsd(ucsd, tmp_path / "data", size=(H, W), jobs=1)
    assert list(scenes) == ["ped2", "ped1"] and len(scenes["ped1"].test_clips) == 2
    lines = [line for line in capsys.readouterr().out.splitlines() if "is prepared" in line]
    folders = [tmp_path / "data" / name for name in scenes]
    assert lines == [f"{path} is prepared: vadkit.open_scene('{path}')." for path in folders]


def test_a_mistyped_option_is_refused_before_anything_is_unpacked(ucsd, tmp_path):
    archive = tar_of(ucsd, tmp_path / "UCSD.tar.gz")
    with pytest.raises(TypeError, match="skip_corupt"):
        vadkit.prepare.ucsd(archive, tmp_path / "data", skip_corupt=True)
    with pytest.raises(ValueError, match="no subset 'ped3', only ped1, ped2, both"):
        vadkit.prepare.ucsd(archive, tmp_path / "data", subset="ped3")
    assert names_in(tmp_path / "data") == []


def test_the_archive_leaves_only_the_scenes(ucsd, tmp_path):
    archive = tar_of(ucsd, tmp_path / "UCSD.tar.gz")
    checksum = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert run(tmp_path, archive, "--sha256", checksum) == 0
    assert names_in(tmp_path / "data") == ["ped1", "ped2"]
    assert checksum in read_json(tmp_path / "data" / "ped1" / "scene.json")["source"]


def test_a_wrong_checksum_is_refused_before_anything_is_unpacked(ucsd, tmp_path, capsys):
    archive = tar_of(ucsd, tmp_path / "UCSD_Anomaly_Dataset.tar.gz")
    assert run(tmp_path, archive) == 2
    assert "not the official file" in error_of(capsys)
    assert names_in(tmp_path / "data") == []


def test_the_corrupt_tif_is_named_and_repeated_on_request(ucsd, tmp_path, capsys):
    """Ped1's Test017/142.tif is cut off inside its rows: OpenCV decodes it and only warns."""
    victim = ucsd / "UCSDped1" / "Test" / "Test002" / "004.tif"
    damage_packbits(victim, noise(1, 7)[0])
    assert cv2.imread(str(victim), cv2.IMREAD_GRAYSCALE) is not None
    capsys.readouterr()
    assert run(tmp_path, ucsd, "--subset", "ped1") == 2
    assert "Test002/004.tif" in error_of(capsys)
    assert names_in(tmp_path / "data") == []
    assert run(tmp_path, ucsd, "--subset", "ped1", "--skip-corrupt") == 0
    clip = vadkit.open_scene(tmp_path / "data" / "ped1").test_clips[1]
    np.testing.assert_array_equal(clip.frames[3], clip.frames[2])
    assert clip.labels.shape == (8,)


def damage_packbits(path, frame):
    """A PackBits TIFF, one strip per row, whose first row runs short."""
    half, long, short = W // 2, 4, 3
    rows = b"".join(bytes([W - 1]) + row.tobytes() for row in frame[1:])
    strips = bytes([half - 1]) + frame[0, :half].tobytes() + rows
    first, second = 8, 8 + half + 1
    offsets = [first] + [second + (W + 1) * n for n in range(H - 1)]
    counts = [half + 1] + [W + 1] * (H - 1)
    body = strips + struct.pack(f"<{2 * H}I", *offsets, *counts)
    table = first + len(strips)
    entries = [
        (256, short, 1, W),
        (257, short, 1, H),
        (258, short, 1, 8),  # bits per pixel
        (259, short, 1, 32773),  # PackBits
        (262, short, 1, 1),  # 0 is black
        (273, long, H, table),  # where the strips begin
        (277, short, 1, 1),  # one channel
        (278, short, 1, 1),  # one row per strip
        (279, long, H, table + 4 * H),  # how long the strips are
    ]
    directory = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    directory = struct.pack("<H", len(entries)) + directory + bytes(4)
    path.write_bytes(b"II*\0" + struct.pack("<I", 8 + len(body)) + body + directory)


range_of_frames = st.tuples(st.integers(1, 50), st.integers(0, 9))
ranges_of_a_clip = st.lists(range_of_frames, min_size=1, max_size=4)


@pytest.fixture(scope="module")
def five_long_clips(tmp_path_factory):
    """UCSDped1 with five test clips of 59 frames, all the same pictures, and no labels yet."""
    folder = tmp_path_factory.mktemp("long") / "UCSDped1"
    pictures = write_pictures(folder / "Test" / "Test001", noise(59, 1), "{:03d}.bmp")
    for number in range(2, 6):
        pictures.with_name(f"Test{number:03d}").symlink_to(pictures)
    write_pictures(folder / "Train" / "Train001", noise(6, 2), "{:03d}.bmp")
    return folder


@settings(max_examples=60, deadline=None)
@given(st.lists(ranges_of_a_clip, min_size=5, max_size=5))
def test_label_lines_are_read_as_written(five_long_clips, clips):
    text = "TestVideoFile = {};\n"
    expected = np.zeros((5, 60), bool)
    for number, clip in enumerate(clips):
        for first, more in clip:
            expected[number, first : first + more + 1] = True
        content = ", ".join(f"{first}:{first + more}" for first, more in clip)
        text += f"TestVideoFile{{end+1}}.gt_frame = [{content}]; % [9:9]\n"
    (five_long_clips / "Test" / "UCSDped1.m").write_text(text)
    out = five_long_clips.with_name("data")
    options = dict(size=(16, 16), jobs=1, replace=True)
    scene = vadkit.prepare.ucsd(five_long_clips, out, subset="ped1", **options)["ped1"]
    labels = [clip.labels for clip in scene.test_clips]
    np.testing.assert_array_equal(labels, expected[:, 1:])


def test_labels_beyond_the_clip_are_refused(ucsd, tmp_path, capsys):
    (ucsd / "UCSDped2" / "Test" / "Test001" / "012.tif").unlink()
    assert run(tmp_path, ucsd, "--subset", "ped2") == 2
    assert "10 to 12" in error_of(capsys)


@pytest.mark.parametrize("missing", ["UCSDped2/Train", "UCSDped2/Test/UCSDped2.m", "UCSDped2"])
def test_something_is_missing(ucsd, tmp_path, capsys, missing):
    (ucsd / missing).rename(tmp_path / "elsewhere")
    assert run(tmp_path, ucsd, "--subset", "ped2") == 2
    assert Path(missing).name in error_of(capsys)
    assert names_in(tmp_path / "data") == []
