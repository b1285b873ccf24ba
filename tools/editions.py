"""Build the notebooks and documents of a language, from the English ones and the catalogues.

    python tools/editions.py zh            notebooks/zh, README.zh.md and the other documents
    python tools/editions.py zh --check    only say whether they are as they would be built

Markdown is swapped, code cells stay as they are, byte for byte. Outputs are kept where a notebook
of that language has them, else they are the English ones: `tools/run_notebooks.py notebooks/zh/*`
makes them in that language. A notebook that somebody edited is not overwritten.
"""

import argparse
import hashlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog
from catalogues import DOCUMENTS, is_message, languages, load, pieces
from nbformat import NotebookNode

from notebooks import ROOT, all_notebooks, read, write
from vadkit.checkpoints import atomic_path
from vadkit.cli import run_script

BUILT = "<!-- Built by tools/editions.py from {name} and translations/{language}: edit those. -->\n"
# The target of a link or a picture that is a file, in Markdown and in HTML.
TARGET = re.compile(r'(\]\(|(?:src|href)=")(?![a-z]+:|#)([^)"#\s]+)')


def edition_of(path: Path, language: str) -> Path:
    """Where the edition in a language of a notebook or document lies."""
    if path.suffix == ".ipynb":
        return path.parent / language / path.name
    return path.with_suffix(f".{language}{path.suffix}")


def originals() -> list[Path]:
    """What is translated: all notebooks, and the documents."""
    return [*all_notebooks(), *(ROOT / name for name in DOCUMENTS)]


def relinked(text: str, original: Path, language: str) -> str:
    """The text as it must be in the edition: a link leads to the translation where there is one."""
    target = edition_of(original, language)

    def replace(match):
        file = Path(os.path.normpath(original.parent / match[2]))
        if file in originals() and file != original:
            file = edition_of(file, language)
        return match[1] + Path(os.path.relpath(file, target.parent)).as_posix()

    return TARGET.sub(replace, text)


def translated(catalog: Catalog, text: str, context: str | None = None) -> str:
    """The translation of a message, or its English text."""
    message = catalog.get(text, context)
    return str(message.string) if message and message.string else text


def build_notebook(original: Path, language: str) -> NotebookNode:
    """The notebook in a language, with the outputs that it has already."""
    catalog = load(ROOT / "translations" / language / f"{original.stem}.po", language)
    notebook, path = read(original), edition_of(original, language)
    before = {cell.id: cell for cell in read(path).cells} if path.exists() else {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            text = translated(catalog, cell.source, cell.id)
            cell.source = relinked(text, original, language)
        elif cell.id in before and before[cell.id].source == cell.source:
            cell.outputs = before[cell.id].outputs
            cell.execution_count = before[cell.id].execution_count
    notebook.metadata["lang"] = language
    notebook.metadata["built"] = fingerprint(notebook)
    return notebook


def fingerprint(notebook: NotebookNode) -> str:
    """Of all cells as they were built: whoever edits one changes it."""
    text = "\0".join(f"{cell.cell_type} {cell.source}" for cell in notebook.cells)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def build_document(original: Path, language: str) -> str:
    """The document in a language."""
    catalog = load(ROOT / "translations" / language / f"{original.stem}.po", language)
    cut = pieces(original.read_text(encoding="utf-8"))
    text = "".join(translated(catalog, piece) if is_message(piece) else piece for piece in cut)
    name = original.relative_to(ROOT).as_posix()
    return BUILT.format(name=name, language=language) + relinked(text, original, language)


def stale(language: str) -> Iterator[Path]:
    """Notebooks and documents of the language that are not as they would be built."""
    for original in originals():
        path = edition_of(original, language)
        if path.suffix != ".ipynb":
            fresh = path.exists() and path.read_text(encoding="utf-8") == build_document(
                original, language
            )
        else:
            wanted = build_notebook(original, language).metadata
            fresh = path.exists() and fingerprint(read(path)) == wanted["built"]
        if not fresh:
            yield path


def edited(language: str) -> list[Path]:
    """Notebooks of the language that somebody edited since they were built."""
    paths = [edition_of(path, language) for path in all_notebooks()]
    there = [(path, read(path)) for path in paths if path.exists()]
    return [path for path, it in there if it.metadata.get("built") != fingerprint(it)]


def build(language: str) -> None:
    """Write every notebook and document of the language."""
    for original in originals():
        path = edition_of(original, language)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".ipynb":
            write(build_notebook(original, language), path)
        else:
            with atomic_path(path) as unfinished:
                unfinished.write_text(build_document(original, language), encoding="utf-8")


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("language", choices=languages())
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--overwrite", action="store_true", help="edited notebooks, too")
    options = parser.parse_args(argv)
    if options.check:
        old = [str(path.relative_to(ROOT)) for path in stale(options.language)]
        if old:
            raise ValueError(f"Not as they would be built: {', '.join(old)}. Run `make zh`.")
        return
    changed = [str(path.relative_to(ROOT)) for path in edited(options.language)]
    if changed and not options.overwrite:
        raise ValueError(
            f"Edited since they were built: {', '.join(changed)}. Put what you changed into "
            "the English notebook or the catalogue; --overwrite drops it."
        )
    build(options.language)


if __name__ == "__main__":
    sys.exit(run_script(main))
