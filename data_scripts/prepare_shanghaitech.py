"""Turn the official ShanghaiTech Campus archive (or its unpacked folder) into 13 prepared scenes, one per camera.

The first two digits of a clip's name are its camera: 05_0021 belongs to scene 05. Camera 13 has training clips only. This is
the set to meta-train on: each scene is one task.

examples:
  python data_scripts/prepare_shanghaitech.py shanghaitech.tar.gz
  python data_scripts/prepare_shanghaitech.py shanghaitech/ --scenes 01 05 --out data/shanghaitech
"""

import re
import sys
from functools import partial
from pathlib import Path

import numpy as np
from archives import Archive, add_source_arguments, chosen_archive, dataset_folder
from command_line import chosen_options, run_script, script_parser
from prepared import Source, prepare_scene
from reading import VIDEO_ENDINGS, read_mask_array, visible

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


def main(argv=None):
    parser = script_parser(__doc__)
    add_source_arguments(parser, ARCHIVE)
    parser.add_argument("--scenes", nargs="+", metavar="SS", help="only these cameras, e.g. 01 05 (default all)")
    parser.add_argument("--no-masks", action="store_true", help="leave the pixel masks out")
    parser.add_argument("--out", type=Path, default=Path("data/shanghaitech"), metavar="FOLDER",
                        help="where the scenes 01 to 13 go (default data/shanghaitech)")  # fmt: skip
    args = parser.parse_args(argv)
    downloads = args.downloads if args.download else None
    with dataset_folder(chosen_archive(args, ARCHIVE), args.source, args.out, downloads) as (folder, provenance):
        clips = find_clips(find_root(folder), not args.no_masks)
        present = sorted({clip.name[:2] for clip in clips})
        for camera in args.scenes or present:
            if camera not in present:
                raise ValueError(f"There is no scene {camera} here, only {', '.join(present)}.")
            prepare_scene(args.out / camera, [clip for clip in clips if clip.name[:2] == camera], chosen_options(args),
                          dataset="ShanghaiTech Campus", source=provenance, name=f"shanghaitech/{camera}",
                          jobs=args.jobs, replace=args.replace)  # fmt: skip
    print(f"{args.out}: scenes {', '.join(args.scenes or present)} are prepared, see vadkit.list_scenes().")


if __name__ == "__main__":
    sys.exit(run_script(main))
