"""Turn the official UCSD pedestrian archive (or its unpacked folder) into the prepared scenes ped1 and ped2.

Labels come from the ranges in UCSDpedN.m, pixel masks from the TestNNN_gt folders where there are some (all clips of Ped2,
ten of Ped1). Ped1's Test017/142.tif is damaged in the official archive: --skip-corrupt repeats the frame before it.

examples:
  python data_scripts/prepare_ucsd.py UCSD_Anomaly_Dataset.tar.gz --subset ped2
  python data_scripts/prepare_ucsd.py UCSD_Anomaly_Dataset.v1p2/ --skip-corrupt --out data
  python data_scripts/prepare_ucsd.py --download --skip-corrupt
"""

import sys
from pathlib import Path

from command_line import add_source_arguments, chosen_archive, chosen_options, run_script, script_parser

from vadkit.prepare.archives import dataset_folder
from vadkit.prepare.scene_folder import prepare_scene
from vadkit.prepare.ucsd import ARCHIVE, find_subset, subset_clips


def main(argv=None):
    parser = script_parser(__doc__)
    add_source_arguments(parser, ARCHIVE)
    parser.add_argument("--subset", choices=("ped1", "ped2", "both"), default="both")
    parser.add_argument("--no-masks", action="store_true", help="leave the pixel masks out")
    parser.add_argument("--out", type=Path, default=Path("data"), metavar="FOLDER",
                        help="where the scenes ped1 and ped2 go (default data)")  # fmt: skip
    args = parser.parse_args(argv)
    downloads = args.downloads if args.download else None
    with dataset_folder(chosen_archive(args, ARCHIVE), args.source, args.out, downloads) as (folder, provenance):
        for name in ("ped2", "ped1") if args.subset == "both" else (args.subset,):
            clips = subset_clips(find_subset(folder, f"UCSD{name}"), not args.no_masks)
            prepare_scene(args.out / name, clips, chosen_options(args), dataset=f"UCSD {name.capitalize()}",
                          source=provenance, jobs=args.jobs, replace=args.replace)  # fmt: skip
            print(f"{args.out / name} is prepared: vadkit.open_scene('{args.out / name}').")


if __name__ == "__main__":
    sys.exit(run_script(main))
