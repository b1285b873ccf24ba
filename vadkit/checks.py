"""Arguments of public functions, held to the annotations that stand beside them anyway.

`@checked` refuses what is of a wrong kind (TypeError) and numbers out of range (ValueError) in one
sentence, before the function begins. A name means the same in all functions, so the ranges stand
here once, by name; what only one function knows, it checks itself.
"""

import functools
import inspect
import math
import types
import typing
from collections.abc import Callable, Iterable, Sequence
from numbers import Integral, Real
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

F = TypeVar("F", bound=Callable)

RANGES = {  # what is said of a number, how it is told, and the names that it is said of
    "at least 1": (
        lambda number: number >= 1,
        "batch_size blocks columns every heads keep n_inputs n_windows note_every quality "
        "rows slots stem validate_every variants width",
    ),
    "at least 0": (
        lambda number: number >= 0,
        "depth floor gradient halvings k_shot n_inner_steps n_query n_steps n_test n_train seed "
        "shrink step",
    ),
    "above 0": (
        lambda number: number > 0,
        "error_max fps max_norm sharpness",
    ),
    "above 0, and no more than 1e30": (  # beyond, an optimizer overflows
        lambda number: 0 < number <= 1e30,
        "lr outer_lr rates_lr",
    ),
    "from 0 to 1": (
        lambda number: 0 <= number <= 1,
        "fraction moved share warm_up",
    ),
}
RANGE_OF = {name: words for words, (_, names) in RANGES.items() for name in names.split()}
FREE = {"mse", "threshold"}  # may be infinite, or NaN

WORDS = {  # what an annotation asks for, by the name of its class
    "int": "a whole number",
    "float": "a number",
    "bool": "True or False",
    "str": "a text",
    "Path": "a path",
    "Callable": "a function or a network",
    "Module": "a network, such as build_predictor('unet')",
    "Tensor": "a tensor",
    "ndarray": "an array of numbers",
    "Generator": "a random generator",
    "Clip": "a clip, such as scene.test_clips[0]",
    "_Video": "a clip, such as scene.train_clips[0]",
    "Scene": "a scene, such as toy_scene(0)",
    "Windows": "windows, such as scene.train_windows()",
    "StrangerWindows": "windows with strangers, such as StrangerWindows(clips)",
    "EpisodeSampler": "a sampler of episodes, such as EpisodeSampler(ScenePool(scenes))",
    "Task": "a task, such as sampler[0][0]",
}
PAIR = "a pair of tensors (inputs, targets), such as windows.batch(range(5))"
LOOKS = {  # enough to be taken for one: whoever writes a class of their own may
    "Clip": ("frames",),
    "_Video": ("frames", "__len__"),
    "Scene": ("train_clips", "test_clips"),
    "Windows": ("batch", "clips"),
    "StrangerWindows": ("batch", "__len__"),
    "EpisodeSampler": ("pool", "__getitem__"),
    "Task": ("support", "query"),
}


def checked(function: F) -> F:
    """Hold a function to its annotations; what is not annotated is not looked at.

    Parameters
    ----------
    function : callable
        A function, a method or a dataclass.

    Returns
    -------
    callable
        The same, which raises a TypeError or ValueError that names function and argument.
    """
    if isinstance(function, type):  # a dataclass, whose fields are what is annotated
        function.__init__ = checked(function.__init__)  # type: ignore[misc]
        return function
    names = list(inspect.signature(function).parameters)
    hints: dict[str, Any] = {}

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        if not hints:  # at the first call, when every module is there
            hints.update(typing.get_type_hints(function))
        given = dict(zip(names, args)) | kwargs
        for name, value in given.items():
            asked = hints.get(name, Any)
            if type(value) is not asked and not _fits(value, asked):
                raise TypeError(_sentence(function, name, given, hints))
            needed = _needed(name, value)
            if needed:
                raise ValueError(f"{_title(function)}: {name} must be {needed}, got {value}.")
        return function(*args, **kwargs)

    return typing.cast(F, wrapper)


def numbers(values: Any, where: str) -> np.ndarray:
    """Read an array of numbers, or refuse what is none.

    Parameters
    ----------
    values : Any
        Numbers, whole, real or bool.
    where : str
        What the error begins with.

    Returns
    -------
    ndarray
        Of their shape; a TypeError for anything else.
    """
    try:
        array = np.asarray(values)
    except (TypeError, ValueError, RuntimeError):  # ragged lists, a tensor on a GPU
        array = np.asarray(None)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{where}: numbers are needed, got a {type(values).__name__}.")
    return array


def _needed(name, value):
    """What a number should be instead; "" for a good one, and for whatever is no number."""
    if not isinstance(value, (int, float, np.number)):
        return ""
    if not math.isfinite(value):
        return "" if name in FREE else "a finite number"
    words = RANGE_OF.get(name)
    return "" if words is None or RANGES[words][0](value) else words


