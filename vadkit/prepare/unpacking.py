"""Unpack a .zip or .tar(.gz) that nobody vouches for: trust no name and no length inside.

`.files` lists what was written, one JSON text a line, so that only this is ever removed;
`.unpacked` says that it is complete, and from which archive.
"""

import contextlib
import errno
import gzip
import json
import os
import shutil
import tarfile
import time
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from vadkit.prepare.ownership import refuse_strangers, remove_files

MAX_ENTRIES = 2_000_000
_BLOCK = 1 << 20
# Names that this disk cannot hold: the archive is to blame, not the disk.
_BAD_NAMES = (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EINVAL)
_MARKS = [".unpacked", ".files"]


class Refused(ValueError):
    """What is wrong with the archive, in a sentence."""


def unpack(path: Path, folder: Path, max_gb: float, checksum: str) -> None:
    """Unpack an archive, unless that was done before for the same checksum.

    Only plain files are written, each one inside `folder`. ValueError, and nothing left behind, for
    any other entry, for more than `max_gb` of content, and for a damaged archive.
    """
    mark = folder / ".unpacked"
    written = _listed(folder)
    if os.path.lexists(folder):
        refuse_strangers(folder, [*written, *_MARKS] if written else [".files"])
    if mark.is_file() and mark.read_text() == checksum:
        if all((folder / name).is_file() for name in written):
            return
    remove_unpacked(folder)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with open(folder / ".files", "w", buffering=1, encoding="utf-8") as listing:
            _unpack_all(path, folder, int(max_gb * 1e9), listing)
        mark.write_text(checksum)
    except BaseException as error:
        remove_unpacked(folder)
        if isinstance(error, Refused) or not isinstance(error, Exception):
            raise
        _explain(error, path, folder)


def _explain(error, path, folder):
    """Tell a full disk and the like from a damaged archive, which can raise nearly anything."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        raise OSError(
            f"{folder.parent} is full. What was unpacked of {path} is removed: make room there."
        ) from None
    if isinstance(error, OSError) and error.errno and error.errno not in _BAD_NAMES:
        error.filename = error.filename or str(folder)
        raise error
    reason = " ".join(str(error).split())[:100]
    raise ValueError(
        f"{path} cannot be unpacked ({reason}): cut short or damaged. Fetch it again."
    ) from None


def remove_unpacked(folder: Path) -> None:
    """Remove everything that was unpacked; what somebody put beside it stays."""
    remove_files(folder, [*_listed(folder), *_MARKS])


def _listed(folder):
    """What `.files` lists; names that lead out of the folder are never taken from it."""
    names = []
    with contextlib.suppress(OSError, ValueError, TypeError):
        for line in (folder / ".files").read_text(encoding="utf-8").splitlines():
            names.append(_safe(json.loads(line), folder).as_posix())
    return names


def _unpack_all(path, folder, limit, listing):
    if not zipfile.is_zipfile(path) and not tarfile.is_tarfile(path):
        raise Refused(
            f"{path} is neither a zip nor a tar archive, or is cut short. Fetch it again."
        )
    limit = min(limit, shutil.disk_usage(folder).free)
    entries = _zip_entries(path) if zipfile.is_zipfile(path) else _tar_entries(path)
    written = 0  # counted here, because what an entry claims about its size may be a lie
    with tqdm(desc=f"unpacking {path.name}", unit="B", unit_scale=True, unit_divisor=1024) as bar:
        for count, (name, changed, open_entry) in enumerate(entries):
            if count >= MAX_ENTRIES:
                raise Refused(f"{path} holds over {MAX_ENTRIES} entries: this is not the dataset.")
            if any(part.startswith(".") or part == "__MACOSX" for part in name.parts):
                continue
            listing.write(json.dumps(name.as_posix()) + "\n")
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with open_entry() as source, open(target, "wb") as file:
                while block := source.read(_BLOCK):
                    written += len(block)
                    if written > limit:
                        raise Refused(
                            f"{path} unpacks to more than {limit / 1e9:.3g} GB: "
                            "refused (--max-gb, or a full disk)."
                        )
                    file.write(block)
                    bar.update(len(block))
            with contextlib.suppress(OverflowError, ValueError, OSError):  # a time that is none
                os.utime(target, (changed, changed))


def _zip_entries(path) -> Iterator:
    """Yield (safe path, time of last change, what opens it) of each plain file; refuse links."""
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if (entry.external_attr >> 28) == 0o12:
                raise Refused(
                    f"{path} holds a link ('{entry.filename}'): "
                    "refused, the official archive has none."
                )
            name = _safe(entry.filename, path)
            if not entry.is_dir():
                yield name, _seconds(entry.date_time), partial(archive.open, entry)


def _seconds(date_time):
    try:
        return time.mktime((*date_time, 0, 0, -1))
    except (OverflowError, ValueError):
        return 0


class _StrictHeader(tarfile.TarInfo):
    """A header that is damaged, or missing, and not the end of the archive as for tarfile."""

    @classmethod
    def frombuf(cls, buf, encoding, errors):
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.EOFHeaderError:
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(f"a header inside: {error}") from None


def _tar_entries(path) -> Iterator:
    """Yield the same for a tar; refuse links and devices."""
    with open(path, "rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
    # tarfile would unzip without a look at the checksum.
    opened = gzip.open(path) if is_gzip else open(path, "rb")
    with (
        opened as content,
        tarfile.open(fileobj=content, mode="r|*", tarinfo=_StrictHeader) as archive,
    ):
        for entry in archive:
            if not entry.isfile() and not entry.isdir():
                raise Refused(
                    f"{path} holds a link or device ('{entry.name}'): "
                    "refused, the official archive has none."
                )
            name = _safe(entry.name, path)
            if entry.isfile():
                yield name, entry.mtime, partial(archive.extractfile, entry)
        _check_end(archive.fileobj)


def _check_end(stream):
    """After the end there are zeros; anything else means that the end was none."""
    while block := stream.read(_BLOCK):
        if block.strip(b"\0"):
            raise tarfile.ReadError("it goes on after its end")


def _safe(name, path):
    """The entry's name as a relative path that stays inside; ValueError otherwise."""
    pure = PurePosixPath(name.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or ":" in name or "\0" in name:
        raise Refused(
            f"{path} holds '{name}', which points outside the folder it is unpacked to: refused."
        )
    return Path(*pure.parts)
