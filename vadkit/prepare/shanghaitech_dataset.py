"""ShanghaiTech Campus: thirteen cameras in one archive."""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vadkit.prepare.archives import Archive, dataset_folder
from vadkit.prepare.clips import Options, Source
from vadkit.prepare.decoding import VIDEO_ENDINGS, visible
from vadkit.prepare.scene_folder import prepare_scene
from vadkit.scenes import Scene, open_npy

AGAIN = "unpack the archive again"

ARCHIVE = Archive(
    file="shanghaitech.tar.gz",
    sha256="c13a827043b259ccf8493c9d9130486872992153a9d714fe229e523cd4c94116",
    page="https://svip-lab.github.io/dataset/campus_dataset.html",
    url=None,
    terms="for academic research only, not to be passed on; cite Luo, Liu and Gao, ICCV 2017.",
    command="python data_scripts/prepare_shanghaitech.py shanghaitech.tar.gz",
    max_gb=60,
)


def shanghaitech(
    source: str | Path | None = None,
    out: str | Path = "data/shanghaitech",
    *,
    scenes: Sequence[str] | None = None,
    masks: bool = True,
    archive: Archive = ARCHIVE,
    downloads: str | Path | None = None,
    **options: Any,
) -> dict[str, Scene]:
    """Turn the official ShanghaiTech Campus archive into prepared scenes, one per camera.

    Parameters
    ----------
    source : str or Path, optional
        The archive or the folder it unpacks to; None fetches it into `downloads`.
    out : str or Path
        Where the scenes 01 to 13 go.
    scenes : sequence of str, optional
        Only these cameras, e.g. ["01", "05"].
    masks : bool
        Whether to store the pixel masks.
    archive : Archive
        What the official file is: its address, its checksum, how much it may unpack to.
    downloads : str or Path, optional
        Where a fetched archive is kept.
    **options
        Of size, crop_top, skip_corrupt, jobs, replace, as in `vadkit.prepare.video`.

    Returns
    -------
    dict
        The scenes by camera, opened.

    Raises
    ------
    ValueError, OSError
        As `vadkit.prepare.video`, and for a download that fails.
    """
    checked = Options(**options)
    out = Path(out)
    prepared = {}
    with dataset_folder(archive, source, out, downloads) as (folder, origin):
        by_camera: dict[str, list[Source]] = {}
        for clip in _find_clips(_find_root(folder), masks):
            by_camera.setdefault(clip.name[:2], []).append(clip)
        wanted = list(dict.fromkeys(scenes or sorted(by_camera)))
        for camera in wanted:  # all of them before hours go into the first
            if camera not in by_camera:
                present = ", ".join(sorted(by_camera))
                raise ValueError(f"There is no scene {camera} here, only {present}.")
        for camera in wanted:
            clips = by_camera[camera]
            about = {"dataset": "ShanghaiTech Campus", "source": origin}
            about["name"] = f"shanghaitech/{camera}"
            prepared[camera] = prepare_scene(out / camera, clips, checked, **about)
    return prepared


def _find_root(folder):
    """The folder with `training` and `testing`: itself, or one or two deeper."""
    for place in (folder, *sorted(folder.glob("*")), *sorted(folder.glob("*/*"))):
        if (place / "training").is_dir() and (place / "testing").is_dir():
            return place
    raise FileNotFoundError(
        f"{folder} holds no folders training and testing: is it the ShanghaiTech dataset?"
    )


def _find_clips(root, masks):
    train = _clips_in(root / "training" / "videos", VIDEO_ENDINGS)
    test = [path for path in _clips_in(root / "testing" / "frames") if path.is_dir()]
    clips = [Source("train", path.stem, path) for path in train]
    clips += [_test_clip(path, root / "testing", masks) for path in test]
    if not clips:
        raise FileNotFoundError(
            f"{root} holds no clip like 01_001, camera first: is it the ShanghaiTech dataset?"
        )
    return clips


def _clips_in(folder, endings=None):
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is missing: unpack the whole archive.")
    return [path for path in visible(folder, endings) if re.fullmatch("[0-9]{2}_[0-9]+", path.stem)]


def _test_clip(path, testing, masks):
    labels = _read_frame_labels(testing / "test_frame_mask" / f"{path.name}.npy")
    file = testing / "test_pixel_mask" / f"{path.name}.npy"
    read_masks = None
    if masks and file.exists():
        _check_masks(file, len(labels))
        read_masks = partial(read_mask_array, file)
    return Source("test", path.name, path, labels=labels, masks=read_masks)


def _read_frame_labels(path):
    labels = open_npy(path, AGAIN)
    if labels.dtype.kind not in "biuf" or labels.ndim != 1 or not np.isin(labels, (0, 1)).all():
        raise ValueError(f"{path} should hold one 0 or 1 per frame.")
    return labels.astype(bool)


def _check_masks(path, length):
    masks = open_npy(path, AGAIN)
    if masks.ndim != 3 or len(masks) != length or masks.dtype.kind not in "biuf":
        raise ValueError(
            f"{path} holds {masks.dtype} {masks.shape}, "
            f"but should hold one mask for each of the {length} frames."
        )


def read_mask_array(path: Path) -> Iterator[np.ndarray]:
    """Yield the masks of one .npy file (T, H, W), memory-mapped: (H, W), non-zero = abnormal."""
    yield from open_npy(path, AGAIN)
