"""The site: whole, without dead links, and with nothing on it that is loaded from elsewhere."""

import json
import re
from pathlib import Path
from urllib.parse import unquote

import build_site
import messages
import pytest
import site_predictor
from bs4 import BeautifulSoup
from catalogues import languages

from notebooks import ROOT, all_notebooks
from vadkit import text

MEGABYTE = 1_000_000
EDITIONS = ("en", *languages())


@pytest.fixture(scope="module")
def pages(site_folder):
    """Every page of ours, parsed; the API reference is pdoc's."""
    found = [path for path in site_folder.rglob("*.html") if "api" not in path.parts]
    return {path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser") for path in found}


def references(soup):
    for tag, attribute in (("a", "href"), ("link", "href"), ("script", "src"), ("img", "src")):
        yield from (found[attribute] for found in soup.find_all(tag, attrs={attribute: True}))


def has_anchor(soup, reference):
    anchor = reference.partition("#")[2]
    return soup.find(id=anchor) or soup.find(id=unquote(anchor))


def test_every_notebook_and_document_is_a_page(site_folder):
    wanted = [f"notebooks/{path.stem}.html" for path in all_notebooks()] + list(
        build_site.DOCUMENTS
    )
    assert [page for page in wanted if not (site_folder / page).is_file()] == []


def test_no_link_is_dead(site_folder, pages):
    dead = []
    for path, soup in pages.items():
        for reference in references(soup):
            if re.match(r"(https?|data|mailto):", reference):
                continue
            target, _, anchor = unquote(reference).partition("#")
            other = (path.parent / target.partition("?")[0]).resolve() if target else path
            if not other.is_file():
                dead.append(f"{path.relative_to(site_folder)}: {reference}")
            elif anchor and other in pages and not has_anchor(pages[other], reference):
                dead.append(f"{path.relative_to(site_folder)}: no #{anchor} in {other.name}")
    assert dead == []


def test_nothing_is_loaded_from_elsewhere(pages):
    loaded = [
        element["src"]
        for soup in pages.values()
        for element in soup.find_all(["script", "img", "iframe", "video", "audio"], src=True)
    ]
    sheets = [link["href"] for soup in pages.values() for link in soup.find_all("link", href=True)]
    assert [address for address in loaded + sheets if re.match(r"(https?:)?//", address)] == []


def test_pages_are_small_enough(site_folder):
    for path in (site_folder / "notebooks").glob("*.html"):
        assert path.stat().st_size <= 5 * MEGABYTE, path.name
    first = BeautifulSoup((site_folder / "index.html").read_text(encoding="utf-8"), "html.parser")
    parts = [site_folder / "index.html", *(site_folder / address for address in references(first))]
    loaded = [path for path in parts if path.suffix in (".css", ".js", ".svg") or path == parts[0]]
    assert sum(path.stat().st_size for path in loaded) <= MEGABYTE


def test_solutions_are_folded_and_speaker_notes_are_not_there(pages):
    for path, soup in pages.items():
        for summary in soup.find_all("summary", string=re.compile("olution|参考答案")):
            assert not summary.parent.has_attr("open"), path.name
    notebooks = [soup for path, soup in pages.items() if path.parent.name == "notebooks"]
    assert len(notebooks) == len(EDITIONS) * len(all_notebooks())
    notes = re.compile("Watch out:|Speaker notes|讲者备注")
    assert not any(notes.search(str(soup)) for soup in notebooks)


def test_the_search_finds_every_section_where_it_is(site_folder, pages):
    text = (site_folder / "search_data.js").read_text(encoding="utf-8")
    sections = json.loads(text.removeprefix("const SECTIONS = ").rstrip(";\n"))
    assert len(sections) > 150
    for section in sections:
        page, _, anchor = section["address"].partition("#")
        assert not anchor or pages[site_folder / page].find(id=anchor), section["address"]
    titles = {section["title"] for section in sections if "catastrophic" not in section["text"]}
    assert "The guard's shift" in titles


def test_a_folder_of_somebody_else_is_not_replaced(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ValueError, match="was not made by this tool"):
        build_site.check_replaceable(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_site_of_ours_is_replaced(tmp_path):
    old, new = tmp_path / "site", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
        (folder / build_site.MARK).touch()
    (old / "left_over.html").touch()
    build_site.replace(old, new)
    assert not (old / "left_over.html").exists() and not new.exists()


def test_the_first_page_knows_how_the_machine_does(site_folder):
    text = (site_folder / "index.html").read_text(encoding="utf-8")
    assert re.search(
        r"intruders it catches \d+; clips with a false alarm: \d", " ".join(text.split())
    )


def test_links_of_documents_lead_to_pages_or_are_plain_text():
    page = build_site.document_page("docs/instructors.html", "INSTRUCTORS.md", "For instructors")
    soup = BeautifulSoup(page.body, "html.parser")
    local = [a["href"] for a in soup.find_all("a", href=True) if not a["href"].startswith("http")]
    assert [href for href in local if href.endswith((".md", ".ipynb", ".py"))] == []
    assert Path(ROOT / "INSTRUCTORS.md").is_file()


QUOTED = re.compile(r'"([^"\n]*)"|`([^`]*)`')
SENTENCE = re.compile(r"\b[A-Za-z]{2,} [a-z]{2,}")


@pytest.mark.parametrize("path", sorted((ROOT / "site" / "predictor").glob("*.js")), ids=str)
def test_scripts_say_no_sentence_that_is_not_translated(path):
    code = re.sub(r"(^|\s)//.*", "", path.read_text(encoding="utf-8"))
    quoted = ["".join(found) for found in QUOTED.findall(messages.SAY.sub("", code))]
    assert [words for words in quoted if SENTENCE.search(words)] == []


def test_pages_with_the_network_carry_the_words_of_their_scripts(pages, site_folder):
    for name in ("camera", "draw"):
        words = pages[site_folder / "zh" / f"{name}.html"].find("script", id="words")
        said = json.loads(words.string)
        assert said["Pause"] == "暂停" and said["Start again"] == "重新开始"
        assert "Glossary" not in said  # only what its scripts say
        english = pages[site_folder / f"{name}.html"].find("script", id="words")
        assert json.loads(english.string) == {}


def test_no_translation_can_end_the_script_that_carries_it(monkeypatch):
    bad = "</script><script>alert(1)</script><!--"
    monkeypatch.setitem(text.TRANSLATIONS, "Start again", bad)
    for page in site_predictor.pages("zh"):
        scripts = BeautifulSoup(page.body, "html.parser").find_all("script")
        assert [script["id"] for script in scripts] == ["words"]
        assert json.loads(scripts[0].string)["Start again"] == bad
