"""A camera at a place never seen, and K windows of its normal life: who adapts best?

    python -m vadstudies.adaptation.run           25 minutes on one core; stop and go on as you like
    python -m vadstudies.adaptation.run --quick   1 minute: two validation scenes, nothing kept

`vadstudies.adaptation.protocol` says what is measured. The 95 % interval of a paired difference
comes from a bootstrap over scenes: seeds and draws of a scene are averaged first.

Keeps choice.json (what was chosen), results.json and steps.json (PSNR against steps).
"""

import sys
from functools import partial

from pandas import DataFrame

import vadkit
from vadkit.zoo import SHIPPED
from vadstudies.adaptation.protocol import (
    CHOOSING,
    DRAWS,
    EQUAL_RATES,
    EVERY,
    LEARN_NOTHING,
    METHODS,
    N_INNER_STEPS,
    OPTIMIZERS,
    SCENES,
    SEEDS,
    SHOTS,
    STEPS,
    compare,
    follow_steps,
    normal_psnr,
    normal_windows,
    scene_of,
    try_out,
    weights_of,
)
from vadstudies.adaptation.report import FINE_TUNED, MAML, METRICS, Study, step_curves
from vadstudies.jobs import digest, fingerprints, main, run_all, study_parser
from vadstudies.results import tidy

SCRIPT = "vadstudies/adaptation/run.py"
CHOICES = {  # method: start, optimizers and numbers of steps to choose from
    "from scratch": ("from scratch", ["sgd"], [N_INNER_STEPS]),
    "fine-tuned, equal": ("pre-trained", ["sgd"], [N_INNER_STEPS]),
    FINE_TUNED: ("pre-trained", ["sgd", "adam"], STEPS[1:]),
}


def study(options):
    """Choose how to fine-tune, compare all methods, and follow them over the steps."""
    recipes = choose(options)
    run_comparison(options, recipes)
    run_steps(options, recipes)


def make_jobs(pairs, methods, seeds):
    """Arguments by key, and what else is kept of a job: its scene, and a hash of its weights.

    A job is done again when the weights are no longer the same.
    """
    jobs, labels = {}, {}
    for place, scene_seed in pairs:
        scene = f"{place}-{scene_seed}"
        for method in methods:
            for seed in seeds if method in METHODS else (0,):
                key = f"{scene} | {method} | seed {seed}"
                jobs[key] = {
                    "place": place,
                    "scene_seed": scene_seed,
                    "method": method,
                    "seed": seed,
                }
                labels[key] = {"scene": scene, "weights": hash_of_weights(method, seed)}
    return jobs, labels


def hash_of_weights(method, seed):
    """The start of the hash of the weights file that a method adapts; "" where there is none."""
    name = weights_of(method, seed)
    if not name:
        return ""
    return digest((SHIPPED / f"{name}.safetensors").read_bytes())


def hash_of_scenes(pairs):
    return fingerprints(scene_of(*pair) for pair in pairs)


# --- How to fine-tune


def choose(options):
    """Optimizer, rate and steps of each method: the best on validation scenes with K = 5.

    MAML's rates were learned for this K, too.
    """
    pairs = CHOOSING[:2] if options.quick else CHOOSING
    tried = {("pre-trained", *optimizer) for optimizer in OPTIMIZERS}
    for rate in EQUAL_RATES:
        tried |= {("pre-trained", "sgd", rate), ("from scratch", "sgd", rate)}
    jobs = {}
    for place, scene_seed in pairs:
        for start, optimizer, rate in sorted(tried):
            jobs[f"{start} | {optimizer} {rate} | K 5 | {place}-{scene_seed}"] = {
                "start": start,
                "optimizer": optimizer,
                "rate": rate,
                "k_shot": 5,
                "place": place,
                "scene_seed": scene_seed,
            }
    settings = {
        "steps": STEPS,
        "scenes": hash_of_scenes(pairs),
        "weights": hash_of_weights(FINE_TUNED, 0),
    }
    # `settings` has the hash of the weights: a choice made for others must not be taken over.
    keep, restart = not options.quick, options.restart
    rows = run_all("adaptation/choice", SCRIPT, settings, jobs, try_out, keep, restart)
    tries = tries_of(rows.values())
    recipes = {method: best_of(tries, *choice) for method, choice in CHOICES.items()}
    for method, (optimizer, rate, steps) in recipes.items():
        print(f"{method:20} {optimizer} {rate:g} x {steps}")
    return recipes


