"""Whole clips and scenes: a score for every frame, at the right frame, whatever the predictor."""

import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from test_metrics import mann_whitney

from vadkit.evaluation import Evaluation, evaluate, predict_clip, region_psnr
from vadkit.metrics import MAX_PSNR, frame_auc, patch_psnr, psnr, smooth_scores
from vadkit.predictors import copy_last_frame
from vadkit.scenes import Clip, Scene

NAN = float("nan")


def still(n_frames=20, size=(16, 16), seed=0):
    """The same noise in every frame: copying the last is perfect until somebody changes one."""
    frame = np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)
    return np.repeat(frame[None], n_frames, axis=0)


def noisy(name, n_frames, rng, *abnormal):
    frames = rng.integers(0, 256, (n_frames, 16, 16), dtype=np.uint8)
    return Clip(name, frames, labelled(n_frames, *abnormal))


def labelled(n_frames, *abnormal):
    return np.isin(np.arange(n_frames), abnormal)


def a_scene(*clips):
    return Scene("still", [], list(clips) or [Clip("c", still(), labelled(20, 9))])


def forbidden(x):
    raise AssertionError("the predictor was called")


# Scores


@given(st.integers(4, 19))
def test_what_happens_in_frame_t_shows_in_score_t(t):
    frames = still()
    frames[t] = 255 - frames[t]
    evaluation = evaluate(copy_last_frame, a_scene(Clip("c", frames, labelled(20, t))))
    [values] = evaluation.psnr
    assert len(values) == 20
    assert np.isnan(values[:4]).all() and not np.isnan(values[4:]).any()
    low = np.flatnonzero(values < 50).tolist()
    assert low == [t, t + 1][: 20 - t]  # the next frame differs from its last one again
    assert evaluation.anomaly_score[0][t] == 1


@pytest.mark.parametrize("score", ["frame", "patch", "moving"])
def test_scores_do_not_depend_on_the_batch_size_and_clips_keep_their_lengths(score):
    rng = np.random.default_rng(1)
    scene = a_scene(noisy("a", 9, rng, 6), noisy("b", 30, rng, 6))
    one, many = (evaluate(copy_last_frame, scene, score, batch_size=n) for n in (1, 7))
    assert [len(p) for p in one.psnr] == [9, 30] and one.clips == ["a", "b"]
    assert np.concatenate(one.psnr) == pytest.approx(np.concatenate(many.psnr), nan_ok=True)


@pytest.mark.parametrize("score", ["frame", "patch", "moving"])
@pytest.mark.parametrize("every", [1, 2, 5, 100])
def test_every_nth_window_is_scored_as_all_of_them_are(score, every):
    rng = np.random.default_rng(1)
    scene = a_scene(noisy("a", 9, rng, 6), noisy("b", 30, rng, 6))
    every_frame = evaluate(copy_last_frame, scene, score)
    some = evaluate(copy_last_frame, scene, score, every=every, batch_size=3)
    for complete, values in zip(every_frame.psnr, some.psnr):
        scored = np.arange(4, len(complete), every)
        assert np.flatnonzero(~np.isnan(values)).tolist() == scored.tolist()
        assert values[scored] == pytest.approx(complete[scored])


def test_every_counts_from_one():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        evaluate(forbidden, a_scene(), every=0)


def test_evaluate_scores_as_it_was_asked_to():
    frames = still()
    frames[10, :4, :4] ^= 128
    scene = a_scene(Clip("c", frames, labelled(20, 10)))
    x, y = torch.from_numpy(frames[9:11, None, None] / 255).float()
    at_10 = {s: evaluate(copy_last_frame, scene, s).psnr[0][10] for s in ("frame", "patch")}
    assert at_10["frame"] == pytest.approx(psnr(x, y).item())
    assert at_10["patch"] == pytest.approx(patch_psnr(x, y).item())
    assert evaluate(copy_last_frame, scene, "moving").psnr[0][10] == pytest.approx(1 - 16 / 256)


