"""The U-Net of this course beside the large one of Liu et al. 2018: frames a second, and AUC.

    python benchmarks/large_unet.py
    python benchmarks/large_unet.py --speed-only

The large one has 64, 128, 256 and 512 channels and frames of 256x256, as published; grey frames,
and trained as the small one is: no optical flow, no second network that judges it. One thread.
Both score the same clip in turns, each at a frame size of its own, and the small one at 256x256
too; what counts is the median over rounds of the ratio within a round, in processor time. Then
both are trained on one toy scene for the same minutes, on normal video without end, and tested on
it. The last line is one JSON object.
"""

import argparse
import json
import statistics
import sys
import time

import numpy as np
import torch
from torch import nn

import vadkit
from vadkit import toy
from vadkit.callbacks import FreshClips
from vadkit.cli import positive_number, run_script, stopped_at_once, whole_number
from vadkit.losses import decibel_loss

SMALL, LARGE = 64, 256  # sides of a frame
RIVAL = "large, 256x256"


class LiuUNet(nn.Module):
    """The generator of Liu et al. 2018, Future Frame Prediction for Anomaly Detection, figure 3."""

    def __init__(self, widths=(64, 128, 256, 512)):
        super().__init__()
        levels = list(zip(widths, widths[1:]))
        self.enter = two_convolutions(4, widths[0])
        self.down = nn.ModuleList(two_convolutions(a, b) for a, b in levels)
        self.widen = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in levels)
        self.up = nn.ModuleList(two_convolutions(2 * a, a) for a, _ in levels)
        self.head = nn.Conv2d(widths[0], 1, 3, padding=1)

    def forward(self, x):
        """Windows (N, 4, H, W) in [0, 1] to predictions (N, 1, H, W)."""
        features = [self.enter(2 * x - 1)]
        for down in self.down:
            features.append(down(nn.functional.max_pool2d(features[-1], 2)))
        y = features.pop()
        for widen, up in zip(reversed(self.widen), reversed(self.up)):
            y = up(torch.cat([features.pop(), widen(y)], dim=1))
        return (torch.tanh(self.head(y)) + 1) / 2


def two_convolutions(n_in, n_out):
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, 3, padding=1), nn.ReLU(),
        nn.Conv2d(n_out, n_out, 3, padding=1), nn.ReLU(),
    )  # fmt: skip


def build():
    """Both networks, each from the same seed every time."""
    torch.manual_seed(0)
    small = vadkit.build_predictor("unet", predicts="change", normalise=True)
    return small, LiuUNet()


def seconds_a_frame(rounds):
    """Processor seconds by contestant, one for each round; the first warms up and is left out."""
    small, large = build()
    work = {
        "course, 64x64": (small, SMALL),
        "course, 256x256": (small, LARGE),
        RIVAL: (large, LARGE),
    }
    scenes = {side: toy_scene(side, n_train=1, n_test=1, n_frames=40) for side in (SMALL, LARGE)}
    for scene in scenes.values():
        _ = scene.test_clips[0].frames  # drawn once, then in memory
    taken = {name: [] for name in work}
    for _ in range(rounds + 1):
        for name, (predictor, side) in work.items():
            began = time.process_time()
            scored = vadkit.evaluate(predictor, scenes[side], batch_size=4, every=3)
            n_frames = np.isfinite(scored.psnr[0]).sum()
            taken[name].append((time.process_time() - began) / n_frames)
    return {name: times[1:] for name, times in taken.items()}


def toy_scene(side, **options):
    return vadkit.toy_scene(toy.TEST_SEEDS[0], size=side, **options)


def trained(predictor, side, minutes, **options):
    """Train on the scene's normal video for so long; return its AUC on the test clips, and steps.

    Learning rates are those of the course and of the paper: nothing is chosen on the scene.
    """
    scene = toy_scene(side)
    fresh = [FreshClips(scene.normal_clip)]
    history = vadkit.fit(
        predictor, scene.train_windows(), minutes=minutes, loss=decibel_loss, callbacks=fresh,
        validate_every=10**6, seed=0, **options,
    )  # fmt: skip
    tested = vadkit.evaluate(predictor, scene)
    steps = len(history.loss)
    return {"steps": steps, "auc_clip": tested.auc_clip, "psnr_normal": tested.psnr_normal}


@stopped_at_once()
def main(argv=None):
    """Measure, print a line for each contestant and one JSON object."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=whole_number(1, 100), default=5)
    parser.add_argument("--minutes", type=positive_number(600), default=10.0)
    parser.add_argument("--speed-only", action="store_true", help="train nothing")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    taken = seconds_a_frame(options.rounds)
    large = taken[RIVAL]
    summary = {"benchmark": "large_unet", "ms_a_frame": {}, "times_faster": {}}
    for name, times in taken.items():
        ratio = statistics.median(slow / fast for slow, fast in zip(large, times))
        summary["ms_a_frame"][name] = round(1000 * statistics.median(times), 2)
        summary["times_faster"][name] = round(ratio, 1)
        print(f"{name:16} {summary['ms_a_frame'][name]:8.2f} ms a frame, {ratio:6.1f} times faster")
    if not options.speed_only:
        small, large = build()
        copied = vadkit.evaluate(vadkit.copy_last_frame, toy_scene(SMALL))
        summary["trained"] = {
            "course, 64x64": trained(small, SMALL, options.minutes),
            RIVAL: trained(large, LARGE, options.minutes, lr=2e-4, batch_size=4),
            "copy last frame": {"auc_clip": copied.auc_clip, "psnr_normal": copied.psnr_normal},
        }
        for name, result in summary["trained"].items():
            print(f"{name:16} after {options.minutes:g} minutes: {result}")
    print(json.dumps(summary))


if __name__ == "__main__":
    sys.exit(run_script(main))
