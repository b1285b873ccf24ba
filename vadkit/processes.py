"""Work in processes of their own: they leave Ctrl-C to their parent, and end when it ends."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from tqdm.auto import tqdm


@contextlib.contextmanager
def deaf_children() -> Iterator[None]:
    """Let processes that are started in a `with` block leave Ctrl-C to this one.

    They never hear it, not even while they load; this one hears it after the block.

    Yields
    ------
    None
    """
    heard = []
    listens = threading.current_thread() is threading.main_thread()  # no other hears anything
    numbers = [signal.SIGINT, signal.SIGTERM] if listens else []
    before = {number: signal.signal(number, lambda *what: heard.append(what)) for number in numbers}
    masks = hasattr(signal, "pthread_sigmask")  # not on Windows; a mask is inherited
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if masks else set()
    try:
        yield
    finally:
        if masks:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number in numbers:
            signal.signal(number, before[number])
    for number, frame in heard:
        listener = before[number]
        if callable(listener):
            listener(number, frame)
        else:
            raise KeyboardInterrupt


def end_with_parent() -> None:
    """Let this process end when the one that started it has ended, however that came about."""

    def wait_for_it():
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=wait_for_it, daemon=True).start()


def in_fresh_processes(function: Callable, items: Sequence, jobs: int = 1) -> list:
    """Call a function with each item in processes of their own, which end when this one does.

    Parameters
    ----------
    function, items, jobs : see `as_done`
        Its arguments. What is killed is not done again.

    Returns
    -------
    list
        What it returned for each item.

    Raises
    ------
    MemoryError
        If one of the processes was killed.
    """
    results = dict(as_done(function, items, jobs, tries=1))
    return [results[number] for number in range(len(items))]


def as_done(
    function: Callable, items: Sequence, jobs: int = 1, tries: int = 3
) -> Iterator[tuple[int, Any]]:
    """Call a function with each item in processes of their own, and hand over what is done.

    Every process is a pool of one: when it dies, the others go on, and it is known whose work is to
    be done again.

    Parameters
    ----------
    function : callable
        At the top of a module. It is ended in its midst when this process is interrupted.
    items : sequence
        What it is called with.
    jobs : int
        How many processes.
    tries : int
        How often an item is begun before a process that was killed ends everything.

    Yields
    ------
    tuple of int and Any
        The number of an item, as soon as it is done, and what the function returned.

    Raises
    ------
    MemoryError
        If the process of one item was killed so many times.
    """
    waiting = [(number, tries) for number in reversed(range(len(items)))]
    idle: list[ProcessPoolExecutor] = []
    busy: dict[Future, tuple[ProcessPoolExecutor, int, int]] = {}
    try:
        while waiting or busy:
            while waiting and len(busy) < jobs:
                number, left = waiting.pop()
                pool, future = _submit(idle, function, items[number])
                busy[future] = pool, number, left - 1
            ready = wait(busy, return_when=FIRST_COMPLETED).done
            for future in sorted(ready, key=_failed):  # what is done first, before an error
                pool, number, left = busy.pop(future)
                if not isinstance(future.exception(), BrokenProcessPool):
                    idle.append(pool)
                    yield number, future.result()
                elif left:
                    waiting.append((number, left))
                else:
                    raise MemoryError(_killed(tries))
    finally:
        if busy:
            for process in multiprocessing.active_children():
                process.kill()
        for pool in (*idle, *(pool for pool, _, _ in busy.values())):
            pool.shutdown()


def _submit(idle, function, item):
    """To a process that has nothing to do, or to a new one."""
    with deaf_children():
        if idle:
            pool = idle.pop()
            with contextlib.suppress(BrokenProcessPool):  # killed while it had nothing to do
                return pool, pool.submit(function, item)
        # Spawned, not forked: torch and OpenCV have threads, which do not survive a fork.
        pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _begin)
        return pool, pool.submit(function, item)


def _begin():
    end_with_parent()
    # Its usual lock is a semaphore, which nobody clears away when this process is killed.
    tqdm.set_lock(threading.RLock())


def _failed(future):
    return future.exception() is not None


def _killed(tries):
    times = f", {tries} times in a row, most likely for want of memory" if tries > 1 else ""
    return f"A process was killed from outside{times}: try fewer at a time."
