"""CUHK Avenue: what lies where in the official archive, and its two sets of labels."""

import contextlib
import dataclasses
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vadkit.prepare.archives import Archive, dataset_folder
from vadkit.prepare.clips import Options, Source
from vadkit.prepare.decoding import VIDEO_ENDINGS, promised_frames, visible
from vadkit.prepare.mat_files import read_cells
from vadkit.prepare.scene_folder import prepare_scene
from vadkit.prepare.ucsd_dataset import frame_labels
from vadkit.scenes import Scene

_SITE = "http://www.cse.cuhk.edu.hk/leojia/projects/detectabnormal"
ARCHIVE = Archive(
    file="Avenue_Dataset.zip",
    sha256="fc9cb8432a11ca79c18aa180c72524011411b69d3b0ff27c8816e41c0de61531",
    page=f"{_SITE}/dataset.html",
    url=f"{_SITE}/Avenue_Dataset.zip",
    terms="for non-commercial research only, not to be passed on; cite Lu, Shi and Jia, ICCV 2013.",
    command="python data_scripts/prepare_avenue.py Avenue_Dataset.zip "
    "--labels ground_truth_demo.zip",
    max_gb=4,
)
LABELS = dataclasses.replace(
    ARCHIVE,
    file="ground_truth_demo.zip",
    sha256="60fec1728ec8f73a58aad3aeb5729d70a805a47e0b8eb4bf91ab67ef06386d77",
    url=f"{_SITE}/ground_truth_demo.zip",
)


def avenue(
    source: str | Path | None = None,
    labels: str | Path | None = None,
    out: str | Path = "data/avenue",
    *,
    label_set: str = "official",
    masks: bool = True,
    archive: Archive = ARCHIVE,
    labels_archive: Archive = LABELS,
    downloads: str | Path | None = None,
    **options: Any,
) -> Scene:
    """Turn the official CUHK Avenue archive and its labels into a prepared scene.

    Parameters
    ----------
    source, labels : str or Path, optional
        The archives of videos and labels, or the folders they unpack to; None fetches them into
        `downloads`. For the label set "ranges" the labels are the file avenue.mat.
    out : str or Path
        The folder of the scene.
    label_set : str
        "official": a frame is abnormal where its mask has any pixel. "ranges": the frame ranges of
        Hasan et al., CVPR 2016, which most published code uses. They differ in 441 frames.
    masks : bool
        Whether to store the pixel masks.
    archive, labels_archive : Archive
        What the official files are: address, checksum, how much they may unpack to.
    downloads : str or Path, optional
        Where fetched archives are kept.
    **options
        Of size, crop_top, skip_corrupt, jobs, replace, as in `vadkit.prepare.video`.

    Returns
    -------
    Scene
        The scene, opened.

    Raises
    ------
    ValueError, OSError
        As `vadkit.prepare.video`, and for a download that fails.
    """
    if label_set not in ("official", "ranges"):
        raise ValueError(f"There is no label set '{label_set}', only official and ranges.")
    checked = Options(**options)
    out = Path(out)
    lent_labels = _lend_labels(label_set, labels_archive, labels, out.parent, downloads)
    lent_videos = dataset_folder(archive, source, out.parent, downloads)
    with lent_labels as (labels_path, labels_origin), lent_videos as (folder, origin):
        tests = _find_videos(folder, "testing_videos")
        if label_set == "official":
            clips = _official_clips(tests, labels_path, masks)
        else:
            clips = _ranged_clips(tests, labels_path)
        train = _find_videos(folder, "training_videos")
        clips += [Source("train", path.stem, path) for path in train]
        dataset = f"CUHK Avenue, {label_set} labels"
        origins = f"{origin}; labels: {labels_origin}"
        return prepare_scene(out, clips, checked, dataset=dataset, source=origins)


def _lend_labels(label_set, archive, labels, beside, downloads):
    """The folder of the masks, or avenue.mat, as `dataset_folder` lends it."""
    is_mat = labels is not None and Path(labels).suffix.lower() == ".mat"
    if label_set == "ranges":
        if not is_mat:
            raise ValueError(
                "--label-set ranges needs --labels avenue.mat; "
                "published code for this dataset comes with that file."
            )
        return contextlib.nullcontext((Path(labels), Path(labels).name))
    if is_mat:
        raise ValueError(
            f"{labels} is no official label archive: add --label-set ranges, or name {LABELS.file}."
        )
    return dataset_folder(archive, labels, beside, downloads)


