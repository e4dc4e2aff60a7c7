"""Tokens: issued and revoked by the command, on record, without the key itself."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from journal.models import Entry

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def _token(*arguments: str) -> dict:
    said = io.StringIO()
    call_command("user", "token", *arguments, "--json", stdout=said)
    return json.loads(said.getvalue())


def test_a_new_token_works_and_ends_the_old_one(city):
    old, new = _token("inspector")["token"], _token("inspector")["token"]
    assert APIClient(HTTP_AUTHORIZATION=f"Token {old}").get("/api/me/").status_code == 401
    assert APIClient(HTTP_AUTHORIZATION=f"Token {new}").get("/api/me/").status_code == 200
    entries = Entry.objects.filter(act="user.token_issued")
    assert entries.count() == 2
    assert new not in json.dumps(list(entries.values("after")))


def test_a_revoked_token_works_no_more(city):
    key = _token("inspector")["token"]
    assert _token("inspector", "--revoke")["revoked"] is True
    assert _token("inspector", "--revoke")["revoked"] is False
    assert APIClient(HTTP_AUTHORIZATION=f"Token {key}").get("/api/me/").status_code == 401


def test_the_system_account_gets_no_token(city):
    with pytest.raises(CommandError, match="系统账号"):
        call_command("user", "token", "system")
