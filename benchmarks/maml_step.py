"""One MAML meta-step by vadkit, by hand with torch.func, and by TorchOpt where it is installed.

    python benchmarks/maml_step.py

Seconds and memory. U-Net (width 16) on 64x64 frames, 4 scenes, K = 5 support and 5 query windows,
one thread. Contestants take turns in every round, in changing order, and what counts is the median
over rounds of the ratio within a round, so that a busy machine disturbs all alike. Seconds are CPU
seconds. Peak memory is measured above the memory before the step, each in a fresh process. In the
end a whole meta-training run is profiled: how much of it is forward and backward passes. The last
line is one JSON object.
"""

import argparse
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import torch
from torch.func import functional_call
from torch.nn import functional as F

import vadkit
from vadkit.cli import run_script, stopped_at_once, whole_number
from vadkit.episodes import EpisodeSampler, Task
from vadkit.maml.history import Monitor
from vadkit.maml.meta_step import meta_step
from vadkit.maml.rates import InnerRates
from vadkit.maml.training import meta_train
from vadkit.pools import ScenePool

INNER_LR = 0.05


def make_episode(n_tasks=4, k=5, size=64):
    torch.manual_seed(0)

    def windows():
        return torch.rand(k, 4, size, size), torch.rand(k, 1, size, size)

    return [Task(f"scene {i}", windows(), windows()) for i in range(n_tasks)]


def by_vadkit(predictor, episode, outer, n_steps, first_order):
    meta_step(predictor, episode, outer, INNER_LR, n_steps, first_order=first_order)


def query_loss_by_hand(predictor, task, n_steps, first_order):
    theta = dict(predictor.named_parameters())
    for _ in range(n_steps):
        loss = F.mse_loss(functional_call(predictor, theta, (task.support[0],)), task.support[1])
        gradients = torch.autograd.grad(loss, list(theta.values()), create_graph=not first_order)
        theta = {name: p - INNER_LR * g for (name, p), g in zip(theta.items(), gradients)}
    return F.mse_loss(functional_call(predictor, theta, (task.query[0],)), task.query[1])


def by_hand(predictor, episode, outer, n_steps, first_order):
    outer.zero_grad()
    for task in episode:
        (query_loss_by_hand(predictor, task, n_steps, first_order) / len(episode)).backward()
    outer.step()


def by_hand_summed(predictor, episode, outer, n_steps, first_order):
    outer.zero_grad()
    losses = [query_loss_by_hand(predictor, task, n_steps, first_order) for task in episode]
    (sum(losses) / len(episode)).backward()
    outer.step()


def by_torchopt(predictor, episode, outer, n_steps, first_order):
    """As in TorchOpt's own MAML example, which sums the losses."""
    import torchopt  # not a dependency: installed by whoever wants to compare

    inner = torchopt.MetaSGD(predictor, lr=INNER_LR)
    losses = []
    outer.zero_grad()
    weights = torchopt.extract_state_dict(predictor, by="reference")
    optimizer = torchopt.extract_state_dict(inner)
    for task in episode:
        for _ in range(n_steps):
            inner.step(F.mse_loss(predictor(task.support[0]), task.support[1]))
        losses.append(F.mse_loss(predictor(task.query[0]), task.query[1]))
        torchopt.recover_state_dict(predictor, weights)
        torchopt.recover_state_dict(inner, optimizer)
    torch.stack(losses).mean().backward()
    outer.step()


def plain(predictor, episode, outer, n_steps, first_order):
    """The floor: as many forward and backward passes as the meta-step has, and nothing else."""
    for task in episode:
        for inputs, targets in [task.support] * n_steps + [task.query]:
            outer.zero_grad()
            F.mse_loss(predictor(inputs), targets).backward()
    outer.step()


CONTESTANTS = {
    "vadkit": by_vadkit,
    "by hand": by_hand,
    "by hand, summed": by_hand_summed,
    "torchopt": by_torchopt,
    "plain": plain,
}


def contestants(first_order):
    names = list(CONTESTANTS)
    # TorchOpt's MetaSGD has no first order.
    if first_order or importlib.util.find_spec("torchopt") is None:
        names.remove("torchopt")
    return names


def set_up():
    torch.set_num_threads(1)
    predictor = vadkit.build_predictor("unet", width=16)
    return predictor, make_episode(), torch.optim.Adam(predictor.parameters(), lr=0.0)


def seconds(n_steps, first_order, rounds):
    """CPU seconds of every round by name; the first round warms up and is left out."""
    setting = set_up()
    names = contestants(first_order)
    taken = {name: [] for name in names}
    for turn in range(rounds + 1):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            began = time.process_time()
            CONTESTANTS[name](*setting, n_steps, first_order)
            taken[name].append(time.process_time() - began)
    return {name: values[1:] for name, values in taken.items()}


def peak_memory(name, n_steps, first_order):
    """MiB above what the process held before, measured here: call it in a fresh process."""
    setting = set_up()
    plain(*setting, 1, False)  # whatever PyTorch sets up once
    before = start_of_memory()
    CONTESTANTS[name](*setting, n_steps, first_order)
    return (kilobytes("VmHWM") - before) / 1024


