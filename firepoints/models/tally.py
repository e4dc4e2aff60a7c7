"""How many points lie in each cell of the map, kept beside them by triggers (`core.db.kept`): a map of a million costs what it
shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db import models

from core.db.kept import KEPT, Kept
from firepoints.models.figures import of_points
from firepoints.terms.cells import DEPTH

NAME: Final = "地图计数"
BY_MONTH: Final = range(9, 14)
"""The levels counted month by month: 0.7° to 0.04°. A month's points in a finer cell are few enough to be read."""
ALWAYS: Final = range(9, 16)
"""The levels counted over all months."""
NOTED: Final = ALWAYS[-1] + 1
"""The level, months apart, of what has changed and is not yet among the counts of the others."""


class MapCount(models.Model):
    """So many points of one cell of a level, apart by what the filters of the map ask for. Rows of NOTED are differences."""

    seen_by = models.CharField("县（区）代码；空：全市", max_length=20, blank=True)
    level = models.PositiveSmallIntegerField()
    month = models.PositiveIntegerField("起火月 YYYYMM；0：不分月", default=0)
    cell = models.BigIntegerField()
    state = models.CharField(max_length=12)
    verdict = models.PositiveSmallIntegerField("0 未认定，1 计入，2 不计入")
    county = models.CharField("由谁负责；空：还没有定", max_length=20, blank=True)
    points = models.IntegerField()
    # Sums of millionths of a degree: whole numbers, so that what is added can be taken away again.
    lon = models.BigIntegerField()
    lat = models.BigIntegerField()

    class Meta:
        db_table = "fire_map_count"
        indexes = [models.Index(fields=["level", "seen_by", "month", "cell"], name="map_count_cell_ix")]

    def __str__(self) -> str:
        return f"{self.level}/{self.cell}:{self.points}"


_MONTH = {
    "postgresql": "CAST(EXTRACT(YEAR FROM p.burn_date) * 100 + EXTRACT(MONTH FROM p.burn_date) AS integer)",
    "sqlite": "CAST(strftime('%Y%m', p.burn_date) AS integer)",
}
_COLUMNS = {
    "level": str(NOTED),
    "cell": f"p.cell >> {2 * (DEPTH - NOTED)}",
    "state": "p.state",
    "verdict": "CASE WHEN p.counted IS NULL THEN 0 WHEN p.counted THEN 1 ELSE 2 END",
    # As `answerable` has it (firepoints.pages.points.filters): who pays where that is decided, else whose it is.
    "county": "CASE WHEN p.counted THEN"
    " COALESCE((SELECT r.payer_code FROM fire_recognition r WHERE r.id = p.recognition_id), '') ELSE p.county_code END",
    "points": "1",
    "lon": "CAST(ROUND(p.lon * 1000000) AS bigint)",
    "lat": "CAST(ROUND(p.lat * 1000000) AS bigint)",
}
# (level of a row, level where it counts, whether its month is kept apart there)
_COUNTS_AT = (
    *((NOTED, level, 1) for level in BY_MONTH),
    *((NOTED, level, 0) for level in ALWAYS),
    *((level, level, 1) for level in ALWAYS),
)


def _spread(source: str) -> str:
    """What rows count at each level; what is a count already counts as itself."""
    levels = ", ".join(map(str, _COUNTS_AT))
    around = "n.cell >> (2 * (l.column1 - l.column2)) AS cell"
    return (
        f"SELECT seen_by, l.column2 AS level, n.month * l.column3 AS month, {around}, state, verdict, county, points, lon, lat"  # noqa: S608
        f" FROM {source} AS n JOIN (VALUES {levels}) AS l ON l.column1 = n.level"
    )


def _sentence(row: Sequence[Any]) -> str:
    seen_by, level, month, cell, state, *_, points, _, _ = row
    return (
        f"地图第 {level} 级方格 {cell} 的计数与火点不符（{seen_by or '全市'}，{month or '各月'}，{state}，差 {points} 处）："
        "`manage.py point recount` 重新计数。"
    )


KEPT.add(
    NAME,
    Kept(
        table="fire_map_count",
        keys=("seen_by", "level", "month", "cell", "state", "verdict", "county"),
        sums=("points", "lon", "lat"),
        columns={
            "fire_point": ("state", "counted", "county_code", "recognition_id", "burn_date", "lon", "lat", "cell"),
            "fire_point_county": ("point_id", "county_code"),
        },
        of_rows=of_points("seen_by", lambda vendor: {"month": _MONTH[vendor], **_COLUMNS}),
        sentence=_sentence,
        noted=f"level = {NOTED}",
        spread=_spread,
    ),
)
