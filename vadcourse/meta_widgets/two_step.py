"""The widget of notebook 05: MAML's two steps on a surface of two weights, beside pre-training.

Two tasks, each a bowl 1/2 (theta - c)' H (theta - c), steep in one direction and flat in the other.
There is so much data that support and query give the same bowl, and H is the same everywhere:
every arrow is exact. Where a task is flat, one inner step changes little; where it is steep, the
step leads down to the floor. So the mean loss after one step is a valley, too, and crosses the
valley of the mean loss now. `two_step.js` has the same mathematics, for pages without a kernel;
`tests/test_widgets_two_step.py` compares the two. `two_step_plane.js` draws.
"""

from collections.abc import Sequence

import matplotlib.figure
import numpy as np
from matplotlib import patheffects
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import ArrayLike
from traitlets import Bool, Float, Int, List

from vadkit import view
from vadkit.text import say
from vadkit.widgets.base import Widget, traits

HALF = (3.0, 3.75)  # how far either weight goes from zero
LINES = 4  # of one outer update: sample a task, inner step, query gradient, the arrow at theta
START = (-1.8, -3.2)
METHODS = ("pre-training", "first order", "MAML")
VALLEY = LinearSegmentedColormap.from_list("valley", ["#5B87A2", "#FAFCFD"])  # as two_step.css
GREEN_TEXT, MAML_TEXT = "#00684C", "#8F3F6C"  # of base.css: green and purple that can be read
Bowl = tuple[np.ndarray, np.ndarray]  # centre, Hessian


def _bowl(centre, angle, steep=2.1, flat=0.4):
    across = np.array([np.cos(angle), np.sin(angle)])
    return np.array(centre), flat * np.eye(2) + (steep - flat) * np.outer(across, across)


