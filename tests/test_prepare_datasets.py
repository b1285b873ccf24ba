"""The official archives, in miniature: layouts, labels, hostile archives, downloads that break off."""

import contextlib
import dataclasses
import hashlib
import http.server
import io
import json
import re
import socket
import struct
import tarfile
import threading
import zipfile
from pathlib import Path

import command_line
import cv2
import numpy as np
import prepare_avenue
import prepare_shanghaitech
import prepare_ucsd
import pytest
import scipy.io
from hypothesis import given
from hypothesis import strategies as st

import vadkit
from vadkit.prepare import archives
from vadkit.prepare import avenue as avenue_library
from vadkit.prepare import ucsd as ucsd_library

H, W = 24, 32


def run(script, *arguments):
    return command_line.run_script(script.main, [*map(str, arguments), "--size", f"{H}x{W}", "--jobs", "1"])


def frames_of(length, seed):
    return np.random.default_rng(seed).integers(0, 255, (length, H, W), np.uint8)


def write_pictures(folder, frames, name):
    folder.mkdir(parents=True)
    for t, frame in enumerate(frames):
        cv2.imwrite(str(folder / name.format(t + 1)), frame)


def write_video(path, frames, codec="FFV1"):
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), 25, (W, H), isColor=False)
    for frame in frames:
        writer.write(frame)
    writer.release()


