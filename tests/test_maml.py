"""MAML against independent oracles: hand-written gradients, closed forms, finite differences; and every silent trap."""

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

import vadkit
from vadkit.episodes import EpisodeSampler, Task
from vadkit.maml.adapting import adapt, adaptation_curve, inner_steps, query_psnr
from vadkit.maml.baselines import joint_step, reptile_step
from vadkit.maml.checks import trainable
from vadkit.maml.meta_step import meta_step
from vadkit.maml.rates import InnerRates
from vadkit.maml.training import MetaTrained, every_step_weights, meta_train
from vadstudies.sinusoids.pool import SinusoidPool

LEARN = ("scalar", "tensor", "tensor and step")


def small_network(dtype=torch.float64, seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(4, 4, 3, padding=1), nn.GroupNorm(2, 4), nn.SiLU(), nn.Conv2d(4, 1, 3, padding=1)
    ).to(dtype)


def random_task(seed=0, k=3, dtype=torch.float64, size=8, name="a scene"):
    """A scene whose next frame is its last one, dimmed or brightened in its own way, and some noise."""
    x = torch.rand(2 * k, 4, size, size, generator=torch.Generator().manual_seed(seed), dtype=dtype)
    y = x[:, 3:] * (0.5 + seed / 2) + x[:, :1] / 10
    return Task(f"{name} {seed}", (x[:k], y[:k]), (x[k:], y[k:]))


def episode(n=2, **options):
    return [random_task(seed, **options) for seed in range(n)]


def by_hand(predictor, tasks, rates, n_steps, first_order=False, weights=None):
    """The meta-loss as Algorithm 1 defines it, with torch.func and all tasks summed in one graph."""
    weights = weights or [0.0] * (n_steps - 1) + [1.0]
    total = 0
    for task in tasks:
        theta = dict(predictor.named_parameters())
        for step in range(n_steps):
            loss = F.mse_loss(functional_call(predictor, theta, (task.support[0],)), task.support[1])
            gradients = torch.autograd.grad(loss, list(theta.values()), create_graph=not first_order)
            theta = {name: p - a * g for (name, p), a, g in zip(theta.items(), rates.at(step), gradients)}
            total = total + weights[step] * F.mse_loss(
                functional_call(predictor, theta, (task.query[0],)), task.query[1]
            )
    return total / len(tasks)


def meta_gradient(predictor, tasks, rates, n_steps, **options):
    """What `meta_step` leaves in .grad, theta standing still (outer rate 0)."""
    outer = torch.optim.SGD([*predictor.parameters(), *rates.parameters()], lr=0.0)
    meta_step(predictor, tasks, outer, rates, n_steps, **options)
    return [p.grad for p in (*trainable(predictor), *rates.parameters())]


def relative_error(found, expected):
    with torch.no_grad():
        difference = sum(((f - e) ** 2).sum() for f, e in zip(found, expected)).sqrt()
        return float(difference / sum((e**2).sum() for e in expected).sqrt())


def state(predictor):
    return [p.detach().clone() for p in predictor.parameters()]


def same(first, second):
    return all(torch.equal(a, b) for a, b in zip(first, second))


# The meta-gradient


@pytest.mark.parametrize("first_order", [False, True])
@pytest.mark.parametrize("n_steps", [1, 3])
@pytest.mark.parametrize("dtype, tolerance", [(torch.float64, 1e-12), (torch.float32, 1e-5)])
@pytest.mark.parametrize(
    "build", [small_network, lambda dtype: vadkit.build_predictor("autoencoder", width=4).to(dtype)]
)
def test_meta_gradient_is_the_one_written_by_hand(build, dtype, tolerance, n_steps, first_order):
    predictor, tasks = build(dtype), episode(dtype=dtype, size=16)
    rates = InnerRates(predictor, 0.1)
    expected = torch.autograd.grad(by_hand(predictor, tasks, rates, n_steps, first_order), list(predictor.parameters()))
    found = meta_gradient(predictor, tasks, rates, n_steps, first_order=first_order)
    assert relative_error(found, expected) < tolerance


