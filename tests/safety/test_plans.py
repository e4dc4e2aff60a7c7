"""What is asked again and again finds its rows by an index, however long the history (docs/measurements.md has the figures)."""

import json
from datetime import date

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from core import clock
from firepoints.models import FirePoint, Recognition, Step
from firepoints.steps.divisions import said_by_people
from firepoints.terms.posting import OUTDATED, UNPOSTED
from penalties.batches import steps
from penalties.ledger import differing
from penalties.models import LedgerEntry
from tests.factories import points as make
from tests.factories.city import City
from tests.safety.walk import signed_in

pytestmark = pytest.mark.django_db
GROWING = ("fire_point", "fire_recognition", "penalty_entry")
COPIES = 4_000
"""Enough rows for the planner to see that reading a table is dear."""


def long_history(city: City) -> FirePoint:
    """A charged point, and thousands of copies of it with their decisions and entries, all as posted."""
    point = make.final(city)
    batch = steps.batch_build(month="2023-10", actor=city.clerk)
    steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    point.refresh_from_db()
    ids = range(1_000_000, 1_000_000 + COPIES)
    recognition, entry = Recognition.objects.get(), LedgerEntry.objects.get()
    FirePoint.objects.bulk_create(
        _copy(
            point,
            pk=pk,
            number=f"旧{pk}",
            recognition_id=None,
            posted_recognition_id=None,
            state="dispatched",
            counted=None,
        )
        for pk in ids
    )
    Recognition.objects.bulk_create(_copy(recognition, pk=pk, point_id=pk) for pk in ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE fire_point SET recognition_id = id, posted_recognition_id = id, state = 'final', counted = true"
            " WHERE id >= 1000000"
        )
    LedgerEntry.objects.bulk_create(_copy(entry, pk=pk, point_id=pk, recognition_id=pk) for pk in ids)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return point


def _copy(row, **changes):
    fields = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return type(row)(**{**fields, "id": changes["pk"], **{k: v for k, v in changes.items() if k != "pk"}})


def scans(query: QuerySet) -> dict[str, str]:
    """{table: how the plan comes to its rows}."""
    kinds: dict[str, str] = {}

    def walk(node: dict) -> None:
        if "Relation Name" in node:
            kinds[node["Relation Name"]] = node["Node Type"]
        for child in node.get("Plans", []):
            walk(child)

    walk(json.loads(query.explain(format="json"))[0]["Plan"])
    return kinds


def test_what_differs_is_found_by_its_own_indexes_and_no_table_that_grows_is_read(city):
    long_history(city)
    make.final(city)
    for points in (
        FirePoint.objects.filter(UNPOSTED).order_by(),
        FirePoint.objects.filter(OUTDATED).order_by(),
        FirePoint.objects.filter(differing._UNPINNED).order_by(),
        differing._chargeable()
        .filter(final_at__lte=clock.now(), recognition__burn_date__lte=date(2023, 10, 31))
        .order_by(),
    ):
        whole = {table for table, kind in scans(points).items() if kind == "Seq Scan"}
        assert whole & {"fire_point", "fire_recognition", "penalty_entry"} == set(), points.explain()
    assert len(differing.differing(burned=(date.min, date(2023, 10, 31)), final_by=clock.now())) == 1


def test_the_plan_of_a_difference_over_every_point_would_be_seen(city):
    long_history(city)
    every = FirePoint.objects.filter(state="final").exclude(ledger__balance_fen__gt=0).order_by()
    assert "Seq Scan" in scans(every).values()


def test_the_grouping_finds_what_people_divided_by_the_points_and_reads_no_other_step(city):
    point = make.create_point(detections=[make.detection(), make.detection()], actor=city.system)
    parts = [[pk] for pk in point.memberships.values_list("detection", flat=True)]
    make.take(point, "split", city.clerk, groups=parts, reason="两块地")
    step = Step.objects.get(action="split")
    Step.objects.bulk_create(_copy(step, pk=pk, seq=pk) for pk in range(1_000_000, 1_000_000 + COPIES))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with CaptureQueriesContext(connection) as queries:
        joined, apart = said_by_people([point.pk])
    assert (joined, apart) == ([], [tuple(pk for (pk,) in parts)])
    plans = [_explained(query["sql"]) for query in queries if "fire_step" in query["sql"]]
    assert plans
    assert not any("Seq Scan on fire_step" in plan for plan in plans), plans


SMALL = ("/", "/?month=2023-10", "/fire-points/", "/fire-points/?state=all&month=2023-10", "/fire-points/?q=HD2023")
"""Pages that show as much behind a long history as behind none."""


@pytest.mark.parametrize("who", ["clerk", "west", "finance", "auditor"])
def test_home_list_search_and_point_read_no_history_from_end_to_end(city, who):
    point = long_history(city)
    client = signed_in(getattr(city, who))
    for url in (*SMALL, f"/fire-points/{point.pk}/"):
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200, url
        plans = [_explained(query["sql"].replace("%", "%%")) for query in queries if query["sql"].startswith("SELECT")]
        whole = [plan for plan in plans for table in GROWING if f"Seq Scan on {table} " in plan]
        assert whole == [], url


def _explained(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(line for (line,) in cursor.fetchall())
