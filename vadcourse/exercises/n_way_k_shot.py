"""The checks of notebook 04: total loss, frames of an episode, prototypes, a query, a sampler."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from vadcourse.checking import NotYet, attempt, compare, exercise, number, numbers, refuse
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


def _errors(models, samples):
    return [model(x) - y for model, (x, y) in zip(models, samples)]


@exercise("04", "The total loss")
def check_total_loss(function: Callable) -> str:
    """Check f(adapted, tasks): L(theta), from one adapted model for each of the tasks."""
    rng = np.random.default_rng()
    # Queries are larger than supports, so that a mean over both is another number.
    parts = [[_tensor(rng, n, 1) for n in (3, 3, 4, 4)] for _ in range(3)]
    tasks = [Task(f"task {i}", (a, b), (c, d)) for i, (a, b, c, d) in enumerate(parts)]
    adapted = [_line(slope) for slope in rng.normal(size=3)]
    queries, supports = [task.query for task in tasks], [task.support for task in tasks]
    errors = _errors(adapted, queries)
    losses = np.array([error.square().mean().item() for error in errors])
    homework = sum(error.square().mean() for error in _errors(adapted, supports))
    one_model = sum(error.square().mean() for error in _errors(adapted[:1] * 3, queries))
    squares = sum(error.square().sum() for error in errors)
    absolute = sum(error.abs().mean() for error in errors)
    roots = np.sqrt(losses).sum()
    mistakes = {
        "You marked the homework instead of the exam: take the query of each task, "
        "not its support.": homework,
        "That is the mean over the tasks; L(theta) is their sum.": losses.mean(),
        "That is the loss of the last task alone: add them up as you go.": losses[-1],
        "That is the loss of the first task alone: is there a return inside the loop?": losses[0],
        "One model does not sit all exams: zip(adapted, tasks) gives each task its own.": one_model,
        "Support and query are both in there; the exam alone counts.": losses.sum() + homework,
        "Those are the three losses; L(theta) is their sum, one number.": losses,
        "You add up the squared errors within a task; the loss of a task is their mean.": squares,
        "Those are absolute errors: square them.": absolute,
        "You take the root of each task's mean squared error: leave it as it is.": roots,
    }
    compare(attempt(function, adapted, tasks), losses.sum(), mistakes)
    return "Every task's own exam, summed: that is L(theta)."


@exercise("04", "How many frames?")
def check_support_frames(function: Callable) -> str:
    """Check f(n_way, k_shot): how many frames the supports of a video episode hold together."""
    rng = np.random.default_rng()
    for n, k in zip(rng.integers(3, 7, 3).tolist(), rng.integers(5, 12, 3).tolist()):
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
        compare(number(attempt(function, n, k)), n * (k + N_INPUTS), mistakes)
    return "K + 4 frames in each of N scenes."


@exercise("04", "Scores from prototypes")
def check_prototypes(function: Callable) -> str:
    """Check f(support (M, D), labels (M,), query (Q, D)): minus squared distances (Q, N)."""
    rng = np.random.default_rng()
    # Shuffled labels: whoever takes the samples in order gets other prototypes.
    labels = torch.from_numpy(rng.permutation(np.repeat(np.arange(3), 4)))
    support, query = _tensor(rng, 12, 5), _tensor(rng, 7, 5)
    classes = torch.stack([support[labels == c] for c in range(3)])

    def squared(prototypes):
        return torch.cdist(query, prototypes).square()

    distance = squared(classes.mean(1))
    scores = -distance
    unsorted = -squared(support.reshape(3, 4, -1).mean(1))
    nearest = -torch.stack([squared(samples).min(1).values for samples in classes], 1)
    swapped, guesses = scores.T, scores.argmax(1)
    mistakes = {
        "The score must be high where the prototype is near: take minus the distance.": distance,
        "That is minus the distance; square it.": -distance.sqrt(),
        "That is the distance itself: the score is minus its square.": distance.sqrt(),
        "That is the softmax already. Return the scores as they are.": scores.softmax(1),
        "A prototype is the mean of its class, not the sum.": -squared(classes.sum(1)),
        "That is the nearest sample of each class. "
        "A prototype is the mean of all of them.": nearest,
        "The samples are not sorted by class: choose them by `labels == c`.": unsorted,
        "Rows and columns are swapped: one row for each query, one column for each class.": swapped,
        "Those are the guesses already. "
        "Return the scores of all classes; argmax comes later.": guesses,
        "That is the mean over the features; add them up.": scores / 5,
    }
    compare(attempt(function, support, labels, query), scores, mistakes)
    return "Softmax over these scores is a Prototypical Network, with pixels for features."


@exercise("04", "Keep them apart")
def check_split(function: Callable) -> str:
    """Check f(n_windows, start, k_shot): the windows of a clip that share no frame with a support.

    The support is the windows `start` to `start + k_shot - 1`.
    """
    rng = np.random.default_rng()
    # In the middle of a clip, at its beginning and at its end.
    cases = (40, int(rng.integers(8, 20)), int(rng.integers(1, 8))), (30, 2, 3), (30, 26, 4)
    for n_windows, start, k_shot in cases:
        answer = _window_numbers(attempt(function, n_windows, start, k_shot))
        windows = set(range(n_windows))
        support = set(range(start, start + k_shot))
        neighbours = set(range(start - N_INPUTS, start + k_shot + N_INPUTS))
        outside = sorted(answer - windows)
        leaking = sorted(answer & neighbours)
        missing = sorted(windows - neighbours - answer)
        window = next(iter(outside + leaking + missing), 0)
        faults = {
            "For {n} windows and the support {first} to {last}, you left out the support itself. "
            "Its neighbours share frames with it, too: "
            "a window has five.": answer == windows - support,
            "For {n} windows and the support {first} to {last}, window {i:g} is on your list, "
            "and there is no such window.": outside,
            "For {n} windows and the support {first} to {last}, window {i:g} still shares a frame "
            "with it: it covers frames {i:g} to {end:g}.": leaking,
            "For {n} windows and the support {first} to {last}, window {i:g} is missing, "
            "although it shares no frame with it.": missing,
        }
        case = {"n": n_windows, "first": start, "last": start + k_shot - 1}
        refuse(faults, i=window, end=window + N_INPUTS, **case)
    return "No window of the query shares a frame with the support."


def _window_numbers(answer):
    """Turn a list, set or range of windows into a set, or raise `NotYet`."""
    if isinstance(answer, (tuple, list)):
        if any(isinstance(part, (range, list, np.ndarray)) for part in answer):
            raise NotYet("Those are several lists: join them to one, [*before, *after].")
    if np.asarray(answer).dtype == bool:
        raise NotYet(
            "Those are True and False, one for each window. "
            "Return the numbers of those that are True."
        )
    answer = list(answer) if isinstance(answer, (set, range)) else answer
    return set(numbers(answer).ravel().tolist())


@exercise("04", "Draw an episode")
def check_episode(function: Callable) -> str:
    """Check f(labels (M,), n_way, k_shot, n_query, random): the indices of support and query.

    Support (N, K) and query (N, Q); row c of both holds samples of one class. `random`, a NumPy
    generator, alone decides which.
    """
    rng = np.random.default_rng()
    labels = rng.permutation(np.repeat(np.arange(6) * 10, rng.integers(8, 15, 6)))
    # In thirty episodes, chance alone leaves out no class, and hardly a sample.
    episodes = [_episode(function, labels, seed) for seed in range(30)]
    seen = {label for support, _ in episodes for label in labels[support].flat}
    picked = {index for support, _ in episodes for index in support.flat}
    faults = {
        "In {n} episodes only {seen} of the 6 classes were ever drawn: draw the classes at random, "
        "too.": len(seen) < 6,
        "You draw the classes, but always take the same samples of them: "
        "shuffle those as well.": len(picked) < 30,
    }
    refuse(faults, n=len(episodes), seen=len(seen))
    again = attempt(function, labels, 3, 2, 4, np.random.default_rng(0))
    if not all(np.array_equal(a, b) for a, b in zip(again, episodes[0])):
        raise NotYet(
            "The same generator gave two different episodes: draw everything from `random`, "
            "nothing from elsewhere."
        )
    return (
        "N classes, K and Q samples of each, nothing shared, and the same again "
        "from the same seed. That is the sampler."
    )


def _episode(function, labels, seed):
    """Ask for an episode of 3 classes, 2 + 4 samples of each, or raise `NotYet`."""
    answer = attempt(function, labels, 3, 2, 4, np.random.default_rng(seed))
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        raise NotYet("Return two things: the support's indices and the query's.")
    support, query = numbers(answer[0], (3, 2)), numbers(answer[1], (3, 4))
    samples = np.hstack([support, query])
    if not np.isin(samples, np.arange(len(labels))).all():
        raise NotYet(
            "Return indices into `labels`, whole numbers from 0 to {last}, not labels or images.",
            last=len(labels) - 1,
        )
    support, query, samples = support.astype(int), query.astype(int), samples.astype(int)
    classes = labels[samples]
    # From here on the answer holds indices, and each fault is one of the draw.
    mixed = (classes != classes[:, :1]).any()
    one_number = (samples == samples[:, :1]).all() and np.isin(samples, labels).all()
    repeated = len(np.unique(support)) < support.size or len(np.unique(query)) < query.size
    faults = {
        "Those are labels, the same all along a row. "
        "Return where these samples stand in `labels`.": one_number,
        "A row mixes classes: row c of support and query must both belong to class c.": mixed,
        "A class was drawn twice in one task: draw from np.unique(labels), "
        "without replacement.": len(np.unique(classes[:, 0])) < 3,
        "Support and query share a sample. Draw K + Q of a class without replacement, "
        "then cut.": np.intersect1d(support, query).size,
        "A sample was drawn twice: draw without replacement.": repeated,
    }
    refuse(faults)
    return support, query
