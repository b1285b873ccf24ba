"""Scene adaptation on tiny scenes: how the methods are compared, and the widget."""

import numpy as np
import pytest
import torch

import vadkit
from vadcourse.widgets.settling import Settling
from vadkit import toy
from vadstudies import statistics
from vadstudies.adaptation import protocol, report
from vadstudies.adaptation import run as study


def predictor(seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(
        torch.nn.Conv2d(4, 4, 3, padding=1), torch.nn.SiLU(), torch.nn.Conv2d(4, 1, 3, padding=1)
    )


def trained(seed=0, rate=0.05):
    model = predictor(seed)
    return vadkit.MetaTrained(model, vadkit.InnerRates(model, rate), 3)


@pytest.fixture(scope="module")
def scene():
    return toy.toy_scene(10_500, "park", size=32, n_test=2, n_frames=40, kinds=["boar", "runner"])


@pytest.fixture
def support(scene):
    return vadkit.make_windows(scene.train_clips[0].frames[:9])


def weights(model):
    return [p.detach().clone() for p in model.parameters()]


def test_some_windows_are_scored_as_all_of_them_are(scene):
    complete = vadkit.evaluate(predictor(), scene)
    some = vadkit.evaluate(predictor(), scene, every=3)
    for a, b in zip(complete.psnr, some.psnr):
        scored = ~np.isnan(b)
        assert scored.sum() == 12 and not scored[:4].any()
        np.testing.assert_allclose(a[scored], b[scored], rtol=1e-5)
    at_once = vadkit.evaluate(predictor(), scene, batch_size=1000)
    assert at_once.auc_clip == pytest.approx(complete.auc_clip, abs=1e-3)
    assert at_once.by_kind.keys() == complete.by_kind.keys()


# The study


@pytest.fixture
def tiny_study(monkeypatch, scene):
    monkeypatch.setattr(protocol, "scene_of", lambda place, seed: scene)
    monkeypatch.setattr(protocol, "trained", lambda name: trained(int(name[-1])))
    protocol.normal_windows.cache_clear()
    yield {method: ("sgd", 0.05, 3) for method in protocol.METHODS}
    protocol.normal_windows.cache_clear()


def compare(tiny_study, method, seed=0):
    return protocol.compare("park", 10_500, method, seed, (1, 5), 2, tiny_study)["shots"]


def test_the_whole_path_gives_the_same_numbers_twice(tiny_study):
    for method in ("copy last frame", report.MAML, report.FINE_TUNED):
        once, twice = compare(tiny_study, method), compare(tiny_study, method)
        assert once == twice and once.keys() == {0, 1, 5}
    assert len(once[5]["psnr"]) == 2 and len(once[0]["psnr"]) == 1
    assert 0 <= once[5]["auc_clip"][0] <= 1


def test_equal_start_rate_and_steps_give_equal_metrics_whatever_the_method_is_called(tiny_study):
    fine_tuned, maml = compare(tiny_study, "fine-tuned, equal"), compare(tiny_study, report.MAML)
    for k in (0, 1, 5):
        assert fine_tuned[k]["psnr"] == pytest.approx(maml[k]["psnr"], abs=1e-4)


def test_labels_decide_nothing_before_scoring(tiny_study, scene, monkeypatch):
    psnr = compare(tiny_study, report.MAML)[5]["psnr"]
    calls = []

    def evaluate(model, *_, **options):
        calls.append(weights(model))
        labels = [np.arange(40) > 20] * 2
        return vadkit.Evaluation([np.arange(40.0)] * 2, labels, [[""] * 40] * 2, ["a", "b"])

    monkeypatch.setattr(vadkit, "evaluate", evaluate)
    compare(tiny_study, report.MAML)
    forbidden = property(lambda self: pytest.fail("a label was read"))
    for clip in (scene.train_clips[0], scene.train_clips[1]):
        monkeypatch.setattr(type(clip), "labels", forbidden, raising=False)
    again = calls.copy()
    calls.clear()
    compare(tiny_study, report.MAML)
    assert len(psnr) == 2
    for one, two in zip(again, calls):
        assert all(torch.equal(a, b) for a, b in zip(one, two))


def test_supports_are_nested_consecutive_and_never_scored(scene):
    for draw in range(protocol.DRAWS):
        (x1, y1), (x5, y5) = (protocol.support_of(scene, draw, k) for k in (1, 5))
        assert torch.equal(x1, x5[:1]) and torch.equal(y1, y5[:1])
        assert torch.equal(x5[1:, -2], x5[:-1, -1]) and torch.equal(y5[:-1, 0], x5[1:, -1])
        frames = vadkit.windows.to_float(np.asarray(scene.train_clips[draw].frames))
        assert any(torch.equal(x1[0, 0], frame) for frame in frames)
    assert protocol.DRAWS < len(toy.toy_scene(0).train_clips), (
        "the last training clip judges fine-tuning"
    )


def test_what_is_chosen_is_chosen_on_validation_seeds():
    assert {seed for _, seed in protocol.CHOOSING} <= set(toy.VALIDATION_SEEDS)
    assert {seed for _, seed in protocol.SCENES} <= set(toy.TEST_SEEDS)
    assert {place for place, _ in protocol.SCENES} == set(toy.PLACES)
    assert len(set(protocol.SCENES)) >= 10


def test_a_recipe_is_the_best_on_average_of_those_allowed():
    def row(start, optimizer, rate, *psnr):
        return {"start": start, "optimizer": optimizer, "rate": rate, "psnr": list(psnr)}

    rows = [
        row("pre-trained", "sgd", 0.1, 10, 11, 12, 20),
        row("pre-trained", "sgd", 0.1, 10, 11, 12, 22),
        row("pre-trained", "sgd", 0.3, 10, 11, 12, 99),
        row("pre-trained", "sgd", 0.3, 10, 11, 12, np.nan),  # ran off to infinity on one scene
        row("pre-trained", "adam", 0.001, 10, 11, 70, 60),
        row("from scratch", "sgd", 0.1, 10, 11, 98, 97),
    ]
    tries = study.tries_of(rows)
    assert study.best_of(tries, "pre-trained", ["sgd"], [3]) == ("sgd", 0.3, 3)
    assert study.best_of(tries, "pre-trained", ["sgd"], [1, 2]) == ("sgd", 0.1, 2)
    assert study.best_of(tries, "pre-trained", ["sgd", "adam"], [1, 2, 3]) == ("adam", 0.001, 2)
    assert study.best_of(tries, "from scratch", ["sgd"], [3]) == ("sgd", 0.1, 3)


def test_a_job_is_labelled_with_its_scene_and_its_weights():
    jobs, labels = study.make_jobs([("road", 7)], ["copy last frame", report.MAML], (0, 1))
    assert list(jobs) == [
        "road-7 | copy last frame | seed 0",
        f"road-7 | {report.MAML} | seed 0",
        f"road-7 | {report.MAML} | seed 1",
    ]
    assert {label["scene"] for label in labels.values()} == {"road-7"}
    weights = [label["weights"] for label in labels.values()]
    assert weights[0] == "" and len(set(weights)) == 3


def results(shift=0.1):
    """Two methods on three scenes of different difficulty: one is better by `shift` everywhere.

    Two seeds, two draws.
    """
    rows = {}
    for s, scene in enumerate("abc"):
        for method, better in (("ours", shift), ("theirs", 0.0)):
            for seed in (0, 1):
                first = 0.3 * s + better + 0.01 * seed
                values = [first, first + 0.02]
                shots = {"0": {"psnr": values[:1]}, "5": {"psnr": values, "auc_raw": values}}
                row = {"scene": scene, "method": method, "seed": seed, "shots": shots}
                rows[f"{scene}{method}{seed}"] = row
    return {"rows": rows}


def test_means_spreads_and_paired_differences():
    study = report.Study(results())
    assert study.methods == ["ours", "theirs"]
    assert study.shots == [0, 5]
    assert study.values("ours", 5, "psnr").shape == (3, 4)
    mean, spread = study.mean("theirs", 5, "psnr")
    assert mean == pytest.approx(0.3 + 0.015)
    assert spread == pytest.approx(np.std([0, 0.02, 0.01, 0.03]))
    # difficulty is paired away
    assert study.difference("ours", "theirs", 5, "psnr") == pytest.approx((0.1, 0.1, 0.1))
    assert np.isnan(study.mean("ours", 10, "psnr")).all()
    columns = ["scene", "method", "seed", "k", "draw", "psnr", "auc_raw"]
    assert sorted(study.frame.columns) == sorted(columns)
    assert list(study.table(5, ("psnr",)).columns) == ["", "PSNR (dB)"]


def test_step_curves_are_means_over_runs_in_the_order_of_tables():
    rows = {
        "a": {"method": report.MAML, "seed": 0, "psnr": [20.0, 30.0]},
        "b": {"method": report.MAML, "seed": 1, "psnr": [22.0, 32.0]},
        "c": {"method": "from scratch", "seed": 0, "psnr": [10.0, 15.0]},
    }
    settings = {"steps": [0, 3], "copy last frame": {"road-1": 28.0, "park-2": 30.0}}
    curves, copied = report.step_curves({"rows": rows, "about": {"settings": settings}})
    assert list(curves) == ["from scratch", report.MAML] and copied == 29.0
    assert curves[report.MAML].to_dict() == {0: 21.0, 3: 31.0}
    alt = report.against_steps(curves, copied).alt
    assert "after 0, 3 steps. from scratch: 10.0, 15.0; MAML, learned rates: 21.0, 31.0." in alt


def test_the_bootstrap_resamples_scenes():
    differences = np.random.default_rng(0).normal(0.1, 0.2, 12)
    mean, low, high = statistics.bootstrap(differences)
    assert mean == pytest.approx(differences.mean()) and low < mean < high
    assert statistics.bootstrap(differences) == (mean, low, high)
    expected = 1.96 * differences.std() / np.sqrt(12)  # the normal approximation
    assert (high - low) / 2 == pytest.approx(expected, rel=0.1)


# The widget


@pytest.fixture
def settling(scene, support):
    return Settling(
        {"one": trained(0), "two": trained(1, 0.01)}, support, scene.test_clips[0], n_steps=4
    )


def test_the_widget_shows_what_adapting_gives(settling, scene, support):
    clip, (truth, drawn) = scene.test_clips[0], settling.images
    frame = vadkit.view.representative_frame(clip)
    assert (
        truth.shape == (32, 32)
        and drawn.shape == (2, 5, 32, 32)
        and np.array_equal(truth, clip.frames[frame])
    )
    x = vadkit.windows.to_float(clip.frames[frame - 4 : frame])[None]
    for model, pictures in zip((trained(0), trained(1, 0.01)), drawn):
        for n in (0, 3):
            with torch.no_grad():
                expected = model.adapt(support, n)(x)[0, 0].clamp(0, 1).numpy() * 255
            assert np.abs(pictures[n] - expected).max() <= 0.51
    x0, y0, x1, y1 = settling.box
    inside = np.zeros((32, 32), bool)
    inside[y0:y1, x0:x1] = True
    error = ((drawn[0, 2] / 255 - truth / 255) ** 2)[~inside].mean()
    assert settling.outside[0][2] == pytest.approx(-10 * np.log10(error), abs=0.1)


def test_a_clip_without_boxes_has_one_curve_for_each_model(scene, support):
    widget = Settling(
        {"a": trained(0), "b": trained(1)}, support, scene.test_clips[0].frames, n_steps=2
    )
    assert widget.box == [] and widget.inside == [[], []] and len(widget.outside[0]) == 3


def test_the_still_and_the_static_page_say_what_they_show(settling):
    figure = settling.still((0, 4))
    assert f"{settling.outside[1][4]:.1f}" in figure.alt and len(figure.axes) == 6
    assert "two" in settling.alt and settling.alt in settling.to_html()


def test_the_widget_refuses_what_it_cannot_show(scene, support):
    with pytest.raises(ValueError, match="Two models"):
        Settling({"one": trained()}, support, scene.test_clips[0])
    with pytest.raises(ValueError, match="no prediction"):
        Settling({"a": trained(), "b": trained()}, support, scene.test_clips[0], frame=3)
