"""A variable of a MATLAB file (versions 5 to 7.2): numbers, text, cells and structures.

Own reader and not `scipy.io.loadmat`: files of others may be damaged, and there scipy 1.17 ends the
process with a segmentation fault, or decompresses whatever a few bytes ask for. Here each length
is held against what is left of the file. (MathWorks, "MAT-File Format", level 5.)
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from chromatrack.errors import InputError

LARGEST = 32 << 20
"""Bytes of a file, and of a variable when decompressed: 20 runs over 5,000 frames have 3.2 MB."""
MOST_ARRAYS = 10_000
"""Arrays in a variable, nested ones included: 20 runs of five fields have 121."""
DEEPEST = 8
"""Cells and structures within each other: results are structures in a cell."""

_HEADER = 128
_MATRIX, _COMPRESSED = 14, 15
_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8",
            13: "u8"}  # fmt: skip
_TEXT = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16"}
_CELL, _STRUCT, _CHAR, _NUMERIC = 1, 2, 4, range(6, 16)
_COMPLEX = 0x0800


class _Damaged(Exception):
    """What does not hold in the file."""


def read_variable(path: str | Path, name: str) -> Any:
    """One variable of a file.

    Returns:
        numbers as an array of MATLAB's shape, text as str, a cell as a list, a structure as a dict;
        several structures as a list of them. Cells and structures are in MATLAB's order of columns.

    Raises:
        InputError: the file is none of MATLAB's, is damaged or too large, or lacks the variable.
    """
    path = Path(path)
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        if len(content) > LARGEST:
            raise _Damaged(f"it is larger than {LARGEST >> 20} MB")
        order = _byte_order(content)
        reader = _Reader(order)
        for data in _matrices(content, order):
            found, value = reader.matrix(data, only=name)
            if found == name:
                return value
    except _Damaged as problem:
        raise InputError(f"{path}: expected a sound MATLAB file, {problem}") from None
    raise InputError(f"{path}: expected the variable {name!r}, found none")


def _byte_order(content: bytes) -> str:
    if content.startswith((b"MATLAB 7.3", b"\x89HDF")):
        raise _Damaged("it is of version 7.3 (HDF5): save it with -v7")
    order = {b"IM": "<", b"MI": ">"}.get(content[126:_HEADER])
    if order is None or struct.unpack(f"{order}H", content[124:126])[0] != 0x0100:
        raise _Damaged("it has no header of version 5 to 7.2")
    return order


def _matrices(content: bytes, order: str) -> Iterator[bytes]:
    """The variables, decompressed."""
    for kind, data in _elements(content[_HEADER:], order):
        if kind == _COMPRESSED:
            kind, data = next(_elements(_decompressed(data), order), (0, b""))
        if kind == _MATRIX:
            yield data


def _decompressed(data: bytes) -> bytes:
    stream = zlib.decompressobj()
    try:
        plain = stream.decompress(data, LARGEST)
    except zlib.error:
        raise _Damaged("a variable cannot be decompressed") from None
    if not stream.eof:
        raise _Damaged(f"a variable is cut off, or larger than {LARGEST >> 20} MB")
    return plain


def _elements(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each element; they begin at multiples of 8, compressed ones anywhere."""
    at = 0
    while at < len(data):
        if len(data) - at < 8:
            raise _Damaged("it is cut off")
        kind, size = struct.unpack_from(f"{order}II", data, at)
        begin, step = at + 8, 8 + size + (0 if kind == _COMPRESSED else -size % 8)
        if kind >> 16:  # up to four bytes lie in the tag itself
            kind, size = kind & 0xFFFF, kind >> 16
            begin, step = at + 4, 8
            if size > 4:
                raise _Damaged("an element has a wrong length")
        if begin + size > len(data):
            raise _Damaged("it is cut off")
        yield kind, data[begin : begin + size]
        at += step


class _Reader:
    """Reads arrays, and counts them and how deep they lie."""

    def __init__(self, order: str):
        self.order = order
        self.arrays = self.depth = 0

    def matrix(self, data: bytes, *, only: str | None = None) -> tuple[str, Any]:
        """Name and value of an array; the value is None where the name is not `only`."""
        self.arrays += 1
        if self.arrays > MOST_ARRAYS:
            raise _Damaged(f"a variable holds more than {MOST_ARRAYS} arrays")
        if not data:
            return "", np.zeros((0, 0))
        parts = _elements(data, self.order)
        flags = self._numbers(parts)
        lengths = self._numbers(parts)
        name = self._text(parts)
        if only is not None and name != only:
            return name, None
        whole = flags.dtype.kind == "u" and lengths.dtype.kind in "iu"
        if not whole or len(flags) != 2 or not 2 <= len(lengths) <= 8 or lengths.min() < 0:
            raise _Damaged("an array has no class or shape")
        shape = lengths.tolist()
        kind, count = int(flags[0]) & 0xFF, math.prod(shape)
        if count > len(data):
            raise _Damaged("an array is shorter than its shape")
        if kind == _CELL:
            return name, self._nested(parts, count)
        if kind == _STRUCT:
            return name, self._structures(parts, count)
        if kind == _CHAR:
            return name, self._text(parts)
        if kind not in _NUMERIC or int(flags[0]) & _COMPLEX:
            raise _Damaged("an array is of a class that results do not have")
        values = self._numbers(parts)
        if len(values) != count:
            raise _Damaged("an array does not have the numbers of its shape")
        return name, values.reshape(shape, order="F")

    def _nested(self, parts: Iterator[tuple[int, bytes]], count: int) -> list[Any]:
        self.depth += 1
        if self.depth > DEEPEST:
            raise _Damaged("its cells and structures lie too deep")
        values = [self.matrix(self._next(parts, (_MATRIX,))[1])[1] for _ in range(count)]
        self.depth -= 1
        return values

    def _structures(self, parts: Iterator[tuple[int, bytes]], count: int) -> Any:
        width = self._numbers(parts)
        joined = self._next(parts, (1, 2))[1]
        if len(width) != 1 or not 0 < width[0] <= 64:
            raise _Damaged("a structure has no names of fields")
        step = int(width[0])
        cut = [joined[at : at + step] for at in range(0, len(joined), step)]
        keys = [key.partition(b"\0")[0].decode("latin-1") for key in cut]
        found = [dict(zip(keys, self._nested(parts, len(keys)), strict=True)) for _ in range(count)]
        return found[0] if count == 1 else found

    def _numbers(self, parts: Iterator[tuple[int, bytes]]) -> np.ndarray:
        kind, data = self._next(parts, _NUMBERS)
        dtype = np.dtype(self.order + _NUMBERS[kind])
        if len(data) % dtype.itemsize:
            raise _Damaged("an element has a wrong length")
        return np.frombuffer(data, dtype)

    def _text(self, parts: Iterator[tuple[int, bytes]]) -> str:
        kind, data = self._next(parts, _TEXT)
        encoding = _TEXT[kind]
        if encoding == "utf-16":
            encoding = "utf-16-le" if self.order == "<" else "utf-16-be"
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            raise _Damaged("a text in it is none") from None

    @staticmethod
    def _next(parts: Iterator[tuple[int, bytes]], kinds: Any) -> tuple[int, bytes]:
        kind, data = next(parts, (0, b""))
        if kind not in kinds:
            raise _Damaged("an element is of another kind than expected")
        return kind, data
