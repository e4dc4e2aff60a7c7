"""A GET may note who looked (journal.Access) and keep its session; it writes nothing else."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from tests.safety.walk import addresses, body, people, signed_in

pytestmark = pytest.mark.django_db

WRITES = re.compile(r"\s*(insert\s+into|update|delete\s+from|truncate|alter|create|drop)\s+(?:only\s+)?\"?(\w+)", re.I)
ALLOWED = {"journal_access", "django_session"}


class Notes:
    """An execute_wrapper that remembers every table written to."""

    def __init__(self) -> None:
        self.tables: list[str] = []

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if found := WRITES.match(sql):
            self.tables.append(f"{found[1].lower().split()[0]} {found[2]}")
        return execute(sql, params, many, context)

    def unexpected(self) -> list[str]:
        return [one for one in self.tables if one.split()[1] not in ALLOWED]


def test_no_get_of_anybody_writes_anything_but_who_looked(scene):
    found = []
    for role, user in people(scene).items():
        client = signed_in(user)
        for address in addresses(scene):
            notes = Notes()
            with connection.execute_wrapper(notes):
                body(client.get(address.url))
            found += [f"{role} {address}: {one}" for one in notes.unexpected()]
    assert found == []


def test_the_notes_of_this_test_see_a_write(scene):
    notes = Notes()
    client = signed_in(scene.city.clerk)
    with connection.execute_wrapper(notes):
        client.post(f"/fire-points/{scene.suspected.pk}/act/dispatch/", {"expected_version": scene.suspected.version})
    assert {"update fire_point", "insert fire_step", "insert journal_entry"} <= set(notes.unexpected())
