"""Turn the official ShanghaiTech archive (or its unpacked folder) into 13 scenes, one per camera.

The first two digits of a clip's name are its camera: 05_0021 belongs to scene 05. Camera 13 has
training clips only. This is the set to meta-train on: each scene is one task.

examples:
  python data_scripts/prepare_shanghaitech.py shanghaitech.tar.gz
  python data_scripts/prepare_shanghaitech.py shanghaitech/ --scenes 01 05 --out data/shanghaitech
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
from vadkit.prepare.shanghaitech_dataset import ARCHIVE


def main(argv=None):
    parser = script_parser(__doc__)
    add_source_arguments(parser, ARCHIVE)
    add = parser.add_argument
    text = "only these cameras, e.g. 01 05 (default all)"
    add("--scenes", nargs="+", metavar="SS", help=text)
    add("--no-masks", action="store_true", help="leave the pixel masks out")
    text = "where the scenes 01 to 13 go (default data/shanghaitech)"
    add("--out", type=Path, default=Path("data/shanghaitech"), metavar="FOLDER", help=text)
    args = parser.parse_args(argv)
    chosen = chosen_source(args, ARCHIVE) | chosen_options(args)
    masks = not args.no_masks
    scenes = vadkit.prepare.shanghaitech(out=args.out, scenes=args.scenes, masks=masks, **chosen)
    print(f"{args.out}: scenes {', '.join(scenes)} are prepared, see vadkit.list_scenes().")


if __name__ == "__main__":
    sys.exit(run_script(main))
