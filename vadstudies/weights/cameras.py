"""Weights for real cameras, learned from drawings alone: no frame of a real video is ever seen.

A camera is a toy scene where people walk, drawn at 64 to 112 pixels, which makes people about as small as real cameras show them at
128 x 128, with the grain, the blur and the light of its own lens and recorder. Only its normal life is used.

Both ways go to the same school first: ordinary training on many cameras. After it, one goes on in the same way; the other is
meta-trained, for about the same computing time.
"""

import copy
from functools import cache, lru_cache

import numpy as np

import vadkit
from vadkit import toy
from vadkit.episodes import EpisodeSampler
from vadkit.maml.adapting import adaptation_curve, query_psnr
from vadkit.maml.training import meta_train
from vadkit.pools import ScenePool

NETWORK = {"name": "unet", "width": 16, "depth": 2, "predicts": "change", "normalise": True}
PLACES = ("campus", "park", "square")  # where people walk; a road's normal cars are other cameras' anomalies
SIZES, N_FRAMES = (64, 80, 96, 112), 60


@cache
def camera(seed):
    """Toy scene `seed` as its own camera shows it: a single training clip of 60 frames."""
    rng = np.random.default_rng([seed, 7])
    place, size = PLACES[seed % len(PLACES)], int(rng.choice(SIZES))
    scene = toy.toy_scene(seed, place, size, n_train=1, n_test=0, n_frames=N_FRAMES)
    world = scene.train_clips[0].world
    world.quality = world.quality._replace(
        gain=world.quality.gain * rng.uniform(0.8, 1.2), noise=rng.uniform(0.3, 2.5), blur=rng.uniform(0, 1.2),
        flicker=world.quality.flicker * rng.choice([0, 0.5]),
    )  # fmt: skip
    return scene


SCHOOL = {"seed": 0, "n_scenes": 80, "school_steps": 500}
MAML = {**SCHOOL, "steps": 300, "inner_lr": 1.0, "n_inner_steps": 3, "episode": {"n_way": 2, "k_shot": 5, "n_query": 4},
        "first_order": True, "learn_rates": "tensor", "outer_lr": 3e-4, "rates_lr": 0.02}  # fmt: skip


FINE_TUNED = {**SCHOOL, "steps": 1200, "outer_lr": 1e-3}  # after the same school, about as long as MAML after it


def sampler(n_scenes, seed, **episode):
    return EpisodeSampler(ScenePool(camera, toy.TRAIN_SEEDS[:n_scenes], keep=n_scenes), **episode, seed=seed)


def joint(predictor, steps, outer_lr, n_scenes, seed):
    """Ordinary training, batches of eight windows from four cameras."""
    windows = sampler(n_scenes, seed, n_way=4, k_shot=1, n_query=1)
    return meta_train(predictor, windows, steps, algorithm="joint", outer_lr=outer_lr, note_every=steps)


@lru_cache(maxsize=1)
def school(seed, n_scenes, school_steps):
    """Where both ways start."""
    return joint(vadkit.build_predictor(**NETWORK, seed=seed), school_steps, 2e-3, n_scenes, seed)


def train_fine_tuned(seed, n_scenes, school_steps, steps, outer_lr):
    """Ordinary training all the way."""
    start = copy.deepcopy(school(seed, n_scenes, school_steps).predictor)
    return joint(start, steps, outer_lr, n_scenes, seed + 100)


def train_maml(seed, n_scenes, school_steps, steps, inner_lr, n_inner_steps, episode, **options):
    """Meta-training after school."""
    start = copy.deepcopy(school(seed, n_scenes, school_steps).predictor)
    episodes = sampler(n_scenes, seed + 100, **episode)
    return meta_train(start, episodes, steps, inner_lr, n_inner_steps, note_every=20, **options)


def figures(trained, n=8):
    """PSNR (dB) on normal windows of n validation cameras, K = 5, after 0, 1, ... inner steps."""
    tasks = EpisodeSampler(ScenePool(camera, toy.VALIDATION_SEEDS[:n]), n_way=n, k_shot=5, n_query=8)[0]
    steps = trained.n_inner_steps if trained.rates.learn else 0
    curve = adaptation_curve(trained.predictor, tasks, trained.rates, steps, query_psnr).mean(0)
    return {"validation_psnr": [round(float(value), 2) for value in curve]}
