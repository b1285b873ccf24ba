"""All predictors side by side: parameters, speed, PSNR, gap and AUC, over three toy scenes, each with a seed of its own.

    python -m vadstudies.predictors.run            about 8 minutes on one core; stop and go on as you like
    python -m vadstudies.predictors.run --seeds 3  every predictor with three seeds on every scene: three times as long
    python -m vadstudies.predictors.run --quick    one seed, one scene, few steps, nothing kept: under 2 minutes

Every predictor is trained from scratch on a scene's normal clips, for the same number of steps with the same settings, and
scored once on its test clips: whole-frame PSNR, no smoothing. Nothing was chosen on these scenes. Keeps
results.json, one row per training.
"""

import argparse
import sys

import vadkit
from vadkit import toy
from vadstudies.first_light.real_scene import milliseconds_per_frame
from vadstudies.jobs import benchmark_scene, figures, fingerprint, main, run_all, train
from vadstudies.predictors.report import predictor_kinds, predictor_table

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
SCENES = list(zip(toy.PLACES[:3], toy.TEST_SEEDS))
QUICK_SCENES = [("campus", toy.VALIDATION_SEEDS[0])]
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
    for caption, lines in (
        ("mean ± spread over seeds and scenes", predictor_table(rows)),
        ("raw AUC per kind", predictor_kinds(rows)),
    ):
        print(f"\n{caption}")
        cells = [
            list(lines[0]),
            *([f"{v:.3f}" if isinstance(v, float) else str(v) for v in line.values()] for line in lines),
        ]
        widths = [max(map(len, column)) for column in zip(*cells)]
        print("\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths)) for row in cells))
    print(f"\nContextual kinds ({', '.join(toy.CONTEXTUAL)}) are in the second table only.")


def benchmark(options):
    scenes = QUICK_SCENES if options.quick else SCENES
    steps = options.steps or (40 if options.quick else 300)
    jobs = {}
    for turn in range(
        options.seeds
    ):  # a whole table after each turn: every predictor on every scene, no two scenes with one seed
        for number, (place, scene_seed) in enumerate(scenes):
            for name in (*LEARN_NOTHING, *ROWS) if turn == 0 else ROWS:
                seed = (number + turn) % max(options.seeds, len(scenes))
                job = {"predictor": name, "place": place, "scene_seed": scene_seed, "seed": seed, "steps": steps}
                jobs[f"{name} | {place}-{scene_seed} | seed {seed}"] = job
    settings = {"steps": steps, "rows": ROWS, "scenes": {f"{p}-{s}": fingerprint(scene_of(p, s)) for p, s in scenes}}
    rows = run_all(
        "predictors/results", "vadstudies/predictors/run.py", settings, jobs, train_and_score, not options.quick, options.restart
    )
    print_table(list(rows.values()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a reduced version on a validation scene, nothing kept")
    parser.add_argument("--steps", type=int, help="steps of each training (default 300; 40 when quick)")
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each predictor on each scene (default 1)")
    parser.add_argument("--restart", action="store_true", help="forget the results kept so far")
    sys.exit(main(benchmark, parser))
