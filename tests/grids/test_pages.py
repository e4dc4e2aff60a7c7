"""Sign-in, the grid page, and cells for maps."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from django.urls import reverse

from grids.frame.context import site
from grids.models import User
from grids.people.posts import user_create
from grids.roles import PostKind
from journal.models import Access
from tests.factories.city import EAST, WEST, build_city, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def city():
    return build_city()


def features(client, user, **query) -> list[dict]:
    client.force_login(user)
    return client.get(reverse("cells-geojson"), query).json()["features"]


def test_signing_in_leads_to_the_page_asked_for_and_is_noted(client, city):
    zhang, password = user_create(username="zhang", full_name="演示甲", actor=None)
    answer = client.get(reverse("grid"))
    assert answer.status_code == 302
    answer = client.post(answer["Location"], {"username": "zhang", "password": password, "next": reverse("grid")})
    assert answer["Location"] == reverse("grid")
    assert Access.objects.filter(kind="signed_in", actor_id=zhang.pk).count() == 1


def test_a_wrong_password_stays_on_the_page_and_does_not_say_which_half_was_wrong(client, city):
    answer = client.post(reverse("login"), {"username": "clerk", "password": "no"})
    assert answer.status_code == 200
    assert "账号或密码不对" in answer.content.decode()
    assert not Access.objects.exists()


def test_signing_out_needs_a_post(client, city):
    client.force_login(city.clerk)
    assert client.get(reverse("logout")).status_code == 405
    assert client.post(reverse("logout"))["Location"] == reverse("login")


def test_the_grid_page_lists_each_county_with_its_cells_and_gaps(client, city):
    client.force_login(city.clerk)
    answer = client.get(reverse("grid"))
    rows = {row.code: row for row in answer.context["rows"]}
    assert set(rows) == {WEST, EAST}
    assert (rows[WEST].townships, rows[WEST].villages, rows[WEST].groups) == (2, 2, 0)
    # 甲县 has 5 cells, one of them with a head who has no phone.
    assert tuple(rows[WEST].gaps) == (0, 4, 1)
    assert "甲县" in answer.content.decode()


def test_a_county_sees_its_own_row_alone(client, city):
    client.force_login(city.west)
    assert [row.code for row in client.get(reverse("grid")).context["rows"]] == [WEST]


def test_without_a_post_the_grid_page_is_forbidden(client, city):
    client.force_login(User.objects.create(username="guest"))
    assert client.get(reverse("grid")).status_code == 403
    assert client.get(reverse("grid-cell", args=[WEST])).status_code == 403
    assert client.get(reverse("cells-geojson")).json()["features"] == []


def test_the_grid_page_works_in_a_home_without_an_edition(client):
    client.force_login(person("clerk", PostKind.BUREAU, "2105"))
    answer = client.get(reverse("grid"))
    assert answer.status_code == 200
    assert "还没有启用的边界" in answer.content.decode()
    assert client.get(reverse("cells-geojson")).status_code == 404


def test_a_cell_page_shows_the_chain_and_the_people_with_masked_phones(client, city):
    head = city.people["head"]
    User.objects.filter(pk=head.pk).update(phone="19912345678")
    client.force_login(city.clerk)
    text = client.get(reverse("grid-cell", args=[f"{WEST}001"])).content.decode()
    assert "演示head" in text
    assert "199****5678" in text
    assert "19912345678" not in text
    assert "甲县" in text


def test_a_county_cannot_open_a_neighbours_cell(client, city):
    client.force_login(city.west)
    assert client.get(reverse("grid-cell", args=[f"{WEST}001"])).status_code == 200
    assert client.get(reverse("grid-cell", args=[EAST])).status_code == 404
    assert client.get(reverse("grid-cell", args=[f"{EAST}001"])).status_code == 404
    assert client.get(reverse("grid-cell", args=["2105"])).status_code == 404


def test_cells_for_maps_carry_code_name_level_and_county(client, city):
    found = features(client, city.clerk, level="county,township")
    assert len(found) == 6
    assert {"code": f"{WEST}001", "name": "甲县南乡", "level": "township", "county": WEST} in [
        one["properties"] for one in found
    ]
    assert found[0]["geometry"]["type"] == "Polygon"


def test_a_county_gets_every_countys_outline_and_only_its_own_insides(client, city):
    codes = {one["properties"]["code"] for one in features(client, city.west, level="county,township,village")}
    assert {WEST, EAST, f"{WEST}001", f"{WEST}001001"} <= codes
    assert not any(code.startswith(EAST) and code != EAST for code in codes)


def test_cells_for_maps_are_private_and_answer_304_to_the_same_scope_only(client, city):
    client.force_login(city.clerk)
    url = reverse("cells-geojson")
    first = client.get(url)
    assert "private" in first["Cache-Control"]
    assert client.get(url, headers={"If-None-Match": first["ETag"]}).status_code == 304
    client.force_login(city.west)
    assert client.get(url, headers={"If-None-Match": first["ETag"]}).status_code == 200


@pytest.mark.parametrize(
    ("query", "status"), [("level=moon", 400), ("date=2023-99-01", 400), ("edition=没有", 404), ("edition=演示版", 200)]
)
def test_a_wrong_question_about_cells_is_answered_with_what_is_wrong(client, city, query, status):
    client.force_login(city.clerk)
    assert client.get(f"{reverse('cells-geojson')}?{query}").status_code == status


def test_the_bar_shows_only_the_pages_that_the_roles_open(city):
    def labels(user) -> list[str]:
        request = RequestFactory().get(reverse("grid"))
        request.user = user
        return [item["label"] for item in site(request)["site"].nav]

    assert "记录" in labels(city.auditor)
    assert "记录" not in labels(city.west)
    assert "网格" in labels(city.west)
    assert labels(AnonymousUser()) == []


def test_the_grid_page_costs_the_same_queries_however_many_cells(client, city, django_assert_max_num_queries):
    client.force_login(city.clerk)
    with django_assert_max_num_queries(18):
        client.get(reverse("grid"))
