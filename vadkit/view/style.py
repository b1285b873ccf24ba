"""Colours (Okabe-Ito) and figures: a white face in every theme, and alt text for every reader."""

import base64
import html
import io
from typing import Any

import IPython.display
import matplotlib.figure

BLACK = "#000000"
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREEN = "#009E73"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
PURPLE = "#CC79A7"
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)))
ABNORMAL = "#FBE3B0"  # orange, thinned: the shade behind abnormal frames
ERROR_MAP = "inferno"  # perceptually uniform
ERROR_MAX = 0.3  # the error that gets the brightest colour, fixed so that figures can be compared
DPI = 110


class _Figure(matplotlib.figure.Figure):
    """A matplotlib figure that carries its alt text and shows it wherever the notebook goes."""

    alt: str = ""

    def _ipython_display_(self) -> None:
        show(self)


def subplots(
    rows: int = 1,
    columns: int = 1,
    size: tuple[float, float] = (9, 3),
    alt: str = "",
    **options: Any,
) -> tuple:
    """Like `plt.subplots`, without pyplot's global state.

    Parameters
    ----------
    rows, columns : int
        How many axes.
    size : tuple
        Width and height in inches.
    alt : str
        What the figure shows, in words.
    **options
        Passed on to `Figure.subplots`.

    Returns
    -------
    tuple
        The figure, and its axes as `plt.subplots` returns them.
    """
    figure = _Figure(figsize=size, layout="constrained", facecolor="white")
    figure.alt = alt
    return figure, figure.subplots(rows, columns, **options)


def to_png(figure: matplotlib.figure.Figure) -> bytes:
    """Save a figure as PNG, on white.

    Parameters
    ----------
    figure : Figure
        Any matplotlib figure.

    Returns
    -------
    bytes
        The file; the same figure gives the same bytes.
    """
    options: dict = {"facecolor": "white", "bbox_inches": "tight", "metadata": {"Software": None}}
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, **options)
    return buffer.getvalue()


def show(figure: matplotlib.figure.Figure, alt: str = "") -> None:
    """Display a figure as an <img> with alt text, in JupyterLab and in every export.

    Parameters
    ----------
    figure : Figure
        Any matplotlib figure.
    alt : str
        What the figure shows, in words; by default its own `alt`. A ValueError if neither exists.
    """
    alt = alt or getattr(figure, "alt", "")
    if not alt:
        raise ValueError(
            "A figure needs alt text for readers who cannot see it: "
            "give alt='what the figure shows'."
        )
    source = "data:image/png;base64," + base64.b64encode(to_png(figure)).decode()
    style = "background:white; max-width:100%"
    image = f'<img alt="{html.escape(alt)}" style="{style}" src="{source}">'
    IPython.display.display({"text/html": image, "text/plain": alt}, raw=True)
