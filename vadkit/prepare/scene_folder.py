"""Clips -> a prepared scene folder: the one library behind every `prepare_*.py`.

A scene is a list of `Source`s, one per clip. `prepare_scene` decodes them in parallel into a hidden folder beside the target
and renames it at the very end: the scene appears whole or not at all, and an interrupted run goes on where it was.
"""

import functools
import hashlib
import json
import multiprocessing
import os
import re
import shutil
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from vadkit.prepare.decoding import bare_seconds_per_frame, grey_frames, shrink, shrink_mask, source_files

FORMAT = "vadkit-scene-1"
MIN_FRAMES = 5


@dataclass(frozen=True)
class Source:
    """One clip as it arrives.

    part: "train" or "test"; name: what the clip is called in the scene
    path: a video file or a folder of frames; span: (first, last) frame to keep, both included, from 0; None keeps all
    labels: (T,) bool per kept frame, True = abnormal; "masks" = abnormal where the mask has any pixel; None = unknown
    masks: functools.partial that gives one 2-D mask per kept frame, non-zero = abnormal; None = unknown
    """

    part: str
    name: str
    path: Path
    span: tuple | None = None
    labels: np.ndarray | str | None = None
    masks: functools.partial | None = None

    @functools.cached_property
    def files(self):
        """How many files the clip is made of, their bytes, and their last change (ns). Looked up once."""
        stats = [file.stat() for file in source_files(self.path)]
        return len(stats), sum(stat.st_size for stat in stats), max((stat.st_mtime_ns for stat in stats), default=0)


@dataclass(frozen=True)
class Options:
    """How frames are made. size: (H, W); crop_top: share of rows cut off first; skip_corrupt: repeat the frame before one
    that does not decode, and write it down, instead of ending the run."""

    size: tuple = (128, 128)
    crop_top: float = 0.0
    skip_corrupt: bool = False


def prepare_scene(out, sources, options, *, dataset, source, name=None, jobs=None, replace=False):
    """Write the scene folder `out` from `sources`; returns what its scene.json holds.

    dataset, source: provenance in words; jobs: processes (default: one per core); replace: overwrite a scene that is there.
    Raises ValueError for bad input and removes what was begun. OSError and KeyboardInterrupt leave the finished clips in
    the hidden folder, for the next run to take over.
    """
    out = Path(out)
    _check_names(sources, out)
    recipe = _digest([_fingerprint(clip, options) for clip in sources])
    if out.exists() and (about := _already_there(out, recipe, replace)):
        return about
    partial = out.with_name(f".{out.name}.partial")
    for part in ("train", "test", "finished"):
        (partial / part).mkdir(parents=True, exist_ok=True)
    try:
        records = _prepare_clips(sources, partial, options, jobs, out.name)
    except ValueError:
        shutil.rmtree(partial)
        raise
    clips = {part: {c.name: records[part, c.name] for c in sources if c.part == part} for part in ("train", "test")}
    about = {"format": FORMAT, "name": name or out.name, "size": list(options.size), "dataset": dataset,
             "source": source, "options": asdict(options), "recipe": recipe, "clips": clips}  # fmt: skip
    _publish(partial, out, about)
    return about


def _check_names(sources, out):
    if not sources:
        raise ValueError(f"No clips for {out}: nothing to prepare.")
    names = [(clip.part, clip.name) for clip in sources]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ValueError(f"Two {twice[0]} clips are called '{twice[1]}': rename one of the files.")
    taken = next((name for _, name in names if name.endswith((".labels", ".masks", ".tmp"))), None)
    if taken:
        raise ValueError(
            f"'{taken}' is no good name for a clip, its ending has a meaning in a scene folder: rename the file."
        )


