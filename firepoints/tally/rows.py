"""What one fire point counts for, as SQL for both databases: once for the city, and once for each county concerned."""

from __future__ import annotations

from typing import Final

from django.db.backends.base.base import BaseDatabaseWrapper

from firepoints.terms.cells import DEPTH

BY_MONTH: Final = range(9, 14)
"""The levels counted month by month: 0.7° to 0.04°. A month's points in a finer cell are few enough to be read."""
ALWAYS: Final = range(9, 16)
"""The levels counted over all months."""
LEVELS: Final = [(level, True) for level in BY_MONTH] + [(level, False) for level in ALWAYS]
"""(level, whether its months are apart), of all counts that are kept."""
APART: Final = ("seen_by", "month", "cell", "state", "verdict", "county")
SUMS: Final = ("points", "lon", "lat")

_MONTH = {
    "postgresql": "CAST(EXTRACT(YEAR FROM {p}.burn_date) * 100 + EXTRACT(MONTH FROM {p}.burn_date) AS integer)",
    "sqlite": "CAST(strftime('%Y%m', {p}.burn_date) AS integer)",
}
_VERDICT = "CASE WHEN {p}.counted IS NULL THEN 0 WHEN {p}.counted THEN 1 ELSE 2 END"
# As `answerable` has it (firepoints.pages.points.filters): who pays where that is decided, else whose it is.
_COUNTY = (
    "CASE WHEN {p}.counted THEN COALESCE((SELECT r.payer_code FROM fire_recognition r WHERE r.id = {p}.recognition_id), '')"
    " ELSE {p}.county_code END"
)
_DEGREES = "CAST(ROUND({p}.{axis} * 1000000) AS bigint)"
READ: Final = ("id", "state", "counted", "county_code", "recognition_id", "burn_date", "lon", "lat")
"""The columns of a point from which its count is made."""


def values(connection: BaseDatabaseWrapper, point: str, seen_by: str, sign: int = 1) -> list[str]:
    """The columns of a count, in the order of APART and SUMS, of the point that is called `point` in the statement."""
    return [
        seen_by,
        _MONTH[connection.vendor].format(p=point),
        f"{point}.cell",
        f"{point}.state",
        _VERDICT.format(p=point),
        _COUNTY.format(p=point),
        str(sign),
        *(f"{sign} * {_DEGREES.format(p=point, axis=axis)}" for axis in ("lon", "lat")),
    ]


def all_rows(connection: BaseDatabaseWrapper, sign: int = 1) -> str:
    """Every point as often as it counts, as a SELECT with the names of APART and SUMS."""
    city = values(connection, "p", "''", sign)
    named = ", ".join(f"{value} AS {name}" for value, name in zip(city, (*APART, *SUMS), strict=True))
    county = ", ".join(values(connection, "p", "c.county_code", sign))
    return (
        f"SELECT {named} FROM fire_point p"
        f" UNION ALL SELECT {county} FROM fire_point_county c JOIN fire_point p ON p.id = c.point_id"
    )


def shift_to(level: int, column: str = "cell", *, of: int = DEPTH) -> str:
    """The cell of a level around the cell of a finer one."""
    return f"({column} >> {2 * (of - level)})"
