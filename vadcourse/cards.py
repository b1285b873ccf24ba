"""What a check shows: a card with a colour, a sign and a word in JupyterLab, a line elsewhere."""

import html

from IPython.display import display

from vadkit import view
from vadkit.text import say

LOOKS = {  # kind: (colour, sign)
    "open": (view.GREY, "○"),
    "solved": (view.GREEN, "✓"),
    "not yet": (view.BLUE, "↻"),
    "stopped": (view.BLACK, "✗"),
}
STYLE = (
    "border: 1px solid {colour}; border-left-width: 8px; border-radius: 6px; max-width: 75ch;"
    "padding: 8px 14px; margin: 4px 0; background: var(--jp-layout-color1, #fff);"
    "color: var(--jp-content-font-color1, #1f1f1f)"
)


class Card:
    """A verdict: one of LOOKS, and why in one or two sentences."""

    def __init__(self, kind: str, why: str = ""):
        self.colour, self.sign = LOOKS[kind]
        words = {
            "open": say("Not attempted yet."),
            "solved": say("Correct."),
            "not yet": say("Not yet."),
            "stopped": say("Not yet. An error:"),
        }
        self.word, self.why = words[kind], why

    def __repr__(self):
        return f"{self.word} {self.why}".strip()

    def _repr_html_(self):
        words = f"<strong>{html.escape(self.word)}</strong> {html.escape(self.why)}"
        colour = f"color-mix(in srgb, {self.colour}, currentColor 25%)"
        sign = f'<span aria-hidden="true" style="font-size: 1.3em">{self.sign}</span>'
        return f'<div role="status" style="{STYLE.format(colour=colour)}">{sign} {words}</div>'


def show_card(kind: str, why: str = "") -> None:
    """Display a `Card`."""
    display(Card(kind, why))


def ring(n: int, total: int) -> str:
    """SVG of a ring that is closed to n parts of `total`, with both numbers inside.

    Raises a ValueError where there is nothing to count.
    """
    if not 0 <= n <= total or total == 0:
        raise ValueError(f"A ring shows 0 to all of at least one part, got {n} of {total}.")
    circle = 'cx="36" cy="36" r="29" fill="none" stroke-width="9"'
    length = 182.2  # of the circle
    arc = f'stroke-dasharray="{length * n / total:.1f} {length}" transform="rotate(-90 36 36)"'
    words = html.escape(say("{n} of {all} solved", n=n, all=total))
    text = 'text-anchor="middle" font-size="17" font-weight="600" fill="currentColor"'
    return (
        f'<svg width="72" height="72" viewBox="0 0 72 72" role="img" aria-label="{words}">'
        f'<circle {circle} stroke="currentColor" opacity="0.15"/>'
        f'<circle {circle} stroke="{view.GREEN}" {arc}/>'
        f'<text x="36" y="42" {text}>{n}/{total}</text></svg>'
    )
