"""Put the pages that run the network, "your camera" and "draw your own anomaly", into a site.

    python tools/site_predictor.py --out build/site
    python -m http.server -d build/site        # then open http://localhost:8000/camera.html

`build` does it all: the pages of site/, the widgets' own JavaScript and style, the network and its
runtime. Nothing in them asks another server for anything.
"""

import argparse
import base64
import gzip
import json
import sys
from pathlib import Path

import export_onnx
import numpy as np
from npm_packages import Library, contents

import vadkit
from notebooks import ROOT
from vadcourse import widgets
from vadcourse.widgets.drawn_figure import FIGURES, ready_figure
from vadkit import toy
from vadkit import widgets as shared
from vadkit.checkpoints import atomic_path
from vadkit.widgets.base import EXACT, PALETTE, _pack
from vadkit.windows import N_INPUTS

PAGES = ROOT / "site"
SHARED, COURSE = Path(shared.__file__).parent, Path(widgets.__file__).parent
SCRIPTS = [SHARED / "base.js", SHARED / "chart.js", COURSE / "drawn_figure.js",
           COURSE / "draw_anomaly.js"]  # fmt: skip
COPIED = ("camera.html", "draw.html", "theme.js", "icon.svg", "predictor/*", "vendor/*")
STYLES = [SHARED / "base.css", COURSE / "draw_anomaly.css"]
# Widgets get their bytes as a DataView, and each calls its entry `render`.
MODULE = """
const PALETTE = Uint8Array.from(atob("{palette}"), (c) => c.charCodeAt(0));
const bytesOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
export {{
  PALETTE, bytesOf, errorTable, node, pasted, picture, render as renderDrawing, setAttributes,
  thumbnail, unpack,
}};
"""
RUNTIME = Library(
    "onnxruntime-web",
    "1.30.0",
    "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ==",
)
SCRIPT, WASM = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
PLACE = {"seed": toy.TEST_SEEDS[360], "place": "campus", "custom": "stream"}  # as in notebook 06


def main(arguments: list[str] | None = None) -> int:
    """Build the pages; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    options = parser.parse_args(arguments)
    try:
        size = build(options.out)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"Nothing can be written to {options.out}: {error.strerror}.", file=sys.stderr)
        return 2
    print(f"{options.out}: camera.html and draw.html, {size / 1e6:.1f} MB with all they need")
    print(f"python -m http.server -d {options.out}, then http://localhost:8000/camera.html")
    return 0


def build(folder: Path) -> int:
    """Write both pages and all they need into a folder; how many bytes.

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
        for path in sorted(PAGES.glob(name)):
            written[path.relative_to(PAGES).as_posix()] = path.read_bytes()
    for name, data in written.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(folder / name) as unfinished:
            unfinished.write_bytes(data)
    models = (export_onnx.export(name, folder / "models") for name in export_onnx.MODELS)
    return sum(map(len, written.values())) + sum(models)


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


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
