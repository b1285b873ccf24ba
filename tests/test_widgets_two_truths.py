"""One clip before two guards: who alarms when, the thresholds, and what is refused."""

import numpy as np
import pytest

import vadkit
from vadcourse.widgets import TwoTruths
from vadkit.pools import ScenePool
from vadkit.scenes import Clip
from vadkit.widgets.base import PLAYER_LIMIT

TOP, BOTTOM = range(10, 20), range(30, 40)  # frames in which somebody is there


def clip():
    frames = np.full((50, 16, 16), 128, np.uint8)
    frames[TOP.start : TOP.stop, 2:6, 4:8] = 220
    frames[BOTTOM.start : BOTTOM.stop, 10:14, 4:8] = 220
    return Clip("doors", frames)


def leaves_out(rows):
    """Copies the last frame, but never draws anybody in these rows."""

    def guard(windows):
        drawn = windows[:, -1:].clone()
        drawn[:, :, rows] = 128 / 255
        return drawn

    return guard


GUARDS = {"at the top door": leaves_out(slice(8, 16)), "below": leaves_out(slice(0, 8))}
LABELS = {
    "at the top door": np.isin(np.arange(50), BOTTOM),
    "below": np.isin(np.arange(50), TOP),
}


def frames_of(alarms):
    return np.flatnonzero(alarms).tolist()


def test_the_same_clip_alarms_one_guard_and_leaves_the_other_quiet():
    widget = TwoTruths(clip(), GUARDS, LABELS)
    # Whoever comes and goes surprises who copies: two false alarms, and the threshold allows two.
    assert frames_of(widget.alarms(0)) == [10, 20, *BOTTOM]
    assert frames_of(widget.alarms(1)) == [*TOP, 30, 40]
    assert widget.frame == 15, "amid the frames on which they disagree"
    alt = widget.still().alt
    assert "at the top door: quiet" in alt and "below: ALARM" in alt
    assert "abnormal frames: 30-39" in alt and "abnormal frames: 10-19" in alt


def test_what_it_holds_is_what_was_predicted():
    widget = TwoTruths(clip(), GUARDS, LABELS)
    drawn = np.frombuffer(widget.predictions, np.uint8).reshape(2, 46, 16, 16)
    assert (drawn[0, 31] == 128).all() and drawn[1, 31].max() == 220  # frame 35
    assert widget.names == list(GUARDS) and widget.labels[0][35] == 1 and widget.labels[1][35] == 0
    assert np.frombuffer(widget.frames, np.uint8).size == 50 * 16 * 16


def test_thresholds_may_be_given():
    widget = TwoTruths(clip(), GUARDS, LABELS, threshold={"below": 20, "at the top door": 7})
    assert widget.thresholds == [7, 20] and not widget.alarms(0).any()
    assert TwoTruths(clip(), GUARDS, threshold=12.5).thresholds == [12.5, 12.5]


def test_without_labels_nothing_is_said_of_the_truth():
    widget = TwoTruths(clip(), GUARDS)
    assert widget.labels == [[], []] and "nobody labelled the clip" in widget.still().alt
    assert frames_of(widget.alarms(0)) == [10, 20, *BOTTOM], "the middle parts low from high"


@pytest.mark.parametrize(
    "change, words",
    [
        ({"guards": dict(list(GUARDS.items())[:1])}, "Two guards look at the clip, but 1"),
        ({"labels": {"below": LABELS["below"]}}, "Labels are of below, but needed for .* top door"),
        ({"labels": {**LABELS, "below": np.zeros(9)}}, "'below': labels of shape .9,. for 50"),
        ({"labels": dict.fromkeys(GUARDS, np.ones(50))}, "Only 0 predicted frames are normal"),
        ({"threshold": {"below": 3}}, "Thresholds are of below"),
        ({"frame": 3}, "choose one from 4 to 49"),
    ],
)
def test_what_does_not_fit_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        TwoTruths(**{"clip": clip(), "guards": GUARDS, "labels": LABELS, **change})


@pytest.fixture(scope="module")
def gates():
    gate = vadkit.toy_scene(seed=30_004, place="campus", custom="stream", n_test=1)
    return {f"all walk {place.side}": place for place in (gate, gate.opposite())}


def test_the_shipped_guards_disagree_and_play_without_a_kernel(gates):
    maml = vadkit.load_checkpoint("streams_maml")

    def settled(place):
        pool = ScenePool([place], support="scattered")
        return maml.adapt(vadkit.EpisodeSampler(pool, 1, k_shot=10, n_query=1)[0][0].support)

    shown = gates["all walk to the left"].test_clips[0]
    guards = {name: settled(place) for name, place in gates.items()}
    labels = {name: place.test_clips[0].labels for name, place in gates.items()}
    widget = TwoTruths(shown, guards, labels)
    for i, truth in enumerate(labels.values()):
        caught = widget.alarms(i) & truth
        assert caught.sum() > 0.8 * truth.sum() and (widget.alarms(i) & ~truth).sum() == 2
    assert widget.alarms(0)[widget.frame] != widget.alarms(1)[widget.frame]
    data, _ = widget._repr_mimebundle_()
    assert "renderStill" in data["text/html"] and len(data["text/html"]) <= PLAYER_LIMIT
