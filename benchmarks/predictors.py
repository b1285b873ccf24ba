"""All predictors side by side: parameters, speed, PSNR, gap and AUC, over three seeds and three toy scenes.

    python benchmarks/predictors.py            about 25 minutes on one core; stop and go on as you like
    python benchmarks/predictors.py --quick    one seed, one scene, few steps, nothing kept: under 2 minutes

Every predictor is trained from scratch on a scene's normal clips, for the same number of steps with the same settings, and
scored once on its test clips: whole-frame PSNR, no smoothing. Nothing was chosen on these scenes. Keeps
vadkit/results/predictors.json, one row per training.
"""

import argparse
import sys

import numpy as np
from real_scene import milliseconds_per_frame
from resumable import benchmark_scene, figures, fingerprint, main, run_all, train

import vadkit
from vadkit import toy_scenes

ROWS = {  # name in the table: (arguments of build_predictor, options of fit)
    "autoencoder": ({"name": "autoencoder"}, {}),
    "unet": ({"name": "unet", "stem": 2}, {}),
    "unet, predicts the change": ({"name": "unet", "stem": 2, "predicts": "change"}, {}),
    "unet, gradient loss": ({"name": "unet", "stem": 2}, {"gradient": 0.05}),
    "unet, adversarial": ({"name": "unet", "stem": 2}, {"adversarial": 0.05}),
    "attention": ({"name": "attention", "stem": 2}, {}),
    "transformer": ({"name": "transformer"}, {}),
    "memory": ({"name": "memory", "stem": 2, "depth": 2}, {"entropy": 0.0002}),
}
LEARN_NOTHING = {"copy last frame": "frame", "moving pixels": "moving"}  # name in the table: score
SCENES = list(zip(toy_scenes.PLACES[:3], toy_scenes.TEST_SEEDS))
QUICK_SCENES = [("campus", toy_scenes.VALIDATION_SEEDS[0])]
DRAWN = {}  # scenes, drawn once


def scene_of(place, scene_seed):
    return DRAWN.setdefault((place, scene_seed), benchmark_scene(scene_seed, place))


def train_and_score(predictor, place, scene_seed, seed, steps):
    scene = scene_of(place, scene_seed)
    if predictor in LEARN_NOTHING:
        return {"parameters": 0, **figures(vadkit.copy_last_frame, scene, score=LEARN_NOTHING[predictor])}
    build, fit = ROWS[predictor]
    model = vadkit.build_predictor(**build, seed=seed)
    history = train(model, scene, steps=steps, seed=seed, **fit)
    return {
        "parameters": vadkit.count_parameters(model), "ms_per_frame": milliseconds_per_frame(model, scene),
        "psnr_validation": history.validation_psnr[-1], **figures(model, scene),
    }  # fmt: skip


def print_table(rows):
    """Mean and spread (standard deviation) over seeds and scenes. "moving pixels" has no PSNR."""
    by_name = {}
    for row in rows.values():
        by_name.setdefault(row["predictor"], []).append(row)
    print(
        f"\n{'':27}{'parameters':>10}{'ms':>6}{'normal dB':>14}{'gap dB':>14}{'AUC raw':>14}{'per-clip':>14}{'macro':>14}"
    )
    for name, found in by_name.items():
        cells = [
            f"{name:27}{found[0]['parameters']:10,}",
            f"{np.median([r.get('ms_per_frame', 0) for r in found]):6.1f}",
        ]
        for figure, digits in (("psnr_normal", 2), ("gap", 2), ("auc_raw", 3), ("auc_clip", 3), ("auc_macro", 3)):
            values = [r[figure] for r in found]
            in_decibel = digits == 2 and name != "moving pixels"
            cells.append(
                f"{f'{np.mean(values):.{digits}f} ± {np.std(values):.{digits}f}' if digits == 3 or in_decibel else '-':>14}"
            )
        print("".join(cells))
    kinds = [k for k in (*toy_scenes.KINDS, *toy_scenes.CONTEXTUAL) if any(k in r["by_kind"] for r in rows.values())]
    print(f"\n{'raw AUC of':27}" + "".join(f"{kind[:9]:>10}" for kind in kinds))
    for name, found in by_name.items():
        means = [np.mean([r["by_kind"][kind]["auc"] for r in found if kind in r["by_kind"]]) for kind in kinds]
        print(f"{name:27}" + "".join(f"{mean:10.3f}" for mean in means))
    print(f"\nContextual kinds ({', '.join(toy_scenes.CONTEXTUAL)}) are in the second table only.")


def benchmark(options):
    scenes, seeds = (QUICK_SCENES, [0]) if options.quick else (SCENES, range(options.seeds))
    steps = options.steps or (40 if options.quick else 500)
    jobs = {}
    for place, scene_seed in scenes:
        for name in (*LEARN_NOTHING, *ROWS):
            for seed in seeds if name in ROWS else [0]:
                job = {"predictor": name, "place": place, "scene_seed": scene_seed, "seed": seed, "steps": steps}
                jobs[f"{name} | {place}-{scene_seed} | seed {seed}"] = job
    settings = {"steps": steps, "rows": ROWS, "scenes": {f"{p}-{s}": fingerprint(scene_of(p, s)) for p, s in scenes}}
    rows = run_all(
        "predictors", "benchmarks/predictors.py", settings, jobs, train_and_score, not options.quick, options.restart
    )
    print_table(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a reduced version on a validation scene, nothing kept")
    parser.add_argument("--steps", type=int, help="steps of each training (default 500; 40 when quick)")
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each predictor on each scene (default 3)")
    parser.add_argument("--restart", action="store_true", help="forget the results kept so far")
    sys.exit(main(benchmark, parser))
