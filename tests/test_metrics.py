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

from vadkit.metrics import (
    MAX_PSNR,
    anomaly_score,
    decibel,
    frame_auc,
    moving_pixels,
    patch_psnr,
    psnr,
    regularity_score,
    smooth_scores,
)
from vadkit.predictors import copy_last_frame

NAN = float("nan")


def images(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


# PSNR


@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 9), st.integers(1, 9))
def test_psnr_agrees_with_scikit_image(seed, n, height, width):
    prediction, target = images(2, n, 1, height, width, seed=seed)
    pairs = zip(prediction.numpy(), target.numpy())
    expected = [peak_signal_noise_ratio(t, p, data_range=1) for p, t in pairs]
    assert psnr(prediction, target).numpy() == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("error", "expected"), [(1, 0), (0.1, 20), (0.01, 40), (0.5, 6.0206)])
def test_psnr_of_a_constant_error_in_closed_form(error, expected):
    prediction, target = torch.zeros(2, 1, 5, 7), torch.full((2, 1, 5, 7), float(error))
    assert psnr(prediction, target).tolist() == pytest.approx([expected] * 2, abs=1e-4)


def test_a_perfect_prediction_gets_the_largest_psnr_and_no_infinity():
    x = images(3, 1, 32, 32)
    assert psnr(x, x).tolist() == patch_psnr(x, x).tolist() == [MAX_PSNR] * 3
    assert psnr(x, x + 1e-9).max() <= MAX_PSNR


def test_halving_the_error_gains_six_decibel():
    target, error = images(1, 1, 8, 8), images(1, 1, 8, 8, seed=1)
    gain = psnr(target + error / 2, target) - psnr(target + error, target)
    assert gain.item() == pytest.approx(20 * math.log10(2), abs=1e-4)


@given(st.lists(st.floats(1e-9, 1), min_size=1, max_size=5))
def test_decibels_of_tensors_arrays_lists_and_numbers_agree(mse):
    expected = [-10 * math.log10(value) for value in mse]
    assert decibel(torch.tensor(mse)).tolist() == pytest.approx(expected, abs=1e-4)
    assert decibel(np.array(mse)) == pytest.approx(expected)
    assert decibel(mse) == pytest.approx(expected)
    assert decibel(mse[0]) == pytest.approx(expected[0])


@pytest.mark.parametrize("kind", [torch.tensor, np.array, list])
def test_no_error_is_the_largest_decibel_and_nan_stays_nan(kind):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        perfect, unknown = decibel(kind([0.0, NAN]))
    assert perfect == MAX_PSNR and math.isnan(unknown)


@pytest.mark.parametrize("metric", [psnr, patch_psnr])
def test_a_window_with_nan_gives_nan_and_leaves_its_neighbours_alone(metric):
    prediction, target = images(2, 3, 1, 16, 16)
    clean = metric(prediction, target)
    prediction[1, 0, 3, 3] = NAN
    values = metric(prediction, target)
    assert values[1].isnan() and torch.equal(values[[0, 2]], clean[[0, 2]])


BYTES = torch.zeros(1, 1, 16, 16, dtype=torch.uint8)


@pytest.mark.parametrize("metric", [psnr, patch_psnr])
@pytest.mark.parametrize(
    ("prediction", "target", "words"),
    [
        (torch.zeros(2, 1, 16, 16), torch.zeros(1, 1, 16, 16), "one shape"),
        (torch.zeros(2, 16, 16), torch.zeros(2, 16, 16), "one shape"),
        (BYTES, BYTES + 1, "divide by 255"),
    ],
)
def test_psnr_refuses_what_would_broadcast_or_wrap_around(metric, prediction, target, words):
    with pytest.raises(ValueError, match=words):
        metric(prediction, target)


