"""Ordinary training on normal windows: draw a batch, predict, compare, step."""

import math
import time
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.nn import functional as F
from tqdm.auto import tqdm

from .scoring import psnr


@dataclass
class History:
    """What happened during `fit`: the loss of every step, the validation PSNR (dB) and the step it was measured at."""

    loss: list = field(default_factory=list)
    validation_steps: list = field(default_factory=list)
    validation_psnr: list = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False


def prediction_loss(prediction, target, gradient=0.0):
    """Mean squared error, plus `gradient` times the gradient-difference loss that punishes blur (Mathieu et al. 2016)."""
    loss = F.mse_loss(prediction, target)
    if gradient:
        loss = loss + gradient * sum(
            (prediction.diff(dim=d).abs() - target.diff(dim=d).abs()).abs().mean() for d in (-2, -1)
        )
    return loss


def split_windows(windows, held_out=0.1):
    """-> (training indices, validation indices): the last `held_out` of each clip validates, and windows that share a frame
    with it train nothing. Clips too short to be split only train; if all are, they validate as well."""
    train, validation = [], []
    for start, end in zip([0, *windows.ends[:-1]], windows.ends):
        cut = end - int((end - start) * held_out)
        validation += range(cut, end)
        train += range(start, cut - windows.n_inputs if cut < end else end)
    if not train:
        train = list(range(len(windows)))
    return np.array(train), np.array(validation or train)


def one_cycle(fraction, warm_up=0.05):
    """Learning-rate factor at `fraction` of training: up in a line, then down along a cosine (Smith & Topin 2019)."""
    if fraction < warm_up:
        return max(fraction / warm_up, 0.01)
    return 0.5 * (1 + math.cos(math.pi * min((fraction - warm_up) / (1 - warm_up), 1)))


def fit(predictor, windows, steps=None, minutes=None, *, batch_size=8, lr=2e-3, gradient=0.0, held_out=0.1,
        validate_every=200, seed=0, progress=True):  # fmt: skip
    """Train a predictor in place on normal windows, with Adam and a one-cycle learning rate.

    windows: a `Windows` dataset; steps: how many batches (deterministic), or minutes: how long (for benchmarks). Give one.
    gradient: weight of the gradient-difference loss; held_out: share of every clip kept for validation
    Uses a GPU when there is one. Interrupting (Esc, I, I or Ctrl-C) keeps what was learned. Returns a `History`.
    Raises ValueError when both or none of steps and minutes are given; FloatingPointError when the loss is no longer a number.
    """
    if (steps is None) == (minutes is None) or (steps or minutes) <= 0:
        raise ValueError("Say how long to train: steps=... or minutes=..., one of them and above zero.")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    predictor.to(device).train()
    train, validation = split_windows(windows, held_out)
    validation = validation[:: max(len(validation) // 64, 1)]
    draw = np.random.default_rng(seed)
    optimizer = torch.optim.Adam(predictor.parameters(), lr=lr)
    history, began, step = History(), time.perf_counter(), 0
    bar = tqdm(total=steps, desc="training", disable=not progress, leave=True)
    try:
        while (fraction := step / steps if steps else (time.perf_counter() - began) / 60 / minutes) < 1:
            for group in optimizer.param_groups:
                group["lr"] = lr * one_cycle(fraction)
            x, y = (t.to(device) for t in windows.batch(draw.choice(train, batch_size)))
            loss = prediction_loss(predictor(x), y, gradient)
            if not torch.isfinite(loss):
                raise FloatingPointError(f"The loss is {loss.item()} at step {step}: try a smaller lr than {lr}.")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            history.loss.append(loss.item())
            if step % validate_every == 0 or step == steps:
                _validate(predictor, windows, validation, history, step, device)
            bar.update()
            if step % 10 == 0:
                shown = history.validation_psnr[-1:] or [float("nan")]
                bar.set_postfix_str(f"loss {np.mean(history.loss[-50:]):.5f}, validation {shown[0]:.1f} dB", refresh=False)
    except KeyboardInterrupt:
        history.interrupted = True
        print(f"Stopped after {step} steps. What was learned so far is kept.")
    finally:
        bar.close()
        predictor.eval()
        history.seconds = time.perf_counter() - began
    return history


@torch.no_grad()
def _validate(predictor, windows, indices, history, step, device):
    values = [psnr(predictor(x.to(device)).clamp(0, 1), y.to(device)) for x, y in
              (windows.batch(indices[i : i + 16]) for i in range(0, len(indices), 16))]  # fmt: skip
    history.validation_steps.append(step)
    history.validation_psnr.append(torch.cat(values).mean().item())
