"""Answers to the exercises of notebook 04: right, and wrong with the words they must be given."""

import numpy as np
import torch


def errors(adapted, tasks, part="query"):
    samples = [getattr(task, part) for task in tasks]
    return [model(x) - y for model, (x, y) in zip(adapted, samples)]


def losses(adapted, tasks, part="query"):
    return [(error**2).mean() for error in errors(adapted, tasks, part)]


def absolute_errors(adapted, tasks):
    return sum(error.abs().mean() for error in errors(adapted, tasks))


def in_a_loop(adapted, tasks):
    total = 0
    for model, task in zip(adapted, tasks):
        inputs, targets = task.query
        total = total + ((model(inputs) - targets) ** 2).mean().item()
    return total


def prototypes(support, labels):
    return torch.stack([support[labels == c].mean(0) for c in range(int(labels.max()) + 1)])


def expanded(support, labels, query):
    return -((query[:, None] - prototypes(support, labels)[None]) ** 2).sum(-1).numpy()


def nearest_samples(support, labels, query):
    distances = [torch.cdist(query, support[labels == c]) ** 2 for c in range(3)]
    return np.stack([-distance.min(1).values for distance in distances], 1)


def apart(n_windows, start, k_shot):
    return [*range(0, start - 4), *range(start + k_shot + 4, n_windows)]


def episode(
    labels,
    n_way,
    k_shot,
    n_query,
    random,
    once=True,
    distinct=True,
    shuffle=True,
    shared=False,
    mix=False,
):
    classes = random.choice(np.unique(labels), n_way, replace=not distinct)
    support, query = [], []
    for c in classes:
        members = np.flatnonzero(labels == c)
        members = random.permutation(members) if shuffle else members
        support.append(members[:k_shot] if once else members[[0] * k_shot])
        query.append(members[:n_query] if shared else members[k_shot : k_shot + n_query])
    return np.array(support), np.array(query[::-1] if mix else query)


def episode_by_choice(labels, n_way, k_shot, n_query, random):
    classes = random.permutation(sorted(set(labels.tolist())))[:n_way]
    members = [np.where(labels == c)[0] for c in classes]
    rows = [random.choice(m, k_shot + n_query, replace=False).tolist() for m in members]
    return [row[:k_shot] for row in rows], [row[k_shot:] for row in rows]


def variant(**options):
    return lambda *arguments: episode(*arguments, **options)


def fixed_classes(labels, n_way, k_shot, n_query, random):
    members = [np.flatnonzero(labels == c) for c in np.unique(labels)[:n_way]]
    rows = np.array([random.permutation(samples)[: k_shot + n_query] for samples in members])
    return rows[:, :k_shot], rows[:, k_shot:]


def labels_of_an_episode(labels, *arguments):
    return tuple(labels[part] for part in episode(labels, *arguments))


def own_generator(labels, n_way, k_shot, n_query, random):
    return episode(labels, n_way, k_shot, n_query, np.random.default_rng())


RIGHT = {
    "check_total_loss": [lambda a, t: sum(losses(a, t)), in_a_loop],
    "check_support_frames": [lambda n, k: n * (k + 4), lambda n, k: sum(k + 4 for _ in range(n))],
    "check_prototypes": [lambda s, l, q: -(torch.cdist(q, prototypes(s, l)) ** 2), expanded],
    "check_split": [apart, lambda n, s, k: {i for i in range(n) if i + 4 < s or i > s + k + 3}],
    "check_episode": [episode, episode_by_choice],
}
WRONG = {
    "check_total_loss": [
        (lambda a, t: sum(losses(a, t, "support")), "homework"),
        (lambda a, t: sum(losses(a, t)) / len(t), "their sum"),
        (lambda a, t: losses(a, t)[-1], "last task alone"),
        (lambda a, t: losses(a, t)[0], "return inside the loop"),
        (lambda a, t: sum(losses([a[0]] * 3, t)), "One model"),
        (lambda a, t: sum(losses(a, t)) + sum(losses(a, t, "support")), "exam alone"),
        (losses, "one number"),
        (lambda a, t: sum(4 * loss for loss in losses(a, t)), "their mean"),
        (absolute_errors, "absolute"),
        (lambda a, t: sum(loss.sqrt() for loss in losses(a, t)), "root"),
        (lambda a, t: a[0](t[0].query), "Unpack the pair first"),
    ],
    "check_support_frames": [
        (lambda n, k: n * k, "Those are windows"),
        (lambda n, k: n * k * 5, "overlap"),
        (lambda n, k: k + 4, "one scene"),
        (lambda n, k: n * k + 4, "its own four"),
        (lambda n, k: n * (k + 3), "four inputs"),
        (lambda n, k: [n, k], "one number"),
        (lambda n, k: n * (k + 5), "One too many"),
        (lambda n, k: n * (5 + 4 * (k - 1)), "not four"),
    ],
    "check_prototypes": [
        (lambda s, l, q: torch.cdist(q, prototypes(s, l)) ** 2, "minus the distance"),
        (lambda s, l, q: -torch.cdist(q, prototypes(s, l)), "square it"),
        (lambda s, l, q: torch.cdist(q, prototypes(s, l)), "minus its square"),
        (lambda s, l, q: torch.from_numpy(expanded(s, l, q)).softmax(1), "softmax already"),
        (lambda s, l, q: -(torch.cdist(q, 4 * prototypes(s, l)) ** 2), "not the sum"),
        (lambda s, l, q: (-(torch.cdist(q, prototypes(s, l)) ** 2)).T, "swapped"),
        (lambda s, l, q: (-torch.cdist(q, prototypes(s, l))).argmax(1), "argmax"),
        (lambda s, l, q: -(torch.cdist(q, s) ** 2), "shape"),
        (lambda s, l, q: expanded(s, l, q) / 5, "add them up"),
        (nearest_samples, "nearest sample"),
    ],
    "check_split": [
        (lambda n, s, k: [i for i in range(n) if not s <= i < s + k], "Its neighbours"),
        (lambda n, s, k: [*range(0, s - 4), *range(s + k + 4, n + 1)], "no such window"),
        (lambda n, s, k: [*range(0, s - 3), *range(s + k + 4, n)], "still shares"),
        (lambda n, s, k: [*range(0, s - 4), *range(s + k + 3, n)], "still shares"),
        (lambda n, s, k: [*range(0, s - 5), *range(s + k + 5, n)], "missing"),
        (lambda n, s, k: [*range(s + k + 4, n)], "missing"),
        (lambda n, s, k: (range(0, s - 4), range(s + k + 4, n)), "join them"),
        (lambda n, s, k: [i in apart(n, s, k) for i in range(n)], "True and False"),
        (lambda n, s, k: np.isin(np.arange(n), apart(n, s, k)), "True and False"),
    ],
    "check_episode": [
        (variant(shared=True), "share a sample"),
        (variant(once=False), "drawn twice: draw without"),
        (variant(distinct=False), "class was drawn twice"),
        (variant(shuffle=False), "same samples"),
        (variant(mix=True), "mixes classes"),
        (fixed_classes, "of the 6 classes"),
        (own_generator, "two different episodes"),
        (lambda *a: episode(*a)[0], "two things"),
        (lambda *a: tuple(labels + 1000 for labels in labels_of_an_episode(*a)), "not labels"),
        (lambda *a: tuple(part.T for part in episode(*a)), "shape"),
        (labels_of_an_episode, "Those are labels"),
    ],
}
