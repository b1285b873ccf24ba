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


def pooled(adapted, tasks):
    return torch.cat(errors(adapted, tasks)).square().mean()


def squares(adapted, tasks):
    return sum((error**2).sum() for error in errors(adapted, tasks))


def sums_within_a_sample(adapted, tasks):
    return sum((error**2).sum(1).mean() for error in errors(adapted, tasks))


def total_in_numpy(adapted, tasks):
    return np.sum([np.mean(error.numpy() ** 2) for error in errors(adapted, tasks)])


def prototypes(support, labels, middle=torch.mean):
    return torch.stack([middle(support[labels == c], 0) for c in range(int(labels.max()) + 1)])


def expanded(support, labels, query):
    return -((query[:, None] - prototypes(support, labels)[None]) ** 2).sum(-1).numpy()


def nearest_samples(support, labels, query):
    classes = range(int(labels.max()) + 1)
    distances = [torch.cdist(query, support[labels == c]) ** 2 for c in classes]
    return np.stack([-distance.min(1).values for distance in distances], 1)


def by_one_hot(support, labels, query):
    members = torch.nn.functional.one_hot(labels).T.double()
    means = members @ support.double() / members.sum(1, keepdim=True)
    products = query.double() @ means.T
    return 2 * products - query.double().square().sum(1)[:, None] - means.square().sum(1)


def in_a_list(support, labels, query):
    means = prototypes(support, labels)
    return [[-sum((a - b) ** 2 for a, b in zip(q, p)) for p in means] for q in query.tolist()]


def in_order(support, labels, query):
    means = support.reshape(int(labels.max()) + 1, -1, support.shape[1]).mean(1)
    return -(torch.cdist(query, means) ** 2)


def mean_distance(support, labels, query):
    distances = torch.cdist(query, support) ** 2
    classes = range(int(labels.max()) + 1)
    return -torch.stack([distances[:, labels == c].mean(1) for c in classes], 1)


def without_the_norm_of_the_query(support, labels, query):
    means = prototypes(support, labels)
    return 2 * query @ means.T - means.square().sum(1)


def apart(n_windows, start, k_shot):
    return [*range(0, start - 4), *range(start + k_shot + 4, n_windows)]


def apart_by_frames(n_windows, start, k_shot):
    frames = set(range(start, start + k_shot + 4))
    return [i for i in range(n_windows) if not frames & set(range(i, i + 5))]


def apart_by_slices(n_windows, start, k_shot):
    windows = list(range(n_windows))
    return windows[: start - 4] + windows[start + k_shot + 4 :]


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


def episode_of(choose_classes, choose_samples):
    """A sampler of these two; the second returns K + Q samples, the support first."""

    def draw(labels, n_way, k_shot, n_query, random):
        classes = choose_classes(labels, n_way, random)
        members = [np.flatnonzero(labels == c) for c in classes]
        rows = np.array([choose_samples(m, k_shot, n_query, random) for m in members])
        return rows[:, :k_shot], rows[:, k_shot:]

    return draw


def any_classes(labels, n, random):
    return random.choice(np.unique(labels), n, replace=False)


def first_classes(labels, n, random):
    return np.unique(labels)[:n]


def neighbouring_classes(labels, n, random):
    return np.roll(np.unique(labels), random.integers(len(labels)))[:n]


def classes_of_random_samples(labels, n, random):
    return list(dict.fromkeys(labels[random.permutation(len(labels))]))[:n]


def always_the_first_class(labels, n, random):
    first, *rest = np.unique(labels)
    return [first, *random.permutation(rest)[: n - 1]]


def any_samples(members, k, q, random):
    return random.choice(members, k + q, replace=False)


def sorted_samples(members, k, q, random):
    return np.sort(any_samples(members, k, q, random))


def query_from_the_end(members, k, q, random):
    return [*random.permutation(members[:-q])[:k], *members[-q:]]


def not_the_last(members, k, q, random):
    return random.permutation(members[:-1] if len(members) > k + q else members)[: k + q]


def neighbouring_samples(members, k, q, random):
    return np.roll(members, random.integers(len(members)))[: k + q]


def same_support(members, k, q, random):
    return [*members[:k], *random.permutation(members[k:])[:q]]


def variant(**options):
    return lambda *arguments: episode(*arguments, **options)


def labels_of_an_episode(labels, *arguments):
    return tuple(labels[part] for part in episode(labels, *arguments))


