"""A study of seconds for tests/test_scale_studies.py: python -m scale_study FOLDER --workers 2."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

import vadkit
from vadstudies import results
from vadstudies.jobs import main, run_all, study_parser, train


def train_a_little(seed):
    """A short training, which shows in its losses what any other seed or thread would change."""
    scene = vadkit.toy_scene(seed, n_train=1, n_test=1, n_frames=40)
    predictor = vadkit.build_predictor("unet", width=4, seed=seed)
    history = train(predictor, scene, steps=3, batch_size=4, seed=seed)
    return {"losses": [loss.hex() for loss in history.loss]}


def be_killed(seed, folder, times):
    """The process of seed 1 is killed so many times, and then the job is done."""
    died = len(list(Path(folder).glob("died*")))
    if seed == 1 and died < times:
        Path(folder, f"died{died}").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return {"square": seed * seed}


def wait_long(seed, folder):
    """Seed 0 is done at once; the others never end."""
    Path(folder, f"{seed}.{os.getpid()}.began").touch()
    time.sleep(600 if seed else 0)
    return {"square": 0}


JOBS = {"train": train_a_little, "killed": be_killed, "long": wait_long}


def study(options):
    """Keep all results in a folder of their own."""
    results.RESULTS = Path(options.folder)
    more = {} if options.job == "train" else {"folder": options.folder}
    more |= {"times": options.times} if options.job == "killed" else {}
    jobs = {f"seed {seed}": {"seed": seed, **more} for seed in range(options.jobs)}
    run_all("numbers", "scale_study.py", {}, jobs, JOBS[options.job], options)


def parser():
    """Options of a study, and what is tried."""
    options = study_parser("A study of seconds.")
    options.add_argument("folder")
    options.add_argument("--job", choices=JOBS, default="train")
    options.add_argument("--jobs", type=int, default=4)
    options.add_argument("--times", type=int, default=0)
    return options


def options_of(*words) -> argparse.Namespace:
    """What `study` takes, from words of a command line."""
    return parser().parse_args([str(word) for word in words])


if __name__ == "__main__":
    sys.exit(main(study, parser()))
