"""Ordinary training: sample a batch of windows, predict, compare, step."""

import copy
import math
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from types import SimpleNamespace

import numpy as np
import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from vadkit.callbacks import Callback
from vadkit.checks import checked
from vadkit.finite import require_bounded, require_finite, require_finite_weights
from vadkit.losses import prediction_loss
from vadkit.metrics import psnr
from vadkit.predicting import device_of
from vadkit.windows import StrangerWindows, Windows


@dataclass
class History:
    """What happened during `fit`.

    Parameters
    ----------
    loss : list
        The loss of every step.
    validation_steps, validation_psnr : list
        After how many steps it was validated, and the mean PSNR (dB) there.
    seconds : float
        How long it took.
    interrupted : bool
        Whether somebody stopped it.
    """

    loss: list[float] = field(default_factory=list)
    validation_steps: list[int] = field(default_factory=list)
    validation_psnr: list[float] = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False

    @property
    def summary(self) -> str:
        """One line for the progress bar."""
        validation = f"{self.validation_psnr[-1]:.1f} dB" if self.validation_psnr else "to come"
        return f"loss {np.mean(self.loss[-50:]):.5f}, validation {validation}"


@checked
def split_windows(windows: Windows, held_out: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """Split windows into training and validation indices; the two share no frame.

    Clips too short to be split only train; if all are, they validate as well.

    Parameters
    ----------
    windows : Windows
        All windows.
    held_out : float
        Share of each clip, at its end, that validates; in [0, 1).

    Returns
    -------
    tuple of ndarray
        Training indices and validation indices.

    Raises
    ------
    ValueError
        If held_out is not such a share, or leaves nothing to train on.
    """
    if not 0 <= held_out < 1:
        raise ValueError(
            f"held_out is the share of each clip that validates, from 0 to below 1, got {held_out}."
        )
    train: list[int] = []
    validation: list[int] = []
    for start, end in zip([0, *windows.ends[:-1]], windows.ends):
        # A window spans n_inputs + 1 frames: those before the cut would reach over it.
        cut = end - int((end - start) * held_out)
        validation += range(cut, end)
        train += range(start, cut - windows.n_inputs if cut < end else end)
    if not train:
        raise ValueError(
            f"held_out={held_out} leaves no window to train on: hold out less, or use longer clips."
        )
    return np.array(train), np.array(validation or train)


@checked
def one_cycle(fraction: float, warm_up: float = 0.05) -> float:
    """Learning-rate factor: up in a line, then down along a cosine (Smith & Topin 2019).

    Parameters
    ----------
    fraction, warm_up : float
        Shares of the training: the one that is done, and the one that goes up.

    Returns
    -------
    float
        The factor, at most 1.
    """
    if fraction < warm_up:
        return max(fraction / warm_up, 0.01)
    cooled = min((fraction - warm_up) / (1 - warm_up), 1)
    return 0.5 * (1 + math.cos(math.pi * cooled))


@checked
def fit(
    predictor: nn.Module,
    windows: Windows,
    steps: int | None = None,
    *,
    minutes: float | None = None,
    batch_size: int = 8,
    lr: float = 2e-3,
    loss: Callable[[Tensor, Tensor], Tensor] = prediction_loss,
    strangers: StrangerWindows | None = None,
    stranger_share: float = 0.5,
    callbacks: Sequence[Callback] = (),
    held_out: float = 0.1,
    validate_every: int = 200,
    seed: int = 0,
    progress: bool = True,
) -> History:
    """Train a predictor in place, with Adam and a one-cycle learning rate.

    It uses a GPU if there is one, and brings the predictor back to where it was. Interrupting (Esc,
    I, I or Ctrl-C) keeps what was learned.

    Parameters
    ----------
    predictor, windows : Module, Windows
        What learns, and the normal windows it learns from.
    steps, minutes : int, float
        How many batches (deterministic), or how long (for benchmarks). Give one.
    batch_size, lr : int, float
        Windows per step, and the highest learning rate.
    loss : Callable
        Takes (prediction, target) and returns a scalar.
    strangers, stranger_share : StrangerWindows, float
        Windows with somebody strange in them, whose targets are without, and their share of each
        batch; it learns to leave out what is not normal.
    callbacks : sequence of Callback
        What else happens, for instance `WeightAverage`.
    held_out, validate_every : float, int
        Share of each clip that validates (see `split_windows`), and after how many steps.
    seed, progress : int, bool
        Seed of the batches; whether to show a bar.

    Returns
    -------
    History
        Losses and validations.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what it should be, or both or none of steps and minutes are given.
    FloatingPointError
        If the loss is no longer a number, or has exploded; the weights are those before that step.
    """
    _check_length(steps, minutes)
    n_strange = _count_strange(strangers, stranger_share, batch_size)
    home, device = device_of(predictor), "cuda" if torch.cuda.is_available() else "cpu"
    windows = copy.copy(windows)  # a callback may exchange its clips, but not the caller's
    train, validation = split_windows(windows, held_out)
    validation = validation[:: max(len(validation) // 64, 1)]  # some 64 windows are enough
    rng = np.random.default_rng(seed)
    predictor.to(device).train()
    optimizer = torch.optim.Adam(predictor.parameters(), lr=lr)
    history = History()
    # What the callbacks see, and may change.
    run = SimpleNamespace(predictor=predictor, model=predictor, seed=seed, device=device)
    run.windows, run.history, run.stop, run.home = windows, history, False, home
    for callback in callbacks:
        callback.run = run
        callback.before_training()

    bar = tqdm(total=steps, desc=_how_it_begins(predictor), disable=not progress)
    with _keeping_what_was_learned(run), bar:
        for run.lr in _learning_rates(lr, steps, minutes):
            optimizer.param_groups[0]["lr"] = run.lr
            x, y = windows.batch(rng.choice(train, batch_size - n_strange))
            if strangers is not None:
                strange = strangers.batch(rng.choice(len(strangers), n_strange))
                x, y = torch.cat([x, strange[0]]), torch.cat([y, strange[1]])
            run.x, run.y = x.to(device), y.to(device)

            run.prediction = predictor(run.x)
            run.loss = loss(run.prediction, run.y)
            for callback in callbacks:
                callback.after_loss()
            _require_sound(run, lr)
            optimizer.zero_grad()
            run.loss.backward()
            optimizer.step()
            for callback in callbacks:
                callback.after_step()

            history.loss.append(run.loss.item())
            bar.set_postfix_str(history.summary, refresh=False)
            bar.update()
            if len(history.loss) % validate_every == 0:
                _validate(run, windows, validation, callbacks)
            if run.stop:
                break
        require_finite_weights(run.model, f"build it anew and try a smaller lr than {lr}")
        if history.validation_steps[-1:] != [len(history.loss)]:
            _validate(run, windows, validation, callbacks)
    return history


def _check_length(steps, minutes):
    given = [length for length in (steps, minutes) if length is not None]
    if len(given) != 1 or given[0] <= 0:
        raise ValueError(
            "Say how long to train: steps=... or minutes=..., one of them and above zero."
        )


def _count_strange(strangers, share, batch_size):
    """How many windows of a batch show a stranger."""
    n_strange = round(share * batch_size)
    if strangers is not None and not 0 < n_strange < batch_size:
        have = f"a share of {share} of {batch_size} windows"
        raise ValueError(f"A batch needs windows with strangers and without, got {have}.")
    return 0 if strangers is None else n_strange


def _how_it_begins(predictor):
    """What the bar says: a predictor that was trained before goes on from there."""
    trained = getattr(predictor, "trained_steps", 0)
    return f"training on, after {trained:,} steps before" if trained else "training"


def _require_sound(run, lr):
    """Refuse a loss that is no number or has exploded, before anything is learned from it."""
    losses, advice = run.history.loss, f"try a smaller lr than {lr}"
    what = f"The loss at step {len(losses)}"
    number = require_finite(run.loss, what, advice, (run.x, run.y))
    require_bounded(number, losses[0] if losses else number, what, advice)


def _learning_rates(peak, steps, minutes):
    """Yield the learning rate of each step, until the steps or the minutes are over."""
    start = time.perf_counter()
    for step in count():
        done = step / steps if steps else (time.perf_counter() - start) / 60 / minutes
        if done >= 1:
            return
        yield peak * one_cycle(done)


@contextmanager
def _keeping_what_was_learned(run):
    """Whatever ends a training, leave the predictor with the weights that are to be kept."""
    start = time.perf_counter()
    try:
        yield
    except KeyboardInterrupt:
        run.history.interrupted = True
        print(f"Stopped after {len(run.history.loss)} steps. What was learned so far is kept.")
    finally:
        steps = len(run.history.loss)
        if run.model is not run.predictor:
            run.predictor.load_state_dict(run.model.state_dict())
        run.predictor.to(run.home).eval()
        run.predictor.trained_steps = getattr(run.predictor, "trained_steps", 0) + steps
        run.history.seconds = time.perf_counter() - start


def _validate(run, windows, indices, callbacks):
    """Note the mean PSNR on these windows, and let the callbacks see it."""
    values = []
    with torch.no_grad():
        for start in range(0, len(indices), 16):
            x, y = windows.batch(indices[start : start + 16])
            prediction = run.model(x.to(run.device)).clamp(0, 1)
            values.append(psnr(prediction, y.to(run.device)))
    run.history.validation_steps.append(len(run.history.loss))
    run.history.validation_psnr.append(torch.cat(values).mean().item())
    for callback in callbacks:
        callback.after_validation()
