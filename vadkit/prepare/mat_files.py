"""Cells of a MAT-file (MATLAB 5 to 7), each a matrix of numbers: what the labels of Avenue are.

SciPy reads many more kinds, and crashes the process on some damaged files. Here every length is
checked before it is used. MathWorks describes the format in "MAT-File Format".
"""

import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

_INTEGERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4"}
_STORED = _INTEGERS | {7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_CLASSES = {6: "f8", 7: "f4", 14: "i8", 15: "u8"} | {n + 7: kind for n, kind in _INTEGERS.items()}
_MATRIX, _COMPRESSED, _CELL, _COMPLEX = 14, 15, 1, 0x800
_LARGEST = 1 << 31  # bytes of one variable, unpacked; the labels of the longest clip take 2 ** 29


def read_cells(path: Path, key: str) -> list | None:
    """Read the cell array called `key`: its matrices in order, None for a cell of anything else.

    None if the file is damaged, or holds no such cell array.
    """
    content = memoryview(path.read_bytes())
    try:
        order = {b"IM": "<", b"MI": ">"}[bytes(content[126:128])]
        for kind, body in _elements(content[128:], order):
            if kind == _COMPRESSED:
                kind, body = next(_elements(_unzipped(body), order))
            if kind == _MATRIX:
                name, cells = _named_cells(body, order, key)
                if name == key:
                    return cells
    except (LookupError, ValueError, StopIteration, struct.error, zlib.error, MemoryError):
        pass
    return None


def _unzipped(body):
    unzip = zlib.decompressobj()
    content = unzip.decompress(body, _LARGEST)
    if not unzip.eof:
        raise ValueError("cut short, or too large")
    return memoryview(content)


def _elements(content, order) -> Iterator[tuple[int, memoryview]]:
    """Yield kind and content of each element; one of up to four bytes is stored in its tag."""
    while len(content) >= 8:
        kind, length = struct.unpack(f"{order}II", content[:8])
        start, end = 8, 8 + length
        if kind >> 16:
            kind, length = kind & 0xFFFF, kind >> 16
            start, end = 4, 4 + length
        if end > len(content) or start == 4 and length > 4:
            raise ValueError("an element longer than the file")
        yield kind, content[start:end]
        step = end if kind == _COMPRESSED else -(-end // 8) * 8
        content = content[step:]


def _head(body, order):
    """Class, flags, shape and name of a matrix, and the elements after them."""
    parts = _elements(body, order)
    flags = struct.unpack(f"{order}I", next(parts)[1][:4])[0]
    shape = np.frombuffer(next(parts)[1], f"{order}i4").tolist()
    if min(shape, default=-1) < 0 or len(shape) > 32:
        raise ValueError("a shape that is none")
    return flags & 0xFF, flags, shape, bytes(next(parts)[1]).decode("latin-1"), parts


def _named_cells(body, order, key):
    kind, _, shape, name, parts = _head(body, order)
    if name != key or kind != _CELL:
        return name, None
    cells = [_matrix(content, order) for _, content in parts]
    if len(cells) != math.prod(shape):
        raise ValueError("fewer or more cells than announced")
    return name, cells


def _matrix(body, order):
    if not len(body):
        return np.zeros((0, 0))
    kind, flags, shape, _, parts = _head(body, order)
    if kind not in _CLASSES or flags & _COMPLEX:
        return None
    stored, content = next(parts, (9, b""))  # an empty matrix may end here
    numbers = np.frombuffer(content, f"{order}{_STORED[stored]}")
    return numbers.reshape(shape, order="F").astype(_CLASSES[kind])
