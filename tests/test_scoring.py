"""Scores against scikit-image, scikit-learn, closed forms and counting by hand."""

import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.metrics import peak_signal_noise_ratio
from sklearn.metrics import roc_auc_score

from vadkit.evaluation import Evaluation, evaluate, predict_clip
from vadkit.metrics import (
    MAX_PSNR,
    anomaly_score,
    frame_auc,
    moving_pixels,
    patch_psnr,
    psnr,
    regularity_score,
    smooth_scores,
)
from vadkit.predictors import copy_last_frame
from vadkit.scenes import Clip, Scene

NAN = float("nan")


def images(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


# PSNR


@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 9), st.integers(1, 9))
def test_psnr_agrees_with_scikit_image(seed, n, height, width):
    prediction, target = images(2, n, 1, height, width, seed=seed)
    expected = [peak_signal_noise_ratio(t.numpy(), p.numpy(), data_range=1) for p, t in zip(prediction, target)]
    assert psnr(prediction, target).numpy() == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("error", "decibel"), [(1, 0), (0.1, 20), (0.01, 40), (0.5, 6.0206)])
def test_psnr_of_a_constant_error_in_closed_form(error, decibel):
    assert psnr(torch.zeros(2, 1, 5, 7), torch.full((2, 1, 5, 7), float(error))).tolist() == pytest.approx(
        [decibel] * 2, abs=1e-4
    )


def test_a_perfect_prediction_gets_the_largest_psnr_and_no_infinity():
    x = images(3, 1, 32, 32)
    assert psnr(x, x).tolist() == patch_psnr(x, x).tolist() == [MAX_PSNR] * 3
    assert psnr(x, x + 1e-9).max() <= MAX_PSNR


def test_halving_the_error_gains_six_decibel():
    target, error = images(1, 1, 8, 8), images(1, 1, 8, 8, seed=1)
    gain = psnr(target + error / 2, target) - psnr(target + error, target)
    assert gain.item() == pytest.approx(20 * math.log10(2), abs=1e-4)


@pytest.mark.parametrize("measure", [psnr, patch_psnr])
def test_a_window_with_nan_gives_nan_and_leaves_its_neighbours_alone(measure):
    prediction, target = images(2, 3, 1, 16, 16)
    clean = measure(prediction, target)
    prediction[1, 0, 3, 3] = NAN
    found = measure(prediction, target)
    assert found[1].isnan() and torch.equal(found[[0, 2]], clean[[0, 2]])


@pytest.mark.parametrize("measure", [psnr, patch_psnr])
@pytest.mark.parametrize(
    ("prediction", "target", "words"),
    [
        (torch.zeros(2, 1, 16, 16), torch.zeros(1, 1, 16, 16), "one shape"),
        (torch.zeros(2, 16, 16), torch.zeros(2, 16, 16), "one shape"),
        (torch.zeros(1, 1, 16, 16, dtype=torch.uint8), torch.ones(1, 1, 16, 16, dtype=torch.uint8), "divide by 255"),
    ],
)
def test_psnr_refuses_what_would_broadcast_or_wrap_around(measure, prediction, target, words):
    with pytest.raises(ValueError, match=words):
        measure(prediction, target)


