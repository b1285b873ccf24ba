"""What a sampler of episodes draws: whether it is an episode, and whether chance alone draws it."""

from math import comb

import numpy as np

from vadcourse.checking import NotYet, numbers, refuse


def as_episodes(answers: list, labels: np.ndarray, n_way: int, *shots: int) -> np.ndarray:
    """Turn pairs (support, query) into indices (E, N, K + Q), or raise `NotYet` at a fault."""
    parts = [_two_parts(answer, n_way, *shots) for answer in answers]
    samples = np.array([np.hstack(pair) for pair in parts])
    if np.isin(samples, labels).all():
        raise NotYet("Those are labels. Return where these samples stand in `labels`.")
    if not np.isin(samples, np.arange(len(labels))).all():
        raise NotYet(
            "Return indices into `labels`, whole numbers from 0 to {last}, not labels or images.",
            last=len(labels) - 1,
        )
    samples = samples.astype(int)
    classes, k_shot = labels[samples], shots[0]
    # From here on the answer holds indices, and each fault is one of the draw.
    faults = {
        "A row mixes classes: row c of support and query must both belong to class c.": (
            classes != classes[:, :, :1]
        ).any(),
        "A class was drawn twice in one task: draw from np.unique(labels), "
        "without replacement.": _twice(classes[:, :, 0]),
        "A sample was drawn twice: draw without replacement.": _twice(samples[:, :, :k_shot])
        or _twice(samples[:, :, k_shot:]),
        "Support and query share a sample. Draw K + Q of a class without replacement, "
        "then cut.": _twice(samples),
    }
    refuse(faults)
    return samples


def _two_parts(answer, n_way, k_shot, n_query):
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        raise NotYet("Return two things: the support's indices and the query's.")
    return numbers(answer[0], (n_way, k_shot)), numbers(answer[1], (n_way, n_query))


def _twice(episodes):
    """Whether an episode holds something twice."""
    return (np.diff(np.sort(episodes.reshape(len(episodes), -1))) == 0).any()


def refuse_uneven(episodes: np.ndarray, labels: np.ndarray, k_shot: int) -> None:
    """Raise `NotYet` where not all classes and samples of (E, N, K + Q) have the same chance."""
    if (episodes == episodes[0]).all():
        raise NotYet("The episode is the same at every call: draw it at random, from `random`.")
    names, classes = np.unique(labels, return_inverse=True)
    _refuse_classes(classes[episodes[:, :, 0]], names)
    rows = np.concatenate(episodes)
    if len(np.unique(np.sort(rows[:, :k_shot]), axis=0)) == len(names):
        raise NotYet(
            "You draw the classes, but always take the same samples of them: shuffle those as well."
        )
    parts = {
        "Of class {name}, sample {most} was in the support {often} times, and sample {least} "
        "{seldom} times: give both the same chance.": rows[:, :k_shot],
        "Of class {name}, sample {most} was drawn {often} times, and sample {least} {seldom} "
        "times: give both the same chance.": rows,
    }
    for text, part in parts.items():
        _refuse_samples(text, part, classes, names)
    _refuse_groups(rows, classes)


def _uneven(counts, expected):
    """How far the counts are apart, squared, and whether chance hardly ever does that."""
    apart, n = (counts - expected) ** 2 / expected, len(counts)
    limit = n * (1 - 2 / (9 * n) + 5.2 * np.sqrt(2 / (9 * n))) ** 3  # chi squared, one in 10^7
    return apart, apart.sum() > limit


def _refuse_classes(drawn, names):
    """Raise `NotYet` unless the classes (E, N) come equally often, and in all company."""
    counts, n_classes = np.bincount(drawn.ravel(), minlength=len(names)), len(names)
    ways = len(np.unique(np.sort(drawn), axis=0))
    values = {"n": len(drawn), "seen": np.count_nonzero(counts), "all": n_classes, "ways": ways}
    values |= {"most": names[counts.argmax()], "least": names[counts.argmin()]}
    faults = {
        "In {n} episodes only {seen} of the {all} classes were ever drawn: draw the classes at "
        "random, too.": not counts.all(),
        "In {n} episodes class {most} was drawn {often} times, and class {least} {seldom} times: "
        "give both the same chance.": _uneven(counts, drawn.size / n_classes)[1],
        "In {n} episodes the classes came together in {ways} ways only: draw each of them "
        "by itself.": ways < comb(n_classes, drawn.shape[1]),
    }
    refuse(faults, often=counts.max(), seldom=counts.min(), **values)


def _refuse_groups(rows, classes):
    """Raise `NotYet` where the samples of a class come in a few groups only."""
    groups, times = len(np.unique(np.sort(rows), axis=0)), np.bincount(classes[rows[:, 0]])
    possible = np.array([comb(size, rows.shape[1]) for size in np.bincount(classes)])
    likely = (possible * (1 - np.exp(-times / possible))).sum()
    if groups < likely / 2:
        raise NotYet(
            "In {n} draws the samples came in {groups} groups only: draw each of them by itself.",
            n=len(rows),
            groups=groups,
        )


def _refuse_samples(text, part, classes, names):
    """Raise `NotYet` where some samples of a class come more often than others."""
    counts = np.bincount(part.ravel(), minlength=len(classes))
    expected = (np.bincount(classes[part[:, 0]]) / np.bincount(classes))[classes] * part.shape[1]
    apart, uneven = _uneven(counts, expected)
    if not uneven:
        return
    worst = np.bincount(classes, weights=apart).argmax()
    members = np.flatnonzero(classes == worst)
    most, least = members[counts[members].argmax()], members[counts[members].argmin()]
    values = {"name": names[worst], "often": counts[most], "seldom": counts[least]}
    refuse({text: True}, most=most, least=least, **values)
