"""Turn the official CUHK Avenue archive (or its unpacked folder) into the prepared scene avenue.

The videos and the labels are two files of one page. Two sets of labels circulate; they differ in
441 frames:
  official  the pixel masks of ground_truth_demo.zip, testing_label_mask/N_label.mat; a frame is
            abnormal where its mask has any pixel (default)
  ranges    avenue.mat, key "gt": a 2xN table of first and last frames per clip, which came with
            Hasan et al., CVPR 2016, and which most published code uses

examples:
  python data_scripts/prepare_avenue.py Avenue_Dataset.zip --labels ground_truth_demo.zip
  python data_scripts/prepare_avenue.py "Avenue Dataset/" --labels avenue.mat --label-set ranges \\
      --out data/avenue_ranges
  python data_scripts/prepare_avenue.py --download
"""

import dataclasses
import sys
from pathlib import Path

if __name__ == "__main__":
    import ctrl_c

    ctrl_c.leave_at_once()  # the libraries take a second to load

from command_line import (
    add_source_arguments,
    checksum,
    chosen_options,
    chosen_source,
    run_script,
    script_parser,
)

import vadkit.prepare
from vadkit.prepare.avenue_dataset import ARCHIVE, LABELS


def main(argv=None):
    parser = script_parser(__doc__)
    add_source_arguments(parser, ARCHIVE)
    add = parser.add_argument
    text = f"{LABELS.file} or its folder; avenue.mat for --label-set ranges"
    add("--labels", type=Path, metavar="PATH", help=text)
    add("--label-set", choices=("official", "ranges"), default="official")
    text = "a mirror of the label archive"
    add("--labels-url", default=LABELS.url, metavar="URL", help=text)
    text = "its checksum, or 'any'"
    add("--labels-sha256", type=checksum, default=LABELS.sha256, metavar="HEX", help=text)
    text = "use the masks for frame labels only, do not store them"
    add("--no-masks", action="store_true", help=text)
    out = Path("data/avenue")
    add("--out", type=Path, default=out, metavar="FOLDER", help="default data/avenue")
    args = parser.parse_args(argv)
    # The labels are an archive of their own, which may come from a mirror of its own.
    labels_archive = dataclasses.replace(
        LABELS, url=args.labels_url, sha256=args.labels_sha256, max_gb=args.max_gb
    )
    vadkit.prepare.avenue(
        labels=args.labels,
        out=args.out,
        label_set=args.label_set,
        masks=not args.no_masks,
        labels_archive=labels_archive,
        **chosen_source(args, ARCHIVE),
        **chosen_options(args),
    )
    print(f"{args.out} is prepared: vadkit.open_scene('{args.out}').")


if __name__ == "__main__":
    sys.exit(run_script(main))
