"""`fit` and its callbacks: one seed one result, nothing lost when interrupted, no leaks."""

import math
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vadkit.adversarial import Adversary, discriminator_loss, generator_loss
from vadkit.callbacks import AddressingEntropy, Callback, WeightAverage
from vadkit.losses import addressing_entropy, prediction_loss
from vadkit.metrics import psnr
from vadkit.predictors import PREDICTORS, build_predictor, copy_last_frame
from vadkit.scenes import Clip
from vadkit.training import fit, one_cycle, split_windows
from vadkit.windows import Windows


def clip(n_frames, size=16, seed=0):
    """A bright square that crosses a fixed background."""
    frames = np.tile(
        np.random.default_rng(seed).integers(60, 120, (size, size), dtype=np.uint8),
        (n_frames, 1, 1),
    )
    for t in range(n_frames):
        left = (2 * t) % size
        frames[t, 4:10, left : left + 5] = 220
    return Clip(f"clip{seed}", frames)


@pytest.fixture
def windows():
    return Windows([clip(40, seed=1), clip(40, seed=1)])


def weights(predictor):
    return torch.cat([p.detach().flatten().clone() for p in predictor.parameters()])


def trained(windows, steps=6, name="autoencoder", **options):
    predictor = build_predictor(name, width=4)
    history = fit(predictor, windows, steps=steps, progress=False, **options)
    return predictor, history


class Watch(Callback):
    """Call `function(model, history)` after each validation; True ends the training."""

    def __init__(self, function):
        self.function = function

    def after_validation(self):
        if self.function(self.run.model, self.run.history) is True:
            self.run.stop = True


def weights_at(windows, step, **options):
    """The weights that were validated after so many steps of a training of 20."""
    seen = []
    callbacks = [*options.pop("callbacks", ()), Watch(lambda m, h: seen.append(weights(m)) or True)]
    trained(windows, 20, validate_every=step, callbacks=callbacks, **options)
    return seen[0]


RECIPES = {  # what fit may be told, made anew for each training
    "plain": lambda: {},
    "gradient": lambda: {"loss": partial(prediction_loss, gradient=0.5)},
    "adversary": lambda: {"callbacks": [Adversary(0.05)]},
    "average": lambda: {"callbacks": [WeightAverage(0.9)]},
}


def test_training_beats_copying_the_last_frame(windows):
    predictor, history = trained(windows, 300, "unet")
    x, y = windows.batch(split_windows(windows)[1])
    with torch.no_grad():
        assert psnr(predictor(x), y).mean() > psnr(copy_last_frame(x), y).mean() + 3
    assert history.validation_steps == [200, 300]
    assert np.mean(history.loss[-20:]) < np.mean(history.loss[:20]) / 10
    assert not predictor.training and not history.interrupted and history.seconds > 0


@pytest.mark.parametrize("recipe", RECIPES)
def test_one_seed_one_result_and_another_seed_another(windows, recipe):
    options = RECIPES[recipe]
    torch.manual_seed(1)
    a, history_a = trained(windows, seed=3, **options())
    torch.manual_seed(2)  # what others sample from the global generator must not matter
    b, history_b = trained(windows, seed=3, **options())
    c, _ = trained(windows, seed=4, **options())
    assert torch.equal(weights(a), weights(b)) and history_a.loss == history_b.loss
    assert history_a.validation_psnr == history_b.validation_psnr
    assert not torch.equal(weights(a), weights(c))


class Interrupting(Windows):
    """Windows whose reader presses Ctrl-C while batch `stop_at` is read."""

    def __init__(self, clips, stop_at):
        super().__init__(clips)
        self.n_batches = 0
        self.stop_at = stop_at

    def batch(self, indices):
        self.n_batches += 1
        if self.n_batches > self.stop_at:
            raise KeyboardInterrupt
        return super().batch(indices)


@pytest.mark.parametrize("recipe", ["plain", "average", "adversary"])
def test_interrupting_keeps_what_was_learned(windows, recipe, capsys):
    options = RECIPES[recipe]
    predictor, history = trained(Interrupting(windows.clips, stop_at=5), 20, **options())
    assert history.interrupted and len(history.loss) == 5
    assert "Stopped after 5 steps" in capsys.readouterr().out
    assert torch.equal(weights(predictor), weights_at(windows, 5, **options()))
    assert not predictor.training


