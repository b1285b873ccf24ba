"""A U-Net drawn as a U: where its blocks and arrows are, on a stage of WIDTH x HEIGHT units.

A block is a row of pictures, a box is [x, y, width, height]. The encoder goes down on the left, one
row for each size, the decoder up on the right; what goes in and what comes out stands at the sides.
"""

from matplotlib.axes import Axes

WIDTH, HEIGHT, TOP = 1000, 500, 28  # above TOP stand the headings
COLUMNS = {"encoder": 250, "decoder": 712}  # their middles
MIDDLE, APART = 481, 115  # of the bottom row; how far from it two blocks stand
MERGE = 852  # where x4 is added to what the network drew
CAPTION, GAP = 30, 4  # below the pictures of a block, and between them
ROOM, BOTTOM_ROOM = 244, 193  # for the pictures of a block, and for those of one in the bottom row
SHRINK = 0.88  # each size is drawn so much smaller; true halves would be too small to see
INPUT, OUTPUT = (4, 88, 0), (3, 126, 874)  # pictures, their width, their left edge
RESULTS = ("prediction", "truth", "error")  # from top to bottom
COLOUR, DASHES = "#5c5c5c", {"cut": (0, (2, 4)), "add": (0, (6, 4))}


def lay_out(blocks: list[dict], aspect: float, skips: bool, adds: bool) -> list[list]:
    """Give every block its place, and draw the way through them.

    Parameters
    ----------
    blocks : list of dict
        In the order in which they are computed, from "input" to "prediction", then "truth" and
        "error". Of each: its "kind", its "level" (how often the frame was halved before it) and
        its "pictures". It gets "boxes", one for each picture, and the "box" around them.
    aspect : float
        Height of a frame divided by its width.
    skips, adds : bool
        Whether there are skip connections; whether x4 is added to what the network drew.

    Returns
    -------
    list of list
        Arrows: a kind ("flow", "skip", "cut", "add") and the corners of the line, [[x, y], ...].
    """
    depth = max(block["level"] for block in blocks)
    n_bottom = sum(block["level"] == depth for block in blocks)
    bottom = iter([MIDDLE] if n_bottom == 1 else [MIDDLE - APART, MIDDLE + APART])
    results = _beside(OUTPUT, aspect)
    for block in blocks:
        kind, level, count = block["kind"], block["level"], len(block["pictures"])
        if kind == "input":
            block["boxes"] = _beside(INPUT, aspect)
        elif kind in RESULTS:
            block["boxes"] = [results[RESULTS.index(kind)]]
        else:
            column = next(bottom) if level == depth else COLUMNS[kind]
            block["boxes"] = _in_a_row(column, level, depth, count, aspect)
        block["box"] = _around(block["boxes"])
    way = blocks[: -len(RESULTS) + 1]  # truth and error are not on it
    return _arrows(way, depth, skips, adds)


def draw_arrow(ax: Axes, kind: str, corners: list[list[float]]) -> None:
    """Draw one of the arrows into a figure.

    Parameters
    ----------
    ax : Axes
        In units of the stage.
    kind, corners : str, list of list of float
        As `lay_out` gives them.
    """
    xs, ys = zip(*corners)
    ax.plot(xs, ys, lw=1, color=COLOUR, ls=DASHES.get(kind, "-"))
    if kind == "cut":
        ax.text(sum(xs) / 2, ys[0], "✕", ha="center", va="center", color=COLOUR)
        return
    head = {"arrowstyle": "-|>", "lw": 0, "color": COLOUR, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", corners[-1], corners[-2], arrowprops=head)


# --- Boxes


def _beside(side, aspect):
    """The pictures of one side, below one another, from the top of the stage to its bottom."""
    count, width, left = side
    highest = (HEIGHT - TOP) / count - CAPTION
    shown = min(width, highest / aspect)
    height = shown * aspect
    pitch = (HEIGHT - TOP - CAPTION - height) / (count - 1)
    x = left + (width - shown) / 2
    return [_rounded(x, TOP + i * pitch, shown, height) for i in range(count)]


def _in_a_row(column, level, depth, count, aspect):
    """The pictures of a block, beside one another around the middle of its column."""
    pitch = min((HEIGHT - TOP) / (depth + 1), HEIGHT / 3)
    gaps = GAP * (count - 1)
    width = min((ROOM - gaps) / count, (pitch - CAPTION - 26) / aspect) * SHRINK**level
    if level == depth:
        width = min(width, (BOTTOM_ROOM - gaps) / count)
    left = column - (count * width + gaps) / 2
    y = TOP + level * pitch
    return [_rounded(left + i * (width + GAP), y, width, width * aspect) for i in range(count)]


def _around(boxes):
    left, top = (min(box[i] for box in boxes) for i in (0, 1))
    right, bottom = (max(box[i] + box[i + 2] for box in boxes) for i in (0, 1))
    return _rounded(left, top, right - left, bottom - top)


# --- Arrows


def _arrows(blocks, depth, skips, adds):
    at = {(block["kind"], block["level"]): block["box"] for block in blocks}
    lines = [["flow", _between(a["box"], b["box"])] for a, b in zip(blocks, blocks[1:])]
    for level in range(depth):
        across = _between(at["encoder", level], at["decoder", level])
        lines.append(["skip" if skips else "cut", across])
    if adds:
        x, y, width, height = at["input", 0]
        up_to = _middle_y(at["prediction", 0], at["decoder", 0]) + 7
        low = round(y + height - 12, 1)
        lines.append(["add", [[x + width + 5, low], [MERGE, low], [MERGE, up_to]]])
    return lines


def _between(a, b):
    """A line from one block to the next: down or up, across, or round a corner."""
    (ax, ay, aw, ah), (bx, by, bw, bh) = a, b
    from_x, to_x = ax + aw / 2, bx + bw / 2
    below, above = (box[1] + box[3] + CAPTION for box in (a, b))
    if abs(from_x - to_x) < 1:
        ends = [(to_x, below), (to_x, by - 4)] if by > ay else [(to_x, ay - 4), (to_x, above)]
    elif ay < by + bh and by < ay + ah:  # side by side
        ends = [(ax + aw + 6, _middle_y(a, b)), (bx - 6, _middle_y(a, b))]
    elif by > ay:  # into the bottom row
        ends = [(from_x, below), (from_x, by + bh / 2), (bx - 6, by + bh / 2)]
    else:  # out of it
        ends = [(ax + aw + 6, ay + ah / 2), (to_x, ay + ah / 2), (to_x, above)]
    return [_rounded(*end) for end in ends]


def _middle_y(a, b):
    """The middle of the lower of two boxes that stand side by side: both reach as far."""
    box = a if a[3] < b[3] else b
    return box[1] + box[3] / 2


def _rounded(*values):
    return [round(value, 1) for value in values]
