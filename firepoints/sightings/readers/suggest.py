"""A proposed column mapping that a person can look over and correct before a file is read.

The reader itself takes only headings that it knows (`used`); a weaker guess is shown, never acted on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from firepoints.sightings.readers.base import ParseOptions
from firepoints.sightings.readers.coordinates import parse_coordinate
from firepoints.sightings.readers.fields import BY_PARSER, LABELS, Fields, said_of
from firepoints.sightings.readers.headings import (
    HEADING_DEPTH,
    OF_A_CHECK,
    Heading,
    fields_of,
    find_heading,
    is_coordinate,
    joined,
    mapped_columns,
    without_brackets,
)
from firepoints.sightings.readers.text import compact, plain
from firepoints.sightings.readers.time_columns import FURTHER
from firepoints.sightings.readers.written import Reading, read
from papers.reading import Sheet, read_bytes, read_sheets

SAMPLES = 5
LOOKED_AT = 50  # data rows whose values are compared with what the heading says
HEAD_BYTES = 1_000_000  # of a text file; a workbook is read whole
TAKEN = "同一字段已有更像的列"
SAYS_TIME_TOO = "也说时间：与上面的时间核对，矛盾的行隔离"
TOLD, EXACT, BARE, PART, BY_VALUES, DOUBTFUL = 1.0, 0.95, 0.9, 0.6, 0.5, 0.3
USED = BARE
SAID = {
    TOLD: "已指定",
    EXACT: "表头就是这样写的",
    BARE: "表头去掉括号后相同",
    PART: "表头里有这个词，请核对",
    BY_VALUES: "表头认不出，数值像是，请核对",
}
OTHER_AXIS = {"lon": "lat", "lat": "lon", "longitude": "latitude", "latitude": "longitude"}
RANGES = {"lon": (73.0, 136.0), "lat": (3.0, 54.0)}  # China: only to guess by, never to refuse by


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """One column: `value` is what a mapping says to mean it (its heading, or "#3" where that would not be unique).

    `field` is "" where nothing is guessed; `confidence` 0–1 with its `why` for people; `used`: the reader takes it
    unasked. `samples` are the first values, one line each.
    """

    column: int
    heading: str
    value: str
    field: str
    confidence: float
    why: str
    used: bool
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SheetGuess:
    """One sheet with columns; `heading_row` is the 1-based (lowest) heading row, 0 where there is none.

    `rows` counts the filled rows below; `missing` names (for people) the required fields that no `used` column gives.
    """

    sheet: str
    heading_row: int
    rows: int
    columns: tuple[ColumnGuess, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The proposal for one file. `fields` = (field, label for people, required) to choose from; empty for a fixed format.

    `mapping` (field → value) holds every guess of at least BY_VALUES in the first sheet that has columns: handed to
    `ParseOptions.mapping` as it is, or corrected. `complete`: the file can be read without asking anybody.
    """

    parser: str
    fields: tuple[tuple[str, str, bool], ...] = ()
    sheets: tuple[SheetGuess, ...] = ()
    mapping: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True


def suggest_mapping(source: bytes | str | Path, *, parser: str, options: ParseOptions | None = None) -> Suggestion:
    """Headings, guesses and sample rows of a file (a path or its bytes) for `parser` (a key of fields.BY_PARSER).

    `options.mapping` counts as told by a person. Raises SourceError where the file cannot be opened as a table at all.
    """
    fields = BY_PARSER.get(parser)
    if fields is None:
        return Suggestion(parser)
    options = options or ParseOptions()
    data = source if isinstance(source, bytes) else read_bytes(source, options)
    sheet_guesses = [guess_sheet(sheet, fields, options.mapping) for sheet in read_sheets(head_of(data), options)]
    sheets = tuple(sheet for sheet in sheet_guesses if sheet is not None)
    first = next((sheet for sheet in sheets if not sheet.missing), sheets[0] if sheets else None)
    guesses = first.columns if first else ()
    required = {name for group in fields.required for name in group}
    return Suggestion(
        parser=parser,
        fields=tuple((name, LABELS[name], name in required) for name in fields.spellings),
        sheets=sheets,
        mapping={guess.field: guess.value for guess in guesses if guess.field and guess.confidence >= BY_VALUES},
        complete=first is not None and not first.missing,
    )


