"""The pages that run the network, "your camera" and "draw your own anomaly", and all they need.

That is the widgets' own JavaScript and style, the network and its runtime. Nothing in them asks
another server for anything.
"""

import base64
import gzip
import json
from pathlib import Path

import export_onnx
import numpy as np
from markupsafe import Markup
from messages import extract_javascript
from npm_packages import Library, contents
from site_pages import SOURCES, TEMPLATES, Page

import vadkit
from vadcourse import widgets
from vadcourse.widgets.drawn_figure import FIGURES, ready_figure
from vadkit import toy
from vadkit import widgets as shared
from vadkit.checkpoints import atomic_path
from vadkit.text import TRANSLATIONS, say
from vadkit.widgets.base import EXACT, PALETTE, _pack
from vadkit.windows import N_INPUTS

SHARED, COURSE = Path(shared.__file__).parent, Path(widgets.__file__).parent
SCRIPTS = [SHARED / "base.js", SHARED / "chart.js", COURSE / "drawn_figure.js",
           COURSE / "draw_anomaly.js"]  # fmt: skip
COPIED = ("predictor/*", "vendor/*")
TITLES = {"camera": "Your camera", "draw": "Draw your own anomaly"}
# Such a page forbids itself every address but its own: no frame can be sent anywhere.
POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob:"
)
STYLES = [SHARED / "base.css", COURSE / "draw_anomaly.css"]
# Widgets get their bytes as a DataView, and each calls its entry `render`.
MODULE = """
const PALETTE = Uint8Array.from(atob("{palette}"), (c) => c.charCodeAt(0));
const bytesOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
export {{
  PALETTE, bytesOf, errorTable, node, pasted, picture, render as renderDrawing, sayIn,
  setAttributes, thumbnail, unpack,
}};
"""
RUNTIME = Library(
    "onnxruntime-web",
    "1.30.0",
    "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ==",
)
SCRIPT, WASM = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
PLACE = {"seed": toy.TEST_SEEDS[360], "place": "campus", "custom": "stream"}  # as in notebook 06


def pages(language: str = "en") -> list[Page]:
    """Both pages, for the frame of the site; `text.use` has chosen their words, as ever."""
    words = Markup(as_json(words_of_scripts()))
    return [
        Page(
            f"{name}.html",
            say(title),
            TEMPLATES.get_template(f"{name}.html").render(words=words),
            language,
            kind="app",
            scripts=["predictor/served.js", "site.js"],
            styles=["predictor/vadkit.css", "predictor/pages.css"],
            module=f"predictor/{name}.js",
            policy=POLICY,
        )
        for name, title in TITLES.items()
    ]


def words_of_scripts() -> dict[str, str]:
    """What the scripts of both pages may say, by its English text, as far as it is translated."""
    texts = list(FIGURES)
    for path in (*SCRIPTS, *sorted((SOURCES / "predictor").glob("*.js"))):
        with open(path, "rb") as file:
            texts += [text for _, _, text, _ in extract_javascript(file, (), (), {})]
    return {text: TRANSLATIONS[text] for text in texts if text in TRANSLATIONS}


def as_json(value) -> str:
    """JSON that can stand inside a <script>: nothing in it ends that, or begins a comment."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def build(folder: Path) -> None:
    """Write what both pages need into the folder of the site.

    Raises
    ------
    ValueError
        If the network's runtime cannot be had.
    """
    script, wasm = contents(RUNTIME, f"dist/{SCRIPT}", f"dist/{WASM}")
    palette = base64.b64encode(PALETTE).decode()
    code = "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    written = {
        f"vendor/{SCRIPT}": script,
        f"vendor/{WASM}.gz": gzip.compress(wasm, mtime=0),  # 3.7 of 14 MB, whatever the server
        "predictor/widgets.js": (code + MODULE.format(palette=palette)).encode(),
        "predictor/vadkit.css": b"".join(path.read_bytes() for path in STYLES),
        "models/draw.json": json.dumps(clip_to_draw_on()).encode(),
    }
    for name in COPIED:
        for path in sorted(SOURCES.glob(name)):
            written[path.relative_to(SOURCES).as_posix()] = path.read_bytes()
    for name, data in written.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(folder / name) as unfinished:
            unfinished.write_bytes(data)
    for name in export_onnx.MODELS:
        export_onnx.export(name, folder / "models")


def clip_to_draw_on() -> dict:
    """A quiet clip of one place, and windows of another of its days to settle in with."""
    scene = vadkit.toy_scene(**PLACE, n_train=2)
    clip, day = (clip.frames for clip in scene.train_clips)
    windows = windows_of(day, export_onnx.MODELS["streams_maml"])
    return {
        "shape": list(clip.shape),
        "frames": _pack(clip.tobytes(), clip.shape[1:], EXACT),
        "windows": _pack(windows.tobytes(), clip.shape[1:], EXACT),
        "figures": [[name, ready_figure(name, clip.shape)] for name in FIGURES],
    }


def windows_of(frames: np.ndarray, k: int) -> np.ndarray:
    """K windows of five frames, (k, 5, H, W): of each of k parts, the one in which most moves."""
    moved = np.abs(np.diff(frames.astype(int), axis=0)).mean((1, 2))[N_INPUTS - 1 :]
    begins = [part[moved[part].argmax()] for part in np.array_split(np.arange(len(moved)), k)]
    return np.stack([frames[begin : begin + N_INPUTS + 1] for begin in begins])
