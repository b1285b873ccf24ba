"""Tables: a pandas frame with a caption, readable in both themes, the same bytes each time."""

import hashlib
import html
from collections.abc import Sequence

import pandas as pd
from IPython.display import HTML
from pandas.io.formats.style import Styler

from vadkit.checks import checked
from vadkit.text import TRANSLATIONS, recognise

STYLES: list = [
    {"selector": "caption", "props": "caption-side: top; text-align: left; font-weight: bold"},
    {"selector": "th:first-child, td:first-child", "props": "text-align: left"},
]


class _Table(Styler):
    """A Styler whose headers name their scope for screen readers, and whose repr is the table."""

    data: pd.DataFrame

    def to_html(self, *args, **options):
        markup = super().to_html(*args, **options)
        return markup.replace('class="col_heading', 'scope="col" class="col_heading')

    def __repr__(self) -> str:
        return self.data.to_string(index=False, float_format="{:.3f}".format)


def _translated(frame):
    """The same with headers and words in the reader's language; numbers keep their types."""
    frame = frame.rename(columns=_said)
    for i, kind in enumerate(frame.dtypes if TRANSLATIONS else []):
        if not pd.api.types.is_numeric_dtype(kind):
            words = [_said(value) for value in frame.iloc[:, i]]
            frame.isetitem(i, pd.Series(words, index=frame.index, dtype=kind))
    return frame


def _said(value):
    return recognise(value) if isinstance(value, str) else value


@checked
def table(
    frame: pd.DataFrame | pd.Series | Sequence[dict], caption: str = "", empty: str = ""
) -> Styler | HTML:
    """Show a table: floats with three decimals, all text escaped.

    Parameters
    ----------
    frame : DataFrame or list of dict
        The rows; an index is shown if it has a name.
    caption, empty : str
        The title, and what to say where there are no rows (otherwise a ValueError).

    Returns
    -------
    Styler or HTML
        What a notebook displays: a pandas Styler, or the sentence for an empty table.
    """
    # dtype=object keeps the integers of a column that also holds floats or None.
    frame = frame if isinstance(frame, pd.DataFrame) else pd.DataFrame(frame, dtype=object)
    if frame.empty and empty:
        return HTML(f"<p>{html.escape(recognise(empty))}</p>")
    if frame.empty:
        raise ValueError("A table needs at least one row.")
    if any(frame.index.names):
        frame = frame.reset_index()
    frame, caption = _translated(frame), recognise(caption)
    # Without this, pandas samples an id, and no notebook is saved twice with the same bytes.
    content = " ".join([caption, *map(str, frame.columns)])
    identity = hashlib.sha256(content.encode()).hexdigest()[:8]
    styler = _Table(frame, uuid=identity, caption=html.escape(caption), cell_ids=False)
    styler.format(escape="html", precision=3).format_index(escape="html", axis="columns")
    styler.hide(axis="index").set_table_styles(STYLES)
    return styler
