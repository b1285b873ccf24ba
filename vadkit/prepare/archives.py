"""Official archives: print the terms, fetch with resume, verify, lend what is in them."""

import contextlib
import errno
import hashlib
import http.client
import os
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tqdm import tqdm

from vadkit.locks import alone
from vadkit.prepare.unpacking import remove_unpacked, unpack

_BLOCK = 1 << 20
_NO_CONNECTION = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError)
_FULL = (errno.ENOSPC, errno.EDQUOT)
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
    if not 0 < archive.max_gb < 1e6:
        raise ValueError(f"max_gb={archive.max_gb} is no size in gigabytes.")
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
    folder = Path(os.path.abspath(beside)) / f".{path.name}.unpacked"
    with alone(folder):
        unpack(path, folder, archive.max_gb, checksum)
        try:
            yield folder, f"{path.name}, SHA-256 {checksum}"
        except (ValueError, FileNotFoundError):
            remove_unpacked(folder)
            raise
        remove_unpacked(folder)


def _verify(path, expected):
    """The file's SHA-256; ValueError when it is another than `expected` ("any" expects nothing)."""
    digest = hashlib.sha256()
    title = f"checking {path.name}"
    with open(path, "rb") as file, _byte_bar(total=path.stat().st_size, desc=title) as bar:
        while block := file.read(_BLOCK):
            digest.update(block)
            bar.update(len(block))
    checksum = digest.hexdigest()
    if expected.lower() not in ("any", checksum):
        raise ValueError(
            f"{path} is not the official file (SHA-256 {checksum[:12]}..., "
            f"expected {expected[:12]}...): cut short or repacked. "
            "Remove it and fetch it again, or add --sha256 any if you trust where it came from."
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
    part = folder / f"{archive.file}.part"
    with alone(part):
        _fetch(archive.url, part, by_hand)
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


def _fetch(url, part, by_hand):
    """Fetch what is still missing of the file; what can go wrong becomes a sentence."""
    if not url.lower().startswith(("http://", "https://")):
        raise ValueError(f"{url} is no address that begins with http:// or https://.")
    try:
        _resume(url, part)
    except (*_NO_CONNECTION, ValueError) as error:
        reason = getattr(error, "reason", error)
        kept = ""
        if part.exists():
            kept = f" {part} keeps what arrived, and the same command goes on from there."
        raise OSError(f"{url} did not deliver ({reason}).{kept} {by_hand}") from None
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise OSError(
            f"{part.parent} is full. {part} keeps what arrived: make room, and the same command "
            "goes on from there."
        ) from None


def _resume(url, part):
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
        length = reply.headers.get("Content-Length", "")
        total = have + int(length) if re.fullmatch("[0-9]{1,15}", length) else None
        with _byte_bar(total=total, desc=part.stem) as bar:
            bar.update(have)
            while block := reply.read(_BLOCK):
                file.write(block)
                bar.update(len(block))
        if total and file.tell() < total:
            raise ConnectionError(f"the connection broke after {file.tell()} of {total} bytes")
