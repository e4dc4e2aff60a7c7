"""The moment of a row from all its columns of time: one rules, and those that contradict it are named, never blended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from firepoints.sightings.readers.base import DAY, INSTANT, WINDOW, ParseOptions
from firepoints.sightings.readers.intervals import Written, between
from firepoints.sightings.readers.rows import Row
from firepoints.sightings.readers.text import plain
from firepoints.sightings.readers.time_columns import BEGIN, END, FIELDS, FURTHER, TimeColumn, described
from firepoints.sightings.readers.written import Reading, read
from firepoints.sightings.readers.zones import BEIJING

A_DAY = timedelta(days=1)
TWO_ZONES = "two zones"  # ParseOptions.tz of a file whose lines name two clocks: only cells that say theirs are read
SAME_MINUTE = timedelta(minutes=1)  # one clock shows seconds, the other does not
SAME_FIRE = timedelta(days=1)  # two events of one fire, a pass and its discovery


class Moment(NamedTuple):
    """UTC, [starts_at, ends_at] by `precision`; `day` is the one that the row states, None where its instant says it."""

    starts_at: datetime
    ends_at: datetime
    precision: str
    day: date | None = None


class Fault(NamedTuple):
    """Why a row has no moment: a code of reasons.REASONS, the field at fault, and what contradicts what."""

    code: str
    field: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Stated:
    """What one cell of a row states, under its heading."""

    field: str
    heading: str
    cell: Any
    column: TimeColumn
    written: Written
    zone: tzinfo | None = None

    @property
    def words(self) -> str:
        return f"{self.heading} {plain(self.cell)[:40]}".strip()


class Event(NamedTuple):
    """A moment with its end (None for an instant), and the cells that state it."""

    begin: datetime
    end: datetime | None
    by: tuple[Stated, ...]

    @property
    def rank(self) -> int:
        return self.by[-1].column.rank  # its clock tells the event: a date may be shared by several


def row_moment(row: Row, options: ParseOptions) -> Moment | Fault:
    """The moment of a row of a list or a patrol file, or why it has none."""
    cells = [(field, row.names.get(field, ""), cell) for field, cell in row.cells.items() if is_time_field(field)]
    return moment_of(cells, options)


def is_time_field(field: str) -> bool:
    return field in FIELDS or field.startswith(FURTHER)


def moment_of(cells: Sequence[tuple[str, str, Any]], options: ParseOptions) -> Moment | Fault:
    """The same of cells, each (field, heading, value)."""
    reading = Reading(options.date_order, options.year, options.is_1904, options.days)
    columns = [described(heading, field) for field, heading, _ in cells]
    if options.tz == TWO_ZONES:
        unsaid = next((cell[0] for cell, column in zip(cells, columns, strict=True) if column.zone is None), None)
        if unsaid is not None:
            return Fault("two_zones", unsaid)
        options = replace(options, tz="Asia/Shanghai")
    own = _zone_of_dates(columns, ZoneInfo(options.tz))
    statements: list[Stated] = []
    for (field, heading, cell), column in zip(cells, columns, strict=True):
        written = read(cell, reading, is_clock=column.is_time)
        if column.has_two_zones:
            return Fault("two_zones", field)
        if written.code:
            is_day = field == "found_at" and written.code == "bad_time" and not any(map(str.isdigit, plain(cell)))
            return Fault("bad_date" if is_day else written.code, field)
        if not written.is_empty:
            zone = written.zone or column.zone or own
            statements.append(Stated(field, heading, cell, column, written, zone))
    statements.sort(key=lambda stated: (stated.column.rank, stated.column.edge == END))
    joined = _intervals(statements)
    if isinstance(joined, Fault):
        return joined
    try:
        return _moment(joined, cells, options)
    except (OverflowError, ValueError):
        return Fault("bad_date", cells[0][0] if cells else "date")


def _intervals(statements: Sequence[Stated]) -> list[Stated] | Fault:
    """The statements with the two ends of an interval, each in its own column, made one."""
    joined: list[Stated] = []
    for stated in statements:
        at = next((at for at, other in enumerate(joined) if _is_begin_of(other, stated)), None)
        if at is None:
            joined.append(stated)
            continue
        written = between(joined[at].written, stated.written)
        if written.code:
            return Fault(written.code, stated.field, f"：{joined[at].words}；{stated.words}")
        joined[at] = replace(joined[at], written=written, column=joined[at].column._replace(edge=""))
    return joined


def _is_begin_of(begin: Stated, end: Stated) -> bool:
    is_pair = begin.column.edge == BEGIN and end.column.edge == END and begin.column.rank == end.column.rank
    return is_pair and (begin.written.clock is None) == (end.written.clock is None) and _same_zone(begin, end)


def _moment(
    statements: Sequence[Stated], cells: Sequence[tuple[str, str, Any]], options: ParseOptions
) -> Moment | Fault:
    dates = [stated for stated in statements if stated.written.clock is None]
    clocks = [stated for stated in statements if stated.written.day is None]
    zone: tzinfo = ZoneInfo(options.tz)
    events = [_event(stated, stated, zone) for stated in statements if stated not in dates and stated not in clocks]
    undated: list[Stated] = []
    for clock in clocks:
        day = _day_for(clock, dates)
        if day is None:
            undated.append(clock)
        else:
            events.append(_event(day, clock, zone))
    if not events:
        return _without_event(dates, undated, cells, options)
    events.sort(key=lambda event: event.rank)
    lead = events[0]
    contradiction = _contradiction(lead, events[1:], dates, undated, options)
    if contradiction is not None:
        words = f"：{'、'.join(stated.words for stated in lead.by)}；{contradiction.words}"
        return Fault("contradicting_times", contradiction.field, words)
    if lead.end is None:
        at = lead.begin.astimezone(UTC)
        return Moment(at, at, INSTANT)
    return Moment(lead.begin.astimezone(UTC), lead.end.astimezone(UTC), WINDOW, lead.begin.astimezone(BEIJING).date())


def _offset(zone: tzinfo, day: date) -> timedelta:
    return datetime.combine(day, time(), tzinfo=zone).utcoffset() or timedelta()


def _zone_of_dates(columns: Sequence[TimeColumn], zone: tzinfo) -> tzinfo | None:
    """The clock of the dates that name none: the file's own where one of several clocks is that, else that of their clock."""
    zones = [column.zone for column in columns if column.is_time]
    today = date(2020, 1, 1)
    own = [other for other in zones if other is None or _offset(other, today) == _offset(zone, today)]
    return zone if own and len(own) < len(zones) else None


