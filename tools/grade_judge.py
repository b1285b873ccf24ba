"""One student is judged: two processes, and only data goes between them.

The judge holds the checks. The worker, a child with walls around it, holds the student's code, and
there is a new one for each exercise. The check calls the answer as in a notebook; the call goes to the
worker as a pickle, and what the answer returns comes back as plain data (JSON), which can state a wrong
answer, and nothing else. So no code of a student runs where it is decided what is right.

An exercise whose inputs are no data but live things, such as a network whose gradients the check looks
at afterwards, cannot be cut in two: there the worker runs the check, and says so (`beside`).
"""

import base64
import json
import math
import os
import pickle
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from numbers import Number
from pathlib import Path

import numpy as np
import torch

from grade_answers import Answer, HandIn, answers, cells_of
from grade_walls import (
    Limits,
    drop_root,
    enclose,
    end_all,
    end_with_parent,
    enter_namespaces,
    tried,
)
from vadcourse import checking, exercises, sandbox
from vadcourse.cards import LOOKS

LONGEST_ANSWER = 200_000_000  # bytes
WORDS = 1000  # characters of a hint
STATES = {"solved": "solved", "not yet": "not yet", "stopped": "stopped", "open": "missing"}
ENDED = "The process ended before the answer came: it was killed, ran out of memory, or left by itself."
LATE = "It took longer than the {n:g} seconds that are allowed. Is there a loop that never ends?"


def start(work: Callable, *arguments) -> tuple[int, Connection]:
    """Fork a process that does `work(connection, ...)`, hears no Ctrl-C, and holds no other file."""
    ours, theirs = Pipe()
    sys.stdout.flush()
    child = os.fork()
    if child:
        theirs.close()
        return child, ours
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _keep_only(theirs.fileno())
        work(theirs, *arguments)
        code = 0
    except BaseException as error:
        if os.environ.get("VADKIT_GRADE_DEBUG"):
            sys.excepthook(*sys.exc_info())
        del error
    finally:
        os._exit(code)


def _keep_only(number):
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) != number:
            try:
                os.close(int(name))
            except OSError:  # the folder that was listed
                pass


# --- The judge


def judge(connection: Connection, hand_in: HandIn, wanted: dict, limits: Limits, scratch: Path) -> None:
    """Judge a student, and send one JSON object for each exercise, and one with the notes."""
    cells = cells_of(hand_in)  # as the instructor, who may read it

    def everything(spaces):
        found = answers(cells, wanted)
        notes = hand_in.notes + [answer.note for answer in found.values() if answer.note]
        connection.send_bytes(json.dumps({"notes": notes}).encode())
        for check, answer in found.items():
            verdict = verdict_on(check, answer, limits, scratch, spaces)
            connection.send_bytes(json.dumps({"check": check, **verdict}).encode())

    _alone(everything, limits, scratch)


def probe(connection: Connection, arguments: tuple, limits: Limits, scratch: Path) -> None:
    """Send what holds: the walls around `tried`, which is run like an answer."""

    def everything(spaces):
        worker = Worker(tried, limits, scratch, spaces)
        walls = worker.ask(["load"], 60)
        held = worker.ask(["call", (*arguments, os.getpid(), limits.megabytes, limits.processes)], 60)
        reply = {"walls": walls and walls[1], "held": held and dict(unpack(held[1]))}
        worker.end()
        connection.send_bytes(json.dumps(reply).encode())

    _alone(everything, limits, scratch)


def _alone(work, limits, scratch):
    """Do it in a child that sees no network and no process but its own, where that can be had."""
    drop_root()
    spaces = enter_namespaces(scratch, limits.scratch)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            end_with_parent()
            sandbox.LIMIT = limits.seconds
            checking.show_card = lambda kind, why="": SHOWN.append((kind, why))
            work(spaces)
            code = 0
        except BaseException:
            if os.environ.get("VADKIT_GRADE_DEBUG"):
                sys.excepthook(*sys.exc_info())
        finally:
            os._exit(code)
    end_with_parent()
    os.waitpid(child, 0)


