"""Try a class on this machine: a real JupyterHub, and students who all run notebooks at once.

    python deploy/try_hub.py [--students 2] [--notebooks 01] [--runaways 0] [--cull 0]

Every student logs in, opens the notebooks one after the other in a server of their own, runs each
cell, saves, solves an exercise and hands in. Beside them, runaways run a cell that never ends, one
that eats memory, or one that takes every core. It takes JupyterHub and its proxy:

    pip install "jupyterhub>=5.2,<7" jupyterhub-idle-culler && npm install configurable-http-proxy

Nothing listens anywhere but on 127.0.0.1, and every process ends with this one. As root each
student gets a user id of their own, as on a class server, and it is tried whether one can read what
is another's. `start_student.sh` and `tljh/vadkit_hub.py` are those of the class server; limits are
enforced by this script, which stands in for systemd. The last line is one JSON object.
"""

import argparse
import contextlib
import json
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from hub_scenes import RUNAWAYS, run_away, running_servers, study
from hub_watch import Watch, end_all

from vadkit.cli import run_script, stopped_at_once, whole_number

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "tools"))
import handout  # noqa: E402

import notebooks  # noqa: E402

FIRST_ID = 61_000  # of the students' user ids, which belong to nobody
LOG = HERE.parent / "build" / "try_hub.log"
RESERVE = 1024  # MiB that the machine keeps


def parse(argv):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--students", type=whole_number(1, 200), default=2)
    parser.add_argument("--notebooks", nargs="+", default=["01"], metavar="NN", help='"02" "05"')
    parser.add_argument("--runaways", type=whole_number(0, 50), default=0, help="besides them")
    parser.add_argument("--handout", action="store_true", help="without the solutions")
    parser.add_argument("--memory", type=whole_number(256, 65536), default=3072, help="MiB each")
    parser.add_argument("--cull", type=whole_number(0, 3600), default=0, metavar="SECONDS",
                        help="after the lesson: are servers ended that idle so long?")  # fmt: skip
    parser.add_argument("--proxy", default=None, help="configurable-http-proxy, if not on the PATH")
    options = parser.parse_args(argv)
    paths = notebooks.all_notebooks()
    known = {path.name[:2]: f"course/notebooks/{path.name}" for path in paths}
    for number in options.notebooks:
        if number not in known:
            raise ValueError(f"There is no notebook {number!r}: choose of {', '.join(known)}.")
    options.notebooks = [known[number] for number in options.notebooks]
    return options


def needs(options) -> str:
    """The path of the proxy; what is missing is a ValueError."""
    try:
        import jupyterhub  # noqa: F401
    except ImportError:
        raise ValueError('JupyterHub is missing: pip install "jupyterhub>=5.2,<7".') from None
    beside = HERE.parent / "node_modules" / ".bin" / "configurable-http-proxy"
    found = shutil.which(options.proxy or "configurable-http-proxy") or shutil.which(beside)
    if found is None:
        raise ValueError("The proxy is missing: npm install configurable-http-proxy, or --proxy.")
    return os.path.abspath(found)


def student_ids() -> int:
    """The first user id of the students; 0 where all are who started this."""
    if not hasattr(os, "getuid") or os.getuid() != 0:
        return 0
    try:  # an environment in root's home cannot be read by anybody else
        test = [sys.executable, "-c", "import vadcourse"]
        subprocess.run(
            test, user=FIRST_ID, group=FIRST_ID, check=True, capture_output=True, cwd="/"
        )
    except (OSError, subprocess.CalledProcessError):
        print("Others cannot read this Python environment: all students are the same user.")
        return 0
    return FIRST_ID


