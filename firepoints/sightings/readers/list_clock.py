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

from firepoints.sightings.readers.base import Note, ParseOptions
from firepoints.sightings.readers.columns import date_order
from firepoints.sightings.readers.row_moment import TWO_ZONES, Moment, is_time_field, row_moment
from firepoints.sightings.readers.rows import Table
from firepoints.sightings.readers.stated_days import span_in
from firepoints.sightings.readers.text import plain
from firepoints.sightings.readers.time_columns import described
from firepoints.sightings.readers.titles import TitleTime, day_of, read_titles, stated_totals, year_of
from firepoints.sightings.readers.zones import zone_of

Lines = Sequence[tuple[int, str]]
DAY, A_MONTH = timedelta(days=1), timedelta(days=31)
ZONES = {timedelta(): "UTC", timedelta(hours=8): "Asia/Shanghai"}
DATED = 50  # rows whose dates are compared with the title's window


def table_options(table: Table, cover: Lines, options: ParseOptions) -> tuple[ParseOptions, dict[str, Any]]:
    """The options for the rows of one sheet, and the same in words for `meta`; `cover`: (row, text) of sheets without data."""
    lines = [(note.row_no, " ".join(part for part in note.raw if part.strip())) for note in table.notes]
    totals = stated_totals(lines)
    zones = zones_around(table, cover)
    lines += cover
    order = options.date_order or date_order(table.rows, ("date", "time"))
    how = replace(options, date_order=order, tz="UTC" if zones == {"UTC"} else options.tz)
    title = TitleTime()
    if options.window is None and options.window_start_hour is None:
        title = title_time(table, lines, how)
        how = replace(how, window_start_hour=title.start_hour, window_ends_on_date=title.ends_on_date)
        how = replace(how, window=(title.begin, title.end) if title.begin and title.end else None)
    if how.window is None and (day := title_day(table, lines)):
        how = replace(how, window=_day_of_the_issuer(day, how), day=day)
    how = replace(how, year=options.year or (title.begin.year if title.begin else None) or year_of(t for _, t in lines))
    how = replace(how, days=_days_stated([*(text for _, text in lines), options.period], how.year))
    clocks = clocks_of(table, how)
    zone = next((clock["zone"] for clock in clocks if clock["zone"] != how.tz), how.tz)
    reading = {"zone": zone, "clocks": clocks, "date_order": order, "window": title.as_json() if title.text else None}
    how = replace(how, tz=TWO_ZONES) if len(zones) > 1 else how
    return how, {**reading, "rows": len(table.rows), "totals": totals}


def _days_stated(texts: Sequence[str], year: int | None) -> tuple[date, date] | None:
    """The days, or the month, that the first of the texts with any states."""
    spans = (span_in(text, year) for text in texts)
    return next(((span.first, span.last) for span in spans if span and span.last - span.first <= A_MONTH), None)


def zones_around(table: Table, cover: Lines) -> set[str]:
    """The clocks that the lines around a table name, as names of zones; a line that names two explains one by the other.

    The headings themselves are left out: they speak of their own column alone.
    """
    heading = table.heading
    top, below = (heading.top, heading.below) if heading else (0, 0)
    notes = [note for note in table.notes if not top < note.row_no <= below or _is_title(note)]
    headings = {note.row_no for note in table.above if not _is_title(note)}
    lines = [" ".join(note.raw) for note in notes] + [line for row, line in cover if row not in headings]
    named = [zone_of(plain(line)) for line in lines]
    offsets = {datetime.combine(date(2020, 1, 1), time(), tzinfo=zone).utcoffset() for zone in named if zone}
    return {name for offset, name in ZONES.items() if offset in offsets}


def _is_title(note: Note) -> bool:
    return len(set(note.raw) - {""}) == 1


def clocks_of(table: Table, options: ParseOptions) -> list[dict[str, str]]:
    """The columns of time, the one that rules first, each with the clock by which it is read."""
    names = table.rows[0].names if table.rows else {}
    columns = [(described(name, field), name) for field, name in names.items() if is_time_field(field)]
    columns.sort(key=lambda pair: (pair[0].rank, not pair[0].is_time))
    return [{"heading": name, "zone": str(column.zone or options.tz)} for column, name in columns]


def title_time(table: Table, lines: Lines, options: ParseOptions) -> TitleTime:
    """The title's window; where it leaves its year open, in the year that its other lines or the rows bear out."""
    moments = [row_moment(row, options) for row in table.rows[:DATED]]
    dates = [moment.starts_at for moment in moments if isinstance(moment, Moment)]
    years = [year_of(text for _, text in lines), dates[0].year if dates else None, options.now and options.now.year]
    tried: list[int | None] = [year - back for year in years if year for back in (0, 1)]
    for year in tried or [None]:
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
