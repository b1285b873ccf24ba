"""Ctrl-C in the second in which a script still loads its libraries; then `run_script` answers."""

import os
import signal
import sys


def leave_at_once():
    """From now on, Ctrl-C and a polite kill end the process with a sentence."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:  # as in a background job of a shell
            signal.signal(number, _leave)


def hand_over():
    """Let Ctrl-C be KeyboardInterrupt again."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(*_):
    sys.stderr.write("Interrupted: nothing was begun.\n")
    sys.stderr.flush()
    os._exit(130)
