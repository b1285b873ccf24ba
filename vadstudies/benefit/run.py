"""When does meta-learning help? What differs between places, against steps and windows.

    python -m vadstudies.benefit.run           an hour on one core; three jobs, kept one by one
    python -m vadstudies.benefit.run --quick   3 minutes: few steps, two places, nothing kept

Three families of one-way places. "nothing": everybody goes to the right, everywhere. "light": the
same, but each camera has a contrast and a brightness of its own, and the network draws the frame
from windows as they are (one that predicts the change of normalised windows would not notice).
"custom": here they go to the left, there to the right.

In each family two networks are trained for about the same time: with strangers all the way, and
with strangers first and MAML after that. Then both settle in at places that are new to them, the
first by fine-tuning, the second as it was meta-trained; copy-last-frame and two numbers stand
beside them. Optimizer and rate of fine-tuning are chosen at four validation places, for each
family, number of windows and number of steps: those that come closest to the frame without the
stranger, in dB, which is what both were trained for. The results are from eight test places. One
training each.
"""

import copy
import sys
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from pandas import DataFrame

import vadkit
from vadkit import toy
from vadkit.adaptation import fine_tuning, two_numbers
from vadkit.episodes import EpisodeSampler
from vadkit.losses import decibel_loss
from vadkit.maml.adapting import inner_steps
from vadkit.maml.rates import InnerRates
from vadkit.maml.training import MetaTrained, meta_train
from vadkit.metrics import psnr
from vadkit.pools import ScenePool
from vadkit.predicting import device_of
from vadkit.predictors import copy_last_frame
from vadkit.windows import StrangerWindows
from vadstudies.benefit.report import DIFFERS, table_of
from vadstudies.jobs import main, require_finished, run_all, study_parser
from vadstudies.weights.streams import EPISODE, NETWORK, joint_training, stream_place

SCRIPT = "vadstudies/benefit/run.py"
DRAWER = NETWORK | {"predicts": "frame", "normalise": False}
GAINS, OFFSETS = (0.5, 1.2), (-40.0, 50.0)  # of a camera's image, where light differs
TRAINING = {"n_places": 64, "school": 3000, "strangers": 5000, "before_maml": 2000, "maml": 500}
QUICK = {"n_places": 4, "school": 20, "strangers": 20, "before_maml": 20, "maml": 5}
MAML = {"n_inner_steps": 3, "outer_lr": 1e-3, "rates_lr": 0.02, "loss": decibel_loss}
RECIPES = (("adam", 1e-3), ("adam", 1e-2), ("sgd", 1e-2))
STEPS, SHOTS, EVERY = (0, 1, 2, 3, 5, 10, 30, 100), (1, 10), 3
CHOOSING, PLACES = toy.VALIDATION_SEEDS[300:304], toy.TEST_SEEDS[300:308]


# --- Places


