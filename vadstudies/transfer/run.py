"""Problem 2: the scene is baked in. Networks trained at one place, tested at all others.

    python -m vadstudies.transfer.run            about 7 minutes on one core; stop and go on as you like
    python -m vadstudies.transfer.run --quick    a reduced version on validation scenes, nothing kept: under 2 minutes

Train on scene i, test on scene j, six scenes in four places, two seeds (--seeds 3 adds a third). Test of the difference: mean of the
diagonal against its distribution when trained networks and scenes are paired in every other way (720 permutations, exact).
Keeps results.json.
"""

import argparse
import sys

import numpy as np

import vadkit
from vadkit import toy
from vadstudies.jobs import benchmark_scene, figures, fingerprint, main, run_all, train
from vadstudies.statistics import diagonal_test
from vadstudies.transfer.report import transfer_matrix

TRANSFER_SCENES = [(place, toy.TEST_SEEDS[20 + i])
                   for i, place in enumerate(("campus", "campus", "road", "road", "park", "square"))]  # fmt: skip


TRANSFER_PREDICTOR = {"name": "unet", "stem": 2, "width": 16}
DRAWN = {}  # scenes, drawn once


def scene_of(place, scene_seed):
    return DRAWN.setdefault((place, scene_seed), benchmark_scene(scene_seed, place))


def scene_names(scenes):
    return {f"{place}-{seed}": fingerprint(scene_of(place, seed)) for place, seed in scenes}


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
        scenes = [("campus", toy.VALIDATION_SEEDS[20]), ("road", toy.VALIDATION_SEEDS[22]),
                  ("park", toy.VALIDATION_SEEDS[24])]  # fmt: skip
    seeds, steps = (range(1), options.steps or 100) if options.quick else (range(options.seeds), options.steps or 500)
    jobs = {
        f"{place}-{scene_seed} | seed {seed}": {
            "place": place, "scene_seed": scene_seed, "seed": seed, "steps": steps, "tests": scenes}
        for seed in seeds for place, scene_seed in scenes
    }  # fmt: skip
    settings = {"steps": steps, "predictor": TRANSFER_PREDICTOR, "scenes": scene_names(scenes)}
    settings["copy last frame"] = {scene_of(*s).name: figures(vadkit.copy_last_frame, scene_of(*s)) for s in scenes}
    rows = list(run_all("transfer/results", "vadstudies/transfer/run.py", settings, jobs, train_here_test_everywhere,
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
                others = [k for k in toy.KINDS if k != "car" and k in found[0]]
                cells = [np.mean([[kinds[k][figure] for k in group] for kinds in found])
                         for figure in ("auc", "gap") for group in (["car"], others)]  # fmt: skip
                print(f"{where:27}{cells[0]:10.3f}{cells[1]:10.3f}{cells[2]:12.2f}{cells[3]:10.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a reduced version on validation scenes, nothing kept")
    parser.add_argument("--steps", type=int, help="steps of each training (default 500; 100 when quick)")
    parser.add_argument("--seeds", type=int, default=2, help="trainings on each scene (default 2)")
    parser.add_argument("--restart", action="store_true", help="forget the results kept so far")
    sys.exit(main(transfer, parser))
