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
_USED = ["en"]  # the language of now
TRANSLATIONS: dict[str, str] = {}  # by their English text; widgets send it to the browser
_PATTERNS: list[tuple[re.Pattern, str]] = []  # of texts with {0} in them, and their translations


def languages() -> list[str]:
    """List the languages that there is a catalogue for, besides English.

    Returns
    -------
    list of str
        Such as ["zh"].
    """
    return sorted(path.parts[-3] for path in LOCALE.glob("*/LC_MESSAGES/vadkit.po"))


def language() -> str:
    """Tell the language that texts are shown in.

    Returns
    -------
    str
        "en", or one of `languages()`.
    """
    return _USED[0]


def use(language: str) -> None:
    """Translate from now on with the catalogue of a language; without one, all stays English.

    Parameters
    ----------
    language : str
        Such as "zh", also written "zh_CN" or "zh-CN.UTF-8".
    """
    TRANSLATIONS.clear()
    _PATTERNS.clear()
    known = [name for name in languages() if name in (language, re.split("[-_.]", language)[0])]
    _USED[0] = known[0] if known else "en"
    if known:
        with open(LOCALE / known[0] / "LC_MESSAGES" / "vadkit.po", "rb") as file:
            messages = [m for m in read_po(file) if m.id and m.string and not m.fuzzy]
        TRANSLATIONS.update((str(message.id), str(message.string)) for message in messages)
        for english, translation in TRANSLATIONS.items():
            if "{0}" in english:
                pattern = re.sub(r"\\{\d\\}", "(.*)", re.escape(english))
                _PATTERNS.append((re.compile(pattern, re.S), translation))
        # "after {0} steps" is tried before "{0} steps".
        _PATTERNS.sort(key=lambda pair: -len(pair[0].pattern))
    elif language not in ("", "en"):
        there = ", ".join(["en", *languages()])
        sentence = f"Texts stay English: VADKIT_LANG is '{language}', there are {there}."
        warnings.warn(sentence, stacklevel=2)


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


def recognise(shown: str) -> str:
    """Translate a text whose values stand in it already, as an f-string of a notebook gives it.

    Parameters
    ----------
    shown : str
        "all walk right", where the catalogue has "all walk {0}".

    Returns
    -------
    str
        In the reader's language, the values too; the text itself where the catalogue has neither.
    """
    if shown in TRANSLATIONS:
        return TRANSLATIONS[shown]
    for pattern, translation in _PATTERNS:
        if found := pattern.fullmatch(shown):
            return translation.format(*map(recognise, found.groups()))
    return shown


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
