"""What the command lines of all `prepare_*.py` share."""

import argparse
import dataclasses
import re
from pathlib import Path

import ctrl_c

import vadkit.cli
from vadkit.cli import positive_number
from vadkit.prepare.clips import MAX_CROP, MAX_SIDE, MIN_SIDE

KEPT = "no half-made scene is left. Finished clips are kept; the same command goes on from there."


def script_parser(doc):
    """A parser whose --help is the script's docstring, with the options that all scripts have."""
    summary, _, epilog = doc.partition("\n\n")
    parser = argparse.ArgumentParser(
        description=summary, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument_group("frames and running").add_argument
    text = "size in pixels (default 128)"
    add("--size", type=_size, default=(128, 128), metavar="N or HxW", help=text)
    text = "cut this share of the rows off the top first: 0.12 removes a caption"
    add("--crop-top", type=_share, default=0.0, metavar="SHARE", help=text)
    text = (
        "repeat the neighbour of a frame that does not decode (labels stay aligned) "
        "and note it in scene.json"
    )
    add("--skip-corrupt", action="store_true", help=text)
    add("--jobs", type=_count, metavar="N", help="processes (default, and most: one per core)")
    text = "overwrite a scene prepared before with other options"
    add("--replace", action="store_true", help=text)
    return parser


def chosen_options(args):
    """The options of all scripts, as arguments of `vadkit.prepare`."""
    names = ("size", "crop_top", "skip_corrupt", "jobs", "replace")
    return {name: getattr(args, name) for name in names}


def add_source_arguments(parser, archive):
    """SOURCE and everything about fetching and unpacking it."""
    text = f"{archive.file}, or the folder it unpacks to"
    parser.add_argument("source", nargs="?", type=Path, metavar="SOURCE", help=text)
    add = parser.add_argument_group("fetching and unpacking").add_argument
    text = "fetch the archive first (prints the terms of use)"
    add("--download", action="store_true", help=text)
    folder = Path("data/downloads")
    text = "where downloads are kept (default data/downloads)"
    add("--downloads", type=Path, default=folder, metavar="FOLDER", help=text)
    add("--url", default=archive.url, help="fetch from this address instead (a mirror)")
    text = "expected checksum, where a mirror packed the files anew; 'any' skips the check"
    add("--sha256", type=checksum, default=archive.sha256, metavar="HEX", help=text)
    text = f"refuse to unpack more than this (default {archive.max_gb:g})"
    add("--max-gb", type=positive_number(), default=archive.max_gb, metavar="GB", help=text)


def chosen_source(args, archive):
    """SOURCE and everything about it, as arguments of `vadkit.prepare`."""
    archive = dataclasses.replace(archive, url=args.url, sha256=args.sha256, max_gb=args.max_gb)
    downloads = args.downloads if args.download else None
    return {"source": args.source, "archive": archive, "downloads": downloads}


def _size(text):
    match = re.fullmatch(r"(\d+)(?:x(\d+))?", text)
    size = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not all(MIN_SIDE <= side <= MAX_SIDE for side in size):
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a size: give 128, or 120x160 (height x width), "
            f"{MIN_SIDE} to {MAX_SIDE} (predictors need {MIN_SIDE})."
        )
    return size


def checksum(text):
    """A SHA-256 in hexadecimal, or `any`."""
    if not re.fullmatch("[0-9a-f]{64}|any", text.strip().lower()):
        raise argparse.ArgumentTypeError(f"'{text}' is neither 64 hexadecimal digits nor 'any'.")
    return text.strip().lower()


def _count(text):
    if not re.fullmatch("[1-9][0-9]{0,3}", text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of processes: give 1 or more.")
    return int(text)


def _share(text):
    try:
        share = float(text)
    except ValueError:
        share = -1
    if not 0 <= share <= MAX_CROP:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a share of the rows: give a number from 0 to {MAX_CROP}."
        )
    return share


def run_script(main, argv=None):
    """As `vadkit.cli.run_script`, with a word on what an interrupted preparation keeps."""
    ctrl_c.hand_over()
    return vadkit.cli.run_script(main, argv, kept=KEPT)
