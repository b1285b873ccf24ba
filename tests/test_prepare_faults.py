"""prepare_video on a disk that fails, or killed, at any call whatever: nothing lost, nothing wrong.

Each of its calls that change the disk fails once, and is once the last before a kill -9. Then the
same command without faults has to end with the right scene, alone in its folder.
"""

import builtins
import errno
import io
import os
import shutil
import subprocess

import cv2
import numpy as np
import pytest
from prepare_helpers import (
    SIZE,
    error_of,
    moving_square,
    names_in,
    run,
    write_labels,
    write_pictures,
)

import vadkit

CALLS = [(os, name) for name in ("mkdir", "rename", "replace", "rmdir", "unlink")]
CALLS += [(builtins, "open"), (io, "open")]


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(cv2, "setNumThreads", cv2.setNumThreads)
    cv2.setNumThreads(0)  # threads do not survive a fork
    write_pictures(tmp_path / "day", moving_square(6, seed=1))
    write_pictures(tmp_path / "night", moving_square(6, seed=2))
    write_labels(tmp_path, night=[0, 0, 0, 1, 1, 1])
    return tmp_path


def command(home, *more):
    clips = ["--train", home / "day", "--test", home / "night", "--labels", home / "labels.json"]
    return [*clips, *SIZE, "--out", home / "data" / "scene", *more]


class Faults:
    """Counts the calls that change the disk below a folder; the n-th does not go through."""

    def __init__(self, folder, n, fault):
        self.folder, self.left, self.fault = str(folder), n, fault
        self.real = {(module, name): getattr(module, name) for module, name in CALLS}

    def __enter__(self):
        for module, name in CALLS:
            setattr(module, name, self.wrapped(self.real[module, name], name))
        return self

    def __exit__(self, *_):
        for (module, name), function in self.real.items():
            setattr(module, name, function)

    def wrapped(self, function, name):
        def call(path, *arguments, **options):
            mode = str(options.get("mode", [*arguments, "r"][0])) if name == "open" else "w"
            if str(path).startswith(self.folder) and mode[0] in "wa":
                self.left -= 1
                if self.left == 0:
                    self.fault(str(path))
            return function(path, *arguments, **options)

        return call


def fail(path):
    raise OSError(errno.EIO, os.strerror(errno.EIO), path)


def kill(path):
    os._exit(9)


def is_right(home, top=0.0):
    scene = vadkit.open_scene(home / "data" / "scene")
    assert scene.provenance["options"]["crop_top"] == top
    assert scene.test_clips[0].labels.tolist() == [False] * 3 + [True] * 3
    if not top:
        np.testing.assert_array_equal(scene.train_clips[0].frames, moving_square(6, seed=1))
        np.testing.assert_array_equal(scene.test_clips[0].frames, moving_square(6, seed=2))
    assert names_in(home / "data") == ["scene"]
    assert names_in(home / "data" / "scene") == ["scene.json", "test", "train"]


def count_calls(home, *more):
    with Faults(home / "data", 10**9, fail) as faults:
        assert run(*command(home, *more)) == 0
    return 10**9 - faults.left


def calls_to_try(home, *more):
    """All calls; with --replace the last ones, in which the new scene takes the old one's place."""
    calls = count_calls(home, *more)
    assert calls > 20
    return range(calls - 20 if more else 1, calls + 1)


def in_a_process_that_is_killed(home, n, *more):
    child = os.fork()
    if not child:
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            with Faults(home / "data", n, kill):
                os._exit(run(*command(home, *more)))
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("replace", [False, True])
def test_any_call_may_fail(home, capsys, replace):
    old, more = home / "old", ["--crop-top", "0.5", "--replace"] if replace else []
    assert run(*command(home)) == 0
    shutil.copytree(home / "data", old)
    if not replace:
        shutil.rmtree(home / "data")
    for n in calls_to_try(home, *more):
        shutil.rmtree(home / "data")
        if replace:
            shutil.copytree(old, home / "data")
        capsys.readouterr()
        with Faults(home / "data", n, fail):
            code = run(*command(home, *more))
        if code:
            assert code == 2 and "Input/output error" in error_of(capsys), n
        assert run(*command(home, *more)) == 0, n
        is_right(home, 0.5 if replace else 0.0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a copy of this process")
@pytest.mark.parametrize("replace", [False, True])
def test_it_may_be_killed_before_any_call(home, replace):
    more = ["--crop-top", "0.5", "--replace"] if replace else []
    assert run(*command(home)) == 0
    shutil.copytree(home / "data", home / "old")
    if not replace:
        shutil.rmtree(home / "data")
    for n in calls_to_try(home, *more):
        shutil.rmtree(home / "data")
        if replace:
            shutil.copytree(home / "old", home / "data")
        assert in_a_process_that_is_killed(home, n, *more) == 9, n
        assert run(*command(home, *more)) == 0, n
        is_right(home, 0.5 if replace else 0.0)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 300 kB, where this user may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "none", str(disk)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this user may not mount a disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_full_disk_is_named_with_what_is_needed_and_the_run_goes_on_later(
    tmp_path, small_disk, capsys, jobs
):
    for number in range(4):
        frames = np.concatenate([moving_square(40, seed=number)] * 2)
        write_pictures(tmp_path / "train" / f"day{number}", frames)
    clips = ["--train", tmp_path / "train", "--test", tmp_path / "train" / "day0"]
    arguments = [*clips, *SIZE, "--out", small_disk / "scene"]
    assert run(*arguments, jobs=jobs) == 2
    error = error_of(capsys)
    assert f"{small_disk} is full" in error and "about 1 MB" in error
    assert "scene" not in names_in(small_disk)
    remount = ["mount", "-o", "remount,size=4m", str(small_disk)]
    subprocess.run(remount, check=True)
    assert run(*arguments) == 0
    assert "finished already" in capsys.readouterr().out
    assert names_in(small_disk) == ["scene"]
