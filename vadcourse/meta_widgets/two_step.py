"""The widget of notebook 05: MAML's two steps on a surface of two weights, beside pre-training.

Two tasks, each a bowl 1/2 (theta - c)' H (theta - c), steep in one direction and flat in the other.
There is so much data that support and query give the same bowl, and H is the same everywhere:
every arrow is exact. `two_step.js` has the same mathematics, for pages without a kernel;
`tests/test_widgets_two_step.py` compares the two.
"""

from collections.abc import Sequence

import matplotlib.figure
import numpy as np
from numpy.typing import ArrayLike
from traitlets import Bool, Float, Int, List

from vadkit import view
from vadkit.text import say
from vadkit.widgets.base import Widget, traits

HALF_WIDTH = 3.0  # both weights run from -3 to 3
LINES = 4  # of one outer update: sample a task, inner step, query gradient, the arrow at theta
METHODS = ("pre-training", "first order", "MAML")
Bowl = tuple[np.ndarray, np.ndarray]  # centre, Hessian


def _bowl(centre, angle, steep=2.0, flat=0.5):
    across = np.array([np.cos(angle), np.sin(angle)])
    return np.array(centre), flat * np.eye(2) + (steep - flat) * np.outer(across, across)


TASKS: tuple[Bowl, Bowl] = (
    _bowl((-1.4, -0.35), np.radians(58)),
    _bowl((1.4, 0.35), np.radians(148)),
)


def arrows(theta: ArrayLike, task: Bowl, alpha: float) -> tuple[np.ndarray, ...]:
    """Take one inner step, and differentiate the task's loss.

    Parameters
    ----------
    theta : array_like
        Both weights.
    task : tuple of ndarray
        Centre and Hessian.
    alpha : float
        The inner rate.

    Returns
    -------
    adapted : ndarray
        The weights theta' after the step.
    gradient : ndarray
        The one at theta, which pre-training follows.
    first_order : ndarray
        The one at theta', as most drawings show it.
    full : ndarray
        (I - alpha H) times it: the loss at theta' differentiated with respect to theta.

    References
    ----------
    Finn et al. 2017.
    """
    centre, hessian = task
    theta = np.asarray(theta, float)
    gradient = hessian @ (theta - centre)
    adapted = theta - alpha * gradient
    first_order = hessian @ (adapted - centre)
    return adapted, gradient, first_order, first_order - alpha * hessian @ first_order


def mean_loss(theta: ArrayLike, alpha: float = 0.0) -> np.ndarray:
    """Average the losses of the tasks after one inner step.

    Parameters
    ----------
    theta : array_like
        Both weights, (..., 2).
    alpha : float
        The inner rate; 0 for the loss right now.

    Returns
    -------
    ndarray
        One loss for each theta.
    """
    losses = []
    for centre, hessian in TASKS:
        away = (np.asarray(theta, float) - centre) @ (np.eye(2) - alpha * hessian)
        losses.append(0.5 * np.einsum("...i,ij,...j->...", away, hessian, away))
    return sum(losses) / len(TASKS)


def walk(
    start: ArrayLike, n_updates: int, alpha: float, beta: float, method: str = "MAML"
) -> np.ndarray:
    """Take outer updates, one task at a time in turn.

    Parameters
    ----------
    start : array_like
        Both weights.
    n_updates : int
        How many.
    alpha, beta : float
        Inner and outer rate.
    method : {"pre-training", "first order", "MAML"}
        Which gradient of `arrows` is followed.

    Returns
    -------
    ndarray
        The weights before, between and after them, (n_updates + 1, 2).
    """
    if method not in METHODS:
        raise ValueError(f"method is {', '.join(map(repr, METHODS))}, got {method!r}.")
    path = [np.asarray(start, float)]
    for update in range(n_updates):
        _, *gradients = arrows(path[-1], TASKS[update % len(TASKS)], alpha)
        path.append(path[-1] - beta * gradients[METHODS.index(method)])
    return np.array(path)


def still(
    start: Sequence[float] = (-0.2, -2.6), alpha: float = 0.4, beta: float = 0.8, n_updates: int = 8
) -> matplotlib.figure.Figure:
    """Plot both surfaces with both walks and the arrows of the first update.

    Parameters
    ----------
    start, alpha, beta, n_updates : see `walk`
        Where it begins, both rates, and how far it goes.

    Returns
    -------
    Figure
        With alt text.
    """
    figure, (left, right) = view.subplots(1, 2, size=(10, 5), sharey=True)
    rates = {"alpha": alpha, "beta": beta, "n_updates": n_updates}
    end = _plot_walk(left, "pre-training: loss now", 0.0, start, "pre-training", **rates)
    title = f"MAML: loss after a step of {alpha:g}"
    maml_end = _plot_walk(right, title, alpha, start, "MAML", **rates)
    left.set_ylabel("weight 2")
    _plot_update(left, right, start, alpha, beta)
    for ax in (left, right):
        ax.legend(loc="upper left", fontsize=8, framealpha=1)
    figure.alt = say(
        "Two loss surfaces over two weights, tasks A and B on each. Pre-training walks to where "
        "the mean loss is {now:.2f} now and {late:.2f} after one inner step; MAML to where it is "
        "{maml_now:.2f} now and {maml_late:.2f} after one. Arrows show the inner step, the query "
        "gradient at its end, and the first-order and the full arrow at the start.",
        now=mean_loss(end),
        late=mean_loss(end, alpha),
        maml_now=mean_loss(maml_end),
        maml_late=mean_loss(maml_end, alpha),
    )
    return figure


