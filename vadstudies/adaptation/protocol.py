"""The protocol: scenes and windows, methods and their starts, and what is measured.

Ten scenes of TEST_SEEDS, all four places, one test clip for every behavioural kind of anomaly
there; every fifth window of a test clip is scored. K = 0, 1, 5, 10 consecutive windows (K + 4
frames) of a training clip; three draws, each from another clip and the same for every method. Three
training seeds. Whole-frame PSNR, no smoothing.

Fine-tuning has its optimizer, rate and number of steps chosen on validation scenes, by PSNR with
K = 5: "fine-tuned, equal" among plain gradient descent of as many steps as MAML takes, "fine-tuned,
best" also among Adam and up to twenty times as many steps.
"""

from collections.abc import Iterator
from functools import cache, lru_cache

import numpy as np
import torch

import vadkit
from vadkit import metrics, toy
from vadkit.adaptation import Samples, fine_tuning
from vadkit.maml.adapting import inner_steps
from vadstudies.adaptation.report import FINE_TUNED, MAML

SHOTS, DRAWS, SEEDS, EVERY = (1, 5, 10), 3, (0, 1, 2), 5
SCENES = [(toy.PLACES[i % 4], toy.TEST_SEEDS[100 + i]) for i in range(10)]
CHOOSING = [(toy.PLACES[i % 4], toy.VALIDATION_SEEDS[100 + i]) for i in range(4)]
STEPS = (0, 1, 2, 3, 5, 10, 20, 30, 45, 60)  # at which PSNR against steps is measured
N_INNER_STEPS = 3  # as many as MAML was trained for

# What fine-tuning may choose from: three steps at any of these rates, or up to sixty of the others.
EQUAL_RATES = (0.003, 0.01, 0.03, 0.1, 0.3)
OPTIMIZERS = [
    ("sgd", 0.03),
    ("sgd", 0.1),
    ("sgd", 0.3),
    ("adam", 5e-4),
    ("adam", 1e-3),
    ("adam", 2e-3),
]

LEARN_NOTHING = {"copy last frame": "frame", "moving pixels": "moving"}  # name: score
META = {  # name: its weights
    "Reptile": "reptile",
    "first-order MAML": "fomaml",
    "MAML, fixed rate": "maml",
    MAML: "maml_rates",
}
METHODS = ["from scratch", "fine-tuned, equal", FINE_TUNED, *META]
NETWORK = {"name": "unet", "width": 8, "depth": 2, "stem": 2}

Recipe = tuple[str, float, int]  # how a method is fine-tuned: optimizer, rate, number of steps


# --- Scenes and windows


@lru_cache(maxsize=3)
def scene_of(place: str, scene_seed: int) -> vadkit.Scene:
    """Toy scene with one test clip for every behavioural kind of anomaly there."""
    kinds = [kind for kind in toy.KINDS if kind in toy.kinds_for(place)]
    return toy.toy_scene(scene_seed, place, n_test=len(kinds), kinds=kinds)


def support_of(scene: vadkit.Scene, draw: int, k_shot: int) -> Samples:
    """K consecutive windows of training clip number `draw`.

    For one draw, a larger K goes on from the same first frame.
    """
    x, y = vadkit.make_windows(scene.train_clips[draw].frames)
    rng = np.random.default_rng([draw, len(scene.name)])
    start = rng.integers(len(x) - max(SHOTS) + 1)
    return x[start : start + k_shot], y[start : start + k_shot]


@lru_cache(maxsize=8)
def normal_windows(place: str, scene_seed: int) -> Samples:
    """Forty normal windows of the last training clip, which no support comes from."""
    x, y = vadkit.make_windows(scene_of(place, scene_seed).train_clips[-1].frames)
    chosen = np.linspace(0, len(x) - 1, 40).astype(int)
    return x[chosen], y[chosen]


@torch.no_grad()
def normal_psnr(predictor, windows: Samples) -> float:
    """Mean PSNR (dB) on some windows."""
    x, y = windows
    return metrics.psnr(predictor(x).clamp(0, 1), y).mean().item()


# --- Methods


