"""Run a student's function in a thread of its own, and take its answer to pieces there.

There no frame of a check lies above it, an endless loop can be stopped on every system, and a
Ctrl-C is the student's own. Gradient mode and NumPy's error state belong to a thread anyway.
"""

import contextlib
import contextvars
import ctypes
import os
import random
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator, ValuesView
from numbers import Real

import numpy as np
import torch

LIMIT = 30.0  # seconds for one call: a slow laptop has time enough
MOST = 10**7  # numbers in an answer
LONGEST = 300  # characters of an error that a card shows
PLAIN = (bool, int, float, complex, str, type(None), type(...))


class Failure(Exception):
    """What the function raised: the name of its class, and its words on one line."""

    def __init__(self, kind: str, words: str):
        self.kind, self.words = kind, words


class TooLong(Exception):
    """The function was stopped after so many seconds."""

    def __init__(self, seconds: float):
        self.seconds = seconds


def call(function: Callable, *inputs, seconds: float | None = None) -> object:
    """Return the plain answer of the function, or raise `Failure` or `TooLong`.

    Random states, the default dtype, warnings' filters and the folder stay as they were; inside,
    random numbers are new ones at every call.
    """
    outcome: dict[str, object] = {}

    def work():
        try:
            outcome["answer"] = plain(function(*inputs))
        except BaseException as error:  # whatever it raises is its answer, SystemExit too
            outcome["failure"] = Failure(type(error).__name__, _words(error))

    seconds = LIMIT if seconds is None else seconds
    worker = threading.Thread(target=contextvars.copy_context().run, args=(work,), daemon=True)
    with _state_kept():
        worker.start()
        try:
            late = _wait(worker, seconds)
        finally:
            _stop(worker)
    if late:
        raise TooLong(seconds)
    if "failure" in outcome:
        raise outcome["failure"]
    return outcome["answer"]


def _words(error):
    try:
        words = " ".join(str(error).split())
    except BaseException:  # a student's __str__ may fail, too
        return ""
    words = words.encode("utf-8", "replace").decode()
    return words if len(words) <= LONGEST else f"{words[:LONGEST]} ..."


def _wait(worker, seconds):
    """Whether the worker is still at work in the end."""
    end = time.monotonic() + seconds
    while worker.is_alive() and (time.monotonic() < end or _imports(worker)):
        worker.join(0.1)  # no longer: Windows lets no Ctrl-C into a wait
    return worker.is_alive()


def _imports(worker):
    """Whether it is within an import: one cut in half would spoil the module for good."""
    frame = sys._current_frames().get(worker.ident)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _stop(worker):
    for _ in range(60):  # the function may catch what is to stop it
        if not worker.is_alive():
            return
        ident, how = ctypes.c_ulong(worker.ident), ctypes.py_object(SystemExit)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, how)
        worker.join(0.03)


@contextlib.contextmanager
def _state_kept() -> Iterator[None]:
    python, numpy, pytorch = random.getstate(), np.random.get_state(), torch.get_rng_state()
    dtype, folder = torch.get_default_dtype(), os.getcwd()
    # Asked twice, a function that draws random numbers shall draw others.
    random.seed()
    np.random.seed()
    torch.default_generator.seed()
    try:
        with warnings.catch_warnings():
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        torch.set_rng_state(pytorch)
        torch.set_default_dtype(dtype)
        os.chdir(folder)


def plain(answer: object) -> object:
    """Return the answer in types whose methods no student wrote; what has none stays as it is.

    NumPy's scalars become Python's, lists and their like lists, and subclasses their base class.
    """
    if isinstance(answer, np.generic):
        answer = answer.item()
    if type(answer) in PLAIN:
        return answer
    if isinstance(answer, torch.Tensor):
        known = type(answer) in (torch.Tensor, torch.nn.Parameter)
        return answer if known else answer.as_subclass(torch.Tensor)
    if isinstance(answer, Real):
        return float(answer)
    if hasattr(type(answer), "__array__"):
        array = np.asarray(answer)
        return plain(array.tolist()) if array.dtype == object else array
    return _plain_parts(answer)


def _plain_parts(answer):
    if isinstance(answer, range) and len(answer) > MOST:
        return answer
    if isinstance(answer, (list, deque, range, ValuesView)):
        return [plain(part) for part in answer]
    if isinstance(answer, tuple):
        return tuple(plain(part) for part in answer)
    if isinstance(answer, (set, frozenset)):
        return {plain(part) for part in answer}
    if isinstance(answer, dict):
        return {plain(key): plain(value) for key, value in answer.items()}
    return answer
