"""What one may point at one's own scene: what is printed last, and said about bad input."""

import json

import loader
import numpy as np
import pytest

import vadkit
from vadstudies.first_light import real_scene

SIZE = (32, 32)


@pytest.fixture
def folder(tmp_path):
    """A prepared scene of noise: a training clip, and two test clips, one abnormal throughout."""
    rng = np.random.default_rng(0)
    clips = {"train": {"day": 12}, "test": {"night": 12, "fog": 9}}
    records = {"train": {}, "test": {}}
    for part, lengths in clips.items():
        (tmp_path / part).mkdir()
        for name, length in lengths.items():
            frames = rng.integers(0, 256, (length, *SIZE), np.uint8)
            np.save(tmp_path / part / f"{name}.npy", frames)
            records[part][name] = {"frames": length}
    np.save(tmp_path / "test" / "night.labels.npy", np.arange(12) > 7)
    np.save(tmp_path / "test" / "fog.labels.npy", np.ones(9, bool))
    about = {"format": "vadkit-scene-1", "name": "noise", "size": SIZE, "clips": records}
    (tmp_path / "scene.json").write_text(json.dumps(about))
    return tmp_path


def test_real_scene_ends_on_one_line_of_json_and_one_seed_gives_one_result(folder, capsys):
    results = []
    for _ in range(2):
        assert real_scene.main([str(folder), "--steps", "3"]) == 0
        *table, last = capsys.readouterr().out.splitlines()
        results.append(json.loads(last))
    once, twice = results
    metrics = {"auc_raw", "auc_clip", "auc_macro", "psnr"}
    assert metrics | {"parameters", "steps", "ms_per_frame"} <= set(once)
    assert metrics <= set(once["copy_last_frame"])
    assert once["steps"] == 3 and once["parameters"] > 10_000
    assert once.pop("ms_per_frame") > 0 and twice.pop("ms_per_frame") > 0
    assert once == twice
    scored = {"predictor": [], "copy_last_frame": [], "moving_pixels": []}
    for line in table:
        name, *how = line.split()[:3] or [""]
        scored.get(name, []).append(how)
    assert scored["predictor"] == scored["copy_last_frame"] and len(scored["predictor"]) == 4
    assert ["frame", "-"] in scored["moving_pixels"]


def test_where_no_clip_holds_both_classes_the_macro_figure_is_null(folder, capsys):
    np.save(folder / "test" / "night.labels.npy", np.zeros(12, bool))
    assert real_scene.main([str(folder), "--steps", "1"]) == 0
    results = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert results["auc_macro"] is None and 0 <= results["auc_raw"] <= 1


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
def test_a_scene_that_cannot_be_scored_is_refused_before_any_training(
    folder, capsys, monkeypatch, harm, words
):
    harm(folder)

    def fit(*_, **__):
        pytest.fail("trained all the same")

    monkeypatch.setattr(vadkit, "fit", fit, raising=False)
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
    jpegs = loader.JpegWindows(tmp_path, [len(clip) for clip in clips])
    windows = vadkit.windows.Windows(clips)
    assert len(jpegs) == len(windows)
    for i in range(len(windows)):
        for a, b in zip(jpegs[i], windows[i]):
            assert a.shape == b.shape
            assert (a - b).abs().mean() < 0.1  # JPEG loses a little even of noise
