"""Which exercises are solved: one small file, progress.json, in the folder the notebooks run in."""

import html
import json
import os
from datetime import datetime
from pathlib import Path

from vadkit.text import say

CATALOGUE = {}  # name of a check without "check_" -> (notebook, title); filled by the decorator `exercise`
FILE = "progress.json"


class Progress:
    """What `progress` shows: a list with ticks in JupyterLab, lines of text elsewhere."""

    def __init__(self, rows, caption):
        self.rows, self.caption = rows, caption

    def __repr__(self):
        return "\n".join([self.caption, *(f"  {mark} {title}" for mark, title in self.rows)])

    def _repr_html_(self):
        lines = "".join(f"<li>{mark} {html.escape(title)}</li>" for mark, title in self.rows)
        return f'<p><b>{html.escape(self.caption)}</b></p><ul style="list-style: none; padding-left: 1em">{lines}</ul>'


def progress(notebook=None):
    """The exercises of one notebook ("02"), or of the whole course, with those you have solved ticked."""
    solved = _read()
    mine = {name: at for name, at in CATALOGUE.items() if notebook in (None, at[0])}
    mine = dict(sorted(mine.items(), key=lambda item: item[1][0]))
    if not mine:
        raise ValueError(f"There is no notebook {notebook!r} with exercises: choose one of {', '.join(_notebooks())}.")
    rows = [
        (say("✓ solved") if name in solved else say("○ open"), title if notebook else f"{number} {title}")
        for name, (number, title) in mine.items()
    ]
    here, everywhere = len(solved.keys() & mine), len(solved.keys() & CATALOGUE)
    caption = say("Solved: {n} of {all} in the whole course.", n=everywhere, all=len(CATALOGUE))
    if notebook:
        caption = say("Solved: {n} of {all} in this notebook, {total} of {course} in the whole course.",
                      n=here, all=len(mine), total=everywhere, course=len(CATALOGUE))  # fmt: skip
    return Progress(rows, caption)


def remember(name):
    """Note an exercise as solved, keeping the time of the first time."""
    try:
        solved = _read()
        if name not in solved:
            solved[name] = datetime.now().isoformat(timespec="minutes")
            _write({"solved": solved})
    except OSError as error:
        print(say("(Your progress could not be written to {file}: {reason})", file=FILE, reason=error.strerror))


def _read():
    """-> {name: when}. A file that cannot be read is put aside under another name, never overwritten."""
    path = Path(FILE)
    if not path.exists():
        return {}
    try:
        solved = json.loads(path.read_text(encoding="utf-8"))["solved"]
        return {str(name): str(when) for name, when in solved.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        aside = next(p for n in range(1, 1000) if not (p := Path(f"progress-damaged-{n}.json")).exists())
        os.replace(path, aside)
        print(
            say(
                "{file} is damaged: it was put aside as {aside}, and your progress starts anew.",
                file=FILE,
                aside=aside.name,
            )
        )
        return {}


def _write(content):
    scratch = Path(f"{FILE}.{os.getpid()}")
    scratch.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    os.replace(scratch, FILE)


def _notebooks():
    return sorted({number for number, _ in CATALOGUE.values()})
