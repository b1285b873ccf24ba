"""Ordinary training on normal windows: draw a batch, predict, compare, step. Adversarial training too, if you ask for it."""

import math
import time
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm.auto import tqdm

from vadkit.adversarial import Adversary, generator_loss
from vadkit.losses import addressing_entropy, prediction_loss
from vadkit.metrics import psnr


@dataclass
class History:
    """What happened during `fit`: the loss of every step, the validation PSNR (dB) and the step it was measured at; the loss of the
    discriminator where there was one; how long it took; whether somebody stopped it."""

    loss: list = field(default_factory=list)
    validation_steps: list = field(default_factory=list)
    validation_psnr: list = field(default_factory=list)
    discriminator_loss: list = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False

    @property
    def so_far(self):
        """One line for the progress bar."""
        decibel = f"{self.validation_psnr[-1]:.1f} dB" if self.validation_psnr else "to come"
        return f"loss {np.mean(self.loss[-50:]):.5f}, validation {decibel}"


def split_windows(windows, held_out=0.1):
    """-> (training indices, validation indices): the last `held_out` of each clip validates, and windows that share a frame
    with it train nothing. Clips too short to be split only train; if all are, they validate as well.
    Raises ValueError when held_out is not in [0, 1), or so large that nothing is left to train on."""
    if not 0 <= held_out < 1:
        raise ValueError(f"held_out is the share of each clip that validates, from 0 to below 1, got {held_out}.")
    train, validation = [], []
    for start, end in zip([0, *windows.ends[:-1]], windows.ends):
        cut = end - int((end - start) * held_out)
        validation += range(cut, end)
        train += range(start, cut - windows.n_inputs if cut < end else end)
    if not train:
        raise ValueError(f"held_out={held_out} leaves no window to train on: hold out less, or use longer clips.")
    return np.array(train), np.array(validation or train)


def one_cycle(fraction, warm_up=0.05):
    """Learning-rate factor at `fraction` of training: up in a line, then down along a cosine (Smith & Topin 2019)."""
    if fraction < warm_up:
        return max(fraction / warm_up, 0.01)
    return 0.5 * (1 + math.cos(math.pi * min((fraction - warm_up) / (1 - warm_up), 1)))


def fit(predictor, windows, steps=None, minutes=None, *, batch_size=8, lr=2e-3, gradient=0.0, adversarial=0.0, entropy=0.0,
        ema=0.0, held_out=0.1, validate_every=200, watch=None, seed=0, progress=True):  # fmt: skip
    """Train a predictor in place on normal windows, with Adam and a one-cycle learning rate.

    windows: a `Windows` dataset; steps: how many batches (deterministic), or minutes: how long (for benchmarks). Give one.
    gradient: weight of the gradient-difference loss
    adversarial: weight of fooling a `PatchDiscriminator` that learns alongside, at the same rate (0.05 in Liu et al. 2018, whose
        discriminator learns ten times slower than the predictor: in a few hundred steps that is nothing)
    entropy: weight of `addressing_entropy`, for a "memory" predictor only
    ema: 0 = off; 0.98 = validate and end with a running average of the weights over some 50 steps
    held_out: share of every clip kept for validation
    watch: a function (predictor, history) called after each validation; training ends when it returns True
    Uses a GPU when there is one. Interrupting (Esc, I, I or Ctrl-C) keeps what was learned. Returns a `History`.
    Raises ValueError when both or none of steps and minutes are given, for a bad held_out or ema, or for entropy without a memory;
    FloatingPointError when the loss is no longer a number: the predictor keeps the weights it had before that step.
    """
    if (steps is None) == (minutes is None) or (minutes if steps is None else steps) <= 0:
        raise ValueError("Say how long to train: steps=... or minutes=..., one of them and above zero.")
    if entropy and not hasattr(predictor, "addressing"):
        raise ValueError("entropy=... needs a predictor that has a memory: build_predictor('memory').")
    if not 0 <= ema < 1:
        raise ValueError(f"ema is the share of the running average kept at each step, from 0 to below 1, got {ema}.")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    train, validation = split_windows(windows, held_out)
    validation = validation[:: max(len(validation) // 64, 1)]
    predictor.to(device).train()
    draw = np.random.default_rng(seed)
    optimizer = torch.optim.Adam(predictor.parameters(), lr=lr)
    rival = Adversary(lr, seed, device) if adversarial else None
    average = AveragedModel(predictor, multi_avg_fn=get_ema_multi_avg_fn(ema)) if ema else None
    shown = average.module if ema else predictor
    history, began, step = History(), time.perf_counter(), 0
    bar = tqdm(total=steps, desc="training", disable=not progress, leave=True)

    def validate():
        _validate(shown, windows, validation, history, step, device)
        return watch is not None and watch(shown, history) is True

    try:
        while (fraction := step / steps if steps else (time.perf_counter() - began) / 60 / minutes) < 1:
            for group in optimizer.param_groups:
                group["lr"] = lr * one_cycle(fraction)
            x, y = (t.to(device) for t in windows.batch(draw.choice(train, batch_size)))
            prediction = predictor(x)
            loss = prediction_loss(prediction, y, gradient)
            if adversarial:
                loss = loss + adversarial * generator_loss(rival.net(prediction))
            if entropy:
                loss = loss + entropy * addressing_entropy(predictor.addressing(x))
            if not torch.isfinite(loss):
                raise FloatingPointError(f"The loss is {loss.item()} at step {step}: try a smaller lr than {lr}.")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if adversarial:
                history.discriminator_loss.append(rival.step(y, prediction.detach(), one_cycle(fraction)))
            if ema:
                average.update_parameters(predictor)
            step += 1
            history.loss.append(loss.item())
            if step % 10 == 0:
                bar.set_postfix_str(history.so_far, refresh=False)
            bar.update()
            if (step % validate_every == 0 or step == steps) and validate():
                break
        if history.validation_steps[-1:] != [step]:
            validate()
    except KeyboardInterrupt:
        history.interrupted = True
        print(f"Stopped after {step} steps. What was learned so far is kept.")
    finally:
        bar.close()
        if ema and step:
            predictor.load_state_dict(average.module.state_dict())
        predictor.eval()
        history.seconds = time.perf_counter() - began
    return history


@torch.no_grad()
def _validate(predictor, windows, indices, history, step, device):
    values = [psnr(predictor(x.to(device)).clamp(0, 1), y.to(device)) for x, y in
              (windows.batch(indices[i : i + 16]) for i in range(0, len(indices), 16))]  # fmt: skip
    history.validation_steps.append(step)
    history.validation_psnr.append(torch.cat(values).mean().item())
