"""Prepare JupyterLab for the course: no popups, slides that fit, notebooks that open clean.

    python tools/lab_settings.py [--notebooks FOLDER]

`make lab` does this; run it once yourself after installing with conda or pip in a checkout. The
command `vadkit` does the same for its own copy of the notebooks.
"""

import argparse
import sys
from pathlib import Path

from notebooks import ROOT, read
from vadcourse.launch import copy_settings, welcome
from vadkit.cli import run_script, sentence_of


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = ROOT / "notebooks"
    parser.add_argument("--notebooks", type=Path, default=default, metavar="FOLDER")
    folder = parser.parse_args(argv).notebooks
    paths = sorted([*folder.glob("[0-9]*.ipynb"), *folder.glob("[a-z]*/[0-9]*.ipynb")])
    if not paths:
        raise ValueError(f"There are no notebooks of the course in {folder}.")
    copy_settings()
    problems = []
    for path in paths:
        try:
            read(path)  # its sentences say what is wrong with a damaged one
            welcome(path)
        except (ValueError, OSError) as error:  # the others open clean all the same
            problems.append(sentence_of(error))
    if problems:
        raise ValueError(problems[0])


if __name__ == "__main__":
    sys.exit(run_script(main))
