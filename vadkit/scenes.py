"""A scene is one fixed camera: normal clips to train on, labelled clips to test on."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

FORMAT = "vadkit-scene-1"
SCRIPTS = {"ped1": "ucsd", "ped2": "ucsd", "avenue": "avenue", "shanghaitech": "shanghaitech"}


@dataclass
class Clip:
    """One video of one fixed camera.

    name: what the clip is called in its scene
    frames: (T, H, W) uint8, memory-mapped for prepared scenes
    labels: (T,) bool, True = abnormal; all False for training clips; None where nobody labelled them
    kinds: T strings, "" for a normal frame, the kind of anomaly otherwise; None where unknown
    boxes: (T, 4) int, the anomaly's box x0, y0, x1, y1 in pixels (half-open), -1 where there is none; None if unknown
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


def check_labels(labels, n_frames, where):
    """One 0/1 or bool label per frame -> (T,) bool. Raises ValueError, with `where` in it, for anything else."""
    labels = np.asarray(labels)
    if labels.shape != (n_frames,):
        raise ValueError(
            f"{where}: labels of shape {labels.shape} for {n_frames} frames, one label per frame is needed."
        )
    if not np.isin(labels, (0, 1)).all():
        raise ValueError(f"{where}: labels other than 0 and 1 (1 = abnormal).")
    return labels.astype(bool)


def data_folder():
    """Where prepared scenes are looked for: the environment variable VADKIT_DATA, or `data/` in the working folder
    or in the folders above it (so that it is found from `notebooks/` too)."""
    if os.environ.get("VADKIT_DATA"):
        return Path(os.environ["VADKIT_DATA"]).expanduser()
    here = Path.cwd()
    return next((folder / "data" for folder in (here, *here.parents) if (folder / "data").is_dir()), here / "data")


def list_scenes():
    """The names `open_scene` understands right now: the prepared scenes under `data_folder()`, at most two folders deep
    ("ped2", "shanghaitech/01"), sorted."""
    data = data_folder()
    files = [*data.glob("*/scene.json"), *data.glob("*/*/scene.json")]
    names = [file.parent.relative_to(data) for file in files]
    return sorted(name.as_posix() for name in names if not any(part.startswith(".") for part in name.parts))


def open_scene(name_or_folder):
    """Open a prepared scene: a folder, or the name of one under `data_folder()`. Frames stay on disk (memory-mapped).

    Raises FileNotFoundError when the scene or one of its clips is not there, ValueError when the folder is damaged.
    """
    folder = Path(name_or_folder).expanduser()
    if not (folder / "scene.json").is_file():
        folder = data_folder() / str(name_or_folder)
    if not (folder / "scene.json").is_file():
        found = ", ".join(list_scenes()) or "none yet"
        raise FileNotFoundError(
            f"No prepared scene '{name_or_folder}': neither that folder nor {folder} holds a scene.json "
            f"(prepared scenes there: {found}). To get it: {_how_to_get(str(name_or_folder))}"
        )
    about = _read_about(folder / "scene.json")
    clips = {
        part: [
            _open_clip(folder / part, name, (record["frames"], *about["size"]))
            for name, record in about["clips"][part].items()
        ]
        for part in ("train", "test")
    }
    return Scene(about["name"], clips["train"], clips["test"], provenance=about)


def _how_to_get(name):
    """Words for a scene that is not there; the field's datasets are known by name."""
    if script := SCRIPTS.get(name.split("/")[0]):
        return (
            f"download the dataset from its page, then run data_scripts/prepare_{script}.py; docs/datasets.md says how."
        )
    return "turn your videos into a scene with data_scripts/prepare_video.py; docs/datasets.md says how."


def _read_about(path):
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise ValueError(f"{path} is not valid JSON: prepare the scene again.") from None
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise ValueError(f"{path} is not in the format {FORMAT}: prepare the scene again.")
    try:
        records = [record for part in ("train", "test") for record in about["clips"][part].items()]
        lengths = {name: record["frames"] for name, record in records}
        complete = isinstance(about["name"], str) and len(about["size"]) == 2 and lengths
    except (KeyError, TypeError, AttributeError):
        complete = False
    if not complete:
        raise ValueError(f"{path} lacks a name, a size or clips with their lengths: prepare the scene again.")
    climber = next((name for name in lengths if Path(name).name != name or "\\" in name), None)
    if climber is not None:
        raise ValueError(f"{path} names a clip '{climber}': a clip lies in its scene's folder, so its name is no path.")
    return about


def _open_clip(folder, name, shape):
    path = folder / f"{name}.npy"
    frames = _open_array(path)
    if frames.dtype != np.uint8 or frames.shape != shape:
        raise ValueError(
            f"{path} holds {frames.dtype} {frames.shape}, but scene.json says uint8 {shape}: prepare the scene again."
        )
    if folder.name == "train":
        return Clip(name, frames, np.zeros(len(frames), bool))
    path = folder / f"{name}.labels.npy"
    return Clip(name, frames, check_labels(_open_array(path), len(frames), path) if path.exists() else None)


def _open_array(path):
    try:
        return np.lib.format.open_memmap(path, mode="r")  # unlike np.load, it knows .npy only: no pickle, no zip
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is missing although scene.json lists it: prepare the scene again.") from None
    except Exception as error:  # a damaged header can raise nearly anything
        raise ValueError(f"{path} cannot be read, it seems damaged ({error}): prepare the scene again.") from None
