"""What a tile of the map shows: its points where they are few, else how many lie in each cell. Nothing is cut unsaid."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.urls import reverse

from core.month import Month
from firepoints.models import FirePoint
from firepoints.pages.points import words
from firepoints.pages.points.filters import NOBODY, Wanted, condition_of
from firepoints.tally import reading
from firepoints.tally.reading import CellSum
from firepoints.terms import scope
from firepoints.terms.cells import DEPTH, EARTH, Tile, bounds_of

DEEPEST: Final = 16
"""The finest tiles, some 600 m wide: these show points whatever their number, up to MOST_DEEPEST."""
FINER: Final = 3
"""A tile is cut into 2^FINER cells each way."""
FEW: Final = 200
"""So many points of a tile are shown one by one."""
MOST_DEEPEST: Final = 500
_COUNTED_BY: Final = ("state", "county", "month")
"""The filters that the counts know; with any other the rows are counted."""
_WHOLE: Final = 12
"""The level by whose cells the whole map is summed up: 0.09°."""

Feature = dict[str, Any]


class Sight:
    """The points of one user that fit one filter: as rows, and as counts where they are counted."""

    def __init__(self, user: Any, criteria: Wanted) -> None:
        self._user = user
        self._criteria = criteria

    @cached_property
    def points(self) -> QuerySet[FirePoint]:
        """The rows."""
        return self._criteria.narrow(FirePoint.objects.visible_to(self._user))

    @cached_property
    def _counts(self) -> tuple[str, int, Q] | None:
        return _counted(self._user, self._criteria)

    def sums(self, tile: Tile, level: int) -> list[CellSum]:
        """The points of a tile by cells of a level."""
        if self._counts is not None:
            seen_by, month, condition = self._counts
            if reading.is_kept(level, month=month):
                return reading.kept_sums(tile, level, seen_by=seen_by, month=month, condition=condition)
        return reading.sums_of(self.points, tile, level)


def _counted(user: Any, criteria: Wanted) -> tuple[str, int, Q] | None:
    """(by whom the points are seen, month, condition) of the counts that answer; None where only the rows can."""
    others = [name for name in criteria.__slots__ if name not in _COUNTED_BY and getattr(criteria, name)]
    condition = None if others else reading.as_kept(condition_of(criteria.state))
    where = scope.counted_for(user) if condition is not None else None
    if condition is None or where is None:
        return None
    seen_by, visible = where
    allowed = reading.as_kept(visible)
    assert allowed is not None  # noqa: S101  the rule asks for state and 计入 alone
    if criteria.county:
        condition &= Q(county="" if criteria.county == NOBODY else criteria.county)
    month = Month.parse(criteria.month) if criteria.month else None
    return seen_by, month.year * 100 + month.number if month else 0, condition & allowed


def summary(sight: Sight) -> dict[str, Any]:
    """Of all that fits: how many points, by their marks, and a frame around where they lie."""
    sums = sight.sums(EARTH, _WHOLE)
    bounds = None
    if sums:
        lons, lats = [row.lon for row in sums], [row.lat for row in sums]
        bounds = [round(edge, 6) for edge in (min(lons), min(lats), max(lons), max(lats))]
    return {"total": sum(row.points for row in sums), "marks": marks_of(sums), "bounds": bounds}


def marks_of(sums: Iterable[CellSum]) -> dict[str, int]:
    """How many points have each mark."""
    marks: Counter[str] = Counter()
    for row in sums:
        marks[words.mark_of_state(row.state, row.counted)] += row.points
    return dict(sorted(marks.items()))


def answer_of(sight: Sight, tile: Tile) -> dict[str, Any]:
    """A tile as a FeatureCollection: points or clusters, and how many of `total` are neither."""
    sums = sight.sums(tile, min(tile.z + FINER, DEPTH))
    total = sum(row.points for row in sums)
    features: list[Feature]
    if total <= FEW or tile.z >= DEEPEST:
        points = _points(sight, tile, total)
        features, total = [mark(point) for point in points], max(total, len(points))
        remaining = total - len(points)
    else:
        features, remaining = _clusters(sums, min(tile.z + FINER, DEPTH)), 0
    return {"type": "FeatureCollection", "total": total, "remaining": remaining, "features": features}


def _points(sight: Sight, tile: Tile, total: int) -> list[FirePoint]:
    if not total:
        return []
    first, after = tile.keys(DEPTH)
    points = sight.points.filter(cell__gte=first, cell__lt=after).select_related("attribution")
    if total > FEW:  # a few are found by what makes them few, and need no order
        points = points.order_by("cell", "pk")
    return list(points[:MOST_DEEPEST] if total > FEW else points.order_by())


def mark(point: FirePoint) -> Feature:
    """A point on the overview; it must come with its attribution."""
    where = point.attribution
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [round(point.lon, 6), round(point.lat, 6)]},
        "properties": {
            "id": str(point.pk),
            "number": point.number or str(point),
            "state": point.state,
            "state_label": words.label_of(point),
            "url": reverse("firepoints:detail", args=[point.pk]),
            "date": point.burn_date.isoformat(),
            "county_name": where.county_name if where and point.county_code else "",
            "counted": point.counted,
        },
    }


def _clusters(sums: Iterable[CellSum], level: int) -> list[Feature]:
    cells: dict[int, list[CellSum]] = defaultdict(list)
    for row in sums:
        cells[row.cell].append(row)
    return [_cluster(cell, rows, level) for cell, rows in cells.items()]


def _cluster(cell: int, rows: list[CellSum], level: int) -> Feature:
    points = sum(row.points for row in rows)
    lon, lat = (sum(getattr(row, axis) * row.points for row in rows) / points for axis in ("lon", "lat"))
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [round(lon, 6), round(lat, 6)]},
        "properties": {
            "points": points,
            "marks": marks_of(rows),
            "bounds": [round(edge, 6) for edge in bounds_of(cell, level)],
        },
    }
