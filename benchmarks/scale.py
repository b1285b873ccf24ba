"""What a year of video takes: bytes a frame, and frames a second of one core, by processor time.

    python benchmarks/scale.py
        one camera, 25 frames a second, kept at 64x64 and at 128x128
    python benchmarks/scale.py --cameras 100 --fps 5 --side 128

Drawn clips are written as videos, prepared from them, loaded as windows, trained on and scored,
with the U-Net of the course (width 16, stem 2), by one thread. Medians over rounds of what one
second of a core does; a year, every frame once, is extrapolated from them, it was not run. The last
line is one JSON object.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import torch

import vadkit
from vadkit import prepare
from vadkit.cli import positive_number, run_script, stopped_at_once, whole_number
from vadkit.episodes import EpisodeSampler
from vadkit.maml.meta_step import meta_step
from vadkit.pools import ScenePool

YEAR = 365 * 24 * 3600  # seconds
NETWORK = {"name": "unet", "width": 16, "stem": 2}
BATCH, CAMERA = 8, (640, 360)  # windows of a training step; columns and rows of a camera's video
WORK = {  # what is timed, and what it is counted in
    "decoded and prepared": "frames",
    "loaded": "windows",
    "trained on": "windows",
    "meta-trained on": "windows",
    "scored": "frames",
}


def write_videos(folder, n_frames):
    """A drawn clip as a camera would send it, twice: to train on and to test."""
    clip = vadkit.toy_scene(0, n_train=1, n_test=0, size=256, n_frames=n_frames).train_clips[0]
    for part in ("train", "test"):
        (folder / part).mkdir()
        path = str(folder / part / "clip.avi")
        video = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"MJPG"), 25, CAMERA)
        for frame in clip.frames:
            video.write(cv2.cvtColor(cv2.resize(frame, CAMERA), cv2.COLOR_GRAY2BGR))
        video.release()


def per_second(count, work, *arguments):
    """How much a second of one core does."""
    began = time.process_time()
    work(*arguments)
    return count / (time.process_time() - began)


def measure(folder, out, side, n_frames):
    """One round: the amount of each of WORK in a second, and the bytes of a prepared frame."""
    videos = {"train": [folder / "train"], "test": [folder / "test"]}
    options = {"size": (side, side), "jobs": 1}
    speeds = [per_second(2 * n_frames, lambda: prepare.video(**videos, out=out, **options))]
    scene = vadkit.open_scene(out)
    windows, steps = scene.train_windows(), 10
    rng = np.random.default_rng(0)
    batches = rng.integers(len(windows), size=(200, BATCH))
    speeds.append(per_second(batches.size, lambda: [windows.batch(batch) for batch in batches]))
    predictor = vadkit.build_predictor(**NETWORK)
    fit = {"steps": steps, "progress": False, "validate_every": 10**6, "batch_size": BATCH}
    speeds.append(per_second(steps * BATCH, lambda: vadkit.fit(predictor, windows, **fit)))
    episode = EpisodeSampler(ScenePool([scene, scene]), n_way=2, k_shot=5, n_query=5)[0]
    outer = torch.optim.Adam(predictor.parameters())
    speeds.append(per_second(2 * 10, lambda: meta_step(predictor, episode, outer, 0.01, 3)))
    speeds.append(per_second(n_frames - 4, lambda: vadkit.evaluate(predictor, scene)))
    files = sum(path.stat().st_size for path in Path(out).rglob("*.npy"))
    return dict(zip(WORK, speeds)), files / (2 * n_frames)


def measured_at(side, rounds, n_frames):
    """Medians over rounds; the first warms up and is left out."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_videos(folder, n_frames)
        made = [measure(folder, folder / f"{i}", side, n_frames) for i in range(rounds + 1)][1:]
    speeds = {name: statistics.median(speed[name] for speed, _ in made) for name in WORK}
    return speeds, made[0][1]


def report(side, speeds, n_bytes, cameras, fps):
    """Print and return what was measured, and what a year of so many cameras would take."""
    frames = cameras * fps * YEAR
    print(
        f"\n{side} x {side}: {n_bytes:,.0f} bytes a frame, {frames * n_bytes / 1e12:,.1f} TB a year"
    )
    for name, unit in WORK.items():
        days = frames / speeds[name] / 86_400
        print(f"  {name:21} {speeds[name]:8,.0f} {unit} a second, {days:8,.1f} core-days a year")
    rounded = {name: round(speed) for name, speed in speeds.items()}
    return {"side": side, "bytes_a_frame": round(n_bytes), "per_core_second": rounded}


@stopped_at_once()
def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--side", type=whole_number(32, 1024), nargs="+", default=[64, 128], help="of a frame")
    add("--cameras", type=whole_number(), default=1)
    add("--fps", type=positive_number(1000), default=25.0, help="frames a second of a camera")
    add("--rounds", type=whole_number(1, 100), default=5)
    add("--frames", type=whole_number(60, 100_000), default=400, help="of the clip (default 400)")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    rows = []
    for side in options.side:
        found = measured_at(side, options.rounds, options.frames)
        rows.append(report(side, *found, options.cameras, options.fps))
    print(json.dumps({"frames_a_year": options.cameras * options.fps * YEAR, "rows": rows}))


if __name__ == "__main__":
    sys.exit(run_script(main))
