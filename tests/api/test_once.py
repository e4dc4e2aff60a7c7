"""Idempotency-Key: asked twice, done once, answered alike."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

from core import clock
from firepoints.models import Evidence, Step
from journal import once
from journal.jobs import jobs
from journal.models import Entry, Job, OnceKey
from penalties.models import Batch
from tests.factories import points

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
KEY = "9f1c2d3e-0000-4000-8000-000000000001"


def _dispatch(client, point, key=KEY, **more):
    body = {"action": "dispatch", "version": point.version, **more}
    return client.post(f"/api/fire-points/{point.pk}/transitions/", body, HTTP_IDEMPOTENCY_KEY=key)


def test_an_act_sent_again_is_not_done_again_and_answers_byte_for_byte_the_same(city, sign_in):
    point, clerk = points.suspected(), sign_in(city.clerk)
    first, again = _dispatch(clerk, point), _dispatch(clerk, point)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content
    assert again["ETag"] == first["ETag"]
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert Step.objects.filter(point=point, action="dispatch").count() == 1
    assert Entry.objects.filter(act="fire_point.dispatched").count() == 1


def test_without_a_key_the_second_one_meets_the_first(city, sign_in, problem):
    """The negative control of the test above."""
    point, clerk = points.suspected(), sign_in(city.clerk)
    body = {"action": "dispatch", "version": point.version}
    url = f"/api/fire-points/{point.pk}/transitions/"
    assert clerk.post(url, body).status_code == 200
    problem(clerk.post(url, body), 409, "stale_version")


def test_a_new_thing_is_answered_as_new_when_it_is_asked_for_again(city, sign_in):
    points.final(city)
    clerk = sign_in(city.clerk)
    answers = [clerk.post("/api/batches/", {"month": "2023-10"}, HTTP_IDEMPOTENCY_KEY=KEY) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert Batch.objects.count() == 1


def test_a_key_for_another_request_is_refused(city, sign_in, problem):
    first, second = points.suspected(), points.suspected()
    clerk = sign_in(city.clerk)
    assert _dispatch(clerk, first).status_code == 200
    problem(_dispatch(clerk, second), 422, "idempotency_mismatch")
    problem(_dispatch(clerk, first, data={"reason": "x"}), 422, "idempotency_mismatch")
    second.refresh_from_db()
    assert second.state == "suspected"


def test_two_people_may_use_the_same_key(city, sign_in):
    point = points.suspected()
    assert _dispatch(sign_in(city.clerk), point).status_code == 200
    answer = sign_in(city.west).post(
        f"/api/fire-points/{point.pk}/transitions/",
        {"action": "dispute", "version": point.version + 1, "data": {"reason": "不在本县"}},
        HTTP_IDEMPOTENCY_KEY=KEY,
    )
    assert answer.status_code == 200


def test_a_refusal_keeps_no_key_so_the_same_request_may_succeed_later(city, sign_in, problem):
    point, west = points.dispatched(city), sign_in(city.west)
    photo = points.photo(points.dispatched(city), city.west)
    body = {
        "action": "report",
        "version": point.version,
        "data": {"conclusion": "true", "sites": 1, "is_new": True, "evidence": [str(photo.uuid)]},
    }
    url = f"/api/fire-points/{point.pk}/transitions/"
    problem(west.post(url, body, HTTP_IDEMPOTENCY_KEY=KEY), 400, "evidence_missing")
    assert not OnceKey.objects.exists()


def test_a_form_with_a_file_is_known_again_whatever_its_boundary(city, sign_in, problem):
    point, west = points.dispatched(city), sign_in(city.west)
    url = f"/api/fire-points/{point.pk}/evidence/"

    def send(picture: bytes):
        told = {"uuid": KEY, "no_position_reason": "室内", "file": SimpleUploadedFile("a.jpg", picture, "image/jpeg")}
        return west.post(url, told, format="multipart", HTTP_IDEMPOTENCY_KEY=KEY)

    picture = points.jpeg()
    first, again = send(picture), send(picture)
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert Evidence.objects.filter(point=point).count() == 1
    problem(send(points.jpeg() + b"\x00"), 422, "idempotency_mismatch")


@pytest.mark.parametrize("key", ["", "a b", "x" * 81, "键"])
def test_what_is_no_key_is_refused(city, sign_in, problem, key):
    point = points.suspected()
    problem(_dispatch(sign_in(city.clerk), point, key=key), 400, "bad_idempotency_key")
    point.refresh_from_db()
    assert point.state == "suspected"


def test_a_key_is_free_again_after_a_day_and_the_job_forgets_it(city, sign_in, problem):
    point, clerk = points.suspected(), sign_in(city.clerk)
    _dispatch(clerk, point)
    with time_machine.travel(clock.real_now() + timedelta(hours=25), tick=False):
        clerk = sign_in(city.clerk)
        problem(_dispatch(clerk, point), 409, "stale_version")
        OnceKey.objects.create(user_id=1, key="old", fingerprint="x", created_at=clock.real_now() - timedelta(hours=25),
                               lease_until=clock.real_now(), expires_at=clock.real_now())  # fmt: skip
        assert Job.objects.filter(name=once.FORGET).count() == 0
        jobs.sweep()
        jobs.run_due()
        assert Job.objects.get(name=once.FORGET).state == Job.State.DONE
    assert not OnceKey.objects.exists()


def test_a_key_of_a_dead_process_is_taken_over_after_its_lease_and_not_before(city, problem, sign_in):
    point, clerk = points.suspected(), sign_in(city.clerk)
    held = once.claim(user_id=city.clerk.pk, key=KEY, fingerprint="x")
    with pytest.raises(once.KeyInUse):
        once.claim(user_id=city.clerk.pk, key=KEY, fingerprint="x")
    OnceKey.objects.update(lease_until=clock.real_now())
    taken = once.claim(user_id=city.clerk.pk, key=KEY, fingerprint="x")
    assert (held.attempt, taken.attempt) == (1, 2)
    answer = _dispatch(clerk, point)
    assert problem(answer, 422, "idempotency_mismatch")


def test_a_request_under_way_is_answered_409_with_a_time_to_come_again(city, sign_in, problem, monkeypatch):
    point, clerk = points.suspected(), sign_in(city.clerk)
    monkeypatch.setattr(once, "fingerprint", lambda request: "x")
    once.claim(user_id=city.clerk.pk, key=KEY, fingerprint="x")
    answer = _dispatch(clerk, point)
    problem(answer, 409, "idempotency_in_flight")
    assert answer["Retry-After"] == "1"


def test_an_act_whose_key_was_taken_over_meanwhile_is_undone(city, sign_in, problem, monkeypatch):
    point, clerk = points.suspected(), sign_in(city.clerk)
    real = once.finish

    def too_late(held, response):
        OnceKey.objects.filter(pk=held.pk).update(attempt=held.attempt + 1)
        real(held, response)

    monkeypatch.setattr(once, "finish", too_late)
    problem(_dispatch(clerk, point), 409, "idempotency_in_flight")
    point.refresh_from_db()
    assert point.state == "suspected"
    assert not Step.objects.filter(point=point).exists()


def _views(resolver: URLResolver, prefix: str = "") -> list[tuple[str, type[APIView]]]:
    found = []
    for one in resolver.url_patterns:
        path = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            found += _views(one, path)
        elif isinstance(one, URLPattern) and hasattr(one.callback, "cls"):
            found.append((path, one.callback.cls))
    return found


def test_every_post_of_the_api_honours_the_key_and_says_so_in_the_schema():
    from drf_spectacular.generators import SchemaGenerator

    views = [(path, view) for path, view in _views(get_resolver()) if hasattr(view, "post")]
    assert len(views) >= 6
    assert [path for path, view in views if not once.wrapped(view)] == []
    schema = SchemaGenerator().get_schema(public=True)
    for path, operations in schema["paths"].items():
        for method, one in operations.items():
            told = [parameter["name"] for parameter in one.get("parameters", [])]
            assert ("Idempotency-Key" in told) == (method == "post"), (path, method)
            assert re.match(r"^/api/", path)
