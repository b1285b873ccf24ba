"""Decode one clip: a video file or a folder of numbered frames -> grey frames, one at a time, damage noticed.

OpenCV decodes a damaged TIFF or JPEG into a picture and only murmurs on stderr. We listen to that murmur: a frame counts
as corrupt when the decoder returns nothing or says so. Nothing here loads a whole clip into memory.
"""

import contextlib
import os
import re
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

IMAGE_ENDINGS = {".tif", ".tiff", ".bmp", ".png", ".jpg", ".jpeg", ".pgm"}
VIDEO_ENDINGS = {".avi", ".mp4", ".m4v", ".mkv", ".mov", ".webm", ".mpg", ".mpeg", ".wmv"}
_DIGITS = re.compile(r"(\d+)")
_DAMAGE = re.compile(rb"ERROR|error|Premature end|Corrupt JPEG")


def natural(name):
    """Sort key: frame2 before frame10."""
    return [int(piece) if piece.isdigit() else piece for piece in _DIGITS.split(name)]


def visible(folder):
    """What is in a folder, in natural order, without `._*`, `.DS_Store` and their like."""
    names = [name for name in os.listdir(folder) if not name.startswith(".") and name != "__MACOSX"]
    return [Path(folder, name) for name in sorted(names, key=natural)]


def is_image(path):
    return path.suffix.lower() in IMAGE_ENDINGS


def image_files(folder):
    return [path for path in visible(folder) if is_image(path)]


def source_files(path):
    """The files a clip is made of: one video, or the frames of a folder."""
    return image_files(path) if path.is_dir() else [path]


def grey_frames(path, span=None, skip_corrupt=False, report=None):
    """Yield the frames of a clip, (H, W) uint8 at full size.

    span: (first, last) frame to keep, both included, from 0. With `skip_corrupt` a frame that does not decode is replaced
    by the one before it (the first by the one after), so that labels stay aligned, and a video that ends early ends early;
    `report` then gets "repeated_frames" (numbered within the span) or "missing_at_end".
    Raises ValueError that names the frame for damage, and for frames of different sizes.
    """
    first, last = span or (0, None)
    report = {} if report is None else report
    decoded = _decode_folder(path, first, last) if Path(path).is_dir() else _decode_video(path, first, last, report)
    shape, previous, waiting, number = None, None, 0, -1
    with contextlib.closing(decoded):  # it holds stderr: let go before an error is told
        for number, (name, frame) in enumerate(decoded):
            if frame is None:
                if not skip_corrupt:
                    raise ValueError(
                        f"{name} does not decode: get the file again, or add --skip-corrupt to repeat its neighbour."
                    )
                report.setdefault("repeated_frames", []).append(number)
                waiting += previous is None
            else:
                shape = shape or frame.shape
                if frame.shape != shape:
                    raise ValueError(
                        f"{name} is {_size(frame.shape)}, the frames before it {_size(shape)}: one clip has one size."
                    )
                yield from [frame] * waiting
                previous, waiting = frame, 0
            if previous is not None:
                yield previous
    if last is not None and number < last - first:
        raise ValueError(f"{path} ends before frame {last}, the last of the range.")
    if report.get("missing_at_end") and not skip_corrupt:
        raise ValueError(
            f"{path} breaks off {report['missing_at_end']} frames before its end: get the file again, or add --skip-corrupt "
            "to use the part that decodes."
        )


def _size(shape):
    return f"{shape[1]}x{shape[0]}"


def _decode_folder(folder, first, last):
    with _listening() as damage_heard:
        for path in image_files(folder)[first : None if last is None else last + 1]:
            frame = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
            yield path, None if damage_heard() else frame


@contextlib.contextmanager
def _listening():
    """Catch what the C libraries under OpenCV print on stderr -> a function: did they speak of damage since the last call?"""
    with tempfile.TemporaryFile() as ear:
        descriptor, heard = ear.fileno(), 0

        def damage_heard():
            nonlocal heard
            length = os.fstat(descriptor).st_size
            if length == heard:
                return False
            ear.seek(heard)
            heard = length
            return bool(_DAMAGE.search(ear.read(length)))

        stderr = os.dup(2)
        try:
            os.dup2(descriptor, 2)
            yield damage_heard
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def _decode_video(path, first, last, report):
    with _listening():
        video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    if not video.isOpened():
        raise ValueError(f"{path} cannot be opened as a video: damaged, cut short, or a codec that OpenCV lacks.")
    promised, number = int(video.get(cv2.CAP_PROP_FRAME_COUNT)), 0
    while (last is None or number <= last) and video.grab():
        if number >= first:
            good, frame = video.retrieve()
            yield f"Frame {number} of {path}", cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) if good else None
        number += 1
    video.release()
    if last is None and promised - number > 1:  # containers that estimate their length are off by one at times
        report["missing_at_end"] = promised - number


def shrink(frame, options):
    """Cut the top rows off and average down (or enlarge) to `options.size`: (H, W) uint8."""
    frame = frame[round(options.crop_top * len(frame)) :]
    smaller = frame.shape[0] >= options.size[0] and frame.shape[1] >= options.size[1]
    return cv2.resize(frame, options.size[::-1], interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)


def shrink_mask(mask, options):
    """(h, w), non-zero = abnormal -> (H, W) bool: abnormal where at least half of what a pixel covers is."""
    return shrink((np.asarray(mask) != 0).astype(np.uint8) * 255, options) >= 128


def read_mask_images(folder):
    """Masks as a folder of pictures, non-zero = abnormal."""
    for path, mask in _decode_folder(folder, 0, None):
        if mask is None:
            raise ValueError(f"{path} does not decode: get the file again.")
        yield mask


def read_mask_array(path):
    """Masks as one .npy (T, h, w), memory-mapped."""
    yield from np.load(path, mmap_mode="r", allow_pickle=False)


def bare_seconds_per_frame(path, options, most=200):
    """Processor seconds OpenCV alone needs to decode, turn grey and resize the first frames of a clip: the floor we measure
    against."""
    count, began = 0, time.process_time()
    if path.is_dir():
        with _listening():  # what there is to say about damage has been said
            for file in image_files(path)[:most]:
                frame = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
                if frame is not None:
                    shrink(frame, options)
                count += 1
    else:
        video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        while count < most and (found := video.read())[0]:
            shrink(cv2.cvtColor(found[1], cv2.COLOR_BGR2GRAY), options)
            count += 1
    return (time.process_time() - began) / max(count, 1)


cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_WARNING)
