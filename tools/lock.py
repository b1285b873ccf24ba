"""Renew constraints.txt (every transitive version the course is tested with) and environment.yml from pyproject.toml.

constraints.txt is what pip resolves in an empty environment today. `--environment-only` rewrites environment.yml and
leaves the versions alone.
"""

import argparse
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def environment_text():
    """environment.yml: for conda and Binder, the packages of pyproject.toml and the versions of constraints.txt."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    packages = project["dependencies"] + project["optional-dependencies"]["test"]
    lines = ["# Written by tools/lock.py from pyproject.toml: change that file, then run `make lock`.", "name: vadkit"]
    lines += [
        "channels:",
        "  - conda-forge",
        "dependencies:",
        "  - python=3.11",
        "  - pip",
        "  - pip:",
        "      - -c constraints.txt",
    ]
    lines += [f'      - "{package}"' for package in packages] + ["      - -e ."]
    return "\n".join(lines) + "\n"


def constraints_text():
    """The versions pip picks for pyproject.toml in an empty environment."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        pip = [str(Path(folder) / "bin" / "python"), "-m", "pip"]
        subprocess.run([*pip, "install", "-q", f"{ROOT}[test]"], check=True)
        frozen = subprocess.run([*pip, "list", "--format=freeze", "--exclude", "vadkit", "--exclude", "pip"], check=True,
                                capture_output=True, text=True).stdout  # fmt: skip
    pins = [
        line.split("+")[0]
        for line in frozen.splitlines()
        if not line.startswith(("nvidia-", "triton==", "setuptools=="))
    ]
    return "# Written by tools/lock.py: every version the course is tested with.\n" + "\n".join(pins) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment-only", action="store_true")
    if not parser.parse_args().environment_only:
        (ROOT / "constraints.txt").write_text(constraints_text(), encoding="utf-8")
    (ROOT / "environment.yml").write_text(environment_text(), encoding="utf-8")
    sys.exit(0)
