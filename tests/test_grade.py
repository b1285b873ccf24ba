"""Grading: a class of honest and hostile students, graded by the real command.

Every process, limit and file is real; bombs are gentle. What a system does not let anybody enforce,
the tool must admit: so where a test needs a wall, it asks what the tool said.
"""

import csv
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import grade
import grade_report
import pytest
from hostile_students import HELPERS, HOSTILE, KAPPA, NEARLY, PSNR, TRAINING, solved, student

from notebooks import all_notebooks
from vadcourse.hand_in import file_stem

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="grading needs Linux")
SCRIPT = Path(grade.__file__)
QUICK = ("--seconds", "3", "--processes", "16", "--megabytes", "600", "--jobs", "2")


def run_grade(*arguments, **options):
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, **options)


def table(out):
    with open(out / "grades.csv", encoding="utf-8", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class, graded once: the folders of hand-ins and of grades, and what was printed."""
    base = tmp_path_factory.mktemp("grade")
    folder, out, outside = base / "handed", base / "grades", base / "outside"
    outside.mkdir()
    outside.chmod(0o777)
    (outside / "secret").write_text("the exam of next week")
    with socket.create_server(("127.0.0.1", 0)) as server:
        values = {"port": str(server.getsockname()[1]), "outside": str(outside)}
        for name, cell in HOSTILE.items():
            for key, value in values.items():
                cell = cell.replace(f"{{{key}}}", value)
            student(folder, name, "import numpy as np", cell)
        for path in all_notebooks():
            cells = solved(path)
            student(folder, "solutions", *cells, file=path.name)
            for name, (before, after, _) in NEARLY.items():
                ours = [f"def my_{name}(" in cell for cell in cells]
                cells = [c.replace(before, after) if one else c for c, one in zip(cells, ours)]
            student(folder, "nearly", *cells, file=path.name)
        student(folder, "reordered", PSNR, TRAINING, "import torch, numpy as np", HELPERS)
        student(folder, "old copies", PSNR, file="02_frame_prediction.ipynb")
        copy = "def my_psnr(p, t):\n    return 0"
        student(folder, "old copies", copy, file="old/02_frame_prediction-Copy1.ipynb")
        (folder / "empty").mkdir()
        for name, text in {"torn": '{"cells": [', "list": "[]", "deep": "[" * 100_000}.items():
            (folder / f"{name}.ipynb").write_text(text)
        (folder / "linked").symlink_to(folder / "reordered")
        (folder / "torn.zip").write_bytes(b"PK no zip")
        (folder / "read me.txt").write_text("not a hand-in")
        ran = run_grade(folder, "--out", out, *QUICK, timeout=300)
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert ran.returncode == 0, ran.stderr
    return folder, out, ran.stdout


def holds(graded, words):
    if words not in re.search("it holds .*?: (.*)", graded[2])[1]:
        pytest.skip(f"this system does not enforce: {words}")


def verdict(graded, name, check="check_kappa"):
    path = next((graded[1] / "results").glob(f"{file_stem(name)}-*.json"))
    found = json.loads(path.read_text())["verdicts"][check]
    return found["state"], found["words"]


def test_everybody_has_a_row_whatever_they_did(graded):
    rows = table(graded[1])
    others = {"solutions", "nearly", "reordered", "old copies", "empty", "deep", "list", "linked"}
    names = {f"'{name}" if name[0] == "=" else name for name in HOSTILE} | others
    assert names < set(rows) and len(rows) == len(names) + 2  # both called torn
    assert {len(row) for row in rows.values()} == {32 + 3}


def test_an_answer_is_found_with_all_it_needs_and_no_training_is_run(graded):
    assert verdict(graded, "reordered", "check_psnr")[0] == "solved"
    assert table(graded[1])["reordered"]["total"] == "1"


def test_the_course_s_own_notebook_counts_before_a_copy(graded):
    row = table(graded[1])["old copies"]
    assert "differs between notebooks, 02_frame_prediction.ipynb counts" in row["note"]
    state, words = verdict(graded, "old copies", "check_psnr")
    assert state == "stopped" and "NameError" in words  # the copy would have been "not yet"


@pytest.mark.parametrize(
    "name, state, words",
    [
        ("loop", "stopped", "longer than the 3 seconds"),
        ("prints", "solved", ""),
        ("giant", "stopped", "MemoryError"),
        ("exits", "stopped", "SystemExit"),
        ("leaves", "stopped", "left by itself"),
        ("nameless", "stopped", "NameError: name 'no_such_name' is not defined"),
        ("syntax", "stopped", "is no Python: line 2"),
        ("stub", "missing", ""),
        ("at once", "solved", ""),  # what the answer does not need is not run
    ],
)
def test_a_row_says_what_happened(graded, name, state, words):
    found = verdict(graded, name)
    assert found[0] == state and words in found[1], found


def test_a_bomb_is_stopped_and_nothing_of_it_stays(graded):
    holds(graded, "processes")
    state, words = verdict(graded, "bomb")
    assert state == "stopped" and ("BlockingIOError" in words or "processes" in words), words
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert str(graded[0]) not in listed


def test_a_forged_result_is_no_result(graded):
    assert verdict(graded, "forges")[0] != "solved"
    state, words = verdict(graded, "forges", "check_control")
    assert state == "stopped" and "changes functions of the course" in words


def test_the_solutions_of_the_course_solve_everything(graded):
    row = table(graded[1])["solutions"]
    assert row["total"] == "32", row


@pytest.mark.parametrize("name", NEARLY)
def test_networks_and_functions_get_the_hint_of_the_notebook(graded, name):
    state, words = verdict(graded, "nearly", f"check_{name}")
    assert state == "not yet" and NEARLY[name][2] in words, words


def test_network_files_and_secrets_are_out_of_reach(graded):
    walls = {"calls": "no network", "writes": "no writing", "reads": "no reading"}
    for name, wall in walls.items():
        holds(graded, wall)
        assert verdict(graded, name)[0] == "stopped"
    outside = graded[0].parent / "outside"
    assert not (outside / "written").exists()
    pages = [path.read_text(encoding="utf-8") for path in graded[1].rglob("*.*")]
    assert not any("exam of next week" in page for page in pages)


def test_names_and_messages_are_escaped(graded):
    pages = list(graded[1].rglob("*.html"))
    for path in pages:
        page = path.read_text(encoding="utf-8")
        assert "<script" not in page and "<b>Ö" not in page, path
    assert any("&lt;script&gt;alert(1)" in path.read_text(encoding="utf-8") for path in pages)
    assert "'=cmd|' C calc'!A0" in table(graded[1])


def test_what_is_no_notebook_is_named_and_nothing_else_is_lost(graded):
    rows = table(graded[1])
    assert "no notebook was found" in rows["empty"]["note"]
    assert "not followed" in rows["linked"]["note"] and rows["linked"]["total"] == "0"
    for name in ("torn (torn.ipynb)", "torn (torn.zip)", "list", "deep"):
        assert "no readable" in rows[name]["note"], name
    assert "read me.txt is no hand-in" in graded[2]


def test_the_class_page_shows_who_stands_where(graded):
    page = (graded[1] / "index.html").read_text(encoding="utf-8")
    for sign, word in (("✓", "solved"), ("↻", "not yet"), ("✗", "stopped"), ("○", "missing")):
        assert f"{sign}</b> {word}</td>" in page
    stopped = page[page.index("What stopped whom") :]
    assert "Cohen&#x27;s kappa</b>:" in stopped and "1 x: " in stopped


def test_a_watching_grader_grades_what_is_new_until_ctrl_c_and_touches_nothing_else(graded):
    folder, out, _ = graded
    before = {path: path.stat().st_mtime_ns for path in (out / "results").iterdir()}
    (out / "mine.txt").write_text("a note of the instructor")
    command = [sys.executable, SCRIPT, folder, "--out", out, "--watch", "--every", "1", *QUICK]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        page = out / "index.html"
        refresh = '<meta http-equiv="refresh" content="1">'
        wait_for(lambda: refresh in page.read_text(encoding="utf-8"))
        student(folder, "late", "import numpy as np", KAPPA.format(first=""))
        wait_for(lambda: table(out)["late"]["total"] == "1")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert b"stays graded" in process.stderr.read()
    finally:
        process.kill()
        process.wait()
    assert all(path.stat().st_mtime_ns == when for path, when in before.items())
    assert (out / "mine.txt").read_text() == "a note of the instructor"
    (out / "grades.csv").write_text("changed by hand")
    with pytest.raises(ValueError, match="was changed since it was written here"):
        grade_report.Output(out)
    assert (out / "grades.csv").read_text() == "changed by hand"


def wait_for(condition, seconds=90):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if condition():
                return
        except (OSError, KeyError):
            pass
        time.sleep(0.2)
    pytest.fail("it did not come")
