"""One meta-training by several processes: each takes its share of the tasks of every episode.

Nothing here is needed by who trains alone. Under `torch.distributed` (torchrun starts it, a script
calls `init_process_group`), `meta_train` shares out the tasks: the gradients of all of them are
brought together by `all_reduce`, and every process makes the same outer step. What is added up is
added in the order of the tasks, so that any number of processes gives the same bits.
"""

from collections.abc import Callable, Sequence
from functools import partial

import torch
import torch.distributed as dist
from torch import Tensor, nn

from vadkit.episodes import Task
from vadkit.maml.meta_step import outer_step


def rank() -> int:
    """Which process this is, from 0; the first one shows the bar, prints and writes files.

    Returns
    -------
    int
        Its number; 0 for who is alone.
    """
    return dist.get_rank() if _many() else 0


def n_processes() -> int:
    """How many processes train together.

    Returns
    -------
    int
        Their number; 1 for who is alone.
    """
    return dist.get_world_size() if _many() else 1


def _many():
    return dist.is_available() and dist.is_initialized()


def start_alike(network: nn.Module) -> None:
    """Give every process the weights of the first.

    Parameters
    ----------
    network : nn.Module
        What is trained; it has the same parts in every process.
    """
    if n_processes() > 1:
        for tensor in network.state_dict().values():
            _with_all(dist.broadcast, tensor, 0)


def together(update: Callable) -> Callable:
    """Make an outer step that all processes take together.

    Parameters
    ----------
    update : callable
        `meta_step`, `reptile_step`, `joint_step`, or another whose gradient is a mean over tasks.

    Returns
    -------
    callable
        Takes the same arguments; who is alone gets `update` itself.
    """
    return partial(_step_together, update) if n_processes() > 1 else update


def _step_together(update, theta, episode, outer, *arguments, max_norm=None, **options):
    learned = [p for group in outer.param_groups for p in group["params"]]
    still = torch.optim.SGD(learned, lr=0.0)  # for the gradients alone: theta stays where it is

    def gradient_of(task):
        update(theta, [task], still, *arguments, max_norm=None, **options)
        return torch.cat([_gradient(p).flatten() for p in learned])

    gradients = rows_of_all(gradient_of, episode, torch.cat([p.flatten() for p in learned]))
    mean = sum(gradient / len(episode) for gradient in gradients)
    for p, part in zip(learned, mean.split([p.numel() for p in learned])):
        p.grad = part.view_as(p)
    outer_step(outer, max_norm)


def _gradient(p):
    return torch.zeros_like(p) if p.grad is None else p.grad


def rows_of_all(row_of: Callable, tasks: Sequence[Task], like: Tensor) -> Tensor:
    """Work out one row of numbers for each task, every process for its own tasks, and share them.

    Parameters
    ----------
    row_of : callable
        A task to a row like `like`. A FloatingPointError for one task is raised in every process.
    tasks : sequence of Task
        The same in every process: number i belongs to process i modulo their number.
    like : Tensor
        Its length, type and device are those of a row.

    Returns
    -------
    Tensor
        (tasks, numbers), the same bits in every process.

    Raises
    ------
    ConnectionError
        If another process has ended.
    """
    # A last column says which tasks failed. What belongs to others is 0, and adds nothing.
    rows = torch.zeros(len(tasks), len(like) + 1, dtype=like.dtype, device=like.device)
    words = {}
    for number in range(rank(), len(tasks), n_processes()):
        try:
            rows[number, :-1] = row_of(tasks[number])
        except FloatingPointError as error:
            rows[number, -1], words[number] = 1, str(error)
    if n_processes() > 1:
        _with_all(dist.all_reduce, rows)
    if rows[:, -1].any():
        raise FloatingPointError(_first_words(words))
    return rows[:, :-1]


def _first_words(words):
    """What was said of the first task that failed, by whoever it belongs to."""
    everywhere = [words] * n_processes()
    if n_processes() > 1:
        _with_all(dist.all_gather_object, everywhere, words)
    return min(entry for said in everywhere for entry in said.items())[1]


def _with_all(exchange, *arguments):
    try:
        exchange(*arguments)
    except RuntimeError:
        raise ConnectionError("Another process of this training has ended.") from None
