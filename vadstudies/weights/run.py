"""Train the weights of the package, each from a seed, on training scenes only.

    python -m vadstudies.weights.run               all that are not there yet; stop and go on
    python -m vadstudies.weights.run --workers 2   two at a time
    python -m vadstudies.weights.run --restart     all again, some hours
    python -m vadstudies.weights.run streams_maml  this one again
    python -m vadstudies.weights.run --list        what there is

Every file's header names this script and the arguments that made it; the same versions give the
same file again. A file whose header says that it was made as it would be now is not made again:
after a change of code that no argument names, --restart.

boar_ordinary, boar_strangers: trained long at the boar's camera, see vadstudies/weights/boar.py.

streams_<method>, streams_<method>_<seed>: for one-way places, see vadstudies/weights/streams.py.

<custom>_maml, species_strangers, species_one_side: for the other customs, see
vadstudies/weights/customs.py.

camera_maml, camera_strangers: for real cameras (vadstudies.few_shot), from toy scenes alone, see
vadstudies/weights/cameras.py.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import torch

from vadkit import toy
from vadkit.checkpoints import load_tensors
from vadkit.cli import output_file, run_script, stopped_at_once, whole_number
from vadkit.maml.training import MetaTrained
from vadkit.processes import in_fresh_processes
from vadkit.zoo import SHIPPED
from vadstudies.jobs import digest, require_finished
from vadstudies.weights import boar, cameras, customs, streams
from vadstudies.workers import versions


class Family(NamedTuple):
    """Weights that share network and scenes.

    Parameters
    ----------
    weights, network, data : dict, dict, str
        By name the function and its arguments, which the header keeps; the arguments of
        `build_predictor`; the scenes in words.
    first_scene, validation_psnr : callable
        The first scene of them all, and what is noted of a training.
    half : bool
        Whether half precision will do.
    """

    weights: dict
    network: dict
    data: str
    first_scene: Callable
    validation_psnr: Callable
    half: bool = True


FAMILIES = [
    Family(
        boar.WEIGHTS,
        boar.NETWORK,
        "the toy scene of the boar",
        toy.boar_scene,
        boar.validation_psnr,
    ),
    Family(
        streams.WEIGHTS,
        streams.NETWORK,
        "toy scenes of TRAIN_SEEDS, one-way places and their opposites",
        lambda: streams.place_and_opposite(0),
        streams.validation_psnr,
    ),
    *(
        Family(
            {name: made for name, made in customs.WEIGHTS.items() if made[1]["custom"] == custom},
            streams.NETWORK,
            f"toy scenes of TRAIN_SEEDS, both sides of the custom '{custom}'",
            partial(customs.training_place, custom, 0),
            partial(customs.validation_psnr, custom),
        )
        for custom in customs.OTHER
    ),
    Family(
        cameras.WEIGHTS,
        cameras.NETWORK,
        "toy scenes of TRAIN_SEEDS, seen by cheap cameras",
        lambda: cameras.camera(0),
        cameras.validation_psnr,
    ),
]
WEIGHTS = {name: made for family in FAMILIES for name, made in family.weights.items()}


# --- Writing them


def reproducible(trained: MetaTrained) -> MetaTrained:
    """Leave the clock out, so that every run gives the same bytes, and ship nothing interrupted."""
    require_finished(trained.history)
    trained.history.seconds = 0.0
    return trained


def train(name: str) -> None:
    """Train one of WEIGHTS and write its file."""
    function, arguments = WEIGHTS[name]
    trained, family = reproducible(function(**arguments)), family_of(name)
    if family.half:
        trained.modules.half().float()  # measured as it is kept
    psnr = [round(float(value), 2) for value in family.validation_psnr(trained)]
    kept = header(name, {"validation_psnr": psnr})
    trained.save(SHIPPED / f"{name}.safetensors", kept, family.half)
    print(f"{name}: {psnr} dB after 0 .. {len(psnr) - 1} inner steps", flush=True)


def sharing(names: list[str]) -> list[list[str]]:
    """Put together what goes on from the same start: one family, one seed."""
    groups: dict[tuple, list[str]] = {}
    for name in names:
        first = next(iter(family_of(name).weights))
        groups.setdefault((first, WEIGHTS[name][1]["seed"]), []).append(name)
    return list(groups.values())


def train_all(names: list[str]) -> None:
    """Train one after the other, so that a start they share is trained once."""
    # One thread: two would add up in another order, and the bytes would differ.
    torch.set_num_threads(1)
    for name in names:
        train(name)


def family_of(name: str) -> Family:
    """What the weights of this name share with others."""
    return next(family for family in FAMILIES if name in family.weights)


def is_there(name: str) -> bool:
    """Whether a file was made with the arguments, the network and the versions of today."""
    path = SHIPPED / f"{name}.safetensors"
    if not path.is_file():
        return False
    kept, today = load_tensors(path)[1], json.loads(json.dumps(header(name, {})))
    return all(kept.get(key) == value for key, value in today.items() if key != "figures")


def header(name: str, metrics: dict) -> dict:
    """Where a file comes from: enough to make it again."""
    family = family_of(name)
    arguments = WEIGHTS[name][1]
    return {
        "name": name,
        "script": "vadstudies/weights/run.py",
        "arguments": arguments,
        "seed": arguments["seed"],
        "network": family.network,
        "data": family.data,
        "first_scene": digest(family.first_scene().train_clips[0].frames.tobytes()),
        "versions": versions(),
        "figures": metrics,
    }


KEPT = "the weights listed above are written; of the others, nothing has changed."


@stopped_at_once()
def main(argv: Sequence[str] | None = None) -> None:
    """Train what the command line names."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="which weights to train (default: all)"
    )
    parser.add_argument(
        "--restart", action="store_true", help="also train what is there, made as it would be now"
    )
    parser.add_argument(
        "--workers", type=whole_number(1, 100), default=1, help="how many to train at a time"
    )
    parser.add_argument("--list", action="store_true", help="say what there is, and train nothing")
    options = parser.parse_args(argv)
    known = f"There are: {', '.join(WEIGHTS)}."
    unknown = [name for name in options.names if name not in WEIGHTS]
    if unknown:
        raise ValueError(f"Unknown weights '{unknown[0]}'. {known}")
    if options.list:
        print(known)
        return
    wanted = []
    for name in dict.fromkeys(options.names) or WEIGHTS:
        if options.names or options.restart or not is_there(name):
            output_file(SHIPPED / f"{name}.safetensors")  # before hours of training
            wanted.append(name)
        else:
            print(f"{name}: is there")
    groups = sharing(wanted)
    n_jobs = min(options.workers, len(groups), os.cpu_count() or 1)
    if n_jobs > 1:
        in_fresh_processes(train_all, groups, n_jobs)
    else:
        for names in groups:
            train_all(names)


if __name__ == "__main__":
    sys.exit(run_script(main, kept=KEPT))
