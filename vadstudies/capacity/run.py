"""What capacity does to the gap between normal and abnormal frames.

    python -m vadstudies.capacity.run         22 minutes on one core; stop and go on as you like
    python -m vadstudies.capacity.run --boar  5 minutes: the boar, predicted at each capacity
    ... --quick                               2 minutes: on a validation scene, nothing kept

Five widths, with and without skip connections, and without skips but with a memory; three seeds,
each on a scene of its own. Trained for the same number of steps, and scored on the way: whenever
the normal validation PSNR first reaches a milestone (so many dB above or below copy-last-frame on
the same windows). Rows with the same milestone compare capacities at equal normal PSNR; the rows
"end" compare them after equal training. A milestone that is not listed was not reached. Weights are
averaged over the last 50 steps or so, so that a milestone is not passed by luck.
"""

import contextlib
import itertools
import sys

import numpy as np
import torch
from tqdm.auto import tqdm

import vadkit
from vadkit import checkpoints, metrics, toy, training, view
from vadkit.callbacks import Callback
from vadkit.cli import output_file, whole_number
from vadkit.locks import alone
from vadstudies.capacity.report import capacity_table, highest_for_all
from vadstudies.jobs import (
    fingerprint,
    fingerprints,
    main,
    plain,
    run_all,
    scene_metrics,
    study_parser,
    study_scene,
    train,
)
from vadstudies.results import RESULTS

SCRIPT = "vadstudies/capacity/run.py"
WIDTHS = (4, 8, 16, 24, 40)
EMA = 0.98  # share of the running average of the weights that is kept at each step
VARIANTS = {  # name: arguments of build_predictor, apart from width and seed
    "skips": {"name": "unet", "stem": 2, "depth": 2},
    "no skips": {"name": "unet", "stem": 2, "depth": 2, "skips": False},
    "memory": {"name": "memory", "stem": 2, "depth": 2},
}
MILESTONES = (-6, -5, -4, -3, -2, -1, 0, 1)  # dB above copy-last-frame, normal validation windows
SCENES = [
    ("campus", toy.TEST_SEEDS[10]),
    ("park", toy.TEST_SEEDS[11]),
    ("square", toy.TEST_SEEDS[12]),
]
QUICK_SCENES = [("campus", toy.VALIDATION_SEEDS[10])]


# --- The study


def capacity(options):
    """Train and score every network, and print the tables."""
    pairs = QUICK_SCENES if options.quick else SCENES
    steps = options.steps or (60 if options.quick else 500)
    scenes = [study_scene(*pair) for pair in pairs]
    settings = {
        "steps": steps,
        "variants": VARIANTS,
        "milestones": MILESTONES,
        "ema": EMA,
        "scenes": fingerprints(scenes),
        "copy last frame": {s.name: scene_metrics(vadkit.copy_last_frame, s) for s in scenes},
    }
    jobs = make_jobs(pairs, WIDTHS[:3] if options.quick else WIDTHS, steps)
    results = run_all("capacity/results", SCRIPT, settings, jobs, train_through_milestones, options)
    rows = list(results.values())
    print_table(rows, "end", "equal training")
    # Only a milestone that all reached compares the same set of networks.
    milestone = highest_for_all(rows)
    if milestone is None:
        print(
            "\nNo milestone was reached by every network: nothing to compare at equal normal PSNR."
        )
        return
    equal = f"equal normal validation PSNR ({int(milestone):+d} dB against copy-last-frame)"
    print_table(rows, milestone, equal)


def make_jobs(pairs, widths, steps):
    """Arguments of `train_through_milestones` by key: every scene has a seed of its own."""
    jobs = {}
    for seed, (place, scene_seed) in enumerate(pairs):
        for width, variant in itertools.product(widths, VARIANTS):
            jobs[f"{variant} | width {width} | {place}-{scene_seed} | seed {seed}"] = {
                "variant": variant,
                "width": width,
                "place": place,
                "scene_seed": scene_seed,
                "seed": seed,
                "steps": steps,
            }
    return jobs


def train_through_milestones(variant, width, place, scene_seed, seed, steps):
    """Train one network; score it whenever it reaches a milestone, and at the end."""
    scene = study_scene(place, scene_seed)
    predictor = vadkit.build_predictor(**VARIANTS[variant], width=width, seed=seed)
    milestones = Milestones(scene, copy_psnr(scene.train_windows()))
    callbacks = [vadkit.WeightAverage(EMA), milestones]
    history = train(
        predictor, scene, steps=steps, seed=seed, validate_every=20, callbacks=callbacks
    )
    end = point(predictor, history, scene)
    return {
        "parameters": vadkit.count_parameters(predictor),
        "psnr_copy": milestones.zero,
        "points": {**milestones.points, "end": end},
        "curve": history.validation_psnr,
    }


