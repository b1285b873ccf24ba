"""What every check is made of: run the student's function, compare its answer, say what is wrong.

A check draws its inputs, asks the student's function for all answers, and only then works out what
would be right and what wrong: until then the solution is nowhere, so nobody can find it.

Every sentence a student may read is a literal that `tools/messages.py` finds for translators:
the first argument of `say` or `NotYet`, a key of a dict of mistakes or faults, or the praise.
"""

import copy
import dis
import types
from collections.abc import Callable
from functools import partial, wraps
from numbers import Real

import numpy as np
import torch
from numpy.typing import ArrayLike

from vadcourse.cards import show_card
from vadcourse.progress import CATALOGUE, remember
from vadcourse.sandbox import MOST, Failure, TooLong, call
from vadkit.text import say


class NotYet(Exception):
    """What is wrong with an answer; values go in by name: NotYet("Window {n} leaks.", n=3)."""

    def __init__(self, text: str, **values):
        super().__init__(say(text, **values))


class Stopped(NotYet):
    """The student's function raised an error."""


class NotAttempted(Exception):
    """The stub is still a stub."""


def exercise(notebook: str, title: str) -> Callable:
    """Decorate a check: the function below raises `NotYet`, or returns the praise.

    What the student calls then prints the words, returns True or False, and notes a solved
    exercise in the progress file, unless `record` is False.
    """

    def register(check):
        name = check.__name__.removeprefix("check_")
        CATALOGUE[name] = (notebook, title)

        @wraps(check, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
        def run(function: Callable, record: bool = True) -> bool:
            try:
                praise = check(function)
            except NotAttempted:
                show_card("open")
                return False
            except NotYet as reason:
                show_card("stopped" if isinstance(reason, Stopped) else "not yet", str(reason))
                return False
            except Exception as error:  # of the check itself, which did not foresee such an answer
                kind = type(error).__name__
                show_card("not yet", say("The check cannot read this answer ({kind}).", kind=kind))
                return False
            show_card("solved", say(praise))
            if record:
                remember(name)
            return True

        del run.__wrapped__  # help() then shows what the student calls: `record`, and a bool
        return run

    return register


def attempt(
    function: Callable, *inputs, copies: bool = True, seconds: float | None = None
) -> object:
    """Call the student's function with copies of the inputs (or with the inputs themselves).

    It runs in the sandbox: see there for the time limit, for what stays as it was, and for the
    types of what comes back. Raises `NotAttempted` for an untouched stub, which returns nothing
    or `...`, and `NotYet` for anything that is no answer at all.
    """
    if function is None or function is ...:
        raise NotAttempted
    if not callable(function):
        raise NotYet("Hand over the function itself, without brackets behind its name.")
    try:
        answer = call(function, *(copy.deepcopy(inputs) if copies else inputs), seconds=seconds)
    except TooLong as limit:
        raise NotYet(
            "Your function was stopped after {n:g} seconds. Is there a loop that never ends?",
            n=limit.seconds,
        ) from None
    except Failure as error:
        _tell(error)
    if answer is ... or (answer is None and _does_nothing(function)):
        raise NotAttempted
    if answer is None:
        raise NotYet("Your function returns nothing. Is a `return` missing?")
    return answer


def _tell(error):
    if not error.words:
        raise Stopped("Your function stopped with {kind}.", kind=error.kind) from None
    raise Stopped(
        "Your function stopped with {kind}: {message}", kind=error.kind, message=error.words
    ) from None


def _does_nothing(function):
    """Whether it is a function without a body, or with a docstring alone."""
    return type(function) is types.FunctionType and _steps(function) == _steps(lambda: None)


def _steps(function):
    return [(step.opname, step.argval) for step in dis.get_instructions(function)]


def numbers(answer: object, shape: tuple | None = None) -> np.ndarray:
    """Turn the answer into a float array, or raise `NotYet` where it is none of this shape.

    Lists may hold lists, arrays and tensors; text, complex numbers and None are no numbers.
    """
    values = _array(answer)
    _check_size(values.size)
    if shape is not None and values.shape != tuple(shape):
        got, wanted = values.shape, tuple(shape)
        raise NotYet("The shape is {got}, expected {wanted}.", got=got, wanted=wanted)
    return values.astype(float)


def _check_size(n):
    if n > MOST:
        raise NotYet("That is an array of {n} numbers, and far too many.", n=n)


def _array(answer, inside=False):
    kind = type(answer).__name__
    if type(answer) in (list, tuple):
        parts = [_array(part, inside=True) for part in answer]
        if len({part.shape for part in parts}) > 1:
            raise NotYet("The parts of the list you return differ in shape.")
        return np.asarray(parts)
    if issubclass(type(answer), torch.Tensor):
        _check_size(torch.Tensor.numel(answer))  # one number, expanded, takes room only when copied
        answer = _array_of_tensor(answer)
    # Asked by its type: an object of a student's class has methods of their making.
    if issubclass(type(answer), (np.ndarray, np.generic, Real)):
        values = np.asarray(answer)
        if values.dtype.kind in "biuf":
            return values
        kind = f"{kind} ({values.dtype})"
    if inside:
        raise NotYet("Among the numbers you return there is one that is none: {kind}.", kind=kind)
    raise NotYet("Return numbers, one or an array of them; yours returns {kind}.", kind=kind)


def _array_of_tensor(tensor):
    """Turn it into an array; a tensor without numbers of its own, sparse or meta, into None."""
    try:
        tensor = tensor.detach().cpu()
        return (tensor.double() if tensor.is_floating_point() else tensor).numpy()
    except (TypeError, RuntimeError, NotImplementedError):
        return None


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
    judge([(answer, expected, mistakes)], rtol, atol)


def judge(trials: list[tuple], rtol=1e-4, atol=1e-5) -> None:
    """Raise `NotYet` unless each answer is right: trials are (answer, expected, mistakes).

    A hint is given where its wrong answer is that of every trial, also of those that are right:
    there the mistake must make no difference, or the mistakes of that trial leave the hint out.
    """
    expected = [np.asarray(right, float) for _, right, _ in trials]
    answers = [_like(numbers(answer), right) for (answer, *_), right in zip(trials, expected)]
    mistakes = [wrong for *_, wrong in trials]
    # On random numbers, two answers can come close to each other by chance. So the one that fits
    # a hundred times more closely goes first.
    for closely in (100, 1):
        tolerances = rtol / closely, atol / closely
        right = [same(*pair, *tolerances) for pair in zip(answers, expected)]
        if all(right):
            return
        for hint in mistakes[right.index(False)]:
            if all(map(partial(_fits, hint, tolerances), answers, right, mistakes)):
                raise NotYet(hint)
    first = right.index(False)
    _name_the_difference(answers[first], expected[first])


def _like(values, expected):
    """A single number, however it is wrapped, where a single number is asked."""
    return values.reshape(()) if expected.ndim == 0 and values.size == 1 else values


def _fits(hint, tolerances, answer, is_right, mistakes):
    """Whether the answer to one trial is the wrong one that the hint belongs to."""
    if hint not in mistakes:
        return is_right
    return same(answer, np.asarray(mistakes[hint], float), *tolerances)


def _name_the_difference(values, expected):
    """Raise `NotYet` with the shape, the NaN, or the value furthest off."""
    if expected.ndim == 0 and values.size != 1:
        number(values)
    numbers(values, expected.shape)
    if expected.ndim == 0:
        got, wanted = _apart(values.item(), expected.item())
        raise NotYet("You return {got} where {wanted} is right.", got=got, wanted=wanted)
    if (np.isnan(values) & ~np.isnan(expected)).any():
        raise NotYet("There are NaN values where numbers belong.")
    alike = (values == expected) | (np.isnan(values) & np.isnan(expected))
    with np.errstate(invalid="ignore"):
        distance = np.where(alike, 0, np.nan_to_num(np.abs(values - expected), nan=np.inf))
    index = tuple(int(i) for i in np.unravel_index(distance.argmax(), distance.shape))
    where = index[0] if len(index) == 1 else index
    got, wanted = _apart(values[index], expected[index])
    raise NotYet(
        "For example, value {where} is {got} and should be {wanted}.",
        where=where,
        got=got,
        wanted=wanted,
    )


def _apart(got, wanted):
    """Both in four digits, or in as many as tell them apart."""
    for digits in (4, 6, 9, 17):
        texts = f"{got:.{digits}g}", f"{wanted:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts
