"""docs/architecture.md against the code: every module has its line, and imports what it says."""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("vadkit", "vadstudies", "vadcourse")
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def name_of(path):
    """vadkit/maml/rates.py -> vadkit.maml.rates; the __init__.py of a package is the package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
MODULES = {name_of(path): path for path in FILES if path.name != "__main__.py"}  # a command


def imports(module):
    """The modules of this project that a module imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module} imports relatively: write the whole name"
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in MODULES else node.module for name in inside}
    return {name for name in found if name in MODULES and name != module}


GRAPH = {module: imports(module) for module in MODULES}


def unit(module):
    """What the drawing shows of a module: vadkit.maml for vadkit.maml.rates."""
    return ".".join(module.split(".")[:2])


def written(module, imported):
    """How the page names an import: a sibling by its last name, another unit by its whole name."""
    if unit(module) == unit(imported) and unit(module).count("."):
        return imported.split(".")[-1]
    same_package = module.split(".")[0] == imported.split(".")[0]
    return unit(imported).split(".", 1)[1] if same_package and "." in imported else unit(imported)


def lines_of_the_page():
    """{module: (what it is for, what it may import)}, from the tables."""
    rows = re.findall(r"^\| `(vad[\w.]*)` \| (.+?) \| (.*?) \|$", PAGE, re.M)
    return {name: (purpose, set(re.findall(r"[\w.]+", names))) for name, purpose, names in rows}


def test_every_module_has_its_line_and_no_line_is_left_over():
    assert set(lines_of_the_page()) == set(MODULES)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_imports_what_the_page_says(module):
    names = {written(module, name) for name in GRAPH[module]}
    wanted = f"docs/architecture.md needs: | `{module}` | ... | {', '.join(sorted(names))} |"
    purpose, allowed = lines_of_the_page().get(module, ("", None))
    assert names == allowed and len(purpose) > 10, wanted


def test_imports_never_go_round_in_a_circle():
    submodules = {  # a package that only gathers its modules is no circle
        module: {name for name in names if not name.startswith(f"{module}.")}
        for module, names in GRAPH.items()
    }
    TopologicalSorter(submodules).prepare()


@pytest.mark.parametrize("page", ["README.md", "docs/architecture.md"])
def test_the_drawing_flows_one_way(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    drawing = re.search(r"```layers\n(.*?)```", text, re.S)[1]
    heights = {}
    for height, line in enumerate(reversed(drawing.strip("\n").splitlines())):
        heights |= dict.fromkeys(re.findall(r"[a-z_]+", line), height)
    assert set(heights) == {in_the_drawing(module) for module in MODULES}
    for module, names in GRAPH.items():
        for name in names:
            lower, upper = in_the_drawing(name), in_the_drawing(module)
            if lower not in ("vadkit", upper):
                assert heights[lower] < heights[upper], f"{module} imports {name}"


def in_the_drawing(module):
    """A part of vadkit by its own name, the other packages as one."""
    package, *rest = module.split(".")
    return rest[0] if package == "vadkit" and rest else package
