"""`vadkit`: copy the notebooks into a folder of yours, and open JupyterLab on the first.

    vadkit [FOLDER] [--port 8888] [--ip localhost] [--no-browser] [--copy-only] [--from HANDOUT]

FOLDER is `vadkit_course` unless you name another. What is already there is never written over: the
same command opens the course again, as you left it. With VADKIT_LANG=zh in the environment it opens
the Chinese edition. HANDOUT is a folder with other notebooks of the course, such as those that
`make handout` writes.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import nbformat
from jupyterlab.commands import get_app_dir
from nbformat.sign import NotebookNotary

from vadkit import text
from vadkit.checkpoints import atomic_path
from vadkit.cli import run_script, whole_number

HERE = Path(__file__).resolve().parent
# The notebooks of every edition, not JupyterLab's checkpoints, and what they show and link to.
PARTS = ("notebooks/*.ipynb", "notebooks/[a-z]*/*.ipynb", "docs/**/*.*")
FIRST = "notebooks/00_start_here.ipynb"
# What JupyterLab calls a language; its menus need the language pack, `pip install vadkit[zh]`.
LOCALES = {"zh": "zh_CN"}
KERNEL_STARTUP = """# The course "vadkit": a name that is not there yet is answered by a sentence.
try:
    __import__("vadcourse")
except ImportError:  # it was removed from this environment
    pass
"""


def source() -> Path:
    """Where the notebooks are: inside the installed package, or in a checkout beside it."""
    packed = HERE / "course"
    return packed if packed.is_dir() else HERE.parent


def copy_course(folder: Path, origin: Path | None = None) -> tuple[int, int]:
    """Copy what is not there yet.

    Parameters
    ----------
    folder : Path
        Made where it is missing.
    origin : Path, optional
        Where the notebooks and docs are; default: `source()`.

    Returns
    -------
    tuple of int
        How many files were copied, and how many were there and stay as they are.

    Raises
    ------
    ValueError
        If the folder is a file, or `origin` has no notebooks.
    """
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file: name a folder for the course.")
    origin = origin or source()
    paths = sorted(path for part in PARTS for path in origin.glob(part) if path.is_file())
    if not (origin / FIRST).is_file():
        raise ValueError(f"There are no notebooks of the course in {origin}: {FIRST} is missing.")
    targets = {path: folder / path.relative_to(origin) for path in paths}
    missing = {path: target for path, target in targets.items() if not target.exists()}
    for path, target in missing.items():
        with atomic_path(target) as unfinished:
            shutil.copyfile(path, unfinished)
    return len(missing), len(targets) - len(missing)


def copy_settings() -> None:
    """Give this environment's JupyterLab and kernels the course's settings, beside any others."""
    target = Path(get_app_dir()) / "settings" / "overrides.d" / "vadkit.json"
    settings = (HERE / "jupyterlab_overrides.json").read_text(encoding="utf-8")
    if locale := LOCALES.get(text.language()):
        chosen = {"@jupyterlab/translation-extension:plugin": {"locale": locale}}
        settings = json.dumps(json.loads(settings) | chosen, indent=2)
    try:
        with atomic_path(target) as unfinished:
            unfinished.write_text(settings, encoding="utf-8")
    except OSError:  # an installation for everybody: whoever made it has copied them
        if not target.is_file() or target.read_text(encoding="utf-8") != settings:
            print(f"{target} is not this course's and cannot be written: slides may not fit.")
    startup = Path(sys.prefix) / "etc" / "ipython" / "startup" / "vadkit.py"
    with suppress(OSError), atomic_path(startup) as unfinished:  # the course does without
        unfinished.write_text(KERNEL_STARTUP, encoding="utf-8")


def welcome(path: Path) -> None:
    """Note this Python's version in a notebook, where it is another, and sign it.

    Without the version JupyterLab asks to save what nobody touched; without the signature of this
    machine it runs no script in an output, and the players would be still pictures.

    Parameters
    ----------
    path : Path
        A notebook of the course.
    """
    notebook = nbformat.read(path, as_version=4)
    about = notebook.metadata.get("language_info", {})
    if about.get("version") != platform.python_version():
        about["version"] = platform.python_version()
        with atomic_path(path) as unfinished:
            nbformat.write(notebook, unfinished)
    notary = NotebookNotary()
    notary.sign(notebook)
    notary.store.close()


def main(argv: Sequence[str] | None = None) -> None:
    """Copy and open.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; None takes those of this process.
    """
    parser = argparse.ArgumentParser(
        prog="vadkit", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path("vadkit_course"))
    parser.add_argument("--port", type=whole_number(1024, 65535), default=8888)
    parser.add_argument("--ip", default="localhost", help="where it listens: 0.0.0.0 is everywhere")
    parser.add_argument("--no-browser", action="store_true", help="print the address instead")
    parser.add_argument("--copy-only", action="store_true", help="do not start JupyterLab")
    parser.add_argument("--from", type=Path, dest="origin", metavar="HANDOUT")
    options = parser.parse_args(argv)
    folder = options.folder.expanduser().absolute()
    n_copied, n_kept = copy_course(folder, options.origin)
    print(f"{folder}: {n_copied} files copied, {n_kept} of yours kept as they are.")
    copy_settings()
    for edition in ("", *LOCALES):
        for path in sorted((folder / "notebooks" / edition).glob("[0-9]*.ipynb")):
            welcome(path)
    if not options.copy_only:
        open_lab(folder, options.ip, options.port, not options.no_browser)


def open_lab(folder: Path, ip: str, port: int, browser: bool) -> None:
    """Run JupyterLab on the first notebook until it is closed.

    Parameters
    ----------
    folder : Path
        Of the course; nothing outside is shown.
    ip, port : str, int
        Where it listens; if that is taken, one of the next.
    browser : bool
        Whether to open one.
    """
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}"]
    command += [f"--ServerApp.ip={ip}", f"--ServerApp.port={port}"]
    edition = f"notebooks/{text.language()}/{Path(FIRST).name}"
    first = edition if (folder / edition).is_file() else FIRST
    command += [f"--LabApp.default_url=/lab/tree/{first}"]
    command += ["--FileContentsManager.pre_save_hook=vadcourse.saving.without_models"]
    if not browser:
        command.append("--no-browser")
    if hasattr(os, "getuid") and os.getuid() == 0:  # in a container, say
        command.append("--allow-root")
    sys.stdout.flush()
    if os.name == "posix":
        os.execv(sys.executable, command)  # so that Ctrl-C and kill reach JupyterLab itself
    subprocess.run(command)


def script() -> int:
    """Run as the command `vadkit`.

    Returns
    -------
    int
        The exit code.
    """
    return run_script(main, kept="what was copied stays; the same command opens it again.")


if __name__ == "__main__":
    sys.exit(script())
