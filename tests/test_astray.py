"""Trainings and evaluations that go astray or are stopped: a sentence, and nothing half-done."""

import json
import math

import evaluate_memory
import numpy as np
import pytest
import torch
from maml_cases import EPISODES, Fixed, quick, small_network

import vadkit
from vadkit import adaptation, losses, toy
from vadkit.evaluation import evaluate
from vadkit.maml import Monitor, adapt
from vadkit.pools import ScenePool
from vadkit.predictors import UNet, build_predictor
from vadkit.scenes import Clip, Scene
from vadkit.training import fit
from vadkit.windows import Windows


def frames(n=24, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, 16, 16), dtype=np.uint8)


@pytest.fixture
def windows():
    return Windows([Clip("noise", frames())])


@pytest.fixture
def predictor():
    return build_predictor("autoencoder", width=4)


def weights(network):
    return torch.cat([p.detach().flatten().clone() for p in network.parameters()])


def finite(network):
    return bool(weights(network).isfinite().all())


# Losses and weights that are no numbers


def test_a_loss_that_explodes_ends_the_training_before_it_is_learned_from(windows, predictor):
    with pytest.raises(FloatingPointError, match="has grown from .* to .* a smaller lr than 10000"):
        fit(predictor, windows, 30, lr=1e4, progress=False)
    assert finite(predictor) and not predictor.training


def test_a_loss_of_another_scale_is_no_explosion(windows, predictor):
    def summed(prediction, target):
        return 1e6 * (prediction - target).square().sum()

    assert len(fit(predictor, windows, 5, loss=summed, progress=False).loss) == 5


def endless_slope(prediction, target):
    """A loss that is a number, 0, with a gradient that is none."""
    return (0 * prediction).abs().sum().sqrt()


def test_the_last_step_of_a_training_is_looked_at_too(windows, predictor):
    with pytest.raises(FloatingPointError, match="after the last step: .* smaller lr than 0.002"):
        fit(predictor, windows, 1, loss=endless_slope, progress=False)


def test_broken_frames_are_blamed_and_not_the_learning_rate(predictor):
    broken = frames().astype(np.float32) / 255
    broken[7, 3, 3] = np.nan
    with pytest.raises(FloatingPointError, match="frames .* hold NaN") as caught:
        fit(predictor, Windows([Clip("broken", broken)]), 20, progress=False)
    assert "lr" not in str(caught.value)


def test_a_loss_that_is_no_number_at_all_is_refused(windows, predictor):
    with pytest.raises(ValueError, match="a tensor of one number"):
        fit(predictor, windows, 2, loss=lambda prediction, target: prediction, progress=False)


def test_the_last_outer_step_is_looked_at_too_and_the_step_before_is_kept():
    predictor = small_network(torch.float32)
    before = weights(predictor)

    def spoil(theta, *_, **__):
        next(theta.parameters()).data.fill_(math.nan)

    with pytest.raises(FloatingPointError, match="after the last step.*good weights are kept"):
        quick(predictor, Fixed(*EPISODES), 1, update=spoil)
    assert torch.equal(weights(predictor), before)


@pytest.mark.parametrize("option", ["outer_lr", "rates_lr", "max_norm"])
@pytest.mark.parametrize("value", [math.inf, math.nan, 0.0, -1.0])
def test_rates_and_norms_of_meta_training_are_numbers_above_zero(option, value):
    with pytest.raises(ValueError, match=f"{option} must be (a finite number|above 0.*), got"):
        quick(small_network(torch.float32), Fixed(*EPISODES), 1, **{option: value})


def test_a_meta_training_that_explodes_says_so():
    network = small_network(torch.float32)
    monitor = Monitor(note_every=1, progress=False)
    with pytest.raises(FloatingPointError, match="smaller inner_lr or outer_lr"):
        quick(network, Fixed(*EPISODES), 30, outer_lr=1e5, inner_lr=1e-6, monitor=monitor)
    assert finite(network)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_fine_tuning_looks_at_every_loss_and_at_the_last_step(optimizer, windows, predictor):
    support = windows.batch(range(4))
    for n_steps, words in ((1, "after the last step"), (5, "The loss at step 1 is nan")):
        tuning = adaptation.fine_tuning(
            predictor, support, optimizer, 0.5, n_steps, loss=endless_slope
        )
        with pytest.raises(FloatingPointError, match=f"{words}.*smaller lr than 0.5"):
            list(tuning)


def test_settling_in_on_broken_frames_blames_them(windows, predictor):
    x, y = windows.batch(range(4))
    x[0, 0, 0, 0] = math.nan
    with pytest.raises(FloatingPointError, match="frames .* hold NaN"):
        adaptation.settle_in(predictor, (x, y), 5)
    with pytest.raises(ValueError, match="finite"):
        adapt(predictor, (x, y))


