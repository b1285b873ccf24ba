"""The checks of notebook 04: total loss, frames of an episode, prototypes, a query, a sampler."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from vadcourse.checking import NotYet, attempt, exercise, judge, numbers, refuse
from vadcourse.exercises.sampling import as_episodes, refuse_uneven
from vadkit.episodes import Task
from vadkit.text import say
from vadkit.windows import N_INPUTS


def _line(slope):
    def model(inputs):
        if not isinstance(inputs, Tensor):
            words = say(
                "a model takes the inputs alone. Unpack the pair first: "
                "inputs, targets = task.query"
            )
            raise TypeError(words)
        return slope * inputs

    return model


def _tensor(rng, *shape):
    return torch.from_numpy(rng.normal(size=shape)).float()


def _exam(rng, n_tasks, scale):
    """One model for each task; no two parts are of one size, so that pooling them shows."""
    width = int(rng.integers(2, 5))
    sizes = rng.permutation(np.arange(2, 2 + 2 * n_tasks)).reshape(n_tasks, 2)
    parts = [[scale * _tensor(rng, 2, n, width) for n in pair] for pair in sizes]
    tasks = [Task(f"task {i}", tuple(a), tuple(b)) for i, (a, b) in enumerate(parts)]
    return [_line(slope) for slope in rng.normal(size=n_tasks)], tasks


@exercise("04", "The total loss")
def check_total_loss(function: Callable) -> str:
    """Check f(adapted, tasks): L(theta), from one adapted model for each of the tasks."""
    rng = np.random.default_rng()
    plan = (int(rng.integers(3, 6)), 1.0), (int(rng.integers(6, 9)), 0.03), (2, 20.0), (1, 1.0)
    exams = [_exam(rng, *sizes) for sizes in plan]
    answers = [attempt(function, *exam) for exam in exams]
    trials = []
    for answer, (adapted, tasks) in zip(answers, exams):
        queries = [(x.double(), y.double()) for x, y in (task.query for task in tasks)]
        errors = [(model(x) - y).numpy() for model, (x, y) in zip(adapted, queries)]
        losses = np.array([np.mean(error**2) for error in errors])
        pairs = zip(adapted, (task.support for task in tasks))
        homework = sum((model(x) - y).square().mean().item() for model, (x, y) in pairs)
        one_model = sum((adapted[0](x) - y).square().mean() for x, y in queries)
        pooled = np.mean(np.concatenate(errors) ** 2)
        mistakes = {
            "You marked the homework instead of the exam: take the query of each task, "
            "not its support.": homework,
            "That is the mean over the tasks; L(theta) is their sum.": losses.mean(),
            "That is the loss of the last task alone: add them up as you go.": losses[-1],
            "That is the loss of the first task alone: is there a return inside the loop?": losses[
                0
            ],
            "One model does not sit all exams: zip(adapted, tasks) gives each task "
            "its own.": one_model,
            "Support and query are both in there; the exam alone counts.": losses.sum() + homework,
            "Those are the losses one by one; L(theta) is their sum, one number.": losses,
            "You add up the squared errors within a task; the loss of a task is their mean.": sum(
                np.sum(error**2) for error in errors
            ),
            "Those are absolute errors: square them.": sum(np.abs(e).mean() for e in errors),
            "You take the root of each task's mean squared error: leave it as it is.": np.sqrt(
                losses
            ).sum(),
            "You pool the samples of all tasks: take the mean within each task, "
            "then add up.": pooled,
            "That is half of it: the mean squared error has no factor of 1/2.": losses.sum() / 2,
        }
        trials.append((answer, losses.sum(), mistakes))
    judge(trials, atol=0)
    return "Every task's own exam, summed: that is L(theta)."


def _samples(rng, sizes, n_query, width):
    """Features and shuffled labels of classes of these sizes, and queries.

    Whoever takes the samples in order gets other prototypes.
    """
    labels = torch.from_numpy(rng.permutation(np.repeat(np.arange(len(sizes)), sizes)))
    support = _tensor(rng, len(labels), width) + 2 * _tensor(rng, width)
    return support, labels, _tensor(rng, n_query, width)


@exercise("04", "Scores from prototypes")
def check_prototypes(function: Callable) -> str:
    """Check f(support (M, D), labels (M,), query (Q, D)): minus squared distances (Q, N)."""
    rng = np.random.default_rng()
    n, k, width = int(rng.integers(3, 6)), int(rng.integers(2, 5)), int(rng.integers(3, 7))
    # Classes of one size first, where whoever forgets the labels still gets an answer.
    _judge_prototypes(function, [_samples(rng, [k] * n, n + extra, width) for extra in (2, 0)])
    sizes = [rng.permutation(np.arange(1, 1 + n)) for n in (3, 4)]
    draws = [_samples(rng, sizes[0], 7, width), _samples(rng, sizes[1], 4, 2)]
    # As many queries as classes; a single sample of each; a single feature and query.
    draws += [_samples(rng, [1, 1, 1], 3, 5), _samples(rng, [3, 2], 1, 1)]
    _judge_prototypes(function, draws)
    return "Softmax over these scores is a Prototypical Network, with pixels for features."


def _judge_prototypes(function, draws):
    answers = [attempt(function, *draw) for draw in draws]
    trials = []
    for answer, (support, labels, query) in zip(answers, draws):
        support, query, n = support.double(), query.double(), int(labels.max()) + 1
        classes = [support[labels == c] for c in range(n)]
        apart = [(query[:, None] - samples).square().sum(2) for samples in classes]
        means = torch.stack([samples.mean(0) for samples in classes])
        sums = torch.stack([samples.sum(0) for samples in classes])
        scores = -(query[:, None] - means).square().sum(2)
        in_order = [support[i * len(support) // n : (i + 1) * len(support) // n] for i in range(n)]
        unsorted = torch.stack([samples.mean(0) for samples in in_order])
        mistakes = {
            "The score must be high where the prototype is near: take minus the distance.": -scores,
            "That is minus the distance; square it.": -(-scores).sqrt(),
            "That is the distance itself: the score is minus its square.": (-scores).sqrt(),
            "That is the softmax already. Return the scores as they are.": scores.softmax(1),
            "A prototype is the mean of its class, not the sum.": -(query[:, None] - sums)
            .square()
            .sum(2),
            "That is the nearest sample of each class. A prototype is the mean "
            "of all of them.": -torch.stack([d.min(1).values for d in apart], 1),
            "The samples are not sorted by class: choose them by `labels == c`.": -(
                query[:, None] - unsorted
            )
            .square()
            .sum(2),
            "That is the mean of the distances to the samples; take the distance to their "
            "mean.": -torch.stack([d.mean(1) for d in apart], 1),
            "Rows and columns are swapped: one row for each query, one column for each "
            "class.": scores.T,
            "Those are the guesses already. "
            "Return the scores of all classes; argmax comes later.": scores.argmax(1),
            "That is the mean over the features; add them up.": scores / query.shape[1],
            "That is half of it: the squared distance has no factor of 1/2.": scores / 2,
        }
        trials.append((answer, scores, mistakes))
    judge(trials, atol=1e-4)


EPISODES = 500


def _collection(rng):
    """Shuffled labels (M,) of classes small and large; no label is an index."""
    n_classes = int(rng.integers(5, 7))
    names = rng.choice(np.arange(200, 999), n_classes, replace=False)
    sizes = rng.permutation([8, 24, *rng.integers(10, 20, n_classes - 2)])
    return rng.permutation(np.repeat(names, sizes)), n_classes


@exercise("04", "Draw an episode")
def check_episode(function: Callable) -> str:
    """Check f(labels (M,), n_way, k_shot, n_query, random): the indices of support and query.

    Support (N, K) and query (N, Q); row c of both holds samples of one class. `random`, a NumPy
    generator, alone decides which.
    """
    rng = np.random.default_rng()
    labels, n_classes = _collection(rng)
    sizes = int(rng.integers(2, 4)), *rng.choice([(1, 3), (1, 4), (2, 3), (3, 2), (4, 1)]).tolist()

    def many(random, times):
        return [function(labels.copy(), *sizes, random) for _ in range(times)]

    # All classes, and all samples of the smallest; a single one of each.
    for some in (sizes, (n_classes, 3, 5), (n_classes, 6, 2), (1, 1, 1)):
        answer = attempt(function, labels, *some, np.random.default_rng())
        as_episodes([answer], labels, *some)
    seed = int(rng.integers(2**31))
    found = attempt(many, np.random.default_rng(seed), EPISODES)
    again = attempt(many, np.random.default_rng(seed), 5)
    episodes = as_episodes(found, labels, *sizes)
    if (as_episodes(again, labels, *sizes) != episodes[:5]).any():
        raise NotYet(
            "The same generator gave two different episodes: draw everything from `random`, "
            "nothing from elsewhere."
        )
    refuse_uneven(episodes, labels, sizes[1])
    return (
        "N classes, K and Q samples of each, nothing shared, and the same again "
        "from the same seed. That is the sampler."
    )


@exercise("04", "How many frames?")
def check_support_frames(function: Callable) -> str:
    """Check f(n_way, k_shot): how many frames the supports of a video episode hold together."""
    rng = np.random.default_rng()
    episodes = [(int(rng.integers(3, 9)), int(rng.integers(5, 30))) for _ in range(3)]
    episodes += [(int(rng.integers(20, 60)), int(rng.integers(100, 500)))]
    # A single scene, a single window, and both.
    episodes += [(1, int(rng.integers(2, 9))), (int(rng.integers(2, 9)), 1), (1, 1)]
    answers = [attempt(function, n, k) for n, k in episodes]
    trials = []
    for answer, (n, k) in zip(answers, episodes):
        windows, shared_start = n * k, n * k + N_INPUTS
        one_too_many, four_each = n * (k + N_INPUTS + 1), n * (1 + 4 * k)
        mistakes = {
            "Those are windows. A window has five frames, and neighbours share four "
            "of them.": windows,
            "Consecutive windows overlap: each further one adds a single frame.": 5 * windows,
            "That is the support of one scene; the episode has N of them.": k + N_INPUTS,
            "Each scene needs its own four frames to begin with, not the episode "
            "as a whole.": shared_start,
            "A window has four inputs and the frame to predict.": n * (k + N_INPUTS - 1),
            "One too many: the first window takes five frames, and the K - 1 further ones "
            "add one each.": one_too_many,
            "Consecutive windows share four of their five frames: a further one adds one, "
            "not four.": four_each,
        }
        trials.append((answer, n * (k + N_INPUTS), mistakes))
    judge(trials, rtol=1e-9, atol=1e-9)
    return "K + 4 frames in each of N scenes."


@exercise("04", "Keep them apart")
def check_split(function: Callable) -> str:
    """Check f(n_windows, start, k_shot): the windows of a clip that share no frame with a support.

    The support is the windows `start` to `start + k_shot - 1`.
    """
    rng = np.random.default_rng()
    start, n, *k = (int(rng.integers(*ends)) for ends in ((8, 20), (40, 60), *[(1, 8)] * 5))
    clips = [(n, start, k[0]), (n + 3, start + 5, k[1]), (n, int(rng.integers(1, 4)), k[2])]
    # At the beginning and the end; a single window before or after; none at all.
    clips += [(n, 0, k[3]), (n, n - k[4], k[4]), (n, 5, k[0]), (n, n - k[1] - 5, k[1])]
    clips += [(n, n - k[2] - 3, k[2]), (9, 3, 2), (k[3] + 2, 0, k[3] + 2)]
    answers = [attempt(function, *clip) for clip in clips]
    for answer, clip in zip(answers, clips):
        _refuse_split(_window_numbers(answer, clip[0]), *clip)
    return "No window of the query shares a frame with the support."


def _refuse_split(answer, n_windows, start, k_shot):
    """Raise `NotYet` with a window that should not be on the list, or is missing."""
    windows = set(range(n_windows))
    support = set(range(start, start + k_shot))
    neighbours = set(range(start - N_INPUTS, start + k_shot + N_INPUTS))
    outside = sorted(set(answer) - windows)
    leaking = sorted(set(answer) & neighbours)
    missing = sorted(windows - neighbours - set(answer))
    twice = [window for window, times in Counter(answer).items() if times > 1]
    window = next(iter(outside + leaking + missing + twice), 0)
    faults = {
        "For {n} windows and the support {first} to {last}, you left out the support itself. "
        "Its neighbours share frames with it, too: a window has "
        "five.": leaking and set(answer) == windows - support,
        "For {n} windows and the support {first} to {last}, window {i:g} is on your list, "
        "and there is no such window.": outside,
        "For {n} windows and the support {first} to {last}, window {i:g} still shares a frame "
        "with it: it covers frames {i:g} to {end:g}.": leaking,
        "For {n} windows and the support {first} to {last}, window {i:g} is missing, "
        "although it shares no frame with it.": missing,
        "For {n} windows and the support {first} to {last}, window {i:g} is on your list "
        "twice.": twice,
    }
    case = {"n": n_windows, "first": start, "last": start + k_shot - 1}
    refuse(faults, i=window, end=window + N_INPUTS, **case)


def _window_numbers(answer, n_windows):
    """Turn a list, array or set of windows into a list of floats, or raise `NotYet`."""
    answer = list(answer) if type(answer) is set else answer
    if type(answer) in (list, tuple) and any(np.ndim(part) for part in answer):
        raise NotYet("There is a list inside your list: return a single one, [*before, *after].")
    values = numbers(answer)
    if values.ndim != 1:
        raise NotYet("Return a list of windows; yours has the shape {got}.", got=values.shape)
    if len(values) == n_windows and np.isin(values, (0, 1)).all():
        raise NotYet(
            "Those are True and False, one for each window. "
            "Return the numbers of those that are True."
        )
    return values.tolist()
