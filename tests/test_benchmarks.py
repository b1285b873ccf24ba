"""The benchmarks one may point at one's own scene: what they print last, and what they say about bad input."""

import json

import loader
import numpy as np
import pytest

import vadkit
from vadstudies.first_light import real_scene

SIZE = (32, 32)


@pytest.fixture
def folder(tmp_path):
    """A prepared scene of noise: one training clip, two test clips, one of them abnormal throughout."""
    draw, clips = np.random.default_rng(0), {"train": {"day": 12}, "test": {"night": 12, "fog": 9}}
    for part, lengths in clips.items():
        (tmp_path / part).mkdir()
        for name, length in lengths.items():
            np.save(tmp_path / part / f"{name}.npy", draw.integers(0, 256, (length, *SIZE), np.uint8))
    np.save(tmp_path / "test" / "night.labels.npy", np.arange(12) > 7)
    np.save(tmp_path / "test" / "fog.labels.npy", np.ones(9, bool))
    records = {part: {name: {"frames": n} for name, n in lengths.items()} for part, lengths in clips.items()}
    about = {"format": "vadkit-scene-1", "name": "noise", "size": SIZE, "clips": records}
    (tmp_path / "scene.json").write_text(json.dumps(about))
    return tmp_path


def test_real_scene_ends_on_one_line_of_json_and_one_seed_gives_one_result(folder, capsys):
    found = []
    for _ in range(2):
        assert real_scene.main([str(folder), "--steps", "3"]) == 0
        *table, last = capsys.readouterr().out.splitlines()
        found.append(json.loads(last))
    assert {"auc_raw", "auc_clip", "auc_macro", "psnr", "parameters", "steps", "ms_per_frame"} <= set(found[0])
    assert {"auc_raw", "auc_clip", "auc_macro", "psnr"} <= set(found[0]["copy_last_frame"])
    assert found[0]["steps"] == 3 and found[0]["parameters"] > 10_000
    assert [f.pop("ms_per_frame") > 0 for f in found] == [True, True] and found[0] == found[1]
    rows = [line.split()[:3] for line in table if line.startswith(("predictor", "copy_last_frame", "moving_pixels"))]
    assert [r[1:] for r in rows if r[0] == "predictor"] == [r[1:] for r in rows if r[0] == "copy_last_frame"]
    assert ["moving_pixels", "frame", "-"] in rows


def test_where_no_clip_holds_both_classes_the_macro_figure_is_null(folder, capsys):
    np.save(folder / "test" / "night.labels.npy", np.zeros(12, bool))
    assert real_scene.main([str(folder), "--steps", "1"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["auc_macro"] is None and 0 <= found["auc_raw"] <= 1


def remove_labels(folder):
    (folder / "test" / "fog.labels.npy").unlink()


def one_class(folder):
    np.save(folder / "test" / "night.labels.npy", np.ones(12, bool))


def damage(folder):
    (folder / "train" / "day.npy").write_bytes(b"no array")


@pytest.mark.parametrize(
    ("harm", "words"),
    [(remove_labels, "Nobody labelled fog"), (one_class, "both classes"), (damage, "day.npy")],
)
def test_a_scene_that_cannot_be_scored_is_refused_before_any_training(folder, capsys, monkeypatch, harm, words):
    harm(folder)
    monkeypatch.setattr(vadkit, "fit", lambda *_, **__: pytest.fail("trained all the same"), raising=False)
    assert real_scene.main([str(folder), "--steps", "1"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and words in said and said.count("\n") == 1


@pytest.mark.parametrize("length", [["--steps", "0"], ["--minutes", "0"], ["--minutes", "-1"]])
def test_no_time_to_train_is_said(folder, capsys, length):
    assert real_scene.main([str(folder), *length]) == 2
    assert "how long to train" in capsys.readouterr().err


def test_the_loader_benchmark_compares_the_same_windows(folder, tmp_path):
    clips = vadkit.open_scene(folder).train_clips
    loader.write_jpegs(clips, tmp_path)
    jpegs, windows = loader.JpegWindows(tmp_path, [len(clip) for clip in clips]), vadkit.windows.Windows(clips)
    assert len(jpegs) == len(windows)
    for i in range(len(windows)):
        for a, b in zip(jpegs[i], windows[i]):
            assert a.shape == b.shape and (a - b).abs().mean() < 0.1  # JPEG loses a little even of noise
