"""The weights shipped with the package; `vadstudies/weights/run.py` trains them all."""

from pathlib import Path

from vadkit.checkpoints import load_tensors
from vadkit.checks import checked
from vadkit.maml.training import MetaTrained
from vadkit.predictors import build_predictor

SHIPPED = Path(__file__).parent / "weights"


def list_checkpoints() -> list[str]:
    """List the weights shipped with the package.

    Returns
    -------
    list of str
        The names that `load_checkpoint` takes, sorted.
    """
    return sorted(path.stem for path in SHIPPED.glob("*.safetensors"))


@checked
def load_checkpoint(name: str) -> MetaTrained:
    """Load weights shipped with the package, made by vadstudies/weights/run.py.

    Parameters
    ----------
    name : str
        One of `list_checkpoints()`.

    Returns
    -------
    MetaTrained
        The network that the file's header describes, and the rates it adapts with.

    Raises
    ------
    FileNotFoundError
        If the name is unknown.
    ValueError
        If the file is damaged, foreign, or not what its header says.
    """
    if name not in list_checkpoints():
        there = ", ".join(list_checkpoints())
        raise FileNotFoundError(f"No weights '{name}' in the package (there are: {there}).")
    path = SHIPPED / f"{name}.safetensors"
    _, header = load_tensors(path)
    try:
        predictor = build_predictor(**header["network"])
    except (KeyError, TypeError, ValueError) as error:
        problem = f"{path} does not say which network it belongs to ({error})"
        raise ValueError(f"{problem}: train it again.") from None
    return MetaTrained.load(path, predictor)
