"""What the studies found, kept as JSON beside the code that found it."""

import json
from pathlib import Path

from vadkit.checkpoints import writing_whole

RESULTS = Path(__file__).parent


def save_results(name, results):
    """Write a JSON-able table of results as `NAME.json`, whole or not at all. name: study/file, "adaptation/steps" for instance."""
    with writing_whole(RESULTS / f"{name}.json") as unfinished:
        unfinished.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def load_results(name):
    """-> what `save_results` wrote. Raises FileNotFoundError for a name nobody wrote, ValueError for a damaged file."""
    path = RESULTS / f"{name}.json"
    if not path.is_file():
        found = ", ".join(list_results()) or "none"
        raise FileNotFoundError(f"No results '{name}' in the package (there are: {found}).")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise ValueError(f"{path} is not valid JSON: run the script that made it again.") from None


def list_results():
    """The names `load_results` understands, sorted."""
    return sorted(path.relative_to(RESULTS).with_suffix("").as_posix() for path in RESULTS.rglob("*.json"))


def rows_of(name):
    """The rows of a results file, and what stands beside them: -> (list of dicts, settings)."""
    results = load_results(name)
    return list(results["rows"].values()), results["about"]["settings"]
