"""The meta-gradient against independent oracles: written by hand, closed forms, differences."""

import copy
import inspect
import math
import re

import numpy as np
import pytest
import torch
from maml_cases import (
    LEARN,
    by_hand,
    episode,
    meta_gradient,
    relative_error,
    slope,
    small_network,
    state,
)
from torch import nn

import vadkit
from vadkit.episodes import Task
from vadkit.maml import InnerRates, adapt, adaptation_curve, every_step_weights, meta_step


def small_autoencoder(dtype):
    return vadkit.build_predictor("autoencoder", width=4).to(dtype)


@pytest.mark.parametrize("first_order", [False, True])
@pytest.mark.parametrize("n_steps", [1, 3])
@pytest.mark.parametrize("dtype, tolerance", [(torch.float64, 1e-12), (torch.float32, 1e-5)])
@pytest.mark.parametrize("build", [small_network, small_autoencoder])
def test_meta_gradient_is_the_one_written_by_hand(build, dtype, tolerance, n_steps, first_order):
    predictor, tasks = build(dtype), episode(dtype=dtype, size=16)
    rates = InnerRates(predictor, 0.1)
    meta_loss = by_hand(predictor, tasks, rates, n_steps, first_order)
    expected = torch.autograd.grad(meta_loss, list(predictor.parameters()))
    actual = meta_gradient(predictor, tasks, rates, n_steps, first_order=first_order)
    assert relative_error(actual, expected) < tolerance


def test_first_and_second_order_differ_by_a_lot_more_than_the_tolerance():
    predictor, tasks = small_network(), episode()
    rates = InnerRates(predictor, 0.1)
    first = meta_gradient(predictor, tasks, rates, 3, first_order=True)
    second = meta_gradient(predictor, tasks, rates, 3, first_order=False)
    assert relative_error(first, second) > 1e-2


@pytest.mark.parametrize("first_order", [False, True])
@pytest.mark.parametrize("n_steps", [1, 4])
def test_linear_regression_in_closed_form(n_steps, first_order):
    torch.manual_seed(0)
    model, alpha = nn.Linear(3, 1, bias=False).double(), 0.05
    x, y = torch.randn(6, 3).double(), torch.randn(6, 1).double()
    xq, yq = torch.randn(5, 3).double(), torch.randn(5, 1).double()
    task = Task("line", (x, y), (xq, yq))
    curvature, theta = 2 / 6 * x.T @ x, model.weight.detach().T
    shrink = torch.linalg.matrix_power(torch.eye(3).double() - alpha * curvature, n_steps)
    best = torch.linalg.solve(curvature, 2 / 6 * x.T @ y)
    adapted = best + shrink @ (theta - best)
    expected = 2 / 5 * xq.T @ (xq @ adapted - yq)
    if not first_order:
        expected = shrink @ expected
    rates = InnerRates(model, alpha)
    actual = meta_gradient(model, [task], rates, n_steps, first_order=first_order)
    assert relative_error([actual[0].T], [expected]) < 1e-12
    assert relative_error([adapt(model, task.support, alpha, n_steps).weight.T], [adapted]) < 1e-12


@pytest.mark.parametrize("every_step", [False, True])
def test_directional_finite_differences(every_step):
    predictor, tasks, n = small_network(), episode(), 3
    rates = InnerRates(predictor, 0.1)
    weights = every_step_weights(3, 0.4) if every_step else [0, 0, 1]
    gradient = meta_gradient(predictor, tasks, rates, n, step_weights=weights)
    torch.manual_seed(1)
    direction = [torch.randn_like(p) for p in predictor.parameters()]

    def meta_loss():
        curve = adaptation_curve(predictor, tasks, rates, n).mean(0)
        return curve[1:] @ np.array(weights)

    along = float(sum((g * d).sum() for g, d in zip(gradient, direction)))
    assert along == pytest.approx(slope(predictor, direction, meta_loss, 1e-5), rel=1e-6)


@pytest.mark.parametrize("learn", LEARN)
def test_learned_rates_against_finite_differences(learn):
    predictor, tasks, n = small_network(), episode(), 3
    rates = InnerRates(predictor, 0.1, learn, n)
    gradient = meta_gradient(predictor, tasks, rates, n)[-1]
    assert gradient.shape == {"scalar": (1, 1), "tensor": (1, 6), "tensor and step": (3, 6)}[learn]
    for index in np.ndindex(*gradient.shape):
        loss = {}
        for side in (-1, 1):
            moved = copy.deepcopy(rates)
            moved.log_alpha.data[index] += side * 1e-4
            loss[side] = adaptation_curve(predictor, tasks, moved, n).mean(0)[-1]
        expected = (loss[1] - loss[-1]) / 2e-4
        assert float(gradient[index]) == pytest.approx(expected, rel=1e-6, abs=1e-11)


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("learn", LEARN)
def test_learned_rates_to_first_order_are_those_written_by_hand(learn, every_step):
    predictor, tasks, n = small_network(), episode(), 3
    rates = InnerRates(predictor, 0.1, learn, n)
    weights = every_step_weights(3) if every_step else None
    meta_loss = by_hand(predictor, tasks, rates, n, first_order=True, weights=weights)
    expected = torch.autograd.grad(meta_loss, [*predictor.parameters(), *rates.parameters()])
    actual = meta_gradient(predictor, tasks, rates, n, first_order=True, step_weights=weights)
    assert relative_error(actual, expected) < 1e-12
    assert relative_error(actual[-1:], expected[-1:]) < 1e-12


