"""The widget of notebook 06: when does meta-learning help?"""

import matplotlib.figure
import numpy as np
from pandas import DataFrame
from traitlets import Int, List, Unicode

from vadkit import view
from vadkit.text import say
from vadkit.widgets.base import Widget, traits
from vadstudies.benefit.report import DIFFERS, UNITS, gains_of

METHODS = ("copy last frame", "two numbers", "fine-tuned", "MAML")
METRICS = tuple(UNITS)


class Benefit(Widget):
    """Two maps of MAML minus fine-tuning, and all four detectors at the place one points to.

    Parameters
    ----------
    table : DataFrame
        As `vadstudies.benefit.report.table_of` gives it.
    differs, k, steps : str, int, int
        Where the cursor stands first: what differs between places, how many windows there are, and
        how many steps fine-tuning may take.

    Attributes
    ----------
    differs, k, steps : str, int, int
        Follow the reader's hands, and may be set.

    Raises
    ------
    ValueError
        For what the table does not hold.
    """

    rows, shots, budgets, methods, metrics, lines = traits(List, 6)
    differs = Unicode()
    k, steps = traits(Int, 2)

    def __init__(self, table: DataFrame, differs: str = DIFFERS[0], k: int = 10, steps: int = 1):
        if (differs, k, steps) not in table.index:
            raise ValueError(
                f"Nothing was measured for ({differs!r}, {k}, {steps}): "
                f"choose from {', '.join(map(str, table.index[:3]))}, ..."
            )
        self._table = table
        levels = [list(table.index.unique(level)) for level in table.index.names]
        super().__init__(
            rows=levels[0],
            shots=[int(shot) for shot in levels[1]],
            budgets=[int(budget) for budget in levels[2]],
            methods=list(METHODS),
            metrics=[[name, *UNITS[name]] for name in METRICS],
            lines=[
                [where[0], int(where[1]), int(where[2]), *map(_values, METRICS, [line] * 2)]
                for where, line in table.iterrows()
            ],
            differs=differs,
            k=k,
            steps=steps,
            alt=say(
                "Maps of MAML minus fine-tuning, over what differs between places and how many "
                "steps fine-tuning may take, for K = {shots}.",
                shots=", ".join(map(str, levels[1])),
            ),
        )

    def still(self) -> matplotlib.figure.Figure:
        """Plot the two maps for the chosen number of windows.

        Returns
        -------
        Figure
            With alt text.
        """
        figure, axes = view.subplots(len(METRICS), 1, size=(9, 5.2))
        said = []
        for ax, metric in zip(axes, METRICS):
            gains = gains_of(self._table, metric).xs(self.k, level="k").unstack("steps")
            gains = gains.loc[list(self.rows)]
            name, digits = view.figure_text(UNITS[metric][0]), UNITS[metric][1]
            ax.imshow(
                gains, cmap=view.GAIN_MAP, vmin=-_scale(gains), vmax=_scale(gains), aspect="auto"
            )
            for (i, j), value in np.ndenumerate(gains.to_numpy()):
                color = "white" if value < -0.6 * _scale(gains) else "black"
                shown = f"{value:+.{digits}f}" if round(value, digits) else f"{0:.{digits}f}"
                ax.text(j, i, shown, ha="center", va="center", color=color)
            ax.set_xticks(range(gains.shape[1]), gains.columns)
            ax.set_yticks(range(len(gains)), gains.index)
            ax.set_title(view.figure_text("MAML minus fine-tuning: {name}", name=name), loc="left")
            for differs, line in gains.iterrows():
                values = ", ".join(f"{value:+.{digits}f}" for value in line)
                said.append(f"{name}, {say(differs)}: {values}")
        axes[-1].set_xlabel(view.figure_text("steps that fine-tuning may take"))
        figure.alt = say(
            "MAML minus fine-tuning with {steps} steps, K = {k}. {lines}.",
            steps=", ".join(map(str, self.budgets)),
            k=self.k,
            lines="; ".join(said),
        )
        return figure


def _values(metric, line):
    return [round(float(line[method, metric]), 4) for method in METHODS]


def _scale(gains):
    """So that the strongest colour belongs to the largest difference, and zero is white."""
    return max(float(gains.abs().to_numpy().max()), 1e-9) * 1.25
