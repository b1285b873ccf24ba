"""Meta-training: it learns and repeats itself, keeps good weights, is saved and trained further."""

import copy
import math
from functools import partial

import numpy as np
import pytest
import torch
from maml_cases import (
    EPISODES,
    EVERY_STEP,
    FIRST_ORDER,
    QUIET,
    Fixed,
    episode,
    quick,
    relative_error,
    same,
    small_network,
    state,
)
from torch import nn
from torch.nn import functional as F

import vadkit
from vadkit.episodes import EpisodeSampler
from vadkit.losses import decibel_loss
from vadkit.maml import (
    InnerRates,
    MetaTrained,
    Monitor,
    adapt,
    adaptation_curve,
    joint_step,
    meta_train,
    reptile_step,
)
from vadstudies.sinusoids.pool import SinusoidPool


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"update": FIRST_ORDER},
        {"learn": "scalar"},
        {"learn": "tensor and step", "update": EVERY_STEP},
        {"update": partial(EVERY_STEP, first_order=True)},
        {"update": reptile_step},
        {"update": joint_step},
        {"cosine": True},
    ],
)
def test_every_method_learns_its_tasks_and_repeats_itself(options):
    first, again = (small_network(torch.float32) for _ in range(2))
    options = {"outer_lr": 3e-2, "monitor": Monitor(note_every=1, progress=False), **options}
    trained = quick(first, Fixed(*EPISODES), 22, **options)
    quick(again, Fixed(*EPISODES), 22, **options)
    assert same(state(first), state(again))
    history = trained.history
    assert history.steps == list(range(22)) and history.n_steps == 22
    assert history.after[21] < 0.7 * history.after[0]  # the same tasks
    assert (np.array(trained.rates.table()) != history.rates[0]).all() == ("learn" in options)


def test_joint_and_reptile_steps_in_closed_form():
    tasks, reference = episode(), small_network()
    both = [tuple(torch.cat(pair) for pair in zip(task.support, task.query)) for task in tasks]
    joint = small_network()
    joint_step(joint, tasks, torch.optim.SGD(joint.parameters(), lr=1.0))
    loss = sum(F.mse_loss(reference(x), y) for x, y in both) / 2
    gradients = torch.autograd.grad(loss, list(reference.parameters()))
    expected = [p - g for p, g in zip(reference.parameters(), gradients)]
    assert relative_error(state(joint), expected) < 1e-12
    reptile = small_network()
    reptile_step(reptile, tasks, torch.optim.SGD(reptile.parameters(), lr=1.0), 0.1, 3)
    ends = [state(adapt(reference, samples, 0.1, 3)) for samples in both]
    assert relative_error(state(reptile), [(a + b) / 2 for a, b in zip(*ends)]) < 1e-12


def test_meta_step_weighs_every_step_more_and_more_towards_the_last():
    seen = []

    def weights(n_inner_steps, fraction):
        seen.append((n_inner_steps, fraction))
        return [0, 1]

    update = partial(EVERY_STEP, step_weights=weights)
    predictor, reference = small_network(torch.float32), small_network(torch.float32)
    quick(predictor, Fixed(*EPISODES), 4, update=update)
    quick(reference, Fixed(*EPISODES), 4)
    assert seen == [(2, 0), (2, 0.25), (2, 0.5), (2, 0.75)]
    assert same(state(predictor), state(reference))


# What is kept when it ends early


def test_a_loss_that_is_no_number_stops_with_step_task_and_hint_and_keeps_the_last_good_weights():
    broken = copy.deepcopy(EPISODES[2])
    broken[1].query[1][0] = math.nan
    predictor, reference = small_network(torch.float32), small_network(torch.float32)
    quick(reference, Fixed(*EPISODES[:2]), 1)
    words = r"Outer step 2: Task 'episode 2, 1'.*nan: the frames .* hold NaN"
    with pytest.raises(FloatingPointError, match=words) as caught:
        quick(predictor, Fixed(*EPISODES[:2], broken), 9)
    # The weights before the step after which the loss was no number.
    assert same(state(predictor), state(reference))
    assert caught.value.trained.predictor is predictor
    assert all(torch.isfinite(p).all() for p in predictor.parameters())


@pytest.mark.parametrize("update", [reptile_step, joint_step])
def test_the_baselines_name_the_task_too(update):
    broken = copy.deepcopy(EPISODES[0])
    broken[1].query[1][0] = 1e30  # whose square is infinite
    words = "Outer step 0: Task 'episode 0, 1': The .* loss.* is inf"
    with pytest.raises(FloatingPointError, match=words):
        quick(small_network(torch.float32), Fixed(broken), 2, update=update)


def test_an_outer_rate_far_too_large_leaves_finite_weights():
    predictor = small_network(torch.float32)
    with pytest.raises(FloatingPointError, match="Outer step"):
        quick(predictor, Fixed(*EPISODES), 30, outer_lr=1e30, max_norm=None)
    assert all(torch.isfinite(p).all() for p in predictor.parameters())
    assert torch.isfinite(predictor(EPISODES[0][0].support[0])).all()