def head_of(data: bytes) -> bytes:
    """The first megabyte of a text in whole lines (a workbook has no such thing)."""
    if (
        len(data) <= HEAD_BYTES
        or data[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
        or data[:2] in (b"\xff\xfe", b"\xfe\xff")
    ):
        return data
    return data[: data.rfind(b"\n", 0, HEAD_BYTES) + 1] or data


def guess_sheet(sheet: Sheet, fields: Fields, mapping: Mapping[str, str]) -> SheetGuess | None:
    """The guesses for the columns of one sheet; None for a cover, where no two columns can be told."""
    heading = find_heading(sheet.rows, fields.spellings, fields.required, mapping) or best_heading(sheet.rows, fields)
    if heading is None:
        return None
    below = [row for row in sheet.rows[heading.below :] if any(plain(cell) for cell in row)]
    width = max([len(heading.names), *(len(row) for row in below[:LOOKED_AT])])
    names = [heading.names[i] if i < len(heading.names) else "" for i in range(width)]
    values = [[row[i] if i < len(row) else "" for row in below[:LOOKED_AT]] for i in range(width)]
    columns = one_field_once(
        [checked(guess_column(i, names, values[i], fields, mapping), values[i]) for i in range(width)]
    )
    columns = as_read(columns, heading)
    have = {guess.field for guess in columns if guess.used}
    missing = tuple(said_of(group) for group in fields.required if not have.intersection(group))
    return SheetGuess(sheet.name, heading.below, len(below), tuple(columns), missing)


def as_read(columns: Sequence[ColumnGuess], heading: Heading) -> list[ColumnGuess]:
    """The guesses with what the reader itself makes of a heading: 所属县 is 县, 年, 月, 日 together are a date."""
    read_as = {at: name for name, at in heading.fields.items()}
    parts = {at: name for name, joined in heading.joined.items() for at, _ in joined[1:]}
    guesses = []
    for guess in columns:
        name = read_as.get(guess.column, "")
        if name.startswith(FURTHER):
            guess = replace(guess, field="", confidence=0.0, why=SAYS_TIME_TOO, used=False)
        elif guess.column in parts:
            guess = replace(
                guess, field="", confidence=0.0, why=f"与前面的列合成{LABELS[parts[guess.column]]}", used=False
            )
        elif name and not guess.used and guess.confidence != DOUBTFUL and not guess.why.startswith("写的是"):
            guess = replace(guess, field=name, confidence=BARE, why=SAID[BARE], used=True)
        elif guess.field and guess.field in heading.fields and not name:
            guess = replace(guess, field="", confidence=0.0, why=TAKEN, used=False)
        guesses.append(guess)
    return guesses


def best_heading(rows: Sequence[Sequence[Any]], fields: Fields) -> Heading | None:
    """The row that names most fields, at least two; else the first row whose values are a position (no heading)."""
    best, most = None, 1
    for top in range(min(len(rows), HEADING_DEPTH)):
        names = joined(rows[top : top + 1], True) if rows[top] else ()
        named = len({part_of(name, fields) for name in names} - {""})
        if named > most:
            best, most = Heading(fields_of(names, fields.spellings, {}), names, top, top + 1), named
    return best or _by_values_alone(rows)


def _by_values_alone(rows: Sequence[Sequence[Any]]) -> Heading | None:
    """The row above the first position in the sheet, if it holds more than a title; else a heading of no names."""
    for below, row in enumerate(rows[: HEADING_DEPTH + 1]):
        if {"lon", "lat"} <= {kind_of([cell]) for cell in row}:
            names = joined(rows[below - 1 : below], True) if below and rows[below - 1] else ()
            return Heading({}, names if sum(map(bool, names)) > 1 else (), below, below)
    return None


def guess_column(
    column: int, names: Sequence[str], values: Sequence[Any], fields: Fields, mapping: Mapping[str, str]
) -> ColumnGuess:
    heading = names[column]
    is_one = heading and sum(compact(name).lower() == compact(heading).lower() for name in names) == 1
    mapped = {at: name for name, at in mapped_columns(names, fields.spellings, mapping).items()}
    field_of = {
        spelling: name
        for name, spellings in fields.spellings.items()
        for spelling in spellings
        if mapping.get(name) != ""
    }
    candidates = (
        (TOLD, mapped.get(column, "")),
        (EXACT, field_of.get(compact(heading).lower(), "")),
        (BARE, field_of.get(without_brackets(compact(heading)), "")),
        (PART, part_of(heading, fields)),
        (BY_VALUES, "" if is_of_a_check(heading) else by_values(values, fields)),
    )
    confidence, name = next(((how, name) for how, name in candidates if name), (0.0, ""))
    return ColumnGuess(
        column=column,
        heading=heading,
        value=heading if is_one else f"#{column + 1}",
        field=name,
        confidence=confidence,
        why=SAID.get(confidence, ""),
        used=confidence >= USED,
        samples=tuple(plain(value)[:60] for value in values[:SAMPLES]),
    )


def part_of(heading: str, fields: Fields) -> str:
    """The field whose spelling (two letters or more) ends a heading, else the longest inside it: 卫星经度 is a longitude."""
    text = without_brackets(compact(heading)) or compact(heading).lower()
    if len(text) > 30 or is_of_a_check(heading):
        return ""
    inside = [
        (text.endswith(s), len(s), name)
        for name, spellings in fields.spellings.items()
        for s in spellings
        if len(s) > 1 and s in text
    ]
    return max(inside)[2] if inside else ""


def is_of_a_check(heading: str) -> bool:
    """Whether a heading speaks of what a check answered (核实经度, 复核时间): never the place or time of the fire."""
    return bool(OF_A_CHECK.search(compact(heading).lower()))


def by_values(values: Sequence[Any], fields: Fields) -> str:
    """The field that a column's values look like: only positions and dates can be told that way."""
    kind = kind_of(values)
    names = {"lon": ("lon", "longitude"), "lat": ("lat", "latitude"), "date": ("date", "acq_date", "found_at")}
    return next((name for name in names.get(kind, ()) if name in fields.spellings), "")


def kind_of(values: Sequence[Any]) -> str:
    """ "lon", "lat", "date" or "": what nine in ten of the filled values are."""
    filled = [value for value in values if plain(value)]
    if not filled:
        return ""
    for axis, (low, high) in RANGES.items():
        numbers = [parse_coordinate(value, axis) for value in filled if "." in plain(value) or "°" in plain(value)]
        inside = sum(isinstance(number, float) and low <= number <= high for number in numbers)
        if inside >= 0.9 * len(filled):
            return axis
    days = sum(read(value, Reading()).day is not None for value in filled)
    return "date" if days >= 0.9 * len(filled) else ""


def checked(guess: ColumnGuess, values: Sequence[Any]) -> ColumnGuess:
    """The guess, turned to the other axis with the reason where the values contradict the heading (a longitude of 41)."""
    axis = guess.field[:3]
    filled = [value for value in values if plain(value)]
    if guess.field not in OTHER_AXIS or guess.confidence == TOLD or not filled:
        return guess
    other = OTHER_AXIS[guess.field]
    if kind_of(values) == other[:3]:
        why = f"写的是{LABELS[axis]}，数值却像{LABELS[other[:3]]}，可能写反了，请核对"
        return replace(guess, field=other, confidence=BY_VALUES, used=False, why=why)
    if not any(is_coordinate(value, axis) for value in filled):
        return replace(guess, confidence=DOUBTFUL, used=False, why=f"写的是{LABELS[axis]}，但读不出坐标")
    return guess


def one_field_once(columns: Sequence[ColumnGuess]) -> list[ColumnGuess]:
    """The guesses with each field once: of several columns the surest keeps it, the first of equals."""
    best: dict[str, ColumnGuess] = {}
    for guess in columns:
        if guess.field and (guess.field not in best or guess.confidence > best[guess.field].confidence):
            best[guess.field] = guess
    return [
        guess
        if not guess.field or best[guess.field] is guess
        else replace(guess, field="", confidence=0.0, why=TAKEN, used=False)
        for guess in columns
    ]
