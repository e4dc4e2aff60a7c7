"""Patrol findings (巡查、督查、执法检查, 自查): from a file, from the API and from the page, by the same rules.

Columns: found_at (Beijing time unless it has an offset), lon, lat, kind (明火 fire / 黑斑 scar), and optionally
authority (单位级别), category (类别), finder, accuracy_m (metres), county, note, uuid; Chinese headings too.
"""

from __future__ import annotations

import json
import re
import uuid as uuids
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from firepoints.sightings.readers.as_stands import remarks_about_marks
from firepoints.sightings.readers.base import (
    FIRE,
    GIVEN_LIMIT,
    PLACE_LIMIT,
    SCAR,
    Note,
    ParseOptions,
    ParseResult,
    Rejected,
    Sighting,
    SourceError,
)
from firepoints.sightings.readers.examined import Examined, examined_tables
from firepoints.sightings.readers.fields import PATROL, PATROL_FIELDS
from firepoints.sightings.readers.headings import fields_of
from firepoints.sightings.readers.list_clock import clocks_of
from firepoints.sightings.readers.lists import given_position, read_position, reject
from firepoints.sightings.readers.reasons import is_future
from firepoints.sightings.readers.row_moment import Fault, row_moment
from firepoints.sightings.readers.rows import Row, jsonable, meta_of
from firepoints.sightings.readers.stated_days import doubts_about_days, spread_of, statements_of
from firepoints.sightings.readers.text import compact, parse_number, plain
from papers.encodings import decode
from papers.reading import read_bytes, read_marked

KINDS: dict[str, tuple[str, ...]] = {FIRE: ("fire", "明火", "火点", "着火", "燃烧", "正在燃烧")}
KINDS |= {SCAR: ("scar", "黑斑", "过火", "过火痕迹", "焚烧痕迹", "焚烧黑斑", "burn_scar")}
KIND_OF = {name: kind for kind, names in KINDS.items() for name in names}
AUTHORITIES = {
    "national": ("国家", "部", "生态环境部", "national", "nation", "state"),
    "province": ("省", "省级", "province", "provincial"),
    "city": ("市", "市级", "city", "municipal"),
    "county": ("县", "县级", "区", "县区", "区县", "county"),
    "township": ("乡", "乡镇", "镇", "街道", "乡级", "township"),
    "village": ("村", "村级", "社区", "组", "village"),
    "other": ("其他", "其它", "other", "公众"),
}
CATEGORIES = {
    "supervision": ("督查", "督察", "supervision"),
    "patrol": ("巡查", "巡检", "巡逻", "patrol"),
    "enforcement": ("执法检查", "执法", "enforcement"),
    "self_found": ("自查", "自查自报", "self_found"),
}
CATEGORY_OF = {name: code for code, names in CATEGORIES.items() for name in names}
METRES = re.compile(r"(?:±|\+/?-)?\s*(-?[\d.]+)\s*(?:m|米|公尺|meters?|metres?)?", re.IGNORECASE)
AUTHORITY_OF = {name: code for code, names in AUTHORITIES.items() for name in names}


def parse(source: bytes | str | Path, *, options: ParseOptions) -> ParseResult:
    """Read patrol findings (a path or its bytes: CSV, .xlsx, or JSON: a list, or {"findings": [...]}).

    Raises SourceError when the file as a whole cannot be read; a bad row is in `rejected` with its reason.
    """
    data = source if isinstance(source, bytes) else read_bytes(source, options)
    if not isinstance(source, bytes) and not options.filename:
        options = replace(options, filename=Path(source).name)
    if data[:256].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"[", b"{"):
        rows, notes, meta, examined = json_rows(data, options), list[Note](), dict[str, Any](), Examined([], (), ())
        marks: list[str] = []
    else:
        sheets = read_marked(data, options)
        options = replace(options, is_1904=any(sheet.is_1904 for sheet in sheets))
        examined = examined_tables(sheets, PATROL, options)
        rows = [row for table in examined.tables for row in table.rows]
        notes, meta = [note for table in examined.tables for note in table.notes], meta_of(examined.tables)
        meta["reading"] = {table.name: {"clocks": clocks_of(table, options)} for table in examined.tables}
        marks = list(remarks_about_marks(sheets))
    results = [read_row(row, options) for row in rows]
    sightings = tuple(row for row in results if isinstance(row, Sighting))
    return ParseResult(
        sightings,
        tuple(row for row in results if isinstance(row, Rejected)),
        tuple(notes),
        {**meta, "datum": options.datum, "days": spread_of(sightings)},
        (*examined.doubts, *doubts_about_days(sightings, statements_of(examined.tables, options))),
        (*examined.remarks, *marks),
    )


