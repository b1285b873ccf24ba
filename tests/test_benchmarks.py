"""Benchmarks and studies of one run: what is printed last, and said about bad input and Ctrl-C."""

import json
import os
import signal

import busy_machine
import check_mutations
import classroom
import evaluate_memory
import import_time
import loader
import maml_step
import numpy as np
import prepare_speed
import pytest

import vadkit
from vadkit.cli import run_script
from vadstudies import results as results_store
from vadstudies.few_shot import run as few_shot
from vadstudies.first_light import real_scene, toy_scene
from vadstudies.sinusoids import run as sinusoids

SIZE = (32, 32)


@pytest.fixture(autouse=True)
def few_strangers(monkeypatch):
    monkeypatch.setattr(real_scene, "N_STRANGERS", 8)  # a second, not twenty


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
        assert run_script(real_scene.main, [str(folder), "--steps", "3"]) == 0
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
    assert run_script(real_scene.main, [str(folder), "--steps", "1"]) == 0
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
    assert run_script(real_scene.main, [str(folder), "--steps", "1"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and words in said and said.count("\n") == 1


@pytest.fixture
def no_work(monkeypatch, tmp_path):
    """Whoever looks at the scene has begun."""

    def begun(*_, **__):
        pytest.fail("began all the same")

    monkeypatch.setattr(vadkit, "open_scene", begun, raising=False)
    monkeypatch.setattr(results_store, "RESULTS", tmp_path / "results")


def refused(main, arguments, capsys):
    """What it says on stderr, on its way to exit code 2."""
    try:
        code = run_script(main, arguments)
    except SystemExit as ended:
        code = ended.code
    said = capsys.readouterr().err
    assert code == 2 and said.splitlines()[-1].count("error: ") == 1
    return said


@pytest.mark.parametrize("option", ["--steps", "--minutes"])
@pytest.mark.parametrize("number", ["0", "-1", "nan", "inf", "1e300", "", "abc"])
def test_no_time_to_train_is_said_before_any_work(folder, capsys, no_work, option, number):
    said = refused(real_scene.main, [str(folder), f"{option}={number}"], capsys)
    assert option in said and f"'{number}'" in said


@pytest.mark.parametrize("main", [real_scene.main, few_shot.main])
@pytest.mark.parametrize("name", ["../../x", "/x", "", "a/b", "..", ".hidden"])
def test_results_stay_in_their_folder(capsys, no_work, tmp_path, main, name):
    first = ["--target", "x"] if main is few_shot.main else ["x"]
    assert "no plain file name" in refused(main, [*first, f"--results={name}"], capsys)
    assert os.listdir(tmp_path) == []


def test_a_place_that_cannot_be_written_to_is_refused_before_any_work(capsys, no_work, tmp_path):
    (tmp_path / "results").write_text("a file where the folder should be")
    for main, first in ((real_scene.main, ["x"]), (few_shot.main, ["--target", "x"])):
        assert "cannot be written" in refused(main, [*first, "--results", "new"], capsys)
    notes = tmp_path / "notes.txt"
    notes.write_text("mine")
    for path in (tmp_path, notes / "weights", notes):
        refused(real_scene.main, ["x", "--save", str(path)], capsys)
    assert notes.read_text() == "mine" and sorted(os.listdir(tmp_path)) == ["notes.txt", "results"]


def test_what_was_asked_for_is_kept(folder, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(results_store, "RESULTS", tmp_path / "results")
    weights = tmp_path / "new" / "weights.safetensors"
    options = ["--steps", "1", "--results", "mine", "--save", str(weights)]
    for _ in range(2):  # weights are written over weights
        assert run_script(real_scene.main, [str(folder), *options]) == 0
    printed = json.loads(capsys.readouterr().out.splitlines()[-1])
    kept = results_store.load_results("first_light/mine")
    assert kept["auc_raw"] == printed["auc_raw"] and kept["made_by"]["steps"] == 1
    assert vadkit.checkpoints.load_tensors(weights)[1]["predictor"] == real_scene.PREDICTOR


class CtrlC(vadkit.WeightAverage):
    def after_step(self):
        signal.raise_signal(signal.SIGINT)


def test_ctrl_c_while_it_trains_leaves_no_half_trained_weights(folder, capsys, monkeypatch):
    monkeypatch.setattr(vadkit, "WeightAverage", CtrlC, raising=False)
    monkeypatch.setattr(results_store, "RESULTS", folder / "results")
    before = sorted(folder.rglob("*"))
    options = ["--steps", "9", "--results", "mine", "--save", str(folder / "weights")]
    assert run_script(real_scene.main, [str(folder), *options]) == 130
    said = capsys.readouterr()
    assert said.out == "" and "Interrupted" in said.err and sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("script", "arguments"),
    [
        (loader, ["--seconds", "nan"]),
        (loader, ["nowhere"]),
        (maml_step, ["--rounds", "0"]),
        (maml_step, ["--memory-of", "nobody", "1", "True"]),
        (prepare_speed, ["--frames", "0"]),
        (prepare_speed, ["nowhere"]),
        (import_time, ["--runs", "0"]),
        (busy_machine, ["--neighbours", "-1"]),
        (evaluate_memory, ["--frames", "10000000", "--side", "4096"]),
        (classroom, ["nowhere.ipynb"]),
        (check_mutations, ["nowhere.ipynb"]),
        (toy_scene, ["--steps", "0"]),
        (toy_scene, ["--seconds", "inf"]),
        (sinusoids, ["--steps", "0"]),
    ],
)
def test_every_benchmark_refuses_bad_input_at_once(script, arguments, capsys):
    refused(script.main, arguments, capsys)


def test_no_time_at_all_is_one_batch(folder):
    windows = vadkit.open_scene(folder).train_windows()
    assert loader.windows_per_second(lambda epoch: loader.mapped_batches(windows, epoch), 0) > 0


def test_the_server_of_the_classroom_asks_for_a_token_that_no_command_line_shows(monkeypatch):
    commands = []

    class Started(Exception):
        pass

    def start(command, env, **_):
        commands.append((command, env["JUPYTER_TOKEN"]))
        raise Started

    monkeypatch.setattr(classroom.subprocess, "Popen", start)
    for _ in range(2):
        with pytest.raises(Started):
            classroom.weigh_server()
    (command, token), (_, other) = commands
    assert len(token) >= 32 and token != other
    assert not any(token in word or "token" in word or "xsrf" in word for word in command)


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


def test_a_mutant_differs_in_one_place():
    code = "def my_mean(a):\n    n = len(a)\n    return a.sum() / n\n"
    changed = set(check_mutations.mutants(code))
    assert {line for mutant in changed for line in mutant.splitlines()} == {
        "def my_mean(a):",
        "    n = len(a)",
        *(f"    return a.{name}() / n" for name in ("sum", "mean", "median")),
        "    return a.sum() * n",
    }
