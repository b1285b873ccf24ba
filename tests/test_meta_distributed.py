"""Meta-training by several processes: what one would learn, and nothing lost when one dies."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import meta_train_distributed as script
import pytest
import torch
import torch.distributed as dist

from vadkit.cli import run_script
from vadkit.episodes import EpisodeSampler
from vadkit.maml.baselines import joint_step, reptile_step
from vadkit.maml.history import Monitor
from vadkit.maml.meta_step import every_step_weights, meta_step
from vadkit.maml.rates import InnerRates
from vadkit.maml.training import MetaTrained, meta_train
from vadkit.processes import in_fresh_processes
from vadstudies.sinusoids.pool import SinusoidPool
from vadstudies.sinusoids.run import network

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no gloo")
ROOT = Path(__file__).parent.parent
UPDATES = {
    "maml": meta_step,
    "every step": partial(meta_step, step_weights=every_step_weights),
    "first order": partial(meta_step, first_order=True),
    "reptile": reptile_step,
    "joint": joint_step,
}
LEARNED = ("maml", "every step", "first order")


class Sampler(EpisodeSampler):
    """Waves; at one episode something happens in one process."""

    happens = None

    def __getitem__(self, number):
        episode = super().__getitem__(number)
        return self.happens(number, episode) if self.happens else episode


def learn(update="maml", n_way=4, steps=5, happens=None, seed=0, **options):
    """A short meta-training on waves."""
    sampler = Sampler(SinusoidPool(), n_way=n_way, k_shot=5, n_query=5)
    sampler.happens = happens
    predictor = network(seed)
    rates = InnerRates(predictor, 0.02, "tensor" if update in LEARNED else None)
    monitor = Monitor(2, validation=sampler[99], validate_every=3, progress=False)
    options = {"outer_lr": 0.01, "update": UPDATES[update], "monitor": monitor, **options}
    return meta_train(predictor, sampler, steps, rates, 2, **options)


def learned(trained):
    """All that is left of a training, but the clock."""
    history = dict(vars(trained.history), seconds=0)
    return [t.tolist() for t in trained.modules.state_dict().values()], history


def in_one_of_many(number, n, folder, work):
    with script.joined(rank=number, world_size=n, init_method=f"file://{folder}/{n}"):
        return work(number)


def by_many(n, folder, work):
    """What `work` returned in each of n processes."""
    return in_fresh_processes(partial(in_one_of_many, n=n, folder=folder, work=work), range(n), n)


def every_update(number):
    """By all methods; three tasks do not fit two processes. Other starting weights in others."""
    cases = [(name, n_way) for name in UPDATES for n_way in (3, 4)]
    return {case: learned(learn(*case, seed=number)) for case in cases}


@pytest.mark.parametrize("n", [2, 3])
def test_many_processes_learn_what_one_learns(tmp_path, n):
    alone, (first, *others) = every_update(0), by_many(n, tmp_path, every_update)
    assert all(other == first for other in others)
    for (name, n_way), (weights, history) in alone.items():
        many, told = first[name, n_way]
        if n_way == 4:  # halves and quarters are exact
            assert (many, told) == (weights, history)
        for one, other in zip(many, weights):
            assert torch.allclose(torch.tensor(one), torch.tensor(other), rtol=0, atol=1e-6)
        assert told["after"] == pytest.approx(history["after"], rel=1e-4)


def test_the_bits_do_not_depend_on_how_many_they_are(tmp_path):
    two, three = (by_many(n, tmp_path, every_update)[0] for n in (2, 3))
    assert two == three


def spoil(number, episode):
    """The third task of the third episode holds no numbers."""
    if number == 2:
        episode[2].query[1][:] = torch.nan
    return episode


def go_astray(number):
    with pytest.raises(FloatingPointError) as refused:
        learn(happens=spoil)
    return str(refused.value), str(learned(refused.value.trained))


def test_a_task_that_goes_astray_stops_all_with_the_words_and_weights_of_one(tmp_path):
    alone = go_astray(0)
    assert alone[0].startswith("Outer step 2: Task '") and "repair them" in alone[0]
    assert by_many(2, tmp_path, go_astray) == [alone, alone]


def lose_the_second(number, folder):
    """The second process is killed at the fourth episode; the first writes what it is left with."""

    def happens(episode_number, episode):
        if (episode_number, number) == (3, 1):
            os.kill(os.getpid(), signal.SIGKILL)
        return episode

    meeting = {"rank": number, "world_size": 2, "init_method": f"file://{folder}/meeting"}
    with script.joined(**meeting), pytest.raises(ConnectionError) as ended:
        learn(happens=happens, steps=9, schedule=lambda done, steps: 1)
    left = [str(ended.value), learned(ended.value.trained)[0]]
    Path(folder, "left.json").write_text(json.dumps(left))


def test_who_is_left_alone_keeps_the_last_good_weights(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=lose_the_second, args=(i, str(tmp_path))) for i in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        process.kill()
    said, weights = json.loads((tmp_path / "left.json").read_text())
    assert "Outer step 3: Another process of this training has ended." in said
    assert weights == learned(learn(steps=3, schedule=lambda done, steps: 1))[0]


# --- The script


QUICK = ["--tasks", "2", "--scenes", "2", "--width", "4", "--quiet", "--every", "2"]


def weights_in(path):
    return path.read_bytes()


def test_a_training_goes_on_with_other_processes_and_ends_at_the_same_bits(tmp_path, capsys):
    whole, parts = tmp_path / "whole.safetensors", tmp_path / "parts.safetensors"
    assert run_script(script.main, [str(whole), "--steps", "6", *QUICK]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["steps"] == 6 and told["processes"] == 1 and not dist.is_initialized()
    long = [sys.executable, script.__file__, parts, "--steps", "6", "--processes", "2", *QUICK]
    process = subprocess.Popen([*map(str, long)], stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 120
    while not parts.exists():
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1]
    assert said.startswith("Interrupted: what was trained is kept") and said.count("\n") == 1
    done = MetaTrained.load(parts, script.start(tmp_path / "none", 4).predictor).history.n_steps
    assert done in (2, 4)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command = [*torchrun, "--nproc-per-node", "3", *long[1:5], *QUICK]
    ended = subprocess.run([*map(str, command)], capture_output=True, text=True, check=True)
    assert json.loads(ended.stdout.splitlines()[-1])["processes"] == 3
    assert weights_in(parts) == weights_in(whole)


def test_a_process_that_is_killed_ends_all_with_one_sentence(tmp_path):
    path = tmp_path / "weights.safetensors"
    command = [sys.executable, script.__file__, path, "--steps", "10000", "--processes", "2"]
    process = subprocess.Popen([*map(str, command), *QUICK], stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 120
    while not path.exists():
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.01)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    commands = {int(pid): Path(f"/proc/{pid}/cmdline").read_text() for pid in children}
    os.kill([pid for pid, words in commands.items() if "spawn_main" in words][-1], signal.SIGKILL)
    said = process.communicate(timeout=60)[1].splitlines()
    assert process.returncode == 2 and len(said) == 1 and said[0].startswith("error: ")
    assert "killed from outside" in said[0] or "Another process" in said[0]
    assert MetaTrained.load(path, script.start(tmp_path / "none", 4).predictor).history.n_steps


def test_the_script_wants_a_file(capsys):
    assert run_script(script.main, []) == 2
    assert "Name a file" in capsys.readouterr().err
