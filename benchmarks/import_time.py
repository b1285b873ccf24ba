"""What does `import vadkit` cost over `import torch`?

    python benchmarks/import_time.py [--runs 7]

Modules of vadkit load when first used, torch with them; so the cost is also measured with
everything loaded that it takes to make a scene, train on it and score it. Fresh processes, taking
turns, after one of each to warm the disk cache; medians, of wall time and of processor time, which
a busy machine disturbs less. The budget is half a second over torch. The last line is one JSON
object.
"""

import argparse
import json
import statistics
import subprocess
import sys

from vadkit.cli import run_script, stopped_at_once, whole_number

BUDGET = 0.5  # seconds
CLOCKS = ("wall", "processor")
STATEMENTS = {
    "torch": "import torch",
    "vadkit": "import vadkit",
    "in_use": "import vadkit; "
    "vadkit.toy_scene, vadkit.build_predictor, vadkit.fit, vadkit.evaluate",
}
CODE = """
import time
wall, processor = time.perf_counter(), time.process_time()
{}
print(time.perf_counter() - wall, time.process_time() - processor)
"""


def seconds(statement):
    """What one fresh process takes for a statement, by each of CLOCKS."""
    command = [sys.executable, "-c", CODE.format(statement)]
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(zip(CLOCKS, map(float, process.stdout.split())))


def measure(runs):
    """Median seconds by clock and statement; the first run of each warms up and is left out."""
    times = [{name: seconds(s) for name, s in STATEMENTS.items()} for _ in range(runs + 1)]
    medians = {}
    for clock in CLOCKS:
        medians[clock] = {
            name: statistics.median(run[name][clock] for run in times[1:]) for name in STATEMENTS
        }
    return medians


@stopped_at_once()
def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--runs",
        type=whole_number(1, 1000),
        default=7,
        help="fresh processes per statement (default 7)",
    )
    runs = parser.parse_args(argv).runs
    over = {}
    for clock, median in measure(runs).items():
        for name, statement in STATEMENTS.items():
            print(f"{median[name]:6.2f} s {clock:10} {statement}")
        over[clock] = {
            name: round(median[name] - median["torch"], 3) for name in ("vadkit", "in_use")
        }
    within_budget = max(over["wall"].values()) <= BUDGET
    print(json.dumps({"runs": runs, "over_torch_s": over, "within_budget": within_budget}))


if __name__ == "__main__":
    sys.exit(run_script(main))