def _plot_walk(ax, title, rate, start, method, *, alpha, beta, n_updates):
    """Plot the loss after an inner step of this rate, and the walk on it; return where it ends."""
    side = np.linspace(-HALF_WIDTH, HALF_WIDTH, 161)
    height = mean_loss(np.stack(np.meshgrid(side, side), -1), rate) ** 0.5
    levels = np.linspace(0, 3.6, 19)
    ax.contourf(side, side, height, levels=levels, cmap="Greys", alpha=0.55, extend="max")
    path = walk(start, n_updates, alpha, beta, method)
    ax.plot(*path.T, "o-", color=view.BLACK, ms=4, lw=1.2, label="path of theta")
    style = {"ha": "center", "va": "center", "weight": "bold"}
    for name, (centre, _) in zip("AB", TASKS):
        ax.text(*centre, name, bbox={"boxstyle": "circle", "fc": "white"}, **style)
    ax.set(title=title, xlabel="weight 1", aspect=1, xlim=(-3, 3), ylim=(-3, 3))
    return path[-1]


def _plot_update(left, right, start, alpha, beta):
    """Plot the arrows of the first update."""
    adapted, gradient, first_order, full = arrows(start, TASKS[0], alpha)
    red = view.VERMILLION
    _plot_arrow(left, start, -beta * gradient, view.BLUE, "gradient at theta")
    _plot_arrow(right, start, adapted - start, view.GREEN, "inner step, to theta'")
    _plot_arrow(right, adapted, -beta * first_order, red, "query gradient at theta'")
    _plot_arrow(right, start, -beta * first_order, red, "the same at theta: first order", "--")
    _plot_arrow(right, start, -beta * full, view.BLUE, "full: (I - alpha H) times it")


def _plot_arrow(ax, start, change, colour, label, ls="-"):
    style = {"color": colour, "lw": 2.2, "ls": ls}
    arrow = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, **style}
    ax.annotate("", np.asarray(start) + change, start, arrowprops=arrow)
    ax.plot([], [], label=label, **style)


class TwoStep(Widget):
    """Step through outer updates; drag the start, set the rates, choose the arrow MAML follows.

    Parameters
    ----------
    start : sequence of float
        Both weights, each from -3 to 3.
    alpha, beta : float
        Inner and outer rate.
    first_order : bool
        Whether MAML moves along the first-order arrow.
    step : int
        How far it has gone, LINES to one outer update.

    Raises
    ------
    ValueError
        If the start or a rate is out of range.
    """

    tasks: List = List()
    half_width = Float(HALF_WIDTH)
    start = List(Float(), minlen=2, maxlen=2)
    alpha, beta = traits(Float, 2)
    first_order = Bool()
    step = Int()

    def __init__(
        self,
        start: Sequence[float] = (-0.2, -2.6),
        alpha: float = 0.4,
        beta: float = 0.8,
        first_order: bool = False,
        step: int = 0,
    ):
        if not all(abs(weight) <= HALF_WIDTH for weight in start):
            raise ValueError(
                f"The start must lie within -{HALF_WIDTH:g} and {HALF_WIDTH:g}, got {tuple(start)}."
            )
        if not 0 <= alpha <= 1 or not 0 < beta <= 1 or step < 0:
            raise ValueError(
                f"alpha is in [0, 1], beta in (0, 1], step at least 0; got {alpha}, {beta}, {step}."
            )
        super().__init__(
            tasks=[{"centre": c.tolist(), "hessian": h.tolist()} for c, h in TASKS],
            start=[float(weight) for weight in start],
            alpha=float(alpha),
            beta=float(beta),
            first_order=first_order,
            step=step,
            alt=say(
                "Two loss surfaces over two weights, pre-training on the left and MAML on the "
                "right, to step through."
            ),
        )

    def _end(self, method):
        return walk(self.start, self.step // LINES, self.alpha, self.beta, method)[-1]

    @property
    def theta(self) -> np.ndarray:
        """Where MAML has got to."""
        return self._end("first order" if self.first_order else "MAML")

    @property
    def pre_trained(self) -> np.ndarray:
        """Where pre-training has got to."""
        return self._end("pre-training")
