"""The two-step picture: its arrows are the gradients of `meta_step`, in both languages."""

import itertools
import json
import shutil
import subprocess

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from vadcourse import exercises
from vadcourse.meta_widgets import two_step
from vadkit import view
from vadkit.episodes import Task
from vadkit.maml.meta_step import meta_step
from vadkit.widgets.base import PLAYER_LIMIT

RATES = st.floats(0, 1)
POINTS = st.tuples(st.floats(-3, 3), st.floats(-3, 3))


class Weights(nn.Module):
    """A model that is nothing but two weights; its loss on a task is that task's bowl."""

    def __init__(self, theta):
        super().__init__()
        self.theta = nn.Parameter(torch.tensor(theta, dtype=torch.float64))

    def forward(self, x):
        return self.theta + 0 * x


def bowl(prediction, target):
    """Loss; target (1, 3, 2) is the centre, then the two rows of the Hessian."""
    away = prediction[0] - target[0, 0]
    return 0.5 * away @ target[0, 1:] @ away


def meta_gradient(theta, task, alpha, first_order):
    centre, hessian = task
    samples = (
        torch.zeros(1, 2, dtype=torch.float64),
        torch.tensor(np.vstack([centre, hessian]))[None],
    )
    model = Weights(theta)
    outer = torch.optim.SGD(model.parameters(), lr=0.0)
    episode = [Task("bowl", samples, samples)]
    meta_step(model, episode, outer, alpha, 1, first_order=first_order, loss=bowl)
    return model.theta.grad.numpy()


@settings(deadline=None, max_examples=30)
@given(POINTS, st.floats(0.01, 1), st.sampled_from([0, 1]))
def test_arrows_are_the_gradients_of_meta_step(theta, alpha, which):
    task = two_step.TASKS[which]
    _, _, first_order, full = two_step.arrows(theta, task, alpha)
    pairs = [(first_order, True), (full, False)]
    for arrow, is_first_order in pairs:
        expected = meta_gradient(theta, task, alpha, is_first_order)
        np.testing.assert_allclose(arrow, expected, rtol=0, atol=1e-12)


def mean_bowl(alpha):
    """Centre and Hessian of the mean loss after a step, which is a bowl but for a constant."""
    steps = [np.eye(2) - alpha * hessian for _, hessian in two_step.TASKS]
    bends = [step @ task[1] @ step for step, task in zip(steps, two_step.TASKS)]
    pull = sum(bend @ centre for bend, (centre, _) in zip(bends, two_step.TASKS))
    return np.linalg.solve(sum(bends), pull), sum(bends) / len(bends)


IN_NODE = """
const {tasks, cases} = JSON.parse(require("fs").readFileSync(0, "utf8"));
const results = cases.map(([theta, alpha, beta]) => ({
  arrows: tasks.map((task) => arrows(theta, task, alpha)),
  losses: [0, alpha].map((rate) => meanLoss(theta, rate, tasks)),
  walks: ["gradient", "firstOrder", "full"].map((w) => walk(theta, 5, alpha, beta, w, tasks)),
  bowl: meanBowl(alpha, tasks),
}));
console.log(JSON.stringify({lines: LINES, results}));
"""


@pytest.mark.skipif(not shutil.which("node"), reason="needs Node.js to run two_step.js")
def test_python_and_javascript_have_the_same_mathematics(tmp_path):
    side, rates = [-3.0, -0.7, 0.0, 2.1], [0.0, 0.35, 1.0]
    thetas = list(itertools.product(side, side))
    cases = list(itertools.product(thetas, rates, [0.05, 0.8]))
    widget = two_step.TwoStep()
    script = tmp_path / "two_step.cjs"
    script.write_text(widget._javascript + IN_NODE, encoding="utf-8")
    given = json.dumps({"tasks": widget.tasks, "cases": cases})
    node = subprocess.run(["node", script], input=given, capture_output=True, text=True, check=True)
    answer = json.loads(node.stdout)
    assert answer["lines"] == two_step.LINES and len(answer["results"]) == 96
    for (theta, alpha, beta), result in zip(cases, answer["results"]):
        for task, theirs in zip(two_step.TASKS, result["arrows"]):
            theirs = [theirs[name] for name in ("adapted", "gradient", "firstOrder", "full")]
            ours = two_step.arrows(theta, task, alpha)
            np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-12)
        losses = [two_step.mean_loss(theta, rate) for rate in (0, alpha)]
        np.testing.assert_allclose(result["losses"], losses, rtol=0, atol=1e-12)
        walks = [two_step.walk(theta, 5, alpha, beta, method) for method in two_step.METHODS]
        np.testing.assert_allclose(result["walks"], walks, rtol=0, atol=1e-12)
        centre, hessian = mean_bowl(alpha)
        np.testing.assert_allclose(result["bowl"]["centre"], centre, rtol=0, atol=1e-10)
        np.testing.assert_allclose(result["bowl"]["hessian"], hessian, rtol=0, atol=1e-12)