def test_a_loss_that_is_no_number_stops_with_a_sentence_and_spares_the_weights(windows):
    predictor = build_predictor("autoencoder", width=4)
    sentence = "The loss at step [1-9].* (nan|inf|grown from).*smaller lr than 1e[+]?30"
    with pytest.raises(FloatingPointError, match=sentence):
        fit(predictor, windows, steps=50, lr=1e30, progress=False)
    broken = Windows([Clip("broken", np.full((20, 16, 16), np.nan, np.float32))])
    before = weights(predictor)
    with pytest.raises(FloatingPointError, match="The loss at step 0 is nan: the frames"):
        fit(predictor, broken, steps=5, progress=False)
    assert torch.equal(weights(predictor), before)


@pytest.mark.parametrize(
    "length", [{}, {"steps": 5, "minutes": 1}, {"steps": 0}, {"steps": -3}, {"minutes": 0}], ids=str
)
def test_how_long_must_be_said_once(windows, length):
    with pytest.raises(ValueError, match="steps=... or minutes=..., one of them and above zero"):
        fit(build_predictor("autoencoder", width=4), windows, **length)


@pytest.mark.parametrize(
    "options, sentence",
    [
        ({"held_out": 1.0}, "from 0 to below 1, got 1.0"),
        ({"held_out": -0.1}, "from 0 to below 1, got -0.1"),
        ({"held_out": 0.95}, "leaves no window to train on"),
        ({"callbacks": [AddressingEntropy(0.01)]}, "needs a predictor that has a memory"),
    ],
)
def test_bad_options_are_refused_before_anything_is_learned(windows, options, sentence):
    predictor = build_predictor("autoencoder", width=4)
    before = weights(predictor)
    with pytest.raises(ValueError, match=sentence):
        fit(predictor, windows, steps=3, progress=False, **options)
    assert torch.equal(weights(predictor), before)


@pytest.mark.parametrize("decay", [1.0, -0.1])
def test_a_bad_decay_is_refused(decay):
    with pytest.raises(ValueError, match=f"from 0 to below 1, got {decay}"):
        WeightAverage(decay)


def test_minutes_end_near_the_clock_with_a_validation(windows):
    predictor = build_predictor("autoencoder", width=4)
    history = fit(predictor, windows, minutes=0.02, validate_every=10**6, progress=False)
    assert 1.2 <= history.seconds < 5
    assert history.validation_steps == [len(history.loss)]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=6), st.floats(0.0, 0.6))
def test_held_out_windows_share_no_frame_with_training_windows(lengths, held_out):
    if max(lengths) < 5:
        lengths.append(5)
    windows = Windows([Clip("c", np.zeros((n, 2, 2), np.uint8)) for n in lengths])
    try:
        train, validation = split_windows(windows, held_out)
    except ValueError:
        return  # nothing left to train on, and said so
    assert len(train) and len(validation)

    def frames_of(indices):
        return {(c, first + t) for c, first in map(windows.locate, indices) for t in range(5)}

    if set(validation) != set(train):
        assert not frames_of(train) & frames_of(validation)
        counts = np.diff([0, *windows.ends])
        assert len(validation) == sum(int(n * held_out) for n in counts)
    else:
        assert all(int(n * held_out) == 0 for n in np.diff([0, *windows.ends]))


def test_watching_can_stop_the_training(windows):
    seen = []

    def enough(model, history):
        seen.append(history.validation_psnr[-1])
        return len(seen) == 2

    _, history = trained(windows, 30, validate_every=5, callbacks=[Watch(enough)])
    assert len(history.loss) == 10 and history.validation_psnr == seen


def test_the_average_of_the_weights_is_the_average_of_the_weights(windows):
    decay = 0.7
    average = weights_at(windows, 1)
    for step in (2, 3):
        average = decay * average + (1 - decay) * weights_at(windows, step)
    averaged = weights_at(windows, 3, callbacks=[WeightAverage(decay)])
    torch.testing.assert_close(averaged, average, rtol=1e-5, atol=1e-7)


def test_one_cycle_rises_then_falls():
    factors = [one_cycle(f) for f in np.linspace(0, 1, 101)]
    top = int(np.argmax(factors))
    assert factors[0] == 0.01 and top == 5 and factors[5] == 1
    assert factors[100] == pytest.approx(0, abs=1e-12)
    assert np.all(np.diff(factors[: top + 1]) > 0) and np.all(np.diff(factors[top:]) < 0)


def test_gradient_difference_loss_against_arithmetic():
    target, prediction = torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 2, 2)
    target[..., 1] = 1.0  # an edge between the columns
    prediction[..., 1] = 0.25  # a blurred one
    mse = (0.75**2) / 2
    assert prediction_loss(prediction, target).item() == pytest.approx(mse)
    assert prediction_loss(prediction, target, gradient=2.0).item() == pytest.approx(mse + 2 * 0.75)