# Interrupts


def stopping(predictor, after):
    """A copy whose reader presses Ctrl-C while the forward pass after so many begins."""
    calls = []

    def count(*_):
        calls.append(1)
        if len(calls) > after:
            raise KeyboardInterrupt

    predictor.register_forward_pre_hook(count)
    return predictor


def test_an_interrupt_of_settling_in_carries_the_copy_so_far(windows, predictor):
    support = windows.batch(range(6))
    want = weights(adaptation.settle_in(predictor, support, 3))
    with pytest.raises(KeyboardInterrupt, match="Stopped after 3 of 50 steps") as caught:
        adaptation.settle_in(stopping(predictor, after=3), support, 50)
    assert torch.equal(weights(caught.value.settled), want)


def test_an_interrupt_of_an_evaluation_says_how_far_it_came(predictor):
    scene = Scene("s", [], [Clip(name, frames(12)) for name in "abc"])
    predictor.train()
    with pytest.raises(KeyboardInterrupt, match="1 of 3 test clips were scored"):
        evaluate(stopping(predictor, after=1), scene)
    assert predictor.training, "given back in the mode it was in"


# Once more


def test_a_second_training_says_that_it_goes_on_and_a_quiet_one_says_nothing(
    windows, predictor, capsys
):
    fit(predictor, windows, 4)
    assert "training: " in capsys.readouterr().err
    fit(predictor, windows, 3)
    assert "training on, after 4 steps before" in capsys.readouterr().err
    fit(predictor, windows, 3, progress=False)
    assert capsys.readouterr() == ("", "")
    assert predictor.trained_steps == 10


# Memory


def test_scoring_a_long_clip_takes_the_memory_of_a_few_batches(capsys):
    assert evaluate_memory.main(["--frames", "10000", "--side", "64"]) is None
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["rows"][0]["mib"] < 80, "41 MB of frames, 820 MB as windows of floats"


# What one gets wrong by hand

SCENE = toy.toy_scene(0, size=32, n_train=2, n_test=1, n_frames=40)
NETWORK = build_predictor("unet", width=4)
WINDOWS = SCENE.train_windows()
GREY = torch.full((1, 1, 16, 16), 200.0)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: vadkit.fit(NETWORK, SCENE, 1), "fit: windows must be .*train_windows.*a ToyScene"),
        (lambda: vadkit.fit(NETWORK, SCENE.train_clips, 1), "a list of RenderedClip"),
        (lambda: vadkit.fit(WINDOWS, NETWORK, 1), "are predictor and windows swapped"),
        (lambda: vadkit.fit(NETWORK, WINDOWS, "20"), "steps must be a whole number, got '20'"),
        (lambda: vadkit.fit(NETWORK, WINDOWS, math.nan), "steps must be a whole number, got nan"),
        (lambda: vadkit.fit(NETWORK, WINDOWS, 1, minutes=math.nan), "minutes must be a finite"),
        (lambda: vadkit.fit(NETWORK, WINDOWS, 1, validate_every=0), "validate_every must be at"),
        (lambda: vadkit.fit(NETWORK, WINDOWS, 1, lr=math.inf), "lr must be a finite number"),
        (lambda: vadkit.evaluate(SCENE, NETWORK), "are predictor and scene swapped"),
        (lambda: vadkit.evaluate(NETWORK, SCENE.test_clips), "scene must be a scene, such as"),
        (lambda: vadkit.evaluate(UNet, SCENE), "the class UNet: write UNet()"),
        (lambda: vadkit.EpisodeSampler([SCENE]), "A pool is needed, such as ScenePool"),
        (lambda: vadkit.meta_train(NETWORK, ScenePool([SCENE]), 1), "sampler must be .*ScenePool"),
        (lambda: vadkit.Windows(SCENE.train_clips[0]), "must be a list, each item a clip"),
        (lambda: vadkit.adapt(NETWORK, WINDOWS), "a pair of tensors"),
        (lambda: vadkit.psnr(GREY, GREY), "values up to 200: divide by 255"),
        (lambda: vadkit.psnr(GREY.numpy(), GREY.numpy()), "prediction must be a tensor"),
        (lambda: losses.prediction_loss(GREY, GREY[0]), "must share one shape"),
    ],
)
def test_a_slip_of_the_hand_is_one_sentence(call, words):
    with pytest.raises((TypeError, ValueError), match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_prediction_may_be_far_off_but_not_the_truth():
    assert vadkit.psnr(GREY, 0 * GREY + 1).item() < -40
