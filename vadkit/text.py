"""Texts that widgets and alt texts show, in the language that VADKIT_LANG names.

Catalogues lie in vadkit/locale/LANG/LC_MESSAGES/vadkit.mo; `tools/messages.py` collects what there
is to translate. Text inside matplotlib figures stays English: no font there has every script.
"""

import gettext
import os
from pathlib import Path

from babel.messages.mofile import read_mo

LOCALE = Path(__file__).parent / "locale"
TRANSLATIONS: dict[str, str] = {}  # by their English text; widgets send it to the browser


def use(language: str) -> None:
    """Translate from now on with the catalogue of a language; without one, all stays English.

    Parameters
    ----------
    language : str
        Such as "zh_CN", for which "zh" will do.
    """
    TRANSLATIONS.clear()
    path = gettext.find("vadkit", LOCALE, [language])
    if path is not None:
        with open(path, "rb") as file:
            messages = [message for message in read_mo(file) if message.id]  # not the header
        TRANSLATIONS.update((str(message.id), str(message.string)) for message in messages)


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


use(os.environ.get("VADKIT_LANG", "en"))
