"""Settling in behind one camera: what is trained on, what is left alone, and when it rings."""

import numpy as np
import pytest
import torch

import vadkit
from vadkit import adaptation, toy


def predictor(seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(
        torch.nn.Conv2d(4, 4, 3, padding=1), torch.nn.SiLU(), torch.nn.Conv2d(4, 1, 3, padding=1)
    )


@pytest.fixture(scope="module")
def support():
    scene = toy.toy_scene(10_500, "park", size=32, n_test=0, n_frames=40)
    return vadkit.make_windows(scene.train_clips[0].frames[:9])


def weights(model):
    return [p.detach().clone() for p in model.parameters()]


def same(first, second):
    return all(torch.equal(a, b) for a, b in zip(first, second))


def test_plain_fine_tuning_is_what_adapt_does(support):
    model = predictor()
    before = weights(model)
    for n, tuned in enumerate(adaptation.fine_tuning(model, support, "sgd", 0.1, 4)):
        adapted = vadkit.adapt(model, support, 0.1, n)
        for a, b in zip(weights(tuned), weights(adapted)):
            torch.testing.assert_close(a, b)
    assert n == 4 and same(before, model.parameters())


def test_adam_fits_the_support_and_leaves_the_predictor_alone(support):
    model, (x, y) = predictor(), support
    before = weights(model)
    copies = adaptation.fine_tuning(model, support, "adam", 0.01, 30)
    losses = [((tuned(x) - y) ** 2).mean().item() for tuned in copies]
    assert losses[-1] < 0.3 * losses[0] and same(before, model.parameters())


def test_settling_in_repeats_with_its_seed_predicts_better_and_leaves_all_else_alone(support):
    model, (x, y) = predictor(), support
    before = [*weights(model), *(part.clone() for part in support)]
    random_state = torch.get_rng_state()
    first, again, other = (
        adaptation.settle_in(model, support, 20, seed=seed) for seed in (0, 0, 1)
    )
    assert same(weights(first), weights(again))
    assert not same(weights(first), weights(other))
    settled, unsettled = (((p(x) - y) ** 2).mean().item() for p in (first, model))
    assert settled < 0.5 * unsettled
    assert same(before, [*model.parameters(), *support])
    assert torch.equal(random_state, torch.get_rng_state())


def test_a_batch_holds_windows_of_the_support_or_mirrors_of_them_and_all_four_mirrors_come():
    windows = torch.arange(6 * 5 * 2 * 3.0).reshape(6, 5, 2, 3)
    mirrors = {
        "as it is": windows,
        "left-right": windows.flip(3),
        "in time": windows.flip(1),
        "both": windows.flip(1, 3),
    }
    known = {}
    for name, group in mirrors.items():
        for i, window in enumerate(group):
            known[tuple(window.flatten().tolist())] = (i, name)
    generator, seen = torch.Generator().manual_seed(0), set()
    for _ in range(60):
        x, y = adaptation.mirrored_batch((windows[:, :4], windows[:, 4:]), 4, generator)
        batch = [known[tuple(w.flatten().tolist())] for w in torch.cat([x, y], 1)]
        assert x.shape == (4, 4, 2, 3) and y.shape == (4, 1, 2, 3)
        assert len({i for i, _ in batch}) == 4  # no window twice in one step
        seen |= set(batch)
    assert len(seen) == 6 * 4


def test_a_support_smaller_than_a_step_is_used_whole():
    support = torch.rand(1, 4, 2, 3), torch.rand(1, 1, 2, 3)
    x, y = adaptation.mirrored_batch(support, 4, torch.Generator().manual_seed(0))
    assert x.shape == support[0].shape and y.shape == support[1].shape


def test_an_alarm_waits_and_rings_once():
    psnr = np.array([np.nan, 20, 20, 30, 20, 20, 20, 20, 30, 20, 20, 20])
    assert adaptation.alarms(psnr, 25, n=3) == [6, 11]
    assert adaptation.alarms(psnr, 25, n=1) == [1, 4, 9]
    assert adaptation.alarms(psnr, 20, n=1) == []


def test_two_numbers_undo_any_gain_and_offset(support):
    x, y = support

    def dimmed(windows):
        return 0.4 * windows[:, -1:] + 0.3

    mended = adaptation.two_numbers(dimmed, (x, x[:, -1:]))
    assert torch.allclose(mended(x), x[:, -1:], atol=1e-5)
    fitted = adaptation.two_numbers(dimmed, support)
    assert ((fitted(x) - y) ** 2).mean() < ((dimmed(x) - y) ** 2).mean()
    grey = adaptation.two_numbers(lambda windows: 0 * windows[:, -1:], support)(x)
    assert torch.allclose(grey, y.mean().expand_as(grey), atol=1e-6), "nothing to rescale"
