"""One student is judged: two processes, and only data goes between them.

The judge holds the checks. The worker, a child with walls around it, holds the student's code, a
new one for each exercise. The check calls the answer as in a notebook; the call goes to the worker
as a pickle, and what the answer returns comes back as plain data, which can state a wrong answer,
and nothing else. So no code of a student runs where it is decided what is right.

What becomes of a network is told as data, too (`grade_networks.py`). An exercise whose inputs are
live in another way, functions with a memory, cannot be cut in two: there the worker runs the check
itself (`beside`).
"""

import json
import os
import pickle
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from grade_answers import Answer, HandIn, answers, cells_of
from grade_data import is_data, pack, unpack
from grade_networks import Watch, done_again, sent, with_slopes
from grade_walls import (
    Limits,
    busy,
    crowd,
    drop_root,
    enclose,
    end_all,
    end_with_parent,
    enter_namespaces,
    limit_memory,
    see_own_processes,
    too_many,
    tried,
)

from vadcourse import checking, exercises, sandbox
from vadcourse.cards import LOOKS

LONGEST_ANSWER = 200_000_000  # bytes
PATIENCE = 3  # times as long, by the clock: on a busy machine nobody gets a whole processor
WORDS = 1000  # characters of a hint
STATES = {"solved": "solved", "not yet": "not yet", "stopped": "stopped", "open": "missing"}
ENDED = (
    "The process ended before the answer came: it was killed, ran out of memory, or left by itself."
)
UNREADABLE = "The answer cannot be read."
CROWD = "It started more processes and threads than the {n} that are allowed."
LATE = "It took longer than the {n:g} seconds that are allowed. Is there a loop that never ends?"


def start(work: Callable, *arguments) -> tuple[int, Connection]:
    """Fork a process that does `work(connection, ...)`, deaf to Ctrl-C, with no other file open."""
    ours, theirs = Pipe()
    sys.stdout.flush()
    child = os.fork()
    if child:
        theirs.close()
        return child, ours
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _keep_only(theirs.fileno())
        work(theirs, *arguments)
    finally:
        os._exit(0)  # whatever happened: the rest of this program belongs to the parent


def _keep_only(number):
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) != number:
            try:
                os.close(int(name))
            except OSError:  # the folder that was listed
                pass


# --- The judge


def judge(
    connection: Connection, hand_in: HandIn, wanted: dict, limits: Limits, scratch: Path
) -> None:
    """Judge a student, and send one JSON object for each exercise, and one with the notes."""
    cells = cells_of(hand_in)  # as the instructor, who may read it

    def send(**said):
        connection.send_bytes(json.dumps(said).encode())

    def everything(spaces):
        try:
            found = answers(cells, wanted)
            notes = hand_in.notes + [answer.note for answer in found.values() if answer.note]
            send(notes=notes)
            for check, answer in found.items():
                send(check=check, **verdict_on(check, answer, limits, scratch, spaces))
        except Exception as error:  # of this tool: nothing of it may cost anybody else a row
            send(notes=[*hand_in.notes, f"Grading failed with {type(error).__name__}: {error}"])
            raise

    _alone(everything, limits, scratch)


def probe(connection: Connection, arguments: tuple, limits: Limits, scratch: Path) -> None:
    """Send what holds: the walls around `tried`, which is run like an answer."""

    def everything(spaces):
        worker = Worker(tried, limits, scratch, spaces)
        walls = worker.ask(["load"], calls=9)
        held = worker.ask(["call", (*arguments, os.getpid(), limits.megabytes)], calls=9)
        worker.end()
        held = held and held[0] == "answer" and dict(unpack(held[1]))
        if held:
            worker = Worker(too_many, limits, scratch, spaces)
            worker.ask(["load"], calls=9)
            few = worker.ask(["call", (limits.processes + 9,)], calls=9)
            worker.end()
            held["processes"] = few is None or few[0] != "answer" or unpack(few[1])
        reply = {"walls": walls and walls[1], "held": held}
        connection.send_bytes(json.dumps(reply).encode())

    _alone(everything, limits, scratch)


def _alone(work, limits, scratch):
    """Do it in a child that sees no network and no process but its own, where that can be had."""
    drop_root()
    spaces = enter_namespaces(scratch, limits.scratch)
    child = os.fork()
    if child == 0:
        try:
            end_with_parent()
            spaces = spaces and see_own_processes()
            limit_memory(4 * limits.megabytes)  # what was handed in may be large, too
            sandbox.LIMIT = 2 * PATIENCE * limits.seconds  # the worker is watched more closely
            checking.show_card = lambda kind, why="": SHOWN.append((kind, why))
            work(spaces)
        finally:
            os._exit(0)
    end_with_parent()
    os.waitpid(child, 0)


# Bound before the code of any student is loaded, in whatever process.
CHECKS = {name: getattr(exercises, name) for name in exercises.__all__ if name.startswith("check_")}
SHOWN = []  # the cards of a check: (kind, why)


