"""Sightings as columns: a million rows in arrays, any row as a `Sighting` when somebody looks at it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from firepoints.sightings.readers.base import ParseResult, Sighting

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Objects = npt.NDArray[np.object_]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class SightingTable(Sequence[Sighting]):
    """Equal-length columns. `starts_at`, `ends_at`: whole seconds since 1970 UTC; `lon_e5`, `lat_e5`: 1e-5 degrees.

    Missing numbers are NaN, missing texts "", a missing `static_type` -1. `lon_given`, `lat_given` and `raw_line`
    are Arrow string arrays; `raw_line` is the row as the file had it (CSV; lines.RawLines) or a JSON object (all else).
    """

    header: tuple[str, ...]
    delimiter: str
    row_no: Ints
    sheet: Objects
    satellite: Objects
    instrument: Objects
    starts_at: Ints
    ends_at: Ints
    precision: Objects
    lon: Floats
    lat: Floats
    scan_km: Floats
    track_km: Floats
    frp_mw: Floats
    confidence: Objects
    version: Objects
    static_type: Ints
    lon_given: Any
    lat_given: Any
    raw_line: Any
    rest: tuple[Sighting, ...] | None = None

    @property
    def lon_e5(self) -> Ints:
        return to_e5(self.lon)

    @property
    def lat_e5(self) -> Ints:
        return to_e5(self.lat)

    def __len__(self) -> int:
        return len(self.row_no)

    @overload
    def __getitem__(self, index: int) -> Sighting: ...
    @overload
    def __getitem__(self, index: slice) -> SightingTable: ...
    def __getitem__(self, index: int | slice) -> Sighting | SightingTable:
        if isinstance(index, slice):
            return self._slice(*index.indices(len(self)))
        at = index + len(self) if index < 0 else index
        if not 0 <= at < len(self):
            raise IndexError(index)
        return self.rest[at] if self.rest is not None else self._row(at)

    def __iter__(self) -> Iterator[Sighting]:
        return (self[i] for i in range(len(self)))

    def chunks(self, size: int) -> Iterator[SightingTable]:
        """Consecutive slices of at most `size` rows; they share memory with the table."""
        for start in range(0, len(self), size):
            yield self[start : start + size]

    def take(self, index: Ints | npt.NDArray[np.bool_]) -> SightingTable:
        """The rows at `index` (positions or a mask), in that order."""
        positions = np.flatnonzero(index) if index.dtype == np.bool_ else index
        columns = {name: getattr(self, name)[positions] for name in NUMPY_COLUMNS}
        arrow = {name: getattr(self, name).take(pa.array(positions)) for name in ARROW_COLUMNS}
        rest = None if self.rest is None else tuple(self.rest[int(i)] for i in positions)
        return replace(self, **columns, **arrow, rest=rest)

    def _slice(self, start: int, stop: int, step: int) -> SightingTable:
        if step != 1:
            return self.take(np.arange(start, stop, step, dtype=np.int64))
        length = max(0, stop - start)
        columns = {name: getattr(self, name)[start:stop] for name in NUMPY_COLUMNS}
        arrow = {name: getattr(self, name).slice(start, length) for name in ARROW_COLUMNS}
        rest = None if self.rest is None else self.rest[start:stop]
        return replace(self, **columns, **arrow, rest=rest)

    def _row(self, i: int) -> Sighting:
        static = int(self.static_type[i])
        return Sighting(
            row_no=int(self.row_no[i]),
            sheet=self.sheet[i],
            raw=raw_fields(self.header, self.raw_line[i].as_py(), self.delimiter),
            satellite=self.satellite[i],
            instrument=self.instrument[i],
            starts_at=EPOCH + timedelta(seconds=int(self.starts_at[i])),
            ends_at=EPOCH + timedelta(seconds=int(self.ends_at[i])),
            precision=self.precision[i],
            lon_given=self.lon_given[i].as_py(),
            lat_given=self.lat_given[i].as_py(),
            lon=float(self.lon[i]),
            lat=float(self.lat[i]),
            scan_km=number_or_none(self.scan_km[i]),
            track_km=number_or_none(self.track_km[i]),
            frp_mw=number_or_none(self.frp_mw[i]),
            confidence=self.confidence[i],
            version=self.version[i],
            static_type=None if static < 0 else static,
        )

    @classmethod
    def from_sightings(cls, rows: Sequence[Sighting]) -> SightingTable:
        """Columns of already built rows (lists, patrols); the rows themselves are kept, so nothing is lost."""

        def objects(name: str) -> Objects:
            column = np.empty(len(rows), dtype=object)
            column[:] = [getattr(row, name) for row in rows]
            return column

        def floats(name: str) -> Floats:
            values = [getattr(row, name) for row in rows]
            return np.array([np.nan if v is None else v for v in values], dtype=np.float64)

        def seconds(name: str) -> Ints:
            return np.array([int((getattr(row, name) - EPOCH).total_seconds()) for row in rows], dtype=np.int64)

        def texts(values: list[str]) -> Any:
            return pa.array(values, pa.large_string())

        plain: dict[str, Any] = {name: objects(name) for name in OBJECT_COLUMNS}
        plain |= {name: floats(name) for name in FLOAT_COLUMNS}
        return cls(
            header=(),
            delimiter="",
            row_no=np.array([row.row_no for row in rows], dtype=np.int64),
            static_type=np.array([-1 if r.static_type is None else r.static_type for r in rows], dtype=np.int64),
            starts_at=seconds("starts_at"),
            ends_at=seconds("ends_at"),
            lon_given=texts([row.lon_given for row in rows]),
            lat_given=texts([row.lat_given for row in rows]),
            raw_line=texts([json.dumps(dict(row.raw), ensure_ascii=False, default=str) for row in rows]),
            rest=tuple(rows),
            **plain,
        )


OBJECT_COLUMNS = ("sheet", "satellite", "instrument", "precision", "confidence", "version")
FLOAT_COLUMNS = ("lon", "lat", "scan_km", "track_km", "frp_mw")
NUMPY_COLUMNS = ("row_no", "starts_at", "ends_at", "static_type", *OBJECT_COLUMNS, *FLOAT_COLUMNS)
ARROW_COLUMNS = ("lon_given", "lat_given", "raw_line")


def to_e5(degrees: Floats) -> Ints:
    """Whole 1e-5 degrees: the resolution of every key (about 1 m), free of how the number was spelled."""
    return np.rint(np.asarray(degrees, dtype=np.float64) * 1e5).astype(np.int64)


def number_or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def raw_fields(header: tuple[str, ...], line: str, delimiter: str) -> dict[str, str]:
    """The fields of one raw line under their headings; what has no heading is kept under its column number."""
    if not header:
        return dict(json.loads(line))
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return {"line": line}
    names = [*header, *(f"#{n}" for n in range(len(header) + 1, len(cells) + 1))]
    return dict(zip(names, cells, strict=False))


def table_of(result: ParseResult) -> SightingTable:
    """The sightings of a file as columns, whatever its reader was."""
    if isinstance(result.sightings, SightingTable):
        return result.sightings
    return SightingTable.from_sightings(result.sightings)
