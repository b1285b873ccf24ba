"""One process at a time: a lock that the system lets go of when its process dies."""

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout


@contextlib.contextmanager
def alone(path: str | Path, wait: float = 0, what_else: str = "") -> Iterator[None]:
    """Keep other processes from working on `path` for the time of a `with` block.

    The lock is a hidden file beside it. Where nothing can be written or locked there, nothing is
    held, and the block runs all the same.

    Parameters
    ----------
    path : str or Path
        A file or folder, there or not; the folder it is in is made.
    wait : float
        How long to wait for another process, in seconds.
    what_else : str
        What the sentence for the second process ends with, as ", or choose another name".

    Yields
    ------
    None

    Raises
    ------
    OSError
        If another process still holds it after `wait` seconds.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_name(f".{path.name.lstrip('.')}.lock"), timeout=wait)
    held = False
    try:
        lock.acquire()
        held = True
    except Timeout:
        raise OSError(
            f"{path} is being written by another process: wait until it is done{what_else}."
        ) from None
    except OSError as error:  # who may not write here, or has no locks, cannot mix anything up
        if error.errno not in (errno.EACCES, errno.EROFS, errno.ENOLCK, errno.ENOTSUP):
            raise
    try:
        yield
    finally:
        if held:
            _let_go(lock)


def _let_go(lock):
    """Removed before it is let go of: whoever gets it next sees that it is gone, and makes one."""
    file = Path(lock.lock_file)
    with contextlib.suppress(OSError):  # Windows removes no file that is open
        if file.stat().st_size == 0:  # somebody's file may have that name
            file.unlink()
    lock.release()