@given(POINTS, RATES)
def test_the_full_arrow_is_the_slope_of_the_loss_after_one_step(theta, alpha):
    full = np.mean([two_step.arrows(theta, task, alpha)[3] for task in two_step.TASKS], axis=0)
    h = 1e-5
    above, below = (
        np.array([two_step.mean_loss(theta + sign * h * e, alpha) for e in np.eye(2)])
        for sign in (1, -1)
    )
    slope = (above - below) / (2 * h)
    np.testing.assert_allclose(full, slope, atol=1e-7)


@given(POINTS, st.integers(0, 12))
def test_without_an_inner_step_maml_is_pre_training(start, n_updates):
    walks = [two_step.walk(start, n_updates, 0.0, 0.5, method) for method in two_step.METHODS]
    assert (walks[0] == walks[1]).all() and (walks[0] == walks[2]).all()


def test_past_the_valley_the_first_order_arrow_points_away_and_the_full_one_does_not():
    (centre, hessian), alpha = two_step.TASKS[0], 0.9
    steep = np.linalg.eigh(hessian)[1][:, 1]
    _, _, first_order, full = two_step.arrows(centre + steep, (centre, hessian), alpha)
    assert -first_order @ steep > 0 > -full @ steep


def test_early_and_late_game():
    ends = {m: two_step.walk(two_step.START, 400, 0.4, 0.05, m)[-1] for m in two_step.METHODS}
    now = {method: two_step.mean_loss(end) for method, end in ends.items()}
    late = {method: two_step.mean_loss(end, 0.4) for method, end in ends.items()}
    assert now["pre-training"] < now["first order"] < now["MAML"]
    assert late["MAML"] < late["first order"] < late["pre-training"]


ALPHA, BETA = two_step.TwoStep().alpha, two_step.TwoStep().beta


def elongation(hessian):
    """How much longer than wide the contour lines of a bowl are."""
    return np.sqrt(np.linalg.cond(hessian))


@pytest.mark.parametrize("rate", [0.0, ALPHA])
def test_both_surfaces_are_valleys_and_no_bulls_eyes(rate):
    centre, hessian = mean_bowl(rate)
    assert elongation(hessian) >= 1.6 and all(elongation(h) >= 2 for _, h in two_step.TASKS)
    assert (abs(centre) < two_step.HALF).all(), "the lowest point can be seen"
    around = centre + 0.01 * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])
    assert (two_step.mean_loss(around, rate) > two_step.mean_loss(centre, rate)).all()


def test_the_lowest_points_lie_apart_and_the_valleys_cross():
    (now, bowl), (late, late_bowl) = mean_bowl(0), mean_bowl(ALPHA)
    assert np.linalg.norm(now - late) > 2, "a third of the plane's width"
    floors = [np.linalg.eigh(hessian)[1][:, 0] for hessian in (bowl, late_bowl)]
    assert abs(floors[0] @ floors[1]) < 0.5, "more than 60 degrees"


def test_at_first_the_full_arrow_visibly_turns_away_from_the_first_order_one():
    for update, theta in enumerate(two_step.walk(two_step.START, 4, ALPHA, BETA)[:-1]):
        task = two_step.TASKS[update % 2]
        _, _, first_order, full = two_step.arrows(theta, task, ALPHA)
        lengths = np.linalg.norm([first_order, full], axis=1)
        assert np.degrees(np.arccos(first_order @ full / lengths.prod())) > 15
        assert (BETA * lengths > 0.35).all(), "twenty pixels"


def test_the_default_walks_stay_in_the_plane_and_end_where_they_should():
    walks = {m: two_step.walk(two_step.START, 60, ALPHA, BETA, m) for m in two_step.METHODS}
    assert all((abs(path) <= two_step.HALF).all() for path in walks.values())
    maml, pre = walks["MAML"][-2:], walks["pre-training"][-2:]  # after A and after B
    assert (np.linalg.norm(maml - mean_bowl(ALPHA)[0], axis=1) < 0.3).all()
    assert (np.linalg.norm(pre.mean(0) - mean_bowl(0)[0]) < 1).all()
    assert two_step.mean_loss(pre).max() < 0.75 * two_step.mean_loss(maml).min()
    assert two_step.mean_loss(maml, ALPHA).max() < 0.1 * two_step.mean_loss(pre, ALPHA).min()


