"""Training with strangers, on a camera that never stops, with a loss in decibel."""

import pytest
import torch

from vadkit.callbacks import FreshClips
from vadkit.losses import decibel_loss
from vadkit.metrics import psnr
from vadkit.predictors import build_predictor
from vadkit.toy import toy_scene
from vadkit.training import fit
from vadkit.windows import StrangerWindows


def test_strangers_take_their_share_of_every_batch_and_are_left_out():
    """With strangers in the batch, the error on them without them goes down, and not otherwise."""
    scene = toy_scene(0, "campus", 32, custom="stream", n_test=8)
    strangers = StrangerWindows(scene.test_clips)
    x, clean = strangers.batch(range(0, len(strangers), 7))
    errors = {}
    for name, options in {"with": {"strangers": strangers}, "without": {}}.items():
        predictor = build_predictor("unet", width=8, depth=2, predicts="change")
        windows, options = scene.train_windows(), {"loss": decibel_loss, "lr": 5e-3, **options}
        fit(predictor, windows, 200, progress=False, **options)
        errors[name] = decibel_loss(predictor(x), clean).item()
    assert errors["with"] < errors["without"] - 1
    for options in ({"stranger_share": 1}, {"batch_size": 1}):
        with pytest.raises(ValueError, match="with strangers and without, got a share of"):
            fit(predictor, scene.train_windows(), 1, strangers=strangers, **options)


def test_decibel_loss_is_minus_the_psnr():
    y = torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    x = (y + 0.1 * torch.randn(6, 1, 8, 8, generator=torch.Generator().manual_seed(1))).clamp(0, 1)
    assert decibel_loss(x, y, floor=0).item() == pytest.approx(-psnr(x, y).mean().item(), abs=1e-4)
    assert decibel_loss(y, y).item() == pytest.approx(-50, abs=1e-4)


def test_a_camera_that_runs_on_gives_fresh_clips_and_leaves_the_scene_alone():
    scene = toy_scene(1, "campus", 32, n_frames=40)
    made = []

    def make_clip(number):
        made.append(number)
        return scene.normal_clip(number)

    windows = scene.train_windows()
    predictor = build_predictor("autoencoder", width=4)
    fresh = FreshClips(make_clip, every=2)
    fit(predictor, windows, 12, callbacks=[fresh], progress=False)
    assert made == [4, 5, 6, 7, 8, 9], "one after every two steps"
    seen = [clip.name for clip in fresh.run.windows.clips]
    assert seen == ["train08", "train09", "train06", "train07"]
    for kept in (windows.clips, scene.train_clips):  # who trains again begins with the same
        assert [clip.name for clip in kept] == [f"train0{i}" for i in range(4)]
    with pytest.raises(ValueError, match="at least 1, got 0"):
        FreshClips(make_clip, every=0)
    short = [FreshClips(toy_scene(1, n_frames=50).normal_clip, every=1)]
    with pytest.raises(ValueError, match="A clip of 40 frames is needed, got 50"):
        fit(predictor, windows, 2, callbacks=short, progress=False)
