"""What all widgets share: the words they show, a description, and a page that needs no kernel.

A widget is a class and, beside its module, a JavaScript file of the same name that defines
`render({model, el})`; a CSS file where it needs one. `base.js` and `chart.js` come before it.
"""

import base64
import hashlib
import html
import inspect
import json
import textwrap
from pathlib import Path
from typing import Any

import anywidget
import cv2
import matplotlib.figure
import numpy as np
import traitlets
from matplotlib import colormaps
from numpy.typing import ArrayLike
from torch import Tensor

from vadkit import view
from vadkit.checkpoints import atomic_path
from vadkit.checks import checked
from vadkit.text import TRANSLATIONS, say

_COLOURS = colormaps[view.ERROR_MAP](np.arange(256))[:, :3]
PALETTE = (_COLOURS * 255).round().astype(np.uint8).tobytes()  # of errors, 256 x RGB

PLAYER_LIMIT = 112_000  # characters of a player that a notebook carries; above it, a picture
EXACT, LOSSY = 101, 38  # qualities of WebP
GRAIN = 8  # of 255: a difference from the background that a lossy player does not show
WEBP_SIDE = 16_383  # pixels, as the format has it


def _read(path):
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _brief(code):
    """Code without indentation and lines of comment: each player carries a copy."""
    lines = map(str.strip, code.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


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

    more_javascript: tuple[str, ...] = ()  # files beside the module, for a long one
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
            files = [path.with_suffix(".js"), *map(path.with_name, cls.more_javascript)]
            cls._javascript = _brief(_SHARED_JS + "\n".join(map(_read, files)))
            cls._esm = cls._javascript + "\nexport default { render };\n"
            if "__init__" in vars(cls) and cls.__module__.startswith("vadkit."):
                cls.__init__ = checked(cls.__init__)
            cls._css = _brief(_SHARED_CSS + _read(path.with_suffix(".css")))
        super().__init_subclass__(**options)

    def __init__(self, **state):
        super().__init__(words=TRANSLATIONS, **state)

    def __repr__(self):
        return self.alt

    def _repr_mimebundle_(self, **options):
        """Give the live widget, a player or else a picture as HTML, a PNG, and the description."""
        live = super()._repr_mimebundle_(**options)
        data, metadata = live if isinstance(live, tuple) else (live or {}, {})
        still = self._cover()
        png = base64.b64encode(view.to_image(still)).decode()
        shown, about = {"image/png": png, "text/plain": self.alt}, {"image/png": {"alt": self.alt}}
        inside = self._without_script(view.image_tag(still, self.alt, quality=10))
        players = (self._player(quality, inside) for quality in (EXACT, LOSSY))
        small = (player for player in players if len(player) <= PLAYER_LIMIT)
        picture = view.image_tag(still, self.alt, quality=60)
        hint = f"<p>{html.escape(say('This is a picture of it. Run the cell to use it.'))}</p>"
        shown["text/html"] = next(small, None) or picture + hint
        return data | shown, metadata | about | {"vadkit": type(self).__name__}

    def _image_shape(self):
        """Height and width of its pictures."""
        return (self.shape if self.has_trait("shape") else [64, 64])[-2:]

    def _without_script(self, picture):
        """What HTML shows where no script may run."""
        return picture

    def _cover(self):
        """The picture where it cannot be played; of a game, one that does not tell the answers."""
        return self.still()

    def still(self) -> matplotlib.figure.Figure:
        """Draw a picture of it, for where nothing can be played: here, what it is in words.

        Returns
        -------
        Figure
            With alt text.
        """
        figure, ax = view.subplots(size=(7, 1), alt=self.alt)
        ax.axis("off")
        ax.text(0.5, 0.5, "\n".join(textwrap.wrap(self.alt, 75)), ha="center", va="center")
        return figure

    @checked
    def to_html(self, quality: int = EXACT) -> str:
        """Return HTML that plays without a kernel, a library or a network.

        Parameters
        ----------
        quality : int
            Of its pixels, as WebP has it: from 1 to 100, then without grain; 101 for exact ones.

        Returns
        -------
        str
            A fragment, pixels and code inside; where no script may run, a picture.
        """
        picture = view.image_tag(self._cover(), self.alt)
        return self._player(quality, self._without_script(picture))

    def _player(self, quality, without_script):
        inherited = anywidget.AnyWidget.class_trait_names()
        names = [name for name in self.trait_names() if name not in inherited and name[0] != "_"]
        plain = {name: getattr(self, name) for name in names}
        pixels = {name: plain.pop(name) for name in names if isinstance(plain[name], bytes)}
        shape = self._image_shape()
        packed = {name: _pack(value, shape, quality) for name, value in pixels.items() if value}
        plain |= {name: [] for name, value in pixels.items() if not value}
        # A clip may be called "<!--<script>", which would swallow the rest of the page.
        told = json.dumps(plain).replace("<", "\\u003c")
        state = f"const packed = {json.dumps(packed)}, state = {told};"
        code = f'{self._javascript}\n{state}\nrenderStill("#ID", packed, state);'
        code = code.replace("</", "<\\/")  # nor can the code end its own script
        name = "vadkit-" + hashlib.sha256(code.encode()).hexdigest()[:12]
        script = f"<script>(() => {{\n{code.replace('#ID', '#' + name)}\n}})();</script>"
        return f'<div id="{name}">{without_script}</div><style>{self._css}</style>{script}'

    @checked
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
        head = (
            '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            '<meta name="color-scheme" content="light dark">'
            f"<title>{html.escape(self.alt)}</title>"
        )
        body = f'<body style="margin:16px"><main>{self.to_html()}</main></body>'
        page = f'<!DOCTYPE html><html lang="en">{head}{body}</html>'
        with atomic_path(path) as unfinished:
            unfinished.write_text(page, encoding="utf-8")
        return Path(path)


def _pack(values, shape, quality):
    """Bytes as a WebP picture, images below one another in a few columns; the browser unpacks it.

    values : bytes of images of this shape (height, width), or of anything.
    """
    height, width = shape
    images = np.frombuffer(values, np.uint8)
    background = None
    if quality < EXACT and len(images) % (height * width) == 0 and len(images) > len(PALETTE):
        images, background = _without_background(images.reshape(-1, height * width))
    n_rows = -(-images.size // width)
    n_columns = -(-n_rows // WEBP_SIDE)
    flat = np.zeros((n_columns, -(-n_rows // n_columns), width), np.uint8)
    flat.reshape(-1)[: images.size] = images.reshape(-1)
    sheet = np.ascontiguousarray(np.concatenate(flat, axis=1))
    packed = {"sheet": _webp(sheet, EXACT if background is None else quality)}
    if background is not None:
        packed["background"] = _webp(background.reshape(shape), EXACT)
    return packed | {"width": width, "length": images.size}


def _without_background(images):
    """What differs from the pixels' medians, 128 where that is less than grain; and the medians."""
    background = np.median(images, axis=0).astype(np.uint8)
    change = images.astype(int) - background
    change[np.abs(change) < GRAIN] = 0
    return (change + 128).clip(0, 255).astype(np.uint8), background


def _webp(image, quality):
    _, file = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, quality])
    return "data:image/webp;base64," + base64.b64encode(file.tobytes()).decode()


class PixelBuffer:
    """Images collected in one bytes object, which travels to the browser as it is."""

    def __init__(self):
        self._parts, self._size = [], 0

    @checked
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


@checked
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
