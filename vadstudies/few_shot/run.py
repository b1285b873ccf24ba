"""A new camera and K windows of its life: adapt weights that never saw a real frame, then score the test clips.

    python -m vadstudies.few_shot.run --target FOLDER --k 0 1 5 10

FOLDER is a prepared scene (data_scripts/prepare_*.py) whose test clips are labelled. A window is four frames and the fifth that is to
be predicted, so K consecutive windows are K + 4 frames.

methods
  maml                meta-trained on toy scenes; adapted with 150 steps of Adam, many more than it was trained for, each on up to
                      four of the K windows, mirrored by chance (vadkit.adaptation.settle_in)
  maml_learned_rates  the same weights, adapted as in training, by gradient descent at the inner rates it learned; 30 steps. Where that
                      runs off to infinity, all rates are halved until it does not
  fine_tuned          ordinary training on the same toy scenes all the way, for about as long; adapted like maml
  maml_real_tasks     only with --tasks: maml, meta-trained for 150 more steps here and now, half of its tasks drawn scenes and half the
                      training clips of these prepared scenes, labels unseen; adapted like maml. These weights are not kept
  copy_last_frame     learns nothing: the next frame is the last one
  moving_pixels       learns and predicts nothing: the share of pixels that changed

what is adapted on (--support)
  train       K consecutive windows of one training clip, which shows normal life only. Five draws or more; for one draw, a larger K
              goes on from the same first frame, and all methods get the same windows. K = 0 needs no draw.
  clip_start  the first K windows of each test clip, for that clip alone, whatever they show (the protocol of MPN, Lv et al. 2021).
              There is nothing to draw.

what is scored
  train       every frame of every labelled test clip but the first four, which no window predicts
  clip_start  the frames after the first max(K) windows of each labelled test clip, for every row of the table: no row is scored on a
              frame that any row has adapted on
  The score is whole-frame PSNR, unsmoothed. Labels are read after all frames of all methods have their scores.
  raw: micro AUC over all frames, scores as they are; per-clip: after min-max in each clip, as most papers do; macro: mean of the
  clips' own AUCs, clips of one class left out. PSNR: mean over normal frames, dB; gap: that minus the mean over abnormal frames.

The last line is one JSON object: method -> K -> figures (mean over draws; std_... is the spread over draws).
"""

import argparse
import copy
import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from tqdm.auto import tqdm

import vadkit
from vadkit import toy
from vadkit.adaptation import settle_in
from vadkit.episodes import EpisodeSampler
from vadkit.maml.adapting import adapt
from vadkit.pools import ScenePool
from vadkit.windows import N_INPUTS
from vadstudies.results import save_results
from vadstudies.weights.cameras import MAML, camera

FIGURES = {"auc_raw": "raw", "auc_clip": "per-clip", "auc_macro": "macro", "psnr": "PSNR", "gap": "gap"}
NOTHING_LEARNED = {"copy_last_frame": "frame", "moving_pixels": "moving"}
REAL_TASKS_STEPS = 150  # not tuned: there is no labelled real scene left to choose on
LEARNED_RATES_STEPS = 30  # of 3, 10 and 30, chosen on two UMN scenes


@dataclass
class Method:
    """A predictor, and how it adapts: support -> adapted copy."""

    predictor: Callable
    adapt: Callable


def maml():
    return settling(vadkit.load_checkpoint("camera_maml").predictor)


def maml_learned_rates():
    trained = vadkit.load_checkpoint("camera_maml")
    return Method(trained.predictor, lambda support: at_learned_rates(trained, support))


def at_learned_rates(trained, support):
    rates = copy.deepcopy(trained.rates)
    while True:
        try:
            return adapt(trained.predictor, support, rates, LEARNED_RATES_STEPS)
        except FloatingPointError:
            rates.log_alpha.data -= math.log(2)


def fine_tuned():
    return settling(vadkit.load_checkpoint("camera_fine_tuned").predictor)


def maml_real_tasks(scenes):
    """`maml`, meta-trained further on the training clips of `scenes` and as many drawn ones."""
    trained = vadkit.load_checkpoint("camera_maml")
    drawn = [camera(seed) for seed in toy.TRAIN_SEEDS[: len(scenes)]]
    episodes = EpisodeSampler(ScenePool([*scenes, *drawn]), **MAML["episode"], seed=0)
    trained.train(episodes, REAL_TASKS_STEPS, **{name: MAML[name] for name in ("first_order", "outer_lr", "rates_lr")})
    return settling(trained.predictor)


def settling(predictor):
    return Method(predictor, lambda support: settle_in(predictor, support))


def open_tasks(names, target):
    """The scenes of --tasks. Raises ValueError for the target itself, or for one without training clips."""
    scenes = [vadkit.open_scene(name) for name in names]
    for scene in scenes:
        if scene.name == target.name:
            raise ValueError(f"Scene '{scene.name}' is the target, and no task to learn from: leave it out of --tasks.")
        if not scene.train_clips:
            raise ValueError(f"Scene '{scene.name}' has no training clip to learn from: leave it out of --tasks.")
    return scenes


