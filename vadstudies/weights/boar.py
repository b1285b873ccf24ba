"""Weights for the boar's camera, notebook 02: trained longer than a class can wait.

Both networks see its normal life without end, a fresh clip every so many steps. One of them also
sees strangers of every kind but a boar, with the frame without them as the target.
"""

from dataclasses import replace

import numpy as np
from torch import nn

import vadkit
from vadkit import toy
from vadkit.callbacks import FreshClips
from vadkit.losses import decibel_loss
from vadkit.maml.rates import InnerRates
from vadkit.maml.training import MetaTrained
from vadkit.training import History
from vadkit.windows import StrangerWindows
from vadstudies.jobs import require_finished

NETWORK = {"name": "unet", "width": 16, "depth": 3, "predicts": "change", "normalise": True}
KINDS = tuple(kind for kind in toy.KINDS if kind != "boar")  # of strangers in training
ORDINARY = {"seed": 0, "steps": 8000, "n_clips": 24, "fresh_every": 24, "n_strange": 0}
STRANGERS = ORDINARY | {"n_strange": 70}


def train(seed: int, steps: int, n_clips: int, fresh_every: int, n_strange: int) -> MetaTrained:
    """Train on normal clips without end, and on some clips with strangers, if any."""
    scene = toy.boar_scene()
    predictor = vadkit.build_predictor(**NETWORK, seed=seed)
    strange = [scene.strange_clip(i, KINDS[i % len(KINDS)]) for i in range(n_strange)]
    options = {"steps": steps, "validate_every": steps, "seed": seed}
    history = train_at(scene, predictor, strange, n_clips, fresh_every, **options)
    require_finished(history)
    return MetaTrained(predictor, InnerRates(predictor), loss=decibel_loss)


def train_at(
    scene: toy.ToyScene,
    predictor: nn.Module,
    strange: list,
    n_clips: int = 24,
    fresh_every: int = 24,
    **options,
) -> History:
    """Train at one camera: normal clips without end, and clips with strangers, if any."""
    return vadkit.fit(
        predictor,
        vadkit.Windows([scene.normal_clip(i) for i in range(n_clips)]),
        loss=decibel_loss,
        strangers=StrangerWindows(strange) if strange else None,
        callbacks=[FreshClips(scene.normal_clip, fresh_every)],
        **options,
    )


def validation_psnr(trained: MetaTrained) -> np.ndarray:
    """PSNR (dB) on normal clips that no training has come to."""
    scene = toy.boar_scene()
    scene = replace(scene, test_clips=[scene.normal_clip(10_000 + i) for i in range(4)])
    return np.array([vadkit.evaluate(trained.predictor, scene).psnr_normal])


WEIGHTS = {"boar_ordinary": (train, ORDINARY), "boar_strangers": (train, STRANGERS)}
