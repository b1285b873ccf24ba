"""Pre-train the rival of candidate B: the same network on the same episodes as `train_candidates.py`, ordinary training only.

    python tools/train_weights.py

A step of ordinary training costs about a quarter of a meta-step, so the rival takes four times as many: the same scenes, the same
first 700 episodes, about the same computing time. Scenes come from TRAIN_SEEDS only, the figures in the header from
VALIDATION_SEEDS. Its rate for fine-tuning is the best of several on validation scenes.
"""

import argparse

import numpy as np
import torch
from train_candidates import EPISODE, NETWORK, RATES, some_scene

import vadkit
from vadkit import toy_scenes
from vadkit.checkpoints import SHIPPED
from vadkit.episodes import EpisodeSampler, ScenePool
from vadkit.maml import adaptation_curve, query_psnr
from vadkit.meta_training import MetaTrained, meta_train


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=2800, help="steps, four times those of B (default: 2800)")
    parser.add_argument("--scenes", type=int, default=48, help="how many scenes, as many as B saw (default: 48)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)

    pool = ScenePool(some_scene, toy_scenes.TRAIN_SEEDS[: options.scenes], keep=options.scenes)
    trained = meta_train(vadkit.build_predictor(**NETWORK), EpisodeSampler(pool, **EPISODE, seed=options.seed), options.steps,
                         n_inner_steps=3, algorithm="joint", outer_lr=2e-3)  # fmt: skip
    if trained.history.interrupted:
        raise SystemExit("Nothing was written: the weights in the package come from whole runs only.")
    held_out = EpisodeSampler(ScenePool(some_scene, toy_scenes.VALIDATION_SEEDS[:16]), n_way=16, seed=0)[0]
    curves = {rate: adaptation_curve(trained.predictor, held_out, rate, 3, query_psnr).mean(0) for rate in RATES}
    found = {rate: float(np.nan_to_num(curve[-1], nan=-np.inf)) for rate, curve in curves.items()}
    best = max(found, key=found.get)
    print("PSNR on validation scenes after three steps:", {rate: round(psnr, 2) for rate, psnr in found.items()})
    about = {"script": "tools/train_weights.py", "network": NETWORK, "episode": EPISODE, "seed": options.seed,
             "steps": options.steps, "scenes": list(range(options.scenes)), "inner_lr_chosen_from": list(RATES),
             "validation_psnr": {"before": round(float(curves[best][0]), 2), "after": round(found[best], 2)}}  # fmt: skip
    trained.history.seconds = 0.0  # the same file on every run
    MetaTrained(trained.predictor, vadkit.InnerRates(trained.predictor, best), 3, trained.history).save(
        SHIPPED / "pre_trained.safetensors", about
    )


if __name__ == "__main__":
    main()