def place_of(number: int, differs: str, seeds=toy.TRAIN_SEEDS) -> toy.ToyScene:
    """Place number // 2; where customs differ, an odd number is its opposite."""
    seed = seeds[number // 2]
    scene = stream_place(seed)
    side = number % 2 if differs == "custom" else 1
    scene = scene if scene.world.side == side else scene.opposite()
    if differs != "light":
        return scene
    rng = np.random.default_rng([seed, 11])
    light = {"gain": rng.uniform(*GAINS), "offset": rng.uniform(*OFFSETS)}
    return scene.in_world(replace(scene.world, quality=scene.world.quality._replace(**light)))


def pool_of(differs: str, n_places: int, strangers: float) -> ScenePool:
    """The training places of a family."""
    numbers = range(0, 2 * n_places, 1 if differs == "custom" else 2)
    place = partial(place_of, differs=differs)
    return ScenePool(place, numbers, len(numbers), strangers=strangers)


# --- Training


def train_both(differs: str, n_places, school, strangers, before_maml, maml) -> list[MetaTrained]:
    """With strangers all the way; and with strangers, then meta-trained."""
    network = DRAWER if differs == "light" else NETWORK
    start = vadkit.build_predictor(**network, seed=0)

    def jointly(predictor, steps, share, seed):
        places = pool_of(differs, n_places, share)
        batches = EpisodeSampler(places, n_way=2, k_shot=2, n_query=6, seed=seed)
        return joint_training(copy.deepcopy(predictor), batches, steps, outer_lr=2e-3)

    schooled = jointly(start, school, 0.0, seed=0).predictor
    with_strangers = jointly(schooled, strangers, 2 / 3, seed=1)
    predictor = jointly(schooled, before_maml, 2 / 3, seed=1).predictor
    rates = InnerRates(predictor, 0.007, "tensor and step", MAML["n_inner_steps"])
    episodes = EpisodeSampler(pool_of(differs, n_places, 0.5), **EPISODE, seed=2)
    meta_trained = meta_train(predictor, episodes, maml, rates, **MAML)
    require_finished(meta_trained.history)
    return [with_strangers, meta_trained]


# --- Measuring


def support_of(place: toy.ToyScene, k_shot: int) -> tuple[torch.Tensor, torch.Tensor]:
    """K windows of normal clips, somebody in view."""
    return EpisodeSampler(ScenePool([place]), n_way=1, k_shot=k_shot, n_query=1)[0][0].support


@torch.no_grad()
def metrics_of(predictor, place: toy.ToyScene) -> dict[str, float]:
    """PSNR of normal frames, raw AUC, and PSNR against the frame without the stranger."""
    found = vadkit.evaluate(predictor, place, every=EVERY)
    windows = StrangerWindows(place.test_clips)
    x, wanted = windows.batch(range(0, len(windows), EVERY))
    predicted = predictor(x.to(device_of(predictor))).cpu()
    erased = float(psnr(predicted, wanted).mean())
    both = (found.psnr_normal + erased) / 2
    return {"psnr": found.psnr_normal, "auc_raw": found.auc_raw, "wanted": both}


def measure(differs: str, trained: list[MetaTrained], number: int, seeds) -> list[dict]:
    """Everybody at one place: a line for each recipe, number of windows and number of steps."""
    place = place_of(number, differs, seeds)
    with_strangers, meta_trained = trained
    lines = [{"method": "copy last frame", **metrics_of(copy_last_frame, place)}]
    for k in SHOTS:
        support = support_of(place, k)
        rescaled = metrics_of(two_numbers(with_strangers.predictor, support), place)
        lines.append({"method": "two numbers", "k": k, **rescaled})
        copies = {
            ("MAML", ""): inner_steps(
                meta_trained.predictor,
                support,
                meta_trained.rates,
                MAML["n_inner_steps"],
                decibel_loss,
            )
        }
        for optimizer, rate in RECIPES:
            copies["fine-tuned", f"{optimizer} {rate:g}"] = fine_tuning(
                with_strangers.predictor, support, optimizer, rate, STEPS[-1], loss=decibel_loss
            )
        for (method, recipe), settling in copies.items():
            what = {"method": method, "k": k, "recipe": recipe}
            for n, predictor in enumerate(settling):
                if n in STEPS:
                    lines.append({**what, "steps": n, **metrics_of(predictor, place)})
    return lines


def train_and_measure(differs: str, training: dict, n_choosing: int, n_places: int) -> dict:
    """One family: train, then measure at validation and at test places, both sides by turns."""
    trained = train_both(differs, **training)
    lines = []
    for part, seeds, n in (("choosing", CHOOSING, n_choosing), ("places", PLACES, n_places)):
        for i in range(n):
            for line in measure(differs, trained, 2 * i + i % 2, seeds):
                lines.append({"part": part, "place": i, **line})
    return {"lines": DataFrame(lines).fillna({"recipe": ""}).to_dict("list")}


def study(options):
    """Train and measure the three families, and print their tables."""
    training = QUICK if options.quick else TRAINING
    sizes = {"n_choosing": 1, "n_places": 1} if options.quick else {"n_choosing": 4, "n_places": 8}
    settings = {
        "steps": STEPS,
        "shots": SHOTS,
        "recipes": RECIPES,
        "gains": GAINS,
        "offsets": OFFSETS,
    }
    jobs = {differs: {"differs": differs, "training": training, **sizes} for differs in DIFFERS}
    rows = run_all("benefit/results", SCRIPT, settings, jobs, train_and_measure, options)
    print(table_of({"rows": rows}).to_string(float_format="{:.3f}".format))


if __name__ == "__main__":
    sys.exit(main(study, study_parser(__doc__)))
