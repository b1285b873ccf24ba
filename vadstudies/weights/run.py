"""Train the weights of the package, each from a seed, on training scenes only.

    python -m vadstudies.weights.run               all that are not there yet; stop and go on
    python -m vadstudies.weights.run --restart     all again, some hours on one core
    python -m vadstudies.weights.run maml_0        this one again
    python -m vadstudies.weights.run --list        what there is

Every file's header names this script and the arguments that made it; the same versions give the
same file again. A file whose header says that it was made as it would be now is not made again:
after a change of code that no argument names, --restart.

candidate_a, candidate_b, pre_trained: the candidates of notebook 04, and what MAML is compared with
in notebook 05. A specialist on one scene; MAML on many; ordinary training on the same scenes, four
times as many steps, because a step costs a quarter.

<method>_<seed>: five methods of training, three seeds each, for notebook 06. The same network and
scenes, and about the same computing time: the cheaper methods take more steps. Rates for adapting
that a method does not learn are the best of several on validation scenes.

boar_ordinary, boar_strangers: trained long at the boar's camera, see vadstudies/weights/boar.py.

streams_<method>, streams_<method>_<seed>: for one-way places, see vadstudies/weights/streams.py.

camera_maml, camera_fine_tuned: for real cameras (vadstudies.few_shot), from toy scenes alone, see
vadstudies/weights/cameras.py.
"""

import argparse
import json
import sys
from collections.abc import Callable
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np
import torch

import vadkit
from vadkit import toy
from vadkit.checkpoints import load_tensors
from vadkit.episodes import EpisodeSampler, Task
from vadkit.maml.adapting import adaptation_curve, query_psnr
from vadkit.maml.baselines import joint_step, reptile_step
from vadkit.maml.history import Monitor
from vadkit.maml.meta_step import meta_step
from vadkit.maml.rates import InnerRates
from vadkit.maml.training import MetaTrained, meta_train
from vadkit.pools import ScenePool
from vadkit.zoo import SHIPPED
from vadstudies.jobs import digest
from vadstudies.weights import boar, cameras, streams

PLACES = ("campus", "road", "park", "square")  # named, so that a new place does not change them
NETWORK = {"name": "unet", "width": 8, "depth": 2, "stem": 2}
EPISODE = {"n_way": 3, "k_shot": 5, "n_query": 4}
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)  # for a method that learns none
N_INNER_STEPS = 3
UPDATES = {"maml": meta_step, "reptile": reptile_step, "joint": joint_step}


# --- Scenes


def some_scene(seed: int) -> vadkit.Scene:
    """Toy scene `seed`, the places in turn."""
    return toy.toy_scene(seed, PLACES[seed % len(PLACES)])


@lru_cache(maxsize=2)
def episodes(n_scenes: int, seed: int) -> EpisodeSampler:
    """Episodes of the first training scenes."""
    pool = ScenePool(some_scene, toy.TRAIN_SEEDS[:n_scenes], keep=n_scenes)
    return EpisodeSampler(pool, **EPISODE, seed=seed)


@lru_cache(maxsize=1)
def held_out_tasks(n: int = 16) -> list[Task]:
    """One task on each of n validation scenes, K = 5."""
    return EpisodeSampler(ScenePool(some_scene, toy.VALIDATION_SEEDS[:n]), n_way=n, seed=0)[0]


# --- Training


def specialist(seed: int, steps: int, batch_size: int, home: int) -> MetaTrained:
    """Ordinary training on one scene, long."""
    predictor = vadkit.build_predictor(**NETWORK, seed=seed)
    windows = some_scene(home).train_windows()
    vadkit.fit(predictor, windows, steps=steps, batch_size=batch_size, seed=seed)
    return with_best_rate(MetaTrained(predictor, None))


