"""Episodes, as properties: K is K, nothing leaks, same seed same episode, all equally likely."""

import itertools
import weakref
from collections import Counter
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare
from sklearn.datasets import load_digits

from vadkit.episodes import EpisodeSampler, Task
from vadkit.pools import ClassPool, ScenePool
from vadkit.scenes import Clip, Scene
from vadkit.toy import toy_scene
from vadstudies.sinusoids.pool import SinusoidPool

in_a_row = partial(ScenePool, support="consecutive")


def numbered_scene(seed, lengths=(40, 30), size=4):
    """A scene whose pixels say which clip and frame they are, to trace a window back from."""
    clips = []
    for c, length in enumerate(lengths):
        numbers = (60 * c + np.arange(length)).astype(np.uint8)
        frames = np.broadcast_to(numbers[:, None, None], (length, size, size)).copy()
        clips.append(Clip(f"clip {c}", frames))
    return Scene(f"scene {seed}", clips, [])


def traced(samples):
    """The pixel values (60 * clip + frame) of each window, read from the tensors."""
    inputs, targets = samples
    return torch.cat([inputs, targets], 1)[:, :, 0, 0].mul(255).round().int().tolist()


lengths = st.lists(st.integers(1, 60), min_size=1, max_size=4).filter(lambda ts: max(ts) >= 5)
small = st.integers(1, 8)


@settings(max_examples=150, deadline=None)
@given(lengths, small, small, st.integers(0, 1000), st.integers(0, 50))
def test_support_is_k_consecutive_windows_and_no_frame_is_shared(lengths, k, q, seed, number):
    pool = in_a_row([numbered_scene(i, lengths) for i in range(3)])
    try:
        sampler = EpisodeSampler(pool, 2, k, q, seed)
    except ValueError as refusal:
        assert f"K = {k}" in str(refusal)
        return
    episode = sampler[number]
    assert len(episode) == 2 and episode[0].name != episode[1].name
    for task in episode:
        support, query = traced(task.support), traced(task.query)
        assert len(support) == k and len(query) == q
        first = support[0][0]
        assert support == [list(range(first + i, first + i + 5)) for i in range(k)]
        assert all(window == list(range(window[0], window[0] + 5)) for window in query)
        assert len({window[0] for window in query}) == q
        assert not set(itertools.chain(*support)) & set(itertools.chain(*query))
        assert not task.shared_frames
        for windows, frames in ((support, task.support_frames), (query, task.query_frames)):
            assert windows == [[60 * int(clip[-1]) + t for clip, t in sample] for sample in frames]


@settings(max_examples=60, deadline=None)
@given(lengths, small)
def test_refusal_names_the_largest_k_that_can(lengths, q):
    pool = in_a_row([numbered_scene(0, lengths)])
    with pytest.raises(ValueError, match="cannot be drawn from scene 'scene 0'") as refusal:
        EpisodeSampler(pool, 1, 100, q)
    if "not even K = 1" in str(refusal.value):
        with pytest.raises(ValueError):
            EpisodeSampler(pool, 1, 1, q)
    else:
        largest = int(str(refusal.value).split()[-1].rstrip("."))
        assert len(EpisodeSampler(pool, 1, largest, q)[0][0].support[0]) == largest
        with pytest.raises(ValueError, match=f"largest K is {largest}"):
            EpisodeSampler(pool, 1, largest + 1, q)


@settings(max_examples=60, deadline=None)
@given(lengths, small, small, st.integers(0, 1000))
def test_overlap_breaks_the_rule_in_every_query_window(lengths, k, q, seed):
    if max(lengths) < k + 4:
        return
    pool = in_a_row([numbered_scene(0, lengths)])
    (task,) = EpisodeSampler(pool, 1, k, q, seed, overlap=True)[0]
    assert len(task.query[0]) == q
    assert all(set(sample) & task.shared_frames for sample in task.query_frames)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(2, 12), min_size=2, max_size=6), small, small, st.integers(0, 1000))
