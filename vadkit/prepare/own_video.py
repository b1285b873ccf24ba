"""Any videos of one fixed camera: which clips a path names, and their labels."""

import dataclasses
import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vadkit.prepare.clips import Options, Source
from vadkit.prepare.decoding import IMAGE_ENDINGS, VIDEO_ENDINGS, visible
from vadkit.prepare.scene_folder import prepare_scene
from vadkit.scenes import Scene

Paths = str | Path | Sequence[str | Path]


def video(
    train: Paths,
    test: Paths,
    out: str | Path,
    *,
    labels: str | Path | None = None,
    label_key: str | None = None,
    size: tuple[int, int] = (128, 128),
    crop_top: float = 0.0,
    skip_corrupt: bool = False,
    jobs: int | None = None,
    replace: bool = False,
) -> Scene:
    """Turn videos of one fixed camera into a prepared scene.

    Parameters
    ----------
    train, test : str, Path or sequence of them
        Normal clips, and clips to be scored. Each is a video file, a folder of frames (pictures in
        natural order), or a folder of videos or of folders of frames. "PATH:FIRST-LAST" keeps the
        frames FIRST to LAST, both included, counted from 0.
    out : str or Path
        The folder of the scene.
    labels : str or Path, optional
        A JSON file: clip name to list of 0/1, one per frame of the file, 1 = abnormal; or clip name
        to versions of that list by name, of which `label_key` picks one.
    label_key : str, optional
        Which version of the labels, where there are several.
    size : tuple of int
        Height and width of the prepared frames.
    crop_top : float
        Share of the rows to cut off at the top first: 0.12 removes a caption.
    skip_corrupt : bool
        Repeat the neighbour of a frame that does not decode, and note it in scene.json.
    jobs : int, optional
        Processes, one per core by default. Where it is not 1, a script (not a notebook) must call
        this under ``if __name__ == "__main__":``.
    replace : bool
        Overwrite a scene that was prepared from other input or with other options.

    Returns
    -------
    Scene
        The scene, opened. If it is there already, nothing else is done.

    Raises
    ------
    ValueError
        For bad input, in one sentence that names the file; nothing is left on disk.
    OSError
        For files that are not there or cannot be read or written.
    """
    options = Options(size, crop_top, skip_corrupt, jobs, replace)
    normal, scored = _as_texts(train), _as_texts(test)
    clips = [clip for path in normal for clip in _find_clips(path, "train")]
    clips += [clip for path in scored for clip in _find_clips(path, "test")]
    if labels is not None:
        clips = _attach_labels(clips, _read_labels(labels, label_key))
    source = " ".join(normal + scored)
    return prepare_scene(out, clips, options, dataset="own video", source=source)


def _as_texts(paths):
    paths = [paths] if isinstance(paths, str | Path) else paths
    return [str(path) for path in paths]


def _find_clips(text, part):
    """The clips that PATH or PATH:FIRST-LAST names, without labels."""
    match = re.fullmatch(r"(.+):(\d+)-(\d+)", text)
    if not match or Path(text).exists():
        return [Source(part, _stem(path), path) for path in _clip_paths(Path(text))]
    path, first, last = Path(match[1]), int(match[2]), int(match[3])
    if first > last:
        raise ValueError(f"{text} ends before it begins: write PATH:FIRST-LAST.")
    if _clip_paths(path) == [path]:
        return [Source(part, f"{_stem(path)}_{first}-{last}", path, (first, last))]
    raise ValueError(
        f"{text}: a range of frames needs one video or one folder of frames, not a folder of clips."
    )


def _stem(path):
    return path.stem if path.is_file() else path.name


def _clip_paths(path):
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist.")
    if path.is_file():
        return [path]
    pictures = visible(path, IMAGE_ENDINGS)
    folders = [entry for entry in visible(path) if entry.is_dir() and entry not in pictures]
    videos = visible(path, VIDEO_ENDINGS)
    if pictures and (folders or videos):
        raise ValueError(
            f"{path} holds pictures beside folders or videos: "
            "is it one clip or several? Sort them apart."
        )
    if pictures:
        return [path]
    if not folders and not videos:
        raise ValueError(f"{path} is empty: it holds no video, no picture and no folder of frames.")
    # Refused here, or the run would end on it only after an hour of other clips.
    for folder in folders:
        if not visible(folder, IMAGE_ENDINGS):
            raise ValueError(
                f"{folder} holds no pictures: each folder in {path} should be one clip."
            )
    return [*folders, *videos]


def _read_labels(path, key):
    """The label file as {clip name: (T,) bool}, every value checked."""
    try:
        by_clip = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON ({error}).") from None
    if not isinstance(by_clip, dict):
        raise ValueError(f"{path} should map clip names to lists of 0 and 1.")
    return {name: _check_labels(labels, name, path, key) for name, labels in by_clip.items()}


def _check_labels(labels, name, path, key):
    if isinstance(labels, dict):
        if key not in labels:
            raise ValueError(
                f"{path} has several versions of the labels of '{name}': "
                f"choose --label-key {' or '.join(labels)}."
            )
        labels = labels[key]
    if not isinstance(labels, list):
        raise ValueError(f"{path}: the labels of '{name}' should be a list of 0 and 1.")
    for t, label in enumerate(labels):
        if label not in (0, 1):
            raise ValueError(
                f"{path}: frame {t} of '{name}' is labelled {label!r}; 0 is normal, 1 is abnormal."
            )
    return np.array(labels, bool)


def _attach_labels(clips, labels):
    """Give test clips their labels, and see to it that nothing abnormal is trained on."""
    if not any(_stem(clip.path) in labels for clip in clips if clip.part == "test"):
        raise ValueError(
            f"The label file names {', '.join(labels) or 'no clip'}; none of them is a test clip."
        )
    return [_labelled(clip, labels.get(_stem(clip.path))) for clip in clips]


def _labelled(clip, labels):
    if clip.span and labels is not None:
        first, last = clip.span
        labels = labels[first : last + 1]
        if clip.part == "train" and labels.any():
            raise ValueError(
                f"{clip.path}: frame {first + int(labels.argmax())} of the training range "
                "is labelled abnormal."
            )
    if clip.part == "train":
        return clip
    if labels is None:
        print(f"note: no labels for test clip '{clip.name}', it stays unlabelled.")
    return dataclasses.replace(clip, labels=labels)