def _fits(value, hint):
    """Whether a value is what an annotation asks for."""
    kind, inner = _taken_apart(hint)
    if kind is typing.Union:
        return any(_fits(value, choice) for choice in inner)
    if kind is ArrayLike:
        return _is_array(value)
    if kind is Callable:
        return callable(value) and not isinstance(value, type)
    if kind in (int, float):
        number = Integral if kind is int else Real
        return isinstance(value, number) and not isinstance(value, (bool, np.bool_))
    if kind is bool:
        return isinstance(value, (bool, np.bool_))
    if kind in (Sequence, Iterable, list, tuple):
        return _row_fits(value, kind, inner)
    if kind is dict:
        return isinstance(value, dict) and _row_fits(list(value.values()), list, inner[1:])
    if kind is np.ndarray:
        return isinstance(value, np.ndarray) and value.dtype.kind in "biuf"
    if kind is Any or not isinstance(kind, type):
        return True  # nothing that can be told at once
    looks = LOOKS.get(kind.__name__)
    if looks is None:
        return isinstance(value, kind)
    return all(inspect.getattr_static(value, name, None) is not None for name in looks)


def _row_fits(value, kind, inner):
    """As `_fits`, for lists of all sorts; (X, X) is a pair, (X,) or () as many as there are."""
    if isinstance(value, (str, bytes, type)):
        return False
    if _is_pair(kind, inner):
        right = isinstance(value, (tuple, list)) and len(value) == len(inner)
        return right and all(map(_fits, value, inner))
    if isinstance(value, (list, tuple)):
        return not inner or all(_fits(item, inner[0]) for item in value)
    if kind is Iterable and not hasattr(value, "dtype"):
        return hasattr(value, "__iter__")  # it may be read only once
    if kind in (list, tuple) or isinstance(value, dict) or getattr(value, "shape", None) == ():
        return False
    if inner and hasattr(value, "dtype"):
        return _is_list_of_numbers(value, inner[0])
    if not hasattr(value, "__len__") or not hasattr(value, "__getitem__"):
        return False
    try:  # it may be long: the first item speaks for all
        return not inner or not len(value) or _fits(value[0], inner[0])
    except (LookupError, TypeError):  # no list after all
        return False


def _is_pair(kind, inner):
    return kind is tuple and bool(inner) and Ellipsis not in inner


def _taken_apart(hint):
    """An annotation and what stands in its brackets; NumPy's ArrayLike, a union itself, is one."""
    kind, inner = typing.get_origin(hint) or hint, typing.get_args(hint)
    if kind not in (typing.Union, types.UnionType):
        return kind, inner
    parts, arrays = set(inner), set(typing.get_args(ArrayLike))
    if not arrays <= parts:
        return typing.Union, inner
    others = [part for part in inner if part not in arrays]
    return (typing.Union, [ArrayLike, *others]) if others else (ArrayLike, ())


def _is_array(value):
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError):  # ragged, or on a GPU
        return False
    return array.ndim > 0 and array.dtype.kind in "biuf"


def _is_list_of_numbers(array, number):
    """Whether an array or tensor, of one axis, will do for a list of numbers."""
    kinds = {int: "iu", float: "iuf"}.get(number, "")
    kind = getattr(array.dtype, "kind", "f" if "float" in str(array.dtype) else "i")
    return array.ndim == 1 and kind in tuple(kinds)


def _sentence(function, name, given, hints):
    """What was asked for and what was given, and whether two arguments were swapped."""
    value, asked = given[name], hints[name]
    swapped = [
        f"; are {name} and {other} swapped?"
        for other, theirs in given.items()
        if other in hints and not _fits(theirs, hints[other])
        if _fits(value, hints[other]) and _fits(theirs, asked)
    ]
    end = swapped[0] if swapped else "."
    return f"{_title(function)}: {name} must be {_words(asked)}, got {_shown(value)}{end}"


def _title(function):
    return function.__qualname__.removesuffix(".__init__")


def _words(hint):
    kind, inner = _taken_apart(hint)
    if kind is typing.Union:
        return " or ".join(_words(part) for part in inner if part is not type(None))
    if kind is ArrayLike:
        return WORDS["ndarray"]
    if _is_pair(kind, inner):
        pair = {getattr(part, "__name__", "") for part in inner} == {"Tensor"}
        return PAIR if pair else f"{len(inner)} things: " + ", ".join(map(_words, inner))
    if kind in (Sequence, Iterable, list, tuple):
        return "a list" + "".join(f", each item {_words(each)}" for each in inner[:1])
    if kind is dict:
        return "a dictionary"
    name = getattr(kind, "__name__", str(kind))
    return WORDS.get(name, f"{_article(name)} {name}")


def _shown(value):
    if value is None or isinstance(value, (bool, Real, str)):
        text = repr(value)
        return text if len(text) <= 40 else text[:40] + "..."
    if isinstance(value, type):
        return f"the class {value.__name__}: write {value.__name__}()"
    name = type(value).__name__
    inside = sorted({type(item).__name__ for item in value}) if type(value) in (list, tuple) else []
    return f"{_article(name)} {name}" + (f" of {', '.join(inside)}" if inside else "")


def _article(name):
    return "an" if name.lower().startswith(("a", "e", "i", "o", "nd")) else "a"
