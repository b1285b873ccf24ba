"""Write a prepared scene folder: what `video`, `ucsd`, `avenue` and `shanghaitech` all end in.

Clips are prepared in a hidden folder beside the target, which is renamed at the very end. So the
scene appears whole or not at all, and an interrupted run goes on where it was.
"""

import contextlib
import errno
import os
import shutil
import time
from functools import partial
from pathlib import Path

from tqdm import tqdm

from vadkit.locks import alone
from vadkit.prepare.clips import Options, Source, check_before, prepare_clip
from vadkit.prepare.decoding import check_name
from vadkit.prepare.ownership import refuse_strangers, remove_files
from vadkit.prepare.parallel import run_parallel
from vadkit.prepare.unfinished import (
    PARTS,
    damage,
    digest,
    fingerprint,
    mark_finished,
    scene_files,
    unfinished,
    working_files,
    write_json,
)
from vadkit.scenes import FORMAT, Scene, is_file_name, open_scene, read_about

LONGEST_NAME = 200  # bytes; most disks take 255, and endings are added


def prepare_scene(
    out: str | Path,
    clips: list[Source],
    options: Options,
    *,
    dataset: str,
    source: str,
    name: str | None = None,
) -> Scene:
    """Write the scene folder `out`, unless it is there already, and open it.

    ValueError removes what this run began. OSError and KeyboardInterrupt leave the finished clips
    in the hidden folder, and the next run takes them over. `dataset` and `source` say in words
    where the clips come from; `name` is the scene's, that of the folder by default.
    """
    out = Path(os.path.abspath(Path(out).expanduser()))
    check_name(out)
    name = name or out.name
    out = Path(os.path.realpath(out))  # what a link leads to is replaced, not the link
    _check_clips(clips, out)
    recipe = digest([fingerprint(clip, options) for clip in clips])
    with alone(out, what_else=", or choose another --out"):
        _end_replacing(out)
        if out.exists() and _is_up_to_date(out, recipe, options.replace):
            return open_scene(out)
        folder = out.with_name(f".{out.name}.partial")
        with unfinished(folder, clips, options) as records, _named(folder, clips, options):
            _prepare_clips(clips, folder, options, records, out.name)
            how = {key: getattr(options, key) for key in ("size", "crop_top", "skip_corrupt")}
            about: dict = dict(format=FORMAT, name=name, size=options.size, dataset=dataset)
            about |= dict(source=source, options=how, recipe=recipe, clips=_by_part(records))
            write_json(folder / "scene.json", about, indent=1)
            _publish(folder, out)
            remove_files(out, working_files(records))
        return open_scene(out)


def _check_clips(clips, out):
    if not out.name:
        raise ValueError(f"{out} cannot be the folder of a scene: choose another --out.")
    if not clips:
        raise ValueError(f"No clips for {out}: nothing to prepare.")
    seen: dict = {}
    for clip in clips:
        # "Day" and "day" are one file on many disks.
        other = seen.setdefault((clip.part, clip.name.casefold()), clip)
        if other is not clip:
            raise ValueError(
                f"Two {clip.part} clips are called '{clip.name}' ({other.path} and {clip.path}): "
                "rename one of them."
            )
        _check_clip_name(clip.name)
        check_before(clip)


def _check_clip_name(name):
    if not is_file_name(name) or name.endswith((".labels", ".masks", ".tmp")):
        raise ValueError(
            f"'{name}' is no good name for a clip: a backslash makes it a path elsewhere, and "
            ".labels, .masks and .tmp have a meaning in a scene folder. Rename the file."
        )
    if len(name.encode()) > LONGEST_NAME:
        raise ValueError(f"'{name[:40]}...' is too long a name for a clip: rename the file.")


# --- The scene that is there already


