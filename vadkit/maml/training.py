"""Meta-training: Algorithm 1 from its first line to its last, what it learned, and the baselines it is measured against."""

import math
import time
from dataclasses import asdict, dataclass, field
from functools import partial

import numpy as np
import torch
from torch import nn
from tqdm.auto import tqdm

from vadkit.checkpoints import load_tensors, load_weights, save_weights
from vadkit.losses import prediction_loss
from vadkit.maml.adapting import adapt, adaptation_curve
from vadkit.maml.baselines import joint_step, reptile_step
from vadkit.maml.checks import trainable
from vadkit.maml.meta_step import meta_step
from vadkit.maml.rates import InnerRates


@dataclass
class MetaHistory:
    """What happened while meta-training. Losses are means over one episode, the same tasks before and after adapting.

    steps, before, after: outer step numbers, query loss before and after adapting there; rates: `InnerRates.table()` there
    validation_steps, validation_before, validation_after: the same on held-out tasks; n_steps: outer steps done in all
    """

    steps: list = field(default_factory=list)
    before: list = field(default_factory=list)
    after: list = field(default_factory=list)
    rates: list = field(default_factory=list)
    validation_steps: list = field(default_factory=list)
    validation_before: list = field(default_factory=list)
    validation_after: list = field(default_factory=list)
    n_steps: int = 0
    seconds: float = 0.0
    interrupted: bool = False

    @property
    def psnr_before(self):
        """dB of the mean squared error over the episode, before adapting; one for each of `steps`."""
        return to_decibel(self.before)

    @property
    def psnr_after(self):
        return to_decibel(self.after)


def to_decibel(mse):
    """Mean squared error of images in [0, 1] -> PSNR in dB; NaN stays NaN."""
    return -10 * np.log10(np.maximum(mse, 1e-10))


@dataclass
class MetaTrained:
    """A predictor that learned to adapt: theta, the inner rates and how many inner steps they are meant for, and the history.

    Saved, loaded and trained further as one. `trained.adapt(support)` fits it into a new scene.
    """

    predictor: nn.Module
    rates: InnerRates
    n_inner_steps: int = 3
    history: MetaHistory = field(default_factory=MetaHistory)

    def adapt(self, support, n_inner_steps=None, loss=prediction_loss):
        """-> adapted copy of the predictor, with the rates and number of steps it was trained for unless told otherwise."""
        return adapt(
            self.predictor, support, self.rates, self.n_inner_steps if n_inner_steps is None else n_inner_steps, loss
        )

    def train(self, sampler, steps, *, outer_lr=1e-3, rates_lr=0.01, algorithm="maml", first_order=False, every_step=False,
              max_norm=10.0, cosine=True, loss=prediction_loss, validation=None, validate_every=100, n_validation=2,
              note_every=20, progress=True):  # fmt: skip
        """Algorithm 1 for `steps` outer steps of Adam; call it again to train further. Options as in `meta_train`."""
        step_function = _choose(algorithm, first_order, every_step, self.rates)
        if steps < 1:
            raise ValueError(f"steps must be at least 1, got {steps}.")
        if len(sampler.tasks) < 2:
            raise ValueError(
                "Learning to adapt takes several scenes or classes, and here is only one: give more tasks."
            )
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self.predictor.to(device).train()
        self.rates.to(device)
        groups = [
            {"params": trainable(self.predictor), "lr": outer_lr},
            {"params": list(self.rates.parameters()), "lr": rates_lr},
        ]
        outer = torch.optim.Adam(groups)
        everything, peaks = [p for group in groups for p in group["params"]], (outer_lr, rates_lr)
        history, began = self.history, time.perf_counter()
        now = proven = _values(everything)  # where theta is, and where every loss was known to be a number
        bar = tqdm(total=steps, desc="meta-training", disable=not progress)
        try:
            for done in range(steps):  # lines 2 and 9
                episode = [task.to(device) for task in sampler[history.n_steps]]  # line 3
                for group, peak in zip(outer.param_groups, peaks):
                    group["lr"] = peak * (0.5 + 0.5 * math.cos(math.pi * done / steps) if cosine else 1)
                if done % note_every == 0:
                    self._note(episode, loss, bar)
                extra = {"step_weights": every_step_weights(self.n_inner_steps, done / steps)} if every_step else {}
                step_function(
                    self.predictor,
                    episode,
                    outer,
                    self.rates,
                    self.n_inner_steps,
                    max_norm=max_norm,
                    loss=loss,
                    **extra,
                )
                history.n_steps, now, proven = history.n_steps + 1, _values(everything), now
                bar.update()
                if validation and (history.n_steps % validate_every == 0 or done + 1 == steps):
                    self._validate(validation, n_validation, loss)
        except FloatingPointError as error:
            _restore(everything, proven)
            problem = FloatingPointError(
                f"Outer step {history.n_steps}: {error} Stopped; the last good weights are kept."
            )
            problem.trained = self
            raise problem from None
        except KeyboardInterrupt:
            _restore(everything, now)
            history.interrupted = True
            print(f"Stopped after {history.n_steps} outer steps. What was learned so far is kept.")
        finally:
            outer.zero_grad()
            self.predictor.eval()
            bar.close()
            history.seconds += time.perf_counter() - began
        return self

    def _note(self, episode, loss, bar):
        before, after = self._before_and_after(episode, loss)
        self.history.steps.append(self.history.n_steps)
        self.history.before.append(before)
        self.history.after.append(after)
        self.history.rates.append(self.rates.table().tolist())
        decibel = f" ({to_decibel(before):.1f} -> {to_decibel(after):.1f} dB)" if loss is prediction_loss else ""
        bar.set_postfix_str(f"query loss {before:.4g} -> {after:.4g}{decibel}", refresh=False)

    def _validate(self, sampler, n_episodes, loss):
        before, after = self._before_and_after([task for i in range(n_episodes) for task in sampler[i]], loss)
        self.history.validation_steps.append(self.history.n_steps)
        self.history.validation_before.append(before)
        self.history.validation_after.append(after)

    def _before_and_after(self, tasks, loss):
        curve = adaptation_curve(self.predictor, tasks, self.rates, self.n_inner_steps, loss=loss).mean(0)
        return float(curve[0]), float(curve[-1])

    def save(self, path, header=None):
        """Write theta, rates and history to one safetensors file, with a header of your own."""
        about = {"inner_lr": self.rates.start, "learn_rates": self.rates.learn, "n_inner_steps": self.n_inner_steps,
                 "history": asdict(self.history)}  # fmt: skip
        save_weights(
            path, nn.ModuleDict({"predictor": self.predictor, "rates": self.rates}), {**(header or {}), "meta": about}
        )

    @staticmethod
    def load(path, predictor):
        """-> MetaTrained, its weights filled into `predictor`. Raises FileNotFoundError, or ValueError for a file that does not fit."""
        about = load_tensors(path)[1].get("meta")
        if about is None:
            raise ValueError(
                f"{path} holds plain weights, not a meta-trained predictor: read it with vadkit.load_weights."
            )
        rates = InnerRates(predictor, about["inner_lr"], about["learn_rates"], about["n_inner_steps"])
        load_weights(path, nn.ModuleDict({"predictor": predictor, "rates": rates}))
        return MetaTrained(predictor.eval(), rates, about["n_inner_steps"], MetaHistory(**about["history"]))


