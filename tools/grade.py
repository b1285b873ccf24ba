"""Grade what a class handed in: who solved which exercise, and what stopped the others.

    python tools/grade.py SUBMISSIONS [--out build/grades] [--jobs 2] [--watch]

SUBMISSIONS holds a folder of notebooks for each student, or files that `hand_in` wrote, or both.
Answers are found by name and judged by the course's own checks on fresh data. In the output folder
are then grades.csv, a page for each student, and index.html about the class. Who was graded before
and has handed in nothing new is not graded again. --watch goes on until Ctrl-C: show index.html.

Each answer runs in a process of its own: no network, nothing written outside a scratch folder and
nothing read but Python itself, limits of time, memory, processes and files. Linux enforces it, as
far as it is allowed to; what holds here is tried before anything is graded, and printed. These are
limits for a class, no wall against an attacker: grade strangers in a container (docs/grading.md).
"""

import argparse
import contextlib
import hashlib
import importlib
import io
import json
import os
import signal
import socket
import sys
import tempfile
import time
from dataclasses import astuple
from multiprocessing.connection import wait
from pathlib import Path

import torch
from grade_answers import HandIn, exercises_of_the_course, find, fingerprint
from grade_judge import CHECKS, judge, probe, start
from grade_report import Graded, Output, report
from grade_walls import Limits, new_folder

from notebooks import ROOT
from vadkit.cli import positive_number, run_script, whole_number
from vadkit.locks import alone

HELD = {
    "memory": "memory",
    "processes": "processes",
    "network": "no network",
    "writing": "no writing outside the scratch folder",
    "reading": "no reading of other files",
    "judge": "no access to the judge",
    "files": "size of the scratch folder",
}
KEPT = "who was graded before stays graded; the same command goes on with the others."


def what_holds(limits: Limits, scratch: Path) -> list[str]:
    """Try every limit, as an answer could, and say in sentences which hold."""
    with tempfile.TemporaryDirectory() as outside, socket.create_server(("127.0.0.1", 0)) as server:
        os.chmod(outside, 0o777)  # so that no permission of files does the work of a wall
        Path(outside, "secret").write_text("not for students")
        arguments = outside, server.getsockname()[1]
        process, connection = start(probe, arguments, limits, scratch)
        try:
            reply = json.loads(connection.recv_bytes()) if connection.poll(180) else {}
        except EOFError:
            reply = {}
        end(process, connection)
    held = reply.get("held")
    if not held:
        where = " As root, answers run as `nobody`, who must be able to read it." * (
            os.getuid() == 0
        )
        raise ValueError(f"No answer can be run here: is Python itself readable?{where}")
    by = " and ".join(reply["walls"]) or "a fence in Python only"
    yes = ", ".join(words for name, words in HELD.items() if held[name])
    no = ", ".join(words for name, words in HELD.items() if not held[name])
    return [
        f"Time: {limits.seconds:g} s a call, {limits.minutes:g} min a student. Memory: "
        f"{limits.megabytes} MB. Processes: {limits.processes}. Files: {limits.scratch} MB.",
        f"Tried, and it holds (by {by}): {yes}.",
        f"Tried, and it does NOT hold on this system: {no or 'nothing'}.",
        "The code of strangers belongs in a container: see docs/grading.md.",
    ]


def end(process, connection):
    """End the process of a student, and what it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    connection.close()


class Grading:
    """Everybody's verdicts as they come in; a few students at a time, one process each."""

    def __init__(self, wanted: dict, limits: Limits, scratch: Path):
        self.wanted, self.limits, self.scratch = wanted, limits, scratch
        self.running = {}  # connection: (process, graded, when it must be done)

    def __call__(self, waiting: list[HandIn], jobs: int):
        """Yield the `Graded` of each hand-in, as soon as it is done."""
        waiting = waiting[::-1]
        try:
            while waiting or self.running:
                while waiting and len(self.running) < jobs:
                    self._begin(waiting.pop())
                for connection in wait(list(self.running), 0.2):
                    yield from self._receive(connection)
                for connection in list(self.running):
                    if time.monotonic() > self.running[connection][2]:
                        words = "The time for this hand-in was used up."
                        yield self._finish(connection, words)
        finally:
            for connection, (process, *_) in self.running.items():
                end(process, connection)
            self.running.clear()

    def _begin(self, hand_in):
        folder = new_folder(self.scratch)
        process, connection = start(judge, hand_in, self.wanted, self.limits, folder)
        graded = Graded(hand_in.student, hand_in.slug, {}, list(hand_in.notes))
        end = time.monotonic() + 60 * self.limits.minutes
        self.running[connection] = process, graded, end

    def _receive(self, connection):
        graded = self.running[connection][1]
        try:
            said = json.loads(connection.recv_bytes())
        except (EOFError, OSError):
            yield self._finish(connection, "Grading of this hand-in ended early.")
            return
        if "notes" in said:
            graded.notes = said["notes"]
        else:
            graded.verdicts[said.pop("check")] = said

    def _finish(self, connection, words):
        process, graded, _ = self.running.pop(connection)
        end(process, connection)
        left = [check for check in self.wanted if check not in graded.verdicts]
        for check in left:
            graded.verdicts[check] = {"state": "stopped", "words": words, "beside": False}
        if left:
            graded.notes.append(words)
        return graded


