"""Weights for the other customs: pace, kind of passer-by, path or grass.

A stream is a matter of direction, which every predictor needs anyway. To tell a cyclist from a
skateboarder, or the path from the grass, it need not: training with strangers at places of both
sides alike never began to. So a network comes to its custom in three parts. School: ordinary
training. One side: at all places the first side is normal, so that the network learns to tell the
two. MAML: every place comes with its opposite, and which side holds only K windows can tell.
"""

from functools import cache, partial

import numpy as np

import vadkit
from vadkit import toy
from vadkit.episodes import EpisodeSampler
from vadkit.losses import decibel_loss
from vadkit.maml.adapting import adaptation_curve, query_psnr
from vadkit.maml.rates import InnerRates
from vadkit.maml.training import MetaTrained, meta_train
from vadkit.pools import ScenePool
from vadstudies.jobs import require_finished
from vadstudies.weights.streams import EPISODE, NETWORK, WALKING, joint_training

OTHER = ("speed", "species", "zone")
SCHOOL = {"n_places": 48, "school_steps": 2000, "one_sided_steps": 6000, "outer_lr": 2e-3}
STRANGERS = {**SCHOOL, "steps": 12_000}
MAML = {
    **SCHOOL,
    "episode": EPISODE,
    "steps": 1500,
    "n_inner_steps": 3,
    "inner_lr": 0.007,
    "learn_rates": "tensor and step",
    "maml_lr": 1e-3,
    "rates_lr": 0.02,
}


def custom_place(seed: int, custom: str, side: int) -> toy.ToyScene:
    """Place number `seed` where this side of a custom is normal."""
    kinds = WALKING[:2] if custom == "zone" else WALKING
    scene = toy.toy_scene(seed, kinds[seed % len(kinds)], custom=custom, n_test=4)
    return scene if scene.side == toy.CUSTOMS[custom][side].name else scene.opposite()


def training_place(custom: str, number: int) -> toy.ToyScene:
    """Training place number // 2: its first side is normal, or its second for an odd number."""
    seed, side = divmod(number, 2)
    return custom_place(toy.TRAIN_SEEDS[seed], custom, side)


@cache
def pool(custom: str, n_places: int, sides: int, strangers: float) -> ScenePool:
    """`n_places`, each with its first side or with both, all kept in memory: 5 MB each."""
    numbers = range(0, 2 * n_places, 3 - sides)
    place = partial(training_place, custom)
    return ScenePool(place, numbers, len(numbers), support="scattered", strangers=strangers)


def train_jointly(
    seed: int, custom: str, n_places: int, parts: list[tuple[int, int, float]], outer_lr: float
) -> MetaTrained:
    """Parts of ordinary training: how many steps, of places with how many sides, with strangers."""
    predictor = vadkit.build_predictor(**NETWORK, seed=seed)
    for i, (n_steps, sides, share) in enumerate(parts):
        places = pool(custom, n_places, sides, share)
        batches = EpisodeSampler(places, n_way=2, k_shot=2, n_query=6, seed=seed + i)
        trained = joint_training(predictor, batches, n_steps, outer_lr)
        predictor = trained.predictor
    return trained


def train_strangers(
    seed: int,
    custom: str,
    n_places: int,
    school_steps: int,
    one_sided_steps: int,
    outer_lr: float,
    steps: int,
) -> MetaTrained:
    """MAML's rivals: school, one side, and then (or not) both sides without any inner loop."""
    parts = [(school_steps, 2, 0.0), (one_sided_steps, 1, 2 / 3), (steps, 2, 2 / 3)]
    parts = [part for part in parts if part[0]]
    return train_jointly(seed, custom, n_places, parts, outer_lr)


def train_maml(
    seed: int,
    custom: str,
    n_places: int,
    school_steps: int,
    one_sided_steps: int,
    outer_lr: float,
    episode: dict,
    steps: int,
    n_inner_steps: int,
    inner_lr: float,
    learn_rates: str | None,
    maml_lr: float,
    rates_lr: float,
) -> MetaTrained:
    """School, one side, and both sides with K normal windows in the inner loop."""
    parts = [(school_steps, 2, 0.0), (one_sided_steps, 1, 2 / 3)]
    predictor = train_jointly(seed, custom, n_places, parts, outer_lr).predictor
    rates = InnerRates(predictor, inner_lr, learn_rates, n_inner_steps)
    trained = MetaTrained(predictor, rates, n_inner_steps, loss=decibel_loss)
    episodes = EpisodeSampler(pool(custom, n_places, 2, 0.5), **episode, seed=seed + 200)
    meta_train(trained, episodes, steps, outer_lr=maml_lr, rates_lr=rates_lr)
    require_finished(trained.history)
    return trained


def validation_psnr(custom: str, trained: MetaTrained, n: int = 8) -> np.ndarray:
    """PSNR (dB) on normal windows of n validation places, K = 10, after 0, 1, ... inner steps."""
    places = [custom_place(seed, custom, i % 2) for i, seed in enumerate(toy.VALIDATION_SEEDS[:n])]
    tasks = EpisodeSampler(ScenePool(places, support="scattered"), n, 10, 16)[0]
    steps = trained.n_inner_steps
    return adaptation_curve(
        trained.predictor, tasks, trained.rates, steps, query_psnr, trained.loss
    ).mean(0)


WEIGHTS = {
    f"{custom}_maml": (train_maml, {"seed": 0, "custom": custom, **MAML}) for custom in OTHER
} | {
    "species_strangers": (train_strangers, {"seed": 0, "custom": "species", **STRANGERS}),
    "species_one_side": (train_strangers, {"seed": 0, "custom": "species", **SCHOOL, "steps": 0}),
}
