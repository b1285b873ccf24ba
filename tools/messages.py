"""Collect every English text that widgets, quiz, exercises and alt texts may show.

    python tools/messages.py [OUT]      OUT: a gettext template, build/messages.pot by default

`tools/catalogues.py` keeps the catalogues of every language in step with what is collected here.
"""

import argparse
import ast
import io
import itertools
import re
import sys
from pathlib import Path
from typing import Any

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from notebooks import all_notebooks, read
from vadcourse import quiz
from vadcourse.widgets import benefit
from vadcourse.widgets.drawn_figure import FIGURES
from vadkit.checkpoints import atomic_path
from vadkit.cli import output_file, run_script
from vadkit.toy import CONTEXTUAL, CUSTOMS, KINDS
from vadkit.toy.passers_by import STRANGER
from vadstudies.benefit.report import DIFFERS, UNITS
from vadstudies.capacity.report import PANELS, STYLE
from vadstudies.customs.protocol import CONTROLLED, LEARN_NOTHING, METHODS, WRONG
from vadstudies.customs.report import METRICS
from vadstudies.predictors.run import ROWS

ROOT = Path(__file__).resolve().parent.parent
KEYWORDS = {"say": None, "figure_text": None, "NotYet": None, "Stopped": None}
# What becomes a text of a figure or a table is translated when it is shown, without a `say`.
SHOWN = set("xlabel ylabel label title suptitle caption alt xticklabels score_name".split())
SETTERS = set("set_title set_xlabel set_ylabel set_label suptitle rename_axis annotate".split())
WORDS = re.compile("[A-Za-z]{3}")
WORD = re.compile("[A-Za-z, -]{3,}")  # of a table or a legend: no name of an argument
MAGIC = re.compile(r"^\s*%.*$", re.M)
STRING = re.compile(r'"([^"]+)"')
SAY = re.compile(r'\bsay\([^"()]*("[^"]+"(?:\s*\+\s*"[^"]+")*)')


def _literals(nodes, sign=""):
    for node in nodes:
        value = getattr(node, "value", None)
        if isinstance(value, str) and isinstance(node, ast.Constant) and sign in value and value:
            yield node.lineno, None, value, []


def extract_python(file, keywords, comment_tags, options):
    """Yield the texts given to `say` or `NotYet`, as Babel's extractors do.

    Babel's own for Python sees nothing inside an f-string before Python 3.12.
    """
    for node in ast.walk(ast.parse(file.read())):
        if isinstance(node, ast.Call):
            yield from _texts_of_call(node, keywords)
        elif isinstance(node, ast.arguments) and node.defaults:
            with_default = (node.posonlyargs + node.args)[-len(node.defaults) :]
            for argument, default in zip(with_default, node.defaults):
                if argument.arg in SHOWN:
                    yield from _literals([default])


def _texts_of_call(call, keywords):
    if getattr(call.func, "id", getattr(call.func, "attr", "")) in keywords:
        yield from _literals(call.args[:1])
    if getattr(call.func, "attr", "") in SETTERS:
        yield from _literals(call.args)
    for keyword in call.keywords:
        if keyword.arg in SHOWN:
            yield from _literals([keyword.value])


def extract_cell(file, keywords, comment_tags, options):
    """Yield what a notebook's cell may show in figures, tables and widgets.

    That is what is named so, what names a curve or a row, and any sentence that is not printed. Of
    an f-string, the values are {0}, {1}: see `vadkit.text.recognise`.
    """
    for node in _walk_unprinted(ast.parse(file.read())):
        if isinstance(node, ast.Call):
            yield from _texts_of_call(node, keywords)
        elif isinstance(node, ast.Dict):
            yield from (found for found in _literals(node.keys) if WORD.fullmatch(found[2]))
        elif isinstance(node, ast.Constant):
            yield from (found for found in _literals([node], sign=" ") if WORDS.search(found[2]))
        elif isinstance(node, ast.JoinedStr):
            numbers = (f"{{{number}}}" for number in itertools.count())
            parts = [getattr(part, "value", None) for part in node.values]
            text = "".join(p if isinstance(p, str) else next(numbers) for p in parts)
            if WORDS.search(text):
                yield node.lineno, None, text, []


def _walk_unprinted(node):
    """All nodes below, but not what is printed, what is raised, and docstrings."""
    is_printed = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
    is_doc = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    if is_printed or is_doc or isinstance(node, ast.Raise):
        return
    yield node
    if not isinstance(node, ast.JoinedStr):
        for child in ast.iter_child_nodes(node):
            yield from _walk_unprinted(child)


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


EXTRACTORS: list[tuple[str, Any]] = [  # files, and their extractor
    ("**/exercises/*.py", extract_exercise),
    ("**/report.py", extract_cell),
    ("**.py", extract_python),
    ("**.js", extract_javascript),
]
OF_SITE: list[tuple[str, Any]] = [
    ("**.html", "jinja2.ext:babel_extract"),
    ("**.py", extract_python),
    ("predictor/*.js", extract_javascript),
]
JINJA = {"**.html": {"extensions": "jinja2.ext.i18n", "trimmed": "true"}}


def collect() -> Catalog:
    """Return the catalogue of all texts, without translations."""
    catalog = Catalog(project="vadkit")
    for package in ("vadkit", "vadcourse", "vadstudies"):
        messages = extract_from_dir(ROOT / package, EXTRACTORS, keywords=KEYWORDS)
        for name, line, text, _, _ in messages:
            catalog.add(text, locations=[(f"{package}/{name}", line)])
    for folder in ("site", "tools"):
        found = extract_from_dir(ROOT / folder, OF_SITE, JINJA, KEYWORDS | {"gettext": None})
        for name, line, text, _, _ in found:
            catalog.add(text, locations=[(f"{folder}/{name}", line)])
    for path in all_notebooks():
        for cell in read(path).cells:
            code = MAGIC.sub("", cell.source) if cell.cell_type == "code" else ""
            for _, _, text, _ in extract_cell(io.StringIO(code), KEYWORDS, (), {}):
                catalog.add(text, locations=[(path.relative_to(ROOT).as_posix(), 0)])
    for text in names():
        catalog.add(text, locations=[("tools/messages.py", 1)])
    for text in quiz.texts():
        catalog.add(text, locations=[("vadcourse/quiz.toml", 1)])
    return catalog


def names() -> list[str]:
    """What data call things: kinds and figures, methods and metrics of the studies, documents."""
    from site_pages import DOCUMENTS  # which needs the catalogues itself

    metrics = [*METRICS.values(), *PANELS, *(name for name, _ in UNITS.values())]
    methods = [*LEARN_NOTHING, *METHODS, *(name + WRONG for name in CONTROLLED), *benefit.METHODS]
    return [
        *KINDS,
        *CONTEXTUAL,
        STRANGER,
        *CUSTOMS,
        *(side.name for sides in CUSTOMS.values() for side in sides),
        *FIGURES,
        *DIFFERS,
        *STYLE,
        *metrics,
        *methods,
        *ROWS,
        "abnormal",
        "PSNR",
        "all walk {0}",  # of tools/pictures.py
        *(title for _, title in DOCUMENTS.values()),
    ]


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
