"""What does `import vadkit` cost over `import torch`?

    python benchmarks/import_time.py [--runs 7]

Fresh processes, taking turns, after one of each to warm the disk cache; medians. The budget is half a second over torch.
The last line is one JSON object.
"""

import argparse
import json
import statistics
import subprocess
import sys

BUDGET = 0.5  # seconds
CODE = "import time; began = time.perf_counter(); import {}; print(time.perf_counter() - began)"


def seconds(module):
    done = subprocess.run([sys.executable, "-c", CODE.format(module)], capture_output=True, text=True, check=True)
    return float(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7, help="fresh processes per module (default 7)")
    runs = max(parser.parse_args().runs, 1)
    for module in ("torch", "vadkit"):
        seconds(module)
    pairs = [(seconds("torch"), seconds("vadkit")) for _ in range(runs)]
    torch, vadkit = (statistics.median(times) for times in zip(*pairs))
    print(f"import torch {torch:.2f} s, import vadkit {vadkit:.2f} s, medians of {runs} processes each")
    print(json.dumps({"import_torch_s": round(torch, 3), "import_vadkit_s": round(vadkit, 3), "runs": runs,
                      "over_torch_s": round(vadkit - torch, 3), "ratio": round(vadkit / torch, 3),
                      "within_budget": vadkit - torch <= BUDGET}))  # fmt: skip


if __name__ == "__main__":
    main()
