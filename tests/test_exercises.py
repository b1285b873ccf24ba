"""Each check accepts correct variants, rejects plausible wrong answers with the right hint, and survives nonsense."""

import numpy as np
import pytest
import torch

from vadkit import exercises, scoring


def mse(p, t):
    return ((p - t) ** 2).flatten(1).mean(1)


RIGHT = {
    "check_psnr": [
        lambda p, t: 10 * torch.log10(1 / mse(p, t)),
        lambda p, t: -10 * np.log10(mse(p, t).numpy()),
        lambda p, t: [10 * np.log10(1 / ((a - b) ** 2).mean().item()) for a, b in zip(p, t)],
    ],
    "check_anomaly_score": [
        scoring.anomaly_score,
        lambda v: (v.max() - v) / np.ptp(v),
        lambda v: list(1 - (v - v.min()) / np.ptp(v)),
    ],
    "check_frame_scores": [
        lambda v: np.concatenate([np.full(4, np.nan), v]),
        lambda v: np.pad(v, (4, 0), constant_values=np.nan),
    ],
}
WRONG = {
    "check_psnr": [
        (lambda p, t: -10 * torch.log10(1 / mse(p, t)), "sign"),
        (lambda p, t: 10 * torch.log10(1 / ((p - t) ** 2).flatten(1).sum(1)), "summed"),
        (lambda p, t: 10 * torch.log(1 / mse(p, t)), "natural logarithm"),
        (lambda p, t: torch.log10(1 / mse(p, t)), "10 times"),
        (lambda p, t: 20 * torch.log10(1 / mse(p, t)), "20"),
        (lambda p, t: 10 * torch.log10(255**2 / mse(p, t)), "255"),
        (mse, "MSE itself"),
        (lambda p, t: 10 * torch.log10(1 / ((p - t) ** 2).mean()), "whole batch"),
    ],
    "check_anomaly_score": [
        (scoring.regularity_score, "regularity"),
        (lambda v: 1 - v / v.max(), "subtract the lowest"),
        (lambda v: v.max() - v, "divide by the range"),
        (lambda v: -v, "other sign"),
        (lambda v: scoring.anomaly_score(v)[:-1], "shape"),
        (lambda v: np.full_like(v, np.nan), "NaN"),
    ],
    "check_frame_scores": [
        (lambda v: v, "first four"),
        (lambda v: np.concatenate([v, np.full(4, np.nan)]), "at the end"),
        (lambda v: np.concatenate([np.zeros(4), v]), "Zero dB"),
        (lambda v: np.concatenate([np.full(4, v[0]), v]), "invent"),
        (lambda v: np.concatenate([np.full(5, np.nan), v]), "shape"),
    ],
}
NONSENSE = [
    (lambda *a: None, "Not attempted yet"),
    (lambda *a: 1 / 0, "ZeroDivisionError"),
    (lambda *a: "a boar", "numbers"),
    (lambda *a: np.zeros((2, 2)), "shape"),
]


@pytest.mark.parametrize("check, answer", [(name, f) for name, answers in RIGHT.items() for f in answers])
def test_correct_variants_are_accepted(check, answer, capsys):
    assert getattr(exercises, check)(answer) is True
    assert capsys.readouterr().out.startswith("Correct")


@pytest.mark.parametrize("check, answer, hint", [(name, *pair) for name, pairs in WRONG.items() for pair in pairs])
def test_plausible_wrong_answers_get_the_right_hint(check, answer, hint, capsys):
    assert getattr(exercises, check)(answer) is False
    assert hint in capsys.readouterr().out


@pytest.mark.parametrize("check", RIGHT)
@pytest.mark.parametrize("answer, hint", NONSENSE)
def test_nonsense_is_answered_in_words(check, answer, hint, capsys):
    assert getattr(exercises, check)(answer) is False
    assert hint in capsys.readouterr().out


def test_an_answer_that_changes_its_input_spoils_nothing():
    def spoils(values):
        values -= values.min()
        return 1 - values / values.max()

    assert exercises.check_anomaly_score(spoils) is True
