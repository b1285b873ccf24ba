"""Train a predictor on a prepared scene's normal clips and score its test clips.

    python -m vadstudies.first_light.real_scene FOLDER --minutes 20

FOLDER is a prepared scene (data_scripts/prepare_*.py). In a share of the windows a drawn stranger
is pasted, and the target is the frame as it was. Beside the predictor stand two detectors that
learn nothing. The test clips are scored once, after training; nothing is chosen on them. The
last line is one JSON object with the whole-frame, unsmoothed metrics (the published protocol);
worst-block scoring and a 9-frame running median are printed above it as rows of their own, with
copy-last-frame treated the same way.
"""

import argparse
import json
import sys
import time
import warnings

import numpy as np
import torch
from pandas import DataFrame

import vadkit
from vadkit.checkpoints import load_tensors
from vadkit.cli import output_file, positive_number, run_script, stopped_at_once, whole_number
from vadkit.losses import decibel_loss
from vadkit.pasting import PastedStrangers
from vadkit.toy import drawn_strangers
from vadkit.training import split_windows
from vadstudies.jobs import require_finished
from vadstudies.results import new_results, save_results

SCRIPT = "vadstudies/first_light/real_scene.py"
# Chosen on the UMN scenes and on toy validation scenes, never on the scene that is reported.
PREDICTOR = {"name": "unet", "width": 16, "stem": 2, "predicts": "change"}
PREDICTOR |= {"normalise": True}
TRAINING = {"batch_size": 8, "lr": 2e-3, "loss": decibel_loss, "stranger_share": 0.4}
N_STRANGERS = 160  # drawn clips to paste from
EMA = 0.995  # share of the running average of the weights that is kept at each step


@stopped_at_once()
def main(argv=None):
    options = make_parser().parse_args(argv)
    length = {"minutes": options.minutes} if options.steps is None else {"steps": options.steps}
    scene = vadkit.open_scene(options.folder)
    # Labels that are missing or of one class show before the training, not after.
    metrics_of(vadkit.copy_last_frame, scene)
    predictor = vadkit.build_predictor(**PREDICTOR, seed=options.seed)
    windows = scene.train_windows()
    strangers = PastedStrangers(windows, split_windows(windows)[0], drawn_strangers(N_STRANGERS))
    history = vadkit.fit(
        predictor,
        windows,
        **length,
        **TRAINING,
        strangers=strangers,
        callbacks=[vadkit.WeightAverage(EMA)],
        seed=options.seed,
    )
    require_finished(history)
    table = score(predictor, scene)
    print(f"\n{table.to_string(index_names=False, formatters=FORMATS)}")
    results = summarise(table, scene, predictor, history)
    print(json.dumps(results))
    if options.save:
        header = {"script": SCRIPT, "arguments": vars(options), "predictor": PREDICTOR}
        vadkit.save_weights(options.save, predictor, header)
    if options.results:
        made_by = {"script": SCRIPT, **length, "steps": options.steps, "seed": options.seed}
        made_by["torch"] = torch.__version__
        save_results(f"first_light/{options.results}", {**results, "made_by": made_by})


def make_parser():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "folder", help="a prepared scene: its folder, or its name under VADKIT_DATA or data/"
    )
    add = parser.add_argument
    add("--minutes", type=positive_number(), default=20, help="training time (default 20)")
    steps = "train for so many steps instead: deterministic"
    add("--steps", type=whole_number(), help=steps)
    add("--seed", type=whole_number(0), default=0)
    results = "also keep them as vadstudies/first_light/NAME.json"
    add("--results", type=new_results("first_light"), metavar="NAME", help=results)
    weights = "keep the trained weights here (safetensors)"
    add("--save", type=new_weights, metavar="FILE", help=weights)
    return parser


def new_weights(text):
    """The type of an option: a file that weights can be written to, over weights if it is there."""
    path = output_file(text)
    if path.exists():
        try:
            load_tensors(path)
        except ValueError:
            problem = f"{text!r} is there and holds no weights of vadkit: name another file."
            raise argparse.ArgumentTypeError(problem) from None
    return text


# --- Scoring


def summarise(table, scene, predictor, history) -> dict:
    """The line of JSON: the published protocol, copy-last-frame treated the same way."""
    whole_frame = table[(table["score"] == "frame") & (table["median"] == "-")]
    return {
        "scene": scene.name,
        **metrics_in(whole_frame.loc["predictor"]),
        "copy_last_frame": metrics_in(whole_frame.loc["copy_last_frame"]),
        "parameters": vadkit.count_parameters(predictor),
        "steps": len(history.loss),
        "ms_per_frame": round(milliseconds_per_frame(predictor, scene), 2),
    }


FORMATS = {
    "raw": "{:.4f}".format,
    "per-clip": "{:.4f}".format,
    "macro": "{:.4f}".format,
    "PSNR": "{:.2f}".format,
    "gap": "{:.2f}".format,
}
NAMES = {  # column of the table: name in JSON
    "raw": "auc_raw",
    "per-clip": "auc_clip",
    "macro": "auc_macro",
    "PSNR": "psnr",
    "gap": "gap",
}


def score(predictor, scene) -> DataFrame:
    """Table of the predictor and of what learns nothing, scored in every way."""
    lines = []
    for score, smooth in (("frame", None), ("patch", None), ("frame", 9), ("patch", 9)):
        for name, detector in (
            ("predictor", predictor),
            ("copy_last_frame", vadkit.copy_last_frame),
        ):
            metrics = metrics_of(detector, scene, score=score, smooth=smooth)
            lines.append({"detector": name, "score": score, "median": smooth or "-", **metrics})
    metrics = metrics_of(vadkit.copy_last_frame, scene, score="moving")
    lines.append({"detector": "moving_pixels", "score": "frame", "median": "-", **metrics})
    return DataFrame(lines).set_index("detector")


def metrics_of(detector, scene, **scoring):
    """Metrics of a detector by column of the table."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        evaluation = vadkit.evaluate(detector, scene, **scoring)
        return {
            "raw": evaluation.auc_raw,
            "per-clip": evaluation.auc_clip,
            "macro": evaluation.auc_macro,
            "PSNR": evaluation.psnr_normal,
            "gap": evaluation.psnr_gap,
        }


def metrics_in(line):
    """The metrics in a line of the table, ready for JSON: what is not defined is None."""
    values = {name: line[column] for column, name in NAMES.items()}
    return {name: None if np.isnan(v) else round(float(v), 4) for name, v in values.items()}


def milliseconds_per_frame(predictor: torch.nn.Module, scene: vadkit.Scene, n: int = 20) -> float:
    """Median time that a predictor takes for one frame."""
    x, _ = scene.train_windows().batch([0])
    x = x.to(next(predictor.parameters()).device)
    times = []
    with torch.no_grad():
        for _ in range(n):
            began = time.perf_counter()
            predictor(x)
            times.append(1000 * (time.perf_counter() - began))
    return float(np.median(times))


if __name__ == "__main__":
    sys.exit(run_script(main, kept="nothing is kept."))
