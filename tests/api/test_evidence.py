"""Evidence over the API: the device's UUID makes a second sending harmless."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from firepoints.models import Evidence
from tests.factories import points
from tests.factories.city import IN_EAST

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def _url(point):
    return f"/api/fire-points/{point.pk}/evidence/"


def _body(point, content, *, where=True, **given):
    place = {"lon": point.lon, "lat": point.lat} if where else {}
    file = SimpleUploadedFile("现场.jpg", content, "image/jpeg")
    return {"uuid": str(uuid.uuid4()), "kind": "photo", **place, **given, "file": file}


def _send(client, point, content, **given):
    return client.post(_url(point), _body(point, content, **given), format="multipart")


def test_the_same_uuid_and_content_give_the_same_receipt_and_another_content_a_conflict(city, sign_in, problem):
    point, west = points.dispatched(city), sign_in(city.west)
    content, key = points.jpeg(), str(uuid.uuid4())
    first = _send(west, point, content, uuid=key, device_at="2023-10-07T14:00:00+08:00", caption="东侧")
    again = _send(west, point, content, uuid=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert (first.json()["caption"], first.json()["footprint_distance_m"]) == ("东侧", 0)
    problem(_send(west, point, points.jpeg(), uuid=key), 409, "evidence_conflict")
    assert Evidence.objects.count() == 1


def test_evidence_for_a_merged_point_is_taken_by_the_survivor(city, sign_in):
    survivor, merged = points.dispatched(city), points.dispatched(city)
    points.take(merged, "merge", city.clerk, into=str(survivor.pk), reason="同一处")
    assert _send(sign_in(city.west), merged, points.jpeg()).json()["point"] == survivor.pk


def test_what_is_no_evidence_is_refused_with_its_reason(city, sign_in, problem):
    point, west = points.dispatched(city), sign_in(city.west)
    problem(_send(west, point, b"not a photo"), 400, "undecodable")
    problem(_send(west, point, points.jpeg(320, 200)), 400, "too_small")
    problem(_send(west, point, points.jpeg(), where=False), 400, "missing")
    problem(_send(west, point, points.jpeg(), device_at="2023-10-07T14:00:00"), 400, "bad_input")
    problem(_send(west, point, points.jpeg(), device_at="0001-01-01T00:00:00+14:00"), 400, "bad_input")
    problem(_send(west, point, points.jpeg(), lon="nan"), 400, "bad_input")
    problem(west.post(_url(point), {"a": 1}, format="json"), 415, "unsupported_media_type")
    assert not Evidence.objects.exists()


def test_neither_an_auditor_nor_another_county_files_evidence(city, sign_in, problem):
    point = points.dispatched(city)
    problem(_send(sign_in(city.auditor), point, points.jpeg()), 403, "not_allowed")
    other = points.dispatched(city, at=IN_EAST)
    problem(_send(sign_in(city.west), other, points.jpeg()), 404, "not_found")
