"""Every address that takes a month answers in words to what is none, and never shows another month in its place."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from core.month import Month
from penalties.models import Batch
from tests.factories import points as make
from tests.factories.city import City
from tests.factories.no_months import NO_MONTHS

EDGES = ("0001-01", "0001-12", "9999-01", "9999-12")
WORDS = "应写成 YYYY-MM"


@pytest.fixture
def clerk(city: City, client: Client) -> Client:
    client.force_login(city.clerk)
    return client


@pytest.mark.parametrize("month", NO_MONTHS, ids=repr)
def test_the_overview_says_what_is_wrong_with_a_month_and_shows_the_present_one(city, clerk, month):
    point = make.dispatched(city)
    page = clerk.get(reverse("home"), {"month": month})
    assert page.status_code == 200
    assert WORDS in page.content.decode()
    assert page.context["month"] == str(Month.of(point.burn_date))


@pytest.mark.parametrize("month", NO_MONTHS, ids=repr)
def test_the_list_says_what_is_wrong_with_a_month_and_shows_no_point(city, clerk, month):
    point = make.dispatched(city)
    page = clerk.get(reverse("firepoints:list"), {"month": month})
    assert page.status_code == 200
    assert WORDS in page.content.decode() or "\x00" in month
    assert page.context["form"].errors["month"]
    assert point.number not in page.content.decode()


@pytest.mark.parametrize("month", NO_MONTHS, ids=repr)
def test_maps_and_programs_are_refused_with_400(city, clerk, month):
    make.dispatched(city)
    marks = clerk.get(reverse("firepoints:points_geojson"), {"month": month})
    assert (marks.status_code, marks.json()["error"]) == (400, "bad_filter")
    for format in ("json", "csv", "geojson"):
        answer = clerk.get("/api/fire-points/", {"month": month, "format": format})
        assert answer.status_code == 400
        assert set(json.loads(answer.content)["errors"]) == {"month"}


@pytest.mark.parametrize("month", NO_MONTHS, ids=repr)
def test_no_batch_is_built_of_what_is_no_month(city, clerk, month):
    make.final(city)
    assert clerk.post(reverse("penalties:build"), {"month": month}).status_code == 400
    answer = clerk.post("/api/batches/", {"month": month}, "application/json")
    assert answer.status_code == 400
    # A body with NUL in it is refused as a whole.
    assert "\x00" in month or set(answer.json()["errors"]) == {"month"}
    assert not Batch.objects.exists()


@pytest.mark.parametrize("month", NO_MONTHS, ids=repr)
def test_a_page_key_that_names_no_month_begins_at_the_first_page(city, clerk, month):
    make.final(city)
    clerk.post(reverse("penalties:build"), {"month": "2023-10"})
    page = clerk.get(reverse("penalties:list"), {"before": f"{month}.9"})
    assert page.status_code == 200
    assert [row["batch"].month for row in page.context["rows"]] == ["2023-10"]


@pytest.mark.parametrize("month", EDGES)
def test_the_calendars_first_and_last_months_are_months(city, clerk, month):
    make.dispatched(city)
    page = clerk.get(reverse("home"), {"month": month})
    assert (page.status_code, page.context["month"]) == (200, month)
    # Neither arrow leads to a month that is none.
    for link in page.context["months"]:
        assert clerk.get(link["url"]).context["month"] == link["url"][-7:]
    assert clerk.get(reverse("firepoints:list"), {"month": month}).context["total"] == "0"
    assert clerk.get(reverse("firepoints:points_geojson"), {"month": month}).json()["features"] == []
    assert clerk.get("/api/fire-points/", {"month": month}).json()["results"] == []
