"""One clip: what it is made from, and its frames, labels and masks in a scene folder."""

import contextlib
import functools
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from vadkit.prepare.decoding import (
    IMAGE_ENDINGS,
    check_name,
    grey_frames,
    listening,
    promised_frames,
    visible,
)

MIN_FRAMES = 5
MIN_SIDE, MAX_SIDE = 16, 4096
MAX_CROP = 0.9


@dataclass(frozen=True)
class Source:
    """A clip as it arrives, not decoded yet."""

    part: str  # "train" or "test"
    name: str  # what the clip is called in the scene
    path: Path  # a video file or a folder of frames
    # First and last frame to keep, both included, counted from 0; None keeps all.
    span: tuple[int, int] | None = None
    # (T,) bool per kept frame, True = abnormal; "masks" = abnormal where the mask has any pixel.
    labels: np.ndarray | str | None = None
    # Gives one 2-D mask per kept frame, non-zero = abnormal. A partial, because it travels to
    # another process, and because its parts tell one clip from another.
    masks: functools.partial | None = None

    def __post_init__(self):
        check_name(self.path)

    @functools.cached_property
    def files(self) -> tuple[int, int, int]:
        """Number of files, their bytes, and their last change (ns), looked up once."""
        files = visible(self.path, IMAGE_ENDINGS) if self.path.is_dir() else [self.path]
        stats = [file.stat() for file in files]
        last_change = max((stat.st_mtime_ns for stat in stats), default=0)
        return len(stats), sum(stat.st_size for stat in stats), last_change

    @property
    def frame_count(self) -> int:
        """How many frames there seem to be, without decoding any."""
        if self.span:
            return self.span[1] - self.span[0] + 1
        return self.files[0] if self.path.is_dir() else promised_frames(self.path)


@dataclass(frozen=True)
class Options:
    """How a scene is prepared, as in `vadkit.prepare.video`; ValueError if out of range."""

    size: tuple[int, int] = (128, 128)
    crop_top: float = 0.0
    skip_corrupt: bool = False
    jobs: int | None = None
    replace: bool = False

    def __post_init__(self):
        sides = self.size if isinstance(self.size, tuple) and len(self.size) == 2 else (0, 0)
        if not all(isinstance(side, int) and MIN_SIDE <= side <= MAX_SIDE for side in sides):
            raise ValueError(
                f"size={self.size!r} is no size: "
                f"give (height, width), {MIN_SIDE} to {MAX_SIDE} pixels each."
            )
        share = self.crop_top
        if not isinstance(share, int | float) or not 0 <= share <= MAX_CROP:
            raise ValueError(f"crop_top={share!r} is no share from 0 to {MAX_CROP}.")
        if self.jobs is not None and (not isinstance(self.jobs, int) or self.jobs < 1):
            raise ValueError(f"jobs={self.jobs!r} is no number of processes: give 1 or more.")


def check_before(clip: Source) -> None:
    """ValueError for what a folder of pictures shows already before an hour of decoding."""
    if clip.path.is_dir() and not clip.span:
        length = clip.frame_count
        _check_length(length, clip)
        if isinstance(clip.labels, np.ndarray):
            _check_count(len(clip.labels), "labels", clip, {"frames": length})


def prepare_clip(clip: Source, folder: Path, options: Options, stopped: Callable[[], bool]) -> dict:
    """Write one clip into the scene folder; return its record for scene.json.

    `stopped` is asked before each frame; once it says True, the work ends with KeyboardInterrupt.
    """
    report: dict = {}
    path = folder / clip.part / f"{clip.name}.npy"
    frames = contextlib.closing(_small_frames(clip, options, report, stopped))
    with listening(clip.path, options.skip_corrupt, report), frames as small:
        length, checksum = _write_npy(path, small, options.size, np.uint8)
    _check_length(length, clip)
    record = {"frames": length, "sha256": checksum, "source": clip.path.name, **report}
    if clip.span:
        record["span"] = clip.span
    _write_labels(clip, path, options, record)
    return record


def _check_length(length, clip):
    if length < MIN_FRAMES:
        raise ValueError(
            f"{clip.path} gives {length} frames: "
            f"four to look at and one to predict make {MIN_FRAMES}."
        )