def free_ports(n: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(n)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def lay_out(folder: Path) -> None:
    """What `tljh/install.sh` makes: start script, handout, a folder to hand in."""
    folder.chmod(0o755)
    (folder / "vadkit").mkdir()
    shutil.copy(HERE / "start_student.sh", folder / "vadkit")
    handout.write(folder / "vadkit" / "course")
    (folder / "vadkit" / "hand_in").mkdir()
    (folder / "vadkit" / "hand_in").chmod(0o1733)
    (folder / "homes").mkdir(mode=0o755)


@contextlib.contextmanager
def hub(folder: Path, options, proxy: str):
    """A hub: its address, its secrets, and the mark of its processes. All end with the block."""
    mark, ports = secrets.token_hex(), free_ports(3)
    given = {"folder": str(folder), "ports": ports, "proxy": proxy, "first_id": student_ids()}
    given |= {"password": secrets.token_hex(), "token": secrets.token_hex()}
    given |= {"memory": f"{options.memory}M"}
    given["handout"] = options.handout
    environment = {**os.environ, "VADKIT_TRY_HUB": json.dumps(given), "VADKIT_TRY_HUB_MARK": mark}
    environment["TLJH_INSTALL_PREFIX"] = str(folder)
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment["CONFIGPROXY_AUTH_TOKEN"] = secrets.token_hex()
    command = [sys.executable, "-m", "jupyterhub", "-f", str(HERE / "try_hub_config.py")]
    log = folder / "hub.log"
    log.touch()
    LOG.parent.mkdir(exist_ok=True)
    try:
        with open(log, "w") as out:
            process = subprocess.Popen(
                command, env=environment, cwd=folder, stdout=out, stderr=out, start_new_session=True
            )
        address = f"http://127.0.0.1:{ports[1]}"
        wait_for(process, f"{address}/hub/health", log)
        yield address, given, mark
    finally:
        n_ended = end_all(mark)
        shutil.copy(log, LOG)
        print(f"{n_ended} processes were ended.", file=sys.stderr)


def wait_for(process, page: str, log: Path, seconds: float = 90) -> None:
    """Ask for a page until the hub is there."""
    began = time.monotonic()
    while True:
        try:
            urllib.request.urlopen(page, timeout=5).read()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() - began > seconds:
                last = log.read_text(errors="replace").strip().splitlines()[-3:]
                raise OSError(f"JupyterHub did not start: {' | '.join(last)}") from None
            time.sleep(0.2)


def lesson(address: str, password: str, options, watch: Watch) -> tuple[dict, dict]:
    """Let everybody begin at once; return what each student and each runaway met."""
    students = {f"student-{n}": {} for n in range(1, options.students + 1)}
    runaways = {f"runaway-{n}": {} for n in range(1, options.runaways + 1)}
    threads, done = [], threading.Event()
    for name, note in students.items():
        arguments = (address, name, password, options.notebooks, note)
        threads.append(threading.Thread(target=study, args=arguments, daemon=True))
    for n, (name, note) in enumerate(runaways.items()):
        note["kind"] = list(RUNAWAYS)[n % len(RUNAWAYS)]
        arguments = (address, name, password, note, done)
        threads.append(threading.Thread(target=run_away, args=arguments, daemon=True))
    for thread in threads:
        thread.start()
    working = threads[: options.students]
    next_word, total = time.monotonic() + 60, len(students) * len(options.notebooks)
    while any(thread.is_alive() for thread in working):
        if watch.short.is_set():
            raise MemoryError(f"Under {RESERVE} MiB were free: take fewer students.")
        if time.monotonic() > next_word:
            next_word += 60
            n_done = sum(len(note.get("done", {})) for note in students.values())
            print(f"... {n_done} of {total} notebooks", flush=True)
        time.sleep(0.2)
    done.set()
    for thread in threads[options.students :]:
        thread.join(60)
    return students, runaways


def report(students: dict, runaways: dict, watch: Watch) -> dict:
    """Print what was measured, and return it."""
    print(f"{'':12} {'lab':>6} {'memory':>9} {'CPU':>7}  notebooks, from the start; faults")
    everybody = students | runaways
    for name, note in everybody.items():
        note["mib"], note["killed"] = round(watch.peak[name]), watch.killed[name]
        note["kernel_mib"] = round(watch.kernel_peak[name])
        note["cpu_s"] = round(sum(watch.cpu[name].values()))
        done = ", ".join(f"{number} {s:.0f} s" for number, s in note.get("done", {}).items())
        says = "; ".join([done or note.get("kind", ""), *note.get("faults", [])])
        lab, mib, cpu = note.get("lab_s", float("nan")), note["mib"], note["cpu_s"]
        print(f"{name:12} {lab:4.0f} s {mib:5} MiB {cpu:5} s  {says}")
    for number in next(iter(students.values())).get("done", {}):
        seconds = [n["done"][number] for n in students.values() if number in n.get("done", {})]
        middle, last = statistics.median(seconds), max(seconds)
        print(f"notebook {number}: median {middle:.0f} s, slowest {last:.0f} s after the start")
    least, peak = watch.least_free, watch.all_peak
    print(f"All students at once: {peak:.0f} MiB at most; the machine had {least:.0f} MiB left.")
    machine = {"cores": os.cpu_count(), "peak_mib": round(peak), "least_free_mib": round(least)}
    return {"students": students, "runaways": runaways, **machine}


def look_for_files(folder: Path, students: dict) -> None:
    """Add a fault for every student whose progress or hand-in did not arrive in its place."""
    for name, note in students.items():
        handed_in = list((folder / "vadkit" / "hand_in" / name).glob("*"))
        if [path.name for path in handed_in] != [f"{name}.zip"]:
            note["faults"].append(f"handed in: {len(handed_in)} files")
        progress = folder / "homes" / name / "course" / "notebooks" / "progress.json"
        solved = json.loads(progress.read_text())["solved"] if progress.is_file() else {}
        if set(solved) != set(note["solved"]):
            note["faults"].append(f"progress.json holds {', '.join(solved) or 'nothing'}")


def look_for_holes(students: dict) -> None:
    """Add a fault for every student who could read another's work, or change the installation."""
    for note in students.values():
        if note.get("open"):
            note["faults"].append(f"open to this student: {', '.join(note['open'])}")


def cull(address: str, token: str, mark: str, idle: int) -> list[str]:
    """End servers that idle, as the class server does; name those that still run after a while."""
    environment = {**os.environ, "JUPYTERHUB_API_TOKEN": token, "VADKIT_TRY_HUB_MARK": mark}
    command = [sys.executable, "-m", "jupyterhub_idle_culler", f"--url={address}/hub/api"]
    command += [f"--timeout={idle}", "--cull-every=5"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.Popen(command, env=environment, start_new_session=True, **quiet)
    until = time.monotonic() + 3 * idle + 60
    while (left := running_servers(address, token)) and time.monotonic() < until:
        time.sleep(2)
    return left


@stopped_at_once()
def main(argv=None):
    options = parse(argv)
    proxy = needs(options)
    with tempfile.TemporaryDirectory(prefix="vadkit-hub-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        lay_out(folder)
        with hub(folder, options, proxy) as (address, given, mark):
            watch = Watch(mark, options.memory, RESERVE)
            watch.start()
            students, runaways = lesson(address, given["password"], options, watch)
            watch.ended.set()
            look_for_files(folder, students)
            if given["first_id"]:
                look_for_holes(students)
            measured = report(students, runaways, watch)
            if options.cull:
                left = cull(address, given["token"], mark, options.cull)
                print(f"Idle for {options.cull} s: {', '.join(left) or 'nobody'} still runs.")
                measured["after_cull"] = left
    print(json.dumps(measured))
    if any(note.get("faults") for note in students.values()):
        raise ValueError(f"Something failed for a student: see above, and {LOG}.")


if __name__ == "__main__":
    sys.exit(run_script(main))