METHODS = {"maml": maml, "maml_learned_rates": maml_learned_rates, "fine_tuned": fine_tuned}


def labelled_clips(scene):
    """The test clips that can be scored. Raises ValueError when there are none, or all their frames are of one class."""
    clips = [clip for clip in scene.test_clips if clip.labels is not None]
    if not clips:
        raise ValueError(
            f"Scene '{scene.name}' has no labelled test clip, so nothing can be scored: prepare it with --labels."
        )
    return clips


def unlabelled(scene):
    """The same scene as a detector may see it: no labels anywhere."""
    return vadkit.Scene(scene.name, scene.train_clips, [vadkit.Clip(c.name, c.frames) for c in labelled_clips(scene)])


def supports_to_draw(scene, shots, draws, seed=0):
    """`draws` runs of max(shots) consecutive windows, each from one training clip -> list of (inputs, targets).

    Raises ValueError, with what to do, when there is no training clip or none is long enough.
    """
    if not max(shots):
        return [None]
    if not scene.train_clips:
        raise ValueError(f"Scene '{scene.name}' has no training clip to adapt on: use --support clip_start.")
    longest = max(len(clip) for clip in scene.train_clips) - N_INPUTS
    check_shots(shots, longest, f"the longest training clip of scene '{scene.name}'")
    windows = scene.train_windows()
    starts = [(clip, first) for clip in scene.train_clips for first in range(len(clip) - N_INPUTS - max(shots) + 1)]
    chosen = np.random.default_rng(seed).choice(len(starts), draws, replace=len(starts) < draws)
    return [first_windows(*starts[i], max(shots), windows.n_inputs) for i in chosen]


def first_windows(clip, first, n, n_inputs=N_INPUTS):
    """n consecutive windows of a clip, from frame `first` on -> (inputs, targets)."""
    return vadkit.windows.make_windows(clip.frames[first : first + n + n_inputs], n_inputs) if n else None


def check_shots(shots, largest, where):
    if max(shots) > largest:
        advice = f"the largest K is {largest}" if largest > 0 else "it is too short for any K"
        raise ValueError(f"K = {max(shots)} does not fit {where}: {advice}.")


def score_with_training_support(method, scene, k, supports):
    """-> (a list of PSNR per clip for each draw, seconds of one adaptation)."""
    found, seconds = [], []
    for support in supports if k else supports[:1]:
        adapted, took = adapted_to(method, support, k)
        found.append(vadkit.evaluate(adapted, scene).psnr)
        seconds.append(took)
    return found, float(np.mean(seconds))


def score_from_clip_start(method, scene, k, supports=None):
    """Every clip is adapted to on its own -> as above, one draw."""
    found, seconds = [], []
    for clip in scene.test_clips:
        adapted, took = adapted_to(method, first_windows(clip, 0, k), k)
        found += vadkit.evaluate(adapted, vadkit.Scene(scene.name, [], [clip])).psnr
        seconds.append(took)
    return [found], float(np.mean(seconds))


SUPPORTS = {"train": score_with_training_support, "clip_start": score_from_clip_start}


def adapted_to(method, support, k):
    """-> (predictor, seconds)."""
    if not k:
        return method.predictor, 0.0
    began = time.perf_counter()
    adapted = method.adapt(tuple(tensor[:k] for tensor in support))
    return adapted, time.perf_counter() - began


def first_scored_frame(shots, support):
    """Of each test clip. With clip_start, whatever any K adapts on is scored for no K."""
    return N_INPUTS + (max(shots) if support == "clip_start" else 0)


def figures(psnr_per_clip, scene, first):
    """Labels enter here, and only here. psnr_per_clip: (T,) arrays; frames before `first` are left out."""
    clips = labelled_clips(scene)
    values = [np.where(np.arange(len(p)) >= first, p, np.nan) for p in psnr_per_clip]
    found = vadkit.Evaluation(values, [c.labels for c in clips], [None] * len(clips), [c.name for c in clips])
    return {"auc_raw": found.auc_raw, "auc_clip": found.auc_clip, "auc_macro": found.auc_macro,
            "psnr": found.psnr_normal, "gap": found.psnr_gap}  # fmt: skip


def over_draws(rows):
    """Mean and spread of each figure over draws, ready for JSON: what is not defined is None."""
    means = {key: np.mean([row[key] for row in rows]) for key in FIGURES}
    spreads = {f"std_{key}": np.std([row[key] for row in rows]) for key in FIGURES}
    return {key: None if np.isnan(value) else round(float(value), 4) for key, value in {**means, **spreads}.items()} | {
        "draws": len(rows)
    }


def check_scene(scene, shots, support):
    """Refuse, before anything is computed, what could not be scored afterwards."""
    first, clips = first_scored_frame(shots, support), labelled_clips(scene)
    shortest = min(clips, key=len)
    if support == "clip_start":
        check_shots(
            shots, len(shortest) - N_INPUTS - 1, f"test clip '{shortest.name}', which must keep a frame to score"
        )
    scored = np.concatenate([clip.labels[first:] for clip in clips])
    if scored.all() or not scored.any():
        kind = "abnormal" if len(scored) and scored.all() else "normal"
        raise ValueError(
            f"All {len(scored)} frames to score in scene '{scene.name}' are {kind}: an AUC needs both classes."
        )
    return len(scored)


