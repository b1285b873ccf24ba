"""Where the jobs of a study are done: here, in other processes, or on other machines.

A job seeds itself and has one thread, so it gives the same bits wherever it is done.
"""

import argparse
import contextlib
import importlib
import logging
import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import CancelledError, as_completed
from functools import partial

import numpy as np
import torch

import vadkit
from vadkit import processes
from vadkit.cli import whole_number

CONNECT = 5  # seconds in which a scheduler has to answer
_alone = threading.Lock()  # torch has one random generator for a process, whatever its threads do


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Add the options --workers and --scheduler, one of which may be given."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--workers",
        type=whole_number(1, 1000),
        default=1,
        metavar="N",
        help="how many jobs at a time, each in a process of its own (default 1)",
    )
    where.add_argument(
        "--scheduler", metavar="ADDRESS", help="of dask, whose workers do the jobs: tcp://HOST:8786"
    )


def versions() -> dict[str, str]:
    """What results depend on besides seeds and settings."""
    return {"vadkit": vadkit.__version__, "torch": torch.__version__, "numpy": np.__version__}


def do_all(
    run: Callable[..., dict], jobs: Sequence[dict], options: argparse.Namespace
) -> Generator[tuple[int, dict]]:
    """Do jobs where the command line says, and hand over each as soon as it is done.

    Parameters
    ----------
    run : callable
        Does one job; at the top of a module.
    jobs : sequence of dict
        Its arguments for each job.
    options : Namespace
        With `workers` and `scheduler`, see `add_workers`.

    Yields
    ------
    tuple of int and dict
        The number of a job, and what it measured, with its "cpu_seconds".

    Raises
    ------
    OSError
        If no scheduler answers, or it is gone.
    ValueError
        If dask is not installed, or a worker has other versions.
    MemoryError
        If the process of one job was killed again and again.
    """
    work = partial(_do, _importable(run), versions())
    if options.scheduler:
        return _on_scheduler(work, jobs, options.scheduler)
    if options.workers > 1:
        return processes.as_done(work, jobs, options.workers)
    return ((number, work(job)) for number, job in enumerate(jobs))


def _do(run, expected, job):
    """One job, by one thread, in a worker like the process that asks for it."""
    if versions() != expected:
        raise ValueError(f"A worker has {versions()}, this process {expected}: install the same.")
    with _alone:
        torch.set_num_threads(1)
        began = time.process_time()
        measured = run(**job)
        return {**measured, "cpu_seconds": time.process_time() - began}


def _importable(run):
    """The same function under the name by which workers can import it.

    `python -m` calls the module of a study __main__, which is something else in every process.
    """
    spec = sys.modules["__main__"].__spec__
    if getattr(run, "__module__", "") != "__main__" or spec is None:
        return run
    return getattr(importlib.import_module(spec.name), run.__qualname__)


# --- dask


def _on_scheduler(work, jobs, address):
    with _connected(address) as client:
        n_workers = len(client.scheduler_info(n_workers=-1)["workers"])
        if not n_workers:
            print(f"No worker has come to {address} yet: the jobs wait for one.", file=sys.stderr)
        pool = client.get_executor(pure=False)
        futures = {pool.submit(work, job): number for number, job in enumerate(jobs)}
        try:
            for future in as_completed(futures):
                yield futures[future], _result_of(future, address)
        finally:
            pool.shutdown(wait=False)  # what no worker has begun is not begun


@contextlib.contextmanager
def _connected(address):
    try:
        from distributed import Client
        from distributed.comm import get_address_host_port
    except ImportError:
        raise ValueError(
            "--scheduler needs dask: pip install 'vadkit[cluster]', here and where the workers are."
        ) from None
    for logger in ("distributed", "distributed.client"):  # a sentence of ours will do
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    try:
        get_address_host_port(address, strict=True)
        client = Client(address, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError):
        raise OSError(
            f"No scheduler answers at {address}: start one with `dask scheduler`, and give the "
            "address that it prints."
        ) from None
    try:
        yield client
    finally:
        with contextlib.suppress(OSError, CancelledError):
            client.close(timeout=CONNECT)


def _result_of(future, address):
    from distributed.scheduler import KilledWorker

    try:
        return future.result()
    except KilledWorker as error:  # several times: it was given to other workers in between
        raise MemoryError(
            f"Workers that had one job were killed from outside, {error.allowed_failures + 1} "
            "times, most likely for want of memory: give them more."
        ) from None
    except CancelledError:
        raise OSError(f"The scheduler at {address} is gone: start it again.") from None
