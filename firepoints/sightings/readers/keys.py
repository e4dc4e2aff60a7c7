"""The keys by which two rows are the same row.

Satellite: source | satellite | version | second (UTC) | lon | lat in whole 1e-5 degrees. The base key leaves the
version out, so that standard processing months later is seen to replace the near-real-time row. Official list: the
list (issuer, period, number) and the row's own 序号; without either, its content and how often the same content came
before in the file, so that equal rows are both kept (flagged by `equal_of`) and re-import gives the same keys.
Patrol: its UUID, else its content in the same way.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from firepoints.sightings.readers.base import Sighting
from firepoints.sightings.readers.table import SightingTable, to_e5
from firepoints.sightings.readers.text import compact

SAME_NUMBER_M = 2000  # a 序号 that a corrected list gives to a place farther away names another row (policy.md §3)
STAGES = {"URT": 0, "RT": 100_000, "NRT": 700_000, "SP": 1_000_000, "": 1_000_000}
"""The first rank of each state of processing, as the provider replaces them: ultra real-time, real-time, near real-time,
standard (which says SP or nothing). Apart by so much that ranks stored when the number counted first keep their order."""
VERSION = re.compile(r"(\d{1,3}(?:\.\d{1,4})?)?(URT|RT|NRT|SP)?")


@dataclass(frozen=True, slots=True)
class RowKey:
    """`key` is unique among live rows; rows of one `base_key` replace each other by `version_rank` (higher wins).

    `equal_of` is the position in the file's sightings of the first row with the same content, or None.
    """

    key: str
    base_key: str
    version_rank: int
    equal_of: int | None = None


@dataclass(frozen=True, slots=True)
class KeyColumns:
    """Keys of a whole table: Arrow string arrays and an integer array, in step with its rows."""

    key: Any
    base_key: Any
    version_rank: npt.NDArray[np.int64]


def version_rank(version: str) -> int:
    """Order of processing: the state first, URT < RT < NRT < standard, then the number.

    An unreadable or missing version ranks lowest: it never replaces a row that says what it is.
    """
    match = VERSION.fullmatch(compact(version).upper())
    if not match or not match.group(0):
        return 0
    number = float(match.group(1) or 0)
    number = number / 10 if number >= 10 else number  # MODIS collection 6.1 is also written 61
    stage = STAGES[match.group(2) or ""]
    return stage + (round(number * 10_000) * 10 + 4 if stage == STAGES["SP"] else round(number * 10_000) + 1)


def satellite_columns(table: SightingTable, source: str, rows: npt.NDArray[np.int64] | None = None) -> KeyColumns:
    """`satellite_key` of every row, or of those at `rows`, a million in a fraction of a second."""

    def column(values: Any) -> Any:
        return values if rows is None else values[rows]

    numbers = (column(table.starts_at), to_e5(column(table.lon)), to_e5(column(table.lat)))
    at, lon, lat = (pa.array(texts).cast(pa.string()) for texts in numbers)
    versions = column(table.version)
    satellite, version = (
        pc.replace_substring(pa.array(texts, pa.string()), "|", "/") for texts in (column(table.satellite), versions)
    )
    join = pc.binary_join_element_wise
    ranks = {value: version_rank(value) for value in set(versions)}
    return KeyColumns(
        key=join(source, satellite, version, at, lon, lat, "|"),
        base_key=join(source, satellite, at, lon, lat, "|"),
        version_rank=np.array([ranks[value] for value in versions], dtype=np.int64),
    )


def list_keys(
    sightings: Sequence[Sighting], *, source: str, issuer: str = "", period: str = "", list_no: str = ""
) -> list[RowKey]:
    """Keys of an official list's rows in file order; a 序号 counts only where the list itself has a number."""
    prefix = "|".join(part.replace("|", "/") for part in (source, issuer, period, list_no))
    contents = [list_content(row) for row in sightings]
    own = [f"#{row.seq_no.replace('|', '/')}" if list_no and row.seq_no else "" for row in sightings]
    names = [number or content for number, content in zip(own, contents, strict=True)]
    return keyed(prefix, names, contents)


def patrol_keys(sightings: Sequence[Sighting], *, source: str) -> list[RowKey]:
    """Keys of patrol findings: the device's UUID, else the content. The same UUID twice in a file is one finding."""
    contents = [patrol_content(row) for row in sightings]
    keys = keyed(source, contents, contents)
    for i, row in enumerate(sightings):
        if row.uuid:
            key = f"{source}|{row.uuid}"
            keys[i] = RowKey(key, key, 0, keys[i].equal_of)
    return keys


def keyed(prefix: str, names: Iterable[str], contents: Sequence[str]) -> list[RowKey]:
    repeats: dict[str, int] = {}
    first: dict[str, int] = {}
    keys = []
    for i, (name, content) in enumerate(zip(names, contents, strict=True)):
        repeats[name] = repeats.get(name, 0) + 1
        key = f"{prefix}|{name}" + (f"|{repeats[name]}" if repeats[name] > 1 else "")
        original = first.setdefault(content, i)
        keys.append(RowKey(key, key, 0, original if original != i else None))
    return keys


def list_content(row: Sighting) -> str:
    """A digest of what a list row says about the fire: when, where, by which satellite, in which county."""
    return digest((row.satellite, moment(row), e5(row.lon), e5(row.lat), row.stated_county))


def patrol_content(row: Sighting) -> str:
    return digest((row.kind, moment(row), e5(row.lon), e5(row.lat), row.authority, row.finder))


def moment(row: Sighting) -> str:
    return f"{int(row.starts_at.timestamp())}-{int(row.ends_at.timestamp())}"


def e5(degrees: float) -> str:
    return str(round(degrees * 1e5))


def digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:24]
