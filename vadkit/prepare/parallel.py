"""Do one thing for each of many items, one process per core.

Workers leave Ctrl-C to the parent, stop when it says so, and die when it dies.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import cv2

from vadkit.processes import deaf_children, end_with_parent

# The Event by which the parent stops a worker. A global, because an Event cannot be sent along with
# a task: a process gets it when it starts, or not at all.
_stop = None


def run_parallel(
    function: Callable, items: list, jobs: int | None = None
) -> Generator[tuple[Any, Any], None, None]:
    """Yield (item, result) as each gets ready, from `jobs` processes, by default one per core.

    `function(item, stopped)` is to end once `stopped()` says True. One job is done in this process.
    """
    # More than there are cores only costs memory, 60 MB each; Windows allows 61.
    jobs = min(jobs or _cores(), max(2, _cores()), 61, len(items))
    if jobs == 1:
        never = threading.Event()
        for item in items:
            yield item, function(item, never.is_set)
        return
    # Spawned, not forked: OpenCV and notebooks have threads, which do not survive a fork.
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    with ProcessPoolExecutor(jobs, context, _start_worker, (stop,)) as pool:
        with deaf_children():
            running = {pool.submit(_work, function, item): item for item in items}
        try:
            for future in as_completed(running):
                yield running[future], future.result()
        except ValueError as error:
            raise error from None  # the worker's traceback would bury the sentence
        except BrokenProcessPool:
            raise OSError(
                "A process that prepares clips was ended from outside, most likely for want of "
                "memory: try fewer of them (--jobs 1)."
            ) from None
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


def _start_worker(stop):
    global _stop
    _stop = stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    end_with_parent()


def _work(function, item):
    return function(item, _stop.is_set)


def _cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
