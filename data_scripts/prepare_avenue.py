"""Turn the official CUHK Avenue archive (or its unpacked folder) and its label masks into the prepared scene avenue.

The videos and the labels are two files of one page. Two sets of labels circulate; they differ in 441 frames:
  official  the pixel masks of ground_truth_demo.zip, testing_label_mask/N_label.mat; a frame is abnormal where its mask
            has any pixel (default)
  ranges    avenue.mat, key "gt": a 2xN table of first and last frames per clip, which came with Hasan et al., CVPR 2016,
            and which most published code uses

examples:
  python data_scripts/prepare_avenue.py Avenue_Dataset.zip --labels ground_truth_demo.zip
  python data_scripts/prepare_avenue.py "Avenue Dataset/" --labels avenue.mat --label-set ranges --out data/avenue_ranges
  python data_scripts/prepare_avenue.py --download
"""

import contextlib
import dataclasses
import struct
import sys
import zlib
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import scipy.io
from archives import Archive, add_source_arguments, chosen_archive, dataset_folder
from command_line import chosen_options, run_script, script_parser
from prepare_ucsd import frame_labels
from prepared import Source, prepare_scene
from reading import VIDEO_ENDINGS, visible

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


def main(argv=None):
    parser = script_parser(__doc__)
    add_source_arguments(parser, ARCHIVE)
    parser.add_argument("--labels", type=Path, metavar="PATH",
                        help=f"{LABELS.file} or its folder; avenue.mat for --label-set ranges")  # fmt: skip
    parser.add_argument("--label-set", choices=("official", "ranges"), default="official")
    parser.add_argument("--labels-url", default=LABELS.url, metavar="URL", help="a mirror of the label archive")
    parser.add_argument("--labels-sha256", default=LABELS.sha256, metavar="HEX", help="its checksum, or 'any'")
    parser.add_argument(
        "--no-masks", action="store_true", help="use the masks for frame labels only, do not store them"
    )
    parser.add_argument("--out", type=Path, default=Path("data/avenue"), metavar="FOLDER", help="default data/avenue")
    args = parser.parse_args(argv)
    downloads = args.downloads if args.download else None
    if args.label_set == "ranges" and (args.labels is None or args.labels.suffix != ".mat"):
        raise ValueError(
            "--label-set ranges needs --labels avenue.mat; published code for this dataset comes with that file."
        )
    if args.label_set == "official" and args.labels and args.labels.suffix == ".mat":
        raise ValueError(f"{args.labels} is no official label archive: add --label-set ranges, or name {LABELS.file}.")
    labels_archive = dataclasses.replace(LABELS, url=args.labels_url, sha256=args.labels_sha256, max_gb=args.max_gb)
    with contextlib.ExitStack() as stack:
        if args.label_set == "official":
            labels, from_labels = stack.enter_context(
                dataset_folder(labels_archive, args.labels, args.out.parent, downloads)
            )
        folder, provenance = stack.enter_context(
            dataset_folder(chosen_archive(args, ARCHIVE), args.source, args.out.parent, downloads)
        )
        tests = find_videos(folder, "testing_videos")
        if args.label_set == "official":
            clips = official_clips(tests, labels, not args.no_masks)
        else:
            clips, from_labels = ranged_clips(tests, args.labels), args.labels.name
        clips += [Source("train", path.stem, path) for path in find_videos(folder, "training_videos")]
        prepare_scene(args.out, clips, chosen_options(args), dataset=f"CUHK Avenue, {args.label_set} labels",
                      source=f"{provenance}; labels: {from_labels}", jobs=args.jobs, replace=args.replace)  # fmt: skip
    print(f"{args.out} is prepared: vadkit.open_scene('{args.out}').")


if __name__ == "__main__":
    sys.exit(run_script(main))
