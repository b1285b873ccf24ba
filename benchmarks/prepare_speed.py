"""How fast clips become a prepared scene, and in how much memory, beside bare OpenCV.

    python benchmarks/prepare_speed.py
        100,000 toy frames as JPEGs, 1,000 to a clip
    python benchmarks/prepare_speed.py ped2/training --rounds 5
        videos or folders of frames of your own

Bare OpenCV decodes, turns grey, resizes and throws away. Both use one process per core and take
turns; the ratios, of wall and of processor time, are medians over the rounds, with start-up
included. Memory is the resident size of data_scripts/prepare_video.py and its workers together, at
its peak. The last line is one JSON object.
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

import cv2
import numpy as np
import psutil

import vadkit
from vadkit.cli import run_script, stopped_at_once, whole_number
from vadkit.prepare.decoding import IMAGE_ENDINGS, VIDEO_ENDINGS, visible
from vadkit.processes import deaf_children

SCRIPT = Path(__file__).resolve().parents[1] / "data_scripts" / "prepare_video.py"
SIZE = (128, 128)


# What is prepared


def write_toy_jpegs(folder, frames, clip_length=1000, size=256):
    """Clips of JPEGs; the same few hundred pictures appear in each, as hard links."""
    clips = vadkit.toy_scene(seed=0, size=size).train_clips
    pictures = np.concatenate([clip.frames for clip in clips])
    (folder / "pictures").mkdir(parents=True)
    for number, picture in enumerate(pictures):
        path = folder / "pictures" / f"{number}.jpg"
        cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
    for number in range(frames):
        clip = folder / "clips" / f"{number // clip_length:04d}"
        clip.mkdir(parents=True, exist_ok=True)
        picture = folder / "pictures" / f"{number % len(pictures)}.jpg"
        os.link(picture, clip / f"{number % clip_length:04d}.jpg")
    return folder / "clips"


def clip_paths(path):
    """The videos or folders of frames that a path names."""
    if path.is_file() or visible(path, IMAGE_ENDINGS):
        return [path]
    folders = [entry for entry in visible(path) if entry.is_dir()]
    return folders + visible(path, VIDEO_ENDINGS)


# Bare OpenCV


def decode_bare(path):
    """Decode a clip, turn it grey, resize it and throw it away; return the number of frames."""
    if path.is_dir():
        return _decode_pictures(path)
    count, video = 0, cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    while True:
        decodes, frame = video.read()
        if not decodes:
            return count
        cv2.resize(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), SIZE, interpolation=cv2.INTER_AREA)
        count += 1


def _decode_pictures(folder):
    paths = visible(folder, IMAGE_ENDINGS)
    for path in paths:
        frame = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if frame is not None:
            cv2.resize(frame, SIZE, interpolation=cv2.INTER_AREA)
    return len(paths)


def _say_nothing():
    """What there is to say about damage, prepare says."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def time_bare(paths, jobs):
    """Seconds and processor seconds."""
    began, used = time.perf_counter(), processor_seconds()
    with deaf_children():
        pool = multiprocessing.get_context("spawn").Pool(jobs, _say_nothing)
    with pool:
        pool.map(decode_bare, paths, chunksize=1)
        pool.close()
        pool.join()
    return time.perf_counter() - began, processor_seconds() - used


# Preparation


def time_prepare(path, out, jobs):
    """Seconds, processor seconds and peak bytes."""
    command = [sys.executable, SCRIPT, "--train", path, "--test", path, "--out", out]
    command += ["--jobs", jobs]
    began, used, peak = time.perf_counter(), processor_seconds(), 0
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL, stderr=said)
        try:
            while process.poll() is None:
                peak = max(peak, resident(process.pid))
                time.sleep(0.1)
        finally:
            process.terminate()  # politely: it ends its workers
            process.wait()
        if process.returncode:
            said.seek(0)
            last_line = said.read().strip().rpartition("\n")[2]
            raise ValueError(f"prepare_video.py says: {last_line.removeprefix('error: ')}")
    return time.perf_counter() - began, processor_seconds() - used, peak


def processor_seconds():
    """Of all processes this one started and that have ended, theirs included."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def resident(pid):
    """Bytes in memory of a process and its children."""
    try:
        parent = psutil.Process(pid)
        processes = [parent, *parent.children(recursive=True)]
        return sum(process.memory_info().rss for process in processes)
    except psutil.NoSuchProcess:
        return 0


def run_rounds(path, rounds, jobs, folder):
    """Times of both, one row per round, and what scene.json says."""
    # The scene is prepared from the same clips as training and as test part: twice the frames.
    paths = clip_paths(path) * 2
    if not paths:
        raise ValueError(f"No video and no folder of frames in {path}.")
    bare, prepared = [], []
    for number in range(rounds):
        bare.append(time_bare(paths, jobs))
        prepared.append(time_prepare(path, folder / f"scene{number}", jobs))
    about = json.loads((folder / "scene0" / "scene.json").read_text())
    return np.array(bare), np.array(prepared), about


def report(bare, prepared, about, jobs):
    frames = sum(clip["frames"] for part in about["clips"].values() for clip in part.values())
    speed = {
        "prepare": round(frames / np.median(prepared[:, 0])),
        "bare": round(frames / np.median(bare[:, 0])),
    }
    ratio_wall, ratio_processor = np.median(prepared[:, :2] / bare, axis=0).round(2).tolist()
    print(
        f"{frames} frames, {jobs} processes: {speed['prepare']} frames/s prepared, "
        f"{speed['bare']} frames/s bare OpenCV"
    )
    result = {
        "frames": frames,
        "processes": jobs,
        "frames_per_second": speed,
        "ratio_wall": ratio_wall,
        "ratio_processor": ratio_processor,
        "peak_megabytes": round(prepared[:, 2].max() / 1e6),
    }
    print(json.dumps(result))


@stopped_at_once()
def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    text = "a folder of videos or of folders of frames (default: toy JPEGs)"
    parser.add_argument("path", nargs="?", type=Path, help=text)
    text = "how many toy frames (default 100000)"
    parser.add_argument("--frames", type=whole_number(20), default=100_000, help=text)
    parser.add_argument("--rounds", type=whole_number(1, 1000), default=1)
    options = parser.parse_args(argv)
    jobs = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        path = options.path or write_toy_jpegs(folder, options.frames // 2)
        bare, prepared, about = run_rounds(path, options.rounds, jobs, folder)
    report(bare, prepared, about, jobs)


if __name__ == "__main__":
    sys.exit(run_script(main))
