"""First light: one predictor per toy scene, trained on its normal clips, against two detectors that learn nothing.

    python -m vadstudies.first_light.toy_scene [--place campus] [--split test|validation] [--seconds 90] [--clips 20]

Five scenes. Headline: per-clip AUC over the clips with a runner, a cyclist, a car or a boar. The other kinds, the contextual
ones among them, stand beside it as raw AUC per kind. Settings were chosen on validation seeds; --split test reports.

Twenty training clips are 2,000 frames, nearly as much normal video as UCSD Ped2 has. With the four clips that `toy_scene` draws for
a notebook (--clips 4), the same training did no better than copying the last frame on the validation scene where it was tried.
The last line is one JSON object.
"""

import argparse
import json
from dataclasses import replace

import numpy as np
import torch

import vadkit
from vadkit import toy, view

PREDICTOR = {"name": "unet", "width": 16, "stem": 2, "predicts": "change"}
TRAINING = {"ema": 0.995}
SEEDS = {"test": toy.TEST_SEEDS[:5], "validation": toy.VALIDATION_SEEDS[:5]}


def headline(scene):
    """The scene with only those test clips in which a runner, a cyclist, a car or a boar appears."""
    return replace(scene, test_clips=[c for c in scene.test_clips if view.kind_of(c) in toy.HEADLINE])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--place", default="campus", choices=toy.PLACES)
    parser.add_argument("--split", default="test", choices=SEEDS)
    parser.add_argument("--seconds", type=float, default=90, help="training time per scene (default 90)")
    parser.add_argument("--clips", type=int, default=20, help="training clips of 100 frames (default 20)")
    parser.add_argument("--steps", type=int, help="train for so many steps instead: deterministic")
    options = parser.parse_args()
    rows, kinds, steps, seconds = [], {}, [], []
    for seed in SEEDS[options.split]:
        scene = vadkit.toy_scene(seed, options.place, n_train=options.clips)
        predictor = vadkit.build_predictor(**PREDICTOR)
        length = {"steps": options.steps} if options.steps else {"minutes": options.seconds / 60}
        history = vadkit.fit(predictor, scene.train_windows(), **length, **TRAINING, progress=False)
        steps.append(len(history.loss))
        seconds.append(history.seconds)
        row = {}
        for name, model, score in (("predictor", predictor, "frame"), ("copy_last_frame", vadkit.copy_last_frame, "frame"),
                                   ("moving_pixels", vadkit.copy_last_frame, "moving")):  # fmt: skip
            found = vadkit.evaluate(model, headline(scene), score=score)
            row[name] = {"auc_clip": found.auc_clip, "auc_raw": found.auc_raw, "auc_macro": found.auc_macro,
                         "psnr_normal": found.psnr_normal, "gap": found.psnr_gap}  # fmt: skip
            for kind, auc in vadkit.evaluate(model, scene, score=score).by_kind.items():
                kinds.setdefault(kind, {}).setdefault(name, []).append(auc)
        rows.append(row)
        print(f"{scene.name}: {len(history.loss)} steps, per-clip AUC of predictor {row['predictor']['auc_clip']:.3f}, "
              f"copy last frame {row['copy_last_frame']['auc_clip']:.3f}", flush=True)  # fmt: skip
    print(f"\n{'raw AUC of':15}{'predictor':>12}{'copy last':>12}{'moving':>12}   scenes")
    for kind, by_name in kinds.items():
        print(
            f"{kind:15}" + "".join(f"{np.mean(v):12.3f}" for v in by_name.values()) + f"{len(by_name['predictor']):9}"
        )
    mean = {
        name: {key: round(float(np.mean([row[name][key] for row in rows])), 4) for key in rows[0][name]}
        for name in rows[0]
    }
    spread = {name: round(float(np.std([row[name]["auc_clip"] for row in rows])), 4) for name in rows[0]}
    print(json.dumps({"place": options.place, "split": options.split, "clips": options.clips, "scenes": len(rows), **mean,
                      "std_auc_clip": spread,
                      "lead_auc_clip": round(mean["predictor"]["auc_clip"] - mean["copy_last_frame"]["auc_clip"], 4),
                      "steps": steps, "train_seconds": round(float(np.mean(seconds)), 1), "threads": torch.get_num_threads(),
                      "parameters": vadkit.count_parameters(predictor)}))  # fmt: skip


if __name__ == "__main__":
    main()
