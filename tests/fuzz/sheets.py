"""Workbooks of many structures, each with the truth beside it, and what must hold of any reading of them.

A seed makes one file: tables beside and under each other, sections, merged, hidden, struck and void cells, totals that are right
or wrong, the 1904 epoch, two clocks, positions that stand outside every table.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import xlsxwriter

from firepoints.sightings.readers import lists
from firepoints.sightings.readers.base import HIDDEN, KEEP, LEAVE, TOTAL, ParseOptions, ParseResult

COUNTIES = ("本溪满族自治县", "桓仁满族自治县", "平山区")
DAYS = (date(2024, 10, 31), date(2024, 11, 1), date(2024, 11, 3))
LAYOUTS = ("single", "beside", "below", "sections", "shifted")
CLOCKS = ("date_time", "stamp", "typed", "title", "two_clocks", "utc_date")
BEIJING = timedelta(hours=8)
NAMES = {"seq": "序号", "county": "县（区）", "lon": "经度", "lat": "纬度", "note": "备注"}
CLOCK_NAMES = {
    "date_time": ("监测日期", "监测时间"), "stamp": ("监测时间",), "typed": ("监测日期", "监测时间"), "title": (),
    "two_clocks": ("监测时间(世界时)", "监测时间(北京时)"), "utc_date": ("日期(世界时)", "时间(世界时)", "北京时间"),
}  # fmt: skip


@dataclass(slots=True)
class Place:
    """A position of the file with its truth: where it stands, when (UTC; None: the whole `day`), and why it may not be meant."""

    lon: float
    lat: float
    day: date
    minute: int
    county: str
    sheet: str = ""
    row: int = 0  # 1-based
    concealed: str = ""
    is_stray: bool = False

    def moment(self) -> datetime:
        begin = datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC) + timedelta(minutes=self.minute)
        return begin - BEIJING


@dataclass(slots=True)
class Book:
    """A workbook with the truth: its places, the numbers that it states and whether all of them are right."""

    seed: int
    places: list[Place] = field(default_factory=list)
    stated: list[int] = field(default_factory=list)
    clock: str = ""
    content: bytes = b""


class _Maker:
    """One file from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.book = Book(seed)
        self.count = 0
        self.clock = self.book.clock = self.random.choice(CLOCKS)
        self.day = self.random.choice(DAYS)

    def place(self, county: str) -> Place:
        self.count += 1
        # Unlike one another in five decimals, and never whole.
        lon = round(123.7 + (self.count * 7919 % 1900) / 1000 + self.count * 1e-5 + 0.00011, 5)
        lat = round(40.9 + (self.count * 6007 % 500) / 1000 + self.count * 1e-5 + 0.00013, 5)
        day = self.day if self.clock == "title" else self.random.choice(DAYS)
        minute = 0 if self.clock == "title" else self.random.randrange(24 * 60)
        return Place(lon, lat, day, minute, county)

    def make(self) -> Book:
        out = io.BytesIO()
        options = {"in_memory": True, "date_1904": self.random.random() < 0.15}
        with xlsxwriter.Workbook(out, options) as workbook:
            self.strike = workbook.add_format({"font_strikeout": True})
            self.dated = workbook.add_format({"num_format": "yyyy-mm-dd"})
            self.sheet(workbook, "清单", self.random.choice(LAYOUTS), totals=True)
            if self.random.random() < 0.2:
                hidden = self.sheet(workbook, "上一版", "single", totals=False, concealed="在隐藏的工作表里")
                hidden.hide()
            if self.random.random() < 0.1:
                self.bare(workbook)
        self.book.content = out.getvalue()
        return self.book

    def sheet(self, workbook: Any, name: str, layout: str, *, totals: bool, concealed: str = "") -> Any:
        sheet = workbook.add_worksheet(name)
        places: list[Place] = []
        top = 0
        says = totals and self.random.random() < 0.6
        if self.clock == "title":
            sheet.write(top, 0, f"{self.day.year}年{self.day.month}月{self.day.day}日火点清单")
            top += 1
        title = top
        top += 1 if says else 0
        row = getattr(self, layout)(sheet, name, top, places)
        for place in places:
            place.concealed = place.concealed or concealed
        self.book.places += places
        if says:
            right = self.random.random() < 0.6
            number = len(places) if right else len(places) + self.random.choice((1, 2, 7))
            self.book.stated.append(number)
            if self.random.random() < 0.5:
                sheet.write(title, 0, f"监测到火点{number}个")
            else:
                sheet.write_row(row, 0, ["合计", f"{number}个"])
                row += 1
        if totals and self.random.random() < 0.1:
            stray = self.place(COUNTIES[0])
            stray.is_stray, stray.sheet, stray.row = True, name, row + 1
            sheet.write(row, 0, f"另有 {stray.lon},{stray.lat} 待核")
            self.book.places.append(stray)
        return sheet

    def columns(self, *, shuffled: bool = False) -> list[str]:
        columns = ["seq", "county", "lon", "lat", *CLOCK_NAMES[self.clock], "note"]
        if shuffled:
            self.random.shuffle(columns)
        return columns

    def table(
        self, sheet: Any, name: str, at: tuple[int, int], columns: list[str], places: list[Place], county: str = ""
    ) -> int:
        """Write a table with its heading; returns the row below it."""
        row, first = at
        sheet.write_row(row, first, [NAMES.get(column, column) for column in columns])
        rows = self.random.randint(1, 5)
        own = [self.place(county or self.random.choice(COUNTIES)) for _ in range(rows)]
        merged = self.merge(sheet, (row + 1, first), columns, own)
        beside = any(place.sheet == name for place in places) or first > 0
        for number, place in enumerate(own, start=1):
            place.sheet, place.row = name, row + number + 1
            self.line(sheet, (row + number, first), columns, place, merged, may_hide=not beside)
        places += own
        return row + rows + 1

    def merge(self, sheet: Any, at: tuple[int, int], columns: list[str], own: list[Place]) -> set[str]:
        """Merge some columns over all rows of a table; what is merged is true of every row."""
        if len(own) < 2 or self.random.random() > 0.3:
            return set()
        chosen = set(self.random.sample([name for name in columns if name in ("county", "监测日期")] or ["county"], 1))
        for place in own[1:]:
            if "county" in chosen:
                place.county = own[0].county
            if "监测日期" in chosen:
                place.day = own[0].day
        for name in chosen:
            column = at[1] + columns.index(name)
            value = self.cell(name, own[0])
            form = self.dated if isinstance(value, date) else None
            sheet.merge_range(at[0], column, at[0] + len(own) - 1, column, "", form)
            self.write(sheet, at[0], column, value, form)
        return chosen

    def line(
        self, sheet: Any, at: tuple[int, int], columns: list[str], place: Place, merged: set[str], *, may_hide: bool
    ) -> None:
        kind = self.random.choice(("hidden", "struck", "void")) if self.random.random() < 0.12 else ""
        kind = "" if kind == "hidden" and not may_hide else kind
        for step, name in enumerate(columns):
            if name in merged:
                continue
            value = self.cell(name, place)
            if name == "note" and kind == "void":
                value = "与上期重复，作废"
            self.write(sheet, at[0], at[1] + step, value, self.strike if kind == "struck" else None)
        if kind == "hidden":
            sheet.set_row(at[0], None, None, {"hidden": True})
        place.concealed = {"hidden": "隐藏的行", "struck": "画了删除线", "void": "作废"}.get(kind, "")

    def write(self, sheet: Any, row: int, column: int, value: Any, form: Any) -> None:
        if isinstance(value, date):
            sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), form or self.dated)
        elif value is not None:
            sheet.write(row, column, value, form)

    def cell(self, name: str, place: Place) -> Any:
        clock = f"{place.minute // 60:02d}:{place.minute % 60:02d}"
        if name == "seq":
            return self.count
        if name == "监测日期":
            return place.day if self.clock == "typed" else place.day.isoformat()
        if name == "监测时间":
            return f"{place.day.isoformat()} {clock}" if self.clock == "stamp" else clock
        if name == "日期(世界时)":
            return f"{place.moment():%Y-%m-%d}"
        if name == "时间(世界时)":
            return f"{place.moment():%H:%M}"
        if name in ("监测时间(北京时)", "北京时间"):
            return f"{place.day.isoformat()} {clock}"
        if name == "监测时间(世界时)":
            return f"{place.moment():%Y-%m-%d %H:%M}"
        return {"county": place.county, "lon": place.lon, "lat": place.lat, "note": None}[name]

    def single(self, sheet: Any, name: str, top: int, places: list[Place]) -> int:
        return self.table(sheet, name, (top, 0), self.columns(), places)

    def beside(self, sheet: Any, name: str, top: int, places: list[Place]) -> int:
        columns, gap = self.columns(), self.random.randint(0, 1)
        tables = self.random.randint(2, 3)
        return max(self.table(sheet, name, (top, at * (len(columns) + gap)), columns, places) for at in range(tables))

    def below(self, sheet: Any, name: str, top: int, places: list[Place]) -> int:
        for _ in range(self.random.randint(2, 3)):
            top = self.table(sheet, name, (top, 0), self.columns(shuffled=True), places)
            top += self.random.randint(0, 2)
        return top

    def sections(self, sheet: Any, name: str, top: int, places: list[Place]) -> int:
        for number, county in enumerate(COUNTIES):
            sheet.write(top, 0, f"{'一二三'[number]}、{county}")
            top = self.table(sheet, name, (top + 1, 0), self.columns(), places, county)
        return top

    def shifted(self, sheet: Any, name: str, top: int, places: list[Place]) -> int:
        """A second table that begins right of the first one's end, and lower."""
        columns = self.columns()
        end = self.table(sheet, name, (top, 0), columns, places)
        return max(end, self.table(sheet, name, (top + self.random.randint(0, 4), len(columns) + 1), columns, places))

    def bare(self, workbook: Any) -> None:
        """A sheet of positions without a heading."""
        sheet = workbook.add_worksheet("补充")
        for row in range(self.random.randint(1, 3)):
            stray = self.place(COUNTIES[0])
            stray.is_stray, stray.sheet, stray.row = True, "补充", row + 1
            sheet.write_row(row, 0, [self.count, stray.county, stray.lon, stray.lat])
            self.book.places.append(stray)


