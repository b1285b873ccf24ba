"""Turn any videos of one fixed camera into a prepared scene that vadkit.open_scene reads.

PATH is a video file, a folder of frames (pictures in natural order), or a folder of videos or of folders of frames.
PATH:FIRST-LAST keeps the frames FIRST to LAST, both included, counted from 0.

Labels are a JSON file: clip name -> list of 0/1, one per frame of the file, 1 = abnormal; or clip name -> versions of that
list by name, of which --label-key picks one.

examples:
  a camera of your own, nothing labelled
    python data_scripts/prepare_video.py --train normal_days/ --test last_night.mp4 --out data/my_camera
  UCSD Ped2 as one video per clip
    python data_scripts/prepare_video.py --train ped2/training --test ped2/testing \
        --labels ped2/testing/frame_labels.json --out data/ped2
  UMN has no training clips: the normal opening of clip 01 becomes one, and clip 01 is left out of the test;
  the caption at the top gives the answer away and is cut off
    python data_scripts/prepare_video.py --train umn_lawn/testing/01.mp4:0-480 --test umn_lawn/testing/02.mp4 \
        --labels umn_lawn/testing/frame_labels.json --label-key groundTruth_m --crop-top 0.12 --out data/umn_lawn
"""

import sys
from pathlib import Path

from command_line import chosen_options, run_script, script_parser

from vadkit.prepare.scene_folder import prepare_scene
from vadkit.prepare.video import attach_labels, find_clips, read_labels


def main(argv=None):
    parser = script_parser(__doc__)
    parser.add_argument("--train", nargs="+", required=True, metavar="PATH", help="normal clips")
    parser.add_argument("--test", nargs="+", required=True, metavar="PATH", help="clips to be scored")
    parser.add_argument("--labels", type=Path, metavar="FILE.json", help="0/1 per frame of the test clips")
    parser.add_argument("--label-key", metavar="NAME", help="which version of the labels, where there are several")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="the prepared scene, e.g. data/my_camera"
    )
    args = parser.parse_args(argv)
    clips = [clip for path in args.train for clip in find_clips(path, "train")]
    clips += [clip for path in args.test for clip in find_clips(path, "test")]
    if args.labels:
        clips = attach_labels(clips, read_labels(args.labels, args.label_key))
    about = prepare_scene(args.out, clips, chosen_options(args), dataset="own video", source=" ".join([*args.train, *args.test]),
                          jobs=args.jobs, replace=args.replace)  # fmt: skip
    counts = [sum(clip["frames"] for clip in about["clips"][part].values()) for part in ("train", "test")]
    print(
        f"{args.out}: {counts[0]} training and {counts[1]} test frames. Open it with vadkit.open_scene('{args.out}')."
    )


if __name__ == "__main__":
    sys.exit(run_script(main))
