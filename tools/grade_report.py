"""What grading writes: grades.csv, a page for each student, and one about the class.

Only files that were written here before, and that nobody has changed since, are written over:
.vadkit-grades lists them with their SHA-256.
"""

import csv
import hashlib
import html
import io
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from vadcourse.progress import CATALOGUE
from vadkit import view
from vadkit.checkpoints import atomic_path

MARK = ".vadkit-grades"
LOOKS = {  # state: (colour, sign)
    "solved": (view.GREEN, "✓"),
    "not yet": (view.BLUE, "↻"),
    "stopped": (view.BLACK, "✗"),
    "missing": (view.GREY, "○"),
}


@dataclass
class Graded:
    """A student's row: for each check its state, words, and whether it ran beside the answer."""

    student: str
    slug: str
    verdicts: dict[str, dict]
    notes: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(verdict["state"] == "solved" for verdict in self.verdicts.values())


class Output:
    """A folder of which this tool writes its own files, whole or not at all, and no other."""

    def __init__(self, folder: Path):
        self.folder, mark = folder, folder / MARK
        if folder.exists() and not folder.is_dir():
            raise ValueError(f"{folder} is a file: name a folder for the grades.")
        if folder.is_dir() and any(folder.iterdir()) and not mark.is_file():
            raise ValueError(
                f"{folder} was not made by this tool: name a new folder for the grades."
            )
        try:
            self.written = {str(n): list(h) for n, h in json.loads(mark.read_text("utf-8")).items()}
        except (OSError, ValueError, TypeError, AttributeError):
            self.written = {}
        for name, hashes in self.written.items():
            self._refuse_foreign(name, hashes)

    def _refuse_foreign(self, name, hashes):
        path = self.folder / name
        if path.is_symlink() or (path.exists() and _hash(path.read_bytes()) not in hashes):
            problem = f"{path} was changed since it was written here"
            raise ValueError(f"{problem}: move it away, or name a new folder for the grades.")

    def write(self, name: str, text: str) -> None:
        """Write a file, whole or not at all; one that somebody changed is a ValueError."""
        content, known = text.encode("utf-8", "replace"), self.written.get(name, [])
        self._refuse_foreign(name, known)
        if known[:1] != [_hash(content)]:
            # First what will be right, so that a stop in between leaves nothing that looks changed.
            self.written[name] = [_hash(content), *known]
            with atomic_path(self.folder / MARK) as unfinished:
                unfinished.write_text(json.dumps(self.written, indent=1), encoding="utf-8")
        with atomic_path(self.folder / name) as unfinished:
            unfinished.write_bytes(content)
        self.written[name] = [_hash(content)]

    def read(self, name: str) -> dict | None:
        """What was kept under this name, if it is from here."""
        if name not in self.written or not (self.folder / name).is_file():
            return None
        return json.loads((self.folder / name).read_text(encoding="utf-8"))


def _hash(content):
    return hashlib.sha256(content).hexdigest()


def title(check: str) -> str:
    """Such as "02 PSNR"."""
    return " ".join(CATALOGUE[check.removeprefix("check_")])


def report(output: Output, graded: list[Graded], checks: list[str], about: dict) -> None:
    """Write grades.csv, the page of each student, and index.html.

    `about`: "limits", sentences for the foot of the page; "refresh", seconds, 0 for never.
    """
    output.write("grades.csv", grades_csv(graded, checks))
    for one in graded:
        output.write(f"students/{one.slug}.html", student_page(one, checks))
    output.write("index.html", class_page(graded, checks, about))


def grades_csv(graded: list[Graded], checks: list[str]) -> str:
    """One row for each student."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["student", *map(title, checks), "total", "note"])
    for one in graded:
        states = [one.verdicts[check]["state"] for check in checks]
        rows.writerow([_cell(one.student), *states, one.total, _cell("; ".join(one.notes))])
    return text.getvalue()


def _cell(text):
    """On one line; what a spreadsheet would take for a formula begins with an apostrophe."""
    text = re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", text)
    return f"'{text}" if text.lstrip().startswith(("=", "+", "-", "@")) else text


# --- Pages

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 1.5rem auto; padding: 0 1rem; max-width: 75ch; }
body.wide { max-width: none; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { padding: .25rem .5rem; text-align: left; vertical-align: top;
  border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
.class th.name { position: sticky; left: 0; background: Canvas; white-space: nowrap; }
.class thead th { font-size: .75rem; min-width: 4.5rem; vertical-align: bottom; }
.state { border-left: 6px solid var(--mark); white-space: nowrap; font-size: .8rem;
  background: color-mix(in srgb, var(--mark) 14%, Canvas); }
.state b { font-size: 1rem; }
"""
STYLE += "".join(
    f".{name.replace(' ', '-')} {{ --mark: {colour}; }}\n" for name, (colour, _) in LOOKS.items()
)
STYLE += "@media (prefers-color-scheme: dark) { .stopped { --mark: #bbb; } }\n"


