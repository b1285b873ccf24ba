"""Official archives: print the terms, fetch with resume, verify, unpack; trust no name inside."""

import contextlib
import hashlib
import http.client
import os
import shutil
import tarfile
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from tqdm import tqdm

MAX_ENTRIES = 2_000_000
_BLOCK = 1 << 20
# What the libraries raise for an archive that is cut short or damaged.
_DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
_NO_CONNECTION = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError)
_byte_bar = partial(tqdm, unit="B", unit_scale=True, unit_divisor=1024)


@dataclass(frozen=True)
class Archive:
    """One official file of a dataset, and how to come by it."""

    file: str  # its name
    sha256: str  # its checksum in hexadecimal; "any" accepts every file
    page: str  # the authors' page
    url: str | None  # where to fetch it; None where the page has no direct address
    terms: str  # the terms of use, in short
    command: str  # what prepares it once it is here
    max_gb: float  # refuse to unpack more than this


@contextlib.contextmanager
def dataset_folder(
    archive: Archive, source: str | Path | None, beside: Path, downloads: str | Path | None = None
) -> Iterator[tuple[Path, str]]:
    """Lend a folder, and where it comes from in words, for the time of a `with` block.

    `source` is the user's archive or unpacked folder; None fetches the archive into `downloads`.
    An archive is unpacked to a hidden folder in `beside`, which is gone when the work is done or
    the input was bad, and kept when it was interrupted.
    """
    path = _download(archive, downloads) if source is None else Path(source)
    if not path.exists():
        raise FileNotFoundError(
            f"{path} does not exist. "
            f"Download {archive.file} from {archive.page}, then name it here."
        )
    if path.is_dir():
        yield path, f"folder {path.resolve().name}"
        return
    checksum = _verify(path, archive.sha256)
    folder = beside / f".{path.name}.unpacked"
    _unpack(path, folder, archive.max_gb, checksum)
    try:
        yield folder, f"{path.name}, SHA-256 {checksum}"
    except ValueError:
        shutil.rmtree(folder)
        raise
    shutil.rmtree(folder)


def _verify(path, expected):
    """The file's SHA-256; ValueError when it is another than `expected` ("any" expects nothing)."""
    digest = hashlib.sha256()
    title = f"checking {path.name}"
    with open(path, "rb") as file, _byte_bar(total=path.stat().st_size, desc=title) as bar:
        while block := file.read(_BLOCK):
            digest.update(block)
            bar.update(len(block))
    checksum = digest.hexdigest()
    if expected not in ("any", checksum):
        raise ValueError(
            f"{path} is not the official file (SHA-256 {checksum[:12]}..., "
            f"expected {expected[:12]}...): cut short or repacked. "
            "Fetch it again, or add --sha256 any if you trust where it came from."
        )
    return checksum


def _download(archive, downloads):
    """Fetch an archive and verify it; what an earlier run left is resumed. Prints the terms."""
    if downloads is None:
        raise ValueError(
            f"Name {archive.file} or its unpacked folder, or add --download. "
            f"Its page: {archive.page}"
        )
    print(f"{archive.file}: {archive.terms}\nPage: {archive.page}")
    by_hand = f"Download {archive.file} by hand from {archive.page}, then run: {archive.command}"
    if not archive.url:
        raise ValueError(f"There is no direct address for this dataset. {by_hand}")
    folder = Path(downloads)
    target = folder / archive.file
    if target.exists():
        print(f"{target} is there already.")
        return target
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{archive.file}.part"
    try:
        _resume(archive.url, part)
    except _NO_CONNECTION as error:
        reason = getattr(error, "reason", error)
        kept = ""
        if part.exists():
            kept = f" {part} keeps what arrived, and the same command goes on from there."
        raise OSError(f"{archive.url} did not deliver ({reason}).{kept} {by_hand}") from None
    try:
        _verify(part, archive.sha256)
    except ValueError:
        part.unlink()
        raise ValueError(
            f"What {archive.url} delivered is not the official file, and was removed: "
            f"its checksum differs. {by_hand}"
        ) from None
    # Under its own name only now: a file called `archive.file` is complete and verified.
    part.rename(target)
    return target


