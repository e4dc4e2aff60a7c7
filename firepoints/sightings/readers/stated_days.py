"""The days of a file's rows beside the days that its name, its period and its titles state. Pure; what states nothing asks
nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import PurePath
from typing import Any, NamedTuple

from firepoints.sightings.readers.base import DAY as WHOLE_DAY
from firepoints.sightings.readers.base import DAYS, Doubt, ParseOptions, Sighting
from firepoints.sightings.readers.concealed import where
from firepoints.sightings.readers.moments import full_year, make_date
from firepoints.sightings.readers.rows import Row, Table
from firepoints.sightings.readers.text import plain
from firepoints.sightings.readers.time_columns import NOT_OF_THE_FIRE
from firepoints.sightings.readers.titles import read_titles
from firepoints.sightings.readers.zones import BEIJING

A_DAY = timedelta(days=1)
# A day of an issuer begins at noon or later: where rows of the day itself are there, the afternoon before belongs to them;
# rows of the day before alone are its own only in the evening.
NOON, EVENING = 12, 16
ANY_YEAR = 2000  # to see whether a line states days at all
MOST_DAYS = 31  # days of the spread that are listed one by one
DASH = r"\s*(?:至|到|[-~〜—–―]+)\s*"
MONTH, DAY = r"(0?[1-9]|1[0-2])", r"(0?[1-9]|[12]\d|3[01])"
FULL = re.compile(
    rf"(?<!\d)(?:(20\d\d)[年./_-]{MONTH}[月./_-]{DAY}(?:[日号]|(?!\d))|(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d))"
)
SPAN_END = re.compile(rf"^[日号]?{DASH}(?:(?:(20\d\d)年)?{MONTH}[月./-])?{DAY}(?:[日号]|(?![\d年月./:时点]))")
MONTH_DAY = re.compile(rf"(?<![\d年./-]){MONTH}月{DAY}[日号]?")
WHOLE_MONTH = re.compile(rf"(?<!\d)(20\d\d)(?:年{MONTH}月|[-/.]{MONTH})(?![\d./-]|\s*\d{{1,2}}[日号])")
WHOLE_YEAR = re.compile(r"(?<!\d)(20\d\d)年(?!\s*\d{1,2}月)|[〔\[(](20\d\d)[〕\])]")
MONTH_ALONE = re.compile(rf"(?<![\d年./-]){MONTH}月(?:份|(?![\d日]))")
DOTTED_SPAN = re.compile(rf"(?<![\d.]){MONTH}\.{DAY}{DASH}{MONTH}\.{DAY}(?![\d.])")
OBSERVED = re.compile(r"^(?:卫星)?(?:监测|统计|观测|数据|遥感)(?:时段|时间|日期|期间|周期|范围)")
OF_ANOTHER = re.compile(r"印发|文号|依据|根据|通知|办法|规定|同比|去年|上年|制表|联系|电话|号令|累计|以来")


class Span(NamedTuple):
    """The days from `first` to `last`, as `words` state them; `is_exact`: to the day, not a month or a year."""

    first: date
    last: date
    words: str
    is_exact: bool


BY_NAME = "文件名"
Rows = frozenset[tuple[str, int]]


class Statement(NamedTuple):
    """What speaks of the days of a file (文件名, 期次, 标题), and the text; `rows`: (sheet, number) of the rows that it speaks
    of, None for all."""

    by: str
    text: str
    rows: Rows | None = None


def statements_of(tables: Sequence[Table], options: ParseOptions) -> list[Statement]:
    """What may state the days of a list: the name of its file, its period; of the rows of each sheet its name, of each table
    the titles above it and a line below that says when was observed (监测时段：…)."""
    statements = [Statement(BY_NAME, PurePath(options.filename).stem), Statement("期次", options.period)]
    of_rows = [table for table in tables if table.heading is not None and table.rows]
    for sheet in dict.fromkeys(table.sheet for table in of_rows):
        own = [table for table in of_rows if table.sheet == sheet]
        statements.append(Statement("工作表名", sheet, _rows_of(own)))
        for titles, rows in _sections(own):
            statements.append(Statement(f"{where(sheet)}标题", " ".join(titles), frozenset(rows)))
    return [part for part in statements if part.text.strip()]


def _rows_of(tables: Sequence[Table]) -> Rows:
    return frozenset((row.sheet, row.row_no) for table in tables for row in table.rows)


def _sections(tables: Sequence[Table]) -> list[tuple[list[str], set[tuple[str, int]]]]:
    """The rows of a sheet under the titles that they share; a table without its own goes on under those before it, a line
    with a date between rows begins a section."""
    sections: list[tuple[list[str], set[tuple[str, int]]]] = [([], set())]
    for table in tables:
        lines = _lines_of(table)
        is_below = not any(row_no < table.rows[0].row_no for row_no, _ in lines)
        parts: list[tuple[int, str | Row]] = [*lines, *((row.row_no, row) for row in table.rows)]
        for row_no, line in sorted(parts, key=lambda part: part[0]):
            if not isinstance(line, str):
                sections[-1][1].add((line.sheet, line.row_no))
            elif row_no > table.rows[-1].row_no:
                sections[-1][0].extend([line] if OBSERVED.search(plain(line)) else [])
            elif is_below and not span_in(line, ANY_YEAR):
                continue
            elif sections[-1][1]:
                sections.append(([line], set()))
            else:
                sections[-1][0].append(line)
            is_below = is_below or not isinstance(line, str)
    return sections


def _lines_of(table: Table) -> list[tuple[int, str]]:
    """The lines around the rows of a table that are one text each, and speak of its own observations."""
    lines = [
        (note.row_no, " ".join(note.raw)) for note in table.notes if len({plain(cell) for cell in note.raw} - {""}) == 1
    ]
    return [(row, line) for row, line in lines if not OF_ANOTHER.search(line) and not NOT_OF_THE_FIRE.search(line)]


def spread_of(sightings: Sequence[Sighting]) -> dict[str, Any]:
    """The first and last Beijing day of the rows, and how many rows fall on each day (the first MOST_DAYS of them)."""
    counts = Counter(day_of(row) for row in sightings)
    if not counts:
        return {}
    days = sorted(counts)
    listed = [[day.isoformat(), counts[day]] for day in days[:MOST_DAYS]]
    return {"first": days[0].isoformat(), "last": days[-1].isoformat(), "days": len(days), "counts": listed}


def day_of(row: Sighting) -> date:
    """The Beijing day of a row: the one that it states, else that of its beginning."""
    return row.day or row.starts_at.astimezone(BEIJING).date()


def doubts_about_days(sightings: Sequence[Sighting], texts: Iterable[Statement]) -> tuple[Doubt, ...]:
    """One doubt for each text whose days are not those of the rows."""
    if not len(sightings):
        return ()
    doubts = []
    years = Counter(day_of(row).year for row in sightings)
    year = years.most_common(1)[0][0]
    spans = [(statement, span_in(statement.text, year)) for statement in texts]
    for statement, span in spans:
        if span is None or _begins_only(statement, span, spans):
            continue
        of_it = [row for row in sightings if statement.rows is None or (row.sheet, row.row_no) in statement.rows]
        if not of_it:
            continue
        has_others = any(span.first <= day_of(row) <= span.last for row in of_it)
        apart = [row for row in of_it if not _fits(row, span, NOON if has_others else EVENING)]
        if apart:
            rows = tuple(row.row_no for row in apart)
            sheet = apart[0].sheet if len({row.sheet for row in apart}) == 1 else ""
            words = f"{statement.by}写的是{span.words}，读到的日期是{_in_words(Counter(map(day_of, of_it)))}，其中 {len(apart)} 行不在内"
            doubts.append(Doubt(DAYS, words, sheet, rows[:1000]))
    return tuple(doubts)


def _begins_only(statement: Statement, span: Span, spans: Iterable[tuple[Statement, Span | None]]) -> bool:
    """Whether a file's name gives but a day of the days that its period or its title states: a week's list is named after its
    Monday, and the wider statement is the one to be compared."""
    wider = (
        other is not None and other.is_exact and other.first <= span.first <= span.last <= other.last
        and (other.first, other.last) != (span.first, span.last)
        for by, other in spans if by is not statement
    )  # fmt: skip
    return statement.by == BY_NAME and any(wider)


def span_in(text: str, year: int | None = None) -> Span | None:
    """The days that a text states: a window, dates, else a month, else a year; None where it states none."""
    line = plain(text)[:300]
    if OF_ANOTHER.search(line):
        return None
    window = read_titles([(1, line)], tz="Asia/Shanghai", year=year)
    if window.begin and window.end:
        first, last = (at.astimezone(BEIJING).date() for at in (window.begin, window.end))
        return Span(first, last, f"“{line[:60]}”", True)
    days = sorted(_days_in(line, year)) or sorted(_dotted_in(line, year))
    if days:
        words = days[0].isoformat() if len(days) == 1 else f"{days[0].isoformat()} 至 {days[-1].isoformat()}"
        return Span(days[0], days[-1], f" {words}", True)
    if match := WHOLE_MONTH.search(line) or (MONTH_ALONE.search(line) if year else None):
        parts = [int(part) for part in match.groups() if part]
        first = date(parts[0] if len(parts) > 1 else year or 0, parts[-1], 1)
        last = (first + 31 * A_DAY).replace(day=1) - A_DAY
        return Span(first, last, f" {first.year}年{first.month}月", False)
    years = {int(match[1] or match[2]) for match in WHOLE_YEAR.finditer(line)}
    if len(years) == 1:
        year = years.pop()
        return Span(date(year, 1, 1), date(year, 12, 31), f" {year}年", False)
    return None


def _days_in(line: str, year: int | None) -> Iterator[date]:
    """The dates of a line; of a span 11月1日-7日 both ends. A date without its year lies in `year`."""
    stated = [int(match[1] or match[4]) for match in FULL.finditer(line)]
    named = [int(text) for text in re.findall(r"(?<!\d)(20\d\d)年", line)]
    year = stated[0] if stated else named[0] if named else year
    matches = [(match, [int(part) for part in match.groups() if part]) for match in FULL.finditer(line)]
    if year is not None:
        matches += [(match, [year, int(match[1]), int(match[2])]) for match in MONTH_DAY.finditer(line)]
    for match, parts in matches:
        first = make_date(*parts[:3])
        if first is None:
            continue
        yield first
        end = SPAN_END.match(line[match.end() :])
        if end:
            in_year = full_year(end[1]) if end[1] else first.year
            last = make_date(in_year, int(end[2] or first.month), int(end[3]))
            if last is not None and last < first and not end[1]:
                last = make_date(in_year + 1, last.month, last.day)
            if last is not None:
                yield last


def _dotted_in(line: str, year: int | None) -> Iterator[date]:
    """Both ends of 11.4-11.10, as names of files have it."""
    named = re.search(r"(?<!\d)(20\d\d)", line)
    in_year = int(named[1]) if named else year
    match = DOTTED_SPAN.search(line)
    if match and in_year:
        first, last = (make_date(in_year, int(match[at]), int(match[at + 1])) for at in (1, 3))
        if first and last:
            yield from (first, last if last >= first else make_date(in_year + 1, last.month, last.day) or last)


def _fits(row: Sighting, span: Span, since: int) -> bool:
    """Whether a row lies in the days that are stated, or in the evening before, from the hour `since` on."""
    day = day_of(row)
    if span.first <= day <= span.last:
        return True
    if day != span.first - A_DAY:
        return False
    return row.precision != WHOLE_DAY and row.starts_at.astimezone(BEIJING).hour >= since


def _in_words(days: Counter[date]) -> str:
    first, last = min(days), max(days)
    return f" {first.isoformat()}" if first == last else f" {first.isoformat()} 至 {last.isoformat()}（{len(days)} 天）"
