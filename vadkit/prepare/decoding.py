"""Decode one clip, a video file or a folder of numbered pictures, into grey frames.

Frames come one at a time, so a clip of any length fits into memory. OpenCV turns a damaged TIFF or
JPEG into a picture and only prints a line on stderr. We capture that output: a frame counts as
corrupt when the decoder returns nothing or prints that something is wrong.
"""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

IMAGE_ENDINGS = {".tif", ".tiff", ".bmp", ".png", ".jpg", ".jpeg", ".pgm"}
VIDEO_ENDINGS = {".avi", ".mp4", ".m4v", ".mkv", ".mov", ".webm", ".mpg", ".mpeg", ".wmv"}
_DAMAGE = re.compile(rb"ERROR|error|Premature end|Corrupt JPEG")
_VIDEO_DAMAGE = re.compile(rb"^.*(?:[Ee]rror|damaged|[Cc]onceal|mismatch).*$", re.M)
# These hold no index: nobody can tell whether such a file is whole.
_WITHOUT_LENGTH = {
    ".mpg",
    ".mpeg",
    ".vob",
    ".ts",
    ".mts",
    ".m2ts",
    ".m2v",
    ".h264",
    ".264",
    ".hevc",
}


def _natural(name):
    """Sort key that puts frame2 before frame10; the name itself settles 1.png and 01.png."""
    pieces = re.split(
        "([0-9]+)", name
    )  # what is between the numbers, and at odd places the numbers
    return [int(piece) if n % 2 else piece for n, piece in enumerate(pieces)], name


