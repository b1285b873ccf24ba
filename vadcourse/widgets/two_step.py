"""The picture of MAML's two steps on a surface of two weights, MAML and pre-training side by side.

Two tasks, each a bowl 1/2 (theta - c)' H (theta - c) that is steep one way and flat the other. So much data that support and
query draw the same bowl, and a Hessian H that is the same everywhere: every arrow is exact. `two_step.js` moves it.
"""

import numpy as np
import traitlets

from vadkit import view
from vadkit.text import say
from vadkit.widgets.base import Widget, synced

HALF_WIDTH = 3.0  # both weights run from -3 to 3
LINES = 4  # what can be watched of one outer update: draw a task, inner step, query gradient, the arrow at theta


def _bowl(centre, angle, steep=2.0, flat=0.5):
    across = np.array([np.cos(angle), np.sin(angle)])
    return np.array(centre), flat * np.eye(2) + (steep - flat) * np.outer(across, across)


TASKS = (_bowl((-1.4, -0.35), np.radians(58)), _bowl((1.4, 0.35), np.radians(148)))  # (centre, Hessian) of A and B


def arrows(theta, task, alpha):
    """-> adapted, gradient, first_order, full: theta' after one inner step, and three gradients, (2,) each.

    gradient: of the task's loss at theta, which pre-training follows; first_order: at theta' (as most drawings show it);
    full = (I - alpha H) first_order, the derivative of the loss at theta' with respect to theta (Finn et al. 2017)
    """
    (centre, hessian), theta = task, np.asarray(theta, float)
    gradient = hessian @ (theta - centre)
    adapted = theta - alpha * gradient
    first_order = hessian @ (adapted - centre)
    return adapted, gradient, first_order, first_order - alpha * hessian @ first_order


def mean_loss(theta, alpha=0.0):
    """Mean loss of the tasks after one inner step of rate alpha from theta (..., 2); alpha = 0 is the loss right now."""
    total = 0
    for centre, hessian in TASKS:
        away = (np.asarray(theta, float) - centre) @ (np.eye(2) - alpha * hessian)
        total = total + 0.5 * np.einsum("...i,ij,...j->...", away, hessian, away)
    return total / len(TASKS)


def walk(start, n_updates, alpha, beta, method="MAML"):
    """Outer updates, one task at a time in turn -> (n_updates + 1, 2). method: "pre-training", "first order" or "MAML"."""
    which = {"pre-training": 1, "first order": 2, "MAML": 3}
    if method not in which:
        raise ValueError(f"method is {', '.join(map(repr, which))}, got {method!r}.")
    path = [np.asarray(start, float)]
    for update in range(n_updates):
        path.append(path[-1] - beta * arrows(path[-1], TASKS[update % len(TASKS)], alpha)[which[method]])
    return np.array(path)


