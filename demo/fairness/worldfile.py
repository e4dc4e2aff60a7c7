"""A world's folder as the judge reads it (docs/simulation.md), of either format. Times aware, places WGS-84 lon/lat."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from core.clock import BEIJING
from core.errors import BadInput
from grids.geo.footprint import footprint

FORMATS = {"jinshao-world/1": 1, "jinshao-world/2": 2}
CHARGED_FROM = date(2022, 9, 30)
"""The day from which a fire is charged, where the world names none (C12)."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that arrives at a time; `issuer`, `period` and `list_no` belong to an official list.

    `supersedes` names the earlier file that this list corrects. `again` names a file that comes once more with the same
    bytes, and whose rows of the truth are these too.
    """

    path: Path
    name: str
    source: str
    arrives: datetime
    issuer: str = ""
    period: str = ""
    list_no: str = ""
    datum: str | None = None
    supersedes: str = ""
    again: str = ""


@dataclass(frozen=True, slots=True)
class Fire:
    """One true act of burning; `counties` the share of the burnt area in each, the largest first."""

    id: str
    straw: bool
    starts: datetime
    lon: float
    lat: float
    counties: Mapping[str, float]
    village: str
    border_m: float
    ends: datetime | None = None
    area_mu: float = 0.0

    @property
    def county(self) -> str:
        """The county in which most of it burnt, and which should pay for it."""
        return next(iter(self.counties))


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file with the truth behind it: `main` is the fire or works that it shows, else a name of its own.

    `says`: from when to when the row itself puts it (a date alone: the whole day); None: at its minute. `family`: the name
    that its maker gives to rows of this sort, by which failures are counted.
    """

    id: str
    file: str
    line: int
    at: datetime
    lon: float
    lat: float
    main: str
    heat: Mapping[str, float]
    charges: bool
    readable: bool
    datum: str
    pixel: tuple[float, float, float | None, float]
    says: tuple[datetime, datetime] | None = None
    family: str = ""

    @property
    def interval(self) -> tuple[datetime, datetime]:
        """From when to when its fire may have burnt, by what the row says."""
        return self.says or (self.at, self.at)

    def area(self) -> BaseGeometry:
        """The area in which its fire must have been, by what the world really did to the row."""
        scan_km, track_km, heading_deg, error_m = self.pixel
        return footprint(self.lon, self.lat, scan_km, track_km, heading_deg, error_m)


@dataclass(frozen=True)
class World:
    """Files, script and truth. `version` of the format: 1 or 2; `denying`: the county that denies true fires, or ""."""

    folder: Path
    cells: Mapping[str, Path]
    datum: str
    counties: Mapping[str, str]
    files: tuple[File, ...]
    acts: tuple[Mapping[str, Any], ...]
    fires: Mapping[str, Fire]
    rows: Mapping[str, Row]
    heat: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    made_by: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1
    charged_from: date = CHARGED_FROM
    denying: str = ""

    def rows_of(self, file: str) -> Iterator[Row]:
        """The rows of one file."""
        return (row for row in self.rows.values() if row.file == file)

    @cached_property
    def reported(self) -> frozenset[str]:
        """The straw fires that a readable row of a chargeable source shows; in format 2 a row that stands at the end, and
        a fire that was lit since the rule."""
        rows = [row for row in self.rows.values() if row.charges and row.readable]
        names = {row.main for row in rows if self.version == 1 or row.file in self.standing}
        return frozenset(
            name for name, fire in self.fires.items()
            if fire.straw and name in names and (self.version == 1 or self._day(fire.starts) >= self.charged_from)
        )  # fmt: skip

    @cached_property
    def before_the_rule(self) -> frozenset[str]:
        """The straw fires whose every chargeable row is of a day before the rule: nobody pays for them."""
        last: dict[str, date] = {}
        for row in self.rows.values():
            if row.charges:
                last[row.main] = max(last.get(row.main, date.min), self._day(row.at))
        return frozenset(
            name for name, fire in self.fires.items() if fire.straw and last.get(name, date.max) < self.charged_from
        )

    @cached_property
    def standing(self) -> frozenset[str]:
        """The files whose rows are in force at the end: neither taken back for good nor corrected by a later one."""
        came = [(file.arrives, 0, file.again or file.name, True) for file in self.files]
        came += [
            (datetime.fromisoformat(act["at"]), 1, act["file"], False) for act in self.acts if act["do"] == "withdraw"
        ]
        state = {name: is_in_force for _, _, name, is_in_force in sorted(came)}
        corrected = {file.supersedes for file in self.files if file.supersedes and state[file.name]}
        return frozenset(name for name, is_in_force in state.items() if is_in_force and name not in corrected)

    @staticmethod
    def _day(at: datetime) -> date:
        return at.astimezone(BEIJING).date()

    @cached_property
    def county_areas(self) -> dict[str, BaseGeometry]:
        """Outlines of the counties by code."""
        read = json.loads(self.cells["county"].read_text(encoding="utf-8"))
        return {
            feature["properties"]["code"]: shapely.geometry.shape(feature["geometry"]) for feature in read["features"]
        }


