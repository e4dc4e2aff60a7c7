"""The time of the rows of one sheet of a list: zone, order of day and month, window, and year of a date without one.

What the import said wins; then what the sheet says of itself (its heading, its title, the evidence of its own dates);
what nothing says stays unknown, and the row is refused. All of it is reported in `meta`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from firepoints.sightings.readers.base import INSTANT, ParseOptions
from firepoints.sightings.readers.columns import date_order
from firepoints.sightings.readers.moments import parse_moment, stated_day
from firepoints.sightings.readers.rows import Row, Table
from firepoints.sightings.readers.text import plain
from firepoints.sightings.readers.titles import UTC_SAID, TitleTime, day_of, read_titles, stated_totals, year_of

Lines = Sequence[tuple[int, str]]
DAY = timedelta(days=1)
DATED = 50  # rows whose dates are compared with the title's window


def list_moment(row: Row, options: ParseOptions) -> Any:
    """The interval of a list row, or a rejection code."""
    return parse_moment(*_cells(row, options), options)


def list_day(row: Row, precision: str, options: ParseOptions) -> date | None:
    """The day that a list row states for itself, None where its instant says it or nothing does."""
    return None if precision == INSTANT else stated_day(*_cells(row, options), options)


def _cells(row: Row, options: ParseOptions) -> tuple[Any, Any]:
    """The cells of 日期 and 时间 together, or whichever there is."""
    when, clock = row.get("date"), row.get("time")
    if plain(when) == "" and ("date" not in row.cells or not options.window):
        when, clock = clock, ""
        if options.window and "date" not in row.cells and isinstance(parse_moment(when, "", options), str):
            when, clock = "", when
    return when, clock


def table_options(table: Table, cover: Lines, options: ParseOptions) -> tuple[ParseOptions, dict[str, Any]]:
    """The options for the rows of one sheet, and the same in words for `meta`; `cover`: (row, text) of sheets without data."""
    lines = [(note.row_no, " ".join(part for part in note.raw if part.strip())) for note in table.notes]
    totals = stated_totals(lines)
    lines += cover
    order = options.date_order or date_order(table.rows, ("date", "time"))
    how = replace(options, date_order=order, tz="UTC" if in_utc(table) else options.tz)
    title = TitleTime()
    if options.window is None and options.window_start_hour is None:
        title = title_time(table, lines, how)
        how = replace(how, window_start_hour=title.start_hour, window_ends_on_date=title.ends_on_date)
        how = replace(how, window=(title.begin, title.end) if title.begin and title.end else None)
    if how.window is None and (day := title_day(table, lines)):
        how = replace(how, window=_day_of_the_issuer(day, how), day=day)
    how = replace(how, year=options.year or (title.begin.year if title.begin else None) or year_of(t for _, t in lines))
    reading = {"zone": how.tz, "date_order": order, "window": title.as_json() if title.text else None}
    return how, {**reading, "rows": len(table.rows), "totals": totals}


def in_utc(table: Table) -> bool:
    """Whether the heading of the date or the time says 世界时 or UTC: read as Beijing time it would be 8 hours off."""
    names = table.rows[0].names if table.rows else {}
    return any(UTC_SAID.search(names.get(field, "")) for field in ("date", "time"))


def title_time(table: Table, lines: Lines, options: ParseOptions) -> TitleTime:
    """The title's window; where it leaves its year open, in the year that its other lines or the rows bear out."""
    dates = [moment[0] for row in table.rows[:DATED] if isinstance(moment := list_moment(row, options), tuple)]
    years = [year_of(text for _, text in lines), dates[0].year if dates else None, options.now and options.now.year]
    for year in [year - back for year in years if year for back in (0, 1)] or [None]:
        title = read_titles(lines, tz=options.tz, year=year)
        if title.begin is None or title.end is None or _fits(title.begin, title.end, dates, options.now):
            return title
    return replace(title, begin=None, end=None)


def _fits(begin: datetime, end: datetime, dates: Sequence[datetime], now: datetime | None) -> bool:
    """Whether a window lies where its rows do (a day of grace), or, of rows without dates, not in the future."""
    if dates:
        return any(begin - DAY <= at <= end + DAY for at in dates)
    return now is None or begin <= now + DAY


def title_day(table: Table, lines: Lines) -> date | None:
    """The one date that the lines give, for a list that has no column of dates."""
    has_dates = table.heading is not None and "date" in table.heading.fields
    return None if has_dates else day_of(text for _, text in lines)


def _day_of_the_issuer(day: date, options: ParseOptions) -> tuple[datetime, datetime]:
    hour = options.window_start_hour or 0
    back = 1 if hour and options.window_ends_on_date else 0
    begin = datetime.combine(day, time(), tzinfo=ZoneInfo(options.tz)) + timedelta(hours=hour, days=-back)
    return begin, begin + DAY