def _day_for(clock: Stated, dates: Sequence[Stated]) -> Stated | None:
    """The date that a clock belongs to: that of its own zone, one of none, then any."""
    same = [day for day in dates if _same_zone(day, clock)]
    unnamed = [day for day in dates if day.zone is None]
    return next(iter([*same, *unnamed, *dates]), None)


def _same_zone(day: Stated, clock: Stated) -> bool:
    if day.zone is None or clock.zone is None:
        return day.zone is clock.zone
    at = day.written.day or date(2020, 1, 1)
    return _offset(day.zone, at) == _offset(clock.zone, at)


def _event(day: Stated, clock: Stated, zone: tzinfo) -> Event:
    """The moment of a day and a clock. Where each names a zone of its own, the moment at which both are true."""
    on, seconds = day.written.day, clock.written.clock
    if on is None or seconds is None:
        raise ValueError("neither day nor clock may lack")
    of_day, of_clock = day.zone or clock.zone or zone, clock.zone or day.zone or zone
    shift = _offset(of_day, on) - _offset(of_clock, on)
    since_midnight = timedelta(seconds=seconds) + shift
    if shift:
        since_midnight %= A_DAY
    begin = datetime.combine(on, time(), tzinfo=of_day).astimezone(UTC) + since_midnight
    last = clock.written.end_clock
    end = None if last is None else begin + timedelta(seconds=last - seconds)
    return Event(begin, end, (day,) if day is clock else (day, clock))


def _contradiction(
    lead: Event, others: Sequence[Event], dates: Sequence[Stated], clocks: Sequence[Stated], options: ParseOptions
) -> Stated | None:
    """The first cell that says otherwise than the moment that rules, or None."""
    for event in others:
        both = (lead.by[-1].zone, event.by[-1].zone)
        is_one_event = event.rank == lead.rank or both[0] != both[1]
        if abs(event.begin - lead.begin) >= (SAME_MINUTE if is_one_event else SAME_FIRE):
            return event.by[-1]
    used = {id(stated) for event in (lead, *others) for stated in event.by}
    for stated in dates:
        if id(stated) not in used or stated not in lead.by:
            # A date that names no clock may be by that of the stamp beside it, or by the file's own.
            zones = [stated.zone] if stated.zone else [lead.by[-1].zone or ZoneInfo(options.tz), ZoneInfo(options.tz)]
            if not any(stated.written.day in _days_of(lead, zone, options) for zone in zones):
                return stated
    for stated in clocks:
        at = lead.begin.astimezone(stated.zone or lead.by[-1].zone or ZoneInfo(options.tz))
        apart = abs((at.hour * 3600 + at.minute * 60 + at.second) - (stated.written.clock or 0))
        limit = 60 if stated.column.rank == lead.rank or stated.zone != lead.by[-1].zone else 86_400
        if min(apart, 86_400 - apart) >= limit:
            return stated
    return None


