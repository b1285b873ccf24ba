"""Colours with fixed meanings, and figures that carry their alt text wherever they go."""

import base64
import functools
import html
import io
import itertools
import logging
import re
import warnings
from collections.abc import Iterable
from typing import Any

import IPython.display
import matplotlib.figure
import matplotlib.font_manager
from matplotlib.axis import Tick
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter
from pandas.io.formats.style import Styler
from PIL import Image

from vadkit.checks import checked
from vadkit.text import TRANSLATIONS, recognise, say

# Okabe and Ito's, and a grey. `vadkit/widgets/base.css` has the same, for both themes.
BLACK = "#000000"
BLUE = "#0072B2"  # a prediction, and what is normal
AMBER = "#E69F00"  # the truth, and what is abnormal
VERMILLION = "#D55E00"  # an alarm, and nothing else
PURPLE = "#CC79A7"  # MAML
GREEN = "#009E73"  # the query, and what is correct
GREY = "#767676"  # copying the last frame
BROWN, SKY = "#6B4423", "#56B4E9"
COLOURS = (BLUE, BLACK, BROWN, SKY)  # of curves that mean none of these
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)))
ABNORMAL = "#FBE3B0"  # orange, thinned: the shade behind abnormal frames
ERROR_MAP = "inferno"  # perceptually uniform
GAIN_MAP = LinearSegmentedColormap.from_list("gain", ["#333333", "#ffffff", PURPLE])  # MAML's
ERROR_MAX = 0.3  # the error that gets the brightest colour, fixed so that figures can be compared
DPI = 110
# Fonts with Chinese letters: of Linux, macOS and Windows.
CJK_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei", "PingFang SC", "Hiragino Sans GB", "Heiti SC", "Microsoft YaHei", "SimHei",
)  # fmt: skip


class _Figure(matplotlib.figure.Figure):
    """A matplotlib figure that carries its alt text and shows it wherever the notebook goes."""

    alt: str = ""

    def _ipython_display_(self) -> None:
        show(self)


@checked
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


@checked
def colours_of(names: Iterable[str]) -> list[str]:
    """Choose the colours of curves: purple for MAML, grey for copying, and in turn for the others.

    Parameters
    ----------
    names : iterable of str
        What the legend calls them.

    Returns
    -------
    list of str
        One colour for each.
    """
    others = itertools.cycle(COLOURS)
    fixed = {"maml": PURPLE, "copy": GREY, "copied": GREY, "copying": GREY}
    found = [[fixed[word] for word in fixed if word in name.lower()] for name in names]
    return [colours[0] if colours else next(others) for colours in found]


@checked
def to_image(
    figure: matplotlib.figure.Figure, kind: str = "png", quality: int | None = None
) -> bytes:
    """Save a figure, on white.

    Parameters
    ----------
    figure : Figure
        Any matplotlib figure.
    kind : {"png", "webp"}
        A PNG of 256 colours, or a WebP.
    quality : int, optional
        Of the WebP, from 1 to 100; by default it is exact.

    Returns
    -------
    bytes
        The file.
    """
    options: dict = {"facecolor": "white", "bbox_inches": "tight", "metadata": {"Software": None}}
    drawn, packed = io.BytesIO(), io.BytesIO()
    _translate(figure)
    _take_literally(figure)
    figure.savefig(drawn, format="png", dpi=DPI, **options)
    image = Image.open(drawn).convert("RGB")
    if kind == "webp":
        image.save(packed, "webp", lossless=quality is None, quality=quality or 80)
    else:
        image.quantize(256, dither=Image.Dither.NONE).save(packed, "png", optimize=True)
    return packed.getvalue()


def _translate(figure):
    """Put every text of a figure into the reader's language, in a font that has its letters."""
    if not TRANSLATIONS:
        return
    font = cjk_font()
    if not font:  # a text that was translated before, such as a description, would be boxes
        for artist in figure.findobj(Text):
            artist.set_text(re.sub("[^\x00-\u2fff]+", "", artist.get_text()))
        return
    for axis in [axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)]:
        formatter = axis.get_major_formatter()
        if isinstance(formatter, FuncFormatter):  # names at ticks are written when it is drawn
            axis.set_major_formatter(FuncFormatter(functools.partial(_said_at, formatter)))
    for artist in figure.findobj(Text):
        artist.set_text(recognise(artist.get_text()))
        artist.set_family(["DejaVu Sans", font])


def _said_at(formatter, value, position):
    return recognise(str(formatter(value, position)))


