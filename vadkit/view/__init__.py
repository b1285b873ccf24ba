"""What a notebook shows as a still picture.

`style` holds colours, figures and alt text; `tables` a captioned table; `clips` what a picture
needs of a clip; `plots` the pictures. A figure displays itself, with its `.alt`, as the last line
of a cell or when passed to `display`.
"""

from vadkit.view.clips import (
    as_clip,
    describe_labels,
    intervals,
    kind_of,
    predict_and_score,
    representative_frame,
    scored,
)
from vadkit.view.plots import (
    feature_maps,
    gallery,
    predictions,
    psnr_curve,
    still,
    window_strip,
)
from vadkit.view.style import (
    ABNORMAL,
    BLACK,
    BLUE,
    COLOURS,
    DASHES,
    ERROR_MAP,
    ERROR_MAX,
    GREEN,
    ORANGE,
    VERMILLION,
    show,
    subplots,
    to_png,
)
from vadkit.view.tables import table

__all__ = [
    "ABNORMAL", "BLACK", "BLUE", "COLOURS", "DASHES", "ERROR_MAP", "ERROR_MAX", "GREEN",
    "ORANGE", "VERMILLION", "as_clip", "describe_labels", "feature_maps", "gallery",
    "intervals", "kind_of", "predict_and_score", "predictions", "psnr_curve",
    "representative_frame", "scored", "show", "still", "subplots", "table", "to_png",
    "window_strip",
]  # fmt: skip
