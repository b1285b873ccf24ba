"""Places where a custom holds: one clip, two truths, and nothing that four frames could tell."""

import numpy as np
import pytest

import vadkit
from vadkit import toy
from vadkit.evaluation import evaluate
from vadkit.predictors import constant_velocity, copy_last_frame

WALKING = ("campus", "park", "square")
WHERE = [(place, c) for c in toy.CUSTOMS for place in WALKING if (place, c) != ("square", "zone")]


@pytest.mark.parametrize("place, custom", WHERE)
def test_the_opposite_place_shows_the_same_frames_and_labels_the_others(place, custom):
    scene = toy.toy_scene(3, place, custom=custom, n_test=2)
    there = scene.opposite()
    assert (scene.custom, there.custom) == (custom, custom)
    assert {scene.side, there.side} == {side.name for side in toy.CUSTOMS[custom]}
    assert scene.name != there.name and there.opposite().name == scene.name
    for here, again in zip(scene.test_clips, there.test_clips):
        assert np.array_equal(here.frames, again.frames)
        assert here.labels.any() and again.labels.any()
        assert not (here.labels & again.labels).any(), "nobody is strange at both places"
        assert set(here.kinds) == {"", toy.STRANGER}
    for clip in (*scene.train_clips, *there.train_clips):
        assert not clip.labels.any()


@pytest.mark.parametrize("custom", toy.CUSTOMS)
def test_same_seed_same_place(custom):
    first, second = (toy.toy_scene(8, "park", custom=custom) for _ in range(2))
    assert first.side == second.side
    assert np.array_equal(first.train_clips[1].frames, second.train_clips[1].frames)
    assert np.array_equal(first.test_clips[1].frames, second.test_clips[1].frames)
    assert not np.array_equal(first.test_clips[0].frames, first.test_clips[1].frames)


@pytest.mark.parametrize("custom", toy.CUSTOMS)
def test_without_the_stranger_everybody_else_stays(custom):
    """The oracle of the target: it differs inside the box, and only while the stranger is there."""
    clip = toy.toy_scene(5, "campus", custom=custom, n_test=1).test_clips[0]
    clean = clip.without_anomaly()
    assert not clean.labels.any() and (clean.boxes == -1).all() and set(clean.kinds) == {""}
    differs = np.abs(clip.frames.astype(int) - clean.frames) > 5
    for t in np.flatnonzero(clip.labels):
        x0, y0, x1, y1 = clip.boxes[t]
        inside = differs[t, max(y0 - 1, 0) : y1 + 1, max(x0 - 1, 0) : x1 + 1]
        assert inside.any() and inside.sum() == differs[t].sum()
    assert differs[~clip.labels].sum((1, 2)).max() <= 24  # a foot, a shadow
    actors, others = clip.actors, clean.actors
    assert len(actors) == len(others) + 1 and actors[-1].abnormal.all()
    for one, same in zip(actors, others):
        assert np.array_equal(one.ground, same.ground) and one.kind == same.kind


@pytest.mark.parametrize("custom", toy.CUSTOMS)
def test_the_two_sides_differ_in_the_custom_and_in_nothing_else(custom):
    """Averages over forty places: who passes by here and there, in both directions and lanes."""
    seen = {0: [], 1: []}
    for seed in range(40):
        scene = toy.toy_scene(seed, ("campus", "park")[seed % 2], custom=custom)
        for side in (scene, scene.opposite()):
            for clip in side.train_clips[:1]:
                seen[side.world.side] += [(side.world, actor) for actor in clip.actors]
    assert len(seen[0]) == len(seen[1]) == 80
    here, there = (_habits(seen[side]) for side in (0, 1))
    tells = {"stream": "rightwards", "speed": "speed", "species": "kind", "zone": "lane"}[custom]
    assert abs(here.pop(tells) - there.pop(tells)) > 0.8
    if custom == "speed":
        assert here.pop("kind") != there.pop("kind"), "who runs is a runner"
    for habit in here:
        assert abs(here[habit] - there[habit]) < 0.3, f"{habit}: {here} and {there}"


def _habits(passers_by):
    """Mean direction and lane in [-1, 1], speed in units of a walker's, and share of one kind."""
    rows = []
    for world, actor in passers_by:
        x, _ = world.camera.project(*actor.ground.T)
        ahead = 1 if world.rightwards else -1
        metres = np.linalg.norm(np.diff(actor.ground, axis=0), axis=1).mean() * world.fps
        lane = ahead * world.walkway.locate(*actor.ground.T)[1].mean() / world.half
        unlike = float(actor.kind in ("runner", "skateboarder"))
        rows.append((np.sign(x[-1] - x[0]), lane, metres / 1.4, unlike))
    return dict(zip(("rightwards", "lane", "speed", "kind"), np.mean(rows, axis=0)))


