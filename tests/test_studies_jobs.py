"""The long studies: every finished job is kept, nothing is mixed, and the exact test counts."""

import argparse
import runpy
import signal
import sys

import numpy as np
import pytest

import vadkit
from vadkit.locks import alone
from vadstudies import jobs, results
from vadstudies.capacity import run as capacity
from vadstudies.predictors import run as predictors
from vadstudies.statistics import diagonal_test
from vadstudies.transfer import run as transfer


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    ran = []

    def start(numbers, *words, settings=(), labels=None):
        def work(n):
            if n == 13:
                raise KeyboardInterrupt
            ran.append(n)
            return {"square": n * n}

        ran.clear()
        todo = {str(n): {"n": n} for n in numbers}
        options = jobs.study_parser("").parse_args(words)
        try:
            rows = jobs.run_all("numbers", "script", {"s": settings}, todo, work, options, labels)
        except KeyboardInterrupt:
            return None, list(ran)
        return {key: row["square"] for key, row in rows.items()}, list(ran)

    return start


def test_an_interrupted_benchmark_goes_on_where_it_stopped(run):
    assert run([1, 2, 13, 3]) == (None, [1, 2])
    assert run([1, 2, 3]) == ({"1": 1, "2": 4, "3": 9}, [3])
    assert run([2, 3]) == ({"2": 4, "3": 9}, [])
    assert run([1, 2], "--restart") == ({"1": 1, "2": 4}, [1, 2])


def test_other_settings_are_not_mixed_into_one_table(run):
    run([1], settings=(1, 2))
    assert run([1], settings=(1, 2)) == ({"1": 1}, [])
    with pytest.raises(ValueError, match="numbers.json was made with other settings.*--restart"):
        run([1], settings=(1, 3))


def test_a_job_is_done_again_when_its_label_changes_and_the_label_is_kept(run):
    run([1, 2], labels={"1": {"weights": "old"}})
    assert run([1, 2], labels={"1": {"weights": "old"}}) == ({"1": 1, "2": 4}, [])
    assert run([1, 2], labels={"1": {"weights": "new"}}) == ({"1": 1, "2": 4}, [1])
    assert results.load_results("numbers")["rows"]["1"]["weights"] == "new"


def test_a_quick_run_keeps_nothing(run):
    run([1, 2], "--quick")
    assert list(results.RESULTS.iterdir()) == []


def test_a_job_that_was_never_measured_is_done(run):
    run([1, 2])
    kept = results.load_results("numbers")
    del kept["rows"]["2"]["cpu_seconds"]
    results.save_results("numbers", kept)
    assert run([1, 2]) == ({"1": 1, "2": 4}, [2])


@pytest.mark.parametrize("content", ["{", "[]", "null", '{"about": {"settings": 1}, "rows": [1]}'])
def test_damaged_results_are_refused_and_left_alone_until_restart(run, content):
    path = results.RESULTS / "numbers.json"
    path.write_text(content)
    with pytest.raises(ValueError, match="numbers.json.*--restart"):
        run([1])
    assert path.read_text() == content and [*results.RESULTS.iterdir()] == [path]
    assert run([1], "--restart") == ({"1": 1}, [1])


def test_results_that_cannot_be_kept_are_said_before_the_first_job(run):
    (results.RESULTS / "numbers.json").mkdir()
    with pytest.raises(OSError, match="is no file.*numbers.json"):
        run([13])


def test_two_at_once_do_not_mix(run):
    with alone(results.RESULTS / "numbers.json"):
        with pytest.raises(OSError, match="another process"):
            run([13])
    assert run([1]) == ({"1": 1}, [1])


@pytest.mark.parametrize(
    ("quick", "said"), [([], "every finished job is kept"), (["--quick"], "keeps nothing")]
)
def test_ctrl_c_says_what_is_kept(capsys, quick, said):
    def study(options):
        signal.raise_signal(signal.SIGINT)

    assert jobs.main(study, jobs.study_parser("A study."), quick) == 130
    assert said in capsys.readouterr().err


def test_no_half_trained_predictor_enters_a_table():
    scene = vadkit.toy_scene(0, n_train=1, n_test=1, n_frames=40)

    class CtrlC(vadkit.callbacks.Callback):
        def after_step(self):
            raise KeyboardInterrupt

    predictor = vadkit.build_predictor("unet", width=4)
    with pytest.raises(KeyboardInterrupt):
        jobs.train(predictor, scene, steps=5, callbacks=[CtrlC()])


