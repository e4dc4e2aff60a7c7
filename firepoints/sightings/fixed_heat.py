"""Fixed heat sources found in the history of sightings: cells of 0.01° hit on many days are proposed to a person.

A steel works glows on most nights; a field burns once. What is proposed means nothing until someone accepts it, and then
it is a hint to the verifier and keeps chains of sightings apart; it never drops a row of a list.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product

import numpy as np
import shapely

from core import clock
from firepoints.grouping.merge import components
from firepoints.models import Detection
from firepoints.policy import rulings
from grids.models import Overlay, User
from grids.overlays.overlays import Place, overlay_propose
from grids.selectors import system_user

PER_DEGREE = 100
MARGIN = 0.001  # degrees: a pixel's centre moves by a hundred metres from pass to pass


@dataclass(frozen=True, slots=True)
class HotCell:
    """A cell of 0.01° by its south-west corner in hundredths of a degree, and the Beijing days on which it was hit."""

    x: int
    y: int
    days: int

    @property
    def lon(self) -> float:
        """The middle, WGS-84 degrees."""
        return (self.x + 0.5) / PER_DEGREE

    @property
    def lat(self) -> float:
        """The middle, WGS-84 degrees."""
        return (self.y + 0.5) / PER_DEGREE


def hot_cells(lon: Sequence[float], lat: Sequence[float], day: Sequence[int], *, least_days: int) -> list[HotCell]:
    """The cells hit on at least so many different days, the most often hit first. Pure; `day` are day numbers."""
    if not len(lon):
        return []
    x = np.floor(np.round(np.asarray(lon) * PER_DEGREE, 6)).astype(np.int64)
    y = np.floor(np.round(np.asarray(lat) * PER_DEGREE, 6)).astype(np.int64)
    cell_days = np.unique(np.column_stack([x, y, np.asarray(day, dtype=np.int64)]), axis=0)
    cells, days = np.unique(cell_days[:, :2], axis=0, return_counts=True)
    candidates = [
        HotCell(int(cx), int(cy), int(number))
        for (cx, cy), number in zip(cells, days, strict=True)
        if number >= least_days
    ]
    return sorted(candidates, key=lambda cell: (-cell.days, cell.y, cell.x))


def fixed_heat_propose(*, until: date | None = None, actor: User | None = None) -> int:
    """Propose the cells of the last days (settings `fixed_heat_window_d`, `fixed_heat_days`) that are not known yet.

    Neighbouring cells become one place. What was rejected is not proposed again. Returns how many places are new.
    """
    until = until or clock.today_beijing()
    values = rulings.values_on(until)
    since = until - timedelta(days=int(values["fixed_heat_window_d"]))
    rows = Detection.objects.filter(
        live_key__isnull=False, kind=Detection.Kind.SATELLITE, is_outside=False, beijing_date__gt=since,
        beijing_date__lte=until,
    ).values_list("lon", "lat", "beijing_date")  # fmt: skip
    sightings = list(rows)
    cells = hot_cells(
        [row[0] for row in sightings],
        [row[1] for row in sightings],
        [row[2].toordinal() for row in sightings],
        least_days=int(values["fixed_heat_days"]),
    )
    places = [place for place in _places(cells, values["fixed_heat_window_d"]) if not _is_known(place)]
    return overlay_propose(
        kind=Overlay.Kind.FIXED_HEAT, places=places, valid_from=since + timedelta(days=1), actor=actor or system_user()
    )


def _places(cells: Sequence[HotCell], window_d: int) -> list[Place]:
    """The places that the cells make: those that touch, even by a corner, are one."""
    position = {(cell.x, cell.y): at for at, cell in enumerate(cells)}
    touching = [
        (at, position[cell.x + dx, cell.y + dy])
        for at, cell in enumerate(cells)
        for dx, dy in product((-1, 0, 1), repeat=2)
        if (cell.x + dx, cell.y + dy) in position
    ]
    a, b = np.array(touching, dtype=np.int64).reshape(-1, 2).T
    groups: dict[int, list[HotCell]] = defaultdict(list)
    for first, cell in zip(components(len(cells), a, b).tolist(), cells, strict=True):
        groups[first].append(cell)
    return [_place(group, window_d) for group in groups.values()]


def _place(group: Sequence[HotCell], window_d: int) -> Place:
    boxes = [
        shapely.box(cell.x / PER_DEGREE, cell.y / PER_DEGREE, (cell.x + 1) / PER_DEGREE, (cell.y + 1) / PER_DEGREE)
        for cell in group
    ]
    shape = shapely.buffer(shapely.union_all(boxes), MARGIN, join_style="mitre")
    hottest = max(group, key=lambda cell: cell.days)
    name = f"{hottest.lat:.3f}°N {hottest.lon:.3f}°E"
    return Place(name, shape, note=f"{window_d} 天中最多 {hottest.days} 天有监测记录，{len(group)} 个 0.01° 格")


def _is_known(place: Place) -> bool:
    """Whether an overlay of fixed heat, in whatever state, covers the middle of the place."""
    middle = shapely.point_on_surface(place.shape)
    lon, lat = float(middle.x), float(middle.y)
    near = Overlay.objects.filter(
        kind=Overlay.Kind.FIXED_HEAT, west__lte=lon, east__gte=lon, south__lte=lat, north__gte=lat
    )
    return any(shapely.covers(shapely.from_wkb(bytes(row.geometry)), middle) for row in near)