def masks_of(length, first, last):
    """The lower left quarter is abnormal in frames first..last, 1-based and inclusive."""
    masks = np.zeros((length, H, W), np.uint8)
    masks[first - 1 : last, H // 2 :, : W // 2] = 255
    return masks


def error_of(capsys):
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(said) == 1
    return said[0]


def left_in(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


# UCSD


@pytest.fixture
def ucsd(tmp_path):
    top = tmp_path / "UCSD_Anomaly_Dataset.v1p2"
    for name in ("UCSDped1", "UCSDped2"):
        write_pictures(top / name / "Train" / "Train001", frames_of(6, 1), "{:03d}.tif")
        write_pictures(top / name / "Test" / "Test001", frames_of(12, 2), "{:03d}.tif")
        write_pictures(top / name / "Test" / "Test002", frames_of(8, 3), "{:03d}.tif")
        lines = [
            "TestVideoFile = {};",
            "TestVideoFile{end+1}.gt_frame = [2:4, 10:12];",
            "TestVideoFile{end+1}.gt_frame = [1:8];",
        ]
        (top / name / "Test" / f"{name}.m").write_text("\n".join(lines))
        (top / name / "Test" / "Test001" / "._001.tif").write_bytes(b"junk")
        (top / name / ".DS_Store").write_bytes(b"junk")
    write_pictures(top / "UCSDped2" / "Test" / "Test002_gt", masks_of(8, 1, 7), "frame{:03d}.bmp")
    return top


def tar_of(folder, path):
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, folder.name)
    return path


def test_ucsd_labels_masks_and_frames(ucsd, tmp_path):
    assert run(prepare_ucsd, ucsd, "--out", tmp_path / "data") == 0
    scene = vadkit.open_scene(tmp_path / "data" / "ped2")
    assert [clip.name for clip in scene.train_clips + scene.test_clips] == ["Train001", "Test001", "Test002"]
    np.testing.assert_array_equal(scene.test_clips[0].frames, frames_of(12, 2))
    assert np.flatnonzero(scene.test_clips[0].labels).tolist() == [1, 2, 3, 9, 10, 11]
    assert scene.test_clips[1].labels.all()
    masks = np.load(tmp_path / "data" / "ped2" / "test" / "Test002.masks.npy")
    np.testing.assert_array_equal(masks, masks_of(8, 1, 7) > 0)
    about = json.loads((tmp_path / "data" / "ped2" / "scene.json").read_text())
    assert about["clips"]["test"]["Test002"]["frames_where_labels_and_masks_differ"] == 1
    assert about["dataset"] == "UCSD Ped2"


def test_ucsd_from_its_archive_leaves_only_the_scenes(ucsd, tmp_path):
    archive = tar_of(ucsd, tmp_path / "UCSD.tar.gz")
    checksum = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert run(prepare_ucsd, archive, "--sha256", checksum, "--out", tmp_path / "data") == 0
    assert left_in(tmp_path / "data") == ["ped1", "ped2"]
    assert checksum in json.loads((tmp_path / "data" / "ped1" / "scene.json").read_text())["source"]


def test_ucsd_the_corrupt_tif_is_named_and_repeated_on_request(ucsd, tmp_path, capsys):
    """Ped1's Test017/142.tif is cut off inside its compressed rows: OpenCV decodes it all the same, and only warns."""
    victim = ucsd / "UCSDped1" / "Test" / "Test002" / "004.tif"
    damage_packbits(victim, frames_of(1, 7)[0])
    assert cv2.imread(str(victim), cv2.IMREAD_GRAYSCALE) is not None
    capsys.readouterr()
    assert run(prepare_ucsd, ucsd, "--subset", "ped1", "--out", tmp_path / "data") == 2
    assert "Test002/004.tif" in error_of(capsys)
    assert left_in(tmp_path / "data") == []
    assert run(prepare_ucsd, ucsd, "--subset", "ped1", "--out", tmp_path / "data", "--skip-corrupt") == 0
    clip = vadkit.open_scene(tmp_path / "data" / "ped1").test_clips[1]
    np.testing.assert_array_equal(clip.frames[3], clip.frames[2])
    assert clip.labels.shape == (8,)


def damage_packbits(path, frame):
    """A PackBits TIFF whose first row runs short."""
    rows = b"".join(bytes([W - 1]) + row.tobytes() for row in frame[1:])
    strip = bytes([W // 2 - 1]) + frame[0, : W // 2].tobytes() + rows
    offsets = [8, 8 + W // 2 + 1] + [8 + W // 2 + 1 + (W + 1) * n for n in range(1, H - 1)]
    counts = [W // 2 + 1] + [W + 1] * (H - 1)
    body = strip + struct.pack(f"<{2 * H}I", *offsets, *counts)
    table = 8 + len(strip)
    entries = [(256, 3, 1, W), (257, 3, 1, H), (258, 3, 1, 8), (259, 3, 1, 32773), (262, 3, 1, 1), (273, 4, H, table),
               (277, 3, 1, 1), (278, 3, 1, 1), (279, 4, H, table + 4 * H)]  # fmt: skip
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)
    path.write_bytes(b"II*\0" + struct.pack("<I", 8 + len(body)) + body + directory)


@given(
    st.lists(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 9)), min_size=1, max_size=4), min_size=1, max_size=5)
)
def test_ucsd_label_lines_are_read_as_written(tmp_path_factory, clips):
    ranges = [[(first, first + more) for first, more in clip] for clip in clips]
    lines = [", ".join(f"{first}:{last}" for first, last in clip) for clip in ranges]
    path = tmp_path_factory.mktemp("m") / "UCSDped1.m"
    path.write_text(
        "TestVideoFile = {};\n" + "".join(f"TestVideoFile{{end+1}}.gt_frame = [{line}]; % [9:9]\n" for line in lines)
    )
    assert ucsd_library.read_ranges(path) == ranges


def test_ucsd_labels_beyond_the_clip_are_refused(ucsd, tmp_path, capsys):
    (ucsd / "UCSDped2" / "Test" / "Test001" / "012.tif").unlink()
    assert run(prepare_ucsd, ucsd, "--subset", "ped2", "--out", tmp_path / "data") == 2
    assert "10 to 12" in error_of(capsys)


@pytest.mark.parametrize("missing", ["UCSDped2/Train", "UCSDped2/Test/UCSDped2.m", "UCSDped2"])
def test_ucsd_something_is_missing(ucsd, tmp_path, capsys, missing):
    (ucsd / missing).rename(tmp_path / "elsewhere")
    assert run(prepare_ucsd, ucsd, "--subset", "ped2", "--out", tmp_path / "data") == 2
    assert Path(missing).name in error_of(capsys)
    assert left_in(tmp_path / "data") == []


# Avenue


def write_mat(path, masks):
    cells = np.empty((1, len(masks)), object)
    cells[0] = [mask for mask in (masks > 0).astype(np.uint8)]
    path.parent.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(path, {"volLabel": cells}, do_compression=True)


@pytest.fixture
def avenue(tmp_path):
    """-> ("Avenue Dataset", ground_truth_demo), clips 1 and 2, frames 3..7 and 1..9 abnormal."""
    top, labels = tmp_path / "Avenue Dataset", tmp_path / "ground_truth_demo"
    write_video(top / "training_videos" / "01.avi", frames_of(7, 1))
    for number, (length, first, last) in {1: (10, 3, 7), 2: (9, 1, 9)}.items():
        write_video(top / "testing_videos" / f"{number:02d}.avi", frames_of(length, number))
        write_mat(labels / "testing_label_mask" / f"{number}_label.mat", masks_of(length, first, last))
    return top, labels


def test_avenue_official_labels_are_the_masks(avenue, tmp_path):
    top, labels = avenue
    assert run(prepare_avenue, top, "--labels", labels, "--out", tmp_path / "data" / "avenue") == 0
    scene = vadkit.open_scene(tmp_path / "data" / "avenue")
    assert np.flatnonzero(scene.test_clips[0].labels).tolist() == [2, 3, 4, 5, 6]
    assert scene.test_clips[1].labels.all()
    masks = np.load(tmp_path / "data" / "avenue" / "test" / "01.masks.npy")
    np.testing.assert_array_equal(masks, masks_of(10, 3, 7) > 0)


def test_avenue_the_other_label_set(avenue, tmp_path, capsys):
    top, _ = avenue
    cells = np.empty((1, 2), object)
    cells[0] = [np.array([[2, 9], [4, 10]]), np.array([[5], [5]])]
    scipy.io.savemat(tmp_path / "avenue.mat", {"gt": cells})
    usual = [prepare_avenue, top, "--label-set", "ranges", "--out", tmp_path / "data" / "avenue"]
    assert run(*usual) == 2
    assert "avenue.mat" in error_of(capsys)
    assert run(*usual, "--labels", tmp_path / "avenue.mat") == 0
    one, two = vadkit.open_scene(tmp_path / "data" / "avenue").test_clips
    assert (np.flatnonzero(one.labels).tolist(), np.flatnonzero(two.labels).tolist()) == ([1, 2, 3, 8, 9], [4])
    assert "ranges labels" in (tmp_path / "data" / "avenue" / "scene.json").read_text()


def test_avenue_mat_without_its_label_set_is_told_from_a_damaged_archive(avenue, tmp_path, capsys):
    (tmp_path / "avenue.mat").write_bytes(b"MATLAB 5.0")
    assert (
        run(prepare_avenue, avenue[0], "--labels", tmp_path / "avenue.mat", "--out", tmp_path / "data" / "avenue") == 2
    )
    assert "--label-set ranges" in error_of(capsys)


def test_avenue_without_test_videos_is_no_scene(avenue, tmp_path, capsys):
    top, labels = avenue
    for video in (top / "testing_videos").iterdir():
        video.unlink()
    assert run(prepare_avenue, top, "--labels", labels, "--out", tmp_path / "data" / "avenue") == 2
    assert "testing_videos holds no video" in error_of(capsys) and left_in(tmp_path / "data") == []


def test_avenue_from_zips_with_a_space_in_the_folder_and_apple_junk(avenue, tmp_path):
    top, labels = avenue
    for folder, name in ((top, "Avenue_Dataset.zip"), (labels, "ground_truth_demo.zip")):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for path in folder.rglob("*.*"):
                archive.write(path, path.relative_to(tmp_path))
            archive.writestr("__MACOSX/Avenue Dataset/testing_videos/._01.avi", b"junk")
            archive.writestr(f"{folder.name}/testing_videos/._01.avi", b"junk")
    assert run(prepare_avenue, tmp_path / "Avenue_Dataset.zip", "--sha256", "any", "--labels", tmp_path / "ground_truth_demo.zip",
               "--labels-sha256", "any", "--out", tmp_path / "data" / "avenue") == 0  # fmt: skip
    assert left_in(tmp_path / "data") == ["avenue"]
    assert len(vadkit.open_scene(tmp_path / "data" / "avenue").test_clips) == 2


@pytest.mark.parametrize("compressed", [True, False])
def test_avenue_masks_read_one_by_one_are_what_scipy_reads(tmp_path, compressed):
    cells = np.empty((1, 5), object)
    cells[0] = list(np.random.default_rng(0).integers(0, 2, (5, 7, 9), np.uint8))
    scipy.io.savemat(tmp_path / "a.mat", {"volLabel": cells}, do_compression=compressed)
    expected = scipy.io.loadmat(tmp_path / "a.mat")["volLabel"][0]
    for mine, theirs in zip(avenue_library.read_label_masks(tmp_path / "a.mat"), expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("damage", ["cut", "other", "empty"])
def test_avenue_a_damaged_label_file_is_named(avenue, tmp_path, capsys, damage):
    top, labels = avenue
    victim = labels / "testing_label_mask" / "2_label.mat"
    content = {
        "cut": victim.read_bytes()[: (128 + victim.stat().st_size) // 2],
        "other": b"MATLAB" * 100,
        "empty": b"",
    }[damage]
    victim.write_bytes(content)
    assert run(prepare_avenue, top, "--labels", labels, "--out", tmp_path / "data" / "avenue") == 2
    assert "2_label.mat" in error_of(capsys)
    assert left_in(tmp_path / "data") == []


def test_avenue_masks_and_frames_must_match(avenue, tmp_path, capsys):
    top, labels = avenue
    write_mat(labels / "testing_label_mask" / "1_label.mat", masks_of(11, 3, 7))
    assert run(prepare_avenue, top, "--labels", labels, "--out", tmp_path / "data" / "avenue") == 2
    assert "10 frames but 11 masks" in error_of(capsys)


# ShanghaiTech


@pytest.fixture
def shanghaitech(tmp_path):
    top = tmp_path / "shanghaitech"
    for name in ("01_001", "01_002", "13_001"):
        write_video(top / "training" / "videos" / f"{name}.avi", frames_of(6, 1))
    for name in ("01_0014", "02_0128"):
        write_pictures(top / "testing" / "frames" / name, frames_of(9, 4), "{:03d}.jpg")
        for kind, mask in (
            ("test_frame_mask", masks_of(9, 4, 6).any((1, 2))),
            ("test_pixel_mask", masks_of(9, 4, 6) > 0),
        ):
            (top / "testing" / kind).mkdir(exist_ok=True)
            np.save(top / "testing" / kind / f"{name}.npy", mask.astype(np.uint8))
    return top


def test_shanghaitech_becomes_one_scene_per_camera(shanghaitech, tmp_path, monkeypatch):
    assert run(prepare_shanghaitech, shanghaitech, "--out", tmp_path / "data" / "shanghaitech") == 0
    monkeypatch.setenv("VADKIT_DATA", str(tmp_path / "data"))
    assert vadkit.list_scenes() == ["shanghaitech/01", "shanghaitech/02", "shanghaitech/13"]
    scene = vadkit.open_scene("shanghaitech/01")
    assert [clip.name for clip in scene.train_clips + scene.test_clips] == ["01_001", "01_002", "01_0014"]
    assert np.flatnonzero(scene.test_clips[0].labels).tolist() == [3, 4, 5]
    assert np.load(tmp_path / "data" / "shanghaitech" / "01" / "test" / "01_0014.masks.npy").any((1, 2)).sum() == 3
    assert vadkit.open_scene("shanghaitech/13").test_clips == []


def test_shanghaitech_run_again_does_only_what_is_missing(shanghaitech, tmp_path, capsys):
    run(prepare_shanghaitech, shanghaitech, "--scenes", "02", "--out", tmp_path / "out")
    assert run(prepare_shanghaitech, shanghaitech, "--out", tmp_path / "out") == 0
    assert "02: already prepared" in capsys.readouterr().out
    assert run(prepare_shanghaitech, shanghaitech, "--scenes", "07", "--out", tmp_path / "out") == 2
    assert "no scene 07" in error_of(capsys)


@pytest.mark.parametrize("content", [np.array([0, 1, 2]), np.zeros((3, 3)), None])
def test_shanghaitech_labels_that_make_no_sense(shanghaitech, tmp_path, capsys, content):
    path = shanghaitech / "testing" / "test_frame_mask" / "02_0128.npy"
    path.write_bytes(b"no array") if content is None else np.save(path, content)
    assert run(prepare_shanghaitech, shanghaitech, "--out", tmp_path / "out") == 2
    assert "02_0128.npy" in error_of(capsys)


# Hostile archives: refused with a sentence, nothing written anywhere.


def plain(name, content=b"x", **changes):
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    for key, value in changes.items():
        setattr(entry, key, value)
    return entry, content


HOSTILE_TARS = {
    "climbs out": [plain("../escaped.txt")],
    "climbs out from inside": [plain("a/../../escaped.txt")],
    "absolute": [plain("/tmp/vadkit_escaped.txt")],
    "windows drive": [plain("C:\\escaped.txt")],
    "backslashes": [plain("..\\escaped.txt")],
    "symbolic link": [plain("inside", type=tarfile.SYMTYPE, linkname="..", size=0), plain("inside/escaped.txt")],
    "hard link": [plain("inside", type=tarfile.LNKTYPE, linkname="../escaped.txt", size=0)],
    "device": [plain("inside", type=tarfile.CHRTYPE, size=0)],
    "bomb": [plain("zeros", bytes(30_000_000))],
    "file as a folder": [plain("a"), plain("a/b")],
}


def refused(archive, tmp_path, max_gb=0.02):
    folder = tmp_path / "deep" / "er" / ".unpacked"
    with pytest.raises((ValueError, OSError)) as caught:
        archives.unpack(archive, folder, max_gb, "checksum")
    assert not folder.exists() and not list(tmp_path.rglob("*escaped*"))
    return str(caught.value)


@pytest.mark.parametrize("kind", HOSTILE_TARS)
def test_hostile_tar(tmp_path, kind):
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for entry, content in [plain("fine.txt"), *HOSTILE_TARS[kind]]:
            archive.addfile(entry, io.BytesIO(content))
    refused(path, tmp_path)
    assert not Path("/tmp/vadkit_escaped.txt").exists()


@pytest.mark.parametrize("name", ["../escaped.txt", "a/../../escaped.txt", "/tmp/vadkit_escaped.txt", "C:/escaped.txt"])
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
        with tarfile.open(path, "w:gz") as archive:
            archive.addfile(*(lambda entry: (entry[0], io.BytesIO(entry[1])))(plain("a.bin", noise)))
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    assert "cut short" in refused(path, tmp_path)


def test_a_tar_with_its_own_folder_as_first_entry_is_fine(tmp_path):
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / "a.txt").write_text("hello")
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.add(tmp_path / "content", ".")
    archives.unpack(tmp_path / "a.tar", tmp_path / "out", 1, "checksum")
    assert (tmp_path / "out" / "a.txt").read_text() == "hello"


def test_a_wrong_checksum_is_refused_before_anything_is_unpacked(ucsd, tmp_path, capsys):
    archive = tar_of(ucsd, tmp_path / "UCSD_Anomaly_Dataset.tar.gz")
    assert run(prepare_ucsd, archive, "--out", tmp_path / "data") == 2
    assert "not the official file" in error_of(capsys)
    assert left_in(tmp_path / "data") == []


# Downloads, from a server on this machine


class RangeHandler(http.server.BaseHTTPRequestHandler):
    content, ranges, break_after, asked = b"", True, None, []

    def do_GET(self):
        asked = self.headers.get("Range")
        type(self).asked.append(asked)
        start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked and self.ranges else 0
        if start >= len(self.content):
            self.send_error(416)
            return
        body = self.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.break_after])
        self.wfile.flush()
        if self.break_after is not None:
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving(content, **behaviour):
    handler = type("Handler", (RangeHandler,), {"content": content, "asked": [], **behaviour})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/a.tar.gz", handler
    finally:
        server.shutdown()
        server.server_close()