def patrol_finding(data: Mapping[str, Any], *, options: ParseOptions, row_no: int = 1) -> Sighting | Rejected:
    """One finding from the API or the page, checked as a file's row is: `Rejected.column` names the field at fault."""
    names = [str(name) for name in data]
    fields = fields_of(names, PATROL_FIELDS, options.mapping)
    values = list(data.values())
    row = Row(
        sheet="",
        row_no=row_no,
        cells={field: scalar(values[column]) for field, column in fields.items()},
        raw={name: jsonable(value) for name, value in data.items()},
        names={field: names[column] for field, column in fields.items()},
    )
    return read_row(row, options)


def read_row(row: Row, options: ParseOptions) -> Sighting | Rejected:
    position = read_position(row, options)
    if isinstance(position, Rejected):
        return position
    moment = row_moment(row, options)
    if isinstance(moment, Fault):
        return reject(row, moment.field, moment.code, moment.detail)
    kind = KIND_OF.get(compact(row.get("kind")).lower(), "")
    authority = compact(row.get("authority")).lower()
    category = compact(row.get("category")).lower()
    accuracy = metres_of(row.get("accuracy_m"))
    cells = given_position(row)
    identity = compact(row.get("uuid"))
    wrong = (
        ("found_at", "future", is_future(moment.starts_at, options)),
        ("kind", "bad_kind", not kind),
        ("authority", "bad_authority", bool(authority) and authority not in AUTHORITY_OF),
        ("category", "bad_category", bool(category) and category not in CATEGORY_OF),
        ("accuracy_m", "bad_accuracy", bad_accuracy(row.get("accuracy_m"), accuracy)),
        ("uuid", "bad_uuid", bool(identity) and canonical_uuid(identity) == ""),
    )
    for field, code, is_wrong in wrong:
        if is_wrong:
            return reject(row, field, code)
    return Sighting(
        row_no=row.row_no,
        sheet=row.sheet,
        raw=row.raw,
        satellite="",
        instrument="patrol",
        starts_at=moment.starts_at,
        ends_at=moment.ends_at,
        precision=moment.precision,
        day=moment.day,
        lon_given=plain(cells["lon"])[:GIVEN_LIMIT],
        lat_given=plain(cells["lat"])[:GIVEN_LIMIT],
        lon=position[0],
        lat=position[1],
        kind=kind,
        stated_county=compact(row.get("county"))[:PLACE_LIMIT],
        note=plain(row.get("note")),
        authority=AUTHORITY_OF.get(authority, ""),
        category=CATEGORY_OF.get(category, ""),
        finder=plain(row.get("finder")),
        accuracy_m=accuracy,
        uuid=canonical_uuid(identity),
    )


def metres_of(cell: Any) -> float | None:
    """The metres of 12, 4.8m, ±5米; None for anything else."""
    match = METRES.fullmatch(plain(cell))
    return parse_number(match[1]) if match else None


def bad_accuracy(cell: Any, accuracy: float | None) -> bool:
    if plain(cell) == "":
        return False
    return accuracy is None or not 0 <= accuracy <= 100_000


def canonical_uuid(text: str) -> str:
    """The lower-case dashed form; "" where the text is no UUID."""
    try:
        return str(uuids.UUID(text))
    except ValueError:
        return ""


def json_rows(data: bytes, options: ParseOptions) -> list[Row]:
    text, _ = decode(data)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f"第 {error.lineno} 行第 {error.colno} 列" if isinstance(error, json.JSONDecodeError) else "文件"
        raise SourceError("JSON 格式不对", where=where, todo="请检查括号、引号和逗号", code="broken") from error
    if isinstance(document, dict):
        document = document.get("findings")
    if not isinstance(document, list):
        raise SourceError("JSON 里应是一个列表，或 findings 下的列表", todo="请按模板导出", code="wrong_columns")
    rows = []
    for number, item in enumerate(document, start=1):
        data_of = item if isinstance(item, dict) else {"value": item}
        names = list(data_of)
        fields = fields_of(names, PATROL_FIELDS, options.mapping)
        cells = {field: scalar(data_of[names[column]]) for field, column in fields.items()}
        raw = {clean_name(name): jsonable(value) for name, value in data_of.items()}
        rows.append(Row("", number, cells, raw, {field: names[column] for field, column in fields.items()}))
    return rows


def scalar(value: Any) -> Any:
    """A JSON value as a cell: what is neither text nor number is no answer to any field."""
    return value if isinstance(value, str | int | float) else ("" if value is None else str(value))


def clean_name(name: str) -> str:
    return name.replace("\x00", "\ufffd")
