"""A scene is one fixed camera: normal clips to train on, labelled clips to test on."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from vadkit.windows import Windows

FORMAT = "vadkit-scene-1"
SCRIPTS = {"ped1": "ucsd", "ped2": "ucsd", "avenue": "avenue", "shanghaitech": "shanghaitech"}


@dataclass
class Clip:
    """One video of one fixed camera.

    Parameters
    ----------
    name : str
        What the clip is called in its scene.
    frames : ndarray
        (T, H, W) uint8, memory-mapped for prepared scenes.
    labels : ndarray, optional
        (T,) bool, True = abnormal; all False for training clips; None where nobody labelled.
    kinds : list of str, optional
        The kind of anomaly in each frame, "" for a normal one; None where unknown.
    boxes : ndarray, optional
        (T, 4) int, the anomaly's box x0, y0, x1, y1 in pixels (half-open), -1 for no anomaly.
    """

    name: str
    frames: np.ndarray
    labels: np.ndarray | None = None
    kinds: list[str] | None = None
    boxes: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.frames)


@dataclass
class Scene:
    """A fixed camera and its clips.

    Parameters
    ----------
    name : str
        What the scene is called.
    train_clips, test_clips : list of Clip
        Normal life only, and clips labelled frame by frame.
    place : str
        What kind of place the camera looks at, for toy scenes.
    provenance : dict
        Where the clips come from; what scene.json holds for prepared scenes.
    """

    name: str
    train_clips: list[Clip]
    test_clips: list[Clip]
    place: str = ""
    provenance: dict = field(default_factory=dict)

    def train_windows(self, n_inputs: int = 4) -> "Windows":
        """Cut the training clips into all their windows, lazily.

        Parameters
        ----------
        n_inputs : int
            Frames that a window predicts the next one from.

        Returns
        -------
        Windows
            The dataset of windows (x1..x4 -> x5).
        """
        from vadkit.windows import Windows  # loads torch, which preparing a scene does without

        return Windows(self.train_clips, n_inputs)


def check_labels(labels: ArrayLike, n_frames: int, where: str | Path) -> np.ndarray:
    """Check that there is one label, 0/1 or bool, for each frame.

    Parameters
    ----------
    labels : array_like
        1 = abnormal.
    n_frames : int
        How many labels are needed.
    where : str or Path
        What the error message begins with.

    Returns
    -------
    ndarray
        (T,) bool; anything else is a ValueError.
    """
    labels = np.asarray(labels)
    if labels.dtype.kind not in "biuf":
        raise ValueError(f"{where}: labels of type {labels.dtype}, they should be 0 and 1.")
    if labels.shape != (n_frames,):
        need = f"{n_frames} frames, one label per frame is needed"
        raise ValueError(f"{where}: labels of shape {labels.shape} for {need}.")
    if not np.isin(labels, (0, 1)).all():
        raise ValueError(f"{where}: labels other than 0 and 1 (1 = abnormal).")
    return labels.astype(bool)


def data_folder() -> Path:
    """Find where prepared scenes lie: VADKIT_DATA, or `data/` here or in a folder above.

    Returns
    -------
    Path
        The folder; it need not exist.
    """
    if os.environ.get("VADKIT_DATA"):
        return Path(os.environ["VADKIT_DATA"]).expanduser()
    here = Path.cwd()
    candidates = [folder / "data" for folder in (here, *here.parents)]  # above: for `notebooks/`
    return next(filter(Path.is_dir, candidates), candidates[0])


def list_scenes() -> list[str]:
    """List the prepared scenes under `data_folder()`, at most two folders deep.

    Returns
    -------
    list of str
        The names that `open_scene` takes ("ped2", "shanghaitech/01"), sorted.
    """
    data = data_folder()
    files = [*data.glob("*/scene.json"), *data.glob("*/*/scene.json")]
    names = [file.parent.relative_to(data).as_posix() for file in files]
    return sorted(name for name in names if "/." not in f"/{name}")  # a hidden one is unfinished


def open_scene(name_or_folder: str | Path) -> Scene:
    """Open a prepared scene; its frames stay on disk (memory-mapped).

    Parameters
    ----------
    name_or_folder : str or Path
        A folder, or the name of one under `data_folder()`.

    Returns
    -------
    Scene
        Its provenance is what scene.json holds.

    Raises
    ------
    FileNotFoundError
        If the scene or one of its clips is not there.
    ValueError
        If the folder is damaged.
    """
    folder = Path(name_or_folder).expanduser()
    if not (folder / "scene.json").is_file():
        folder = data_folder() / str(name_or_folder)
    if not (folder / "scene.json").is_file():
        prepared = ", ".join(list_scenes()) or "none yet"
        raise FileNotFoundError(
            f"No prepared scene '{name_or_folder}': neither that folder nor {folder} holds a "
            f"scene.json (prepared scenes there: {prepared}). "
            f"To get it: {_how_to_get(str(name_or_folder))}; docs/datasets.md says how."
        )
    about = read_about(folder / "scene.json")
    clips: dict[str, list[Clip]] = {"train": [], "test": []}
    for part in clips:
        for name, record in about["clips"][part].items():
            clips[part].append(open_clip(folder / part, name, (record["frames"], *about["size"])))
    return Scene(about["name"], clips["train"], clips["test"], provenance=about)


def _how_to_get(name):
    script = SCRIPTS.get(name.split("/")[0])
    if script:
        return f"download the dataset from its page, then run data_scripts/prepare_{script}.py"
    return "turn your videos into a scene with data_scripts/prepare_video.py"


def read_about(path: Path) -> dict:
    """Read and check the scene.json of a prepared scene.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict
        Format, name, size and clips with their lengths at least; else a ValueError.
    """
    again = f"remove {path.parent} and prepare the scene again"
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise ValueError(f"{path} is not valid JSON: {again}.") from None
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise ValueError(f"{path} is not in the format {FORMAT}: {again}.")
    try:
        clips = {**about["clips"]["train"], **about["clips"]["test"]}
        numbers = [*about["size"], *(record["frames"] for record in clips.values())]
        complete = isinstance(about["name"], str) and len(about["size"]) == 2 and bool(clips)
        complete = complete and all(type(n) is int and 0 <= n < 2**48 for n in numbers)
    except (KeyError, TypeError, AttributeError):
        complete = False
    if not complete:
        raise ValueError(f"{path} lacks a name, a size or clips with their lengths: {again}.")
    for name in clips:
        if not is_file_name(name):  # it would be read from outside the folder
            hint = "a clip lies in its scene's folder, so its name is no path"
            raise ValueError(f"{path} names a clip '{name}': {hint}.")
    return about


def is_file_name(name: str) -> bool:
    """Tell whether a clip can be called that: no path on any system, and not empty.

    Parameters
    ----------
    name : str
        The name, without an ending.

    Returns
    -------
    bool
        Whether it stays in its folder.
    """
    return name not in ("", ".", "..") and not set(name) & set("/\\\0")


def open_clip(folder: Path, name: str, shape: tuple[int, int, int]) -> Clip:
    """Open one clip of a prepared scene.

    Parameters
    ----------
    folder : Path
        The scene's folder "train" or "test".
    name : str
        The clip's.
    shape : tuple of int
        (T, H, W) as scene.json has it.

    Returns
    -------
    Clip
        Its frames stay on disk.

    Raises
    ------
    FileNotFoundError, ValueError
        If the files are not what scene.json says.
    """
    path = folder / f"{name}.npy"
    frames = open_npy(path)
    if frames.dtype != np.uint8 or frames.shape != shape:
        raise ValueError(
            f"{path} holds {frames.dtype} {frames.shape}, but scene.json says uint8 {shape}: "
            "prepare the scene again."
        )
    if folder.name == "train":
        return Clip(name, frames, np.zeros(len(frames), bool))
    path = folder / f"{name}.labels.npy"
    if not path.exists():
        return Clip(name, frames)
    return Clip(name, frames, check_labels(open_npy(path), len(frames), path))


def open_npy(path: Path, advice: str = "prepare the scene again") -> np.ndarray:
    """Open a .npy file without reading it; nothing in it is ever executed.

    Parameters
    ----------
    path : Path
        The file.
    advice : str
        What to do if it is damaged or missing.

    Returns
    -------
    ndarray
        Memory-mapped, read-only.

    Raises
    ------
    FileNotFoundError, ValueError
        If it is missing or damaged.
    """
    try:  # unlike np.load, open_memmap knows .npy only: no pickle, no zip
        return np.lib.format.open_memmap(path, mode="r")
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is missing: {advice}.") from None
    except Exception as error:  # a damaged header can raise nearly anything
        reason = " ".join(str(error).split())[:100]
        raise ValueError(f"{path} cannot be read, it seems damaged ({reason}): {advice}.") from None
