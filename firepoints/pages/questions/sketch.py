"""A small map of one or two sites as shapes of an SVG: areas with their positions, a line between the nearest centres, a
scale. No tiles and no script, so it stands in print and without either."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from firepoints.models import Detection
from firepoints.sightings import footprints
from grids.geo.arrays import FloatArray
from grids.geo.footprint import local_xy

WIDTH, HEIGHT, MARGIN = 640.0, 300.0, 34.0
SCALES_M = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)


@dataclass(frozen=True, slots=True)
class Shape:
    """One area: `side` a or b, `points` of its outline for a polygon of SVG, and the position within it."""

    side: str
    points: str
    x: float
    y: float
    is_lead: bool


@dataclass(frozen=True, slots=True)
class Sketch:
    """The shapes in the units of the view box, metres of the scale bar with its length, and the line between the centres."""

    width: float
    height: float
    shapes: Sequence[Shape]
    scale_m: int
    scale_length: float
    line: tuple[float, float, float, float] | None = None
    names: Sequence[tuple[str, float, float, str]] = ()


def sketch_of(sides: Sequence[tuple[str, Sequence[Detection]]]) -> Sketch | None:
    """The sketch of named sides, the first drawn as a; None where nothing is to be drawn."""
    rows = [(at, row) for at, (_, detections) in enumerate(sides) for row in detections]
    if not rows:
        return None
    first = rows[0][1]

    def to_local(degrees: FloatArray) -> FloatArray:
        return np.column_stack(local_xy(degrees[:, 0], degrees[:, 1], first.lon, first.lat))

    areas = [shapely.transform(footprints.footprint_of(row), to_local) for _, row in rows]
    centres = to_local(np.array([[row.lon, row.lat] for _, row in rows]))
    frame = _Frame.around(areas)
    shapes = [
        Shape("ab"[min(at, 1)], frame.outline(area), *frame.place(*centre), is_lead=row.source.source_class == "lead")
        for (at, row), area, centre in zip(rows, areas, centres.tolist(), strict=True)
    ]
    scale_m = max((m for m in SCALES_M if m * frame.per_m <= WIDTH / 3), default=SCALES_M[0])
    return Sketch(WIDTH, HEIGHT, shapes, scale_m, scale_m * frame.per_m, _line(shapes), _names(sides, shapes))


def _line(shapes: Sequence[Shape]) -> tuple[float, float, float, float] | None:
    """The line between the two centres of different sides that come nearest."""
    pairs = [(a, b) for a in shapes if a.side == "a" for b in shapes if b.side == "b"]
    if not pairs:
        return None
    a, b = min(pairs, key=lambda pair: np.hypot(pair[0].x - pair[1].x, pair[0].y - pair[1].y))
    return a.x, a.y, b.x, b.y


def _names(
    sides: Sequence[tuple[str, Sequence[Detection]]], shapes: Sequence[Shape]
) -> list[tuple[str, float, float, str]]:
    """The name of each side beside its first position, the second below, so that the two do not lie on each other."""
    names = []
    for at, (name, detections) in enumerate(sides):
        side = "ab"[min(at, 1)]
        if detections:
            shape = next(shape for shape in shapes if shape.side == side)
            x = min(max(shape.x, MARGIN), WIDTH - 160)
            names.append((name, x + 8, shape.y + (-10 if side == "a" else 22), side))
    return names


@dataclass(frozen=True, slots=True)
class _Frame:
    """The metric plane fitted into the view box."""

    west: float
    north: float
    per_m: float
    left: float
    top: float

    @classmethod
    def around(cls, areas: Sequence[BaseGeometry]) -> "_Frame":
        west, south, east, north = shapely.total_bounds(np.array(areas, dtype=object)).tolist()
        wide, high = max(east - west, 1.0), max(north - south, 1.0)
        per_m = min((WIDTH - 2 * MARGIN) / wide, (HEIGHT - 2 * MARGIN) / high)
        return cls(west, north, per_m, (WIDTH - wide * per_m) / 2, (HEIGHT - high * per_m) / 2)

    def place(self, x_m: float, y_m: float) -> tuple[float, float]:
        x = self.left + (x_m - self.west) * self.per_m
        y = self.top + (self.north - y_m) * self.per_m
        return round(x, 1), round(y, 1)

    def outline(self, area: BaseGeometry) -> str:
        ring = shapely.get_coordinates(shapely.get_exterior_ring(area))
        return " ".join("{:.1f},{:.1f}".format(*self.place(*xy)) for xy in ring.tolist())
