"""Findings over the API: one or a queue, once however often they are sent."""

import uuid

import pytest

from firepoints.models import Detection, FirePoint, ImportRun
from journal.models import Entry
from tests.factories import points
from tests.factories.city import IN_EAST, IN_WEST

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def _finding(**given):
    told = {"uuid": str(uuid.uuid4()), "found_at": "2023-10-07T13:30:00+08:00", "kind": "fire"}
    return {**told, "lon": IN_WEST[0], "lat": IN_WEST[1], "finder": "演示甲", **given}


def _report(client, body):
    return client.post("/api/sightings/", body, format="json")


def test_a_finding_becomes_a_point_and_a_repeat_leaves_nothing_behind(city, sign_in):
    clerk, finding = sign_in(city.clerk), _finding()
    first = _report(clerk, finding)
    assert first.status_code == 201
    assert first.json()["receipt"]["uuid"] == finding["uuid"]
    assert first.json()["point"]["county_code"] == "210590"
    before = (ImportRun.objects.count(), Detection.objects.count(), FirePoint.objects.count(), Entry.objects.count())
    again = _report(clerk, finding)
    assert again.status_code == 200
    assert again.json()["receipt"] == first.json()["receipt"]
    assert before == (
        ImportRun.objects.count(),
        Detection.objects.count(),
        FirePoint.objects.count(),
        Entry.objects.count(),
    )


def test_the_same_uuid_with_another_content_is_a_conflict(city, sign_in, problem):
    clerk, finding = sign_in(city.clerk), _finding()
    _report(clerk, finding)
    problem(_report(clerk, {**finding, "note": "另一处"}), 409, "sighting_conflict")


def test_a_queue_is_taken_one_by_one_and_says_what_became_of_each(city, sign_in):
    clerk, known = sign_in(city.clerk), _finding()
    _report(clerk, known)
    body = {"findings": [known, _finding(lon=123.86), _finding(kind="smoke"), "text", _finding(lon=120.0, lat=40.0)]}
    told = _report(clerk, body).json()["results"]
    assert [one["status"] for one in told] == [200, 201, 400, 400, 201]
    assert told[2]["problem"]["code"] == "bad_kind"
    assert (told[4]["receipt"]["outcome"], told[4]["point"]) == ("outside", None)


def test_a_county_reports_what_it_found_itself_as_such_and_nothing_else(city, sign_in, problem):
    west = sign_in(city.west)
    problem(_report(west, _finding()), 403, "not_allowed")
    assert _report(west, _finding(source="self_found")).json()["receipt"]["source"] == "self_found"
    # Found in another county: taken, but its point is not shown.
    told = _report(west, _finding(source="self_found", lon=IN_EAST[0], lat=IN_EAST[1]))
    assert (told.status_code, told.json()["point"]) == (201, None)


@pytest.mark.parametrize(
    "given",
    [
        {"found_at": "2999-01-01T00:00:00+08:00"}, {"lon": "x"}, {"lon": None}, {"uuid": "no"}, {"accuracy_m": -1},
        {"datum": "mars"}, {"source": "firms"}, {"note": {"a": 1}}, {"note": "长" * 3000}, {"lat": 1e400},
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_the_field(city, sign_in, given):
    answer = _report(sign_in(city.clerk), _finding(**given)) if "lat" not in given else sign_in(city.clerk).post(
        "/api/sightings/", '{"lon": 123.75, "lat": 1e400, "kind": "fire", "found_at": "2023-10-07"}',
        content_type="application/json")  # fmt: skip
    assert answer.status_code == 400
    assert answer.json()["code"]
    assert not Detection.objects.exists()


@pytest.mark.parametrize("body", ["[]", "3", "null", '"text"', "{", "[" * 100_000, '{"findings": 3}'])
def test_a_body_of_another_shape_is_refused(city, sign_in, body):
    answer = sign_in(city.clerk).post("/api/sightings/", body, content_type="application/json")
    assert answer.status_code == 400


def test_the_list_is_scoped_and_costs_the_same_for_any_number(city, sign_in, django_assert_max_num_queries):
    points.suspected()
    points.suspected(at=IN_EAST)
    west = sign_in(city.west)
    assert len(west.get("/api/sightings/").json()["results"]) == 1
    for _ in range(6):
        points.suspected()
    with django_assert_max_num_queries(6):
        assert len(west.get("/api/sightings/").json()["results"]) == 7
