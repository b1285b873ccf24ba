"""Adapting: plain gradient descent, and a predictor that is left as it was."""

import copy
import math

import numpy as np
import pytest
import torch
from maml_cases import episode, random_task, relative_error, same, small_network, state
from torch import nn

import vadkit
from vadkit.episodes import Task
from vadkit.maml import InnerRates, adapt, adaptation_curve, inner_steps, query_psnr


@pytest.mark.parametrize("learn", [None, "tensor and step"])
def test_adapt_leaves_the_predictor_bit_identical(learn):
    predictor, task = small_network(), random_task()
    before = state(predictor)
    rates = InnerRates(predictor, 0.05, learn, 3) if learn else 0.05
    adapted = adapt(predictor, task.support, rates, 3)
    assert same(state(predictor), before)
    assert not any(p.grad is not None for p in predictor.parameters())
    assert not same(state(adapted), before)
    addresses = [{p.data_ptr() for p in model.parameters()} for model in (adapted, predictor)]
    assert not addresses[0] & addresses[1]


def test_adapt_is_plain_gradient_descent_on_all_windows_together():
    predictor, task = small_network(), random_task(k=5)
    reference = copy.deepcopy(predictor)
    sgd = torch.optim.SGD(reference.parameters(), lr=0.1)
    for _ in range(4):
        sgd.zero_grad()
        ((reference(task.support[0]) - task.support[1]) ** 2).mean().backward()
        sgd.step()
    assert relative_error(state(adapt(predictor, task.support, 0.1, 4)), state(reference)) < 1e-14


def test_adapt_works_under_no_grad_and_with_zero_steps():
    predictor, task = small_network(), random_task()
    with torch.no_grad():
        once, again = (adapt(predictor, task.support, 0.1, 2) for _ in range(2))
        assert same(state(once), state(again))
        assert not same(state(once), state(predictor))
    assert same(state(adapt(predictor, task.support, 0.1, 0)), state(predictor))


def test_steps_beyond_the_learned_ones_use_the_last_rate():
    predictor, task = small_network(), random_task()
    rates = InnerRates(predictor, 0.1, "tensor and step", 2)
    rates.log_alpha.data[1] -= 1
    two = adapt(predictor, task.support, rates, 2)
    three = adapt(predictor, task.support, rates, 3)
    expected = adapt(two, task.support, 0.1 / math.e, 1)
    assert relative_error(state(three), state(expected)) < 1e-12


def test_inner_steps_are_the_states_adapt_goes_through():
    predictor, task = small_network(), random_task()
    seen = [state(adapted) for adapted in inner_steps(predictor, task.support, 0.1, 3)]
    assert len(seen) == 4
    for n, weights in enumerate(seen):
        assert same(weights, state(adapt(predictor, task.support, 0.1, n)))


def test_adaptation_curve_follows_adapt():
    predictor, tasks = small_network(), episode(3)
    curve = adaptation_curve(predictor, tasks, 0.05, 3, measure=query_psnr)
    adapted = adapt(predictor, tasks[1].support, 0.05, 2)
    inputs, targets = tasks[1].query
    with torch.no_grad():
        expected = vadkit.psnr(adapted(inputs), targets).mean().item()
    assert curve[1, 2] == pytest.approx(expected, rel=1e-12)
    assert curve.shape == (3, 4) and (np.diff(curve.mean(0)) > 0).all()


def test_adaptation_curve_marks_divergence():
    linear = nn.Linear(2, 1).double()
    samples = torch.ones(4, 2).double(), torch.zeros(4, 1).double()
    curve = adaptation_curve(linear, [Task("line", samples, samples)], 1e100, 5)
    assert np.isfinite(curve[0, 0]) and np.isnan(curve[0, -1])


NO_WINDOWS = torch.rand(0, 4, 8, 8), torch.rand(0, 1, 8, 8)
UNEVEN = torch.rand(3, 4, 8, 8), torch.rand(2, 1, 8, 8)
BYTES = torch.ones(3, 4, 8, 8, dtype=torch.uint8), torch.rand(3, 1, 8, 8)
NOT_NUMBERS = torch.full((3, 4, 8, 8), math.nan), torch.rand(3, 1, 8, 8)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"support": NO_WINDOWS}, "K at least 1"),
        ({"support": UNEVEN}, "got 3 and 2"),
        ({"support": torch.rand(3, 4, 8, 8)}, "pair of tensors"),
        ({"support": BYTES}, "floating-point"),
        ({"support": NOT_NUMBERS}, "finite"),
        ({"inner_lr": 0}, "positive"),
        ({"inner_lr": -1}, "positive"),
        ({"inner_lr": math.nan}, "a finite number"),
        ({"n_inner_steps": -1}, "at least 0"),
        ({"n_inner_steps": 1.5}, "whole number"),
        ({"predictor": vadkit.copy_last_frame}, "a network"),
        ({"inner_lr": InnerRates(nn.Linear(1, 1), 0.1)}, "2 weight tensors"),
    ],
)
def test_adapt_refuses_in_one_sentence(arguments, words):
    support = random_task(dtype=torch.float32).support
    good = {"predictor": small_network(torch.float32), "support": support}
    with pytest.raises((TypeError, ValueError), match=words):
        adapt(**{**good, **arguments})


def test_diverging_adaptation_is_reported_with_a_hint():
    with pytest.raises(FloatingPointError, match="inner step .* smaller inner_lr"):
        adapt(small_network(torch.float32), random_task(dtype=torch.float32).support, 1e30, 10)
