"""The silent traps of `higher`: each is closed, or refused in words."""

import pytest
import torch
from maml_cases import (
    CallsItsParts,
    by_hand,
    episode,
    loss_by_hand,
    meta_gradient,
    random_task,
    relative_error,
    same,
    slope,
    small_network,
    state,
    step_by_hand,
)
from torch import nn

from vadkit.maml import InnerRates, adapt, adaptation_curve, meta_step
from vadkit.maml.rates import trainable


def test_trap_1_a_predictor_made_of_parts_takes_its_inner_steps():
    predictor, tasks = CallsItsParts().double(), episode()
    rates = InnerRates(predictor, 0.3)
    meta_loss = by_hand(predictor, tasks, rates, 2)
    expected = torch.autograd.grad(meta_loss, list(predictor.parameters()))
    assert relative_error(meta_gradient(predictor, tasks, rates, 2), expected) < 1e-12


@pytest.mark.parametrize("first_order", [False, True])
def test_trap_2_frozen_weights_stay_frozen(first_order):
    predictor, tasks = small_network(), episode()
    predictor[0].requires_grad_(False)
    before, outer = state(predictor), torch.optim.Adam(trainable(predictor), lr=0.1)
    rates = InnerRates(predictor, 0.1)
    theta = {name: p for name, p in predictor.named_parameters() if p.requires_grad}
    moved = theta
    for step in range(2):  # one task by hand, the frozen layer left out
        moved = step_by_hand(predictor, moved, tasks[0], rates.at(step), first_order)
    query_loss = loss_by_hand(predictor, moved, tasks[0].query)
    expected = torch.autograd.grad(query_loss, list(theta.values()))
    actual = meta_gradient(predictor, tasks[:1], rates, 2, first_order=first_order)
    assert relative_error(actual, expected) < 1e-12
    meta_step(predictor, tasks, outer, 0.1, 2, first_order=first_order)
    assert same(state(predictor)[:2], before[:2]) and not same(state(predictor)[2:], before[2:])
    assert same(state(adapt(predictor, tasks[0].support, 0.1))[:2], before[:2])


@pytest.mark.parametrize("first_order", [False, True])
def test_traps_3_and_4_every_weight_gets_a_gradient(first_order):
    predictor = small_network()
    rates = InnerRates(predictor, 0.1, "tensor")
    gradients = meta_gradient(predictor, episode(), rates, 2, first_order=first_order)
    assert all(g is not None and g.abs().sum() > 0 for g in gradients)


@pytest.mark.parametrize("reentrant", [False, True])
def test_trap_5_checkpointing_is_refused(reentrant):
    class Checkpointed(CallsItsParts):
        def forward(self, x):
            checkpoint = torch.utils.checkpoint.checkpoint
            return self.head(checkpoint(self.encoder, x.requires_grad_(), use_reentrant=reentrant))

    predictor = Checkpointed().double()
    outer = torch.optim.SGD(predictor.parameters(), lr=0.1)
    with pytest.raises((RuntimeError, ValueError), match="checkpoint"):
        meta_step(predictor, episode(1), outer, 0.1, 1)


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
    with_batch_norm = nn.Sequential(
        nn.Conv2d(4, 2, 3, padding=1), nn.BatchNorm2d(2), nn.Conv2d(2, 1, 3, padding=1)
    )
    support = random_task(dtype=torch.float32).support
    with pytest.raises(ValueError, match="GroupNorm"):
        adapt(with_batch_norm, support)
    with pytest.raises(ValueError, match=r"torch\.compile"):
        adapt(torch.compile(small_network(torch.float32)), support)


class Attentive(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True)
        self.head = nn.Linear(4, 1)

    def forward(self, x):
        return self.head(self.layer(x.flatten(2).mT)).mT.unflatten(2, x.shape[2:])


def test_attention_has_second_order_gradients():
    torch.manual_seed(0)
    predictor, tasks = Attentive().double(), episode(size=4)
    gradient = meta_gradient(predictor, tasks, InnerRates(predictor, 0.1), 2)
    direction = [torch.randn_like(p) for p in predictor.parameters()]

    def meta_loss():
        return adaptation_curve(predictor, tasks, 0.1, 2).mean(0)[-1]

    along = float(sum((g * d).sum() for g, d in zip(gradient, direction)))
    assert along == pytest.approx(slope(predictor, direction, meta_loss, 1e-6), rel=1e-6)


def test_a_weight_that_takes_no_part_is_named():
    class Idle(CallsItsParts):
        def __init__(self):
            super().__init__()
            self.idle = nn.Linear(2, 2)

    predictor = Idle().double()
    with pytest.raises(ValueError, match=r"'idle\.weight'.*freeze"):
        adapt(predictor, random_task().support)
    with pytest.raises(ValueError, match=r"'idle\.weight'.*freeze"):
        meta_gradient(predictor, episode(), InnerRates(predictor), 1)
    predictor.idle.requires_grad_(False)
    assert not same(state(adapt(predictor, random_task().support)), state(predictor))
