"""Wrong passwords: slow for the name, a lock for name and address, and nothing for anybody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from grids.frame import sign_in as signing_in

pytestmark = [pytest.mark.embedded, pytest.mark.django_db]
PROXY, HOME, OFFICE = "10.0.0.1", "203.0.113.7", "203.0.113.8"
PASSWORD = "演示密码-不外传-1"
PATIENCE = timedelta(seconds=64)
"""Longer than any pause before the lock."""


@pytest.fixture(autouse=True)
def _behind_a_proxy(settings: Any, time_machine: Any) -> None:
    """A proxy of ours in front, and a clock that stands still until a test moves it."""
    settings.AXES_ENABLED, settings.TRUSTED_PROXIES = True, [PROXY]
    time_machine.move_to(datetime(2026, 11, 2, 1, 0, tzinfo=UTC), tick=False)


@pytest.fixture
def people(city: Any) -> Any:
    for user in (city.clerk, city.finance):
        user.set_password(PASSWORD)
        user.save()
    return city


def sign_in(name: str, password: str, address: str, agent: str = "browser") -> HttpResponse:
    given = {"username": name, "password": password}
    headers = {"HTTP_X_FORWARDED_FOR": address, "HTTP_USER_AGENT": agent}
    return Client().post("/login/", given, REMOTE_ADDR=PROXY, **headers)


def lock(name: str, address: str, time_machine: Any) -> None:
    """Guess as patiently as it takes."""
    for _ in range(8):
        assert sign_in(name, "wrong", address).status_code in (200, 429)
        time_machine.shift(PATIENCE)
    assert "登录已锁" in sign_in(name, PASSWORD, address).content.decode()


def test_the_pause_after_wrong_passwords_doubles_until_the_lock(people, time_machine):
    asking = RequestFactory().get("/login/", REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR=HOME)
    pauses = []
    for n in range(8):
        answer = sign_in("clerk", "wrong", HOME, agent=f"browser {n}")
        pauses.append(signing_in.wait_s(asking, "clerk"))
        time_machine.shift(pauses[-1])
    assert pauses == [0, 0, 2, 4, 8, 16, 32, 0]
    assert answer.status_code == 429
    assert "登录已锁" in answer.content.decode()
    assert "登录已锁" in sign_in("clerk", PASSWORD, HOME).content.decode()
    time_machine.shift(16 * 60)
    assert sign_in("clerk", PASSWORD, HOME).status_code == 302


def test_a_slow_name_is_named_and_others_from_there_sign_in(people):
    for _ in range(3):
        assert sign_in("clerk", "wrong", HOME).status_code == 200
    slow = sign_in(" ｃlerk ", PASSWORD, HOME)  # read as the form reads it
    assert (slow.status_code, slow["Retry-After"]) == (429, "2")
    assert "账号“clerk”的密码连续输错，2 秒后可以再试" in slow.content.decode()
    assert sign_in("finance", PASSWORD, HOME).status_code == 302


def test_a_pause_that_is_not_waited_for_does_not_grow(people, time_machine):
    for _ in range(3):
        sign_in("clerk", "wrong", HOME)
    for _ in range(20):
        assert sign_in("clerk", "wrong", HOME)["Retry-After"] == "2"
    time_machine.shift(2)
    assert sign_in("clerk", PASSWORD, HOME).status_code == 302


def test_whatever_one_address_tries_the_right_person_signs_in_at_another(people, time_machine):
    lock("clerk", HOME, time_machine)
    for _ in range(30):
        sign_in("clerk", "wrong", HOME)
    assert sign_in("clerk", PASSWORD, OFFICE).status_code == 302


def test_invented_names_from_one_place_hold_up_that_place_alone(people, settings):
    settings.RATES = {"login": 20}
    answers = [sign_in(f"invented{n}", "wrong", HOME).status_code for n in range(45)]
    assert answers == [200] * 20 + [429] * 25
    assert sign_in("finance", PASSWORD, OFFICE).status_code == 302


def test_a_name_guessed_from_many_places_is_slow_where_it_never_signed_in(people, time_machine):
    assert sign_in("clerk", PASSWORD, OFFICE).status_code == 302
    for n in range(3):
        assert sign_in("clerk", PASSWORD, f"198.51.100.{100 + n}").status_code == 302, "fewer places are not many"
        for _ in range(8):
            sign_in("clerk", "wrong", f"198.51.100.{n}")
            time_machine.shift(PATIENCE if _ < 7 else 0)
        time_machine.shift(-6 * PATIENCE)
    slow = sign_in("clerk", PASSWORD, HOME)
    assert slow.status_code == 429
    assert sign_in("clerk", PASSWORD, OFFICE).status_code == 302, "where it always signs in it is not slow"
    assert sign_in("finance", PASSWORD, HOME).status_code == 302
    time_machine.shift(int(slow["Retry-After"]))
    assert sign_in("clerk", PASSWORD, HOME).status_code == 302


@pytest.mark.parametrize("name", ["", "\x00", "clerk\x00", "a" * 400, "甲" * 300])
def test_a_name_that_is_none_is_answered_like_any_other(people, name):
    assert sign_in(name, "wrong", HOME).status_code == 200
