"""Toy scenes: the same seed, the same pixels; labels, kinds and boxes say what was rendered."""

import weakref

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vadkit import boar_scene, the_boar, toy_scene
from vadkit.evaluation import evaluate
from vadkit.predictors import copy_last_frame
from vadkit.toy import (
    BOAR_SEED,
    CONTEXTUAL,
    HEADLINE,
    KINDS,
    PLACES,
    TEST_SEEDS,
    TRAIN_SEEDS,
    VALIDATION_SEEDS,
    kinds_for,
)

EVERY_KIND = [(place, kind) for place in PLACES for kind in kinds_for(place)]


def changed(clip):
    """(T, H, W) bool: pixels the anomaly changed, against the same clip rendered without it."""
    return np.abs(clip.frames.astype(int) - clip.without_anomaly().frames) > 5


def test_same_seed_same_scene_and_labels_do_not_depend_on_rendering():
    first, second = toy_scene(5, "park").test_clips[2], toy_scene(5, "park").test_clips[2]
    labels, boxes = first.labels.copy(), first.boxes.copy()
    assert "frames" not in vars(first), "labels must not render the frames"
    assert np.array_equal(first.frames, second.frames)
    assert np.array_equal(labels, second.labels) and np.array_equal(boxes, second.boxes)
    assert second.kinds == first.kinds


def test_seeds_places_and_clips_differ():
    pictures = [
        toy_scene(seed, place).train_clips[i].frames[0]
        for seed in (0, 1)
        for place in PLACES
        for i in (0, 1)
    ]
    for i, one in enumerate(pictures):
        for other in pictures[:i]:
            assert np.mean(one != other) > 0.5


def test_default_scene_keeps_the_contract():
    scene = toy_scene(3)
    assert (scene.name, scene.place) == ("campus-3", "campus")
    assert (len(scene.train_clips), len(scene.test_clips)) == (4, 8)
    for clip in (*scene.train_clips, *scene.test_clips):
        assert clip.frames.shape == (len(clip), 64, 64) == (100, 64, 64)
        assert clip.frames.dtype == np.uint8
        assert clip.labels.shape == (100,) and clip.labels.dtype == bool
        assert clip.boxes.shape == (100, 4) and len(clip.kinds) == 100
    assert not any(clip.labels.any() for clip in scene.train_clips)
    assert [clip.kind for clip in scene.test_clips[:4]] == list(HEADLINE)
    assert len({clip.kind for clip in scene.test_clips}) == 8
    assert len(scene.train_windows()) == 4 * 96


@pytest.mark.parametrize("place, kind", EVERY_KIND)
def test_boxes_hold_exactly_what_changes(place, kind):
    """The oracle: render the clip again without its anomaly; what differs is the anomaly."""
    n_seen = 0
    for clip in toy_scene(12, place, n_train=0, n_test=1, kinds=[kind]).test_clips:
        differs = changed(clip)
        for t in np.flatnonzero(clip.labels):
            x0, y0, x1, y1 = clip.boxes[t]
            outside = differs[t].copy()
            outside[max(y0 - 1, 0) : y1 + 1, max(x0 - 1, 0) : x1 + 1] = False
            assert outside.sum() <= 2, f"{kind} in frame {t} changes pixels outside its box"
            n_seen += differs[t].any()
        if kind not in CONTEXTUAL:  # those walk in before they do wrong
            unlabelled = differs[~clip.labels].sum(axis=(1, 2))
            # Behind a tree, only the shadow shows.
            assert (unlabelled <= 24).all(), f"{kind} is seen in a frame labelled normal"
    assert n_seen >= 12, "the anomaly must be seen for a while"


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(TEST_SEEDS), st.sampled_from(EVERY_KIND), st.sampled_from([32, 48, 64]))
def test_labels_kinds_and_boxes_agree(seed, where, size):
    place, kind = where
    clip = toy_scene(seed, place, size, n_train=0, n_test=1, kinds=[kind]).test_clips[0]
    assert [k != "" for k in clip.kinds] == clip.labels.tolist()
    assert set(clip.kinds) <= {"", kind}
    assert (clip.boxes[~clip.labels] == -1).all()
    x0, y0, x1, y1 = clip.boxes[clip.labels].T
    assert (x0 >= 0).all() and (y0 >= 0).all() and (x1 <= size).all() and (y1 <= size).all()
    assert (x1 > x0).all() and (y1 > y0).all()


def test_an_anomaly_comes_and_goes():
    lengths = []
    for seed in VALIDATION_SEEDS[:6]:
        for clip in toy_scene(seed, "campus", n_train=0, n_test=4).test_clips:
            on = np.flatnonzero(clip.labels)
            lengths.append(len(on))
            assert on[0] >= 4 and on[-1] < 99, "normal life before and after"
    assert 25 <= np.median(lengths) <= 45 and min(lengths) >= 10


