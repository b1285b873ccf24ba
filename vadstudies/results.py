"""What the studies measured: JSON files beside the code that measured it, and tables of them."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from pandas import DataFrame

from vadkit.checkpoints import atomic_path
from vadkit.cli import file_name, output_file

RESULTS = Path(__file__).parent


def results_file(name: str) -> Path:
    """Where results are kept; `name` is study/file ("adaptation/steps")."""
    return RESULTS / f"{name}.json"


def save_results(name: str, results) -> None:
    """Write JSON-able results.

    The file is complete or not there at all: an interrupted run leaves the old one as it was.

    Raises
    ------
    OSError
        If it cannot be written, with its name.
    """
    path, text = results_file(name), json.dumps(results, indent=1) + "\n"
    try:
        with atomic_path(path) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
    except OSError as error:  # of a full disk, for one, the system does not say where
        raise OSError(error.errno, error.strerror, str(path)) from None


def load_results(name: str):
    """Read what `save_results` wrote.

    Raises
    ------
    FileNotFoundError
        For a name that nobody wrote.
    ValueError
        For a damaged file.
    """
    path = results_file(name)
    if not path.is_file():
        known = ", ".join(list_results()) or "none"
        raise FileNotFoundError(f"No results '{name}' in the package (there are: {known}).")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise ValueError(f"{path} is not valid JSON: {AGAIN}") from None


AGAIN = "run the script that wrote it again, with --restart where it has that option."


def load_study(name: str) -> dict:
    """Read the results of a study, {"about": settings and versions, "rows": {job: row}}.

    Raises
    ------
    FileNotFoundError
        For a name that nobody wrote.
    ValueError
        For a damaged file, and for one that holds anything else.
    """
    results = load_results(name)
    if not _is_study(results):
        raise ValueError(f"{results_file(name)} does not hold the rows of a study: {AGAIN}")
    return results


def _is_study(results):
    if not isinstance(results, dict):
        return False
    about, rows = results.get("about"), results.get("rows")
    if not isinstance(about, dict) or "settings" not in about or not isinstance(rows, dict):
        return False
    return all(isinstance(row, dict) for row in rows.values())


def list_results() -> list[str]:
    """List the names that `load_results` understands, sorted."""
    files = [path.relative_to(RESULTS) for path in RESULTS.rglob("*.json")]
    return sorted(file.with_suffix("").as_posix() for file in files)


def rows_of(name: str) -> tuple[DataFrame, dict]:
    """Read a results file as a table with one line for each job, and the settings of all jobs."""
    results = load_study(name)
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


# --- Before the work begins


def new_results(study: str) -> Callable[[str], str]:
    """Make the type of an option that names a results file of a study, to be written at the end.

    It takes a plain name, without folders. What cannot be written is an OSError, before any work.
    """

    def parse(text):
        output_file(results_file(f"{study}/{file_name(text)}"))
        return text

    return parse