@pytest.mark.parametrize("study", [capacity, predictors, transfer])
@pytest.mark.parametrize("number", ["0", "-1", "nan", "1e300", ""])
def test_a_study_without_steps_is_refused(study, number, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["run.py", f"--steps={number}"])
    monkeypatch.delitem(sys.modules, study.__name__)
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(study.__name__, run_name="__main__")
    assert ended.value.code == 2 and "no whole number" in capsys.readouterr().err


@pytest.mark.parametrize("n", [2, 3, 4])
def test_diagonal_test_against_counting(n):
    difference, p = diagonal_test(np.eye(n))
    assert difference == 1 and p == pytest.approx(1 / [1, 1, 2, 6, 24][n])
    assert diagonal_test(np.ones((n, n))) == (0, 1)
    assert diagonal_test(-np.eye(n))[1] == 1


def test_a_scene_that_is_hard_for_all_is_no_evidence():
    by_scene = np.tile([20.0, 30.0, 25.0, 40.0], (4, 1))  # every network is equally good on a scene
    assert diagonal_test(by_scene) == (pytest.approx(0), 1)


def test_highest_milestone_that_all_reached():
    rows = [
        {"points": {"-2": 0, "-10": 0, "end": 0}},
        {"points": {"-10": 0, "-2": 0, "1": 0, "end": 0}},
    ]
    assert capacity.highest_for_all(rows) == "-2"
    assert capacity.highest_for_all([{"points": {"end": 0}}, *rows]) is None


def test_metrics_leave_contextual_kinds_out_of_the_headline():
    scene = jobs.study_scene("campus", 3)
    metrics = jobs.scene_metrics(vadkit.copy_last_frame, scene)
    behavioural = [c for c in scene.test_clips if not set(c.kinds) & set(vadkit.toy.CONTEXTUAL)]
    assert len(behavioural) == len(vadkit.toy.KINDS) < len(scene.test_clips)
    alone = vadkit.evaluate(vadkit.copy_last_frame, vadkit.Scene("behavioural", [], behavioural))
    assert metrics["auc_raw"] == alone.auc_raw and metrics["gap"] == pytest.approx(alone.psnr_gap)
    assert metrics["psnr_normal"] - metrics["psnr_abnormal"] == pytest.approx(metrics["gap"])
    assert set(metrics["by_kind"]) == {k for c in scene.test_clips for k in c.kinds} - {""}


def test_the_boar_goes_on_where_it_stopped_and_refuses_other_settings(tmp_path, monkeypatch):
    monkeypatch.setattr(capacity, "RESULTS", tmp_path)
    monkeypatch.setattr(capacity, "WIDTHS", (4, 8))
    monkeypatch.setattr(capacity, "VARIANTS", {"skips": capacity.VARIANTS["skips"]})
    trained = []

    def train(predictor, scene, **options):
        if len(trained) == 1 and stop:
            raise KeyboardInterrupt
        trained.append(options)

    monkeypatch.setattr(capacity, "train", train)
    options = argparse.Namespace(quick=False, restart=False, steps=1)
    stop = True
    with pytest.raises(KeyboardInterrupt):
        capacity.boar(options)
    first, _ = vadkit.checkpoints.load_tensors(tmp_path / "capacity" / "boar.safetensors")
    stop = False
    capacity.boar(options)
    both, about = vadkit.checkpoints.load_tensors(tmp_path / "capacity" / "boar.safetensors")
    assert len(trained) == 2
    assert list(first) == ["skips 4"]
    assert set(both) == set(about["networks"]) == {"skips 4", "skips 8"}
    assert (both["skips 4"] == first["skips 4"]).all()
    assert both["skips 4"].shape == (len(about["frames"]), 64, 64)
    assert vadkit.view.representative_frame(vadkit.the_boar()) in about["frames"]
    refusal = "boar.safetensors was made with other settings.*--restart"
    with pytest.raises(ValueError, match=refusal):
        capacity.boar(argparse.Namespace(quick=False, restart=False, steps=2))


@pytest.mark.parametrize("content", [b"", b"no tensors"])
def test_a_damaged_boar_says_restart(tmp_path, monkeypatch, content):
    monkeypatch.setattr(capacity, "RESULTS", tmp_path)
    path = tmp_path / "capacity" / "boar.safetensors"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(ValueError, match="boar.safetensors is damaged: use --restart"):
        capacity.boar(argparse.Namespace(quick=False, restart=False, steps=1))
    assert path.read_bytes() == content
