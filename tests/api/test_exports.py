"""Lists as CSV and GeoJSON: the same rows as JSON, in order, bounded, safe in a spreadsheet."""

import csv
import io
import json

import pytest

from core.http import exports
from journal.models import Access
from tests.factories import points
from tests.factories.city import IN_EAST

pytestmark = pytest.mark.django_db


def _read(answer) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:])))


def test_the_csv_of_a_list_has_its_rows_in_its_order_and_its_filters(city, sign_in):
    points.dispatched(city)
    points.suspected(at=IN_EAST)
    clerk = sign_in(city.clerk)
    for query in ("", "state=dispatched", "county=210591"):
        told = clerk.get(f"/api/fire-points/?{query}").json()["results"]
        answer = clerk.get(f"/api/fire-points/?{query}", HTTP_ACCEPT="text/csv")
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        rows = _read(answer)
        assert [int(row["id"]) for row in rows] == [one["id"] for one in told]
        assert [float(row["lon"]) for row in rows] == [one["lon"] for one in told]
        assert list(rows[0]) == list(told[0])


def test_the_csv_holds_only_what_the_user_may_see_and_is_noted(city, sign_in):
    points.dispatched(city)
    points.dispatched(city, at=IN_EAST)
    east = sign_in(city.east)
    assert len(_read(east.get("/api/fire-points/?format=csv"))) == 1
    note = Access.objects.get(kind="export")
    assert (note.actor_id, note.subject_id, note.detail[:7]) == (city.east.pk, "fire-points", "csv 1 行")


def test_a_long_csv_ends_at_its_limit_and_says_where_the_rest_begins(city, sign_in, settings):
    settings.EXPORT_ROWS = 2
    made = [points.suspected().pk for _ in range(5)]
    clerk = sign_in(city.clerk)
    seen, url = [], "/api/fire-points/?format=csv"
    while url:
        answer = clerk.get(url)
        rows = _read(answer)
        assert len(rows) <= 2
        seen += [int(row["id"]) for row in rows]
        url = answer.headers.get("Link", "").partition(">")[0].removeprefix("<")
    assert seen == made[::-1]


def test_the_queries_of_a_csv_do_not_grow_with_its_rows(city, sign_in, django_assert_max_num_queries):
    clerk = sign_in(city.clerk)
    for _ in range(12):
        points.dispatched(city)
    with django_assert_max_num_queries(8):
        assert len(_read(clerk.get("/api/fire-points/?format=csv"))) == 12


@pytest.mark.parametrize("url", ["sightings", "imports", "batches", "journal/entries"])
def test_every_list_has_a_csv(city, sign_in, url):
    points.final(city)
    clerk = sign_in(city.clerk)
    clerk.post("/api/batches/", {"month": "2023-10"})
    told = sign_in(city.auditor).get(f"/api/{url}/").json()["results"]
    rows = _read(sign_in(city.auditor).get(f"/api/{url}/?format=csv"))
    key = "run" if url == "imports" else "id"
    assert [row[key] for row in rows] == [str(one[key]) for one in told] != []


def test_sightings_are_features_too(city, sign_in):
    point = points.dispatched(city)
    answer = sign_in(city.clerk).get("/api/sightings/", HTTP_ACCEPT="application/geo+json")
    (feature,) = json.loads(answer.content)["features"]
    assert feature["geometry"]["type"] == "Point"
    assert feature["properties"]["point"] == point.pk


@pytest.mark.parametrize("format", ["csv", "geojson", "json"])
def test_a_refusal_is_a_problem_in_every_format_and_options_break_in_none(city, sign_in, problem, format):
    clerk = sign_in(city.clerk)
    problem(clerk.get(f"/api/fire-points/?format={format}&month=2023-13"), 400, "bad_input")
    problem(clerk.get(f"/api/fire-points/?format={format}&cursor=nonsense"), 404, "not_found")
    assert clerk.options(f"/api/fire-points/?format={format}").status_code == 200
    problem(clerk.get("/api/fire-points/?format=xml"), 404, "not_found")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+86", "'+86"),
        ("-5", "'-5"),
        ("\t=1", "'\t=1"),
        ("＝1", "'＝1"),
        (-5, "-5"),
        (-5.25, "-5.25"),
        (None, ""),
        (True, "true"),
        ("甲县", "甲县"),
        ([1, "=x"], '[1, "=x"]'),
    ],
)
def test_no_text_of_a_csv_is_a_formula(value, written):
    assert exports.cell(value) == written


def test_a_formula_in_a_row_stays_text_in_the_file(city, sign_in):
    point = points.suspected()
    points.ask(point, '=HYPERLINK("x")')
    (row,) = _read(sign_in(city.clerk).get("/api/fire-points/?format=csv"))
    assert row["needs_person"] == '\'=HYPERLINK("x")'
