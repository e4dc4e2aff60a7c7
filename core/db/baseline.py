"""The rows that the migrations laid down, so that a flush between tests brings a home back as new, not as bare.

Used by our `migrate` and `flush` commands, and only in tests.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core import serializers
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, connections, transaction

# Made by Django itself after every flush.
BY_DJANGO = {"contenttypes.contenttype", "auth.permission"}

_rows: dict[str, list[Any]] = {}


def remember(using: str = DEFAULT_DB_ALIAS) -> None:
    """Keep what stands in the database; only the first time in this process, right after the first migrate."""
    name = str(connections[using].settings_dict["NAME"])
    existing = set(connections[using].introspection.table_names())
    if name in _rows:
        return
    rows: list[Any] = []
    for model in apps.get_models():
        if model._meta.label_lower not in BY_DJANGO and model._meta.db_table in existing:
            rows += model._default_manager.using(using).order_by("pk")
    _rows[name] = serializers.serialize("python", rows)


def restore(using: str = DEFAULT_DB_ALIAS) -> None:
    """Put back what was kept, as it was: same keys, same digest key."""
    rows = _rows.get(str(connections[using].settings_dict["NAME"]), [])
    with transaction.atomic(using=using):
        models = set()
        for row in serializers.deserialize("python", rows, using=using):
            row.save(using=using)
            models.add(type(row.object))
        # A flush starts the keys again from 1, where the restored rows stand; SQLite needs nothing of the kind.
        with connections[using].cursor() as cursor:
            for statement in connections[using].ops.sequence_reset_sql(no_style(), list(models)):
                cursor.execute(statement)
