"""CUHK Avenue: what lies where in the official archive, and its two sets of labels."""

import struct
import zlib
from functools import partial

import cv2
import numpy as np
import scipy.io

from vadkit.prepare.archives import Archive
from vadkit.prepare.decoding import VIDEO_ENDINGS, visible
from vadkit.prepare.scene_folder import Source
from vadkit.prepare.ucsd import frame_labels

PAGE = "http://www.cse.cuhk.edu.hk/leojia/projects/detectabnormal/dataset.html"
TERMS = "for non-commercial research only, not to be passed on; cite Lu, Shi and Jia, ICCV 2013."
COMMAND = "python data_scripts/prepare_avenue.py Avenue_Dataset.zip --labels ground_truth_demo.zip"
ARCHIVE = Archive(
    file="Avenue_Dataset.zip",
    sha256="fc9cb8432a11ca79c18aa180c72524011411b69d3b0ff27c8816e41c0de61531",
    page=PAGE,
    url="http://www.cse.cuhk.edu.hk/leojia/projects/detectabnormal/Avenue_Dataset.zip",
    terms=TERMS,
    command=COMMAND,
    max_gb=4,
)
LABELS = Archive(
    file="ground_truth_demo.zip",
    sha256="60fec1728ec8f73a58aad3aeb5729d70a805a47e0b8eb4bf91ab67ef06386d77",
    page=PAGE,
    url="http://www.cse.cuhk.edu.hk/leojia/projects/detectabnormal/ground_truth_demo.zip",
    terms=TERMS,
    command=COMMAND,
    max_gb=4,
)


_MATRIX, _COMPRESSED, _CELL, _UINT8 = 14, 15, 1, 2  # codes of the MAT-file format, version 5


def read_label_masks(path):
    """Yield the masks of N_label.mat (`volLabel`, a 1xT cell of 2-D uint8), one at a time.

    scipy.io.loadmat would hold all masks of a clip at once, half a gigabyte for the longest. MAT-file level 5: a 128-byte
    header, then one zlib stream with a cell array, each cell a small matrix.
    """
    with open(path, "rb") as file:
        file.seek(128)
        if file.read(4) == struct.pack("<I", _COMPRESSED):
            file.seek(4, 1)
            read = _unzipping(file)
        else:
            file.seek(128)
            read = file.read
        try:
            yield from _cells(read)
        except (struct.error, zlib.error, ValueError):
            raise ValueError(
                f"{path} is damaged, or not an Avenue label file (a MAT-file with a cell of masks)."
            ) from None


def _unzipping(file):
    """-> read(n): the next n bytes, unzipped on the way, a megabyte at most in hand."""
    unzip, buffer = zlib.decompressobj(), bytearray()

    def read(n):
        while len(buffer) < n and (block := unzip.unconsumed_tail or file.read(1 << 14)):
            buffer.extend(unzip.decompress(block, 1 << 20))
        taken = bytes(buffer[:n])
        del buffer[:n]
        return taken

    return read


def _cells(read):
    cell_class, (rows, columns) = _matrix_header(read)
    if cell_class != _CELL:
        raise ValueError("no cell array")
    for _ in range(rows * columns):
        _, shape = _matrix_header(read)
        data_type, size = struct.unpack("<II", read(8))
        if data_type != _UINT8 or size != shape[0] * shape[1]:
            raise ValueError("no uint8 mask")
        yield np.frombuffer(read(size + -size % 8), np.uint8, size).reshape(shape, order="F")


def _matrix_header(read):
    """Tag, flags, dimensions and name of a 2-D matrix -> (class, (rows, columns))."""
    kind, _, _, _, flags, _, _, _, rows, columns = struct.unpack("<10I", read(40))
    if kind != _MATRIX:
        raise ValueError("no matrix")
    name_type, length = struct.unpack("<II", read(8))
    if not name_type >> 16:  # a name of up to four letters sits in the tag itself
        read(length + -length % 8)
    return flags & 0xFF, (rows, columns)


def read_ranges(path):
    """avenue.mat -> one list of (first, last) per clip, 1-based and inclusive."""
    try:
        table = scipy.io.loadmat(path)["gt"]
    except (KeyError, ValueError, NotImplementedError):
        raise ValueError(f"{path} is not a MAT-file with the key 'gt' (avenue.mat).") from None
    return [[(int(first), int(last)) for first, last in np.reshape(clip, (2, -1)).T] for clip in table.ravel()]


def find_videos(folder, part):
    """`training_videos` may be in the folder or one deeper ("Avenue Dataset", with the space)."""
    for place in (folder / part, *sorted(folder.glob(f"*/{part}"))):
        if place.is_dir():
            videos = [path for path in visible(place) if path.suffix.lower() in VIDEO_ENDINGS]
            if not videos:
                raise FileNotFoundError(f"{place} holds no video: unpack the whole archive.")
            return videos
    raise FileNotFoundError(f"{folder} holds no folder {part}: is it the Avenue dataset?")


def official_clips(tests, labels, masks=True):
    """Test clips with the official masks: `labels` is the unpacked ground_truth_demo."""
    folder = next(
        (p for p in (labels, *sorted(labels.rglob("testing_label_mask"))) if any(p.glob("*_label.mat"))), None
    )
    if folder is None:
        raise FileNotFoundError(
            f"{labels} holds no testing_label_mask/N_label.mat: download {LABELS.file} from {PAGE}."
        )
    return [_official_clip(path, folder / f"{int(path.stem)}_label.mat", masks) for path in tests]


def _official_clip(path, mat, masks):
    if not mat.exists():
        raise FileNotFoundError(f"{mat} is missing: the labels of test clip {path.name}.")
    if masks:
        return Source("test", path.stem, path, labels="masks", masks=partial(read_label_masks, mat))
    return Source("test", path.stem, path, labels=np.array([mask.any() for mask in read_label_masks(mat)]))


def ranged_clips(tests, path):
    """Test clips with the labels of avenue.mat. A clip's length is what its container says."""
    ranges = read_ranges(path)
    if len(ranges) < len(tests):
        raise ValueError(f"{path} labels {len(ranges)} clips, but there are {len(tests)} test videos.")
    clips = []
    for video in tests:
        length = int(cv2.VideoCapture(str(video), cv2.CAP_FFMPEG).get(cv2.CAP_PROP_FRAME_COUNT))
        clips.append(Source("test", video.stem, video, labels=frame_labels(ranges[int(video.stem) - 1], length, video)))
    return clips
