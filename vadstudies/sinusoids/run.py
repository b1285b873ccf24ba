"""Sinusoid regression (Finn et al. 2017, section 5.1): error after 0, 1, 5 and 10 gradient steps.

    python -m vadstudies.sinusoids.run --steps 5000

The network, the tasks, K = 10 and the evaluation on 600 unseen waves are the paper's. Rates differ:
inner 0.02 and outer 0.003 instead of 0.01 and 0.001, and thousands of outer steps of 4 waves
instead of 70,000 of 25, so that it runs in minutes on a CPU. The last line is one JSON object.
"""

import argparse
import json
import sys
from functools import partial

import numpy as np
import torch
from torch import nn

from vadkit.cli import run_script, stopped_at_once, whole_number
from vadkit.episodes import EpisodeSampler
from vadkit.maml.adapting import adaptation_curve
from vadkit.maml.baselines import joint_step, reptile_step
from vadkit.maml.history import Monitor
from vadkit.maml.meta_step import meta_step
from vadkit.maml.rates import InnerRates
from vadkit.maml.training import meta_train
from vadstudies.jobs import require_finished
from vadstudies.sinusoids.pool import SinusoidPool

METHODS = {  # update: meta_step, n_inner_steps: 1, learn: None unless it says otherwise
    "pre-trained on all waves": {"update": joint_step},
    "Reptile": {"update": reptile_step, "n_inner_steps": 5},
    "MAML, first order": {"update": partial(meta_step, first_order=True)},
    "MAML": {},
    "MAML, learned rates": {"learn": "tensor"},
}
SHOWN = (0, 1, 5, 10)  # steps


def network(seed):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Linear(1, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 1)
    )


def run(method, steps, seed, exam, inner_lr=0.02, outer_lr=3e-3):
    """Mean squared error (600, 11) of one method on unseen waves after 0 .. 10 steps.

    Also the seconds that it trained.
    """
    sampler = EpisodeSampler(SinusoidPool(), n_way=4, k_shot=10, n_query=10, seed=seed)
    predictor = network(seed)
    options = {"update": meta_step, "n_inner_steps": 1, "learn": None, **METHODS[method]}
    trained = meta_train(
        predictor,
        sampler,
        steps,
        InnerRates(predictor, inner_lr, options["learn"]),
        options["n_inner_steps"],
        outer_lr=outer_lr,
        update=options["update"],
        monitor=Monitor(note_every=steps, progress=False),
    )
    require_finished(trained.history)
    return adaptation_curve(trained.predictor, exam, trained.rates, 10), trained.history.seconds


@stopped_at_once()
def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=whole_number(), default=5000)
    parser.add_argument("--seed", type=whole_number(0), default=0)
    arguments = parser.parse_args(argv)
    # One thread: the network is so small that a second one only waits.
    torch.set_num_threads(1)
    exam = EpisodeSampler(SinusoidPool(), n_way=600, k_shot=10, n_query=100, seed=10_000)[0]
    errors = {}
    for method in METHODS:
        curve, seconds = run(method, arguments.steps, arguments.seed, exam)
        mean = {n: float(curve[:, n].mean()) for n in SHOWN}
        errors[method] = {f"after_{n}": round(mean[n], 3) for n in SHOWN}
        interval = 1.96 * np.nanstd(curve[:, 1]) / len(curve) ** 0.5
        shown = "  ".join(f"{n} steps {mean[n]:.2f}" for n in SHOWN)
        note = f"(after 1: +- {interval:.2f}; trained {seconds:.0f} s)"
        print(f"{method:26} MSE: {shown}   {note}", flush=True)
    summary = {
        "benchmark": "sinusoid",
        "steps": arguments.steps,
        "seed": arguments.seed,
        "k_shot": 10,
        "mse": errors,
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    sys.exit(run_script(main, kept="nothing is kept."))
