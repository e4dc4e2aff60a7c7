"""Tokens: one for each device or system, with a scope and an end; on record and in the database without the token."""

import importlib
import io
import json
from datetime import timedelta

import pytest
import time_machine
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from rest_framework.test import APIClient

from core import clock
from core.errors import BadInput, Conflict, Missing
from grids.models import ApiToken
from grids.people.posts import user_close, user_password_set
from grids.people.tokens import token_issue, token_revoke
from journal.models import Access, Entry
from tests.factories import points

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def _token(*arguments: str) -> dict:
    said = io.StringIO()
    call_command("user", "token", *arguments, "--json", stdout=said)
    return json.loads(said.getvalue())


def _client(key: str, word: str = "Token") -> APIClient:
    return APIClient(HTTP_AUTHORIZATION=f"{word} {key}")


def _issue(user, *scopes: str, **more) -> str:
    return token_issue(user=user, actor=user, label="演示平板", scopes=scopes or ("read",), **more)[1]


def test_each_device_has_a_token_of_its_own_and_ending_one_leaves_the_other(city):
    phone, tablet = _token("inspector", "--label", "手机"), _token("inspector", "--label", "平板")
    assert _client(phone["token"]).get("/api/me/").status_code == 200
    assert _client(tablet["token"], "Bearer").get("/api/me/").status_code == 200
    assert _token("inspector", "--revoke", str(phone["id"]))["revoked"] == phone["id"]
    assert _client(phone["token"]).get("/api/me/").status_code == 401
    assert _client(tablet["token"]).get("/api/me/").status_code == 200
    assert [one["state"] for one in _token("inspector", "--list")["tokens"]] == ["revoked", "live"]


def test_neither_the_database_nor_the_record_holds_the_token_itself(city):
    key = _token("inspector")["token"]
    assert len(key) > 40
    kept = json.dumps([list(ApiToken.objects.values()), list(Entry.objects.values()), list(Access.objects.values())],
                      default=str)  # fmt: skip
    assert key not in kept
    assert key[9:] not in kept
    assert Entry.objects.filter(act="user.token_issued").count() == 1


def test_ending_all_tokens_is_one_entry_each_and_a_second_time_none(city):
    key = _token("inspector")["token"]
    assert _token("inspector", "--revoke")["revoked"] == 1
    assert _token("inspector", "--revoke")["revoked"] == 0
    assert _client(key).get("/api/me/").status_code == 401
    assert Entry.objects.filter(act="user.token_revoked").count() == 1


def test_a_token_ends_on_its_day(city):
    key = _issue(city.inspector, days=30)
    with time_machine.travel(clock.now() + timedelta(days=29), tick=False):
        assert _client(key).get("/api/me/").status_code == 200
    with time_machine.travel(clock.now() + timedelta(days=30, seconds=1), tick=False):
        assert _client(key).get("/api/me/").status_code == 401


def test_a_new_password_ends_the_tokens_and_so_does_closing_the_account(city):
    first, second = _issue(city.clerk), _issue(city.west)
    user_password_set(user=city.clerk, actor=None)
    assert _client(first).get("/api/me/").status_code == 401
    assert _client(second).get("/api/me/").status_code == 200
    user_close(user=city.west, actor=city.clerk, reason="调离")
    assert _client(second).get("/api/me/").status_code == 401
    assert not ApiToken.objects.filter(revoked_at__isnull=True).exists()


def test_a_token_does_nothing_beyond_its_scope_whatever_its_account_may(city, problem):
    point = points.verified(city)
    act = {"action": "return", "data": {"reason": "补照片"}, "version": point.version}
    url = f"/api/fire-points/{point.pk}/transitions/"
    told = problem(_client(_issue(city.clerk, "read")).post(url, act), 403, "not_allowed")
    assert "办理火点" in told["detail"]
    problem(_client(_issue(city.clerk, "act")).get(f"/api/fire-points/{point.pk}/"), 403, "not_allowed")
    problem(_client(_issue(city.clerk, "read", "act")).post("/api/batches/", {"month": "2023-10"}), 403, "not_allowed")
    assert _client(_issue(city.clerk, "act")).post(url, act).status_code == 200


def test_a_view_that_names_no_scope_for_a_method_is_closed_to_tokens(city, problem):
    key = _issue(city.clerk, "read", "report", "import", "act", "money")
    problem(_client(key).put("/api/batches/", {}), 403, "not_allowed")


def test_a_read_notes_the_use_once_an_hour_and_writes_nothing_else(city, django_assert_num_queries):
    key = _issue(city.auditor)
    client = _client(key)
    for _ in range(3):
        client.get("/api/me/")
    assert Access.objects.filter(kind="token_used").count() == 1
    with time_machine.travel(clock.now() + timedelta(hours=2), tick=False):
        client.get("/api/me/")
    assert Access.objects.filter(kind="token_used").count() == 2


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"scopes": ("fly",)}, BadInput),
        ({"scopes": ()}, Missing),
        ({"label": "  "}, Missing),
        ({"label": "换\n行"}, BadInput),
        ({"days": 731}, BadInput),
        ({"days": 0}, BadInput),
    ],
)
def test_a_token_without_purpose_scope_or_sensible_end_is_refused(city, given, refusal):
    with pytest.raises(refusal):
        token_issue(user=city.clerk, actor=city.clerk, **{"label": "平板", "scopes": ("read",), "days": 30, **given})


def test_an_account_has_at_most_twenty_live_tokens(city):
    for _ in range(20):
        _issue(city.clerk)
    with pytest.raises(Conflict, match="20"):
        _issue(city.clerk)
    token_revoke(token_id=ApiToken.objects.first().pk, actor=city.clerk)
    _issue(city.clerk)


def test_the_system_account_and_a_closed_one_get_no_token(city):
    with pytest.raises(CommandError, match="系统账号"):
        call_command("user", "token", "system")
    user_close(user=city.west, actor=None, reason="调离")
    with pytest.raises(CommandError, match="停用"):
        call_command("user", "token", "west")


def test_the_tokens_of_before_become_digests_and_their_table_goes(city):
    """The migration on a database that still has the old table; a second run finds nothing to do."""
    migration = importlib.import_module("grids.migrations.0006_drop_authtoken")
    old = "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b"
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE authtoken_token (key varchar(40) PRIMARY KEY, created timestamp, user_id bigint)")
        cursor.execute("INSERT INTO authtoken_token (key, user_id) VALUES (%s, %s)", [old, city.inspector.pk])

    class Editor:
        def __init__(self) -> None:
            self.connection = connection

        def execute(self, sql: str) -> None:
            with connection.cursor() as cursor:
                cursor.execute(sql)

    for _ in range(2):
        migration.take_over(apps, Editor())
        migration.drop(apps, Editor())
    assert "authtoken_token" not in connection.introspection.table_names()
    assert _client(old).get("/api/me/").status_code == 200
    assert not ApiToken.objects.filter(digest=old).exists()
