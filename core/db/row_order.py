"""Rows before or after another one in the order of several columns, as one comparison that an index answers.

`starts_at < x OR (starts_at = x AND id < y)` says the same and makes PostgreSQL read the index from its end.
"""

from collections.abc import Mapping
from typing import Any, cast

from django.db.models import BooleanField, Expression, F, Field, Func, Model, QuerySet, Value

Key = Mapping[str, Any]
"""The values of the columns, in their order."""


def before(rows: QuerySet[Any], key: Key) -> QuerySet[Any]:
    """The rows that are less than the key."""
    return rows.filter(_compared(rows.model, key, " < "))


def after(rows: QuerySet[Any], key: Key) -> QuerySet[Any]:
    """The rows that are greater than the key."""
    return rows.filter(_compared(rows.model, key, " > "))


def _compared(model: type[Model], key: Key, sign: str) -> Expression:
    fields = {name: cast("Field[Any, Any]", model._meta.get_field(name)) for name in key}
    values = [Value(value, output_field=fields[name]) for name, value in key.items()]
    return Func(
        _row(*(F(name) for name in key)),
        _row(*values),
        template="%(expressions)s",
        arg_joiner=sign,
        output_field=BooleanField(),
    )


def _row(*columns: Any) -> Func:
    # The field of a whole row is nothing; that of its first column keeps Django from asking.
    return Func(*columns, template="(%(expressions)s)", output_field=BooleanField())
