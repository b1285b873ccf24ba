"""What checks are made of: the sandbox of a student's function, numbers, the verdict."""

import _thread
import os
import random
import threading
import time
import warnings

import numpy as np
import pytest
import torch

from vadcourse.checking import NotYet, attempt, compare, judge, number, numbers
from vadcourse.sandbox import call


def test_answers_that_look_alike_by_chance_go_to_the_closest_and_rounding_is_forgiven():
    hints = {"near": 1.00004, "nearer": 1.00006}
    for wrong, words in ((1.00006, "nearer"), (1.00004, "near"), (1.0002, "1.0002 where 1 is")):
        with pytest.raises(NotYet, match=f"^(.* )?{words}"):
            compare(wrong, 1.0, hints)
    compare(1 + 3e-7, 1.0, hints)
    compare(1.00002, 1.0, hints)
    compare(1.0, 1.0, {"the same, on these numbers": 1.0})


@pytest.mark.parametrize(
    "answers, said",
    [
        ([1, 3, 5], None),
        ([10, 30, 5], "tenfold"),  # the third trial leaves that hint out
        ([10, 3, 5], "You return 10 where 1 is right"),
        ([1, 3, -5], "negative"),
        ([1, -3, -5], "You return -3 where 3 is right"),
        ([1, 3, np.nan], "You return nan where 5 is right"),
    ],
)
def test_a_hint_is_given_if_it_fits_every_trial(answers, said):
    mistakes = [{"tenfold": 10, "negative": 1}, {"tenfold": 30, "negative": 3}, {"negative": -5}]
    trials = list(zip(answers, (1, 3, 5), mistakes))
    if said is None:
        return judge(trials)
    with pytest.raises(NotYet, match=said):
        judge(trials)


@pytest.mark.parametrize(
    "answer, expected, said",
    [
        ([np.nan, np.inf, 1.0], [np.nan, np.inf, 2.0], "value 2 is 1 and should be 2"),
        ([np.nan, 7.0], [np.nan, np.nan], "value 1 is 7 and should be nan"),
        ([np.nan, 7.0], [7.0, np.nan], "NaN values where numbers belong"),
        ([1.0, np.inf], [1.0, -np.inf], "value 1 is inf and should be -inf"),
        ([[0.0, 1.00031]], [[0.0, 1.0001]], r"value \(0, 1\) is 1.00031 and should be 1.0001"),
        (np.nan, np.inf, "You return nan where inf is right"),
        ([1.0, 2.0], 1.0, "Return one number"),
    ],
)
def test_a_difference_is_named_where_it_is(answer, expected, said):
    with pytest.raises(NotYet, match=said):
        compare(answer, expected, {})


def test_numbers_come_in_many_forms():
    weight = torch.nn.Parameter(torch.tensor([0.5, 2.0]))
    forms = [
        [0.5, 2],
        (np.float32(0.5), np.int8(2)),
        np.array([0.5, 2], np.float16),
        np.array([0.5, 2], object),
        weight,
        [weight[0], weight[1]],
        [np.array(0.5), torch.tensor(2)],
        weight.detach().bfloat16(),
        np.ma.array([0.5, 2.0]),
    ]
    for form in forms:
        assert numbers(attempt(lambda form=form: form), (2,)).tolist() == [0.5, 2.0]
    for form in (2, 2.0, np.float32(2), [2], np.array([[2]]), weight[1], torch.tensor([2])):
        assert number(attempt(lambda form=form: form)) == 2.0


def test_the_notebook_stays_as_it_was(tmp_path):
    torch.manual_seed(0), np.random.seed(0), random.seed(0)
    expected = torch.rand(1), np.random.rand(), random.random()
    torch.manual_seed(0), np.random.seed(0), random.seed(0)

    def careless():
        os.chdir(tmp_path)
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        np.seterr(all="raise")
        warnings.simplefilter("error")
        torch.manual_seed(3), np.random.seed(3), random.seed(3)
        return [torch.rand(1), np.random.rand(), random.random()]

    folder, filters, errors = os.getcwd(), list(warnings.filters), np.geterr()
    call(careless)
    assert os.getcwd() == folder and list(warnings.filters) == filters and np.geterr() == errors
    assert torch.get_default_dtype() == torch.float32 and torch.is_grad_enabled()
    assert (torch.rand(1), np.random.rand(), random.random()) == expected


def test_random_numbers_are_others_in_every_call():
    def draw():
        return random.random(), np.random.rand(), torch.rand(1).item()

    assert not set(call(draw)) & set(call(draw))


def endless():
    while True:
        pass


def stubborn():
    """For a time, no more is done than to catch whatever would stop it."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            sum(range(100))
        except BaseException:
            pass


@pytest.mark.parametrize("function", [endless, stubborn, lambda: time.sleep(30)])
def test_what_takes_too_long_is_given_up(function):
    start = time.monotonic()
    with pytest.raises(NotYet, match="stopped after 0.1 seconds"):
        attempt(function, seconds=0.1)
    assert time.monotonic() - start < 25


def test_the_time_limit_holds_off_the_main_thread_too():
    said = []

    def ask():
        try:
            attempt(endless, seconds=0.1)
        except NotYet as reason:
            said.append(str(reason))

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join(15)
    assert said and "stopped after 0.1 seconds" in said[0]


def test_a_ctrl_c_of_the_student_interrupts_and_one_of_the_function_does_not():
    timer = threading.Timer(0.3, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        attempt(endless)
    timer.join()

    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(NotYet, match="stopped with KeyboardInterrupt"):
        attempt(interrupted)


def test_an_import_is_not_cut_in_half(tmp_path, monkeypatch):
    (tmp_path / "slow_to_import.py").write_text("import time\ntime.sleep(0.5)\nanswer = 3\n")
    monkeypatch.syspath_prepend(tmp_path)

    def importing():
        import slow_to_import

        return slow_to_import.answer

    assert attempt(importing, seconds=0.1) == 3