def still(start=(-0.2, -2.6), alpha=0.4, beta=0.8, n_updates=8):
    """Both surfaces with both walks and the arrows of the first update -> a figure."""
    figure, axes = view.subplots(1, 2, size=(10, 5), sharey=True)
    side = np.linspace(-HALF_WIDTH, HALF_WIDTH, 161)
    grid = np.stack(np.meshgrid(side, side), -1)
    adapted, gradient, first_order, full = arrows(start, TASKS[0], alpha)
    rows = (("pre-training: loss now", 0.0, "pre-training"), (f"MAML: loss after a step of {alpha:g}", alpha, "MAML"))
    ends = []
    for ax, (title, rate, method) in zip(axes, rows):
        ax.contourf(
            side,
            side,
            mean_loss(grid, rate) ** 0.5,
            levels=np.linspace(0, 3.6, 19),
            cmap="Greys",
            alpha=0.55,
            extend="max",
        )
        path = walk(start, n_updates, alpha, beta, method)
        ax.plot(*path.T, "o-", color=view.BLACK, ms=4, lw=1.2, label="path of theta")
        for name, (centre, _) in zip("AB", TASKS):
            ax.text(*centre, name, ha="center", va="center", weight="bold", bbox={"boxstyle": "circle", "fc": "white"})
        ax.set(title=title, xlabel="weight 1", aspect=1, xlim=(-3, 3), ylim=(-3, 3))
        ends.append((mean_loss(path[-1]), mean_loss(path[-1], alpha)))
    axes[0].set_ylabel("weight 2")
    _arrow(axes[0], start, -beta * gradient, view.BLUE, "gradient at theta")
    _arrow(axes[1], start, adapted - start, view.GREEN, "inner step, to theta'")
    _arrow(axes[1], adapted, -beta * first_order, view.VERMILLION, "query gradient at theta'")
    _arrow(axes[1], start, -beta * first_order, view.VERMILLION, "the same at theta: first order", ls="--")
    _arrow(axes[1], start, -beta * full, view.BLUE, "full: (I - alpha H) times it")
    for ax in axes:
        ax.legend(loc="upper left", fontsize=8, framealpha=1)
    (now, late), (maml_now, maml_late) = ends
    figure.alt = say("Two loss surfaces over two weights, tasks A and B on each. Pre-training walks to where the mean loss is {now:.2f} "
                     "now and {late:.2f} after one inner step; MAML to where it is {maml_now:.2f} now and {maml_late:.2f} after one. Arrows "
                     "show the inner step, the query gradient at its end, and the first-order and the full arrow at the start.",
                     now=now, late=late, maml_now=maml_now, maml_late=maml_late)  # fmt: skip
    return figure


def _arrow(ax, start, change, colour, label, ls="-"):
    end = np.asarray(start) + change
    ax.annotate(
        "",
        end,
        start,
        arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 2.2, "ls": ls, "shrinkA": 0, "shrinkB": 0},
    )
    ax.plot([], [], color=colour, ls=ls, lw=2.2, label=label)


class TwoStep(Widget):
    """Step through the outer updates, drag the starting point, set alpha and beta, choose the arrow MAML moves along.

    start: [weight 1, weight 2], each from -3 to 3; alpha, beta: inner and outer rate; step: how far, LINES to one outer update
    `.theta` (MAML) and `.pre_trained` are where the two have got to. All but these two may be set.
    """

    tasks = synced(traitlets.List())
    half_width = synced(traitlets.Float(HALF_WIDTH))
    start = synced(traitlets.List(traitlets.Float(), minlen=2, maxlen=2))
    alpha = synced(traitlets.Float())
    beta = synced(traitlets.Float())
    first_order = synced(traitlets.Bool())
    step = synced(traitlets.Int())

    def __init__(self, start=(-0.2, -2.6), alpha=0.4, beta=0.8, first_order=False, step=0):
        if not all(abs(value) <= HALF_WIDTH for value in start):
            raise ValueError(f"The start must lie within -{HALF_WIDTH:g} and {HALF_WIDTH:g}, got {tuple(start)}.")
        if not 0 <= alpha <= 1 or not 0 < beta <= 1 or step < 0:
            raise ValueError(f"alpha is in [0, 1], beta in (0, 1], step at least 0; got {alpha}, {beta}, {step}.")
        super().__init__(
            tasks=[{"centre": c.tolist(), "hessian": h.tolist()} for c, h in TASKS], start=[float(v) for v in start],
            alpha=float(alpha), beta=float(beta), first_order=first_order, step=step,
            alt=say("Two loss surfaces over two weights, pre-training on the left and MAML on the right, to step through."),
        )  # fmt: skip

    @property
    def theta(self):
        method = "first order" if self.first_order else "MAML"
        return walk(self.start, self.step // LINES, self.alpha, self.beta, method)[-1]

    @property
    def pre_trained(self):
        return walk(self.start, self.step // LINES, self.alpha, self.beta, "pre-training")[-1]