def test_first_and_second_order_differ_by_a_lot_more_than_the_tolerance():
    predictor, tasks = small_network(), episode()
    rates = InnerRates(predictor, 0.1)
    first, second = (meta_gradient(predictor, tasks, rates, 3, first_order=order) for order in (True, False))
    assert relative_error(first, second) > 1e-2


@pytest.mark.parametrize("first_order", [False, True])
@pytest.mark.parametrize("n_steps", [1, 4])
def test_linear_regression_in_closed_form(n_steps, first_order):
    torch.manual_seed(0)
    model, alpha = nn.Linear(3, 1, bias=False).double(), 0.05
    task = Task(
        "line",
        (torch.randn(6, 3).double(), torch.randn(6, 1).double()),
        (torch.randn(5, 3).double(), torch.randn(5, 1).double()),
    )
    (x, y), (xq, yq) = task.support, task.query
    curvature, theta = 2 / 6 * x.T @ x, model.weight.detach().T
    shrink = torch.eye(3).double() - alpha * curvature
    best = torch.linalg.solve(curvature, 2 / 6 * x.T @ y)
    adapted = best + torch.linalg.matrix_power(shrink, n_steps) @ (theta - best)
    expected = 2 / 5 * xq.T @ (xq @ adapted - yq)
    if not first_order:
        expected = torch.linalg.matrix_power(shrink, n_steps) @ expected
    found = meta_gradient(model, [task], InnerRates(model, alpha), n_steps, first_order=first_order)
    assert relative_error([found[0].T], [expected]) < 1e-12
    assert relative_error([adapt(model, task.support, alpha, n_steps).weight.T], [adapted]) < 1e-12


@pytest.mark.parametrize("every_step", [False, True])
def test_directional_finite_differences(every_step):
    predictor, tasks, n = small_network(), episode(), 3
    rates, weights = InnerRates(predictor, 0.1), every_step_weights(3, 0.4) if every_step else [0, 0, 1]
    found = meta_gradient(predictor, tasks, rates, n, step_weights=weights)
    torch.manual_seed(1)
    direction, here, loss = [torch.randn_like(p) for p in predictor.parameters()], state(predictor), {}
    for side in (-1, 1):
        for p, start, d in zip(predictor.parameters(), here, direction):
            p.data = start + side * 1e-5 * d
        curve = adaptation_curve(predictor, tasks, rates, n).mean(0)
        loss[side] = curve[1:] @ np.array(weights)
    along = float(sum((g * d).sum() for g, d in zip(found, direction)))
    assert along == pytest.approx((loss[1] - loss[-1]) / 2e-5, rel=1e-6)


@pytest.mark.parametrize("learn", LEARN)
def test_learned_rates_against_finite_differences(learn):
    predictor, tasks, n = small_network(), episode(), 3
    rates = InnerRates(predictor, 0.1, learn, n)
    found = meta_gradient(predictor, tasks, rates, n)[-1]
    assert found.shape == {"scalar": (1, 1), "tensor": (1, 6), "tensor and step": (3, 6)}[learn]
    for index in np.ndindex(*found.shape):
        loss = {}
        for side in (-1, 1):
            moved = copy.deepcopy(rates)
            moved.log_alpha.data[index] += side * 1e-4
            loss[side] = adaptation_curve(predictor, tasks, moved, n).mean(0)[-1]
        assert float(found[index]) == pytest.approx((loss[1] - loss[-1]) / 2e-4, rel=1e-6, abs=1e-11)


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("learn", LEARN)
def test_learned_rates_to_first_order_are_those_written_by_hand(learn, every_step):
    predictor, tasks, n = small_network(), episode(), 3
    rates, weights = InnerRates(predictor, 0.1, learn, n), every_step_weights(3) if every_step else None
    meta_loss = by_hand(predictor, tasks, rates, n, first_order=True, weights=weights)
    expected = torch.autograd.grad(meta_loss, [*predictor.parameters(), *rates.parameters()])
    found = meta_gradient(predictor, tasks, rates, n, first_order=True, step_weights=weights)
    assert relative_error(found, expected) < 1e-12
    assert relative_error(found[-1:], expected[-1:]) < 1e-12


