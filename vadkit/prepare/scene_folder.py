"""Write a prepared scene folder: what `video`, `ucsd`, `avenue` and `shanghaitech` all end in.

Clips are prepared in a hidden folder beside the target, which is renamed at the very end. So the
scene appears whole or not at all, and an interrupted run goes on where it was.
"""

import contextlib
import hashlib
import json
import re
import shutil
import time
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from vadkit.prepare.clips import Options, Source, prepare_clip
from vadkit.prepare.parallel import run_parallel
from vadkit.scenes import FORMAT, Scene, open_scene, read_about

PARTS = ("train", "test")


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

    ValueError removes what was begun. OSError and KeyboardInterrupt leave the finished clips in the
    hidden folder, and the next run takes them over. `dataset` and `source` say in words where the
    clips come from; `name` is the scene's, that of the folder by default.
    """
    out = Path(out).expanduser()
    _check_names(clips, out)
    recipe = _digest([_fingerprint(clip, options) for clip in clips])
    if out.exists() and _is_up_to_date(out, recipe, options.replace):
        return open_scene(out)
    partial_folder = out.with_name(f".{out.name}.partial")
    for part in (*PARTS, "finished"):
        (partial_folder / part).mkdir(parents=True, exist_ok=True)
    try:
        records = _prepare_clips(clips, partial_folder, options, out.name)
    except ValueError:
        shutil.rmtree(partial_folder)
        raise
    how = {key: getattr(options, key) for key in ("size", "crop_top", "skip_corrupt")}
    about: dict = dict(format=FORMAT, name=name or out.name, size=options.size, dataset=dataset)
    about |= dict(source=source, options=how, recipe=recipe, clips=records)
    _publish(partial_folder, out, about)
    return open_scene(out)


def _check_names(clips, out):
    if not clips:
        raise ValueError(f"No clips for {out}: nothing to prepare.")
    seen = set()
    for clip in clips:
        if (clip.part, clip.name) in seen:
            raise ValueError(
                f"Two {clip.part} clips are called '{clip.name}': rename one of the files."
            )
        seen.add((clip.part, clip.name))
        if clip.name.endswith((".labels", ".masks", ".tmp")):
            raise ValueError(
                f"'{clip.name}' is no good name for a clip, "
                "its ending has a meaning in a scene folder: rename the file."
            )


def _is_up_to_date(out, recipe, replace):
    """Whether `out` is the scene asked for; ValueError if it is another and may not be replaced."""
    try:
        about = read_about(out / "scene.json")
    except (OSError, ValueError):
        raise ValueError(
            f"{out} exists and is not a prepared scene: choose another --out."
        ) from None
    if replace:
        return False
    if about.get("recipe") != recipe:
        raise ValueError(
            f"{out} was prepared from other input or with other options: "
            "choose another --out, or add --replace."
        )
    print(f"{out}: already prepared from the same input with the same options, nothing to do.")
    return True


def _prepare_clips(clips, folder, options, title):
    """Prepare what no earlier run finished; return the records of all clips by part and name."""
    records = {(clip.part, clip.name): _finished_record(clip, folder, options) for clip in clips}
    _remove_unfinished(folder, records)
    todo = [clip for clip in clips if records[clip.part, clip.name] is None]
    done = len(clips) - len(todo)
    if done:
        print(f"{title}: {done} of {len(clips)} clips are finished already, going on from there.")
    if todo:
        records |= _prepare_and_time(todo, folder, options, title)
    # In the order of the clips, not in that in which they got ready.
    return {
        part: {clip.name: records[part, clip.name] for clip in clips if clip.part == part}
        for part in PARTS
    }


def _prepare_and_time(clips, folder, options, title):
    records = {}
    finish = partial(_finish_clip, folder=folder, options=options)
    began = time.perf_counter()
    # Closed at once when interrupted: a notebook keeps the traceback, and with it the generator.
    with contextlib.closing(run_parallel(finish, clips, options.jobs)) as results:
        for clip, record in tqdm(results, total=len(clips), desc=title, unit="clip"):
            records[clip.part, clip.name] = record
    seconds = time.perf_counter() - began
    frames = sum(record["frames"] for record in records.values())
    print(f"{title}: {frames} frames in {seconds:.1f} s, {frames / seconds:.0f} frames/s.")
    return records


def _publish(partial_folder, out, about):
    shutil.rmtree(partial_folder / "finished")
    text = json.dumps(about, indent=1) + "\n"
    (partial_folder / "scene.json").write_text(text, encoding="utf-8")
    if not out.exists():
        partial_folder.rename(out)
        return
    old = out.with_name(f".{out.name}.replaced")
    out.rename(old)
    partial_folder.rename(out)
    shutil.rmtree(old)


def _finish_clip(clip, stopped, folder, options):
    """Prepare a clip, and mark it last: a small JSON, good only for the same input and options."""
    record = prepare_clip(clip, folder, options, stopped)
    mark = {"fingerprint": _fingerprint(clip, options), "record": record}
    _mark_path(clip, folder).write_text(json.dumps(mark), encoding="utf-8")
    return record


def _finished_record(clip, folder, options):
    """What an earlier run noted about the clip; None if the clip is still to be done."""
    try:
        mark = json.loads(_mark_path(clip, folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if mark["fingerprint"] != _fingerprint(clip, options):
        return None
    damaged = mark["record"].keys() & {"repeated_frames", "missing_at_end"}
    if damaged and not options.skip_corrupt:
        return None
    return mark["record"]


def _mark_path(clip, folder):
    return folder / "finished" / f"{clip.part}-{clip.name}.json"


def _remove_unfinished(folder, records):
    """Remove what an interrupted run, or one with other input, left behind."""
    for part in PARTS:
        for file in (folder / part).iterdir():
            name = re.sub(r"(\.labels|\.masks)?\.npy(\.tmp)?$", "", file.name)
            if records.get((part, name)) is None:
                file.unlink()


def _fingerprint(clip, options):
    labels, masks = clip.labels, clip.masks
    if isinstance(labels, np.ndarray):
        labels = labels.astype(int).tolist()
    if masks:
        masks = [masks.func.__name__, *(Path(path).name for path in masks.args)]
    source = [clip.part, clip.name, clip.path.name, clip.span, clip.files, labels, masks]
    return _digest([*source, options.size, options.crop_top])


def _digest(values):
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()