def brute_force_patch_psnr(prediction, target, size):
    error = (prediction - target).square().numpy()[0, 0]
    height, width = error.shape
    step = max(size // 2, 1)
    tops = range(0, step * (math.ceil((height - size) / step) + 1), step)
    lefts = range(0, step * (math.ceil((width - size) / step) + 1), step)
    worst = max(error[t : t + size, l : l + size].astype(float).mean() for t in tops for l in lefts)
    return min(-10 * math.log10(worst), MAX_PSNR)


@given(st.integers(2, 9), st.integers(0, 8), st.integers(0, 8), st.integers(0, 1000))
def test_patch_psnr_is_the_worst_block_by_brute_force(size, more_rows, more_columns, seed):
    prediction, target = images(2, 1, 1, size + more_rows, size + more_columns, seed=seed)
    expected = brute_force_patch_psnr(prediction, target, size)
    assert patch_psnr(prediction, target, size).item() == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("place", [(0, 0), (99, 69), (0, 69), (99, 0), (50, 33)])
def test_every_pixel_counts_in_some_block_also_where_blocks_do_not_fit(place):
    target, prediction = torch.zeros(1, 1, 100, 70), torch.zeros(1, 1, 100, 70)
    prediction[0, 0, place[0], place[1]] = 1
    assert 10 * math.log10(8 * 8) < patch_psnr(prediction, target, size=16).item() <= 10 * math.log10(16 * 16) + 1e-3


@given(st.integers(0, 1000))
def test_the_worst_block_is_never_better_than_the_frame_it_tiles(seed):
    prediction, target = images(2, 2, 1, 32, 32, seed=seed)
    assert (patch_psnr(prediction, target, 16) <= psnr(prediction, target) + 1e-4).all()


def test_a_frame_smaller_than_a_block():
    with pytest.raises(ValueError, match="smaller than one 16 x 16 block"):
        patch_psnr(torch.zeros(1, 1, 15, 40), torch.zeros(1, 1, 15, 40))


# The detectors that learn nothing


def test_copy_last_frame_is_the_fourth_input():
    x = images(3, 4, 5, 6)
    assert torch.equal(copy_last_frame(x), x[:, 3:4])


def test_moving_pixels_counts_the_pixels_that_changed():
    x, y = torch.zeros(2, 4, 4, 5), torch.zeros(2, 1, 4, 5)
    x[:, :3] = 1  # older frames do not matter
    y[0, 0, 0] = 0.5
    y[1, 0, 1] = 0.05
    assert moving_pixels(x, y).tolist() == pytest.approx([5 / 20, 0])
    assert moving_pixels(x, y, threshold=0.01).tolist() == pytest.approx([5 / 20, 5 / 20])


def test_a_frame_of_nan_does_not_pass_for_a_still_one():
    x, y = torch.zeros(2, 4, 4, 4), torch.zeros(2, 1, 4, 4)
    y[1, 0, 0, 0] = NAN
    assert moving_pixels(x, y)[0] == 0 and moving_pixels(x, y)[1].isnan()


# From PSNR to a score per clip

decibels = st.integers(-500, 10_000).map(lambda v: v / 100)


@given(st.lists(decibels, min_size=1, max_size=30), st.sets(st.integers(0, 29)))
def test_regularity_is_min_max_and_the_anomaly_score_its_mirror(values, missing):
    values = np.array(values)
    values[[i for i in missing if i < len(values) - 1]] = np.nan
    regular, known = regularity_score(values), ~np.isnan(values)
    assert np.array_equal(np.isnan(regular), ~known)
    if np.ptp(values[known]):
        low, high = min(values[known]), max(values[known])
        assert regular[known] == pytest.approx((values[known] - low) / (high - low))
        assert regular[known].min() == 0 and regular[known].max() == 1
    else:
        assert (regular[known] == 0.5).all()
    assert anomaly_score(values)[known] == pytest.approx(1 - regular[known])


@pytest.mark.parametrize("values", [[], [NAN, NAN], [20, math.inf], [-math.inf, 20]])
def test_nothing_to_normalise(values):
    for function in (regularity_score, anomaly_score):
        with pytest.raises(ValueError, match="No finite PSNR"):
            function(values)


# AUC


def mann_whitney(scores, labels):
    """The share of (abnormal, normal) pairs in which the abnormal frame scores higher; a tie counts one half."""
    pairs = [(a > n) + (a == n) / 2 for a, i in zip(scores, labels) if i for n, j in zip(scores, labels) if not j]
    return sum(pairs) / len(pairs)


@st.composite
def clips(draw, both_classes_each=False):
    """Lists of scores (few values, hence ties) and labels, both classes present."""
    n_clips = draw(st.integers(1, 4))
    scores, labels = [], []
    for i in range(n_clips):
        n = draw(st.integers(2, 8))
        scores.append(np.array(draw(st.lists(st.integers(-5, 5), min_size=n, max_size=n)), float))
        labels.append(np.array(draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))))
        if both_classes_each or i == 0:
            labels[-1][:2] = 0, 1
    return scores, labels


