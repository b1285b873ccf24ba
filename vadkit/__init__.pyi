from . import (
    adaptation,
    adversarial,
    callbacks,
    checkpoints,
    episodes,
    evaluation,
    losses,
    maml,
    metrics,
    pools,
    predicting,
    predictors,
    prepare,
    scenes,
    text,
    toy,
    training,
    view,
    widgets,
    windows,
    zoo,
)
from .callbacks import WeightAverage
from .checkpoints import load_or_train, load_weights, save_weights
from .episodes import EpisodeSampler, Task
from .evaluation import Evaluation, evaluate
from .maml import InnerRates, MetaTrained, adapt, adaptation_curve, meta_step, meta_train
from .metrics import anomaly_score, frame_auc, moving_pixels, patch_psnr, psnr, regularity_score
from .predicting import predict_clip
from .predictors import build_predictor, copy_last_frame, count_parameters
from .scenes import Clip, Scene, data_folder, list_scenes, open_scene
from .toy import boar_scene, the_boar, toy_scene
from .training import fit
from .widgets import scrub
from .windows import Windows, make_windows
from .zoo import list_checkpoints, load_checkpoint

__all__ = [
    "Clip", "EpisodeSampler", "Evaluation", "InnerRates", "MetaTrained", "Scene", "Task",
    "WeightAverage", "Windows", "adapt", "adaptation", "adaptation_curve", "adversarial",
    "anomaly_score", "boar_scene", "build_predictor", "callbacks", "checkpoints", "copy_last_frame",
    "count_parameters", "data_folder", "episodes", "evaluate", "evaluation", "fit", "frame_auc",
    "list_checkpoints", "list_scenes", "load_checkpoint", "load_or_train", "load_weights", "losses",
    "make_windows", "maml", "meta_step", "meta_train", "metrics", "moving_pixels", "open_scene",
    "patch_psnr", "pools", "predict_clip", "predicting", "predictors", "prepare", "psnr",
    "regularity_score", "save_weights", "scenes", "scrub", "text", "the_boar", "toy", "toy_scene",
    "training", "view", "widgets", "windows", "zoo",
]  # fmt: skip
__version__: str
