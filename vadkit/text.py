"""Texts that widgets, figures and alt texts show, in the reader's language.

`VADKIT_LANG` names it; without it, the notebook does in its metadata ("lang"), as those of a
translated edition do. Catalogues lie in vadkit/locale/LANG/LC_MESSAGES/vadkit.po, which
`tools/catalogues.py` keeps in step with the code.
"""

import json
import os
import re
import sys
import warnings
from pathlib import Path

from babel.messages.pofile import read_po

LOCALE = Path(__file__).parent / "locale"
TRANSLATIONS: dict[str, str] = {}  # by their English text; widgets send it to the browser


def languages() -> list[str]:
    """List the languages that there is a catalogue for, besides English.

    Returns
    -------
    list of str
        Such as ["zh"].
    """
    return sorted(path.parts[-3] for path in LOCALE.glob("*/LC_MESSAGES/vadkit.po"))


def use(language: str) -> None:
    """Translate from now on with the catalogue of a language; without one, all stays English.

    Parameters
    ----------
    language : str
        Such as "zh", also written "zh_CN" or "zh-CN.UTF-8".
    """
    TRANSLATIONS.clear()
    known = [name for name in languages() if name in (language, re.split("[-_.]", language)[0])]
    if known:
        with open(LOCALE / known[0] / "LC_MESSAGES" / "vadkit.po", "rb") as file:
            messages = [m for m in read_po(file) if m.id and m.string and not m.fuzzy]
        TRANSLATIONS.update((str(message.id), str(message.string)) for message in messages)
    elif language not in ("", "en"):
        there = ", ".join(["en", *languages()])
        warnings.warn(f"Texts stay English: VADKIT_LANG is '{language}', there are {there}.")


def say(text: str, **values: object) -> str:
    """Translate a text and fill its {placeholders}.

    Parameters
    ----------
    text : str
        In English.
    **values : object
        What the placeholders stand for.

    Returns
    -------
    str
        In the reader's language.
    """
    said = TRANSLATIONS.get(text, text)
    return said.format(**values) if values else said  # a teacher's text may hold braces


def language_of_notebook() -> str:
    """Look up which language the notebook names that this kernel runs.

    Returns
    -------
    str
        "" where there is no notebook, or none that says so.
    """
    # JupyterLab tells its kernels the path in the environment, VS Code in a variable.
    path = os.environ.get("JPY_SESSION_NAME", "")
    path = vars(sys.modules["__main__"]).get("__vsc_ipynb_file__", path)
    try:
        return str(json.loads(Path(path).read_text(encoding="utf-8"))["metadata"]["lang"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


use(os.environ.get("VADKIT_LANG") or language_of_notebook())