@pytest.mark.parametrize("custom", toy.CUSTOMS)
def test_no_score_of_the_clip_alone_is_right_at_a_place_and_its_opposite(custom):
    """Somebody is in view in every frame scored; over both places, chance exactly."""
    aucs = {"copy": [], "velocity": [], "moving": []}
    for seed in toy.VALIDATION_SEEDS[:6]:
        scene = toy.toy_scene(seed, ("campus", "park")[seed % 2], custom=custom, n_test=2)
        there = scene.opposite()
        for name, predictor, score in (
            ("copy", copy_last_frame, "frame"),
            ("velocity", constant_velocity, "frame"),
            ("moving", copy_last_frame, "moving"),
        ):
            for place in (scene, there):
                aucs[name].append(evaluate(predictor, place, score).auc_among(scene.busy))
    for name, values in aucs.items():
        assert np.mean(values) == pytest.approx(0.5, abs=0.01), name
        if custom == "stream":  # nor over one side of each place
            assert np.abs(np.mean(values[::2]) - 0.5) < 0.15, name


def test_the_opposite_place_has_the_same_people_the_other_way_round():
    here = toy.toy_scene(4, "park", custom="stream")
    one, other = here.train_clips[0].actors, here.opposite().train_clips[0].actors
    for walker, again in zip(one, other):
        assert [s.tone for s in walker.strokes] == [s.tone for s in again.strokes]
        assert np.array_equal(np.sign(walker.heading[:, 0]), -np.sign(again.heading[:, 0]))


def test_one_person_at_a_time():
    for seed in range(12):
        scene = toy.toy_scene(seed, "campus", custom="stream", n_frames=200, n_test=1)
        clip = scene.test_clips[0]
        assert len(clip.actors) == 4
        there = scene.opposite().test_clips[0]
        gap = np.flatnonzero(clip.labels | there.labels)
        assert len(gap) > 80, "somebody is in view most of the time"


def test_other_kinds_of_stranger_where_a_custom_holds():
    scene = toy.toy_scene(4, "square", custom="stream", kinds=["boar", "stranger"], n_test=2)
    assert [set(clip.kinds) for clip in scene.test_clips] == [{"", "boar"}, {"", "stranger"}]
    assert [actor.kind for actor in scene.test_clips[0].actors] == ["walker", "boar"]


def test_more_clips_without_end_and_none_twice():
    for custom in (None, "stream"):
        scene = toy.toy_scene(2, "campus", custom=custom)
        assert np.array_equal(scene.normal_clip(1).frames, scene.train_clips[1].frames)
        kind = scene.test_clips[0].kind
        later, strange = scene.normal_clip(1234), scene.strange_clip(0, kind)
        assert not later.labels.any() and strange.labels.any()
        for clip in (*scene.train_clips, *scene.test_clips):
            assert not np.array_equal(later.frames, clip.frames)
            assert not np.array_equal(strange.frames, clip.frames)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"custom": "streams"}, "stream, speed, species, zone"),
        ({"custom": "stream", "place": "road"}, "where people walk"),
        ({"custom": "zone", "place": "square"}, "no grass"),
        ({"custom": "stream", "n_frames": 80}, "at least 100 frames"),
        (
            {"custom": "species", "kinds": ["cyclist"]},
            "'cyclist' is no anomaly where the custom is 'species'",
        ),
        ({"kinds": ["stranger"]}, "'stranger' is no anomaly in the place 'campus'"),
    ],
)
def test_what_cannot_be_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        toy.toy_scene(0, **options)
    with pytest.raises(ValueError, match="No custom holds"):
        toy.toy_scene(0).opposite()
    for number, kind in ((0, "stranger"), (0, ""), (-1, "boar")):
        with pytest.raises(ValueError, match="is no anomaly|numbered from 0"):
            toy.toy_scene(0).strange_clip(number, kind)
    with pytest.raises(ValueError, match="numbered from 0, got -1"):
        toy.toy_scene(0).normal_clip(-1)


def test_evaluate_and_tasks_take_them_like_any_scene():
    scene = toy.toy_scene(6, "park", custom="zone", n_test=1)
    evaluation = vadkit.evaluate(copy_last_frame, scene)
    assert set(evaluation.by_kind) == {toy.STRANGER} and 0 <= evaluation.auc_raw <= 1
