"""The checks of notebook 05 up to one inner step: on paper, with `higher`, in first order."""

from collections.abc import Callable
from functools import partial

import numpy as np

from vadcourse.checking import NotYet, attempt, exercise, judge, number, numbers, refuse, same
from vadcourse.exercises.maml_networks import (
    Small,
    Watched,
    draw,
    draw_rate,
    flat,
    handed_out,
    inner_path,
    judge_part,
    loss_at,
    meta_gradient,
)
from vadkit.text import say


def _lines():
    """(w, x, y, x_query, y_query, alpha), of either sign; then what lies at the edges."""
    rng = np.random.default_rng()

    def ordinary():
        values = rng.uniform(0.5, 2, 5) * rng.choice([-1, 1], 5)
        return [*values.tolist(), draw_rate()]

    lines = [ordinary() for _ in range(9)]
    lines[3][5] = rng.uniform(2.5, 3)  # too far: 1 - alpha H is negative
    lines[4][5] = 0.0
    lines[5][0] = 0.0
    lines[6][1] = 0.0
    lines[7][2] = lines[7][0] * lines[7][1]  # nothing to learn from
    lines[8][3] = 0.0
    return [tuple(line) for line in lines]


@exercise("05", "The inner step")
def check_inner_step(function: Callable) -> str:
    """Check f(w, x, y, alpha): w' after one step on the loss (w x - y)^2, all numbers."""
    lines = [(w, x, y, alpha) for w, x, y, _, _, alpha in _lines()]
    answers = [number(attempt(function, *line)) for line in lines]
    trials = []
    for (w, x, y, alpha), answer in zip(lines, answers):
        gradient = 2 * x * (w * x - y)
        mistakes = {
            "That climbs: subtract the gradient.": w + alpha * gradient,
            "The derivative of a square has a 2 in front.": w - alpha * gradient / 2,
            "The inner derivative is missing: w x changes with w by x.": w
            - alpha * 2 * (w * x - y),
            "That is the gradient; w' is w minus alpha times it.": gradient,
            "The rate alpha is missing.": w - gradient,
            "Take the rate alpha that is given; yours is always 0.1.": w - 0.1 * gradient,
            "That is the change alone: w' is w plus it.": -alpha * gradient,
            "You took two steps; one is asked.": w
            - alpha * gradient
            - alpha * 2 * x * ((w - alpha * gradient) * x - y),
            "That is the prediction w' x; w' alone is asked.": (w - alpha * gradient) * x,
        }
        trials.append((answer, w - alpha * gradient, mistakes))
    judge(trials)
    return "That is theta', lines 5 and 6 of Algorithm 1."


@exercise("05", "The meta-gradient")
def check_meta_gradient(function: Callable) -> str:
    """Check f(w, x, y, x_query, y_query, alpha): the derivative by w of the query loss at w'."""
    lines = _lines()
    answers = [number(attempt(function, *line)) for line in lines]
    trials = []
    for line, answer in zip(lines, answers):
        w, x, y, x_query, y_query, alpha = line
        adapted = w - alpha * 2 * x * (w * x - y)
        # By hand, with H = 2 x^2, the second derivative of the support loss.
        factor, error = 1 - alpha * 2 * x**2, adapted * x_query - y_query
        mistakes = _off_the_paper(line, factor, error, adapted)
        trials.append((answer, factor * 2 * x_query * error, mistakes))
    judge(trials)
    return "The whole chain rule: (1 - alpha H) times the query gradient."


