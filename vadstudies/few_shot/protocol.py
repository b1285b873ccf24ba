"""The protocol: which windows a method adapts on, what is scored, and when labels are read."""

import time

import numpy as np
from tqdm.auto import tqdm

import vadkit
from vadkit.adaptation import Samples
from vadkit.windows import N_INPUTS, make_windows

METRICS = {
    "auc_raw": "raw",
    "auc_clip": "per-clip",
    "auc_macro": "macro",
    "psnr": "PSNR",
    "gap": "gap",
}
NOTHING_LEARNED = {"copy_last_frame": "frame", "moving_pixels": "moving"}  # name: score


def compare(
    scene: vadkit.Scene,
    methods: dict,
    shots: list[int],
    support: str = "train",
    draws: int = 5,
    seed: int = 0,
    progress: bool = True,
) -> dict:
    """Adapt and score all methods: everything that run.py prints, as a dictionary.

    Parameters
    ----------
    scene : Scene
        With labelled test clips.
    methods : dict
        By name: `predictor`, and `adapt`, a function from a support to a predictor.
    shots : list of int
        Numbers of windows K.
    support : str
        A name in SUPPORTS.
    draws, seed : int
        How many supports to draw, and which.
    progress : bool
        Show a progress bar.
    """
    n_frames = check_scene(scene, shots, support)
    first = first_scored_frame(shots, support)
    blind = unlabelled(scene)
    supports = draw_supports(blind, shots, draws, seed) if support == "train" else None
    jobs = [(name, k) for name in methods for k in shots]
    scores = {}
    for name, k in tqdm(jobs, desc="adapting and scoring", disable=not progress):
        scores[name, k] = SUPPORTS[support](methods[name], blind, k, supports)
    unadapted = {}
    for name, score in NOTHING_LEARNED.items():
        unadapted[name] = vadkit.evaluate(vadkit.copy_last_frame, blind, score=score).psnr

    # All scores are there: labels are read from here on.
    results = summarise(scores, unadapted, scene, first)
    return results | {
        "scene": scene.name,
        "support": support,
        "seed": seed,
        "scored_clips": len(labelled_clips(scene)),
        "scored_frames": n_frames,
        "first_scored_frame": first,
    }


# --- What is scored


def labelled_clips(scene: vadkit.Scene) -> list[vadkit.Clip]:
    """The test clips that can be scored.

    Raises
    ------
    ValueError
        If there are none.
    """
    clips = [clip for clip in scene.test_clips if clip.labels is not None]
    if not clips:
        raise ValueError(
            f"Scene '{scene.name}' has no labelled test clip, so nothing can be scored: "
            "prepare it with --labels."
        )
    return clips


def unlabelled(scene: vadkit.Scene) -> vadkit.Scene:
    """The same scene as a detector may see it: no labels anywhere."""
    clips = [vadkit.Clip(clip.name, clip.frames) for clip in labelled_clips(scene)]
    return vadkit.Scene(scene.name, scene.train_clips, clips)


def first_scored_frame(shots: list[int], support: str) -> int:
    """Number of the first scored frame of a test clip.

    With clip_start, whatever any K adapts on is scored for no K.
    """
    return N_INPUTS + (max(shots) if support == "clip_start" else 0)


def check_scene(scene: vadkit.Scene, shots: list[int], support: str) -> int:
    """Count the frames to score, and refuse in time what could not be scored after all the work.

    Raises
    ------
    ValueError
        For no labelled clip, for a K that does not fit, and for frames of one class only.
    """
    clips = labelled_clips(scene)
    if support == "clip_start":
        shortest = min(clips, key=len)
        where = f"test clip '{shortest.name}', which must keep a frame to score"
        check_shots(shots, len(shortest) - N_INPUTS - 1, where)
    first = first_scored_frame(shots, support)
    scored = np.concatenate([clip.labels[first:] for clip in clips])
    if scored.all() or not scored.any():
        kind = "abnormal" if len(scored) and scored.all() else "normal"
        raise ValueError(
            f"All {len(scored)} frames to score in scene '{scene.name}' are {kind}: "
            "an AUC needs both classes."
        )
    return len(scored)


def check_shots(shots: list[int], largest: int, where: str) -> None:
    """Refuse a K that does not fit, with the largest that does."""
    if max(shots) > largest:
        advice = f"the largest K is {largest}" if largest > 0 else "it is too short for any K"
        raise ValueError(f"K = {max(shots)} does not fit {where}: {advice}.")


# --- What is adapted on


