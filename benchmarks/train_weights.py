"""Train the weights that ship with the package, each from a seed, on training scenes only.

    python benchmarks/train_weights.py               all of them (`make weights`), about an hour and a half on one core
    python benchmarks/train_weights.py maml_0        one of them, 4 minutes or less
    python benchmarks/train_weights.py --list        what there is

Every file's header names this script and the arguments that made it; the same versions give the same file again.

candidate_a, candidate_b, pre_trained: the candidates of notebook 04 and the rival of notebook 05. A specialist on one scene; MAML on
many; ordinary training on the same scenes, four times as many steps, because a step costs a quarter.

<way>_<seed>: five ways of training, three seeds each, for notebook 06. All five of a seed start from the same short school of
ordinary training. Then each goes its own way for about the same computing time, so the cheaper ways take more steps.
Rates for adapting that a way does not learn are the best of several on validation scenes.
"""

import argparse
import sys
from functools import lru_cache

import numpy as np
import torch

import vadkit
from vadkit import toy_scenes
from vadkit.checkpoints import SHIPPED
from vadkit.episodes import EpisodeSampler, ScenePool
from vadkit.maml import InnerRates, adaptation_curve, query_psnr
from vadkit.meta_training import MetaTrained, meta_train

NETWORK = {"name": "unet", "width": 8, "depth": 2, "stem": 2}
EPISODE = {"n_way": 3, "k_shot": 5, "n_query": 4}
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
N_INNER_STEPS = 3


def some_scene(seed, n_train=4):
    """Scene number `seed`, the places in turn."""
    return toy_scenes.toy_scene(seed, toy_scenes.PLACES[seed % len(toy_scenes.PLACES)], n_train=n_train)


@lru_cache(maxsize=2)
def episodes(n_scenes, seed, n_train=4):
    pool = ScenePool(lambda number: some_scene(number, n_train), toy_scenes.TRAIN_SEEDS[:n_scenes], keep=n_scenes)
    return EpisodeSampler(pool, **EPISODE, seed=seed)


@lru_cache(maxsize=1)
def held_out_tasks(n=16):
    """One task on each of n validation scenes, K = 5."""
    return EpisodeSampler(ScenePool(some_scene, toy_scenes.VALIDATION_SEEDS[:n]), n_way=n, seed=0)[0]


def whole(trained):
    """Nothing that was interrupted is shipped. The clock stays out of the file: the same bytes on every run."""
    if trained.history.interrupted:
        raise KeyboardInterrupt
    trained.history.seconds = 0.0
    return trained


def with_best_rate(trained):
    """The rate for adapting, chosen on validation scenes for a way of training that has none of its own."""
    curves = {rate: adaptation_curve(trained.predictor, held_out_tasks(), rate, N_INNER_STEPS, query_psnr).mean(0)
              for rate in RATES}  # fmt: skip
    best = max(RATES, key=lambda rate: np.nan_to_num(curves[rate][-1], nan=-np.inf))
    return MetaTrained(trained.predictor, InnerRates(trained.predictor, best), N_INNER_STEPS, trained.history)


# --- The candidates of notebooks 04 and 05 ----------------------------------------------------------------------------------


def specialist(seed, steps, batch_size, home):
    """Ordinary training on one scene, long."""
    predictor = vadkit.build_predictor(**NETWORK, seed=seed)
    vadkit.fit(predictor, some_scene(home).train_windows(), steps=steps, batch_size=batch_size, seed=seed)
    return with_best_rate(MetaTrained(predictor, None))


def from_nothing(seed, steps, n_scenes, inner_lr=None, **options):
    """Train from random weights in one way; without an inner rate, the best one is chosen afterwards."""
    if inner_lr:
        pool = ScenePool(some_scene, toy_scenes.VALIDATION_SEEDS[:8])
        options["validation"] = EpisodeSampler(pool, n_way=4, seed=0)
    predictor = vadkit.build_predictor(**NETWORK, seed=seed)
    trained = whole(meta_train(predictor, episodes(n_scenes, seed), steps, inner_lr or 0.01, N_INNER_STEPS, **options))
    return trained if inner_lr else with_best_rate(trained)


