"""Meta-training on bad input: one sentence that says what to do."""

from functools import partial

import pytest
import torch
from maml_cases import EPISODES, Fixed, episode, quick, small_network

from vadkit.maml import InnerRates, joint_step, meta_step, reptile_step


@pytest.mark.parametrize(
    "options, words",
    [
        ({"update": "magic"}, "update must be a function .* got 'magic'"),
        ({"update": joint_step, "learn": "tensor"}, "option of meta_step, not of joint_step"),
        ({"update": reptile_step, "learn": "scalar"}, "option of meta_step, not of reptile_step"),
        ({"learn": "always"}, "'scalar', 'tensor'"),
        ({"n_inner_steps": 0}, "0 steps"),
        ({"inner_lr": 0.0}, "positive"),
        ({"steps": 0}, "at least 1"),
    ],
)
def test_meta_train_refuses_in_one_sentence(options, words):
    with pytest.raises((TypeError, ValueError), match=words):
        quick(small_network(torch.float32), Fixed(*EPISODES), **{"steps": 2, **options})


@pytest.mark.parametrize("option", [{"first_order": True}, {"step_weights": [0, 1]}])
@pytest.mark.parametrize("step", [reptile_step, joint_step])
def test_the_baselines_take_no_option_that_is_meta_steps_alone(step, option):
    with pytest.raises(TypeError, match=next(iter(option))):
        quick(small_network(torch.float32), Fixed(*EPISODES), 2, update=partial(step, **option))


def test_one_scene_is_not_enough():
    only = Fixed(*EPISODES)
    only.pool = (0,)
    with pytest.raises(ValueError, match="only one"):
        quick(small_network(torch.float32), only, 2)


@pytest.mark.parametrize("weights", [[0, 1], [1, 1, 0]])
def test_step_weights_of_another_number_or_without_the_last_step_are_refused(weights):
    predictor = small_network()
    outer = torch.optim.SGD(predictor.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="step_weights must be 3 numbers"):
        meta_step(predictor, episode(), outer, step_weights=weights)


def test_an_empty_episode_is_refused():
    predictor = small_network()
    with pytest.raises(ValueError, match="0 tasks"):
        meta_step(predictor, [], torch.optim.SGD(predictor.parameters(), lr=0.1))


def test_rates_of_another_predictor_are_refused():
    predictor = small_network()
    outer = torch.optim.SGD(predictor.parameters(), lr=0.1)
    rates = InnerRates(torch.nn.Linear(1, 1), 0.1)
    with pytest.raises(ValueError, match="2 weight tensors, the predictor has 6"):
        meta_step(predictor, episode(), outer, rates)
