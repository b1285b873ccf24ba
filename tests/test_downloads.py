"""Downloads, from a server on this machine, and what to do where there is nothing to read."""

import contextlib
import dataclasses
import hashlib
import http.server
import io
import re
import socket
import tarfile
import threading

import numpy as np
import prepare_avenue
import prepare_shanghaitech
import prepare_ucsd
import prepare_video
import pytest
from prepare_helpers import SIZE, error_of, make_ucsd, names_in, run_script, tar_of

from vadkit.prepare import archives, ucsd_dataset


def tar_of_noise(length):
    entry = tarfile.TarInfo("noise.bin")
    entry.size = length
    noise = np.random.default_rng(5).bytes(length)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.addfile(entry, io.BytesIO(noise))
    return buffer.getvalue()


CONTENT = tar_of_noise(300_000)
NOWHERE = "http://127.0.0.1:9/nothing"
NAME = "UCSD_Anomaly_Dataset.tar.gz"
DATASETS = [prepare_ucsd, prepare_avenue, prepare_shanghaitech]


class RangeHandler(http.server.BaseHTTPRequestHandler):
    content = b""
    ranges = True
    break_after = None
    asked = []

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


def archive_at(url):
    checksum = hashlib.sha256(CONTENT).hexdigest()
    return dataclasses.replace(ucsd_dataset.ARCHIVE, url=url, sha256=checksum)


def download(url, folder):
    """Fetch the archive into the folder, where it stays; what it unpacks to does not."""
    with archives.dataset_folder(archive_at(url), None, folder, folder):
        return folder / NAME


def test_a_download_prints_the_terms_first_and_is_verified(tmp_path, capsys):
    with serving(CONTENT) as (url, _):
        path = download(url, tmp_path)
    assert path.read_bytes() == CONTENT
    assert "free for research" in capsys.readouterr().out.splitlines()[0]
    assert names_in(tmp_path) == [NAME]


def test_the_terms_are_printed_even_when_nothing_arrives(tmp_path, capsys):
    with pytest.raises(OSError, match="by hand"):
        download(NOWHERE, tmp_path)
    assert "free for research" in capsys.readouterr().out


def test_a_broken_download_says_so_and_is_resumed(tmp_path):
    with serving(CONTENT, break_after=100_000) as (url, _):
        with pytest.raises(OSError, match="goes on from there"):
            download(url, tmp_path)
    assert (tmp_path / f"{NAME}.part").stat().st_size == 100_000
    with serving(CONTENT) as (url, handler):
        assert download(url, tmp_path).read_bytes() == CONTENT
    assert handler.asked == ["bytes=100000-"]


def test_a_server_that_cannot_resume_starts_over(tmp_path):
    (tmp_path / f"{NAME}.part").write_bytes(CONTENT[:1000])
    with serving(CONTENT, ranges=False) as (url, _):
        assert download(url, tmp_path).read_bytes() == CONTENT


def test_a_download_that_was_complete_is_only_verified(tmp_path):
    (tmp_path / f"{NAME}.part").write_bytes(CONTENT)
    with serving(CONTENT) as (url, _):
        assert download(url, tmp_path).read_bytes() == CONTENT


def test_a_download_of_something_else_is_removed(tmp_path):
    with serving(b"<html>moved</html>") as (url, _):
        with pytest.raises(ValueError, match="not the official file"):
            download(url, tmp_path)
    assert names_in(tmp_path) == []


# The command lines


def run(script, tmp_path, *arguments):
    return run_script(script, *arguments, "--out", tmp_path / "data", *SIZE)


def test_download_and_prepare_in_one_command(tmp_path):
    content = tar_of(make_ucsd(tmp_path), tmp_path / "a.tar.gz").read_bytes()
    checksum = hashlib.sha256(content).hexdigest()
    with serving(content) as (url, _):
        source = ["--download", "--downloads", tmp_path / "dl", "--url", url]
        assert run(prepare_ucsd, tmp_path, *source, "--sha256", checksum) == 0
    assert names_in(tmp_path / "data") == ["ped1", "ped2"]


@pytest.mark.parametrize("script", DATASETS)
def test_without_anything_to_read_the_page_is_named(tmp_path, capsys, script):
    assert run(script, tmp_path) == 2
    assert "http" in error_of(capsys)
    assert run(script, tmp_path, tmp_path / "nowhere.zip") == 2
    error_of(capsys)


def test_shanghaitech_has_no_direct_address_and_says_what_to_do(tmp_path, capsys):
    assert run(prepare_shanghaitech, tmp_path, "--download", "--downloads", tmp_path) == 2
    assert "by hand" in error_of(capsys)


@pytest.mark.parametrize("script", DATASETS)
def test_a_page_that_does_not_answer_gives_the_command_to_run_by_hand(tmp_path, capsys, script):
    source = ["--download", "--downloads", tmp_path / "dl", "--url", NOWHERE]
    source += ["--labels-url", NOWHERE] if script is prepare_avenue else []
    assert run(script, tmp_path, *source) == 2
    error = error_of(capsys)
    advice = r"Download (\S+) by hand from http\S+, then run: (python data_scripts/\S+ .*)$"
    file, command = re.search(advice, error).groups()
    assert file in command and f"{script.__name__}.py" in command
    assert "Errno" not in error.split("(")[0]


@pytest.mark.parametrize("script", [*DATASETS, prepare_video])
def test_every_script_explains_itself_with_examples(capsys, script):
    with pytest.raises(SystemExit) as stopped:
        script.main(["--help"])
    assert stopped.value.code == 0
    assert f"python data_scripts/{script.__name__}.py" in capsys.readouterr().out