def from_nothing(
    seed: int,
    steps: int,
    n_scenes: int,
    outer_lr: float = 1e-3,
    inner_lr: float = 0.01,
    learn_rates: str | None = None,
    algorithm: str = "maml",
    first_order: bool = False,
    validate: bool = False,
) -> MetaTrained:
    """Train from random weights by one method.

    A method that learns nothing about its inner rate gets the best one afterwards.
    """
    predictor = vadkit.build_predictor(**NETWORK, seed=seed)
    update = partial(meta_step, first_order=True) if first_order else UPDATES[algorithm]
    validation = []
    if validate:
        pool = ScenePool(some_scene, toy.VALIDATION_SEEDS[:8])
        tasks = EpisodeSampler(pool, n_way=4, seed=0)
        validation = [*tasks[0], *tasks[1]]
    trained = meta_train(
        predictor,
        episodes(n_scenes, seed),
        steps,
        InnerRates(predictor, inner_lr, learn_rates, N_INNER_STEPS),
        N_INNER_STEPS,
        outer_lr=outer_lr,
        update=update,
        monitor=Monitor(validation=validation),
    )
    trained = reproducible(trained)
    return trained if algorithm == "maml" else with_best_rate(trained)


def reproducible(trained: MetaTrained) -> MetaTrained:
    """Leave the clock out, so that every run gives the same bytes, and ship nothing interrupted."""
    if trained.history.interrupted:
        raise KeyboardInterrupt
    trained.history.seconds = 0.0
    return trained


def with_best_rate(trained: MetaTrained) -> MetaTrained:
    """Choose the rate for adapting on validation scenes, where a method has none of its own."""
    final_psnr = {}
    for rate in RATES:
        curve = adaptation_curve(
            trained.predictor, held_out_tasks(), rate, N_INNER_STEPS, query_psnr
        )
        final_psnr[rate] = np.nan_to_num(curve.mean(0)[-1], nan=-np.inf)
    best = max(RATES, key=final_psnr.get)
    rates = InnerRates(trained.predictor, best)
    return MetaTrained(trained.predictor, rates, N_INNER_STEPS, trained.history)


def validation_psnr(trained: MetaTrained) -> np.ndarray:
    """PSNR (dB) on validation scenes, K = 5, after 0 .. 3 steps."""
    steps = trained.n_inner_steps
    return adaptation_curve(
        trained.predictor, held_out_tasks(), trained.rates, steps, query_psnr
    ).mean(0)


# --- What there is

METHODS = {  # for notebook 06; steps: about the same computing time for each
    "joint": {"algorithm": "joint", "steps": 2800},
    "reptile": {"algorithm": "reptile", "steps": 800, "inner_lr": 0.1},
    "fomaml": {"first_order": True, "steps": 800, "inner_lr": 0.1},
    "maml": {"steps": 400, "inner_lr": 0.1},
    "maml_rates": {"learn_rates": "tensor", "steps": 400, "inner_lr": 0.1},
}
SEEDS = (0, 1, 2)
MANY_SCENES = {"n_scenes": 48, "outer_lr": 2e-3}
CANDIDATE_B = {"steps": 700, "inner_lr": 0.1, "learn_rates": "tensor", "validate": True}

# By name: the function and its arguments, which the header keeps. It returns a MetaTrained.
WEIGHTS = {
    "candidate_a": (specialist, {"seed": 0, "steps": 2362, "batch_size": 8, "home": 0}),
    "candidate_b": (from_nothing, {"seed": 0, **MANY_SCENES, **CANDIDATE_B}),
    "pre_trained": (from_nothing, {"seed": 0, **MANY_SCENES, **METHODS["joint"]}),
}
WEIGHTS |= {
    f"{method}_{seed}": (from_nothing, {"seed": seed, **MANY_SCENES, **options})
    for seed in SEEDS
    for method, options in METHODS.items()
}


class Family(NamedTuple):
    """Weights that share network and scenes.

    Parameters
    ----------
    weights, network, data : dict, dict, str
        As WEIGHTS above, the arguments of `build_predictor`, and the scenes in words.
    first_scene, validation_psnr : callable
        The first scene of them all, and what is noted of a training.
    half : bool
        Whether half precision will do.
    """

    weights: dict
    network: dict
    data: str
    first_scene: Callable
    validation_psnr: Callable
    half: bool = True


