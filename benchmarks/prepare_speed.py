"""How fast and in how much memory clips become a prepared scene, beside bare OpenCV: decode, turn grey, resize, throw away.

    python benchmarks/prepare_speed.py                            100,000 toy frames as JPEGs, 1,000 to a clip
    python benchmarks/prepare_speed.py ped2/training --rounds 5   videos or folders of frames of your own

Both use one process per core and take turns; the ratios, of wall and of processor time, are medians over the rounds, with
start-up included. Memory is the resident size of data_scripts/prepare_video.py and its workers together, at its peak. The
last line is one JSON object.
"""

import argparse
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

SCRIPTS = Path(__file__).resolve().parents[1] / "data_scripts"
sys.path.insert(0, str(SCRIPTS))

from prepare_video import find_clips  # noqa: E402

from vadkit.prepare.decoding import bare_seconds_per_frame
from vadkit.prepare.scene_folder import Options


def write_toy_jpegs(folder, frames, clip_length=1000, size=256):
    """Clips of JPEGs; the same few hundred pictures appear in each, as hard links."""
    import cv2

    import vadkit

    pictures = np.concatenate([clip.frames for clip in vadkit.toy_scene(seed=0, size=size).train_clips])
    (folder / "pictures").mkdir(parents=True)
    for number, picture in enumerate(pictures):
        cv2.imwrite(str(folder / "pictures" / f"{number}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
    for number in range(frames):
        clip = folder / "clips" / f"{number // clip_length:04d}"
        clip.mkdir(parents=True, exist_ok=True)
        os.link(folder / "pictures" / f"{number % len(pictures)}.jpg", clip / f"{number % clip_length:04d}.jpg")
    return folder / "clips"


def _bare(path):
    return bare_seconds_per_frame(path, Options(), most=10**9)


def processor_seconds():
    """Of all processes this one started and that have ended, theirs included."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def time_bare(paths, jobs):
    """-> (seconds, processor seconds)"""
    began, used = time.perf_counter(), processor_seconds()
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        pool.map(_bare, paths, chunksize=1)
        pool.close()
        pool.join()
    return time.perf_counter() - began, processor_seconds() - used


def time_prepare(path, out, jobs):
    """-> (seconds, processor seconds, peak bytes)"""
    command = [
        sys.executable,
        SCRIPTS / "prepare_video.py",
        "--train",
        path,
        "--test",
        path,
        "--out",
        out,
        "--jobs",
        jobs,
    ]
    began, used, peak = time.perf_counter(), processor_seconds(), 0
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            peak = max(peak, resident(process.pid))
            time.sleep(0.1)
    if process.returncode:
        raise ValueError(f"prepare_video.py ended with exit code {process.returncode} on {path}.")
    return time.perf_counter() - began, processor_seconds() - used, peak


def resident(pid):
    try:
        parent = psutil.Process(pid)
        return sum(process.memory_info().rss for process in [parent, *parent.children(recursive=True)])
    except psutil.NoSuchProcess:
        return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "path", nargs="?", type=Path, help="a folder of videos or of folders of frames (default: toy JPEGs)"
    )
    parser.add_argument("--frames", type=int, default=100_000, help="how many toy frames (default 100000)")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    jobs = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    with tempfile.TemporaryDirectory() as temporary:
        try:
            # The scene is prepared from the same clips as training and as test part: twice the frames in one run.
            path = options.path or write_toy_jpegs(Path(temporary), options.frames // 2)
            paths = [clip.path for clip in find_clips(str(path), "train")] * 2
            bare, prepared = [], []
            for number in range(options.rounds):
                bare.append(time_bare(paths, jobs))
                prepared.append(time_prepare(path, Path(temporary) / f"scene{number}", jobs))
            about = json.loads((Path(temporary) / "scene0" / "scene.json").read_text())
        except (ValueError, OSError) as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
    frames = sum(clip["frames"] for part in about["clips"].values() for clip in part.values())
    prepared, bare = np.array(prepared), np.array(bare)
    speeds = {"prepare": round(frames / np.median(prepared[:, 0])), "bare": round(frames / np.median(bare[:, 0]))}
    ratios = np.median(prepared[:, :2] / bare, axis=0).round(2).tolist()
    print(
        f"{frames} frames, {jobs} processes: {speeds['prepare']} frames/s prepared, {speeds['bare']} frames/s bare OpenCV"
    )
    print(json.dumps({"frames": frames, "processes": jobs, "frames_per_second": speeds, "ratio_wall": ratios[0],
                      "ratio_processor": ratios[1], "peak_megabytes": round(prepared[:, 2].max() / 1e6)}))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
