"""Fire points over the API: scope, the list's cost, and acts with their refusals."""

import json

import pytest

from tests.factories import points
from tests.factories.city import EAST, IN_EAST, WEST

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def _act(client, point, action, **data):
    body = {"action": action, "data": data, "version": point.version}
    return client.post(f"/api/fire-points/{point.pk}/transitions/", body, format="json")


def test_a_county_lists_and_opens_its_own_points_only(city, sign_in, problem):
    own, other = points.dispatched(city), points.dispatched(city, at=IN_EAST)
    west = sign_in(city.west)
    assert [one["id"] for one in west.get("/api/fire-points/").json()["results"]] == [own.pk]
    problem(west.get(f"/api/fire-points/{other.pk}/"), 404, "not_found")
    refused = problem(_act(west, other, "report", conclusion="true"), 404, "not_found")
    assert (refused["title"], "requirements" in refused) == ("没有找到", False), "nothing is lacking: it is not there"
    assert len(sign_in(city.clerk).get("/api/fire-points/").json()["results"]) == 2


def test_the_list_narrows_by_state_county_month_and_number(city, sign_in, problem):
    first, second = points.dispatched(city), points.suspected(at=IN_EAST)
    clerk = sign_in(city.clerk)

    def found(query: str) -> list[int]:
        return [one["id"] for one in clerk.get(f"/api/fire-points/?{query}").json()["results"]]

    assert found("state=dispatched") == [first.pk]
    assert found(f"county={EAST}") == [second.pk]
    assert found(f"number={first.number}") == [first.pk]
    assert found("month=2023-10") == [second.pk, first.pk]
    assert found("month=2023-11") == []
    told = problem(clerk.get("/api/fire-points/?month=2023-13&state=nothing"), 400, "bad_input")
    assert set(told["errors"]) == {"month", "state"}


def test_the_list_costs_the_same_for_one_point_and_for_twelve(city, sign_in, django_assert_max_num_queries):
    points.dispatched(city)
    clerk = sign_in(city.clerk)
    with django_assert_max_num_queries(5) as one:
        clerk.get("/api/fire-points/")
    for _ in range(11):
        points.dispatched(city)
    with django_assert_max_num_queries(5) as twelve:
        assert len(clerk.get("/api/fire-points/").json()["results"]) == 12
    assert len(one) == len(twelve)


def test_pages_follow_by_key_and_a_forged_cursor_is_refused(city, sign_in, problem):
    made = [points.suspected().pk for _ in range(3)]
    clerk = sign_in(city.clerk)
    page = clerk.get("/api/fire-points/?page_size=2").json()
    rest = clerk.get(page["next"]).json()
    assert [one["id"] for one in page["results"] + rest["results"]] == made[::-1]
    for cursor in ("nonsense", "cD1ub3RhbnVtYmVy", "cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5"):
        problem(clerk.get(f"/api/fire-points/?cursor={cursor}"), 404, "not_found")


def test_geojson_has_lon_before_lat(city, sign_in):
    point = points.dispatched(city)
    answer = sign_in(city.clerk).get("/api/fire-points/?format=geojson")
    assert answer["Content-Type"].startswith("application/geo+json")
    (feature,) = json.loads(answer.content)["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [point.lon, point.lat]}
    assert feature["properties"]["number"] == point.number


def test_a_point_shows_pixels_people_receipts_steps_and_what_is_missing(city, sign_in):
    head = city.people["head"]
    head.phone = "13800001234"
    head.save()
    point = points.verified(city)
    told = sign_in(city.recogniser).get(f"/api/fire-points/{point.number}/").json()
    assert told["version"] == point.version
    assert told["detections"][0]["scan_km"] == 0.39
    (held,) = [one for one in told["attribution"]["people"] if one["name"]]
    assert (held["cell_code"], held["phone"]) == (f"{WEST}001", "138****1234")
    assert told["evidence"][0]["footprint_distance_m"] == 0
    assert [(one["from"], one["to"], one["actor_name"]) for one in told["steps"]] == [
        ("suspected", "dispatched", "演示clerk"),
        ("dispatched", "verified", "演示west"),
    ]
    actions = {one["action"]: one for one in told["actions"]}
    assert actions["recognise"]["missing"] == []
    assert actions["recognise"]["fields"]["reason"] is True


def test_acts_go_through_the_table_and_give_the_point_back(city, sign_in):
    point = points.suspected()
    told = _act(sign_in(city.clerk), point, "dispatch").json()
    assert (told["state"], told["version"]) == ("dispatched", point.version + 1)


def test_each_refusal_has_its_own_status_and_code(city, sign_in, problem):
    point = points.dispatched(city)
    west, clerk = sign_in(city.west), sign_in(city.clerk)
    problem(_act(clerk, point, "dispatch"), 409, "wrong_state")
    problem(_act(sign_in(city.auditor), point, "report", conclusion="true", evidence=[]), 403, "not_allowed")
    told = problem(_act(west, point, "report", evidence=[]), 400, "missing")
    assert told["requirements"] == ["conclusion"]
    problem(_act(west, point, "no_such_act"), 400, "bad_input")
    problem(_act(west, point, "report", colour="red"), 400, "bad_input")
    point.version -= 1
    problem(_act(west, point, "report", conclusion="true", evidence=[]), 409, "stale_version")


def test_an_act_without_the_version_that_was_seen_is_refused(city, sign_in, problem):
    point = points.suspected()
    answer = sign_in(city.clerk).post(f"/api/fire-points/{point.pk}/transitions/", {"action": "dispatch"})
    problem(answer, 428, "version_required")


def test_the_joint_record_is_checked_for_shape_before_its_service(city, sign_in, problem):
    point = points.joint(city)
    clerk = sign_in(city.clerk)
    told = {"conclusion": "true", "county_code": WEST, "evidence": []}
    for sites in ("all", [1], [{"lon": 123.75}], [{"lon": 123.75, "lat": 41.25, "reason": 5, "document": "x"}]):
        answer = _act(clerk, point, "settle_jointly", **told, attendances=points.attendance(), sites=sites)
        assert answer.status_code == 400
    for attendances in (
        "all",
        [1],
        [{"party": "甲县", "outcome": "present", "signer": 5, "x": []}],
        [{"party": "甲县"}],
    ):
        answer = _act(clerk, point, "settle_jointly", **told, attendances=attendances)
        assert answer.status_code == 400
    scan = points.scan(point, city.clerk)
    told["evidence"] = points.uuids(scan)
    typed = _act(clerk, point, "settle_jointly", **told, attendances=points.attendance(east="absent"))
    assert typed.json()["requirements"] == ["attendances 第 3 项 notices"]
    served = points.attendance(points.served(point, city.clerk), east="absent")
    answer = _act(clerk, point, "settle_jointly", **told, attendances=served)
    assert answer.json()["county_code"] == WEST


@pytest.mark.parametrize("text", ["a\\u0000b", "\\ud800"])
def test_text_that_no_database_can_hold_is_refused(city, sign_in, problem, text):
    point = points.dispatched(city)
    body = f'{{"action": "close", "version": {point.version}, "data": {{"reason": "{text}"}}}}'
    url = f"/api/fire-points/{point.pk}/transitions/"
    problem(sign_in(city.clerk).post(url, body, content_type="application/json"), 400, "unreadable")


@pytest.mark.parametrize("given", ["%00", "²", "9" * 40, "没有"])
def test_an_id_that_is_none_is_not_found(city, sign_in, problem, given):
    problem(sign_in(city.clerk).get(f"/api/fire-points/{given}/"), 404, "not_found")
