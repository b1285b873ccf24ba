"""A class server: its settings are valid, its scripts run, and its pages name what is there."""

import os
import re
import shutil
import stat
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import psutil
import pytest
import yaml
from traitlets.config import PyFileConfigLoader

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
SCRIPTS = (DEPLOY / "start_student.sh", DEPLOY / "tljh" / "install.sh")
PAGES = (DEPLOY / "tljh" / "README.md", DEPLOY / "z2jh" / "README.md", ROOT / "INSTRUCTORS.md")
VALUES = yaml.safe_load((DEPLOY / "z2jh" / "values.yaml").read_text(encoding="utf-8"))
# The keys of the chart jupyterhub/jupyterhub 4.4 that we use; what is below is Kubernetes' own.
CHART = """hub.config cull.enabled cull.timeout cull.every cull.maxAge
singleuser.image.name singleuser.image.tag singleuser.cmd singleuser.defaultUrl
singleuser.startTimeout singleuser.memory.limit singleuser.memory.guarantee singleuser.extraEnv
singleuser.cpu.limit singleuser.cpu.guarantee singleuser.storage.type singleuser.storage.capacity
singleuser.storage.homeMountPath singleuser.storage.extraVolumes
singleuser.storage.extraVolumeMounts scheduling.userScheduler.enabled
scheduling.podPriority.enabled scheduling.userPlaceholder.replicas""".split()
SINGLEUSER = """#!/bin/sh
echo "threads $OMP_NUM_THREADS $OMP_WAIT_POLICY, data $(ulimit -d), arguments $*"
"""


