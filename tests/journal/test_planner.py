"""Statistics after a bulk load: PostgreSQL is told, SQLite is left alone."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from journal.models import Entry
from journal.planner import refresh_statistics


@pytest.mark.django_db
@pytest.mark.embedded
def test_a_bulk_load_is_told_to_the_planner_where_there_is_one_to_tell() -> None:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        refresh_statistics(Entry)
    assert len(seen) == (1 if connection.vendor == "postgresql" else 0)
