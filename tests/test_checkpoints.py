"""Weights on disk: all or nothing, read without pickle, never into a predictor they do not fit."""

import os
import pickle
import signal
import subprocess
import sys

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from vadkit import checkpoints
from vadkit.checkpoints import load_or_train, load_tensors, load_weights, save_tensors, save_weights
from vadkit.maml import InnerRates, MetaTrained
from vadkit.predictors import build_predictor
from vadkit.training import History


def network(seed=0, width=3):
    torch.manual_seed(seed)
    first, last = torch.nn.Conv2d(4, width, 3), torch.nn.Conv2d(width, 1, 1)
    return torch.nn.Sequential(first, torch.nn.GroupNorm(1, width), last)


def state(predictor):
    return {name: tensor.clone() for name, tensor in predictor.state_dict().items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def refused(path, *words, error=ValueError):
    """Loading must fail with one sentence that names the file, and leave the predictor alone."""
    predictor = network(seed=9)
    before = state(predictor)
    with pytest.raises(error) as caught:
        load_weights(path, predictor)
    assert all(word in str(caught.value) for word in (str(path), *words)), caught.value
    assert same(before, state(predictor))


def test_weights_come_back_bit_by_bit_with_their_header(tmp_path):
    path = tmp_path / "new" / "folder" / "w.safetensors"
    save_weights(path, network(1), {"script": "train.py", "seed": 1, "psnr": [30.5, None]})
    predictor = network(2)
    header = load_weights(str(path), predictor)
    assert same(state(network(1)), state(predictor))
    assert header["script"] == "train.py" and header["seed"] == 1 and header["psnr"] == [30.5, None]
    assert header["torch"] == torch.__version__ and header["format"] == checkpoints.FORMAT
    assert os.listdir(path.parent) == ["w.safetensors"]


def test_the_same_weights_and_header_give_the_same_file(tmp_path):
    save_weights(tmp_path / "a", network(), {"one": 1, "two": 2})
    save_weights(tmp_path / "b", network(), {"two": 2, "one": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_views_and_gradients_are_saved_as_the_numbers_they_show(tmp_path):
    grid = torch.arange(12.0, requires_grad=True).reshape(3, 4)
    save_tensors(tmp_path / "t", {"transposed": grid.T, "column": grid[:, 1]}, {})
    tensors, _ = load_tensors(tmp_path / "t")
    assert torch.equal(tensors["transposed"], grid.detach().T)
    assert tensors["column"].tolist() == [1, 5, 9]


def test_a_header_cannot_pass_for_another_format(tmp_path):
    save_tensors(tmp_path / "t", {"a": torch.zeros(1)}, {"format": "mine"})
    assert load_tensors(tmp_path / "t")[1]["format"] == checkpoints.FORMAT


@pytest.mark.parametrize("path", ["nowhere.safetensors", "."])
def test_a_file_that_is_not_there(tmp_path, path):
    refused(tmp_path / path, "No weights", error=FileNotFoundError)


@pytest.mark.parametrize("kept", [0, 1, 8, 9, 200, -1])
def test_a_truncated_file(tmp_path, kept):
    path = tmp_path / "w"
    save_weights(path, network())
    path.write_bytes(path.read_bytes()[:kept])
    refused(path, "not a readable safetensors file", "load or train again")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=5))
def test_a_damaged_file_is_one_sentence_and_never_wrong_weights(tmp_path, changes):
    path = tmp_path / "w"
    save_weights(path, network(), {"psnr": 30.5})
    damaged = bytearray(path.read_bytes())
    for where, byte in changes:
        damaged[int(where * (len(damaged) - 1))] = byte
    path.write_bytes(damaged)
    predictor = network(9)
    before = state(predictor)
    try:
        header = load_weights(path, predictor)
    except ValueError as error:
        assert str(path) in str(error) and same(before, state(predictor))
    else:
        assert same(state(network()), state(predictor)) and header["psnr"] == 30.5


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=5))
def test_a_damaged_meta_trained_file_is_one_sentence_too(tmp_path, changes):
    path = tmp_path / "m"
    MetaTrained(network(), InnerRates(network())).save(path)
    damaged = bytearray(path.read_bytes())
    for where, byte in changes:
        damaged[int(where * (len(damaged) - 1))] = byte
    path.write_bytes(damaged)
    try:
        trained = MetaTrained.load(path, network(9))
    except ValueError as error:
        assert str(path) in str(error)
    else:
        assert same(state(network()), state(trained.predictor))


def test_a_file_of_old_without_a_checksum_is_read(tmp_path):
    path = tmp_path / "w"
    save_file(state(network()), path, metadata={"vadkit": f'{{"format": "{checkpoints.FORMAT}"}}'})
    predictor = network(9)
    assert load_weights(path, predictor) == {"format": checkpoints.FORMAT}
    assert same(state(network()), state(predictor))


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(tmp_path, number):
    spoilt = network()
    spoilt[0].bias.data[0] = number
    save_weights(tmp_path / "w", spoilt)
    refused(tmp_path / "w", "'0.bias' holds NaN or infinity")


def test_whole_numbers_are_no_weights(tmp_path):
    tensors = {name: tensor.int() for name, tensor in state(network()).items()}
    save_tensors(tmp_path / "w", tensors, {})
    refused(tmp_path / "w", "torch.int32, no weights")


GOOD_META = {"inner_lr": 0.1, "learn_rates": None, "n_inner_steps": 1, "history": {}}


