"""Hostile and damaged archives: refused with a sentence, nothing written anywhere."""

import dataclasses
import io
import tarfile
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from prepare_helpers import cut_file

from vadkit.prepare import archives, ucsd_dataset

ABSOLUTE = str(Path(tempfile.gettempdir()) / "vadkit_escaped.txt")


def plain(name, content=b"x", **changes):
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    for key, value in changes.items():
        setattr(entry, key, value)
    return entry, content


def write_tar(path, entries):
    with tarfile.open(path, "w:gz") as archive:
        for entry, content in entries:
            archive.addfile(entry, io.BytesIO(content))
    return path


LINK = plain("inside", type=tarfile.SYMTYPE, linkname="..", size=0)
HOSTILE_TARS = {
    "climbs out": [plain("../escaped.txt")],
    "climbs out from inside": [plain("a/../../escaped.txt")],
    "absolute": [plain(ABSOLUTE)],
    "windows drive": [plain("C:\\escaped.txt")],
    "backslashes": [plain("..\\escaped.txt")],
    "symbolic link": [LINK, plain("inside/escaped.txt")],
    "hard link": [plain("inside", type=tarfile.LNKTYPE, linkname="../escaped.txt", size=0)],
    "device": [plain("inside", type=tarfile.CHRTYPE, size=0)],
    "bomb": [plain("zeros", bytes(30_000_000))],
    "file as a folder": [plain("a"), plain("a/b")],
}


def unpacked(path, beside):
    archive = dataclasses.replace(ucsd_dataset.ARCHIVE, sha256="any", max_gb=0.02)
    return archives.dataset_folder(archive, path, beside)


def refused(path, tmp_path):
    beside = tmp_path / "deep" / "er"
    with pytest.raises((ValueError, OSError)) as caught, unpacked(path, beside):
        pass
    assert list(beside.iterdir()) == [] and not list(tmp_path.rglob("*escaped*"))
    return str(caught.value)


@pytest.mark.parametrize("kind", HOSTILE_TARS)
def test_hostile_tar(tmp_path, kind):
    path = write_tar(tmp_path / "a.tar.gz", [plain("fine.txt"), *HOSTILE_TARS[kind]])
    refused(path, tmp_path)
    assert not Path(ABSOLUTE).exists()


HOSTILE_NAMES = ["../escaped.txt", "a/../../escaped.txt", ABSOLUTE]


@pytest.mark.parametrize("name", [*HOSTILE_NAMES, "C:/escaped.txt"])
def test_hostile_zip_names(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(name, b"x")
    assert "outside" in refused(tmp_path / "a.zip", tmp_path)


def test_zip_with_a_link(tmp_path):
    entry = zipfile.ZipInfo("inside")
    entry.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(entry, "..")
    assert "link" in refused(tmp_path / "a.zip", tmp_path)


def test_zip_bomb_stops_at_the_limit_and_not_at_what_it_claims(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"zeros{number}", bytes(9_000_000))
    assert "0.02 GB" in refused(tmp_path / "a.zip", tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.99])
@pytest.mark.parametrize("ending", ["tar.gz", "zip"])
def test_truncated_archives(tmp_path, ending, share):
    path = tmp_path / f"a.{ending}"
    noise = np.random.default_rng(0).bytes(200_000)
    if ending == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.bin", noise)
    else:
        write_tar(path, [plain("a.bin", noise)])
    cut_file(path, share)
    assert "cut short" in refused(path, tmp_path)


def test_a_tar_with_its_own_folder_as_first_entry_is_fine(tmp_path):
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / "a.txt").write_text("hello")
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.add(tmp_path / "content", ".")
    with unpacked(tmp_path / "a.tar", tmp_path) as (folder, _):
        assert (folder / "a.txt").read_text() == "hello"
