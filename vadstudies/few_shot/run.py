"""A new camera and K windows of its life: adapt weights that never saw a real frame, then score.

    python -m vadstudies.few_shot.run --target FOLDER --k 0 1 5 10

FOLDER is a prepared scene (data_scripts/prepare_*.py) whose test clips are labelled. A window is
four frames and the fifth that is to be predicted, so K consecutive windows are K + 4 frames.

methods
  maml                meta-trained on toy scenes; adapted with 150 steps of Adam, many more than it
                      was trained for, each on up to four of the K windows, mirrored by chance,
                      with a drawn stranger pasted into half of them and the frame without as
                      target (vadkit.adaptation.settle_in)
  maml_learned_rates  the same weights, adapted as in training, by gradient descent at the inner
                      rates it learned; 30 steps. Where that runs off to infinity, all rates are
                      halved until it does not
  fine_tuned          plain training on the same toy scenes all the way, strangers among them as for
                      maml, for about as long; adapted like maml
  maml_real_tasks     only with --tasks: maml, meta-trained for 150 more steps here and now, half of
                      its tasks toy scenes and half the training clips of these prepared scenes,
                      labels unseen; adapted like maml. These weights are not kept
  copy_last_frame     learns nothing: the next frame is the last one
  moving_pixels       learns and predicts nothing: the share of pixels that changed

what is adapted on (--support)
  train       K consecutive windows of one training clip, which shows normal life only. Five draws
              or more; for one draw, a larger K goes on from the same first frame, and all methods
              get the same windows. K = 0 needs no draw.
  clip_start  the first K windows of each test clip, for that clip alone, whatever they show (the
              protocol of MPN, Lv et al. 2021). There is nothing to draw.

what is scored
  train       every frame of every labelled test clip but the first four, which no window predicts
  clip_start  the frames after the first max(K) windows of each labelled test clip, for every row of
              the table: no row is scored on a frame that any row has adapted on
  The score is whole-frame PSNR, unsmoothed. Labels are read after all frames of all methods have
  their scores.
  raw: micro AUC over all frames, scores as they are; per-clip: after min-max in each clip, as most
  papers do; macro: mean of the clips' own AUCs, clips of one class left out. PSNR: mean over normal
  frames, dB; gap: that minus the mean over abnormal frames.

The last line is one JSON object: method -> K -> metrics (mean over draws; std_... is the spread
over draws).
"""

import argparse
import json
import sys

from pandas import DataFrame

import vadkit
from vadkit.cli import run_script, stopped_at_once, whole_number
from vadstudies.few_shot.methods import METHODS, maml_real_tasks, open_tasks
from vadstudies.few_shot.protocol import METRICS, NOTHING_LEARNED, SUPPORTS, check_scene, compare
from vadstudies.results import new_results, save_results
from vadstudies.workers import versions


def make_parser():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    # Long help texts have names, so that every option stays on one line.
    add = parser.add_argument
    folder = "a prepared scene: its folder, or its name under VADKIT_DATA or data/"
    add("--target", required=True, metavar="FOLDER", help=folder)
    shots = "how many windows to adapt on (default 0 1 5 10)"
    add("--k", nargs="+", type=whole_number(0), default=[0, 1, 5, 10], metavar="K", help=shots)
    where = "where they come from (default train)"
    add("--support", choices=SUPPORTS, default="train", help=where)
    draws = "supports to draw (default 5; for a table at least 5)"
    add("--draws", type=whole_number(1, 100), default=5, help=draws)
    learners = list(METHODS)
    add("--methods", nargs="+", choices=learners, default=learners, help="default: all that learn")
    tasks = "prepared scenes for maml_real_tasks"
    add("--tasks", nargs="+", default=[], metavar="SCENE", help=tasks)
    add("--seed", type=whole_number(0), default=0, help="which supports are drawn")
    results = "also keep the metrics as vadstudies/few_shot/NAME.json"
    add("--results", type=new_results("few_shot"), metavar="NAME", help=results)
    note = "kept with the metrics, for instance how often this scene was run"
    add("--note", default="", help=note)
    return parser


@stopped_at_once()
def main(argv=None):
    options = make_parser().parse_args(argv)
    shots = sorted(set(options.k))
    scene = vadkit.open_scene(options.target)
    tasks = open_tasks(options.tasks, scene)
    check_scene(scene, shots, options.support)  # before anything is loaded or computed
    methods = {name: METHODS[name]() for name in options.methods}
    if tasks:
        methods["maml_real_tasks"] = maml_real_tasks(tasks)
    results = compare(scene, methods, shots, options.support, options.draws, options.seed)
    left_out = [clip.name for clip in scene.test_clips if clip.labels is None]
    if left_out:
        print(f"note: left out, because nobody labelled them: {', '.join(left_out)}.")
    print(f"\n{table_of(results, shots, methods).to_string(index_names=False)}")
    print(json.dumps(results))
    if options.results:
        about = provenance(options, scene)
        save_results(f"few_shot/{options.results}", results | {"about": about})


def provenance(options, scene):
    return {
        "script": "vadstudies/few_shot/run.py",
        "arguments": vars(options) | {"target": scene.name},
        "versions": versions(),
    }


def table_of(results, shots, methods):
    """One line for each method and K: mean ± spread over draws."""
    lines = []
    for name in methods:
        for k in shots:
            row = results[name][str(k)]
            seconds = f"{row['adapt_seconds']:.2f} s"
            lines.append({"method": name, "K": k, **cells_of(row), "adapting": seconds})
    for name in NOTHING_LEARNED:
        lines.append({"method": name, "K": "-", **cells_of(results[name]), "adapting": ""})
    return DataFrame(lines).set_index("method")


def cells_of(row):
    cells = {}
    for key, title in METRICS.items():
        value, spread = row.get(key), row.get(f"std_{key}")
        digits = 4 if key.startswith("auc") else 2
        cells[title] = "-" if value is None else f"{value:.{digits}f}"
        if spread:
            cells[title] += f" ± {spread:.{digits - 1}f}"
    return cells


if __name__ == "__main__":
    sys.exit(run_script(main, kept="nothing is kept."))
