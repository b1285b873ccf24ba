"""Weights for one-way places: the rivals share network, places, and about the same computing time.

At each place people walk one way, and which one four frames do not tell. All weights go to the same
school first: ordinary training on normal life. From there,

- `train_ordinary` goes on in the same way;
- `train_strangers` learns from windows with strangers, whose target is the frame without;
- `train_maml` does that for a while, then is meta-trained: the inner loop sees K normal windows of
  a place, the outer loop normal life and strangers of the same place.

Every place comes twice, with the stream and with its opposite, so that no network can learn by
heart which place is which.
"""

import copy
from collections.abc import Callable
from functools import cache, partial

import numpy as np
from torch import nn

import vadkit
from vadkit import toy
from vadkit.episodes import EpisodeSampler
from vadkit.losses import decibel_loss
from vadkit.maml.adapting import adaptation_curve, query_psnr
from vadkit.maml.baselines import joint_step
from vadkit.maml.history import Monitor
from vadkit.maml.meta_step import meta_step
from vadkit.maml.rates import InnerRates
from vadkit.maml.training import MetaTrained, meta_train
from vadkit.pools import ScenePool
from vadstudies.jobs import require_finished
from vadstudies.weights.boar import train_at

NETWORK = {"name": "unet", "width": 16, "depth": 2, "stem": 2}
NETWORK |= {"predicts": "change", "normalise": True}
RATES = (0.0003, 0.001, 0.003, 0.01, 0.03)  # of three inner steps, where training learns none
WALKING = ("campus", "park", "square")  # where people walk

# The arguments of the trainings, as the header of each file keeps them.
SCHOOL = {"n_places": 64, "school_steps": 6000, "outer_lr": 2e-3}
EPISODE = {"n_way": 2, "k_shot": 10, "n_query": 8}
ORDINARY = {**SCHOOL, "steps": 14_000}
STRANGERS = {**SCHOOL, "steps": 14_000}
MAML = {
    **SCHOOL,
    "strange_steps": 4000,
    "steps": 1000,
    "episode": EPISODE,
    "n_inner_steps": 3,
    "inner_lr": 0.007,
    "learn_rates": "tensor and step",
    "maml_lr": 1e-3,
    "rates_lr": 0.02,
    "last_steps": 400,  # at half those rates; from here on the first inner step counts, too
    "step_weights": [0.4, 0.2, 0.4],
}


def stream_place(seed: int, opposite: bool = False, **options) -> toy.ToyScene:
    """One-way place number `seed`, or the same place with the opposite stream."""
    place = WALKING[seed % len(WALKING)]
    scene = toy.toy_scene(seed, place, custom="stream", n_test=4, **options)
    return scene.opposite() if opposite else scene


