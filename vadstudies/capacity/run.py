"""Problem 1: a predictor can be too strong. What capacity does to the gap between normal and abnormal frames.

    python -m vadstudies.capacity.run            about 22 minutes on one core; stop and go on as you like
    python -m vadstudies.capacity.run --boar     about 5 minutes: the boar, as predicted at each capacity
    ... --quick                                  a reduced version on validation scenes, nothing kept: under 2 minutes

Five widths, with and without skip connections, and without skips but with a memory; three seeds, each on a scene of its own.
Trained for the same number of steps, and looked at on the way: whenever the normal validation PSNR first reaches a milestone (so
many dB above or below copy-last-frame on the same windows), the network is scored. Rows with the same milestone compare capacities
at equal normal PSNR; the rows "end" compare them after equal training. A milestone nobody lists was not reached. Weights are
averaged over the last 50 steps or so, so that a milestone is not passed by luck.

Keeps results.json, and boar.safetensors (predictions as uint8).
"""

import argparse
import itertools
import sys

import numpy as np
import torch
from tqdm.auto import tqdm

import vadkit
from vadkit import checkpoints, metrics, toy, training, view
from vadstudies.capacity.report import highest_for_all
from vadstudies.jobs import figures, fingerprint, main, plain, run_all, train
from vadstudies.results import RESULTS
from vadstudies.transfer.run import scene_names, scene_of

WIDTHS = (4, 8, 16, 24, 40)
VARIANTS = {  # name: arguments of build_predictor, apart from width and seed
    "skips": {"name": "unet", "stem": 2, "depth": 2},
    "no skips": {"name": "unet", "stem": 2, "depth": 2, "skips": False},
    "memory": {"name": "memory", "stem": 2, "depth": 2},
}
MILESTONES = (-6, -5, -4, -3, -2, -1, 0, 1)  # dB above copy-last-frame, on normal validation windows
CAPACITY_SCENES = [
    ("campus", toy.TEST_SEEDS[10]),
    ("park", toy.TEST_SEEDS[11]),
    ("square", toy.TEST_SEEDS[12]),
]


# --- Problem 1: too strong ---------------------------------------------------------------------------------------------------


def copy_psnr(windows):
    """Copy-last-frame on the validation windows of `fit`, dB."""
    x, y = windows.batch(training.split_windows(windows)[1])
    return metrics.psnr(vadkit.copy_last_frame(x), y).mean().item()


def train_through_milestones(variant, width, place, scene_seed, seed, steps):
    """Train one network; score it whenever it reaches a milestone, and at the end."""
    scene = scene_of(place, scene_seed)
    predictor = vadkit.build_predictor(**VARIANTS[variant], width=width, seed=seed)
    zero, points, ahead = copy_psnr(scene.train_windows()), {}, list(MILESTONES)

    def look(predictor, history):
        reached = [m for m in ahead if history.validation_psnr[-1] >= zero + m]
        if reached:  # several at once in the first steps: only the highest is worth a look
            points[str(reached[-1])] = point(predictor, history)
            del ahead[: len(reached)]

    def point(predictor, history):
        return {"step": len(history.loss), "psnr_validation": history.validation_psnr[-1], **figures(predictor, scene)}

    history = train(predictor, scene, steps=steps, seed=seed, ema=0.98, validate_every=20, watch=look)
    points["end"] = point(predictor, history)
    return {"parameters": vadkit.count_parameters(predictor), "psnr_copy": zero, "points": points,
            "curve": history.validation_psnr}  # fmt: skip


def capacity(options):
    scenes = [("campus", toy.VALIDATION_SEEDS[10])] if options.quick else CAPACITY_SCENES
    widths, steps = (WIDTHS[:3], options.steps or 60) if options.quick else (WIDTHS, options.steps or 500)
    jobs = {
        f"{variant} | width {width} | {place}-{scene_seed} | seed {seed}": {
            "variant": variant, "width": width, "place": place, "scene_seed": scene_seed, "seed": seed, "steps": steps}
        for seed, (place, scene_seed) in enumerate(scenes) for width in widths for variant in VARIANTS
    }  # fmt: skip
    settings = {
        "steps": steps,
        "variants": VARIANTS,
        "milestones": MILESTONES,
        "ema": 0.98,
        "scenes": scene_names(scenes),
    }
    settings["copy last frame"] = {scene_of(*s).name: figures(vadkit.copy_last_frame, scene_of(*s)) for s in scenes}
    rows = run_all("capacity/results", "vadstudies/capacity/run.py", settings, jobs, train_through_milestones,
                   not options.quick, options.restart)  # fmt: skip
    for at in ("end", highest_for_all(rows.values())):
        print_capacity(rows.values(), at)