def _days_of(lead: Event, zone: tzinfo, options: ParseOptions) -> set[date]:
    """The days that a date beside the moment may name: its own, those of its range, those of the issuer's window around it."""
    days = {lead.begin.astimezone(zone).date(), (lead.end or lead.begin).astimezone(zone).date()}
    if options.window and options.window[0] <= lead.begin <= options.window[1]:
        days |= {at.astimezone(zone).date() for at in options.window}
    elif options.window_start_hour and options.window_ends_on_date:
        since = timedelta(hours=24 - options.window_start_hour)
        days.add((lead.begin.astimezone(zone) + since).date())
    elif options.window_start_hour:
        days.add((lead.begin.astimezone(zone) - timedelta(hours=options.window_start_hour)).date())
    return days


def _without_event(
    dates: Sequence[Stated], clocks: Sequence[Stated], cells: Sequence[tuple[str, str, Any]], options: ParseOptions
) -> Moment | Fault:
    """The moment of a row that states days alone, times alone, or nothing."""
    field = cells[0][0] if cells else "date"
    if dates:
        other = next((stated for stated in dates[1:] if stated.written.day != dates[0].written.day), None)
        if other is not None:
            return Fault("contradicting_times", other.field, f"：{dates[0].words}；{other.words}")
        return _of_day(dates[0], options)
    window = options.window
    if window is None or window[1] - window[0] > A_DAY:
        return Fault("bad_date", clocks[0].field if clocks else field)
    if not clocks:
        return Moment(*window, WINDOW, options.day)
    return _in_window(clocks, window, options)


def _in_window(clocks: Sequence[Stated], window: tuple[datetime, datetime], options: ParseOptions) -> Moment | Fault:
    """The moment of a time alone, in a list whose title gives a window of a day at most: it has one place in it."""
    events = []
    for clock in clocks:
        zone = clock.zone or ZoneInfo(options.tz)
        day = replace(clock, written=Written(window[0].astimezone(zone).date()))
        event = _event(day, clock, zone)
        event = event if event.begin >= window[0] else _moved(event, A_DAY)
        if (event.end or event.begin) > window[1]:
            return Fault("outside_window", clock.field)
        events.append(event._replace(by=(clock,)))
    contradiction = _contradiction(events[0], events[1:], (), (), options)
    if contradiction is not None:
        return Fault("contradicting_times", contradiction.field, f"：{clocks[0].words}；{contradiction.words}")
    begin, end = events[0].begin, events[0].end
    if end is None:
        return Moment(begin, begin, INSTANT)
    return Moment(begin, end, WINDOW, begin.astimezone(BEIJING).date())


def _moved(event: Event, by: timedelta) -> Event:
    return event._replace(begin=event.begin + by, end=event.end + by if event.end else None)


def _of_day(stated: Stated, options: ParseOptions) -> Moment | Fault:
    """The day itself, or the issuer's window that bears its date."""
    day = stated.written.day
    if day is None:
        return Fault("bad_date", stated.field)
    midnight = datetime.combine(day, time(), tzinfo=stated.zone or ZoneInfo(options.tz))
    if options.window and (window := _stated_window(midnight, options.window)):
        return Moment(*window, WINDOW, day)
    hour = options.window_start_hour
    if not hour:
        return Moment(midnight.astimezone(UTC), (midnight + A_DAY).astimezone(UTC), DAY, day)
    begin = (midnight + timedelta(hours=hour, days=-1 if options.window_ends_on_date else 0)).astimezone(UTC)
    return Moment(begin, begin + A_DAY, WINDOW, day)


def _stated_window(midnight: datetime, window: tuple[datetime, datetime]) -> tuple[datetime, datetime] | None:
    """The window of the title, whole, if it lasts a day at most and touches the row's date; None where it does not.

    It is not cut to the date: whether an issuer dates a row by the pass or by the day of its bulletin cannot be seen.
    """
    begin, end = window
    touches = begin < midnight + A_DAY and midnight < end + timedelta(seconds=1)
    return (begin.astimezone(UTC), end.astimezone(UTC)) if end - begin <= A_DAY and touches else None
