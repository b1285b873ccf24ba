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
    AMBER,
    BLACK,
    BLUE,
    BROWN,
    COLOURS,
    DASHES,
    ERROR_MAP,
    ERROR_MAX,
    GAIN_MAP,
    GREEN,
    GREY,
    PURPLE,
    SKY,
    VERMILLION,
    bundle,
    colours_of,
    figure_text,
    fold,
    image_tag,
    show,
    subplots,
    to_image,
)
from vadkit.view.tables import table

__all__ = [
    "ABNORMAL", "AMBER", "BLACK", "BLUE", "BROWN", "COLOURS", "DASHES", "ERROR_MAP", "ERROR_MAX",
    "GAIN_MAP", "GREEN", "GREY", "PURPLE", "SKY", "VERMILLION", "as_clip", "bundle", "colours_of",
    "describe_labels", "feature_maps", "figure_text", "fold", "gallery", "image_tag", "intervals",
    "kind_of", "predict_and_score", "predictions", "psnr_curve", "representative_frame", "scored",
    "show", "still", "subplots", "table", "to_image", "window_strip",
]  # fmt: skip