def test_class_episodes(sizes, k, q, seed):
    labels = np.repeat([f"kind {c}" for c in range(len(sizes))], sizes)
    pool = ClassPool(np.arange(len(labels), dtype=float)[:, None], labels)
    if k + q > min(sizes):
        largest = min(sizes) - q
        words = f"largest K is {largest}" if largest > 0 else "not even K = 1"
        with pytest.raises(ValueError, match=words):
            EpisodeSampler(pool, 2, k, q, seed)
        return
    (task,) = EpisodeSampler(pool, 2, k, q, seed)[0]
    assert task.support[1].tolist() == [0] * k + [1] * k
    assert task.query[1].tolist() == [0] * q + [1] * q
    for images, targets in (task.support, task.query):
        assert [labels[int(image)] for image in images[:, 0]] == [task.classes[t] for t in targets]
    sampled = torch.cat([task.support[0], task.query[0]])[:, 0].tolist()
    assert len(set(sampled)) == 2 * (k + q) and not task.shared_frames
    leaky = EpisodeSampler(pool, 2, k, q, seed, overlap=True)[0][0]
    assert set(leaky.query[0][:, 0].tolist()) <= set(leaky.support[0][:, 0].tolist())


def test_digits_5_way_1_shot():
    digits = load_digits()
    pool = ClassPool(digits.images / 16, digits.target)
    (task,) = EpisodeSampler(pool, n_way=5, k_shot=1, n_query=15)[0]
    assert task.support[0].shape == (5, 8, 8) and task.query[0].shape == (75, 8, 8)
    assert task.support[0].max() <= 1 and len(set(task.classes)) == 5


POOLS = [
    in_a_row(numbered_scene, range(50)),
    SinusoidPool(),
    ClassPool(np.arange(90.0)[:, None], np.arange(90) % 9),
]


@pytest.mark.parametrize("pool", POOLS)
def test_the_seed_decides_everything_and_nothing_else_does(pool):
    first, again, other = (EpisodeSampler(pool, 3, 2, 3, seed) for seed in (7, 7, 8))
    numbers = [5, 0, 5, 2]

    def tensors(sampler):
        episodes = []
        for number in numbers:
            parts = [t for task in sampler[number] for t in (*task.support, *task.query)]
            episodes.append(torch.cat([t.flatten() for t in parts]))
        return episodes

    assert all(torch.equal(a, b) for a, b in zip(tensors(first), tensors(again)))
    assert not torch.equal(tensors(first)[0], tensors(first)[1])
    assert not torch.equal(tensors(first)[0], tensors(other)[0])
    streamed = list(itertools.islice(first, 3))
    assert all(torch.equal(a.query[0], b.query[0]) for a, b in zip(streamed[2], again[2]))


def assert_uniform(counts):
    assert chisquare(list(counts)).pvalue > 1e-3


def test_scenes_runs_and_query_windows_are_sampled_uniformly():
    pool = in_a_row([numbered_scene(i, (20, 12)) for i in range(4)])
    scenes, runs, queries = Counter(), Counter(), Counter()
    for episode in itertools.islice(EpisodeSampler(pool, 2, 3, 2, seed=1), 3000):
        for task in episode:
            scenes[task.name] += 1
            runs[task.support_frames[0][0]] += 1
            if task.support_frames[0][0] == ("clip 0", 5):
                queries.update(sample[0] for sample in task.query_frames)
    assert len(scenes) == 4
    assert_uniform(scenes.values())
    assert len(runs) == 14 + 6
    assert_uniform(runs.values())
    # The run from frame 5 covers frames 5 .. 11: windows 0 and 12 .. 15 of its own clip are free,
    # and all 8 of the other one.
    of_its_own = {("clip 0", t) for t in (0, 12, 13, 14, 15)}
    assert set(queries) == of_its_own | {("clip 1", t) for t in range(8)}
    assert_uniform(queries.values())


def test_classes_are_sampled_uniformly_in_every_position():
    pool = ClassPool(np.zeros((60, 1)), np.arange(60) % 6)
    sampler = EpisodeSampler(pool, 3, 1, 1, seed=3)
    sampled = np.array([sampler[i][0].classes for i in range(2400)])
    for position in range(3):
        assert_uniform(np.bincount(sampled[:, position], minlength=6))


