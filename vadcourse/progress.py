"""Which exercises are solved: a small file, progress.json, in the folder the notebooks run in."""

import html
import json
import os
from datetime import datetime
from pathlib import Path

from vadcourse.cards import ring
from vadkit.locks import alone
from vadkit.text import say

CATALOGUE = {}  # name of a check without "check_": (notebook, title); `exercise` fills it
FILE = "progress.json"


class Progress:
    """What `progress` shows: rings and a list with ticks in JupyterLab, lines of text elsewhere.

    `rows` are marks and titles; `rings` (notebook, how many are solved, of how many).
    """

    def __init__(self, rows: list[tuple[str, str]], caption: str, rings: list[tuple]):
        self.rows, self.caption, self.rings = rows, caption, rings

    def __repr__(self):
        return "\n".join([self.caption, *(f"  {mark} {title}" for mark, title in self.rows)])

    def _repr_html_(self):
        items = "".join(f"<li>{mark} {html.escape(title)}</li>" for mark, title in self.rows)
        style = "list-style: none; padding-left: 1em"
        figures = "".join(
            f'<figure style="margin: 0; text-align: center">{ring(n, total)}'
            f"<figcaption>{html.escape(name)}</figcaption></figure>"
            for name, n, total in self.rings
        )
        rings = f'<div style="display: flex; flex-wrap: wrap; gap: 14px">{figures}</div>'
        return f'<p><b>{html.escape(self.caption)}</b></p>{rings}<ul style="{style}">{items}</ul>'


def progress(notebook: str | None = None) -> Progress:
    """List the exercises of one notebook ("02"), or of the whole course, the solved ones ticked."""
    solved = _read()
    listed = {name: where for name, where in CATALOGUE.items() if notebook in (None, where[0])}
    if not listed:
        choices = ", ".join(sorted({number for number, _ in CATALOGUE.values()}))
        raise ValueError(
            f"There is no notebook {notebook!r} with exercises: choose one of {choices}."
        )
    rows = []  # in the order of the notebooks, whichever module was imported first
    for name, (number, title) in sorted(listed.items(), key=lambda item: item[1][0]):
        mark = say("✓ solved") if name in solved else say("○ to do:")
        rows.append((mark, title if notebook else f"{number} {title}"))
    total, course = len(solved.keys() & CATALOGUE), len(CATALOGUE)
    numbers = sorted({number for number, _ in listed.values()})
    rings = [(number, *_solved_of(number, solved)) for number in numbers]
    if notebook is None:
        caption = say("Solved: {n} of {all} in the whole course.", n=total, all=course)
        return Progress(rows, caption, rings)
    caption = say(
        "Solved: {n} of {all} in this notebook, {total} of {course} in the whole course.",
        n=len(solved.keys() & listed),
        all=len(listed),
        total=total,
        course=course,
    )
    return Progress(rows, caption, rings)


def _solved_of(notebook, solved):
    names = [name for name, (number, _) in CATALOGUE.items() if number == notebook]
    return sum(name in solved for name in names), len(names)


def remember(name: str) -> None:
    """Note an exercise as solved, keeping the time of the first time."""
    try:
        with alone(FILE, wait=10):
            solved = _read()
            if name not in solved:
                solved[name] = datetime.now().isoformat(timespec="minutes")
                _write({"solved": solved})
    except OSError as error:
        reason = error.strerror
        print(
            say(
                "(Your progress could not be written to {file}: {reason})", file=FILE, reason=reason
            )
        )


def _read():
    """Return {name: when it was solved}. A damaged file is put aside, never overwritten."""
    path = Path(FILE)
    if not path.exists():
        return {}
    try:
        solved = json.loads(path.read_text(encoding="utf-8"))["solved"]
        return {str(name): str(when) for name, when in solved.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        _put_aside(path)
        return {}


def _put_aside(path):
    names = (Path(f"progress-damaged-{n}.json") for n in range(1, 1000))
    aside = next(name for name in names if not name.exists())
    os.replace(path, aside)
    words = say(
        "{file} is damaged: it was put aside as {aside}, and your progress starts anew.",
        file=FILE,
        aside=aside.name,
    )
    print(words)


def _write(content):
    scratch = Path(f"{FILE}.{os.getpid()}")
    scratch.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    os.replace(scratch, FILE)