STATUS = Path("/proc/self/status")  # Linux only


def start_of_memory():
    """Kilobytes held now. Linux also forgets its high-water mark."""
    if STATUS.exists():
        Path("/proc/self/clear_refs").write_text("5")
    return kilobytes("VmRSS")


def kilobytes(field):
    """A field of the process's status, or the high-water mark where there is no such file."""
    if not STATUS.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for line in STATUS.read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1])
    raise LookupError(f"{STATUS} has no line {field}.")


def in_fresh_process(*arguments):
    command = [sys.executable, __file__, "--memory-of", *map(str, arguments)]
    # glibc gives large blocks back at once, so that no fragments are counted.
    thresholds = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    environment = {**os.environ, **thresholds}
    process = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return float(process.stdout)


def share_in_passes(steps=15):
    """The share of a whole meta-training run on toy scenes that is spent in passes.

    The rest goes into episodes, bookkeeping, Adam, history and validation.
    """
    pool = ScenePool(vadkit.toy_scene, range(8), support="consecutive")
    sampler = EpisodeSampler(pool, n_way=4, k_shot=5, n_query=5)
    for number in range(8):  # each scene is rendered once, then it is in memory
        _ = [clip.frames for clip in pool[number].train_clips]
    predictor, inside = set_up()[0], Stopwatch()
    with (
        inside.timing(vadkit.predictors.UNet, "forward"),
        inside.timing(torch.autograd, "grad"),
        inside.timing(torch.Tensor, "backward"),
        inside.timing(F, "mse_loss"),
    ):
        began = time.process_time()
        rates = InnerRates(predictor, INNER_LR, "tensor")
        monitor = Monitor(5, validation=sampler[0], validate_every=steps, progress=False)
        meta_train(predictor, sampler, steps, rates, 3, monitor=monitor)
        return inside.seconds / (time.process_time() - began)


class Stopwatch:
    """CPU seconds inside some functions; one called by another counts once."""

    seconds = 0.0
    depth = 0

    @contextmanager
    def timing(self, owner, name):
        original = getattr(owner, name)

        def timed(*args, **kwargs):
            began = time.process_time()
            self.depth += 1
            try:
                return original(*args, **kwargs)
            finally:
                self.depth -= 1
                if self.depth == 0:
                    self.seconds += time.process_time() - began

        setattr(owner, name, timed)
        yield
        setattr(owner, name, original)


def compare(n_steps, first_order, rounds):
    """Print and return the seconds and MiB of every contestant, and vadkit's ratios."""
    order = "first" if first_order else "second"
    taken = seconds(n_steps, first_order, rounds)
    cpu = {name: statistics.median(times) for name, times in taken.items()}
    memory = {name: in_fresh_process(name, n_steps, first_order) for name in taken}
    time_ratio = {}
    for name, times in taken.items():
        # Ratios within a round: the contenders took turns, so noise hits them alike.
        time_ratio[name] = statistics.median(v / t for v, t in zip(taken["vadkit"], times))
    memory_ratio = {name: memory["vadkit"] / peak for name, peak in memory.items()}
    print(f"\n{order} order, {n_steps} inner step{'s' * (n_steps > 1)}")
    for name in taken:
        line = f"  {name:15} {cpu[name]:6.2f} s  {memory[name]:5.0f} MiB"
        if name != "vadkit":
            line += f"   vadkit takes {time_ratio[name]:.2f} x the time, "
            line += f"{memory_ratio[name]:.2f} x the memory"
        print(line, flush=True)
    return {
        "order": order,
        "inner_steps": n_steps,
        "cpu_seconds": rounded(cpu, 3),
        "peak_mib": rounded(memory),
        "time_ratio": rounded(time_ratio, 3),
        "memory_ratio": rounded(memory_ratio, 3),
    }


def rounded(values, digits=None):
    return {name: round(value, digits) for name, value in values.items()}


@stopped_at_once()
def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=whole_number(1, 1000), default=7)
    parser.add_argument("--memory-of", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    # `--memory-of` is this script calling itself: a peak is that of one process.
    if arguments.memory_of:
        name, n_steps, first_order = arguments.memory_of
        if name not in CONTESTANTS:
            raise ValueError(f"Unknown contestant '{name}'. There are: {', '.join(CONTESTANTS)}.")
        print(peak_memory(name, int(n_steps), first_order == "True"))
        return
    cases = []
    for first_order in (False, True):
        cases += [compare(n_steps, first_order, arguments.rounds) for n_steps in (1, 5)]
    share = share_in_passes()
    print(f"\nmeta-training: {share:.1%} of the time in forward and backward passes")
    summary = {
        "benchmark": "maml_step",
        "parameters": vadkit.count_parameters(set_up()[0]),
        "cases": cases,
        "share_in_passes": round(share, 4),
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    sys.exit(run_script(main))
