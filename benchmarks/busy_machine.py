"""What does one training cost on two cores that others use, too?

    python benchmarks/busy_machine.py [--neighbours 0 1 2 4] [--rounds 3] [--steps 20]

The threads of torch that have nothing to do spin for a while, and take the cores from whoever has
work. `import vadkit` lets them spin for a moment only, unless the user has chosen; on a class
server they sleep at once (OMP_WAIT_POLICY=passive). Here a student trains alone, and beside
neighbours who train without end, everybody with each of these settings, and with one thread. On
Linux, where torch comes with GNU's OpenMP. Fresh processes, taking turns;
medians of seconds, imports left out. The last line is one JSON object.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys

from vadkit.cli import run_script, stopped_at_once, whole_number

SETTINGS = {  # what is imported first, and the environment
    "spinning": ("torch", {}),  # torch has read the environment before vadkit can say a word
    "a moment": ("vadkit", {}),
    "sleeping": ("vadkit", {"OMP_WAIT_POLICY": "passive"}),
    "one thread": ("vadkit", {"OMP_NUM_THREADS": "1"}),
}
STUDENT = """
import sys, time
import {first}
import vadkit
windows = vadkit.toy_scene(0).train_windows()
predictor = vadkit.build_predictor("unet", seed=0)
vadkit.fit(predictor, windows, steps=2)
start = time.perf_counter()
vadkit.fit(predictor, windows, steps=int(sys.argv[1]))
print(time.perf_counter() - start)
"""
NEIGHBOUR = """
import os
import {first}
import vadkit
windows = vadkit.toy_scene(1).train_windows()
predictor = vadkit.build_predictor("unet", seed=1)
print("training", flush=True)
parent = os.getppid()
while os.getppid() == parent:  # or it would go on when that is killed
    vadkit.fit(predictor, windows, steps=50)
"""


def command_and_environment(code, setting):
    """How to run this code in a fresh process with a setting, and with no other of its kind."""
    first, chosen = SETTINGS[setting]
    others = ("OMP_", "GOMP_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    return [sys.executable, "-c", code.format(first=first)], kept | chosen


@contextlib.contextmanager
def neighbours(setting, count):
    """Keep so many processes training, and wait until they do."""
    command, environment = command_and_environment(NEIGHBOUR, setting)
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    busy = []
    try:
        for _ in range(count):
            busy.append(subprocess.Popen(command, env=environment, **output))
        for process in busy:
            if not process.stdout.readline():
                raise OSError(f"One of {count} neighbours could not train: try fewer of them.")
        yield
    finally:
        for process in busy:
            process.kill()
            process.communicate()


def seconds(setting, count, steps):
    """What the steps of one student take beside so many neighbours."""
    command, environment = command_and_environment(STUDENT, setting)
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with neighbours(setting, count):
        student = subprocess.run([*command, str(steps)], env=environment, check=True, **output)
    return float(student.stdout.split()[-1])


@stopped_at_once()
def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    count = whole_number(0, 64)
    parser.add_argument("--neighbours", type=count, nargs="+", default=[0, 1, 2, 4])
    parser.add_argument("--rounds", type=whole_number(1, 1000), default=3)
    parser.add_argument("--steps", type=whole_number(), default=20)
    options = parser.parse_args(argv)
    figures = {}
    for count in options.neighbours:
        rounds = [
            {setting: seconds(setting, count, options.steps) for setting in SETTINGS}
            for _ in range(options.rounds)
        ]
        row = {name: round(statistics.median(r[name] for r in rounds), 2) for name in SETTINGS}
        words = "   ".join(f"{name} {value:6.2f} s" for name, value in row.items())
        print(f"{count} neighbours: {words}", flush=True)
        figures[count] = row
    print(json.dumps({"steps": options.steps, "rounds": options.rounds, "seconds": figures}))


if __name__ == "__main__":
    sys.exit(run_script(main))
