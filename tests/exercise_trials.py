"""What the tests of the checks share: the cases of all notebooks, and how a check is asked."""

import importlib
import warnings
from pathlib import Path

import numpy as np

from vadcourse import exercises
from vadcourse.checking import NotYet, attempt, judge
from vadcourse.progress import CATALOGUE

PATHS = sorted(Path(__file__).parent.glob("exercise_cases_*.py"))
CASES = [importlib.import_module(path.stem) for path in PATHS]
RIGHT = {check: answers for cases in CASES for check, answers in cases.RIGHT.items()}
WRONG = {check: answers for cases in CASES for check, answers in cases.WRONG.items()}
CHECKS = sorted(f"check_{name}" for name in CATALOGUE)


def ask(name, answer, capsys, **options):
    """Return what the check returned and what it printed."""
    capsys.readouterr()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        returned = getattr(exercises, name)(answer, **options)
    return returned, capsys.readouterr().out.removeprefix("working on it\n")


def check_carelessly(function):
    """Check f(values (T,)): their sum. What is right stands in this frame too early."""
    draws = [np.random.default_rng().random(5) for _ in range(3)]
    expected = [draw.sum() for draw in draws]
    try:
        answers = [attempt(function, draw) for draw in draws]
        judge([(answer, right, {}) for answer, right in zip(answers, expected)])
    except NotYet:
        return False
    return True
