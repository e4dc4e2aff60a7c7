"""The land of a world: cells of three levels as real outlines and invented borders below, and drawing places on it."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry

from grids.geo.footprint import from_local_xy, metres_per_degree
from grids.geo.outlines import county_outlines
from grids.geo.tiling import Cell, Named, tile_division

Place = tuple[float, float]
LEVELS = ("county", "township", "village")
EDGE_DEG = 0.012
"""Fires keep about 1.3 km inside the outer border, so that the world's truth is not cut by the edge of the map."""
SEED = 2105


@dataclass(frozen=True)
class Land:
    """Cells by level: (code, name, parent code, area in lon/lat degrees)."""

    cells: dict[str, list[Cell]]

    @classmethod
    def of(cls, divisions: Path) -> Land:
        """The land of a table of divisions (code, name, level, parent_code)."""
        with divisions.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        children: dict[str, list[Named]] = {}
        for row in rows:
            if row["level"] in LEVELS[1:]:
                children.setdefault(row["parent_code"], []).append((row["code"], row["name"]))
        counties = county_outlines(row["code"] for row in rows if row["level"] == LEVELS[0])
        tiled = tile_division(counties, children, lambda _: 0, SEED)
        return cls({level: tiled[level] for level in LEVELS})

    @cached_property
    def inner(self) -> BaseGeometry:
        """The area in which fires may lie: the whole without its rim."""
        return self.whole.buffer(-EDGE_DEG)

    @cached_property
    def whole(self) -> BaseGeometry:
        """All counties together."""
        return shapely.union_all([area for *_, area in self.cells["county"]])

    @cached_property
    def borders(self) -> list[BaseGeometry]:
        """Pieces of the borders between two counties, inside the rim."""
        areas = [area for *_, area in self.cells["county"]]
        shared = [a.boundary.intersection(b.boundary) for at, a in enumerate(areas) for b in areas[at + 1 :]]
        inside = shapely.line_merge(shapely.union_all(shared)).intersection(self.inner)
        return [line for line in shapely.get_parts(inside) if line.geom_type == "LineString" and line.length > 0]

    @cached_property
    def _trees(self) -> dict[str, shapely.STRtree]:
        return {level: shapely.STRtree([area for *_, area in rows]) for level, rows in self.cells.items()}

    def locate(self, lon: float, lat: float, level: str = "county") -> Cell | None:
        """The cell of a level at a place, None outside."""
        at = self._trees[level].query(shapely.Point(lon, lat), predicate="intersects")
        return min((self.cells[level][i] for i in at), default=None, key=lambda cell: cell[0])

    def shares(self, area: BaseGeometry, level: str = "county") -> dict[str, float]:
        """Share of an area in each cell of a level, the largest first."""
        at = self._trees[level].query(area, predicate="intersects")
        parts = {self.cells[level][i][0]: self.cells[level][i][3].intersection(area).area for i in at}
        total = sum(parts.values()) or 1.0
        ordered = sorted(parts.items(), key=lambda pair: (-pair[1], pair[0]))
        return {code: round(part / total, 6) for code, part in ordered if part > 0}

    def border_m(self, lon: float, lat: float) -> float:
        """Metres to the nearest border between two counties."""
        east, north = (float(metres) for metres in metres_per_degree(lat))
        around = shapely.Point(lon, lat).buffer(0.06)
        least = float("inf")
        for line in self.borders:
            near = line.intersection(around)
            if not near.is_empty:
                flat = shapely.transform(near, lambda xy: (xy - (lon, lat)) * (east, north))
                least = min(least, flat.distance(shapely.Point(0, 0)))
        return least

    def draw_inside(self, draw: random.Random) -> Place:
        """A place anywhere inside the rim."""
        west, south, east, north = self.inner.bounds
        while True:
            lon, lat = draw.uniform(west, east), draw.uniform(south, north)
            if shapely.contains_xy(self.inner, lon, lat):
                return lon, lat

    def draw_on_border(self, draw: random.Random, within_m: float) -> Place:
        """A place within so many metres of a border between two counties."""
        line = draw.choices(self.borders, weights=[border.length for border in self.borders])[0]
        on = shapely.line_interpolate_point(line, draw.random(), normalized=True)
        return moved((on.x, on.y), draw.uniform(-within_m, within_m) * 0.7, draw.uniform(-within_m, within_m) * 0.7)

    def draw_where(self, make: Callable[[], Place], fits: Callable[[Place], bool], tries: int = 3000) -> Place | None:
        """The first of `tries` places that fits and lies inside the rim, or None."""
        for _ in range(tries):
            place = make()
            if shapely.contains_xy(self.inner, *place) and fits(place):
                return place
        return None


def moved(place: Place, east_m: float, north_m: float) -> Place:
    """A place so many metres off."""
    lon, lat = from_local_xy(east_m, north_m, *place)
    return float(lon), float(lat)
