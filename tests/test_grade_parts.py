"""The parts of grading: bad input, which answers, what they need, the fence, what travels."""

import json
import os
import socket
import subprocess
import sys

import grade
import grade_answers
import grade_report
import grade_walls
import numpy as np
import pytest
import torch
from grade_data import pack, unpack
from hostile_students import student

from vadcourse import sandbox
from vadcourse.hand_in import is_stub
from vadkit.cli import run_script

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="grading needs Linux")


def test_bad_input_is_one_sentence(tmp_path, capsys):
    folder = tmp_path / "handed"
    student(folder, "anna", "1")
    (tmp_path / "file").write_text("")
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("years of work")
    assert run_script(grade.main, ["nowhere"]) == 2
    assert capsys.readouterr().err.startswith("error: nowhere is no folder")
    for arguments, words in (
        ([folder, "--out", folder], "holds the hand-ins"),
        ([folder, "--out", tmp_path], "holds the hand-ins"),
    ):
        with pytest.raises(ValueError, match=words):
            grade.main([str(one) for one in arguments])
    for place, words in ((foreign, "was not made by this tool"), (tmp_path / "file", "is a file")):
        with pytest.raises(ValueError, match=words):
            grade_report.Output(place)
    assert (foreign / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("at", [1, 2])
def test_a_stop_between_two_files_leaves_nothing_that_looks_changed(at, tmp_path, monkeypatch):
    output = grade_report.Output(tmp_path / "grades")
    output.write("grades.csv", "first")
    calls, replace = [], os.replace

    def stop(*paths):
        calls.append(paths)
        if len(calls) == at:
            raise KeyboardInterrupt
        replace(*paths)

    monkeypatch.setattr(os, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        output.write("grades.csv", "second")
    output.write("grades.csv", "third")
    again = grade_report.Output(tmp_path / "grades")
    again.write("grades.csv", "fourth")
    assert (tmp_path / "grades" / "grades.csv").read_text() == "fourth"


# --- Which answers, and what they need


def test_each_check_of_the_course_wants_one_answer():
    wanted = grade_answers.exercises_of_the_course()
    assert len(wanted) == 32 and wanted["check_psnr"] == ("my_psnr", "02_frame_prediction")


def test_the_nearest_maker_above_counts_and_the_last_definition():
    cells = ["n = 1", "def my_f():\n    return n", "n = 2\nm = n", "def my_f():\n    return m, n"]
    listed, broken = grade_answers.statements([*cells, "n = 3", "%matplotlib inline", "a b"])
    assert [cell for cell, _ in broken] == ["a b"]
    names = {}
    for one in grade_answers.needed("my_f", listed):
        exec(compile(grade_answers.ast.Module([one.node], []), "", "exec"), names)
    assert names["my_f"]() == (2, 2)


@pytest.mark.parametrize(
    "body, stub",
    [("...", True), ("pass", True), ("'''Words.'''", True), ("return", True), ("return ...", True)]
    + [("return 0", False), ("print()", False), ("'''Words.'''\n    return a", False)],
)
def test_a_stub_is_no_answer(body, stub):
    (node,) = grade_answers.ast.parse(f"def my_psnr(a, b):\n    {body}").body
    assert is_stub(node) is stub


# --- Where the system has no walls


def test_the_fence_refuses_what_python_code_asks(tmp_path):
    inside = tmp_path / "scratch"
    inside.mkdir()
    wanted = {  # what is tried, and whether it is let through
        lambda: (inside / "mine").write_text("x"): True,
        lambda: (tmp_path / "theirs").write_text("x"): False,
        lambda: (tmp_path / "scratch2").mkdir(): False,
        lambda: socket.create_connection(("127.0.0.1", 9)): False,
        lambda: subprocess.run(["true"]): False,
    }
    child = os.fork()
    if child == 0:
        grade_walls._fence(str(inside))
        right = [_goes_through(action) is expected for action, expected in wanted.items()]
        os._exit(0 if all(right) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scratch"]


def _goes_through(action):
    try:
        action()
    except PermissionError:
        return False
    return True


# --- What travels


@pytest.mark.parametrize(
    "answer",
    [None, True, 3, 10**400, 0.1, np.inf, "a boar", 1 + 2j, ..., [1, (2.5, None)], {1, 2}]
    + [{"a": [1]}, np.arange(6.0).reshape(2, 3), np.array([True]), torch.ones(2, 3), []],
)
def test_plain_data_arrive_as_they_were(answer):
    arrived = unpack(json.loads(json.dumps(pack(answer))))
    assert type(arrived) is type(answer)
    arrays = isinstance(answer, np.ndarray | torch.Tensor)
    assert np.array_equal(arrived, answer) if arrays else arrived == answer


def test_what_is_no_data_arrives_as_its_kind_and_what_is_too_large_as_its_shape():
    assert type(unpack(pack(sys))).__name__ == "module"
    huge = np.broadcast_to(np.float32(0), (10**5, 10**5))
    assert unpack(pack(huge)).size == huge.size > sandbox.MOST
    assert len(json.dumps(pack(huge))) < 1000


@pytest.mark.parametrize(
    "packed",
    [
        [],
        ["array", "O", [1], "AAAAAAAAAAA="],
        ["array", "<f8", [-1], ""],
        ["array", "<f8", [9], "AA"],
    ]
    + [["eval", "1"], ["value", {}], ["set", [["list", []]]], ["dict", [[1]]], "list", [[]]],
)
def test_a_forged_form_is_refused(packed):
    with pytest.raises(ValueError):
        unpack(packed)