def brute_force_patch_psnr(prediction, target, size):
    error = (prediction - target).square().numpy()[0, 0].astype(float)
    height, width = error.shape
    step = max(size // 2, 1)
    tops = range(0, step * (math.ceil((height - size) / step) + 1), step)
    lefts = range(0, step * (math.ceil((width - size) / step) + 1), step)
    blocks = [error[top : top + size, left : left + size] for top in tops for left in lefts]
    worst = max(block.mean() for block in blocks)
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
    cut_block, full_block = 10 * math.log10(8 * 8), 10 * math.log10(16 * 16)
    assert cut_block < patch_psnr(prediction, target, size=16).item() <= full_block + 1e-3


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
    """The share of (abnormal, normal) pairs in which the abnormal one is higher; a tie is half."""
    scores, labels = np.asarray(scores), np.asarray(labels, bool)
    abnormal, normal = scores[labels][:, None], scores[~labels][None]
    return ((abnormal > normal) + (abnormal == normal) / 2).mean()


@st.composite
def clips(draw, both_classes_each=False):
    """Lists of scores (few values, hence ties) and labels, both classes present."""
    scores, labels = [], []
    for i in range(draw(st.integers(1, 4))):
        n = draw(st.integers(2, 8))
        scores.append(np.array(draw(st.lists(st.integers(-5, 5), min_size=n, max_size=n)), float))
        labels.append(np.array(draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))))
        if both_classes_each or i == 0:
            labels[-1][:2] = 0, 1
    return scores, labels


@given(clips())
def test_micro_auc_is_scikit_learns_and_counting_pairs(data):
    scores, labels = data
    auc = frame_auc(scores, labels)
    assert auc == pytest.approx(roc_auc_score(np.concatenate(labels), np.concatenate(scores)))
    assert auc == pytest.approx(mann_whitney(np.concatenate(scores), np.concatenate(labels)))


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
    expected = frame_auc([anomaly_score(-s) for s in scores], labels)
    assert frame_auc(scores, labels, normalize="clip") == pytest.approx(expected)


def test_per_clip_normalisation_can_make_a_useless_detector_look_perfect():
    scores, labels = [[0, 0, 1], [10, 10, 11]], [[0, 0, 1], [0, 0, 1]]
    assert frame_auc(scores, labels) == 0.75
    assert frame_auc(scores, labels, normalize="clip") == 1


@given(clips(), st.data())
def test_frames_without_a_score_are_left_out(data, more):
    scores, labels = data
    lists = [st.lists(st.booleans(), min_size=len(s), max_size=len(s)) for s in scores]
    holes = [np.array(more.draw(one)) for one in lists]
    holes[0][:2] = False
    with_nan = [np.where(hole, np.nan, s) for s, hole in zip(scores, holes)]
    scores = [s[~hole] for s, hole in zip(scores, holes)]
    known_labels = [l[~hole] for l, hole in zip(labels, holes)]
    for normalize in (None, "clip", "scene"):
        expected = frame_auc(scores, known_labels, normalize)
        assert frame_auc(with_nan, labels, normalize) == pytest.approx(expected)


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

values_or_nan = st.one_of(st.just(NAN), st.integers(-9, 9).map(float))
series = arrays(float, st.integers(1, 25), elements=values_or_nan)
odd = st.integers(0, 5).map(lambda k: 2 * k + 1)


@given(series, odd, st.booleans())
def test_smoothing_is_the_median_of_the_frames_around(values, n, causal):
    before, after = (n - 1, 0) if causal else (n // 2, n // 2)
    smoothed = smooth_scores(values, n, causal)
    for i, value in enumerate(values):
        around = values[max(i - before, 0) : i + after + 1]
        expected = NAN if np.isnan(value) else np.median(around[~np.isnan(around)])
        assert smoothed[i] == pytest.approx(expected, nan_ok=True, rel=0, abs=0)


@given(series, odd, st.data())
def test_causal_smoothing_never_depends_on_the_future(values, n, data):
    now = data.draw(st.integers(0, len(values) - 1))
    other = values.copy()
    other[now + 1 :] = 1e6
    once, again = (smooth_scores(v, n, causal=True)[: now + 1] for v in (values, other))
    assert np.array_equal(once, again, equal_nan=True)


def test_centred_smoothing_does_depend_on_the_future():
    assert smooth_scores(np.array([0.0, 0, 9, 9]), 3).tolist() == [0, 0, 9, 9]
    assert smooth_scores(np.array([0.0, 0, 9, 9]), 3, causal=True).tolist() == [0, 0, 0, 9]


@given(series)
def test_smoothing_over_one_frame_changes_nothing(values):
    assert np.array_equal(smooth_scores(values, 1), values, equal_nan=True)


@pytest.mark.parametrize("n", [0, 2, -3])
def test_smoothing_over_an_even_number_of_frames_is_refused(n):
    with pytest.raises(ValueError, match="odd"):
        smooth_scores(np.zeros(5), n)
