"""Every kind of file that preparing reads, with bytes changed at random: a sentence, or right.

`right` is what was written, or another value that the format cannot tell from it; never a
traceback, never a warning, never something left on disk.
"""

import json
import tarfile
import zipfile

import cv2
import numpy as np
import pytest
import scipy.io
from hypothesis import given, settings
from hypothesis import strategies as st
from prepare_helpers import UCSD_LABELS, make_home, masks_of, moving_square, run, usual

import vadkit
from vadkit.prepare import (
    archives,
    avenue_dataset,
    decoding,
    own_video,
    shanghaitech_dataset,
    ucsd_dataset,
)

EXAMPLES = settings(max_examples=60, deadline=None)
changes = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6)
cuts = st.one_of(st.none(), st.floats(0, 1))


def damaged(content, changes, cut):
    content = bytearray(content)
    for place, byte in changes:
        content[int(place * (len(content) - 1))] = byte
    return bytes(content if cut is None else content[: int(cut * len(content))])


def answered(read, path, content):
    """Either what was read, or None after a sentence."""
    path.write_bytes(content)
    try:
        return read(path)
    except (ValueError, FileNotFoundError) as error:
        text = str(error)
        assert len(text.splitlines()) == 1 and 20 < len(text) < 700, text
        assert text.endswith(".") or text.endswith("prepare the scene again"), text
        return None


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def scene(folder):
    home = make_home(folder / "home")
    assert run(*usual(home)) == 0
    return home / "data" / "scene"


@EXAMPLES
@given(changes=changes, cut=cuts)
def test_scene_json(scene, changes, cut):
    path = scene / "scene.json"
    whole = path.read_bytes()
    try:
        opened = answered(lambda _: vadkit.open_scene(scene), path, damaged(whole, changes, cut))
    finally:
        path.write_bytes(whole)
    if opened:
        for clip in opened.train_clips + opened.test_clips:
            assert clip.frames.dtype == np.uint8 and clip.frames.shape[1:] == (32, 48)


@EXAMPLES
@given(changes=changes, cut=cuts)
def test_labels_json(folder, changes, cut):
    whole = json.dumps({"night": {"a": [0, 1, 1], "b": [1, 0, 0]}, "day": [0, 1]}).encode()
    path = folder / "labels.json"
    labels = answered(lambda p: own_video._read_labels(p, "a"), path, damaged(whole, changes, cut))
    for values in (labels or {}).values():
        assert values.dtype == bool and values.ndim == 1


@EXAMPLES
@given(changes=changes, cut=cuts)
def test_label_ranges_of_ucsd(folder, changes, cut):
    path = folder / "UCSDped1.m"
    whole = damaged(UCSD_LABELS.encode(), changes, cut)
    for clip in answered(ucsd_dataset._read_ranges, path, whole) or []:
        assert all(isinstance(first, int) and isinstance(last, int) for first, last in clip)


@EXAMPLES
@given(changes=changes, cut=cuts, key=st.sampled_from(["gt", "volLabel"]))
def test_mat_files(folder, changes, cut, key):
    values = {
        "gt": [np.array([[2, 9], [4, 10]]), np.array([[5], [5]])],
        "volLabel": masks_of(3, 1, 2),
    }
    cells = np.empty((1, len(values[key])), object)
    cells[0] = list(values[key])
    path = folder / "labels.mat"
    scipy.io.savemat(path, {key: cells})
    content = damaged(path.read_bytes(), changes, cut)
    read = {
        "gt": avenue_dataset._read_ranges,
        "volLabel": lambda path: list(avenue_dataset.read_label_masks(path)),
    }
    answered(read[key], path, content)


@EXAMPLES
@given(changes=changes, cut=cuts)
def test_label_arrays_of_shanghaitech(folder, changes, cut):
    path = folder / "01_0014.npy"
    np.save(path, np.array([0, 0, 1, 1, 0], np.uint8))
    content = damaged(path.read_bytes(), changes, cut)
    labels = answered(shanghaitech_dataset._read_frame_labels, path, content)
    assert labels is None or labels.dtype == bool
    answered(lambda path: shanghaitech_dataset._check_masks(path, 5), path, content)


@pytest.fixture(scope="module")
def packed(folder):
    """The same two files as .tar, .tar.gz and .zip; their contents by name."""
    files = {"top/a.bin": np.random.default_rng(0).bytes(3000), "top/b.bin": b"b" * 700}
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    for ending, mode in (("tar", "w"), ("tar.gz", "w:gz")):
        with tarfile.open(folder / f"whole.{ending}", mode) as archive:
            archive.add(folder / "top", "top")
    with zipfile.ZipFile(folder / "whole.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in files:
            archive.write(folder / name, name)
    return files


@settings(max_examples=150, deadline=None)
@given(changes=changes, cut=cuts, ending=st.sampled_from(["tar", "tar.gz", "zip"]))
def test_archives(folder, packed, changes, cut, ending):
    """Nothing is lost in silence: all files come out, unless the archive is refused."""
    trust = {"sha256": "any", "max_gb": 0.1}
    archive = archives.Archive("a", page="", url=None, terms="", command="", **trust)

    def unpacked(path):
        with archives.dataset_folder(archive, path, folder / "beside") as (inside, _):
            return {
                file.relative_to(inside).as_posix(): file.stat().st_size
                for file in inside.rglob("*")
                if file.is_file() and not file.name.startswith(".")
            }

    whole = (folder / f"whole.{ending}").read_bytes()
    sizes = answered(unpacked, folder / f"hurt.{ending}", damaged(whole, changes, cut))
    assert sizes is None or len(sizes) == len(packed)
    assert not (folder / "beside").exists() or list((folder / "beside").iterdir()) == []


@pytest.mark.parametrize("ending", ["png", "jpg", "bmp", "tif", "pgm"])
@settings(max_examples=25, deadline=None)
@given(changes=changes, cut=cuts, skip=st.booleans())
def test_pictures(folder, ending, changes, cut, skip):
    clip = folder / ending
    clip.mkdir(exist_ok=True)
    for t, frame in enumerate(moving_square(3)):
        cv2.imwrite(str(clip / f"{t}.{ending}"), frame)
    path = clip / f"1.{ending}"
    content = damaged(path.read_bytes(), changes, cut)
    frames = answered(lambda _: list(decoding.grey_frames(clip, skip_corrupt=skip)), path, content)
    assert frames is None or [frame.shape for frame in frames] == [(32, 48)] * 3
