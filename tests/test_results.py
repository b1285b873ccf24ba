"""Results on disk: they come back as they were, and a failed write leaves the old ones."""

import os
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vadkit.locks import alone
from vadstudies import results as results_store
from vadstudies.results import load_results, load_study, rows_of, save_results

tables = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables)
def test_results_come_back_as_they_were(tmp_path, monkeypatch, results):
    monkeypatch.setattr(results_store, "RESULTS", tmp_path / "results")
    save_results("table", results)
    assert load_results("table") == results and os.listdir(tmp_path / "results") == ["table.json"]


def test_results_that_cannot_be_written_leave_the_old_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(results_store, "RESULTS", tmp_path)
    save_results("table", [1])
    with pytest.raises(TypeError):
        save_results("table", [object()])
    assert load_results("table") == [1] and os.listdir(tmp_path) == ["table.json"]


def test_missing_and_damaged_results(tmp_path, monkeypatch):
    monkeypatch.setattr(results_store, "RESULTS", tmp_path)
    with pytest.raises(FileNotFoundError, match="'tabel'.*none"):
        load_results("tabel")
    save_results("table", {})
    with pytest.raises(FileNotFoundError, match="'tabel'.*table"):
        load_results("tabel")
    (tmp_path / "table.json").write_text("{")
    with pytest.raises(ValueError, match="not valid JSON"):
        load_results("table")


ABOUT = '"about": {"settings": {}}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "5",
        '"rows"',
        "{}",
        '{"rows": {}}',
        '{"about": null, "rows": {}}',
        '{"about": {}, "rows": {}}',
        f"{{{ABOUT}}}",
        f'{{{ABOUT}, "rows": []}}',
        f'{{{ABOUT}, "rows": null}}',
        f'{{{ABOUT}, "rows": {{"job": null}}}}',
        f'{{{ABOUT}, "rows": {{"job": []}}}}',
        "[" * 100_000,
        "\udcff",
    ],
)
def test_rows_of_another_shape_are_refused_with_what_to_do(tmp_path, monkeypatch, text):
    monkeypatch.setattr(results_store, "RESULTS", tmp_path)
    (tmp_path / "table.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    for read in (load_study, rows_of):
        with pytest.raises(ValueError, match="table.json.*--restart"):
            read("table")


def test_a_full_disk_is_said_with_the_name_of_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(results_store, "RESULTS", tmp_path)
    save_results("table", [1])

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(results_store.Path, "write_text", full)
    with pytest.raises(OSError, match="No space left on device.*table.json"):
        save_results("table", [2])
    assert load_results("table") == [1] and os.listdir(tmp_path) == ["table.json"]


HOLD = """
import sys
from pathlib import Path
from vadkit.locks import alone
with alone(Path(sys.argv[1])):
    print("mine", flush=True)
    sys.stdin.read()
"""


def test_one_process_at_a_time_and_no_lock_outlives_its_process(tmp_path):
    path = tmp_path / "new" / "table.json"
    command = [sys.executable, "-c", HOLD, str(path)]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout.readline() == b"mine\n"
    with pytest.raises(OSError, match="table.json is being written by another process"):
        with alone(path):
            pytest.fail("two at a time")
    other.kill()
    other.communicate()
    with alone(path):
        pass
    assert os.listdir(path.parent) == []
