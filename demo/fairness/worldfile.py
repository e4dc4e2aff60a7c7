"""A world's folder as the judge reads it (docs/simulation.md). Times aware, places WGS-84 lon/lat."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from core.errors import BadInput
from grids.geo.footprint import footprint

FORMAT = "jinshao-world/1"


@dataclass(frozen=True, slots=True)
class File:
    """A file that arrives at a time; `issuer`, `period` and `list_no` belong to an official list."""

    path: Path
    name: str
    source: str
    arrives: datetime
    issuer: str = ""
    period: str = ""
    list_no: str = ""
    datum: str | None = None


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

    @property
    def county(self) -> str:
        """The county in which most of it burnt, and which should pay for it."""
        return next(iter(self.counties))


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file with the truth behind it: `main` is the fire or works that it shows, else a name of its own."""

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

    def area(self) -> BaseGeometry:
        """The area in which its fire must have been, by what the world really did to the row."""
        scan_km, track_km, heading_deg, error_m = self.pixel
        return footprint(self.lon, self.lat, scan_km, track_km, heading_deg, error_m)


@dataclass(frozen=True)
class World:
    """Files, script and truth."""

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

    def rows_of(self, file: str) -> Iterator[Row]:
        """The rows of one file."""
        return (row for row in self.rows.values() if row.file == file)

    @cached_property
    def reported(self) -> frozenset[str]:
        """The straw fires that a readable row of a chargeable source shows."""
        reported_fires = {row.main for row in self.rows.values() if row.charges and row.readable}
        return frozenset(name for name, fire in self.fires.items() if fire.straw and name in reported_fires)

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
        if manifest.get("format") != FORMAT:
            raise BadInput(f"应为 {FORMAT}，却是 {manifest.get('format')!r}", where="world.json")
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
        )
    except OSError as error:
        raise BadInput(f"读不了：{error.strerror}", where=str(error.filename or folder)) from error
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"不是本格式的模拟世界（{error}），见 docs/simulation.md", where=str(folder)) from error


def _file(folder: Path, fields: Mapping[str, Any]) -> File:
    return File(
        folder / fields["name"],
        fields["name"],
        fields["source"],
        datetime.fromisoformat(fields["arrives"]),
        fields.get("issuer", ""),
        fields.get("period", ""),
        fields.get("list_no", ""),
        fields.get("datum"),
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
    )
