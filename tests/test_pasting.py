"""Strangers in real windows: who is pasted is drawn, what is to be predicted stays as it was."""

import numpy as np
import pytest
import torch

import vadkit
from vadkit import adaptation, pasting, toy
from vadkit.scenes import Clip


@pytest.fixture(scope="module")
def cutouts():
    return toy.drawn_strangers(8, size=64)


@pytest.fixture(scope="module")
def windows():
    rng = np.random.default_rng(1)
    return vadkit.Windows([Clip("day", rng.integers(0, 256, (9, 48, 80), np.uint8))])


def test_a_cutout_holds_the_stranger_and_nothing_of_the_scene():
    scene = toy.toy_scene(10_700, "campus", n_train=1, n_test=1, kinds=["car"])
    (clip,) = scene.test_clips
    cutout = toy.cut_out(clip)
    seen = np.flatnonzero(clip.labels)
    clean = clip.without_anomaly().frames[seen]
    assert len(cutout.frames) == len(seen) > 0
    assert cutout.mask.any((1, 2)).all()
    outside = ~cutout.mask
    assert np.abs(cutout.frames.astype(int) - clean)[outside].max() <= 8
    assert cutout.mask.mean() < 0.5


def test_the_boar_is_among_the_strangers_only_when_asked_for(monkeypatch):
    asked = []
    draw = toy.cutouts.toy_scene

    def note(*arguments, kinds, **options):
        asked.extend(kinds)
        return draw(*arguments, kinds=kinds, **options)

    monkeypatch.setattr(toy.cutouts, "toy_scene", note)
    toy.drawn_strangers(24, size=32)
    assert asked and "boar" not in asked and len(set(asked)) > 3
    asked.clear()
    toy.drawn_strangers(4, ["boar"], size=32)
    assert set(asked) == {"boar"}


def test_a_stranger_is_seen_in_the_last_frame_and_the_video_is_left_alone(cutouts):
    video = np.full((5, 60, 88), 0.5, np.float32)
    for seed in range(40):
        pasted = pasting.paste(video, cutouts, np.random.default_rng(seed))
        assert pasted.shape == video.shape and pasted.dtype == video.dtype
        assert 0 <= pasted.min() and pasted.max() <= 1
        changed = (pasted != video).mean((1, 2))
        assert changed[-1] > 0 and changed.max() < 0.9
    assert (video == 0.5).all()


def test_strangers_come_on_both_sides_and_in_many_sizes(cutouts):
    video = np.full((5, 64, 64), 0.5, np.float32)
    columns, sizes = np.zeros(64), []
    for seed in range(60):
        changed = pasting.paste(video, cutouts, np.random.default_rng(seed))[-1] != 0.5
        columns += changed.any(0)
        sizes.append(changed.sum())
    assert columns[:16].any() and columns[-16:].any()
    assert max(sizes) > 4 * min(sizes)


def test_the_target_stays_the_frame_as_it_was(windows, cutouts):
    indices = np.array([0, 2, 3])
    strangers = pasting.PastedStrangers(windows, indices, cutouts, variants=4)
    assert len(strangers) == 12
    for i in range(len(strangers)):
        x, y = strangers[i]
        clean_x, clean_y = windows[indices[i % 3]]
        assert torch.equal(y, clean_y) and not torch.equal(x, clean_x)
    x, _ = strangers.batch([1, 4, 1])
    assert torch.equal(x[0], x[2]) and not torch.equal(x[0], x[1])


def test_without_windows_or_cutouts_there_is_nothing_to_paste(windows, cutouts):
    with pytest.raises(ValueError, match="0 cutouts and 1 windows"):
        pasting.PastedStrangers(windows, [0], [])
    with pytest.raises(ValueError, match="0 windows"):
        pasting.PastedStrangers(windows, [], cutouts)


def test_a_share_of_the_windows_gets_a_stranger(windows, cutouts):
    x, y = windows.batch([0, 1, 2, 3] * 50)
    pasted, target = pasting.paste_into((x, y), cutouts, np.random.default_rng(0), share=0.25)
    hit = (pasted != x).flatten(1).any(1).float().mean()
    assert 0.15 < hit < 0.35 and target is y


def test_a_predictor_that_trained_with_pasted_strangers_leaves_them_out(cutouts):
    scene = toy.toy_scene(10_701, "campus", size=32, n_train=3, n_test=0)
    windows = scene.train_windows()
    strangers = pasting.PastedStrangers(windows, range(len(windows)), cutouts)
    scores = {}
    for name, extra in {"ordinary": None, "strangers": strangers}.items():
        predictor = vadkit.build_predictor(
            "unet", width=8, depth=2, predicts="change", normalise=True
        )
        vadkit.fit(
            predictor, windows, 160, strangers=extra, loss=vadkit.losses.decibel_loss,
            progress=False,
        )  # fmt: skip
        unseen = pasting.PastedStrangers(windows, range(len(windows)), cutouts, seed=1)
        x, y = unseen.batch(range(0, 300, 6))
        stands = (x[:, -1:] - y).abs() > 0.2  # somebody, where the target shows the scene
        with torch.no_grad():
            scores[name] = (predictor(x) - y)[stands].square().mean().item()
    assert scores["strangers"] < 0.8 * scores["ordinary"]


def test_settling_in_with_strangers_repeats_with_its_seed_and_differs_from_without(cutouts):
    torch.manual_seed(0)
    model = torch.nn.Conv2d(4, 1, 3, padding=1)
    support = torch.rand(6, 4, 16, 16), torch.rand(6, 1, 16, 16)
    first, again, without = (
        adaptation.settle_in(model, support, 5, strangers=who).weight
        for who in (cutouts, cutouts, ())
    )
    assert torch.equal(first, again) and not torch.equal(first, without)
