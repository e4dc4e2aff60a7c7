"""The answer of an import to command, page and API: what it did, or in a dry run would do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from firepoints.models import ImportRun
from firepoints.sightings.readers.base import Doubt, Rejected

Progress = Callable[[str, int, int], None]
COUNTED = ("rows", "kept", "identical", "superseded", "quarantined", "outside", "notes")
UNSURE = "unsure_pairs"
"""The name of that count in the options of a run; without it there is none."""


@dataclass(frozen=True, slots=True)
class Look:
    """One row as a preview shows it: what would become of it and where it lies. WGS-84 degrees, UTC, codes "" outside.

    `time_given`, `lon_given`, `lat_given`: the cells of the file as they stand.
    """

    row_no: int
    sheet: str
    outcome: str
    starts_at: datetime
    ends_at: datetime
    precision: str
    satellite: str
    lon: float
    lat: float
    county_code: str
    leaf_code: str
    stated_county: str
    replaces: bool
    stated_place: str = ""
    time_given: str = ""
    lon_given: str = ""
    lat_given: str = ""


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """One row of a dry run with what grouping and a map need. WGS-84 degrees, UTC; `day` is the Beijing date of the row."""

    lon: float
    lat: float
    starts_at: datetime
    ends_at: datetime
    precision: str
    satellite: str
    kind: str
    scan_km: float | None
    track_km: float | None
    accuracy_m: float | None
    day: date
    outcome: str


@dataclass(frozen=True, slots=True)
class Import:
    """The counts of a run; `run` is None for a dry run. The five outcomes add up to `rows` once the run is committed.

    A dry run also says which rows were rejected, how the file was read (`meta` of its parser), shows some rows, and
    gives the doubt about the declared datum with its figures, the doubts that must be answered, the remarks,
    the rows with their places (of a file that is not too large), and the lines above the first row. `unsure_pairs`: rows that
    may be the pixel of another one in force or in the file, in another state of processing; both stay.
    """

    run: ImportRun | None
    rows: int
    kept: int
    identical: int
    superseded: int
    quarantined: int
    outside: int
    notes: int
    counties: dict[str, int]
    points: int = 0
    rejected: tuple[Rejected, ...] = ()
    looks: tuple[Look, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    doubt: str = ""
    doubts: tuple[Doubt, ...] = ()
    remarks: tuple[str, ...] = ()
    placed: tuple[PlacedRow, ...] = ()
    titles: tuple[str, ...] = ()
    unsure_pairs: int = 0

    def as_json(self) -> dict[str, Any]:
        """The run and its counts in the shape of the command contract."""
        counts = {name: getattr(self, name) for name in COUNTED}
        run = str(self.run.uuid) if self.run else None
        unsure = {UNSURE: self.unsure_pairs} if self.unsure_pairs else {}
        return {"run": run, **counts, **unsure, "counties": self.counties, "points": self.points}


def result_of(run: ImportRun) -> Import:
    """The answer for a run as it stands; read the row anew first."""
    counts = {name: getattr(run, name) for name in COUNTED}
    unsure = int(run.options.get(UNSURE, 0))
    return Import(run=run, **counts, counties=dict(run.counties), points=run.points, unsure_pairs=unsure)
