"""Whether the counts of the map agree with the points: read by the night and by `journal verify`, mended by nobody unasked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.db import connection

from firepoints.tally import triggers
from firepoints.tally.rows import ALWAYS, BY_MONTH, SUMS, all_rows, shift_to

MOST_SAID: Final = 20
_REMEDY = "`manage.py point recount` 重新计数"


def problems() -> list[str]:
    """A sentence for each count that differs, at most MOST_SAID of a kind; empty when all agree."""
    return [
        *(f"缺少触发器 {name}，地图的计数会漏掉改动：运行 `manage.py migrate`。" for name in triggers.missing()),
        *_against_points("month", BY_MONTH[-1], "month > 0"),
        *_against_points("0", ALWAYS[-1], "month = 0"),
        *_between_levels(),
    ]


def _against_points(month: str, level: int, of_months: str) -> Iterator[str]:
    """The finest counts beside the points, less what is not folded yet: one statement, so one moment."""
    counted = f"SELECT seen_by, month, cell, state, verdict, county, points, lon, lat FROM fire_map_count WHERE level = {level}"
    names = f"seen_by, {month} AS month, {shift_to(level)} AS cell, state, verdict, county"
    waiting = f"SELECT {names}, points, lon, lat FROM fire_map_change"
    real = f"SELECT {names}, points, lon, lat FROM ({all_rows(connection, -1)}) q"
    yield from _differing(f"{counted} AND {of_months} UNION ALL {waiting} UNION ALL {real}", level)


def _between_levels() -> Iterator[str]:
    """Each coarser level beside the next finer one."""
    for levels, of_months in ((BY_MONTH, "month > 0"), (ALWAYS, "month = 0")):
        for level in levels[:-1]:
            apart = "state, verdict, county"
            coarse = f"SELECT seen_by, month, cell, {apart}, points, lon, lat FROM fire_map_count WHERE level = {level}"
            around = shift_to(level, of=level + 1)
            fine = (
                f"SELECT seen_by, month, {around}, {apart}, -points, -lon, -lat FROM fire_map_count"
                f" WHERE level = {level + 1} AND {of_months}"
            )
            yield from _differing(f"{coarse} AND {of_months} UNION ALL {fine}", level)


def _differing(rows: str, level: int) -> Iterator[str]:
    sums = ", ".join(f"SUM({name})" for name in SUMS)
    differs = " OR ".join(f"SUM({name}) <> 0" for name in SUMS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT seen_by, month, cell, state, verdict, county, {sums} FROM ({rows}) d"
            f" GROUP BY 1, 2, 3, 4, 5, 6 HAVING {differs} ORDER BY 1, 2, 3 LIMIT {MOST_SAID}"
        )
        for seen_by, month, cell, state, _, _, points, _, _ in cursor.fetchall():
            yield (
                f"地图第 {level} 级方格 {cell} 的计数与火点不符（{seen_by or '全市'}，{month or '各月'}，{state}，差 {points} 处）："
                f"{_REMEDY}。"
            )
