"""The cache and the broker gone: signing in, sessions, acts, limits and jobs go on; only speed is lost."""

import socket
import time
from collections.abc import Iterator

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache, caches
from django.test import Client

from core import clock
from core.db.soft_cache import SoftRedisCache
from journal import tasks
from journal.jobs import jobs, waking
from journal.models import Access, Job
from journal.record import sealing, services
from tests.factories import points as make

pytestmark = [pytest.mark.embedded, pytest.mark.django_db]
PATIENCE_S = 5


@pytest.fixture(params=["refused", "hanging"])
def no_cache(request, settings) -> Iterator[None]:
    """A cache server that refuses every connection, and one that accepts and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if request.param == "hanging":
            server.listen(64)
        address = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        settings.CACHES = {"default": {"BACKEND": "core.db.soft_cache.SoftRedisCache", "LOCATION": address}}
        yield
        caches.close_all()


@pytest.mark.usefixtures("no_cache")
def test_without_a_cache_people_sign_in_work_and_sign_out(city, settings):
    settings.RATES = dict.fromkeys(("user", "token", "anonymous", "login"), 1000)
    assert isinstance(caches["default"], SoftRedisCache)
    cache.set("a", 1)
    assert cache.get("a") is None, "the cache is really gone"
    city.clerk.set_password("演示密码-不外传-1")
    city.clerk.save()
    point = make.suspected()
    client, began = Client(), time.monotonic()
    signed_in = client.post("/login/", {"username": "clerk", "password": "演示密码-不外传-1"})
    assert (signed_in.status_code, Session.objects.count()) == (302, 1)
    assert client.get("/").status_code == 200
    assert client.get(f"/fire-points/{point.pk}/").status_code == 200
    assert client.get("/grid/cells.geojson?level=county").status_code == 200
    told = {"action": "dispatch", "version": point.version, "data": {}}
    url = f"/api/fire-points/{point.pk}/transitions/"
    assert client.post(url, told, content_type="application/json").status_code == 200
    assert client.get("/api/fire-points/").status_code == 200, "a limit without its counter holds nobody up"
    assert client.post("/logout/").status_code == 302
    assert time.monotonic() - began < 12 * PATIENCE_S
    sealing.seal_all()
    assert sealing.waiting() == 0


@pytest.mark.usefixtures("no_cache")
def test_without_a_cache_wrong_passwords_still_lock(city, settings, time_machine):
    settings.AXES_ENABLED = True
    time_machine.move_to(clock.real_now())
    client = Client()
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = client.post("/login/", {"username": "clerk", "password": "错"})
        time_machine.shift(64)  # longer than the pauses before the lock
    assert answer.status_code == 429
    assert "登录已锁" in answer.content.decode(), "the count of wrong passwords is in the database"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_cache")
def test_without_cache_and_broker_a_job_is_written_with_its_act_and_done_by_the_next_tick(
    city, overridden, monkeypatch
):
    def refuse(**options: object) -> None:
        raise ConnectionRefusedError("broker away")

    jobs.discover()
    overridden(jobs.HANDLERS)
    monkeypatch.setattr(jobs, "discover", lambda: None)
    monkeypatch.setattr(tasks.run_jobs, "apply_async", refuse)
    assert waking.sends_inline()

    @jobs.handler("test.noted")
    def note(payload: dict) -> None:
        services.access(None, "evidence", ("test.thing", 1))

    jobs.enqueue("test.noted", "k")
    assert Job.objects.get(name="test.noted").state == Job.State.QUEUED
    assert tasks.run_jobs() == 1
    assert Access.objects.filter(subject_type="test.thing").count() == 1
