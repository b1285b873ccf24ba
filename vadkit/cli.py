"""How every command line of this project ends: with a sentence and an exit code, no traceback."""

import argparse
import contextlib
import errno
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

BAD_INPUT, INTERRUPTED = 2, 130
_EXPECTED = (
    ValueError,
    OSError,
    MemoryError,
    FloatingPointError,
    subprocess.CalledProcessError,
)


def run_script(
    main: Callable[[Sequence[str] | None], object],
    argv: Sequence[str] | None = None,
    *,
    kept: str = "nothing is left half-written.",
) -> int:
    """Run a script's `main`; bad input, Ctrl-C and a polite kill each become one sentence.

    Parameters
    ----------
    main : callable
        Takes the arguments of the command line; what it returns is not looked at.
    argv : sequence of str, optional
        The arguments; None takes those of this process.
    kept : str
        What the sentence after Ctrl-C goes on with: what is kept, and how to go on from there.

    Returns
    -------
    int
        The exit code: 0, 2 for bad input, 130 for an interruption. The sentence is on stderr.
    """
    _print_any_name()
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        main(argv)
        sys.stdout.flush()  # or a closed pipe would be noticed only when Python ends
    except BrokenPipeError:  # `| head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BAD_INPUT
    except _EXPECTED as error:
        print(f"error: {_in_one_line(sentence_of(error))}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print(f"Interrupted: {kept}", file=sys.stderr)
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, before)
    return 0


def sentence_of(error: BaseException) -> str:
    """Say in one sentence what an error is about; the system's errors name their file.

    Parameters
    ----------
    error : BaseException
        Any error.

    Returns
    -------
    str
        The sentence, without "error:".
    """
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename is not None else ""
        return f"{where}{error.strerror}."
    if isinstance(error, MemoryError):
        return f"This machine has not enough memory for that. {error}".rstrip()
    if isinstance(error, subprocess.CalledProcessError):  # whose command may be a whole program
        last_line = str(error.stderr or "").strip().rpartition("\n")[2]
        ended = f"A process of this script ended with exit code {error.returncode}."
        return f"{ended} {last_line}".rstrip()
    return str(error)


def _in_one_line(text):
    """Whatever a file is called: no line break, and nothing that a terminal would obey."""
    text = re.sub(r"\s*[\r\n]+\s*", " ", text)
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", lambda found: ascii(found[0])[1:-1], text)


def _print_any_name():
    """A file name that the terminal's encoding lacks is printed as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


# --- What may stand on a command line: types of argparse


def whole_number(least: int = 1, most: int = 1_000_000) -> Callable[[str], int]:
    """Make the type of an option that takes a whole number from `least` to `most`.

    Parameters
    ----------
    least, most : int
        The range, both ends in it.

    Returns
    -------
    callable
        Turns the text of the command line into the number, or refuses it in a sentence.
    """

    def parse(text):
        if not re.fullmatch("[0-9]{1,18}", text) or not least <= int(text) <= most:
            problem = f"{text!r} is no whole number from {least} to {most}."
            raise argparse.ArgumentTypeError(problem)
        return int(text)

    return parse


def positive_number(most: float = 1_000_000) -> Callable[[str], float]:
    """Make the type of an option that takes a number above 0, up to `most`.

    Parameters
    ----------
    most : float
        The largest that is taken.

    Returns
    -------
    callable
        Turns the text of the command line into the number, or refuses it in a sentence.
    """

    def parse(text):
        try:
            number = float(text)
        except ValueError:
            number = 0.0
        if not 0 < number <= most:  # NaN neither
            raise argparse.ArgumentTypeError(f"{text!r} is no number above 0, up to {most:g}.")
        return number

    return parse


def file_name(text: str) -> str:
    """Take a plain name for a file, without folders, as the type of an option.

    Parameters
    ----------
    text : str
        From the command line.

    Returns
    -------
    str
        The same.
    """
    if not re.fullmatch(r"\w[\w.-]*", text) or len(os.fsencode(text)) > 100:
        problem = f"{text!r} is no plain file name: take letters, digits, '-', '_' and '.'."
        raise argparse.ArgumentTypeError(problem)
    return text


def output_file(text: str | Path) -> Path:
    """Take a file that can be written, tried now: before any long work. Nothing is left behind.

    Parameters
    ----------
    text : str or Path
        The file; folders on the way to it need not be there.

    Returns
    -------
    Path
        Its absolute path, links resolved.

    Raises
    ------
    OSError
        If it is a folder or a device, or its folder cannot be written to.
    """
    path = Path(os.path.realpath(text))
    if os.path.lexists(path) and not path.is_file():
        raise OSError(errno.EINVAL, "is no file: name a file to write", f"'{text}'")
    made = [folder for folder in path.parents if not os.path.exists(folder)]
    probe = path.with_name(f"{path.name}.{os.getpid()}.probe.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        probe.touch(exist_ok=False)
        probe.unlink()
    except OSError as error:
        problem = f"cannot be written ({error.strerror})"
        raise OSError(error.errno, problem, f"'{text}'") from None
    finally:
        for folder in made:
            with contextlib.suppress(OSError):
                folder.rmdir()
    return path


# --- Ctrl-C, where more than one takes it


class _Stop(BaseException):
    """What Ctrl-C raises in place of KeyboardInterrupt, which a training would catch."""


@contextlib.contextmanager
def stopped_at_once() -> Iterator[None]:
    """Let Ctrl-C and a polite kill end a `with` block, or a function that this decorates, at once.

    `vadkit.fit` and `vadkit.meta_train` take a KeyboardInterrupt for "keep what was learned, and go
    on": right in a notebook, but a script would report half a training as a whole one. What follows
    the first Ctrl-C is done to its end, whoever presses again.

    Yields
    ------
    None

    Raises
    ------
    KeyboardInterrupt
        When the block was interrupted.
    """
    both = (signal.SIGINT, signal.SIGTERM)
    numbers = [n for n in both if signal.getsignal(n) is signal.default_int_handler]

    def stop(number, frame):
        for n in numbers:
            signal.signal(n, signal.SIG_IGN)
        raise _Stop

    for n in numbers:
        signal.signal(n, stop)
    try:
        yield
    except _Stop:
        raise KeyboardInterrupt from None
    finally:
        for n in numbers:
            signal.signal(n, signal.default_int_handler)