TASKS: tuple[Bowl, Bowl] = (
    _bowl((-1.9, 2.1), np.radians(33)),
    _bowl((1.8, 2.3), np.radians(166)),
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
    start: Sequence[float] = START, alpha: float = 0.4, beta: float = 0.5, n_updates: int = 24
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
    figure, (left, right) = view.subplots(1, 2, size=(8, 5.4), sharey=True)
    path, maml_path = (walk(start, n_updates, alpha, beta, m) for m in ("pre-training", "MAML"))
    _plot_surface(left, "pre-training: loss now (dark: low)", 0.0)
    _plot_surface(right, "MAML: loss after one step (dark: low)", alpha)
    _plot_path(left, path, view.BLUE)
    _plot_path(right, maml_path, MAML_TEXT)
    _plot_update(left, right, np.asarray(start, float), alpha, beta)
    left.set_ylabel("weight 2")
    figure.alt = say(
        "Two loss surfaces over two weights, tasks A and B on each. Pre-training walks to where "
        "the mean loss is {now:.2f} now and {late:.2f} after one inner step; MAML to where it is "
        "{maml_now:.2f} now and {maml_late:.2f} after one. Arrows show the inner step, the query "
        "gradient at its end, and the first-order and the full arrow at the start.",
        now=mean_loss(path[-1]),
        late=mean_loss(path[-1], alpha),
        maml_now=mean_loss(maml_path[-1]),
        maml_late=mean_loss(maml_path[-1], alpha),
    )
    return figure


def _plot_surface(ax, title, rate):
    """Plot the mean loss after an inner step of this rate, and the bowls of the tasks."""
    x, y = (np.linspace(-half, half, 201) for half in HALF)
    thetas = np.stack(np.meshgrid(x, y), -1)
    loss = mean_loss(thetas, rate)
    height = np.sqrt(loss - loss.min())
    ax.contourf(x, y, height, levels=np.linspace(0, height.max(), 11), cmap=VALLEY)
    for name, (centre, hessian), ls in zip("AB", TASKS, ("-", "--")):
        away = thetas - centre
        bowl = 0.5 * np.einsum("...i,ij,...j->...", away, hessian, away)
        ax.contour(x, y, bowl, levels=[0.5], colors="0.15", linewidths=1.2, linestyles=ls)
        badge = {"boxstyle": "circle", "fc": "white"}
        ax.text(*centre, name, ha="center", va="center", weight="bold", fontsize=9, bbox=badge)
    ax.set_title(title, fontsize=10)
    limits = {"xlim": (x[0], x[-1]), "ylim": (y[0], y[-1])}
    ax.set(xlabel="weight 1", aspect=1, xticks=[], yticks=[], **limits)


def _plot_path(ax, path, colour):
    ax.plot(*path.T, "o-", color=colour, ms=3, lw=1.4)
    ax.plot(*path[0], "o", color="black", ms=8, mec="white", zorder=5)
    ax.plot(*path[-1], "s", color=colour, ms=8, mec="white", zorder=5)
    _label(ax, path[0], "θ", "black", (-9, -3), ha="right")
    _label(
        ax,
        path[-1],
        view.figure_text("after {n} updates", n=len(path) - 1),
        colour,
        (0, 8),
        ha="center",
    )


def _plot_update(left, right, start, alpha, beta):
    """Plot the arrows of the first update, task A's."""
    adapted, gradient, first_order, full = arrows(start, TASKS[0], alpha)
    _plot_arrow(left, start, -beta * gradient, view.BLUE)
    _label(left, start - 0.5 * beta * gradient, "gradient", view.BLUE, (9, -8))
    _plot_arrow(right, start, adapted - start, view.BLUE)
    _label(right, (start + adapted) / 2, "inner step", view.BLUE, (9, -8))
    _plot_arrow(right, adapted, -beta * first_order, view.GREEN)
    _label(right, adapted - 0.5 * beta * first_order, "query gradient", GREEN_TEXT, (7, -3))
    _plot_arrow(right, start, -beta * first_order, view.GREEN, "--")
    _label(right, start - beta * first_order, "first order", GREEN_TEXT, (0, 5), ha="center")
    _plot_arrow(right, start, -beta * full, view.PURPLE)
    _label(right, start - 0.5 * beta * full, "full: (I - αH) times it", MAML_TEXT, (14, -4))
    right.plot(*adapted, "o", color="white", ms=7, mec=view.BLUE, mew=2, zorder=5)
    _label(right, adapted, "θ′", view.BLUE, (9, -5))


def _plot_arrow(ax, start, change, colour, ls="-"):
    look = {"arrowstyle": "-|>", "color": colour, "lw": 2.4, "ls": ls, "mutation_scale": 14}
    arrow = {"shrinkA": 0, "shrinkB": 0, "path_effects": _edge(5), **look}
    note = ax.annotate("", start + change, start, arrowprops=arrow, annotation_clip=False)
    note.arrow_patch.set_clip_box(ax.bbox)
    note.set_in_layout(False)  # it may lead out of the plane


def _label(ax, at, text, colour, offset, ha="left"):
    """Write beside a place, towards the middle of the plane if `ha` is left; offset in points."""
    if at[0] > 1:
        offset, ha = (-offset[0], offset[1]), {"left": "right", "right": "left"}.get(ha, ha)
    style = {"color": colour, "weight": "bold", "fontsize": 9, "path_effects": _edge(3)}
    note = ax.annotate(text, at, offset, textcoords="offset points", ha=ha, zorder=6, **style)
    note.set_in_layout(False)


def _edge(width):
    """A white edge, so that lines and letters show on every shade."""
    return [patheffects.withStroke(linewidth=width, foreground="white")]


class TwoStep(Widget):
    """Step through outer updates; drag the start, set the rates, choose the arrow MAML follows.

    Parameters
    ----------
    start : sequence of float
        Both weights, from -3 to 3 and from -3.75 to 3.75.
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

    more_javascript = ("two_step_plane.js",)
    tasks: List = List()
    half = List(list(HALF))
    start = List(Float(), minlen=2, maxlen=2)
    alpha, beta = traits(Float, 2)
    first_order = Bool()
    step = Int()

    def __init__(
        self,
        start: Sequence[float] = START,
        alpha: float = 0.4,
        beta: float = 0.5,
        first_order: bool = False,
        step: int = 0,
    ):
        if len(start) != 2 or any(abs(w) > half for w, half in zip(start, HALF)):
            raise ValueError(
                f"The start is two weights within ±{HALF[0]:g} and ±{HALF[1]:g}, "
                f"got {tuple(start)}."
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

    def still(self) -> matplotlib.figure.Figure:
        """Plot both surfaces with both walks, as the function of this name does.

        Returns
        -------
        Figure
            With alt text.
        """
        return still(self.start, self.alpha, self.beta)

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
