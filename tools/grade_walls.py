"""What keeps the code of a student in its place, on Linux, without root: and whether it does.

Three layers, each used where the system has it. Namespaces: no network, a scratch folder of limited
size, no process survives. Landlock: nothing is written outside the scratch folder, nothing is read
but Python and the system. Limits of the process: memory, processes, files. Where one of the first
two is missing, a fence stands in for it: Python refuses what Python code asks, and no more.

`tried` is run like an answer of a student, tries to get out, and says what it could do.
"""

import contextlib
import ctypes
import mmap
import os
import resource
import signal
import socket
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import vadcourse
import vadkit
import vadstudies

NOBODY = 65534
SPACES = 0x10000000 | 0x00020000 | 0x20000000 | 0x40000000 | 0x08000000  # user mount pid net ipc
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # Landlock's system calls, on every machine
READ_FILE, READ = 0b100, 0b1101  # a file; execute, read and list what is in a folder
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/proc", "/sys/devices/system", "/etc/ld.so.cache")
SYSTEM += (
    "/etc/localtime",
    "/etc/passwd",
    "/etc/group",
    "/etc/nsswitch.conf",
    "/etc/fonts",
    "/etc/ssl",
)
SYSTEM += ("/dev/zero", "/dev/random", "/dev/urandom")  # no other device: root owns the disks
PACKAGES = [Path(package.__file__).parent for package in (vadkit, vadcourse, vadstudies)]
PYTHON = {sys.prefix, sys.base_prefix, *map(str, PACKAGES)}
ENVIRONMENT = ("PATH", "LANG", "OMP_NUM_THREADS", "OMP_WAIT_POLICY", "VADKIT_LANG")
SYSCALL = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Limits:
    """What one call of an answer may take; a student as a whole has `minutes`."""

    seconds: float = 10
    minutes: float = 5
    megabytes: int = 1024  # of memory, beside what the course takes itself
    processes: int = 32  # threads count
    scratch: int = 64  # megabytes of files


# --- The judge of a student: a process with nothing around it


def is_to_drop_root() -> bool:
    """Whether this is root, and Python does not lie where only root can read it."""
    on_the_way = {place for path in PYTHON for place in (Path(path), *Path(path).parents)}
    return os.getuid() == 0 and all(place.stat().st_mode & 0o1 for place in on_the_way)


def new_folder(parent: Path) -> Path:
    """A folder to write in, for one student."""
    folder = Path(tempfile.mkdtemp(dir=parent))
    if is_to_drop_root():
        os.chown(folder, NOBODY, NOBODY)
    return folder


def drop_root() -> None:
    """Become `nobody`, if that can be: no limit of processes binds root."""
    if is_to_drop_root():
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def enter_namespaces(scratch: Path, megabytes: int) -> bool:
    """Leave the network, and all processes but its own: the next child is the first of its world.

    False where the system does not let anybody do that.
    """
    maps = {
        "setgroups": "deny",
        "uid_map": f"1000 {os.getuid()} 1",
        "gid_map": f"1000 {os.getgid()} 1",
    }
    SYSCALL.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # or /proc/self would belong to root
    if SYSCALL.unshare(SPACES) != 0:
        return False
    for name, text in maps.items():
        with contextlib.suppress(OSError):
            Path("/proc/self", name).write_text(text)
    options = f"size={megabytes}m,nr_inodes=2000,mode=0700".encode()
    SYSCALL.mount(b"scratch", os.fsencode(scratch), b"tmpfs", 0, options)
    return True


def see_own_processes() -> bool:
    """In the first process of a namespace: let /proc show no others; False where that failed."""
    return os.getpid() == 1 and SYSCALL.mount(b"proc", b"/proc", b"proc", 0, None) == 0


def crowd(leader: int, namespaces: bool) -> int:
    """How many processes and threads an answer has started: all of its world, or of its session."""
    found = 0
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            ours = place.name != "1" if namespaces else os.getsid(int(place.name)) == leader
            found += len(os.listdir(place / "task")) if ours else 0
    return found


def busy(process: int) -> float:
    """Seconds of processor time that a process has used; 0 of one that is gone."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def end_with_parent() -> None:
    """Be killed as soon as the parent is gone; let nobody read or write this process's memory."""
    SYSCALL.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    SYSCALL.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def end_all(leader: int, namespaces: bool) -> None:
    """Kill a process and whatever it started: all of this world, or else its group."""
    with contextlib.suppress(ProcessLookupError):
        if namespaces and os.getpid() == 1:  # the first of its world: -1 is everybody in there
            os.kill(-1, signal.SIGKILL)
        else:
            os.killpg(leader, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


# --- The process that runs an answer


def enclose(scratch: Path, limits: Limits, namespaces: bool) -> list[str]:
    """Limit this process and all it will start, for good; which layers are walls."""
    walls = ["namespaces"] if namespaces else []
    SYSCALL.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # the first to go when memory is short
    end_with_parent()
    kept = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    os.environ.clear()  # the instructor's secrets may be among them
    os.environ.update(kept, HOME=str(scratch), TMPDIR=str(scratch), MPLCONFIGDIR=str(scratch))
    tempfile.tempdir = str(scratch)  # it may have been asked for, and kept, before
    limit_memory(limits.megabytes)
    already = 0 if namespaces else _threads_of_this_user()
    for kind, most in (
        (resource.RLIMIT_NPROC, already + limits.processes),
        (resource.RLIMIT_FSIZE, limits.scratch * 2**20),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_CORE, 0),
    ):
        _limit(kind, most)
    os.chdir(scratch)
    SYSCALL.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if _landlock(scratch):
        walls.append("landlock")
    _drop_capabilities()
    if len(walls) < 2:
        _fence(os.path.realpath(scratch))
    return walls


