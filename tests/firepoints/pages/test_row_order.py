"""Rows before and after another one in the order of two columns."""

from datetime import UTC, datetime, timedelta

import pytest

from core.db import row_order
from firepoints.models import FirePoint
from tests.factories import points as make

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
AT = datetime(2023, 10, 12, 4, 30, 0, 250_000, tzinfo=UTC)


def test_rows_of_the_same_moment_are_told_apart_by_their_number(city):
    earlier, same, point, later = (make.suspected().pk for _ in range(4))
    FirePoint.objects.filter(pk__in=[same, point]).update(starts_at=AT, ends_at=AT)
    FirePoint.objects.filter(pk=earlier).update(starts_at=AT - timedelta(microseconds=1), ends_at=AT)
    FirePoint.objects.filter(pk=later).update(
        starts_at=AT + timedelta(microseconds=1), ends_at=AT + timedelta(microseconds=1)
    )
    ordered = FirePoint.objects.order_by("starts_at", "pk")
    key = {"starts_at": AT, "id": point}
    assert [row.pk for row in row_order.before(ordered, key)] == [earlier, same]
    assert [row.pk for row in row_order.after(ordered, key)] == [later]
