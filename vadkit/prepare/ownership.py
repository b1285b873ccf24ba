"""What preparing may touch: no file that it did not write itself."""

import errno
import os
from collections.abc import Iterable
from pathlib import Path, PurePath

# What file managers drop into any folder that somebody looks at.
JUNK = (".DS_Store", "Thumbs.db")


def strangers(folder: Path, files: Iterable[str]) -> list[str]:
    """List what lies in a folder beside `files` ("train/a.npy") and the folders they are in."""
    files = set(files)
    known = files | {parent.as_posix() for file in files for parent in PurePath(file).parents}
    if folder.is_symlink():
        return [folder.name]
    found = []
    for place, folders, names in os.walk(folder):
        inside = [Path(place, name).relative_to(folder).as_posix() for name in folders + names]
        found += [name for name in inside if name not in known and PurePath(name).name not in JUNK]
    return sorted(found)


def refuse_strangers(folder: Path, files: Iterable[str]) -> None:
    """ValueError if anything lies in the folder that is not in `files`."""
    found = strangers(folder, files)
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise ValueError(
            f"{folder} holds '{found[0]}'{more}, which preparing did not write and will not "
            "delete: move it elsewhere first."
        )


def remove_files(folder: Path, files: Iterable[str]) -> None:
    """Remove these files, and the folders in which nothing else is left; strangers stay.

    The last file goes after all folders inside: it tells whose the rest is, should this be stopped.
    """
    *others, mark = files
    for name in others:
        (folder / name).unlink(missing_ok=True)
    for place, _, names in os.walk(folder, topdown=False):
        for name in set(names) & set(JUNK):
            Path(place, name).unlink()
        if Path(place) != folder:
            _remove_if_empty(place)
    (folder / mark).unlink(missing_ok=True)
    _remove_if_empty(folder)


def _remove_if_empty(folder):
    try:
        os.rmdir(folder)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
            raise
