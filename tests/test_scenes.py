"""Prepared scenes: what opens, where it is looked for, and a sentence for every damage."""

import json
import os
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import vadkit
from vadkit.scenes import FORMAT, Clip, check_labels, data_folder, list_scenes, open_scene


def write_scene(folder, train=("a",), test=("b", "c"), n_frames=9, size=(6, 8), labels=True):
    """A prepared scene as the contract describes it; returns {clip name: frames}."""
    clips, rng = {}, np.random.default_rng(0)
    for part, names in (("train", train), ("test", test)):
        (folder / part).mkdir(parents=True)
        for name in names:
            clips[name] = rng.integers(0, 256, (n_frames, *size), dtype=np.uint8)
            np.save(folder / part / f"{name}.npy", clips[name])
            if part == "test" and labels:
                np.save(folder / part / f"{name}.labels.npy", np.arange(n_frames) >= 6)
    about = {
        "format": FORMAT,
        "name": folder.name,
        "size": list(size),
        "source": "noise",
        "clips": {
            "train": {name: {"frames": n_frames} for name in train},
            "test": {name: {"frames": n_frames} for name in test},
        },
    }
    write_about(folder, about)
    return clips


def write_about(folder, about):
    text = about if isinstance(about, str) else json.dumps(about)
    (folder / "scene.json").write_text(text, encoding="utf-8")


def about(folder):
    return json.loads((folder / "scene.json").read_text(encoding="utf-8"))


@pytest.fixture
def folder(tmp_path):
    write_scene(tmp_path / "crossing")
    return tmp_path / "crossing"


def refused(folder, *words, error=ValueError):
    """Opening must fail with one line that holds the words and tells what to do."""
    with pytest.raises(error) as caught:
        open_scene(folder)
    text = str(caught.value)
    assert all(word in text for word in words), text
    return text


def test_an_opened_scene_holds_what_was_written(tmp_path):
    frames = write_scene(tmp_path / "crossing")
    scene = open_scene(tmp_path / "crossing")
    assert scene.name == "crossing" and scene.provenance["source"] == "noise"
    assert [clip.name for clip in scene.train_clips] == ["a"]
    assert [clip.name for clip in scene.test_clips] == ["b", "c"]
    for clip in scene.train_clips + scene.test_clips:
        assert np.array_equal(clip.frames, frames[clip.name]) and len(clip) == 9
        assert clip.labels.dtype == bool and clip.kinds is None and clip.boxes is None
    assert not scene.train_clips[0].labels.any()
    assert scene.test_clips[0].labels.tolist() == [False] * 6 + [True] * 3


def test_frames_stay_on_disk_and_cannot_be_written_to(folder):
    frames = open_scene(str(folder)).test_clips[0].frames
    assert isinstance(frames, np.memmap)
    with pytest.raises(ValueError):
        frames[0] = 0


def test_train_windows_come_from_the_training_clips_only(tmp_path):
    frames = write_scene(tmp_path / "s", train=("a", "a2"), test=("b",))
    windows = open_scene(tmp_path / "s").train_windows()
    assert len(windows) == 2 * (9 - 4)
    assert np.array_equal((windows[5][1] * 255).round().byte()[0], frames["a2"][4])
    assert len(open_scene(tmp_path / "s").train_windows(n_inputs=8)) == 2


def test_a_clip_without_a_labels_file_is_unlabelled(tmp_path):
    write_scene(tmp_path / "s", labels=False)
    assert [c.labels for c in open_scene(tmp_path / "s").test_clips] == [None, None]


def test_a_scene_may_have_training_clips_only(tmp_path):
    write_scene(tmp_path / "s", test=())
    assert open_scene(tmp_path / "s").test_clips == []


# Where scenes are looked for


