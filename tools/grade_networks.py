"""Networks and functions among the inputs of an answer: sent over, and what has become of them.

The answer gets a copy. What it did to it is told as data, weights, gradients, modes, and done again
to the judge's own: so a check sees what it would see in a notebook, and runs no code of a student.
"""

import copy
import io
import marshal
import pickle
import sys
from types import CellType, FunctionType

import torch
from grade_data import pack, unpack
from torch import Tensor, nn

MOST_LOSSES = 100  # whose gradients are sent along


# --- To the answer: only the judge writes such a pickle


class _Pickler(pickle.Pickler):
    """Functions that a check makes while it runs have no name to be found by: send their code."""

    def reducer_override(self, thing):
        if type(thing) is FunctionType and "<locals>" in thing.__qualname__:
            cells = [cell.cell_contents for cell in thing.__closure__ or ()]
            return _function, (marshal.dumps(thing.__code__), thing.__module__, cells)
        return NotImplemented


def _function(code, module, cells):
    names = vars(sys.modules[module])
    return FunctionType(marshal.loads(code), names, closure=tuple(map(CellType, cells)))


def sent(request: list) -> bytes:
    """A request as bytes, for `pickle.loads` at the other end."""
    text = io.BytesIO()
    _Pickler(text).dump(request)
    return text.getvalue()


# --- In the worker


class Watch:
    """The networks among the inputs as they were handed out; `report` says what became of them."""

    def __init__(self, inputs: tuple):
        self.networks = [one for one in inputs if isinstance(one, nn.Module)]
        self.weights = [list(network.parameters()) for network in self.networks]
        self.parts = [_parts(network) for network in self.networks]

    def report(self) -> list:
        """For each network: weights, what is in their gradients, modes, whether parts changed."""
        return [self._state(*one) for one in zip(self.networks, self.weights, self.parts)]

    def _state(self, network, weights, parts):
        modules = [part for part in parts if isinstance(part, nn.Module)]
        return [
            [pack(p.detach()) for p in weights],
            [pack(p.grad) for p in weights],
            [p.requires_grad for p in weights],
            [module.training for module in modules],
            [id(part) for part in _parts(network)] != [id(part) for part in parts],
        ]

    def slopes(self, answer: object) -> list | None:
        """The gradients of a tensor of losses by all weights; None where the answer is none."""
        if not (isinstance(answer, Tensor) and answer.requires_grad and self.networks):
            return None
        weights = [p for one in self.weights for p in one]
        options = {"retain_graph": True, "allow_unused": True, "materialize_grads": True}
        try:
            losses = answer.flatten()[:MOST_LOSSES]
            rows = [torch.autograd.grad(loss, weights, **options) for loss in losses]
        except RuntimeError:  # the graph is gone
            return []
        return [[pack(slope) for slope in row] for row in rows]


def _parts(network):
    return [*nn.Module.modules(network), *nn.Module.parameters(network)]


# --- In the judge


def done_again(inputs: tuple, report: list) -> None:
    """Do to the judge's networks what was done to their copies; a forged report is a ValueError."""
    networks = [one for one in inputs if isinstance(one, nn.Module)]
    try:
        for network, (values, slopes, requires, training, changed) in zip(networks, report):
            for module, mode in zip(network.modules(), training):
                module.training = mode is True
            for p, value, slope, wanted in zip(network.parameters(), values, slopes, requires):
                p.data, p.grad = unpack(value), unpack(slope)
                p.requires_grad_(wanted is True)
            if changed:
                name, part = list(network.named_children())[-1]
                setattr(network, name, copy.deepcopy(part))
    except (TypeError, RuntimeError) as error:
        raise ValueError("The answer cannot be read.") from error


def with_slopes(answer: object, inputs: tuple, rows: list | None) -> object:
    """The answer, a tensor of losses, as if it had been computed from the judge's networks."""
    weights = [p for one in inputs if isinstance(one, nn.Module) for p in one.parameters()]
    weights = [p for p in weights if p.requires_grad]
    if rows is None or not isinstance(answer, Tensor) or not weights:
        return answer
    rows = [[unpack(slope) for slope in row] for row in rows]
    return _Computed.apply(answer, rows, *weights)


class _Computed(torch.autograd.Function):
    """A tensor whose gradients are known; none at all means that they could not be taken."""

    @staticmethod
    def forward(ctx, values, rows, *weights):
        ctx.rows = rows
        return values.clone()

    @staticmethod
    def backward(ctx, slope):
        if not ctx.rows:
            raise RuntimeError("The graph is gone.")
        parts = zip(*ctx.rows)
        sums = [sum(s * one for s, one in zip(slope.flatten(), part)) for part in parts]
        return None, None, *sums
