"""The protocol: places and supports, methods, and what may be chosen on what.

Twenty places of TEST_SEEDS where a one-way stream is normal, each with four clips in which somebody
goes against it and two in which a boar crosses, which no weights have met in training. K windows of
normal clips, somebody in view, drawn three times and the same for every method; all the training
seeds there are. Every third frame is scored, by whole-frame PSNR without smoothing, and labels are
read last.

How to fine-tune is chosen on eight places of VALIDATION_SEEDS, by raw AUC with K = 10 (seed 0, one
draw), and used for every K: where a name says how many steps, among just so many, otherwise among
up to a hundred. What MAML was trained with was chosen on other validation places, and it takes
three steps, for which it was trained, where its name says nothing else.

The same for another custom, with the weights that were trained for it, K = 10 and one training.
Nobody trained an ordinary network for these: two numbers are fitted to the one of strangers.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import cache, lru_cache

import numpy as np

import vadkit
from vadkit import toy
from vadkit.adaptation import Samples, fine_tuning, two_numbers
from vadkit.episodes import EpisodeSampler
from vadkit.losses import decibel_loss
from vadkit.maml.adapting import inner_steps
from vadkit.pools import ScenePool
from vadkit.predictors import constant_velocity, copy_last_frame
from vadstudies.weights.streams import WALKING, name_of

SHOTS, DRAWS, EVERY = (1, 5, 10, 20), 3, 3
PLACES = [(WALKING[i % 3], toy.TEST_SEEDS[200 + i]) for i in range(20)]
CHOOSING = [(WALKING[i % 3], toy.VALIDATION_SEEDS[200 + i]) for i in range(8)]
HELD_OUT = "boar"  # the kind of stranger that no weights have met
STEPS = (1, 2, 3, 5, 10, 20, 30, 60, 100)  # at which fine-tuning is tried
OPTIMIZERS = {"adam": (5e-4, 1e-3, 3e-3, 1e-2), "sgd": (1e-3, 3e-3, 1e-2, 3e-2)}
LEARNED = "learned rates"  # in place of an optimizer: as MAML was trained
HOME_STEPS, HOME_WINDOWS = 300, 200  # of who is trained at home

LEARN_NOTHING = {  # name: predictor, score
    "copy last frame": (copy_last_frame, "frame"),
    "constant velocity": (constant_velocity, "frame"),
    "moving pixels": (copy_last_frame, "moving"),
}
ONE_STEP, EQUAL = "strangers, fine-tuned, 1 step", "strangers, fine-tuned, 3 steps"
ONE_SIDE_EQUAL = "one side, fine-tuned, 3 steps"
TUNED = {  # name: the weights it starts from; how is chosen on validation places
    "ordinary, fine-tuned": "streams_ordinary",
    ONE_STEP: "streams_strangers",
    EQUAL: "streams_strangers",
    "strangers, fine-tuned": "streams_strangers",
    ONE_SIDE_EQUAL: "streams_one_side",  # not for streams: nobody trained that
    "one side, fine-tuned": "streams_one_side",
}
META = {  # name: its weights, which know how they adapt
    "MAML, 1 step": "streams_maml",
    "MAML": "streams_maml",
    "MAML, first order": "streams_first_order",
    "MAML, one rate": "streams_one_rate",
    "MAML, head only": "streams_head",
}
N_STEPS = {
    ONE_STEP: 1,
    EQUAL: 3,
    ONE_SIDE_EQUAL: 3,
    "MAML, 1 step": 1,
}  # who may not choose
OTHERS = {"two numbers": "streams_ordinary", "trained at home": "streams_strangers"}
METHODS = (*OTHERS, *TUNED, *META)
WRONG = ", wrong support"  # after the name of a method: K windows of the opposite place
CONTROLLED = ("strangers, fine-tuned", "MAML")

Recipe = tuple[str, float, int]  # how a method is fine-tuned: optimizer, rate, number of steps
STREAM = "stream"  # the custom of the one-way places


# --- Places and windows


@lru_cache(maxsize=4)
def place_of(kind: str, seed: int, custom: str = STREAM) -> toy.ToyScene:
    """A place with this custom, four clips of strangers and two of the kind that is held out."""
    kinds = [toy.STRANGER] * 4 + [HELD_OUT] * 2
    return toy.toy_scene(seed, kind, custom=custom, n_test=len(kinds), kinds=kinds)


@lru_cache(maxsize=8)
def opposite_of(kind: str, seed: int, custom: str = STREAM) -> toy.ToyScene:
    """The same place with the opposite custom."""
    return place_of(kind, seed, custom).opposite()


def support_of(place: toy.ToyScene, draw: int, k_shot: int) -> Samples:
    """K windows of normal clips, somebody in view; for one draw the same for every method."""
    pool = ScenePool([place], support="scattered")
    (task,) = EpisodeSampler(pool, n_way=1, k_shot=k_shot, n_query=1, seed=draw)[0]
    return task.support


# --- Methods


@cache
def trained(weights: str, seed: int) -> vadkit.MetaTrained:
    """Weights of the package, loaded once."""
    return vadkit.load_checkpoint(name_of(weights, seed))


def weights_of(method: str, custom: str = STREAM) -> str:
    """The weights that a method starts from; "" where there are none."""
    weights = {**OTHERS, **TUNED, **META}.get(method.removesuffix(WRONG), "")
    if custom != STREAM and method == "two numbers":
        weights = "streams_strangers"
    return weights if custom == STREAM else weights.replace("streams", custom)


def methods_of(custom: str, known: Collection[str]) -> list[str]:
    """The methods, those that learn nothing first, then those whose weights are known."""
    everyone = (*LEARN_NOTHING, *METHODS, *(name + WRONG for name in CONTROLLED))
    return [method for method in everyone if weights_of(method, custom) in {"", *known}]


def adapted(
    method: str, start: vadkit.MetaTrained, support: Samples, recipes: dict[str, Recipe]
) -> Callable:
    """What a method makes of K windows."""
    if method in META:
        return start.adapt(support, N_STEPS.get(method))
    if method == "two numbers":
        return two_numbers(start.predictor, support)
    return tuned(start.predictor, support, *recipes[method])


def tuned(predictor, support: Samples, optimizer: str, rate: float, n_steps: int):
    """The copy after so many steps of fine-tuning."""
    *_, copy = fine_tuning(predictor, support, optimizer, rate, n_steps, loss=decibel_loss)
    return copy


def at_home(place: toy.ToyScene, seed: int, start: str) -> Callable:
    """Trained at the place itself, on far more of its normal life than any K."""
    life = [place.normal_clip(100 + i) for i in range(20)]
    windows = support_of(replace(place, train_clips=life), 0, HOME_WINDOWS)
    rng = np.random.default_rng(seed)

    def sample_batch(windows):
        chosen = rng.choice(HOME_WINDOWS, 16, replace=False)
        return windows[0][chosen], windows[1][chosen]

    steps = fine_tuning(
        trained(start, seed).predictor,
        windows,
        "adam",
        1e-3,
        HOME_STEPS,
        sample_batch,
        loss=decibel_loss,
    )
    *_, copy = steps
    return copy


# --- Measurements: the jobs of run.py


def metrics_of(predictor: Callable, place: toy.ToyScene, score: str = "frame") -> dict[str, float]:
    """AUC on the clips with strangers, on their busy frames, and of the kind held out; PSNR."""
    evaluation = vadkit.evaluate(predictor, place, score, every=EVERY)
    n = sum(clip.kind == toy.STRANGER for clip in place.test_clips)
    strange = vadkit.Evaluation(
        evaluation.psnr[:n], evaluation.labels[:n], evaluation.kinds[:n], evaluation.clips[:n]
    )
    return {
        "psnr": strange.psnr_normal,
        "auc_raw": strange.auc_raw,
        "auc_clip": strange.auc_clip,
        "auc_macro": strange.auc_macro,
        "auc_busy": strange.auc_among(place.busy[:n]),
        "auc_held_out": evaluation.auc_of([HELD_OUT]),
    }


def try_out(
    optimizer: str, rate: float, weights: str, kind: str, place_seed: int, custom: str = STREAM
) -> dict:
    """Metrics on a validation place after each of STEPS of settling in on ten windows."""
    place = place_of(kind, place_seed, custom)
    start, support = trained(weights, 0), support_of(place, 0, 10)
    if optimizer == LEARNED:
        copies = inner_steps(start.predictor, support, start.rates, 10, decibel_loss)
    else:
        copies = fine_tuning(
            start.predictor, support, optimizer, rate, max(STEPS), loss=decibel_loss
        )
    measured = {}
    for n, copy in enumerate(copies):
        if n in (0, *STEPS):
            measured[n] = metrics_of(copy, place) if _finite(copy) else {"auc_raw": 0.0}
    return {"steps": measured}


def _finite(predictor):
    """Whether fine-tuning has left the weights numbers."""
    return all(p.isfinite().all() for p in predictor.parameters())


def compare(
    kind: str,
    place_seed: int,
    method: str,
    seed: int,
    shots: tuple[int, ...],
    draws: int,
    recipes: dict[str, Recipe],
    custom: str = STREAM,
) -> dict:
    """Measure one method with one training seed at one place, for all K and draws.

    The result is {"shots": {K: {metric: one value for each draw}}}.
    """
    place, weights = place_of(kind, place_seed, custom), weights_of(method, custom)
    if method in LEARN_NOTHING:
        predictor, score = LEARN_NOTHING[method]
        row = metrics_of(predictor, place, score)
        row["psnr"] = row["psnr"] if score == "frame" else None  # its score is no PSNR
        return {"shots": dict.fromkeys((0, *shots), _columns([row]))}
    if method == "trained at home":
        row = metrics_of(at_home(place, seed, weights), place)
        return {"shots": dict.fromkeys(shots, _columns([row]))}
    settles_on = opposite_of(kind, place_seed, custom) if method.endswith(WRONG) else place
    start = trained(weights, seed)
    measured = {0: _columns([metrics_of(start.predictor, place) | {"seconds": 0.0}])}
    for k in shots:
        rows = []
        for draw in range(draws):
            support = support_of(settles_on, draw, k)
            began = time.process_time()
            predictor = adapted(method.removesuffix(WRONG), start, support, recipes)
            seconds = time.process_time() - began
            rows.append(metrics_of(predictor, place) | {"seconds": seconds})
        measured[k] = _columns(rows)
    return {"shots": measured}


def _columns(rows):
    return {name: [row[name] for row in rows] for name in rows[0]}
