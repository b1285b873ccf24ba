"""Official archives: print the terms, fetch with resume, verify, unpack without trusting a single name inside."""

import contextlib
import hashlib
import http.client
import os
import shutil
import tarfile
import time
import urllib.error
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tqdm import tqdm

MAX_ENTRIES = 2_000_000
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Archive:
    """One official file. url is None where the page has no direct address; command prepares it once it is here; max_gb bounds
    what it may unpack to."""

    file: str
    sha256: str
    page: str
    url: str | None
    terms: str
    command: str
    max_gb: float


@contextlib.contextmanager
def dataset_folder(archive, source, beside, downloads=None):
    """The unpacked dataset, as (folder, provenance in words).

    source: the user's archive or unpacked folder; None fetches the archive into `downloads` first
    An archive is unpacked to a hidden folder in `beside`, gone when the work is done or the input was bad, kept when it was
    interrupted.
    """
    if source is None and downloads is None:
        raise ValueError(f"Name {archive.file} or its unpacked folder, or add --download. Its page: {archive.page}")
    path = source or download(archive, downloads)
    if not path.exists():
        raise FileNotFoundError(
            f"{path} does not exist. Download {archive.file} from {archive.page}, then name it here."
        )
    if path.is_dir():
        yield path, f"folder {path.resolve().name}"
        return
    checksum = verify(path, archive.sha256)
    folder = beside / f".{path.name}.unpacked"
    unpack(path, folder, archive.max_gb, checksum)
    try:
        yield folder, f"{path.name}, SHA-256 {checksum}"
    except ValueError:
        shutil.rmtree(folder)
        raise
    shutil.rmtree(folder)


def verify(path, expected):
    """The file's SHA-256; ValueError when it is another than `expected` ("any" expects nothing)."""
    found = hashlib.sha256()
    with open(path, "rb") as file, byte_bar(path.stat().st_size, f"checking {path.name}") as bar:
        while block := file.read(_BLOCK):
            found.update(block)
            bar.update(len(block))
    if expected not in ("any", found.hexdigest()):
        raise ValueError(
            f"{path} is not the official file (SHA-256 {found.hexdigest()[:12]}..., expected {expected[:12]}...): cut short or "
            "repacked. Fetch it again, or add --sha256 any if you trust where it came from."
        )
    return found.hexdigest()


def byte_bar(total, title):
    return tqdm(total=total, desc=title, unit="B", unit_scale=True, unit_divisor=1024)


# Download


def download(archive, folder):
    """Fetch the archive into `folder` and verify it; what an earlier run left is resumed. Prints the terms first."""
    print(f"{archive.file}: {archive.terms}\nPage: {archive.page}")
    by_hand = f"Download {archive.file} by hand from {archive.page}, then run: {archive.command}"
    if not archive.url:
        raise ValueError(f"There is no direct address for this dataset. {by_hand}")
    target, url = folder / archive.file, archive.url
    if target.exists():
        print(f"{target} is there already.")
        return target
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{archive.file}.part"
    try:
        _resume(url, part)
    except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError) as error:
        kept = f" {part} keeps what arrived, and the same command goes on from there." if part.exists() else ""
        raise OSError(f"{url} did not deliver ({getattr(error, 'reason', error)}).{kept} {by_hand}") from None
    try:
        verify(part, archive.sha256)
    except ValueError:
        part.unlink()
        raise ValueError(
            f"What {url} delivered is not the official file, and was removed: its checksum differs. {by_hand}"
        ) from None
    part.rename(target)
    return target


def _resume(url, part):
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        reply = urllib.request.urlopen(request, timeout=30)
    except urllib.error.HTTPError as error:
        if have and error.code == 416:  # nothing left to send: the checksum decides
            return
        raise
    with reply, open(part, "ab" if reply.status == 206 else "wb") as file:
        have = file.tell()
        length = reply.headers.get("Content-Length")
        total = have + int(length) if length else None
        with byte_bar(total, part.stem) as bar:
            bar.update(have)
            while block := reply.read(_BLOCK):
                file.write(block)
                bar.update(len(block))
        if total and file.tell() < total:
            raise ConnectionError(f"the connection broke after {file.tell()} of {total} bytes")


# Unpack


def unpack(path, folder, max_gb, checksum):
    """Unpack a .zip or .tar(.gz) into `folder`; done before for the same checksum, it is not done again.

    Only plain files are written, each one inside `folder`. ValueError, and nothing left behind, for entries that climb out,
    absolute names, links, device files, more than `max_gb` of content, and archives that are cut short or damaged.
    """
    mark = folder / ".unpacked"
    if mark.is_file() and mark.read_text() == checksum:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        _unpack_all(path, folder, int(max_gb * 1e9))
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        shutil.rmtree(folder)
        raise ValueError(f"{path} cannot be unpacked ({error}): cut short or damaged. Fetch it again.") from None
    except BaseException:
        shutil.rmtree(folder)
        raise
    mark.write_text(checksum)


def _unpack_all(path, folder, limit):
    if not zipfile.is_zipfile(path) and not tarfile.is_tarfile(path):
        raise ValueError(f"{path} is neither a zip nor a tar archive, or is cut short. Fetch it again.")
    limit = min(limit, shutil.disk_usage(folder).free)
    written = 0
    with byte_bar(None, f"unpacking {path.name}") as bar:
        for count, (name, changed, opened) in enumerate(_entries(path)):
            if count >= MAX_ENTRIES:
                raise ValueError(f"{path} holds more than {MAX_ENTRIES} entries: this is not the dataset.")
            target = folder / _safe(name, path)
            if target.name.startswith(".") or "__MACOSX" in target.parts:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with opened() as source, open(target, "wb") as file:
                while block := source.read(_BLOCK):
                    written += len(block)
                    if written > limit:
                        raise ValueError(
                            f"{path} unpacks to more than {limit / 1e9:.3g} GB: refused (--max-gb, or a full disk)."
                        )
                    file.write(block)
                    bar.update(len(block))
            os.utime(target, (changed, changed))


def _entries(path):
    """(name, time of last change, function that opens it) of each plain file; ValueError for links and devices."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if (entry.external_attr >> 28) == 0o12:
                    raise ValueError(
                        f"{path} holds a link ('{entry.filename}'): refused, the official archive has none."
                    )
                _safe(entry.filename, path)
                if not entry.is_dir():
                    changed = time.mktime((*entry.date_time, 0, 0, -1))
                    yield entry.filename, changed, lambda entry=entry: archive.open(entry)
        return
    with tarfile.open(path, "r|*") as archive:
        for entry in archive:
            if not entry.isfile() and not entry.isdir():
                raise ValueError(
                    f"{path} holds a link or device ('{entry.name}'): refused, the official archive has none."
                )
            _safe(entry.name, path)
            if entry.isfile():
                yield entry.name, entry.mtime, lambda entry=entry: archive.extractfile(entry)


def _safe(name, path):
    """The entry's name as a relative path that stays inside; ValueError otherwise."""
    pure = PurePosixPath(name.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or ":" in name or "\0" in name:
        raise ValueError(f"{path} holds '{name}', which points outside the folder it is unpacked to: refused.")
    return Path(*pure.parts)
