"""Sinusoid regression (Finn et al. 2017, section 5.1) with vadkit: few-shot error after 0, 1, 5 and 10 gradient steps.

    python -m vadstudies.sinusoids.run --steps 5000

The network, the tasks, K = 10 and the evaluation on 600 unseen waves are the paper's. Rates differ: inner 0.02 and outer 0.003
instead of 0.01 and 0.001, and thousands of outer steps of 4 waves instead of 70,000 of 25, so that it runs in minutes on a CPU.
"""

import argparse
import json

import numpy as np
import torch
from torch import nn

from vadkit.episodes import EpisodeSampler
from vadkit.maml.adapting import adaptation_curve
from vadkit.maml.training import meta_train
from vadstudies.sinusoids.pool import SinusoidPool

METHODS = {
    "pre-trained on all waves": {"algorithm": "joint"},
    "Reptile": {"algorithm": "reptile", "n_inner_steps": 5},
    "MAML, first order": {"first_order": True},
    "MAML": {},
    "MAML, learned rates": {"learn_rates": "tensor"},
}


def network(seed):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(1, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 1))


def run(method, steps, seed, exam, inner_lr=0.02, outer_lr=3e-3):
    """-> mean squared error (600, 11) of one method on the exam's waves after 0 .. 10 steps, and the seconds it trained."""
    sampler = EpisodeSampler(SinusoidPool(), n_way=4, k_shot=10, n_query=10, seed=seed)
    options = {"inner_lr": inner_lr, "n_inner_steps": 1, "outer_lr": outer_lr, "progress": False, **METHODS[method]}
    trained = meta_train(network(seed), sampler, steps, note_every=steps, **options)
    return adaptation_curve(trained.predictor, exam, trained.rates, 10), trained.history.seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    exam = EpisodeSampler(SinusoidPool(), n_way=600, k_shot=10, n_query=100, seed=10_000)[0]
    results = {}
    for method in METHODS:
        curve, seconds = run(method, arguments.steps, arguments.seed, exam)
        spread = 1.96 * np.nanstd(curve[:, 1]) / len(curve) ** 0.5
        results[method] = {f"after_{n}": round(float(curve[:, n].mean()), 3) for n in (0, 1, 5, 10)}
        shown = "  ".join(f"{n} steps {curve[:, n].mean():.2f}" for n in (0, 1, 5, 10))
        print(f"{method:26} MSE: {shown}   (after 1: +- {spread:.2f}; trained {seconds:.0f} s)", flush=True)
    print(
        json.dumps(
            {"benchmark": "sinusoid", "steps": arguments.steps, "seed": arguments.seed, "k_shot": 10, "mse": results}
        )
    )


if __name__ == "__main__":
    main()
