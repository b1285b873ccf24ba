"""One predictor for each toy scene, trained on its normal clips, against learning nothing.

    python -m vadstudies.first_light.toy_scene --place campus --steps 2000
    python -m vadstudies.first_light.toy_scene --place campus --steps 2000 --strangers

Five scenes, normal video without end. Headline: per-clip AUC over the clips with a runner, a
cyclist, a car or a boar. The other kinds, the contextual ones among them, stand beside it as raw
AUC for each kind. Settings were chosen on validation seeds; --split test reports.

With --strangers, half of the windows show a skateboarder, a dog, a truck or a ball, and have the
frame without as target: no kind of the headline is ever met in training. The last line is one JSON
object.
"""

import argparse
import json
import sys
from dataclasses import replace

import numpy as np
import torch
from pandas import DataFrame

import vadkit
from vadkit import toy, view
from vadkit.cli import positive_number, run_script, stopped_at_once, whole_number
from vadstudies.jobs import require_finished
from vadstudies.weights.boar import NETWORK, train_at

KINDS = tuple(kind for kind in toy.KINDS if kind not in toy.HEADLINE)  # of strangers in training
SEEDS = {"test": toy.TEST_SEEDS[:5], "validation": toy.VALIDATION_SEEDS[:5]}
DETECTORS = ("predictor", "copy_last_frame", "moving_pixels")


@stopped_at_once()
def main(argv=None):
    options = make_parser().parse_args(argv)
    scores, kinds, histories = [], [], []
    for seed in SEEDS[options.split]:
        scene = vadkit.toy_scene(seed, options.place)
        predictor, history = train(scene, options)
        histories.append(history)
        for name in DETECTORS:
            metrics, by_kind = measure(name, predictor, scene)
            scores.append({"detector": name, "scene": scene.name, **metrics})
            kinds += [{"detector": name, "kind": k, "auc": auc} for k, auc in by_kind.items()]
        # A line for each scene as it is done: the whole run takes minutes.
        auc = {line["detector"]: line["auc_clip"] for line in scores[-len(DETECTORS) :]}
        print(
            f"{scene.name}: {len(history.loss)} steps, per-clip AUC of predictor "
            f"{auc['predictor']:.3f}, copy last frame {auc['copy_last_frame']:.3f}",
            flush=True,
        )
    print(f"\nraw AUC\n{kinds_table(DataFrame(kinds)).to_string(float_format='{:.3f}'.format)}")
    summary = summarise(DataFrame(scores))
    summary = {
        "place": options.place,
        "split": options.split,
        "strangers": options.strangers,
        **summary,
        "steps": [len(history.loss) for history in histories],
        "train_seconds": round(float(np.mean([history.seconds for history in histories])), 1),
        "threads": torch.get_num_threads(),
        "parameters": vadkit.count_parameters(predictor),
    }
    print(json.dumps(summary))


def make_parser():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--place", default="campus", choices=toy.PLACES)
    parser.add_argument("--split", default="test", choices=SEEDS)
    parser.add_argument(
        "--seconds",
        type=positive_number(),
        default=90,
        help="training time per scene (default 90)",
    )
    parser.add_argument(
        "--strangers", action="store_true", help="half of the windows show one, of other kinds"
    )
    steps = "train for so many steps instead: deterministic"
    parser.add_argument("--steps", type=whole_number(), help=steps)
    return parser


def train(scene, options):
    predictor = vadkit.build_predictor(**NETWORK)
    length = {"steps": options.steps} if options.steps else {"minutes": options.seconds / 60}
    kinds = [kind for kind in KINDS if kind in toy.kinds_for(options.place)]
    n_strange = 48 if options.strangers else 0
    strange = [scene.strange_clip(i, kinds[i % len(kinds)]) for i in range(n_strange)]
    history = train_at(scene, predictor, strange, progress=False, **length)
    require_finished(history)
    return predictor, history


def measure(name, predictor, scene):
    """Metrics of a detector on the headline clips, and its raw AUC for each kind in all clips."""
    detector = predictor if name == "predictor" else vadkit.copy_last_frame
    score = "moving" if name == "moving_pixels" else "frame"
    evaluation = vadkit.evaluate(detector, headline(scene), score=score)
    metrics = {
        "auc_clip": evaluation.auc_clip,
        "auc_raw": evaluation.auc_raw,
        "auc_macro": evaluation.auc_macro,
        "psnr_normal": evaluation.psnr_normal,
        "gap": evaluation.psnr_gap,
    }
    return metrics, vadkit.evaluate(detector, scene, score=score).by_kind


def headline(scene):
    """The scene with only the test clips in which a runner, a cyclist, a car or a boar appears."""
    clips = [clip for clip in scene.test_clips if view.kind_of(clip) in toy.HEADLINE]
    return replace(scene, test_clips=clips)


def kinds_table(kinds: DataFrame) -> DataFrame:
    """Mean raw AUC for each kind (down) and detector (across), and the number of scenes."""
    cells = kinds.groupby(["kind", "detector"], sort=False)["auc"]
    table = cells.mean().unstack()
    table["scenes"] = cells.size().unstack()["predictor"]
    return table.rename_axis(index=None, columns=None)


def summarise(scores: DataFrame) -> dict:
    """Mean over scenes of every metric of each detector, and the spread of the per-clip AUC."""
    detectors = scores.drop(columns="scene").groupby("detector", sort=False)
    means = detectors.mean().round(4)
    deviations = detectors["auc_clip"].std(ddof=0).round(4)
    lead = means.loc["predictor", "auc_clip"] - means.loc["copy_last_frame", "auc_clip"]
    return {
        "scenes": int(scores["scene"].nunique()),
        **means.to_dict("index"),
        "std_auc_clip": deviations.to_dict(),
        "lead_auc_clip": round(float(lead), 4),
    }


if __name__ == "__main__":
    sys.exit(run_script(main, kept="nothing is kept."))
