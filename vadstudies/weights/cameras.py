"""Weights for real cameras, learned from toy scenes alone: no frame of a real video is ever seen.

A camera is a toy scene where people walk, rendered at 64 to 112 pixels, which makes people about as
small as real cameras show them at 128 x 128, with the grain, the blur and the light of its own lens
and recorder. Only its normal life is used.

Both methods start from the same weights: ordinary training on many cameras. From there, one goes on
in the same way; the other is meta-trained, for about the same computing time.
"""

import copy
from functools import cache, lru_cache, partial

import numpy as np
from torch import nn

import vadkit
from vadkit import toy
from vadkit.episodes import EpisodeSampler
from vadkit.maml.adapting import adaptation_curve, query_psnr
from vadkit.maml.baselines import joint_step
from vadkit.maml.history import Monitor
from vadkit.maml.meta_step import meta_step
from vadkit.maml.rates import InnerRates
from vadkit.maml.training import meta_train
from vadkit.pools import ScenePool

NETWORK = {"name": "unet", "width": 16, "depth": 2, "predicts": "change", "normalise": True}
# Where people walk; a road's normal cars are other cameras' anomalies.
PLACES = ("campus", "park", "square")
SIZES = (64, 80, 96, 112)
N_FRAMES = 60

# The arguments of the two trainings, as the header of each file keeps them.
START = {"seed": 0, "n_scenes": 80, "school_steps": 500}
MAML = {
    **START,
    "steps": 300,
    "inner_lr": 1.0,
    "n_inner_steps": 3,
    "episode": {"n_way": 2, "k_shot": 5, "n_query": 4},
    "first_order": True,
    "learn_rates": "tensor",
    "outer_lr": 3e-4,
    "rates_lr": 0.02,
}
FINE_TUNED = {**START, "steps": 1200, "outer_lr": 1e-3}  # takes about as long as MAML


@cache
def camera(seed: int) -> vadkit.Scene:
    """Toy scene `seed` as its own camera shows it: a single training clip of 60 frames."""
    rng = np.random.default_rng([seed, 7])
    place = PLACES[seed % len(PLACES)]
    size = int(rng.choice(SIZES))
    scene = toy.toy_scene(seed, place, size, n_train=1, n_test=0, n_frames=N_FRAMES)
    world = scene.train_clips[0].world
    world.quality = world.quality._replace(
        gain=world.quality.gain * rng.uniform(0.8, 1.2),
        noise=rng.uniform(0.3, 2.5),
        blur=rng.uniform(0, 1.2),
        flicker=world.quality.flicker * rng.choice([0, 0.5]),
    )
    return scene


def sampler(n_scenes: int, seed: int, **episode) -> EpisodeSampler:
    """Episodes of the first training cameras."""
    cameras = ScenePool(camera, toy.TRAIN_SEEDS[:n_scenes], keep=n_scenes, support="consecutive")
    return EpisodeSampler(cameras, **episode, seed=seed)


def train_jointly(
    predictor: nn.Module, steps: int, outer_lr: float, n_scenes: int, seed: int
) -> vadkit.MetaTrained:
    """Ordinary training, batches of eight windows from four cameras."""
    windows = sampler(n_scenes, seed, n_way=4, k_shot=1, n_query=1)
    monitor = Monitor(note_every=steps)
    return meta_train(
        predictor, windows, steps, outer_lr=outer_lr, update=joint_step, monitor=monitor
    )


@lru_cache(maxsize=1)
def shared_start(seed: int, n_scenes: int, school_steps: int) -> vadkit.MetaTrained:
    """Train the weights from which both methods start."""
    predictor = vadkit.build_predictor(**NETWORK, seed=seed)
    return train_jointly(predictor, school_steps, 2e-3, n_scenes, seed)


def train_fine_tuned(
    seed: int, n_scenes: int, school_steps: int, steps: int, outer_lr: float
) -> vadkit.MetaTrained:
    """Ordinary training all the way."""
    start = copy.deepcopy(shared_start(seed, n_scenes, school_steps).predictor)
    return train_jointly(start, steps, outer_lr, n_scenes, seed + 100)


def train_maml(
    seed: int,
    n_scenes: int,
    school_steps: int,
    steps: int,
    inner_lr: float,
    n_inner_steps: int,
    episode: dict,
    first_order: bool,
    learn_rates: str,
    outer_lr: float,
    rates_lr: float,
) -> vadkit.MetaTrained:
    """Meta-training from the shared start."""
    start = copy.deepcopy(shared_start(seed, n_scenes, school_steps).predictor)
    return meta_train(
        start,
        sampler(n_scenes, seed + 100, **episode),
        steps,
        InnerRates(start, inner_lr, learn_rates, n_inner_steps),
        n_inner_steps,
        outer_lr=outer_lr,
        rates_lr=rates_lr,
        update=partial(meta_step, first_order=first_order),
    )


def validation_psnr(trained: vadkit.MetaTrained, n: int = 8) -> np.ndarray:
    """PSNR (dB) on normal windows of n validation cameras, K = 5, after 0, 1, ... inner steps."""
    cameras = ScenePool(camera, toy.VALIDATION_SEEDS[:n], support="consecutive")
    tasks = EpisodeSampler(cameras, n_way=n, k_shot=5, n_query=8)[0]
    steps = trained.n_inner_steps if trained.rates.learn else 0
    return adaptation_curve(trained.predictor, tasks, trained.rates, steps, query_psnr).mean(0)


WEIGHTS = {"camera_maml": (train_maml, MAML), "camera_fine_tuned": (train_fine_tuned, FINE_TUNED)}