def weights_of(method: str, seed: int) -> str:
    """Name of the weights that a method adapts; "" where there are none."""
    if method in LEARN_NOTHING or method == "from scratch":
        return ""
    return f"{META.get(method, 'joint')}_{seed}"


@cache
def trained(name: str) -> vadkit.MetaTrained:
    """Weights of the package, loaded once."""
    return vadkit.load_checkpoint(name)


def start_of(method: str, seed: int) -> torch.nn.Module:
    """The predictor that a method adapts."""
    if method == "from scratch":
        return vadkit.build_predictor(**NETWORK, seed=seed)
    return trained(weights_of(method, seed)).predictor


def adapted_copies(
    method: str, seed: int, recipes: dict[str, Recipe], support: Samples, n_steps: int | None = None
) -> Iterator[torch.nn.Module]:
    """Yield the adapted copy after 0, 1, ... steps, the trained or chosen number when None."""
    if method in META:
        start = trained(weights_of(method, seed))
        return inner_steps(start.predictor, support, start.rates, n_steps or start.n_inner_steps)
    optimizer, rate, chosen_steps = recipes[method]
    return fine_tuning(start_of(method, seed), support, optimizer, rate, n_steps or chosen_steps)


# --- Measurements: the jobs of run.py


def try_out(
    start: str, optimizer: str, rate: float, k_shot: int, place: str, scene_seed: int
) -> dict:
    """Measure PSNR on normal windows of a scene after each of STEPS of fine-tuning.

    `start` is "pre-trained" or "from scratch".
    """
    long = start == "pre-trained" and (optimizer, rate) in OPTIMIZERS
    n_steps = max(STEPS) if long else N_INNER_STEPS
    support = support_of(scene_of(place, scene_seed), 0, k_shot)
    copies = fine_tuning(start_of(start, 0), support, optimizer, rate, n_steps)
    return _psnr_at_steps(copies, normal_windows(place, scene_seed))


def follow_steps(
    place: str, scene_seed: int, method: str, seed: int, recipes: dict[str, Recipe]
) -> dict:
    """Measure PSNR on normal windows after each of STEPS on five windows.

    Whatever number of steps the method was trained or chosen for.
    """
    support = support_of(scene_of(place, scene_seed), 0, 5)
    copies = adapted_copies(method, seed, recipes, support, max(STEPS))
    return _psnr_at_steps(copies, normal_windows(place, scene_seed))


def _psnr_at_steps(copies, windows):
    psnr = [normal_psnr(adapted, windows) for step, adapted in enumerate(copies) if step in STEPS]
    return {"psnr": psnr}


def compare(
    place: str,
    scene_seed: int,
    method: str,
    seed: int,
    shots: tuple[int, ...],
    draws: int,
    recipes: dict[str, Recipe],
) -> dict:
    """Measure one method with one training seed on one scene, for all K and draws.

    The result is {"shots": {K: {metric: one value for each draw}}}.
    """
    scene = scene_of(place, scene_seed)
    if method in LEARN_NOTHING:
        row = metrics_of(vadkit.copy_last_frame, scene, LEARN_NOTHING[method])
        if method == "moving pixels":
            row["psnr"] = None  # its score is no PSNR
        return {"shots": dict.fromkeys((0, *shots), _columns([row]))}
    measured = {0: _columns([metrics_of(start_of(method, seed), scene)])}
    for k in shots:
        rows = []
        for draw in range(draws):
            support = support_of(scene, draw, k)
            *_, adapted = adapted_copies(method, seed, recipes, support)
            rows.append(metrics_of(adapted, scene))
        measured[k] = _columns(rows)
    return {"shots": measured}


def metrics_of(predictor, scene: vadkit.Scene, score: str = "frame") -> dict[str, float]:
    """PSNR of normal frames and AUC, on every fifth window."""
    evaluation = vadkit.evaluate(predictor, scene, score, every=EVERY)
    return {
        "psnr": evaluation.psnr_normal,
        "auc_raw": evaluation.auc_raw,
        "auc_clip": evaluation.auc_clip,
        "auc_macro": evaluation.auc_macro,
    }


def _columns(rows):
    return {name: [row[name] for row in rows] for name in rows[0]}