FAMILIES = [
    Family(
        WEIGHTS,
        NETWORK,
        "toy scenes of TRAIN_SEEDS, the places in turn",
        lambda: some_scene(0),
        validation_psnr,
        False,
    ),
    Family(
        boar.WEIGHTS,
        boar.NETWORK,
        "the toy scene of the boar",
        toy.boar_scene,
        boar.validation_psnr,
    ),
    Family(
        streams.WEIGHTS,
        streams.NETWORK,
        "toy scenes of TRAIN_SEEDS, one-way places and their opposites",
        lambda: streams.place_and_opposite(0),
        streams.validation_psnr,
    ),
    Family(
        cameras.WEIGHTS,
        cameras.NETWORK,
        "toy scenes of TRAIN_SEEDS, seen by cheap cameras",
        lambda: cameras.camera(0),
        cameras.validation_psnr,
        half=False,
    ),
]
WEIGHTS = {name: made for family in FAMILIES for name, made in family.weights.items()}


# --- Writing them


def train(name: str) -> None:
    """Train one of WEIGHTS and write its file."""
    function, arguments = WEIGHTS[name]
    trained, family = reproducible(function(**arguments)), family_of(name)
    if family.half:
        trained.modules.half().float()  # measured as it is kept
    psnr = [round(float(value), 2) for value in family.validation_psnr(trained)]
    kept = header(name, {"validation_psnr": psnr})
    trained.save(SHIPPED / f"{name}.safetensors", kept, family.half)
    print(f"{name}: {psnr} dB after 0 .. {len(psnr) - 1} inner steps", flush=True)


def family_of(name: str) -> Family:
    """What the weights of this name share with others."""
    return next(family for family in FAMILIES if name in family.weights)


def is_there(name: str) -> bool:
    """Whether a file was made with the arguments, the network and the versions of today."""
    path = SHIPPED / f"{name}.safetensors"
    if not path.is_file():
        return False
    kept, today = load_tensors(path)[1], json.loads(json.dumps(header(name, {})))
    return all(kept.get(key) == value for key, value in today.items() if key != "figures")


def header(name: str, metrics: dict) -> dict:
    """Where a file comes from: enough to make it again."""
    family = family_of(name)
    versions = {"vadkit": vadkit.__version__, "torch": torch.__version__, "numpy": np.__version__}
    arguments = WEIGHTS[name][1]
    return {
        "name": name,
        "script": "vadstudies/weights/run.py",
        "arguments": arguments,
        "seed": arguments["seed"],
        "network": family.network,
        "data": family.data,
        "first_scene": digest(family.first_scene().train_clips[0].frames.tobytes()),
        "versions": versions,
        "figures": metrics,
    }


def main() -> int:
    """Train what the command line names; 2 for an unknown name, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="which weights to train (default: all)"
    )
    parser.add_argument(
        "--restart", action="store_true", help="also train what is there, made as it would be now"
    )
    parser.add_argument("--list", action="store_true", help="say what there is, and train nothing")
    options = parser.parse_args()
    known = f"There are: {', '.join(WEIGHTS)}."
    unknown = [name for name in options.names if name not in WEIGHTS]
    if unknown:
        print(f"Unknown weights '{unknown[0]}'. {known}", file=sys.stderr)
        return 2
    if options.list:
        print(known)
        return 0
    # One thread: two would add up in another order, and the bytes would differ.
    torch.set_num_threads(1)
    try:
        for name in options.names or WEIGHTS:
            if options.names or options.restart or not is_there(name):
                train(name)
            else:
                print(f"{name}: is there")
    except KeyboardInterrupt:
        print(
            "Stopped. The weights listed above are written; of the others, nothing has changed.",
            file=sys.stderr,
        )
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