def check_name(path: Path) -> None:
    """ValueError for a name that is no text: OpenCV would crash on it."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        name = str(os.fsencode(path))[1:]
        raise ValueError(f"The name {name} is not in UTF-8: rename that file or folder.") from None


def visible(folder: Path, endings: set[str] | None = None) -> list[Path]:
    """List a folder in natural order, without `._*`, `.DS_Store` and their like."""
    names = [name for name in os.listdir(folder) if not name.startswith(".") and name != "__MACOSX"]
    paths = [Path(folder, name) for name in sorted(names, key=_natural)]
    paths = [path for path in paths if endings is None or path.suffix.lower() in endings]
    for path in paths:
        check_name(path)
    return paths


def grey_frames(
    path: Path,
    span: tuple[int, int] | None = None,
    skip_corrupt: bool = False,
    report: dict | None = None,
) -> Iterator[np.ndarray]:
    """Yield the frames of a clip, (H, W) uint8 at full size; ValueError for damage.

    `span` is (first, last), both included, from 0. `skip_corrupt` replaces a frame that does not
    decode by the one before it (the first by the one after), so that labels stay aligned, and lets
    a video that breaks off end there. `report` gets "repeated_frames" or "missing_at_end", if any.
    """
    first, last = span or (0, None)
    report = {} if report is None else report
    if path.is_dir():
        decoded = _decode_folder(path, first, last)
    else:
        decoded = _decode_video(path, first, last, report)
    count = yield from _fill_gaps(_check(decoded, skip_corrupt), report)
    if last is not None and count <= last - first:
        raise ValueError(f"{path} ends before frame {last}, the last of the range.")
    if report.get("missing_at_end") and not skip_corrupt:
        raise ValueError(
            f"{path} breaks off {report['missing_at_end']} frames before its end: "
            "get the file again, or add --skip-corrupt to use the part that decodes."
        )


def _check(decoded, skip_corrupt):
    """Yield the frames without their names; ValueError for damage and for a change of size."""
    size = None
    for name, frame in decoded:
        if frame is None and not skip_corrupt:
            raise ValueError(
                f"{name} does not decode: "
                "get the file again, or add --skip-corrupt to repeat its neighbour."
            )
        if frame is not None:
            this_size = f"{frame.shape[1]}x{frame.shape[0]}"
            size = size or this_size
            if this_size != size:
                raise ValueError(
                    f"{name} is {this_size}, the frames before it {size}: one clip has one size."
                )
        yield frame


def _fill_gaps(frames, report):
    """Yield the frames, with a neighbour in place of each None; return how many came in."""
    previous, waiting, count = None, 0, 0
    for frame in frames:
        if frame is None:
            report.setdefault("repeated_frames", []).append(count)
            frame = previous
        # Frames before the first good one wait for it: there is nothing else to repeat.
        waiting += 1
        count += 1
        if frame is not None:
            yield from [frame] * waiting
            previous, waiting = frame, 0
    return count


def _decode_folder(folder, first=0, last=None):
    end = None if last is None else last + 1
    with tempfile.TemporaryFile(buffering=0) as messages:
        for path in visible(folder, IMAGE_ENDINGS)[first:end]:
            with _capture_stderr(messages):
                frame = _read_picture(path)
            if _tells_of_damage(messages):
                frame = None
            yield path, frame


def _read_picture(path):
    try:
        return cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    except cv2.error:  # a picture that claims to be larger than any is
        return None


def _tells_of_damage(messages):
    """Search and empty the file of captured messages."""
    messages.seek(0)
    text = messages.read()
    messages.seek(0)
    messages.truncate()
    return _DAMAGE.search(text) is not None


@contextlib.contextmanager
def listening(path: Path, skip_corrupt: bool, report: dict) -> Iterator[None]:
    """Swallow what the decoder of a video prints in a `with` block; ValueError for damage.

    Decoders work ahead in threads of their own and hide damage as well as they can, so only that
    there is some is known, not where; "decoder_complaints" of `report` counts it.
    """
    with tempfile.TemporaryFile(buffering=0) as messages:
        with _capture_stderr(messages):
            yield
        messages.seek(0)
        complaints = _VIDEO_DAMAGE.findall(messages.read())
    if complaints:
        report["decoder_complaints"] = len(complaints)
    if complaints and not skip_corrupt:
        words = complaints[0].decode(errors="replace").split("] ")[-1].strip()[:80]
        raise ValueError(
            f"{path} is damaged, its decoder says '{words}': "
            "get the file again, or add --skip-corrupt to use it as it decodes."
        )


def _decode_video(path, first, last, report):
    video = _open_video(path)
    promised = _promised(video)
    number = 0
    while (last is None or number <= last) and video.grab():
        if number >= first:
            decodes, frame = video.retrieve()
            grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) if decodes else None
            yield f"Frame {number} of {path}", grey
        number += 1
    video.release()
    # Containers that estimate their length are off by one at times.
    if last is None and promised - number > 1:
        report["missing_at_end"] = promised - number
    if last is None and (path.suffix.lower() in _WITHOUT_LENGTH or number - promised > 1):
        report["length_unsure"] = True


def _open_video(path):
    with tempfile.TemporaryFile() as messages, _capture_stderr(messages):
        video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    if not video.isOpened():
        raise ValueError(
            f"{path} cannot be opened as a video: damaged, cut short, or a codec that OpenCV lacks."
        )
    return video


def promised_frames(path: Path) -> int:
    """Return how many frames a video says it has; ValueError if it is none."""
    video = _open_video(path)
    promised = _promised(video)
    video.release()
    return promised


def _promised(video):
    promised = video.get(cv2.CAP_PROP_FRAME_COUNT)
    return int(promised) if 0 <= promised < 1e9 else 0


@contextlib.contextmanager
def _capture_stderr(file):
    """Send what C libraries print, on file descriptor 2 whatever `sys.stderr` is, into a file."""
    # The level that the user set may hide the warnings that tell of damage.
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_WARNING)
    stderr = os.dup(2)
    try:
        os.dup2(file.fileno(), 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        cv2.utils.logging.setLogLevel(level)


def read_mask_images(folder: Path) -> Iterator[np.ndarray]:
    """Yield the masks of a folder, one picture per frame: (H, W) uint8, non-zero = abnormal."""
    for path, mask in _decode_folder(folder):
        if mask is None:
            raise ValueError(f"{path} does not decode: get the file again.")
        yield mask
