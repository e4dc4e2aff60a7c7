"""Who asks, behind proxies: what a stranger writes into X-Forwarded-For is never believed."""

import pytest
from django.test import RequestFactory

from core.http.client_ip import client_ip

CLIENT, PROXY, INNER = "203.0.113.7", "10.0.0.1", "10.0.0.2"


def _ip(peer: str, forwarded: str | None = None) -> str:
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return client_ip(RequestFactory().get("/", REMOTE_ADDR=peer, **headers))


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "found"),
    [
        ([], CLIENT, None, CLIENT),
        ([], PROXY, CLIENT, PROXY),
        ([PROXY], CLIENT, "1.1.1.1", CLIENT),
        ([PROXY], PROXY, CLIENT, CLIENT),
        ([PROXY], PROXY, f"1.1.1.1, {CLIENT}", CLIENT),
        (["10.0.0.0/24"], PROXY, f"1.1.1.1, {CLIENT}, {INNER}", CLIENT),
        ([PROXY], PROXY, f"1.1.1.1, {INNER}", INNER),
        ([PROXY], PROXY, None, PROXY),
        ([PROXY], PROXY, f"{CLIENT}, nonsense", PROXY),
        ([PROXY], PROXY, f"{CLIENT}:4711", CLIENT),
        ([PROXY], f"::ffff:{PROXY}", "[2001:db8::1]:443", "2001:db8::1"),
        (["unix"], "", CLIENT, CLIENT),
        ([], "", CLIENT, ""),
        (["fd00::/8"], "fd00::1", CLIENT, CLIENT),
    ],
)
def test_the_address_is_the_nearest_one_that_is_no_proxy_of_ours(settings, trusted, peer, forwarded, found):
    settings.TRUSTED_PROXIES = trusted
    assert _ip(peer, forwarded) == found


@pytest.mark.django_db
def test_the_lock_after_wrong_passwords_counts_the_client_and_not_the_proxy(settings, client, django_user_model):
    settings.AXES_ENABLED, settings.TRUSTED_PROXIES, settings.AXES_FAILURE_LIMIT = True, [PROXY], 2
    django_user_model.objects.create_user(username="chen", full_name="演示陈", password="a long password 1")

    def sign_in(forwarded: str, password: str) -> int:
        told = {"username": "chen", "password": password}
        return client.post("/login/", told, REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR=forwarded).status_code

    for n in range(3):
        last = sign_in(f"198.51.100.{n}, 203.0.113.66", "wrong")
    assert last == 429
    assert sign_in(f"203.0.113.66, {CLIENT}", "a long password 1") == 302, "another address is not locked"
