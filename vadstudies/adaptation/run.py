"""A camera at a place never seen, and K windows of its normal life: who settles in best?

    python -m vadstudies.adaptation.run           about 25 minutes on one core; stop and go on as you like
    python -m vadstudies.adaptation.run --quick   two validation scenes, one seed, nothing kept: about a minute

Ten scenes of TEST_SEEDS, all four places, one test clip for every behavioural kind of anomaly there; every fifth window of a test
clip is scored. K = 0, 1, 5, 10 consecutive windows (K + 4 frames) of a training clip; three draws, each from another clip and the
same for every method. Three training seeds. Whole-frame PSNR, no smoothing. The 95 % interval of a paired difference comes from
a bootstrap over scenes: seeds and draws of a scene are averaged first.

Fine-tuning has its optimizer, rate and number of steps chosen on validation scenes, by PSNR with K = 5: "fine-tuned, equal" among
plain gradient descent of as many steps as MAML takes, "fine-tuned, best" also among Adam and up to twenty times as many steps.

Keeps choice.json (what was chosen), results.json and steps.json (PSNR against steps).
"""

import argparse
import hashlib
import sys
from functools import cache, lru_cache

import numpy as np
import torch

import vadkit
from vadkit import evaluation, metrics, toy
from vadkit.adaptation import fine_tuning
from vadkit.maml.adapting import inner_steps
from vadkit.zoo import SHIPPED
from vadstudies.adaptation import report
from vadstudies.adaptation.report import FINE_TUNED, MAML
from vadstudies.jobs import fingerprint, main, run_all

SHOTS, DRAWS, SEEDS, EVERY = (1, 5, 10), 3, (0, 1, 2), 5
SCENES = [(toy.PLACES[i % 4], toy.TEST_SEEDS[100 + i]) for i in range(10)]
CHOOSING = [(toy.PLACES[i % 4], toy.VALIDATION_SEEDS[100 + i]) for i in range(4)]
EQUAL = [("sgd", rate, 3) for rate in (0.003, 0.01, 0.03, 0.1, 0.3)]
OPTIMIZERS = [("sgd", 0.03), ("sgd", 0.1), ("sgd", 0.3), ("adam", 5e-4), ("adam", 1e-3), ("adam", 2e-3)]
STEPS = (0, 1, 2, 3, 5, 10, 20, 30, 45, 60)
META = {"Reptile": "reptile", "first-order MAML": "fomaml", "MAML, fixed rate": "maml", MAML: "maml_rates"}
ZERO = ["copy last frame", "moving pixels"]
NETWORK = {"name": "unet", "width": 8, "depth": 2, "stem": 2}
METHODS = ["from scratch", "fine-tuned, equal", FINE_TUNED, *META]


@lru_cache(maxsize=3)
def scene_of(place, scene_seed):
    kinds = [kind for kind in toy.KINDS if kind in toy.kinds_for(place)]
    return toy.toy_scene(scene_seed, place, n_test=len(kinds), kinds=kinds)


@cache
def weights(way, seed):
    return vadkit.load_checkpoint(f"{way}_{seed}")


def support_of(scene, draw, k_shot):
    """K consecutive windows of training clip number `draw`; for one draw, a larger K goes on from the same first frame."""
    x, y = vadkit.make_windows(scene.train_clips[draw].frames)
    start = np.random.default_rng([draw, len(scene.name)]).integers(len(x) - max(SHOTS) + 1)
    return x[start : start + k_shot], y[start : start + k_shot]


@lru_cache(maxsize=8)
def normal_windows(place, scene_seed):
    """Forty normal windows of the last training clip, which no support comes from."""
    x, y = vadkit.make_windows(scene_of(place, scene_seed).train_clips[-1].frames)
    chosen = np.linspace(0, len(x) - 1, 40).astype(int)
    return x[chosen], y[chosen]


@torch.no_grad()
def normal_psnr(predictor, windows):
    return metrics.psnr(predictor(windows[0]).clamp(0, 1), windows[1]).mean().item()


# --- What fine-tuning may choose ---------------------------------------------------------------------------------------------