def limit_memory(megabytes: int) -> None:
    """Let this process, and those it starts, take so much beside what it has by now."""
    _limit(resource.RLIMIT_AS, (_status("VmSize") << 10) + (megabytes << 20))


def _limit(kind, most):
    hard = resource.getrlimit(kind)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))


def _status(name):
    """A number of /proc/self/status."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def _threads_of_this_user():
    """Without a namespace, the limit counts everything that this user runs."""
    found = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if process.stat().st_uid == os.getuid():
                found += len(os.listdir(process / "task"))
    return found


def _drop_capabilities():
    """Whoever makes a namespace is its root: give that up."""
    header, nothing = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    SYSCALL.capset(header, nothing)


def _landlock(scratch):
    """Read Python and the system, write in the scratch folder, no TCP; True if it holds."""
    version = SYSCALL.syscall(CREATE_RULESET, None, 0, 1)
    if version < 1:
        return False
    every = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)) - 1
    words = [every, 0b11 if version >= 4 else 0, 0b11 if version >= 6 else 0]  # files, TCP, signals
    attributes = (ctypes.c_uint64 * 3)(*words)
    size = 8 if version < 4 else 16 if version < 6 else 24
    rules = SYSCALL.syscall(CREATE_RULESET, attributes, size, 0)
    if rules < 0:
        return False
    readable = filter(os.path.exists, {*SYSTEM, *PYTHON})
    allowed = {path: READ if os.path.isdir(path) else READ_FILE for path in readable}
    for path, rights in {**allowed, "/dev/null": 0b110, str(scratch): every}.items():
        _allow(rules, path, rights & every)
    return SYSCALL.syscall(RESTRICT_SELF, rules, 0) == 0


def _allow(rules, path, rights):
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    rule = rights.to_bytes(8, sys.byteorder) + place.to_bytes(4, sys.byteorder)
    SYSCALL.syscall(ADD_RULE, rules, 1, rule, 0)
    os.close(place)


CHANGES = {"os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink"}
CHANGES |= {"os.truncate", "os.chmod", "os.chown", "os.utime", "os.setxattr"}
NEVER = {
    "socket.connect",
    "socket.bind",
    "socket.sendto",
    "socket.getaddrinfo",
    "os.exec",
    "os.kill",
}
NEVER |= {
    "os.kill",
    "subprocess.Popen",
    "os.posix_spawn",
    "os.system",
    "ctypes.dlopen",
    "ctypes.dlsym",
}


def _fence(scratch):
    """Python asks this hook first: right for accidents, no match for somebody who means it."""

    def inside(path):
        known = isinstance(path, (str, bytes, os.PathLike))
        where = os.path.realpath(os.fsdecode(path)) if known else os.devnull
        return where in (os.devnull, scratch) or where.startswith(f"{scratch}/")

    def refuse(event, arguments):
        wrong = event in NEVER or (event in CHANGES and not inside(arguments[0]))
        if event == "open":
            path, mode, flags = arguments
            writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
            wrong = writes and not inside(path)
        if wrong:
            raise PermissionError(f"{event} is not allowed while answers are graded")

    sys.addaudithook(refuse)


# --- Does it hold?


def tried(folder: str, port: int, judge: int, megabytes: int) -> dict[str, bool]:
    """Try to get out, as an answer of a student could, gently; True where it was held."""
    folder = Path(folder)
    return {
        "memory": _is_refused(lambda: mmap.mmap(-1, (megabytes + 64) * 2**20)),
        "network": _is_refused(lambda: socket.create_connection(("127.0.0.1", port), 2)),
        "writing": _is_refused(lambda: (folder / "written").write_text("here I was")),
        "reading": _is_refused(lambda: (folder / "secret").read_text()),
        "judge": _is_refused(lambda: open(f"/proc/{judge}/mem", "r+b")),
        "files": _is_refused(_fill_the_folder),
    }


def _is_refused(action):
    try:
        action()
    except (OSError, MemoryError):
        return True
    return False


def _fill_the_folder():
    """Two files of 40 MB each, where 64 MB are allowed."""
    for name in ("one", "two"):
        np.zeros(40 * 2**20, np.uint8).tofile(name)


def too_many(most: int) -> bool:
    """Whether that many threads, which count as processes do, could not be started.

    The judge may also end this process for it.
    """
    done = threading.Event()
    threading.stack_size(2**18)  # small, or the limit of memory stops them first
    try:
        for _ in range(most):
            threading.Thread(target=done.wait, daemon=True).start()
    except RuntimeError:
        return True
    finally:
        done.wait(1)
        done.set()
    return False