CONTENT = np.random.default_rng(5).bytes(300_000)


def archive_at(url, content=CONTENT):
    return dataclasses.replace(prepare_ucsd.ARCHIVE, url=url, sha256=hashlib.sha256(content).hexdigest())


def test_a_download_prints_the_terms_first_and_is_verified(tmp_path, capsys):
    with serving(CONTENT) as (url, _):
        path = archives.download(archive_at(url), tmp_path)
    assert path.read_bytes() == CONTENT
    assert "free for research" in capsys.readouterr().out.splitlines()[0]
    assert left_in(tmp_path) == ["UCSD_Anomaly_Dataset.tar.gz"]


def test_the_terms_are_printed_even_when_nothing_arrives(tmp_path, capsys):
    with pytest.raises(OSError, match="by hand"):
        archives.download(archive_at("http://127.0.0.1:9/nothing"), tmp_path)
    assert "free for research" in capsys.readouterr().out


def test_a_broken_download_says_so_and_is_resumed(tmp_path):
    with serving(CONTENT, break_after=100_000) as (url, _), pytest.raises(OSError, match="goes on from there"):
        archives.download(archive_at(url), tmp_path)
    assert (tmp_path / "UCSD_Anomaly_Dataset.tar.gz.part").stat().st_size == 100_000
    with serving(CONTENT) as (url, handler):
        assert archives.download(archive_at(url), tmp_path).read_bytes() == CONTENT
    assert handler.asked == ["bytes=100000-"]


