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
    from vadcourse.quiz import texts

    found = set(texts())
    for path in Path(__file__).parent.rglob("*.py"):
        tree = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        calls = [node for node in tree if isinstance(node, ast.Call)]
        shown = [call.args[0] for call in calls if getattr(call.func, "id", "") in ("say", "NotYet") and call.args]
        if path.parent.name == "exercises":  # the hints of `compare`, and the praise
            shown += [key for call in calls if getattr(call.func, "id", "") == "compare" and isinstance(call.args[-1], ast.Dict)
                      for key in call.args[-1].keys]  # fmt: skip
            shown += [node.value for node in tree if isinstance(node, ast.Return)]
        found |= {text.value for text in shown if isinstance(text, ast.Constant) and isinstance(text.value, str)}
    for path in Path(__file__).parent.glob("widgets/*.js"):
        found |= set(re.findall(r'say\("([^"]+)"', path.read_text(encoding="utf-8")))
    return sorted(found)