SHOWN = []  # the cards of a check: (kind, why)


def verdict_on(check: str, answer: Answer, limits: Limits, scratch: Path, spaces: bool) -> dict:
    """The state, the words and whether the check ran beside the answer."""
    if answer.trouble:
        return {"state": "stopped", "words": answer.trouble}
    if not answer.code:
        return {"state": "missing", "words": ""}
    worker = Worker(answer, limits, scratch, spaces)
    try:
        loaded = worker.ask(["load"], limits.seconds)
        if loaded is None or loaded[0] == "failed":
            words = worker.trouble or f"{loaded[1]}: {loaded[2]}".rstrip(": ")
            return {"state": "stopped", "words": f"Before {answer.name} was called. {words}"[:WORDS]}
        asked = Asked(worker)
        kind, words = shown_by(check, asked)
        beside = asked.live
        if beside:
            reply = worker.ask(["check", check], 5 * limits.seconds)
            kind, words = _card(reply) if reply else ("stopped", worker.trouble)
        if worker.trouble:
            kind, words = "stopped", worker.trouble
        return {"state": STATES[kind], "words": words[:WORDS], "beside": beside}
    finally:
        worker.end()


def shown_by(check: str, function: Callable) -> tuple[str, str]:
    """The last card that the check shows."""
    SHOWN.clear()
    getattr(exercises, check)(function, record=False)
    return SHOWN[-1]


def _card(reply):
    """What a worker says that a check has shown: it is believed, and kept to its form."""
    kind, words = (reply[1:] + ["", ""])[:2]
    return (kind if kind in LOOKS else "stopped"), str(words)


class Asked:
    """What a check takes for the student's function: it asks the worker."""

    def __init__(self, worker):
        self.worker, self.live = worker, False

    def __call__(self, *inputs):
        if not all(map(is_data, inputs)):
            self.live = True
            raise TypeError("These inputs are no data.")
        reply = self.worker.ask(["call", inputs])
        if reply is None:
            raise RuntimeError(self.worker.trouble)
        if reply[0] == "failed":
            kind = reply[1] if str(reply[1]).isidentifier() else "Error"
            raise type(kind[:60], (Exception,), {})(str(reply[2]))
        answer = unpack(reply[1])
        generators = [one for one in inputs if isinstance(one, np.random.Generator)]
        for generator, state in zip(generators, reply[2]):  # it was drawn from over there
            generator.bit_generator.state = state
        return answer


class Worker:
    """The judge's end of a process that holds one answer."""

    def __init__(self, answer, limits, scratch, spaces):
        self.limits, self.spaces, self.trouble = limits, spaces, ""
        self.process, self.connection = start(_work, answer, limits, scratch, spaces)

    def ask(self, request, seconds=math.inf):
        """Its reply, a list that begins with a word; None, and `trouble` says why, if there is none."""
        if self.trouble:
            return None
        end, reply = time.monotonic() + seconds, None
        self.trouble = LATE.format(n=min(seconds, self.limits.seconds))  # unless a reply comes
        try:
            self.connection.send_bytes(pickle.dumps(request))
            while not self.connection.poll(0.05):  # short: the sandbox may end this thread meanwhile
                if time.monotonic() > end:
                    return None
            reply = json.loads(self.connection.recv_bytes(LONGEST_ANSWER))
            if isinstance(reply, list) and len(reply) == 3:
                self.trouble = ""
                return reply
            self.trouble = "The answer cannot be read."
        except (OSError, EOFError):
            self.trouble = ENDED
        except (ValueError, RecursionError):
            self.trouble = "The answer cannot be read."
        return None

    def end(self):
        """Kill it, and all that it has started."""
        end_all(self.process, self.spaces)
        self.connection.close()


# --- The worker


