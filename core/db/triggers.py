"""Database triggers that refuse UPDATE, DELETE and TRUNCATE on append-only tables, on SQLite and PostgreSQL. A table
whose rows are answered once (`AnsweredOnceModel`) lets one UPDATE of a row pass: the one that writes its answer.

`ensure` is idempotent and runs after every migrate, because SQLite rebuilds a table to alter it and drops its
triggers. `missing` compares definitions, not names: a disabled, emptied or conditional trigger counts as missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from core.db import kept
from core.db.immutable import answered_once, registered

FUNCTION = "jinshao_append_only"
FUNCTION_BODY = (
    "\nBEGIN\n  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP"
    " USING ERRCODE = 'integrity_constraint_violation';\nEND;\n"  # so that Django raises IntegrityError, as on SQLite
)
ONCE_FUNCTION = (
    "jinshao_answered_once"  # its arguments: the columns of the answer, first the one that is null before it
)
ONCE_BODY = (
    "\nBEGIN\n  IF TG_OP = 'UPDATE' AND to_jsonb(OLD) -> TG_ARGV[0] = 'null' AND to_jsonb(NEW) -> TG_ARGV[0] <> 'null'"
    "\n    AND to_jsonb(OLD) - TG_ARGV = to_jsonb(NEW) - TG_ARGV THEN\n    RETURN NEW;\n  END IF;"
    "\n  RAISE EXCEPTION '% is append-only but for its answer: % refused', TG_TABLE_NAME, TG_OP"
    " USING ERRCODE = 'integrity_constraint_violation';\nEND;\n"
)
# pg_trigger.tgtype: 1 row, 2 before, 8 delete, 16 update, 32 truncate
_PG_KINDS = {
    "ao_row": (1 | 2 | 8 | 16, "BEFORE UPDATE OR DELETE", "FOR EACH ROW"),
    "ao_cut": (2 | 32, "BEFORE TRUNCATE", "FOR EACH STATEMENT"),
}
_SQLITE_KINDS = {"ao_upd": "UPDATE", "ao_del": "DELETE"}
_PG_ONCE = "ao_once"
_PG_KINDS[_PG_ONCE] = _PG_KINDS["ao_row"]
_FUNCTIONS = {FUNCTION: FUNCTION_BODY, ONCE_FUNCTION: ONCE_BODY}


def ensure(using: str = DEFAULT_DB_ALIAS) -> int:
    """Make what is missing; returns how many triggers were made."""
    connection = connections[using]
    figures = kept.ensure(using)
    lacking = _lacking(connection)
    if not lacking:
        return figures
    with transaction.atomic(using=using), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for function, body in _FUNCTIONS.items():
                quoted = f"$jinshao${body}$jinshao$"
                cursor.execute(f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS {quoted}")
        for table, name in lacking:
            for statement in _making(connection, table, name):
                cursor.execute(statement)
    return len(lacking) + figures


def missing(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """The triggers that are not there as they must be, as "table.trigger"."""
    return [*(f"{table}.{name}" for table, name in _lacking(connections[using])), *kept.missing(using)]


def lift(using: str = DEFAULT_DB_ALIAS, plan: Any = (), **_: Any) -> None:
    """Before tables change: on SQLite, which renames no table while a trigger names one that is being rebuilt."""
    if plan and connections[using].vendor == "sqlite":
        kept.drop(using)


@contextmanager
def lifted(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Without triggers inside, with them again after: only for tests and for a flush in tests."""
    connection = connections[using]
    kept.drop(using)
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
    is_pg = connection.vendor == "postgresql"
    plain, once = (("ao_row", "ao_cut"), (_PG_ONCE, "ao_cut")) if is_pg else (tuple(_SQLITE_KINDS),) * 2
    existing = set(connection.introspection.table_names())
    kinds = {model._meta.db_table: plain for model in registered()} | dict.fromkeys(answered_once(), once)
    return [(table, f"{table}_{kind}") for table in kinds if table in existing for kind in kinds[table]]


def _lacking(connection: BaseDatabaseWrapper) -> list[tuple[str, str]]:
    expected = _expected(connection)
    sound = _sound_postgresql(connection) if connection.vendor == "postgresql" else _sound_sqlite(connection)
    return [trigger for trigger in expected if trigger not in sound]


def _sound_sqlite(connection: BaseDatabaseWrapper) -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'")
        return {(table, name) for table, name, sql in cursor.fetchall() if sql == _sqlite_sql(table, name)}


def _sound_postgresql(connection: BaseDatabaseWrapper) -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, t.tgname, t.tgtype, p.proname, p.prosrc, encode(t.tgargs, 'escape') FROM pg_trigger t"
            " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace"
            " AND t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL AND t.tgattr::text = ''"
            " AND p.proname = ANY(%s)",
            [list(_FUNCTIONS)],
        )
        return {
            (table, name) for table, name, *definition in cursor.fetchall() if definition == _pg_wanted(table, name)
        }


def _pg_wanted(table: str, name: str) -> list[object]:
    """[kind, function, its body, arguments (each ends in a zero byte)] of a trigger as it must be; [] for no such kind."""
    kind = name[len(table) + 1 :]
    if kind not in _PG_KINDS:
        return []
    function = ONCE_FUNCTION if kind == _PG_ONCE else FUNCTION
    arguments = "".join(f"{column}\\000" for column in _answer_of(table, kind))
    return [_PG_KINDS[kind][0], function, _FUNCTIONS[function], arguments]


def _answer_of(table: str, kind: str) -> tuple[str, ...]:
    return answered_once()[table] if kind == _PG_ONCE else ()


def _making(connection: BaseDatabaseWrapper, table: str, name: str) -> list[str]:
    drop = _dropping(connection, table, name)
    if connection.vendor != "postgresql":
        return [drop, _sqlite_sql(table, name)]
    kind = name[len(table) + 1 :]
    _, event, each = _PG_KINDS[kind]
    function = ONCE_FUNCTION if kind == _PG_ONCE else FUNCTION
    arguments = ", ".join(f"'{column}'" for column in _answer_of(table, kind))
    return [drop, f'CREATE TRIGGER "{name}" {event} ON "{table}" {each} EXECUTE FUNCTION {function}({arguments})']


def _dropping(connection: BaseDatabaseWrapper, table: str, name: str) -> str:
    on_table = f' ON "{table}"' if connection.vendor == "postgresql" else ""
    return f'DROP TRIGGER IF EXISTS "{name}"{on_table}'


def _sqlite_sql(table: str, name: str) -> str:
    event = _SQLITE_KINDS.get(name[len(table) + 1 :], "")
    is_answer = _sqlite_answer(table) if event == "UPDATE" and table in answered_once() else ""
    return (
        f'CREATE TRIGGER "{name}" BEFORE {event} ON "{table}" {is_answer}'
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: {event} refused'); END"
    )


def _sqlite_answer(table: str) -> str:
    """The WHEN of a table that is answered once: whatever is not the answer of an open row is refused."""
    answer = answered_once()[table]
    model = next(model for model in apps.get_models() if model._meta.db_table == table)
    fixed = [field.column for field in model._meta.concrete_fields if field.column not in answer]
    same = " AND ".join(f'OLD."{column}" IS NEW."{column}"' for column in fixed)
    return f'WHEN NOT (OLD."{answer[0]}" IS NULL AND NEW."{answer[0]}" IS NOT NULL AND {same}) '


def _check_vendor(connection: BaseDatabaseWrapper) -> None:
    if connection.vendor not in ("postgresql", "sqlite"):
        raise NotImplementedError(f"no append-only triggers are known for {connection.vendor}")
