"""UCSD Ped1 and Ped2: what lies where in the official archive, and its labels."""

import re
from functools import partial

import numpy as np

from vadkit.prepare.archives import Archive
from vadkit.prepare.decoding import image_files, read_mask_images, visible
from vadkit.prepare.scene_folder import Source

ARCHIVE = Archive(
    file="UCSD_Anomaly_Dataset.tar.gz",
    sha256="2329af326951f5097fdd114c50e853957d3e569493a49d22fc082a9fd791915b",
    page="http://www.svcl.ucsd.edu/projects/anomaly/dataset.htm",
    url="http://www.svcl.ucsd.edu/projects/anomaly/UCSD_Anomaly_Dataset.tar.gz",
    terms="free for research, no licence to pass it on; cite Mahadevan et al., CVPR 2010, and Li et al., PAMI 2014.",
    command="python data_scripts/prepare_ucsd.py UCSD_Anomaly_Dataset.tar.gz --skip-corrupt",
    max_gb=4,
)


def read_ranges(path):
    """UCSDpedN.m -> one list of (first, last) per test clip, 1-based and inclusive, as MATLAB counts."""
    code = re.sub(r"%.*", "", path.read_text(encoding="utf-8", errors="replace"))
    clips = []
    for content in re.findall(r"gt_frame\s*=\s*\[([^\]]*)\]", code):
        pairs = re.findall(r"(\d+)(?:\s*:\s*(\d+))?", content)
        clips.append([(int(first), int(last or first)) for first, last in pairs])
    if not clips:
        raise ValueError(f"{path} holds no line like TestVideoFile{{end+1}}.gt_frame = [5:90, 140:200];")
    return clips


def frame_labels(ranges, length, where):
    """(first, last) pairs, 1-based and inclusive -> (length,) bool."""
    labels = np.zeros(length, bool)
    for first, last in ranges:
        if not 1 <= first <= last <= length:
            raise ValueError(f"{where}: the labels name frames {first} to {last}, but the clip has {length} frames.")
        labels[first - 1 : last] = True
    return labels


def find_subset(folder, name):
    """`UCSDped1` may be the folder, in it, or one deeper (UCSD_Anomaly_Dataset.v1p2)."""
    for place in (folder, folder / name, *sorted(folder.glob(f"*/{name}"))):
        if place.name == name and place.is_dir():
            return place
    raise FileNotFoundError(f"{folder} holds no folder {name}: is it the UCSD dataset?")


def subset_clips(folder, masks=True):
    """The clips of UCSDped1 or UCSDped2."""
    train = [clip for clip in _parts(folder, "Train") if re.fullmatch(r"Train\d+", clip.name)]
    test = [clip for clip in _parts(folder, "Test") if re.fullmatch(r"Test\d+", clip.name)]
    ranges = read_ranges(folder / "Test" / f"{folder.name}.m")
    if len(test) != len(ranges):
        print(
            f"note: {folder.name} has {len(test)} test clips here, the labels speak of {len(ranges)}: not the whole dataset."
        )
    return [*(Source("train", path.name, path) for path in train), *(_test_clip(path, ranges, masks) for path in test)]


def _parts(folder, part):
    if not (folder / part).is_dir():
        raise FileNotFoundError(f"{folder / part} is missing: is {folder} complete?")
    return visible(folder / part)


def _test_clip(path, ranges, masks):
    number = int(path.name.removeprefix("Test"))
    if number > len(ranges):
        raise ValueError(f"{path} has no line in the label file, which ends with clip {len(ranges)}.")
    drawn = path.with_name(f"{path.name}_gt")
    masks = partial(read_mask_images, drawn) if masks and drawn.is_dir() else None
    labels = frame_labels(ranges[number - 1], len(image_files(path)), path)
    return Source("test", path.name, path, labels=labels, masks=masks)