def try_out(start, optimizer, rate, k_shot, place, scene_seed):
    """PSNR on normal windows of a scene after each of STEPS. start: "pre-trained", or "from scratch"."""
    predictor = start_of(start, 0)
    support, windows = support_of(scene_of(place, scene_seed), 0, k_shot), normal_windows(place, scene_seed)
    n_steps = max(STEPS) if start == "pre-trained" and (optimizer, rate) in OPTIMIZERS else 3
    path = fine_tuning(predictor, support, optimizer, rate, n_steps)
    return {"psnr": [normal_psnr(tuned, windows) for step, tuned in enumerate(path) if step in STEPS]}


def start_of(method, seed):
    """The predictor that a method adapts."""
    if method == "from scratch":
        return vadkit.build_predictor(**NETWORK, seed=seed)
    return weights(META.get(method, "joint"), seed).predictor


def choose(options):
    """-> {method: (optimizer, rate, steps)}, the best on validation scenes with K = 5, for which MAML's rates were learned too."""
    scenes = CHOOSING[:2] if options.quick else CHOOSING
    tried = {("pre-trained", *o) for o in OPTIMIZERS}
    tried |= {(start, o, r) for o, r, _ in EQUAL for start in ("pre-trained", "from scratch")}
    jobs = {
        f"{start} | {optimizer} {rate} | K 5 | {place}-{seed}": {
            "start": start, "optimizer": optimizer, "rate": rate, "k_shot": 5, "place": place, "scene_seed": seed}
        for place, seed in scenes for start, optimizer, rate in sorted(tried)
    }  # fmt: skip
    settings = {"steps": STEPS, "scenes": names(scenes), "weights": made_from(FINE_TUNED, 0)}
    rows = run_all("adaptation/choice", "vadstudies/adaptation/run.py", settings, jobs, try_out, not options.quick,
                   options.restart)  # fmt: skip
    chosen = {}
    for method, start, steps in (("from scratch", "from scratch", (3,)), ("fine-tuned, equal", "pre-trained", (3,)),
                                 (FINE_TUNED, "pre-trained", STEPS[1:])):  # fmt: skip
        found = {}
        for row in rows.values():
            if row["start"] == start and (row["optimizer"] == "sgd" or method == FINE_TUNED):
                for step, value in zip(STEPS, row["psnr"]):
                    if step in steps:
                        found.setdefault((row["optimizer"], row["rate"], step), []).append(value)
        chosen[method] = max(found, key=lambda recipe: np.mean(np.nan_to_num(found[recipe])))
        print(f"{method:20} {chosen[method][0]} {chosen[method][1]:g} x {chosen[method][2]}")
    return chosen


# --- The comparison ----------------------------------------------------------------------------------------------------------


def adapted_copies(method, seed, recipes, support, n_steps=None):
    """The copies after 0, 1, ... steps; n_steps: the trained or chosen number when None."""
    if method in META:
        trained = weights(META[method], seed)
        return inner_steps(trained.predictor, support, trained.rates, n_steps or trained.n_inner_steps)
    optimizer, rate, chosen_steps = recipes[method]
    return fine_tuning(start_of(method, seed), support, optimizer, rate, n_steps or chosen_steps)


def figures(predictor, scene, measure=None):
    found = report.evaluate_some(predictor, scene.test_clips, EVERY, measure)
    return {
        "psnr": found.psnr_normal,
        "auc_raw": found.auc_raw,
        "auc_clip": found.auc_clip,
        "auc_macro": found.auc_macro,
    }


def compare(scene, place, scene_seed, method, seed, weights, shots, draws, recipes):
    """All K and draws of one method, one seed, on one scene -> {"shots": {K: {figure: one value for each draw}}}"""
    scene = scene_of(place, scene_seed)
    if method in ZERO:
        row = figures(vadkit.copy_last_frame, scene, evaluation.SCORES["moving"] if method == "moving pixels" else None)
        row["psnr"] = row["psnr"] if method == "copy last frame" else None
        return {"shots": {k: columns([row]) for k in (0, *shots)}}
    found = {0: columns([figures(start_of(method, seed), scene)])}
    for k in shots:
        copies = (adapted_copies(method, seed, recipes, support_of(scene, draw, k)) for draw in range(draws))
        found[k] = columns([figures([*path][-1], scene) for path in copies])
    return {"shots": found}


def columns(rows):
    return {name: [row[name] for row in rows] for name in rows[0]}


def names(scenes):
    return {f"{place}-{seed}": fingerprint(scene_of(place, seed)) for place, seed in scenes}


