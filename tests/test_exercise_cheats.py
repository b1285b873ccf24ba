"""Answers that are none pass no check and break none; a solution cannot be stolen from a check."""

import sys
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from exercise_trials import CHECKS, ask, check_carelessly
from hostile_answers import HOSTILE

from vadcourse import exercises, sandbox


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def assert_refused(check, answer, name, capsys):
    """The check returns False, and says so on one card, in one line."""
    returned, said = ask(check, answer, capsys)
    assert returned is False, f"{name} passed"
    lines = said.splitlines()
    assert len(lines) == 1 and lines[0].startswith("Not yet"), f"{name}: {said}"
    # Those words would mean that the check itself stumbled.
    assert "cannot read" not in said and "nan and should be nan" not in said, f"{name}: {said}"
    assert len(said) < 500, f"{name}: {said}"


@pytest.mark.parametrize("check", CHECKS)
def test_no_hostile_answer_passes_and_none_breaks_a_check(check, capsys):
    for name, answer in HOSTILE.items():
        assert_refused(check, answer, name, capsys)


@pytest.mark.parametrize("check", CHECKS)
def test_a_loop_without_end_is_ended(check, capsys, monkeypatch):
    monkeypatch.setattr(sandbox, "LIMIT", 0.2)

    def endless(*inputs):
        while True:
            pass

    returned, said = ask(check, endless, capsys)
    assert returned is False and "Is there a loop that never ends?" in said


SOUGHT = (bool, int, float, np.generic, np.ndarray, torch.Tensor, list, tuple, dict, set, range)


def parts_of(value, depth=2):
    """The value, and what lies in it, as far as an answer could be made of it."""
    if isinstance(value, SOUGHT):
        yield value
    if depth and isinstance(value, dict):
        value = list(value.values())
    if depth and isinstance(value, (list, tuple)):
        for part in value[:40]:
            yield from parts_of(part, depth - 1)


# Of the waiting itself: what is there depends on the moment.
NOT_SEARCHED = {"threading.py", "sandbox.py", Path(__file__).name}


def frames_above():
    """The frames of the function that asks, and of all other threads, up to these tests."""
    for frame in [sys._getframe(1), *sys._current_frames().values()]:
        while frame is not None and frame.f_code is not ask.__code__:
            if Path(frame.f_code.co_filename).name not in NOT_SEARCHED:
                yield frame
            frame = frame.f_back


def stolen(call):
    """What can be found in frames above at the `call`-th call: of lists also the `call`-th part."""
    for frame in frames_above():
        for value in list(frame.f_locals.values()):
            if isinstance(value, (list, tuple)) and value:
                yield from parts_of(value[min(call, len(value) - 1)])
            yield from parts_of(value)


class Thief:
    """An answer that finds things, `treasures` (of the call, its inputs), and returns the n-th."""

    def __init__(self, treasures, n):
        self.treasures, self.n, self.calls, self.most = treasures, n, 0, 0

    def __call__(self, *inputs):
        found = list(self.treasures(self.calls, *inputs))
        self.calls, self.most = self.calls + 1, max(self.most, len(found))
        return found[self.n]

    @classmethod
    def steals(cls, check, treasures, capsys, most=100):
        """The number of the treasure that passes the check, or None."""
        for n in range(most):
            thief = cls(treasures, n)
            if ask(check, thief, capsys)[0]:
                return n
            if n >= thief.most:
                return None


def test_the_thief_finds_a_solution_that_lies_about(capsys, monkeypatch):
    monkeypatch.setattr(exercises, "check_carelessly", check_carelessly, raising=False)
    assert Thief.steals("check_carelessly", lambda call, *inputs: stolen(call), capsys) is not None


@pytest.mark.parametrize("check", CHECKS)
def test_the_frames_above_hold_no_solution(check, capsys):
    assert Thief.steals(check, lambda call, *inputs: stolen(call), capsys) is None


def helpers_of(check):
    """The functions and classes that the module of a check, or one it takes from, defines."""
    home = sys.modules[getattr(exercises, check).__module__]
    taken = {str(getattr(value, "__module__", "")) for value in vars(home).values()}
    modules = {module for module in taken if module.startswith("vadcourse.exercises.")}
    for module in modules:
        for name, value in list(vars(sys.modules[module]).items()):
            own = getattr(value, "__module__", None) == module
            if own and callable(value) and not name.startswith("check_"):
                yield f"{module}.{name}", value


@pytest.mark.parametrize("check", CHECKS)
def test_no_helper_of_a_check_answers_for_the_student(check, capsys):
    for name, helper in helpers_of(check):
        for first, last in ((0, 9), (0, 1), (0, 2), (0, 3), (1, 9), (0, 0)):
            asking = partial(asked, helper, first, last)
            assert Thief.steals(check, asking, capsys, most=30) is None, f"{name} solves it"


def asked(helper, first, last, call, *inputs):
    return parts_of(helper(*inputs[first:last]))


def test_no_thread_is_left_behind(capsys):
    before = threading.active_count()
    for check in CHECKS:
        ask(check, lambda *inputs: 1.0, capsys)
    assert threading.active_count() == before
