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
import sys
from pathlib import Path

from command_line import add_source_arguments, chosen_archive, chosen_options, run_script, script_parser

from vadkit.prepare.archives import dataset_folder
from vadkit.prepare.avenue import ARCHIVE, LABELS, find_videos, official_clips, ranged_clips
from vadkit.prepare.scene_folder import Source, prepare_scene


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
