"""What does a student need on a shared server? Peak memory and CPU time of each notebook's kernel, and the server's memory.

    python benchmarks/classroom.py [notebooks/02_frame_prediction.ipynb ...]

Each notebook runs from top to bottom in a kernel of its own; the operating system says what it took at most (Linux, macOS).
The JupyterLab server is started, asked for its page and for a kernel, and weighed with its children, the kernel left out.
The last line is one JSON object.
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
print(json.dumps({"mib": used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10), "cpu_s": used.ru_utime + used.ru_stime}))"""


def weigh_notebook(path):
    """-> {"mib": peak memory of the kernel, "cpu_s": processor time, "wall_s": seconds by the clock}."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(ASK))
    began = time.perf_counter()
    NotebookClient(
        notebook, timeout=1800, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    ).execute()
    return {**json.loads(notebook.cells[-1].outputs[0].text), "wall_s": time.perf_counter() - began}


def weigh_server():
    """-> MiB of a JupyterLab server with one kernel open, the kernel left out."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--IdentityProvider.token=",
               "--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={NOTEBOOKS}"]  # fmt: skip
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/lab", timeout=5).read()
                break
            except OSError:
                time.sleep(0.1)
        urllib.request.urlopen(
            urllib.request.Request(f"http://127.0.0.1:{port}/api/kernels", method="POST", data=b"{}")
        )
        time.sleep(5)
        return psutil.Process(server.pid).memory_info().rss / 2**20
    finally:
        for process in [*psutil.Process(server.pid).children(recursive=True), psutil.Process(server.pid)]:
            process.terminate()
        server.wait(20)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all")
    paths = parser.parse_args().notebooks or sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))
    server = weigh_server()
    print(
        f"JupyterLab server: {server:.0f} MiB; {os.cpu_count()} cores, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'not set')}"
    )
    print(f"{'notebook':28} {'kernel, peak':>12} {'CPU time':>9} {'by the clock':>12}")
    found = {}
    for path in paths:
        found[path.stem] = one = weigh_notebook(path)
        print(f"{path.stem:28} {one['mib']:8.0f} MiB {one['cpu_s']:7.0f} s {one['wall_s']:10.0f} s", flush=True)
    print(
        json.dumps(
            {
                "server_mib": round(server),
                "notebooks": {n: {k: round(v) for k, v in one.items()} for n, one in found.items()},
            }
        )
    )


if __name__ == "__main__":
    main()
