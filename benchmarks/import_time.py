"""What does `import vadkit` cost over `import torch`?

    python benchmarks/import_time.py [--runs 7]

Modules of vadkit load when first used, torch with them; so the cost is also measured with everything loaded that it takes
to draw a scene, train on it and score it. Fresh processes, taking turns, after one of each to warm the disk cache; medians,
of wall time and of processor time, which a busy machine disturbs less. The budget is half a second over torch. The last line
is one JSON object.
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
    """-> (wall, processor) of one fresh process."""
    code = f"import time; w, p = time.perf_counter(), time.process_time(); {statement}; print(time.perf_counter() - w, time.process_time() - p)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    return tuple(map(float, said.split()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7, help="fresh processes per module (default 7)")
    runs = max(parser.parse_args().runs, 1)
    rounds = [[seconds(statement) for statement in STATEMENTS.values()] for _ in range(runs + 1)][1:]
    over = {}
    for clock, title in enumerate(("wall", "processor")):
        median = {name: statistics.median(t[clock] for t in times) for name, times in zip(STATEMENTS, zip(*rounds))}
        for name, statement in STATEMENTS.items():
            print(f"{median[name]:6.2f} s {title:10} {statement}")
        over[title] = {name: round(median[name] - median["torch"], 3) for name in ("vadkit", "in_use")}
    print(json.dumps({"runs": runs, "over_torch_s": over, "within_budget": max(over["wall"].values()) <= BUDGET}))


if __name__ == "__main__":
    main()