class Milestones(Callback):
    """Score the network whenever it first reaches a milestone, so many dB above `zero`."""

    def __init__(self, scene, zero):
        self.scene = scene
        self.zero = zero
        self.points = {}
        self.ahead = list(MILESTONES)

    def after_validation(self):
        psnr = self.run.history.validation_psnr[-1]
        reached = [m for m in self.ahead if psnr >= self.zero + m]
        if reached:  # several at once in the first steps: only the highest is worth a look
            self.points[str(reached[-1])] = point(self.run.model, self.run.history, self.scene)
            del self.ahead[: len(reached)]


def point(predictor, history, scene):
    """One row of the study: how far the training is, and what the network does now."""
    return {
        "step": len(history.loss),
        "psnr_validation": history.validation_psnr[-1],
        **scene_metrics(predictor, scene),
    }


def copy_psnr(windows):
    """PSNR (dB) of copy-last-frame on the validation windows of `fit`."""
    x, y = windows.batch(training.split_windows(windows)[1])
    return metrics.psnr(vadkit.copy_last_frame(x), y).mean().item()


def print_table(rows, at, equal):
    print(f"\nAt {equal}, mean ± spread over scenes:")
    print(capacity_table(rows, at).to_string(index=False))


# --- The boar at every capacity


def boar(options):
    """Train every network on the boar's scene; keep every fourth frame as it predicts it."""
    scene, clip = toy.boar_scene(), toy.the_boar()
    keep, widths = not options.quick, WIDTHS[:2] if options.quick else WIDTHS
    steps = options.steps or (60 if options.quick else 500)
    about = boar_settings(scene, clip, steps)
    path = RESULTS / "capacity" / "boar.safetensors"
    everyone = {f"{v} {w}": (v, w) for v, w in itertools.product(VARIANTS, widths)}
    with alone(output_file(path)) if keep else contextlib.nullcontext():
        go_on = keep and not options.restart and path.is_file()
        predictions, networks = open_boar(path, about) if go_on else ({}, {})
        for name in tqdm([name for name in everyone if name not in networks], desc="boar"):
            variant, width = everyone[name]
            predictor = vadkit.build_predictor(**VARIANTS[variant], width=width)
            train(predictor, scene, steps=steps, callbacks=[vadkit.WeightAverage(EMA)])
            predictions[name], measured = predict_boar(predictor, clip, about["frames"])
            parameters = vadkit.count_parameters(predictor)
            about_it = {"variant": variant, "width": width, "parameters": parameters}
            networks[name] = about_it | measured
            normal, abnormal = measured["psnr_normal"], measured["psnr_boar"]
            tqdm.write(f"{name:12} normal {normal:.2f} dB, boar {abnormal:.2f} dB")
            # After each network: an interrupted run goes on from here.
            if keep:
                checkpoints.save_tensors(path, predictions, {**about, "networks": networks})


def boar_settings(scene, clip, steps):
    """What goes into the header of the file, apart from the networks."""
    first = view.representative_frame(clip) % 4 + 4  # so that this frame is among those kept
    settings = {
        "script": f"{SCRIPT} --boar",
        "steps": steps,
        "seed": 0,
        "torch": torch.__version__,
        "scene": fingerprint(scene),
        "clip": clip.name,
        "frames": range(first, len(clip), 4),
    }
    return plain(settings)


def open_boar(path, about):
    """Predictions and networks kept so far, when they were made in the same way."""
    try:
        predictions, kept = checkpoints.load_tensors(path)
        networks = kept.pop("networks", None)
        if not isinstance(networks, dict) or set(networks) != set(predictions):
            raise ValueError("networks without predictions")
    except ValueError:
        raise ValueError(f"{path} is damaged: use --restart to replace it.") from None
    if kept != {**about, "format": checkpoints.FORMAT}:
        raise ValueError(
            f"{path.name} was made with other settings or versions: use --restart to replace it."
        )
    return predictions, networks


def predict_boar(predictor, clip, frames):
    """Predictions of these frames, uint8, and PSNR: of every frame from the fifth on, and means."""
    predictions, psnr = view.predict_and_score(clip, predictor)
    means = {
        "psnr_normal": np.nanmean(psnr[~clip.labels]),
        "psnr_boar": np.nanmean(psnr[clip.labels]),
    }
    pixels = (255 * predictions[np.array(frames) - 4]).round().astype(np.uint8)
    per_frame = [round(float(value), 2) for value in psnr[4:]]
    return torch.from_numpy(pixels), plain(means) | {"psnr": per_frame}


if __name__ == "__main__":
    parser = study_parser(__doc__)
    parser.add_argument(
        "--boar", action="store_true", help="train on the boar's scene, keep how it is predicted"
    )
    parser.add_argument(
        "--steps", type=whole_number(), help="steps of each training (default 500; 60 when quick)"
    )
    sys.exit(main(lambda options: boar(options) if options.boar else capacity(options), parser))
