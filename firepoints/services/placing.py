"""Which cell each sighting's centre lies in, by the edition of its own Beijing date, a file at a time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt
import shapely

from firepoints.sources.table import SightingTable
from grids.geo.datum import to_wgs84
from grids.geo.edition_index import EditionIndex
from grids.geo.footprint import NOMINAL_RADIUS_M, footprints
from grids.geo.sensors import heading_for, sensor_error_m
from grids.models import Edition
from grids.selectors import edition_for
from grids.services import locating
from journal.errors import Refused

BEIJING_S = 8 * 3600
DAY_S = 86400
EPOCH_DAY = date(1970, 1, 1).toordinal()
NEAR_DEGREES = 0.08  # a little over what any pixel reaches: 5 km at this latitude and far beyond

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Places:
    """In step with the table: WGS-84 degrees, days since 1970-01-01 of the Beijing date, edition id, county and leaf
    code ("" outside), and whether a centre outside has a footprint that reaches in."""

    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
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
    days = (table.starts_at + BEIJING_S) // DAY_S
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


def _by_edition(days: Ints) -> list[tuple[Edition, Ints]]:
    """Each edition with the rows whose Beijing date it rules."""
    found, at = np.unique(days, return_inverse=True)
    editions = [_edition(date.fromordinal(int(day) + EPOCH_DAY)) for day in found.tolist()]
    by_id = {edition.pk: edition for edition in editions}
    of_row = np.array([edition.pk for edition in editions], dtype=np.int64)[at] if len(found) else days
    return [(edition, np.flatnonzero(of_row == pk)) for pk, edition in by_id.items()]


def _edition(day: date) -> Edition:
    edition, _ = edition_for(day)
    if edition is None:
        raise Refused("还没有启用的边界版本：先 grid import，再 grid activate", code="no_edition")
    return edition


def _located(
    index: EditionIndex, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]
) -> tuple[Bools, npt.NDArray[np.str_], npt.NDArray[np.str_]]:
    """Which rows lie in a county; of these the county's and the leaf's code. Most rows of a province lie in none."""
    inside = index.locators["county"].locate(lon, lat) >= 0
    chain = index.locate_chain(lon[inside], lat[inside])
    deepest = chain.county
    for level in (chain.township, chain.village, chain.group):
        deepest = np.where(level != "", level, deepest)
    return inside, chain.county, deepest


def _filled(codes: npt.NDArray[np.str_], rows: Ints, found: npt.NDArray[np.str_]) -> npt.NDArray[np.str_]:
    wide = codes.astype(np.promote_types(codes.dtype, found.dtype), copy=False)
    wide = wide.copy() if wide is codes else wide
    wide[rows] = found
    return wide


def _reaching_in(
    index: EditionIndex,
    table: SightingTable,
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    rows: Ints,
) -> Ints:
    """Of rows outside every county, those whose footprint meets one. Only what is near is measured, and only what the
    distance leaves open is drawn."""
    west, south, east, north = shapely.total_bounds(index.locators["county"].geometries).tolist()
    x, y = lon[rows], lat[rows]
    rows = rows[
        (x > west - NEAR_DEGREES) & (x < east + NEAR_DEGREES) & (y > south - NEAR_DEGREES) & (y < north + NEAR_DEGREES)
    ]
    if not rows.size:
        return rows
    inner, outer = _reach_m(table, rows)
    distance = index.border_distance_m(lon[rows], lat[rows])
    open_ = rows[(distance < outer) & (distance >= inner * 0.98)]
    drawn = footprints_of(table, lon, lat, open_)
    met = [bool(index.touching_counties(shape)) for shape in drawn]
    return np.concatenate((rows[distance < inner * 0.98], open_[np.array(met, dtype=bool)])).astype(np.int64)


def _reach_m(table: SightingTable, rows: Ints) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Radii in metres of a disc within the footprint of each row and of one around it."""
    satellites = table.satellite[rows]
    error_of = {name: sensor_error_m(name) for name in set(satellites.tolist())}
    error = np.array([error_of[name] for name in satellites.tolist()], dtype=np.float64)
    scan, track = table.scan_km[rows] * 500.0, table.track_km[rows] * 500.0
    nominal = np.isnan(scan) | np.isnan(track)
    inner = np.where(nominal, NOMINAL_RADIUS_M, np.minimum(scan, track) + error)
    return inner, np.where(nominal, NOMINAL_RADIUS_M, np.hypot(scan, track) + error) * 1.02


def footprints_of(table: SightingTable, lon, lat, rows):  # type: ignore[no-untyped-def]
    """Footprint polygons (WGS-84) of some rows of a table; `rows` are positions."""
    if len(rows) == 0:
        return []
    headings, errors = [], []
    for row in rows:
        hour = ((int(table.starts_at[row]) + BEIJING_S) % DAY_S) / 3600
        known = heading_for(table.satellite[row], hour, float(lat[row])) if table.precision[row] == "instant" else None
        headings.append(np.nan if known is None else known)
        errors.append(sensor_error_m(table.satellite[row]))
    return footprints(
        lon[rows], lat[rows], table.scan_km[rows], table.track_km[rows], np.array(headings), np.array(errors)
    )


def moment(seconds: int) -> datetime:
    """Aware UTC datetime of whole seconds since 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(seconds))