def test_the_widget_follows_the_walk():
    widget = two_step.TwoStep(start=(1, -2), alpha=0.3, beta=0.5, step=2 * two_step.LINES + 3)
    assert (widget.theta == two_step.walk((1, -2), 2, 0.3, 0.5)[-1]).all()
    assert (widget.pre_trained == two_step.walk((1, -2), 2, 0.3, 0.5, "pre-training")[-1]).all()
    widget.first_order = True
    assert (widget.theta == two_step.walk((1, -2), 2, 0.3, 0.5, "first order")[-1]).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"start": (4, 0)},
        {"start": (0, 4)},
        {"start": (0, 0, 0)},
        {"alpha": -0.1},
        {"alpha": 1.5},
        {"beta": 0},
        {"step": -1},
    ],
)
def test_what_cannot_be_drawn_is_refused(wrong):
    with pytest.raises(ValueError, match="got"):
        two_step.TwoStep(**wrong)


def test_an_unknown_method_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="'pre-training', 'first order', 'MAML', got 'magic'"):
        two_step.walk((0, 0), 1, 0.1, 0.1, "magic")


def test_the_still_figure_says_where_the_walks_end():
    figure = two_step.still(alpha=0.4, beta=0.8, n_updates=8)
    end = two_step.walk(two_step.START, 8, 0.4, 0.8)[-1]
    now, late = two_step.mean_loss(end), two_step.mean_loss(end, 0.4)
    assert f"MAML to where it is {now:.2f} now and {late:.2f}" in figure.alt
    assert view.to_image(figure).startswith(b"\x89PNG")
    assert all(ax.get_legend() is None for ax in figure.axes), "texts stand at the arrows"
    texts = {text.get_text() for text in figure.axes[1].texts}
    assert {"θ", "θ′", "inner step", "query gradient", "first order"} <= texts


@pytest.mark.parametrize("rates", [(0.0, 0.5), (0.9, 0.5), (1.0, 1.0)])
def test_the_still_figure_keeps_its_frame_wherever_the_walks_lead(rates):
    figure = two_step.still((2.9, -3.7), *rates, n_updates=60)
    image = view.to_image(figure)
    assert len(image) < 100_000
    for ax in figure.axes:
        assert (*ax.get_xlim(), *ax.get_ylim()) == (-3, 3, -3.75, 3.75)


def test_the_player_is_small_enough_for_a_notebook():
    html = two_step.TwoStep().to_html()
    assert "<script" in html and len(html) <= PLAYER_LIMIT


INNER = {
    "Correct": lambda w, x, y, alpha: w - alpha * 2 * x * (w * x - y),
    "climbs": lambda w, x, y, alpha: w + alpha * 2 * x * (w * x - y),
    "a 2 in front": lambda w, x, y, alpha: w - alpha * x * (w * x - y),
    "Not attempted": lambda w, x, y, alpha: ...,
    "ZeroDivisionError": lambda w, x, y, alpha: 1 / 0,
}
META = {
    "Correct": lambda w, x, y, a, b, alpha: (
        (1 - alpha * 2 * x**2) * 2 * a * ((w - alpha * 2 * x * (w * x - y)) * a - b)
    ),
    "first-order": lambda w, x, y, a, b, alpha: 2 * a * ((w - alpha * 2 * x * (w * x - y)) * a - b),
    "follows": lambda w, x, y, a, b, alpha: 2 * a * (w * a - b),
    "the 2 is missing": lambda w, x, y, a, b, alpha: (
        (1 - alpha * x**2) * 2 * a * ((w - alpha * 2 * x * (w * x - y)) * a - b)
    ),
}


@pytest.mark.parametrize("words", INNER)
def test_check_inner_step_answers_in_words(words, capsys):
    assert exercises.check_inner_step(INNER[words]) is (words == "Correct")
    assert words in capsys.readouterr().out


@pytest.mark.parametrize("words", META)
def test_check_meta_gradient_answers_in_words(words, capsys):
    assert exercises.check_meta_gradient(META[words]) is (words == "Correct")
    assert words in capsys.readouterr().out
