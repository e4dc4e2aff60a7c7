"""What a home answers, as one JSON object: run by `forward` under the earlier program and under today's.

It knows nothing of either program's rooms: URLs come from the resolver, tables from the database.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.apps import apps  # noqa: E402  the settings must be there first
from django.contrib.auth import get_user_model  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import URLPattern, URLResolver, get_resolver  # noqa: E402

PARAMETER = re.compile(r"<[^>]+>")


def addresses(resolver: Any, prefix: str = "/") -> Iterator[str]:
    """Every address that takes no parameter, and a point's and a batch's own."""
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry, route)
        elif isinstance(entry, URLPattern) and "^" not in route:
            yield route


def pages() -> dict[str, int]:
    """The status that a clerk and an auditor get at each address; what ends a session is not asked."""
    point = apps.get_model("firepoints", "FirePoint").objects.order_by("pk").values_list("pk", flat=True)[0]
    batch = apps.get_model("penalties", "Batch").objects.order_by("pk").values_list("pk", flat=True)[0]
    answers: dict[str, int] = {}
    for username in ("clerk", "auditor"):
        client = Client(raise_request_exception=False)
        client.force_login(get_user_model().objects.get(username=username), "django.contrib.auth.backends.ModelBackend")
        for route in sorted(set(addresses(get_resolver()))):
            url = route.replace("<int:point_id>", str(point)).replace("<int:batch_id>", str(batch))
            if PARAMETER.search(url) or "logout" in url:
                continue
            answers[f"{username} {url}"] = client.get(url, headers={"Host": "localhost"}).status_code
    return answers


def schema() -> list[str]:
    """Every column of every table of ours, as table.column."""
    columns: list[str] = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            described = connection.introspection.get_table_description(cursor, table)
            columns += [f"{table}.{column.name}" for column in described]
    return columns


def missing_triggers() -> list[str]:
    """The triggers that an append-only table lacks, wherever the program keeps them."""
    try:
        from core.db import triggers
    except ImportError:
        from journal import triggers  # type: ignore[no-redef]
    return [str(name) for name in triggers.missing()]


def main() -> None:
    """Print the whole as JSON."""
    points = apps.get_model("firepoints", "FirePoint").objects
    latest = apps.get_model("penalties", "Batch").objects.order_by("pk").values_list("month", flat=True)[0]
    answer = {
        "pages": pages(),
        "schema": schema(),
        "missing_triggers": missing_triggers(),
        "points": points.count(),
        "month": str(latest)[:7],
    }
    print(json.dumps(answer, ensure_ascii=False))


if __name__ == "__main__":
    main()