def test_meta_step_is_one_step_down_the_meta_gradient():
    predictor, tasks = small_network(), episode()
    before, outer = state(predictor), torch.optim.SGD(predictor.parameters(), lr=0.5)
    meta_loss = by_hand(predictor, tasks, InnerRates(predictor, 0.1), 2)
    gradient = torch.autograd.grad(meta_loss, list(predictor.parameters()))
    loss = meta_step(predictor, tasks, outer, 0.1, 2)
    expected = [p - 0.5 * g for p, g in zip(before, gradient)]
    assert relative_error(state(predictor), expected) < 1e-14
    predictor.load_state_dict(dict(zip(predictor.state_dict(), before)))
    after_adapting = adaptation_curve(predictor, tasks, 0.1, 2)[:, -1].mean()
    assert loss == pytest.approx(after_adapting, rel=1e-12)


def test_clipping_keeps_the_direction_and_caps_the_norm():
    predictor, tasks = small_network(), episode()
    rates = InnerRates(predictor, 0.1)
    free = meta_gradient(predictor, tasks, rates, 2)
    clipped = meta_gradient(predictor, tasks, rates, 2, max_norm=1e-3)
    scale = 1e-3 / math.sqrt(sum(float((g**2).sum()) for g in free))
    assert scale < 1
    assert relative_error(clipped, [g * scale for g in free]) < 1e-4


def test_every_step_weights_sum_to_one_and_end_on_the_last():
    for fraction in (0, 0.3, 1):
        assert sum(every_step_weights(4, fraction)) == pytest.approx(1)
    assert every_step_weights(4, 0) == [0.25] * 4
    assert every_step_weights(4, 1) == [0, 0, 0, 1]


def test_step_weights_may_be_a_function_of_how_much_is_done():
    predictor, tasks = small_network(), episode()
    rates = InnerRates(predictor, 0.1)
    weights = every_step_weights(3, 0.4)
    by_list = meta_gradient(predictor, tasks, rates, 3, step_weights=weights)
    by_list = [g.clone() for g in by_list]
    options = {"step_weights": every_step_weights, "fraction": 0.4}
    assert relative_error(meta_gradient(predictor, tasks, rates, 3, **options), by_list) == 0


# Which line of Algorithm 1 is where; notebook 05 shows this source


def test_each_line_of_algorithm_1_stands_beside_the_code_that_does_it():
    code = {
        "line 4": "for task in episode:",
        "lines 5 and 6": "for weight in weights:",
        "line 8: one term": "trajectory.backward(",
        "line 8: theta": "outer_step(outer, max_norm)",
    }
    _, _, body = inspect.getsource(meta_step).split('"""')
    for comment, statement in code.items():
        (line,) = [line for line in body.splitlines() if f"# {comment}" in line]
        assert line.strip().startswith(statement)
    assert "trajectory.step(loss(fmodel(x), y))" in body
    loop = inspect.getsource(vadkit.meta_train)
    assert re.search(r"for done in range\(steps\):  # lines 2 and 9", loop)
    assert re.search(r"episode = .*sampler\[.*  # line 3", loop)


def test_the_package_says_which_line_is_where():
    table = vadkit.maml.__doc__
    for line in range(1, 10):
        assert re.search(rf"^ +{line}  ", table, re.MULTILINE)
    for name in ("meta_train", "meta_step", "trajectory.step", "trajectory.backward", "outer_step"):
        assert name in table


def test_the_meta_step_fits_on_one_slide():
    _, _, body = inspect.getsource(meta_step).split('"""')
    assert len(body.strip().splitlines()) <= 20


@pytest.mark.parametrize("learn", [None, "tensor"])
@pytest.mark.parametrize("first_order", [False, True])
def test_an_inner_loop_of_the_head_alone_still_teaches_the_body(learn, first_order):
    """ANIL: by hand, with a rate of zero for all that is not the head."""
    predictor, tasks = small_network(), episode()
    rates = InnerRates(predictor, 0.1, learn, 2, only="3")
    assert [float(rate) for rate in rates.at(0)] == pytest.approx([0, 0, 0, 0, 0.1, 0.1])
    meta_loss = by_hand(predictor, tasks, rates, 2, first_order)
    learned = [*predictor.parameters(), *rates.parameters()]
    expected = torch.autograd.grad(meta_loss, learned)
    actual = meta_gradient(predictor, tasks, rates, 2, first_order=first_order)
    assert relative_error(actual, expected) < 1e-12
    assert all(gradient.abs().max() > 0 for gradient in actual[:6])
    adapted = adapt(predictor, tasks[0].support, rates, 2)
    changed = [not torch.equal(a, b) for a, b in zip(state(adapted), state(predictor))]
    assert changed == [False] * 4 + [True] * 2
    if learn:
        assert (rates.table()[0] > 0).tolist() == changed
    with pytest.raises(ValueError, match="No weights in 'tail': choose from 0, 1, 3"):
        InnerRates(predictor, 0.1, only="tail")
