"""The two problems of a predictor: it is too strong, and its scene is baked in.

    python benchmarks/generalization.py capacity     about 22 minutes on one core; stop and go on as you like
    python benchmarks/generalization.py transfer     about 7 minutes
    python benchmarks/generalization.py boar         about 5 minutes: the boar, as drawn at each capacity
    ... --quick                                      a reduced version on validation scenes, nothing kept: under 2 minutes

capacity: five widths, with and without skip connections, and without skips but with a memory; three seeds, each on a scene of its
own. Trained for the same number of steps, and looked at on the way: whenever the normal validation PSNR first reaches a milestone
(so many dB above or below copy-last-frame on the same windows), the network is scored. Rows with the same milestone compare
capacities at equal normal PSNR; the rows "end" compare them after equal training. A milestone nobody lists was not reached.
Weights are averaged over the last 50 steps or so, so that a milestone is not passed by luck.

transfer: train on scene i, test on scene j, six scenes in four places, two seeds (--seeds 3 adds a third). Test of the
difference: mean of the diagonal against its distribution when trained networks and scenes are paired in every other way (720
permutations, exact).

Keeps vadkit/results/capacity.json, transfer.json, and capacity_boar.safetensors (predictions as uint8).
"""

import argparse
import itertools
import sys

import numpy as np
import torch
from resumable import benchmark_scene, figures, fingerprint, main, plain, run_all, train
from tqdm.auto import tqdm

import vadkit
from vadkit import checkpoints, plots, scoring, toy_scenes, training
from vadkit.generalization import diagonal_test, highest_for_all, transfer_matrix

WIDTHS = (4, 8, 16, 24, 40)
VARIANTS = {  # name: arguments of build_predictor, apart from width and seed
    "skips": {"name": "unet", "stem": 2, "depth": 2},
    "no skips": {"name": "unet", "stem": 2, "depth": 2, "skips": False},
    "memory": {"name": "memory", "stem": 2, "depth": 2},
}
MILESTONES = (-6, -5, -4, -3, -2, -1, 0, 1)  # dB above copy-last-frame, on normal validation windows
CAPACITY_SCENES = [
    ("campus", toy_scenes.TEST_SEEDS[10]),
    ("park", toy_scenes.TEST_SEEDS[11]),
    ("square", toy_scenes.TEST_SEEDS[12]),
]
TRANSFER_SCENES = [(place, toy_scenes.TEST_SEEDS[20 + i])
                   for i, place in enumerate(("campus", "campus", "road", "road", "park", "square"))]  # fmt: skip
TRANSFER_PREDICTOR = {"name": "unet", "stem": 2, "width": 16}
DRAWN = {}  # scenes, drawn once


def scene_of(place, scene_seed):
    return DRAWN.setdefault((place, scene_seed), benchmark_scene(scene_seed, place))


def scene_names(scenes):
    return {f"{place}-{seed}": fingerprint(scene_of(place, seed)) for place, seed in scenes}


# --- Problem 1: too strong ---------------------------------------------------------------------------------------------------