def page(heading: str, body: str, refresh: float = 0, kind: str = "") -> str:
    """A page without scripts; `body` is HTML."""
    again = f'<meta http-equiv="refresh" content="{refresh:.0f}">' if refresh else ""
    # Nothing from a name or a message may run or load anything, were an escape ever forgotten.
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">{again}'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(heading)}</title><style>{STYLE}</style></head>"
        f'<body class="{kind}"><h1>{html.escape(heading)}</h1>\n{body}\n</body></html>\n'
    )


def _state(state):
    sign = LOOKS[state][1]
    kind = state.replace(" ", "-")
    return f'<td class="state {kind}"><b aria-hidden="true">{sign}</b> {state}</td>'


def _list(items):
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>" if items else ""


def student_page(one: Graded, checks: list[str]) -> str:
    """What a student gets back: each exercise, its state, and the hint in words."""
    rows = []
    for check in checks:
        verdict = one.verdicts[check]
        words = html.escape(verdict["words"])
        name = f'<th scope="row">{html.escape(title(check))}</th>'
        rows.append(f"<tr>{name}{_state(verdict['state'])}<td>{words}</td></tr>")
    notes = _list([html.escape(note) for note in one.notes])
    body = f"<p>Solved: {one.total} of {len(checks)}.</p>{notes}<div class='scroll'><table><tbody>"
    return page(one.student, f"{body}{''.join(rows)}</tbody></table></div>")


def class_page(graded: list[Graded], checks: list[str], about: dict) -> str:
    """Where the class stands: students as rows, exercises as columns; then the hints given most."""
    counted = {check: Counter(one.verdicts[check]["state"] for one in graded) for check in checks}
    heads = "".join(f'<th scope="col">{html.escape(title(check))}</th>' for check in checks)
    solved = "".join(f"<td>{counted[check]['solved']} of {len(graded)}</td>" for check in checks)
    rows = []
    for one in graded:
        link = f'<a href="students/{html.escape(one.slug)}.html">{html.escape(one.student)}</a>'
        note = ' <span title="has a note">*</span>' if one.notes else ""
        states = "".join(_state(one.verdicts[check]["state"]) for check in checks)
        rows.append(
            f'<tr><th scope="row" class="name">{link}{note}</th><td>{one.total}</td>{states}</tr>'
        )
    now = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S")
    again = (
        f" This page renews itself every {about['refresh']:.0f} seconds."
        if about["refresh"]
        else ""
    )
    beside = {check for one in graded for check in checks if one.verdicts[check].get("beside")}
    names = ", ".join(html.escape(title(check)) for check in checks if check in beside)
    apart = "Every check runs in a process without any code of the student" + (
        f", but for these, whose inputs are functions with a memory: {names}." if names else "."
    )
    body = (
        f"<p>{len(graded)} students, {now}.{again}</p><div class='scroll'><table class='class'>"
        f'<thead><tr><th class="name">student</th><th>total</th>{heads}</tr>'
        f'<tr><th class="name">solved by</th><td></td>{solved}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
        f"<h2>What stopped whom</h2>{_list(_stopped(graded, checks, counted))}"
        f"<h2>Notes</h2>{_list(_notes(graded))}"
        f"<h2>What held the answers</h2>{_list([*map(html.escape, about['limits']), apart])}"
    )
    return page("Where the class stands", body, about["refresh"], "wide")


def _stopped(graded, checks, counted):
    """For each exercise that somebody tried in vain: whom, and the hints that were given most."""
    for check in checks:
        tried = [one for one in graded if one.verdicts[check]["state"] in ("not yet", "stopped")]
        if tried:
            names = ", ".join(html.escape(one.student) for one in tried)
            words = Counter(_without_numbers(one.verdicts[check]["words"]) for one in tried)
            hints = [f"{n} x: {html.escape(hint)}" for hint, n in words.most_common(3)]
            missing = counted[check]["missing"]
            more = f"; {missing} have not tried" if missing else ""
            yield f"<b>{html.escape(title(check))}</b>: {names}{more}.{_list(hints)}"


def _without_numbers(words):
    """The same mistake gives the same words, whatever was drawn."""
    return re.sub(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?", "…", words)


def _notes(graded):
    lines = [(one.student, "; ".join(one.notes)) for one in graded if one.notes]
    return [f"{html.escape(name)}: {html.escape(note)}" for name, note in lines]
