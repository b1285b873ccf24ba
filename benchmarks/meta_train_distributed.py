"""One meta-training on toy scenes by many processes, and how much faster two of them are than one.

    python benchmarks/meta_train_distributed.py FILE --processes 2               this machine
    torchrun --nproc-per-node 2 benchmarks/meta_train_distributed.py FILE        or several
    python benchmarks/meta_train_distributed.py --compare 2                      against one

FILE (safetensors) is written by the first process after every --every outer steps, where Adam
begins anew: a training that was interrupted, or whose processes died, goes on from there with the
same command and any number of processes, and ends at the same bits. Every process has one thread,
and reads FILE; with a GPU each they talk over nccl, otherwise over gloo.

With --compare they take turns, each with one thread; what counts is the median over rounds of the
ratio of the seconds of a step, start-up and the first steps left out: by the clock, which is right
on an idle machine, and by the processor time of the busiest process, which leaves out whatever it
waited for. The last line is one JSON object.
"""

import argparse
import contextlib
import json
import math
import os
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from functools import partial
from pathlib import Path

import torch
import torch.distributed as dist

import vadkit
from vadkit.cli import output_file, run_script, stopped_at_once, whole_number
from vadkit.episodes import EpisodeSampler
from vadkit.maml.distributed import n_processes, rank
from vadkit.maml.history import Monitor
from vadkit.maml.rates import InnerRates
from vadkit.maml.training import MetaTrained, meta_train
from vadkit.pools import ScenePool
from vadkit.processes import in_fresh_processes

N_INNER_STEPS = 3
PATIENCE = timedelta(minutes=5)  # with a process that does not answer
KEPT = "what was trained is kept up to the last file written; the same command goes on from there."


@contextlib.contextmanager
def joined(**meeting):
    """Be one of the processes that train together; without a meeting, as torchrun says."""
    torch.set_num_threads(1)
    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", meeting.get("rank", 0))))
    if meeting or dist.is_torchelastic_launched():
        dist.init_process_group("nccl" if on_gpu else "gloo", timeout=PATIENCE, **meeting)
    try:
        yield
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()


def train_as(number, options, meeting):
    """What one of several processes on this machine does."""
    with joined(rank=number, world_size=options.processes, init_method=f"file://{meeting}"):
        return train(options)


def train_by_many(options):
    """On this machine, without torchrun: when one of them dies, all end, with one sentence."""
    with tempfile.TemporaryDirectory() as folder:
        work = partial(train_as, options=options, meeting=Path(folder) / "meeting")
        told = in_fresh_processes(work, range(options.processes), options.processes)
        return told[0] | {"cpu_seconds": max(row["cpu_seconds"] for row in told)}


def start(path, width):
    """What the file holds, or a new beginning."""
    predictor = vadkit.build_predictor("unet", width=width, seed=0)
    if path.exists():
        return MetaTrained.load(path, predictor)
    return MetaTrained(predictor, InnerRates(predictor, 0.01, "tensor"), N_INNER_STEPS)


def train(options):
    """Train up to so many outer steps; the file is written after every part."""
    trained = start(options.file, options.width)
    sampler = EpisodeSampler(
        ScenePool(vadkit.toy_scene, range(options.scenes)), n_way=options.tasks
    )
    monitor = Monitor(note_every=options.every, progress=not options.quiet)

    def half_cosine(done, steps):
        """Over all parts."""
        return 0.5 + 0.5 * math.cos(math.pi * (begun + done) / options.steps)

    told = {"processes": n_processes(), "seconds": 0.0, "cpu_seconds": 0.0}
    while (begun := trained.history.n_steps) < options.steps:
        steps = min(options.every, options.steps - begun)
        used = time.process_time()
        meta_train(trained, sampler, steps, schedule=half_cosine, monitor=monitor)
        told["cpu_seconds"] = (time.process_time() - used) / steps
        told["seconds"] = trained.history.seconds / steps
        trained.history.seconds = 0.0  # the clock stays out of the file
        if rank() == 0:
            trained.save(options.file)
    return told | {"steps": trained.history.n_steps}


def time_of_a_step(processes, folder, options):
    """By so many processes, in the last part of a training that begins anew."""
    file = Path(folder) / f"{processes}.safetensors"
    file.unlink(missing_ok=True)
    run = {"file": file, "processes": processes, "steps": 2 * options.every, "quiet": True}
    return train_by_many(argparse.Namespace(**{**vars(options), **run}))


def compare(options):
    """So many processes of one thread against one, taking turns."""
    n, faster = options.compare, {"seconds": [], "cpu_seconds": []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.rounds):
            one, many = (time_of_a_step(count, folder, options) for count in (1, n))
            for clock, ratios in faster.items():
                ratios.append(round(one[clock] / many[clock], 3))
            print(f"{n} processes are {faster['seconds'][-1]:.2f} times as fast as one", flush=True)
    medians = {clock: round(statistics.median(ratios), 2) for clock, ratios in faster.items()}
    return {"processes": n, "tasks": options.tasks, "faster": medians, "rounds": faster}


@stopped_at_once()
def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("file", nargs="?", type=output_file, help="where the weights are kept")
    add("--steps", type=whole_number(), default=1000, help="outer steps in all (default 1000)")
    add("--every", type=whole_number(), default=50, help="the file is written (default 50)")
    add("--tasks", type=whole_number(2), default=8, help="of an episode (default 8)")
    add("--scenes", type=whole_number(2, 10_000), default=16, help="to draw them from (default 16)")
    add("--width", type=whole_number(1, 256), default=16, help="of the U-Net (default 16)")
    add("--processes", type=whole_number(1, 64), default=1, metavar="N", help="on this machine")
    add("--quiet", action="store_true", help="no progress bar")
    add("--compare", type=whole_number(2, 64), metavar="N", help="time N processes against one")
    add("--rounds", type=whole_number(1, 100), default=5, help="of --compare (default 5)")
    options = parser.parse_args(argv)
    if options.compare is None and options.file is None:
        raise ValueError("Name a file for the weights, or give --compare.")
    if options.compare:
        told = compare(options)
    elif options.processes > 1:
        told = train_by_many(options)
    else:
        with joined():
            told = train(options) | {"rank": rank()}
    if not told.pop("rank", 0):
        print(json.dumps(told))


if __name__ == "__main__":
    sys.exit(run_script(main, kept=KEPT))
