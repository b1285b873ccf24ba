"""Weights for real cameras, learned from drawings alone: no frame of a real video is ever seen.

A `camera` is a toy scene at a random zoom, frame rate and crowd, seen through a cheap lens and recorder: blur, grain, dirt, JPEG, a
video codec that freezes what hardly moves. 64 x 64 pixels; the network is convolutional and takes any size.

The drawings hold one thing no real video does: the same film without the intruder. Where an anomaly passes, that film is the target.
So the network learns to predict what belongs in a scene and to leave out what does not, from drawn anomalies alone. (Pseudo-anomalies
in training: Georgescu et al. 2021, "A Background-Agnostic Framework with Adversarial Training"; drawn ones: Acsintoae et al. 2022,
"UBnormal".) At a real camera only normal windows are adapted on, and the score is the PSNR of the frame that really came.
"""

from functools import cache, lru_cache

import cv2
import numpy as np

import vadkit
from vadkit import toy_scenes
from vadkit.episodes import EpisodeSampler, Task
from vadkit.maml import adaptation_curve, query_psnr
from vadkit.meta_training import meta_train
from vadkit.windows import N_INPUTS, to_float

NETWORK = {"name": "unet", "width": 16, "stem": 2, "depth": 2, "predicts": "change", "normalise": True}
PLACES = ("campus", "park", "square")  # where people walk; a road's normal cars are other cameras' anomalies
SIZE, N_FRAMES, N_ODD = 64, 60, 2


def log_error(prediction, target):
    """Mean over windows of the log of the squared error: PSNR in other units, so that one inner rate suits dim and bright scenes."""
    return ((prediction - target).square().flatten(1).mean(1) + 1e-5).log().mean()


# --- Cameras ----------------------------------------------------------------------------------------------------------------


@cache
def camera(seed):
    """Toy scene `seed` as a random cheap camera shows it -> list of clips (frames, the same without the anomaly, labels).

    Frames are (T, 64, 64) uint8. The first clip is normal life; in each of the others something happens.
    """
    rng = np.random.default_rng([seed, 1806])
    place = PLACES[seed % len(PLACES)]
    kinds = [kind for kind in toy_scenes.KINDS if kind in toy_scenes.kinds_for(place)]
    kinds = list(rng.permutation(kinds))[:N_ODD]
    scene = toy_scenes.toy_scene(seed, place, 2 * SIZE, 1, N_ODD, N_FRAMES, kinds)
    world = scene.train_clips[0].world
    flicker = world.quality.flicker * rng.choice([0, 0.5])
    world.quality = world.quality._replace(noise=0.4, flicker=flicker, blur=0.0)
    world.fps, world.crowd = rng.uniform(8, 28), int(rng.integers(4, 22))
    film = cheap_camera(rng, 2 * SIZE, SIZE)
    normal = film(scene.train_clips[0].frames)
    return [(normal, normal, scene.train_clips[0].labels)] + [
        (film(clip.frames), film(clip.without_anomaly().frames), clip.labels) for clip in scene.test_clips
    ]


