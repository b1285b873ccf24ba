"""What preparing may touch: one process at a time, and no file that it did not write itself."""

import contextlib
import errno
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath

# What file managers drop into any folder that somebody looks at.
JUNK = (".DS_Store", "Thumbs.db")


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep other processes from working on `path` for the time of a `with` block.

    The lock is on a hidden file beside it, and the system lets go of it when the process dies: none
    is ever stale. OSError while another process holds it.
    """
    lock = path.with_name(f".{path.name.lstrip('.')}.lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        file = _locked(lock, path)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EROFS):
            raise
        yield  # who may not write here cannot mix anything up
        return
    try:
        yield
    finally:
        _let_go(file, lock)


def _locked(lock, path):
    """Open and lock the file; once more if its last owner removed it in between."""
    while True:
        file = open(lock, "ab")
        try:
            _lock(file.fileno())
            if os.path.samestat(os.fstat(file.fileno()), os.stat(lock)):
                return file
        except BlockingIOError:
            file.close()
            raise OSError(
                f"{path} is being written by another process: "
                "wait until it is done, or choose another --out."
            ) from None
        except FileNotFoundError:
            pass
        file.close()


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor):
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:  # Windows' word for: held by another process
            raise BlockingIOError from None

else:
    import fcntl

    def _lock(descriptor):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:
            pass  # a file system that knows no locks


def _let_go(file, lock):
    ours = os.fstat(file.fileno()).st_size == 0
    # Removed before it is let go, so that whoever gets it next sees that it is gone and makes a
    # new one. Windows removes no open file, and there who has one open keeps it.
    if sys.platform == "win32":
        file.close()
    with contextlib.suppress(OSError):
        if ours:
            lock.unlink()
    file.close()


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
