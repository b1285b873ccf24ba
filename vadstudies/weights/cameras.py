"""Weights for real cameras, learned from toy scenes alone: no frame of a real video is ever seen.

A camera is a toy scene where people walk, rendered at 64 to 112 pixels, which makes people about as
small as real cameras show them at 128 x 128, with the grain, the blur and the light of its own lens
and recorder. Strangers come by, and the target is the frame without.

Both methods start from the same weights: a short training with strangers on many cameras. From
there, one goes on in the same way; the other is meta-trained, for about the same computing time.
"""

import copy
from functools import cache, lru_cache

import numpy as np
from torch import nn

import vadkit
from vadkit import toy
from vadkit.episodes import EpisodeSampler
from vadkit.losses import decibel_loss
from vadkit.maml.adapting import adaptation_curve, query_psnr
from vadkit.maml.rates import InnerRates
from vadkit.maml.training import meta_train
from vadkit.pools import ScenePool
from vadstudies.weights.streams import joint_training

NETWORK = {"name": "unet", "width": 16, "depth": 2, "predicts": "change", "normalise": True}
# Where people walk; a road's normal cars are other cameras' anomalies.
PLACES = ("campus", "park", "square")
SIZES = (64, 80, 96, 112)
N_FRAMES = 60
KINDS = tuple(kind for kind in toy.KINDS if kind != "boar")  # of strangers

# The arguments of the two trainings, as the header of each file keeps them.
START = {"seed": 0, "n_scenes": 80, "school_steps": 500}
STRANGERS = {**START, "steps": 1200, "outer_lr": 1e-3}
MAML = {
    **START,
    "steps": 300,
    "inner_lr": 0.007,
    "n_inner_steps": 3,
    "episode": {"n_way": 2, "k_shot": 5, "n_query": 4},
    "learn_rates": "tensor and step",
    "outer_lr": 1e-3,
    "rates_lr": 0.02,
}


@cache
def camera(seed: int) -> vadkit.Scene:
    """Toy scene `seed` as its own camera shows it: a clip of normal life, three with strangers."""
    rng = np.random.default_rng([seed, 7])
    place = PLACES[seed % len(PLACES)]
    size = int(rng.choice(SIZES))
    kinds = rng.permutation([kind for kind in KINDS if kind in toy.kinds_for(place)])[:3]
    scene = toy.toy_scene(
        seed, place, size, n_train=1, n_test=3, n_frames=N_FRAMES, kinds=kinds.tolist()
    )
    world = scene.train_clips[0].world
    world.quality = world.quality._replace(
        gain=world.quality.gain * rng.uniform(0.8, 1.2),
        noise=rng.uniform(0.3, 2.5),
        blur=rng.uniform(0, 1.2),
        flicker=world.quality.flicker * rng.choice([0, 0.5]),
    )
    return scene


def sampler(n_scenes: int, strangers: float, seed: int, **episode) -> EpisodeSampler:
    """Episodes of the first training cameras, strangers in a share of the query windows."""
    cameras = ScenePool(
        camera, toy.TRAIN_SEEDS[:n_scenes], n_scenes, support="consecutive", strangers=strangers
    )
    return EpisodeSampler(cameras, **episode, seed=seed)


def train_jointly(
    predictor: nn.Module, steps: int, outer_lr: float, n_scenes: int, seed: int
) -> vadkit.MetaTrained:
    """Batches of sixteen windows from four cameras, half of them with strangers."""
    windows = sampler(n_scenes, 2 / 3, seed, n_way=4, k_shot=1, n_query=3)
    return joint_training(predictor, windows, steps, outer_lr)


@lru_cache(maxsize=1)
def shared_start(seed: int, n_scenes: int, school_steps: int) -> nn.Module:
    """Train the weights from which both methods start."""
    predictor = vadkit.build_predictor(**NETWORK, seed=seed)
    return train_jointly(predictor, school_steps, 2e-3, n_scenes, seed).predictor


def train_strangers(
    seed: int, n_scenes: int, school_steps: int, steps: int, outer_lr: float
) -> vadkit.MetaTrained:
    """Training with strangers all the way."""
    start = copy.deepcopy(shared_start(seed, n_scenes, school_steps))
    return train_jointly(start, steps, outer_lr, n_scenes, seed + 100)


def train_maml(
    seed: int,
    n_scenes: int,
    school_steps: int,
    steps: int,
    inner_lr: float,
    n_inner_steps: int,
    episode: dict,
    learn_rates: str,
    outer_lr: float,
    rates_lr: float,
) -> vadkit.MetaTrained:
    """Meta-training from the shared start: normal windows inside, strangers outside."""
    start = copy.deepcopy(shared_start(seed, n_scenes, school_steps))
    rates = InnerRates(start, inner_lr, learn_rates, n_inner_steps)
    trained = vadkit.MetaTrained(start, rates, n_inner_steps, loss=decibel_loss)
    episodes = sampler(n_scenes, 0.5, seed + 100, **episode)
    return meta_train(trained, episodes, steps, outer_lr=outer_lr, rates_lr=rates_lr)


def validation_psnr(trained: vadkit.MetaTrained, n: int = 8) -> np.ndarray:
    """PSNR (dB) on normal windows of n validation cameras, K = 5, after 0, 1, ... inner steps."""
    cameras = ScenePool(camera, toy.VALIDATION_SEEDS[:n], support="consecutive")
    tasks = EpisodeSampler(cameras, n_way=n, k_shot=5, n_query=8)[0]
    steps = trained.n_inner_steps if trained.rates.learn else 0
    return adaptation_curve(
        trained.predictor, tasks, trained.rates, steps, query_psnr, trained.loss
    ).mean(0)


WEIGHTS = {"camera_strangers": (train_strangers, STRANGERS), "camera_maml": (train_maml, MAML)}
