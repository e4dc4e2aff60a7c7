"""The options and results of every reader of sighting files.

Each data row of a file ends in exactly one of `sightings` and `rejected` (policy.md §6); titles, totals and
remarks are `notes`; blank rows are nothing. Coordinates stay as the file gave them, in the datum that the import
declared: undoing a datum is the ingest's act, because it must be recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from papers.encodings import FileError

SourceError = FileError  # the file as a whole cannot be read
INSTANT, DAY, WINDOW = "instant", "day", "window"
TEXT_LIMIT = 20  # characters of a satellite, version or confidence; the raw row keeps what is longer
GIVEN_LIMIT = 40  # characters of a coordinate as given
NAME_LIMIT = 60  # characters of a heading
PLACE_LIMIT = 80  # characters of a stated county
HIDDEN, TOTAL, DAYS = "hidden", "total", "days"  # kinds of doubt
KEEP, LEAVE = "keep", "leave"  # what hidden, struck and void rows may be answered
SATELLITE, FIRE, SCAR = "satellite", "fire", "scar"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One readable row. Times are aware UTC, [starts_at, ends_at) unless an instant (then both are equal).

    `lon`, `lat` are degrees as given (datum not yet undone), `lon_given`, `lat_given` the text of the file;
    `day` is the date that a row without a time states for itself: the issuer's window says only from when to when.
    `scan_km`, `track_km` kilometres, `frp_mw` megawatts, `accuracy_m` metres. `seq_no` is the row's own 序号.
    """

    row_no: int
    sheet: str
    raw: Mapping[str, Any]
    satellite: str
    instrument: str
    starts_at: datetime
    ends_at: datetime
    precision: str
    lon_given: str
    lat_given: str
    lon: float
    lat: float
    day: date | None = None
    scan_km: float | None = None
    track_km: float | None = None
    frp_mw: float | None = None
    confidence: str = ""
    version: str = ""
    kind: str = SATELLITE
    stated_county: str = ""
    seq_no: str = ""
    note: str = ""
    stated_place: str = ""
    static_type: int | None = None
    authority: str = ""
    category: str = ""
    finder: str = ""
    accuracy_m: float | None = None
    uuid: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """One row that cannot be used; `reason` is for people (Chinese), `code` stable, `column` as named in the file."""

    row_no: int
    sheet: str
    column: str
    raw: Mapping[str, Any]
    reason: str
    code: str


@dataclass(frozen=True, slots=True)
class Note:
    """A row that is not data: title, total, remark, comment, a heading said again; or a row of data that a person left out,
    with the `reason` and its `code`."""

    row_no: int
    sheet: str
    raw: tuple[str, ...]
    reason: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Doubt:
    """What a person must answer before anything of the file is written. `kind`: HIDDEN, TOTAL or DAYS; `words` name sheet
    and row, for people; `rows` are the numbers of the rows in question, as far as there are any."""

    kind: str
    words: str
    sheet: str = ""
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ParseOptions:
    """How to read a file. Nothing here is guessed: what is not said is refused row by row.

    `tz` is the zone of times without an offset (lists and patrols; FIRMS is always UTC). `mapping` gives
    field → column heading (headings.py). `window_start_hour` makes a date alone the issuer's window: 17 means from 17:00
    of the day before to 17:00 of the date (`window_ends_on_date`), 0 the day itself; None lets the title of a list say
    it, else the day. `now` rejects the future; `area` = (lon_min, lat_min, lon_max, lat_max) finds swapped coordinates.
    `date_order` ("dmy", "mdy", "ymd") settles dates such as 10/11/2023, which are rejected where nothing settles them.
    `year` completes dates without one; `window` (UTC) is the span that a list's title gives, `day` the one date that it
    gives to rows without one, `days` the days or the month that it states, for rows that name the day of the month alone.
    `is_1904`: the workbook counts its days from 1904. `observed` (UTC) is when an
    FY-4 text was taken; `filename` the name under which the file came: it may say when, and by which satellite; `period`
    is the period of the list as the import names it.
    `hidden`: KEEP or LEAVE hidden, struck and void rows, as a person answered; "" reads them and asks.
    """

    tz: str = "Asia/Shanghai"
    datum: str = "wgs84"
    mapping: Mapping[str, str] = field(default_factory=dict)
    window_start_hour: int | None = None
    now: datetime | None = None
    future_tolerance: timedelta = timedelta(hours=1)
    area: tuple[float, float, float, float] | None = None
    date_order: str = ""
    year: int | None = None
    window: tuple[datetime, datetime] | None = None
    day: date | None = None
    days: tuple[date, date] | None = None
    window_ends_on_date: bool = True
    observed: tuple[datetime, datetime] | None = None
    is_1904: bool = False
    filename: str = ""
    period: str = ""
    hidden: str = ""
    satellite: str = ""
    instrument: str = ""
    max_bytes: int = 1_000_000_000
    max_columns: int = 256
    max_cells: int = 20_000_000


@dataclass(frozen=True, slots=True)
class ParseResult:
    """`sightings` is a sequence: a tuple, or the columnar `SightingTable` of a large file, which builds rows lazily.

    `doubts` must be answered before the file is written, `remarks` are to be seen by whoever looks at it.
    """

    sightings: Sequence[Sighting]
    rejected: Sequence[Rejected]
    notes: Sequence[Note]
    meta: Mapping[str, Any] = field(default_factory=dict)
    doubts: tuple[Doubt, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Data rows in the file: the number that the outcomes must add up to."""
        return len(self.sightings) + len(self.rejected)


def text_row(cells: Iterable[Any]) -> tuple[str, ...]:
    return tuple("" if cell is None else str(cell).replace("\x00", "\ufffd") for cell in cells)
