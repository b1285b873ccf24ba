"""Collect every English text that widgets, quiz, exercises and alt texts may show.

    python tools/messages.py [OUT]      OUT: a gettext template, build/messages.pot by default

A translator turns the template into vadkit/locale/LANG/LC_MESSAGES/vadkit.po with
`pybabel init -D vadkit -i build/messages.pot -d vadkit/locale -l LANG`, and `pybabel compile -D
vadkit -d vadkit/locale` makes the vadkit.mo beside it that `VADKIT_LANG=LANG` shows.
"""

import argparse
import ast
import re
import sys
from pathlib import Path
from typing import Any

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from vadcourse import quiz
from vadkit.checkpoints import atomic_path
from vadkit.cli import output_file, run_script

ROOT = Path(__file__).resolve().parent.parent
KEYWORDS = {"say": None, "NotYet": None, "Stopped": None}
STRING = re.compile(r'"([^"]+)"')
SAY = re.compile(r'\bsay\([^"()]*("[^"]+"(?:\s*\+\s*"[^"]+")*)')


def _literals(nodes, sign=""):
    for node in nodes:
        if isinstance(node, ast.Constant) and sign in str(node.value):
            yield node.lineno, None, node.value, []


def extract_python(file, keywords, comment_tags, options):
    """Yield the texts given to `say` or `NotYet`, as Babel's extractors do.

    Babel's own for Python sees nothing inside an f-string before Python 3.12.
    """
    for node in ast.walk(ast.parse(file.read())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in keywords:
            yield from _literals(node.args[:1])


def extract_exercise(file, keywords, comment_tags, options):
    """Yield also sentences that are keys of a dict (hints for mistakes) or returned (praise)."""
    yield from extract_python(file, keywords, comment_tags, options)
    file.seek(0)
    for node in ast.walk(ast.parse(file.read())):
        if isinstance(node, ast.Dict):
            yield from _literals(node.keys, sign=" ")
        elif isinstance(node, ast.Return):
            yield from _literals([node.value], sign=" ")


def extract_javascript(file, keywords, comment_tags, options):
    """Yield the texts given to `say`: Babel's own extractor overlooks a `say` inside another."""
    code = file.read().decode()
    for call in SAY.finditer(code):
        line = code.count("\n", 0, call.start()) + 1
        yield line, None, "".join(STRING.findall(call[1])), []


METHODS: list[tuple[str, Any]] = [  # files, and their extractor
    ("**/exercises/*.py", extract_exercise),
    ("**.py", extract_python),
    ("**.js", extract_javascript),
]


def collect() -> Catalog:
    """Return the catalogue of all texts, without translations."""
    catalog = Catalog(project="vadkit")
    for package in ("vadkit", "vadcourse", "vadstudies"):
        messages = extract_from_dir(ROOT / package, METHODS, keywords=KEYWORDS)
        for name, line, text, _, _ in messages:
            catalog.add(text, locations=[(f"{package}/{name}", line)])
    for text in quiz.texts():
        catalog.add(text, locations=[("vadcourse/quiz.toml", 1)])
    return catalog


def template(text: str) -> Path:
    """A gettext template that can be written: another ending may be somebody's work."""
    if not text.endswith(".pot"):
        raise argparse.ArgumentTypeError(f"'{text}' is no gettext template: name a file .pot.")
    return output_file(text)


def main(argv=None):
    """Write the template."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = str(ROOT / "build" / "messages.pot")
    parser.add_argument("out", nargs="?", type=template, default=default, metavar="OUT")
    out = parser.parse_args(argv).out
    catalog = collect()
    with atomic_path(out) as unfinished, open(unfinished, "wb") as file:
        write_po(file, catalog, width=100)
    print(f"{out}: {len(catalog)} texts.")


if __name__ == "__main__":
    sys.exit(run_script(main))
