"""TODO."""

import base64
import html
import io

import matplotlib.figure
import numpy as np

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILLION, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)))
ABNORMAL = "#FBE3B0"  # orange, thinned: the shade behind abnormal frames
ERROR_MAP = "inferno"  # perceptually uniform
ERROR_MAX = 0.3  # the error that gets the brightest colour, fixed, so that figures can be compared
DPI = 110


class Figure(matplotlib.figure.Figure):
    """A matplotlib figure that carries its alt text and shows it wherever the notebook goes."""

    alt = ""

    def _ipython_display_(self):
        show(self)


def subplots(rows=1, columns=1, size=(9, 3), alt="", **options):
    """Like `plt.subplots`, without pyplot's global state -> (figure, axes). size: inches. alt: what the figure shows, in words."""
    figure = Figure(figsize=size, layout="constrained", facecolor="white")
    figure.alt = alt
    return figure, figure.subplots(rows, columns, **options)


def to_png(figure):
    """-> the figure as PNG bytes, on white."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, facecolor="white", bbox_inches="tight", metadata={"Software": None})
    return buffer.getvalue()


def show(figure, alt=None):
    """Display any matplotlib figure as an <img> with alt text. Raises ValueError when there is no alt text."""
    from IPython.display import display

    alt = alt or getattr(figure, "alt", "")
    if not alt:
        raise ValueError("A figure needs alt text for readers who cannot see it: give alt='what the figure shows'.")
    source = base64.b64encode(to_png(figure)).decode()
    image = (
        f'<img alt="{html.escape(alt)}" style="background:white; max-width:100%" src="data:image/png;base64,{source}">'
    )
    display({"text/html": image, "text/plain": alt}, raw=True)


def table(rows, caption="", empty=""):
    """rows: list of dicts with the same keys -> an HTML table with a caption; floats with three digits.

    empty: what to say instead where there are no rows. Raises ValueError for no rows and nothing to say.
    """
    from IPython.display import HTML

    def text(value):
        return f"{value:.3f}" if isinstance(value, (float, np.floating)) else html.escape(str(value))

    if not rows and empty:
        return HTML(f"<p>{html.escape(empty)}</p>")
    if not rows:
        raise ValueError("A table needs at least one row.")
    head = "".join(f'<th scope="col">{html.escape(str(key))}</th>' for key in rows[0])
    body = "".join("<tr>" + "".join(f"<td>{text(value)}</td>" for value in row.values()) + "</tr>" for row in rows)
    title = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    return HTML(f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
