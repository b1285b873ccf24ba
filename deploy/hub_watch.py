"""What students' processes take, for `try_hub.py`: memory and processor time, every second.

It also does what systemd or Kubernetes would: a student over the limit loses the largest process.
"""

import threading
import time
from collections import defaultdict
from contextlib import suppress

import psutil

MIB = 2**20


class Watch(threading.Thread):
    """Look at every process that carries a mark in its environment.

    Parameters
    ----------
    mark : str
        The value of VADKIT_TRY_HUB_MARK.
    limit_mib : float
        Memory of one student.
    reserve_mib : float
        `short` is set when the machine has less than that left.
    """

    def __init__(self, mark: str, limit_mib: float, reserve_mib: float):
        super().__init__(daemon=True)
        self.mark, self.limit, self.reserve = mark, limit_mib, reserve_mib
        self.ended, self.short = threading.Event(), threading.Event()
        self.peak = defaultdict(float)  # of each student, MiB: server and kernels together
        self.kernel_peak = defaultdict(float)  # of each student, MiB: the largest kernel
        self.cpu = defaultdict(dict)  # of each student, seconds by process id
        self.killed = defaultdict(int)  # of each student, processes
        self.all_peak, self.least_free = 0.0, float("inf")
        self.owner = {}  # process: student, or "" where it is not ours

    def run(self) -> None:
        while not self.ended.wait(1):
            self.look()

    def look(self) -> None:
        """Weigh everybody once."""
        students = defaultdict(list)
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if name := self._student(process):
                    students[name].append((self._weigh(name, process), process))
        for name, weighed in students.items():
            total = sum(mib for mib, _ in weighed)
            self.peak[name] = max(self.peak[name], total)
            if total > self.limit:
                with suppress(psutil.Error):
                    max(weighed, key=lambda pair: pair[0])[1].kill()
                    self.killed[name] += 1
        everybody = sum(mib for weighed in students.values() for mib, _ in weighed)
        self.all_peak = max(self.all_peak, everybody)
        free = psutil.virtual_memory().available / MIB
        self.least_free = min(self.least_free, free)
        if free < self.reserve:
            self.short.set()

    def _student(self, process):
        """Whose process it is; "" for the hub's own."""
        if process not in self.owner:
            environment = process.environ()
            ours = environment.get("VADKIT_TRY_HUB_MARK") == self.mark
            if ours and "JUPYTERHUB_USER" not in environment:
                return ""  # the hub's, or a student's who is just being started
            self.owner[process] = environment["JUPYTERHUB_USER"] if ours else ""
        return self.owner[process]

    def _weigh(self, name, process):
        """Its memory in MiB; a page that several processes share counts in parts (Linux)."""
        memory = process.memory_full_info()
        mib = getattr(memory, "pss", memory.rss) / MIB
        if "ipykernel_launcher" in " ".join(process.cmdline()):
            self.kernel_peak[name] = max(self.kernel_peak[name], memory.rss / MIB)
        times = process.cpu_times()
        self.cpu[name][process.pid] = times.user + times.system
        return mib


def end_all(mark: str, seconds: float = 10) -> int:
    """End every process that carries the mark; return how many there were."""
    ours = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("VADKIT_TRY_HUB_MARK") == mark and process != psutil.Process():
                ours.append(process)
    for process in ours:
        with suppress(psutil.Error):
            process.terminate()
    until = time.monotonic() + seconds
    for process in psutil.wait_procs(ours, timeout=seconds)[1]:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(ours, timeout=max(1, until - time.monotonic()))
    return len(ours)