def test_a_thousand_scenes_cost_no_more_memory_than_ten():
    made, most = [], 0

    def make(seed):
        scene = numbered_scene(seed)
        made.append(weakref.ref(scene))
        return scene

    for _ in itertools.islice(EpisodeSampler(in_a_row(make, range(1000), keep=10), 4, 2, 2), 300):
        most = max(most, sum(scene() is not None for scene in made))
    assert len(made) > 1000 and most <= 10


def test_lazy_scenes_are_made_only_when_needed():
    made = []
    pool = in_a_row(lambda seed: made.append(seed) or numbered_scene(seed), range(100, 1100))
    sampler = EpisodeSampler(pool, 3, 2, 2, seed=4)
    assert made == [100]  # the first one, to check that K fits
    sampled = {int(task.name.split()[1]) for task in sampler[0]}
    assert set(made[1:]) == sampled - {100} and len(made) <= 4
    assert pool[3].name == "scene 103"


def test_scenes_of_unequal_size_and_number_of_clips():
    scenes = [
        numbered_scene(0, (9, 30), size=4),
        numbered_scene(1, (50,), size=6),
        numbered_scene(2, (6, 6, 6, 14), size=8),
    ]
    for episode in itertools.islice(EpisodeSampler(in_a_row(scenes), 3, 4, 3), 30):
        assert {task.support[0].shape[-1] for task in episode} == {4, 6, 8}
        assert {task.support[0].shape[:2] for task in episode} == {(4, 4)}
        assert {task.query[1].shape[:2] for task in episode} == {(3, 1)}


def test_a_lazy_scene_too_short_is_refused_when_it_is_made():
    pool = in_a_row(lambda seed: numbered_scene(seed, (40,) if seed == 0 else (12,)), range(2))
    sampler = EpisodeSampler(pool, 2, 6, 3)
    with pytest.raises(ValueError, match=r"scene 'scene 1'.*(not even K = 1|largest K is)"):
        sampler[0]


def sample_three(k_shot, n_query, n_way=2, n_scenes=3):
    return EpisodeSampler(in_a_row([numbered_scene(0)] * n_scenes), n_way, k_shot, n_query)


def make_task(support, query):
    """A task of zeros, from the shapes of inputs and targets."""
    return Task("t", *(tuple(torch.zeros(shape) for shape in part) for part in (support, query)))


SMALL = (2, 4, 8, 8), (2, 1, 8, 8)
LARGE = (2, 4, 9, 9), (2, 1, 9, 9)


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: sample_three(0, 1), "k_shot must be a whole number of at least 1, got 0"),
        (lambda: sample_three(1.5, 1), "whole number"),
        (lambda: sample_three(1, 0), "n_query"),
        (lambda: sample_three(1, 1, n_scenes=1), "n_way=2 needs 2 different .* there are 1"),
        (lambda: sample_three(37, 1), "K = 37 .* largest K is 36"),
        (lambda: in_a_row(numbered_scene), "seeds=range"),
        (lambda: in_a_row([numbered_scene(0)], range(3)), "seeds=range"),
        (lambda: ClassPool(np.zeros((3, 1)), [0, 1]), "3 images need 3 labels"),
        (lambda: EpisodeSampler(SinusoidPool())[-1], "numbered from 0"),
        (lambda: make_task(SMALL, LARGE), "support samples of size .8, 8., .8, 8. |4, 8, 8"),
        (lambda: make_task([(0, 1), (0, 1)], [(1, 1), (1, 1)]), "support .* 0 inputs"),
        (lambda: make_task([(2, 1), (2, 1)], [(2, 1), (1, 1)]), "query .* 2 inputs for 1"),
    ],
)
def test_refusals_are_one_sentence(make, words):
    with pytest.raises((TypeError, ValueError, IndexError), match=words) as refusal:
        make()
    assert "\n" not in str(refusal.value)


