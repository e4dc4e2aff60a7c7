"""The condition on sightings in a box, by the index of their cells: a history of millions lies around every one of them."""

import math
from collections.abc import Iterable

from django.db.models import F, Func, IntegerField, Q
from django.db.models.lookups import In

from firepoints.models.imports import PER_DEGREE, place_cell

MOST_CELLS = 4000
"""A box of more cells is a good part of the city: its rows are found by their time."""


def in_box(lons: Iterable[float], lats: Iterable[float], degrees: float, path: str = "") -> Q:
    """Sightings within `degrees` of the box around some positions; `path` leads to the sighting (`detection__`)."""
    west, east = _widened(lons, degrees)
    south, north = _widened(lats, degrees)
    inside = Q(**{f"{path}lon__range": (west, east), f"{path}lat__range": (south, north)})
    columns, rows = _cells(west, east), _cells(south, north)
    if len(columns) * len(rows) > MOST_CELLS:
        return inside
    return inside & Q(In(_cell(f"{path}lat"), rows)) & Q(In(_cell(f"{path}lon"), columns))


def _widened(values: Iterable[float], degrees: float) -> tuple[float, float]:
    listed = list(values)
    return min(listed) - degrees, max(listed) + degrees


def _cells(low: float, high: float) -> list[int]:
    """The cells from one edge to the other: one more on each side, as databases round or cut off."""
    return list(range(math.floor(low * PER_DEGREE), math.ceil(high * PER_DEGREE) + 1))


def _cell(name: str) -> Func:
    return place_cell(F(name), output_field=IntegerField())
