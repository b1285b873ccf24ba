"""What does a student need on a shared server? Memory and CPU time of each notebook's kernel.

    python benchmarks/classroom.py [notebooks/02_frame_prediction.ipynb ...]

Each notebook runs from top to bottom in a kernel of its own; the operating system says what it took
at most (Linux, macOS). The JupyterLab server is started, asked for its page and for a kernel, and
weighed with its children, the kernel left out. The last line is one JSON object.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
ASK = """import json, resource, sys
used = resource.getrusage(resource.RUSAGE_SELF)
mib = used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
print(json.dumps({"mib": mib, "cpu_s": used.ru_utime + used.ru_stime}))"""


def weigh_notebook(path):
    """Peak memory of the kernel (MiB), its processor time and the time by the clock (seconds)."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(ASK))
    folder = {"metadata": {"path": str(path.parent)}}
    began = time.perf_counter()
    NotebookClient(notebook, timeout=1800, kernel_name="python3", resources=folder).execute()
    used = json.loads(notebook.cells[-1].outputs[0].text)
    return {**used, "wall_s": time.perf_counter() - began}


def weigh_server():
    """Memory (MiB) of a JupyterLab server with one kernel open, the kernel left out."""
    port = free_port()
    options = [
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--IdentityProvider.token=",
        "--ServerApp.disable_check_xsrf=True",
        f"--ServerApp.root_dir={NOTEBOOKS}",
    ]
    command = [sys.executable, "-m", "jupyterlab", *options]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, **quiet)
    try:
        open_page(f"http://127.0.0.1:{port}/lab")
        kernels = f"http://127.0.0.1:{port}/api/kernels"
        urllib.request.urlopen(urllib.request.Request(kernels, method="POST", data=b"{}"))
        # The kernel takes a moment to start, and the server to settle after it.
        time.sleep(5)
        return psutil.Process(server.pid).memory_info().rss / 2**20
    finally:
        process = psutil.Process(server.pid)
        for child in process.children(recursive=True):
            child.terminate()
        process.terminate()
        server.wait(20)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def open_page(url, tries=600):
    """Ask for a page until the server is there."""
    for _ in range(tries):
        try:
            urllib.request.urlopen(url, timeout=5).read()
            return
        except OSError:
            time.sleep(0.1)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all")
    paths = parser.parse_args().notebooks or sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))
    server = weigh_server()
    threads = os.environ.get("OMP_NUM_THREADS", "not set")
    print(f"JupyterLab server: {server:.0f} MiB; {os.cpu_count()} cores, OMP_NUM_THREADS={threads}")
    print(f"{'notebook':28} {'kernel, peak':>12} {'CPU time':>9} {'by the clock':>12}")
    measured = {}
    for path in paths:
        weight = weigh_notebook(path)
        memory, cpu, wall = weight["mib"], weight["cpu_s"], weight["wall_s"]
        print(f"{path.stem:28} {memory:8.0f} MiB {cpu:7.0f} s {wall:10.0f} s", flush=True)
        measured[path.stem] = {name: round(value) for name, value in weight.items()}
    print(json.dumps({"server_mib": round(server), "notebooks": measured}))


if __name__ == "__main__":
    main()
