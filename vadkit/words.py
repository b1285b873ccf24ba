"""The few words that widgets and alt texts show, in the reader's language.

English is the key: `WORDS["Play"] = "播放"` translates it everywhere. A translated edition fills WORDS once, on top of a
notebook; text drawn inside matplotlib figures stays English, because matplotlib ships no font for every script.
"""

WORDS = {}


def say(text, **values):
    """`text` in the reader's language, its {placeholders} filled with values."""
    return WORDS.get(text, text).format(**values)
