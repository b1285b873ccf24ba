"""Answers on their way from the code of a student to the judge: data, and nothing but data.

A pickle could run code where it is opened. This is JSON, and opened with distrust.
"""

import base64
import math
from numbers import Number
from types import FunctionType

import numpy as np
import torch

from vadcourse import checking, sandbox
from vadkit.episodes import Task


def is_data(value: object) -> bool:
    """Whether a copy in another process does as well: numbers, arrays, tasks, networks, lists."""
    if isinstance(value, Task):
        value = [value.support, value.query]
    if isinstance(value, FunctionType):  # one without a memory
        value = [cell.cell_contents for cell in value.__closure__ or ()]
        return all(isinstance(part, (Number, torch.Tensor)) for part in value)
    if isinstance(value, (list, tuple)):
        return all(map(is_data, value))
    kinds = (np.ndarray, np.generic, Number, str, torch.Tensor, np.random.Generator)
    return isinstance(value, (*kinds, torch.nn.Module))


def pack(value: object) -> list:
    """Turn an answer, plain already, into what JSON can hold: a word and what belongs to it."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return ["value", value]
    if value is ...:
        return ["dots"]
    if isinstance(value, complex):
        return ["complex", value.real, value.imag]
    for kind in (list, tuple, set):
        if isinstance(value, kind):
            return [kind.__name__, [pack(part) for part in value]]
    if isinstance(value, dict):
        return ["dict", [[pack(key), pack(part)] for key, part in value.items()]]
    if isinstance(value, torch.Tensor):
        array = _array_of(value)
        return ["other", "Tensor"] if array is None else ["tensor", *_pack_array(array)]
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        return ["array", *_pack_array(value)]
    dtype = f" ({value.dtype})" if isinstance(value, np.ndarray) else ""
    return ["other", f"{type(value).__name__}{dtype}"]


def _array_of(tensor):
    """In its own type where NumPy has it; None where there are no numbers to be had."""
    try:
        return tensor.detach().cpu().numpy()
    except (TypeError, RuntimeError, NotImplementedError):
        return checking._array_of_tensor(tensor)


def _pack_array(array):
    """Its type, shape and bytes; of one that is far too large, a single number for all."""
    few = np.ascontiguousarray(array if array.size <= sandbox.MOST else array.flat[0])
    return [array.dtype.str, list(array.shape), base64.b64encode(few.tobytes()).decode()]


def unpack(packed: list) -> object:
    """The answer again; a wrong form is a ValueError, and no code of it runs."""
    try:
        return _unpack(*packed)
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise ValueError("The answer cannot be read.") from error


def _unpack(kind, first=None, *rest):
    if kind in ("array", "tensor"):
        array = _unpack_array(first, *rest)
        return torch.from_numpy(array) if kind == "tensor" else array
    if kind == "dict":
        return {_unpack(*key): _unpack(*part) for key, part in first}
    if kind in ("list", "tuple", "set"):
        return {"list": list, "tuple": tuple, "set": set}[kind](_unpack(*part) for part in first)
    if kind == "value" and (first is None or isinstance(first, (bool, int, float, str))):
        return first
    if kind == "complex":
        return complex(first, *rest)
    if kind == "dots":
        return ...
    if kind == "other":
        return type(str(first)[:60], (), {})()  # a stand-in: the check names its kind
    raise ValueError(kind)


def _unpack_array(dtype, shape, text):
    dtype = np.dtype(dtype)
    if dtype.kind not in "biufc" or not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError(dtype)
    values = np.frombuffer(base64.b64decode(text), dtype)
    if math.prod(shape) > sandbox.MOST:
        return np.broadcast_to(values[0], shape)
    return values.reshape(shape).copy()
