"""Answers that are none, and that a check has to bear: each with a name, each called with inputs.

They stand for classes: wrong types, wrong shapes, every way to stop, objects that fight back.
"""

import sys
import weakref
from collections import OrderedDict, UserList, deque, namedtuple
from decimal import Decimal
from functools import partial

import numpy as np
import torch


class Unspeakable(Exception):
    def __str__(self):
        raise SystemExit("no words")


class Refusing:
    """Fails whenever somebody looks at it."""

    def _refuse(self, *_, **__):
        raise RuntimeError("hands off")

    __array__ = __eq__ = __len__ = __iter__ = __getitem__ = __float__ = __bool__ = _refuse
    __repr__ = __format__ = __hash__ = __lt__ = __neg__ = __getattr__ = _refuse


class Agreeing:
    """Equals everything."""

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __array__(self, *_, **__):
        return np.array("so it is")

    __hash__ = None


class AgreeingNumber(float):
    __eq__ = Agreeing.__eq__
    __ne__ = Agreeing.__ne__
    __hash__ = float.__hash__
    __sub__ = __rsub__ = lambda self, other: 0.0


class AgreeingList(list):
    __eq__ = Agreeing.__eq__


class AgreeingArray(np.ndarray):
    def __array_ufunc__(self, *_, **__):
        return np.True_

    def __array_function__(self, *_, **__):
        return np.True_


class AgreeingTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, *_, **__):
        return True


class Sulking:
    """A function that does not want to be called, or looked at."""

    def __call__(self, *inputs):
        raise LookupError

    def __getattr__(self, name):
        raise RuntimeError(name)


def raising(error):
    def function(*inputs):
        raise error

    return function


def returning(value):
    return lambda *inputs: value


def deep(*inputs):
    return deep(*inputs)


def nested(*inputs):
    answer = []
    answer.append(answer)
    return answer


async def waiting(*inputs):
    return 1


def counting(*inputs):
    yield from range(3)


Pair = namedtuple("Pair", "one other")
VALUES = {
    "text": "a boar",
    "text of a number": "0.5",
    "texts of numbers": ["0.5", "1"],
    "array of texts": np.array(["0.5", "1"]),
    "bytes": b"1",
    "dict": {"boar": 1},
    "dict of numbers": OrderedDict(a=1.0),
    "empty dict": {},
    "set": {0.25, 0.75},
    "ragged": [1, [2, 3]],
    "None inside": [1.0, None],
    "None in an array": np.array([1.0, None]),
    "pair of None": (None, None),
    "nan": np.nan,
    "nan array": np.full(7, np.nan),
    "minus infinity": -np.inf,
    "infinite tensor": torch.full((3, 2), torch.inf),
    "complex": 1 + 2j,
    "complex array": np.ones(3, complex),
    "complex tensor": torch.ones(3, dtype=torch.complex64),
    "date": np.datetime64("2024-01-01"),
    "record": np.zeros(2, [("a", int), ("b", float)]),
    "huge integer": 10**400,
    "huge array": np.broadcast_to(np.float32(0), (10**5, 10**5)),
    "huge tensor": torch.zeros(1).expand(10**5, 10**5),
    "huge range": range(10**12),
    "largest number": 1.7e308,
    "smallest number": [-5e-324],
    "decimal": Decimal("0.123"),
    "empty list": [],
    "empty lists": [[], []],
    "empty array": np.empty((0, 3)),
    "empty tensor": torch.empty(0),
    "empty text": "",
    "odd shape": np.zeros((2, 3, 1, 7)),
    "many dimensions": np.zeros((1,) * 30),
    "negative": [-1] * 5,
    "True": np.array([True, False, True]),
    "sparse": torch.eye(3).to_sparse(),
    "meta": torch.zeros(3, device="meta"),
    "parameter": torch.nn.Parameter(torch.full((2,), 7.5)),
    "module": torch.nn.Linear(1, 1),
    "module list": torch.nn.ModuleList([torch.nn.Linear(1, 1)]),
    "function": len,
    "class": int,
    "array class": np.ndarray,
    "python module": sys,
    "iterator": iter("ab"),
    "map": map(float, "12"),
    "deque": deque([0.1, 9.0]),
    "user list": UserList([0.1, 9.0]),
    "named tuple": Pair(7.0, -3.0),
    "memoryview": memoryview(b"abc"),
    "weak reference": weakref.ref(Refusing),
    "slice": slice(3),
    "not implemented": NotImplemented,
    "refusing": Refusing(),
    "list of refusing": [Refusing(), Refusing()],
    "array of refusing": np.array([Agreeing(), Agreeing()], object),
    "agreeing": Agreeing(),
    "pair of agreeing": (Agreeing(), Agreeing()),
    "agreeing number": AgreeingNumber(0.123),
    "agreeing list": AgreeingList([0.123]),
    "agreeing array": np.full(3, 0.123).view(AgreeingArray),
    "agreeing tensor": torch.full((3,), 0.123).as_subclass(AgreeingTensor),
    "exception": ValueError("returned, not raised"),
    "exception class": KeyboardInterrupt,
    "masked": np.ma.masked,
}
ERRORS = (
    SystemExit(0),
    KeyboardInterrupt(),
    GeneratorExit(),
    StopIteration(3),
    MemoryError(),
    NotImplementedError(),
    AssertionError("two\nlines {braces} <b>&"),
    ValueError("\ud800" + "long" * 10_000),
    BaseExceptionGroup("several", [KeyboardInterrupt()]),
    Unspeakable(),
)
HOSTILE = {
    **{name: returning(value) for name, value in VALUES.items()},
    **{f"raises {type(error).__name__}": raising(error) for error in ERRORS},
    "endless recursion": deep,
    "list of itself": nested,
    "coroutine": waiting,
    "generator": counting,
    "too few parameters": lambda: 1,
    "too many parameters": lambda a, b, c, d, e, f, g, h, i: 1,
    "by name only": lambda *, frames: 1,
    "partial": partial(int, base=3),
    "a class": Refusing,
    "a built-in": sorted,
    "the inputs": lambda *inputs: inputs,
    "sulking": Sulking(),
    "its own type": lambda *inputs: type(inputs[0]),
    "random numbers": lambda *inputs: np.random.default_rng().normal(size=3),
    "random tensor": lambda *inputs: torch.rand(3, 2, requires_grad=True).sum(1),
}
