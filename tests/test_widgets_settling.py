"""The widget of notebook 06, on a tiny scene: two models settle in."""

import numpy as np
import pytest
import torch

import vadkit
from vadcourse.widgets.settling import Settling
from vadkit import toy
from vadkit.losses import decibel_loss


def predictor(seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(
        torch.nn.Conv2d(4, 4, 3, padding=1), torch.nn.SiLU(), torch.nn.Conv2d(4, 1, 3, padding=1)
    )


def trained(seed=0, rate=0.05):
    model = predictor(seed)
    return vadkit.MetaTrained(model, vadkit.InnerRates(model, rate), 3)


@pytest.fixture(scope="module")
def scene():
    return toy.toy_scene(10_500, "park", size=32, n_test=2, n_frames=40, kinds=["boar", "runner"])


@pytest.fixture
def support(scene):
    return vadkit.make_windows(scene.train_clips[0].frames[:9])


def test_some_windows_are_scored_as_all_of_them_are(scene):
    complete = vadkit.evaluate(predictor(), scene)
    some = vadkit.evaluate(predictor(), scene, every=3)
    for a, b in zip(complete.psnr, some.psnr):
        scored = ~np.isnan(b)
        assert scored.sum() == 12 and not scored[:4].any()
        np.testing.assert_allclose(a[scored], b[scored], rtol=1e-5)
    at_once = vadkit.evaluate(predictor(), scene, batch_size=1000)
    assert at_once.auc_clip == pytest.approx(complete.auc_clip, abs=1e-3)
    assert at_once.by_kind.keys() == complete.by_kind.keys()


@pytest.fixture
def settling(scene, support):
    return Settling(
        {"one": trained(0), "two": trained(1, 0.01)}, support, scene.test_clips[0], n_steps=4
    )


def test_the_widget_shows_what_adapting_gives(settling, scene, support):
    clip, (truth, drawn) = scene.test_clips[0], settling.images
    frame = vadkit.view.representative_frame(clip)
    assert (
        truth.shape == (32, 32)
        and drawn.shape == (2, 5, 32, 32)
        and np.array_equal(truth, clip.frames[frame])
    )
    x = vadkit.windows.to_float(clip.frames[frame - 4 : frame])[None]
    for model, pictures in zip((trained(0), trained(1, 0.01)), drawn):
        for n in (0, 3):
            with torch.no_grad():
                expected = model.adapt(support, n)(x)[0, 0].clamp(0, 1).numpy() * 255
            assert np.abs(pictures[n] - expected).max() <= 0.51
    x0, y0, x1, y1 = settling.box
    inside = np.zeros((32, 32), bool)
    inside[y0:y1, x0:x1] = True
    error = ((drawn[0, 2] / 255 - truth / 255) ** 2)[~inside].mean()
    assert settling.outside[0][2] == pytest.approx(-10 * np.log10(error), abs=0.1)


def test_a_clip_without_boxes_has_one_curve_for_each_model(scene, support):
    widget = Settling(
        {"a": trained(0), "b": trained(1)}, support, scene.test_clips[0].frames, n_steps=2
    )
    assert widget.box == [] and widget.inside == [[], []] and len(widget.outside[0]) == 3


def test_the_still_and_the_static_page_say_what_they_show(settling):
    figure = settling.still((0, 4))
    assert f"{settling.outside[1][4]:.1f}" in figure.alt and len(figure.axes) == 6
    assert "two" in settling.alt and settling.alt in settling.to_html()


def test_the_widget_refuses_what_it_cannot_show(scene, support):
    with pytest.raises(ValueError, match="Two models"):
        Settling({"one": trained()}, support, scene.test_clips[0])
    with pytest.raises(ValueError, match="no prediction"):
        Settling({"a": trained(), "b": trained()}, support, scene.test_clips[0], frame=3)


def test_a_model_settles_on_the_loss_it_was_trained_on(scene, support):
    model = trained()
    model.loss = decibel_loss
    clip = scene.test_clips[0]
    widget = Settling({"dB": model, "mse": trained()}, support, clip, n_steps=1)
    frame = vadkit.view.representative_frame(clip)
    x = vadkit.windows.to_float(clip.frames[frame - 4 : frame])[None]
    with torch.no_grad():
        expected = model.adapt(support, 1)(x)[0, 0].clamp(0, 1).numpy() * 255
    assert np.abs(widget.images[1][0, 1] - expected).max() <= 0.51
    assert np.abs(widget.images[1][1, 1] - expected).max() > 1