def _off_the_paper(line, factor, error, adapted):
    w, x, y, x_query, y_query, alpha = line
    first_order, at_w = 2 * x_query * error, 2 * x_query * (w * x_query - y_query)
    full = factor * first_order
    climbed = 2 * x_query * ((2 * w - adapted) * x_query - y_query)
    at_a_tenth = 2 * x_query * ((w - 0.2 * x * (w * x - y)) * x_query - y_query)
    return {
        "That is the first-order arrow: w' moves along with w, by 1 - alpha H.": first_order,
        "That is the gradient at w, which pre-training follows: "
        "the query loss is taken at w'.": at_w,
        "The factor 1 - alpha H is right; the query gradient beside it is taken at w'.": factor
        * at_w,
        "You marked the homework: the last derivative is taken on the query.": factor
        * (2 * x * (adapted * x - y)),
        "H is the second derivative of the support loss, so it takes x, not x_query.": first_order
        * (1 - alpha * 2 * x_query**2),
        "H is 2 x squared: the 2 is missing.": (1 - alpha * x**2) * first_order,
        "The factor 1 - alpha H is right but the sign is not.": -full,
        "The factor is 1 - alpha H, with a minus.": (2 - factor) * first_order,
        "H is 2 x squared, and x is not 1 here.": (1 - alpha * 2) * first_order,
        "The rate alpha is missing in 1 - alpha H.": (1 - 2 * x**2) * first_order,
        "The inner step climbs, in w' and in its derivative.": (2 - factor) * climbed,
        "The derivative of the query loss has a 2 in front.": full / 2,
        "The derivative of the query loss by w' takes a factor x_query.": factor * 2 * error,
        "Take the rate alpha that is given; yours is always 0.1.": (1 - 0.2 * x**2) * at_a_tenth,
        "That is the query loss after the step; its derivative is asked.": error**2,
        "That is w after an outer step; its gradient alone is asked.": w - alpha * full,
    }


def _rounds():
    """Four times a network, a task and a rate: weights, samples and a number."""
    return [(*draw(1), draw_rate()) for _ in range(4)]


@exercise("05", "Out of the trap")
def check_trap(function: Callable) -> str:
    """Check f(model, task, inner_lr): the query loss; p.grad then holds the meta-gradient."""
    rounds, answers = _rounds(), []
    for theta, (task,), rate in rounds:
        seen = Watched(model := Small(theta))
        loss = number(attempt(function, model, handed_out(task), rate, copies=False))
        if seen.moved:
            raise NotYet("theta itself has moved. Only its gradient is asked; no outer step yet.")
        seen.refuse_traces()
        answers.append((seen.gradients(), loss))
    gradients, losses = [], []
    for (theta, (task,), rate), (gradient, loss) in zip(rounds, answers):
        right = meta_gradient(theta, *task, rate)
        wrong = {} if same(gradient, right) else _trapped(theta, task, rate)
        gradients.append((gradient, right, wrong))
        # The gradient may be right, and the number that is returned that of another step.
        before, after, second = (
            loss_at(w, task.query).item() for w in inner_path(theta, task.support, rate, 2)
        )
        wrong_losses = {
            "The gradient is right, but the number you return is the loss before the step.": before,
            "The gradient is right, but the number you return is the loss after two steps.": second,
            "The gradient is right, but the number you return is the loss on the support.": loss_at(
                inner_path(theta, task.support, rate)[-1], task.support
            ).item(),
        }
        losses.append((loss, after, wrong_losses))
    judge_part(say("p.grad, taken in one row, is not the meta-gradient."), gradients)
    judge_part(say("The gradient is right; the number you return is not."), losses)
    return "Both traps are behind you: nothing was copied, and the model ran as a whole."


def _trapped(theta, task, rate):
    support, query = task
    after = partial(meta_gradient, theta)
    full, homework = after(support, query, rate), after(support, support, rate)
    on_support = after(support, support, rate, n_steps=0)
    return {
        "That is the gradient at theta: the inner step was ignored. Does fmodel run as a whole, "
        "fmodel(x)?": after(support, query, rate, n_steps=0),
        "You marked the homework: the query loss comes last.": homework,
        "That is the gradient of the support loss at theta.": on_support,
        "That is the first-order gradient: track_higher_grads must stay on.": after(
            support, query, rate, first_order=True
        ),
        "You took two inner steps; one is asked.": after(support, query, rate, n_steps=2),
        "There are two gradients on top of each other: call backward() once.": 2 * full,
        "The gradient of the support loss lies on top: call backward() on the query loss "
        "alone.": full + on_support,
        "It adapted to the exam itself! The inner step sees the support only.": after(
            query, query, rate
        ),
        "Take the rate inner_lr that is given; yours is always 0.1.": after(support, query, 0.1),
        "p.grad is all zeros when you return: was it cleared?": 0 * full,
    }


