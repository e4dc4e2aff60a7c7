"""The heading row of a sheet and the column of each field, in the spellings that offices use.

A mapping (`ParseOptions.mapping`) is field → the heading as the file spells it; "#3" stands for the third column, where
the heading is empty or stands twice, and "" says that no column is this field. A heading that the file does not have is
passed over, so that a remembered mapping does no harm to a file that spells it the usual way. `suggest.suggest_mapping`
proposes one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from firepoints.sightings.readers.coordinates import parse_coordinate
from firepoints.sightings.readers.text import compact
from firepoints.sightings.readers.time_columns import time_fields

HEADING_DEPTH = 40
BRACKETS = re.compile(r"[(\[【].*?[)\]】]")
UNITS = frozenset(
    [
        *(
            "°",
            "度",
            "°e",
            "°n",
            "十进制度",
            "度分秒",
            "′",
            "'",
            "分",
            "″",
            "′′",
            '"',
            "秒",
            "mw",
            "w/m2",
            "k",
            "%",
            "km",
            "km2",
        ),
        *(
            "m",
            "米",
            "公里",
            "平方公里",
            "公顷",
            "亩",
            "个",
            "处",
            "条",
            "北京时",
            "北京时间",
            "时分",
            "时:分",
            "年月日",
            "年-月-日",
        ),
        *("wgs84", "wgs-84", "cgcs2000"),
    ]
)
BY_NUMBER = re.compile(r"#(\d{1,3})")


@dataclass(frozen=True, slots=True)
class Heading:
    """Fields → column positions, the headings as the file spells them, and the first row below (0-based)."""

    fields: Mapping[str, int]
    names: tuple[str, ...]
    top: int
    below: int


def find_heading(
    rows: Sequence[Sequence[Any]],
    synonyms: Mapping[str, tuple[str, ...]],
    required: Sequence[tuple[str, ...]],
    mapping: Mapping[str, str],
) -> Heading | None:
    """The first row, or pair of rows, that names every required field (each a tuple of alternatives)."""
    if required_by_number(required, mapping):
        return _above_the_data(rows, synonyms, mapping)
    for top in range(min(len(rows), HEADING_DEPTH)):
        for depth, lower_first in ((1, True), (2, True), (2, False)):
            if top + depth > len(rows):
                continue
            names = joined(rows[top : top + depth], lower_first)
            fields = fields_of(names, synonyms, mapping)
            if all(any(name in fields for name in group) for group in required):
                return with_units(rows, Heading(fields, names, top, top + depth), synonyms)
    return None


def with_units(rows: Sequence[Sequence[Any]], heading: Heading, synonyms: Mapping[str, tuple[str, ...]]) -> Heading:
    """The heading with the rows of units below it, and with 分 and 秒 where an angle stands in two or three columns."""
    below = heading.below
    while below < len(rows) and below < heading.below + 2 and is_units(rows[below]):
        below += 1
    last = [compact(cell).strip("()") for cell in rows[below - 1]]
    fields = dict(heading.fields)
    for axis in ("lon", "lat"):
        at = fields.get(axis, -1)
        if at < 0 or f"{axis}_min" not in synonyms:
            continue
        for step, (part, signs) in enumerate((("_min", ("分", "′", "'")), ("_sec", ("秒", "″", '"', "′′"))), start=1):
            if at + step < len(last) and last[at + step] in signs:
                fields.setdefault(axis + part, at + step)
    return Heading(fields, heading.names, heading.top, below)


def is_units(cells: Sequence[Any]) -> bool:
    """Whether a row says nothing but units: (°), 度, MW, 北京时."""
    filled = [compact(cell).strip("()[]").lower() for cell in cells if compact(cell)]
    return bool(filled) and all(cell in UNITS for cell in filled)


def required_by_number(required: Sequence[tuple[str, ...]], mapping: Mapping[str, str]) -> bool:
    """Whether the mapping says by number where every required field is: then no heading needs to be understood."""
    return all(any(BY_NUMBER.fullmatch(mapping.get(name, "")) for name in group) for group in required)


def _above_the_data(
    rows: Sequence[Sequence[Any]], synonyms: Mapping[str, tuple[str, ...]], mapping: Mapping[str, str]
) -> Heading | None:
    """Of a sheet whose columns a person numbered: the row above the first row that has a position."""
    fields = fields_of((), synonyms, mapping)
    axes = [(fields[name], name[:3]) for name in ("lon", "lat", "longitude", "latitude") if name in fields]
    for below, row in enumerate(rows[: HEADING_DEPTH + 1]):
        if all(column < len(row) and is_coordinate(row[column], axis) for column, axis in axes):
            names = joined(rows[below - 1 : below], True) if below else ()
            width = max(len(row), len(names))
            names = names if sum(map(bool, names)) > 1 else ()
            spelled = tuple((names[i] if i < len(names) else "") or f"#{i + 1}" for i in range(width))
            return Heading(fields_of(spelled, synonyms, mapping), spelled, max(below - 1, 0), below)
    return None


def is_coordinate(value: Any, axis: str) -> bool:
    number = parse_coordinate(value, axis)
    return isinstance(number, float) and abs(number) <= 180


def joined(rows: Sequence[Sequence[Any]], lower_first: bool) -> tuple[str, ...]:
    """Headings of one row, or of two: a merged cell leaves one of them empty, a row of units names nothing."""
    names = []
    for column in range(max(len(row) for row in rows)):
        cells = [compact(row[column]) if column < len(row) else "" for row in rows]
        names.append(next((cell for cell in (reversed(cells) if lower_first else cells) if cell), ""))
    return tuple(names)


def fields_of(
    names: Sequence[str], synonyms: Mapping[str, tuple[str, ...]], mapping: Mapping[str, str]
) -> dict[str, int]:
    """Field → column. The user's mapping wins, then the exact heading, then the heading without its brackets."""
    field_of = {spelling: field for field, spellings in synonyms.items() for spelling in spellings}
    fields = mapped_columns(names, synonyms, mapping)
    for spell in (str.lower, without_brackets):
        for column, name in enumerate(names):
            field = field_of.get(spell(compact(name)))
            if field and mapping.get(field) != "" and field not in fields and column not in fields.values():
                fields[field] = column
    return fields | time_fields(names, fields, synonyms, mapping)


def mapped_columns(
    names: Sequence[str], synonyms: Mapping[str, tuple[str, ...]], mapping: Mapping[str, str]
) -> dict[str, int]:
    """Field → column, of the fields that the user named and the file has."""
    spelled: dict[str, int] = {}
    for column, name in enumerate(names):
        spelled.setdefault(compact(name).lower(), column)
    fields: dict[str, int] = {}
    for field, name in mapping.items():
        number = BY_NUMBER.fullmatch(name.strip())
        column = int(number.group(1)) - 1 if number else spelled.get(compact(name).lower(), -1)
        if field in synonyms and name.strip() and column >= 0:
            fields[field] = column
    return fields


def without_brackets(name: str) -> str:
    return BRACKETS.sub("", name).lower()
