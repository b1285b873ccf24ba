"""Widgets: thin Python around one JavaScript file each. All pixels go to the browser once and are drawn there.

`scrubber.js`, `label_player.js`, `gallery.js`, `operating_point.js` and `guard_shift.js` stand beside this file, on top of
what they share (`common.js`, `widgets.css`). The same JavaScript, inlined with its data, is the static page of `to_html`.
"""

import base64
import hashlib
import html
import json
from pathlib import Path

import anywidget
import numpy as np
import traitlets
from matplotlib import colormaps

from .. import plots
from ..windows import N_INPUTS
from ..words import WORDS, say

HERE = Path(__file__).parent
PALETTE = (colormaps[plots.ERROR_MAP](np.arange(256))[:, :3] * 255).round().astype(np.uint8).tobytes()


def _source(name):
    return (HERE / name).read_text(encoding="utf-8")


def _synced(trait):
    return trait.tag(sync=True)


class Widget(anywidget.AnyWidget):
    """What all widgets share: words, a description for screen readers, and the static page."""

    _css = _source("widgets.css")
    words = _synced(traitlets.Dict())
    alt = _synced(traitlets.Unicode())

    def __init__(self, **state):
        super().__init__(words=WORDS, **state)

    def __repr__(self):
        return self.alt

    def to_html(self):
        """-> one HTML fragment that plays without a kernel, a library or a network: pixels and code are inside."""
        names = [name for name in self.traits(sync=True) if not name.startswith("_") and name not in ("layout", "comm", "tabbable", "tooltip")]
        values = {name: getattr(self, name) for name in names}
        packed = {name: base64.b64encode(v).decode() for name, v in values.items() if isinstance(v, bytes)}
        plain = {name: v for name, v in values.items() if not isinstance(v, bytes)}
        code = f"""{self._javascript}
const packed = {json.dumps(packed)}, state = {json.dumps(plain)};
for (const [name, text] of Object.entries(packed)) state[name] = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const model = {{get: (name) => state[name], set: (name, value) => {{ state[name] = value; }}, save_changes() {{}}, on() {{}}, off() {{}}}};
const el = document.querySelector("#ID:not(.vadkit)");
if (el) render({{model, el}});""".replace("</", "<\\/")
        name = "vadkit-" + hashlib.sha256(code.encode()).hexdigest()[:12]
        note = html.escape(self.alt)
        return (
            f'<div id="{name}"></div><noscript><p>{note}</p></noscript><style>{self._css}</style>'
            f"<script>(() => {{\n{code.replace('#ID', '#' + name)}\n}})();</script>"
        )

    def save_html(self, path):
        """Write `to_html` as a page of its own. Returns the path."""
        page = f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>{html.escape(self.alt)}</title>'
        page += f'<body style="background:#fff; margin:16px"><main>{self.to_html()}</main></body></html>'
        Path(path).write_text(page, encoding="utf-8")
        return Path(path)


def _with_code(name):
    """Class decorator: the widget's JavaScript is common.js and its own file."""

    def attach(widget):
        widget._javascript = _source("common.js") + _source(name)
        widget._esm = widget._javascript + "\nexport default { render };\n"
        return widget

    return attach


def _without_nan(values):
    return [None if np.isnan(v) else round(float(v), 4) for v in values]


def _numbers(labels):
    return [] if labels is None else [int(l) for l in labels]


@_with_code("scrubber.js")
class Scrubber(Widget):
    """The widget of the course: x1..x4 | ground truth | prediction | error along a clip, with its PSNR curve.

    clip: a Clip, or frames (T, H, W) uint8
    predictor, predictions: one of the two; predictions (T - 4, H, W) uint8 or float in [0, 1], as `predict_clip` gives them
    score: "frame" = PSNR of the whole frame, "patch" = of the worst block
    threshold: dB; frames below it are alarms. Default: the middle of the PSNR range
    `.frame` and `.threshold` follow the reader's hands, and may be set. Raises ValueError for input that does not fit.
    """

    frames = _synced(traitlets.Bytes())
    predictions = _synced(traitlets.Bytes())
    palette = _synced(traitlets.Bytes(PALETTE))
    shape = _synced(traitlets.List())
    psnr = _synced(traitlets.List())
    labels = _synced(traitlets.List())
    kinds = _synced(traitlets.List())
    n_inputs = _synced(traitlets.Int(N_INPUTS))
    error_max = _synced(traitlets.Float())
    fps = _synced(traitlets.Float())
    frame = _synced(traitlets.Int())
    threshold = _synced(traitlets.Float())

    def __init__(self, clip, predictor=None, predictions=None, score="frame", threshold=None, frame=None,
                 error_max=plots.ERROR_MAX, fps=10):  # fmt: skip
        clip = plots.as_clip(clip)
        predictions, psnr = plots.predict_and_score(clip, predictor, predictions, score)
        if threshold is None:
            threshold = (np.nanmin(psnr) + np.nanmax(psnr)) / 2
        super().__init__(
            frames=np.ascontiguousarray(clip.frames).tobytes(),
            predictions=(predictions * 255).round().astype(np.uint8).tobytes(),
            shape=list(clip.frames.shape),
            psnr=_without_nan(psnr),
            labels=_numbers(clip.labels),
            kinds=list(clip.kinds or [""] * len(clip)),
            error_max=error_max,
            fps=fps,
            frame=plots.telling_frame(clip) if frame is None else frame,
            threshold=float(threshold),
            alt=say("Scrubber of clip {name}: four inputs, ground truth, prediction and error of each frame, with the PSNR curve.",
                    name=clip.name),
        )  # fmt: skip


def scrub(predictor, clip, **options):
    """`Scrubber(clip, predictor)`, the way one says it: scrub this predictor along that clip."""
    return Scrubber(clip, predictor, **options)
