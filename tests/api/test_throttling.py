"""Rate limits: by account, by token, by address; and what a lost cache does to them."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient

from core.db.soft_cache import SoftRedisCache
from core.http import throttling
from grids.people.tokens import token_issue

pytestmark = pytest.mark.django_db
DEAD = "redis://127.0.0.1:9/0"  # the discard port: nothing listens


@pytest.fixture(autouse=True)
def _a_quiet_minute(settings):
    cache.clear()
    with time_machine.travel(datetime(2024, 10, 7, 4, 0, 15, tzinfo=UTC), tick=False):
        yield


def test_an_account_is_told_to_wait_and_for_how_long_and_others_are_not(city, sign_in, settings, problem):
    settings.RATES = {"user": 2}
    clerk = sign_in(city.clerk)
    assert [clerk.get("/api/me/").status_code for _ in range(2)] == [200, 200]
    answer = clerk.get("/api/me/")
    problem(answer, 429, "throttled")
    assert answer["Retry-After"] == "45"
    assert sign_in(city.west).get("/api/me/").status_code == 200


def test_a_token_is_counted_apart_from_its_account_and_from_other_tokens(city, sign_in, settings):
    settings.RATES = {"user": 1, "token": 1}
    keys = [token_issue(user=city.clerk, actor=None, label=name, scopes=["read"])[1] for name in ("甲", "乙")]
    for key in keys:
        device = APIClient(HTTP_AUTHORIZATION=f"Token {key}")
        assert [device.get("/api/me/").status_code for _ in range(2)] == [200, 429]
    assert sign_in(city.clerk).get("/api/me/").status_code == 200


def test_the_next_minute_begins_anew(city, sign_in, settings):
    settings.RATES = {"user": 1}
    clerk = sign_in(city.clerk)
    assert [clerk.get("/api/me/").status_code for _ in range(2)] == [200, 429]
    with time_machine.travel(datetime(2024, 10, 7, 4, 1, 0, tzinfo=UTC), tick=False):
        assert clerk.get("/api/me/").status_code == 200


def test_strangers_are_counted_by_address_and_a_forged_header_does_not_help(db, settings, problem):
    settings.RATES = {"anonymous": 2}
    for n in range(2):
        problem(APIClient().get("/api/me/", HTTP_X_FORWARDED_FOR=f"10.0.0.{n}"), 401, "not_authenticated")
    answer = APIClient().get("/api/me/", HTTP_X_FORWARDED_FOR="10.0.0.9")
    problem(answer, 429, "throttled")
    wrong = APIClient(HTTP_AUTHORIZATION="Token no")
    problem(wrong.get("/api/me/"), 429, "throttled")
    problem(APIClient().get("/api/me/", REMOTE_ADDR="10.1.1.1"), 401, "not_authenticated")


def test_signing_in_is_counted_by_address(db, settings):
    settings.RATES = {"login": 2}
    told = [Client().post("/login/", {"username": f"u{n}", "password": "x"}) for n in range(3)]
    assert [answer.status_code for answer in told] == [200, 200, 429]
    assert told[2]["Retry-After"] == "45"
    assert "45 秒" in told[2].content.decode()
    assert Client().get("/login/").status_code == 200


def test_without_the_cache_nobody_is_held_up_and_it_is_logged(city, sign_in, settings, monkeypatch, caplog):
    settings.RATES = {"user": 1}
    dead = SoftRedisCache(DEAD, {})
    monkeypatch.setattr(throttling, "cache", dead)
    clerk = sign_in(city.clerk)
    assert [clerk.get("/api/me/").status_code for _ in range(3)] == [200, 200, 200]
    assert dead._again_at > 0, "it has noticed"


def test_a_soft_cache_keeps_what_it_is_given_while_it_is_there(settings):
    """The negative control of the tests with a dead one."""
    if not settings.CELERY_BROKER_URL.startswith(("redis", "valkey")):
        pytest.skip("no Valkey in this run")
    alive = SoftRedisCache(settings.CELERY_BROKER_URL.replace("valkey", "redis", 1), {"KEY_PREFIX": "soft-cache-test"})
    alive.delete_many(["k", "n"])
    alive.set("k", [1], 60)
    assert alive.get("k") == [1]
    assert alive.add("n", 0, 60)
    assert (alive.incr("n"), alive.incr("n")) == (1, 2)


def test_a_dead_cache_is_an_empty_one(db):
    dead = SoftRedisCache(DEAD, {})
    assert dead.get("k", "otherwise") == "otherwise"
    dead.set("k", 1)
    assert (dead.add("k", 1), dead.has_key("k"), dead.touch("k"), dead.delete("k")) == (False,) * 4
    dead.clear()
    assert (dead.get_many(["k"]), dead.set_many({"k": 1})) == ({}, ["k"])
    dead.delete_many(["k"])
    with pytest.raises(ValueError, match="away"):
        dead.incr("k")


def test_maps_pages_and_signing_in_work_without_the_cache(city, monkeypatch):
    from grids.pages.shown import map_cells

    monkeypatch.setattr(map_cells, "cache", SoftRedisCache(DEAD, {}))
    monkeypatch.setattr(throttling, "cache", SoftRedisCache(DEAD, {}))
    city.clerk.set_password("a long password 1")
    city.clerk.save()
    client = Client()
    answer = client.post("/login/", {"username": "clerk", "password": "a long password 1"})
    assert answer.status_code == 302
    cells = client.get("/grid/cells.geojson?level=county")
    assert (cells.status_code, len(cells.json()["features"])) == (200, 2)
    assert client.get("/").status_code == 200
