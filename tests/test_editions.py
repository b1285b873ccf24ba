"""Translated editions: complete, as they would be built, with the very same code."""

import re
import subprocess
import sys
from pathlib import Path

import catalogues
import editions
import nbformat
import pytest
from babel.messages import Catalog

from notebooks import ROOT, all_notebooks, read
from vadcourse.widgets import Presenter

LANGUAGES = catalogues.languages()
ORIGINALS = [path for path in editions.originals() if path.suffix == ".ipynb"]
DOCUMENTS = [path for path in editions.originals() if path.suffix == ".md"]
HAN = re.compile("[\u4e00-\u9fff]")
LINK = re.compile(r"(?<!!)\]\(([^)\s]+)\)")
# What a translation must not touch, and what stands between it and the words.
KEPT = {
    "code": r"^```.*?^```",
    "`code`": r"`[^`\n]+`",
    "formula": r"\$\$.+?\$\$",
    "tag": r"</?[a-z]+[ >]",
    "heading": r"^#+ ",
    "item of a list": r"^ *(?:[-*]|\d+\.) ",
    "row of a table": r"^\|",
    "link": r"\]\(",
}


def names(path):
    return path.stem


def test_there_is_a_chinese_edition():
    assert "zh" in LANGUAGES
    assert [path.name for path in sorted((ROOT / "notebooks" / "zh").glob("*.ipynb"))] == [
        path.name for path in all_notebooks()
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_and_none_is_fuzzy(language):
    found = [
        sentence
        for path, wanted in catalogues.sources(language)
        for sentence in catalogues.faults(path, catalogues.load(path, language), wanted)
    ]
    assert not found, "\n".join(found) + "\nRun tools/catalogues.py, translate, then `make zh`."


@pytest.mark.parametrize("language", LANGUAGES)
def test_editions_are_as_they_would_be_built(language):
    stale = [str(path.relative_to(ROOT)) for path in editions.stale(language)]
    assert not stale, f"Not as they would be built: {stale}. Run `make zh`."


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("original", ORIGINALS, ids=names)
def test_code_cells_are_identical_to_the_byte(original, language):
    ours, theirs = read(original), read(editions.edition_of(original, language))
    assert theirs.metadata["lang"] == language
    assert [cell.id for cell in ours.cells] == [cell.id for cell in theirs.cells]
    for one, other in zip(ours.cells, theirs.cells):
        assert (one.cell_type, one.metadata) == (other.cell_type, other.metadata)
        if one.cell_type == "code":
            assert one.source.encode() == other.source.encode(), one.id


def messages_of(language):
    for path, wanted in catalogues.sources(language):
        have = catalogues.load(path, language)
        for message in wanted:
            if message.id:
                yield path.stem, message.id, str(have.get(message.id, message.context).string)


def test_chinese_is_chinese_and_keeps_code_links_and_placeholders():
    wrong, n = [], 0
    for name, english, chinese in messages_of("zh"):
        n += 1
        is_prose = name != "vadkit"
        plain = re.sub(r"```.*?```|`[^`]*`", "", english, flags=re.S)
        if is_prose and len(re.findall("[a-z]{3,}", plain)) > 3 and not HAN.search(chinese):
            wrong.append((name, "no Chinese", english[:60]))
        for what, pattern in KEPT.items() if is_prose else ():
            one, other = (
                sorted(re.findall(pattern, text, re.S | re.M)) for text in (english, chinese)
            )
            if one != other and not (what == "`code`" and "```" in english):
                wrong.append((name, what, english[:60], set(one) ^ set(other)))
        places = [set(re.findall(r"\{\w*\}|%\(\w+\)s", text)) for text in (english, chinese)]
        if not is_prose and places[0] != places[1]:
            wrong.append((name, "placeholders", english[:60], places))
    assert n > 1500 and not wrong, wrong


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("original", editions.originals(), ids=names)
def test_links_of_an_edition_lead_somewhere(original, language):
    path = editions.edition_of(original, language)
    texts = [path.read_text(encoding="utf-8")]
    if path.suffix == ".ipynb":
        texts = [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]
    for text in texts:
        for target in LINK.findall(text):
            if re.match("[a-z]+:|#", target) or target.startswith("../../actions"):
                continue
            there = (path.parent / target.partition("#")[0]).resolve()
            assert there.exists() or not there.is_relative_to(ROOT), (path.name, target)


def test_links_lead_to_the_same_edition_where_there_is_one():
    first = ROOT / "notebooks" / "00_start_here.ipynb"
    text = "[a](01_anomaly_concept.ipynb) [b](../docs/glossary.md#x) [c](../docs/datasets.md)"
    assert editions.relinked(text, first, "zh") == (
        "[a](01_anomaly_concept.ipynb) [b](../../docs/glossary.zh.md#x) [c](../../docs/datasets.md)"
    )
    readme = ROOT / "README.md"
    assert editions.relinked("[n](notebooks/00_start_here.ipynb)", readme, "zh") == (
        "[n](notebooks/zh/00_start_here.ipynb)"
    )


def test_a_chinese_deck_has_the_slides_and_notes_of_the_english_one():
    one, other = (Presenter(ROOT / "notebooks" / folder) for folder in ("", "zh"))
    assert one.cells == other.cells
    for ours, theirs in zip(one.slides, other.slides, strict=True):
        assert len(ours["notes"]) == len(theirs["notes"]), ours["title"]
        assert ours["number"] == theirs["number"] and theirs["title"]


# Keeping in step


def catalogue_of(**texts):
    catalog = Catalog()
    for cell, text in texts.items():
        catalog.add(text, context=cell)
    return catalog


def test_a_cell_whose_english_changed_is_fuzzy_and_named():
    old = catalogues.brought_up_to_date(Catalog(), catalogue_of(one="A boar.", two="Two."), "zh")
    for message, said in zip([m for m in old if m.id], ["野猪。", "二。"]):
        message.string = said
    wanted = catalogue_of(one="A wild boar.", two="Two.", three="Three.")
    new = catalogues.brought_up_to_date(old, wanted, "zh")
    changed = new.get("A wild boar.", "one")
    assert changed.fuzzy and changed.string == "野猪。" and "A boar." in changed.previous_id
    assert new.get("Two.", "two").string == "二。" and not new.get("Two.", "two").fuzzy
    path = ROOT / "translations" / "zh" / "01_anomaly_concept.po"
    said = list(catalogues.faults(path, new, wanted))
    assert len(said) == 2 and "cell one: 'A wild boar.' has a fuzzy translation" in said[0]
    assert "cell three: 'Three.' is not translated" in said[1]
    # A translator who goes on finds it still marked, whatever is brought up to date meanwhile.
    again = catalogues.brought_up_to_date(new, wanted, "zh")
    assert again.get("A wild boar.", "one").fuzzy


def test_a_catalogue_reads_back_as_it_was_written(tmp_path):
    text = '# A title\n\nWords with "quotes", a \\ and\n```\ncode\n```'
    catalog = catalogues.brought_up_to_date(Catalog(), catalogue_of(cell=text), "zh")
    catalog.get(text, "cell").string = "# 标题\n\n“引号”、\\ 和\n```\ncode\n```"
    catalogues.save(catalog, tmp_path / "x.po")
    first = (tmp_path / "x.po").read_bytes()
    read_back = catalogues.load(tmp_path / "x.po", "zh")
    assert read_back.get(text, "cell").string == catalog.get(text, "cell").string
    catalogues.save(read_back, tmp_path / "x.po")
    assert (tmp_path / "x.po").read_bytes() == first


@pytest.mark.parametrize("path", DOCUMENTS, ids=names)
def test_a_document_is_cut_up_without_loss(path):
    text = path.read_text(encoding="utf-8")
    assert "".join(catalogues.pieces(text)) == text


def test_what_somebody_edited_is_not_overwritten(tmp_path, monkeypatch, capsys):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# One", id="one")])
    (tmp_path / "notebooks" / "zh").mkdir(parents=True)
    original = tmp_path / "notebooks" / "01_one.ipynb"
    nbformat.write(notebook, original)
    for module in (editions, catalogues):
        monkeypatch.setattr(module, "ROOT", tmp_path)
        monkeypatch.setattr(module, "DOCUMENTS", ())
    monkeypatch.setattr(editions, "all_notebooks", lambda: [original])
    monkeypatch.setattr(editions, "languages", lambda: ["zh"])
    assert editions.run_script(editions.main, ["zh"]) == 0
    built = tmp_path / "notebooks" / "zh" / "01_one.ipynb"
    assert editions.run_script(editions.main, ["zh"]) == 0  # nobody touched it
    mine = read(built)
    mine.cells[0].source = "# Mine"
    nbformat.write(mine, built)
    assert editions.run_script(editions.main, ["zh"]) == 2
    assert "notebooks/zh/01_one.ipynb" in capsys.readouterr().err
    assert read(built).cells[0].source == "# Mine"
    assert editions.run_script(editions.main, ["zh", "--overwrite"]) == 0
    assert read(built).cells[0].source == "# One"


# Figures

FIGURE = """
import sys, warnings
import matplotlib.font_manager
if sys.argv[1] == "without":
    matplotlib.font_manager.get_font_names = lambda: ["DejaVu Sans"]
from vadkit import view
warnings.simplefilter("error" if sys.argv[1] == "with" else "default")
figure, ax = view.subplots(alt="PSNR")
ax.plot([1, 2], label="copy last frame")
ax.set(xlabel="frame", ylabel="PSNR (dB)", title="after 3 steps")
ax.set_xticks([0, 1], ["walker", "runner"])
ax.set_yticks([1, 2], [1, 2])
ax.text(0, 1, "野猪")
ax.legend()
view.to_image(figure)
texts = [ax.get_xlabel(), ax.get_title(), *(t.get_text() for t in ax.get_xticklabels())]
sys.stdout.buffer.write("|".join(texts).encode("utf-8"))
"""


def drawn(how):
    environment = {"VADKIT_LANG": "zh", "PATH": "", "MPLBACKEND": "agg", "HOME": str(Path.home())}
    done = subprocess.run(
        [sys.executable, "-c", FIGURE, how], env=environment, capture_output=True, check=True
    )
    return done.stdout.decode("utf-8"), done.stderr.decode("utf-8")


def test_figures_are_chinese_and_no_glyph_is_missing():
    from vadkit.view import style

    if not style.cjk_font():
        pytest.skip("no font with Chinese letters here: apt.txt names one")
    shown, _ = drawn("with")  # a missing glyph is a warning, and that an error
    assert shown.count("|") == 3 and all(HAN.search(part) for part in shown.split("|")), shown


def test_without_a_chinese_font_figures_stay_english_and_say_so():
    shown, said = drawn("without")
    assert "Glyph" not in said, "no boxes"
    assert shown == "frame|after 3 steps|walker|runner"
    assert HAN.search(said) and "Noto Sans CJK SC" in said
