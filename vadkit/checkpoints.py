"""Weights on disk: safetensors with a header that says where they came from. No pickle."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from vadkit.checks import checked

FORMAT = "vadkit-weights-1"


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Give a path to write to, which becomes `path` at the very end.

    Parameters
    ----------
    path : str or Path
        The file to write; a failure leaves what was there before.

    Yields
    ------
    Path
        The unfinished file, in the same folder.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder: give the name of a file.")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.unfinished")
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


@checked
def save_tensors(
    path: str | Path, tensors: dict[str, Tensor], header: dict, half: bool = False
) -> None:
    """Write named tensors and a header in one file, whole or not at all.

    Parameters
    ----------
    path : str or Path
        The file.
    tensors : dict of Tensor
        By name; what they show is written, without gradients.
    header : dict
        Anything that JSON can hold.
    half : bool
        Keep numbers in half precision, in half the space.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    if half:
        tensors = {name: t.half() if t.is_floating_point() else t for name, t in tensors.items()}
    try:
        about = json.loads(json.dumps({**header, "format": FORMAT}))
    except (TypeError, ValueError) as error:
        raise TypeError(f"A header holds what JSON can hold, this one does not: {error}.") from None
    about["sha256"] = _digest(about, tensors)
    metadata = {"vadkit": json.dumps(about, sort_keys=True)}
    with atomic_path(path) as unfinished:
        try:
            save_file(tensors, unfinished, metadata=metadata)
        except SafetensorError as error:  # a full disk, say
            raise OSError(f"{path} could not be written: {error}.") from None


@checked
def load_tensors(path: str | Path) -> tuple[dict[str, Tensor], dict]:
    """Read what `save_tensors` wrote; a damaged or foreign file is a ValueError.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    tensors : dict of Tensor
        By name.
    header : dict
        With the file's format.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"No weights file at {path}.")
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}
            header = json.loads((file.metadata() or {}).get("vadkit", "null"))
    except (SafetensorError, ValueError, OSError, RecursionError) as error:
        problem = f"{path} is not a readable safetensors file ({error})"
        raise ValueError(f"{problem}: delete it and load or train again.") from None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        problem = f"{path} was not written by vadkit (its header is not {FORMAT})"
        raise ValueError(f"{problem}: give a file made by vadkit.")
    written = header.pop("sha256", None)  # absent from files of old
    if written is not None and written != _digest(header, tensors):
        raise ValueError(f"{path} is damaged, it was written otherwise: load or train again.")
    return tensors, header


def _digest(header, tensors):
    """SHA-256 of a header and of named tensors: a damaged file may still be readable."""
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


@checked
def save_weights(
    path: str | Path, predictor: nn.Module, header: dict | None = None, half: bool = False
) -> None:
    """Write a predictor's weights.

    Parameters
    ----------
    path : str or Path
        The file.
    predictor : nn.Module
        Whose state dict is written.
    header : dict, optional
        Yours, anything that JSON can hold: script, arguments, seed, data, results.
    half : bool
        Keep the weights in half precision; they are loaded as the predictor has them.
    """
    header = {"torch": torch.__version__, **(header or {})}
    save_tensors(path, predictor.state_dict(), header, half)


@checked
def load_weights(path: str | Path, predictor: nn.Module) -> dict:
    """Fill a predictor with the weights in a file; one that does not fit touches nothing.

    Parameters
    ----------
    path : str or Path
        The file.
    predictor : nn.Module
        Built with the name, width and options it was trained with.

    Returns
    -------
    dict
        The file's header.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged or foreign, or does not fit the predictor.
    """
    tensors, header = load_tensors(path)
    state = predictor.state_dict()
    mine = {name: tuple(tensor.shape) for name, tensor in state.items()}
    theirs = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    if mine != theirs:
        wrong, _ = min(set(mine.items()) ^ set(theirs.items()))
        there, here = theirs.get(wrong, "missing"), mine.get(wrong, "missing")
        raise ValueError(
            f"{path} does not fit this predictor ('{wrong}' is {there} there, {here} here): "
            "build it with the name, width and options it was trained with."
        )
    for name, tensor in tensors.items():
        if tensor.is_floating_point() != state[name].is_floating_point():
            raise ValueError(f"{path}: '{name}' holds {tensor.dtype}, no weights: train again.")
        if not tensor.isfinite().all():
            raise ValueError(f"{path}: '{name}' holds NaN or infinity, no weights: train again.")
    predictor.load_state_dict(tensors)
    return header


@checked
def load_or_train(
    path: str | Path, predictor: nn.Module, train: Callable, header: dict | None = None
) -> dict:
    """Load weights where there are some; otherwise train, and keep the result there.

    Parameters
    ----------
    path : str or Path
        The file.
    predictor : nn.Module
        The network to fill.
    train : callable
        Called with the predictor. Where it returns a `History` that was interrupted, no file is
        written, so that nobody takes what was learned for the real thing later.
    header : dict, optional
        Of the file, as in `save_weights`.

    Returns
    -------
    dict
        The file's header.
    """
    if not Path(path).is_file():
        history = train(predictor)
        if getattr(history, "interrupted", False):
            print(f"{path} was not written: the next call trains again, to the end.")
            return header or {}
        save_weights(path, predictor, header)
    return load_weights(path, predictor)
