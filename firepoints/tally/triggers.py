"""The triggers that leave a MapChange for whatever changes a point or the counties that it concerns.

`ensure` runs after every migrate: SQLite drops a table's triggers when it rebuilds it, and what was written meanwhile was
not counted, so with new triggers everything is counted anew.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from firepoints.tally.folding import recount
from firepoints.tally.rows import APART, READ, SUMS, values

TABLES = ("fire_point", "fire_point_county")
_NEEDED = {*TABLES, "fire_recognition", "fire_map_change", "fire_map_count"}
_EVENTS = {"INSERT": ("NEW",), "DELETE": ("OLD",), "UPDATE": ("OLD", "NEW")}
_SIGNS = {"NEW": 1, "OLD": -1}
_COUNTY_READ = ("point_id", "county_code")


def ensure(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Make the triggers that are not there as they must be, and count anew; whether that was needed."""
    connection = connections[using]
    if not set(connection.introspection.table_names()) >= _NEEDED or not _lacking(connection):
        return False
    with transaction.atomic(using=using), connection.cursor() as cursor:
        for statement in _making(connection):
            cursor.execute(statement)
        recount(using)
    return True


def lift(using: str = DEFAULT_DB_ALIAS) -> None:
    """Take the triggers away on SQLite, which renames no table while a trigger names one that is being rebuilt."""
    connection = connections[using]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for name, *_ in _triggers(connection):
                cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"')


def missing(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """The names of the triggers that are not there as they must be."""
    return _lacking(connections[using])


def _lacking(connection: BaseDatabaseWrapper) -> list[str]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT t.tgname, p.prosrc FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
                " JOIN pg_proc p ON p.oid = t.tgfoid WHERE c.relnamespace = current_schema()::regnamespace"
                " AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')"
            )
        else:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        sound = dict(cursor.fetchall())
    return [name for name, _, _, text in _triggers(connection) if sound.get(name) != text]


def _triggers(connection: BaseDatabaseWrapper) -> Iterator[tuple[str, str, str, str]]:
    """(name, table, head, what must be found in the catalogue) of each trigger: on PostgreSQL the body of its function,
    on SQLite the whole statement."""
    is_pg = connection.vendor == "postgresql"
    for table in TABLES:
        for event, rows in _EVENTS.items():
            name = f"{table}_tally_{event[:3].lower()}"
            when = f" WHEN ({_differs(connection, table)})" if event == "UPDATE" else ""
            head = f'CREATE TRIGGER "{name}" AFTER {event} ON "{table}" FOR EACH ROW{when}'
            body = "; ".join(_change(connection, table, row) for row in rows)
            text = f"\nBEGIN\n{body};\nRETURN NULL;\nEND;\n" if is_pg else f"{head} BEGIN {body}; END"
            yield name, table, head, text


def _differs(connection: BaseDatabaseWrapper, table: str) -> str:
    other = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    columns = READ if table == "fire_point" else _COUNTY_READ
    return " OR ".join(f"OLD.{column} {other} NEW.{column}" for column in columns)


def _change(connection: BaseDatabaseWrapper, table: str, row: str) -> str:
    """The INSERT that counts a row of a table once more (NEW) or once less (OLD)."""
    into = f"INSERT INTO fire_map_change ({', '.join((*APART, *SUMS))}) "
    if table == "fire_point":
        concerned = f"SELECT '' AS code UNION ALL SELECT county_code FROM fire_point_county WHERE point_id = {row}.id"
        return f"{into}SELECT {', '.join(values(connection, row, 's.code', _SIGNS[row]))} FROM ({concerned}) s"
    columns = ", ".join(values(connection, "p", f"{row}.county_code", _SIGNS[row]))
    return f"{into}SELECT {columns} FROM fire_point p WHERE p.id = {row}.point_id"


def _making(connection: BaseDatabaseWrapper) -> Iterator[str]:
    for name, table, head, text in _triggers(connection):
        if connection.vendor == "postgresql":
            yield f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $tally${text}$tally$"
            yield f'DROP TRIGGER IF EXISTS "{name}" ON "{table}"'
            yield f"{head} EXECUTE FUNCTION {name}()"
        else:
            yield f'DROP TRIGGER IF EXISTS "{name}"'
            yield text