def _find_videos(folder, part):
    """`training_videos` may be in the folder or one deeper ("Avenue Dataset", with the space)."""
    for place in (folder / part, *sorted(folder.glob(f"*/{part}"))):
        if place.is_dir():
            videos = visible(place, VIDEO_ENDINGS)
            numbers = [path.stem.lstrip("0") for path in videos]
            for path, number in zip(videos, numbers):
                if numbers.count(number) > 1:
                    raise ValueError(f"{path} is there twice, as {number or 0} counts: remove one.")
            if not videos:
                raise FileNotFoundError(f"{place} holds no video: unpack the whole archive.")
            return videos
    raise FileNotFoundError(f"{folder} holds no folder {part}: is it the Avenue dataset?")


def _official_clips(tests, labels, masks):
    """Test clips with the official masks: `labels` is the unpacked ground_truth_demo."""
    for folder in (labels, *sorted(labels.rglob("testing_label_mask"))):
        if any(folder.glob("*_label.mat")):
            return [_official_clip(path, folder, masks) for path in tests]
    raise FileNotFoundError(
        f"{labels} holds no testing_label_mask/N_label.mat: "
        f"download {LABELS.file} from {LABELS.page}."
    )


def _number(path):
    """The number of a test video, from 1, by which its labels are found."""
    number = int(path.stem) if re.fullmatch("[0-9]{1,6}", path.stem) else 0
    if number < 1:
        raise ValueError(
            f"{path} should be called by its number, like 01.avi: rename or remove it."
        )
    return number


def _official_clip(path, folder, masks):
    mat = folder / f"{_number(path)}_label.mat"
    if not mat.exists():
        raise FileNotFoundError(f"{mat} is missing: the labels of test clip {path.name}.")
    if masks:
        return Source("test", path.stem, path, labels="masks", masks=partial(read_label_masks, mat))
    labels = np.array([mask.any() for mask in read_label_masks(mat)])
    return Source("test", path.stem, path, labels=labels)


def read_label_masks(path: Path) -> Iterator[np.ndarray]:
    """Yield the masks of N_label.mat (`volLabel`, a 1xT cell): (H, W) uint8, non-zero = abnormal.

    All masks of a clip are held at once: 330 MB for the longest, 1,438 frames of 360x640.
    """
    cells = read_cells(path, "volLabel") or []
    masks = [cell for cell in cells if cell is not None and _is_mask(cell)]
    if not masks or len(masks) < len(cells):
        raise ValueError(
            f"{path} is damaged, or not an Avenue label file (a MAT-file with a cell of masks)."
        )
    yield from masks


def _is_mask(value):
    if not isinstance(value, np.ndarray) or value.dtype != np.uint8:
        return False
    return value.ndim == 2 and value.size > 0


def _ranged_clips(tests, path):
    """Test clips with the labels of avenue.mat. A clip's length is what its container says."""
    ranges = _read_ranges(path)
    clips = []
    for video in tests:
        number = _number(video)
        if number > len(ranges):
            raise ValueError(
                f"{video} has no labels in {path}, which has clips 1 to {len(ranges)}."
            )
        labels = frame_labels(ranges[number - 1], promised_frames(video), video)
        clips.append(Source("test", video.stem, video, labels=labels))
    return clips


def _read_ranges(path):
    """One list of (first, last) per clip, from 1 and inclusive."""
    tables = read_cells(path, "gt")
    if tables is None:
        raise ValueError(f"{path} is not a MAT-file with the key 'gt' (avenue.mat).")
    for number, table in enumerate(tables, 1):
        if not _is_table(table):
            raise ValueError(
                f"{path}: the entry of clip {number} should be a table of two rows, first and last "
                "frames."
            )
    return [[(int(first), int(last)) for first, last in table.reshape(2, -1).T] for table in tables]


def _is_table(value):
    """Whether these are whole numbers in two rows; no numbers at all stand for no anomaly."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iuf":
        return False
    two_rows = value.ndim == 2 and (value.shape[0] == 2 or not value.size)
    return two_rows and bool((np.isfinite(value) & (value == np.trunc(value))).all())
