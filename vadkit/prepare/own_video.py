"""Any videos of one fixed camera: which clips a path names, and their labels."""

import dataclasses
import json
import os
import re
from collections import Counter
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
    if label_key is not None and labels is None:
        raise ValueError(f"label_key={label_key!r} needs labels to choose from: add --labels.")
    clips = [clip for path in normal for clip in _find_clips(path, "train")]
    clips += [clip for path in scored for clip in _find_clips(path, "test")]
    _refuse_inside(out, [*normal, *scored, *(str(clip.path) for clip in clips)])
    if labels is not None:
        clips = _attach_labels(clips, _read_labels(Path(labels), label_key), Path(labels))
    source = " ".join(normal + scored)
    return prepare_scene(out, clips, options, dataset="own video", source=source)


def _as_texts(paths):
    paths = [paths] if isinstance(paths, str | Path) else paths
    texts = [str(path) for path in paths]
    if not texts or not all(texts):
        raise ValueError("An empty path among the clips: name a video or a folder.")
    return texts


def _refuse_inside(out, texts):
    """A scene inside the folder that its clips come from would be taken for one of them."""
    target = Path(os.path.realpath(Path(out).expanduser()))
    for text in texts:
        source = Path(os.path.realpath(text))
        if source.is_dir() and (source == target or source in target.parents):
            raise ValueError(
                f"{out} lies in {text}, where the clips come from: choose another --out."
            )


def _find_clips(text, part):
    """The clips that PATH or PATH:FIRST-LAST names, without labels."""
    match = re.fullmatch("(.+):([0-9]{1,12})-([0-9]{1,12})", text, re.S)
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
    doubles: list[str] = []

    def without_doubles(pairs):
        doubles.extend(
            name for name, count in Counter(name for name, _ in pairs).items() if count > 1
        )
        return dict(pairs)

    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors write a byte order mark
        by_clip = json.loads(text, object_pairs_hook=without_doubles)
    except ValueError as error:
        raise ValueError(f"{path} is not JSON ({error}).") from None
    except RecursionError:
        raise ValueError(f"{path} is nested too deep for a label file.") from None
    if doubles:
        raise ValueError(f"{path} names '{doubles[0]}' twice: keep one of them.")
    if not isinstance(by_clip, dict):
        raise ValueError(f"{path} should map clip names to lists of 0 and 1.")
    return {name: _check_labels(labels, name, path, key) for name, labels in by_clip.items()}


def _check_labels(labels, name, path, key):
    if isinstance(labels, dict):
        if key not in labels:
            versions = " or ".join(list(labels)[:5]) or "(there is none)"
            raise ValueError(
                f"{path} has several versions of the labels of '{name}': "
                f"choose --label-key {versions}."
            )
        labels = labels[key]
    if not isinstance(labels, list):
        raise ValueError(f"{path}: the labels of '{name}' should be a list of 0 and 1.")
    for t, label in enumerate(labels):
        if label not in (0, 1):
            raise ValueError(
                f"{path}: frame {t} of '{name}' is labelled {repr(label)[:40]}; "
                "0 is normal, 1 is abnormal."
            )
    return np.array(labels, bool)


def _attach_labels(clips, labels, file):
    """Give test clips their labels, and see to it that nothing abnormal is trained on."""
    paths = {}
    for clip in clips:
        stem = _stem(clip.path)
        if (
            clip.part == "test"
            and paths.setdefault(stem, clip.path) != clip.path
            and stem in labels
        ):
            raise ValueError(
                f"{file} labels '{stem}', which may be {paths[stem]} or {clip.path}: "
                "rename one of them."
            )
    if not paths.keys() & labels.keys():
        named = ", ".join(list(labels)[:5]) + (" ..." if len(labels) > 5 else "")
        raise ValueError(f"{file} names {named or 'no clip'}; none of them is a test clip.")
    # A training clip of the same name elsewhere is another clip, which the file says nothing about.
    folders = {path.parent for path in paths.values()} | {file.parent}
    known = [clip.part == "test" or clip.path.parent in folders for clip in clips]
    return [
        _labelled(clip, labels.get(_stem(clip.path)) if it_is_meant else None)
        for clip, it_is_meant in zip(clips, known)
    ]


def _labelled(clip, labels):
    first, last = clip.span or (0, None)
    if labels is not None and clip.span:
        labels = labels[first : last + 1]
    if clip.part == "train":
        if labels is not None and labels.any():
            raise ValueError(
                f"{clip.path}: frame {first + int(labels.argmax())} of the training range "
                "is labelled abnormal."
            )
        return clip
    if labels is None:
        print(f"note: no labels for test clip '{clip.name}', it stays unlabelled.")
    return dataclasses.replace(clip, labels=labels)