def test_meta_step_is_one_step_down_the_meta_gradient():
    predictor, tasks = small_network(), episode()
    before, outer = state(predictor), torch.optim.SGD(predictor.parameters(), lr=0.5)
    expected = torch.autograd.grad(
        by_hand(predictor, tasks, InnerRates(predictor, 0.1), 2), list(predictor.parameters())
    )
    loss = meta_step(predictor, tasks, outer, 0.1, 2)
    assert relative_error(state(predictor), [p - 0.5 * g for p, g in zip(before, expected)]) < 1e-14
    predictor.load_state_dict(dict(zip(predictor.state_dict(), before)))
    assert loss == pytest.approx(adaptation_curve(predictor, tasks, 0.1, 2)[:, -1].mean(), rel=1e-12)


def test_clipping_keeps_the_direction_and_caps_the_norm():
    predictor, tasks = small_network(), episode()
    rates = InnerRates(predictor, 0.1)
    free, clipped = meta_gradient(predictor, tasks, rates, 2), meta_gradient(predictor, tasks, rates, 2, max_norm=1e-3)
    scale = 1e-3 / math.sqrt(sum(float((g**2).sum()) for g in free))
    assert scale < 1
    assert relative_error(clipped, [g * scale for g in free]) < 1e-4


def test_every_step_weights_sum_to_one_and_end_on_the_last():
    for progress in (0, 0.3, 1):
        assert sum(every_step_weights(4, progress)) == pytest.approx(1)
    assert every_step_weights(4, 0) == [0.25] * 4
    assert every_step_weights(4, 1) == [0, 0, 0, 1]


# Adapting


@pytest.mark.parametrize("rates", [0.05, "tensor and step"])
def test_adapt_leaves_the_predictor_bit_identical(rates):
    predictor, task = small_network(), random_task()
    before = state(predictor)
    rates = rates if isinstance(rates, float) else InnerRates(predictor, 0.05, rates, 3)
    adapted = adapt(predictor, task.support, rates, 3)
    assert same(state(predictor), before) and not any(p.grad is not None for p in predictor.parameters())
    assert not same(state(adapted), before)
    assert not {p.data_ptr() for p in adapted.parameters()} & {p.data_ptr() for p in predictor.parameters()}


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
        assert same(state(adapt(predictor, task.support, 0.1, 2)), state(adapt(predictor, task.support, 0.1, 2)))
        assert not same(state(adapt(predictor, task.support, 0.1, 2)), state(predictor))
    assert same(state(adapt(predictor, task.support, 0.1, 0)), state(predictor))


def test_steps_beyond_the_learned_ones_use_the_last_rate():
    predictor, task = small_network(), random_task()
    rates = InnerRates(predictor, 0.1, "tensor and step", 2)
    rates.log_alpha.data[1] -= 1
    two = adapt(predictor, task.support, rates, 2)
    assert (
        relative_error(
            state(adapt(predictor, task.support, rates, 3)), state(adapt(two, task.support, 0.1 / math.e, 1))
        )
        < 1e-12
    )