def test_interrupting_keeps_what_was_learned(capsys):
    predictor, reference = small_network(torch.float32), small_network(torch.float32)
    trained = quick(predictor, Fixed(EPISODES[0], EPISODES[1], KeyboardInterrupt()), 9)
    quick(reference, Fixed(*EPISODES), 2)
    assert trained.history.interrupted and trained.history.n_steps == 2
    assert same(state(predictor), state(reference))
    assert "after 2 outer steps" in capsys.readouterr().out


# Saving, loading, training further


@pytest.mark.parametrize("learn", [None, "tensor and step"])
def test_save_load_and_train_further(tmp_path, learn):
    path = tmp_path / "meta.safetensors"
    held_out = [*EPISODES[0], *EPISODES[1]]
    monitor = Monitor(validation=held_out, validate_every=2, progress=False)
    predictor = small_network(torch.float32)
    trained = quick(predictor, Fixed(*EPISODES), 4, learn, monitor=monitor)
    trained.save(path, {"seed": 0})
    loaded = MetaTrained.load(path, small_network(torch.float32, seed=5))
    support = EPISODES[0][0].support
    assert loaded.history == trained.history and loaded.history.validation_steps == [2, 4]
    assert same(state(loaded.adapt(support)), state(trained.adapt(support)))
    for one in (trained, loaded):
        assert meta_train(one, Fixed(*EPISODES), 3, monitor=QUIET) is one
    assert same(state(loaded.predictor), state(trained.predictor))
    assert np.array_equal(loaded.rates.table(), trained.rates.table())
    assert loaded.history.n_steps == 7


def test_a_file_that_does_not_fit_is_refused(tmp_path):
    path = tmp_path / "meta.safetensors"
    quick(small_network(torch.float32), Fixed(*EPISODES), 1, learn="tensor").save(path)
    with pytest.raises(ValueError, match="does not fit"):
        MetaTrained.load(path, vadkit.build_predictor("autoencoder", width=4))
    vadkit.save_weights(tmp_path / "plain.safetensors", small_network())
    with pytest.raises(ValueError, match="plain weights"):
        MetaTrained.load(tmp_path / "plain.safetensors", small_network())
    with pytest.raises(FileNotFoundError):
        MetaTrained.load(tmp_path / "none.safetensors", small_network())


def test_sinusoids_as_in_the_paper():
    """Finn et al. 2017, section 5.1, in small: a step on 10 points helps MAML, and hardly joint."""
    exam = EpisodeSampler(SinusoidPool(), n_way=100, k_shot=10, n_query=50, seed=10_000)[0]
    monitor = Monitor(note_every=300, progress=False)
    curves = {}
    for name, options in {"maml": {}, "joint": {"update": joint_step}}.items():
        torch.manual_seed(0)
        network = nn.Sequential(
            nn.Linear(1, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 1)
        )
        sampler = EpisodeSampler(SinusoidPool(), n_way=4, k_shot=10, n_query=10, seed=0)
        options |= {"inner_lr": 0.02, "n_inner_steps": 1, "outer_lr": 5e-3, "cosine": True}
        trained = quick(network, sampler, 300, monitor=monitor, **options)
        curves[name] = adaptation_curve(trained.predictor, exam, 0.02, 1).mean(0)
    print({name: curve.round(2).tolist() for name, curve in curves.items()})
    gain = {name: curve[0] - curve[1] for name, curve in curves.items()}
    assert curves["maml"][1] < 0.85 * curves["joint"][1] and gain["maml"] > 2 * gain["joint"] > 0


def test_a_predictor_adapts_as_it_was_trained_after_loading_too(tmp_path):
    predictor, task = small_network(torch.float32), episode(1, dtype=torch.float32)[0]
    rates = InnerRates(predictor, 0.02, only="3")
    options = {"outer_lr": 1e-3, "monitor": QUIET}
    trained = meta_train(predictor, Fixed(*EPISODES), 2, rates, 2, loss=decibel_loss, **options)
    trained.save(tmp_path / "w.safetensors")
    again = MetaTrained.load(tmp_path / "w.safetensors", small_network(torch.float32, seed=5))
    expected = adapt(trained.predictor, task.support, rates, 2, decibel_loss)
    assert same(state(again.adapt(task.support)), state(expected))
    other = again.adapt(task.support, loss=torch.nn.functional.l1_loss)
    assert not same(state(other), state(expected))


def test_a_loss_of_ones_own_has_to_be_given_again(tmp_path):
    predictor, task = small_network(torch.float32), episode(1, dtype=torch.float32)[0]
    loss = partial(decibel_loss, floor=1e-3)
    trained = meta_train(predictor, Fixed(*EPISODES), 1, 0.01, 1, loss=loss, monitor=QUIET)
    trained.save(tmp_path / "w.safetensors")
    again = MetaTrained.load(tmp_path / "w.safetensors", small_network(torch.float32))
    with pytest.raises(ValueError, match="give loss=..., the same one"):
        again.adapt(task.support)
    assert same(state(again.adapt(task.support, loss=loss)), state(trained.adapt(task.support)))