def made_from(method, seed):
    """The start of the hash of the weights file that a method adapts; "" where there is none."""
    if method in ZERO or method == "from scratch":
        return ""
    file = SHIPPED / f"{META.get(method, 'joint')}_{seed}.safetensors"
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


def study(options):
    recipes = choose(options)
    scenes = CHOOSING[:2] if options.quick else SCENES
    seeds, shots, draws = ((0,), (5,), 1) if options.quick else (options.seeds, SHOTS, DRAWS)
    about = {"every": EVERY, "scenes": names(scenes), "recipes": recipes, "shots": shots, "draws": draws}
    jobs = {
        f"{place}-{scene_seed} | {method} | seed {seed}": {
            "scene": f"{place}-{scene_seed}", "place": place, "scene_seed": scene_seed, "method": method, "seed": seed,
            "weights": made_from(method, seed)}
        for place, scene_seed in scenes for method in (*ZERO, *options.methods) for seed in (seeds if method in METHODS else (0,))
    }  # fmt: skip
    rows = run_all("adaptation/results", "vadstudies/adaptation/run.py", about, jobs, lambda **job: compare(**job, shots=shots, draws=draws, recipes=recipes),
                   not options.quick, options.restart)  # fmt: skip
    found = report.Study({"rows": rows})
    for k in (0, *shots):
        print(
            f"\nK = {k}, mean ± spread over seeds and draws\n{'':22}{'PSNR (dB)':>16}{'raw':>16}{'per-clip':>16}{'macro':>16}"
        )
        for row in found.table(k):
            print(f"{row['']:22}" + "".join(f"{cell:>16}" for name, cell in row.items() if name))
    for other in (FINE_TUNED, "fine-tuned, equal", "copy last frame") if MAML in found.methods else ():
        for figure in ("psnr", "auc_raw", "auc_clip", "auc_macro"):
            mean, low, high = found.difference(MAML, other, 5, figure)
            print(
                f"K = 5, {MAML} minus {other}, {figure}: {mean:+.3f}, 95 % interval over scenes [{low:+.3f}, {high:+.3f}]"
            )
    against_steps(options, recipes)


# --- PSNR against inner steps ------------------------------------------------------------------------------------------------


def walk(scene, place, scene_seed, method, seed, weights, recipes):
    """PSNR on normal windows after each of STEPS on five windows, whatever number a method was trained or chosen for."""
    windows, support = normal_windows(place, scene_seed), support_of(scene_of(place, scene_seed), 0, 5)
    path = adapted_copies(method, seed, recipes, support, max(STEPS))
    return {"psnr": [normal_psnr(adapted, windows) for step, adapted in enumerate(path) if step in STEPS]}


def against_steps(options, recipes):
    scenes, seeds = (CHOOSING[:1], (0,)) if options.quick else (SCENES[:4], options.seeds)
    jobs = {
        f"{place}-{scene_seed} | {method} | seed {seed}": {
            "scene": f"{place}-{scene_seed}", "place": place, "scene_seed": scene_seed, "method": method, "seed": seed,
            "weights": made_from(method, seed)}
        for place, scene_seed in scenes for method in options.methods for seed in seeds
    }  # fmt: skip
    settings = {"steps": STEPS, "k_shot": 5, "recipes": recipes, "scenes": names(scenes),
                "copy last frame": {f"{p}-{s}": normal_psnr(vadkit.copy_last_frame, normal_windows(p, s)) for p, s in scenes}}  # fmt: skip
    rows = run_all("adaptation/steps", "vadstudies/adaptation/run.py", settings, jobs, lambda **job: walk(**job, recipes=recipes),
                   not options.quick, options.restart)  # fmt: skip
    print(
        "\nPSNR (dB) on normal windows after so many steps on five windows\n"
        + " " * 22
        + "".join(f"{s:7}" for s in STEPS)
    )
    for method in options.methods:
        mean = np.mean([row["psnr"] for row in rows.values() if row["method"] == method], axis=0)
        print(f"{method:22}" + "".join(f"{value:7.2f}" for value in mean))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two validation scenes and one seed, nothing kept")
    parser.add_argument(
        "--methods",
        nargs="+",
        choices=METHODS,
        default=METHODS,
        help="only these (default: all)",
    )
    parser.add_argument("--seeds", nargs="+", type=int, choices=SEEDS, default=SEEDS, help="only these (default: all)")
    parser.add_argument("--restart", action="store_true", help="forget the results kept so far")
    sys.exit(main(study, parser))
