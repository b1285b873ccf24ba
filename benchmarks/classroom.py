"""What does a student need on a shared server? Memory and CPU time of each notebook's kernel.

    python benchmarks/classroom.py [notebooks/02_frame_prediction.ipynb ...]

Each notebook runs from top to bottom in a kernel of its own; the operating system says what it took
at most (Linux, macOS). The JupyterLab server is started, asked for its page and for a kernel, and
weighed with its children, the kernel left out. The last line is one JSON object.
"""

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import psutil

from vadkit.cli import run_script, stopped_at_once

sys.path.append(str(Path(__file__).resolve().parent.parent / "tools"))
import notebooks  # noqa: E402

NOTEBOOKS = notebooks.ROOT / "notebooks"
ASK = """import json, resource, sys
used = resource.getrusage(resource.RUSAGE_SELF)
mib = used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
print(json.dumps({"mib": mib, "cpu_s": used.ru_utime + used.ru_stime}))"""


def weigh_notebook(path, notebook):
    """Peak memory of the kernel (MiB), its processor time and the time by the clock (seconds)."""
    notebook.cells.append(nbformat.v4.new_code_cell(ASK))
    began = time.perf_counter()
    notebooks.execute(notebook, path.parent, timeout=1800, name=path.name)
    used = json.loads(notebook.cells[-1].outputs[0].text)
    return {**used, "wall_s": time.perf_counter() - began}


def weigh_server():
    """Memory (MiB) of a JupyterLab server with one kernel open, the kernel left out."""
    port, token = free_port(), secrets.token_hex()
    options = [
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={NOTEBOOKS}",
    ]
    command = [sys.executable, "-m", "jupyterlab", *options]
    # In the environment, because anybody on this machine may read a command line.
    environment = {**os.environ, "JUPYTER_TOKEN": token}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, env=environment, **quiet)
    try:
        wait_for(server, ask(f"http://127.0.0.1:{port}/lab", token))
        kernels = ask(f"http://127.0.0.1:{port}/api/kernels", token, method="POST", data=b"{}")
        urllib.request.urlopen(kernels, timeout=60)
        # The kernel takes a moment to start, and the server to settle after it.
        time.sleep(5)
        return psutil.Process(server.pid).memory_info().rss / 2**20
    finally:
        stop(server)


def ask(url, token, **options):
    return urllib.request.Request(url, headers={"Authorization": f"token {token}"}, **options)


def wait_for(server, page, seconds=60):
    """Ask for a page until the server is there."""
    began = time.monotonic()
    while True:
        try:
            urllib.request.urlopen(page, timeout=5).read()
            return
        except OSError:
            if server.poll() is not None or time.monotonic() - began > seconds:
                raise OSError("JupyterLab did not start: try `jupyter lab` by itself.") from None
            time.sleep(0.1)


def stop(server):
    """End the server and its kernels."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(server.pid)
        family = [process, *process.children(recursive=True)]
        for member in family:
            member.terminate()
        for member in psutil.wait_procs(family, timeout=20)[1]:
            member.kill()
    server.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@stopped_at_once()
def main(argv=None):
    options = notebooks.notebook_parser(__doc__).parse_args(argv)
    course = notebooks.read_all(options.notebooks)
    server = weigh_server()
    threads = os.environ.get("OMP_NUM_THREADS", "not set")
    print(f"JupyterLab server: {server:.0f} MiB; {os.cpu_count()} cores, OMP_NUM_THREADS={threads}")
    print(f"{'notebook':28} {'kernel, peak':>12} {'CPU time':>9} {'by the clock':>12}")
    measured = {}
    for path, notebook in course:
        weight = weigh_notebook(path, notebook)
        memory, cpu, wall = weight["mib"], weight["cpu_s"], weight["wall_s"]
        print(f"{path.stem:28} {memory:8.0f} MiB {cpu:7.0f} s {wall:10.0f} s", flush=True)
        measured[path.stem] = {name: round(value) for name, value in weight.items()}
    print(json.dumps({"server_mib": round(server), "notebooks": measured}))


if __name__ == "__main__":
    sys.exit(run_script(main))