def test_evaluate_smooths_when_asked_to():
    frames = still()
    frames[10, :4, :4] ^= 128
    scene = a_scene(Clip("c", frames, labelled(20, 10)))
    expected = smooth_scores(evaluate(copy_last_frame, scene).psnr[0], 5)
    smooth = evaluate(copy_last_frame, scene, smooth=5).psnr[0]
    assert smooth == pytest.approx(expected, nan_ok=True)
    causal = evaluate(copy_last_frame, scene, smooth=3, causal=True).psnr[0]
    assert np.flatnonzero(causal < MAX_PSNR).tolist() == [11, 12]


@pytest.mark.parametrize("n", [0, 2, -3])
def test_smoothing_over_an_even_number_of_frames_is_refused_before_any_work(n):
    with pytest.raises(ValueError, match="odd"):
        evaluate(forbidden, a_scene(), smooth=n)


# What the scores are worth


def test_the_three_aucs_are_frame_auc_of_the_scores():
    rng = np.random.default_rng(0)
    clips = [noisy(str(i), 12, rng, 6, 7 + i) for i in range(3)]
    evaluation = evaluate(copy_last_frame, a_scene(*clips))
    labels = [clip.labels for clip in clips]
    scored = [(-p[4:], l[4:]) for p, l in zip(evaluation.psnr, labels)]
    all_scores, all_labels = (np.concatenate(part) for part in zip(*scored))
    assert evaluation.auc_raw == pytest.approx(roc_auc_score(all_labels, all_scores))
    per_clip = frame_auc([-p for p in evaluation.psnr], labels, "clip")
    assert evaluation.auc_clip == pytest.approx(per_clip)
    macro = np.mean([mann_whitney(s, l) for s, l in scored])
    assert evaluation.auc_macro == pytest.approx(macro)


def test_labels_may_be_written_as_0_and_1():
    frames = still()
    frames[9] = 0
    as_bool, as_int = (
        evaluate(copy_last_frame, a_scene(Clip("c", frames, labels)))
        for labels in (labelled(20, 9), labelled(20, 9).astype(int))
    )
    assert as_int.auc_raw == as_bool.auc_raw and as_int.psnr_gap == as_bool.psnr_gap > 20


def an_evaluation(psnr_values, labels, kinds=None):
    labels = [None if l is None else np.array(l, bool) for l in labels]
    names = [f"clip{i}" for i in range(len(labels))]
    values = [np.array(p, float) for p in psnr_values]
    return Evaluation(values, labels, kinds or [None] * len(labels), names)


