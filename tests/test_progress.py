"""The progress file when several notebooks write at once."""

import json
import threading

import pytest

from vadcourse import progress


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_notebooks_that_solve_at_the_same_instant_lose_no_mark(folder):
    names = [f"check_{number}" for number in range(24)]
    ready = threading.Barrier(len(names))

    def solve(name):
        ready.wait()
        progress.remember(name)

    threads = [threading.Thread(target=solve, args=[name]) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    solved = json.loads((folder / "progress.json").read_text(encoding="utf-8"))["solved"]
    assert sorted(solved) == sorted(names)
    assert [path.name for path in folder.iterdir()] == ["progress.json"]


def test_where_no_folder_can_be_locked_a_mark_is_kept_all_the_same(folder, monkeypatch):
    def refuse(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    progress.remember("check_psnr")
    assert "check_psnr" in (folder / "progress.json").read_text(encoding="utf-8")