@given(clips())
def test_micro_auc_is_scikit_learns_and_counting_pairs(data):
    scores, labels = data
    found = frame_auc(scores, labels)
    assert found == pytest.approx(roc_auc_score(np.concatenate(labels), np.concatenate(scores)))
    assert found == pytest.approx(mann_whitney(np.concatenate(scores), np.concatenate(labels)))


@given(clips())
def test_one_stretch_for_the_whole_scene_changes_no_micro_auc(data):
    assert frame_auc(*data, normalize="scene") == pytest.approx(frame_auc(*data), abs=1e-12)


@given(clips(both_classes_each=True), st.sampled_from([None, "clip", "scene"]))
def test_macro_auc_is_the_mean_over_clips_and_no_stretch_changes_it(data, normalize):
    expected = np.mean([mann_whitney(s, l) for s, l in zip(*data)])
    assert frame_auc(*data, normalize=normalize, average="macro") == pytest.approx(expected)


@given(clips())
def test_per_clip_normalisation_is_min_max_in_every_clip_and_then_micro(data):
    scores, labels = data
    stretched = [anomaly_score(-s) for s in scores]
    assert frame_auc(scores, labels, normalize="clip") == pytest.approx(frame_auc(stretched, labels))


def test_per_clip_normalisation_can_make_a_useless_detector_look_perfect():
    scores, labels = [[0, 0, 1], [10, 10, 11]], [[0, 0, 1], [0, 0, 1]]
    assert frame_auc(scores, labels) == 0.75
    assert frame_auc(scores, labels, normalize="clip") == 1


@given(clips(), st.data())
def test_frames_without_a_score_are_left_out(data, more):
    scores, labels = data
    holes = [np.array(more.draw(st.lists(st.booleans(), min_size=len(s), max_size=len(s)))) for s in scores]
    holes[0][:2] = False
    with_nan = [np.where(h, np.nan, s) for s, h in zip(scores, holes)]
    without = [s[~h] for s, h in zip(scores, holes)], [l[~h] for l, h in zip(labels, holes)]
    for normalize in (None, "clip", "scene"):
        assert frame_auc(with_nan, labels, normalize) == pytest.approx(frame_auc(*without, normalize))


@given(clips())
def test_turning_the_score_round_turns_the_auc_round(data):
    scores, labels = data
    assert frame_auc([-s for s in scores], labels) == pytest.approx(1 - frame_auc(scores, labels))


def test_one_class_clips_are_left_out_of_macro_named_and_never_padded():
    scores, labels = [[0, 1, 2, 3], [5, 6], [7, 8]], [[0, 1, 0, 1], [1, 1], [0, 0]]
    with pytest.warns(UserWarning, match="1, 2 of 3"):
        assert frame_auc(scores, labels, average="macro") == 0.75
    with pytest.raises(ValueError, match="at least one that does"):
        frame_auc(scores[1:], labels[1:], average="macro")


def test_empty_clips_change_nothing():
    assert frame_auc([[], [0, 1], [NAN]], [[], [0, 1], [1]]) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert frame_auc([[], [0, 1]], [[], [0, 1]], "clip", "macro") == 1


