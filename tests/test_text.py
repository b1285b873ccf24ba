"""Translations: read from a gettext catalogue, and every text shown is there to be translated."""

import ast
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import messages
import pytest
from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po

from vadcourse import quiz
from vadkit import text

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("vadkit", "vadcourse", "vadstudies")


@pytest.fixture
def chinese(tmp_path, monkeypatch):
    """A catalogue for zh, and English again afterwards."""
    catalog = Catalog(locale="zh")
    catalog.add("Play", "播放")
    catalog.add("right", "右")
    catalog.add("{n} windows", "{n} 个窗口")
    catalog.add("{0} steps", "{0} 步")
    catalog.add("after {0} steps: {1} (dB)", "{0} 步之后（dB）：{1}")
    catalog.add("Pause")  # nobody translated it yet
    catalog.add("Stop", "停下", flags=["fuzzy"])  # its English text has changed since
    folder = tmp_path / "zh" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with open(folder / "vadkit.po", "wb") as file:
        write_po(file, catalog)
    monkeypatch.setattr(text, "LOCALE", tmp_path)
    yield
    text.use("en")


@pytest.mark.parametrize("language", ["zh", "zh_CN", "zh-Hans", "zh_CN.UTF-8"])
def test_a_catalogue_translates_what_it_holds_and_the_rest_stays_english(chinese, language):
    text.use(language)
    assert text.say("Play") == "播放" and text.say("{n} windows", n=5) == "5 个窗口"
    assert text.say("Pause") == "Pause" and text.say("Stop") == "Stop" and text.say("") == ""
    assert len(text.TRANSLATIONS) == 5


def test_a_text_with_its_values_in_it_is_recognised(chinese):
    text.use("zh")
    assert text.recognise("3 steps") == "3 步"
    assert text.recognise("after 3 steps: right (dB)") == "3 步之后（dB）：右"
    assert text.recognise("nothing of that") == "nothing of that"


@pytest.mark.parametrize("language", ["en", ""])
def test_english_is_said_without_a_catalogue(chinese, language):
    text.use("zh")
    text.use(language)
    assert text.TRANSLATIONS == {} and text.say("Play") == "Play"
    assert text.recognise("3 steps") == "3 steps"


def test_a_language_that_is_not_there_is_named(chinese):
    with pytest.warns(UserWarning, match="stay English: VADKIT_LANG is 'xx', there are en, zh"):
        text.use("xx")
    assert text.say("Play") == "Play"


PRINTED = "from vadkit.text import say; print(say('Play'))"


@pytest.mark.parametrize(
    ("metadata", "variables", "said"),
    [
        ({"lang": "zh"}, {}, "播放"),
        ({}, {}, "Play"),
        ({"lang": "zh"}, {"VADKIT_LANG": "en"}, "Play"),
        ({}, {"VADKIT_LANG": "zh"}, "播放"),
    ],
)
def test_a_notebook_chooses_its_language_unless_the_environment_does(
    tmp_path, metadata, variables, said
):
    path = tmp_path / "any.ipynb"
    path.write_text(json.dumps({"metadata": metadata}))
    kept = {name: value for name, value in os.environ.items() if name != "VADKIT_LANG"}
    # JupyterLab tells every kernel the path of its notebook like this.
    environment = {**kept, "JPY_SESSION_NAME": str(path), "PYTHONIOENCODING": "utf-8", **variables}
    command = [sys.executable, "-W", "error", "-c", PRINTED]
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert done.stdout.decode("utf-8").strip() == said


# What there is to translate


@pytest.fixture(scope="module")
def template():
    return {message.id for message in messages.collect() if message.id}


def python_files():
    return [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]


@pytest.mark.parametrize("path", python_files(), ids=lambda path: path.stem)
def test_every_text_that_python_says_is_in_the_template(path, template):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    calls = [call for call in calls if getattr(call.func, "id", "") in ("say", "NotYet")]
    literal = [call for call in calls if isinstance(call.args[0], ast.Constant)]
    assert {call.args[0].value for call in literal} <= template
    # What has values to fill in is written where it is said, or the template lacks it.
    others = [call for call in calls if call not in literal]
    assert not [ast.unparse(call) for call in others if any(word.arg for word in call.keywords)]


def test_every_text_that_javascript_says_is_in_the_template(template):
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.js")]
    beginnings = [
        text
        for path in files
        for text in re.findall(r'say\(\s*"([^"]+)"', path.read_text(encoding="utf-8"))
    ]
    assert len(files) > 8 and len(beginnings) > 100
    for beginning in beginnings:  # a long text may be written in pieces
        assert any(text.startswith(beginning) for text in template), beginning


def test_javascript_texts_may_be_nested_and_written_in_pieces():
    code = b"""
    say("outer {a}", {a: yes ? say("inner") : `${say("in a template")}`}); say(
      "first half, "
      + "second half", {n: 3}); say(kind || "anomaly"); say(name); hearsay("no");
    """
    found = [text for _, _, text, _ in messages.extract_javascript(io.BytesIO(code), {}, (), {})]
    texts = ["outer {a}", "inner", "in a template", "first half, second half", "anomaly"]
    assert found == texts


def test_hints_praise_and_questions_are_in_the_template(template):
    assert "The sign is wrong: PSNR goes up when the prediction is good." in template  # a hint
    assert "That is PSNR, in dB, one value per window." in template  # praise
    assert set(quiz.texts()) <= template and len(quiz.texts()) > 200
    assert "PSNR along a clip, {runs}." in template  # alt text


def test_the_template_is_written_for_translators(template, tmp_path, capsys):
    messages.main([str(tmp_path / "new" / "vadkit.pot")])
    assert str(len(template)) in capsys.readouterr().out
    with open(tmp_path / "new" / "vadkit.pot", "rb") as file:
        assert {message.id for message in read_po(file) if message.id} == template