@exercise("05", "First order by hand")
def check_first_order(function: Callable) -> str:
    """Check f(model, task, inner_lr): the list of first-order meta-gradients; no weight moves."""
    rounds, answers = _rounds(), []
    for theta, (task,), rate in rounds:
        seen = Watched(model := Small(theta))
        answer = attempt(function, model, handed_out(task), rate, copies=False)
        if seen.moved:
            raise NotYet(
                "The model you were given has moved: take the inner step on a copy.deepcopy of it."
            )
        seen.refuse_traces()
        answers.append(_in_one_row(answer, seen))
        seen.refuse_gradients()
    trials = []
    for (theta, (task,), rate), answer in zip(rounds, answers):
        right = meta_gradient(theta, *task, rate, first_order=True)
        trials.append((answer, right, {} if same(answer, right) else _other(theta, task, rate)))
    judge_part(say("The gradients, taken in one row, are not right yet."), trials)
    return "A copy, a step, a gradient: no higher, no second derivative."


def _in_one_row(answer, seen):
    """The gradients, whatever kind of list they are in, as (P,)."""
    if isinstance(answer, dict):
        by_name = set(answer) == set(seen.names)
        answer = [answer[name] for name in seen.names] if by_name else list(answer.values())
    listed = answer if isinstance(answer, (list, tuple)) else []
    faults = {
        "There is None among them: read the gradients of the copy that took the step, after "
        "backward() and before they are cleared.": any(part is None for part in listed),
        "Return a list of {n} tensors, one for each parameter and of its shape.": _shapes(listed)
        != [tuple(p.shape) for p in seen.weights],
    }
    refuse(faults, n=len(seen.weights))
    return np.concatenate([numbers(part).ravel() for part in listed])


def _shapes(parts):
    try:
        return [numbers(part).shape for part in parts]
    except NotYet:
        return None


def _other(theta, task, rate):
    """Gradients taken at another place or of other samples, and what is no gradient."""
    support, query = task
    after = partial(meta_gradient, theta)
    first_order = partial(after, first_order=True)
    right, at_theta = first_order(support, query, rate), after(support, query, rate, n_steps=0)
    before, adapted = (flat(weights) for weights in inner_path(theta, support, rate))
    return {
        "That is the full meta-gradient. First order leaves (I - alpha H) out.": after(
            support, query, rate
        ),
        "That is the gradient at theta: take it at theta', after the inner step.": at_theta,
        "You marked the homework: after the step, the query's loss is differentiated.": first_order(
            support, support, rate
        ),
        "Support and query gradient lie on top of each other: clear the gradients "
        "after the inner step.": right + after(support, support, rate, n_steps=0),
        "That is the gradient of the support loss, which took the step. The query's is asked, "
        "after it.": after(support, support, rate, n_steps=0),
        "You took two inner steps; one is asked.": first_order(support, query, rate, n_steps=2),
        "It adapted to the exam itself! The inner step sees the support only.": first_order(
            query, query, rate
        ),
        "Take the rate inner_lr that is given; yours is always 0.1.": first_order(
            support, query, 0.1
        ),
        "The inner step climbs: it subtracts the gradient.": first_order(support, query, -rate),
        "The sign is wrong: return the gradients as they are.": -right,
        "That is the inner step itself, theta' - theta.": adapted - before,
        "Those are the adapted weights theta'. Their gradient is asked.": adapted,
        "Those are all zeros: were the gradients cleared before you read them?": 0 * right,
    }
