"""What every check is made of: run the student's function on copies, compare its answer, say in words what is wrong."""

import copy
import functools

import numpy as np
import torch

from vadcourse.exercises.progress_file import CATALOGUE, remember
from vadkit.text import say


class NotYet(Exception):
    """What is wrong with an answer, in one or two sentences. Values go in by name: NotYet("Window {n} leaks.", n=3)."""

    def __init__(self, text, **values):
        super().__init__(say(text, **values))


class NotAttempted(Exception):
    """The stub is still a stub."""


def exercise(notebook, title):
    """Decorator of a check: check_NAME(function) raises `NotYet`, or returns the praise. What the student calls then prints
    the words, returns True or False, and notes a solved exercise in the progress file unless `record=False`, as a solution
    cell says: `assert check_NAME(solution_NAME, record=False)`.
    """

    def register(check):
        name = check.__name__.removeprefix("check_")
        CATALOGUE[name] = (notebook, title)

        @functools.wraps(check)
        def run(function, record=True):
            try:
                praise = check(function)
            except NotAttempted:
                print(say("Not attempted yet."))
                return False
            except NotYet as trouble:
                print(say("Not yet."), trouble)
                return False
            if record:
                print(say("Correct."), say(praise))
                remember(name)
            else:
                print(say("A solution is folded away above, and it passes the check. Try it yourself first."))
            return True

        return run

    return register


def attempt(function, *inputs, copies=True):
    """-> what the student's function returns for copies of the inputs (copies=False: for the inputs themselves).

    Raises NotAttempted for an untouched stub (nothing, or `...`), NotYet for anything that is no answer at all. The random
    state of torch is as before afterwards, whatever the function does to it.
    """
    if function is None or function is ...:
        raise NotAttempted
    if not callable(function):
        raise NotYet("Hand over the function itself, without brackets behind its name.")
    try:
        with torch.random.fork_rng(devices=[]):
            answer = function(*(copy.deepcopy(inputs) if copies else inputs))
    except Exception as error:
        raise NotYet("Your function stopped with {kind}: {message}", kind=type(error).__name__, message=error) from None
    if answer is ... or (answer is None and _does_nothing(function)):
        raise NotAttempted
    if answer is None:
        raise NotYet("Your function returns nothing. Is a `return` missing?")
    return answer


def _does_nothing(function):
    return getattr(getattr(function, "__code__", None), "co_code", b"") == (lambda: None).__code__.co_code


def numbers(answer, shape=None):
    """-> the answer as a float array, of this shape if one is given. Raises NotYet for anything else."""
    try:
        values = np.asarray(answer.detach() if isinstance(answer, torch.Tensor) else answer, dtype=float)
    except (TypeError, ValueError, RuntimeError):
        kind = type(answer).__name__
        raise NotYet("Return numbers, one or an array of them; yours returns {kind}.", kind=kind) from None
    if shape is not None and values.shape != tuple(shape):
        raise NotYet("The shape is {got}, expected {wanted}.", got=values.shape, wanted=tuple(shape))
    return values


def number(answer):
    """-> the answer as one float; an array of a single number will do. Raises NotYet for anything else."""
    values = numbers(answer)
    if values.size != 1:
        raise NotYet("Return one number; yours has the shape {got}.", got=values.shape)
    if not np.isfinite(values).all():
        raise NotYet("That is {value}, not a finite number.", value=values.item())
    return values.item()


def same(a, b, rtol=1e-4, atol=1e-5):
    """Equal shape, and equal but for rounding; NaN equals NaN."""
    return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=rtol, atol=atol, equal_nan=True)


def compare(answer, expected, hints=(), rtol=1e-4, atol=1e-5):
    """Raises NotYet unless the answer is `expected`. hints: {words: the wrong answer that deserves these words}.

    answer: array, tensor, list or number. A hint may have another shape than `expected`: it is looked up first. Answers on random
    numbers can come close to each other by chance: the one that fits a hundred times more closely goes first.
    """
    values, expected, hints = numbers(answer), np.asarray(expected, float), dict(hints)
    for closely in (100, 1):
        tolerances = rtol / closely, atol / closely
        if same(values, expected, *tolerances):
            return
        for words, wrong in hints.items():
            if same(values, np.asarray(wrong, float), *tolerances):
                raise NotYet(words)
    numbers(values, expected.shape)
    if (np.isnan(values) & ~np.isnan(expected)).any():
        raise NotYet("There are NaN values where numbers belong.")
    if expected.ndim == 0:
        raise NotYet("You return {got:.4g} where {wanted:.4g} is right.", got=values.item(), wanted=expected.item())
    off = np.nan_to_num(np.abs(values - expected), nan=np.inf)
    where = tuple(int(i) for i in np.unravel_index(off.argmax(), off.shape))
    raise NotYet("For example, value {where} is {got:.4g} and should be {wanted:.4g}.",
                 where=where[0] if len(where) == 1 else where, got=values[where], wanted=expected[where])  # fmt: skip