def test_one_class_clips_are_named_and_macro_does_without_them():
    evaluation = an_evaluation(
        [[NAN, 30, 20], [NAN, 30, 20], [NAN, 1, 2]], [[0, 0, 1], [1, 0, 0], [1, 1, 1]]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert evaluation.auc_macro == 1
        # The abnormal frame of clip1 has no score.
        assert evaluation.one_class_clips == ["clip1", "clip2"]
        assert math.isnan(an_evaluation([[1, 2]], [[1, 1]]).auc_macro)


def test_mean_psnr_of_normal_and_abnormal_frames():
    evaluation = an_evaluation([[NAN, 30, 20], [NAN, 32, 10]], [[1, 0, 1], [0, 0, 1]])
    assert evaluation.psnr_normal == 31 and evaluation.psnr_gap == 31 - 15
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert math.isnan(an_evaluation([[30, 31]], [[0, 0]]).psnr_gap)


def test_each_kind_is_compared_with_all_normal_frames():
    kinds = [["", "", "boar", "boar"], ["", "car", "car", ""]]
    values, labels = [[9, 30, 5, 7], [30, 40, 8, 20]], [[0, 0, 1, 1], [0, 1, 1, 0]]
    evaluation = an_evaluation(values, labels, kinds)
    both = ["boar", "car"]
    assert evaluation.by_kind == pytest.approx({"boar": 1, "car": 4 / 8})
    assert evaluation.auc_of(["boar"]) == 1
    assert evaluation.auc_of(both) == evaluation.auc_raw == pytest.approx((8 + 4) / 16)
    assert evaluation.auc_of(both, normalize="clip") == pytest.approx(evaluation.auc_clip)


def test_a_kind_that_shows_only_in_unscored_frames_is_not_reported():
    evaluation = an_evaluation([[NAN, 30, 5]], [[1, 0, 1]], [["car", "", "boar"]])
    assert evaluation.by_kind == {"boar": 1}


def test_unknown_kinds():
    evaluation = an_evaluation([[30, 5]], [[0, 1]])
    assert evaluation.by_kind == {}
    with pytest.raises(ValueError, match="kinds"):
        evaluation.auc_of(["boar"])


def test_an_unlabelled_clip_is_scored_and_its_auc_refused_by_name():
    evaluation = evaluate(copy_last_frame, a_scene(Clip("mine", still())))
    assert len(evaluation.psnr[0]) == len(evaluation.anomaly_score[0]) == 20
    aucs = ["auc_raw", "auc_clip", "auc_macro"]
    for metric in (*aucs, "psnr_normal", "psnr_gap", "one_class_clips"):
        with pytest.raises(ValueError, match="mine"):
            getattr(evaluation, metric)


# Predictors, good and bad


class Nosy(torch.nn.Module):
    """Copies the last frame, wrongly in training mode, and notes the mode it was called in."""

    def __init__(self):
        super().__init__()
        self.frozen, self.modes = torch.nn.Dropout(), []
        self.weight = torch.nn.Parameter(torch.ones(()))

    def forward(self, x):
        self.modes.append(self.training)
        return x[:, -1:] * (0 if self.training else self.weight)


@pytest.mark.parametrize("training", [True, False])
def test_a_network_is_run_in_eval_mode_without_gradients_and_given_back_as_it_was(training):
    predictor = Nosy().train(training)
    predictor.frozen.eval()
    evaluation = evaluate(predictor, a_scene())
    predictions = predict_clip(predictor, a_scene().test_clips[0])
    assert not any(predictor.modes)
    assert predictor.training is training and not predictor.frozen.training
    assert (evaluation.psnr[0][4:] == MAX_PSNR).all() and isinstance(predictions, np.ndarray)


def test_the_mode_is_given_back_also_when_the_predictor_fails():
    predictor = torch.nn.Sequential(torch.nn.Conv2d(3, 1, 1)).train()
    with pytest.raises(RuntimeError):
        evaluate(predictor, a_scene())
    assert predictor.training and predictor[0].training


def test_predict_clip_gives_one_clamped_image_per_window():
    frames = np.random.default_rng(0).integers(0, 256, (11, 8, 9), dtype=np.uint8)
    predictions = predict_clip(copy_last_frame, Clip("c", frames), batch_size=3)
    assert predictions.shape == (7, 8, 9) and predictions.dtype == np.float32
    assert np.array_equal(np.round(predictions * 255).astype(np.uint8), frames[3:-1])
    wild = predict_clip(lambda x: 3 * x[:, -1:] - 1, Clip("c", frames))
    assert wild.min() == 0 and wild.max() == 1


@pytest.mark.parametrize(
    ("predictor", "words"),
    [
        (lambda x: x, r"\(16, 4, 16, 16\)"),
        (lambda x: x[:, -1], r"\(16, 16, 16\)"),
        (lambda x: x[:, -1:, :8], r"\(16, 1, 8, 16\)"),
        (lambda x: x[:1, -1:], r"\(1, 1, 16, 16\)"),
        (lambda x: x[:, -1:].numpy(), "ndarray"),
        (lambda x: (x[:, -1:], None), "tuple"),
        (lambda x: None, "NoneType"),
    ],
)
@pytest.mark.parametrize("score", ["frame", "patch", "moving"])
def test_a_predictor_that_returns_something_else_gets_one_sentence(predictor, words, score):
    with pytest.raises(ValueError, match=words) as caught:
        evaluate(predictor, a_scene(), score)
    assert "one next frame per window" in str(caught.value)
    with pytest.raises(ValueError, match="one next frame per window"):
        predict_clip(predictor, a_scene().test_clips[0])


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_prediction_that_is_no_number_never_becomes_a_score(bad):
    def predictor(x):
        y = x[:, -1:].clone()
        y[2, 0, 0, 0] = bad
        return y

    with pytest.warns(UserWarning, match="Clip 'c': no score for 1 frames") as caught:
        evaluation = evaluate(predictor, a_scene())
    assert caught[0].filename == __file__
    assert np.flatnonzero(np.isnan(evaluation.psnr[0])).tolist() == [0, 1, 2, 3, 6]
    assert np.isnan(evaluation.anomaly_score[0][6])


@pytest.mark.parametrize("score", ["frame", "patch", "moving"])
def test_frames_that_are_no_numbers_have_no_score_and_are_counted(score):
    frames = still() / 255
    frames[10, 2, 2] = NAN
    scene = a_scene(Clip("c", frames, labelled(20, 15)))
    with pytest.warns(UserWarning, match="Clip 'c': no score for 2 frames"):
        evaluation = evaluate(copy_last_frame, scene, score)
    assert np.flatnonzero(np.isnan(evaluation.psnr[0])).tolist() == [0, 1, 2, 3, 10, 11]


def test_a_predictor_of_nothing_but_nan_has_no_auc():
    with pytest.warns(UserWarning, match="16 frames"):
        evaluation = evaluate(lambda x: x[:, -1:] * NAN, a_scene())
    with pytest.raises(ValueError, match="no frame has a score"):
        _ = evaluation.auc_raw
    with pytest.raises(ValueError, match="No finite PSNR"):
        _ = evaluation.anomaly_score


@pytest.mark.parametrize(
    ("clip", "words"),
    [
        (Clip("short", still(4), labelled(4)), "'short'.*longest of 4 frames"),
        (Clip("empty", still(0), labelled(0)), "'empty'"),
        (Clip("odd", still(20), labelled(19)), "'odd'.*20 frames"),
        (Clip("odd", still(20), np.full(20, 2)), "'odd'.*0 and 1"),
    ],
)
def test_a_clip_that_cannot_be_scored_is_named(clip, words):
    with pytest.raises(ValueError, match=words):
        evaluate(copy_last_frame, a_scene(clip))


def test_labels_are_checked_before_any_work():
    good, late = Clip("c", still(), labelled(20)), Clip("late", still(), labelled(21))
    with pytest.raises(ValueError, match="'late'"):
        evaluate(forbidden, a_scene(good, late))


def test_an_unknown_score_and_a_scene_without_test_clips():
    with pytest.raises(ValueError, match="frame, patch, moving"):
        evaluate(copy_last_frame, a_scene(), score="ssim")
    with pytest.raises(ValueError, match="no test clips"):
        evaluate(copy_last_frame, Scene("bare", [Clip("c", still())], []))


def test_the_region_of_the_anomaly_is_measured_apart_from_who_else_moves():
    frames = np.full((6, 16, 16), 100, np.uint8)
    frames[5, 3:6, 2:6] = 151  # the anomaly, 0.2 brighter than foreseen; the top of its box rests
    frames[5, 10:12, 10:12] = 202  # somebody else, 0.4 brighter
    boxes = np.full((6, 4), -1)
    boxes[5] = 2, 2, 6, 6
    clip = Clip("clip", frames, np.arange(6) == 5, boxes=boxes)
    found = region_psnr(copy_last_frame, clip)
    assert found["anomaly"] == pytest.approx(-20 * np.log10(0.2), abs=1e-3)
    assert found["other movers"] == pytest.approx(-20 * np.log10(0.4), abs=1e-3)
    quiet = Clip("quiet", frames, boxes=np.full((6, 4), -1))
    assert np.isnan(region_psnr(copy_last_frame, quiet)["anomaly"])
    with pytest.raises(ValueError, match="'bare' has no boxes"):
        region_psnr(copy_last_frame, Clip("bare", frames))