def _already_there(out, recipe, replace):
    try:
        about = json.loads((out / "scene.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ValueError(f"{out} exists and is not a prepared scene: choose another --out.") from None
    if replace:
        return None
    if about.get("recipe") != recipe:
        raise ValueError(
            f"{out} was prepared from other input or with other options: choose another --out, or add --replace."
        )
    print(f"{out}: already prepared from the same input with the same options, nothing to do.")
    return about


def _publish(partial, out, about):
    shutil.rmtree(partial / "finished")
    (partial / "scene.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    if not out.exists():
        partial.rename(out)
        return
    old = out.with_name(f".{out.name}.replaced")
    out.rename(old)
    partial.rename(out)
    shutil.rmtree(old)


# A finished clip has a mark: a small JSON, written last, good only for the same input and options.


def _digest(thing):
    return hashlib.sha256(json.dumps(thing, sort_keys=True, default=str).encode()).hexdigest()


def _fingerprint(clip, options):
    labels = clip.labels.astype(int).tolist() if isinstance(clip.labels, np.ndarray) else clip.labels
    masks = clip.masks and [clip.masks.func.__name__, *(Path(path).name for path in clip.masks.args)]
    return _digest(
        [clip.part, clip.name, clip.path.name, clip.span, clip.files, labels, masks, options.size, options.crop_top]
    )


def _mark_path(clip, folder):
    return folder / "finished" / f"{clip.part}-{clip.name}.json"


def _finished_record(clip, folder, options):
    try:
        mark = json.loads(_mark_path(clip, folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    damaged = mark["record"].keys() & {"repeated_frames", "missing_at_end"}
    return (
        None
        if mark["fingerprint"] != _fingerprint(clip, options) or damaged and not options.skip_corrupt
        else mark["record"]
    )


def _remove_unfinished(folder, records):
    """What an interrupted run, or one with other input, left behind."""
    for part in ("train", "test"):
        for file in (folder / part).iterdir():
            clip = re.sub(r"(\.labels|\.masks)?\.npy(\.tmp)?$", "", file.name)
            if records.get((part, clip)) is None:
                file.unlink()


# One clip: decode, shrink, append.


class GrowingNpy:
    """A .npy file frames are appended to. NumPy's header leaves room for the length, which is filled in at the end."""

    def __init__(self, path, size, dtype):
        self.path, self.size, self.dtype, self.length = path, tuple(size), np.dtype(dtype), 0
        self.hash = hashlib.sha256()
        self.file = open(f"{path}.tmp", "wb", buffering=1 << 20)
        self._write_header()

    def _write_header(self):
        self.file.seek(0)
        header = {"descr": self.dtype.str, "fortran_order": False, "shape": (self.length, *self.size)}
        np.lib.format.write_array_header_1_0(self.file, header)

    def append(self, array):
        data = np.ascontiguousarray(array, self.dtype).data
        self.file.write(data)
        self.hash.update(data)
        self.length += 1

    def finish(self):
        self._write_header()
        self.file.close()
        os.replace(f"{self.path}.tmp", self.path)


def prepare_clip(clip, folder, options, measure=False, stopped=lambda: False):
    """Write one clip under `folder` and mark it finished.

    Returns its record for scene.json, the processor seconds per frame, and the same for bare OpenCV (None unless `measure`).
    """
    began, report = time.process_time(), {}
    npy = GrowingNpy(folder / clip.part / f"{clip.name}.npy", options.size, np.uint8)
    for frame in grey_frames(clip.path, clip.span, options.skip_corrupt, report):
        if stopped():
            raise KeyboardInterrupt
        npy.append(shrink(frame, options))
    if npy.length < MIN_FRAMES:
        raise ValueError(
            f"{clip.path} gives {npy.length} frames: four to look at and one to predict make {MIN_FRAMES}."
        )
    npy.finish()
    seconds = (time.process_time() - began) / npy.length
    record = {"frames": npy.length, "sha256": npy.hash.hexdigest(), "source": clip.path.name, **report}
    if clip.span:
        record["span"] = clip.span
    _write_labels(clip, folder, npy.length, options, record)
    mark = {"fingerprint": _fingerprint(clip, options), "record": record}
    _mark_path(clip, folder).write_text(json.dumps(mark), encoding="utf-8")
    return record, seconds, bare_seconds_per_frame(clip.path, options) if measure else None


def _write_labels(clip, folder, length, options, record):
    labels, missing = clip.labels, record.get("missing_at_end", 0)
    if clip.masks:
        from_masks = _write_masks(clip, folder, length, missing, options)
        if isinstance(labels, str):
            labels = from_masks
        else:
            record["frames_where_labels_and_masks_differ"] = int((from_masks != labels[:length]).sum())
    if labels is None:
        return
    if len(labels) not in (length, length + missing):
        raise ValueError(f"{clip.path} has {length} frames but {len(labels)} labels: they must match one to one.")
    record["abnormal"] = int(labels[:length].sum())
    np.save(folder / clip.part / f"{clip.name}.labels.npy", labels[:length])


def _write_masks(clip, folder, length, missing, options):
    npy, any_pixel = GrowingNpy(folder / clip.part / f"{clip.name}.masks.npy", options.size, bool), []
    for mask in clip.masks():
        if npy.length < length:
            npy.append(shrink_mask(mask, options))
        any_pixel.append(bool(np.any(mask)))
    if len(any_pixel) not in (length, length + missing):
        raise ValueError(f"{clip.path} has {length} frames but {len(any_pixel)} masks: they must match one to one.")
    npy.finish()
    return np.array(any_pixel[:length])


# All clips: one process per core. Workers leave Ctrl-C to the parent, stop when it says so, and die when it dies.

_stop = None


def _start_worker(stop):
    global _stop
    _stop = stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    threading.Thread(target=lambda: (multiprocessing.parent_process().join(), os._exit(1)), daemon=True).start()


def _work(clip, folder, options, measure):
    return prepare_clip(clip, folder, options, measure, _stop.is_set)


def _prepare_clips(sources, folder, options, jobs, title):
    """-> {(part, name): record}; clips finished by an earlier run are taken over."""
    records = {(clip.part, clip.name): _finished_record(clip, folder, options) for clip in sources}
    _remove_unfinished(folder, records)
    todo = [clip for clip in sources if records[clip.part, clip.name] is None]
    if len(todo) < len(sources):
        print(f"{title}: {len(sources) - len(todo)} of {len(sources)} clips are finished already, going on from there.")
    if not todo:
        return records
    jobs = min(jobs or _cores(), len(todo))
    began, frames, compared = time.perf_counter(), 0, None
    with tqdm(total=len(todo), desc=title, unit="clip") as bar:
        for clip, (record, seconds, bare) in _results(todo, folder, options, jobs):
            records[clip.part, clip.name] = record
            frames += record["frames"]
            compared = (seconds, bare) if bare else compared
            bar.update()
    took = time.perf_counter() - began
    print(
        f"{title}: {frames} frames in {took:.1f} s, {frames / took:.0f} frames/s in {jobs} process{'es' * (jobs > 1)}; per frame "
        f"{1e3 * compared[0]:.2f} ms of processor time, {compared[0] / compared[1]:.2f} times bare OpenCV decoding and resizing."
    )
    return records


def _results(todo, folder, options, jobs):
    """Yield (clip, what prepare_clip returned) as clips get ready; the largest is also timed against bare OpenCV."""
    largest = max(todo, key=lambda clip: clip.files[1])
    if jobs == 1:
        for clip in todo:
            yield clip, prepare_clip(clip, folder, options, measure=clip is largest)
        return
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    with ProcessPoolExecutor(jobs, context, _start_worker, (stop,)) as pool:
        running = {pool.submit(_work, clip, folder, options, clip is largest): clip for clip in todo}
        try:
            for future in as_completed(running):
                yield running[future], future.result()
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


def _cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
