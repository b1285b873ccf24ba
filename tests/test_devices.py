"""Where a predictor is, its windows go. No GPU is needed: the "meta" device refuses what stayed."""

import sys

import pytest
import torch

import vadkit
from vadkit import adaptation, finite
from vadkit.episodes import Task
from vadkit.losses import decibel_loss, prediction_loss
from vadkit.maml import adapting, checks
from vadkit.maml.meta_step import meta_step as step
from vadkit.maml.rates import InnerRates
from vadkit.predicting import device_of
from vadkit.predictors import PREDICTORS


@pytest.fixture(autouse=True)
def no_numbers(monkeypatch):
    """A tensor there has no numbers that could be looked at."""
    for module in (finite, checks, adapting, sys.modules[step.__module__], adaptation):
        monkeypatch.setattr(module, "require_finite", lambda *a, **k: 0.0)


@pytest.fixture(params=PREDICTORS)
def predictor(request):
    return vadkit.build_predictor(request.param, width=8).to("meta")


def windows(n=2):
    return torch.rand(n, 4, 32, 32), torch.rand(n, 1, 32, 32)


def test_windows_that_stayed_behind_are_noticed_here(predictor):
    with pytest.raises(RuntimeError, match="device"):
        predictor(windows()[0])


@pytest.mark.parametrize("loss", [prediction_loss, decibel_loss])
def test_predictions_losses_and_gradients(predictor, loss):
    x, y = (samples.to(device_of(predictor)) for samples in windows())
    loss(predictor(x), y).backward()
    assert {p.grad.device.type for p in predictor.parameters()} == {"meta"}


@pytest.mark.parametrize("first_order", [False, True])
def test_a_meta_step(predictor, first_order):
    rates = InnerRates(predictor, 0.01, "tensor and step", 2).to("meta")
    task = Task("noise", windows(), windows()).to(device_of(predictor))
    outer = torch.optim.Adam([*predictor.parameters(), *rates.parameters()])
    step(predictor, [task], outer, rates, 2, first_order=first_order, max_norm=1.0)


def test_fine_tuning_moves_its_windows(predictor):
    steps = adaptation.fine_tuning(predictor, windows(), "adam", 0.01, n_steps=3)
    assert device_of([next(steps) for _ in range(3)][-1]).type == "meta"


def test_two_numbers_move_their_windows(predictor):
    rescaled = adaptation.two_numbers(predictor, windows())
    assert rescaled(windows()[0]).device.type == "meta"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_training_on_a_gpu_brings_the_predictor_back():
    scene = vadkit.toy_scene(0, size=32)
    predictor = vadkit.build_predictor("unet", width=4)
    vadkit.fit(predictor, scene.train_windows(), steps=2)
    assert device_of(predictor).type == "cpu"
    assert predictor(windows()[0]).shape == (2, 1, 32, 32)