def place_and_opposite(number: int) -> toy.ToyScene:
    """Training place number // 2, or its opposite where the number is odd."""
    return stream_place(toy.TRAIN_SEEDS[number // 2], opposite=bool(number % 2))


@cache
def pool(n_places: int, strangers: float) -> ScenePool:
    """The training places and their opposites, all kept in memory: 5 MB each."""
    numbers = range(2 * n_places)
    return ScenePool(
        place_and_opposite, numbers, len(numbers), support="scattered", strangers=strangers
    )


def train_jointly(
    predictor: nn.Module, n_places: int, steps: int, outer_lr: float, strangers: bool, seed: int
) -> MetaTrained:
    """Batches of sixteen windows from two places, half of them with strangers or none at all."""
    share = 2 / 3 if strangers else 0.0
    batches = EpisodeSampler(pool(n_places, share), n_way=2, k_shot=2, n_query=6, seed=seed)
    return joint_training(predictor, batches, steps, outer_lr)


def joint_training(
    predictor: nn.Module, batches: EpisodeSampler, steps: int, outer_lr: float
) -> MetaTrained:
    """Ordinary training on episodes, supports and queries alike."""
    trained = meta_train(
        predictor,
        batches,
        steps,
        outer_lr=outer_lr,
        update=joint_step,
        loss=decibel_loss,
        monitor=Monitor(note_every=steps),
    )
    require_finished(trained.history)  # nobody goes on from half a school
    return trained


@cache
def school(seed: int, n_places: int, school_steps: int, outer_lr: float) -> nn.Module:
    """Ordinary training, from which all go on."""
    predictor = vadkit.build_predictor(**NETWORK, seed=seed)
    return train_jointly(predictor, n_places, school_steps, outer_lr, False, seed).predictor


def train_ordinary(
    seed: int, n_places: int, school_steps: int, outer_lr: float, steps: int
) -> MetaTrained:
    """Ordinary training all the way: everybody is predicted, whichever way they go."""
    start = copy.deepcopy(school(seed, n_places, school_steps, outer_lr))
    return with_best_rate(train_jointly(start, n_places, steps, outer_lr, False, seed + 100))


def train_strangers(
    seed: int, n_places: int, school_steps: int, outer_lr: float, steps: int
) -> MetaTrained:
    """The target is the frame without the stranger; nobody says who that is at a new place."""
    start = copy.deepcopy(school(seed, n_places, school_steps, outer_lr))
    return with_best_rate(train_jointly(start, n_places, steps, outer_lr, True, seed + 100))


@cache
def before_maml(*arguments) -> nn.Module:
    """What meta-training starts from: a shorter training with strangers."""
    return train_strangers(*arguments).predictor


def train_maml(
    seed: int,
    n_places: int,
    school_steps: int,
    outer_lr: float,
    strange_steps: int,
    steps: int,
    episode: dict,
    n_inner_steps: int,
    inner_lr: float,
    learn_rates: str | None,
    maml_lr: float,
    rates_lr: float,
    last_steps: int,
    step_weights: list[float],
    only: str = "",
    first_order: bool = False,
) -> MetaTrained:
    """Meta-training: K normal windows in the inner loop, strangers in the outer one."""
    start = before_maml(seed, n_places, school_steps, outer_lr, strange_steps)
    predictor = copy.deepcopy(start)
    rates = InnerRates(predictor, inner_lr, learn_rates, n_inner_steps, only)
    episodes = EpisodeSampler(pool(n_places, 0.5), **episode, seed=seed + 200)
    trained = MetaTrained(predictor, rates, n_inner_steps, loss=decibel_loss)
    # Every step from the beginning ends .03 lower in AUC: first the way, then the short way.
    for share, n, weights in ((1.0, steps, None), (0.5, last_steps, step_weights)):
        update = partial(meta_step, first_order=first_order, step_weights=weights)
        lr = {"outer_lr": share * maml_lr, "rates_lr": share * rates_lr}
        meta_train(trained, episodes, n, **lr, update=update)
        require_finished(trained.history)
    return trained


def train_specialist(seed: int, place: int, steps: int, n_strange: int) -> MetaTrained:
    """Training with strangers at one place only: candidate A of notebook 04."""
    home = stream_place(toy.TRAIN_SEEDS[place])
    strange = [home.strange_clip(i, toy.STRANGER) for i in range(n_strange)]
    predictor = vadkit.build_predictor(**NETWORK, seed=seed)
    options = {"steps": steps, "batch_size": 16, "validate_every": steps, "seed": seed}
    history = train_at(home, predictor, strange, **options)
    require_finished(history)
    return with_best_rate(MetaTrained(predictor, InnerRates(predictor), loss=decibel_loss))


def with_best_rate(trained: MetaTrained) -> MetaTrained:
    """Choose the rate of three inner steps on validation places, where training learned none."""
    places = ScenePool(stream_place, toy.VALIDATION_SEEDS[8:16], support="scattered", strangers=0.5)
    tasks = EpisodeSampler(places, n_way=8, k_shot=10, n_query=16)[0]

    def psnr_at(rate):
        curve = adaptation_curve(trained.predictor, tasks, rate, 3, query_psnr, decibel_loss)
        return np.nan_to_num(curve.mean(0)[-1])

    trained.rates = InnerRates(trained.predictor, max(RATES, key=psnr_at))
    return trained


def validation_psnr(trained: MetaTrained, n: int = 8) -> np.ndarray:
    """PSNR (dB) on normal windows of n validation places, K = 10, after 0, 1, ... inner steps."""
    places = ScenePool(stream_place, toy.VALIDATION_SEEDS[:n], keep=n, support="scattered")
    tasks = EpisodeSampler(places, n_way=n, k_shot=10, n_query=16)[0]
    steps = trained.n_inner_steps
    return adaptation_curve(
        trained.predictor, tasks, trained.rates, steps, query_psnr, trained.loss
    ).mean(0)


SEEDS = (0, 1, 2)
TRAININGS: dict[str, tuple[Callable, dict]] = {
    "streams_ordinary": (train_ordinary, ORDINARY),
    "streams_strangers": (train_strangers, STRANGERS),
    "streams_maml": (train_maml, MAML),
}
OTHERS: dict[str, tuple[Callable, dict]] = {  # from one seed each
    "streams_first_order": (train_maml, MAML | {"first_order": True}),
    "streams_one_rate": (train_maml, MAML | {"learn_rates": None}),
    "streams_head": (train_maml, MAML | {"only": "head"}),
    "streams_specialist": (train_specialist, {"place": 0, "steps": 4000, "n_strange": 60}),
}


def name_of(training: str, seed: int) -> str:
    """Name of a weights file: the training, and behind it the seed where that is not 0."""
    return f"{training}_{seed}" if seed else training


WEIGHTS = {
    name_of(training, seed): (function, {"seed": seed, **arguments})
    for training, (function, arguments) in TRAININGS.items()
    for seed in SEEDS
} | {name: (function, {"seed": 0, **arguments}) for name, (function, arguments) in OTHERS.items()}
