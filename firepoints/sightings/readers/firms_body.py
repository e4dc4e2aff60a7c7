"""The data rows of a FIRMS file as columns, a million at a time, and for each row what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from firepoints.sightings.readers.base import GIVEN_LIMIT, INSTANT, NAME_LIMIT, TEXT_LIMIT, Note, ParseOptions, Rejected
from firepoints.sightings.readers.columns import one_order
from firepoints.sightings.readers.lines import Lines, split_cells
from firepoints.sightings.readers.moments import parse_date, parse_hhmm
from firepoints.sightings.readers.reasons import REASONS
from firepoints.sightings.readers.table import SightingTable, raw_fields
from firepoints.sightings.readers.text import compact, parse_number, plain

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

SATELLITES = {
    "N": ("N", "SNPP", "S-NPP", "SUOMINPP", "SUOMI-NPP", "NPP", "VNP"),
    "N20": ("N20", "1", "1.0", "J1", "NOAA20", "NOAA-20", "JPSS1", "JPSS-1"),
    "N21": ("N21", "2", "2.0", "J2", "NOAA21", "NOAA-21", "JPSS2", "JPSS-2"),
    "T": ("T", "TERRA"),
    "A": ("A", "AQUA"),
}
CANONICAL = {name: code for code, names in SATELLITES.items() for name in names}
INSTRUMENT = {"N": "VIIRS", "N20": "VIIRS", "N21": "VIIRS", "T": "MODIS", "A": "MODIS"}
CONFIDENCE = {"L": "low", "LOW": "low", "N": "nominal", "NOMINAL": "nominal", "H": "high", "HIGH": "high"}
SEPARATORS = ' ,;\t"'
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Header:
    """The heading row: its columns, the fields they stand for, where the data begins, what stood above."""

    columns: tuple[str, ...]
    spelled: tuple[str, ...]
    fields: dict[str, int]
    delimiter: str
    line: int
    end: int
    notes: tuple[Note, ...]


class Body:
    """The data rows as columns, and for each row the code of what is wrong with it ("" = nothing)."""

    def __init__(self, head: Header, lines: Lines, table: pa.Table, index: Ints, options: ParseOptions) -> None:
        self.head, self.lines, self.table, self.index, self.options = head, lines, table, index, options
        self.size = len(index)
        self.problem = np.full(self.size, "", dtype=object)
        self.column = np.full(self.size, "", dtype=object)
        self.has_decimal_commas = all(with_decimal_commas(self.text(axis)) for axis in ("latitude", "longitude"))
        self.lat = self._number("latitude")
        self.lon = self._number("longitude")
        self._check_position()
        self._check_time()
        self._check_satellite()
        self._set_aside_headings()

    def text(self, field: str) -> Any:
        """The column of a field as one Arrow string array (empty strings where the file has no such column)."""
        if field not in self.head.fields:
            return pa.array(np.full(self.size, ""), pa.string())
        return self.table.column(f"f{self.head.fields[field]}").combine_chunks()

    def mark(self, mask: npt.NDArray[np.bool_], code: str, field: str) -> None:
        """Give rows that have no problem yet this one; the first cause found is the one a person can mend."""
        rows = mask & (self.problem == "")
        if rows.any():
            self.problem[rows] = code
            self.column[rows] = self.head.columns[self.head.fields[field]]

    def by_value(self, field: str, read: Callable[[str], Any]) -> tuple[npt.NDArray[np.object_], Ints]:
        """(read(value) of each distinct value, the code of each row): text columns repeat, so each is read once."""
        encoded = self.text(field).dictionary_encode()
        values = np.empty(len(encoded.dictionary), dtype=object)
        values[:] = [read(value) for value in encoded.dictionary.to_pylist()]
        return values, encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)

    def _number(self, field: str) -> Floats:
        """A column of numbers; NaN where it cannot be read. The whole column at once when it is clean."""
        text = self.text(field)
        if self.has_decimal_commas:
            text = pc.replace_substring(text, ",", ".")
        try:
            numbers = np.array(pc.cast(text, pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
            numbers[~np.isfinite(numbers)] = np.nan
        except pa.ArrowInvalid:
            read = (parse_number(value) for value in text.to_pylist())
            numbers = np.array([np.nan if value is None else value for value in read], dtype=np.float64)
        return numbers

    def _check_position(self) -> None:
        lon, lat = self.lon, self.lat
        for field, numbers in (("latitude", lat), ("longitude", lon)):
            if np.isnan(numbers).any():
                empty = pc.equal(pc.utf8_trim_whitespace(self.text(field)), "").to_numpy(zero_copy_only=False)
                self.mark(np.isnan(numbers) & empty, "missing_coordinate", field)
                self.mark(np.isnan(numbers), "bad_number", field)
        self.mark((lon == 0) & (lat == 0), "null_island", "latitude")
        self.mark((np.abs(lat) > 90) & (np.abs(lat) <= 180) & (np.abs(lon) <= 90), "swapped", "latitude")
        self.mark(np.abs(lat) > 90, "out_of_range", "latitude")
        self.mark(np.abs(lon) > 180, "out_of_range", "longitude")
        if self.options.area:
            west, south, east, north = self.options.area
            inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
            turned = (lat >= west) & (lat <= east) & (lon >= south) & (lon <= north)
            self.mark(~inside & turned, "swapped", "latitude")

    def _check_time(self) -> None:
        texts, _ = self.by_value("acq_date", plain)
        order = self.date_order = self.options.date_order or one_order(texts)
        days, day_of = self.by_value("acq_date", lambda value: parse_date(plain(value), order))
        clocks, clock_of = self.by_value("acq_time", lambda value: parse_hhmm(plain(value)))
        for code in ("ambiguous_date", "bad_date"):
            bad = np.array([day == code or (code == "bad_date" and day is None) for day in days], dtype=bool)
            self.mark(bad[day_of], code, "acq_date")
        self.mark(np.array([clock is None for clock in clocks], dtype=bool)[clock_of], "bad_time", "acq_time")
        ordinals = [day.toordinal() if isinstance(day, date) else EPOCH_ORDINAL for day in days]
        midnight = (np.array(ordinals, dtype=np.int64) - EPOCH_ORDINAL) * 86_400
        self.at = midnight[day_of] + np.array([clock or 0 for clock in clocks], dtype=np.int64)[clock_of]
        if self.options.now is not None:
            latest = self.options.now.astimezone(UTC) + self.options.future_tolerance
            self.mark(self.at > (latest - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds(), "future", "acq_date")

    def _check_satellite(self) -> None:
        codes, code_of = self.by_value("satellite", lambda value: CANONICAL.get(compact(value).upper(), ""))
        self.satellite = codes[code_of]
        self.mark((codes == "")[code_of], "bad_satellite", "satellite")
        self.instrument = np.array([INSTRUMENT.get(code, "") for code in codes], dtype=object)[code_of]

    def _set_aside_headings(self) -> None:
        """Rows that are no data: a heading said again (files pasted together), or nothing but separators."""
        self.heading = np.zeros(self.size, dtype=bool)
        self.blank = np.zeros(self.size, dtype=bool)
        for i in np.flatnonzero(np.isnan(self.lat)):
            line = self.lines.text(int(self.index[i]))
            self.blank[i] = not line.strip(SEPARATORS)
            self.heading[i] = split_cells(line, self.head.delimiter) == self.head.spelled
        self.used = ~(self.heading | self.blank)

    def repeated_headings(self) -> list[Note]:
        rows = self.index[self.heading]
        return [Note(int(self.lines.number[i]), "", (self.lines.text(int(i)),)) for i in rows]

    def unfit_rows(self, unfit: list[int]) -> list[Rejected]:
        lines = [(int(self.lines.number[i]), self.lines.text(i)) for i in unfit]
        return [
            Rejected(number, "", "", {"line": line}, REASONS["columns"], "columns")
            for number, line in lines
            if line.strip(SEPARATORS)
        ]

    def rejected_rows(self) -> list[Rejected]:
        rejected = []
        for i in np.flatnonzero((self.problem != "") & self.used):
            line = int(self.index[i])
            raw = raw_fields(self.head.columns, self.lines.text(line), self.head.delimiter)
            code = self.problem[i]
            number = int(self.lines.number[line])
            rejected.append(Rejected(number, "", self.column[i][:NAME_LIMIT], raw, REASONS[code], code))
        return rejected

    def sightings(self) -> SightingTable:
        confidences, confidence_of = self.by_value("confidence", confidence_word)
        versions, version_of = self.by_value("version", lambda value: compact(value).upper()[:TEXT_LIMIT])
        static = self._number("type") if "type" in self.head.fields else np.full(self.size, np.nan)
        sound = np.flatnonzero((self.problem == "") & self.used)
        size = len(sound)
        every = size == self.size

        def pick(column: Any) -> Any:
            """The sound rows of one column at a time: a second copy of the whole table would be the peak of an import."""
            if every:
                return column
            return column[sound] if isinstance(column, np.ndarray) else column.take(pa.array(sound))

        rows = pick(self.index)
        return SightingTable(
            header=self.head.columns,
            delimiter=self.head.delimiter,
            row_no=self.lines.number[rows],
            sheet=np.full(size, "", dtype=object),
            satellite=pick(self.satellite),
            instrument=pick(self.instrument),
            starts_at=pick(self.at),
            ends_at=pick(self.at),
            precision=np.full(size, INSTANT, dtype=object),
            lon=pick(self.lon),
            lat=pick(self.lat),
            scan_km=pick(self._size("scan")),
            track_km=pick(self._size("track")),
            frp_mw=pick(self._optional("frp")),
            confidence=confidences[pick(confidence_of)],
            version=versions[pick(version_of)],
            static_type=pick(np.where(np.isin(static, (0, 1, 2, 3)), static, -1).astype(np.int64)),
            lon_given=clipped(pick(self.text("longitude"))),
            lat_given=clipped(pick(self.text("latitude"))),
            raw_line=self.lines.at(rows),
        )

    def _optional(self, field: str) -> Floats:
        return self._number(field) if field in self.head.fields else np.full(self.size, np.nan)

    def _size(self, field: str) -> Floats:
        """Pixel size in km; what no pixel can be (0, 99) is unknown, and the footprint becomes the nominal one."""
        size = self._optional(field)
        return np.where((size > 0) & (size <= 20), size, np.nan)


def with_decimal_commas(texts: Any) -> bool:
    """Whether numbers have a comma for their point (an Excel of the continent): one of them has, and none has a point."""
    if not pc.any(pc.match_substring(texts, ",")).as_py():
        return False
    written = texts.filter(pc.not_equal(pc.utf8_trim_whitespace(texts), ""))
    return bool(pc.all(pc.match_substring_regex(written, r"^\s*[+-]?\d{1,3}(,\d+)?\s*$")).as_py())


def clipped(texts: Any) -> Any:
    """Numbers as given, at most GIVEN_LIMIT characters (the raw row keeps the rest)."""
    longest = pc.max(pc.utf8_length(texts)).as_py() or 0
    return pc.utf8_slice_codeunits(texts, 0, GIVEN_LIMIT) if longest > GIVEN_LIMIT else texts


def confidence_word(value: str) -> str:
    """low / nominal / high for VIIRS, the number 0–100 for MODIS; the two scales are not comparable."""
    text = compact(value).upper()
    if text in CONFIDENCE:
        return CONFIDENCE[text]
    return re.sub(r"\.0+$", "", text)[:TEXT_LIMIT]
