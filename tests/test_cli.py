"""How a command line ends: one sentence and an exit code, whatever goes wrong."""

import argparse
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
import torch

import vadkit
from vadkit.cli import (
    file_name,
    output_file,
    positive_number,
    run_script,
    stopped_at_once,
    whole_number,
)
from vadkit.processes import deaf_children, in_fresh_processes


def failing(error):
    def main(argv):
        raise error

    return main


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("That is no scene."), "That is no scene."),
        (FloatingPointError("The loss is nan."), "The loss is nan."),
        (FileNotFoundError(2, "No such file", "a.json"), "a.json: No such file."),
        (OSError(28, "No space left"), "No space left."),
        (MemoryError(), "not enough memory"),
        (ValueError("'a\n b\x1b[2J' is no scene."), "'a b\\x1b[2J' is no scene."),
        (subprocess.CalledProcessError(1, "x", stderr="a\nb: bad\n"), "exit code 1. b: bad"),
        (subprocess.CalledProcessError(-9, ["python", "-c", "import\nx"]), "exit code -9."),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_exit_code_2(capsys, error, said):
    assert run_script(failing(error), []) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ") and said in err and err.count("\n") == 1


def test_a_bug_is_no_bad_input():
    with pytest.raises(ZeroDivisionError):
        run_script(failing(ZeroDivisionError()), [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_is_exit_code_130_and_says_what_is_kept(capsys, number):
    assert run_script(lambda argv: signal.raise_signal(number), [], kept="all is kept.") == 130
    assert capsys.readouterr().err == "Interrupted: all is kept.\n"


def test_who_reads_only_the_first_line_gets_no_traceback():
    code = "import vadkit.cli as c; c.run_script(lambda a: [print(i) for i in range(10**5)], [])"
    command = f'"{sys.executable}" -c "{code}" | head -1'
    ended = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert ended.stdout == "0\n" and ended.stderr == ""


# --- What may stand on a command line


def parsed(kind, text):
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("--x", type=kind)
    return parser.parse_args([f"--x={text}"]).x


NO_NUMBERS = ["", " ", "nan", "inf", "-inf", "-1", "1e300", "9" * 30, "0x10", "²", "None", "[]"]


@pytest.mark.parametrize("text", [*NO_NUMBERS, "1.5", "1_000", "1e3", "+3", "11", "0"])
def test_a_whole_number_is_in_its_range(text):
    with pytest.raises(argparse.ArgumentError, match="no whole number from 1 to 10"):
        parsed(whole_number(1, 10), text)
    assert parsed(whole_number(1, 10), "10") == 10 and parsed(whole_number(0), "0") == 0


@pytest.mark.parametrize("text", [*NO_NUMBERS, "0", "-0", "1e-400", "1,5", "11"])
def test_a_positive_number_is_a_number_above_0_and_not_too_large(text):
    with pytest.raises(argparse.ArgumentError, match="no number above 0, up to 10"):
        parsed(positive_number(10), text)
    assert parsed(positive_number(10), "0.5") == 0.5


@pytest.mark.parametrize(
    "text", ["", ".", "..", "../x", "a/b", "a\\b", "/x", "~", "a b", "x" * 200]
)
def test_a_file_name_leads_nowhere_else(text):
    with pytest.raises(argparse.ArgumentError, match="no plain file name"):
        parsed(file_name, text)
    assert parsed(file_name, "ped2-again.v2") == "ped2-again.v2"


def test_a_file_to_write_is_tried_and_nothing_is_left(tmp_path):
    assert output_file(tmp_path / "new" / "deep" / "a.json") == tmp_path / "new" / "deep" / "a.json"
    (tmp_path / "file").write_text("kept")
    assert output_file(tmp_path / "file").read_text() == "kept"
    for bad in (tmp_path, tmp_path / "file" / "a.json", os.devnull, tmp_path / ("x" * 300)):
        with pytest.raises(OSError, match="is no file|cannot be written"):
            output_file(bad)
    assert os.listdir(tmp_path) == ["file"]


# --- Ctrl-C, where more than one takes it


class Interrupts(vadkit.callbacks.Callback):
    """Ctrl-C in the middle of a training, and once more for good measure."""

    def after_step(self):
        if len(self.run.history.loss) == 2:
            signal.raise_signal(signal.SIGINT)


def train(argv=None):
    windows = vadkit.Windows([vadkit.Clip("noise", torch.rand(12, 32, 32).numpy())])
    predictor = vadkit.build_predictor("unet", width=4, depth=1)
    return vadkit.fit(predictor, windows, steps=5, callbacks=[Interrupts()], progress=False)


def test_a_script_reports_no_half_training(capsys):
    reported = []
    assert run_script(stopped_at_once()(lambda argv: reported.append(train())), []) == 130
    said = capsys.readouterr()
    assert reported == [] and said.out == "" and said.err.startswith("Interrupted: ")
    assert train().interrupted  # a notebook goes on with what was learned, as before


def test_what_follows_the_first_ctrl_c_is_done_to_its_end():
    cleaned = []

    def main(argv):
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGINT)
            cleaned.append(True)

    assert run_script(stopped_at_once()(main), []) == 130 and cleaned
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.skipif(os.name == "nt", reason="no such signals")
def test_deaf_children_leave_ctrl_c_to_their_parent():
    command = [sys.executable, "-c", "print(1, flush=True); import time; time.sleep(60)"]
    with deaf_children():
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    child.stdout.readline()
    child.send_signal(signal.SIGINT)
    time.sleep(0.2)
    assert child.poll() is None and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    child.kill()
    assert child.communicate()[1] == b""


def killed(number):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.skipif(os.name == "nt", reason="no such signals")
def test_fresh_processes_return_fail_and_die():
    assert in_fresh_processes(abs, [-1, 2, -3], jobs=2) == [1, 2, 3]
    with pytest.raises(ValueError, match="invalid literal"):
        in_fresh_processes(int, ["x"])
    with pytest.raises(MemoryError, match="killed"):
        in_fresh_processes(killed, [0])


@pytest.mark.skipif(os.name == "nt", reason="no such signals")
def test_ctrl_c_ends_fresh_processes_in_their_midst():
    began = time.monotonic()
    threading.Timer(1, os.kill, [os.getpid(), signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt):
        in_fresh_processes(time.sleep, [300, 300, 300], jobs=2)
    assert time.monotonic() - began < 60 and not multiprocessing.active_children()
