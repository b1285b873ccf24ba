"""Studies by many workers: the same file for any number, and nothing that was done is lost."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import scale_study

from vadkit.cli import run_script
from vadstudies import jobs, results

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kill -9")
HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def results_stay(monkeypatch):
    monkeypatch.setattr(results, "RESULTS", results.RESULTS)  # which the study sets


@pytest.fixture
def start(tmp_path):
    """Start `python -m scale_study` and more words."""
    started = []

    def start(*words):
        command = [sys.executable, "-m", "scale_study", tmp_path, *words]
        environment = {**os.environ, "PYTHONPATH": str(HERE)}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen([*map(str, command)], env=environment, **pipes))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def kept(folder):
    """The results file without the clock, and the order of its rows."""
    about = json.loads((folder / "numbers.json").read_text())
    for row in about["rows"].values():
        assert row.pop("cpu_seconds") >= 0
    return json.dumps(about)


def run(folder, *words):
    folder.mkdir(exist_ok=True)
    scale_study.study(scale_study.options_of(folder, *words))
    return kept(folder)


def wait_for(condition):
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def sentence_of(process):
    """What is said apart from progress bars."""
    lines = process.communicate(timeout=60)[1].replace("\r", "\n").splitlines()
    return [line for line in lines if line.strip() and "it/s" not in line and "s/it" not in line]


def test_any_number_of_workers_writes_the_same_file(tmp_path):
    alone = run(tmp_path / "1")
    assert len(set(alone.split("losses"))) == 5  # every seed has losses of its own
    for n in (2, 3):
        assert run(tmp_path / str(n), "--workers", n) == alone


def test_a_worker_that_is_killed_has_its_job_done_again(tmp_path):
    rows = run(tmp_path, "--job=killed", "--times=2", "--workers=2")
    assert [row["square"] for row in json.loads(rows)["rows"].values()] == [0, 1, 4, 9]


def test_a_job_that_is_killed_again_and_again_is_one_sentence(tmp_path, capsys):
    options = [str(tmp_path), "--job=killed", "--times=9", "--workers=2"]
    assert jobs.main(scale_study.study, scale_study.parser(), options) == 2
    assert "killed from outside, 3 times in a row" in capsys.readouterr().err.splitlines()[-1]
    assert "seed 0" in json.loads(kept(tmp_path))["rows"]
    assert len(json.loads(run(tmp_path, "--job=killed", "--times=0"))["rows"]) == 4


def test_ctrl_c_keeps_what_was_done_and_ends_the_workers(tmp_path, start):
    process = start("--job=long", "--workers=2")
    wait_for(lambda: len(list(tmp_path.glob("*.began"))) == 3)
    process.send_signal(signal.SIGINT)
    said = sentence_of(process)
    assert process.returncode == 130
    assert said[-1].startswith("Interrupted: every finished job is kept") and len(said) == 1
    assert [*json.loads(kept(tmp_path))["rows"]] == ["seed 0"]
    began = [int(path.name.split(".")[1]) for path in tmp_path.glob("*.began")]
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in began))


def test_workers_end_when_the_study_is_killed(tmp_path, start):
    process = start("--job=long", "--workers=2")
    wait_for(lambda: len(list(tmp_path.glob("*.began"))) == 3)
    process.kill()
    began = [int(path.name.split(".")[1]) for path in tmp_path.glob("*.began")]
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in began))
    assert [*json.loads(kept(tmp_path))["rows"]] == ["seed 0"]


def test_interrupted_and_continued_by_others_it_is_the_same_file(tmp_path):
    whole = run(tmp_path / "whole")
    run(tmp_path / "parts", "--jobs=1")
    run(tmp_path / "parts", "--jobs=3", "--workers=2")
    assert run(tmp_path / "parts", "--jobs=4") == whole


# --- dask


@pytest.fixture(scope="module")
def cluster():
    """Two processes that are workers, as on two machines."""
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with distributed.LocalCluster(**options, silence_logs=50) as cluster:
        yield cluster


def test_workers_of_a_scheduler_write_the_same_file(tmp_path, cluster):
    address = cluster.scheduler_address
    assert run(tmp_path / "many", "--scheduler", address) == run(tmp_path / "one")
    rows = run(tmp_path, "--job=killed", "--times=1", "--scheduler", address)
    assert [row["square"] for row in json.loads(rows)["rows"].values()] == [0, 1, 4, 9]


def test_a_worker_with_many_threads_does_one_job_at_a_time(tmp_path):
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 1, "threads_per_worker": 4, "dashboard_address": ":0"}
    with distributed.LocalCluster(**options, silence_logs=50) as cluster:
        many = run(tmp_path / "many", "--scheduler", cluster.scheduler_address)
    assert many == run(tmp_path / "one")


def test_a_study_as_it_is_called_finds_the_scheduler(tmp_path, cluster, start):
    process = start("--job=killed", "--scheduler", cluster.scheduler_address)
    assert (sentence_of(process), process.returncode) == ([], 0)
    assert len(json.loads(kept(tmp_path))["rows"]) == 4


def test_a_job_that_kills_every_worker_is_one_sentence(tmp_path, cluster, capsys):
    options = [str(tmp_path), "--job=killed", "--times=99"]
    options += ["--scheduler", cluster.scheduler_address]
    assert jobs.main(scale_study.study, scale_study.parser(), options) == 2
    assert "Workers that had one job were killed" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nowhere", "127.0.0.1:99999", "a b://"])
def test_where_no_scheduler_answers_it_is_one_sentence_in_seconds(tmp_path, start, address):
    pytest.importorskip("distributed")
    began = time.monotonic()
    process = start("--scheduler", address)
    said = sentence_of(process)
    assert process.returncode == 2 and time.monotonic() - began < 20
    assert len(said) == 1 and said[0].startswith(f"error: No scheduler answers at {address}")


def test_a_scheduler_that_goes_away_is_one_sentence_and_what_was_done_is_kept(tmp_path, start):
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": ":0"}
    with distributed.LocalCluster(**options, silence_logs=50) as cluster:
        process = start("--job=long", "--scheduler", cluster.scheduler_address)
        wait_for(lambda: len(list(tmp_path.glob("*.began"))) == 2)
    said = sentence_of(process)
    assert process.returncode == 2 and "is gone" in said[-1] and len(said) == 1
    assert [*json.loads(kept(tmp_path))["rows"]] == ["seed 0"]


def test_without_dask_a_scheduler_is_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    parser, options = scale_study.parser(), [str(tmp_path), "--scheduler", "tcp://127.0.0.1:9"]
    assert run_script(lambda _: scale_study.study(parser.parse_args(options)), []) == 2
    assert "pip install 'vadkit[cluster]'" in capsys.readouterr().err


STAND_INS = """
from distributed import LocalCluster
class SLURMCluster(LocalCluster):
    def __init__(self, cores, processes, memory, walltime):
        super().__init__(n_workers=0, threads_per_worker=cores, dashboard_address=":0")
    def scale(self, jobs):
        super().scale(min(jobs, 2))
class KubeCluster(LocalCluster):
    def __init__(self, name, n_workers, worker_command, image, env):
        super().__init__(n_workers=4, threads_per_worker=1, dashboard_address=":0")
"""


@pytest.mark.parametrize("cluster", ["SLURMCluster", "KubeCluster"])
def test_a_script_of_docs_scale_md_does_a_study(tmp_path, cluster):
    """With processes of this machine, two and four, in place of those of SLURM and Kubernetes."""
    pytest.importorskip("distributed")
    page = (HERE.parent / "docs" / "scale.md").read_text(encoding="utf-8")
    (script,) = (
        block for block in re.findall(r"```python\n(.*?)```", page, re.S) if cluster in block
    )
    script = re.sub(rf"from \S+ import {cluster}", f"from stand_ins import {cluster}", script)
    study = f'"scale_study", {str(tmp_path)!r}'
    (tmp_path / "stand_ins.py").write_text(STAND_INS)
    (tmp_path / "script.py").write_text(script.replace('"vadstudies.transfer.run"', study))
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    subprocess.run([sys.executable, tmp_path / "script.py"], env=environment, check=True)
    assert kept(tmp_path) == run(tmp_path / "one")
