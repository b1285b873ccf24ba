"""How much memory does it take to score a long clip?

    python benchmarks/evaluate_memory.py [--frames 20000 100000] [--side 128]

A clip of noise lies on disk, memory-mapped as in a prepared scene, and copy-last-frame predicts
it. Each length is scored in a fresh process: peak memory while scoring, over that of the process
when the scene is open and a first short clip has been scored. The last line is one JSON object.
"""

import argparse
import json
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

import vadkit
from vadkit.cli import run_script, stopped_at_once, whole_number
from vadkit.processes import in_fresh_processes

MIB = 2**20 if sys.platform == "darwin" else 2**10  # of `ru_maxrss`, bytes on a Mac
CHUNK = 1000  # frames written at once


def write_clip(path, n_frames, side):
    """Noise, a part at a time, with a header that says how much of it comes."""
    rng = np.random.default_rng(0)
    header = {"descr": "|u1", "fortran_order": False, "shape": (n_frames, side, side)}
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, n_frames, CHUNK):
            file.write(rng.bytes(min(CHUNK, n_frames - start) * side * side))


def score(path):
    """MiB that scoring takes on top of what the open scene takes, and the seconds."""
    torch.set_num_threads(1)
    frames = np.lib.format.open_memmap(path, "r")
    short, long = (vadkit.Clip("noise", part) for part in (frames[:100], frames))
    vadkit.evaluate(vadkit.copy_last_frame, vadkit.Scene("short", [], [short]))
    before, began = peak(), time.perf_counter()
    vadkit.evaluate(vadkit.copy_last_frame, vadkit.Scene("long", [], [long]))
    return {"mib": round(peak() - before), "seconds": round(time.perf_counter() - began, 1)}


def require_space(folder, n_bytes):
    """Refuse in time what would fill the disk."""
    free = shutil.disk_usage(folder).free
    if n_bytes > free:
        needed = f"takes {n_bytes / 1e9:,.1f} GB, and {free / 1e9:,.1f} GB are free in {folder}"
        raise OSError(f"The longest clip {needed}: name fewer --frames or a smaller --side.")


def peak():
    """The most memory this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB


@stopped_at_once()
def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    length = whole_number(100, 10_000_000)
    parser.add_argument("--frames", type=length, nargs="+", default=[20_000, 100_000])
    side = whole_number(1, 4096)
    parser.add_argument("--side", type=side, default=128, help="of a frame, in pixels")
    options = parser.parse_args(argv)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        require_space(folder, max(options.frames) * options.side**2)
        for n_frames in options.frames:
            path = Path(folder) / "clip.npy"
            write_clip(path, n_frames, options.side)
            (measured,) = in_fresh_processes(score, [path])  # a fork would inherit the peak
            rows.append({"frames": n_frames, **measured})
            print("{frames:8,} frames {mib:6,} MiB {seconds:8.1f} s".format(**rows[-1]))
    print(json.dumps({"side": options.side, "rows": rows}))


if __name__ == "__main__":
    sys.exit(run_script(main))
