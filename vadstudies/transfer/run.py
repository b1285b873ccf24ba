"""Networks trained at one place, tested at all others.

    python -m vadstudies.transfer.run          15 minutes on one core; stop and go on as you like
    python -m vadstudies.transfer.run --quick  2 minutes: on validation scenes, nothing kept

Train on scene i, test on scene j, six scenes in four places, two seeds (--seeds 3 adds a third).
Test of the difference: mean of the diagonal against its distribution when trained networks and
scenes are paired in every other way (720 permutations, exact).

Each network is tested as it is, and with its output rescaled by two numbers that ten windows of the
other scene tell. And a second network, which sees normalised windows and predicts the change, is
trained and tested in the same way.
"""

import sys

import vadkit
from vadkit import toy
from vadkit.adaptation import two_numbers
from vadkit.cli import whole_number
from vadstudies.jobs import (
    fingerprints,
    main,
    run_all,
    scene_metrics,
    study_parser,
    study_scene,
    train,
)
from vadstudies.statistics import diagonal_test
from vadstudies.transfer.report import VARIANTS, home_and_away, transfer_matrix

SCRIPT = "vadstudies/transfer/run.py"
PREDICTOR = {"name": "unet", "stem": 2, "width": 16}
REMEDY = PREDICTOR | {"predicts": "change", "normalise": True}
K = 10  # windows that tell the two numbers
PLACES = ("campus", "campus", "road", "road", "park", "square")
SCENES = [(place, toy.TEST_SEEDS[20 + i]) for i, place in enumerate(PLACES)]
QUICK_SCENES = [
    ("campus", toy.VALIDATION_SEEDS[20]),
    ("road", toy.VALIDATION_SEEDS[22]),
    ("park", toy.VALIDATION_SEEDS[24]),
]
METRICS = {"psnr_normal": "dB", "gap": "dB", "auc_raw": "", "auc_clip": ""}  # name: unit


def transfer(options):
    """Train on every scene, test on all, and print the tables."""
    pairs = QUICK_SCENES if options.quick else SCENES
    seeds = range(1 if options.quick else options.seeds)
    steps = options.steps or (100 if options.quick else 500)
    scenes = [study_scene(*pair) for pair in pairs]
    copied = {scene.name: scene_metrics(vadkit.copy_last_frame, scene) for scene in scenes}
    settings = {
        "steps": steps,
        "predictor": PREDICTOR,
        "remedy": REMEDY,
        "windows": K,
        "scenes": fingerprints(scenes),
        "copy last frame": copied,
    }
    # Seeds outside: when the run is stopped, every scene has as many trainings.
    jobs = {
        f"{place}-{scene_seed} | seed {seed}": {
            "place": place,
            "scene_seed": scene_seed,
            "seed": seed,
            "steps": steps,
            "tests": pairs,
        }
        for seed in seeds
        for place, scene_seed in pairs
    }
    results = run_all(
        "transfer/results", SCRIPT, settings, jobs, train_here_test_everywhere, options
    )
    rows = list(results.values())
    for how in VARIANTS:
        for metric, unit in METRICS.items():
            print_matrix(rows, metric, unit, copied, how)
    print("\nmean over networks")
    print(home_and_away(rows, copied).to_string())


def train_here_test_everywhere(place, scene_seed, seed, steps, tests):
    """Train on one scene, and measure on each of `tests`."""
    scene = study_scene(place, scene_seed)
    drawer, changer = (vadkit.build_predictor(**p, seed=seed) for p in (PREDICTOR, REMEDY))
    history = train(drawer, scene, steps=steps, seed=seed)
    train(changer, scene, steps=steps, seed=seed)
    measured = {how: {} for how in VARIANTS}
    for other in (study_scene(*test) for test in tests):
        rescaled = two_numbers(drawer, other.train_windows().batch(range(K)))
        for how, predictor in zip(VARIANTS, (drawer, rescaled, changer)):
            measured[how][other.name] = scene_metrics(predictor, other)
    return {"psnr_validation": history.validation_psnr[-1], **measured}


def print_matrix(rows, metric, unit, copied, how):
    matrix = transfer_matrix(rows, metric, how)
    difference, p = diagonal_test(matrix)
    matrix.loc["copy last frame"] = [copied[name][metric] for name in matrix]
    print(f"\n{VARIANTS[how]}: {metric} {unit}, trained on (down), tested on (across)")
    print(matrix.to_string(float_format="{:.3f}".format, index_names=False))
    print(
        f"at home minus elsewhere: {difference:+.3f} {unit}, p = {p:.4f} "
        "(exact permutation test, one-sided)"
    )


if __name__ == "__main__":
    parser = study_parser(__doc__)
    parser.add_argument(
        "--steps", type=whole_number(), help="steps of each training (default 500; 100 when quick)"
    )
    parser.add_argument(
        "--seeds", type=whole_number(1, 100), default=2, help="trainings on each scene (default 2)"
    )
    sys.exit(main(transfer, parser))