@pytest.mark.parametrize("place", PLACES)
def test_what_counts_as_abnormal_never_happens_in_normal_clips(place):
    assert set(kinds_for(place)) <= {*KINDS, *CONTEXTUAL}
    for seed in range(6):
        scene = toy_scene(seed, place)
        world = scene.train_clips[0].world
        for clip in scene.train_clips:
            for actor in clip.actors:
                check_that_it_is_normal(actor, world, kinds_for(place))


def check_that_it_is_normal(actor, world, anomalies):
    assert actor.kind not in anomalies and not actor.abnormal.any()
    metres = np.linalg.norm(np.diff(actor.ground, axis=0), axis=1)
    side = world.walkway.locate(*actor.ground.T)[1]
    if "loitering" in anomalies:
        assert metres.min() * world.fps > 0.5, "nobody stands still where loitering is an anomaly"
    if "on_road" in anomalies and actor.kind == "walker":
        assert (np.abs(side) > world.half).all(), "nobody walks on the road"
    if "against_stream" in anomalies:
        along = np.sign(actor.heading @ world.walkway.along)
        assert (side * along < 0).all(), "everybody keeps to one side"


def test_a_car_is_normal_on_the_road_alone():
    assert [place for place in PLACES if "car" not in kinds_for(place)] == ["road"]
    clips = toy_scene(0, "road").train_clips
    assert "car" in {actor.kind for clip in clips for actor in clip.actors}


def test_the_same_scene_at_another_size():
    for place in PLACES:
        small, large = (toy_scene(10, place, size).test_clips[0] for size in (64, 128))
        halved = cv2.resize(large.frames[50], (64, 64), interpolation=cv2.INTER_AREA)
        assert np.corrcoef(small.frames[50].ravel(), halved.ravel())[0, 1] > 0.95
        assert np.sum(small.labels != large.labels) <= 3
        both = small.labels & large.labels
        assert np.abs(small.boxes[both] - large.boxes[both] / 2).max() <= 3


def test_every_frame_has_its_own_noise():
    clip = toy_scene(2, "square").train_clips[0]
    still = np.median(clip.frames, axis=0)
    noise = np.std(clip.frames - still, axis=0)
    assert 0.5 * clip.world.quality.noise < np.median(noise) < 2.5 * clip.world.quality.noise + 1
    assert len(np.unique(clip.frames.reshape(100, -1), axis=0)) == 100


def test_scenes_leave_memory_with_their_last_reference():
    scene = toy_scene(4)
    frames = scene.train_clips[0].frames
    gone = weakref.ref(scene.train_clips[0]), weakref.ref(scene.train_clips[0].world)
    del scene, frames
    assert [ref() for ref in gone] == [None, None]


def test_seeds_for_training_validation_and_test_are_disjoint():
    assert not set(TRAIN_SEEDS) & set(VALIDATION_SEEDS) and not set(TRAIN_SEEDS) & set(TEST_SEEDS)
    assert not set(VALIDATION_SEEDS) & set(TEST_SEEDS)
    assert not any(BOAR_SEED in seeds for seeds in (TRAIN_SEEDS, VALIDATION_SEEDS, TEST_SEEDS))


def test_the_boar_bolts_across_the_picture():
    clip = the_boar()
    assert set(clip.kinds) == {"", "boar"} and len(clip) == 112
    on = np.flatnonzero(clip.labels)
    assert (on[0], on[-1]) == (26, 61) and clip.labels[26:62].all(), "notebooks name these frames"
    width = np.median(clip.boxes[on, 2] - clip.boxes[on, 0])
    assert width >= 12, "large enough to be recognised at 64 pixels"
    assert np.array_equal(boar_scene().test_clips[3].frames, clip.frames)


def test_copy_last_frame_does_not_solve_toy_scenes():
    evaluations = [evaluate(copy_last_frame, toy_scene(seed)) for seed in VALIDATION_SEEDS[:3]]
    assert 0.6 < np.mean([e.auc_of(HEADLINE) for e in evaluations]) < 0.94


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"place": "beach"}, "Unknown place 'beach': choose from campus, road, park, square"),
        ({"size": 16}, "at least 32 pixels, got 16"),
        ({"size": 64.5}, "size must be a whole number, got 64.5"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
        ({"n_frames": 20}, "at least 40 frames, got 20"),
        ({"place": "road", "kinds": ["car"]}, "'car' is no anomaly in the place 'road'"),
        (
            {"kinds": ["unicorn"]},
            "'unicorn' is no anomaly in the place 'campus': choose from runner, cyclist",
        ),
    ],
)
def test_bad_input_gets_one_clear_sentence(wrong, words):
    with pytest.raises((TypeError, ValueError), match=words):
        toy_scene(**{"seed": 0, **wrong})