@pytest.mark.parametrize(
    "meta",
    [
        {},
        [],
        [1, 2],
        5,
        "meta",
        {**GOOD_META, "history": {"mood": "good"}},
        {**GOOD_META, "history": []},
        {**GOOD_META, "history": {"n_steps": "many"}},
        {**GOOD_META, "inner_lr": "fast"},
        {**GOOD_META, "inner_lr": -1},
        {**GOOD_META, "learn_rates": 3},
        {**GOOD_META, "n_inner_steps": None},
        {**GOOD_META, "only": "tail"},
        {**GOOD_META, "loss": []},
        {**GOOD_META, "surprise": 1},
    ],
    ids=str,
)
def test_what_a_file_says_of_its_meta_training_is_checked(tmp_path, meta):
    path = tmp_path / "m"
    modules = MetaTrained(network(), InnerRates(network())).modules
    save_weights(path, modules, {"meta": meta})
    predictor = network(9)
    with pytest.raises(ValueError, match="does not say how it was meta-trained") as caught:
        MetaTrained.load(path, predictor)
    assert str(path) in str(caught.value) and same(state(network(9)), state(predictor))


def test_safetensors_of_somebody_else(tmp_path):
    path = tmp_path / "w"
    save_file(state(network()), path)
    refused(path, "not written by vadkit")
    save_file(state(network()), path, metadata={"vadkit": "{"})
    refused(path, "not a readable")
    save_file(state(network()), path, metadata={"vadkit": '{"format": "vadkit-weights-99"}'})
    refused(path, "not written by vadkit")


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_is_refused_and_not_executed(tmp_path, zipped):
    path, trace = tmp_path / "w.pt", tmp_path / "executed"
    torch.save({"weights": Bomb(str(trace))}, path, _use_new_zipfile_serialization=zipped)
    refused(path, "not a readable safetensors file")
    assert not trace.exists()
    path.write_bytes(pickle.dumps(Bomb(str(trace))))
    refused(path, "not a readable safetensors file")
    assert not trace.exists()


def test_weights_that_do_not_fit_say_which_and_touch_nothing(tmp_path):
    save_weights(tmp_path / "wider", network(width=5))
    refused(tmp_path / "wider", "0.bias", "(5,)", "(3,)", "width")
    save_weights(tmp_path / "deeper", torch.nn.Sequential(*network(), torch.nn.Conv2d(1, 1, 1)))
    refused(tmp_path / "deeper", "'3.bias' is (1,) there, missing here")
    save_weights(tmp_path / "shorter", network()[:2])
    refused(tmp_path / "shorter", "'2.bias' is missing there, (1,) here")


# Whole or not at all


def test_a_failing_write_leaves_the_old_file_and_no_rubbish(tmp_path, monkeypatch):
    path = tmp_path / "w"
    save_weights(path, network(1))

    def full_disk(tensors, unfinished, metadata):
        unfinished.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(checkpoints, "save_file", full_disk)
    with pytest.raises(OSError, match="No space"):
        save_weights(path, network(2))
    predictor = network(3)
    load_weights(path, predictor)
    assert same(state(predictor), state(network(1))) and os.listdir(tmp_path) == ["w"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_a_process_killed_while_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "w"
    save_weights(path, network(1))
    code = f"""
import time, torch
from vadkit import checkpoints
def slow(tensors, unfinished, metadata):
    unfinished.write_bytes(b"half of it")
    print("writing", flush=True)
    time.sleep(60)
checkpoints.save_file = slow
checkpoints.save_tensors({str(path)!r}, {{"0.weight": torch.zeros(3)}}, {{}})
"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "writing\n"
        process.kill()
    predictor = network(3)
    load_weights(path, predictor)
    assert same(state(predictor), state(network(1)))


# Load or train


def test_load_or_train_trains_once_and_says_the_same_header_both_times(tmp_path):
    calls = []

    def train(predictor):
        calls.append(predictor)
        torch.nn.init.constant_(predictor[0].weight, 0.25)
        return History()

    one, two = network(1), network(2)
    headers = [load_or_train(tmp_path / "w", p, train, {"seed": 7}) for p in (one, two)]
    assert calls == [one] and headers[0] == headers[1] and headers[0]["seed"] == 7
    assert same(state(one), state(two)) and (two[0].weight == 0.25).all()


def test_an_interrupted_training_is_not_kept_as_the_real_thing(tmp_path, capsys):
    def train(predictor):
        torch.nn.init.constant_(predictor[0].weight, 0.25)
        return History(interrupted=True)

    predictor = network()
    load_or_train(tmp_path / "w", predictor, train)
    assert (predictor[0].weight == 0.25).all() and os.listdir(tmp_path) == []
    assert "not written" in capsys.readouterr().out


def test_a_training_that_fails_writes_nothing(tmp_path):
    def train(predictor):
        raise FloatingPointError("The loss is nan")

    with pytest.raises(FloatingPointError):
        load_or_train(tmp_path / "w", network(), train)
    assert os.listdir(tmp_path) == []


def test_load_or_train_does_not_train_over_a_damaged_file(tmp_path):
    (tmp_path / "w").write_bytes(b"damaged")
    with pytest.raises(ValueError, match="delete it"):
        load_or_train(tmp_path / "w", network(), lambda predictor: pytest.fail("it trained"))
    assert (tmp_path / "w").read_bytes() == b"damaged"


def test_half_precision_takes_half_the_space_and_loads_as_the_predictor_has_it(tmp_path):
    network = build_predictor("unet", width=8)
    for name, half in (("full", False), ("half", True)):
        save_weights(tmp_path / name, network, half=half)
    sizes = [(tmp_path / name).stat().st_size for name in ("full", "half")]
    assert sizes[1] < 0.6 * sizes[0]
    other = build_predictor("unet", width=8, seed=3)
    load_weights(tmp_path / "half", other)
    for p, q in zip(network.parameters(), other.parameters()):
        assert q.dtype == torch.float32 and torch.equal(q, p.half().float())
