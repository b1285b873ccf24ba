"""The handout: the same notebooks without solutions, outputs kept, links whole."""

import re
import shutil

import handout
import nbformat
import pytest

from notebooks import all_editions, tags


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return handout.write(tmp_path_factory.mktemp("handout"))


def is_for_instructors(cell):
    return tags(cell) & {"solution", "speaker-notes"}


def content(cells):
    return [(cell.id, cell.source, cell.get("outputs")) for cell in cells]


def test_every_notebook_is_there_without_solutions_and_notes_and_otherwise_the_same(written):
    originals = all_editions()
    assert [path.name for path in written] == [path.name for path in originals]
    assert len(originals) == 14  # English and Chinese
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


def everything(folder):
    return {p: p.is_file() and p.read_bytes() for p in sorted(folder.rglob("*"))}


def test_a_handout_that_nobody_touched_is_written_anew(written):
    folder = written[0].parent.parent
    assert handout.write(folder) == written
    assert sorted(p.name for p in folder.iterdir()) == [handout.MARK, "docs", "notebooks"]


@pytest.mark.parametrize("name", ["thesis.txt", "docs/mine.txt", "notebooks/00_start_here.ipynb"])
def test_a_handout_that_somebody_changed_stays(written, tmp_path, name):
    folder = tmp_path / "handout"
    shutil.copytree(written[0].parent.parent, folder)
    (folder / name).write_text("my work")
    before = everything(folder)
    with pytest.raises(ValueError, match=f"{name} in .* was added or changed"):
        handout.write(folder)
    assert everything(folder) == before


@pytest.mark.parametrize("mark", [None, "[]", "null", '{"a": 1}', "{"])
@pytest.mark.parametrize("way", ["mine", "nowhere/../mine", "mine/../mine", "link"])
def test_a_folder_of_somebody_else_stays(tmp_path, way, mark):
    (tmp_path / "mine" / "sub").mkdir(parents=True)
    (tmp_path / "mine" / "sub" / "thesis.txt").write_text("my work")
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    if mark is not None:
        (tmp_path / "mine" / handout.MARK).write_text(mark)
    before = everything(tmp_path)
    with pytest.raises(ValueError, match="was not made by this tool|was added or changed"):
        handout.write(tmp_path / way)
    assert everything(tmp_path) == before


def test_what_is_removed_is_named_in_the_mark_and_nothing_else(tmp_path):
    (tmp_path / "docs").mkdir()
    for name in ("docs/ours.md", "docs/theirs.md", handout.MARK):
        (tmp_path / name).write_text("x")
    with pytest.raises(OSError):
        handout.remove(tmp_path, ["docs/ours.md"])
    assert (tmp_path / "docs" / "theirs.md").is_file()