def test_a_bare_name_is_looked_up_under_vadkit_data(folder, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VADKIT_DATA", str(tmp_path))
    write_scene(tmp_path / "campus" / "01")
    write_scene(tmp_path / ".half.partial")
    (tmp_path / "raw" / "frames").mkdir(parents=True)
    assert list_scenes() == vadkit.list_scenes() == ["campus/01", "crossing"]
    assert open_scene("campus/01").name == "01"
    assert vadkit.open_scene("crossing").name == "crossing"


def test_a_folder_called_like_a_scene_does_not_hide_it(folder, monkeypatch, tmp_path):
    (tmp_path / "work" / "crossing").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("VADKIT_DATA", str(tmp_path))
    assert open_scene("crossing").name == "crossing"


def test_data_is_found_from_the_notebooks_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("VADKIT_DATA", raising=False)
    write_scene(tmp_path / "data" / "crossing")
    (tmp_path / "notebooks").mkdir()
    for working in (tmp_path, tmp_path / "notebooks"):
        monkeypatch.chdir(working)
        assert data_folder() == tmp_path / "data"
        assert open_scene("crossing").name == "crossing"


def test_vadkit_data_understands_a_tilde(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("VADKIT_DATA", os.path.join("~", "videos"))
    assert data_folder() == tmp_path / "videos"
    assert list_scenes() == []


# Damage


def test_a_missing_scene_says_where_it_was_looked_for_and_what_there_is(
    folder, monkeypatch, tmp_path
):
    monkeypatch.setenv("VADKIT_DATA", str(tmp_path))
    words = "'ped3'", str(tmp_path / "ped3"), "crossing", "prepare_video.py"
    refused("ped3", *words, error=FileNotFoundError)
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "scene.json", error=FileNotFoundError)
    monkeypatch.setenv("VADKIT_DATA", str(tmp_path / "nowhere"))
    refused("ped3", "none yet", error=FileNotFoundError)


@pytest.mark.parametrize(
    "name, script",
    [
        ("ped2", "ucsd"),
        ("avenue", "avenue"),
        ("shanghaitech/05", "shanghaitech"),
        ("my_camera", "video"),
    ],
)
def test_a_missing_scene_says_which_script_makes_it(monkeypatch, tmp_path, name, script):
    monkeypatch.setenv("VADKIT_DATA", str(tmp_path))
    refused(name, f"data_scripts/prepare_{script}.py", "docs/datasets.md", error=FileNotFoundError)


@pytest.mark.parametrize("text", ["", "{", "\x00", "[" * 100_000])
def test_a_scene_json_that_is_no_json(folder, text):
    write_about(folder, text)
    refused(folder, "scene.json", "not valid JSON", "prepare the scene again")


def test_a_scene_json_that_is_not_even_text(folder):
    (folder / "scene.json").write_bytes(b"\xff\xfe\x80")
    refused(folder, "scene.json", "not valid JSON")


@pytest.mark.parametrize("other", [[], 3, "x", {}, {"format": "vadkit-scene-99"}])
def test_a_scene_json_of_another_format(folder, other):
    write_about(folder, json.dumps(other))
    refused(folder, FORMAT, "prepare the scene again")


@pytest.mark.parametrize("key", ["name", "size", "clips"])
@pytest.mark.parametrize(
    "value", ["gone", None, 7, [], {}, {"train": ["a"], "test": {}}, {"train": {}, "test": {}}]
)
def test_a_scene_json_that_lacks_something(folder, key, value):
    changed = about(folder)
    changed[key] = value
    if value == "gone":
        del changed[key]
    write_about(folder, changed)
    refused(folder, "scene.json", "prepare the scene again")


@pytest.mark.parametrize(
    "name", ["../../secret", "../train/a", "/etc/clip", "sub/clip", "..\\..\\secret"]
)
@pytest.mark.parametrize("part", ["train", "test"])
def test_a_clip_name_that_climbs_out_of_the_folder_is_refused_before_anything_is_read(
    folder, tmp_path, part, name
):
    np.save(tmp_path / "secret.npy", np.zeros((9, 6, 8), np.uint8))
    changed = about(folder)
    changed["clips"][part] = {name: {"frames": 9}}
    write_about(folder, changed)
    refused(folder, f"'{name}'", "no path")


def test_a_listed_clip_that_is_not_there(folder):
    (folder / "test" / "c.npy").unlink()
    refused(folder, "c.npy", "missing", "prepare the scene again", error=FileNotFoundError)


@pytest.mark.parametrize("kept", [0, 1, 60, 128, 129, -1])
def test_a_truncated_clip(folder, kept):
    path = folder / "test" / "b.npy"
    path.write_bytes(path.read_bytes()[:kept])
    refused(folder, "b.npy", "damaged", "prepare the scene again")


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
@given(st.lists(st.tuples(st.integers(0, 127), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_damaged_npy_header_either_reads_the_same_or_is_one_sentence(tmp_path, changes):
    folder = tmp_path / "scene"
    if not folder.exists():
        write_scene(folder)
    path = folder / "test" / "b.npy"
    undamaged = path.read_bytes()
    damaged = bytearray(undamaged)
    for position, byte in changes:
        damaged[position] = byte
    path.write_bytes(damaged)
    try:
        assert open_scene(folder).test_clips[0].frames.shape == (9, 6, 8)
    except ValueError as error:
        assert "b.npy" in str(error) and "prepare the scene again" in str(error)
    finally:
        path.write_bytes(undamaged)


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def test_pickles_and_archives_in_place_of_a_clip_are_refused_unread(folder, tmp_path):
    path, trace = folder / "test" / "b.npy", tmp_path / "executed"
    path.write_bytes(pickle.dumps(Bomb(str(trace))))
    refused(folder, "b.npy", "damaged")
    bombs = np.array([Bomb(str(trace))], dtype=object)
    with open(path, "wb") as file:
        np.lib.format.write_array(file, bombs, allow_pickle=True)
    refused(folder, "b.npy", "damaged")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("arr_0.npy", b"")
    refused(folder, "b.npy", "damaged")
    assert not trace.exists()


@pytest.mark.parametrize(
    "frames",
    [
        np.zeros((9, 6, 8), np.float32),
        np.zeros((9, 6, 8, 3), np.uint8),
        np.zeros((9, 48), np.uint8),
        np.zeros((0, 6, 8), np.uint8),
        np.zeros((8, 6, 8), np.uint8),
        np.zeros((9, 8, 6), np.uint8),
    ],
)
def test_a_clip_that_is_not_what_scene_json_says(folder, frames):
    np.save(folder / "train" / "a.npy", frames)
    refused(folder, "a.npy", str(frames.dtype), str(frames.shape), "(9, 6, 8)")


@pytest.mark.parametrize(
    "labels", [np.zeros(8, bool), np.zeros(10, bool), np.zeros((9, 1), bool), np.zeros(0, bool)]
)
def test_labels_shorter_or_longer_than_the_clip(folder, labels):
    np.save(folder / "test" / "b.labels.npy", labels)
    refused(folder, "b.labels.npy", str(labels.shape), "9 frames")


@pytest.mark.parametrize("strange", [2, -1, 0.5, np.nan])
def test_labels_other_than_0_and_1(folder, strange):
    np.save(folder / "test" / "b.labels.npy", np.array([0] * 8 + [strange]))
    refused(folder, "b.labels.npy", "0 and 1")


def test_damaged_labels(folder):
    (folder / "test" / "b.labels.npy").write_bytes(b"\x93NUMPY")
    refused(folder, "b.labels.npy", "damaged")


@given(
    st.lists(st.sampled_from([0, 1]), max_size=20), st.sampled_from([int, float, bool, np.uint8])
)
def test_check_labels_takes_any_kind_of_0_and_1(labels, kind):
    checked = check_labels(np.array(labels, kind), len(labels), "here")
    assert checked.dtype == bool and checked.tolist() == [x == 1 for x in labels]


@pytest.mark.parametrize("labels", [["0", "1"], [0, None], [0, 255], [[0, 1]], 1])
def test_check_labels_refuses_the_rest_and_says_where(labels):
    with pytest.raises(ValueError, match="clip 7"):
        check_labels(labels, 2, "clip 7")


def test_the_length_of_a_clip_is_its_number_of_frames():
    assert len(Clip("c", np.zeros((3, 2, 2), np.uint8))) == 3
