"""What a list says of itself, how many places in all and in each county, compared with what was read. Pure.

「监测到火点5个」, 「合计 | 5个」, 「共十二处」, 「本溪县3个、桓仁县2个」, 「小计 4」, a section 「一、本溪县（3处）」.
Numbers that count from the beginning of the year (累计, 今年以来) are of other lists, and those below a heading of pixels,
areas or power count something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from firepoints.sightings.readers.base import TOTAL, Doubt, Note
from firepoints.sightings.readers.concealed import where
from firepoints.sightings.readers.places import county_stem
from firepoints.sightings.readers.rows import Row, Table
from firepoints.sightings.readers.text import compact, parse_number, plain

DIGITS = dict(zip("零〇一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
NUM = r"(\d{1,6}|[零〇一二两三四五六七八九十百千]{1,7})"
UNIT = r"(?:个|处|起|宗|条|例)"
OF_ELSE = r"(?!\s*[个处]?\s*(?:页|期|人|县|区|乡|镇|村|市|省|街道|公里|平方|亩|公顷|%|颗|景|次|天|小时|号|批))"
AFTER = rf"(?![\d.年月日时分点:：]){OF_ELSE}"
FIRES = r"(?:火点|热点|火情|着火点|焚烧点|热异常点?|疑似点)"
CLAUSES = re.compile(r"[，,。；;！\n]|(?<=[个处起宗条])、")
OF_OTHERS = re.compile(
    r"累计|以来|同比|环比|去年|上年|同期|本年度?|全年|截至|截止|上[一]?[期次周月]|增加|减少|上升|下降|较"
)
TOTALS = (
    re.compile(
        rf"(?:合计|总计|共计|小计|总数|总共|一共|全部|共)[^\d零〇一二两三四五六七八九十百千]{{0,12}}{NUM}{AFTER}"
    ),
    re.compile(rf"{FIRES}\s*(?:\(?(?:总数|数量|个数|点数|数)\)?)?\s*[:：为有共计是(]{{0,3}}\s*{NUM}\s*{UNIT}"),
    re.compile(rf"{FIRES}\s*(?:总数|数量|个数|数)\s*[:：为]?\s*{NUM}{AFTER}"),
    re.compile(rf"(?<![第\d.]){NUM}{OF_ELSE}\s*{UNIT}\s*[一-龥]{{0,8}}?{FIRES}"),
    re.compile(rf"^[总共]?计[:：]?\s*{NUM}\s*{UNIT}"),
)
SPACED = re.compile(r"(?<=[合总共小])\s+(?=[计数])")  # 合  计
COUNTY = re.compile(
    rf"(?:\d[年月日时分])?([一-龥]{{1,14}}?(?:自治县|县|区|旗|市))\s*[(:：]?\s*(?:共|有|计|{FIRES}){{0,2}}\s*[:：]?\s*{NUM}\s*{UNIT}"
)
COUNTY_ALONE, WHOLE = re.compile(r"[一-龥]{2,14}(?:县|区|旗|市)"), re.compile(r"\d{1,6}(?:\.0)?")
LEAD = re.compile(r"^(?:[一二三四五六七八九十]+、|其中|分别为?|包括|涉及|位于)+")
EVERYWHERE = re.compile(r"(?:全|本|我|各|该|辖|上述|有关|所辖)(?:省|市|县|区|旗|县区|县市区|市县)+$")
BARE = re.compile(r"(?:合计|总计|共计|小计|总数)[:：]?(?:\(?[个处起]\)?)?")
OTHER_MEASURE = re.compile(r"面积|亩|公顷|功率|frp|温|像元|像素|象素|人|元|率|%|信度", re.IGNORECASE)
NEVER_SUMMED = re.compile(
    r"度|经|纬|时间|日期|时刻"
)  # a number of a total there counts the rows, where it is the only one
POINT_ZERO = re.compile(r"(?<=\d)\.0(?!\d)")  # of a whole number as a workbook holds it
OF_CELL = re.compile(
    rf"(?:合计|总计|共计|小计|总数|共)?[:：]?{NUM}{OF_ELSE}(?:{UNIT}[一-龥]{{0,8}}|{FIRES})?(?:\(.*\))?"
)
SUB = re.compile(r"小计")


class Stated(NamedTuple):
    """A number that a line gives: of a county, or of all where that is "". `numbers`: what it may be; one must fit."""

    numbers: tuple[int, ...]
    county: str
    text: str
    is_part: bool


def number_of(text: str) -> int:
    """A whole number in digits or in Chinese (十二, 一百零五)."""
    if text.isdecimal():
        return int(text)
    total, digit = 0, 0
    for sign in text:
        if sign in DIGITS:
            digit = DIGITS[sign]
            continue
        total += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[sign]
        digit = 0
    return total + digit


def stated_in(note: Note, headings: Sequence[str] = ()) -> list[Stated]:
    """The numbers of places that a line states; `headings` name the columns that it stands in."""
    filled = [plain(cell) for cell in note.raw if plain(cell)]
    if not filled:
        return []
    text = SPACED.sub("", POINT_ZERO.sub("", " ".join(filled)))[:300]
    if BARE.fullmatch(compact(filled[0])) or any(BARE.fullmatch(compact(cell)) for cell in filled[:4]):
        numbers = tuple(_numbers_below(note, headings)) or tuple(_numbers_below(note, headings, NEVER_SUMMED))
        return [Stated(numbers, "", text[:60], bool(SUB.search(text)))] if numbers else []
    if len(filled) == 2 and COUNTY_ALONE.fullmatch(compact(filled[0])) and WHOLE.fullmatch(filled[1]):
        return [Stated((int(float(filled[1])),), compact(filled[0]), text[:60], False)]
    stated: list[Stated] = []
    for clause in CLAUSES.split(text):
        if OF_OTHERS.search(clause):
            continue
        stated += _in_clause(clause.strip())
    return stated


def _in_clause(clause: str) -> Iterator[Stated]:
    counties = [(LEAD.sub("", match[1]), number_of(match[2])) for match in COUNTY.finditer(clause)]
    counties = [(name, number) for name, number in counties if len(name) > 1 and not EVERYWHERE.search(name)]
    for name, number in counties:
        yield Stated((number,), name, clause[:60], False)
    if counties:
        return
    match = next((match for pattern in TOTALS if (match := pattern.search(clause))), None)
    if match:
        yield Stated((number_of(match[1]),), "", clause[:60], bool(SUB.search(clause)))


def _numbers_below(note: Note, headings: Sequence[str], below: re.Pattern[str] | None = None) -> Iterator[int]:
    """The whole numbers of a line of totals, but for those below a heading that measures something else; only those `below`
    headings of positions and times where that is given."""
    for at, cell in enumerate(note.raw):
        heading = headings[at] if at < len(headings) else ""
        is_other = OTHER_MEASURE.search(heading) or bool(NEVER_SUMMED.search(heading)) != (below is not None)
        text = compact(cell)
        match = OF_CELL.fullmatch(text)
        if match and (re.search(UNIT, text) or not is_other):
            yield number_of(match[1])
            continue
        number = parse_number(cell)
        is_count = number is not None and number >= 0 and number.is_integer() and not match
        if number is not None and is_count and not is_other:
            yield int(number)


@dataclass(frozen=True, slots=True)
class _Counted:
    """What was read of one sheet: its rows by number, over all its tables, with the place that each states."""

    rows: tuple[Row, ...]
    every: int
    pixels: int
    stems: Mapping[str, int] = field(default_factory=dict)

    def of_county(self, name: str) -> int | None:
        """The rows of a county or city, None where the rows do not say where they lie."""
        if not self.stems:
            return None
        stem = county_stem(name)
        for own in sorted(self.stems, key=len, reverse=True):
            if (stem.endswith(own) or name.endswith(own)) and len(own) > 1:  # 火点位于本溪县, 和本溪县
                return self.stems[own]
        return sum(name[:-1] in _place(row) for row in self.rows)


def compared(tables: Sequence[Table]) -> list[Doubt]:
    """A question for every number that a list states of itself and that is not what was read, with its sheet and row."""
    every = sum(len(table.rows) for table in tables)
    sheets = dict.fromkeys(table.sheet for table in tables)
    doubts: list[Doubt] = []
    for sheet in sheets:
        own = [table for table in tables if table.sheet == sheet]
        counted = _count([row for table in own for row in table.rows], every)
        if not counted.rows:
            counted = _count([row for table in tables for row in table.rows], every)
        for table in own:
            doubts += _of_table(table, own, counted)
    return doubts


def _count(rows: Sequence[Row], every: int) -> _Counted:
    stems: dict[str, int] = {}
    for row in rows:
        if stem := county_stem(compact(row.get("county"))):
            stems[stem] = stems.get(stem, 0) + 1
    pixels = _pixels(rows)
    is_told = sum(stems.values()) * 2 > len(rows)
    return _Counted(tuple(rows), every, pixels, stems if is_told else {})


def _pixels(rows: Sequence[Row]) -> int:
    return sum(int(number) for row in rows if (number := parse_number(row.get("pixels"))) is not None)


def _place(row: Row) -> str:
    return "".join(compact(row.get(name)) for name in ("province", "city", "county", "township", "place"))


def _of_table(table: Table, own: Sequence[Table], counted: _Counted) -> Iterator[Doubt]:
    headings = table.heading.names if table.heading else ()
    lines = [(note, stated_in(note, headings)) for note in table.notes if not note.code]
    lines = [(note, stated) for note, stated in lines if stated]
    for at, (note, stated) in enumerate(lines):
        before = lines[at - 1][0].row_no if at else 0
        after = lines[at + 1][0].row_no if at + 1 < len(lines) else 10**9
        for number in stated:
            fits = _fitting(number, note, (before, after), own, counted)
            if fits and not set(number.numbers) & set(fits):
                yield _doubt(number, note, fits)


def _fitting(
    stated: Stated, note: Note, lines: tuple[int, int], own: Sequence[Table], counted: _Counted
) -> tuple[int, ...]:
    """The counts of which a stated number may be one, the likeliest first: of its county, of the sheet, of the rows between
    the lines that state numbers; empty where nothing can be compared."""
    above = [row for row in counted.rows if lines[0] < row.row_no < note.row_no]
    below = sum(note.row_no < row.row_no < lines[1] for row in counted.rows)
    if stated.county:
        of_county = counted.of_county(stated.county)
        if of_county is None:
            return (below,) if below else ()
        section = (below,) if of_county == 0 and below and not _is_elsewhere(stated, counted) else ()
        return (of_county, *section)
    tables = [table for table in own if table.rows]
    of_tables = [len(table.rows) for table in tables if _is_near(table, note)] if len(tables) > 1 else []
    if stated.is_part and above:
        return (len(above), *of_tables, *filter(None, [_pixels(above)]))
    whole = (len(counted.rows), counted.every, *filter(None, [counted.pixels]))
    return (*whole, *([len(above)] if stated.is_part or above else []), *of_tables)


def _is_elsewhere(stated: Stated, counted: _Counted) -> bool:
    return any(county_stem(stated.county).endswith(stem) for stem in counted.stems)


def _is_near(table: Table, note: Note) -> bool:
    return any(line is note for line in table.notes)


def _doubt(stated: Stated, note: Note, fits: tuple[int, ...]) -> Doubt:
    figures = " 或 ".join(str(number) for number in dict.fromkeys(stated.numbers))
    what = f"{stated.county} " if stated.county else ""
    sheet = where(note.sheet)
    words = f"{sheet}第 {note.row_no} 行写着“{stated.text}”：{what}{figures} 个，读到 {what}{fits[0]} 行"
    return Doubt(TOTAL, words, note.sheet, (note.row_no,))
