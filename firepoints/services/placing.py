"""Which cell each sighting's centre lies in, by the edition of its own Beijing date, a file at a time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt

from firepoints.sources.table import SightingTable
from grids.geo.datum import to_wgs84
from grids.geo.footprint import footprints
from grids.geo.sensors import heading_for, sensor_error_m
from grids.models import Edition
from grids.selectors import edition_for
from grids.services import locating
from journal.errors import Refused

BEIJING_S = 8 * 3600
DAY_S = 86400
_EPOCH_DAY = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Places:
    """In step with the table: WGS-84 degrees, Beijing date, edition, county and leaf code ("" outside), edge flag."""

    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    day: list[date]
    edition: list[Edition]
    county: npt.NDArray[np.str_]
    leaf: npt.NDArray[np.str_]
    edge: npt.NDArray[np.bool_]


def place(table: SightingTable, *, datum: str) -> Places:
    """Undo the datum and locate every row. Raises Refused when no boundary edition is active."""
    lon, lat = to_wgs84(table.lon, table.lat, datum)
    ordinals = (table.starts_at + BEIJING_S) // DAY_S + _EPOCH_DAY
    county = np.full(len(table), "", dtype="<U20")
    leaf = np.full(len(table), "", dtype="<U20")
    edge = np.zeros(len(table), dtype=bool)
    by_day = {int(n): _edition(date.fromordinal(int(n))) for n in np.unique(ordinals)}
    editions = [by_day[int(n)] for n in ordinals]
    ids = np.array([edition.pk for edition in editions], dtype=np.int64)
    for edition in {edition.pk: edition for edition in by_day.values()}.values():
        rows = np.flatnonzero(ids == edition.pk)
        index = locating.index_for(edition)
        chain = index.locate_chain(lon[rows], lat[rows])
        county[rows] = chain.county
        deepest = chain.county
        for level in (chain.township, chain.village, chain.group):
            deepest = np.where(level != "", level, deepest)
        leaf[rows] = deepest
        outside = rows[chain.county == ""]
        near = outside[index.border_distance_m(lon[outside], lat[outside]) < 3000.0] if outside.size else outside
        edge[near] = [bool(index.touching_counties(shape)) for shape in footprints_of(table, lon, lat, near)]
    days = [date.fromordinal(int(n)) for n in ordinals]
    return Places(lon, lat, days, editions, county, leaf, edge)


def _edition(day: date) -> Edition:
    edition, _ = edition_for(day)
    if edition is None:
        raise Refused("还没有启用的边界版本：先 grid import，再 grid activate", code="no_edition")
    return edition


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