@pytest.mark.parametrize(
    ("scores", "labels", "options", "words"),
    [
        ([[1, 2]], [[0, 1], [0, 1]], {}, "1 clips of scores but 2"),
        ([[1, 2, 3]], [[0, 1]], {}, "Clip 0"),
        ([[0, 1], [1, 2]], [[0, 1], [0, 1, 1]], {}, "Clip 1"),
        ([[1, 2]], [[0, 2]], {}, "0 and 1"),
        ([[1, 2]], [[0, NAN]], {}, "0 and 1"),
        ([[1, 2]], [[-1, 1]], {}, "0 and 1"),
        ([[1, math.inf]], [[0, 1]], {}, "finite"),
        ([[[1, 2]]], [[0, 1]], {}, "Clip 0"),
        ([[1, 2]], [None], {}, "no labels"),
        ([[1, 2]], [[0, 0]], {}, "normal"),
        ([[1, 2]], [[1, 1]], {}, "abnormal"),
        ([[NAN, 2]], [[0, 1]], {}, "both classes"),
        ([[NAN, NAN]], [[0, 1]], {}, "no frame has a score"),
        ([], [], {}, "no frame has a score"),
        ([[1, 2]], [[0, 1]], {"normalize": "video"}, "'video'"),
        ([[1, 2]], [[0, 1]], {"average": "weighted"}, "'weighted'"),
    ],
)
def test_scores_and_labels_that_cannot_be_ranked(scores, labels, options, words):
    with pytest.raises(ValueError, match=words):
        frame_auc(scores, labels, **options)


# Smoothing

series = arrays(float, st.integers(1, 25), elements=st.one_of(st.just(NAN), st.integers(-9, 9).map(float)))
odd = st.integers(0, 5).map(lambda k: 2 * k + 1)


