"""The handout: the same notebooks without solutions, outputs kept, links whole."""

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
import handout


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("handout")
    (folder / "left over.txt").write_text("of last year's class")
    return handout.write(folder)


def is_the_instructors(cell):
    return {"solution", "speaker-notes"} & set(cell.metadata.get("tags", []))


def test_every_notebook_is_there_without_solutions_and_notes_and_otherwise_the_same(written):
    assert [path.name for path in written] == sorted(path.name for path in ROOT.glob("notebooks/[0-9]*.ipynb"))
    removed = 0
    for path in written:
        before, after = nbformat.read(ROOT / "notebooks" / path.name, 4), nbformat.read(path, 4)
        nbformat.validate(after)
        kept = [cell for cell in before.cells if not is_the_instructors(cell)]
        assert [(c.id, c.source, c.get("outputs")) for c in after.cells] == [
            (c.id, c.source, c.get("outputs")) for c in kept
        ]
        text = path.read_text(encoding="utf-8")
        assert "def solution_" not in text and "Speaker notes" not in text
        removed += len(before.cells) - len(after.cells)
    assert removed >= 20


def test_links_in_the_handout_lead_somewhere(written):
    for path in written:
        for cell in nbformat.read(path, 4).cells:
            for target in re.findall(r"\]\(([^)#\s]+)\)", cell.source if cell.cell_type == "markdown" else ""):
                if not target.startswith("http"):
                    assert (path.parent / target).exists(), (path.name, target)


def test_what_was_in_the_folder_is_gone(written):
    assert sorted(p.name for p in written[0].parent.parent.iterdir()) == ["docs", "notebooks"]