def warm_up() -> None:
    """Load what every check needs, and draw what it draws once: a fork then has it all."""
    torch.set_num_threads(1)
    for name in ("higher", "torch._dynamo"):  # each optimizer loads the second: two seconds
        importlib.import_module(name)
    with contextlib.redirect_stdout(io.StringIO()):
        for check in CHECKS.values():
            check(None, record=False)


def version(limits: Limits) -> str:
    """A digest of whatever decides on an answer: the checks, this tool, the limits."""
    files = [*ROOT.glob("vadcourse/exercises/*.py"), *ROOT.glob("tools/grade*.py")]
    files += [ROOT / "vadcourse" / name for name in ("checking.py", "sandbox.py")]
    digest = hashlib.sha256(repr(astuple(limits)).encode())
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def grade_once(folder: Path, output: Output, grading: Grading, options, about: dict) -> int:
    """Grade whoever handed in anew, and write everything; how many that were."""
    students, left_out = find(folder)
    keys = {
        one.slug: f"{fingerprint(one)} {about['version']} {one.student} {one.notes}"
        for one in students
    }
    graded, waiting = {}, []
    for one in students:
        known = output.read(f"results/{one.slug}.json")
        if known and known["key"] == keys[one.slug] and not options.again:
            graded[one.slug] = Graded(one.student, one.slug, known["verdicts"], known["notes"])
        else:
            waiting.append(one)
    checks = list(grading.wanted)

    def write():
        rows = [graded[one.slug] for one in students if one.slug in graded]
        report(output, rows, checks, about)

    for name in left_out:
        print(f"{name} is no hand-in and was left out.", flush=True)
    if not students:
        print(
            f"Nobody has handed in: {folder} has no folder, notebook or zip file in it.", flush=True
        )
    try:
        for one in grading(waiting, options.jobs):
            kept = {"key": keys[one.slug], "verdicts": one.verdicts, "notes": one.notes}
            output.write(f"results/{one.slug}.json", json.dumps(kept, indent=1))
            graded[one.slug] = one
            note = f" ({'; '.join(one.notes)})" if one.notes else ""
            print(
                f"{len(graded)} of {len(students)}: {one.student!r}, {one.total} solved{note}",
                flush=True,
            )
            if options.watch:
                write()
    finally:
        write()
    return len(waiting)


def main(argv=None):
    options = parse(argv)
    if not sys.platform.startswith("linux"):
        raise ValueError(
            "Grading needs Linux: run it in the course's container, see docs/grading.md."
        )
    if options.out.resolve() in (options.folder.resolve(), *options.folder.resolve().parents):
        raise ValueError(f"{options.out} holds the hand-ins: name another folder for the grades.")
    find(options.folder)  # a wrong folder shows before any work
    limits = Limits(options.seconds, options.minutes, options.megabytes, options.processes)
    with alone(options.out), tempfile.TemporaryDirectory(prefix="vadkit-grade-") as scratch:
        os.chmod(scratch, 0o711)
        output, wanted = Output(options.out), exercises_of_the_course()
        warm_up()
        holds = what_holds(limits, new_folder(Path(scratch)))
        print("\n".join(holds), flush=True)
        refresh = options.every if options.watch else 0
        about = {"limits": holds, "refresh": refresh, "version": version(limits)}
        grading = Grading(wanted, limits, Path(scratch))
        began, n = time.monotonic(), grade_once(options.folder, output, grading, options, about)
        seconds = time.monotonic() - began
        print(
            f"{n} graded in {seconds:.0f} s: {options.out / 'grades.csv'} and index.html",
            flush=True,
        )
        while options.watch:
            time.sleep(options.every)
            with contextlib.suppress(FileNotFoundError):  # replaced while it was looked at
                grade_once(options.folder, output, grading, options, about)


def folder_of_hand_ins(text):
    """`make grade` alone gives an empty name, which would be the folder one is in."""
    if not text:
        raise argparse.ArgumentTypeError("name the folder: make grade SUBMISSIONS=folder")
    return Path(text)


def parse(argv):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = Limits()
    parser.add_argument(
        "folder", type=folder_of_hand_ins, metavar="SUBMISSIONS", help="the folder of the hand-ins"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=ROOT / "build" / "grades",
        help="a new folder, or one of this tool",
    )
    parser.add_argument("--jobs", type=whole_number(1, 64), default=2, help="students at a time")
    parser.add_argument(
        "--seconds",
        type=positive_number(600),
        default=default.seconds,
        help="for a call of an answer",
    )
    parser.add_argument(
        "--minutes", type=positive_number(120), default=default.minutes, help="for a student"
    )
    parser.add_argument(
        "--megabytes", type=whole_number(64, 10**6), default=default.megabytes, help="of memory"
    )
    parser.add_argument(
        "--processes", type=whole_number(8, 10_000), default=default.processes, help="and threads"
    )
    parser.add_argument("--again", action="store_true", help="grade everybody anew")
    parser.add_argument(
        "--watch", action="store_true", help="go on, and renew the pages, until Ctrl-C"
    )
    parser.add_argument(
        "--every",
        type=whole_number(1, 3600),
        default=10,
        help="seconds between two looks (--watch)",
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(run_script(main, kept=KEPT))
