"""ShanghaiTech Campus: thirteen cameras in one archive."""

import re
from functools import partial

import numpy as np

from vadkit.prepare.archives import Archive
from vadkit.prepare.decoding import VIDEO_ENDINGS, read_mask_array, visible
from vadkit.prepare.scene_folder import Source

ARCHIVE = Archive(
    file="shanghaitech.tar.gz",
    sha256="c13a827043b259ccf8493c9d9130486872992153a9d714fe229e523cd4c94116",
    page="https://svip-lab.github.io/dataset/campus_dataset.html",
    url=None,
    terms="for academic research only, not to be passed on; cite Luo, Liu and Gao, ICCV 2017.",
    command="python data_scripts/prepare_shanghaitech.py shanghaitech.tar.gz",
    max_gb=60,
)


def find_root(folder):
    """The folder with `training` and `testing`: itself, or one or two deeper."""
    for place in (folder, *sorted(folder.glob("*")), *sorted(folder.glob("*/*"))):
        if (place / "training").is_dir() and (place / "testing").is_dir():
            return place
    raise FileNotFoundError(f"{folder} holds no folders training and testing: is it the ShanghaiTech dataset?")


def find_clips(root, masks=True):
    """All clips of all cameras."""
    train = [path for path in _clips_in(root / "training" / "videos") if path.suffix.lower() in VIDEO_ENDINGS]
    test = [path for path in _clips_in(root / "testing" / "frames") if path.is_dir()]
    return [
        *(Source("train", path.stem, path) for path in train),
        *(_test_clip(path, root / "testing", masks) for path in test),
    ]


def _clips_in(folder):
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is missing: unpack the whole archive.")
    return [path for path in visible(folder) if re.fullmatch(r"\d\d_\d+", path.stem)]


def _test_clip(path, testing, masks):
    drawn = testing / "test_pixel_mask" / f"{path.name}.npy"
    masks = partial(read_mask_array, drawn) if masks and drawn.exists() else None
    return Source(
        "test", path.name, path, labels=read_frame_mask(testing / "test_frame_mask" / f"{path.name}.npy"), masks=masks
    )


def read_frame_mask(path):
    """test_frame_mask/SS_VVVV.npy -> (T,) bool."""
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: the labels of that test clip.")
    try:
        labels = np.load(path, allow_pickle=False)
    except (ValueError, EOFError):
        raise ValueError(f"{path} is not a NumPy file, or is damaged.") from None
    if labels.ndim != 1 or not np.isin(labels, (0, 1)).all():
        raise ValueError(f"{path} should hold one 0 or 1 per frame.")
    return labels.astype(bool)
