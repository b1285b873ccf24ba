"""Any videos of one fixed camera: which clips a path names, and their labels."""

import dataclasses
import json
import re
from pathlib import Path

import numpy as np

from vadkit.prepare.decoding import VIDEO_ENDINGS, is_image, visible
from vadkit.prepare.scene_folder import Source


def find_clips(text, part):
    """One PATH of the command line -> the clips in it, as `Source`s without labels."""
    ranged = re.fullmatch(r"(.+):(\d+)-(\d+)", text)
    if Path(text).exists() or not ranged:
        return [Source(part, path.stem if path.is_file() else path.name, path) for path in _clip_paths(Path(text))]
    path, first, last = Path(ranged[1]), int(ranged[2]), int(ranged[3])
    if first > last:
        raise ValueError(f"{text} ends before it begins: write PATH:FIRST-LAST.")
    clips = _clip_paths(path)
    if clips != [path]:
        raise ValueError(f"{text}: a range of frames needs one video or one folder of frames, not a folder of clips.")
    return [Source(part, f"{path.stem if path.is_file() else path.name}_{first}-{last}", path, (first, last))]


def _clip_paths(path):
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist.")
    if path.is_file():
        return [path]
    inside = visible(path)
    pictures = [file for file in inside if is_image(file)]
    folders = [folder for folder in inside if not is_image(folder) and folder.is_dir()]
    videos = [file for file in inside if file.suffix.lower() in VIDEO_ENDINGS]
    if pictures and (folders or videos):
        raise ValueError(f"{path} holds pictures beside folders or videos: is it one clip or several? Sort them apart.")
    if pictures:
        return [path]
    if not folders and not videos:
        raise ValueError(f"{path} is empty: it holds no video, no picture and no folder of frames.")
    for folder in folders:
        if not any(map(is_image, visible(folder))):
            raise ValueError(f"{folder} holds no pictures: each folder in {path} should be one clip.")
    return [*folders, *videos]


def read_labels(path, key=None):
    """The label file -> {clip name: (T,) bool}, every value checked."""
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
                f"{path} has several versions of the labels of '{name}': choose --label-key {' or '.join(labels)}."
            )
        labels = labels[key]
    if not isinstance(labels, list):
        raise ValueError(f"{path}: the labels of '{name}' should be a list of 0 and 1.")
    for frame, label in enumerate(labels):
        if label not in (0, 1):
            raise ValueError(f"{path}: frame {frame} of '{name}' is labelled {label!r}; 0 is normal, 1 is abnormal.")
    return np.array(labels, bool)


def attach_labels(clips, labels):
    """Give test clips their labels, and see to it that nothing abnormal is trained on."""
    stem = {id(clip): clip.path.stem if clip.path.is_file() else clip.path.name for clip in clips}
    if not any(stem[id(clip)] in labels for clip in clips if clip.part == "test"):
        raise ValueError(f"The label file names {', '.join(labels) or 'no clip'}; none of them is a test clip.")
    labelled = []
    for clip in clips:
        known = labels.get(stem[id(clip)])
        if known is not None and clip.span:
            known = known[clip.span[0] : clip.span[1] + 1]
        if clip.part == "train" and clip.span and known is not None and known.any():
            raise ValueError(
                f"{clip.path}: frame {clip.span[0] + int(known.argmax())} of the training range is labelled abnormal."
            )
        if clip.part == "test" and known is None:
            print(f"note: no labels for test clip '{clip.name}', it stays unlabelled.")
        labelled.append(dataclasses.replace(clip, labels=known if clip.part == "test" else None))
    return labelled