def meta_train(predictor, sampler, steps, inner_lr=0.01, n_inner_steps=3, learn_rates=None, **options):
    """Meta-train a predictor in place (Algorithm 1) -> `MetaTrained`: the predictor, its inner rates and the history.

    sampler: an `EpisodeSampler`; steps: how many outer steps, one episode each
    inner_lr (alpha), n_inner_steps: of the inner loop; learn_rates: None, "scalar", "tensor" or "tensor and step", see `InnerRates`
    Options, all by name:
    outer_lr (beta), rates_lr: Adam's rates for theta and for log alpha; cosine: let both fall to zero along a half cosine
    algorithm: "maml"; or as baselines "reptile", "joint" (ordinary pre-training); first_order: FOMAML
    every_step: let the query loss of every inner step count (see `every_step_weights`); max_norm: clips the meta-gradient
    loss: (predictions, targets) -> scalar
    validation: an EpisodeSampler of held-out tasks, whose first n_validation episodes are measured every validate_every steps
    note_every: how often the history notes the query loss before and after adapting; progress: show a bar

    Uses a GPU when there is one. Interrupting (Esc, I, I or Ctrl-C) keeps what was learned.
    Raises ValueError for options that do not go together or a single task; FloatingPointError, with the outer step, the task and
    a hint, when a loss is no number: the predictor then holds the last good weights, and the error's `.trained` everything.
    """
    return MetaTrained(predictor, InnerRates(predictor, inner_lr, learn_rates, n_inner_steps), n_inner_steps).train(
        sampler, steps, **options
    )


def every_step_weights(n_inner_steps, progress=0.0):
    """Let the query loss after every inner step count, all alike at first, the last alone in the end (MAML++, multi-step loss).

    progress: how much of the training is done, in [0, 1]. Returns n_inner_steps weights that sum to 1.
    """
    return [(1 - progress) / n_inner_steps] * (n_inner_steps - 1) + [progress + (1 - progress) / n_inner_steps]


def _choose(algorithm, first_order, every_step, rates):
    if algorithm == "maml":
        return partial(meta_step, first_order=first_order)
    if algorithm not in ("reptile", "joint"):
        raise ValueError(f"algorithm is 'maml', 'reptile' or 'joint', got {algorithm!r}.")
    if first_order or every_step or rates.learn:
        raise ValueError(
            f"first_order, every_step and learned rates are options of 'maml', not of {algorithm!r}: leave them out."
        )
    return reptile_step if algorithm == "reptile" else joint_step


def _values(weights):
    return [p.detach().clone() for p in weights]


@torch.no_grad()
def _restore(weights, values):
    for p, value in zip(weights, values):
        p.copy_(value)
