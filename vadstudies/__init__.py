"""The claims of the course, one folder each: run it, its tables and figures, its results."""

from vadstudies.results import load_results, save_results

__all__ = ["load_results", "save_results"]