def test_adaptation_curve_follows_adapt_and_marks_divergence():
    predictor, tasks = small_network(), episode(3)
    curve = adaptation_curve(predictor, tasks, 0.05, 3, measure=query_psnr)
    adapted = adapt(predictor, tasks[1].support, 0.05, 2)
    with torch.no_grad():
        assert curve[1, 2] == pytest.approx(
            vadkit.psnr(adapted(tasks[1].query[0]), tasks[1].query[1]).mean().item(), rel=1e-12
        )
    assert curve.shape == (3, 4) and (np.diff(curve.mean(0)) > 0).all()
    linear = nn.Linear(2, 1).double()
    line = Task(
        "line",
        (torch.ones(4, 2).double(), torch.zeros(4, 1).double()),
        (torch.ones(4, 2).double(), torch.zeros(4, 1).double()),
    )
    ran_off = adaptation_curve(linear, [line], 1e100, 5)
    assert np.isfinite(ran_off[0, 0]) and np.isnan(ran_off[0, -1])


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"support": (torch.rand(0, 4, 8, 8), torch.rand(0, 1, 8, 8))}, "K at least 1"),
        ({"support": (torch.rand(3, 4, 8, 8), torch.rand(2, 1, 8, 8))}, "got 3 and 2"),
        ({"support": torch.rand(3, 4, 8, 8)}, "pair of tensors"),
        ({"support": (torch.ones(3, 4, 8, 8, dtype=torch.uint8), torch.rand(3, 1, 8, 8))}, "floating-point"),
        ({"support": (torch.full((3, 4, 8, 8), math.nan), torch.rand(3, 1, 8, 8))}, "finite"),
        ({"inner_lr": 0}, "positive"),
        ({"inner_lr": -1}, "positive"),
        ({"inner_lr": math.nan}, "positive"),
        ({"n_inner_steps": -1}, "at least 0"),
        ({"n_inner_steps": 1.5}, "whole number"),
        ({"predictor": vadkit.copy_last_frame}, "copy_last_frame has no weights"),
        ({"inner_lr": InnerRates(nn.Linear(1, 1), 0.1)}, "2 weight tensors"),
    ],
)  # fmt: skip
def test_adapt_refuses_in_one_sentence(arguments, words):
    good = {"predictor": small_network(torch.float32), "support": random_task(dtype=torch.float32).support}
    with pytest.raises(ValueError, match=words):
        adapt(**{**good, **arguments})


def test_diverging_adaptation_is_reported_with_a_hint():
    with pytest.raises(FloatingPointError, match="inner step .* smaller inner_lr"):
        adapt(small_network(torch.float32), random_task(dtype=torch.float32).support, 1e30, 10)


# The silent traps of higher