@checked
def figure_text(english: str, **values: Any) -> str:
    """Translate a text that a figure shows, where there is a font for it.

    Parameters
    ----------
    english : str
        As for `vadkit.text.say`.
    **values : object
        What its placeholders stand for.

    Returns
    -------
    str
        In the reader's language, or in English.
    """
    if TRANSLATIONS and not cjk_font():
        return english.format(**values)
    return say(english, **values) if values else recognise(english)


@functools.cache
def cjk_font() -> str:
    """Look for a font with Chinese letters; without one, figures keep their English words.

    Returns
    -------
    str
        Its name, or "" where there is none, with a warning.
    """
    manager = matplotlib.font_manager
    if not set(CJK_FONTS) & set(manager.get_font_names()):
        # What was installed since matplotlib made its list is not in it.
        listed = {font.fname for font in manager.fontManager.ttflist}
        for path in {*manager.findSystemFonts()} - listed:
            manager.fontManager.addfont(path)
    there = set(manager.get_font_names())
    found = [name for name in CJK_FONTS if name in there]
    if not found:
        sentence = say(
            "No font has Chinese letters: figures keep their English words. "
            "Install one, such as Noto Sans CJK SC."
        )
        warnings.warn(sentence, stacklevel=2)
    # Small ones have no bold: said once for each picture, that would bury what a cell shows.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    return found[0] if found else ""


def _take_literally(figure):
    """A clip may be called "$\\frac$", which is no formula; only ticks, 10 to the n, hold some."""
    ticks = {label for tick in figure.findobj(Tick) for label in (tick.label1, tick.label2)}
    for artist in set(figure.findobj(Text)) - ticks:
        artist.set_parse_math(False)


@checked
def image_tag(figure: matplotlib.figure.Figure, alt: str, quality: int | None = None) -> str:
    """Write a figure as an <img> with the picture inside.

    Parameters
    ----------
    figure : Figure
        Any matplotlib figure.
    alt : str
        What it shows, in words.
    quality : int, optional
        As in `to_image`.

    Returns
    -------
    str
        HTML. Its class, "vk-plot" or "vk-picture", lets a dark theme invert lines, never frames.
    """
    has_frames = any(ax.images for ax in figure.axes)
    name = "vk-picture" if has_frames else "vk-plot"
    source = (
        "data:image/webp;base64," + base64.b64encode(to_image(figure, "webp", quality)).decode()
    )
    style = "background:white; max-width:100%"
    return f'<img class="{name}" alt="{html.escape(alt)}" style="{style}" src="{source}">'


@checked
def bundle(figure: matplotlib.figure.Figure, alt: str) -> tuple[dict, dict]:
    """Give what Jupyter displays of a figure: HTML, a PNG, and its words.

    Parameters
    ----------
    figure : Figure
        Any matplotlib figure.
    alt : str
        What it shows, in words.

    Returns
    -------
    tuple of dict
        Data by media type, and metadata with the alt text of the PNG.
    """
    png = base64.b64encode(to_image(figure)).decode()
    data = {"text/html": image_tag(figure, alt), "image/png": png, "text/plain": alt}
    return data, {"image/png": {"alt": alt}}


@checked
def fold(shown: matplotlib.figure.Figure | Styler | str, summary: str = "") -> None:
    """Display something folded away: answers, before which there is something to do, or details.

    Parameters
    ----------
    shown : Figure or Styler or str
        A figure that carries its alt text, what `table` returns, or plain text.
    summary : str
        What to click; by default that it has the answers.
    """
    summary = recognise(summary) if summary else say("The answers: click to see them.")
    if isinstance(shown, str):
        inside = f"<pre>{html.escape(shown)}</pre>"
    elif isinstance(shown, Styler):
        inside = shown.to_html()
    else:
        inside = image_tag(shown, recognise(getattr(shown, "alt", "")))
    page = f"<details><summary>{html.escape(summary)}</summary>{inside}</details>"
    IPython.display.display({"text/html": page, "text/plain": summary}, raw=True)


@checked
def show(figure: matplotlib.figure.Figure, alt: str = "") -> None:
    """Display a figure with its alt text, in JupyterLab and in every export.

    Parameters
    ----------
    figure : Figure
        Any matplotlib figure.
    alt : str
        What the figure shows, in words; by default its own `alt`. A ValueError if neither exists.
    """
    alt = recognise(alt or getattr(figure, "alt", ""))
    if not alt:
        raise ValueError(
            "A figure needs alt text for readers who cannot see it: "
            "give alt='what the figure shows'."
        )
    data, metadata = bundle(figure, alt)
    IPython.display.display(data, metadata=metadata, raw=True)
