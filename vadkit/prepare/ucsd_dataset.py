"""UCSD Ped1 and Ped2: what lies where in the official archive, and its labels."""

import re
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vadkit.prepare.archives import Archive, dataset_folder
from vadkit.prepare.clips import Options, Source
from vadkit.prepare.decoding import IMAGE_ENDINGS, read_mask_images, visible
from vadkit.prepare.scene_folder import prepare_scene
from vadkit.scenes import Scene

ARCHIVE = Archive(
    file="UCSD_Anomaly_Dataset.tar.gz",
    sha256="2329af326951f5097fdd114c50e853957d3e569493a49d22fc082a9fd791915b",
    page="http://www.svcl.ucsd.edu/projects/anomaly/dataset.htm",
    url="http://www.svcl.ucsd.edu/projects/anomaly/UCSD_Anomaly_Dataset.tar.gz",
    terms="free for research, no licence to pass it on; "
    "cite Mahadevan et al., CVPR 2010, and Li et al., PAMI 2014.",
    command="python data_scripts/prepare_ucsd.py UCSD_Anomaly_Dataset.tar.gz --skip-corrupt",
    max_gb=4,
)
SUBSETS = {"ped1": ["ped1"], "ped2": ["ped2"], "both": ["ped2", "ped1"]}


def ucsd(
    source: str | Path | None = None,
    out: str | Path = "data",
    *,
    subset: str = "both",
    masks: bool = True,
    archive: Archive = ARCHIVE,
    downloads: str | Path | None = None,
    **options: Any,
) -> dict[str, Scene]:
    """Turn the official UCSD pedestrian archive into the prepared scenes ped1 and ped2.

    Parameters
    ----------
    source : str or Path, optional
        The archive or the folder it unpacks to; None fetches it into `downloads`.
    out : str or Path
        Where the scenes go.
    subset : str
        "ped1", "ped2" or "both".
    masks : bool
        Whether to store the pixel masks.
    archive : Archive
        What the official file is: its address, its checksum, how much it may unpack to.
    downloads : str or Path, optional
        Where a fetched archive is kept.
    **options
        Of size, crop_top, skip_corrupt, jobs, replace, as in `vadkit.prepare.video`. Ped1 has a
        damaged frame and needs `skip_corrupt`.

    Returns
    -------
    dict
        The scenes by name, opened.

    Raises
    ------
    ValueError, OSError
        As `vadkit.prepare.video`, and for a download that fails.
    """
    if subset not in SUBSETS:
        raise ValueError(f"There is no subset '{subset}', only {', '.join(SUBSETS)}.")
    checked = Options(**options)
    out = Path(out)
    scenes = {}
    with dataset_folder(archive, source, out, downloads) as (folder, origin):
        for name in SUBSETS[subset]:
            clips = _subset_clips(_find_subset(folder, f"UCSD{name}"), masks)
            title = f"UCSD {name.capitalize()}"
            scenes[name] = prepare_scene(out / name, clips, checked, dataset=title, source=origin)
            # Said at once, because Ped1 comes after it and has a damaged frame.
            print(f"{out / name} is prepared: vadkit.open_scene('{out / name}').")
    return scenes


def _find_subset(folder, name):
    """`UCSDped1` may be the folder, in it, or one deeper (UCSD_Anomaly_Dataset.v1p2)."""
    for place in (folder, folder / name, *sorted(folder.glob(f"*/{name}"))):
        if place.name == name and place.is_dir():
            return place
    raise FileNotFoundError(f"{folder} holds no folder {name}: is it the UCSD dataset?")


def _subset_clips(folder, masks):
    train = _clips_in(folder / "Train", "Train[0-9]{1,6}")
    test = _clips_in(folder / "Test", "Test[0-9]{1,6}")
    ranges = _read_ranges(folder / "Test" / f"{folder.name}.m")
    if len(test) != len(ranges):
        print(
            f"note: {folder.name} has {len(test)} test clips here, "
            f"the labels speak of {len(ranges)}: not the whole dataset."
        )
    if len({int(path.name.removeprefix("Test")) for path in test}) < len(test):
        raise ValueError(f"{folder / 'Test'} holds two folders with one number: remove one.")
    clips = [Source("train", path.name, path) for path in train]
    return clips + [_test_clip(path, ranges, masks) for path in test]


def _clips_in(folder, pattern):
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is missing: is {folder.parent} complete?")
    clips = [path for path in visible(folder) if re.fullmatch(pattern, path.name)]
    if not clips:
        raise FileNotFoundError(
            f"{folder} holds no clip like {folder.name}001: unpack the whole archive."
        )
    return clips


def _read_ranges(path):
    """One list of (first, last) per test clip, from 1 and inclusive, as MATLAB counts."""
    code = re.sub(r"%.*", "", path.read_text(encoding="utf-8", errors="replace"))
    contents = re.findall(r"gt_frame\s*=\s*\[([^\]]*)\]", code)
    if not contents or len(contents) != code.count("gt_frame"):
        raise ValueError(
            f"{path} should hold lines like TestVideoFile{{end+1}}.gt_frame = [5:90, 140:200]; "
            "and no other with gt_frame."
        )
    return [[_read_range(text, path) for text in _pieces(content)] for content in contents]


def _pieces(content):
    return re.sub(r"\s*:\s*", ":", content).replace(",", " ").replace(";", " ").split()


def _read_range(text, path):
    match = re.fullmatch("([0-9]{1,9})(?::([0-9]{1,9}))?", text)
    if not match:
        raise ValueError(f"{path}: '{text[:40]}' is no range of frames like 5:90.")
    return int(match[1]), int(match[2] or match[1])


def _test_clip(path, ranges, masks):
    number = int(path.name.removeprefix("Test"))
    if not 1 <= number <= len(ranges):
        raise ValueError(
            f"{path} has no line in the label file, which has clips 1 to {len(ranges)}."
        )
    labels = frame_labels(ranges[number - 1], len(visible(path, IMAGE_ENDINGS)), path)
    folder = path.with_name(f"{path.name}_gt")
    read_masks = partial(read_mask_images, folder) if masks and folder.is_dir() else None
    return Source("test", path.name, path, labels=labels, masks=read_masks)


def frame_labels(ranges: list[tuple[int, int]], length: int, where: Path) -> np.ndarray:
    """Turn ranges (first, last), from 1 and inclusive, into (length,) bool, True = abnormal."""
    labels = np.zeros(length, bool)
    for first, last in ranges:
        if not 1 <= first <= last <= length:
            raise ValueError(
                f"{where}: the labels name frames {first} to {last}, "
                f"but the clip has {length} frames."
            )
        labels[first - 1 : last] = True
    return labels
