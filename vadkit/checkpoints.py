"""Weights and results on disk: safetensors with a header that says where they came from, JSON for tables. No pickle."""

import json
import os
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

SHIPPED = Path(__file__).parent / "weights"
RESULTS = Path(__file__).parent / "results"
FORMAT = "vadkit-weights-1"


@contextmanager
def _whole_or_not_at_all(path):
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
    with _whole_or_not_at_all(path) as unfinished:
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


def list_checkpoints():
    """The names `load_checkpoint` understands: the weights shipped with the package, sorted."""
    return sorted(path.stem for path in SHIPPED.glob("*.safetensors"))


def load_checkpoint(name):
    """Weights shipped with the package -> `MetaTrained`: the network its header describes, and the rates it adapts with.

    name: one of `list_checkpoints()`; benchmarks/train_weights.py made them all.
    Raises FileNotFoundError for an unknown name, or ValueError for a file that is damaged, foreign, or not what its header says.
    """
    from .meta_training import MetaTrained
    from .predictor import build_predictor

    if name not in list_checkpoints():
        raise FileNotFoundError(f"No weights '{name}' in the package (there are: {', '.join(list_checkpoints())}).")
    path = SHIPPED / f"{name}.safetensors"
    header = load_tensors(path)[1]
    try:
        predictor = build_predictor(**header["network"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} does not say which network it belongs to ({error}): train it again.") from None
    return MetaTrained.load(path, predictor)


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


def save_results(name, results):
    """Write a JSON-able table of results as `results/NAME.json` in the package, whole or not at all."""
    with _whole_or_not_at_all(RESULTS / f"{name}.json") as unfinished:
        unfinished.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def load_results(name):
    """-> what `save_results` wrote. Raises FileNotFoundError for a name nobody wrote, ValueError for a damaged file."""
    path = RESULTS / f"{name}.json"
    if not path.is_file():
        found = ", ".join(sorted(p.stem for p in RESULTS.glob("*.json"))) or "none"
        raise FileNotFoundError(f"No results '{name}' in the package (there are: {found}).")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise ValueError(f"{path} is not valid JSON: run the script that made it again.") from None
