"""The pixels of a list that are given to a township or a village, not to a place of their own: their row says so, or it
gives a date alone and lies at its very centre. How far from there the fire may be is the place's own size."""

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely

from firepoints.sightings.importing.placing import Places
from firepoints.sightings.readers.base import INSTANT, SATELLITE, Sighting
from grids import locating
from grids.geo.edition_index import EditionIndex
from grids.geo.footprint import distance_m
from grids.models import Edition

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
CENTRE_M = 60.0
"""Nearer than this to a cell's centroid a position is the cell's; a fire lies there once in a thousand."""
STATED = {
    "village": re.compile("以(行政)?村(委会|中心|位置)*计|按村|村(委会|中心)(位置|坐标|代)"),
    "township": re.compile("以乡镇?(街道)?(政府|中心|驻地|位置)*计|按乡镇|乡镇(政府|中心|驻地)"),
}


def around_m(sightings: Sequence[Sighting], places: Places, rows: Ints) -> Floats:
    """Metres around each of these rows in which its fire may be, where it is given to a place; NaN for the others, and for what was
    found on site."""
    around = np.full(len(rows), np.nan)
    pixel = np.array([sightings[i].kind == SATELLITE for i in rows.tolist()], dtype=bool)
    near = pixel & (places.county[rows] != "")
    for pk in np.unique(places.edition[rows[near]]).tolist():
        at = np.flatnonzero(near & (places.edition[rows] == pk))
        index = locating.index_for(Edition.objects.get(pk=pk))
        around[at] = _of_edition(index, [sightings[i] for i in rows[at].tolist()], places, rows[at])
    return around


def _of_edition(index: EditionIndex, sightings: Sequence[Sighting], places: Places, rows: Ints) -> Floats:
    lon, lat = places.lon[rows], places.lat[rows]
    positions = index.locate_places(lon, lat).positions
    around = np.full(len(rows), np.nan)
    for level in (level for level in STATED if level in index.locators):
        cells, stated = index.locators[level].geometries, STATED[level]
        for k in np.flatnonzero(positions[level] >= 0).tolist():
            cell = cells[int(positions[level][k])]
            centre = shapely.centroid(cell)
            is_stated = stated.search(f"{sightings[k].note} {sightings[k].stated_place}") is not None
            # A row that names its pass has a pixel of its own; lists made up by place give a date alone.
            is_centre = sightings[k].precision != INSTANT and _metres(lon[k], lat[k], centre) <= CENTRE_M
            if is_stated or is_centre:
                corners = shapely.get_coordinates(shapely.convex_hull(cell))
                around[k] = float(np.max(distance_m(lon[k], lat[k], corners[:, 0], corners[:, 1])))
    return around


def _metres(lon: float, lat: float, centre: shapely.Point) -> float:
    return float(distance_m(lon, lat, centre.x, centre.y))