def _work(connection, answer, limits, scratch, spaces):
    """Enclosed, load the answer and reply to requests until somebody ends this process."""
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    sys.stdin, sys.stdout, sys.stderr = (open(os.devnull, mode) for mode in ("r", "w", "w"))
    walls = enclose(scratch, limits, spaces)
    function = None
    while True:
        kind, *what = pickle.loads(connection.recv_bytes())
        try:
            if kind == "load":
                function = answer if callable(answer) else _loaded(answer)
                reply = ["ready", walls, None]
            elif kind == "check":
                reply = ["shown", *shown_by(what[0], function)]
            else:
                reply = _called(function, what[0])
            text = json.dumps(reply)
        except BaseException as error:  # whatever it raises is its answer, SystemExit too
            text = json.dumps(["failed", type(error).__name__, sandbox._words(error)])
        connection.send_bytes(text.encode())


def _loaded(answer):
    names = {"__name__": "answer"}
    for code in answer.code:
        exec(code, names)
    return names[answer.name]


def _called(function, inputs):
    if not callable(function):
        raise TypeError("it is no function")
    generators = [one for one in inputs if isinstance(one, np.random.Generator)]
    value = sandbox.plain(function(*inputs))
    if value is None and checking._does_nothing(function):
        value = ...
    return ["answer", pack(value), [one.bit_generator.state for one in generators]]


# --- Data, and nothing but data


def is_data(value: object) -> bool:
    """Whether a copy of it in another process is as good: numbers, arrays, lists of them."""
    if isinstance(value, (list, tuple)):
        return all(map(is_data, value))
    kinds = (np.ndarray, np.generic, Number, str, torch.Tensor, np.random.Generator)
    return isinstance(value, kinds) and not getattr(value, "requires_grad", False)


def pack(value: object) -> list:
    """Turn an answer that is plain already into what JSON can hold: a word, and what belongs to it."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return ["value", value]
    if value is ...:
        return ["dots"]
    if isinstance(value, complex):
        return ["complex", value.real, value.imag]
    for kind in (list, tuple, set):
        if isinstance(value, kind):
            return [kind.__name__, [pack(part) for part in value]]
    if isinstance(value, dict):
        return ["dict", [[pack(key), pack(part)] for key, part in value.items()]]
    if isinstance(value, torch.Tensor):
        array = checking._array_of_tensor(value)
        return ["other", "Tensor"] if array is None else ["tensor", *_pack_array(array)]
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        return ["array", *_pack_array(value)]
    dtype = f" ({value.dtype})" if isinstance(value, np.ndarray) else ""
    return ["other", f"{type(value).__name__}{dtype}"]


def _pack_array(array):
    """Its type, shape and bytes; of one that is far too large, a single number for all."""
    few = np.ascontiguousarray(array if array.size <= sandbox.MOST else array.flat[0])
    return [array.dtype.str, list(array.shape), base64.b64encode(few.tobytes()).decode()]


def unpack(packed: list) -> object:
    """The answer again. Whatever a worker sends, no code of it runs: a wrong form is a ValueError."""
    try:
        return _unpack(*packed)
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise ValueError("The answer cannot be read.") from error


def _unpack(kind, first=None, *rest):
    if kind in ("array", "tensor"):
        array = _unpack_array(first, *rest)
        return torch.from_numpy(array) if kind == "tensor" else array
    if kind == "dict":
        return {_unpack(*key): _unpack(*part) for key, part in first}
    if kind in ("list", "tuple", "set"):
        return {"list": list, "tuple": tuple, "set": set}[kind](_unpack(*part) for part in first)
    if kind == "value" and (first is None or isinstance(first, (bool, int, float, str))):
        return first
    if kind == "complex":
        return complex(first, *rest)
    if kind == "dots":
        return ...
    if kind == "other":
        return type(str(first)[:60], (), {})()  # a stand-in: the check names its kind
    raise ValueError(kind)


def _unpack_array(dtype, shape, text):
    dtype = np.dtype(dtype)
    if dtype.kind not in "biufc" or not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError(dtype)
    values = np.frombuffer(base64.b64decode(text), dtype)
    if math.prod(shape) > sandbox.MOST:
        return np.broadcast_to(values[0], shape)
    return values.reshape(shape).copy()