def _is_up_to_date(out, recipe, replace):
    """Whether `out` is the scene asked for; ValueError if it is another and may not be replaced."""
    try:
        about = read_about(out / "scene.json")
    except (OSError, ValueError):
        raise ValueError(
            f"{out} exists and is not a prepared scene, or its scene.json is damaged: "
            "move it elsewhere, or choose another --out."
        ) from None
    if not replace and about.get("recipe") != recipe:
        raise ValueError(
            f"{out} was prepared from other input or with other options: "
            "choose another --out, or add --replace."
        )
    damaged = None if replace else _damage_of_scene(out, about)
    if not replace and not damaged:
        remove_files(out, working_files(_keys(about)))  # of a run that was killed at its very end
        print(f"{out}: already prepared from the same input with the same options, nothing to do.")
        return True
    refuse_strangers(out, scene_files(_keys(about)) + working_files(_keys(about)))
    if damaged:
        print(f"note: {damaged.removesuffix(': prepare the scene again.')}; it is prepared again.")
    return False


def _keys(about):
    return [(part, name) for part in PARTS for name in about["clips"][part]]


def _damage_of_scene(out, about):
    for part, name in _keys(about):
        found = damage(out, (part, name), about["clips"][part][name], about["size"])
        if found:
            return found
    return None


# --- The new scene takes the place of the old one


def _replaced(out):
    return out.with_name(f".{out.name}.replaced")


def _publish(folder, out):
    if out.exists():
        out.rename(_replaced(out))
    try:
        folder.rename(out)
    finally:
        _end_replacing(out)


def _end_replacing(out):
    """Remove a scene that another one replaced; bring it back if a run was killed in between."""
    old = _replaced(out)
    if not os.path.lexists(old):
        return
    keys = []
    if (old / "scene.json").exists():  # the last to go: without it nothing but folders is left
        keys = _keys(read_about(old / "scene.json"))
    refuse_strangers(old, scene_files(keys) + working_files(keys))
    if keys and not os.path.lexists(out):
        old.rename(out)
    else:
        remove_files(old, working_files(keys) + scene_files(keys))


# --- The clips


def _prepare_clips(clips, folder, options, records, title):
    """Prepare what no earlier run finished, and put it into the records."""
    todo = [clip for clip in clips if records[clip.part, clip.name] is None]
    done = len(clips) - len(todo)
    if done:
        print(f"{title}: {done} of {len(clips)} clips are finished already, going on from there.")
    if not todo:
        return
    finish = partial(_finish_clip, folder=folder, options=options)
    began = time.perf_counter()
    # Closed at once when interrupted: a notebook keeps the traceback, and with it the generator.
    with contextlib.closing(run_parallel(finish, todo, options.jobs)) as results:
        for clip, record in tqdm(results, total=len(todo), desc=title, unit="clip"):
            records[clip.part, clip.name] = record
            _say_what_is_unsure(clip, record)
    seconds = time.perf_counter() - began
    frames = sum(records[clip.part, clip.name]["frames"] for clip in todo)
    print(f"{title}: {frames} frames in {seconds:.1f} s, {frames / seconds:.0f} frames/s.")


def _say_what_is_unsure(clip, record):
    if record.get("length_unsure"):
        tqdm.write(
            f"note: {clip.path.name} gave {record['frames']} frames, and does not say how many it "
            "has, nor whether all are of one size: make sure that it is whole."
        )


def _finish_clip(clip, stopped, folder, options):
    record = prepare_clip(clip, folder, options, stopped)
    mark_finished(clip, folder, options, record)
    return record


def _by_part(records):
    return {part: {name: records[part, name] for p, name in records if p == part} for part in PARTS}


@contextlib.contextmanager
def _named(folder, clips, options):
    """Say where it happened, and how much room is needed, when the system says only that."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            pixels = options.size[0] * options.size[1]
            need = sum(clip.frame_count * pixels * (2 if clip.masks else 1) for clip in clips)
            free = shutil.disk_usage(folder.parent).free
            raise OSError(
                f"{folder.parent} is full: the scene takes about {need / 1e6:.0f} MB in all, and "
                f"{free / 1e6:.0f} MB are free. Finished clips are kept; make room, and the same "
                "command goes on from there."
            ) from None
        if error.strerror and error.filename is None:
            error.filename = str(folder)
        raise