def test_sinusoids_are_the_papers():
    tasks = EpisodeSampler(SinusoidPool(), 200, 10, 5)[0]
    x, y = (torch.cat([torch.cat([t.support[i], t.query[i]]) for t in tasks]) for i in (0, 1))
    assert x.abs().max() <= 5 and y.abs().max() <= 5 and x.min() < -4.9 and y.max() > 4.5
    numbers = tasks[0].name.rstrip(")").replace(" sin(x + ", " ").split()
    amplitude, phase = (float(number) for number in numbers)
    x, y = tasks[0].support
    assert torch.allclose(y, amplitude * torch.sin(x + phase), atol=0.05)


def test_a_scattered_support_comes_from_all_normal_clips_and_shares_no_frame():
    scene = toy_scene(1, "park", custom="stream")
    pool = ScenePool([scene], support="scattered")
    seen = Counter()
    for (task,) in itertools.islice(EpisodeSampler(pool, 1, 10, 20), 30):
        assert len(task.support[0]) == 10 and len(task.query[0]) == 20
        assert not task.shared_frames
        seen.update(frame for sample in task.support_frames for frame in sample)
        change = (task.support[1] - task.support[0][:, :1]).abs().amax((1, 2, 3))
        assert (change > 0.1).all(), "somebody is in view in each of them"
    assert len({clip for clip, _ in seen}) == 4
    assert len(seen) > 200


def test_query_windows_with_strangers_have_clean_targets():
    scene = toy_scene(1, "park", custom="stream")
    pool = ScenePool([scene], support="scattered", strangers=0.5)
    (task,) = EpisodeSampler(pool, 1, 5, 8)[0]
    clips = {clip.name: clip for clip in (*scene.train_clips, *scene.test_clips)}
    strange = [bool(clips[sample[-1][0]].labels[sample[-1][1]]) for sample in task.query_frames]
    assert strange == [False] * 4 + [True] * 4
    assert not any(clips[clip].labels.any() for s in task.support_frames for clip, _ in s)
    assert not {clip for s in task.query_frames for clip, _ in s} & {"train00", "train01"}, (
        "nobody whom the support has shown: who is known must not be a sign of who is normal"
    )
    for (name, t), target in zip((sample[-1] for sample in task.query_frames), task.query[1]):
        assert np.array_equal((target[0] * 255).round(), clips[name].without_anomaly().frames[t])


def test_support_and_strangers_refuse_what_they_do_not_know():
    with pytest.raises(ValueError, match="'consecutive' or 'scattered', got 'all'"):
        ScenePool([numbered_scene(0)], support="all")
    with pytest.raises(ValueError, match="share from 0 to 1, got 2"):
        in_a_row([numbered_scene(0)], strangers=2)
    with pytest.raises(ValueError, match="No window with a stranger in 0 clips"):
        EpisodeSampler(in_a_row([numbered_scene(0)], strangers=0.5), 1, 1, 2)
    filmed = Clip("filmed", np.zeros((40, 4, 4), np.uint8), np.ones(40, bool))
    with pytest.raises(ValueError, match="'filmed' has no such target: only a clip that was drawn"):
        EpisodeSampler(in_a_row([replace(numbered_scene(0), test_clips=[filmed])], strangers=1), 1)
    with pytest.raises(ValueError, match="No stranger at all in a share of 0.5 of 1"):
        EpisodeSampler(in_a_row([toy_scene(1, custom="stream")], strangers=0.5), 1, 1, 1)
    with pytest.raises(ValueError, match="no overlap"):
        EpisodeSampler(
            in_a_row([toy_scene(1, custom="stream")], strangers=0.5), 1, 1, 2, overlap=True
        )[0]
    park = toy_scene(1, "park", custom="stream")
    with pytest.raises(ValueError, match="the largest K is 36"):
        EpisodeSampler(ScenePool([park], support="scattered"), 1, 70, 60)
    still = Scene("still", [Clip("c", np.zeros((40, 4, 4), np.uint8))], [])
    with pytest.raises(ValueError, match="not even K = 1 is possible"):
        EpisodeSampler(ScenePool([still], support="scattered"), 1, 1, 1)
