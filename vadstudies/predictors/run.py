"""All predictors side by side: parameters, speed, PSNR, gap and AUC on three toy scenes.

    python -m vadstudies.predictors.run            6 minutes on one core; stop and go on as you like
    python -m vadstudies.predictors.run --seeds 3  three seeds on every scene, as notebook 03 shows
    python -m vadstudies.predictors.run --quick    2 minutes: on a validation scene, nothing kept

Every predictor is trained from scratch on a scene's normal clips, for the same number of steps with
the same settings, and scored once on its test clips: whole-frame PSNR, no smoothing. Each scene has
a seed of its own. Nothing was chosen on these scenes.
"""

import sys
from functools import partial

import vadkit
from vadkit import toy
from vadkit.adversarial import Adversary
from vadkit.callbacks import AddressingEntropy
from vadkit.cli import whole_number
from vadkit.losses import prediction_loss
from vadstudies.first_light.real_scene import milliseconds_per_frame
from vadstudies.jobs import (
    fingerprints,
    main,
    run_all,
    scene_metrics,
    study_parser,
    study_scene,
    train,
)
from vadstudies.predictors.report import predictor_kinds, predictor_table

SCRIPT = "vadstudies/predictors/run.py"
ROWS = {  # name in the table: (arguments of build_predictor, of `how_to_fit`)
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


def compare(options):
    """Train and score every predictor on every scene, and print the tables."""
    scenes = QUICK_SCENES if options.quick else SCENES
    steps = options.steps or (40 if options.quick else 300)
    jobs = make_jobs(scenes, options.seeds, steps)
    fingerprint_of = fingerprints(study_scene(*scene) for scene in scenes)
    settings = {"steps": steps, "rows": ROWS, "scenes": fingerprint_of}
    results = run_all("predictors/results", SCRIPT, settings, jobs, train_and_score, options)
    rows = list(results.values())
    print("\nmean ± spread over seeds and scenes")
    print(predictor_table(rows).to_string(index=False))
    print("\nraw AUC per kind")
    print(predictor_kinds(rows).to_string(index=False, float_format="{:.3f}".format))
    print(f"\nContextual kinds ({', '.join(toy.CONTEXTUAL)}) are in the second table only.")


def make_jobs(scenes, n_seeds, steps):
    """Arguments of `train_and_score` by key, in turns: after each, there is a whole table.

    Every turn has every predictor on every scene, and no two scenes with one seed.
    """
    jobs = {}
    for turn in range(n_seeds):
        names = (*LEARN_NOTHING, *ROWS) if turn == 0 else ROWS
        for number, (place, scene_seed) in enumerate(scenes):
            seed = (number + turn) % max(n_seeds, len(scenes))
            for name in names:
                jobs[f"{name} | {place}-{scene_seed} | seed {seed}"] = {
                    "predictor": name,
                    "place": place,
                    "scene_seed": scene_seed,
                    "seed": seed,
                    "steps": steps,
                }
    return jobs


def train_and_score(predictor, place, scene_seed, seed, steps):
    """Train one predictor, by its name in the table, on one scene, and measure it there."""
    scene = study_scene(place, scene_seed)
    if predictor in LEARN_NOTHING:
        score = LEARN_NOTHING[predictor]
        return {"parameters": 0, **scene_metrics(vadkit.copy_last_frame, scene, score=score)}
    network, options = ROWS[predictor]
    model = vadkit.build_predictor(**network, seed=seed)
    history = train(model, scene, steps=steps, seed=seed, **how_to_fit(**options))
    return {
        "parameters": vadkit.count_parameters(model),
        "ms_per_frame": milliseconds_per_frame(model, scene),
        "psnr_validation": history.validation_psnr[-1],
        **scene_metrics(model, scene),
    }


def how_to_fit(gradient=0.0, adversarial=0.0, entropy=0.0):
    """Arguments of `vadkit.fit` for the weights of these losses."""
    callbacks = []
    if adversarial:
        callbacks.append(Adversary(adversarial))
    if entropy:
        callbacks.append(AddressingEntropy(entropy))
    return {"loss": partial(prediction_loss, gradient=gradient), "callbacks": callbacks}


if __name__ == "__main__":
    parser = study_parser(__doc__)
    parser.add_argument(
        "--steps", type=whole_number(), help="steps of each training (default 300; 40 when quick)"
    )
    parser.add_argument(
        "--seeds",
        type=whole_number(1, 100),
        default=1,
        help="trainings of each predictor on each scene (default 1)",
    )
    sys.exit(main(compare, parser))
