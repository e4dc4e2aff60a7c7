"""The people of a cell are kept on its page: by the bureau everywhere, by a county's department in its county."""

import pytest
from django.urls import reverse

from grids.models import PhoneCheck, Term, User
from journal.models import Access
from tests.factories.city import EAST, WEST, City, build_city

pytestmark = pytest.mark.django_db
TOWN = f"{WEST}001"
SOMEONE = {"kind": "deputy", "full_name": "演示副职", "phone": "19900000007", "starts": "2023-01-01"}


@pytest.fixture
def city() -> City:
    return build_city()


def act(client, verb: str, code: str = TOWN, **given):
    return client.post(reverse("grid-people-act", args=[code, verb]), given)


def test_a_person_is_appointed_called_given_another_number_and_leaves(city: City, client):
    client.force_login(city.west)
    assert act(client, "appoint", **SOMEONE).status_code == 302
    holder = User.objects.get(full_name="演示副职")
    assert act(client, "call", holder=holder.pk, is_answered="no", note="无人接听").status_code == 302
    assert act(client, "phone", holder=holder.pk, phone="19900000008").status_code == 302
    term = Term.objects.get(holder=holder)
    assert act(client, "end", term=term.pk, ends="2023-06-01").status_code == 302
    term.refresh_from_db()
    holder.refresh_from_db()
    assert (str(term.ends), holder.phone, PhoneCheck.objects.get().is_answered) == ("2023-06-01", "19900000008", False)


def test_numbers_are_masked_until_asked_for_and_each_showing_is_noted(city: City, client):
    client.force_login(city.west)
    act(client, "appoint", **SOMEONE)
    url = reverse("grid-people", args=[TOWN])
    assert "19900000007" not in client.get(url).content.decode()
    shown = client.post(reverse("grid-people-phones", args=[TOWN])).content.decode()
    assert "19900000007" in shown
    assert Access.objects.filter(kind="phone").count() == 2
    assert "19900000007" not in client.get(url).content.decode()


@pytest.mark.parametrize("who", ["east", "inspector", "finance", "auditor", "recogniser"])
def test_nobody_else_changes_the_people_of_a_cell(city: City, client, who: str):
    client.force_login(getattr(city, who))
    assert act(client, "appoint", **SOMEONE).status_code in (403, 404)
    assert client.get(reverse("grid-people", args=[TOWN])).status_code in (403, 404)
    assert not User.objects.filter(full_name="演示副职").exists()


def test_a_number_of_someone_of_another_cell_cannot_be_changed_from_here(city: City, client):
    client.force_login(city.west)
    assert act(client, "phone", holder=city.east.pk, phone="19900000008").status_code == 400
    assert act(client, "phone", holder=10**12, phone="19900000008").status_code == 400
    assert User.objects.get(pk=city.east.pk).phone == ""


@pytest.mark.parametrize(
    "given", [{"starts": "去年"}, {"full_name": ""}, {"phone": "abc"}, {"ends": "2022-01-01"}, {"kind": "bureau"}]
)
def test_a_form_that_is_wrong_says_so_and_keeps_what_was_filled_in(city: City, client, given: dict):
    client.force_login(city.clerk)
    answer = act(client, "appoint", **SOMEONE | given)
    assert (answer.status_code == 400 and "wrong" in answer.content.decode()) or "没有保存" in answer.content.decode()


def test_only_the_bureau_designates_the_department_of_a_county(city: City, client):
    given = {"document_no": "演示〔2024〕9号", "valid_from": "2024-01-01"}
    client.force_login(city.west)
    post = city.west.terms.get().post_id
    assert act(client, "designate", WEST, post=post, **given).status_code == 400
    client.force_login(city.clerk)
    assert act(client, "designate", WEST, post=post, **given).status_code == 302
    other = city.east.terms.get().post_id
    assert act(client, "designate", WEST, post=other, **given).status_code == 400


def test_the_page_shows_the_cell_of_a_county_its_letters_and_department(
    city: City, client, django_assert_max_num_queries
):
    client.force_login(city.clerk)
    with django_assert_max_num_queries(30):
        text = client.get(reverse("grid-people", args=[EAST])).content.decode()
    assert "指定核实部门" in text
    assert "目标责任书" in text
    assert client.post(reverse("grid-people-act", args=[EAST, "nothing"])).status_code == 404
