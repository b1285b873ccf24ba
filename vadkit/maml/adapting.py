"""TODO."""

import copy
from contextlib import suppress

import numpy as np
import torch

from vadkit.losses import prediction_loss
from vadkit.maml.checks import check_predictor, check_support, require_finite, require_gradients, trainable
from vadkit.maml.rates import as_rates
from vadkit.metrics import psnr


def adapt(predictor, support, inner_lr=0.01, n_inner_steps=3, loss=prediction_loss):
    """Fit a predictor into a new scene: plain gradient descent on the mean loss over all K support windows together.

    support: (inputs (K, 4, H, W), targets (K, 1, H, W)), or whatever `loss` compares
    inner_lr: a number, or the `InnerRates` of a meta-trained predictor; n_inner_steps: how often, 0 gives a plain copy
    Returns an adapted copy, on the predictor's device; the predictor itself is untouched. Works for any predictor, meta-trained
    or not: on a pre-trained one this is called fine-tuning.
    Raises ValueError for an empty or malformed support, FloatingPointError when the loss is no number.
    """
    return list(inner_steps(predictor, support, inner_lr, n_inner_steps, loss))[-1]


def inner_steps(predictor, support, inner_lr=0.01, n_inner_steps=3, loss=prediction_loss):
    """Watch `adapt` at work: yields the copy after 0, 1, ... n_inner_steps steps, the same object each time."""
    check_predictor(predictor)
    check_support(support, n_inner_steps)
    adapted = copy.deepcopy(predictor)
    weights, rates = trainable(adapted), as_rates(inner_lr, predictor)
    inputs, targets = (t.to(weights[0].device) for t in support)
    yield adapted
    for step in range(n_inner_steps):
        with torch.enable_grad():
            support_loss = loss(adapted(inputs), targets)
            require_finite(support_loss, f"The support loss at inner step {step}")
            gradients = require_gradients(torch.autograd.grad(support_loss, weights, allow_unused=True), adapted)
        with torch.no_grad():
            for p, alpha, gradient in zip(weights, rates.at(step), gradients):
                p -= alpha * gradient
        yield adapted


def adaptation_curve(predictor, tasks, inner_lr=0.01, n_inner_steps=3, measure=None, loss=prediction_loss):
    """The early game and the late game: how good is a predictor on each task's query after 0, 1, ... n_inner_steps steps?

    tasks: list of tasks; measure: (predictions, targets) -> number, the loss itself when None, `query_psnr` for decibel
    Returns an array (tasks, n_inner_steps + 1); column 0 is before adapting, and a task whose loss runs off to infinity is NaN
    from there on. The predictor is untouched.
    """
    curves = np.full((len(tasks), n_inner_steps + 1), np.nan)
    for curve, task in zip(curves, tasks):
        task = task.to(next(predictor.parameters()).device)
        with torch.no_grad(), suppress(FloatingPointError):
            for step, adapted in enumerate(inner_steps(predictor, task.support, inner_lr, n_inner_steps, loss)):
                curve[step] = (measure or loss)(adapted(task.query[0]), task.query[1])
    return curves


def query_psnr(prediction, target):
    """Mean PSNR over windows in dB, for `adaptation_curve`."""
    return psnr(prediction, target).mean()