class CallsItsParts(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.head = nn.Conv2d(4, 3, 3, padding=1), nn.Conv2d(3, 1, 1)

    def forward(self, x):
        return self.head(F.silu(self.encoder(x)))


def test_trap_1_a_predictor_made_of_parts_takes_its_inner_steps():
    predictor, tasks = CallsItsParts().double(), episode()
    rates = InnerRates(predictor, 0.3)
    expected = torch.autograd.grad(by_hand(predictor, tasks, rates, 2), list(predictor.parameters()))
    assert relative_error(meta_gradient(predictor, tasks, rates, 2), expected) < 1e-12


@pytest.mark.parametrize("first_order", [False, True])
def test_trap_2_frozen_weights_stay_frozen(first_order):
    predictor, tasks = small_network(), episode()
    predictor[0].requires_grad_(False)
    before, outer = state(predictor), torch.optim.Adam(trainable(predictor), lr=0.1)
    rates = InnerRates(predictor, 0.1)
    theta = [(name, p) for name, p in predictor.named_parameters() if p.requires_grad]
    moved = dict(theta)
    for step in range(2):  # one task by hand, the frozen layer left out
        loss = F.mse_loss(functional_call(predictor, moved, (tasks[0].support[0],)), tasks[0].support[1])
        steps = torch.autograd.grad(loss, list(moved.values()), create_graph=not first_order)
        moved = {name: p - a * g for (name, p), a, g in zip(moved.items(), rates.at(step), steps)}
    query_loss = F.mse_loss(functional_call(predictor, moved, (tasks[0].query[0],)), tasks[0].query[1])
    expected = torch.autograd.grad(query_loss, [p for _, p in theta])
    assert relative_error(meta_gradient(predictor, tasks[:1], rates, 2, first_order=first_order), expected) < 1e-12
    meta_step(predictor, tasks, outer, 0.1, 2, first_order=first_order)
    assert same(state(predictor)[:2], before[:2]) and not same(state(predictor)[2:], before[2:])
    assert same(state(adapt(predictor, tasks[0].support, 0.1))[:2], before[:2])


@pytest.mark.parametrize("first_order", [False, True])
def test_traps_3_and_4_every_weight_gets_a_gradient(first_order):
    predictor = small_network()
    gradients = meta_gradient(predictor, episode(), InnerRates(predictor, 0.1, "tensor"), 2, first_order=first_order)
    assert all(g is not None and g.abs().sum() > 0 for g in gradients)


@pytest.mark.parametrize("reentrant", [False, True])
def test_trap_5_checkpointing_is_refused(reentrant):
    class Checkpointed(CallsItsParts):
        def forward(self, x):
            return self.head(
                torch.utils.checkpoint.checkpoint(self.encoder, x.requires_grad_(), use_reentrant=reentrant)
            )

    predictor = Checkpointed().double()
    with pytest.raises((RuntimeError, ValueError), match="checkpoint"):
        meta_step(predictor, episode(1), torch.optim.SGD(predictor.parameters(), lr=0.1), 0.1, 1)


def test_trap_6_rates_that_the_outer_optimizer_does_not_hold_are_refused():
    predictor = small_network()
    rates = InnerRates(predictor, 0.1, "tensor")
    with pytest.raises(ValueError, match="outer optimizer must hold"):
        meta_step(predictor, episode(), torch.optim.Adam(predictor.parameters()), rates)
    with pytest.raises(ValueError, match="outer optimizer must hold"):
        meta_step(predictor, episode(), torch.optim.Adam(small_network().parameters()), 0.1)
    outer = torch.optim.Adam([*predictor.parameters(), *rates.parameters()], lr=0.01)
    meta_step(predictor, episode(), outer, rates)
    assert (rates.table() != 0.1).all()


def test_batch_norm_and_compiled_predictors_are_refused():
    with_batch_norm = nn.Sequential(nn.Conv2d(4, 2, 3, padding=1), nn.BatchNorm2d(2), nn.Conv2d(2, 1, 3, padding=1))
    with pytest.raises(ValueError, match="GroupNorm"):
        adapt(with_batch_norm, random_task(dtype=torch.float32).support)
    with pytest.raises(ValueError, match=r"torch\.compile"):
        adapt(torch.compile(small_network(torch.float32)), random_task(dtype=torch.float32).support)


def test_attention_has_second_order_gradients():
    class Attentive(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.head = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True), nn.Linear(4, 1)

        def forward(self, x):
            return self.head(self.layer(x.flatten(2).mT)).mT.unflatten(2, x.shape[2:])

    torch.manual_seed(0)
    predictor, tasks = Attentive().double(), episode(size=4)
    found = meta_gradient(predictor, tasks, InnerRates(predictor, 0.1), 2)
    direction, here, loss = [torch.randn_like(p) for p in predictor.parameters()], state(predictor), {}
    for side in (-1, 1):
        for p, start, d in zip(predictor.parameters(), here, direction):
            p.data = start + side * 1e-6 * d
        loss[side] = adaptation_curve(predictor, tasks, 0.1, 2).mean(0)[-1]
    along = float(sum((g * d).sum() for g, d in zip(found, direction)))
    assert along == pytest.approx((loss[1] - loss[-1]) / 2e-6, rel=1e-6)


def test_a_weight_that_takes_no_part_is_named():
    class Idle(CallsItsParts):
        def __init__(self):
            super().__init__()
            self.idle = nn.Linear(2, 2)

    predictor = Idle().double()
    for refused in (
        lambda: adapt(predictor, random_task().support),
        lambda: meta_gradient(predictor, episode(), InnerRates(predictor), 1),
    ):
        with pytest.raises(ValueError, match=r"'idle\.weight'.*freeze"):
            refused()
    predictor.idle.requires_grad_(False)
    assert not same(state(adapt(predictor, random_task().support)), state(predictor))


# Meta-training


class Fixed:
    """A sampler of given episodes; an exception among them is raised."""

    tasks = (0, 1)

    def __init__(self, *episodes):
        self.episodes = episodes

    def __getitem__(self, number):
        found = self.episodes[number % len(self.episodes)]
        if isinstance(found, BaseException):
            raise found
        return found


def quick(predictor, sampler, steps, **options):
    return meta_train(
        predictor,
        sampler,
        steps,
        **{"inner_lr": 0.1, "n_inner_steps": 2, "progress": False, "cosine": False, **options},
    )


TASKS = [episode(2, dtype=torch.float32, name=f"episode {number},") for number in range(3)]


@pytest.mark.parametrize(
    "options",
    [{}, {"first_order": True}, {"learn_rates": "scalar"}, {"learn_rates": "tensor and step", "every_step": True},
     {"every_step": True, "first_order": True}, {"algorithm": "reptile"}, {"algorithm": "joint"}, {"cosine": True}],
)  # fmt: skip
def test_every_method_learns_its_tasks_and_repeats_itself(options):
    first, again = (small_network(torch.float32) for _ in range(2))
    trained = quick(first, Fixed(*TASKS), 22, outer_lr=3e-2, note_every=1, **options)
    quick(again, Fixed(*TASKS), 22, outer_lr=3e-2, note_every=1, **options)
    assert same(state(first), state(again))
    history = trained.history
    assert history.steps == list(range(22)) and history.n_steps == 22
    assert history.after[21] < 0.7 * history.after[0]  # the same tasks
    assert (np.array(trained.rates.table()) != history.rates[0]).all() == ("learn_rates" in options)


def test_joint_and_reptile_steps_in_closed_form():
    tasks, reference = episode(), small_network()
    both = [tuple(torch.cat(pair) for pair in zip(task.support, task.query)) for task in tasks]
    joint = small_network()
    joint_step(joint, tasks, torch.optim.SGD(joint.parameters(), lr=1.0))
    loss = sum(F.mse_loss(reference(x), y) for x, y in both) / 2
    expected = [p - g for p, g in zip(reference.parameters(), torch.autograd.grad(loss, list(reference.parameters())))]
    assert relative_error(state(joint), expected) < 1e-12
    reptile = small_network()
    reptile_step(reptile, tasks, torch.optim.SGD(reptile.parameters(), lr=1.0), 0.1, 3)
    ends = [state(adapt(reference, samples, 0.1, 3)) for samples in both]
    assert relative_error(state(reptile), [(a + b) / 2 for a, b in zip(*ends)]) < 1e-12


def test_a_loss_that_is_no_number_stops_with_step_task_and_hint_and_keeps_the_last_good_weights():
    broken = copy.deepcopy(TASKS[2])
    broken[1].query[1][0] = math.nan
    predictor, reference = small_network(torch.float32), small_network(torch.float32)
    quick(reference, Fixed(*TASKS[:2]), 1)
    with pytest.raises(FloatingPointError, match=r"Outer step 2: Task 'episode 2, 1'.*nan.*smaller inner_lr") as caught:
        quick(predictor, Fixed(*TASKS[:2], broken), 9)
    assert same(state(predictor), state(reference))  # the weights before the step after which the loss was no number
    assert caught.value.trained.predictor is predictor
    assert all(torch.isfinite(p).all() for p in predictor.parameters())


def test_an_outer_rate_far_too_large_leaves_finite_weights():
    predictor = small_network(torch.float32)
    with pytest.raises(FloatingPointError, match="Outer step"):
        quick(predictor, Fixed(*TASKS), 30, outer_lr=1e30, max_norm=None)
    assert all(torch.isfinite(p).all() for p in predictor.parameters())
    assert torch.isfinite(predictor(TASKS[0][0].support[0])).all()


def test_interrupting_keeps_what_was_learned(capsys):
    predictor, reference = small_network(torch.float32), small_network(torch.float32)
    trained = quick(predictor, Fixed(TASKS[0], TASKS[1], KeyboardInterrupt()), 9)
    quick(reference, Fixed(*TASKS), 2)
    assert trained.history.interrupted and trained.history.n_steps == 2
    assert same(state(predictor), state(reference))
    assert "after 2 outer steps" in capsys.readouterr().out


@pytest.mark.parametrize("learn", [None, "tensor and step"])
def test_save_load_and_train_further(tmp_path, learn):
    trained = quick(
        small_network(torch.float32), Fixed(*TASKS), 4, learn_rates=learn, validation=Fixed(*TASKS), validate_every=2
    )
    trained.save(tmp_path / "meta.safetensors", {"seed": 0})
    loaded = MetaTrained.load(tmp_path / "meta.safetensors", small_network(torch.float32, seed=5))
    support = TASKS[0][0].support
    assert loaded.history == trained.history and loaded.history.validation_steps == [2, 4]
    assert same(state(loaded.adapt(support)), state(trained.adapt(support)))
    for one in (trained, loaded):
        one.train(Fixed(*TASKS), 3, progress=False)
    assert same(state(loaded.predictor), state(trained.predictor))
    assert np.array_equal(loaded.rates.table(), trained.rates.table()) and loaded.history.n_steps == 7


def test_a_file_that_does_not_fit_is_refused(tmp_path):
    quick(small_network(torch.float32), Fixed(*TASKS), 1, learn_rates="tensor").save(tmp_path / "meta.safetensors")
    with pytest.raises(ValueError, match="does not fit"):
        MetaTrained.load(tmp_path / "meta.safetensors", vadkit.build_predictor("autoencoder", width=4))
    vadkit.save_weights(tmp_path / "plain.safetensors", small_network())
    with pytest.raises(ValueError, match="plain weights"):
        MetaTrained.load(tmp_path / "plain.safetensors", small_network())
    with pytest.raises(FileNotFoundError):
        MetaTrained.load(tmp_path / "none.safetensors", small_network())


@pytest.mark.parametrize(
    "options, words",
    [
        ({"algorithm": "magic"}, "'maml', 'reptile' or 'joint'"),
        ({"algorithm": "joint", "learn_rates": "tensor"}, "options of 'maml'"),
        ({"algorithm": "reptile", "first_order": True}, "options of 'maml'"),
        ({"learn_rates": "always"}, "'scalar', 'tensor'"),
        ({"n_inner_steps": 0}, "0 steps"),
        ({"inner_lr": 0.0}, "positive"),
        ({"steps": 0}, "at least 1"),
    ],
)  # fmt: skip
def test_meta_train_refuses_in_one_sentence(options, words):
    with pytest.raises(ValueError, match=words):
        quick(small_network(torch.float32), Fixed(*TASKS), **{"steps": 2, **options})


def test_one_scene_is_not_enough_and_an_empty_episode_is_refused():
    only = Fixed(*TASKS)
    only.tasks = (0,)
    with pytest.raises(ValueError, match="only one"):
        quick(small_network(torch.float32), only, 2)
    predictor = small_network()
    for weights in ([0, 1], [1, 1, 0]):
        with pytest.raises(ValueError, match="step_weights must be 3 numbers"):
            meta_step(predictor, episode(), torch.optim.SGD(predictor.parameters(), lr=0.1), step_weights=weights)
    with pytest.raises(ValueError, match="0 tasks"):
        meta_step(small_network(), [], torch.optim.SGD(small_network().parameters(), lr=0.1))


def test_sinusoids_as_in_the_paper():
    """Finn et al. 2017, section 5.1, in small: one gradient step on 10 points helps MAML and hardly a pre-trained network."""
    exam = EpisodeSampler(SinusoidPool(), n_way=100, k_shot=10, n_query=50, seed=10_000)[0]
    curves = {}
    for algorithm in ("maml", "joint"):
        torch.manual_seed(0)
        network = nn.Sequential(nn.Linear(1, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 1))
        sampler = EpisodeSampler(SinusoidPool(), n_way=4, k_shot=10, n_query=10, seed=0)
        trained = quick(
            network,
            sampler,
            300,
            inner_lr=0.02,
            n_inner_steps=1,
            outer_lr=5e-3,
            algorithm=algorithm,
            note_every=300,
            cosine=True,
        )
        curves[algorithm] = adaptation_curve(trained.predictor, exam, 0.02, 1).mean(0)
    print({name: curve.round(2).tolist() for name, curve in curves.items()})
    gain = {name: curve[0] - curve[1] for name, curve in curves.items()}
    assert curves["maml"][1] < 0.85 * curves["joint"][1] and gain["maml"] > 2 * gain["joint"] > 0


def test_inner_steps_are_the_states_adapt_goes_through():
    predictor, task = small_network(), random_task()
    seen = [state(adapted) for adapted in inner_steps(predictor, task.support, 0.1, 3)]
    assert all(same(s, state(adapt(predictor, task.support, 0.1, n))) for n, s in enumerate(seen)) and len(seen) == 4
