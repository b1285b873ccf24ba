"""The notebooks of the course, and what the tools ask of their cells and outputs."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def all_notebooks() -> list[Path]:
    """The paths of all notebooks, in the order of the course."""
    return sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))


def tags(cell) -> set[str]:
    """The tags of a cell."""
    return set(cell.metadata.get("tags", []))


def is_widget_view(output) -> bool:
    """Whether an output is a widget, which needs a kernel."""
    return "application/vnd.jupyter.widget-view+json" in output.get("data", {})


def is_progress_bar(output) -> bool:
    """Whether an output is a progress bar: once it has finished, it says nothing to a reader."""
    bar = "it/s]" in output.get("data", {}).get("text/plain", "")
    return bar or output.get("name") == "stderr"
