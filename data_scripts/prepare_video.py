r"""Turn any videos of one fixed camera into a prepared scene that vadkit.open_scene reads.

PATH is a video file, a folder of frames (pictures in natural order), or a folder of videos or of
folders of frames. PATH:FIRST-LAST keeps the frames FIRST to LAST, both included, counted from 0.

Labels are a JSON file: clip name -> list of 0/1, one per frame of the file, 1 = abnormal; or clip
name -> versions of that list by name, of which --label-key picks one.

examples:
  a camera of your own, nothing labelled
    python data_scripts/prepare_video.py --train normal_days/ --test last_night.mp4 \
        --out data/my_camera
  UCSD Ped2 as one video per clip
    python data_scripts/prepare_video.py --train ped2/training --test ped2/testing \
        --labels ped2/testing/frame_labels.json --out data/ped2
  UMN has no training clips: the normal opening of clip 01 becomes one, and clip 01 is left out of
  the test; the caption at the top gives the answer away and is cut off
    python data_scripts/prepare_video.py --train umn_lawn/testing/01.mp4:0-480 \
        --test umn_lawn/testing/02.mp4 --labels umn_lawn/testing/frame_labels.json \
        --label-key groundTruth_m --crop-top 0.12 --out data/umn_lawn
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    import ctrl_c

    ctrl_c.leave_at_once()  # the libraries take a second to load

from command_line import chosen_options, run_script, script_parser

import vadkit.prepare


def main(argv=None):
    parser = script_parser(__doc__)
    add = parser.add_argument
    add("--train", nargs="+", required=True, metavar="PATH", help="normal clips")
    add("--test", nargs="+", required=True, metavar="PATH", help="clips to be scored")
    add("--labels", type=Path, metavar="FILE.json", help="0/1 per frame of the test clips")
    text = "which version of the labels, where there are several"
    add("--label-key", metavar="NAME", help=text)
    text = "the prepared scene, e.g. data/my_camera"
    add("--out", type=Path, required=True, metavar="FOLDER", help=text)
    args = parser.parse_args(argv)
    labels = {"labels": args.labels, "label_key": args.label_key}
    scene = vadkit.prepare.video(args.train, args.test, args.out, **labels, **chosen_options(args))
    train = sum(len(clip) for clip in scene.train_clips)
    test = sum(len(clip) for clip in scene.test_clips)
    print(
        f"{args.out}: {train} training and {test} test frames. "
        f"Open it with vadkit.open_scene('{args.out}')."
    )


if __name__ == "__main__":
    sys.exit(run_script(main))
