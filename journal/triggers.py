"""Database triggers that refuse UPDATE, DELETE and TRUNCATE on append-only tables, on SQLite and PostgreSQL.

`ensure` is idempotent and runs after every migrate, because SQLite rebuilds a table to alter it and drops its
triggers. `missing` compares definitions, not names: a disabled, emptied or conditional trigger counts as missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from journal.immutable import registered

FUNCTION = "jinshao_append_only"
FUNCTION_BODY = (
    "\nBEGIN\n  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP"
    " USING ERRCODE = 'integrity_constraint_violation';\nEND;\n"  # so that Django raises IntegrityError, as on SQLite
)
# pg_trigger.tgtype: 1 row, 2 before, 8 delete, 16 update, 32 truncate
_PG_KINDS = {
    "ao_row": (1 | 2 | 8 | 16, "BEFORE UPDATE OR DELETE", "FOR EACH ROW"),
    "ao_cut": (2 | 32, "BEFORE TRUNCATE", "FOR EACH STATEMENT"),
}
_SQLITE_KINDS = {"ao_upd": "UPDATE", "ao_del": "DELETE"}


def ensure(using: str = DEFAULT_DB_ALIAS) -> int:
    """Make what is missing; returns how many triggers were made."""
    connection = connections[using]
    lacking = _lacking(connection)
    if not lacking:
        return 0
    with transaction.atomic(using=using), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            body = f"$jinshao${FUNCTION_BODY}$jinshao$"
            cursor.execute(f"CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS {body}")
        for table, name in lacking:
            for statement in _making(connection, table, name):
                cursor.execute(statement)
    return len(lacking)


def missing(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """The triggers that are not there as they must be, as "table.trigger"."""
    return [f"{table}.{name}" for table, name in _lacking(connections[using])]


@contextmanager
def lifted(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Without triggers inside, with them again after: only for tests and for a flush in tests."""
    connection = connections[using]
    with connection.cursor() as cursor:
        statements = [_dropping(connection, table, name) for table, name in _expected(connection)]
        if connection.vendor == "postgresql" and statements:
            cursor.execute("; ".join(statements))  # one round trip: a test run does this after many tests
        else:
            for statement in statements:
                cursor.execute(statement)
    try:
        yield
    finally:
        ensure(using)


def _expected(connection: BaseDatabaseWrapper) -> list[tuple[str, str]]:
    _check_vendor(connection)
    kinds = _PG_KINDS if connection.vendor == "postgresql" else _SQLITE_KINDS
    existing = set(connection.introspection.table_names())
    tables = [model._meta.db_table for model in registered() if model._meta.db_table in existing]
    return [(table, f"{table}_{kind}") for table in tables for kind in kinds]


def _lacking(connection: BaseDatabaseWrapper) -> list[tuple[str, str]]:
    expected = _expected(connection)
    sound = _sound_postgresql(connection) if connection.vendor == "postgresql" else _sound_sqlite(connection)
    return [one for one in expected if one not in sound]


def _sound_sqlite(connection: BaseDatabaseWrapper) -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'")
        return {(table, name) for table, name, sql in cursor.fetchall() if sql == _sqlite_sql(table, name)}


def _sound_postgresql(connection: BaseDatabaseWrapper) -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, t.tgname, t.tgtype FROM pg_trigger t"
            " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace"
            " AND t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL AND t.tgattr::text = ''"
            " AND p.proname = %s AND p.prosrc = %s",
            [FUNCTION, FUNCTION_BODY],
        )
        types = {f"_{kind}": number for kind, (number, _, _) in _PG_KINDS.items()}
        return {(table, name) for table, name, number in cursor.fetchall() if types.get(name[len(table) :]) == number}


def _making(connection: BaseDatabaseWrapper, table: str, name: str) -> list[str]:
    drop = _dropping(connection, table, name)
    if connection.vendor != "postgresql":
        return [drop, _sqlite_sql(table, name)]
    _, event, each = _PG_KINDS[name[len(table) + 1 :]]
    return [drop, f'CREATE TRIGGER "{name}" {event} ON "{table}" {each} EXECUTE FUNCTION {FUNCTION}()']


def _dropping(connection: BaseDatabaseWrapper, table: str, name: str) -> str:
    on_table = f' ON "{table}"' if connection.vendor == "postgresql" else ""
    return f'DROP TRIGGER IF EXISTS "{name}"{on_table}'


def _sqlite_sql(table: str, name: str) -> str:
    event = _SQLITE_KINDS.get(name[len(table) + 1 :], "")
    return (
        f'CREATE TRIGGER "{name}" BEFORE {event} ON "{table}" '
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: {event} refused'); END"
    )


def _check_vendor(connection: BaseDatabaseWrapper) -> None:
    if connection.vendor not in ("postgresql", "sqlite"):
        raise NotImplementedError(f"no append-only triggers are known for {connection.vendor}")
