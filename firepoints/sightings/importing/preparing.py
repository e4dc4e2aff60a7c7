"""From a parsed file to what would be stored: where each row lies, what it is, under which key. Nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from firepoints.models import OUTCOME_OF, Detection, ImportRun, OutcomeCode, RawRow, Source
from firepoints.sightings.importing import pairing, placing, reading
from firepoints.sightings.importing import verdicts as judging
from firepoints.sightings.importing.memory import give_back
from firepoints.sightings.importing.placing import Places
from firepoints.sightings.importing.reading import Keys, ListName
from firepoints.sightings.importing.results import Import, Look, PlacedRow
from firepoints.sightings.importing.verdicts import NONE, Verdicts
from firepoints.sightings.readers.as_stands import time_cells
from firepoints.sightings.readers.base import ParseResult
from firepoints.sightings.readers.keys import SAME_NUMBER_M
from firepoints.sightings.readers.table import SightingTable, table_of
from grids.geo.footprint import distance_m

ROWS_ONE_BY_ONE = 5000  # a file up to this has a RawRow for each row; a larger table of lines is packed
MOST_PLACED = 2000  # rows of a dry run that are drawn and grouped ahead
MOST_TITLES = 10
LOOKS = 20  # rows of each outcome that a dry run shows

Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Prepared:
    """A parsed file, from row `begin` on (what comes before is stored already).

    `keyed`: positions in the table of the rows that have a key; `keys` and `verdicts` are in step with it. Of a packed
    file a row far outside has none: it is outside whenever it comes again, and its chunk keeps it (ADR 0005).
    `outcome` is in step with the whole table; `unsure` rows may be the pixel of another one, in another state of processing.
    """

    result: ParseResult
    table: SightingTable
    places: Places
    keyed: Ints
    keys: Keys
    verdicts: Verdicts
    outcome: npt.NDArray[np.uint8]
    is_packed: bool
    begin: int
    unsure: int = 0

    def judged(self, start: int, stop: int) -> slice:
        """The part of the keyed rows that lies in rows [start, stop) of the table."""
        low, high = np.searchsorted(self.keyed, (start, stop))
        return slice(int(low), int(high))


def prepare(
    result: ParseResult, *, source: Source, name: ListName, datum: str, supersedes: ImportRun | None, begin: int = 0
) -> Prepared:
    """Locate and judge. Raises Refused when no boundary edition is active."""
    table = table_of(result)
    places = placing.place(table, datum=datum)
    is_packed = len(table) > ROWS_ONE_BY_ONE and table.rest is None and source.parser in reading.BY_SATELLITE
    keyed = np.flatnonzero(places.inside | places.edge) if is_packed else np.arange(len(table), dtype=np.int64)
    keyed = keyed[keyed >= begin]
    rows = None if len(keyed) == len(table) else keyed
    keys = reading.keys_of(table, source=source, name=name, generation=generation_of(supersedes), rows=rows)
    give_back(len(table))  # what reading and the keys have left behind
    live = judging.live_rows(keys, table.starts_at[keyed])
    in_force, unsure = judging.standing_for(keys, live), 0
    if keys.has_time:
        keys, in_force, unsure = pairing.with_pairs(keys, in_force, live, table, keyed)
    del live
    verdicts = judging.judge(keys, places.inside[keyed], in_force)
    if keys.is_numbered:
        _part_far_rows(verdicts, places, keyed)
    keys = keys.to_store()
    outcome = np.full(len(table), OutcomeCode.OUTSIDE, dtype=np.uint8)
    outcome[keyed] = verdicts.outcome
    return Prepared(result, table, places, keyed, keys, verdicts, outcome, is_packed, begin, unsure)


def _part_far_rows(verdicts: Verdicts, places: Places, keyed: Ints) -> None:
    """Let no row of a corrected list replace one kilometres away that had its number: the one is gone, the other new."""
    rows = np.flatnonzero(verdicts.replaces != NONE)
    replaced = Detection.objects.in_bulk(verdicts.replaces[rows].tolist())
    for row in rows.tolist():
        older = replaced.get(int(verdicts.replaces[row]))
        at = keyed[row]
        if older and distance_m(older.lon, older.lat, places.lon[at], places.lat[at]) > SAME_NUMBER_M:
            verdicts.replaces[row] = NONE


def generation_of(run: ImportRun | None) -> int:
    """How often this list has been corrected, this time included; 0 for a first list."""
    count = 0
    while run is not None:
        count, run = count + 1, run.supersedes
    return count


def counts_of(outcome: npt.NDArray[np.uint8]) -> dict[str, int]:
    """outcome → number of rows, the five of them."""
    counts = np.bincount(outcome, minlength=len(OutcomeCode)).tolist()
    return {str(OUTCOME_OF[code]): counts[code] for code in OutcomeCode}


def counties_of(prepared: Prepared, start: int, stop: int) -> dict[str, int]:
    """County code → rows kept, of rows [start, stop)."""
    is_kept = prepared.outcome[start:stop] == OutcomeCode.KEPT
    codes, numbers = np.unique(prepared.places.county[start:stop][is_kept], return_counts=True)
    return dict(zip(codes.tolist(), numbers.tolist(), strict=True))


def preview_of(prepared: Prepared, doubt: str = "") -> Import:
    """The answer of a dry run."""
    result, counts = prepared.result, counts_of(prepared.outcome)
    quarantined = counts.pop(str(RawRow.Outcome.QUARANTINED)) + len(result.rejected)
    return Import(
        run=None,
        rows=result.rows,
        quarantined=quarantined,
        notes=len(result.notes),
        counties=counties_of(prepared, 0, len(prepared.table)),
        rejected=tuple(result.rejected),
        looks=looks_of(prepared),
        meta=result.meta,
        doubt=doubt,
        doubts=tuple(result.doubts),
        remarks=tuple(result.remarks),
        placed=placed_of(prepared),
        titles=titles_of(result),
        unsure_pairs=prepared.unsure,
        **counts,
    )


def looks_of(prepared: Prepared) -> tuple[Look, ...]:
    """The first rows of each outcome."""
    table, places = prepared.table, prepared.places
    first = [np.flatnonzero(prepared.outcome == code)[:LOOKS] for code in OutcomeCode]
    replaced = set(prepared.keyed[prepared.verdicts.replaces != NONE].tolist())
    reading_of = prepared.result.meta.get("reading", {})
    looks: list[Look] = []
    for i in sorted(int(row) for rows in first for row in rows):
        row: Any = table[i]
        looks.append(
            Look(row.row_no, row.sheet, str(OUTCOME_OF[prepared.outcome[i]]), row.starts_at, row.ends_at, row.precision, row.satellite,
                 float(places.lon[i]), float(places.lat[i]), str(places.county[i]), str(places.leaf[i]),
                 row.stated_county, i in replaced, row.stated_place, time_cells(row.raw, reading_of), row.lon_given, row.lat_given)
        )  # fmt: skip
    return tuple(looks)


def placed_of(prepared: Prepared) -> tuple[PlacedRow, ...]:
    """The rows with their places, of a file that is not larger than MOST_PLACED."""
    table, places = prepared.table, prepared.places
    if len(table) > MOST_PLACED:
        return ()
    return tuple(
        PlacedRow(float(places.lon[i]), float(places.lat[i]), row.starts_at, row.ends_at, row.precision, row.satellite,
                  row.kind, row.scan_km, row.track_km, row.accuracy_m,
                  date.fromordinal(int(places.day[i]) + placing.EPOCH_DAY), str(OUTCOME_OF[prepared.outcome[i]]))
        for i, row in enumerate(table)
    )  # fmt: skip


def titles_of(result: ParseResult) -> tuple[str, ...]:
    """The first lines above the rows of a list."""
    rows = [row.row_no for row in result.sightings[:1]] + [row.row_no for row in result.rejected[:1]]
    above = [note for note in result.notes[:MOST_TITLES] if not rows or note.row_no < min(rows)]
    return tuple(" ".join(part for part in note.raw if part.strip()) for note in above)
