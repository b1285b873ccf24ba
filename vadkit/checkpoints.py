"""Weights and results on disk: safetensors with a header that says where they came from, JSON for tables. No pickle."""

import json
import os
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

FORMAT = "vadkit-weights-1"


@contextmanager
def writing_whole(path):
    """A path to write to, which becomes `path` at the very end. Whatever happens before leaves what was there."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.unfinished")
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def save_tensors(path, tensors, header):
    """Write named tensors and a JSON-able header in one file, whole or not at all."""
    metadata = {"vadkit": json.dumps({**header, "format": FORMAT}, sort_keys=True)}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with writing_whole(path) as unfinished:
        save_file(tensors, unfinished, metadata=metadata)


def load_tensors(path):
    """-> (tensors by name, header). Raises FileNotFoundError, or ValueError for a damaged or foreign file."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"No weights file at {path}.")
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}
            header = json.loads((file.metadata() or {}).get("vadkit", "null"))
    except (SafetensorError, ValueError, OSError) as error:
        raise ValueError(
            f"{path} is not a readable safetensors file ({error}): delete it and load or train again."
        ) from None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ValueError(f"{path} was not written by vadkit (its header is not {FORMAT}): give a file made by vadkit.")
    return tensors, header


def save_weights(path, predictor, header=None):
    """Write a predictor's weights with a header of your own (script, arguments, seed, data, figures)."""
    save_tensors(path, predictor.state_dict(), {"torch": torch.__version__, **(header or {})})


def load_weights(path, predictor):
    """Fill a predictor with the weights in a file -> the file's header. A file that does not fit touches nothing.

    Raises FileNotFoundError, or ValueError for a damaged, foreign or mismatched file.
    """
    tensors, header = load_tensors(path)
    mine = {name: tuple(t.shape) for name, t in predictor.state_dict().items()}
    theirs = {name: tuple(t.shape) for name, t in tensors.items()}
    if mine != theirs:
        wrong = sorted(set(mine.items()) ^ set(theirs.items()))[0][0]
        raise ValueError(
            f"{path} does not fit this predictor ('{wrong}' is {theirs.get(wrong, 'missing')} there, "
            f"{mine.get(wrong, 'missing')} here): build it with the name, width and options it was trained with."
        )
    predictor.load_state_dict(tensors)
    return header


def load_or_train(path, predictor, train, header=None):
    """Load weights where they are; otherwise call `train(predictor)` and keep the result there -> the file's header.

    A training that was interrupted (`train` returns a `History` that says so) leaves what was learned in the predictor
    and writes no file, so that nobody takes it for the real thing later.
    """
    if not Path(path).is_file():
        history = train(predictor)
        if getattr(history, "interrupted", False):
            print(f"{path} was not written: the next call trains again, to the end.")
            return header or {}
        save_weights(path, predictor, header)
    return load_weights(path, predictor)
