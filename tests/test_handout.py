"""The handout: the same notebooks without solutions, outputs kept, links whole."""

import re

import handout
import nbformat
import pytest

from notebooks import all_notebooks, tags


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("handout")
    (folder / "left over.txt").write_text("of last year's class")
    return handout.write(folder)


def is_for_instructors(cell):
    return tags(cell) & {"solution", "speaker-notes"}


def content(cells):
    return [(cell.id, cell.source, cell.get("outputs")) for cell in cells]


def test_every_notebook_is_there_without_solutions_and_notes_and_otherwise_the_same(written):
    originals = all_notebooks()
    assert [path.name for path in written] == [path.name for path in originals]
    n_removed = 0
    for original, path in zip(originals, written):
        before, after = nbformat.read(original, 4), nbformat.read(path, 4)
        nbformat.validate(after)
        kept = [cell for cell in before.cells if not is_for_instructors(cell)]
        assert content(after.cells) == content(kept)
        text = path.read_text(encoding="utf-8")
        assert "def solution_" not in text and "Speaker notes" not in text
        n_removed += len(before.cells) - len(after.cells)
    assert n_removed >= 20


def test_links_in_the_handout_lead_somewhere(written):
    for path in written:
        for cell in nbformat.read(path, 4).cells:
            source = cell.source if cell.cell_type == "markdown" else ""
            for target in re.findall(r"\]\(([^)#\s]+)\)", source):
                if not target.startswith("http"):
                    assert (path.parent / target).exists(), (path.name, target)


def test_what_was_in_the_folder_is_gone(written):
    assert sorted(p.name for p in written[0].parent.parent.iterdir()) == ["docs", "notebooks"]
