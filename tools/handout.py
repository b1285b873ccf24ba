"""Write the notebooks without their solutions, outputs kept, for a class: build/handout/notebooks, with docs beside them.

Cells tagged `solution` or `speaker-notes` are left out, and nothing else: the check of an exercise stands in the package and needs
no solution.
"""

import argparse
import shutil
from pathlib import Path

from nbconvert import NotebookExporter
from nbconvert.preprocessors import TagRemovePreprocessor

ROOT = Path(__file__).resolve().parent.parent
THE_INSTRUCTORS_OWN = {"solution", "speaker-notes"}


def write(folder):
    """-> paths of the notebooks written. What is in the folder already is replaced as a whole."""
    exporter = NotebookExporter()
    without = TagRemovePreprocessor(remove_cell_tags=THE_INSTRUCTORS_OWN, enabled=True)
    exporter.register_preprocessor(without, enabled=True)
    texts = {path.name: exporter.from_filename(str(path))[0] for path in sorted(ROOT.glob("notebooks/[0-9]*.ipynb"))}
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "docs", folder / "docs")
    (folder / "notebooks").mkdir()
    for name, text in texts.items():
        (folder / "notebooks" / name).write_text(text, encoding="utf-8")
    return [folder / "notebooks" / name for name in texts]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build" / "handout")
    written = write(parser.parse_args().folder)
    print(f"{len(written)} notebooks without solutions in {written[0].parent}")
