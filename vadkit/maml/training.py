"""Meta-training: Algorithm 1 from its first line to its last, and what it learned."""

import copy
import math
import time
from collections import deque
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from tqdm.auto import tqdm

from vadkit.checkpoints import load_tensors, load_weights, save_weights
from vadkit.checks import checked
from vadkit.episodes import EpisodeSampler
from vadkit.finite import require_bounded, require_finite_weights
from vadkit.losses import LOSSES, prediction_loss
from vadkit.maml.adapting import adapt, adaptation_curve
from vadkit.maml.checks import ADVICE, check_adaptable
from vadkit.maml.distributed import rank, rows_of_all, start_alike, together
from vadkit.maml.history import MetaHistory, Monitor
from vadkit.maml.meta_step import meta_step
from vadkit.maml.rates import InnerRates, trainable
from vadkit.metrics import decibel
from vadkit.predicting import device_of


@checked
@dataclass
class MetaTrained:
    """A predictor that learned to adapt; saved, loaded and trained further as one.

    Parameters
    ----------
    predictor : nn.Module
        The weights theta.
    rates, n_inner_steps : InnerRates, int
        The rates alpha, and how many inner steps both are meant for.
    history : MetaHistory
        How it was trained.
    loss : callable, optional
        What its inner steps descend; None for one that a file does not know.
    """

    predictor: nn.Module
    rates: InnerRates
    n_inner_steps: int = 3
    history: MetaHistory = field(default_factory=MetaHistory)
    loss: Callable | None = prediction_loss

    @property
    def modules(self) -> nn.ModuleDict:
        """All that was learned."""
        return nn.ModuleDict({"predictor": self.predictor, "rates": self.rates})

    @checked
    def adapt(
        self,
        support: tuple[Tensor, Tensor],
        n_inner_steps: int | None = None,
        loss: Callable | None = None,
    ) -> nn.Module:
        """Adapt to a new scene.

        Parameters
        ----------
        support, n_inner_steps, loss : see `vadkit.adapt`
            By default as it was trained: as many steps, at these rates, on this loss.

        Returns
        -------
        nn.Module
            An adapted copy of the predictor.
        """
        steps = self.n_inner_steps if n_inner_steps is None else n_inner_steps
        return adapt(self.predictor, support, self.rates, steps, loss or self._own_loss())

    def _own_loss(self):
        if self.loss is None:
            raise ValueError("It was trained on a loss of its own: give loss=..., the same one.")
        return self.loss

    @checked
    def save(self, path: str | Path, header: dict | None = None, half: bool = False) -> None:
        """Write theta, rates and history to one safetensors file.

        Parameters
        ----------
        path, header, half : path, dict, bool
            Where to, a header of your own, and whether half precision will do.
        """
        meta = {
            "inner_lr": self.rates.start,
            "learn_rates": self.rates.learn,
            "only": self.rates.only,
            "n_inner_steps": self.n_inner_steps,
            "history": asdict(self.history),
            "loss": next((name for name, loss in LOSSES.items() if loss is self.loss), ""),
        }
        save_weights(path, self.modules, {**(header or {}), "meta": meta}, half)

    @classmethod
    @checked
    def load(cls, path: str | Path, predictor: nn.Module) -> "MetaTrained":
        """Read what `save` wrote; a ValueError or FileNotFoundError says what is wrong.

        Parameters
        ----------
        path, predictor : path, nn.Module
            The file, and a predictor like the one saved, whose weights are replaced.

        Returns
        -------
        MetaTrained
            With this predictor.
        """
        meta = load_tensors(path)[1].get("meta")
        if meta is None:
            raise ValueError(
                f"{path} holds plain weights, not a meta-trained predictor: "
                "read it with vadkit.load_weights."
            )
        try:
            trained = _from_header(cls, predictor, **meta)
        except (TypeError, ValueError) as error:
            problem = f"{path} does not say how it was meta-trained ({error})"
            raise ValueError(f"{problem}: save it again.") from None
        load_weights(path, trained.modules)
        trained.predictor.eval()
        return trained


def _from_header(
    cls, predictor, inner_lr, learn_rates, n_inner_steps, history, only="", loss="prediction_loss"
):
    rates = InnerRates(predictor, inner_lr, learn_rates, n_inner_steps, only)
    return cls(predictor, rates, n_inner_steps, MetaHistory(**history), LOSSES.get(loss))


def _half_cosine(done, steps):
    return 0.5 + 0.5 * math.cos(math.pi * done / steps)


