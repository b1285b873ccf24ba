"""Train a predictor on a prepared real scene's normal clips and score its test clips, beside two detectors that learn nothing.

    python -m vadstudies.first_light.real_scene FOLDER --minutes 20

FOLDER is a prepared scene (data_scripts/prepare_*.py). The test clips are scored once, after training; nothing is chosen on them.
The last line is one JSON object with the whole-frame, unsmoothed figures (the published protocol); worst-block scoring and a
9-frame running median are printed above it as rows of their own, with copy-last-frame treated the same way.
"""

import argparse
import json
import sys
import time
import warnings

import numpy as np
import torch

import vadkit
from vadstudies.results import save_results

# Chosen on the UMN scenes and on toy validation scenes, never on the scene that is reported.
PREDICTOR = {"name": "unet", "width": 16, "stem": 2, "predicts": "change"}
TRAINING = {"batch_size": 8, "lr": 2e-3, "ema": 0.995}


def figures(predictor, scene, **scoring):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = vadkit.evaluate(predictor, scene, **scoring)
        return {"auc_raw": found.auc_raw, "auc_clip": found.auc_clip, "auc_macro": found.auc_macro,
                "psnr": found.psnr_normal, "gap": found.psnr_gap}  # fmt: skip


def milliseconds_per_frame(predictor, scene, n=20):
    x, _ = scene.train_windows().batch([0])
    x = x.to(next(predictor.parameters()).device)
    times = []
    with torch.no_grad():
        for _ in range(n):
            began = time.perf_counter()
            predictor(x)
            times.append(1000 * (time.perf_counter() - began))
    return float(np.median(times))


def rounded(row):
    return {key: None if np.isnan(value) else round(value, 4) for key, value in row.items()}


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="a prepared scene: its folder, or its name under VADKIT_DATA or data/")
    parser.add_argument("--minutes", type=float, default=20, help="training time (default 20)")
    parser.add_argument("--steps", type=int, help="train for so many steps instead: deterministic")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", metavar="NAME", help="also keep the figures as vadstudies/first_light/NAME.json")
    parser.add_argument("--save", metavar="FILE", help="keep the trained weights here (safetensors)")
    options = parser.parse_args(argv)
    try:
        scene = vadkit.open_scene(options.folder)
        figures(
            vadkit.copy_last_frame, scene
        )  # labels that are missing or of one class show before the training, not after
        predictor = vadkit.build_predictor(**PREDICTOR, seed=options.seed)
        length = {"minutes": options.minutes} if options.steps is None else {"steps": options.steps}
        history = vadkit.fit(predictor, scene.train_windows(), **length, seed=options.seed, **TRAINING)
        rows = {}
        for score, smooth in (("frame", None), ("patch", None), ("frame", 9), ("patch", 9)):
            for name, detector in (("predictor", predictor), ("copy_last_frame", vadkit.copy_last_frame)):
                rows[name, score, smooth] = figures(detector, scene, score=score, smooth=smooth)
        rows["moving_pixels", "frame", None] = figures(vadkit.copy_last_frame, scene, score="moving")
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if options.save:
        vadkit.save_weights(options.save, predictor, {"script": "vadstudies/first_light/real_scene.py", "arguments": vars(options),
                                                      "predictor": PREDICTOR})  # fmt: skip
    print(f"\n{'':17}{'score':7}{'median':>7}{'raw':>8}{'per-clip':>10}{'macro':>8}{'PSNR':>8}{'gap':>7}")
    for (name, score, smooth), row in rows.items():
        aucs = f"{row['auc_raw']:8.4f}{row['auc_clip']:10.4f}{row['auc_macro']:8.4f}"
        print(f"{name:17}{score:7}{smooth or '-':>7}{aucs}{row['psnr']:8.2f}{row['gap']:7.2f}")
    found = {"scene": scene.name, **rounded(rows["predictor", "frame", None]),
             "copy_last_frame": rounded(rows["copy_last_frame", "frame", None]),
             "parameters": vadkit.count_parameters(predictor), "steps": len(history.loss),
             "ms_per_frame": round(milliseconds_per_frame(predictor, scene), 2)}  # fmt: skip
    if options.results:
        made = {
            "script": "vadstudies/first_light/real_scene.py",
            **({"minutes": options.minutes} if options.steps is None else {}),
            "steps": options.steps,
            "seed": options.seed,
        }
        save_results(f"first_light/{options.results}", {**found, "made_by": {**made, "torch": torch.__version__}})
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
