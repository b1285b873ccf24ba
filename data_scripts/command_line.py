"""What the command lines of all `prepare_*.py` share."""

import argparse
import re
import signal
import sys
from dataclasses import replace
from pathlib import Path

from vadkit.prepare.scene_folder import Options


def add_source_arguments(parser, archive):
    """SOURCE and everything about fetching and unpacking it."""
    parser.add_argument(
        "source", nargs="?", type=Path, metavar="SOURCE", help=f"{archive.file}, or the folder it unpacks to"
    )
    group = parser.add_argument_group("fetching and unpacking")
    group.add_argument("--download", action="store_true", help="fetch the archive first (prints the terms of use)")
    group.add_argument("--downloads", type=Path, default=Path("data/downloads"), metavar="FOLDER",
                       help="where downloads are kept (default data/downloads)")  # fmt: skip
    group.add_argument("--url", default=archive.url, help="fetch from this address instead (a mirror)")
    group.add_argument("--sha256", default=archive.sha256, metavar="HEX",
                       help="expected checksum, where a mirror packed the files anew; 'any' skips the check")  # fmt: skip
    group.add_argument("--max-gb", type=float, default=archive.max_gb, metavar="GB",
                       help=f"refuse to unpack more than this (default {archive.max_gb:g})")  # fmt: skip


def chosen_archive(args, archive):
    """The archive as the command line would have it."""
    return replace(archive, url=args.url, sha256=args.sha256, max_gb=args.max_gb)


def script_parser(doc):
    """An argument parser whose --help is the script's docstring, with the options every script has."""
    summary, _, epilog = doc.partition("\n\n")
    parser = argparse.ArgumentParser(
        description=summary, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    group = parser.add_argument_group("frames and running")
    group.add_argument(
        "--size", type=_size, default=(128, 128), metavar="N or HxW", help="size in pixels (default 128)"
    )
    group.add_argument("--crop-top", type=_share, default=0.0, metavar="SHARE",
                       help="cut this share of the rows off the top first: 0.12 removes a caption")  # fmt: skip
    group.add_argument("--skip-corrupt", action="store_true",
                       help="repeat the neighbour of a frame that does not decode (labels stay aligned) and note it in scene.json")  # fmt: skip
    group.add_argument("--jobs", type=_count, metavar="N", help="processes (default: one per core)")
    group.add_argument("--replace", action="store_true", help="overwrite a scene prepared before with other options")
    return parser


def _size(text):
    found = re.fullmatch(r"(\d+)(?:x(\d+))?", text)
    size = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not all(16 <= side <= 4096 for side in size):
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a size: give 128, or 120x160 (height x width), 16 to 4096 (predictors need 16)."
        )
    return size


def _count(text):
    if not re.fullmatch("[1-9][0-9]{0,3}", text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of processes: give 1 or more.")
    return int(text)


def _share(text):
    try:
        share = float(text)
    except ValueError:
        share = -1
    if not 0 <= share <= 0.9:
        raise argparse.ArgumentTypeError(f"'{text}' is not a share of the rows: give a number from 0 to 0.9.")
    return share


def chosen_options(args):
    return Options(args.size, args.crop_top, args.skip_corrupt)


def run_script(main, argv=None):
    """Run `main(argv)`: bad input becomes one sentence on stderr and exit code 2, and so does Ctrl-C or a polite kill."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        main(argv)
    except (ValueError, OSError) as error:
        said = f"{error.filename}: {error.strerror}." if getattr(error, "strerror", None) else error
        print(f"error: {said}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(
            "Interrupted: no half-made scene is left. Finished clips are kept; the same command goes on from there.",
            file=sys.stderr,
        )
        return 2
    return 0