@checked
def meta_train(
    predictor: nn.Module | MetaTrained,
    sampler: EpisodeSampler,
    steps: int,
    inner_lr: float | InnerRates = 0.01,
    n_inner_steps: int = 3,
    *,
    outer_lr: float = 1e-3,
    rates_lr: float = 0.01,
    update: Callable = meta_step,
    max_norm: float | None = 10.0,
    schedule: Callable[[int, int], float] = _half_cosine,
    loss: Callable | None = None,
    monitor: Monitor | None = None,
) -> MetaTrained:
    """Meta-train a predictor in place by Algorithm 1 (Finn et al. 2017), on a GPU if there is one.

    Interrupting (Esc, I, I or Ctrl-C) keeps what was learned. Under `torch.distributed`, processes
    share the tasks of each episode (`vadkit.maml.distributed`).

    Parameters
    ----------
    predictor : nn.Module or MetaTrained
        What learns; a `MetaTrained` is trained further, with rates and inner steps of its own.
    sampler, steps : EpisodeSampler, int
        Where episodes come from, and how many outer steps, of one episode each.
    inner_lr, n_inner_steps : float or InnerRates, int
        The rate alpha, or `InnerRates` to be learned; and how many inner steps.
    outer_lr, rates_lr : float
        Adam's learning rates: beta, for theta, and the one for log alpha.
    update : callable
        `meta_step`, also as `partial(meta_step, first_order=True)`; `reptile_step`, `joint_step`.
    max_norm : float, optional
        Clip the meta-gradient to this norm.
    schedule : callable
        (steps done, steps) to a factor for both rates; by default half a cosine down to 0.
    loss : callable, optional
        (predictions, targets) to a scalar: `prediction_loss`, or that of a `MetaTrained`.
    monitor : Monitor, optional
        What is measured and shown meanwhile.

    Returns
    -------
    MetaTrained
        The predictor, its inner rates and the history.

    Raises
    ------
    ValueError
        If options do not go together, or there is a single task to learn from.
    FloatingPointError
        If a loss is no number, with outer step, task and a hint. The predictor then holds the last
        good weights, and the error's `.trained` everything.
    ConnectionError
        If another process of this training has ended; the same holds.
    """
    _check_options(sampler, steps)
    if not isinstance(predictor, MetaTrained):
        predictor = MetaTrained(predictor, check_adaptable(predictor, inner_lr), n_inner_steps)
    trained, monitor = predictor, monitor or Monitor()
    loss = trained.loss = loss or trained._own_loss()
    theta, rates, history = trained.predictor, trained.rates, trained.history
    home, device = device_of(theta), "cuda" if torch.cuda.is_available() else "cpu"
    trained.modules.to(device).train()
    start_alike(trained.modules)
    outer = _outer_optimizer(trained, outer_lr, rates_lr)
    scheduler = LambdaLR(outer, lambda done: schedule(done, steps))
    update = partial(together(update), max_norm=max_norm, loss=loss)
    bar = tqdm(total=steps, desc="meta-training", disable=rank() > 0 or not monitor.progress)
    with _keeping_good_weights(trained, outer, home) as good_weights, bar:
        for done in range(steps):  # lines 2 and 9: while not done
            episode = [task.to(device) for task in sampler[history.n_steps]]  # line 3
            if done % monitor.note_every == 0:
                bar.set_postfix_str(_note(trained, episode, loss), refresh=False)
            update(theta, episode, outer, rates, trained.n_inner_steps, fraction=done / steps)
            good_weights.append(copy.deepcopy(trained.modules.state_dict()))
            history.n_steps += 1
            scheduler.step()
            bar.update()
            if history.n_steps % monitor.validate_every == 0 or done + 1 == steps:
                _validate(trained, monitor.validation, loss)
        require_finite_weights(trained.modules, ADVICE)
    return trained


def _check_options(sampler, steps):
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}.")
    if len(sampler.pool) < 2:
        raise ValueError(
            "Learning to adapt takes several scenes or classes, and here is only one: "
            "give more tasks."
        )


def _outer_optimizer(trained, outer_lr, rates_lr):
    """Adam on theta and on log alpha, each at a rate of its own."""
    groups = [
        (trainable(trained.predictor), outer_lr),
        (list(trained.rates.parameters()), rates_lr),
    ]
    return torch.optim.Adam([{"params": weights, "lr": lr} for weights, lr in groups])


@contextmanager
def _keeping_good_weights(trained, outer, home):
    """Whatever ends a training, leave weights that are worth having; yields where to note them."""
    history = trained.history
    start = time.perf_counter()
    # The weights one step ago, where every loss is known to be a number; and those of now.
    good_weights = deque([copy.deepcopy(trained.modules.state_dict())] * 2, maxlen=2)
    try:
        yield good_weights
    except (FloatingPointError, ConnectionError) as error:
        # What is no number comes of the last step; who is gone leaves its weights as good as ever.
        trained.modules.load_state_dict(good_weights[isinstance(error, ConnectionError)])
        problem = type(error)(
            f"Outer step {history.n_steps}: {error} Stopped; the last good weights are kept."
        )
        problem.trained = trained
        raise problem from None
    except KeyboardInterrupt:
        # It may have come in the middle of an outer step.
        trained.modules.load_state_dict(good_weights[1])
        history.interrupted = True
        if rank() == 0:
            print(f"Stopped after {history.n_steps} outer steps. What was learned so far is kept.")
    finally:
        outer.zero_grad()
        trained.modules.to(home)
        trained.predictor.eval()
        history.seconds += time.perf_counter() - start


def _measure(trained, tasks, loss):
    """The mean query loss of some tasks before and after adapting."""

    def before_and_after(task):
        steps = trained.n_inner_steps
        curve = adaptation_curve(trained.predictor, [task], trained.rates, steps, loss=loss)
        return torch.from_numpy(curve[0, [0, -1]])

    like = next(trained.predictor.parameters()).new_zeros(2, dtype=torch.float64)
    before, after = rows_of_all(before_and_after, tasks, like).cpu().numpy().mean(0)
    return float(before), float(after)


def _note(trained, episode, loss):
    """Note the loss of an episode in the history; in words, for the progress bar."""
    before, after = _measure(trained, episode, loss)
    history = trained.history
    history.steps.append(history.n_steps)
    history.before.append(before)
    history.after.append(after)
    history.rates.append(trained.rates.table().tolist())
    require_bounded(after, history.after[0], "The query loss after adapting", ADVICE)
    shown = f"query loss {before:.4g} -> {after:.4g}"
    if loss is prediction_loss:
        shown += f" ({decibel(before):.1f} -> {decibel(after):.1f} dB)"
    return shown


def _validate(trained, tasks, loss):
    if tasks:
        before, after = _measure(trained, tasks, loss)
        trained.history.validation_steps.append(trained.history.n_steps)
        trained.history.validation_before.append(before)
        trained.history.validation_after.append(after)
