"""Checks a student runs: each compares with a reference on fresh random data, answers in words, and returns True or False."""

import numpy as np
import torch

from . import scoring
from .episodes import Task
from .windows import N_INPUTS


def _attempt(function, *arguments):
    """Run a student's function on copies -> (answer, None), or (None, what went wrong)."""
    try:
        answer = function(*[a.clone() if isinstance(a, torch.Tensor) else a.copy() for a in arguments])
    except Exception as error:
        return None, f"Your function stopped with {type(error).__name__}: {error}"
    if answer is None or answer is Ellipsis:
        return None, "Not attempted yet: your function returns nothing."
    try:
        return np.asarray(answer.detach() if isinstance(answer, torch.Tensor) else answer, dtype=float), None
    except (TypeError, ValueError):
        return None, f"Return numbers in an array; yours returns {type(answer).__name__}."


def _say(ok, text):
    print(("Correct. " if ok else "Not yet. ") + text if not text.startswith("Not attempted") else text)
    return ok


def _compare(answer, expected, hints, praise):
    """hints: {words: wrong answer of just that kind}."""
    if answer.shape != expected.shape:
        return _say(False, f"The shape is {answer.shape}, expected {expected.shape}.")
    if np.allclose(answer, expected, rtol=1e-4, atol=1e-5, equal_nan=True):
        return _say(True, praise)
    for words, wrong in hints.items():
        if np.shape(wrong) == answer.shape and np.allclose(answer, wrong, rtol=1e-4, atol=1e-5, equal_nan=True):
            return _say(False, words)
    if np.isnan(answer).sum() > np.isnan(expected).sum():
        return _say(False, "There are NaN values where numbers belong.")
    return _say(False, f"For example, value {len(answer) - 1} is {answer[-1]:.4g} and should be {expected[-1]:.4g}.")


def check_psnr(student_function):
    """Checks f(prediction (N, 1, H, W), target) -> (N,) dB. Returns True or False."""
    target = torch.rand(3, 1, 12, 16)
    prediction = (target + 0.1 * torch.randn(3, 1, 12, 16)).clamp(0, 1)
    answer, trouble = _attempt(student_function, prediction, target)
    if trouble:
        return _say(False, trouble)
    expected = scoring.psnr(prediction, target).numpy().astype(float)
    squared = ((prediction - target) ** 2).flatten(1).numpy().astype(float)
    hints = {
        "The sign is wrong: PSNR goes up when the prediction is good.": -expected,
        "You summed the squared errors; take their mean, or the value depends on the size of the frame.": -10 * np.log10(squared.sum(1)),
        "That is the natural logarithm; decibels use log10.": expected * np.log(10),
        "Decibels are 10 times the logarithm; the 10 is missing.": expected / 10,
        "20 log10(1 / MSE) is twice too much: 20 belongs to the root of the MSE.": 2 * expected,
        "These pixels run from 0 to 1, so the peak is 1, not 255.": expected + 20 * np.log10(255),
        "That is the MSE itself; turn it into decibels.": squared.mean(1),
        "That is one value for the whole batch; take the mean per window.": np.full(3, -10 * np.log10(squared.mean())),
    }  # fmt: skip
    if answer.shape == ():
        return _say(False, "That is one number for the whole batch. Return one value per window.")
    return _compare(answer, expected, hints, "That is PSNR, in dB, one value per window.")


def check_anomaly_score(student_function):
    """Checks f(psnr of one clip (T,)) -> (T,) in [0, 1], up = abnormal. Returns True or False."""
    values = np.random.default_rng().normal(32, 3, 40)
    answer, trouble = _attempt(student_function, values)
    if trouble:
        return _say(False, trouble)
    expected = scoring.anomaly_score(values)
    hints = {
        "It goes up when the frame is normal: that is the regularity score. Take 1 minus it.": 1 - expected,
        "The order is right, but it is not in [0, 1]: subtract the lowest value before you divide.": 1
        - values / values.max(),
        "It is not between 0 and 1: divide by the range, highest minus lowest.": values.max() - values,
        "Those are the PSNR values with the other sign: stretch them to [0, 1].": -values,
    }
    return _compare(answer, expected, hints, "0 for the most ordinary frame, 1 for the oddest.")


def check_frame_scores(student_function):
    """Checks f(psnr per window (T - 4,)) -> (T,) per frame, the first four NaN. Returns True or False."""
    values = np.random.default_rng().normal(32, 3, 30)
    answer, trouble = _attempt(student_function, values)
    if trouble:
        return _say(False, trouble)
    gap = np.full(N_INPUTS, np.nan)
    hints = {
        "The gap is at the end; it is the first four frames that have no prediction.": np.concatenate([values, gap]),
        "Zero dB would be a terrible frame, not a missing score: use NaN.": np.concatenate(
            [np.zeros(N_INPUTS), values]
        ),
        "Do not invent scores for the first four frames: use NaN.": np.concatenate(
            [values[:1].repeat(N_INPUTS), values]
        ),
    }
    if answer.shape == values.shape:
        return _say(
            False, f"There are {len(values)} windows but {len(values) + N_INPUTS} frames: the first four are missing."
        )
    return _compare(answer, np.concatenate([gap, values]), hints, "Scores and labels now line up.")