@given(series, odd, st.booleans())
def test_smoothing_is_the_median_of_the_frames_around(values, n, causal):
    found = smooth_scores(values, n, causal)
    for i, value in enumerate(values):
        around = values[max(i - (n - 1 if causal else n // 2), 0) : i + (0 if causal else n // 2) + 1]
        expected = NAN if np.isnan(value) else np.median(around[~np.isnan(around)])
        assert found[i] == expected or (np.isnan(found[i]) and np.isnan(expected))


@given(series, odd, st.data())
def test_causal_smoothing_never_depends_on_the_future(values, n, data):
    now = data.draw(st.integers(0, len(values) - 1))
    other = values.copy()
    other[now + 1 :] = 1e6
    assert np.array_equal(
        smooth_scores(values, n, True)[: now + 1], smooth_scores(other, n, True)[: now + 1], equal_nan=True
    )


def test_centred_smoothing_does_depend_on_the_future():
    assert smooth_scores(np.array([0.0, 0, 9, 9]), 3).tolist() == [0, 0, 9, 9]
    assert smooth_scores(np.array([0.0, 0, 9, 9]), 3, causal=True).tolist() == [0, 0, 0, 9]


@given(series)
def test_smoothing_over_one_frame_changes_nothing(values):
    assert np.array_equal(smooth_scores(values, 1), values, equal_nan=True)


@pytest.mark.parametrize("n", [0, 2, -3, 2.5])
def test_smoothing_over_an_even_number_of_frames_is_refused_before_any_work(n):
    with pytest.raises(ValueError, match="odd"):
        smooth_scores(np.zeros(5), n)
    with pytest.raises(ValueError, match="odd"):
        evaluate(forbidden, a_scene(), smooth=n)


def forbidden(x):
    raise AssertionError("the predictor was called")


# Whole clips and scenes


def still(n_frames=20, size=(16, 16), seed=0):
    """The same noise in every frame: copying the last one is perfect until somebody changes a frame."""
    frame = np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)
    return np.repeat(frame[None], n_frames, axis=0)


def labelled(n_frames, *abnormal):
    return np.isin(np.arange(n_frames), abnormal)


def a_scene(*clips):
    return Scene("drawn", [], list(clips) or [Clip("c", still(), labelled(20, 9))])


@given(st.integers(4, 19))
def test_what_happens_in_frame_t_shows_in_score_t(t):
    frames = still()
    frames[t] = 255 - frames[t]
    found = evaluate(copy_last_frame, a_scene(Clip("c", frames, labelled(20, t))))
    assert len(found.psnr[0]) == 20 and np.isnan(found.psnr[0][:4]).all() and not np.isnan(found.psnr[0][4:]).any()
    low = np.flatnonzero(found.psnr[0] < 50).tolist()
    assert low == [t, t + 1][: 20 - t]  # the next frame differs from its last one again
    assert found.anomaly_score[0][t] == 1


@pytest.mark.parametrize("score", ["frame", "patch", "moving"])
def test_scores_do_not_depend_on_the_batch_size_and_clips_keep_their_lengths(score):
    draw = np.random.default_rng(1)
    clips = [
        Clip(n, draw.integers(0, 256, (t, 16, 16), dtype=np.uint8), labelled(t, 6)) for n, t in (("a", 9), ("b", 30))
    ]
    one, many = (evaluate(copy_last_frame, a_scene(*clips), score, batch_size=n) for n in (1, 7))
    assert [len(p) for p in one.psnr] == [9, 30] and one.clips == ["a", "b"]
    assert np.concatenate(one.psnr) == pytest.approx(np.concatenate(many.psnr), nan_ok=True)


def test_evaluate_scores_with_the_measure_it_was_asked_for():
    frames = still()
    frames[10, :4, :4] ^= 128
    scene = a_scene(Clip("c", frames, labelled(20, 10)))
    x, y = torch.from_numpy(frames[9:10, None] / 255).float(), torch.from_numpy(frames[10:11, None] / 255).float()
    assert evaluate(copy_last_frame, scene).psnr[0][10] == pytest.approx(psnr(x, y).item())
    assert evaluate(copy_last_frame, scene, "patch").psnr[0][10] == pytest.approx(patch_psnr(x, y).item())
    assert evaluate(copy_last_frame, scene, "moving").psnr[0][10] == pytest.approx(1 - 16 / 256)
    smooth = evaluate(copy_last_frame, scene, smooth=5)
    assert smooth.psnr[0] == pytest.approx(smooth_scores(evaluate(copy_last_frame, scene).psnr[0], 5), nan_ok=True)
    causal = evaluate(copy_last_frame, scene, smooth=3, causal=True).psnr[0]
    assert np.flatnonzero(causal < MAX_PSNR).tolist() == [11, 12]


def test_the_three_aucs_are_frame_auc_of_the_scores():
    draw = np.random.default_rng(0)
    clips = [
        Clip(str(i), draw.integers(0, 256, (12, 16, 16), dtype=np.uint8), labelled(12, 6, 7 + i)) for i in range(3)
    ]
    found = evaluate(copy_last_frame, a_scene(*clips))
    labels = [c.labels for c in clips]
    scored = np.concatenate([l[4:] for l in labels]), np.concatenate([-p[4:] for p in found.psnr])
    assert found.auc_raw == pytest.approx(roc_auc_score(*scored))
    assert found.auc_clip == pytest.approx(frame_auc([-p for p in found.psnr], labels, "clip"))
    assert found.auc_macro == pytest.approx(np.mean([mann_whitney(-p[4:], l[4:]) for p, l in zip(found.psnr, labels)]))


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
    return Evaluation([np.array(p, float) for p in psnr_values], labels, kinds or [None] * len(labels), names)


def test_one_class_clips_are_named_and_macro_does_without_them():
    found = an_evaluation([[NAN, 30, 20], [NAN, 30, 20], [NAN, 1, 2]], [[0, 0, 1], [1, 0, 0], [1, 1, 1]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert found.auc_macro == 1
        assert found.one_class_clips == ["clip1", "clip2"]  # the abnormal frame of clip1 has no score
        assert math.isnan(an_evaluation([[1, 2]], [[1, 1]]).auc_macro)


def test_mean_psnr_of_normal_and_abnormal_frames():
    found = an_evaluation([[NAN, 30, 20], [NAN, 32, 10]], [[1, 0, 1], [0, 0, 1]])
    assert found.psnr_normal == 31 and found.psnr_gap == 31 - 15
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert math.isnan(an_evaluation([[30, 31]], [[0, 0]]).psnr_gap)


def test_each_kind_is_compared_with_all_normal_frames():
    kinds = [["", "", "boar", "boar"], ["", "car", "car", ""]]
    found = an_evaluation([[9, 30, 5, 7], [30, 40, 8, 20]], [[0, 0, 1, 1], [0, 1, 1, 0]], kinds)
    assert found.by_kind == pytest.approx({"boar": 1, "car": 4 / 8})
    assert found.auc_of(["boar"]) == 1
    assert found.auc_of(["boar", "car"]) == found.auc_raw == pytest.approx((8 + 4) / 16)
    assert found.auc_of(["boar", "car"], normalize="clip") == pytest.approx(found.auc_clip)


def test_a_kind_that_shows_only_in_unscored_frames_is_not_reported():
    found = an_evaluation([[NAN, 30, 5]], [[1, 0, 1]], [["car", "", "boar"]])
    assert found.by_kind == {"boar": 1}


def test_unknown_kinds():
    found = an_evaluation([[30, 5]], [[0, 1]])
    assert found.by_kind == {}
    with pytest.raises(ValueError, match="kinds"):
        found.auc_of(["boar"])


def test_an_unlabelled_clip_is_scored_and_its_auc_refused_by_name():
    found = evaluate(copy_last_frame, a_scene(Clip("mine", still())))
    assert len(found.psnr[0]) == len(found.anomaly_score[0]) == 20
    for figure in ("auc_raw", "auc_clip", "auc_macro", "psnr_normal", "psnr_gap", "one_class_clips"):
        with pytest.raises(ValueError, match="mine"):
            getattr(found, figure)


# Predictors, good and bad


class Nosy(torch.nn.Module):
    """Copies the last frame, wrongly while in training mode, and notes the mode it was called in."""

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
    found = evaluate(predictor, a_scene())
    predictions = predict_clip(predictor, a_scene().test_clips[0])
    assert not any(predictor.modes)
    assert predictor.training is training and not predictor.frozen.training
    assert (found.psnr[0][4:] == MAX_PSNR).all() and isinstance(predictions, np.ndarray)


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

    with pytest.warns(UserWarning, match="Clip 'c': no score for 1 frames"):
        found = evaluate(predictor, a_scene())
    assert np.flatnonzero(np.isnan(found.psnr[0])).tolist() == [0, 1, 2, 3, 6]
    assert np.isnan(found.anomaly_score[0][6])


@pytest.mark.parametrize("score", ["frame", "patch", "moving"])
def test_frames_that_are_no_numbers_have_no_score_and_are_counted(score):
    frames = still() / 255
    frames[10, 2, 2] = NAN
    with pytest.warns(UserWarning, match="Clip 'c': no score for 2 frames"):
        found = evaluate(copy_last_frame, a_scene(Clip("c", frames, labelled(20, 15))), score)
    assert np.flatnonzero(np.isnan(found.psnr[0])).tolist() == [0, 1, 2, 3, 10, 11]


def test_a_predictor_of_nothing_but_nan_has_no_auc():
    with pytest.warns(UserWarning, match="16 frames"):
        found = evaluate(lambda x: x[:, -1:] * NAN, a_scene())
    with pytest.raises(ValueError, match="no frame has a score"):
        _ = found.auc_raw
    with pytest.raises(ValueError, match="No finite PSNR"):
        _ = found.anomaly_score


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
    with pytest.raises(ValueError, match="'late'"):
        evaluate(forbidden, a_scene(Clip("c", still(), labelled(20)), Clip("late", still(), labelled(21))))


def test_an_unknown_score_and_a_scene_without_test_clips():
    with pytest.raises(ValueError, match="frame, patch, moving"):
        evaluate(copy_last_frame, a_scene(), score="ssim")
    with pytest.raises(ValueError, match="no test clips"):
        evaluate(copy_last_frame, Scene("bare", [Clip("c", still())], []))