def test_least_squares_losses_against_arithmetic():
    assert discriminator_loss(torch.ones(3), torch.zeros(2)).item() == 0
    assert discriminator_loss(torch.zeros(3), torch.ones(2)).item() == pytest.approx(1)
    assert generator_loss(torch.ones(3)).item() == 0
    assert generator_loss(torch.tensor([0.0, 2.0])).item() == pytest.approx(0.5)


def adversary_of(predictor, **batch):
    """An adversary as `fit` would prepare it, and the batch that it is to learn from."""
    adversary = Adversary()
    adversary.run = SimpleNamespace(predictor=predictor, seed=0, device="cpu", **batch)
    adversary.before_training()
    return adversary


def test_discriminator_and_predictor_pull_in_opposite_directions():
    """Stripes are real, flat grey is fake. The discriminator learns to tell them; then a fake that
    follows its verdict becomes more deceptive, and worse for the discriminator."""
    real = (torch.arange(32) % 4 < 2).float().expand(4, 1, 32, 32)
    fake = torch.full((4, 1, 32, 32), 0.5)
    predictor = build_predictor("autoencoder", width=4)
    adversary = adversary_of(predictor, y=real, prediction=fake, lr=2e-3)
    for _ in range(60):
        adversary.after_step()
    assert adversary.losses[-1] < adversary.losses[0] / 10
    assert adversary.net(real).mean() > 0.8 and adversary.net(fake).mean() < 0.2

    better = fake.clone().requires_grad_()
    before = generator_loss(adversary.net(better))
    slope = torch.autograd.grad(before, better)[0]
    better = better - 0.5 * slope / slope.abs().max()
    on_real, on_fake, on_better = (adversary.net(frames) for frames in (real, fake, better))
    assert generator_loss(on_better) < before
    assert discriminator_loss(on_real, on_better) > discriminator_loss(on_real, on_fake)


def test_adversarial_training_trains_both_and_changes_the_predictor(windows):
    adversary = Adversary(0.05)
    plain, _ = trained(windows, 20)
    fooling, _ = trained(windows, 20, callbacks=[adversary])
    assert len(adversary.losses) == 20 and adversary.losses[-1] < adversary.losses[0]
    assert not torch.equal(weights(plain), weights(fooling))


@pytest.mark.parametrize("name", PREDICTORS)
def test_any_predictor_can_be_trained_adversarially(windows, name):
    """The verdict of the adversary reaches every predictor: without it, it would end elsewhere."""
    adversary = Adversary(0.5)
    plain, _ = trained(windows, 3, name)
    fooling, _ = trained(windows, 3, name, callbacks=[adversary])
    assert len(adversary.losses) == 3 and np.isfinite(adversary.losses).all()
    assert torch.isfinite(weights(fooling)).all()
    assert not torch.equal(weights(plain), weights(fooling))


def test_callbacks_begin_anew_with_each_training(windows):
    reused = [Adversary(0.05), WeightAverage(0.9)]
    first, _ = trained(windows, callbacks=reused)
    losses = reused[0].losses
    second, _ = trained(windows, callbacks=reused)
    assert torch.equal(weights(first), weights(second)) and reused[0].losses == losses


def test_a_step_of_the_adversary_leaves_the_predictor_alone():
    predictor = build_predictor("unet", width=4)
    before = weights(predictor)
    prediction = predictor(torch.rand(2, 4, 16, 16))
    batch = {"y": torch.rand(2, 1, 16, 16), "prediction": prediction, "lr": 1e-2}
    adversary = adversary_of(predictor, **batch)
    adversary.after_step()
    assert torch.equal(weights(predictor), before)
    assert not torch.equal(weights(adversary.net), weights(adversary_of(predictor).net))


def test_entropy_of_addressing():
    assert addressing_entropy(torch.tensor([[0.25] * 4])).item() == pytest.approx(math.log(4))
    assert addressing_entropy(torch.eye(5)).item() == 0
    half = torch.tensor([0.0, 0.5, 0.5], requires_grad=True)
    addressing_entropy(half).backward()
    assert torch.isfinite(half.grad).all()


def test_the_entropy_loss_makes_a_memory_more_decided(windows):
    decided, _ = trained(windows, 60, "memory", callbacks=[AddressingEntropy(0.1)])
    undecided, _ = trained(windows, 60, "memory")
    x, _ = windows.batch(range(8))
    with torch.no_grad():
        few, many = (addressing_entropy(p.addressing(x)) for p in (decided, undecided))
    assert few < 0.8 * many