def _resume(url, part):
    """Fetch what is still missing of the file."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        reply = urllib.request.urlopen(request, timeout=30)
    except urllib.error.HTTPError as error:
        if have and error.code == 416:  # nothing left to send: the checksum decides
            return
        raise
    # 206 is the rest of the file; any other status is all of it, from the beginning.
    with reply, open(part, "ab" if reply.status == 206 else "wb") as file:
        have = file.tell()
        length = reply.headers.get("Content-Length")
        total = have + int(length) if length else None
        with _byte_bar(total=total, desc=part.stem) as bar:
            bar.update(have)
            while block := reply.read(_BLOCK):
                file.write(block)
                bar.update(len(block))
        if total and file.tell() < total:
            raise ConnectionError(f"the connection broke after {file.tell()} of {total} bytes")


def _unpack(path, folder, max_gb, checksum):
    """Unpack a .zip or .tar(.gz), unless that was done before for the same checksum.

    Only plain files are written, each one inside `folder`. ValueError, and nothing left behind, for
    any other entry, for more than `max_gb` of content, and for a damaged archive.
    """
    mark = folder / ".unpacked"
    if mark.is_file() and mark.read_text() == checksum:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        _unpack_all(path, folder, int(max_gb * 1e9))
        mark.write_text(checksum)
    except _DAMAGE as error:
        raise ValueError(
            f"{path} cannot be unpacked ({error}): cut short or damaged. Fetch it again."
        ) from None
    finally:
        if not mark.is_file():
            shutil.rmtree(folder)


def _unpack_all(path, folder, limit):
    if not zipfile.is_zipfile(path) and not tarfile.is_tarfile(path):
        raise ValueError(
            f"{path} is neither a zip nor a tar archive, or is cut short. Fetch it again."
        )
    limit = min(limit, shutil.disk_usage(folder).free)
    entries = _zip_entries(path) if zipfile.is_zipfile(path) else _tar_entries(path)
    written = 0  # counted here, because what an entry claims about its size may be a lie
    with _byte_bar(desc=f"unpacking {path.name}") as bar:
        for count, (name, changed, open_entry) in enumerate(entries):
            if count >= MAX_ENTRIES:
                raise ValueError(
                    f"{path} holds more than {MAX_ENTRIES} entries: this is not the dataset."
                )
            target = folder / name
            if target.name.startswith(".") or "__MACOSX" in target.parts:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with open_entry() as source, open(target, "wb") as file:
                while block := source.read(_BLOCK):
                    written += len(block)
                    if written > limit:
                        raise ValueError(
                            f"{path} unpacks to more than {limit / 1e9:.3g} GB: "
                            "refused (--max-gb, or a full disk)."
                        )
                    file.write(block)
                    bar.update(len(block))
            os.utime(target, (changed, changed))


def _zip_entries(path):
    """Yield (safe path, time of last change, what opens it) of each plain file; refuse links."""
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if (entry.external_attr >> 28) == 0o12:
                raise ValueError(
                    f"{path} holds a link ('{entry.filename}'): "
                    "refused, the official archive has none."
                )
            name = _safe(entry.filename, path)
            if not entry.is_dir():
                changed = time.mktime((*entry.date_time, 0, 0, -1))
                yield name, changed, partial(archive.open, entry)


def _tar_entries(path):
    """Yield the same for a tar; refuse links and devices."""
    with tarfile.open(path, "r|*") as archive:
        for entry in archive:
            if not entry.isfile() and not entry.isdir():
                raise ValueError(
                    f"{path} holds a link or device ('{entry.name}'): "
                    "refused, the official archive has none."
                )
            name = _safe(entry.name, path)
            if entry.isfile():
                yield name, entry.mtime, partial(archive.extractfile, entry)


def _safe(name, path):
    """The entry's name as a relative path that stays inside; ValueError otherwise."""
    pure = PurePosixPath(name.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or ":" in name or "\0" in name:
        raise ValueError(
            f"{path} holds '{name}', which points outside the folder it is unpacked to: refused."
        )
    return Path(*pure.parts)
