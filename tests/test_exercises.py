"""The checks of the exercises, the progress file, and the exercises in the notebooks.

Each check accepts correct variants and rejects plausible wrong answers with the right hint; what
cheats, or is no answer at all, is for test_exercise_cheats.py. Each exercise in a notebook has its
six cells, and its solution is hidden, proven and never the student's.
"""

import ast
import copy
import inspect
import json
import re

import nbformat
import numpy as np
import pytest
import torch
from exercise_trials import CHECKS, RIGHT, WRONG, ask

from notebooks import CALL, SOLUTION, all_notebooks, imported, tags
from notebooks import exercises as exercises_in
from vadcourse import exercises, progress
from vadcourse.progress import CATALOGUE

NOTEBOOKS = [path for path in all_notebooks() if path.stem[:2] != "00"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_check_has_three_right_and_eight_wrong_answers():
    assert set(RIGHT) == set(WRONG) == set(CHECKS)
    assert min(map(len, RIGHT.values())) >= 3 and min(map(len, WRONG.values())) >= 8


RIGHT_ANSWERS = [(check, answer) for check, answers in RIGHT.items() for answer in answers]
WRONG_ANSWERS = [(check, *answer) for check, answers in WRONG.items() for answer in answers]


@pytest.mark.parametrize("check, answer", RIGHT_ANSWERS)
def test_correct_variants_are_accepted(check, answer, capsys):
    for _ in range(3):
        returned, said = ask(check, answer, capsys)
        assert returned is True and said.startswith("Correct."), said


@pytest.mark.parametrize("check, answer, hint", WRONG_ANSWERS)
def test_plausible_wrong_answers_get_the_right_hint(check, answer, hint, capsys):
    returned, said = ask(check, answer, capsys)
    one_of = hint if isinstance(hint, tuple) else (hint,)  # where the draw decides
    assert returned is False and said.startswith("Not yet"), said
    assert any(words in said for words in one_of), said


@pytest.mark.parametrize("check", CHECKS)
def test_what_was_not_begun_is_told_apart_from_what_is_wrong(check, capsys):
    def stub(*anything): ...

    def with_docstring(*anything):
        """Return something, one day."""

    for untouched in (stub, with_docstring, lambda *a: ..., None, ...):
        assert ask(check, untouched, capsys) == (False, "Not attempted yet.\n")
    returned, said = ask(check, lambda *a: print("working on it"), capsys)
    assert returned is False and "return" in said
    returned, said = ask(check, 3.0, capsys)
    assert returned is False and "without brackets" in said


@pytest.mark.parametrize("check", CHECKS)
def test_help_shows_what_a_student_calls(check):
    signature = inspect.signature(getattr(exercises, check))
    assert list(signature.parameters) == ["function", "record"]
    assert signature.return_annotation is bool


def overwrite(things):
    for thing in things:
        if isinstance(thing, np.ndarray):
            thing[...] = 0
        elif isinstance(thing, torch.Tensor):
            thing.detach().zero_()
        elif isinstance(thing, (list, tuple)):
            overwrite(thing)
        elif hasattr(thing, "support"):
            overwrite([thing.support, thing.query])


LEFT_TO_THE_STUDENT = {"check_trap", "check_first_order", "check_inner_loop"}  # inputs not copied


@pytest.mark.parametrize("check", sorted(set(CHECKS) - LEFT_TO_THE_STUDENT))
def test_an_answer_that_overwrites_its_inputs_spoils_nothing(check, capsys):
    def spoils(*inputs):
        answer = copy.deepcopy(RIGHT[check][0](*inputs))
        overwrite(inputs)
        return answer

    assert ask(check, spoils, capsys)[0] is True


def test_the_random_numbers_of_the_notebook_stay_as_they_were(capsys):
    torch.manual_seed(0)
    np.random.seed(0)
    expected = torch.rand(1), np.random.rand()
    torch.manual_seed(0)
    np.random.seed(0)
    for check in CHECKS:
        ask(check, lambda *a: torch.rand(3), capsys)
    assert (torch.rand(1), np.random.rand()) == expected


# The progress file


def test_a_solved_exercise_is_remembered_and_a_solution_is_not(folder, capsys):
    assert ask("check_psnr", RIGHT["check_psnr"][0], capsys, record=False)[0] is True
    assert not (folder / "progress.json").exists()
    ask("check_psnr", lambda p, t: p, capsys)
    assert not (folder / "progress.json").exists()
    ask("check_psnr", RIGHT["check_psnr"][0], capsys)
    first = json.loads((folder / "progress.json").read_text())
    assert list(first["solved"]) == ["psnr"]
    ask("check_psnr", RIGHT["check_psnr"][1], capsys)
    ask("check_psnr", lambda p, t: p, capsys)
    ask("check_inner_step", RIGHT["check_inner_step"][0], capsys)
    now = json.loads((folder / "progress.json").read_text())
    assert set(now["solved"]) == {"psnr", "inner_step"}
    assert now["solved"]["psnr"] == first["solved"]["psnr"]
    assert [path.name for path in folder.iterdir()] == ["progress.json"]


def test_the_progress_view_names_what_is_solved_and_what_is_open(capsys):
    ask("check_psnr", RIGHT["check_psnr"][0], capsys)
    view = str(exercises.progress("02"))
    assert "✓ solved PSNR" in view and "○ to do: Align" in view and "kappa" not in view
    n_exercises = sum(number == "02" for number, _ in CATALOGUE.values())
    assert f"Solved: 1 of {n_exercises} in this notebook" in view
    everything = exercises.progress()
    assert f"Solved: 1 of {len(CATALOGUE)}" in str(everything)
    assert str(everything).count("to do") == len(CATALOGUE) - 1
    assert everything._repr_html_().count("<li>") == len(CATALOGUE)
    numbers = [row[1][:2] for row in everything.rows]
    assert numbers == sorted(numbers)
    with pytest.raises(ValueError, match="choose one of 01"):
        exercises.progress("07")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"solved": 3}', '"boar"', "null", "\xff\xfe"])
