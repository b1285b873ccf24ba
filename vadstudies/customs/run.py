"""One-way places: K windows of normal life, and who knows then whom to expect?

    python -m vadstudies.customs.run                    hours on one core; stop, go on as you like
    python -m vadstudies.customs.run --quick            2 minutes: two validation places, not kept
    python -m vadstudies.customs.run --custom species   cyclists or skateboarders; half an hour

`vadstudies.customs.protocol` says what is measured. Keeps choice.json (how to fine-tune, chosen on
validation places) and results.json, for another custom than the stream under its name.
"""

import sys
from functools import partial

from vadkit.cli import output_file
from vadkit.zoo import SHIPPED
from vadstudies.customs.protocol import (
    CHOOSING,
    DRAWS,
    EQUAL,
    EVERY,
    LEARN_NOTHING,
    LEARNED,
    N_STEPS,
    ONE_SIDE_EQUAL,
    ONE_STEP,
    OPTIMIZERS,
    PLACES,
    SHOTS,
    STEPS,
    STREAM,
    TUNED,
    WRONG,
    compare,
    methods_of,
    place_of,
    try_out,
    weights_of,
)
from vadstudies.customs.report import Study
from vadstudies.jobs import digest, fingerprints, main, run_all, study_parser
from vadstudies.results import results_file, tidy
from vadstudies.weights.run import WEIGHTS
from vadstudies.weights.streams import OTHERS, SEEDS, name_of

SCRIPT = "vadstudies/customs/run.py"
K = 10  # at which methods are compared
COMPARISONS = [
    ("MAML", "copy last frame"),
    ("MAML", "ordinary, fine-tuned"),
    ("MAML, 1 step", ONE_STEP),
    ("MAML", EQUAL),
    ("MAML", "strangers, fine-tuned"),
    ("MAML", ONE_SIDE_EQUAL),
    ("MAML", "one side, fine-tuned"),
    ("MAML", "MAML" + WRONG),
    ("strangers, fine-tuned", "strangers, fine-tuned" + WRONG),
]
COMPARED = ("auc_raw", "auc_busy", "psnr")


def study(options):
    """Choose how to fine-tune, then compare all methods."""
    custom, name = options.custom, file_of("results", options.custom)
    if not options.quick:
        output_file(results_file(name))  # which comes hours later
    recipes = choose(options)
    pairs = CHOOSING[:2] if options.quick else PLACES
    seeds, shots, draws = ((0,), (5,), 1) if options.quick else (SEEDS, SHOTS, DRAWS)
    if custom != STREAM:
        seeds, shots = (0,), (5,) if options.quick else (K,)
    settings = {
        "every": EVERY,
        "scenes": fingerprints(place_of(*pair, custom) for pair in pairs),
        "recipes": recipes,
        "shots": shots,
        "draws": draws,
    }
    jobs, labels = {}, {}
    for seed in seeds:
        for method in methods_of(custom, WEIGHTS):
            if seed and (method in LEARN_NOTHING or weights_of(method) in OTHERS):
                continue  # of these there is one seed
            for kind, place_seed in pairs:
                key = f"{kind}-{place_seed} | {method} | seed {seed}"
                where = {"kind": kind, "place_seed": place_seed}
                jobs[key] = {**where, "method": method, "seed": seed}
                labels[key] = {
                    "scene": f"{kind}-{place_seed}",
                    "weights": hash_of(method, seed, custom),
                }
    run = partial(compare, shots=shots, draws=draws, recipes=recipes, custom=custom)
    rows = run_all(name, SCRIPT, settings, jobs, run, options, labels)
    report(Study({"rows": rows}), 5 if options.quick else K)


def report(results: Study, k: int):
    """Print curves, the table, and paired differences."""
    print("\nraw AUC for K windows")
    print(results.curve().to_string(float_format="{:.3f}".format))
    print(f"\nK = {k}, mean ± spread over training seeds and draws")
    print(results.table(k).set_index("").to_string(index_names=False))
    print(f"\nK = {k}, paired differences, for these trainings")
    print("95 % t intervals over places, for all of them together")
    pairs = [pair for pair in COMPARISONS if {*pair} <= {*results.methods}]
    n = len(COMPARED) * (len(pairs) + 1)
    for metric in COMPARED:
        for one, other in pairs:
            print_difference(one, other, metric, results.difference(one, other, k, metric, n))
        leap = results.difference("MAML", "MAML", k, metric, n, k_other=0)
        print_difference("MAML", "MAML at K = 0", metric, leap)


def print_difference(one, other, metric, difference):
    mean, low, high = difference
    print(f"{one} minus {other}, {metric}: {mean:+.3f} [{low:+.3f}, {high:+.3f}]")


def file_of(what: str, custom: str) -> str:
    """Where the results of a custom are kept."""
    return f"customs/{what}" if custom == STREAM else f"customs/{custom}_{what}"


def hash_of(method: str, seed: int, custom: str = STREAM) -> str:
    """Start of the hash of the weights that a method starts from; "" where there are none."""
    weights = weights_of(method, custom)
    return (
        digest((SHIPPED / f"{name_of(weights, seed)}.safetensors").read_bytes()) if weights else ""
    )


def choose(options) -> dict:
    """How each method is fine-tuned: what gave the highest raw AUC on validation places, K = 10."""
    custom = options.custom
    pairs = CHOOSING[:2] if options.quick else CHOOSING
    starts = {method: weights_of(method, custom) for method in methods_of(custom, WEIGHTS)}
    tuned = {method: starts[method] for method in TUNED if method in starts}
    jobs = {}
    for weights in sorted(set(tuned.values())):
        for optimizer, rates in OPTIMIZERS.items():
            for rate in rates:
                for kind, place_seed in pairs:
                    arguments = {"optimizer": optimizer, "rate": rate, "weights": weights}
                    key = f"{weights} | {optimizer} {rate} | {kind}-{place_seed}"
                    jobs[key] = {**arguments, "kind": kind, "place_seed": place_seed}
    for kind, place_seed in pairs:  # nothing is chosen here: to see how far its steps carry
        arguments = {"optimizer": LEARNED, "rate": 0.0, "weights": starts["MAML"]}
        key = f"{starts['MAML']} | {kind}-{place_seed}"
        jobs[key] = {**arguments, "kind": kind, "place_seed": place_seed}
    settings = {
        "steps": STEPS,
        "scenes": fingerprints(place_of(*pair, custom) for pair in pairs),
        "weights": {method: hash_of(method, 0, custom) for method in (*tuned, "MAML")},
    }
    run = partial(try_out, custom=custom)
    rows = run_all(file_of("choice", custom), SCRIPT, settings, jobs, run, options)
    tries = tidy(rows.values(), "steps", "n_steps").astype({"n_steps": int})
    recipes = {}
    for method, weights in tuned.items():
        steps = [N_STEPS[method]] if method in N_STEPS else STEPS
        allowed = tries[(tries["weights"] == weights) & tries["n_steps"].isin(steps)]
        mean = allowed.groupby(["optimizer", "rate", "n_steps"])["auc_raw"].mean()
        optimizer, rate, n_steps = mean.idxmax()
        recipes[method] = (optimizer, float(rate), int(n_steps))
        best = f"{optimizer} {rate:g} x {n_steps}: {mean.max():.3f} on validation places"
        print(f"{method:36} {best}")
    return recipes


def parser():
    """What the command line takes."""
    parser = study_parser(__doc__)
    parser.add_argument(
        "--custom",
        choices=[STREAM, "species"],
        default=STREAM,
        help="what differs between places (default: which way people go)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(study, parser()))
