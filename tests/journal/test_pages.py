"""The journal as people and programs read it: nothing without a rule, everything by key."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from core import clock
from journal import access_rules
from journal.models import Entry
from journal.pages import entries
from journal.record import names, sealing, services
from tests.journal.conftest import ACT

pytestmark = [pytest.mark.embedded, pytest.mark.django_db]


@pytest.fixture
def reader(overridden) -> Client:
    """Signed in, and accepted by a rule."""
    user = get_user_model().objects.create(username="reader")
    overridden(access_rules.READERS, lambda one: one.username == "reader")
    overridden(names.NAMINGS, lambda ids: {7: "演示甲"})
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("name", ["journal:list", "journal-api:entries", "journal-api:head"])
def test_without_a_rule_that_says_yes_nobody_reads_the_journal(name, reader, write):
    write(reason="不给人看")
    assert reader.get(reverse(name)).status_code == 200
    stranger = Client()
    assert stranger.get(reverse(name)).status_code in (302, 401, 403)
    stranger.force_login(get_user_model().objects.create(username="stranger", is_superuser=True))
    answer = stranger.get(reverse(name))
    assert answer.status_code == 403
    assert "不给人看" not in answer.content.decode()


def test_an_account_that_was_closed_reads_nothing(reader):
    closed = get_user_model()(username="reader", is_active=False)
    assert not access_rules.may_read(closed)


def test_the_page_says_who_did_what_and_whether_it_is_sealed(reader, write):
    write(reason="现场<核实>", before={"state": "疑似"}, after={"state": "已派发"})
    sealing.seal_pending()
    write(actor=None)
    page = reader.get(reverse("journal:list")).content.decode()
    assert "演示甲" in page
    assert "系统" in page
    assert "现场&lt;核实&gt;" in page
    assert "已派发" in page
    assert sealing.head_text() in page
    assert "待封存" in page


def test_pages_follow_each_other_by_key_forwards_and_back(reader, write, monkeypatch):
    monkeypatch.setattr(entries, "PAGE", 3)
    for n in range(8):
        write(reason=f"编号[{n}]")

    def shown(url: str) -> tuple[list[str], dict[str, str]]:
        page = reader.get(reverse("journal:list") + url).content.decode()
        links = dict(reversed(link) for link in re.findall(r'href="(\?[^"]*)" rel="(prev|next)"', page))
        return re.findall(r"编号\[(\d)\]", page), links

    first, links = shown("")
    assert (first, set(links)) == (["7", "6", "5"], {"next"})
    second, links = shown(links["next"])
    assert (second, set(links)) == (["4", "3", "2"], {"prev", "next"})
    last, ends = shown(links["next"])
    assert (last, set(ends)) == (["1", "0"], {"prev"})
    assert shown(ends["prev"])[0] == second
    assert shown(links["prev"])[0] == first
    assert "prev" not in shown(links["prev"])[1]


@pytest.mark.parametrize("url", ["journal:list", "journal-api:entries"])
def test_the_journal_is_narrowed_by_act_subject_actor_and_beijing_date(reader, demo, write, url):
    with clock.simulated(datetime(2025, 11, 1, 15, 59, tzinfo=UTC)) as hands:
        write(reason="一日", subject=("test.thing", "a"), actor=7)
        hands.set(datetime(2025, 11, 1, 16, 0, tzinfo=UTC))
        write(reason="二日", subject=("test.other", "b"), actor=8)
    services.deployment_set(actor=9, name="本溪")

    def found(query: str) -> set[str]:
        page = reader.get(reverse(url) + "?" + query).content.decode()
        return {word for word in ("一日", "二日") if word in page}

    assert found("") == {"一日", "二日"}
    assert found(f"act={ACT}") == {"一日", "二日"}
    assert found("act=journal.deployment_set") == set()
    assert found("actor=7") == {"一日"}
    assert found("subject_type=test.other&subject_id=b") == {"二日"}
    assert found("date_to=2025-11-01") == {"一日"}
    assert found("date_from=2025-11-02&date_to=2025-11-02") == {"二日"}


def test_a_filter_that_cannot_be_read_shows_nothing_rather_than_everything(reader, write):
    write(reason="全部")
    page = reader.get(reverse("journal:list") + "?date_from=昨天").content.decode()
    assert "全部</span>" not in page
    assert reader.get(reverse("journal-api:entries") + "?date_from=x").status_code == 400


def test_the_page_costs_the_same_for_one_entry_and_for_fifty(reader, write, django_assert_max_num_queries):
    for _ in range(50):
        write()
    sealing.seal_pending()
    with django_assert_max_num_queries(14):
        reader.get(reverse("journal:list"))


def test_the_api_gives_each_entry_its_place_in_the_chain_and_the_head(reader, write):
    entry = write()
    sealing.seal_pending()
    write()
    young, old = reader.get(reverse("journal-api:entries")).json()["results"]
    assert young["seq"] is None
    assert (old["seq"], old["seal_hash"], old["uuid"]) == (*sealing.head(), str(entry.uuid))
    assert old["act_label"] == "试办"
    head = reader.get(reverse("journal-api:head")).json()
    assert head == {"head": sealing.head_text(), "seq": 1, "hash": sealing.head()[1], "unsealed": 1}


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_written_through_the_screen_or_the_api(reader, write, method):
    write()
    for name in ("journal:list", "journal-api:entries", "journal-api:head"):
        assert getattr(reader, method)(reverse(name)).status_code in (403, 405)
    assert Entry.objects.count() == 1