def test_a_damaged_progress_file_is_put_aside_and_not_lost(text, folder, capsys):
    (folder / "progress.json").write_bytes(text.encode("latin-1"))
    (folder / "progress-damaged-1.json").write_text("older")
    exercises.progress()
    said = capsys.readouterr().out
    assert "progress.json is damaged" in said and "progress-damaged-2.json" in said
    assert len(said.splitlines()) == 1
    assert (folder / "progress-damaged-2.json").read_bytes() == text.encode("latin-1")
    assert (folder / "progress-damaged-1.json").read_text() == "older"
    ask("check_psnr", RIGHT["check_psnr"][0], capsys)
    assert "✓ solved 02 PSNR" in str(exercises.progress())


def test_progress_that_cannot_be_written_does_not_spoil_the_answer(folder, capsys, monkeypatch):
    def refuse(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(progress.os, "replace", refuse)
    returned, said = ask("check_psnr", RIGHT["check_psnr"][0], capsys)
    assert returned is True and "could not be written" in said and "Read-only file system" in said


# The exercises in the notebooks

HEADER = re.compile(
    r"^\*\*Exercise: (?P<title>.+)\*\* · difficulty [1-3] of 3 · importance [1-3] of 3 "
    r"· \d+ minutes?$",
    re.M,
)


def names_bound(source):
    """The functions, classes and variables that a cell defines at its top level."""
    names = set()
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return request.param.stem[:2], nbformat.read(request.param, as_version=4).cells


def test_exercises_have_their_six_cells_in_order(notebook):
    number, cells = notebook
    checks = []
    for i in [i for i, cell in enumerate(cells) if "exercise" in tags(cell)]:
        mission, stub, check, hint, solution = cells[i - 1 : i + 4]
        header = HEADER.search(mission.source)
        assert header, f"no line '**Exercise: ...** · difficulty ...' before:\n{stub.source}"
        (call,) = CALL.finditer(check.source)
        name = call["check"]
        checks.append(name)
        assert CATALOGUE[name.removeprefix("check_")] == (number, header["title"])
        assert_a_stub_and_its_check(stub, check, name)
        assert_a_hint_and_a_solution(hint, solution, name)
    assert len(set(checks)) >= 4
    # The list of progress has them in the same order.
    here = [name for name, (where, _) in CATALOGUE.items() if where == number]
    assert checks == [f"check_{name}" for name in here]


def assert_a_stub_and_its_check(stub, check, name):
    (answer,) = names_bound(stub.source)
    assert answer.startswith("my_") and f"{name}({answer})" in check.source
    assert tags(check) == {"check"}
    (output,) = check.outputs
    words = output["data"]["text/plain"]
    assert words == "Not attempted yet.", "the committed notebook shows an untouched stub"


def assert_a_hint_and_a_solution(hint, solution, name):
    assert hint.source.startswith("<details><summary>Hint</summary>")
    assert hint.source.rstrip().endswith("</details>")
    assert tags(solution) == {"solution"} and SOLUTION.fullmatch(solution.source)


def test_solutions_stand_nowhere_else(notebook):
    """Folded away in every rendering of a notebook; the handout leaves the tagged cells out."""
    _, cells = notebook
    for cell in cells:
        assert ("<summary>Solution" in cell.source) == ("solution" in tags(cell)), cell.source
    exercise_cells = [cell for cell in cells if "exercise" in tags(cell)]
    assert sum("solution" in tags(cell) for cell in cells) == len(exercise_cells)


def test_every_solution_passes_its_check(notebook, capsys):
    _, cells = notebook
    names = imported(cells)
    for check, answer, code in exercises_in(cells):
        assert names_bound(code) == {answer}
        exec(code, names)
        passed, words = ask(check, names[answer], capsys, record=False)
        assert passed, f"{check}: {words}"


def test_running_all_cells_does_not_depend_on_the_students_answers(notebook):
    _, cells = notebook
    answers = set()
    for cell in cells:
        if "exercise" in tags(cell):
            answers |= names_bound(cell.source)
    for cell in cells:
        if cell.cell_type == "code" and not tags(cell) & {"exercise", "check"}:
            nodes = ast.walk(ast.parse(cell.source))
            used = {node.id for node in nodes if isinstance(node, ast.Name)}
            assert not used & answers, cell.source


def test_quiz_and_progress_stand_at_the_end(notebook):
    number, cells = notebook
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    assert any(f'Quiz("{number}")' in source for source in code[-4:])
    assert any(f'progress("{number}")' in source for source in code[-4:])
