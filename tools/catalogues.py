"""Keep the translations in step with the English text: gettext catalogues, one for each source.

    python tools/catalogues.py            new texts come in empty, changed ones are marked fuzzy
    python tools/catalogues.py --check    name every text that has no translation, or a fuzzy one
    python tools/catalogues.py --new de   begin another language, with all of it empty

A message is a Markdown cell of a notebook, a paragraph or a row of a table of a document, or a text
of the package, the exercises and the site (`tools/messages.py`). The catalogues are in
translations/LANG, the package's in vadkit/locale/LANG/LC_MESSAGES. `tools/editions.py` builds the
notebooks and documents of a language from them.
"""

import argparse
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import messages
from babel import Locale, UnknownLocaleError
from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po

from notebooks import ROOT, all_notebooks, read
from vadkit.checkpoints import atomic_path
from vadkit.cli import run_script

DOCUMENTS = ("README.md", "INSTRUCTORS.md", "docs/glossary.md", "docs/common_errors.md")
FENCE = "```"


def sources(language: str) -> Iterator[tuple[Path, Catalog]]:
    """Every catalogue of a language: its path, and what it must translate."""
    yield ROOT / f"vadkit/locale/{language}/LC_MESSAGES/vadkit.po", messages.collect()
    folder = ROOT / "translations" / language
    for path in all_notebooks():
        catalog = Catalog()
        for cell in read(path).cells:
            if cell.cell_type == "markdown":
                where = [(path.relative_to(ROOT).as_posix(), 0)]
                catalog.add(cell.source, locations=where, context=cell.id)
        yield folder / f"{path.stem}.po", catalog
    for name in DOCUMENTS:
        catalog = Catalog()
        for piece in pieces((ROOT / name).read_text(encoding="utf-8")):
            if is_message(piece):
                catalog.add(piece, locations=[(name, 0)])
        yield folder / f"{Path(name).stem}.po", catalog


def pieces(text: str) -> list[str]:
    """A document cut up, so that "".join puts it together: paragraphs, rows of tables, the rest."""
    kinds, fenced = [], False
    for number, line in enumerate(text.splitlines(keepends=True)):
        mark = line.startswith(FENCE)
        if fenced or mark:
            kinds.append((("code", 0), line))
        elif line.startswith("|"):
            kinds.append((("row", number), line))
        else:
            kinds.append((("text" if line.strip() else "blank", 0), line))
        fenced ^= mark
    cut = ["".join(line for _, line in lines) for _, lines in groupby(kinds, key=itemgetter(0))]
    return [
        part for piece in cut for part in (piece.rstrip("\n"), piece[len(piece.rstrip("\n")) :])
    ]


def is_message(piece: str) -> bool:
    """Whether a piece has words for a reader: no code, no ruler of a table, no line of links."""
    if piece.startswith((FENCE, "<!--")):
        return False
    return bool(re.search(r"[a-zA-Z]{2}", re.sub(r"\]\([^)]*\)|<(?![^>]*alt=)[^>]*>", "", piece)))


def languages() -> list[str]:
    """The languages that there is a folder of translations for."""
    folder = ROOT / "translations"
    return sorted(path.name for path in folder.glob("*") if path.is_dir())


def load(path: Path, language: str) -> Catalog:
    """The catalogue in a file; an empty one where there is none."""
    if not path.exists():
        return Catalog(locale=language)
    with open(path, "rb") as file:
        return read_po(file, locale=language)


def brought_up_to_date(old: Catalog, wanted: Catalog, language: str) -> Catalog:
    """The wanted messages with their old translations; fuzzy where the English changed."""
    epoch = datetime(2026, 1, 1, tzinfo=UTC)  # a date of today would change the file every day
    new = Catalog(
        locale=language, project="vadkit", fuzzy=False, creation_date=epoch, revision_date=epoch
    )
    by_cell = {message.context: message for message in old if message.context}
    for message in wanted:
        if not message.id:
            continue
        about = {"locations": message.locations, "context": message.context}
        known = old.get(message.id, message.context)
        before = known or by_cell.get(message.context)
        if before is None:
            new.add(message.id, **about)
        elif known is not None and not known.fuzzy:
            new.add(message.id, known.string, **about)
        else:
            previous = before.previous_id if known else before.id
            flags = ["fuzzy"] if before.string else []
            new.add(message.id, before.string, flags=flags, previous_id=previous, **about)
    return new


def faults(path: Path, have: Catalog, wanted: Catalog) -> Iterable[str]:
    """A sentence for each message that has no translation of its present English text."""
    for message in wanted:
        if not message.id:
            continue
        known = have.get(message.id, message.context)
        if known is None or not known.string:
            problem = "is not translated"
        elif known.fuzzy:
            problem = "has a fuzzy translation: its English text changed"
        else:
            continue
        cell = f", cell {message.context}" if message.context else ""
        beginning = " ".join(str(message.id).split())[:60]
        yield f"{path.relative_to(ROOT)}{cell}: '{beginning}' {problem}."


def save(catalog: Catalog, path: Path) -> None:
    """Write a catalogue, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as unfinished, open(unfinished, "wb") as file:
        # No line numbers: they change with every edit of a file above a text.
        options = {"include_lineno": False, "include_previous": True, "ignore_obsolete": True}
        write_po(file, catalog, width=100, **options)


def language_code(text: str) -> str:
    """A language that Babel knows, such as de or pt_BR."""
    try:
        return str(Locale.parse(text))
    except (ValueError, UnknownLocaleError):
        raise argparse.ArgumentTypeError(f"'{text}' is no language code, such as de.") from None


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--new", type=language_code, metavar="LANG", help="begin a language")
    options = parser.parse_args(argv)
    found = []
    for language in [options.new] if options.new else languages():
        for path, wanted in sources(language):
            have = load(path, language)
            if not options.check:
                have = brought_up_to_date(have, wanted, language)
                save(have, path)
            found += faults(path, have, wanted)
    for sentence in found:
        print(sentence)
    if options.check and found:
        raise ValueError(f"{len(found)} texts to translate, see above: CONTRIBUTING.md says how.")
    print(f"{len(found)} texts to translate.")


if __name__ == "__main__":
    sys.exit(run_script(main))
