"""What does `import vadkit` cost over `import torch`?

    python benchmarks/import_time.py [--runs 7]

Modules of vadkit load when first used, torch with them; so the cost is also measured with everything loaded that it takes
to draw a scene, train on it and score it. Fresh processes, taking turns, after one of each to warm the disk cache; medians.
The budget is half a second over torch. The last line is one JSON object.
"""

import argparse
import json
import statistics
import subprocess
import sys

BUDGET = 0.5  # seconds
STATEMENTS = {
    "torch": "import torch",
    "vadkit": "import vadkit",
    "in_use": "import vadkit; vadkit.toy_scene, vadkit.build_predictor, vadkit.fit, vadkit.evaluate",
}


def seconds(statement):
    code = f"import time; began = time.perf_counter(); {statement}; print(time.perf_counter() - began)"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7, help="fresh processes per module (default 7)")
    runs = max(parser.parse_args().runs, 1)
    rounds = [[seconds(statement) for statement in STATEMENTS.values()] for _ in range(runs + 1)][1:]
    median = {name: statistics.median(times) for name, times in zip(STATEMENTS, zip(*rounds))}
    for name, statement in STATEMENTS.items():
        print(f"{median[name]:6.2f} s  {statement}")
    over = {name: round(median[name] - median["torch"], 3) for name in ("vadkit", "in_use")}
    print(json.dumps({"runs": runs, "seconds": {name: round(s, 3) for name, s in median.items()}, "over_torch_s": over,
                      "ratio_in_use": round(median["in_use"] / median["torch"], 3),
                      "within_budget": max(over.values()) <= BUDGET}))  # fmt: skip


if __name__ == "__main__":
    main()
