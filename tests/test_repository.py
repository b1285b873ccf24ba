"""What the repository promises about itself: pins, pages, notebooks, nothing of one machine."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import check_notebooks
import check_python
import environment
import nbformat
import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def test_environment_yml_agrees_with_pyproject():
    assert (ROOT / "environment.yml").read_text(
        encoding="utf-8"
    ) == environment.environment_text(), "run `make lock`"


def test_environment_yml_is_what_conda_and_binder_expect():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert environment["name"] == "vadkit" and environment["channels"] == ["conda-forge"]
    python, pip, packages = environment["dependencies"]
    assert pip == "pip" and python.startswith("python=3.")
    assert packages["pip"][0] == "-c constraints.txt" and packages["pip"][-1] == "-e ."
    assert set(packages["pip"][1:-1]) == {
        *PROJECT["dependencies"],
        *PROJECT["optional-dependencies"]["test"],
    }


def test_everybody_names_the_same_system_packages():
    packages = (ROOT / "apt.txt").read_text(encoding="utf-8").split()
    libraries = [name for name in packages if name.startswith("lib")]  # without which cv2 fails
    everything = dict.fromkeys(("README.md", ".ci/run", "Dockerfile"), packages)
    for place, needed in (everything | {"vadkit/__init__.py": libraries}).items():
        text = (ROOT / place).read_text(encoding="utf-8")
        assert set(needed) <= set(re.findall(r"[a-z][\w.-]+", text)), place


def test_jupyterlab_gets_the_settings_of_the_course(tmp_path):
    environment = {**os.environ, "JUPYTERLAB_DIR": str(tmp_path)}
    subprocess.run(
        [sys.executable, ROOT / "tools" / "lab_settings.py"], check=True, env=environment
    )
    written = tmp_path / "settings" / "overrides.d" / "vadkit.json"
    settings = json.loads(written.read_text(encoding="utf-8"))
    notifications = settings["@jupyterlab/apputils-extension:notification"]
    assert notifications["fetchNews"] == "false" and notifications["checkForUpdates"] is False
    assert settings["@jupyterlab/extensionmanager-extension:plugin"]["enabled"] is False


def test_torch_is_named_in_one_version_everywhere():
    torch = next(text for text in PROJECT["dependencies"] if text.startswith("torch=="))
    for path in written_files():
        for found in re.findall(r"torch==[\d.]+\d", path.read_text(encoding="utf-8")):
            assert found == torch, path


def written_files():
    """What people wrote and what notebooks saved, as text."""
    endings = {".py", ".md", ".ipynb", ".js", ".css", ".json", ".toml", ".yml", ".txt", ".cfg"}
    places = "notebooks vadkit vadstudies vadcourse data_scripts benchmarks docs tools .ci"
    found = [
        path
        for place in (*places.split(), ".github")
        for path in (ROOT / place).rglob("*")
        if path.suffix in endings or path.name == "run"
    ]
    found += [
        path
        for path in ROOT.iterdir()
        if path.suffix in endings or path.name in ("Makefile", "LICENSE")
    ]
    return [path for path in found if ".ipynb_checkpoints" not in path.parts and path.is_file()]


def test_nothing_tells_where_it_was_made():
    of_one_machine = re.compile(
        "|".join(
            [
                re.escape(str(ROOT)),
                re.escape(str(Path.home())) + r"\b",
                r"/tmp/\w",
                r"/(home|Users)/\w",
                "file:///",
            ]
        )
        + r"|https?://[\w.-]*(pypi|simple|artifactory|nexus|mirror)[\w.-]*/"
    )
    for path in written_files():
        found = of_one_machine.search(path.read_text(encoding="utf-8"))
        assert found is None, f"{path.relative_to(ROOT)}: {found[0]}"


def test_every_declared_package_is_pinned_to_a_version_that_is_allowed():
    from packaging.requirements import Requirement

    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = {canonical(line.split("==")[0]): line.split("==")[1] for line in lines if "==" in line}
    for text in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]:
        requirement = Requirement(text)
        assert requirement.specifier.contains(pins[canonical(requirement.name)]), text


def test_the_packages_named_from_the_start_are_declared():
    declared = {re.split(r"[=<>]", text)[0] for text in PROJECT["dependencies"]}
    assert declared >= {
        "torch",
        "jupyterlab",
        "ipywidgets",
        "matplotlib",
        "opencv-python",
        "numpy",
        "scikit-learn",
        "higher",
    }


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def test_notebook_is_saved_as_it_should_be(notebook):
    assert not list(check_notebooks.faults(notebook))


def test_a_notebook_that_is_not_is_told_why():
    cell = nbformat.v4.new_code_cell("x = 1\n" * 16, execution_count=2)
    cell.outputs = [nbformat.v4.new_output("error", ename="E", evalue="", traceback=[])]
    private = nbformat.v4.new_code_cell("frame", execution_count=3)
    private.metadata["tags"] = ["private-output"]
    private.outputs = [nbformat.v4.new_output("stream", text="a frame")]
    bad = nbformat.v4.new_notebook(cells=[cell, private], metadata={"widgets": {}})
    said = list(check_notebooks.faults(bad))
    reasons = [
        "top to bottom",
        "widget state",
        "16 lines",
        "with an error",
        "redistribute",
        "slide",
    ]
    assert len(said) == len(reasons)
    for sentence, reason in zip(said, reasons):
        assert reason in sentence


@pytest.mark.parametrize("name", ["00_start_here", "01_anomaly_concept", "02_frame_prediction"])
def test_outputs_that_every_machine_repeats_are_compared(name):
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    checked = [
        cell for cell in notebook.cells if "nbval-check-output" in cell.metadata.get("tags", [])
    ]
    assert len(checked) >= 2 and all(cell.outputs for cell in checked)


def test_pictures_in_a_notebook_carry_alt_text(notebook):
    for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
        for output in cell.outputs:
            data = output.get("data", {})
            alt = output.get("metadata", {}).get("image/png", {}).get("alt")
            assert "image/png" not in data or (alt and "text/html" in data), (
                f"show this figure with view.show(figure, alt=...): {cell.source}"
            )
            for image in re.findall(r"<img [^>]*>", data.get("text/html", "")):
                assert re.search(r'alt="[^"]{20,}"', image), cell.source


def test_links_between_notebooks_and_documents_lead_somewhere(notebook):
    for cell in (cell for cell in notebook.cells if cell.cell_type == "markdown"):
        for target in re.findall(r"\]\(([^)#\s]+)\)", cell.source):
            if not target.startswith("http"):
                assert (ROOT / "notebooks" / target).exists(), target


def test_the_minutes_of_a_notebook_are_the_same_wherever_they_stand():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    course_map = "\n".join(cell.source for cell in nbformat.read(NOTEBOOKS[0], as_version=4).cells)
    for path in NOTEBOOKS:
        first_cell = nbformat.read(path, as_version=4).cells[0].source
        minutes = re.search(r"\*\*(\d+) minutes", first_cell)[1]
        number = path.name[:2]
        assert re.search(rf"^\| \[{number} .*\| {minutes} \|[^|]+\|$", readme, re.M), (
            f"README.md on {path.name}"
        )
        assert re.search(rf"^\| {number} .*\| {minutes} \|$", course_map, re.M), (
            f"{NOTEBOOKS[0].name} on {path.name}"
        )


def test_links_of_the_readme_lead_somewhere():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    on_the_host = ("http", "../../actions/", "../../codespaces")  # pages of the repository's host
    for target in re.findall(r"\]\(([^)#\s]+)\)", text):
        if not target.startswith(on_the_host):
            assert (ROOT / target).exists(), target


def test_javascript_and_stylesheets_are_at_most_100_wide():
    for path in written_files():
        if path.suffix in (".js", ".css"):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                assert len(line) <= 100, f"{path.relative_to(ROOT)}:{number}"


def test_no_module_is_longer_than_a_sitting():
    for path in (*written_files(), *(ROOT / "tests").rglob("*.py")):
        if path.suffix in (".py", ".js", ".css"):
            length = len(path.read_text(encoding="utf-8").splitlines())
            assert length <= 350, f"{path.relative_to(ROOT)} has {length} lines"


def test_everybody_names_the_same_pythons():
    oldest, newest = (".".join(map(str, v)) for v in (check_python.OLDEST, check_python.NEWEST))
    after = f"3.{check_python.NEWEST[1] + 1}"
    assert PROJECT["requires-python"] == f">={oldest},<{after}"
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    pythons = workflow["jobs"]["readme"]["strategy"]["matrix"]["python"]
    assert pythons[0] == oldest and pythons[-1] == newest
    assert f"Python {oldest} to {newest}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_a_python_that_is_too_new_is_told_so():
    code = "import sys; sys.version_info = (3, 15, 0); exec(open(sys.argv[1]).read())"
    script = ROOT / "tools" / "check_python.py"
    done = subprocess.run([sys.executable, "-c", code, script], capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "Python 3.11 to 3.14" in done.stderr and "this is 3.15" in done.stderr


def test_commits_are_checked_with_the_versions_that_ci_uses():
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    for hook in hooks["repos"][0]["hooks"]:
        assert set(hook["additional_dependencies"]) <= set(pins), hook["id"]


def test_the_citation_names_the_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["version"] and citation["license"] == PROJECT["license"]
