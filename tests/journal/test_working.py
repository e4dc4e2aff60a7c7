"""Whether the background work is well: on the jobs page, in the bar of every page, for a monitor."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse

from core import clock
from core.errors import Conflict
from journal import access_rules, health
from journal.jobs import jobs, working
from journal.models import Entry, Job, Pulse
from journal.record import sealing

pytestmark = [pytest.mark.embedded, pytest.mark.django_db, pytest.mark.usefixtures("handlers", "no_wake")]


@pytest.fixture
def failing() -> Job:
    """A job that has failed for good, with its reason."""

    @jobs.handler("test.work", max_attempts=1, label="试办的活")
    def work(payload: dict) -> None:
        raise RuntimeError("磁盘 <坏> 了")

    job = jobs.enqueue("test.work", "k")
    jobs.run_due()
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    return job


@pytest.fixture
def reader(overridden) -> Client:
    return _signed_in(overridden, "reader", operates=False)


@pytest.fixture
def operator(overridden) -> Client:
    return _signed_in(overridden, "operator", operates=True)


def _signed_in(overridden, name: str, *, operates: bool) -> Client:
    user = get_user_model().objects.create(username=name)
    overridden(access_rules.READERS, lambda one: one.username == name)
    overridden(access_rules.OPERATORS, lambda one: operates and one.username == name)
    client = Client()
    client.force_login(user)
    return client


def test_the_page_shows_the_failed_job_with_its_error_and_a_reader_cannot_retry_it(failing, reader):
    page = reader.get(reverse("journal:jobs")).content.decode()
    assert "试办的活" in page
    assert "磁盘 &lt;坏&gt; 了" in page
    assert "重试</button>" not in page
    assert reader.post(reverse("journal:job_retry", args=[failing.pk])).status_code == 403
    failing.refresh_from_db()
    assert failing.state == Job.State.FAILED


def test_without_a_rule_nobody_sees_the_page(failing):
    client = Client()
    assert client.get(reverse("journal:jobs")).status_code == 302
    client.force_login(get_user_model().objects.create(username="stranger", is_superuser=True))
    assert client.get(reverse("journal:jobs")).status_code == 403


def test_a_retry_from_the_page_is_on_record_with_its_person(failing, operator):
    assert "重试</button>" in operator.get(reverse("journal:jobs")).content.decode()
    answer = operator.post(reverse("journal:job_retry", args=[failing.pk]), follow=True)
    assert "已重新排队" in answer.content.decode()
    failing.refresh_from_db()
    assert (failing.state, failing.max_attempts) == (Job.State.QUEUED, 2)
    entry = Entry.objects.get(act="journal.job_retried")
    assert entry.actor_id == get_user_model().objects.get(username="operator").pk
    assert entry.before["name"] == "test.work"
    again = operator.post(reverse("journal:job_retry", args=[failing.pk]), follow=True).content.decode()
    assert "并未失败" in again
    assert Entry.objects.filter(act="journal.job_retried").count() == 1


def test_a_retry_that_is_refused_leaves_no_entry(failing):
    jobs.retry(failing.pk)
    with pytest.raises(Conflict):
        jobs.retry(failing.pk)
    assert Entry.objects.filter(act="journal.job_retried").count() == 1


def test_the_command_lists_what_waits_and_failed_and_what_comes_round(failing, capsys):
    jobs.periodic("test.work", 3600)
    jobs.sweep()
    capsys.readouterr()
    call_command("jobs", "list", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["waiting"], told["failed"]) == (1, 1)
    assert [job["state"] for job in told["jobs"]] == ["failed", "queued"]
    assert [row["label"] for row in told["periodic"]] == ["试办的活"]
    call_command("jobs", "list")
    said = capsys.readouterr().out
    assert "1 项后台任务失败" in said
    assert "磁盘 <坏> 了" in said
    call_command("jobs", "retry", str(failing.pk), "--json")
    assert json.loads(capsys.readouterr().out) == {"retried": failing.pk}


def test_all_is_well_when_a_worker_came_and_nothing_failed():
    assert working.working().troubles() == ["后台进程还没有运行过"]
    jobs.sweep()
    assert working.working().troubles() == []


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    at = clock.real_now() + timedelta(seconds=seconds)
    monkeypatch.setattr(clock, "real_now", lambda: at)


def test_a_worker_that_is_gone_and_a_sealer_that_is_late_are_said(monkeypatch, write):
    jobs.sweep()
    write()
    later(monkeypatch, 59)
    assert working.working().troubles() == []
    later(monkeypatch, 200)
    assert working.working().troubles() == ["后台进程已 4 分钟没有动静", "封存落后 4 分钟"]
    sealing.seal_all()
    assert sealing.lag_s() == 0


def test_a_clock_that_was_moved_back_is_said(monkeypatch, write):
    write()
    later(monkeypatch, -3600)
    jobs.sweep()
    assert [one for one in working.working().troubles() if "时钟" in one] != []


def test_a_periodic_job_whose_time_is_long_over_is_marked(monkeypatch):
    @jobs.handler("test.work", label="每小时")
    def work(payload: dict) -> None:
        pass

    jobs.periodic("test.work", 3600)
    assert working.periodic()[0].last_done is None
    jobs.sweep()
    jobs.run_due()
    assert not working.periodic()[0].is_late
    later(monkeypatch, 7300)
    assert working.periodic()[0].is_late


def test_health_answers_without_signing_in_and_tells_no_secret(write):
    told = Client().get("/healthz")
    assert told.status_code == 200
    assert told.json() == {
        "ok": True, "database": True, "worker": False, "worker_seen_s": None, "sealer": True, "sealer_lag_s": 0,
    }  # fmt: skip
    jobs.sweep()
    assert Client().get("/healthz").json()["worker"] is True
    assert Pulse.objects.count() == 1


def test_a_monitor_that_asks_for_all_is_told_503_when_the_worker_is_gone(monkeypatch):
    assert Client().get("/healthz?all=1").status_code == 503
    jobs.sweep()
    assert Client().get("/healthz?all=1").status_code == 200
    later(monkeypatch, 181)
    assert Client().get("/healthz").status_code == 200, "the web process itself is well"
    assert Client().get("/healthz?all=1").status_code == 503


def test_health_without_a_database_is_503_and_not_an_error_page(monkeypatch):
    def away() -> None:
        raise DatabaseError("connection refused: password=…")

    monkeypatch.setattr(health, "_told", away)
    told = Client().get("/healthz")
    assert (told.status_code, told.json()) == (503, {"ok": False, "database": False})
