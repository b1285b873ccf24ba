"""Handing in: one cell, one small file, which the grader takes apart again."""

import json
import zipfile
from pathlib import Path

import grade_answers
import pytest
from hostile_students import KAPPA, notebook
from IPython.core.interactiveshell import InteractiveShell

from notebooks import all_notebooks
from vadcourse import hand_in as handing_in
from vadcourse.hand_in import hand_in


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A folder with two notebooks of the course, one answered."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / all_notebooks()[0].name).write_bytes(all_notebooks()[0].read_bytes())
    cells = "import numpy as np", "psnr = 3", KAPPA.format(first="")
    (tmp_path / "01_anomaly_concept.ipynb").write_text(notebook(*cells))
    return tmp_path


def test_handing_in_makes_one_small_file_that_the_grader_takes(course, capsys):
    hand_in("Ada <b> / Lovelace")
    (path,) = (course / "hand_in").iterdir()
    said = capsys.readouterr().out
    assert path.name in said and "Answers found: 1 of 32." in said
    assert path.stat().st_size < 60_000
    (found,), left_out = grade_answers.find(course / "hand_in")
    assert found.student == "Ada <b> / Lovelace" and not left_out
    cells = grade_answers.cells_of(found)
    answer = grade_answers.answers(cells, {"check_kappa": ("my_kappa", "01_anomaly_concept")})
    assert answer["check_kappa"].code and not found.notes


def test_run_all_hands_in_nothing_and_a_name_is_needed(course, capsys):
    hand_in(handing_in.YOUR_NAME)
    assert "Write your name" in capsys.readouterr().out and not Path("hand_in").exists()
    for name in ("", " ", "...", None, 3, "x" * 101):
        with pytest.raises(ValueError, match="Write your name"):
            hand_in(name)


def test_of_several_hand_ins_the_newest_counts_and_strangers_of_one_name_stay_apart(course):
    hand_in("Kim")
    place = course / "handed"
    place.mkdir()
    first = Path("hand_in/Kim.zip").rename(place / "first.zip")
    note = json.loads(zipfile.ZipFile(first).read(handing_in.ABOUT))
    with zipfile.ZipFile(place / "second.zip", "w") as archive:
        archive.writestr(handing_in.ABOUT, json.dumps(note | {"when": "2999"}))
    (found,), _ = grade_answers.find(place)
    assert found.path.name == "second.zip" and "2 hand-ins, the newest counts" in found.notes[0]
    hand_in("Kim")  # on another computer: another origin
    Path("hand_in/Kim.zip").rename(place / "third.zip")
    names = [one.student for one in grade_answers.find(place)[0]]
    assert names == ["Kim (second.zip)", "Kim (third.zip)"]


def test_a_file_that_was_not_handed_in_is_not_written_over(course):
    Path("hand_in").mkdir()
    Path("hand_in/Kim.zip").write_text("holidays")
    with pytest.raises(ValueError, match="was not handed in"):
        hand_in("Kim")
    assert Path("hand_in/Kim.zip").read_text() == "holidays"


def test_an_answer_that_was_run_and_not_saved_is_named(course, capsys, monkeypatch):
    shell = InteractiveShell.instance()
    try:
        unsaved = KAPPA.format(first="print()")
        monkeypatch.setattr(shell.history_manager, "input_hist_raw", ["", unsaved])
        hand_in("Kim")
        assert "Not saved as you ran them last: my_kappa." in capsys.readouterr().out
        saved = KAPPA.format(first="")
        monkeypatch.setattr(shell.history_manager, "input_hist_raw", ["", unsaved, saved])
        hand_in("Kim")
        assert "It holds what was saved." in capsys.readouterr().out
    finally:
        InteractiveShell.clear_instance()
