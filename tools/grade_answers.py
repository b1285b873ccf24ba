"""What was handed in: one `HandIn` for each student, and what each answer needs to run.

An answer is found by its name, `my_psnr`, in whatever cell and notebook. With it go the statements
of its notebook that make the names it uses, such as imports, helpers and constants, and theirs in
turn: no other cell is run.
"""

import ast
import hashlib
import json
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from IPython.core.inputtransformer2 import TransformerManager
from out_of_order import borrowed

from notebooks import all_notebooks, exercises, read
from vadcourse.hand_in import about, code_cells, file_stem, is_stub
from vadcourse.missing_names import bound

LARGEST, MOST = 200_000_000, 200  # of a student: bytes of all notebooks, and how many
NO_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)  # what parsing raises


def exercises_of_the_course() -> dict[str, tuple[str, str]]:
    """By check, `check_psnr`: the name of the answer and the notebook, as the notebooks say."""
    found = [(path.stem, exercises(read(path).cells)) for path in all_notebooks()]
    return {one.check: (one.answer, stem) for stem, here in found for one in here}


# --- Who handed in, and where


@dataclass
class HandIn:
    """What one student handed in: files of a folder, or one file. `note` says what was odd."""

    student: str
    path: Path
    when: str = ""  # of hand_in()
    id: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def slug(self) -> str:
        """A file name that no other hand-in has."""
        digest = hashlib.sha256(os.fsencode(self.path) + self.id.encode()).hexdigest()[:8]
        return f"{file_stem(self.student)}-{digest}"


def find(folder: Path) -> tuple[list[HandIn], list[str]]:
    """Find the students of a folder, in order; and the names of what is no hand-in.

    Each folder in it is a student's, each notebook and each zip file, too. A file that `hand_in`
    wrote is the student's that is named in it, wherever it lies; the newest counts.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder: name the one with the hand-ins.")
    folder = folder.resolve()
    single, left_out = {}, []
    students = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "__MACOSX")):
            continue
        if path.is_symlink():
            students.append(HandIn(path.name, path, notes=["a link: it is not followed"]))
        elif path.is_dir():
            inside = [p for p in _files(path) if p.suffix == ".zip" and _collect(single, p)]
            others = [p for p in _files(path) if p.suffix in (".ipynb", ".zip") and p not in inside]
            if others or not inside:
                students.append(HandIn(path.name, path))
        elif not path.is_file():  # whoever opens a pipe waits for ever
            left_out.append(path.name)
        elif path.suffix == ".zip":
            if not _collect(single, path):
                students.append(HandIn(path.stem, path))
        elif path.suffix == ".ipynb":
            students.append(HandIn(path.stem, path))
        else:
            left_out.append(path.name)
    students += [_newest(hand_ins) for hand_ins in single.values()]
    return _told_apart(
        sorted(students, key=lambda s: (s.student.casefold(), s.path)), folder
    ), left_out


def _files(folder: Path) -> Iterator[Path]:
    """All plain files below a folder but hidden ones; no link is followed."""
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        for name in sorted(names):
            path = Path(root, name)
            if not name.startswith(".") and path.is_file() and not path.is_symlink():
                yield path


def _collect(single, path):
    """Keep a file of `hand_in` with the others of its student; False if it is another file."""
    known = about(path)
    if known is None:
        return False
    hand_in = HandIn(known["name"], path, known["when"], known["id"])
    single.setdefault((known["name"], known["id"]), []).append(hand_in)
    return True


def _newest(hand_ins):
    newest = max(hand_ins, key=lambda h: (h.when, h.path.stat().st_mtime, h.path.name))
    if len(hand_ins) > 1:
        newest.notes.append(f"{len(hand_ins)} hand-ins, the newest counts: {newest.path.name}")
    return newest


def _told_apart(students, folder):
    """Whoever shares a name with somebody else gets the path behind it, and a note."""
    names = [one.student for one in students]
    for one in students:
        if names.count(one.student) > 1:
            one.notes.append(f"{names.count(one.student)} different hand-ins have this name")
            one.student = f"{one.student} ({one.path.relative_to(folder)})"
    return students


# --- What is in it


def fingerprint(hand_in: HandIn) -> str:
    """SHA-256 of all that was handed in, so that nobody is graded twice for the same."""
    digest = hashlib.sha256()
    for path in _parts(hand_in):
        status = path.lstat()
        digest.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode(errors="replace"))
    return digest.hexdigest()


def _parts(hand_in):
    if hand_in.path.is_symlink() or hand_in.path.is_file():
        return [hand_in.path]
    return list(_files(hand_in.path))


def cells_of(hand_in: HandIn) -> dict[str, list[str]]:
    """The code cells of each notebook that was handed in; what cannot be read goes to the notes."""
    found, total = {}, 0
    for name, read_it, size in _sources(hand_in):
        total += size
        if total > LARGEST or len(found) >= MOST:
            hand_in.notes.append(f"{name} is too large, or one too many")
            continue
        try:
            notebook = json.loads(read_it())
            if not isinstance(notebook["cells"], list):
                raise ValueError
        except Exception:  # damaged archives and JSON fail in many ways
            hand_in.notes.append(f"{name} is no readable notebook")
            continue
        found[name] = code_cells(notebook)
    if not found and not hand_in.notes:
        hand_in.notes.append("no notebook was found")
    return found


def _sources(hand_in):
    """Yield the name of each notebook, a function that reads it, and its size."""
    if hand_in.path.is_symlink():
        return
    for path in _parts(hand_in):
        if path.suffix == ".ipynb":
            name = path.name if path == hand_in.path else str(path.relative_to(hand_in.path))
            yield name, path.read_bytes, path.stat().st_size
        elif path.suffix == ".zip" and (path == hand_in.path or about(path) is None):
            try:
                archive = zipfile.ZipFile(path)
            except (OSError, ValueError, zipfile.BadZipFile):
                hand_in.notes.append(f"{path.name} is no readable zip file")
                continue
            with archive:
                for part in archive.infolist()[: 10 * MOST]:
                    hidden = part.filename.startswith("__MACOSX") or "/." in f"/{part.filename}"
                    if part.filename.endswith(".ipynb") and not hidden:
                        yield part.filename, partial(archive.read, part), part.file_size


# --- What an answer needs


@dataclass
class Statement:
    """A statement at the top of a cell: what it makes, what it needs, and which cell it is in."""

    node: ast.stmt
    cell: int
    makes: set[str]
    needs: set[str]
    star: bool  # `from torch import *`


def statements(cells: list[str]) -> tuple[list[Statement], list[tuple[str, str]]]:
    """The statements of a notebook, and the cells that are no Python: (text, what is wrong)."""
    found, broken = [], []
    for number, cell in enumerate(cells):
        try:
            source = TransformerManager().transform_cell(cell)  # magic commands become calls
            nodes = ast.parse(source).body
            found += [_statement(node, number) for node in nodes]
        except NO_PYTHON as error:
            where = f"line {error.lineno}: " if getattr(error, "lineno", None) else ""
            broken.append((cell, f"{where}{getattr(error, 'msg', type(error).__name__)}"))
    return found, broken


def _statement(node, cell):
    source = ast.unparse(node)
    star = isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
    return Statement(node, cell, bound(source), borrowed(source) - {"get_ipython"}, star)


def needed(name: str, listed: list[Statement]) -> list[Statement]:
    """The statements that make a name, and all that they need, in the notebook's order."""
    makers = [i for i, one in enumerate(listed) if name in one.makes and not is_stub(one.node)]
    if not makers:
        return []
    taken, waiting = set(), [makers[-1]]
    while waiting:
        i = waiting.pop()
        if i in taken:
            continue
        taken.add(i)
        waiting += [
            j for j in (_maker(want, i, listed) for want in listed[i].needs) if j is not None
        ]
    stars = {i for i, one in enumerate(listed) if one.star and i < max(taken)}
    return [listed[i] for i in sorted(taken | stars)]


