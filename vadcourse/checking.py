"""What every check is made of: run the student's function, compare its answer, say what is wrong.

Every sentence a student may read is a literal that `tools/messages.py` finds for translators:
the first argument of `say` or `NotYet`, a key of a dict of mistakes or faults, or the praise.
"""

import copy
import functools
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import ArrayLike

from vadcourse.progress import CATALOGUE, remember
from vadkit.text import say


class NotYet(Exception):
    """What is wrong with an answer; values go in by name: NotYet("Window {n} leaks.", n=3)."""

    def __init__(self, text: str, **values):
        super().__init__(say(text, **values))


class NotAttempted(Exception):
    """The stub is still a stub."""


def exercise(notebook: str, title: str) -> Callable:
    """Decorate a check: the function below raises `NotYet`, or returns the praise.

    What the student calls then prints the words, returns True or False, and notes a solved
    exercise in the progress file. A solution cell says `record=False`, and is not noted:
    `assert check_NAME(solution_NAME, record=False)`.
    """

    def register(check):
        name = check.__name__.removeprefix("check_")
        CATALOGUE[name] = (notebook, title)

        @functools.wraps(check, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
        def run(function: Callable, record: bool = True) -> bool:
            try:
                praise = check(function)
            except NotAttempted:
                print(say("Not attempted yet."))
                return False
            except NotYet as reason:
                print(say("Not yet."), reason)
                return False
            if record:
                print(say("Correct."), say(praise))
                remember(name)
            else:
                _announce_solution()
            return True

        del run.__wrapped__  # help() then shows what the student calls: `record`, and a bool
        return run

    return register


def _announce_solution():
    print(say("A solution is folded away above, and it passes the check. Try it yourself first."))


def attempt(function: Callable, *inputs, copies: bool = True) -> object:
    """Call the student's function with copies of the inputs (or with the inputs themselves).

    The random state of torch stays as it was. Raises `NotAttempted` for an untouched stub, which
    returns nothing or `...`, and `NotYet` for anything that is no answer at all.
    """
    if function is None or function is ...:
        raise NotAttempted
    if not callable(function):
        raise NotYet("Hand over the function itself, without brackets behind its name.")
    if copies:
        inputs = copy.deepcopy(inputs)
    # Whatever it raises is its answer: students read one sentence, not our traceback.
    try:
        with torch.random.fork_rng(devices=[]):
            answer = function(*inputs)
    except Exception as error:
        kind = type(error).__name__
        raise NotYet(
            "Your function stopped with {kind}: {message}", kind=kind, message=error
        ) from None
    if answer is ... or (answer is None and _does_nothing(function)):
        raise NotAttempted
    if answer is None:
        raise NotYet("Your function returns nothing. Is a `return` missing?")
    return answer


def _does_nothing(function):
    """Whether its bytecode is that of a function without a body."""
    code = getattr(function, "__code__", None)
    return getattr(code, "co_code", b"") == (lambda: None).__code__.co_code


def numbers(answer: object, shape: tuple | None = None) -> np.ndarray:
    """Turn the answer into a float array, or raise `NotYet` where it is none of this shape."""
    values = answer.detach() if isinstance(answer, torch.Tensor) else answer
    try:
        values = np.asarray(values, dtype=float)
    except (TypeError, ValueError, RuntimeError):
        kind = type(answer).__name__
        raise NotYet(
            "Return numbers, one or an array of them; yours returns {kind}.", kind=kind
        ) from None
    if shape is not None and values.shape != tuple(shape):
        got, wanted = values.shape, tuple(shape)
        raise NotYet("The shape is {got}, expected {wanted}.", got=got, wanted=wanted)
    return values


def number(answer: object) -> float:
    """Turn the answer, a number or an array of a single one, into a float, or raise `NotYet`."""
    values = numbers(answer)
    if values.size != 1:
        raise NotYet("Return one number; yours has the shape {got}.", got=values.shape)
    if not np.isfinite(values).all():
        raise NotYet("That is {value}, not a finite number.", value=values.item())
    return values.item()


def same(a: ArrayLike, b: ArrayLike, rtol: float = 1e-4, atol: float = 1e-5) -> bool:
    """Whether both have one shape and are equal but for rounding; NaN equals NaN."""
    return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=rtol, atol=atol, equal_nan=True)


def refuse(faults: dict[str, object], **values) -> None:
    """Raise `NotYet` with the first text whose fault is there, the values filled in."""
    for text, present in faults.items():
        if present:
            raise NotYet(text, **values)


def compare(answer: object, expected: ArrayLike, mistakes: dict, rtol=1e-4, atol=1e-5) -> None:
    """Raise `NotYet` unless the answer is `expected`.

    `mistakes` maps a hint to the wrong answer that deserves it, of whatever shape.
    """
    values, expected = numbers(answer), np.asarray(expected, float)
    wrong = {hint: np.asarray(value, float) for hint, value in mistakes.items()}
    # On random numbers, two answers can come close to each other by chance. So the one that fits
    # a hundred times more closely goes first.
    for closely in (100, 1):
        tolerances = rtol / closely, atol / closely
        if same(values, expected, *tolerances):
            return
        for hint, value in wrong.items():
            if same(values, value, *tolerances):
                raise NotYet(hint)
    _name_the_difference(values, expected)


def _name_the_difference(values, expected):
    """Raise `NotYet` with the shape, the NaN, or the value furthest off."""
    numbers(values, expected.shape)
    if (np.isnan(values) & ~np.isnan(expected)).any():
        raise NotYet("There are NaN values where numbers belong.")
    if expected.ndim == 0:
        got, wanted = values.item(), expected.item()
        raise NotYet("You return {got:.4g} where {wanted:.4g} is right.", got=got, wanted=wanted)
    distance = np.nan_to_num(np.abs(values - expected), nan=np.inf)
    index = tuple(int(i) for i in np.unravel_index(distance.argmax(), distance.shape))
    where = index[0] if len(index) == 1 else index
    raise NotYet(
        "For example, value {where} is {got:.4g} and should be {wanted:.4g}.",
        where=where,
        got=values[index],
        wanted=expected[index],
    )
