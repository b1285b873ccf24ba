"""TODO."""

from pathlib import Path

from vadkit.checkpoints import load_tensors

SHIPPED = Path(__file__).parent / "weights"


def list_checkpoints():
    """The names `load_checkpoint` understands: the weights shipped with the package, sorted."""
    return sorted(path.stem for path in SHIPPED.glob("*.safetensors"))


def load_checkpoint(name):
    """Weights shipped with the package -> `MetaTrained`: the network its header describes, and the rates it adapts with.

    name: one of `list_checkpoints()`; benchmarks/train_weights.py made them all.
    Raises FileNotFoundError for an unknown name, or ValueError for a file that is damaged, foreign, or not what its header says.
    """
    from vadkit.maml.training import MetaTrained
    from vadkit.predictors import build_predictor

    if name not in list_checkpoints():
        raise FileNotFoundError(f"No weights '{name}' in the package (there are: {', '.join(list_checkpoints())}).")
    path = SHIPPED / f"{name}.safetensors"
    header = load_tensors(path)[1]
    try:
        predictor = build_predictor(**header["network"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} does not say which network it belongs to ({error}): train it again.") from None
    return MetaTrained.load(path, predictor)
