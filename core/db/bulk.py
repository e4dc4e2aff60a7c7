"""Many rows at once: executemany on SQLite, COPY on PostgreSQL, the ORM's bulk_create on any other database.

The only module with a bulk path of its own, so that the two databases differ in one place. Constraints and triggers
hold as ever; what is left out is a Python object per row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection, models

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = date(1970, 1, 1).toordinal()

Columns = Mapping[str, Any]


def insert(model: type[models.Model], columns: Columns) -> int:
    """Insert rows given as columns (database attribute → values); returns how many.

    A column is a sequence of equal length, or one value for all. A numpy array of whole numbers is Unix seconds for a
    time and days since 1970-01-01 for a date; NaN is NULL; text is text. Defaults of the model are not applied.
    """
    size = next((len(values) for values in columns.values() if _is_column(values)), 1)
    if not size:
        return 0
    fields = {
        name: model._meta.get_field(name.removesuffix("_id") if name.endswith("_id") else name) for name in columns
    }
    if connection.vendor == "sqlite":
        _sqlite(model, fields, columns)
    elif connection.vendor == "postgresql":
        _copy(model, fields, columns, size)
    else:
        rows = zip(*(_objects(fields[name], columns[name], size) for name in columns), strict=True)
        model._default_manager.bulk_create([model(**dict(zip(columns, row, strict=True))) for row in rows], 1000)
    return size


def reserve_ids(model: type[models.Model], count: int) -> npt.NDArray[np.int64]:
    """`count` fresh primary keys, ascending. On SQLite only inside the transaction that uses them."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count]
            )
            return np.array([row[0] for row in cursor.fetchall()], dtype=np.int64)
        last = 0
        if connection.vendor == "sqlite":
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
            last = (cursor.fetchone() or (0,))[0]
        highest = model._default_manager.aggregate(last=models.Max("pk"))["last"] or 0
    first = max(last, highest) + 1
    return np.arange(first, first + count, dtype=np.int64)


def _is_column(values: Any) -> bool:
    return not isinstance(values, str | bytes) and hasattr(values, "__len__")


def _sqlite(model: type[models.Model], fields: Mapping[str, Any], columns: Columns) -> None:
    names = ", ".join(f'"{field.column}"' for field in fields.values())
    marks = ", ".join(["%s"] * len(fields))
    lists: list[Any] = [
        _sqlite_values(fields[name], values) if _is_column(values) else repeat(_sqlite_value(fields[name], values))
        for name, values in columns.items()
    ]
    with connection.cursor() as cursor:
        rows: Any = zip(*lists, strict=False)  # a single value is repeated for ever
        cursor.executemany(f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({marks})', rows)  # noqa: S608  names of our own models


def _sqlite_values(field: Any, values: Any) -> Sequence[Any]:
    """A column as SQLite takes it, in the very form in which Django stores it."""
    array = values if isinstance(values, np.ndarray) else None
    if array is not None and array.dtype.kind in "iu":
        if isinstance(field, models.DateTimeField):
            return _texts_of(array, "datetime64[s]")
        if isinstance(field, models.DateField):
            return _texts_of(array, "datetime64[D]")
    if array is not None and array.dtype.kind == "f":
        plain = array.astype(object)
        plain[np.isnan(array)] = None
        return list(plain)
    if isinstance(field, models.DateTimeField | models.DateField | models.JSONField):
        return [_sqlite_value(field, value) for value in values]
    return list(array.tolist()) if array is not None else values


def _sqlite_value(field: Any, value: Any) -> Any:
    return field.get_db_prep_save(value, connection)


def _texts_of(array: npt.NDArray[Any], unit: str) -> list[str]:
    """Seconds or days since 1970 as Django writes them, each moment made once."""
    moments, at = np.unique(array, return_inverse=True)
    texts = np.char.replace(moments.astype(unit).astype(str), "T", " ").astype(object)
    texts_of_rows: list[str] = texts[at].tolist()
    return texts_of_rows


def _copy(model: type[models.Model], fields: Mapping[str, Any], columns: Columns, size: int) -> None:
    """COPY … FROM STDIN in CSV, written by Arrow: text is always quoted, so an empty one is not taken for NULL."""
    import pyarrow as pa
    import pyarrow.csv as pacsv

    arrays = [_arrow(fields[name], values, size) for name, values in columns.items()]
    sink = pa.BufferOutputStream()
    options = pacsv.WriteOptions(include_header=False)
    pacsv.write_csv(pa.table(arrays, names=[field.column for field in fields.values()]), sink, options)
    names = ", ".join(f'"{field.column}"' for field in fields.values())
    with connection.cursor() as cursor:
        statement = f'COPY "{model._meta.db_table}" ({names}) FROM STDIN (FORMAT csv)'
        # Django's own errors, as from any other statement: a key that is taken is an IntegrityError.
        with connection.wrap_database_errors, cursor.copy(statement) as copy:
            copy.write(memoryview(sink.getvalue()))


def _arrow(field: Any, values: Any, size: int) -> Any:
    import pyarrow as pa

    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values.cast(pa.large_string()) if pa.types.is_string(values.type) else values
    if values is None:
        return pa.nulls(size, pa.string())
    if not _is_column(values):
        values = [values] * size
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu":
        if isinstance(field, models.DateTimeField):
            return pa.array(values, pa.timestamp("s")).cast(pa.timestamp("s", tz="UTC"))
        if isinstance(field, models.DateField):
            return pa.array(values.astype(np.int32), pa.int32()).cast(pa.date32())
    if isinstance(field, models.JSONField):
        import json

        return pa.array(
            [None if value is None else json.dumps(value, ensure_ascii=False) for value in values], pa.string()
        )
    if isinstance(field, models.BinaryField):
        return pa.array([None if value is None else "\\x" + bytes(value).hex() for value in values], pa.large_string())
    if isinstance(values, np.ndarray) and values.dtype.kind == "U":
        values = values.astype(object)
    column = pa.array(values, from_pandas=True)
    return column.cast(pa.string()) if pa.types.is_null(column.type) else column


def _objects(field: Any, values: Any, size: int) -> Iterator[Any]:
    """A column as Python objects, for databases without a path of their own."""
    if not _is_column(values):
        return iter([values] * size)
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu":
        if isinstance(field, models.DateTimeField):
            return (EPOCH + timedelta(seconds=int(s)) for s in values)
        if isinstance(field, models.DateField):
            return (date.fromordinal(int(d) + EPOCH_DAY) for d in values)
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        return (None if np.isnan(number) else float(number) for number in values)
    return iter(values.tolist() if isinstance(values, np.ndarray) else list(values))
