"""Train the weights of the package, each from a seed, on training scenes only.

    python -m vadstudies.weights.run               all of them (`make weights`), about an hour and a half on one core
    python -m vadstudies.weights.run maml_0        one of them, 4 minutes or less
    python -m vadstudies.weights.run --list        what there is

Every file's header names this script and the arguments that made it; the same versions give the same file again.

candidate_a, candidate_b, pre_trained: the candidates of notebook 04 and the rival of notebook 05. A specialist on one scene; MAML on
many; ordinary training on the same scenes, four times as many steps, because a step costs a quarter.

<way>_<seed>: five ways of training, three seeds each, for notebook 06. The same network and scenes, and about the same computing
time: the cheaper ways take more steps. Rates for adapting that a way does not learn are the best of several on validation scenes.

camera_maml, camera_fine_tuned: for real cameras (vadstudies/few_shot/run.py), from toy scenes alone, see vadstudies/weights/cameras.py.
"""

import argparse
import sys
from functools import lru_cache

import numpy as np
import torch

import vadkit
from vadkit import toy
from vadkit.episodes import EpisodeSampler
from vadkit.maml.adapting import adaptation_curve, query_psnr
from vadkit.maml.rates import InnerRates
from vadkit.maml.training import MetaTrained, meta_train
from vadkit.pools import ScenePool
from vadkit.zoo import SHIPPED
from vadstudies.weights import cameras

NETWORK = {"name": "unet", "width": 8, "depth": 2, "stem": 2}
EPISODE = {"n_way": 3, "k_shot": 5, "n_query": 4}
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
N_INNER_STEPS = 3


def some_scene(seed):
    """Scene number `seed`, the places in turn."""
    return toy.toy_scene(seed, toy.PLACES[seed % len(toy.PLACES)])


@lru_cache(maxsize=2)
def episodes(n_scenes, seed):
    pool = ScenePool(some_scene, toy.TRAIN_SEEDS[:n_scenes], keep=n_scenes)
    return EpisodeSampler(pool, **EPISODE, seed=seed)


@lru_cache(maxsize=1)
def held_out_tasks(n=16):
    """One task on each of n validation scenes, K = 5."""
    return EpisodeSampler(ScenePool(some_scene, toy.VALIDATION_SEEDS[:n]), n_way=n, seed=0)[0]


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


def from_nothing(seed, steps, n_scenes, inner_lr=0.01, validate=False, **options):
    """Train from random weights in one way. A way that learns nothing about its inner rate gets the best one afterwards."""
    if validate:
        pool = ScenePool(some_scene, toy.VALIDATION_SEEDS[:8])
        options["validation"] = EpisodeSampler(pool, n_way=4, seed=0)
    predictor = vadkit.build_predictor(**NETWORK, seed=seed)
    trained = whole(meta_train(predictor, episodes(n_scenes, seed), steps, inner_lr, N_INNER_STEPS, **options))
    return trained if options.get("algorithm", "maml") == "maml" else with_best_rate(trained)


WAYS = {  # of training, for notebook 06; steps: about the same computing time for each
    "joint": {"algorithm": "joint", "steps": 2800},
    "reptile": {"algorithm": "reptile", "steps": 800, "inner_lr": 0.1},
    "fomaml": {"first_order": True, "steps": 800, "inner_lr": 0.1},
    "maml": {"steps": 400, "inner_lr": 0.1},
    "maml_rates": {"learn_rates": "tensor", "steps": 400, "inner_lr": 0.1},
}
SEEDS = (0, 1, 2)
WEIGHTS = {  # name: (function, its arguments); the function returns a MetaTrained whose predictor is built from `network`
    "candidate_a": (specialist, {"seed": 0, "steps": 2362, "batch_size": 8, "home": 0}),
    "candidate_b": (from_nothing, {"seed": 0, "steps": 700, "n_scenes": 48, "inner_lr": 0.1, "learn_rates": "tensor",
                                   "outer_lr": 2e-3, "validate": True}),
    "pre_trained": (from_nothing, {"seed": 0, "steps": 2800, "n_scenes": 48, "algorithm": "joint", "outer_lr": 2e-3}),
    **{f"{way}_{seed}": (from_nothing, {"seed": seed, "n_scenes": 48, "outer_lr": 2e-3, **options})
       for seed in SEEDS for way, options in WAYS.items()},
    "camera_maml": (cameras.train_maml, cameras.MAML),
    "camera_fine_tuned": (cameras.train_fine_tuned, cameras.FINE_TUNED),
}  # fmt: skip


# --- Writing them -----------------------------------------------------------------------------------------------------------


def header(name, figures):
    """Where a file comes from: enough to make it again. Figures are PSNR in dB on validation scenes, K = 5, after 0 .. 3 steps."""
    versions = {"vadkit": vadkit.__version__, "torch": torch.__version__, "numpy": np.__version__}
    arguments, of_camera = WEIGHTS[name][1], name.startswith("camera")
    data = "toy scenes of TRAIN_SEEDS, " + ("seen by cheap cameras" if of_camera else "the places in turn")
    return {"name": name, "script": "vadstudies/weights/run.py", "arguments": arguments, "seed": arguments["seed"],
            "network": cameras.NETWORK if of_camera else NETWORK, "data": data, "versions": versions,
            "figures": figures}  # fmt: skip


def figures(name, trained):
    if name.startswith("camera"):
        return cameras.figures(trained)
    curve = adaptation_curve(
        trained.predictor, held_out_tasks(), trained.rates, trained.n_inner_steps, query_psnr
    ).mean(0)
    return {"validation_psnr": [round(float(value), 2) for value in curve]}


def train(name):
    function, arguments = WEIGHTS[name]
    trained = whole(function(**arguments))
    found = figures(name, trained)
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