# --- Five ways of training, for notebook 06 ----------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def school(seed, steps, n_scenes, n_train, outer_lr):
    """Where all five ways of a seed start: a predictor after some ordinary training."""
    predictor = vadkit.build_predictor(**NETWORK, seed=seed)
    options = {"algorithm": "joint", "outer_lr": outer_lr, "note_every": steps}
    whole(meta_train(predictor, episodes(n_scenes, seed, n_train), steps, **options))
    return predictor.state_dict()


def after_school(seed, schooling, steps, inner_lr=None, **options):
    """One way of training, from school on. The rate of its inner loop is `inner_lr`, or chosen afterwards."""
    predictor = vadkit.build_predictor(**NETWORK)
    predictor.load_state_dict(school(seed, **schooling))
    sampler = episodes(schooling["n_scenes"], seed + 100, schooling["n_train"])
    trained = whole(meta_train(predictor, sampler, steps, inner_lr or 0.01, N_INNER_STEPS, note_every=50, **options))
    return trained if options.get("algorithm", "maml") == "maml" else with_best_rate(trained)


SCHOOL = {"steps": 1000, "n_scenes": 96, "n_train": 2, "outer_lr": 2e-3}
WAYS = {  # steps: about the same computing time for each
    "joint": {"algorithm": "joint", "steps": 1200, "outer_lr": 2e-3},
    "reptile": {"algorithm": "reptile", "steps": 700, "inner_lr": 0.1, "outer_lr": 1e-3},
    "fomaml": {"first_order": True, "steps": 700, "inner_lr": 0.1, "outer_lr": 2e-3},
    "maml": {"steps": 300, "inner_lr": 0.1, "outer_lr": 2e-3},
    "maml_rates": {"learn_rates": "tensor and step", "steps": 300, "inner_lr": 0.1, "outer_lr": 2e-3},
}
SEEDS = (0, 1, 2)

WEIGHTS = {  # name: (function, its arguments); the function returns a MetaTrained whose predictor is built from `network`
    "candidate_a": (specialist, {"seed": 0, "steps": 2362, "batch_size": 8, "home": 0}),
    "candidate_b": (from_nothing, {"seed": 0, "steps": 700, "n_scenes": 48, "inner_lr": 0.1, "learn_rates": "tensor",
                                   "outer_lr": 2e-3}),
    "pre_trained": (from_nothing, {"seed": 0, "steps": 2800, "n_scenes": 48, "algorithm": "joint", "outer_lr": 2e-3}),
    **{f"{way}_{seed}": (after_school, {"seed": seed, "schooling": SCHOOL, **options})
       for seed in SEEDS for way, options in WAYS.items()},
}  # fmt: skip


# --- Writing them -----------------------------------------------------------------------------------------------------------


def header(name, figures):
    """Where a file comes from: enough to make it again. Figures are PSNR in dB on validation scenes, K = 5, after 0 .. 3 steps."""
    versions = {"vadkit": vadkit.__version__, "torch": torch.__version__, "numpy": np.__version__}
    arguments = WEIGHTS[name][1]
    return {"name": name, "script": "benchmarks/train_weights.py", "arguments": arguments, "seed": arguments["seed"],
            "network": NETWORK, "data": "toy scenes of TRAIN_SEEDS, the places in turn", "versions": versions,
            "figures": figures}  # fmt: skip


def figures(trained):
    curve = adaptation_curve(
        trained.predictor, held_out_tasks(), trained.rates, trained.n_inner_steps, query_psnr
    ).mean(0)
    return {"validation_psnr": [round(float(value), 2) for value in curve]}


def train(name):
    function, arguments = WEIGHTS[name]
    trained = function(**arguments)
    found = figures(trained)
    trained.save(SHIPPED / f"{name}.safetensors", header(name, found))
    print(f"{name}: {found['validation_psnr']} dB after 0 .. {trained.n_inner_steps} inner steps", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which weights to train (default: all)")
    parser.add_argument("--list", action="store_true", help="say what there is, and train nothing")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in WEIGHTS]
    if options.list or unknown:
        print(f"Unknown weights '{unknown[0]}'. " if unknown else "", "There are: ", ", ".join(WEIGHTS), ".", sep="",
              file=sys.stderr if unknown else sys.stdout)  # fmt: skip
        return 2 if unknown else 0
    torch.set_num_threads(1)
    try:
        for name in options.names or WEIGHTS:
            train(name)
    except KeyboardInterrupt:
        print("Stopped. The weights listed above are written; of the others, nothing has changed.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
