"""The hidden folder in which a scene grows: what is finished in it, and what may be removed.

`unfinished.json` lists its clips, as scene.json lists those of a scene. A clip is finished when it
has a mark in `finished/`, which is good for the same input and options only.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from vadkit.prepare.clips import Options, Source
from vadkit.prepare.ownership import refuse_strangers, remove_files
from vadkit.scenes import is_file_name, open_clip, open_npy

PARTS = ("train", "test")
Key = tuple[str, str]  # part and name of a clip


def scene_files(clips: Iterable[Key]) -> list[str]:
    """List what a scene folder with these clips may hold: scene.json, its mark, comes last."""
    endings = (".npy", ".labels.npy", ".masks.npy")
    return [*(f"{part}/{name}{ending}" for part, name in clips for ending in endings), "scene.json"]


def working_files(clips: Iterable[Key]) -> list[str]:
    """List what the hidden folder may hold besides: unfinished.json, its mark, comes last."""
    clips = list(clips)
    marks = [_mark(key) for key in clips]
    scratch = [f"{file}.tmp" for file in [*scene_files(clips), *marks, "unfinished.json"]]
    return [*scratch, *marks, "unfinished.json"]


def _mark(key):
    return f"finished/{key[0]}-{key[1]}.json"


@contextlib.contextmanager
def unfinished(
    folder: Path, clips: list[Source], options: Options
) -> Iterator[dict[Key, dict | None]]:
    """Make the hidden folder, or take over that of an earlier run, for a `with` block.

    It lends the records of the clips, None for what is still to be done. After ValueError nothing
    of this run stays, unless it went on from an earlier one; after anything else what is finished.
    """
    earlier = _listed(folder)
    records = {(clip.part, clip.name): finished_record(clip, folder, options) for clip in clips}
    _clear(folder, earlier, [key for key in earlier if records.get(key)])
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "unfinished.json", list(records))
    for name in (*PARTS, "finished"):
        (folder / name).mkdir(exist_ok=True)
    resumed = any(records.values())
    try:
        yield records
    except BaseException as error:
        stays = resumed or not isinstance(error, ValueError)
        _clear(
            folder, records, [key for key in records if stays and (folder / _mark(key)).exists()]
        )
        raise


def _listed(folder):
    """The clips of the hidden folder, if there is one; ValueError for anything else in it."""
    if not os.path.lexists(folder):
        return []
    try:
        listed = json.loads((folder / "unfinished.json").read_text(encoding="utf-8"))
        clips = [(part, name) for part, name in listed if part in PARTS and is_file_name(name)]
        files = scene_files(clips) + working_files(clips)
    except (OSError, ValueError, TypeError, RecursionError):
        clips, files = [], ["unfinished.json.tmp"]  # killed before it began
    refuse_strangers(folder, files)
    return clips


def _clear(folder, clips, keep):
    """Remove all listed files but those of the finished clips to keep, and their list."""
    kept = {*scene_files(keep), *map(_mark, keep), "unfinished.json"} - {"scene.json"}
    files = scene_files(clips) + working_files(clips)
    remove_files(folder, [file for file in files if not keep or file not in kept])


def write_json(path: Path, content: object, indent: int | None = None) -> None:
    """Write a JSON file whole or not at all."""
    scratch = Path(f"{path}.tmp")
    scratch.write_text(json.dumps(content, indent=indent) + "\n", encoding="utf-8")
    os.replace(scratch, path)


# --- Finished clips


def mark_finished(clip: Source, folder: Path, options: Options, record: dict) -> None:
    """Note that a clip is finished: last of all, and good only for the same input and options."""
    mark = {"fingerprint": fingerprint(clip, options), "record": record}
    write_json(folder / _mark((clip.part, clip.name)), mark)


def finished_record(clip: Source, folder: Path, options: Options) -> dict | None:
    """Return what an earlier run noted about the clip; None if the clip is still to be done."""
    try:
        text = (folder / _mark((clip.part, clip.name))).read_text(encoding="utf-8")
        mark = json.loads(text)
        if mark["fingerprint"] != fingerprint(clip, options):
            return None
        record = mark["record"]
        gaps = record.keys() & {"repeated_frames", "missing_at_end", "decoder_complaints"}
        if (
            gaps
            and not options.skip_corrupt
            or damage(folder, (clip.part, clip.name), record, options.size)
        ):
            return None
        return record
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None


def fingerprint(clip: Source, options: Options) -> str:
    """Condense everything that a prepared clip depends on."""
    labels, masks = clip.labels, clip.masks
    if isinstance(labels, np.ndarray):
        labels = labels.astype(int).tolist()
    made_by = [masks.func.__name__, *(Path(path).name for path in masks.args)] if masks else None
    source = [clip.part, clip.name, clip.path.name, clip.span, clip.files, labels, made_by]
    return digest([*source, options.size, options.crop_top])


def digest(values: list) -> str:
    """Condense a list of JSON values."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


def damage(folder: Path, key: Key, record: dict, size: tuple[int, int]) -> str | None:
    """Say what is wrong with the files of a clip, compared with its record; None if nothing is."""
    part, name = key
    try:
        clip = open_clip(folder / part, name, (record["frames"], *size))
        masks = folder / part / f"{name}.masks.npy"
        checksums = [(f"{part}/{name}.npy", clip.frames, record["sha256"])]
        if "masks_sha256" in record:
            checksums.append((f"{part}/{masks.name}", open_npy(masks), record["masks_sha256"]))
    except (ValueError, OSError) as error:
        return str(error)
    for file, array, expected in checksums:
        if hashlib.sha256(np.ascontiguousarray(array).data).hexdigest() != expected:
            return f"{folder / file} is not what was written there."
    if part == "test" and "abnormal" in record:
        if clip.labels is None or int(clip.labels.sum()) != record["abnormal"]:
            return f"{folder / part / name}.labels.npy is not what was written there."
    return None