def compare(scene, methods, shots, support="train", draws=5, seed=0, progress=True):
    """Everything `--target` prints, as a dictionary. methods: {name: has .predictor and .adapt(support) -> predictor}."""
    n_frames, first = check_scene(scene, shots, support), first_scored_frame(shots, support)
    blind = unlabelled(scene)
    supports = supports_to_draw(blind, shots, draws, seed) if support == "train" else None
    jobs = [(name, k) for name in methods for k in shots]
    scores = {
        (name, k): SUPPORTS[support](methods[name], blind, k, supports)
        for name, k in tqdm(jobs, desc="adapting and scoring", disable=not progress)
    }
    plain = {
        name: vadkit.evaluate(vadkit.copy_last_frame, blind, score=score).psnr
        for name, score in NOTHING_LEARNED.items()
    }
    results = {name: {} for name in methods}
    for (name, k), (per_draw, seconds) in scores.items():
        results[name][str(k)] = over_draws([figures(psnr, scene, first) for psnr in per_draw])
        results[name][str(k)]["adapt_seconds"] = round(seconds, 2)
    for name, psnr in plain.items():
        row = over_draws([figures(psnr, scene, first)])
        results[name] = {key: row[key] for key in FIGURES if name == "copy_last_frame" or key.startswith("auc")}
    return results | {"scene": scene.name, "support": support, "seed": seed, "scored_clips": len(labelled_clips(scene)),
                      "scored_frames": n_frames, "first_scored_frame": first}  # fmt: skip


def print_table(results, shots, methods):
    print(f"\n{'':19}{'K':>3}" + "".join(f"{title:>17}" for title in FIGURES.values()) + f"{'adapting':>11}")
    for name in methods:
        for k in shots:
            row = results[name][str(k)]
            print(f"{name:19}{k:>3}" + "".join(cell(row, key) for key in FIGURES) + f"{row['adapt_seconds']:9.2f} s")
    for name in NOTHING_LEARNED:
        print(f"{name:19}{'-':>3}" + "".join(cell(results[name], key) for key in FIGURES))


def cell(row, key):
    if row.get(key) is None:
        return f"{'-':>17}"
    digits, spread = 4 if key.startswith("auc") else 2, row.get(f"std_{key}")
    return f"{row[key]:.{digits}f}".rjust(9) + (f" ± {spread:.{digits - 1}f}".ljust(8) if spread else " " * 8)


def whole_number(text, least):
    if not text.isdigit() or int(text) < least:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number of at least {least}.")
    return int(text)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--target",
        required=True,
        metavar="FOLDER",
        help="a prepared scene: its folder, or its name under VADKIT_DATA or data/",
    )
    parser.add_argument(
        "--k",
        nargs="+",
        type=lambda text: whole_number(text, 0),
        default=[0, 1, 5, 10],
        metavar="K",
        help="how many windows to adapt on (default 0 1 5 10)",
    )
    parser.add_argument("--support", choices=SUPPORTS, default="train", help="where they come from (default train)")
    parser.add_argument(
        "--draws",
        type=lambda text: whole_number(text, 1),
        default=5,
        help="supports to draw (default 5; for a table at least 5)",
    )
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS), help="default: all that learn")
    parser.add_argument("--tasks", nargs="+", default=[], metavar="SCENE", help="prepared scenes for maml_real_tasks")
    parser.add_argument("--seed", type=lambda text: whole_number(text, 0), default=0, help="which supports are drawn")
    parser.add_argument("--results", metavar="NAME", help="also keep the figures as vadstudies/few_shot/NAME.json")
    parser.add_argument("--note", default="", help="kept with the figures, for instance how often this scene was run")
    options = parser.parse_args(argv)
    shots = sorted(set(options.k))
    try:
        scene = vadkit.open_scene(options.target)
        tasks = open_tasks(options.tasks, scene)
        check_scene(scene, shots, options.support)
        methods = {name: METHODS[name]() for name in options.methods}
        if tasks:
            methods["maml_real_tasks"] = maml_real_tasks(tasks)
        results = compare(
            scene,
            methods,
            shots,
            options.support,
            options.draws,
            options.seed,
        )
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    left_out = [clip.name for clip in scene.test_clips if clip.labels is None]
    if left_out:
        print(f"note: left out, because nobody labelled them: {', '.join(left_out)}.")
    print_table(results, shots, methods)
    if options.results:
        about = {"script": "vadstudies/few_shot/run.py", "arguments": vars(options) | {"target": scene.name},
                 "versions": {"vadkit": vadkit.__version__, "torch": torch.__version__, "numpy": np.__version__}}  # fmt: skip
        save_results(f"few_shot/{options.results}", results | {"about": about})
    print(json.dumps(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
