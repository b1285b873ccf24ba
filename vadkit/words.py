"""The few words that widgets and alt texts show, in the reader's language.

English is the key: `WORDS["Play"] = "播放"` translates it everywhere. A translated edition fills WORDS once, on top of a
notebook; text drawn inside matplotlib figures stays English, because matplotlib ships no font for every script.
"""

import ast
import re
from pathlib import Path

WORDS = {}


def say(text, **values):
    """`text` in the reader's language, its {placeholders} filled with values."""
    return WORDS.get(text, text).format(**values)


def keys():
    """Every English text that widgets and alt texts may show, sorted: what a translator has to cover."""
    found = set()
    for path in Path(__file__).parent.rglob("*.py"):
        calls = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
        first = (call.args[0] for call in calls if getattr(call.func, "id", "") == "say" and call.args)
        found |= {argument.value for argument in first if isinstance(argument, ast.Constant)}
    for path in Path(__file__).parent.glob("widgets/*.js"):
        found |= set(re.findall(r'say\("([^"]+)"', path.read_text(encoding="utf-8")))
    return sorted(found)