def test_a_server_that_cannot_resume_starts_over(tmp_path):
    (tmp_path / "UCSD_Anomaly_Dataset.tar.gz.part").write_bytes(CONTENT[:1000])
    with serving(CONTENT, ranges=False) as (url, _):
        assert archives.download(archive_at(url), tmp_path).read_bytes() == CONTENT


def test_a_download_that_was_complete_is_only_verified(tmp_path):
    (tmp_path / "UCSD_Anomaly_Dataset.tar.gz.part").write_bytes(CONTENT)
    with serving(CONTENT) as (url, _):
        assert archives.download(archive_at(url), tmp_path).read_bytes() == CONTENT


def test_a_download_of_something_else_is_removed(tmp_path):
    with serving(b"<html>moved</html>") as (url, _), pytest.raises(ValueError, match="not the official file"):
        archives.download(archive_at(url), tmp_path)
    assert left_in(tmp_path) == []


def test_download_and_prepare_in_one_command(ucsd, tmp_path):
    content = tar_of(ucsd, tmp_path / "a.tar.gz").read_bytes()
    with serving(content) as (url, _):
        command = [
            "--download",
            "--downloads",
            tmp_path / "dl",
            "--url",
            url,
            "--sha256",
            hashlib.sha256(content).hexdigest(),
        ]
        assert run(prepare_ucsd, *command, "--out", tmp_path / "data") == 0
    assert left_in(tmp_path / "data") == ["ped1", "ped2"]


