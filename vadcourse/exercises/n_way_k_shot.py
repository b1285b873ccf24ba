"""The checks of notebook 04: the total loss, frames of an episode, prototypes, a query without a leak, an episode sampler."""

import numpy as np
import torch

from vadcourse.exercises.core import NotYet, attempt, compare, exercise, number, numbers
from vadkit.episodes import Task
from vadkit.text import say
from vadkit.windows import N_INPUTS


@exercise("04", "The total loss")
def check_total_loss(function):
    """Checks f(adapted, tasks) -> L(theta): adapted, one model for each of the tasks. Returns True or False."""
    random = np.random.default_rng()

    def samples(n):
        return tuple(torch.from_numpy(random.normal(size=(n, 1))).float() for _ in range(2))

    tasks = [Task(f"task {i}", samples(3), samples(4)) for i in range(3)]
    adapted = [_line(slope) for slope in random.normal(size=3)]

    def losses(part, models=adapted, loss=lambda error: error.square().mean()):
        return np.array([float(loss(f(x) - y)) for f, (x, y) in zip(models, (getattr(t, part) for t in tasks))])

    answer = attempt(function, adapted, tasks)
    expected = losses("query")
    compare(answer, expected.sum(), {
        "You marked the homework instead of the exam: take the query of each task, not its support.": losses("support").sum(),
        "That is the mean over the tasks; L(theta) is their sum.": expected.mean(),
        "That is the loss of the last task alone: add them up as you go.": expected[-1],
        "That is the loss of the first task alone: is there a return inside the loop?": expected[0],
        "One model does not sit all exams: zip(adapted, tasks) gives each task its own.": losses("query", adapted[:1] * 3).sum(),
        "Support and query are both in there; the exam alone counts.": (expected + losses("support")).sum(),
        "Those are the three losses; L(theta) is their sum, one number.": expected,
        "You add up the squared errors within a task; the loss of a task is their mean.": losses("query", loss=lambda e: e.square().sum()).sum(),
        "Those are absolute errors: square them.": losses("query", loss=lambda e: e.abs().mean()).sum(),
        "You take the root of each task's mean squared error: leave it as it is.": np.sqrt(expected).sum(),
    })  # fmt: skip
    return "Every task's own exam, summed: that is L(theta)."


def _line(slope):
    def model(inputs):
        if not isinstance(inputs, torch.Tensor):
            raise TypeError(say("a model takes the inputs alone. Unpack the pair first: inputs, targets = task.query"))
        return slope * inputs

    return model


@exercise("04", "How many frames?")
def check_support_frames(function):
    """Checks f(n_way, k_shot) -> frames that the supports of a video episode hold together. Returns True or False."""
    random = np.random.default_rng()
    for n_way, k_shot in zip(random.integers(3, 7, 3), random.integers(5, 12, 3)):
        n_way, k_shot = int(n_way), int(k_shot)
        answer = number(attempt(function, n_way, k_shot))
        compare(answer, n_way * (k_shot + N_INPUTS), {
            "Those are windows. A window has five frames, and neighbours share four of them.": n_way * k_shot,
            "Consecutive windows overlap: each further one adds a single frame.": n_way * k_shot * (N_INPUTS + 1),
            "That is the support of one scene; the episode has N of them.": k_shot + N_INPUTS,
            "Each scene needs its own four frames to begin with, not the episode as a whole.": n_way * k_shot + N_INPUTS,
            "A window has four inputs and the frame to predict.": n_way * (k_shot + N_INPUTS - 1),
            "One too many: the first window takes five frames, and the K - 1 further ones add one each.": n_way * (k_shot + N_INPUTS + 1),
            "Consecutive windows share four of their five frames: a further one adds one, not four.": n_way * (5 + 4 * (k_shot - 1)),
        })  # fmt: skip
    return "K + 4 frames in each of N scenes."


@exercise("04", "Scores from prototypes")
def check_prototypes(function):
    """Checks f(support (M, D), labels (M,), query (Q, D)) -> (Q, N) minus squared distances. Returns True or False."""
    random = np.random.default_rng()
    n_way, k_shot = 3, 4
    labels = torch.from_numpy(random.permutation(np.repeat(np.arange(n_way), k_shot)))
    support = torch.from_numpy(random.normal(size=(n_way * k_shot, 5))).float()
    query = torch.from_numpy(random.normal(size=(7, 5))).float()
    answer = attempt(function, support, labels, query)
    groups = torch.stack([support[labels == c] for c in range(n_way)])
    in_order = support.reshape(n_way, k_shot, -1)

    def squared(prototypes):
        return torch.cdist(query, prototypes).square()

    expected = -squared(groups.mean(1))
    compare(answer, expected.numpy(), {
        "The score must be high where the prototype is near: take minus the distance.": -expected,
        "That is minus the distance; square it.": -(-expected).sqrt(),
        "That is the distance itself: the score is minus its square.": (-expected).sqrt(),
        "That is the softmax already. Return the scores as they are.": expected.softmax(1),
        "A prototype is the mean of its class, not the sum.": -squared(groups.sum(1)),
        "That is the nearest sample of each class. A prototype is the mean of all of them.": -torch.stack([squared(g).min(1).values for g in groups], 1),
        "The samples are not sorted by class: choose them by `labels == c`.": -squared(in_order.mean(1)),
        "Rows and columns are swapped: one row for each query, one column for each class.": expected.T,
        "Those are the guesses already. Return the scores of all classes; argmax comes later.": expected.argmax(1),
        "That is the mean over the features; add them up.": expected / 5,
    })  # fmt: skip
    return "Softmax over these scores is a Prototypical Network, with pixels for features."


