"""The study of customs: its protocol keeps test places, strangers and labels where they belong."""

import numpy as np
import pytest
import torch

import vadkit
from vadkit import toy
from vadkit.maml.rates import InnerRates
from vadstudies.customs import protocol, report, run
from vadstudies.statistics import interval
from vadstudies.weights import streams

HERE = ("campus", 10_900)


@pytest.fixture(autouse=True)
def small_weights(monkeypatch):
    """A tiny network in place of the shipped ones: what is tested is the protocol."""

    def trained(weights, seed):
        network = vadkit.build_predictor("unet", 4, seed, depth=1, stem=2, predicts="change")
        with torch.no_grad():
            network.head.weight.normal_(0, 0.01, generator=torch.Generator().manual_seed(seed))
        rates = InnerRates(network, 0.01)
        return vadkit.MetaTrained(network, rates, 2, loss=protocol.decibel_loss)

    monkeypatch.setattr(protocol, "trained", trained)


def compare(method, **options):
    arguments = {"seed": 0, "shots": (5,), "draws": 2, "recipes": {}}
    return protocol.compare(*HERE, method, **{**arguments, **options})["shots"]


def test_nothing_is_chosen_or_trained_on_test_places():
    assert {seed for _, seed in protocol.PLACES} <= set(toy.TEST_SEEDS)
    assert {seed for _, seed in protocol.CHOOSING} <= set(toy.VALIDATION_SEEDS)
    trained_on = {streams.place_and_opposite(i).seed[0] for i in range(0, 8, 3)}
    assert trained_on <= set(toy.TRAIN_SEEDS)
    assert len(protocol.PLACES) >= 20 and len(set(protocol.PLACES)) == len(protocol.PLACES)


def test_the_kind_that_is_held_out_was_never_trained_with():
    for number in range(6):
        place = streams.place_and_opposite(number)
        assert {clip.kind for clip in place.test_clips} == {toy.STRANGER}
    kinds = [clip.kind for clip in protocol.place_of(*HERE).test_clips]
    assert kinds == [toy.STRANGER] * 4 + [protocol.HELD_OUT] * 2


def test_every_training_place_comes_with_its_opposite():
    one, other = (streams.place_and_opposite(number) for number in (4, 5))
    assert one.side != other.side and one.seed == other.seed
    assert np.array_equal(one.test_clips[0].frames, other.test_clips[0].frames)


def test_supports_show_normal_life_and_are_the_same_for_every_method():
    place = protocol.place_of(*HERE)
    x, y = protocol.support_of(place, 0, 5)
    again, _ = protocol.support_of(place, 0, 5)
    other, _ = protocol.support_of(place, 1, 5)
    assert torch.equal(x, again) and not torch.equal(x, other)
    normal = np.concatenate([clip.frames[4:] for clip in place.train_clips])
    for target in (y[:, 0] * 255).round().byte().numpy():
        assert (normal == target).all(axis=(1, 2)).any()


def test_the_control_settles_on_the_opposite_place(monkeypatch):
    seen = []
    support_of = protocol.support_of
    monkeypatch.setattr(
        protocol, "support_of", lambda place, *rest: seen.append(place) or support_of(place, *rest)
    )
    right, wrong = compare("MAML"), compare("MAML" + protocol.WRONG)
    here, there = protocol.place_of(*HERE).side, protocol.opposite_of(*HERE).side
    assert here != there and [place.side for place in seen] == [here, here, there, there]
    assert right[0] == wrong[0] and right[5]["psnr"] != wrong[5]["psnr"]


def test_rows_of_who_learns_nothing_are_what_evaluate_says():
    place = protocol.place_of(*HERE)
    row = compare("copy last frame")[5]
    evaluation = vadkit.evaluate(vadkit.copy_last_frame, place, every=protocol.EVERY)
    assert row["auc_held_out"] == [evaluation.auc_of(["boar"])]
    both = [
        protocol.metrics_of(vadkit.copy_last_frame, scene)["auc_busy"]
        for scene in (place, place.opposite())
    ]
    assert np.mean(both) == pytest.approx(0.5, abs=1e-9), "one clip, two truths"
    assert compare("moving pixels")[0]["psnr"] == [None]


@pytest.mark.parametrize("method", ["two numbers", "strangers, fine-tuned", "trained at home"])
def test_every_method_is_measured_in_the_same_way(method, monkeypatch):
    monkeypatch.setattr(protocol, "HOME_STEPS", 2)
    rows = compare(method, recipes={"strangers, fine-tuned": ("adam", 1e-3, 2)})
    for metric in ("psnr", "auc_raw", "auc_clip", "auc_macro", "auc_busy", "auc_held_out"):
        assert np.isfinite(rows[5][metric]).all()


def test_the_report_averages_runs_and_pairs_places():
    def row(scene, method, seed, *values):
        shots = {k: {"auc_raw": list(values), "psnr": list(values)} for k in ("0", "10")}
        return {"scene": scene, "method": method, "seed": seed, "shots": shots}

    rows = {
        "a": row("x", "MAML", 0, 0.9, 0.8),
        "b": row("y", "MAML", 0, 0.7, 0.6),
        "c": row("x", "copy last frame", 0, 0.5),
        "d": row("y", "copy last frame", 0, 0.5),
    }
    study = report.Study({"rows": rows})
    assert study.mean("MAML", 10, "auc_raw") == pytest.approx((0.75, 0.05))
    assert study.difference("MAML", "MAML", 10, "psnr", k_other=0) == (0, 0, 0)
    mean, low, high = study.difference("MAML", "copy last frame", 10, "auc_raw")
    assert mean == pytest.approx(0.25) and low < 0 < high, "two places prove little"
    assert list(study.curve()["K = 10"]) == pytest.approx([0.75, 0.5])
    table = study.table(10, metrics=("auc_raw",))
    assert list(table["raw AUC"]) == ["0.750 ± 0.050", "0.500"]
    alt = report.against_shots(study, ["MAML"]).alt
    assert "MAML: 0.75 at K = 0, 0.75 at K = 10" in alt


