"""Turn the official UCSD pedestrian archive (or its unpacked folder) into scenes ped1 and ped2.

Labels come from the ranges in UCSDpedN.m, pixel masks from the TestNNN_gt folders where there are
some (all clips of Ped2, ten of Ped1). Ped1's Test017/142.tif is damaged in the official archive:
--skip-corrupt repeats the frame before it.

examples:
  python data_scripts/prepare_ucsd.py UCSD_Anomaly_Dataset.tar.gz --subset ped2
  python data_scripts/prepare_ucsd.py UCSD_Anomaly_Dataset.v1p2/ --skip-corrupt --out data
  python data_scripts/prepare_ucsd.py --download --skip-corrupt
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    import ctrl_c

    ctrl_c.leave_at_once()  # the libraries take a second to load

from command_line import (
    add_source_arguments,
    chosen_options,
    chosen_source,
    run_script,
    script_parser,
)

import vadkit.prepare
from vadkit.prepare.ucsd_dataset import ARCHIVE


def main(argv=None):
    parser = script_parser(__doc__)
    add_source_arguments(parser, ARCHIVE)
    add = parser.add_argument
    add("--subset", choices=("ped1", "ped2", "both"), default="both")
    add("--no-masks", action="store_true", help="leave the pixel masks out")
    text = "where the scenes ped1 and ped2 go (default data)"
    add("--out", type=Path, default=Path("data"), metavar="FOLDER", help=text)
    args = parser.parse_args(argv)
    chosen = chosen_source(args, ARCHIVE) | chosen_options(args)
    # It says of each scene when it is prepared.
    vadkit.prepare.ucsd(out=args.out, subset=args.subset, masks=not args.no_masks, **chosen)


if __name__ == "__main__":
    sys.exit(run_script(main))