def _maker(name, at, listed):
    """Which statement makes a name for the one `at`: the last above, or else the first below.

    A function looks names up when it is called, and by then its cell has run to its end.
    """
    makers = [i for i, one in enumerate(listed) if name in one.makes and i != at]
    function = isinstance(listed[at].node, (ast.FunctionDef, ast.ClassDef))
    here = listed[at].cell
    above = [i for i in makers if i < at or (function and listed[i].cell == here)]
    return above[-1] if above else next(iter(makers), None)


@dataclass
class Answer:
    """The statements of an answer, compiled to be run in order; or why there are none."""

    name: str
    code: list = field(default_factory=list)
    trouble: str = ""
    note: str = ""


def answers(
    notebooks: dict[str, list[str]], wanted: dict[str, tuple[str, str]]
) -> dict[str, Answer]:
    """By check: the answer as it was handed in, one without code where there is none."""
    listed = {name: statements(cells) for name, cells in notebooks.items()}
    return {check: _answer(name, stem, listed) for check, (name, stem) in wanted.items()}


def _answer(name, stem, listed):
    # The course's own notebook first, then the shortest path: copies come last.
    order = sorted(listed, key=lambda file: (Path(file).stem != stem, len(file), file))
    with_it = [(file, found) for file in order if (found := needed(name, listed[file][0]))]
    if with_it:
        modules = [ast.Module([one.node], []) for one in with_it[0][1]]
        try:
            code = [compile(module, f"<{name}>", "exec") for module in modules]
        except NO_PYTHON as error:  # `return` outside of a function, say
            return Answer(name, trouble=f"What {name} needs is no Python: {error}.")
        texts = {"\n".join(ast.unparse(one.node) for one in found) for _, found in with_it}
        note = f"{name} differs between notebooks, {with_it[0][0]} counts" if len(texts) > 1 else ""
        return Answer(name, code, note=note)
    for file in order:
        for cell, problem in listed[file][1]:
            if re.search(rf"^\s*(async )?(def|class) {name}\b|^{name} *=", cell, re.M):
                return Answer(name, trouble=f"The cell with {name} is no Python: {problem}.")
    return Answer(name)