def load(folder: Path) -> World:
    """Read a world's folder. Raises BadInput when something is missing or is not in the format."""
    try:
        manifest = json.loads((folder / "world.json").read_text(encoding="utf-8"))
        truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        script = (folder / "acts.jsonl").read_text(encoding="utf-8").splitlines()
        if manifest.get("format") not in FORMATS:
            raise BadInput(f"应为 {' 或 '.join(FORMATS)}，却是 {manifest.get('format')!r}", where="world.json")
        return World(
            folder=folder,
            cells={level: folder / name for level, name in manifest["cells"].items()},
            datum=manifest.get("datum", "wgs84"),
            counties=manifest["counties"],
            files=tuple(_file(folder, fields) for fields in manifest["files"]),
            acts=tuple(json.loads(line) for line in script if line.strip()),
            fires={fields["id"]: _fire(fields) for fields in truth["fires"]},
            rows={fields["id"]: _row(fields) for fields in truth["rows"]},
            heat={fields["id"]: (fields["lon"], fields["lat"]) for fields in truth.get("heat", ())},
            made_by=manifest.get("made_by", {}),
            version=FORMATS[manifest["format"]],
            denying=truth.get("denying", ""),
            charged_from=date.fromisoformat(manifest.get("charged_from", CHARGED_FROM.isoformat())),
        )
    except OSError as error:
        raise BadInput(f"读不了：{error.strerror}", where=str(error.filename or folder)) from error
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"不是本格式的模拟世界（{error}），见 docs/simulation.md", where=str(folder)) from error


def _file(folder: Path, fields: Mapping[str, Any]) -> File:
    return File(
        folder / (fields.get("again") or fields["name"]),
        fields["name"],
        fields["source"],
        datetime.fromisoformat(fields["arrives"]),
        fields.get("issuer", ""),
        fields.get("period", ""),
        fields.get("list_no", ""),
        fields.get("datum"),
        fields.get("supersedes", ""),
        fields.get("again", ""),
    )


def _fire(fields: Mapping[str, Any]) -> Fire:
    return Fire(
        fields["id"],
        bool(fields["straw"]),
        datetime.fromisoformat(fields["starts"]),
        fields["lon"],
        fields["lat"],
        fields["counties"],
        fields.get("village", ""),
        fields.get("border_m", 0.0),
        datetime.fromisoformat(fields["ends"]) if "ends" in fields else None,
        fields.get("area_mu", 0.0),
    )


def _row(fields: Mapping[str, Any]) -> Row:
    scan_km, track_km, heading_deg, error_m = fields["pixel"]
    return Row(
        fields["id"],
        fields["file"],
        fields["row"],
        datetime.fromisoformat(fields["at"]),
        fields["lon"],
        fields["lat"],
        fields["main"],
        fields.get("heat", {}),
        bool(fields["charges"]),
        fields.get("readable", True),
        fields.get("datum", "wgs84"),
        (scan_km, track_km, heading_deg, error_m),
        _interval(fields.get("says")),
        fields.get("family", ""),
    )


def _interval(says: Sequence[str] | None) -> tuple[datetime, datetime] | None:
    return (datetime.fromisoformat(says[0]), datetime.fromisoformat(says[1])) if says else None