@exercise("04", "Keep them apart")
def check_split(function):
    """Checks f(n_windows, start, k_shot) -> the windows of a clip that share no frame with its support. Returns True or False."""
    random = np.random.default_rng()
    cases = (40, int(random.integers(8, 20)), int(random.integers(1, 8))), (30, 2, 3), (30, 26, 4)
    for n_windows, start, k_shot in cases:
        answer = attempt(function, n_windows, start, k_shot)
        if isinstance(answer, (tuple, list)) and any(isinstance(part, (range, list, np.ndarray)) for part in answer):
            raise NotYet("Those are several lists: join them to one, [*before, *after].")
        if np.asarray(answer).dtype == bool:
            raise NotYet("Those are True and False, one for each window. Return the numbers of those that are True.")
        answer = set(numbers(list(answer) if isinstance(answer, (set, range)) else answer).ravel().tolist())
        expected = set(range(max(start - N_INPUTS, 0))) | set(range(start + k_shot + N_INPUTS, n_windows))
        case = dict(n=n_windows, first=start, last=start + k_shot - 1)
        if answer == set(range(n_windows)) - set(range(start, start + k_shot)):
            raise NotYet("For {n} windows and the support {first} to {last}, you left out the support itself. Its neighbours share "
                         "frames with it, too: a window has five.", **case)  # fmt: skip
        if outside := sorted(answer - set(range(n_windows))):
            raise NotYet("For {n} windows and the support {first} to {last}, window {i:g} is on your list, and there is no such window.",
                         i=outside[0], **case)  # fmt: skip
        if leaking := sorted(answer - expected):
            raise NotYet("For {n} windows and the support {first} to {last}, window {i:g} still shares a frame with it: it covers "
                         "frames {i:g} to {end:g}.", i=leaking[0], end=leaking[0] + N_INPUTS, **case)  # fmt: skip
        if missing := sorted(expected - answer):
            raise NotYet("For {n} windows and the support {first} to {last}, window {i:g} is missing, although it shares no frame with it.",
                         i=missing[0], **case)  # fmt: skip
    return "No window of the query shares a frame with the support."


@exercise("04", "Draw an episode")
def check_episode(function):
    """Checks f(labels (M,), n_way, k_shot, n_query, random) -> support (N, K) and query (N, Q) indices. Returns True or False.

    random: a numpy Generator, which alone decides what is drawn. Row c of both holds samples of the same class.
    """
    master = np.random.default_rng()
    labels = master.permutation(np.repeat(np.arange(6) * 10, master.integers(8, 15, 6)))
    seen, picked, first = set(), set(), None
    for seed in range(30):
        answer = attempt(function, labels, 3, 2, 4, np.random.default_rng(seed))
        if not isinstance(answer, (tuple, list)) or len(answer) != 2:
            raise NotYet("Return two things: the support's indices and the query's.")
        support, query = numbers(answer[0], (3, 2)), numbers(answer[1], (3, 4))
        if not all(np.isin(part, np.arange(len(labels))).all() for part in (support, query)):
            raise NotYet(
                "Return indices into `labels`, whole numbers from 0 to {last}, not labels or images.",
                last=len(labels) - 1,
            )
        support, query = support.astype(int), query.astype(int)
        everything = np.hstack([support, query])
        if (everything == everything[:, :1]).all() and np.isin(everything, labels).all():
            raise NotYet("Those are labels, the same all along a row. Return where these samples stand in `labels`.")
        classes = labels[everything]
        if (classes != classes[:, :1]).any():
            raise NotYet("A row mixes classes: row c of support and query must both belong to class c.")
        if len(np.unique(classes[:, 0])) < 3:
            raise NotYet("A class was drawn twice in one task: draw from np.unique(labels), without replacement.")
        if np.intersect1d(support, query).size:
            raise NotYet("Support and query share a sample. Draw K + Q of a class without replacement, then cut.")
        if len(np.unique(support)) < support.size or len(np.unique(query)) < query.size:
            raise NotYet("A sample was drawn twice: draw without replacement.")
        seen, picked = seen | set(classes[:, 0].tolist()), picked | set(support.ravel().tolist())
        first = first or (support.tolist(), query.tolist())
    if len(seen) < 6:
        raise NotYet(
            "In {n} episodes only {seen} of the 6 classes were ever drawn: draw the classes at random, too.",
            n=30,
            seen=len(seen),
        )
    if len(picked) < 30:
        raise NotYet("You draw the classes, but always take the same samples of them: shuffle those as well.")
    again = attempt(function, labels, 3, 2, 4, np.random.default_rng(0))
    if (np.asarray(again[0]).tolist(), np.asarray(again[1]).tolist()) != first:
        raise NotYet(
            "The same generator gave two different episodes: draw everything from `random`, nothing from elsewhere."
        )
    return "N classes, K and Q samples of each, nothing shared, and the same again from the same seed. That is the sampler."
