"""The cell in which each sighting's centre lies, by the edition of its own day (Beijing), a file at a time."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from core.errors import Refused
from firepoints.sightings.readers.table import SightingTable
from grids import locating
from grids.geo.arrays import geometry_array
from grids.geo.datum import to_wgs84
from grids.geo.edition_index import EditionIndex
from grids.geo.footprint import NOMINAL_RADIUS_M, footprints
from grids.geo.sensors import headings_for, sensor_error_m, sensor_errors_m
from grids.models import Edition
from grids.selectors import editions_of

BEIJING_S = 8 * 3600
DAY_S = 86400
EPOCH_DAY = date(1970, 1, 1).toordinal()
LEAST_DEGREE_M = 110_000.0  # of latitude; a degree of longitude is shorter by the cosine
COARSE = 0.0005  # degrees by which the outline that only sorts out what is far may be off

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Places:
    """In step with the table: WGS-84 degrees, days since 1970-01-01 of the row's own day, edition id, county and leaf
    code ("" outside), and whether a centre outside has a footprint that reaches in."""

    lon: Floats
    lat: Floats
    day: Ints
    edition: Ints
    county: npt.NDArray[np.str_]
    leaf: npt.NDArray[np.str_]
    edge: Bools

    @property
    def inside(self) -> Bools:
        return np.asarray(self.county != "")


def place(table: SightingTable, *, datum: str) -> Places:
    """Undo the datum and locate every row. Raises Refused when no boundary edition is active."""
    lon, lat = to_wgs84(table.lon, table.lat, datum)
    days = own_days(table)
    ids = np.zeros(len(table), dtype=np.int64)
    county = leaf = np.zeros(len(table), dtype="<U1")
    edge = np.zeros(len(table), dtype=bool)
    for edition, rows in _by_edition(days):
        ids[rows] = edition.pk
        index = locating.index_for(edition)
        inside, codes, leaves = _located(index, lon[rows], lat[rows])
        county, leaf = _filled(county, rows[inside], codes), _filled(leaf, rows[inside], leaves)
        edge[_reaching_in(index, table, lon, lat, rows[~inside])] = True
    return Places(lon, lat, days, ids, county, leaf, edge)


def own_days(table: SightingTable) -> Ints:
    """Days since 1970-01-01: the day that a row states for itself; else the Beijing date of its instant, or the one that
    holds most of its interval (policy.md §2f)."""
    days: Ints = ((table.starts_at + table.ends_at) // 2 + BEIJING_S) // DAY_S
    for at, sighting in enumerate(table.rest or ()):
        if sighting.day is not None:
            days[at] = sighting.day.toordinal() - EPOCH_DAY
    return days


def _by_edition(days: Ints) -> list[tuple[Edition, Ints]]:
    """Each edition with the rows whose Beijing date it rules."""
    distinct_days, at = np.unique(days, return_inverse=True)
    ruling = editions_of([date.fromordinal(day + EPOCH_DAY) for day in distinct_days.tolist()])
    editions = [edition for edition in ruling if edition is not None]
    if len(editions) < len(distinct_days):
        raise Refused("还没有启用的边界版本：先 grid import，再 grid activate", code="no_edition")
    by_id = {edition.pk: edition for edition in editions}
    of_row = np.array([edition.pk for edition in editions], dtype=np.int64)[at] if len(distinct_days) else days
    return [(edition, np.flatnonzero(of_row == pk)) for pk, edition in by_id.items()]


def _located(index: EditionIndex, lon: Floats, lat: Floats) -> tuple[Bools, npt.NDArray[np.str_], npt.NDArray[np.str_]]:
    """A mask of the rows inside a county; of these the county's and the leaf's code. Most rows of a province lie in none."""
    positions = index.locate_places(lon, lat).positions
    inside = positions["county"] >= 0
    county = index.codes("county")[positions["county"][inside]]
    deepest = county
    for level in ("township", "village", "group"):
        codes = index.codes(level)[positions[level][inside]]
        deepest = np.where(positions[level][inside] >= 0, codes, deepest)
    return inside, county.astype(np.str_), deepest.astype(np.str_)


def _filled(codes: npt.NDArray[np.str_], rows: Ints, new_codes: npt.NDArray[np.str_]) -> npt.NDArray[np.str_]:
    wide = codes.astype(np.promote_types(codes.dtype, new_codes.dtype), copy=False)
    wide = wide.copy() if wide is codes else wide
    wide[rows] = new_codes
    return wide


def _reaching_in(
    index: EditionIndex,
    table: SightingTable,
    lon: Floats,
    lat: Floats,
    rows: Ints,
) -> Ints:
    """Of rows outside every county, those whose footprint meets one. Only what is near is drawn."""
    if not rows.size:
        return rows
    squeeze = max(float(np.cos(np.radians(np.abs(lat[rows]).max()))), 0.01)
    near = _surroundings(index, math.ceil(_most_m(table, rows) / LEAST_DEGREE_M / squeeze * 1000) / 1000)
    west, south, east, north = shapely.bounds(near).tolist()
    x, y = lon[rows], lat[rows]
    rows = rows[(x > west) & (x < east) & (y > south) & (y < north)]
    rows = rows[shapely.intersects_xy(near, lon[rows], lat[rows])]
    if not rows.size:
        return rows
    shapes = footprints_of(table, lon, lat, rows)
    met, _, _ = index.locators["county"].meeting(geometry_array(shapes))
    return rows[np.unique(met)]


@lru_cache(maxsize=16)
def _surroundings(index: EditionIndex, reach: float) -> shapely.Geometry:
    """All counties with `reach` degrees around them, coarsely: what lies outside of it reaches nothing."""
    outlines = shapely.simplify(index.locators["county"].geometries, COARSE)
    area = shapely.union_all(shapely.buffer(outlines, reach + 2 * COARSE, quad_segs=4))
    shapely.prepare(area)
    return area


def _most_m(table: SightingTable, rows: Ints) -> float:
    """Metres that no footprint of these rows exceeds from its centre."""
    error = max(sensor_error_m(name) for name in set(pc.unique(pa.array(table.satellite[rows])).to_pylist()))
    scan, track = (np.nanmax(np.append(size[rows], 0.0)) * 500.0 for size in (table.scan_km, table.track_km))
    return max(NOMINAL_RADIUS_M, float(np.hypot(scan, track)) + error) * 1.02


def footprints_of(table: SightingTable, lon: Floats, lat: Floats, rows: Ints) -> npt.NDArray[np.object_]:
    """Footprint polygons (WGS-84) of rows of a table; `lon`, `lat` of every row, `rows` are positions."""
    hours = ((table.starts_at[rows] + BEIJING_S) % DAY_S) / 3600
    satellites = table.satellite[rows].tolist()
    headings = headings_for(satellites, hours, lat[rows])
    headings[table.precision[rows] != "instant"] = np.nan
    errors = sensor_errors_m(satellites)
    return footprints(lon[rows], lat[rows], table.scan_km[rows], table.track_km[rows], headings, errors)


def moment(seconds: int) -> datetime:
    """Aware UTC datetime of whole seconds since 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(seconds))
