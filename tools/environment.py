"""Write environment.yml, for conda and Binder, from the packages that pyproject.toml names.

The versions themselves are in constraints.txt, which `make lock` renews with uv.
"""

import argparse
import sys
import tomllib
from pathlib import Path

from vadkit.checkpoints import atomic_path
from vadkit.cli import run_script

ROOT = Path(__file__).resolve().parent.parent
HEAD = """\
# Written by `make lock` from pyproject.toml: change that file, then run it again.
name: vadkit
channels:
  - conda-forge
dependencies:
  - python=3.11
  - pip
  - pip:
      - -c constraints.txt
"""


def environment_text():
    """The text of environment.yml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    packages = project["dependencies"] + project["optional-dependencies"]["test"]
    return HEAD + "".join(f'      - "{package}"\n' for package in packages) + "      - -e .\n"


def main(argv=None):
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    with atomic_path(ROOT / "environment.yml") as unfinished:
        unfinished.write_text(environment_text(), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(run_script(main))
