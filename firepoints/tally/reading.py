"""The counts of a stretch of the map: from the counts that are kept, or, where a filter asks for more, from the points."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Avg, Case, Count, F, IntegerField, Q, QuerySet, Sum, Value, When

from firepoints.models import FirePoint, MapCount
from firepoints.models.tally import ALWAYS, BY_MONTH, NOTED
from firepoints.terms.cells import DEPTH, Tile

_OF_VERDICT = {0: None, 1: True, 2: False}
_KEPT = {"state", "state__in", "counted"}


@dataclass(frozen=True, slots=True)
class CellSum:
    """The points of one state in one cell, and where on the average they lie."""

    cell: int
    state: str
    counted: bool | None
    points: int
    lon: float
    lat: float


def as_kept(condition: Q) -> Q | None:
    """A condition on points as one on counts; None where it asks for what no count keeps apart."""
    parts = Q(_connector=condition.connector, _negated=condition.negated)
    for child in condition.children:
        if isinstance(child, Q):
            part = as_kept(child)
        elif isinstance(child, tuple) and child[0] in _KEPT:
            name, value = child
            part = Q(verdict=1 if value else 2) if name == "counted" else Q((name, value))
        else:
            part = None
        if part is None:
            return None
        parts.children.append(part)
    return parts


def is_kept(level: int, *, month: int) -> bool:
    """Whether the counts of a level are kept; coarser ones than any are added up from the coarsest."""
    return level <= (BY_MONTH if month else ALWAYS)[-1]


def kept_sums(tile: Tile, level: int, *, seen_by: str, month: int, condition: Q) -> list[CellSum]:
    """The finest counts of a tile by cells of a level, with what is not folded yet.

    One statement reads both, so that what is folded meanwhile is counted once.
    """
    finest = max(level, BY_MONTH[0])
    first, after = tile.keys(finest)
    rows = MapCount.objects.filter(condition, seen_by=seen_by)
    counts = rows.filter(month=month, level=finest, cell__gte=first, cell__lt=after)
    first, after = tile.keys(NOTED)
    changes = rows.filter(level=NOTED, cell__gte=first, cell__lt=after)
    changes = changes.filter(month=month) if month else changes
    return _merged([*_summed(counts, finest - level).union(_summed(changes, NOTED - level), all=True)])


def _summed(rows: QuerySet[Any], levels_up: int) -> QuerySet[Any, Any]:
    around = F("cell").bitrightshift(2 * levels_up)
    sums = {"n": Sum("points"), "lons": Sum("lon"), "lats": Sum("lat")}
    grouped: QuerySet[Any, Any] = (
        rows.annotate(around=around).values_list("around", "state", "verdict").annotate(**sums)
    )
    return grouped.order_by()


def _merged(rows: Iterable[tuple[Any, ...]]) -> list[CellSum]:
    sums: dict[tuple[int, str, int], list[int]] = {}
    for cell, state, verdict, *parts in rows:
        total = sums.setdefault((cell, state, verdict), [0, 0, 0])
        for at, part in enumerate(parts):
            total[at] += part
    return [
        CellSum(cell, state, _OF_VERDICT[verdict], n, lon / n / 1e6, lat / n / 1e6)
        for (cell, state, verdict), (n, lon, lat) in sorted(sums.items())
        if n
    ]


def sums_of(points: QuerySet[FirePoint], tile: Tile, level: int) -> list[CellSum]:
    """The same of `points`, counted from their rows."""
    first, after = tile.keys(DEPTH)
    verdict = Case(
        When(counted=True, then=Value(1)),
        When(counted=False, then=Value(2)),
        default=Value(0),
        output_field=IntegerField(),
    )
    rows = (
        points.filter(cell__gte=first, cell__lt=after)
        .annotate(around=F("cell").bitrightshift(2 * (DEPTH - level)), verdict=verdict)
        .order_by()
        .values_list("around", "state", "verdict")
        .annotate(n=Count("pk"), mean_lon=Avg("lon"), mean_lat=Avg("lat"))
    )
    return [
        CellSum(cell, state, _OF_VERDICT[number], n, lon, lat)
        for cell, state, number, n, lon, lat in sorted(rows, key=lambda row: row[:3])
    ]
