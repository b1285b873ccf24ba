"""Results on disk: they come back as they were, and a failed write leaves the old ones."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vadstudies import results as results_store
from vadstudies.results import load_results, save_results

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
