"""Train the two candidates of the interview in notebook 04, on training scenes only, and write them to vadkit/weights.

A, the specialist: ordinary training on one scene, long. B, the fast learner: MAML on many scenes. Same network, and as many
windows seen. A's rate for adapting is the best of several on validation scenes; B learned its own.
"""

import argparse

import numpy as np
import torch

import vadkit
from vadkit import toy_scenes
from vadkit.checkpoints import SHIPPED
from vadkit.episodes import ScenePool
from vadkit.maml import query_psnr

NETWORK = {"name": "unet", "width": 8, "depth": 2, "stem": 2}
EPISODE = {"n_way": 3, "k_shot": 5, "n_query": 4}
HOME = 0  # the one scene that A has ever seen
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)


def some_scene(seed):
    """Scene number `seed`, the places in turn."""
    return vadkit.toy_scene(seed, toy_scenes.PLACES[seed % len(toy_scenes.PLACES)])


def train_specialist(steps, held_out):
    """-> MetaTrained: ordinary training at home, then the inner rate that serves it best elsewhere."""
    torch.manual_seed(0)
    predictor = vadkit.build_predictor(**NETWORK)
    windows = EPISODE["n_way"] * (EPISODE["k_shot"] + EPISODE["n_query"]) * steps
    vadkit.fit(predictor, some_scene(HOME).train_windows(), steps=windows // 8, batch_size=8, seed=0)
    tasks = [task for number in range(4) for task in held_out[number]]
    found = {rate: vadkit.adaptation_curve(predictor, tasks, rate, 3, query_psnr)[:, -1].mean() for rate in RATES}
    print("A, PSNR after adapting on validation scenes:", {rate: round(float(psnr), 2) for rate, psnr in found.items()})
    best = max(found, key=lambda rate: np.nan_to_num(found[rate], nan=-np.inf))
    return vadkit.MetaTrained(predictor, vadkit.InnerRates(predictor, best), n_inner_steps=3)


def train_fast_learner(steps, n_scenes, held_out):
    """-> MetaTrained: second-order MAML with learned inner rates."""
    torch.manual_seed(0)
    pool = ScenePool(some_scene, toy_scenes.TRAIN_SEEDS[:n_scenes], keep=n_scenes)
    return vadkit.meta_train(vadkit.build_predictor(**NETWORK), vadkit.EpisodeSampler(pool, **EPISODE, seed=0), steps, inner_lr=0.1,
                             n_inner_steps=3, learn_rates="tensor", outer_lr=2e-3, validation=held_out)  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--steps", type=int, default=700, help="outer steps of B (default: 700); A sees as many windows"
    )
    parser.add_argument("--scenes", type=int, default=48, help="how many scenes B learns on (default: 48)")
    parser.add_argument("--only", choices="ab", help="train one of the two")
    options = parser.parse_args()
    torch.set_num_threads(1)
    held_out = vadkit.EpisodeSampler(ScenePool(some_scene, toy_scenes.VALIDATION_SEEDS[:8]), n_way=4, seed=0)
    about = {
        "script": "tools/train_candidates.py",
        "network": NETWORK,
        "episode": EPISODE,
        "seed": 0,
        "steps": options.steps,
    }
    if options.only != "b":
        a = train_specialist(options.steps, held_out)
        a.save(SHIPPED / "candidate_a.safetensors", {**about, "scenes": [HOME]})
    if options.only != "a":
        b = train_fast_learner(options.steps, options.scenes, held_out)
        b.history.seconds = 0.0  # the same file on every run
        b.save(SHIPPED / "candidate_b.safetensors", {**about, "scenes": list(range(options.scenes))})


if __name__ == "__main__":
    main()