def print_capacity(rows, at):
    if at is None:
        return print("\nNo milestone was reached by every network: nothing to compare at equal normal PSNR.")
    equal = (
        "equal training" if at == "end" else f"equal normal validation PSNR ({int(at):+d} dB against copy-last-frame)"
    )
    print(
        f"\nAt {equal}, mean ± spread over scenes:\n{'':10}{'width':>6}{'step':>7}{'normal':>14}{'abnormal':>14}{'gap':>14}{'AUC raw':>15}"
    )
    for variant, width in sorted({(row["variant"], row["width"]) for row in rows}):
        found = [row["points"][at] for row in rows if (row["variant"], row["width"]) == (variant, width)]
        cells = [f"{np.mean([p[k] for p in found]):8.2f} ± {np.std([p[k] for p in found]):.2f}"
                 for k in ("psnr_normal", "psnr_abnormal", "gap", "auc_raw")]  # fmt: skip
        print(f"{variant:10}{width:6}{np.mean([p['step'] for p in found]):7.0f}" + "".join(f"{c:>14}" for c in cells))


# --- The boar at every capacity ----------------------------------------------------------------------------------------------


def boar(options):
    """Train every width on the boar's scene; keep every fourth frame it predicts, one (n, 64, 64) uint8 tensor per network."""
    scene, clip = toy.boar_scene(), toy.the_boar()
    widths, steps = (WIDTHS[:2], options.steps or 60) if options.quick else (WIDTHS, options.steps or 500)
    first = view.representative_frame(clip) % 4 + 4
    about = plain({"script": "vadstudies/capacity/run.py --boar", "steps": steps, "seed": 0, "torch": torch.__version__,
                   "scene": fingerprint(scene), "clip": clip.name, "frames": range(first, len(clip), 4)})  # fmt: skip
    path, drawn, networks = RESULTS / "capacity" / "boar.safetensors", {}, {}
    if path.is_file() and not options.quick and not options.restart:
        drawn, kept = checkpoints.load_tensors(path)
        networks = kept.pop("networks")
        if kept != {**about, "format": checkpoints.FORMAT}:
            raise ValueError(f"{path.name} was made with other settings or versions: use --restart to replace it.")
    jobs = [(v, w) for v, w in itertools.product(VARIANTS, widths) if f"{v} {w}" not in networks]
    for variant, width in tqdm(jobs, desc="boar"):
        name = f"{variant} {width}"
        predictor = vadkit.build_predictor(**VARIANTS[variant], width=width)
        train(predictor, scene, steps=steps, ema=0.98)
        networks[name] = {"variant": variant, "width": width, "parameters": vadkit.count_parameters(predictor)}
        drawn[name], figures_of_it = draw_and_measure(predictor, clip, about["frames"])
        networks[name] |= figures_of_it
        tqdm.write(
            f"{name:12} normal {networks[name]['psnr_normal']:.2f} dB, boar {networks[name]['psnr_boar']:.2f} dB"
        )
        if not options.quick:
            checkpoints.save_tensors(path, drawn, {**about, "networks": networks})


def draw_and_measure(predictor, clip, frames):
    """-> (predictions of these frames, uint8; PSNR of every frame from the fifth on, and its means)."""
    predictions, psnr = view.predict_and_score(clip, predictor)
    found = {"psnr_normal": np.nanmean(psnr[~clip.labels]), "psnr_boar": np.nanmean(psnr[clip.labels])}
    pictures = torch.from_numpy((255 * predictions[np.array(frames) - 4]).round().astype(np.uint8))
    return pictures, plain(found) | {"psnr": [round(float(v), 2) for v in psnr[4:]]}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--boar", action="store_true", help="train on the boar's scene, and keep how it is predicted")
    parser.add_argument("--quick", action="store_true", help="a reduced version on validation scenes, nothing kept")
    parser.add_argument("--steps", type=int, help="steps of each training (default 500; 60 when quick)")
    parser.add_argument("--restart", action="store_true", help="forget the results kept so far")
    sys.exit(main(lambda options: boar(options) if options.boar else capacity(options), parser))