def check_total_loss(student_function):
    """Checks f(adapted, tasks) -> L(phi): adapted, one model for each of the tasks. Returns True or False."""
    random = np.random.default_rng()

    def samples(n):
        return tuple(torch.from_numpy(random.normal(size=(n, 1))).float() for _ in range(2))

    tasks = [Task(f"task {i}", samples(3), samples(4)) for i in range(3)]
    adapted = [lambda x, slope=slope: slope * x for slope in random.normal(size=3)]
    answer, trouble = _attempt(lambda: student_function(adapted, tasks))
    if trouble:
        return _say(False, trouble)

    def losses(part, models=adapted):
        return np.array(
            [float(((f(x) - y) ** 2).mean()) for f, (x, y) in zip(models, (getattr(t, part) for t in tasks))]
        )

    expected = losses("query")
    hints = {
        "You marked the homework instead of the exam: take the query of each task, not its support.": losses("support").sum(),
        "That is the mean over the tasks; L(phi) is their sum.": expected.mean(),
        "That is the loss of the last task alone: add them up as you go.": expected[-1],
        "That is the loss of the first task alone: is there a return inside the loop?": expected[0],
        "One model does not sit all exams: zip(adapted, tasks) gives each task its own.": losses("query", adapted[:1] * 3).sum(),
        "Support and query are both in there; the exam alone counts.": (expected + losses("support")).sum(),
    }  # fmt: skip
    if answer.shape == (3,):
        return _say(False, "Those are the three losses; L(phi) is their sum, one number.")
    hints = {words: np.reshape(wrong, 1) for words, wrong in hints.items()}
    return _compare(
        answer.reshape(-1), expected.sum(keepdims=True), hints, "Every task's own exam, summed: that is L(phi)."
    )


def check_split(student_function):
    """Checks f(n_windows, start, k_shot) -> the windows of a clip that share no frame with its support. Returns True or False."""
    random = np.random.default_rng()
    for n_windows, start, k_shot in (
        (40, int(random.integers(8, 20)), int(random.integers(1, 8))),
        (30, 2, 3),
        (30, 26, 4),
    ):
        answer, trouble = _attempt(lambda case=(n_windows, start, k_shot): student_function(*case))
        if trouble:
            return _say(False, trouble)
        case = f"For {n_windows} windows and the support {start} to {start + k_shot - 1}, "
        answer = set(answer.ravel().tolist())
        expected = set(range(max(start - N_INPUTS, 0))) | set(range(start + k_shot + N_INPUTS, n_windows))
        if answer == set(range(n_windows)) - set(range(start, start + k_shot)):
            return _say(
                False,
                f"{case}you left out the support itself. Its neighbours share frames with it, too: a window has five.",
            )
        if outside := sorted(answer - set(range(n_windows))):
            return _say(False, f"{case}window {outside[0]:g} is on your list, and there is no such window.")
        if leaking := sorted(answer - expected):
            return _say(False, f"{case}window {leaking[0]:g} still shares a frame with it: it covers frames {leaking[0]:g} to "
                               f"{leaking[0] + N_INPUTS:g}.")  # fmt: skip
        if missing := sorted(expected - answer):
            return _say(False, f"{case}window {missing[0]:g} is missing, although it shares no frame with it.")
    return _say(True, "No window of the query shares a frame with the support.")


def check_inner_step(student_function):
    """Checks f(w, x, y, alpha) -> w' after one step on the loss (w x - y)^2, all numbers. Returns True or False."""
    w, x, y = np.random.default_rng().normal(0, 1.5, 3)
    alpha = 0.1
    answer, trouble = _attempt(lambda: student_function(w, x, y, alpha))
    if trouble:
        return _say(False, trouble)
    gradient = 2 * x * (w * x - y)
    hints = {
        "That climbs: subtract the gradient.": w + alpha * gradient,
        "The derivative of a square has a 2 in front.": w - alpha * gradient / 2,
        "The inner derivative is missing: w x changes with w by x.": w - alpha * 2 * (w * x - y),
        "That is the gradient; w' is w minus alpha times it.": gradient,
        "The rate alpha is missing.": w - gradient,
    }
    return _compare_number(answer, w - alpha * gradient, hints, "That is theta', lines 5 and 6 of Algorithm 1.")


def check_meta_gradient(student_function):
    """Checks f(w, x, y, x_query, y_query, alpha) -> derivative by w of the query loss (w' x - y)^2. Returns True or False."""
    w, x, y, x_query, y_query = np.random.default_rng().normal(0, 1.5, 5)
    alpha = 0.1
    answer, trouble = _attempt(lambda: student_function(w, x, y, x_query, y_query, alpha))
    if trouble:
        return _say(False, trouble)
    adapted, chain = w - alpha * 2 * x * (w * x - y), 1 - alpha * 2 * x**2
    first_order = 2 * x_query * (adapted * x_query - y_query)
    hints = {
        "That is the first-order arrow: w' moves along with w, by 1 - alpha H.": first_order,
        "That is the gradient at w, which pre-training follows: the query loss is taken at w'.": 2
        * x_query
        * (w * x_query - y_query),
        "You marked the homework: the last derivative is taken on the query.": chain * 2 * x * (adapted * x - y),
        "H is the second derivative of the support loss, so it takes x, not x_query.": (1 - alpha * 2 * x_query**2)
        * first_order,
        "H is 2 x squared: the 2 is missing.": (1 - alpha * x**2) * first_order,
        "The factor 1 - alpha H is right but the sign is not.": -chain * first_order,
    }
    return _compare_number(
        answer, chain * first_order, hints, "The whole chain rule: (1 - alpha H) times the query gradient."
    )


def _compare_number(answer, expected, hints, praise):
    hints = {words: np.reshape(wrong, 1) for words, wrong in hints.items()}
    return _compare(answer.reshape(-1), np.reshape(expected, 1), hints, praise)
