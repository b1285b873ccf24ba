"""Who is compared: weights trained on toy scenes alone, and how each adapts."""

import copy
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import torch

import vadkit
from vadkit import toy
from vadkit.adaptation import settle_in
from vadkit.episodes import EpisodeSampler
from vadkit.maml.adapting import adapt
from vadkit.maml.training import meta_train
from vadkit.pasting import Cutout
from vadkit.pools import ScenePool
from vadstudies.jobs import require_finished
from vadstudies.weights.cameras import MAML, camera

REAL_TASKS_STEPS = 150  # not tuned: there is no labelled real scene left to choose on
N_STRANGERS = 160  # drawn clips, of which strangers are pasted into the K windows
LEARNED_RATES_STEPS = 30  # of 3, 10 and 30, chosen on two UMN scenes


@dataclass
class Method:
    """A predictor, and how it adapts: a function from a support to an adapted copy."""

    predictor: Callable
    adapt: Callable


def maml() -> Method:
    """Meta-trained weights, adapted with Adam for many more steps than they were trained for."""
    return _settling(vadkit.load_checkpoint("camera_maml").predictor)


def fine_tuned() -> Method:
    """Weights that went on training on toy scenes all the way, adapted in the same way."""
    return _settling(vadkit.load_checkpoint("camera_strangers").predictor)


def _settling(predictor):
    pasted = {"strangers": strangers()}
    return Method(predictor, lambda support: settle_in(predictor, support, **pasted))


@cache
def strangers() -> list[Cutout]:
    """Who is pasted, drawn once."""
    return toy.drawn_strangers(N_STRANGERS)


def maml_learned_rates() -> Method:
    """Meta-trained weights, adapted as in training, by gradient descent at the learned rates."""
    trained = vadkit.load_checkpoint("camera_maml")
    return Method(trained.predictor, lambda support: adapt_at_learned_rates(trained, support))


def adapt_at_learned_rates(trained, support) -> torch.nn.Module:
    """Adapt with all learned rates halved until nothing runs off to infinity."""
    rates = copy.deepcopy(trained.rates)
    while True:
        try:
            return adapt(trained.predictor, support, rates, LEARNED_RATES_STEPS, trained.loss)
        except FloatingPointError:
            rates.log_alpha.data -= math.log(2)


def maml_real_tasks(scenes: list[vadkit.Scene]) -> Method:
    """`maml`, meta-trained further on the training clips of `scenes` and on as many toy cameras."""
    trained = vadkit.load_checkpoint("camera_maml")
    cameras = [camera(seed) for seed in toy.TRAIN_SEEDS[: len(scenes)]]
    episodes = EpisodeSampler(
        ScenePool([*scenes, *cameras], support="consecutive"), **MAML["episode"], seed=0
    )
    learning_rates = {name: MAML[name] for name in ("outer_lr", "rates_lr")}
    require_finished(meta_train(trained, episodes, REAL_TASKS_STEPS, **learning_rates).history)
    return _settling(trained.predictor)


def open_tasks(names: Iterable[str], target: vadkit.Scene) -> list[vadkit.Scene]:
    """Open the scenes of --tasks.

    Raises
    ------
    ValueError
        For the target itself, and for a scene without training clips.
    """
    scenes = [vadkit.open_scene(name) for name in names]
    for scene in scenes:
        if scene.name == target.name:
            problem = "is the target, and no task to learn from"
        elif not scene.train_clips:
            problem = "has no training clip to learn from"
        else:
            continue
        raise ValueError(f"Scene '{scene.name}' {problem}: leave it out of --tasks.")
    return scenes


METHODS = {"maml": maml, "maml_learned_rates": maml_learned_rates, "fine_tuned": fine_tuned}