def make(seed: int) -> Book:
    """The workbook of a seed."""
    return _Maker(seed).make()


def read(book: Book, hidden: str = "") -> ParseResult:
    return lists.parse(book.content, options=ParseOptions(now=datetime(2026, 1, 1, tzinfo=UTC), hidden=hidden))


def faults_of(book: Book) -> list[str]:
    """What does not hold of the readings of a workbook; empty when all does."""
    asked = read(book)
    is_plain = not any(place.concealed for place in book.places) and not any(d.kind == HIDDEN for d in asked.doubts)
    kept, left = (asked, asked) if is_plain else (read(book, KEEP), read(book, LEAVE))
    faults = [
        *_positions(book, asked),
        *_moments(book, asked),
        *_totals(book, asked),
        *_hidden(book, asked, kept, left),
    ]
    return [f"seed {book.seed}: {fault}" for fault in faults]


def _sheet(name: str) -> str:
    return name.partition("[")[0]


def _positions(book: Book, result: ParseResult) -> list[str]:
    """Every position is one row, or is asked about by its place."""
    rows = [(round(row.lon, 5), round(row.lat, 5)) for row in result.sightings]
    asked = {(doubt.sheet, row) for doubt in result.doubts if doubt.kind == TOTAL for row in doubt.rows}
    faults = ["a position became two rows"] if len(rows) != len(set(rows)) else []
    for place in book.places:
        is_row = (place.lon, place.lat) in rows
        if place.is_stray and is_row:
            faults.append(f"row {place.row} stands in no table and was read")
        if not is_row and not _is_rejected(place, result) and (place.sheet, place.row) not in asked:
            faults.append(f"{place.sheet} row {place.row} ended nowhere")
    return faults