@pytest.mark.parametrize("script", [prepare_ucsd, prepare_avenue, prepare_shanghaitech])
def test_without_anything_to_read_the_page_is_named(tmp_path, capsys, script):
    assert run(script, "--out", tmp_path / "data") == 2
    assert "http" in error_of(capsys)
    assert run(script, tmp_path / "nowhere.zip", "--out", tmp_path / "data") == 2
    error_of(capsys)


def test_shanghaitech_has_no_direct_address_and_says_what_to_do(tmp_path, capsys):
    assert run(prepare_shanghaitech, "--download", "--downloads", tmp_path, "--out", tmp_path / "data") == 2
    assert "by hand" in error_of(capsys)


@pytest.mark.parametrize("script", [prepare_ucsd, prepare_avenue, prepare_shanghaitech])
def test_a_page_that_does_not_answer_gives_the_command_to_run_by_hand(tmp_path, capsys, script):
    nowhere = ["--url", "http://127.0.0.1:9/nothing"]
    nowhere += ["--labels-url", "http://127.0.0.1:9/nothing"] if script is prepare_avenue else []
    assert run(script, "--download", "--downloads", tmp_path / "dl", *nowhere, "--out", tmp_path / "data") == 2
    said = error_of(capsys)
    file, command = re.search(
        r"Download (\S+) by hand from http\S+, then run: (python data_scripts/\S+ .*)$", said
    ).groups()
    assert file in command and f"{script.__name__}.py" in command and "Errno" not in said.split("(")[0]


@pytest.mark.parametrize("script", ["ucsd", "avenue", "shanghaitech", "video"])
def test_every_script_explains_itself_with_examples(capsys, script):
    main = __import__(f"prepare_{script}").main
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    assert f"python data_scripts/prepare_{script}.py" in capsys.readouterr().out
