"""Write the notebooks without their solutions, outputs kept, for a class.

They go to build/handout/notebooks, with docs beside them. Cells tagged `solution` or
`speaker-notes` are left out, and nothing else: the check of an exercise stands in the package and
needs no solution. A handout that was written before is replaced, as long as nobody has changed or
added anything: .vadkit-handout lists its files with their SHA-256.
"""

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from nbconvert import NotebookExporter
from nbconvert.preprocessors import TagRemovePreprocessor

from notebooks import ROOT, all_editions, read
from vadkit.cli import output_file, run_script

FOR_INSTRUCTORS = {"solution", "speaker-notes"}
MARK = ".vadkit-handout"


def write(folder: Path) -> list[Path]:
    """Write the notebooks and return their paths.

    A folder that holds anything but an untouched handout is a ValueError, and stays as it is.
    """
    folder = Path(os.path.realpath(folder))  # first of all: mkdir gives `nowhere/..` a meaning
    output_file(folder / MARK)
    ours = replaceable(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=folder) as unfinished:
        names = fill(Path(unfinished))
        remove(folder, ours)
        for path in Path(unfinished).iterdir():
            path.rename(folder / path.name)
    return [folder / "notebooks" / name for name in names]


def remove(folder: Path, ours: list[str]) -> None:
    """Remove these files and the mark, one by one, and the folders that they leave empty."""
    for name in [*ours, MARK]:
        (folder / name).unlink(missing_ok=True)
    parents = {folder / name for file in ours for name in Path(file).parents if name.name}
    for parent in sorted(parents, reverse=True):  # the innermost first
        parent.rmdir()


def fill(folder: Path) -> list[str]:
    """Make the handout in a new folder, and mark it; return the names of its notebooks."""
    exporter = NotebookExporter()
    without = TagRemovePreprocessor(remove_cell_tags=FOR_INSTRUCTORS, enabled=True)
    exporter.register_preprocessor(without, enabled=True)
    shutil.copytree(ROOT / "docs", folder / "docs")
    names = [path.relative_to(ROOT / "notebooks").as_posix() for path in all_editions()]
    for path, name in zip(all_editions(), names):
        (folder / "notebooks" / name).parent.mkdir(parents=True, exist_ok=True)
        text, _ = exporter.from_notebook_node(read(path))
        (folder / "notebooks" / name).write_text(text, encoding="utf-8")
    (folder / MARK).write_text(json.dumps(hashes(folder), indent=1), encoding="utf-8")
    return names


def replaceable(folder: Path) -> list[str]:
    """The files of the handout that a folder holds; anything else in it is refused."""
    docs = (ROOT / "docs").resolve()
    if docs in (folder, *folder.parents):
        raise ValueError(f"{folder} is in docs, which a handout has a copy of: name another one.")
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return []
    if not (folder / MARK).is_file():
        raise ValueError(f"{folder} was not made by this tool: name a new folder for the handout.")
    try:
        ours = dict(json.loads((folder / MARK).read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        ours = {}
    found = hashes(folder)
    foreign = [name for name in found if found[name] != ours.get(name)]
    if foreign:
        problem = f"{foreign[0]} in {folder} was added or changed since the handout was made"
        raise ValueError(f"{problem}: move it away, or name a new folder for the handout.")
    return list(found)


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file but the mark, by its path in the folder; of a link, where it leads."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"link to {os.readlink(path)}"
        elif path.is_file() and name != MARK:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        elif not path.is_dir() and name != MARK:
            found[name] = "no file"
    return found


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    default = ROOT / "build" / "handout"
    parser.add_argument("folder", nargs="?", type=Path, default=default, help="a new folder")
    written = write(parser.parse_args(argv).folder)
    print(f"{len(written)} notebooks without solutions in {written[0].parent}")


if __name__ == "__main__":
    sys.exit(run_script(main))
