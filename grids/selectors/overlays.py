"""The overlays in force on a Beijing date, and the positions within them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import shapely
from django.db.models import Q, QuerySet

from grids.models import Overlay

Bounds = tuple[float, float, float, float]
"""West, south, east, north in degrees."""


@dataclass(frozen=True, slots=True)
class Area:
    """An overlay in force: its row's id, kind, name, basis and WGS-84 shape."""

    pk: int
    kind: str
    name: str
    document_no: str
    shape: shapely.Geometry


def overlays_in_force(on: date) -> QuerySet[Overlay]:
    """The accepted overlays of a Beijing date."""
    return Overlay.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=on), state=Overlay.State.ACCEPTED, valid_from__lte=on
    )


def overlays_touching(bounds: Bounds, on: date, kinds: Iterable[str] = ()) -> list[Area]:
    """The overlays of a date whose bounds meet these, by kind and name. One query; the caller tests the shapes."""
    west, south, east, north = bounds
    rows = overlays_in_force(on).filter(west__lte=east, east__gte=west, south__lte=north, north__gte=south)
    kind_codes = list(kinds)
    if kind_codes:
        rows = rows.filter(kind__in=kind_codes)
    return [
        Area(pk, kind, name, document_no, shapely.from_wkb(bytes(wkb)))
        for pk, kind, name, document_no, wkb in rows.order_by("kind", "name", "pk").values_list(
            "pk", "kind", "name", "document_no", "geometry"
        )
    ]


def within(lon: npt.ArrayLike, lat: npt.ArrayLike, *, on: date, kind: str) -> npt.NDArray[np.bool_]:
    """For each position (WGS-84 degrees) whether it lies in an overlay of that kind on a Beijing date; borders count as
    inside."""
    lons, lats = np.atleast_1d(np.asarray(lon, dtype=np.float64)), np.atleast_1d(np.asarray(lat, dtype=np.float64))
    inside = np.zeros(len(lons), dtype=np.bool_)
    if not len(lons):
        return inside
    bounds = (float(lons.min()), float(lats.min()), float(lons.max()), float(lats.max()))
    areas = overlays_touching(bounds, on, [kind])
    if areas:
        tree = shapely.STRtree([area.shape for area in areas])
        hit, _ = tree.query(shapely.points(lons, lats), predicate="covered_by")
        inside[hit] = True
    return inside


def within_on(lon: npt.ArrayLike, lat: npt.ArrayLike, days: npt.ArrayLike, *, kind: str) -> npt.NDArray[np.bool_]:
    """For each position (WGS-84 degrees) whether it lies in an overlay of that kind in force on its own Beijing date;
    borders count as inside. `days` are proleptic ordinals (`date.toordinal()`), one per position. One query."""
    lons, lats = np.atleast_1d(np.asarray(lon, dtype=np.float64)), np.atleast_1d(np.asarray(lat, dtype=np.float64))
    day = np.atleast_1d(np.asarray(days, dtype=np.int64))
    inside = np.zeros(len(lons), dtype=np.bool_)
    if not len(lons):
        return inside
    rows = list(
        Overlay.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gt=date.fromordinal(int(day.min()))),
            state=Overlay.State.ACCEPTED,
            kind=kind,
            valid_from__lte=date.fromordinal(int(day.max())),
            west__lte=float(lons.max()),
            east__gte=float(lons.min()),
            south__lte=float(lats.max()),
            north__gte=float(lats.min()),
        ).values_list("geometry", "valid_from", "valid_to")
    )
    if not rows:
        return inside
    since = np.array([overlay[1].toordinal() for overlay in rows], dtype=np.int64)
    until = np.array([(overlay[2] or date.max).toordinal() for overlay in rows], dtype=np.int64)
    tree = shapely.STRtree([shapely.from_wkb(bytes(overlay[0])) for overlay in rows])
    row, area = tree.query(shapely.points(lons, lats), predicate="covered_by")
    inside[row[(since[area] <= day[row]) & (day[row] < until[area])]] = True
    return inside
