"""Folding the changes into the counts, and counting everything anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from firepoints.tally.rows import ALWAYS, APART, BY_MONTH, LEVELS, SUMS, all_rows, shift_to
from firepoints.terms.cells import DEPTH

A_FOLD: Final = 20_000
_COLUMNS = ", ".join((*APART, "level", *SUMS))
_ADD = (
    f"INSERT INTO fire_map_count ({_COLUMNS}) VALUES ({', '.join(['%s'] * 10)})"
    f" ON CONFLICT ({', '.join((*APART, 'level'))}) DO UPDATE SET "
    + ", ".join(f"{name} = fire_map_count.{name} + excluded.{name}" for name in SUMS)
)


def fold(using: str = DEFAULT_DB_ALIAS) -> int:
    """Put all waiting changes into the counts, a bounded number at a time; returns how many there were."""
    total = 0
    while folded := _fold_some(using):
        total += folded
    return total


def _fold_some(using: str) -> int:
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        # Whoever deletes a change counts it: two who fold at once share the rows between them.
        cursor.execute(
            "DELETE FROM fire_map_change WHERE id IN (SELECT id FROM fire_map_change ORDER BY id LIMIT %s)"
            f" RETURNING {', '.join((*APART, *SUMS))}",
            [A_FOLD],
        )
        changes = cursor.fetchall()
        if changes:
            cursor.executemany(_ADD, _summed(changes))
            cursor.execute("DELETE FROM fire_map_count WHERE points = 0")
    return len(changes)


def _summed(changes: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """What is to be added to each count; in one order everywhere, so that two who fold never wait for each other."""
    sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    for seen_by, month, cell, state, verdict, county, points, lon, lat in changes:
        for level, is_apart in LEVELS:
            around = cell >> 2 * (DEPTH - level)
            total = sums[seen_by, month if is_apart else 0, around, state, verdict, county, level]
            total[0] += points
            total[1] += lon
            total[2] += lat
    return [(*key, *total) for key, total in sorted(sums.items()) if any(total)]


def recount(using: str = DEFAULT_DB_ALIAS) -> int:
    """Count every point anew and forget the changes; returns how many counts there are. Writers wait meanwhile."""
    connection = connections[using]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("LOCK TABLE fire_point, fire_point_county, fire_map_change IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("DELETE FROM fire_map_change")
        cursor.execute("DELETE FROM fire_map_count")
        for levels, month in ((BY_MONTH, "month"), (ALWAYS, "0")):
            finest = levels[-1]
            cursor.execute(_counting(month, shift_to(finest), finest, f"({all_rows(connection)}) p"))
            for level in levels[-2::-1]:
                finer = (
                    f"fire_map_count WHERE level = {level + 1} AND {'month > 0' if month == 'month' else 'month = 0'}"
                )
                cursor.execute(_counting("month", shift_to(level, of=level + 1), level, finer))
        cursor.execute("SELECT count(*) FROM fire_map_count")
        (total,) = cursor.fetchone()
    return int(total)


def _counting(month: str, cell: str, level: int, rows: str) -> str:
    apart = ("seen_by", month, cell, "state", "verdict", "county", str(level))
    sums = ", ".join(f"SUM({name})" for name in SUMS)
    return f"INSERT INTO fire_map_count ({_COLUMNS}) SELECT {', '.join(apart)}, {sums} FROM {rows} GROUP BY 1, 2, 3, 4, 5, 6"