@pytest.fixture
def start(tmp_path):
    """Run start_student.sh with the course's `vadkit`; JupyterHub's part only says how it began."""
    handout = tmp_path / "handout"
    shutil.copytree(ROOT / "docs" / "badges", handout / "docs" / "badges")
    (handout / "notebooks" / "zh").mkdir(parents=True)
    shutil.copy(ROOT / "notebooks" / "zh" / "00_start_here.ipynb", handout / "notebooks" / "zh")
    for number in ("00", "03"):
        shutil.copy(next((ROOT / "notebooks").glob(f"{number}*.ipynb")), handout / "notebooks")
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "jupyterhub-singleuser").write_text(SINGLEUSER)
    (programs / "jupyterhub-singleuser").chmod(0o755)
    (tmp_path / "home").mkdir()
    (tmp_path / "drop").mkdir()
    environment = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "JUPYTERLAB_DIR": str(tmp_path / "lab"),
        "HOME": str(tmp_path / "home"),
        "JUPYTERHUB_USER": "ada",
        "VADKIT_COURSE": str(handout),
        "VADKIT_HAND_IN": str(tmp_path / "drop"),
        "MEM_LIMIT": str(4 * 2**30),
    }

    def run(vadkit=f'exec "{sys.executable}" -m vadkit "$@"', **changes):
        (programs / "vadkit").write_text(f"#!/bin/sh\n{vadkit}\n")
        (programs / "vadkit").chmod(0o755)
        done = subprocess.run(
            ["bash", SCRIPTS[0], "--port=1"],
            env=environment | changes,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done

    return run


@pytest.mark.skipif(os.name != "posix", reason="a server runs Linux")
def test_a_students_server_starts_in_a_folder_of_the_course(start, tmp_path):
    said = start().stdout
    assert f"threads 1 passive, data {3 * 2**20}, arguments --port=1 --" in said
    notebooks = tmp_path / "home" / "course" / "notebooks"
    assert len(list(notebooks.glob("*.ipynb"))) == 2
    (notebooks / "zh" / "hand_in" / "ada.zip").write_text("mine")  # from either edition
    assert (notebooks / "hand_in" / "ada.zip").read_text() == "mine"
    assert (tmp_path / "drop" / "ada" / "ada.zip").read_text() == "mine"
    for private in (notebooks.parent, tmp_path / "drop" / "ada"):
        assert stat.S_IMODE(private.stat().st_mode) == 0o700

    mine, gone = sorted(notebooks.glob("*.ipynb"))
    mine.write_text("my own")
    assert "copied" not in start(vadkit="echo copied").stdout  # nothing is missing
    gone.unlink()
    assert "1 files copied" in start().stdout
    assert mine.read_text() == "my own" and gone.is_file()


@pytest.mark.skipif(os.name != "posix", reason="a server runs Linux")
def test_who_cannot_hand_in_is_told_and_can_work(start, tmp_path):
    own = tmp_path / "home" / "course" / "notebooks" / "hand_in"
    own.mkdir(parents=True)
    (own / "before.zip").touch()
    done = start(vadkit="exit 0")
    assert "what is handed in does not arrive" in done.stderr and "threads 1" in done.stdout
    assert (own / "before.zip").is_file() and not own.is_symlink()


@pytest.mark.skipif(os.name != "posix", reason="a server runs Linux")
def test_without_the_course_a_student_can_log_in(start, tmp_path):
    done = start(vadkit="exit 2", MEM_LIMIT="")
    assert "could not be copied" in done.stderr and "threads 1" in done.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_sound(script):
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
    if shutil.which("shellcheck"):
        done = subprocess.run(["shellcheck", script], capture_output=True, text=True)
        assert not done.stdout


@pytest.mark.skipif(os.name != "posix", reason="a server runs Linux")
def test_without_tljh_nothing_is_installed(tmp_path):
    environment = {**os.environ, "TLJH_INSTALL_PREFIX": str(tmp_path)}
    done = subprocess.run([SCRIPTS[1]], env=environment, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.startswith(f"error: There is no TLJH in {tmp_path}")
    assert not list(tmp_path.iterdir())


def test_the_hub_reads_its_settings(monkeypatch):
    monkeypatch.setenv("TLJH_INSTALL_PREFIX", "/opt/tljh")
    config = PyFileConfigLoader(str(DEPLOY / "tljh" / "vadkit_hub.py")).load_config()
    install = SCRIPTS[1].read_text(encoding="utf-8")
    (command,) = config.Spawner.cmd
    paths = [command, *(config.Spawner.environment[f"VADKIT_{n}"] for n in ("COURSE", "HAND_IN"))]
    for path in paths:  # what the settings name is what install.sh makes
        assert path.replace("/opt/tljh/vadkit", '"$shared') + '"' in install
    assert (ROOT / config.Spawner.default_url.removeprefix("/lab/tree/course/")).is_file()
    spawner = pytest.importorskip("jupyterhub.spawner").Spawner
    assert set(config.Spawner) <= set(spawner.class_traits(config=True))


def leaves(tree, path=""):
    for key, value in tree.items():
        where = f"{path}{key}"
        if isinstance(value, dict) and where not in CHART:
            yield from leaves(value, f"{where}.")
        else:
            yield where


def test_the_chart_knows_every_value():
    assert set(leaves(VALUES)) <= set(CHART)


def test_both_servers_give_a_student_the_same():
    hub = PyFileConfigLoader(str(DEPLOY / "tljh" / "vadkit_hub.py")).load_config().Spawner
    install = dict(re.findall(r'tljh-config" set (\S+) (\S+)', SCRIPTS[1].read_text("utf-8")))
    student = VALUES["singleuser"]
    for name in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY"):
        assert student["extraEnv"][name] == hub.environment[name]
    assert (student["cmd"], student["defaultUrl"]) == (SCRIPTS[0].name, hub.default_url)
    assert VALUES["hub"]["config"]["KubeSpawner"]["http_timeout"] == hub.http_timeout
    same = {
        "limits.memory": student["memory"]["limit"],
        "limits.cpu": str(student["cpu"]["limit"]),
        "services.cull.timeout": str(VALUES["cull"]["timeout"]),
        "services.cull.max_age": str(VALUES["cull"]["maxAge"]),
    }
    assert install == same
    page = PAGES[0].read_text(encoding="utf-8")
    assert all(f"tljh-config set {name} {value}" in page for name, value in same.items())


def test_the_image_is_the_repositorys():
    image = (DEPLOY / "z2jh" / "Dockerfile").read_text(encoding="utf-8")
    base = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "FROM vadkit\n" in image and image.rstrip().endswith('CMD ["start_student.sh"]')
    assert f"WORKDIR {VALUES['singleuser']['storage']['homeMountPath']}" in base
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert VALUES["singleuser"]["image"]["tag"] == version
    claim = yaml.safe_load((DEPLOY / "z2jh" / "hand_in.yaml").read_text(encoding="utf-8"))
    volume = VALUES["singleuser"]["storage"]["extraVolumes"][0]
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]


def test_scripts_and_pages_name_what_is_there():
    for page in (*PAGES, *SCRIPTS, *DEPLOY.rglob("Dockerfile")):
        text = page.read_text(encoding="utf-8")
        for path in re.findall(r"(?<![\w/.-])((?:deploy|tools|benchmarks)/[\w./-]*\w)", text):
            assert (ROOT / path).exists() or path == "deploy/handout", f"{page.name}: {path}"
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
            assert target.startswith("http") or (page.parent / target).exists(), target
    for name in ("tljh", "z2jh"):
        assert f"deploy/{name}/README.md" in PAGES[2].read_text(encoding="utf-8")


@pytest.fixture
def watching(monkeypatch):
    monkeypatch.syspath_prepend(str(DEPLOY))
    import hub_watch

    return hub_watch


@pytest.mark.skipif(sys.platform != "linux", reason="reads other processes' environment")
def test_a_student_over_the_limit_loses_the_largest_process_alone(watching):
    code = "import sys, time; kept = bytearray(int(sys.argv[1]) << 20); print(); time.sleep(60)"

    def process(name, mib):
        environment = {**os.environ, "VADKIT_TRY_HUB_MARK": "a mark", "JUPYTERHUB_USER": name}
        command = [sys.executable, "-c", code, str(mib)]
        started = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
        started.stdout.readline()
        return started

    large, small, other = process("ada", 300), process("ada", 1), process("bob", 150)
    try:
        watch = watching.Watch("a mark", limit_mib=200, reserve_mib=1)
        watch.look()
        assert large.wait(10) != 0 and small.poll() is None and other.poll() is None
        assert watch.killed == {"ada": 1} and watch.peak["ada"] > 300 > watch.peak["bob"] > 150
        assert watching.end_all("another mark") == 0 and watching.end_all("a mark") == 2
        assert not psutil.pid_exists(small.pid) and not psutil.pid_exists(other.pid)
    finally:
        for one in (large, small, other):
            one.kill()
            one.stdout.close()


def try_hub(*arguments, seconds=60):
    command = [sys.executable, DEPLOY / "try_hub.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds)


def test_a_notebook_that_is_none_is_refused():
    done = try_hub("--notebooks", "77")
    assert done.returncode == 2
    assert done.stderr.startswith("error: There is no notebook '77': choose of 00, 01,")


def test_a_class_of_two_works_on_a_real_hub():
    """Only where somebody has installed JupyterHub and its proxy: half a minute."""
    pytest.importorskip("jupyterhub")
    if not shutil.which("configurable-http-proxy"):
        pytest.skip("npm install configurable-http-proxy")
    began = time.monotonic()
    done = try_hub("--students", "2", "--notebooks", "00", "--cull", "5", seconds=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nobody still runs" in done.stdout and time.monotonic() - began < 600
