"""The map of a preview as shapes of an SVG: the counties with their names, every position of the file, and how many lie outside
the picture. No tiles and no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians

import shapely

from firepoints.sightings.importing.results import PlacedRow
from grids import locating
from grids.selectors import cell_names, edition_now

WIDTH, MOST_HEIGHT, MARGIN = 640.0, 520.0, 12.0
AROUND = 0.15  # of the width of the counties: what lies that near is in the picture
COARSE = 0.002  # degrees by which a border may be drawn off
MOST_DRAWN = 1000

Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Dot:
    """A position in the units of the view box: `is_kept` where its row would be written."""

    x: float
    y: float
    is_kept: bool


@dataclass(frozen=True, slots=True)
class PreviewMap:
    """The outlines (points of SVG polygons), the names of counties with their places, the dots, and how many positions are
    not drawn because they lie beyond the picture (`beyond`) or are too many (`more`)."""

    width: float
    height: float
    outlines: Sequence[str]
    names: Sequence[tuple[str, float, float]]
    dots: Sequence[Dot]
    outside: int
    beyond: int
    more: int


def map_of(rows: Sequence[PlacedRow]) -> PreviewMap | None:
    """The map of the rows of a file; None where there are none, or no boundaries."""
    edition = edition_now()
    if edition is None or not rows:
        return None
    index = locating.index_for(edition)
    counties = list(index.locators["county"].geometries)
    frame = _Frame.around(counties)
    codes = [str(code) for code in index.locators["county"].codes]
    names = cell_names(edition, codes)
    drawn = [row for row in rows if frame.holds(row.lon, row.lat)]
    places = {code: shapely.point_on_surface(county) for code, county in zip(codes, counties, strict=True)}
    return PreviewMap(
        WIDTH,
        round(frame.height, 1),
        [outline for county in counties for outline in frame.outlines(county)],
        [(names.get(code, code), *frame.place(at.x, at.y)) for code, at in places.items() if not at.is_empty],
        [Dot(*frame.place(row.lon, row.lat), row.outcome == "kept") for row in drawn[:MOST_DRAWN]],
        outside=sum(row.outcome == "outside" for row in rows),
        beyond=len(rows) - len(drawn),
        more=max(len(drawn) - MOST_DRAWN, 0),
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    """Degrees fitted into the view box, a degree of longitude shortened as it is at this latitude."""

    west: float
    south: float
    east: float
    north: float
    per_degree: float
    narrow: float

    @classmethod
    def around(cls, counties: Sequence[shapely.Geometry]) -> _Frame:
        west, south, east, north = (float(side) for side in shapely.total_bounds(counties))
        margin = AROUND * (east - west)
        west, south, east, north = west - margin, south - margin, east + margin, north + margin
        narrow = cos(radians((south + north) / 2))
        per_degree = min((WIDTH - 2 * MARGIN) / ((east - west) * narrow), (MOST_HEIGHT - 2 * MARGIN) / (north - south))
        return cls(west, south, east, north, per_degree, narrow)

    @property
    def height(self) -> float:
        return (self.north - self.south) * self.per_degree + 2 * MARGIN

    def holds(self, lon: float, lat: float) -> bool:
        return self.west <= lon <= self.east and self.south <= lat <= self.north

    def place(self, lon: float, lat: float) -> Pair:
        middle = (WIDTH - (self.east - self.west) * self.narrow * self.per_degree) / 2
        x = middle + (lon - self.west) * self.narrow * self.per_degree
        return round(x, 1), round(MARGIN + (self.north - lat) * self.per_degree, 1)

    def outlines(self, county: shapely.Geometry) -> list[str]:
        parts = shapely.get_parts(shapely.simplify(county, COARSE))
        rings = [shapely.get_coordinates(shapely.get_exterior_ring(part)).tolist() for part in parts]
        return [" ".join("{:.1f},{:.1f}".format(*self.place(x, y)) for x, y in ring) for ring in rings if ring]