def draw_supports(
    scene: vadkit.Scene, shots: list[int], draws: int, seed: int = 0
) -> list[Samples | None]:
    """Draw runs of max(shots) consecutive windows, each from one training clip.

    Raises
    ------
    ValueError
        If there is no training clip, or none is long enough.
    """
    if not max(shots):
        return [None]
    if not scene.train_clips:
        raise ValueError(
            f"Scene '{scene.name}' has no training clip to adapt on: use --support clip_start."
        )
    longest = max(len(clip) for clip in scene.train_clips) - N_INPUTS
    check_shots(shots, longest, f"the longest training clip of scene '{scene.name}'")
    starts = []
    for clip in scene.train_clips:
        last = len(clip) - N_INPUTS - max(shots)
        starts += [(clip, first) for first in range(last + 1)]
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(starts), draws, replace=len(starts) < draws)
    return [windows_from(*starts[i], max(shots)) for i in chosen]


def windows_from(clip: vadkit.Clip, first: int, n: int) -> Samples | None:
    """n consecutive windows of a clip, from frame `first` on; None for n = 0."""
    if not n:
        return None
    return make_windows(clip.frames[first : first + n + N_INPUTS])


def score_with_training_support(method, scene, k, supports) -> tuple[list, float]:
    """PSNR per clip for each support, and the seconds of one adaptation."""
    scores, seconds = [], []
    for support in supports if k else supports[:1]:
        adapted, took = adapt_on(method, support, k)
        scores.append(vadkit.evaluate(adapted, scene).psnr)
        seconds.append(took)
    return scores, float(np.mean(seconds))


def score_from_clip_start(method, scene, k, supports=None) -> tuple[list, float]:
    """The same, where each clip is adapted to on its own: one draw."""
    psnr, seconds = [], []
    for clip in scene.test_clips:
        adapted, took = adapt_on(method, windows_from(clip, 0, k), k)
        psnr += vadkit.evaluate(adapted, vadkit.Scene(scene.name, [], [clip])).psnr
        seconds.append(took)
    return [psnr], float(np.mean(seconds))


SUPPORTS = {"train": score_with_training_support, "clip_start": score_from_clip_start}


def adapt_on(method, support: Samples | None, k: int) -> tuple:
    """Adapt on the first k windows of a support: the predictor, and the seconds it took."""
    if not k:
        return method.predictor, 0.0
    began = time.perf_counter()
    adapted = method.adapt(tuple(tensor[:k] for tensor in support))
    return adapted, time.perf_counter() - began


# --- Metrics


def metrics_of(psnr_per_clip, scene: vadkit.Scene, first: int) -> dict[str, float]:
    """Compare with the labels, frames before `first` left out: labels are read here alone."""
    clips = labelled_clips(scene)
    values = [np.where(np.arange(len(p)) >= first, p, np.nan) for p in psnr_per_clip]
    labels = [clip.labels for clip in clips]
    names = [clip.name for clip in clips]
    evaluation = vadkit.Evaluation(values, labels, [None] * len(clips), names)
    return {
        "auc_raw": evaluation.auc_raw,
        "auc_clip": evaluation.auc_clip,
        "auc_macro": evaluation.auc_macro,
        "psnr": evaluation.psnr_normal,
        "gap": evaluation.psnr_gap,
    }


def summarise(scores: dict, unadapted: dict, scene: vadkit.Scene, first: int) -> dict:
    """Metrics over draws, of each method and K and of what learns nothing."""
    results = {}
    for (name, k), (per_draw, seconds) in scores.items():
        row = over_draws([metrics_of(psnr, scene, first) for psnr in per_draw])
        row["adapt_seconds"] = round(seconds, 2)
        results.setdefault(name, {})[str(k)] = row
    for name, psnr in unadapted.items():
        row = over_draws([metrics_of(psnr, scene, first)])
        # The score of moving pixels is no PSNR.
        known = [key for key in METRICS if name == "copy_last_frame" or key.startswith("auc")]
        results[name] = {key: row[key] for key in known}
    return results


def over_draws(rows: list[dict[str, float]]) -> dict:
    """Mean and spread of each metric over draws, ready for JSON: what is not defined is None."""
    summary = {key: np.mean([row[key] for row in rows]) for key in METRICS}
    summary |= {f"std_{key}": np.std([row[key] for row in rows]) for key in METRICS}
    for key, value in summary.items():
        summary[key] = None if np.isnan(value) else round(float(value), 4)
    return summary | {"draws": len(rows)}