def _is_rejected(place: Place, result: ParseResult) -> bool:
    return any(
        (_sheet(row.sheet), row.row_no) == (place.sheet, place.row) and str(place.lon) in str(list(row.raw.values()))
        for row in result.rejected
    )


def _moments(book: Book, result: ParseResult) -> list[str]:
    """No moment but the one that the row states."""
    truth = {(place.lon, place.lat): place for place in book.places}
    faults = []
    for row in result.sightings:
        place = truth.get((round(row.lon, 5), round(row.lat, 5)))
        if place is None:
            faults.append(f"a position that nobody wrote: {row.lon}, {row.lat}")
            continue
        if row.starts_at.astimezone(UTC) != place.moment():
            faults.append(f"{place.sheet} row {place.row}: {row.starts_at} for {place.moment()} ({book.clock})")
        if row.stated_county != place.county:
            faults.append(f"{place.sheet} row {place.row}: {row.stated_county} for {place.county}")
    return faults


def _totals(book: Book, result: ParseResult) -> list[str]:
    """A number that is not what was read is asked about, a right one is not."""
    own = [row for row in (*result.sightings, *result.rejected) if _sheet(row.sheet) == "清单"]
    every = len(result.sightings) + len(result.rejected)
    if any("另有" in str(row.raw.values()) for row in result.rejected):
        return []  # a sentence in a column of the axes became a quarantined row: the list may count it or not
    is_right = all(number in (len(own), every) for number in book.stated)
    is_asked = any(doubt.kind == TOTAL and "写着" in doubt.words for doubt in result.doubts)
    if is_right == is_asked and book.stated:
        return [f"stated {book.stated}, read {len(own)} and {every}, asked: {is_asked}"]
    return ["a total is asked about that nobody stated"] if is_asked and not book.stated else []


def _hidden(book: Book, asked: ParseResult, kept: ParseResult, left: ParseResult) -> list[str]:
    """What is hidden, struck or void is asked about row by row, kept whole, or left out with its reason."""
    concealed = {(place.sheet, place.row) for place in book.places if place.concealed}
    named = {(_sheet(doubt.sheet), row) for doubt in asked.doubts if doubt.kind == HIDDEN for row in doubt.rows}
    faults = []
    if not concealed <= named:
        faults.append(f"not asked about: {sorted(concealed - named)}")
    if len(kept.sightings) != len(asked.sightings):
        faults.append("what is kept is not what was read")
    reasons = [note for note in left.notes if note.code]
    if any(not note.reason for note in reasons):
        faults.append("left out without a reason")
    if len(left.sightings) + len(left.rejected) + len(reasons) != asked.rows:
        faults.append("what is left out is gone")
    lost = {(round(row.lon, 5), round(row.lat, 5)) for row in left.sightings}
    if any((place.lon, place.lat) in lost for place in book.places if place.concealed):
        faults.append("a row that is left out was read")
    return faults