def _small_frames(clip, options, report, stopped):
    for frame in grey_frames(clip.path, clip.span, options.skip_corrupt, report):
        if stopped():
            raise KeyboardInterrupt
        report["pixels"] = frame.shape  # rows and columns, as they came
        yield _shrink(frame, options, clip.path)


def _write_labels(clip, path, options, record):
    """Write labels and masks, where there are some, beside the frames; note them in the record."""
    labels, length = clip.labels, record["frames"]
    if clip.masks:
        from_masks = _write_masks(clip, path.with_suffix(".masks.npy"), options, record)
        if isinstance(labels, str):
            labels = from_masks
        else:
            differ = from_masks != labels[:length]
            record["frames_where_labels_and_masks_differ"] = int(differ.sum())
    if labels is not None:
        _check_count(len(labels), "labels", clip, record)
        record["abnormal"] = int(labels[:length].sum())
        with open(path.with_suffix(".labels.npy"), "wb") as file:
            np.save(file, labels[:length])


def _write_masks(clip, path, options, record):
    """Write the masks; return (T,) bool, True where a mask has any pixel."""
    any_pixel = []

    def small_masks():
        for mask in clip.masks():
            _check_mask(mask, clip, len(any_pixel), record["pixels"])
            marked = np.not_equal(mask, 0)
            if len(any_pixel) < record["frames"]:
                # A pixel is abnormal where at least half of what it covers is.
                yield _shrink(marked.astype(np.uint8) * 255, options, clip.path) >= 128
            any_pixel.append(bool(marked.any()))

    _, record["masks_sha256"] = _write_npy(path, small_masks(), options.size, bool)
    _check_count(len(any_pixel), "masks", clip, record)
    return np.array(any_pixel[: record["frames"]])


def _check_mask(mask, clip, number, frame_size):
    """ValueError for what is no picture, or one of other proportions than the frames."""
    where = f"{clip.masks.args[0]}: the mask of frame {number} of {clip.name}"
    flat = isinstance(mask, np.ndarray) and mask.ndim == 2 and mask.size > 0
    if not flat or mask.dtype.kind not in "biuf" or not np.isfinite(mask).all():
        raise ValueError(f"{where} is no picture with numbers as pixels: get the labels again.")
    (rows, columns), (height, width) = mask.shape, frame_size
    if not 0.9 < rows * width / (columns * height) < 1.1:
        raise ValueError(
            f"{where} is {columns}x{rows}, but its frames are {width}x{height}: "
            "these are the masks of another clip."
        )


def _check_count(count, what, clip, record):
    """ValueError unless there is one of them per frame; a video that breaks off may have more."""
    length = record["frames"]
    if count not in (length, length + record.get("missing_at_end", 0)):
        raise ValueError(
            f"{clip.path} has {length} frames but {count} {what}: they must match one to one."
        )


def _shrink(frame, options, where):
    """Cut the top rows off and average down (or enlarge) to `options.size`: (H, W) uint8."""
    height, width = options.size
    rows = len(frame)
    frame = frame[round(options.crop_top * rows) :]
    if not len(frame):
        raise ValueError(
            f"{where} has {rows} rows, and nothing is left of them: cut off less (--crop-top)."
        )
    smaller = frame.shape[0] >= height and frame.shape[1] >= width
    interpolation = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return cv2.resize(frame, (width, height), interpolation=interpolation)


def _write_npy(path, items, shape, dtype):
    """Write an array item by item, however many there are; return their number and SHA-256."""
    length = 0
    digest = hashlib.sha256()
    header = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": (0, *shape)}
    with open(f"{path}.tmp", "wb", buffering=1 << 20) as file:
        np.lib.format.write_array_header_1_0(file, header)
        for item in items:
            data = np.ascontiguousarray(item, dtype).data
            file.write(data)
            digest.update(data)
            length += 1
        # NumPy's header leaves room for the length, which is known only now.
        file.seek(0)
        np.lib.format.write_array_header_1_0(file, header | {"shape": (length, *shape)})
    os.replace(f"{path}.tmp", path)
    return length, digest.hexdigest()
