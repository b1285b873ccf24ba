"""prepare_shanghaitech, on the official archive in miniature."""

import numpy as np
import prepare_shanghaitech
import pytest
from prepare_helpers import (
    SIZE,
    H,
    W,
    error_of,
    masks_of,
    noise,
    run_script,
    write_pictures,
    write_video,
)

import vadkit


@pytest.fixture
def shanghaitech(tmp_path):
    top = tmp_path / "shanghaitech"
    for name in ("01_001", "01_002", "13_001"):
        write_video(top / "training" / "videos" / f"{name}.avi", noise(6, 1))
    testing, masks = top / "testing", masks_of(9, 4, 6) > 0
    for kind, values in {"frame": masks.any((1, 2)), "pixel": masks}.items():
        (testing / f"test_{kind}_mask").mkdir(parents=True)
        for name in ("01_0014", "02_0128"):
            np.save(testing / f"test_{kind}_mask" / f"{name}.npy", values.astype(np.uint8))
    for name in ("01_0014", "02_0128"):
        write_pictures(testing / "frames" / name, noise(9, 4), "{:03d}.jpg")
    return top


def run(out, source, *more):
    return run_script(prepare_shanghaitech, source, "--out", out, *SIZE, *more)


def test_becomes_one_scene_per_camera(shanghaitech, tmp_path, monkeypatch, capsys):
    out = tmp_path / "data" / "shanghaitech"
    assert run(out, shanghaitech) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"{out}: scenes 01, 02, 13 are prepared, see vadkit.list_scenes()."
    monkeypatch.setenv("VADKIT_DATA", str(tmp_path / "data"))
    assert vadkit.list_scenes() == ["shanghaitech/01", "shanghaitech/02", "shanghaitech/13"]
    scene = vadkit.open_scene("shanghaitech/01")
    names = [clip.name for clip in scene.train_clips + scene.test_clips]
    assert names == ["01_001", "01_002", "01_0014"]
    assert np.flatnonzero(scene.test_clips[0].labels).tolist() == [3, 4, 5]
    masks = np.load(out / "01" / "test" / "01_0014.masks.npy")
    assert masks.any((1, 2)).sum() == 3
    assert vadkit.open_scene("shanghaitech/13").test_clips == []


def test_the_library_returns_the_scenes_by_camera(shanghaitech, tmp_path):
    options = {"scenes": ["13", "02"], "size": (H, W), "jobs": 1}
    scenes = vadkit.prepare.shanghaitech(str(shanghaitech), tmp_path / "out", **options)
    assert list(scenes) == ["13", "02"] and scenes["13"].name == "shanghaitech/13"
    assert len(scenes["02"].test_clips) == 1


def test_run_again_does_only_what_is_missing(shanghaitech, tmp_path, capsys):
    run(tmp_path / "out", shanghaitech, "--scenes", "02")
    assert run(tmp_path / "out", shanghaitech) == 0
    assert "02: already prepared" in capsys.readouterr().out
    assert run(tmp_path / "out", shanghaitech, "--scenes", "07") == 2
    assert "no scene 07" in error_of(capsys)


@pytest.mark.parametrize("content", [np.array([0, 1, 2]), np.zeros((3, 3)), None])
def test_labels_that_make_no_sense(shanghaitech, tmp_path, capsys, content):
    path = shanghaitech / "testing" / "test_frame_mask" / "02_0128.npy"
    if content is None:
        path.write_bytes(b"no array")
    else:
        np.save(path, content)
    assert run(tmp_path / "out", shanghaitech) == 2
    assert "02_0128.npy" in error_of(capsys)
