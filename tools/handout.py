"""Write the notebooks without their solutions, outputs kept, for a class.

They go to build/handout/notebooks, with docs beside them. Cells tagged `solution` or
`speaker-notes` are left out, and nothing else: the check of an exercise stands in the package and
needs no solution.
"""

import argparse
import shutil
from pathlib import Path

from nbconvert import NotebookExporter
from nbconvert.preprocessors import TagRemovePreprocessor

from notebooks import ROOT, all_notebooks

FOR_INSTRUCTORS = {"solution", "speaker-notes"}


def write(folder: Path) -> list[Path]:
    """Write the notebooks and return their paths; what is in the folder already is replaced."""
    exporter = NotebookExporter()
    without = TagRemovePreprocessor(remove_cell_tags=FOR_INSTRUCTORS, enabled=True)
    exporter.register_preprocessor(without, enabled=True)
    # All of them are made before the old folder goes.
    texts = {path.name: exporter.from_filename(str(path))[0] for path in all_notebooks()}
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "docs", folder / "docs")
    (folder / "notebooks").mkdir()
    paths = [folder / "notebooks" / name for name in texts]
    for path in paths:
        path.write_text(texts[path.name], encoding="utf-8")
    return paths


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build" / "handout")
    written = write(parser.parse_args().folder)
    print(f"{len(written)} notebooks without solutions in {written[0].parent}")
