"""A scene is one fixed camera: normal clips to train on, labelled clips to test on."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

FORMAT = "vadkit-scene-1"


@dataclass
class Clip:
    """One video of one fixed camera.

    name: what the clip is called in its scene
    frames: (T, H, W) uint8, memory-mapped for prepared scenes
    labels: (T,) bool, True = abnormal; all False for training clips; None where nobody labelled them
    kinds: T strings, "" for a normal frame, the kind of anomaly otherwise; None where unknown
    boxes: (T, 4) int, the anomaly's box x0, y0, x1, y1 in pixels (half-open), -1 where there is none; None where unknown
    """

    name: str
    frames: np.ndarray
    labels: np.ndarray | None = None
    kinds: list[str] | None = None
    boxes: np.ndarray | None = None

    def __len__(self):
        return len(self.frames)


@dataclass
class Scene:
    """A fixed camera: `train_clips` show normal life only, `test_clips` are labelled frame by frame."""

    name: str
    train_clips: list
    test_clips: list
    place: str = ""
    provenance: dict = field(default_factory=dict)

    def train_windows(self, n_inputs=4):
        """All windows (x1..x4 -> x5) of the training clips, as a lazy `Windows` dataset."""
        from .windows import Windows

        return Windows(self.train_clips, n_inputs)


def data_folder():
    """Where prepared scenes are looked for: the environment variable VADKIT_DATA, or `data/` in the working folder
    or in the folders above it (so that it is found from `notebooks/` too)."""
    if os.environ.get("VADKIT_DATA"):
        return Path(os.environ["VADKIT_DATA"]).expanduser()
    here = Path.cwd()
    return next((folder / "data" for folder in (here, *here.parents) if (folder / "data").is_dir()), here / "data")


def list_scenes():
    """The names `open_scene` understands right now: every prepared scene under `data_folder()`, sorted."""
    return sorted(str(path.parent.relative_to(data_folder())) for path in data_folder().rglob("scene.json"))


def open_scene(name_or_folder):
    """Open a prepared scene: a folder, or the name of one under `data_folder()`. Frames stay on disk (memory-mapped).

    Raises FileNotFoundError when there is no such scene, ValueError when the folder is damaged.
    """
    folder = Path(name_or_folder).expanduser()
    if not (folder / "scene.json").is_file():
        folder = data_folder() / str(name_or_folder)
    if not (folder / "scene.json").is_file():
        found = ", ".join(list_scenes()) or "none yet"
        raise FileNotFoundError(
            f"No prepared scene '{name_or_folder}': neither that folder nor {folder} holds a scene.json "
            f"(prepared scenes there: {found}). Prepare one with data_scripts/prepare_video.py, see docs/datasets.md."
        )
    try:
        about = json.loads((folder / "scene.json").read_text(encoding="utf-8"))
    except ValueError:
        raise ValueError(f"{folder / 'scene.json'} is not valid JSON: prepare the scene again.") from None
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise ValueError(f"{folder / 'scene.json'} is not in the format {FORMAT}: prepare the scene again.")
    clips = {part: [_open_clip(folder / part, name, part) for name in about["clips"][part]] for part in ("train", "test")}
    return Scene(about["name"], clips["train"], clips["test"], provenance=about)


def _open_clip(folder, name, part):
    frames = _open_array(folder / f"{name}.npy")
    if frames.ndim != 3 or frames.dtype != np.uint8 or not len(frames):
        raise ValueError(
            f"{folder / name}.npy holds {frames.dtype} {frames.shape}, not uint8 frames (T, H, W): prepare the scene again."
        )
    if part == "train":
        return Clip(name, frames, np.zeros(len(frames), bool))
    path = folder / f"{name}.labels.npy"
    labels = np.array(_open_array(path), dtype=bool) if path.exists() else None
    if labels is not None and labels.shape != (len(frames),):
        raise ValueError(f"{path} has {labels.size} labels for {len(frames)} frames: prepare the scene again.")
    return Clip(name, frames, labels)


def _open_array(path):
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is missing although scene.json lists it: prepare the scene again.") from None
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(f"{path} is damaged ({error}): prepare the scene again.") from None
