"""Turn the official ShanghaiTech Campus archive (or its unpacked folder) into 13 prepared scenes, one per camera.

The first two digits of a clip's name are its camera: 05_0021 belongs to scene 05. Camera 13 has training clips only. This is
the set to meta-train on: each scene is one task.

examples:
  python data_scripts/prepare_shanghaitech.py shanghaitech.tar.gz
  python data_scripts/prepare_shanghaitech.py shanghaitech/ --scenes 01 05 --out data/shanghaitech
"""

import sys
from pathlib import Path

from command_line import add_source_arguments, chosen_archive, chosen_options, run_script, script_parser

from vadkit.prepare.archives import dataset_folder
from vadkit.prepare.scene_folder import prepare_scene
from vadkit.prepare.shanghaitech import ARCHIVE, find_clips, find_root


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