def cheap_camera(rng, drawn, size):
    """-> a function (T, drawn, drawn) uint8 -> (T, size, size) uint8; what it does to every clip alike is drawn from rng once."""
    height = rng.uniform(0.55, 1.0) * drawn
    width = np.clip(height * rng.uniform(0.7, 1.5), 0.5 * drawn, drawn)
    height, width = int(height), int(width)
    top, left = rng.integers(drawn - height + 1), rng.integers(drawn - width + 1)
    blur, gamma = rng.choice([0, rng.uniform(0.3, 1.0)]), rng.uniform(0.7, 1.4)
    grain, dirt = rng.uniform(0, 2.5) ** 1.5, rng.uniform(0, 8)
    freeze, jpeg = rng.choice([0, rng.uniform(1, 4)]), int(rng.choice([0, rng.uniform(40, 95)]))
    soft = rng.uniform(0, 1.0)
    stain = cv2.GaussianBlur(rng.normal(size=(size, size)).astype(np.float32), (0, 0), 0.7)

    def film(frames):
        seen, before, noise = np.empty((len(frames), size, size), np.uint8), None, np.random.default_rng(len(frames))
        for t, frame in enumerate(frames):
            cut = frame[top : top + height, left : left + width]
            picture = 255 * (cv2.resize(cut, (size, size), interpolation=cv2.INTER_AREA) / np.float32(255)) ** gamma
            if blur:
                picture = cv2.GaussianBlur(picture, (0, 0), blur)
            fresh = noise.normal(size=(size, size)).astype(np.float32)
            picture += dirt * stain + grain * ((1 - soft) * fresh + 2 * soft * cv2.GaussianBlur(fresh, (0, 0), 0.9))
            if jpeg:
                grey = np.clip(picture, 0, 255).astype(np.uint8)
                grey = cv2.imdecode(
                    cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, jpeg])[1], cv2.IMREAD_GRAYSCALE
                )
                picture = grey.astype(np.float32)
            if freeze and before is not None:
                change = cv2.resize(np.abs(picture - before), (size // 8, size // 8), interpolation=cv2.INTER_AREA)
                moved = cv2.resize(change, (size, size), interpolation=cv2.INTER_NEAREST) > freeze
                picture = np.where(moved, picture, before)
            seen[t], before = np.clip(picture + 0.5, 0, 255), picture
        return seen

    return film


class CameraPool:
    """Tasks for an `EpisodeSampler`: K consecutive normal windows to adapt on; the exam comes from the clips with an intruder, half of
    it from while the intruder is there, with the film without it as the target. Half of the tasks are seen in a mirror."""

    def __init__(self, seeds):
        self.seeds = seeds

    def __len__(self):
        return len(self.seeds)

    def check(self, n_way, k_shot, n_query):
        largest = N_FRAMES - N_INPUTS
        if k_shot > largest:
            raise ValueError(f"K = {k_shot} does not fit a clip of {N_FRAMES} frames: the largest K is {largest}.")

    def draw(self, members, k_shot, n_query, rng, overlap=False):
        return [self._task(self.seeds[member], k_shot, n_query, rng) for member in members]

    def _task(self, seed, k_shot, n_query, rng):
        normal, *odd = camera(seed)
        first = rng.integers(N_FRAMES - N_INPUTS - k_shot + 1)
        support = [(normal, i) for i in range(first, first + k_shot)]
        parts = [[(clip, i) for clip in odd for i in range(N_FRAMES - N_INPUTS) if shows_it(clip, i) == there]
                 for there in (True, False)]  # fmt: skip
        parts = [parts[0] or parts[1], parts[1] or parts[0]]
        query = [parts[part][rng.integers(len(parts[part]))] for part in rng.permutation([0, 1] * n_query)[:n_query]]
        mirror = -1 if rng.random() < 0.5 else 1
        return Task(f"camera {seed}", _windows(support, mirror), _windows(query, mirror))


def shows_it(clip, i):
    """Is the intruder in any frame of window i?"""
    return clip[2][i : i + N_INPUTS + 1].any()


def _windows(chosen, mirror):
    x = np.stack([clip[0][i : i + N_INPUTS] for clip, i in chosen])
    y = np.stack([clip[1][i + N_INPUTS : i + N_INPUTS + 1] for clip, i in chosen])
    return to_float(x[..., ::mirror]), to_float(y[..., ::mirror])


CAMERAS = {"seed": 0, "n_scenes": 150, "schooling": {"steps": 2500, "outer_lr": 2e-3}}
MAML = {**CAMERAS, "steps": 250, "inner_lr": 0.003, "n_inner_steps": 3, "episode": {"n_way": 2, "k_shot": 5, "n_query": 8},
        "learn_rates": "tensor", "outer_lr": 5e-4, "rates_lr": 0.02}  # fmt: skip
FINE_TUNED = {**CAMERAS, "steps": 2400, "outer_lr": 1e-3}  # after the same school, about as long as MAML after it


# --- Training ---------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def school(seed, n_scenes, steps, outer_lr):
    """Where both ways start: ordinary training, batches of eight windows from four cameras."""
    predictor = vadkit.build_predictor(**NETWORK, seed=seed)
    return joint(predictor, seed, n_scenes, steps, outer_lr).predictor.state_dict()


def joint(predictor, seed, n_scenes, steps, outer_lr):
    sampler = EpisodeSampler(CameraPool(toy_scenes.TRAIN_SEEDS[:n_scenes]), n_way=4, k_shot=1, n_query=1, seed=seed)
    return meta_train(predictor, sampler, steps, algorithm="joint", outer_lr=outer_lr, loss=log_error, note_every=steps)


def schooled(seed, n_scenes, schooling):
    predictor = vadkit.build_predictor(**NETWORK)
    predictor.load_state_dict(school(seed, n_scenes, **schooling))
    return predictor


def train_fine_tuned(seed, n_scenes, schooling, steps, outer_lr):
    """Ordinary training all the way."""
    return joint(schooled(seed, n_scenes, schooling), seed + 100, n_scenes, steps, outer_lr)


def train_maml(seed, n_scenes, schooling, steps, inner_lr, n_inner_steps, episode, **options):
    """Meta-training after school."""
    sampler = EpisodeSampler(CameraPool(toy_scenes.TRAIN_SEEDS[:n_scenes]), **episode, seed=seed + 100)
    return meta_train(schooled(seed, n_scenes, schooling), sampler, steps, inner_lr, n_inner_steps, loss=log_error,
                      note_every=20, **options)  # fmt: skip


def figures(trained, n=8):
    """PSNR (dB, of the film without the intruder) on n validation cameras, K = 5, after 0, 1, ... inner steps."""
    tasks = EpisodeSampler(CameraPool(toy_scenes.VALIDATION_SEEDS[:n]), n_way=n, k_shot=5, n_query=8)[0]
    rates, steps = trained.rates, trained.n_inner_steps if trained.rates.learn else 0
    curve = adaptation_curve(trained.predictor, tasks, rates, steps, query_psnr, log_error).mean(0)
    return {"validation_psnr": [round(float(value), 2) for value in curve]}
