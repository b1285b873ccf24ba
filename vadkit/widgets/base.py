"""What all widgets share: the words they show, a description, and a page that needs no kernel.

A widget is a class and, beside its module, a JavaScript file of the same name that defines
`render({model, el})`; a CSS file where it needs one. `base.js` and `chart.js` come before it.
"""

import base64
import hashlib
import html
import inspect
import json
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from matplotlib import colormaps
from numpy.typing import ArrayLike
from torch import Tensor

from vadkit import view
from vadkit.text import TRANSLATIONS

_COLOURS = colormaps[view.ERROR_MAP](np.arange(256))[:, :3]
PALETTE = (_COLOURS * 255).round().astype(np.uint8).tobytes()  # of errors, 256 x RGB


def _read(path):
    return path.read_text(encoding="utf-8") if path.exists() else ""


_HERE = Path(__file__)
_SHARED_JS = _read(_HERE.with_suffix(".js")) + _read(_HERE.with_name("chart.js"))
_SHARED_CSS = _read(_HERE.with_suffix(".css"))


def traits(kind: type[traitlets.TraitType], n: int) -> list[Any]:
    """Declare several traits of one kind.

    Parameters
    ----------
    kind : type
        Such as `traitlets.List`.
    n : int
        How many.

    Returns
    -------
    list of TraitType
        Without a default value.
    """
    return [kind() for _ in range(n)]


class Widget(anywidget.AnyWidget):
    """A widget in the reader's language, with a description and a page that needs no kernel.

    Parameters
    ----------
    **state : Any
        Values of the traits, all of which the browser shares; `alt` is the description.
    """

    words = traitlets.Dict().tag(sync=True)
    alt = traitlets.Unicode().tag(sync=True)

    def __init_subclass__(cls, **options):
        """Share all traits, and find the code and the style that lie beside the module."""
        is_made_by_anywidget = "_esm" in vars(cls)  # for each instance, with `_esm` a trait of it
        if not is_made_by_anywidget:
            for member in vars(cls).values():
                if isinstance(member, traitlets.TraitType):
                    member.tag(sync=True)
            path = Path(inspect.getfile(cls))
            cls._javascript = _SHARED_JS + _read(path.with_suffix(".js"))
            cls._esm = cls._javascript + "\nexport default { render };\n"
            cls._css = _SHARED_CSS + _read(path.with_suffix(".css"))
        super().__init_subclass__(**options)

    def __init__(self, **state):
        super().__init__(words=TRANSLATIONS, **state)

    def __repr__(self):
        return self.alt

    def to_html(self) -> str:
        """Return HTML that plays without a kernel, a library or a network.

        Returns
        -------
        str
            A fragment, pixels and code inside.
        """
        inherited = anywidget.AnyWidget.class_trait_names()
        names = [name for name in self.trait_names() if name not in inherited and name[0] != "_"]
        plain = {name: getattr(self, name) for name in names}
        pixels = {name: plain.pop(name) for name in names if isinstance(plain[name], bytes)}
        packed = {name: base64.b64encode(value).decode() for name, value in pixels.items()}
        state = f"const packed = {json.dumps(packed)}, state = {json.dumps(plain)};"
        code = f'{self._javascript}\n{state}\nrenderStill("#ID", packed, state);'
        code = code.replace("</", "<\\/")  # no text can end the script
        name = "vadkit-" + hashlib.sha256(code.encode()).hexdigest()[:12]
        note = f"<noscript><p>{html.escape(self.alt)}</p></noscript>"
        script = f"<script>(() => {{\n{code.replace('#ID', '#' + name)}\n}})();</script>"
        return f'<div id="{name}"></div>{note}<style>{self._css}</style>{script}'

    def save_html(self, path: str | Path) -> Path:
        """Write `to_html` as a page of its own.

        Parameters
        ----------
        path : str or Path
            Of the file.

        Returns
        -------
        Path
            Of the file.
        """
        head = f'<meta charset="utf-8"><title>{html.escape(self.alt)}</title>'
        body = f'<body style="background:#fff; margin:16px"><main>{self.to_html()}</main></body>'
        page = f'<!DOCTYPE html><html lang="en">{head}{body}</html>'
        Path(path).write_text(page, encoding="utf-8")
        return Path(path)


class PixelBuffer:
    """Images collected in one bytes object, which travels to the browser as it is."""

    def __init__(self):
        self._parts, self._size = [], 0

    def add(self, images: np.ndarray | Tensor) -> list[int]:
        """Append images.

        Parameters
        ----------
        images : ndarray or Tensor
            (N, H, W): uint8, or a tensor of floats in [0, 1], which may overshoot a little.

        Returns
        -------
        list of int
            Where in `pixels` each begins.
        """
        if isinstance(images, Tensor):
            images = (images.detach().clamp(0, 1) * 255).round().byte().numpy()
        begins = self._size + np.arange(len(images)) * images[0].size
        self._parts.append(images.tobytes())
        self._size += images.size
        return begins.tolist()

    @property
    def pixels(self) -> bytes:
        """All images, one after the other."""
        return b"".join(self._parts)


def json_list(values: ArrayLike | None) -> list:
    """Turn labels or scores into what JSON can hold.

    Parameters
    ----------
    values : array_like or None
        (T,) of labels, 0/1 or bool, or of scores, NaN where there is none.

    Returns
    -------
    list
        Labels as int; scores rounded to four digits, None for NaN; empty for None.
    """
    if values is None:
        return []
    array = np.asarray(values)
    if array.dtype.kind != "f":
        return array.astype(int).tolist()
    return [None if np.isnan(score) else round(float(score), 4) for score in array]
