"""What the studies measured: JSON files beside the code that measured it, and tables of them."""

import json
from collections.abc import Iterable
from pathlib import Path

from pandas import DataFrame

from vadkit.checkpoints import atomic_path

RESULTS = Path(__file__).parent


def save_results(name: str, results) -> None:
    """Write JSON-able results as `NAME.json`, where `name` is study/file ("adaptation/steps").

    The file is complete or not there at all: an interrupted run leaves the old one as it was.
    """
    with atomic_path(RESULTS / f"{name}.json") as unfinished:
        unfinished.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def load_results(name: str):
    """Read what `save_results` wrote.

    Raises
    ------
    FileNotFoundError
        For a name that nobody wrote.
    ValueError
        For a damaged file.
    """
    path = RESULTS / f"{name}.json"
    if not path.is_file():
        known = ", ".join(list_results()) or "none"
        raise FileNotFoundError(f"No results '{name}' in the package (there are: {known}).")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise ValueError(f"{path} is not valid JSON: run the script that made it again.") from None


def list_results() -> list[str]:
    """List the names that `load_results` understands, sorted."""
    files = [path.relative_to(RESULTS) for path in RESULTS.rglob("*.json")]
    return sorted(file.with_suffix("").as_posix() for file in files)


def rows_of(name: str) -> tuple[DataFrame, dict]:
    """Read a results file as a table with one line for each job, and the settings of all jobs."""
    results = load_results(name)
    return tidy(results["rows"].values()), results["about"]["settings"]


def tidy(rows: DataFrame | Iterable[dict], nested: str | None = None, key: str = "") -> DataFrame:
    """Make a table of results, with one line for each job or for each entry of a nested dictionary.

    Parameters
    ----------
    rows : DataFrame or iterable of dict
        The rows of a results file, or a table that this function made.
    nested : str, optional
        A column that holds {name: {column: value}}. Each name gets a line of its own, and what
        stands under it becomes columns, in place of columns of the same name.
    key : str
        The new column that holds the name.

    Returns
    -------
    DataFrame
        With a column "scene", such as "campus-20010", where place and seed of the scene are known.
    """
    records = rows.to_dict("records") if isinstance(rows, DataFrame) else list(rows)
    if nested is not None:
        entries = [(row, name, entry) for row in records for name, entry in row[nested].items()]
        records = [{**row, key: name, **entry} for row, name, entry in entries]
    table = DataFrame(records)
    if "scene_seed" in table and "scene" not in table:
        table["scene"] = table["place"] + "-" + table["scene_seed"].astype(str)
    return table
