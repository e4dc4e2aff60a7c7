"""A delimited text as Arrow columns of strings, row by row in step with the lines of the file.

pyarrow reads the file whole when every line has the right number of fields. Where one has not, the sound lines are
still read that way and the odd ones one by one, so that a single bad row costs nothing but itself.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pacsv

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a UTF-8 buffer: byte offsets [start, stop) without the line end, and 1-based line numbers."""

    data: bytes
    start: Ints
    stop: Ints
    number: Ints

    @classmethod
    def split(cls, data: bytes, begin: int = 0, first_number: int = 1) -> Lines:
        """All non-blank lines from byte `begin` on, which is where line `first_number` starts."""
        view = np.frombuffer(data, dtype=np.uint8)
        breaks = np.flatnonzero(view[begin:] == 10).astype(np.int64) + begin
        if len(data) > begin and (len(breaks) == 0 or breaks[-1] != len(data) - 1):
            breaks = np.append(breaks, len(data))
        start = np.concatenate(([begin], breaks[:-1] + 1)).astype(np.int64) if len(breaks) else breaks
        returns = (breaks > start) & (view[np.maximum(breaks - 1, 0)] == 13) if len(breaks) else np.empty(0, bool)
        stop = breaks - returns
        keep = stop > start
        number = np.arange(first_number, first_number + len(breaks), dtype=np.int64)
        return cls(data, start[keep], stop[keep], number[keep])

    def __len__(self) -> int:
        return len(self.start)

    def text(self, i: int) -> str:
        return self.data[self.start[i] : self.stop[i]].decode("utf-8", "replace")

    def at(self, rows: Ints) -> RawLines:
        """The lines at these positions, as a column of a table."""
        return RawLines(self.data, self.start[rows], self.stop[rows])


@dataclass(frozen=True, slots=True)
class RawLines:
    """Lines of a UTF-8 buffer with the face of an Arrow string array. They are copied out of it only when they are asked
    for: a second copy of the file, and a third, were the peak of a large import."""

    data: bytes
    start: Ints
    stop: Ints

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, i: int) -> Any:
        return pa.scalar(self._line(i).decode(), pa.large_string())

    def take(self, rows: Any) -> RawLines:
        """Those at the positions (a numpy or Arrow array)."""
        at = np.asarray(rows)
        return RawLines(self.data, self.start[at], self.stop[at])

    def slice(self, first: int, length: int) -> RawLines:
        """`length` lines from `first` on."""
        part = slice(first, first + length)
        return RawLines(self.data, self.start[part], self.stop[part])

    def cast(self, kind: Any) -> Any:
        """A real Arrow array of strings."""
        view = np.frombuffer(self.data, dtype=np.uint8)
        stop = self.stop.copy()
        while (ends := (stop > self.start) & np.isin(view[np.maximum(stop - 1, 0)], (10, 13))).any():
            stop -= ends
        sizes = stop - self.start
        offsets = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
        at = np.arange(offsets[-1]) + np.repeat(self.start - offsets[:-1], sizes)
        strings = pa.LargeStringArray.from_buffers(len(self), pa.py_buffer(offsets), pa.py_buffer(view[at]))
        return strings.cast(kind)

    def to_pylist(self) -> list[str]:
        """The lines as text."""
        return [self._line(i).decode() for i in range(len(self))]

    def _line(self, i: int) -> bytes:
        return self.data[self.start[i] : self.stop[i]].rstrip(b"\r\n")


def split_cells(line: str, delimiter: str) -> tuple[str, ...]:
    """The cells of one line, unquoted; the line itself where its quoting is broken."""
    try:
        return tuple(next(csv.reader([line], delimiter=delimiter), []))
    except csv.Error:
        return (line,)


@dataclass(frozen=True, slots=True)
class Shape:
    """The number of columns, their separator, and which of them (positions, ascending) are wanted."""

    width: int
    delimiter: str
    wanted: tuple[int, ...]

    def names(self) -> list[str]:
        return [f"f{i}" for i in self.wanted]


def read_fields(lines: Lines, shape: Shape) -> tuple[pa.Table, Ints, list[int]]:
    """(string columns named f{position}, the line index of each row, the line indexes that do not fit)."""
    if len(lines) == 0:
        return _empty(shape), np.empty(0, np.int64), []
    table = _arrow(pa.py_buffer(lines.data).slice(int(lines.start[0])), shape)
    if table is not None and table.num_rows == len(lines):
        return table, np.arange(len(lines), dtype=np.int64), []
    return _read_around_odd_lines(lines, shape)


def _read_around_odd_lines(lines: Lines, shape: Shape) -> tuple[pa.Table, Ints, list[int]]:
    width, delimiter = shape.width, shape.delimiter
    view = np.frombuffer(lines.data, dtype=np.uint8)
    fits = _count(view, lines, ord(delimiter)) == width - 1
    fits &= _count(view, lines, ord('"')) == 0
    sound = np.flatnonzero(fits).astype(np.int64)
    body = b"\n".join(lines.data[lines.start[i] : lines.stop[i]] for i in sound)
    table = _arrow(pa.py_buffer(body), shape) if len(sound) else _empty(shape)
    if table is None or table.num_rows != len(sound):
        table, sound, fits = _empty(shape), np.empty(0, np.int64), np.zeros(len(lines), bool)
    read: list[list[str]] = []
    index: list[int] = []
    unfit: list[int] = []
    for i in np.flatnonzero(~fits):
        cells = _cells(lines.text(int(i)), width, delimiter)
        if cells is None:
            unfit.append(int(i))
        else:
            read.append(cells)
            index.append(int(i))
    if read:
        columns = {f"f{i}": pa.array([cells[i] for cells in read], pa.string()) for i in shape.wanted}
        table = pa.concat_tables([table, pa.table(columns)])
    order = np.concatenate((sound, np.array(index, dtype=np.int64)))
    by_line = np.argsort(order, kind="stable")
    return table.take(pa.array(by_line)), order[by_line], unfit


def _count(view: npt.NDArray[np.uint8], lines: Lines, byte: int) -> Ints:
    offsets = np.flatnonzero(view == byte)
    return (np.searchsorted(offsets, lines.stop) - np.searchsorted(offsets, lines.start)).astype(np.int64)


def _cells(line: str, width: int, delimiter: str) -> list[str] | None:
    """The fields of one odd line if they fit the heading, empty ones at the end aside."""
    try:
        cells = next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    return cells if len(cells) == width else None


def _arrow(body: pa.Buffer, shape: Shape) -> pa.Table | None:
    names = shape.names()
    try:
        return pacsv.read_csv(
            pa.BufferReader(body),
            read_options=pacsv.ReadOptions(column_names=[f"f{i}" for i in range(shape.width)], block_size=1 << 22),
            parse_options=pacsv.ParseOptions(delimiter=shape.delimiter),
            convert_options=pacsv.ConvertOptions(
                include_columns=names, column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError, pa.ArrowCapacityError):
        return None


def _empty(shape: Shape) -> pa.Table:
    return pa.table({name: pa.array([], pa.string()) for name in shape.names()})