def test_fine_tuning_gets_its_best_rate_at_every_number_of_steps():
    def tries(weights, optimizer, rate, **auc):
        steps = {n[1:]: {"auc_raw": value} for n, value in auc.items()}
        return {"weights": weights, "optimizer": optimizer, "rate": rate, "steps": steps}

    rows = {
        "a": tries("s", "adam", 0.1, n0=0.5, n1=0.6, n3=0.8),
        "b": tries("s", "sgd", 0.1, n0=0.5, n1=0.7, n3=0.6),
        "c": tries("s", "sgd", 0.1, n0=0.5, n1=0.9, n3=0.6),  # another place
        "d": tries("m", protocol.LEARNED, 0.0, n0=0.4, n1=0.9),
    }
    curves = report.step_curves({"rows": rows})
    assert list(curves["s"]) == pytest.approx([0.5, 0.8, 0.8])
    assert list(curves["m"])[:2] == pytest.approx([0.4, 0.9]) and np.isnan(curves["m"][3])
    alt = report.against_steps(curves, 0.55, {"m": "MAML", "s": "tuned"}).alt
    assert "MAML: 0.40 after 0, 0.90 after 1; tuned: 0.50 after 0" in alt


def test_the_interval_is_wider_for_more_comparisons():
    differences = [0.1, 0.3, 0.2, 0.25, 0.15]
    mean, low, high = interval(differences)
    assert mean == pytest.approx(0.2)
    assert (low, high) == pytest.approx((0.1018, 0.2982), abs=1e-4)  # 2.776 * 0.0354
    assert interval(differences, 10)[1] < low
    with pytest.raises(ValueError, match="two scenes or more"):
        interval([0.1])


def test_comparisons_name_methods_that_are_measured():
    known = {*protocol.LEARN_NOTHING, *protocol.METHODS}
    known |= {name + protocol.WRONG for name in protocol.CONTROLLED}
    for one, other in run.COMPARISONS:
        assert {one, other} <= known


def test_all_weights_that_the_study_needs_are_trained_by_the_script():
    measured = protocol.methods_of("stream", run.WEIGHTS)
    assert {*protocol.METHODS} - {*measured} == {protocol.ONE_SIDE_EQUAL, "one side, fine-tuned"}
    for method in {*measured} & {*protocol.METHODS}:
        only_one = protocol.weights_of(method) in streams.OTHERS
        for seed in streams.SEEDS[:1] if only_one else streams.SEEDS:
            assert streams.name_of(protocol.weights_of(method), seed) in streams.WEIGHTS


def test_the_best_recipe_on_validation_places_is_chosen(monkeypatch):
    """Faked measurements with known winners: one with many steps, another with few."""

    def try_out(optimizer, rate, weights, kind, place_seed, custom):
        best = 0.9 if (optimizer, rate) == ("sgd", 0.01) else 0.5
        few = 0.8 if (optimizer, rate) == ("adam", 0.003) else 0.4
        steps = {n: {"auc_raw": few} for n in protocol.STEPS} | {60: {"auc_raw": best}}
        return {"steps": steps}

    monkeypatch.setattr(run, "try_out", try_out)
    monkeypatch.setattr(run, "hash_of", lambda method, seed, custom: "")
    recipes = run.choose(run.parser().parse_args(["--quick"]))
    assert recipes["strangers, fine-tuned"] == ("sgd", 0.01, 60)
    assert recipes[protocol.EQUAL] == ("adam", 0.003, 3)
    assert recipes[protocol.ONE_STEP] == ("adam", 0.003, 1)


def test_who_takes_one_step_takes_one_step(monkeypatch):
    def psnr(method):
        recipes = dict.fromkeys((protocol.ONE_STEP, protocol.EQUAL), ("sgd", 0.01, 1))
        return compare(method, recipes=recipes)[5]["psnr"]

    one = psnr(protocol.ONE_STEP)
    assert psnr("MAML, 1 step") == pytest.approx(one, abs=1e-4)
    assert psnr("MAML") != pytest.approx(one, abs=1e-3)


def test_another_custom_has_its_own_places_weights_and_methods():
    methods = protocol.methods_of("species", run.WEIGHTS)
    assert {"copy last frame", "MAML", protocol.EQUAL, "strangers, fine-tuned"} <= {*methods}
    assert "ordinary, fine-tuned" not in methods, "nobody trained that"
    assert {protocol.weights_of(m, "species") for m in methods} == {
        "",
        "species_maml",
        "species_one_side",
        "species_strangers",
    }
    place = protocol.place_of(*HERE, "species")
    assert place.custom == "species" != protocol.place_of(*HERE).custom
    there = protocol.opposite_of(*HERE, "species")
    assert there.custom == "species" and there.side != place.side
