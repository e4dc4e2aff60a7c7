"""Every entry says by which way its act came in: a page, a token, a command with its system user, a job; else "unknown"."""

from __future__ import annotations

import getpass
import io
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.urls import reverse

from core import ways
from core.commands import JinshaoCommand
from core.ways import Way
from grids.models import TokenScope
from grids.people.tokens import token_issue
from journal.jobs import jobs
from journal.models import Entry, Job
from journal.record import digests, sealing, services, verify
from tests.factories import points as make
from tests.factories.city import City, build_city
from tests.journal.conftest import ACT, THING
from tests.journal.test_verify import by_hand

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def city() -> City:
    return build_city()


def way_of(entry: Entry | None = None) -> tuple[str, str]:
    entry = entry or Entry.objects.latest("pk")
    return entry.way, entry.way_by


@pytest.mark.embedded
def test_a_way_that_nobody_named_is_visible_as_unknown(write):
    assert way_of(write()) == (Way.UNKNOWN, "")


@pytest.mark.embedded
def test_the_way_lies_inside_the_digest_and_is_shown_when_it_is_changed(write):
    with ways.coming(Way.COMMAND, "point act · root"):
        entry = write()
    assert digests.entry_digest(Entry.objects.get(pk=entry.pk)) == entry.digest
    for way, by in ((Way.PAGE, "point act · root"), (Way.COMMAND, "point act · zhang"), ("", "")):
        changed = Entry.objects.get(pk=entry.pk)
        changed.way, changed.way_by = way, by
        assert digests.entry_digest(changed) != entry.digest


@pytest.mark.embedded
def test_an_entry_made_before_there_were_ways_verifies_as_it_was_made(write):
    entry = write()
    entry.way = entry.way_by = ""
    made_then = digests.sha256(
        {
            "uuid": str(entry.uuid),
            "at": digests.iso_utc(entry.at),
            "real_at": digests.iso_utc(entry.real_at),
            "simulated": False,
            "act": entry.act,
            "subject": list(THING),
            "actor_id": 7,
            "before": None,
            "after": None,
            "reason": "",
        }
    )
    assert digests.entry_digest(entry) == made_then


@pytest.mark.django_db(transaction=True)
def test_a_way_rewritten_by_sql_is_found(write):
    with ways.coming(Way.COMMAND, "point act · root"):
        entry = write()
    sealing.seal_all()
    assert verify.verify().ok
    by_hand(f"UPDATE journal_entry SET way = 'page', way_by = '' WHERE id = {entry.pk}")
    assert [problem for problem in verify.verify().problems if str(entry.pk) in problem]


def test_a_page_a_browser_on_the_api_and_a_token_each_say_so(client, city: City):
    make.run_of("provincial_list")
    client.force_login(city.clerk)
    client.post(reverse("grid-payers-set"), {"code": "G1", "name": "高新区"})
    assert way_of() == (Way.PAGE, "")
    point = make.suspected()
    client.post(
        f"/api/fire-points/{point.pk}/transitions/",
        {"action": "dispatch", "version": point.version},
        "application/json",
    )
    assert way_of(Entry.objects.filter(act="fire_point.dispatched").get()) == (Way.PAGE, "")
    token, key = token_issue(user=city.clerk, actor=city.clerk, label="值班平板", scopes=[TokenScope.ACT], days=30)
    other = make.suspected(at=(123.72, 41.22))
    client.logout()
    answer = client.post(
        f"/api/fire-points/{other.pk}/transitions/",
        {"action": "dispatch", "version": other.version},
        "application/json",
        headers={"Authorization": f"Token {key}"},
    )
    assert answer.status_code == 200
    entry = Entry.objects.filter(act="fire_point.dispatched").latest("pk")
    assert way_of(entry) == (Way.TOKEN, f"{token.pk} 值班平板")
    assert ways.current().kind == Way.UNKNOWN


class Acting(JinshaoCommand):
    """A command with one act."""

    def run(self, **options: Any) -> dict[str, Any]:
        with transaction.atomic():
            services.record(ACT, THING, None)
        return {}


def test_a_command_says_which_and_which_user_of_the_system_gave_it(monkeypatch):
    monkeypatch.setenv("LOGNAME", "somebody-else")
    call_command(Acting(), stdout=io.StringIO())
    kind, by = way_of()
    assert (kind, by.split(" · ")[0]) == (Way.COMMAND, "test_ways")
    assert "somebody-else" not in by
    assert by.split(" · ")[1].startswith(_system_user())


def _system_user() -> str:
    import os
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return getpass.getuser()


@pytest.mark.embedded
@pytest.mark.django_db(transaction=True)
def test_a_job_says_which_whoever_does_it(handlers, no_wake):
    @jobs.handler("test.recording")
    def recording(payload: dict[str, Any]) -> None:
        services.record(ACT, THING, None)

    with transaction.atomic():
        job = jobs.enqueue("test.recording", "1")
    with ways.coming(Way.COMMAND, "jobs run · root"):
        jobs.run_due()
    assert Job.objects.get(pk=job.pk).state == Job.State.DONE
    assert way_of() == (Way.JOB, f"test.recording {job.pk}")


def test_the_page_and_the_api_of_the_journal_show_the_way(client, city: City):
    with ways.coming(Way.COMMAND, "point act · root"), transaction.atomic():
        services.record(ACT, THING, city.clerk)
    client.force_login(city.auditor)
    page = client.get(reverse("journal:list"), {"act": ACT}).content.decode()
    assert "命令" in page
    assert "point act · root" in page
    row = client.get("/api/journal/entries/", {"act": ACT}).json()["results"][0]
    assert (row["way"], row["way_by"]) == ("command", "point act · root")
    for way, many in (("command", 1), ("page", 0)):
        assert len(client.get("/api/journal/entries/", {"act": ACT, "way": way}).json()["results"]) == many


def test_the_history_of_a_point_says_how_each_step_came(client, city: City):
    point = make.suspected()
    with ways.coming(Way.COMMAND, "point act · root"):
        make.take(point, "dispatch", city.clerk)
    client.force_login(city.clerk)
    assert "命令 point act · root" in client.get(f"/fire-points/{point.pk}/").content.decode()
    step = client.get(f"/api/fire-points/{point.pk}/").json()["steps"][0]
    assert (step["way"], step["way_by"]) == ("command", "point act · root")


def test_ways_end_with_what_they_are_about():
    with ways.coming(Way.PAGE):
        with ways.coming(Way.JOB, "a 1"):
            assert ways.current() == ways.CameBy(Way.JOB, "a 1")
        assert ways.current() == ways.CameBy(Way.PAGE, "")
    assert ways.current().kind == Way.UNKNOWN


def test_a_long_name_is_cut_to_the_column(write):
    with ways.coming(Way.TOKEN, "长" * 500):
        entry = write()
    assert len(Entry.objects.get(pk=entry.pk).way_by) == ways.LONGEST
