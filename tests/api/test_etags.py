"""ETag, If-None-Match and If-Match on fire points and batches."""

import pytest

from tests.factories import points

pytestmark = pytest.mark.django_db


def _url(point):
    return f"/api/fire-points/{point.pk}/"


def _dispatch(client, point, body=None, **headers):
    return client.post(f"{_url(point)}transitions/", {"action": "dispatch", **(body or {})}, **headers)


def test_what_has_not_changed_is_not_sent_again(city, sign_in):
    point, clerk = points.suspected(), sign_in(city.clerk)
    tag = clerk.get(_url(point))["ETag"]
    assert tag.startswith(f'"{point.version}-')
    again = clerk.get(_url(point), HTTP_IF_NONE_MATCH=f'"other", {tag}')
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    assert "private" in again["Cache-Control"]
    assert clerk.get(_url(point), HTTP_IF_NONE_MATCH='"other"').status_code == 200


def test_new_evidence_changes_the_tag_though_not_the_version(city, sign_in):
    point, west = points.dispatched(city), sign_in(city.west)
    tag = west.get(_url(point))["ETag"]
    points.photo(point, city.west)
    told = west.get(_url(point), HTTP_IF_NONE_MATCH=tag)
    assert (told.status_code, told.json()["version"], len(told.json()["evidence"])) == (200, point.version, 1)


def test_two_people_who_see_different_things_have_different_tags(city, sign_in):
    point = points.dispatched(city)
    assert sign_in(city.west).get(_url(point))["ETag"] != sign_in(city.clerk).get(_url(point))["ETag"]


def test_an_act_by_if_match_needs_no_version_and_gives_the_new_tag(city, sign_in):
    point, clerk = points.suspected(), sign_in(city.clerk)
    tag = clerk.get(_url(point))["ETag"]
    done = _dispatch(clerk, point, HTTP_IF_MATCH=tag)
    assert (done.status_code, done.json()["state"]) == (200, "dispatched")
    assert done["ETag"] == clerk.get(_url(point))["ETag"] != tag


def test_the_tag_of_a_compressed_answer_is_weak_and_serves_an_act_and_a_second_look(city, sign_in):
    point, clerk = points.suspected(), sign_in(city.clerk)
    first = clerk.get(_url(point), HTTP_ACCEPT_ENCODING="gzip")
    assert (first["Content-Encoding"], first["ETag"][:3]) == ("gzip", 'W/"')
    again = clerk.get(_url(point), HTTP_ACCEPT_ENCODING="gzip", HTTP_IF_NONE_MATCH=first["ETag"])
    assert again.status_code == 304
    done = _dispatch(clerk, point, HTTP_IF_MATCH=first["ETag"])
    assert (done.status_code, done.json()["state"]) == (200, "dispatched")


@pytest.mark.parametrize("tag", ['"1-00000000000000000000"', '"99-aa"', 'W/"1-00000000000000000000"', "nonsense", '"'])
def test_an_act_on_another_state_is_refused_and_changes_nothing(city, sign_in, problem, tag):
    point, clerk = points.suspected(), sign_in(city.clerk)
    told = problem(_dispatch(clerk, point, HTTP_IF_MATCH=tag), 412, "precondition_failed")
    assert told["version"] == point.version
    point.refresh_from_db()
    assert point.state == "suspected"


def test_any_state_will_do_for_a_star_but_a_version_in_the_body_still_counts(city, sign_in, problem):
    point, clerk = points.suspected(), sign_in(city.clerk)
    problem(_dispatch(clerk, point, {"version": point.version + 1}, HTTP_IF_MATCH="*"), 409, "stale_version")
    assert _dispatch(clerk, point, HTTP_IF_MATCH="*").status_code == 200


def test_an_act_without_any_version_is_refused(city, sign_in, problem):
    point = points.suspected()
    problem(_dispatch(sign_in(city.clerk), point), 428, "version_required")


def test_a_batch_has_tags_too(city, sign_in, problem):
    points.final(city)
    built, clerk = sign_in(city.clerk).post("/api/batches/", {"month": "2023-10"}), sign_in(city.officer)
    built = clerk.get(f"/api/batches/{built.json()['id']}/")
    url = f"/api/batches/{built.json()['id']}/"
    assert clerk.get(url, HTTP_IF_NONE_MATCH=built["ETag"]).status_code == 304
    problem(clerk.post(f"{url}steps/", {"step": "freeze"}), 428, "version_required")
    problem(clerk.post(f"{url}steps/", {"step": "freeze"}, HTTP_IF_MATCH='"0-x"'), 412, "precondition_failed")
    frozen = clerk.post(f"{url}steps/", {"step": "freeze"}, HTTP_IF_MATCH=built["ETag"])
    assert (frozen.status_code, frozen.json()["state"]) == (200, "frozen")
    assert frozen["ETag"] == clerk.get(url)["ETag"]