def copy_psnr(windows):
    """Copy-last-frame on the validation windows of `fit`, dB."""
    x, y = windows.batch(training.split_windows(windows)[1])
    return scoring.psnr(vadkit.copy_last_frame(x), y).mean().item()


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
    scenes = [("campus", toy_scenes.VALIDATION_SEEDS[10])] if options.quick else CAPACITY_SCENES
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
    rows = run_all("capacity", "benchmarks/generalization.py capacity", settings, jobs, train_through_milestones,
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


# --- Problem 2: the scene is baked in ----------------------------------------------------------------------------------------


def train_here_test_everywhere(place, scene_seed, seed, steps, tests):
    scene = scene_of(place, scene_seed)
    predictor = vadkit.build_predictor(**TRANSFER_PREDICTOR, seed=seed)
    history = train(predictor, scene, steps=steps, seed=seed)
    return {"psnr_validation": history.validation_psnr[-1],
            "on": {scene_of(*test).name: figures(predictor, scene_of(*test)) for test in tests}}  # fmt: skip


def transfer(options):
    scenes = TRANSFER_SCENES
    if options.quick:
        scenes = [("campus", toy_scenes.VALIDATION_SEEDS[20]), ("road", toy_scenes.VALIDATION_SEEDS[22]),
                  ("park", toy_scenes.VALIDATION_SEEDS[24])]  # fmt: skip
    seeds, steps = (range(1), options.steps or 100) if options.quick else (range(options.seeds), options.steps or 500)
    jobs = {
        f"{place}-{scene_seed} | seed {seed}": {
            "place": place, "scene_seed": scene_seed, "seed": seed, "steps": steps, "tests": scenes}
        for seed in seeds for place, scene_seed in scenes
    }  # fmt: skip
    settings = {"steps": steps, "predictor": TRANSFER_PREDICTOR, "scenes": scene_names(scenes)}
    settings["copy last frame"] = {scene_of(*s).name: figures(vadkit.copy_last_frame, scene_of(*s)) for s in scenes}
    rows = list(run_all("transfer", "benchmarks/generalization.py transfer", settings, jobs, train_here_test_everywhere,
                        not options.quick, options.restart).values())  # fmt: skip
    names = list(settings["scenes"])
    for figure, unit in (("psnr_normal", "dB"), ("gap", "dB"), ("auc_raw", ""), ("auc_clip", "")):
        found = transfer_matrix(rows, figure)[1]
        print(f"\n{figure} {unit}, trained on (down), tested on (across)\n{'':16}" + "".join(f"{n:>14}" for n in names))
        for name, values in zip(names, found):
            print(f"{name:16}" + "".join(f"{v:14.3f}" for v in values))
        print(f"{'copy last frame':16}" + "".join(f"{settings['copy last frame'][n][figure]:14.3f}" for n in names))
        difference, p = diagonal_test(found)
        print(f"at home minus elsewhere: {difference:+.3f} {unit}, p = {p:.4f} (exact permutation test, one-sided)")
    print_context(rows, names)


def print_context(rows, names):
    """A car on the campus, for networks of every place: raw AUC and gap of the car, and of the other behavioural kinds."""
    print(f"\n{'on the campus, trained on':27}{'car AUC':>10}{'others':>10}{'car gap dB':>12}{'others':>10}")
    for place in dict.fromkeys(row["place"] for row in rows):
        foreign = [row["on"][n]["by_kind"] for row in rows for n in names
                   if row["place"] == place and n.startswith("campus") and n != f"{row['place']}-{row['scene_seed']}"]  # fmt: skip
        at_home = [row["on"][n]["by_kind"] for row in rows for n in names
                   if n.startswith("campus") and n == f"{row['place']}-{row['scene_seed']}" and row["place"] == place]  # fmt: skip
        for where, found in ((place if place != "campus" else "another campus", foreign), ("the same campus", at_home)):
            if found:
                others = [k for k in toy_scenes.KINDS if k != "car" and k in found[0]]
                cells = [np.mean([[kinds[k][figure] for k in group] for kinds in found])
                         for figure in ("auc", "gap") for group in (["car"], others)]  # fmt: skip
                print(f"{where:27}{cells[0]:10.3f}{cells[1]:10.3f}{cells[2]:12.2f}{cells[3]:10.2f}")


# --- The boar at every capacity ----------------------------------------------------------------------------------------------


def boar(options):
    """Train every width on the boar's scene; keep every fourth frame it predicts, one (n, 64, 64) uint8 tensor per network."""
    scene, clip = toy_scenes.boar_scene(), toy_scenes.the_boar()
    widths, steps = (WIDTHS[:2], options.steps or 60) if options.quick else (WIDTHS, options.steps or 500)
    first = plots.telling_frame(clip) % 4 + 4
    about = plain({"script": "benchmarks/generalization.py boar", "steps": steps, "seed": 0, "torch": torch.__version__,
                   "scene": fingerprint(scene), "clip": clip.name, "frames": range(first, len(clip), 4)})  # fmt: skip
    path, drawn, networks = checkpoints.RESULTS / "capacity_boar.safetensors", {}, {}
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
    predictions, psnr = plots.predict_and_score(clip, predictor)
    found = {"psnr_normal": np.nanmean(psnr[~clip.labels]), "psnr_boar": np.nanmean(psnr[clip.labels])}
    pictures = torch.from_numpy((255 * predictions[np.array(frames) - 4]).round().astype(np.uint8))
    return pictures, plain(found) | {"psnr": [round(float(v), 2) for v in psnr[4:]]}


STUDIES = {"capacity": capacity, "transfer": transfer, "boar": boar}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=STUDIES)
    parser.add_argument("--quick", action="store_true", help="a reduced version on validation scenes, nothing kept")
    parser.add_argument("--steps", type=int, help="steps of each training (default 500; 60 or 100 when quick)")
    parser.add_argument("--seeds", type=int, default=2, help="transfer: trainings on each scene (default 2)")
    parser.add_argument("--restart", action="store_true", help="forget the results kept so far")
    sys.exit(main(lambda options: STUDIES[options.study](options), parser))
