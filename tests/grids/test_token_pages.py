"""接口令牌: taken and ended on a page; nobody takes one in another's name."""

import re

import pytest
from rest_framework.test import APIClient

from grids.models import ApiToken
from grids.people.tokens import token_issue
from journal.models import Entry
from tests.factories.city import City, build_city

pytestmark = pytest.mark.django_db
PASSWORD = "a long password 1"


@pytest.fixture
def city() -> City:
    city = build_city()
    for user in (city.clerk, city.west):
        user.set_password(PASSWORD)
        user.save()
    return city


def _ask(client, **given):
    return client.post(
        "/tokens/", {"label": "值班室大屏", "scopes": ["read"], "days": "90", "password": PASSWORD} | given
    )


def test_a_token_is_shown_once_and_works(city, client):
    client.force_login(city.west)
    page = _ask(client)
    key = re.search(r"jsh_[\w-]{40,}", page.content.decode())[0]
    assert "no-store" in page["Cache-Control"]
    assert key not in client.get("/tokens/").content.decode()
    assert APIClient(HTTP_AUTHORIZATION=f"Token {key}").get("/api/me/").json()["user"]["username"] == "west"
    token = ApiToken.objects.get()
    assert (token.user, token.created_by, token.scopes) == (city.west, city.west, "read")


@pytest.mark.parametrize(
    "given", [{"password": "wrong"}, {"label": ""}, {"scopes": []}, {"scopes": ["fly"]}, {"days": "9999"}]
)
def test_a_wrong_password_or_an_unclear_purpose_gives_none(city, client, given):
    client.force_login(city.west)
    assert _ask(client, **given).status_code == 400
    assert not ApiToken.objects.exists()


def test_who_holds_no_post_gets_none(city, client, django_user_model):
    nobody = django_user_model.objects.create_user(username="nobody", full_name="演示无岗", password=PASSWORD)
    client.force_login(nobody)
    page = _ask(client)
    assert (page.status_code, ApiToken.objects.count()) == (400, 0)
    assert "没有任职岗位" in page.content.decode()


def test_one_ends_ones_own_the_bureau_anybodys_and_a_neighbour_sees_nothing(city, client):
    token, _ = token_issue(user=city.west, actor=city.west, label="平板甲", scopes=["read"])
    url = f"/tokens/{token.pk}/revoke/"
    client.force_login(city.east)
    assert "平板甲" not in client.get("/tokens/").content.decode()
    assert client.post(url).status_code == 404
    client.force_login(city.clerk)
    assert "平板甲" in client.get("/tokens/").content.decode()
    assert client.post(url).status_code == 302
    assert Entry.objects.get(act="user.token_revoked").actor_id == city.clerk.pk
    client.force_login(city.west)
    assert client.post(url).status_code == 302
    assert Entry.objects.filter(act="user.token_revoked").count() == 1
    assert client.get(url).status_code == 405