def verdict_on(check: str, answer: Answer, limits: Limits, scratch: Path, spaces: bool) -> dict:
    """The state, the words and whether the check ran beside the answer."""
    if answer.trouble:
        return {"state": "stopped", "words": answer.trouble}
    if not answer.code:
        return {"state": "missing", "words": ""}
    worker = Worker(answer, limits, scratch, spaces)
    try:
        loaded = worker.ask(["load"])
        if loaded is None or loaded[0] == "failed":
            words = worker.trouble or f"{loaded[1]}: {loaded[2]}".rstrip(": ")
            return {
                "state": "stopped",
                "words": f"Before {answer.name} was called. {words}"[:WORDS],
            }
        asked = Asked(worker)
        kind, words = shown_by(CHECKS[check], asked)
        beside = asked.live
        if beside:
            reply = worker.ask(["check", check], calls=5)
            kind, words = _card(reply) if reply else ("stopped", worker.trouble)
        if worker.trouble:
            kind, words = "stopped", worker.trouble
        return {"state": STATES[kind], "words": words[:WORDS], "beside": beside}
    finally:
        worker.end()


def shown_by(check: Callable, function: Callable) -> tuple[str, str]:
    """The last card that the check shows."""
    SHOWN.clear()
    check(function, record=False)
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
        answer, (states, networks, slopes) = unpack(reply[1]), reply[2]
        generators = [one for one in inputs if isinstance(one, np.random.Generator)]
        for generator, state in zip(generators, states):  # it was drawn from over there
            generator.bit_generator.state = state
        done_again(inputs, networks)
        return with_slopes(answer, inputs, slopes)


class Worker:
    """The judge's end of a process that holds one answer."""

    def __init__(self, answer, limits, scratch, spaces):
        self.limits, self.spaces, self.trouble = limits, spaces, ""
        self.process, self.connection = start(_work, answer, limits, scratch, spaces)

    def ask(self, request, calls=1):
        """Its reply, a list that begins with a word; where there is none, `trouble` says why.

        It may take the processor time of so many calls, and PATIENCE times as long by the clock.
        """
        if self.trouble:
            return None
        self.trouble = LATE.format(n=self.limits.seconds)  # unless a reply comes
        most, began, used = calls * self.limits.seconds, time.monotonic(), busy(self.process)
        try:
            self.connection.send_bytes(sent(request))
            while not self.connection.poll(0.05):  # short: the sandbox may end this thread
                if crowd(self.process, self.spaces) > self.limits.processes:
                    self.trouble = CROWD.format(n=self.limits.processes)
                    end_all(self.process, self.spaces)
                    return None
                late = time.monotonic() - began > PATIENCE * most
                if late or busy(self.process) - used > most:
                    return None
            return self._received(json.loads(self.connection.recv_bytes(LONGEST_ANSWER)))
        except (OSError, EOFError):
            self.trouble = ENDED
        except (ValueError, RecursionError):
            self.trouble = UNREADABLE
        return None

    def _received(self, reply):
        if not isinstance(reply, list) or len(reply) != 3:
            raise ValueError(UNREADABLE)
        self.trouble = ""
        return reply

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
    function, before, checks = None, _the_course(), dict(CHECKS)
    while True:
        kind, *what = pickle.loads(connection.recv_bytes())
        try:
            if kind == "load":
                function = answer if callable(answer) else _loaded(answer)
                reply = ["ready", walls, None]
            elif kind == "check":
                reply = ["shown", *shown_by(checks[what[0]], function)]
                if _the_course() != before:
                    reply = ["shown", "stopped", "The answer changes functions of the course."]
            else:
                reply = _called(function, what[0])
            text = json.dumps(reply)
        except BaseException as error:  # whatever it raises is its answer, SystemExit too
            text = json.dumps(["failed", type(error).__name__, sandbox._words(error)])
        connection.send_bytes(text.encode())


def _the_course():
    """What the names in the course's modules stand for."""
    modules = [module for name, module in sys.modules.items() if name.startswith("vadcourse")]
    named = [(module, *item) for module in modules for item in vars(module).items()]
    return {(id(m), name): (id(v), id(getattr(v, "__code__", None))) for m, name, v in named}


def _loaded(answer):
    names = {"__name__": "answer"}
    for code in answer.code:
        exec(code, names)
    return names[answer.name]


def _called(function, inputs):
    if not callable(function):
        raise TypeError("it is no function")
    generators = [one for one in inputs if isinstance(one, np.random.Generator)]
    watch = Watch(inputs)
    value = sandbox.plain(function(*inputs))
    if value is None and checking._does_nothing(function):
        value = ...
    states = [one.bit_generator.state for one in generators]
    return ["answer", pack(value), [states, watch.report(), watch.slopes(value)]]
