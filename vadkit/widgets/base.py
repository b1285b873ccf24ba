"""TODO."""

import base64
import hashlib
import html
import inspect
import json
from pathlib import Path

import anywidget
import numpy as np
import traitlets
from matplotlib import colormaps

from vadkit import view
from vadkit.text import WORDS

PALETTE = (colormaps[view.ERROR_MAP](np.arange(256))[:, :3] * 255).round().astype(np.uint8).tobytes()


def _beside(file, suffix):
    """The text of the file with this suffix beside a Python file, "" where there is none."""
    path = Path(file).with_suffix(suffix)
    return path.read_text(encoding="utf-8") if path.exists() else ""


def synced(trait):
    return trait.tag(sync=True)


class Widget(anywidget.AnyWidget):
    """What all widgets share: words, a description for screen readers, and the static page."""

    _css = _beside(__file__, ".css")
    words = synced(traitlets.Dict())
    alt = synced(traitlets.Unicode())

    def __init_subclass__(cls, **options):
        """A widget's JavaScript and CSS are those of this module and of the files beside its own module."""
        if "_esm" not in vars(cls):  # traitlets makes a subclass for each widget, with `_esm` a trait
            file = inspect.getfile(cls)
            cls._javascript = _beside(__file__, ".js") + _beside(file, ".js")
            cls._esm = cls._javascript + "\nexport default { render };\n"
            cls._css = _beside(__file__, ".css") + _beside(file, ".css")
        super().__init_subclass__(**options)

    def __init__(self, **state):
        super().__init__(words=WORDS, **state)

    def __repr__(self):
        return self.alt

    def to_html(self):
        """-> one HTML fragment that plays without a kernel, a library or a network: pixels and code are inside."""
        inherited = anywidget.AnyWidget.class_trait_names()
        values = {name: getattr(self, name) for name in self.trait_names() if name not in inherited and name[0] != "_"}
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


def without_nan(values):
    return [None if np.isnan(v) else round(float(v), 4) for v in values]


def zeros_and_ones(labels):
    return [] if labels is None else [int(l) for l in labels]


def packed_clips(clips):
    """Frames of several clips as one bytes object, and where each begins."""
    clips = [view.as_clip(clip) for clip in clips]
    if not clips:
        raise ValueError("At least one clip is needed.")
    offsets = np.cumsum([0] + [clip.frames.size for clip in clips])
    return (
        clips,
        b"".join(np.ascontiguousarray(clip.frames).tobytes() for clip in clips),
        [int(o) for o in offsets[:-1]],
    )


def busiest_frame(clips):
    """The frame at which most clips are abnormal; 0 where none is labelled."""
    longest = max(len(clip) for clip in clips)
    labelled = [np.pad(clip.labels, (0, longest - len(clip))) for clip in clips if clip.labels is not None]
    return int(np.sum(labelled, axis=0).argmax()) if labelled else 0


def to_uint8(images):
    """Tensor of images in [0, 1] -> uint8 array; predictions may overshoot a little."""
    return (images.detach().clamp(0, 1) * 255).round().byte().numpy()


class PixelBuffer:
    """Collects pictures into one bytes object; `add` says where each begins."""

    def __init__(self):
        self.parts, self.size = [], 0

    def add(self, images):
        begins = self.size + np.arange(len(images)) * images[0].size
        self.parts.append(images.tobytes())
        self.size += images.size
        return [int(b) for b in begins]

    def all(self):
        return b"".join(self.parts)
