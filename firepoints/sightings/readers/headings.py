"""The heading row of a sheet and the column of each field, in the spellings that offices use.

A mapping (`ParseOptions.mapping`) is field → the heading as the file spells it; "#3" stands for the third column, where
the heading is empty or stands twice, "#3+#4" for columns that are read as one, and "" says that no column is this field.
A heading that the file does not have is passed over, so that a remembered mapping does no harm to a file that spells it
the usual way. `suggest.suggest_mapping` proposes one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import Any

from firepoints.sightings.readers.coordinates import parse_coordinate, split_pair
from firepoints.sightings.readers.text import compact, plain
from firepoints.sightings.readers.time_columns import FIELDS, parts_of_time, time_fields

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
BY_NUMBER = re.compile(r"#(\d{1,3})(?:\+#\d{1,3}){0,7}")  # the first column of several that are joined
LOOKED_AT = 30  # rows below a heading that show what a column holds


OF_A_CHECK = re.compile(
    r"核实|核查|核验|复核|查证|现场|实地|实测|校正|更正|修正|纠正|反馈|验证|处置|check|verif|correct|survey"
)
AXIS_WITH_UNIT = re.compile(
    r"(?:中心点?|火点|像元|热点|疑似|几何)*(经度|纬度)(?:[/_\-]?(?:°|度|[en]|lon\w*|lat\w*|lng|十进制|小数|wgs-?84|cgcs2000))*"
)
OF_THE_FIRE = frozenset(("lon", "lat", "position", "date", "time", "found_at"))
FORM_FIELDS = "latitude|longitude|lat|lon|lng|long|precision|accuracy|found_at|kind|finder|uuid|instanceid"
FORM_PATH = re.compile(rf"(?:.*[/:.\-_])?({FORM_FIELDS})")
LEVEL_PREFIX = re.compile(r"^(?:所属|所在|所辖|发生|归属|隶属|涉及|位于|管辖|属地|行政|火点)(?:地|的)?")
LEVEL_SUFFIX = re.compile(r"(?:级?行政区划?(?:名称)?|名称|名|级)$")
# The level of the grid that a heading names, by the first of these signs in it.
LEVEL = re.compile(r"(?:省份?|[地设]?区?级?市州?|市?[县区旗]{1,2}市?区?|[乡镇街道]{1,4}|(?:行政)?村屯?|村?社区)")
CITIES = frozenset(("设区市", "地级市", "市州"))
LEVEL_SIGNS = (
    ("村", "村"),
    ("社区", "村"),
    ("乡", "乡镇"),
    ("镇", "乡镇"),
    ("街", "乡镇"),
    ("县", "县"),
    ("区", "县"),
    ("旗", "县"),
    ("市", "市"),
    ("省", "省"),
)

Parts = tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """Fields → column positions, the headings as the file spells them, and the first row below (0-based).

    `joined`: of a field in several columns all of them, each with the text behind its cell.
    """

    fields: Mapping[str, int]
    names: tuple[str, ...]
    top: int
    below: int
    joined: Mapping[str, Parts] = field(default_factory=dict)


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
                heading = Heading(fields, names, top, top + depth, joined_of(names, fields, mapping))
                return with_units(rows, heading, synonyms)
    return None


def with_units(rows: Sequence[Sequence[Any]], heading: Heading, synonyms: Mapping[str, tuple[str, ...]]) -> Heading:
    """The heading with the rows of units below it, and with 分 and 秒 where an angle stands in two or three columns."""
    heading = with_pair(rows, heading)
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
    return replace(heading, fields=fields, below=below)


def with_pair(rows: Sequence[Sequence[Any]], heading: Heading) -> Heading:
    """The heading with both columns below a 经纬度 that is written over two: each row says itself which axis is which."""
    at = heading.fields.get("position", -1)
    if at < 0 or "position" in heading.joined or at + 1 in heading.fields.values():
        return heading
    names = (*heading.names, "")
    if at + 1 >= len(names) or names[at + 1] not in ("", names[at]):
        return heading
    below = [row for row in rows[heading.below : heading.below + LOOKED_AT] if len(row) > at + 1 and compact(row[at])]
    alone = sum(
        (is_coordinate(row[at], "lon") or is_coordinate(row[at], "lat"))
        and (is_coordinate(row[at + 1], "lat") or is_coordinate(row[at + 1], "lon"))
        for row in below
    )
    if not alone or 2 * alone < len(below):
        return heading
    return replace(heading, joined={**heading.joined, "position": ((at, ","), (at + 1, ""))})


def joined_of(names: Sequence[str], fields: Mapping[str, int], mapping: Mapping[str, str]) -> dict[str, Parts]:
    """The fields that stand in several columns: as a person joined them, or 年, 月, 日, 时, 分 side by side."""
    joined: dict[str, Parts] = {}
    for name, value in mapping.items():
        columns = [int(number) - 1 for number in re.findall(r"#(\d{1,3})", value)] if "+#" in value else []
        if len(columns) > 1 and BY_NUMBER.fullmatch(value.strip()) and fields.get(name) == columns[0]:
            joined[name] = tuple((column, " ") for column in columns)
    for parts in parts_of_time(names):
        name = next((name for name, column in fields.items() if column == parts[0][0]), "")
        if name and name not in joined:
            joined[name] = parts
    return joined


def cell_of(cells: Sequence[Any], heading: Heading, field_name: str) -> Any:
    """The cell of a field, or the text that its columns make together; "" beyond the end of the row."""
    column = heading.fields[field_name]
    parts = heading.joined.get(field_name)
    if not parts:
        return cells[column] if column < len(cells) else ""
    texts = [(_part(cells[at]) if at < len(cells) else "", behind) for at, behind in parts]
    filled = [text if text.endswith(behind.strip() or " ") else text + behind for text, behind in texts if text]
    return "".join(filled).strip()


def _part(cell: Any) -> str:
    """A cell as a part of a text: a date without the midnight that Excel gives it."""
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return plain(cell)


def name_of(heading: Heading, field_name: str, first: int = 0) -> str:
    """The heading of a field as the file spells it, "#3" where it has none; of several columns all of them."""
    columns = [at for at, _ in heading.joined.get(field_name, ())] or [heading.fields[field_name]]
    names = [(heading.names[at] if at < len(heading.names) else "") or f"#{first + at + 1}" for at in columns]
    return "+".join(dict.fromkeys(names))


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
    numbered = Heading(fields, (), 0, 0, joined_of((), fields, mapping))
    for below, row in enumerate(rows[: HEADING_DEPTH + 1]):
        has_axes = all(column < len(row) and is_coordinate(row[column], axis) for column, axis in axes)
        if has_axes and (axes or "position" not in fields or split_pair(cell_of(row, numbered, "position"))[0]):
            names = joined(rows[below - 1 : below], True) if below else ()
            width = max(len(row), len(names))
            names = names if sum(map(bool, names)) > 1 else ()
            spelled = tuple((names[i] if i < len(names) else "") or f"#{i + 1}" for i in range(width))
            columns = fields_of(spelled, synonyms, mapping)
            return Heading(columns, spelled, max(below - 1, 0), below, joined_of(spelled, columns, mapping))
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
    """Field → column. The user's mapping wins, then the field's own name (acq_date), then the exact heading, then the
    heading without its brackets, then what it is at its core (所属县 → 县, _gps_latitude → latitude)."""
    field_of = {spelling: name for name, spellings in synonyms.items() for spelling in spellings}
    fields = mapped_columns(names, synonyms, mapping)
    own = {name: name for name in synonyms}
    pieces = {at for parts in parts_of_time(names) for at, _ in parts} if FIELDS & set(synonyms) else set()
    for spell, spellings in (
        (str.lower, own),
        (str.lower, field_of),
        (without_brackets, field_of),
        (core_of, field_of),
    ):
        for column, name in enumerate(names):
            named = spellings.get(spell(compact(name)))
            if named in OF_THE_FIRE and OF_A_CHECK.search(compact(name).lower()):
                continue
            if named and mapping.get(named) != "" and named not in fields and column not in (*fields.values(), *pieces):
                fields[named] = column
    return fields | time_fields(names, fields, synonyms, mapping)


def mapped_columns(
    names: Sequence[str], synonyms: Mapping[str, tuple[str, ...]], mapping: Mapping[str, str]
) -> dict[str, int]:
    """Field → column, of the fields that the user named and the file has."""
    spelled: dict[str, int] = {}
    for column, name in enumerate(names):
        spelled.setdefault(compact(name).lower(), column)
    fields: dict[str, int] = {}
    for field_name, name in mapping.items():
        number = BY_NUMBER.fullmatch(name.strip())
        column = int(number.group(1)) - 1 if number else spelled.get(compact(name).lower(), -1)
        if field_name in synonyms and name.strip() and column >= 0:
            fields[field_name] = column
    return fields


def without_brackets(name: str) -> str:
    return BRACKETS.sub("", name).lower()


def core_of(name: str) -> str:
    """What a heading is without its unit (经度°, 纬度N), its 所属 or 名称 (a level of the grid), or the path of a form
    (gps/_gps_latitude); "" where it is none of these, or says that the position is a check's."""
    bare = without_brackets(name)
    if OF_A_CHECK.search(bare):
        return ""
    if match := AXIS_WITH_UNIT.fullmatch(bare):
        return match.group(1)
    if match := FORM_PATH.fullmatch(bare):
        return match.group(1)
    level = LEVEL_SUFFIX.sub("", LEVEL_PREFIX.sub("", bare))
    if not LEVEL.fullmatch(level) or level == bare:
        return ""
    return "市" if level in CITIES else next((name for sign, name in LEVEL_SIGNS if sign in level), "")
