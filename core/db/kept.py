"""Figures that database triggers keep beside the rows that they count, on SQLite and PostgreSQL.

An app gives the statement that tells what rows come to (`Kept.of_rows`); from it the triggers are made that note the
difference whenever such a row comes, changes or goes, by whatever door: an act, an import, a test, SQL by hand. So no act
can forget it. A difference is a row of its own: two acts of one moment never wait for each other. `fold` adds them up.
Made after every `migrate` like the append-only triggers (`core.db.triggers`), and filled from the rows where they were not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from core.registry import Named

EVENTS = ("INSERT", "UPDATE", "DELETE")
_ROWS = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}


@dataclass(frozen=True, slots=True)
class Kept:
    """A table of figures. `keys` and `sums` are its columns; `of_rows(source, table, vendor)` is a SELECT of them by name,
    ungrouped, for the rows of one of `tables` that `source` names: the table itself, or the changed rows alone. `columns`:
    those of each table that matter. Written so that each changed row is looked up by keys: a plan is kept for all statements
    to come. `sentence` says a row of `differing` to a person.

    Where one difference counts in several figures, it is noted once: `noted` is true of such rows, and `spread(source)` is a
    SELECT of all that rows of the table come to, for `fold` and the check; a row that is a figure already gives itself."""

    table: str
    keys: Sequence[str]
    sums: Sequence[str]
    columns: Mapping[str, Sequence[str]]
    of_rows: Callable[[str, str, str], str]
    sentence: Callable[[Sequence[Any]], str]
    noted: str = ""
    spread: Callable[[str], str] | None = None

    @property
    def main(self) -> str:
        """The table whose rows, read whole, give all figures."""
        return next(iter(self.columns))


KEPT: Named[Kept] = Named(
    "kept figures", asked_by="`migrate`, `journal verify`", what_for="the figures that triggers keep"
)


def ensure(using: str = DEFAULT_DB_ALIAS) -> int:
    """Make the triggers that are missing and fill their figures from the rows; returns how many were made."""
    connection = connections[using]
    count = 0
    for figures in _present(connection):
        lacking = _lacking(connection, figures)
        if not lacking:
            continue
        with transaction.atomic(using=using), connection.cursor() as cursor:
            for statement in _making(connection, figures):
                cursor.execute(statement)
            _fill(cursor, figures)
        count += len(lacking)
    return count


def missing(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """The triggers that are not there as they must be, as "table.trigger"."""
    connection = connections[using]
    return [name for figures in _present(connection) for name in _lacking(connection, figures)]


def drop(using: str = DEFAULT_DB_ALIAS) -> None:
    """Take the triggers away, before tables are rebuilt or emptied; `ensure` makes them again and fills the figures."""
    connection = connections[using]
    statements = [_dropping(connection, table, name) for name, (table, _) in _existing(connection).items()]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def fill(name: str, using: str = DEFAULT_DB_ALIAS) -> int:
    """Count the figures anew from the rows; returns how many there are. Writers wait meanwhile."""
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        return _fill(cursor, KEPT[name])


def fold(name: str, using: str = DEFAULT_DB_ALIAS) -> int:
    """Add up the differences of each figure into one row, leaving out what comes to nothing; returns the rows taken up.

    Only rows that it sees are taken up: one that comes meanwhile is a difference like any other. Two at once: one fails.
    """
    figures = KEPT[name]
    keys, table = ", ".join(figures.keys), figures.table
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        rows = f"SELECT * FROM {table} JOIN ({_foldable(figures)}) AS taken_up USING ({keys})"  # noqa: S608
        cursor.execute(f"CREATE TEMPORARY TABLE folding AS {rows}")
        cursor.execute("SELECT COUNT(*) FROM folding")
        count = int(cursor.fetchone()[0])
        cursor.execute(f"DELETE FROM {table} WHERE id IN (SELECT id FROM folding)")  # noqa: S608
        if cursor.rowcount != count:
            raise RuntimeError(f"{table}: {count} rows to add up, {cursor.rowcount} are still there")
        cursor.execute(_noting(figures, _spread(figures, "folding")))
        cursor.execute("DROP TABLE folding")
    return count


def differing(name: str, most: int = 20, using: str = DEFAULT_DB_ALIAS) -> list[tuple[Any, ...]]:
    """The keys whose figures are not what the rows come to, each with by how much; at most some. One pass over the rows."""
    figures = KEPT[name]
    keys = ", ".join(figures.keys)
    by_rows = f"SELECT {_columns(figures)} FROM ({_by_rows(figures, connections[using].vendor)}) AS by_rows"  # noqa: S608
    in_table = f"SELECT {_columns(figures, '-')} FROM ({_spread(figures, figures.table)}) AS in_table"  # noqa: S608
    both = f"{by_rows} UNION ALL {in_table}"
    grouped = f"SELECT {keys}, {_sums(figures)} FROM ({both}) AS both_ways GROUP BY {keys} HAVING {_some(figures)}"  # noqa: S608
    with connections[using].cursor() as cursor:
        cursor.execute(f"{grouped} LIMIT {most}")
        return list(cursor.fetchall())


def problems(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """A sentence for each trigger that is not there and each figure that is not what the rows come to; nothing is mended."""
    lacking = [f"缺少触发器 {name}，会漏计改动：运行 `manage.py migrate`。" for name in missing(using)]
    return lacking + [figures.sentence(row) for name, figures in KEPT.items() for row in differing(name, using=using)]


def _fill(cursor: Any, figures: Kept) -> int:
    if cursor.db.vendor == "postgresql":  # what is written between the two statements would be counted twice
        cursor.execute(f"LOCK TABLE {', '.join((*figures.columns, figures.table))} IN SHARE ROW EXCLUSIVE MODE")
    cursor.execute(f"DELETE FROM {figures.table}")  # noqa: S608
    cursor.execute(_noting(figures, _by_rows(figures, cursor.db.vendor)))
    return int(cursor.rowcount)


def _by_rows(figures: Kept, vendor: str) -> str:
    """What all rows come to, ungrouped."""
    return _spread(figures, f"({figures.of_rows(figures.main, figures.main, vendor)})")


def _spread(figures: Kept, source: str) -> str:
    return figures.spread(source) if figures.spread else f"SELECT {_columns(figures)} FROM {source} AS plain"  # noqa: S608


def _foldable(figures: Kept) -> str:
    """The keys of all rows that `fold` takes up."""
    keys, table = ", ".join(figures.keys), figures.table
    if not figures.noted:
        return f"SELECT {keys} FROM {table} GROUP BY {keys} HAVING COUNT(*) > 1"  # noqa: S608
    noted = f"(SELECT * FROM {table} WHERE {figures.noted})"  # noqa: S608
    return f"SELECT {keys} FROM {noted} AS noted UNION SELECT {keys} FROM ({_spread(figures, noted)}) AS spread"  # noqa: S608


def _noting(figures: Kept, rows: str) -> str:
    """Write what some rows come to, a row for each figure that is not nothing; in order, as readers ask for ranges."""
    keys = ", ".join(figures.keys)
    into = f"INSERT INTO {figures.table} ({_columns(figures)})"
    grouped = f"SELECT {keys}, {_sums(figures)} FROM ({rows}) AS noted GROUP BY {keys} HAVING {_some(figures)}"  # noqa: S608
    return f"{into} {grouped} ORDER BY {keys}"


def _columns(figures: Kept, sign: str = "") -> str:
    return ", ".join((*figures.keys, *(f"{sign}{column} AS {column}" if sign else column for column in figures.sums)))


def _sums(figures: Kept) -> str:
    return ", ".join(f"SUM({column})" for column in figures.sums)


def _some(figures: Kept) -> str:
    return " OR ".join(f"SUM({column}) <> 0" for column in figures.sums)


# --- triggers ---------------------------------------------------------------------------------------------------------


def _present(connection: BaseDatabaseWrapper) -> Iterator[Kept]:
    existing = set(connection.introspection.table_names())
    for _, figures in KEPT.items():
        if {figures.table, *figures.columns} <= existing:
            yield figures


def _expected(figures: Kept) -> Iterator[tuple[str, str, str]]:
    """(table, trigger, event) of each."""
    for table in figures.columns:
        for event in EVENTS:
            yield table, f"{table}_kept_{figures.table}_{event[:3].lower()}", event


def _lacking(connection: BaseDatabaseWrapper, figures: Kept) -> list[str]:
    existing = _existing(connection)
    is_pg = connection.vendor == "postgresql"
    return [
        f"{table}.{name}"
        for table, name, event in _expected(figures)
        if existing.get(name)
        != (table, _pg_body(figures, table, event) if is_pg else _sqlite_sql(figures, table, name, event))
    ]


def _existing(connection: BaseDatabaseWrapper) -> dict[str, tuple[str, str]]:
    """{trigger: (table, definition)} of all that are in force, of earlier programs too."""
    if connection.vendor == "postgresql":
        catalogue = (
            "SELECT t.tgname, c.relname, p.prosrc FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal AND t.tgenabled = 'O'"
            " AND c.relnamespace = current_schema()::regnamespace AND strpos(t.tgname, '_kept_') > 0"
        )
    else:
        catalogue = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' AND instr(name, '_kept_') > 0"
    with connection.cursor() as cursor:
        cursor.execute(catalogue)
        return {name: (table, definition) for name, table, definition in cursor.fetchall()}


def _making(connection: BaseDatabaseWrapper, figures: Kept) -> Iterator[str]:
    for table, name, event in _expected(figures):
        yield _dropping(connection, table, name)
        if connection.vendor == "postgresql":
            body = f"$jinshao${_pg_body(figures, table, event)}$jinshao$"
            # Whatever number of rows it was first planned for, it looks each of them up by its keys.
            by_keys = "SET enable_hashjoin = off SET enable_mergejoin = off"
            yield f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql {by_keys} AS {body}"
            rows = " ".join(f"{row} TABLE AS {row.lower()}_rows" for row in _ROWS[event])
            yield (
                f'CREATE TRIGGER "{name}" AFTER {event} ON "{table}" REFERENCING {rows}'
                f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
            )
        else:
            yield _sqlite_sql(figures, table, name, event)


def _dropping(connection: BaseDatabaseWrapper, table: str, name: str) -> str:
    return f'DROP TRIGGER IF EXISTS "{name}"' + (f' ON "{table}"' if connection.vendor == "postgresql" else "")


def _pg_body(figures: Kept, table: str, event: str) -> str:
    parts = [
        f"SELECT {_columns(figures, '-' if row == 'OLD' else '')}"  # noqa: S608
        f" FROM ({figures.of_rows(f'{row.lower()}_rows', table, 'postgresql')}) AS {row.lower()}_figures"
        for row in _ROWS[event]
    ]
    return f"\nBEGIN\n  {_noting(figures, ' UNION ALL '.join(parts))};\n  RETURN NULL;\nEND;\n"


def _sqlite_sql(figures: Kept, table: str, name: str, event: str) -> str:
    changed = " OR ".join(f'OLD."{column}" IS NOT NEW."{column}"' for column in figures.columns[table])
    when = f"WHEN {changed} " if event == "UPDATE" else ""
    notes = "; ".join(_sqlite_noting(figures, table, row) for row in _ROWS[event])
    return f'CREATE TRIGGER "{name}" AFTER {event} ON "{table}" FOR EACH ROW {when}BEGIN {notes}; END'


def _sqlite_noting(figures: Kept, table: str, row: str) -> str:
    source = ", ".join(f'{row}."{column}" AS {column}' for column in dict.fromkeys(("id", *figures.columns[table])))
    rows = figures.of_rows(f"(SELECT {source})", table, "sqlite")
    signed = _columns(figures, "-" if row == "OLD" else "")
    return f"INSERT INTO {figures.table} ({_columns(figures)}) SELECT {signed} FROM ({rows})"  # noqa: S608
