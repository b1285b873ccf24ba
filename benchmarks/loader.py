"""Windows per second for training: a prepared scene, memory-mapped, against JPEGs in a DataLoader.

    python benchmarks/loader.py                    a toy scene of 400 frames
    python benchmarks/loader.py data/ped2          a prepared scene

JPEGs in a DataLoader are what one would write first. Both sides give the same shuffled windows, in
batches of 8, as float32 tensors in [0, 1]. The JPEGs (quality 95) are made from the same frames in
a temporary folder and read with OpenCV; the DataLoader is tried with 0 and 2 workers, and the
better counts. Medians of several rounds. The files of both sides are in the page cache. The last
line is one JSON object.
"""

import argparse
import itertools
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

import vadkit
from vadkit.cli import positive_number, run_script, stopped_at_once, whole_number

BATCH = 8


class JpegWindows(Dataset):
    """(x1..x4 -> x5) from folders of JPEGs, decoded when asked for."""

    def __init__(self, folder, lengths, n_inputs=4):
        self.n_inputs = n_inputs
        self.paths = []
        self.starts = []
        for clip, length in enumerate(lengths):
            self.paths.append([f"{folder}/{clip}_{t}.jpg" for t in range(length)])
            self.starts += [(clip, t) for t in range(length - n_inputs)]

    def __len__(self):
        return len(self.starts)

    def __getitem__(self, index):
        clip, start = self.starts[index]
        files = self.paths[clip][start : start + self.n_inputs + 1]
        frames = np.stack([cv2.imread(file, cv2.IMREAD_GRAYSCALE) for file in files])
        window = torch.from_numpy(frames).float() / 255
        return window[:-1], window[-1:]


def write_jpegs(clips, folder):
    for number, clip in enumerate(clips):
        for t, frame in enumerate(clip.frames):
            cv2.imwrite(f"{folder}/{number}_{t}.jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 95])


def write_toy_scene(folder):
    """Write the toy scene's training clips as a prepared scene."""
    (folder / "train").mkdir(parents=True)
    clips = {}
    for clip in vadkit.toy_scene(seed=0, size=128).train_clips:
        np.save(folder / "train" / f"{clip.name}.npy", clip.frames)
        clips[clip.name] = {"frames": len(clip)}
    about = {
        "format": "vadkit-scene-1",
        "name": "toy",
        "size": [128, 128],
        "clips": {"train": clips, "test": {}},
    }
    (folder / "scene.json").write_text(json.dumps(about))
    return folder


def mapped_batches(windows, seed):
    order = torch.randperm(len(windows), generator=torch.Generator().manual_seed(seed)).tolist()
    for first in range(0, len(order), BATCH):
        yield windows.batch(order[first : first + BATCH])


def windows_per_second(batches, seconds):
    """Speed of `batches(epoch)`, an iterator.

    Epochs follow each other until the time is up, their starts included.
    """
    count, began = 0, time.perf_counter()
    for epoch in itertools.count():
        for x, _ in batches(epoch):
            count += len(x)
            taken = time.perf_counter() - began
            if taken > seconds:
                return count / taken


def keep_quiet(_):
    """A worker leaves Ctrl-C, and any word about it, to the process that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def compare(clips, windows, folder, rounds, seconds):
    """Median windows per second of each contender.

    They take turns, so that a busy machine slows all of them.
    """
    write_jpegs(clips, folder)
    jpegs = JpegWindows(folder, [len(clip) for clip in clips])
    alone = DataLoader(jpegs, BATCH, shuffle=True)
    workers = {"num_workers": 2, "persistent_workers": True, "worker_init_fn": keep_quiet}
    helped = DataLoader(jpegs, BATCH, shuffle=True, **workers)
    contenders = {
        "memory_mapped": lambda epoch: mapped_batches(windows, epoch),
        "jpeg_0_workers": lambda _: alone,
        "jpeg_2_workers": lambda _: helped,
    }
    speeds = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, batches in contenders.items():
            speeds[name].append(windows_per_second(batches, seconds))
    return {name: float(np.median(measured)) for name, measured in speeds.items()}


@stopped_at_once()
def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", help="a prepared scene (default: a toy scene)")
    add = parser.add_argument
    add("--seconds", type=positive_number(), default=2, help="time per measurement (default 2)")
    rounds = "the median of so many measurements (default 5)"
    add("--rounds", type=whole_number(1, 1000), default=5, help=rounds)
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        if options.folder is None:
            options.folder = write_toy_scene(Path(temporary) / "toy")
        scene = vadkit.open_scene(options.folder)
        windows = scene.train_windows()
        speeds = compare(scene.train_clips, windows, temporary, options.rounds, options.seconds)
    for name, speed in speeds.items():
        print(f"{name:16} {speed:8.0f} windows/s")
    # Against the better of the two: workers do not always pay.
    fastest_jpeg = max(speeds["jpeg_0_workers"], speeds["jpeg_2_workers"])
    summary = {
        "scene": scene.name,
        "size": list(scene.train_clips[0].frames.shape[1:]),
        "windows": len(windows),
        "windows_per_second": {name: round(speed) for name, speed in speeds.items()},
        "times_faster": round(speeds["memory_mapped"] / fastest_jpeg, 1),
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    sys.exit(run_script(main))