def with_generator(random):
    return lambda *arguments: episode(*arguments[:-1], random())


def shuffles_the_labels(labels, *arguments):
    arguments[-1].shuffle(labels)
    return episode(labels, *arguments)


RIGHT = {
    "check_total_loss": [
        lambda a, t: sum(losses(a, t)),
        in_a_loop,
        total_in_numpy,
        lambda a, t: torch.stack(losses(a, t)).sum()[None],
    ],
    "check_support_frames": [
        lambda n, k: n * (k + 4),
        lambda n, k: sum(k + 4 for _ in range(n)),
        lambda n, k: np.array([n * (k + 4)]),
        lambda n, k: torch.tensor(float(n * (5 + (k - 1)))),
    ],
    "check_prototypes": [
        lambda s, l, q: -(torch.cdist(q, prototypes(s, l)) ** 2),
        expanded,
        by_one_hot,
        in_a_list,
        lambda s, l, q: list(torch.from_numpy(expanded(s, l, q)).requires_grad_()),
    ],
    "check_split": [
        apart,
        apart_by_frames,
        lambda n, s, k: {i for i in range(n) if i + 4 < s or i > s + k + 3},
        lambda n, s, k: np.array(apart(n, s, k)[::-1]),
        lambda n, s, k: torch.tensor(apart(n, s, k)),
        lambda n, s, k: tuple(np.float32(apart(n, s, k))),
    ],
    "check_episode": [
        episode,
        episode_by_choice,
        lambda *a: [torch.from_numpy(part) for part in episode(*a)],
        lambda *a: tuple(list(part) for part in episode(*a)),
    ],
}
WRONG = {
    "check_total_loss": [
        (lambda a, t: sum(losses(a, t, "support")), "homework"),
        (lambda a, t: sum(losses(a, t)) / len(t), "their sum"),
        (lambda a, t: sum(losses(a, t)) / 3, "is right"),
        (lambda a, t: sum(losses(a[:3], t[:3])), "is right"),
        (lambda a, t: losses(a, t)[-1], "last task alone"),
        (lambda a, t: losses(a, t)[0], "return inside the loop"),
        (lambda a, t: sum(losses([a[0]] * len(t), t)), "One model"),
        (lambda a, t: sum(losses(a[::-1], t)), "is right"),
        (lambda a, t: sum(losses(a, t)) + sum(losses(a, t, "support")), "exam alone"),
        (losses, "one number"),
        (squares, "their mean"),
        (sums_within_a_sample, "is right"),
        (absolute_errors, "absolute"),
        (lambda a, t: sum(loss.sqrt() for loss in losses(a, t)), "root"),
        (pooled, "pool"),
        (lambda a, t: len(t) * pooled(a, t), "is right"),
        (lambda a, t: sum(losses(a, t)) / 2, "1/2"),
        (lambda a, t: max(losses(a, t)), ("is right", "task alone")),
        (lambda a, t: min(1, sum(losses(a, t))), "is right"),
        (lambda a, t: str(in_a_loop(a, t)), "str"),
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
        (lambda n, k: n * 4 + k, "is right"),
        (lambda n, k: n * max(k + 4, 6), "is right"),
        (lambda n, k: n * (k + 4) + (n > 9), "is right"),
        (lambda n, k: 5 * (k + 4), "is right"),
        (lambda n, k: n * 14, "is right"),
        (lambda n, k: f"{n * (k + 4)}", "str"),
    ],
    "check_prototypes": [
        (lambda s, l, q: torch.cdist(q, prototypes(s, l)) ** 2, "minus the distance"),
        (lambda s, l, q: -torch.cdist(q, prototypes(s, l)), "square it"),
        (lambda s, l, q: torch.cdist(q, prototypes(s, l)), "minus its square"),
        (lambda s, l, q: torch.from_numpy(expanded(s, l, q)).softmax(1), "softmax already"),
        (lambda s, l, q: -(torch.cdist(q, prototypes(s, l, torch.sum)) ** 2), "not the sum"),
        (lambda s, l, q: (-(torch.cdist(q, prototypes(s, l)) ** 2)).T, "swapped"),
        (lambda s, l, q: (-torch.cdist(q, prototypes(s, l))).argmax(1), "argmax"),
        (lambda s, l, q: -(torch.cdist(q, s) ** 2), "shape"),
        (lambda s, l, q: expanded(s, l, q) / s.shape[1], "add them up"),
        (lambda s, l, q: expanded(s, l, q) / 2, "1/2"),
        (nearest_samples, "nearest sample"),
        (in_order, "not sorted"),
        (lambda s, l, q: in_order(s[l.argsort()], l, q), "RuntimeError"),
        (lambda s, l, q: expanded(s, l, q)[:, :3], "shape"),
        (mean_distance, "mean of the distances"),
        (without_the_norm_of_the_query, "value"),
        (lambda s, l, q: -torch.cdist(q, prototypes(s, l), p=1), "value"),
        (lambda s, l, q: q @ prototypes(s, l).T, "value"),
        (lambda s, l, q: expanded(s, l.sort().values, q), "not sorted"),
    ],
    "check_split": [
        (lambda n, s, k: [i for i in range(n) if not s <= i < s + k], "Its neighbours"),
        (lambda n, s, k: [*range(0, s - 4), *range(s + k + 4, n + 1)], "no such window"),
        (lambda n, s, k: [*range(0, s - 3), *range(s + k + 4, n)], "still shares"),
        (lambda n, s, k: [*range(0, s - 4), *range(s + k + 3, n)], "still shares"),
        (lambda n, s, k: [*range(0, s - 5), *range(s + k + 5, n)], "missing"),
        (lambda n, s, k: [*range(s + k + 4, n)], "missing"),
        (lambda n, s, k: [*range(0, s - 4)], "missing"),
        (lambda n, s, k: (range(0, s - 4), range(s + k + 4, n)), "a single one"),
        (lambda n, s, k: np.nonzero(np.isin(np.arange(n), apart(n, s, k))), "a single one"),
        (lambda n, s, k: [i in apart(n, s, k) for i in range(n)], "True and False"),
        (lambda n, s, k: np.isin(np.arange(n), apart(n, s, k)), "True and False"),
        (lambda n, s, k: np.isin(np.arange(n), apart(n, s, k)).astype(int), "True and False"),
        (apart_by_slices, "window"),
        (lambda n, s, k: [i for i in range(-9, n) if i in apart(n, s, k) or i < 0], "no such"),
        (lambda n, s, k: apart(n, s, k)[:5] * 2, "window"),
        (lambda n, s, k: 2 * apart(n, s, k), "twice"),
        (lambda n, s, k: apart(40, s, k), "window"),
        (lambda n, s, k: apart(n, s, 5), "window"),
        (lambda n, s, k: apart(n, s, k) or None, "return"),
        (lambda n, s, k: len(apart(n, s, k)), "list of windows"),
        (lambda n, s, k: [str(i) for i in apart(n, s, k)], "str"),
    ],
    "check_episode": [
        (variant(shared=True), "share a sample"),
        (variant(once=False), "drawn twice: draw without"),
        (variant(distinct=False), "class was drawn twice"),
        (variant(shuffle=False), "same samples"),
        (variant(mix=True), "mixes classes"),
        (episode_of(first_classes, any_samples), "classes were ever drawn"),
        (episode_of(always_the_first_class, any_samples), "give both the same chance"),
        (episode_of(classes_of_random_samples, any_samples), "give both the same chance"),
        (episode_of(neighbouring_classes, any_samples), "came together"),
        (episode_of(any_classes, sorted_samples), "was in the support"),
        (episode_of(any_classes, query_from_the_end), "give both the same chance"),
        (episode_of(any_classes, not_the_last), "give both the same chance"),
        (episode_of(any_classes, neighbouring_samples), "groups only"),
        (episode_of(any_classes, same_support), "same samples"),
        (episode_of(first_classes, lambda m, k, q, random: m[: k + q]), "same at every call"),
        (with_generator(np.random.default_rng), "two different episodes"),
        (with_generator(lambda: np.random.default_rng(0)), "same at every call"),
        (with_generator(lambda: np.random), "two different episodes"),
        (shuffles_the_labels, "mixes classes"),
        (lambda *a: episode(*a)[0], "two things"),
        (lambda *a: tuple(labels + 1000 for labels in labels_of_an_episode(*a)), "not labels"),
        (lambda *a: tuple(part.T for part in episode(*a)), "shape"),
        (lambda *a: tuple(np.sort(part, axis=None) for part in episode(*a)), "shape"),
        (lambda *a: tuple(part + 0.5 for part in episode(*a)), "whole numbers"),
        (lambda *a: tuple(part - len(a[0]) for part in episode(*a)), "whole numbers"),
        (labels_of_an_episode, "Those are labels"),
    ],
}