def tries_of(rows) -> DataFrame:
    """One line for each scene, start, optimizer, rate and number of steps; PSNR NaN as zero."""
    lines = tidy(rows)
    lines["step"] = [STEPS[: len(psnr)] for psnr in lines["psnr"]]
    lines = lines.explode(["step", "psnr"])
    return lines.assign(psnr=lines["psnr"].astype(float).fillna(0))


def best_of(tries: DataFrame, start, optimizers, steps):
    """The recipe with the highest mean PSNR over scenes."""
    allowed = (
        (tries["start"] == start) & tries["optimizer"].isin(optimizers) & tries["step"].isin(steps)
    )
    recipes = tries[allowed].groupby(["optimizer", "rate", "step"], sort=False)
    optimizer, rate, step = recipes["psnr"].mean().idxmax()
    return optimizer, float(rate), int(step)


# --- The comparison


def run_comparison(options, recipes):
    pairs = CHOOSING[:2] if options.quick else SCENES
    seeds, shots, draws = ((0,), (5,), 1) if options.quick else (options.seeds, SHOTS, DRAWS)
    settings = {
        "every": EVERY,
        "scenes": hash_of_scenes(pairs),
        "recipes": recipes,
        "shots": shots,
        "draws": draws,
    }
    jobs, labels = make_jobs(pairs, (*LEARN_NOTHING, *options.methods), seeds)
    run = partial(compare, shots=shots, draws=draws, recipes=recipes)
    keep, restart = not options.quick, options.restart
    rows = run_all("adaptation/results", SCRIPT, settings, jobs, run, keep, restart, labels)
    results = Study({"rows": rows})
    for k in (0, *shots):
        print(f"\nK = {k}, mean ± spread over seeds and draws")
        print(results.table(k).set_index("").to_string(index_names=False))
    if MAML in results.methods:
        print_differences(results)


def print_differences(results):
    for other in (FINE_TUNED, "fine-tuned, equal", "copy last frame"):
        for metric in METRICS:
            mean, low, high = results.difference(MAML, other, 5, metric)
            print(
                f"K = 5, {MAML} minus {other}, {metric}: {mean:+.3f}, "
                f"95 % interval over scenes [{low:+.3f}, {high:+.3f}]"
            )


# --- PSNR against steps


def run_steps(options, recipes):
    pairs, seeds = (CHOOSING[:1], (0,)) if options.quick else (SCENES[:4], options.seeds)
    copied = {
        f"{place}-{scene_seed}": normal_psnr(
            vadkit.copy_last_frame, normal_windows(place, scene_seed)
        )
        for place, scene_seed in pairs
    }
    settings = {
        "steps": STEPS,
        "k_shot": 5,
        "recipes": recipes,
        "scenes": hash_of_scenes(pairs),
        "copy last frame": copied,
    }
    jobs, labels = make_jobs(pairs, options.methods, seeds)
    run = partial(follow_steps, recipes=recipes)
    keep, restart = not options.quick, options.restart
    rows = run_all("adaptation/steps", SCRIPT, settings, jobs, run, keep, restart, labels)
    # Printed from the rows at hand: a quick run keeps no file to read.
    curves, _ = step_curves({"rows": rows, "about": {"settings": settings}})
    print("\nPSNR (dB) on normal windows after so many steps on five windows")
    print(curves.T.to_string(float_format="{:.2f}".format))


if __name__ == "__main__":
    parser = study_parser(__doc__)
    parser.add_argument(
        "--methods",
        nargs="+",
        choices=METHODS,
        default=METHODS,
        help="only these (default: all)",
    )
    parser.add_argument(
        "--seeds",
        nargs="+",
        type=int,
        choices=SEEDS,
        default=SEEDS,
        help="only these (default: all)",
    )
    sys.exit(main(study, parser))
