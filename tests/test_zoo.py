"""The shipped weights: what their headers say, what the script that made them makes again."""

import json

import pytest
import torch

import vadkit
from vadkit import zoo
from vadkit.checkpoints import load_tensors, save_weights
from vadkit.cli import run_script
from vadkit.losses import decibel_loss
from vadkit.zoo import list_checkpoints, load_checkpoint
from vadstudies.weights import run as train_weights
from vadstudies.weights import streams


@pytest.mark.parametrize("name", list_checkpoints())
def test_a_shipped_file_says_how_it_was_made_and_the_script_agrees(name):
    path = zoo.SHIPPED / f"{name}.safetensors"
    header = load_tensors(path)[1]
    assert header["script"] == "vadstudies/weights/run.py" and header["name"] == name
    assert header["arguments"] == json.loads(json.dumps(train_weights.WEIGHTS[name][1]))
    assert {"seed", "network", "data", "versions", "figures"} <= header.keys()
    assert path.stat().st_size <= 1_000_000
    trained = load_checkpoint(name)
    assert not trained.predictor.training and not trained.history.interrupted
    side = 16 * (2 + name.startswith("camera"))
    adapted = trained.adapt((torch.rand(2, 4, side, side), torch.rand(2, 1, side, side)))
    assert adapted(torch.rand(1, 4, side, side)).isfinite().all()


def test_what_is_shipped_the_script_trains_and_it_is_small():
    assert set(list_checkpoints()) == set(train_weights.WEIGHTS)
    assert sum(path.stat().st_size for path in zoo.SHIPPED.glob("*")) <= 8_000_000


def test_unknown_weights_are_answered_with_what_there_is():
    with pytest.raises(FileNotFoundError, match="'streams_boar'.*streams_maml"):
        load_checkpoint("streams_boar")


@pytest.mark.parametrize(
    "header, words",
    [
        ({}, "which network"),
        ({"network": {"name": "resnet"}}, "Unknown predictor 'resnet'"),
        ({"network": {"name": "unet", "wide": 8}}, "wide"),
        ({"network": {"name": "unet", "width": 4}}, "plain weights"),
    ],
)
def test_a_file_that_is_no_checkpoint_is_one_sentence(tmp_path, monkeypatch, header, words):
    monkeypatch.setattr(zoo, "SHIPPED", tmp_path)
    save_weights(tmp_path / "mine.safetensors", vadkit.build_predictor("unet", width=4), header)
    with pytest.raises(ValueError, match=words) as caught:
        load_checkpoint("mine")
    assert "mine.safetensors" in str(caught.value)


def test_a_checkpoint_that_does_not_fit_its_own_header(tmp_path, monkeypatch):
    monkeypatch.setattr(zoo, "SHIPPED", tmp_path)
    predictor = vadkit.build_predictor("unet", width=4)
    trained = vadkit.MetaTrained(predictor, vadkit.InnerRates(predictor, 0.1), 3)
    trained.save(tmp_path / "mine.safetensors", {"network": {"name": "unet", "width": 8}})
    with pytest.raises(ValueError, match="does not fit"):
        load_checkpoint("mine")
    (tmp_path / "mine.safetensors").write_bytes(b"damaged")
    with pytest.raises(ValueError, match="not a readable safetensors file"):
        load_checkpoint("mine")


SMALL = {  # short trainings, each of another kind
    "boar_strangers": {"steps": 2, "n_clips": 2, "n_strange": 2},
    "streams_strangers": {"n_places": 1, "school_steps": 1, "steps": 1},
    "streams_maml": {
        "n_places": 1,
        "school_steps": 1,
        "strange_steps": 1,
        "steps": 2,
        "last_steps": 1,
    },
    "streams_specialist": {"steps": 1, "n_strange": 2},
    "zone_maml": {"n_places": 2, "school_steps": 1, "one_sided_steps": 1, "steps": 1},
}


@pytest.mark.parametrize("name", SMALL)
def test_training_a_file_again_gives_the_same_bytes(name, tmp_path, monkeypatch):
    monkeypatch.setattr(train_weights, "SHIPPED", tmp_path)
    monkeypatch.setattr(zoo, "SHIPPED", tmp_path)
    monkeypatch.setattr(streams, "RATES", (0.001, 0.01))  # all of them take a minute
    function, arguments = train_weights.WEIGHTS[name]
    arguments = {**arguments, "seed": 5, **SMALL[name]}
    monkeypatch.setitem(train_weights.WEIGHTS, name, (function, arguments))
    files = []
    for _ in range(2):
        streams.school.cache_clear()
        streams.before_maml.cache_clear()
        train_weights.train(name)
        files.append((tmp_path / f"{name}.safetensors").read_bytes())
    assert files[0] == files[1]
    assert load_tensors(tmp_path / f"{name}.safetensors")[1]["seed"] == 5
    trained = load_checkpoint(name)
    assert trained.loss is decibel_loss
    by_fit = {"boar_strangers", "streams_specialist"}  # no meta-training, joint or other
    n_steps = 0 if name in by_fit else SMALL[name]["steps"] + SMALL[name].get("last_steps", 0)
    assert trained.history.n_steps == n_steps


def test_the_script_refuses_a_name_it_does_not_know(capsys):
    assert run_script(train_weights.main, ["boar_ordinary", "streams_boar"]) == 2
    assert "'streams_boar'" in capsys.readouterr().err


def test_training_all_goes_on_with_what_is_not_there(tmp_path, monkeypatch, capsys):
    made = []
    monkeypatch.setattr(train_weights, "SHIPPED", tmp_path)
    network = vadkit.build_predictor("unet", width=4)
    trained = vadkit.MetaTrained(network, vadkit.InnerRates(network, 0.1))
    for name in ("one", "other"):
        monkeypatch.setitem(train_weights.WEIGHTS, name, (None, {"seed": 3}))
        monkeypatch.setitem(train_weights.FAMILIES[0].weights, name, (None, {"seed": 3}))

    def train(name):
        made.append(name)
        trained.save(tmp_path / f"{name}.safetensors", train_weights.header(name, {}))

    def run(*options):
        made.clear()
        assert run_script(train_weights.main, options) == 0
        return sorted(set(made) & {"one", "other"})

    monkeypatch.setattr(train_weights, "train", train)
    train("one")
    assert run() == ["other"] and "one: is there" in capsys.readouterr().out
    assert run() == []
    monkeypatch.setitem(train_weights.WEIGHTS, "one", (None, {"seed": 4}))
    assert run() == ["one"]
    assert run("other") == ["other"]
    assert run("--restart") == ["one", "other"]
