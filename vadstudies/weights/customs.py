"""Weights for the other customs: pace, kind of passer-by, path or grass.

A stream is a matter of direction, which every predictor needs anyway. To tell a cyclist from a
skateboarder it need not: in a first trial, training with strangers at places of both sides alike
never began to. So it comes in three parts. School: ordinary training. One side: at all places the
first side of each custom is normal, so that a network can learn to tell the two. Both sides: every
place comes with its opposite, and which side holds only K windows can tell.
"""

import copy
from functools import cache

import vadkit
from vadkit import toy
from vadkit.episodes import EpisodeSampler
from vadkit.maml.training import MetaTrained
from vadkit.pools import ScenePool
from vadstudies.weights.streams import NETWORK, WALKING, joint_training, with_best_rate

OTHER = ("speed", "species", "zone")
STRANGERS = {
    "seed": 0,
    "n_places": 40,
    "school_steps": 3000,
    "one_sided_steps": 5000,
    "steps": 6000,
    "outer_lr": 2e-3,
}


def custom_place(seed: int, custom: str, side: int) -> toy.ToyScene:
    """Place number `seed` where this side of a custom is normal."""
    kinds = WALKING[:2] if custom == "zone" else WALKING
    scene = toy.toy_scene(seed, kinds[seed % len(kinds)], custom=custom, n_test=4)
    return scene if scene.side == toy.CUSTOMS[custom][side].name else scene.opposite()


def place_of(number: int) -> toy.ToyScene:
    """Training place: the customs in turn, each first with its one side, then with the other."""
    number, side = divmod(number, 2)
    seed, custom = divmod(number, len(OTHER))
    return custom_place(toy.TRAIN_SEEDS[seed], OTHER[custom], side)


@cache
def pool(n_places: int, sides: int, strangers: float) -> ScenePool:
    """`n_places` of each custom, with one side or both."""
    numbers = range(0, 2 * len(OTHER) * n_places, 3 - sides)
    return ScenePool(place_of, numbers, len(numbers), support="scattered", strangers=strangers)


def train_strangers(
    seed: int, n_places: int, school_steps: int, one_sided_steps: int, steps: int, outer_lr: float
) -> MetaTrained:
    """School, one side, both sides."""
    predictor = vadkit.build_predictor(**NETWORK, seed=seed)
    parts = [(school_steps, 2, 0.0), (one_sided_steps, 1, 2 / 3), (steps, 2, 2 / 3)]
    for i, (n_steps, sides, share) in enumerate(parts):
        places = pool(n_places, sides, share)
        batches = EpisodeSampler(places, n_way=2, k_shot=2, n_query=6, seed=seed + i)
        trained = joint_training(copy.deepcopy(predictor), batches, n_steps, outer_lr)
        predictor = trained.predictor
    return with_best_rate(trained)


WEIGHTS = {"customs_strangers": (train_strangers, STRANGERS)}
